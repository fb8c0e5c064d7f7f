import { LANGUAGES } from './languages/languages';
import { questions } from './languages/questions';
import { ENGINES, statements } from './statements';
import { wrongUse } from '../../errors';
import { Result } from '../../session';
import { plain } from '../../text';
import { declaredIn } from '../declared';

export interface ViewsOptions {
  readonly schema: string;
  readonly location?: string;
  readonly cluster?: string[];
  readonly declared?: string[];
  readonly since?: string;
  readonly until?: string;
}

/** A day that the calendar has. */
function day(option: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const date = /^\d{4}-\d\d-\d\d$/.test(value) ? new Date(`${value}T00:00:00Z`) : new Date(NaN);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== value) wrongUse(`${option} ${plain(value)} is no day. Fix: give it as ${option} 2026-03-01.`);
  return value;
}

/** Tables and views for an engine of a fleet. */
export function engineViews(engine: string, options: ViewsOptions): Result {
  const { schema, cluster: clusters = [], declared } = options;
  if (!ENGINES.includes(engine)) wrongUse(`${plain(engine)} is no engine that is known here. Fix: use one of ${ENGINES.join(', ')}.`);
  if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/.test(schema)) wrongUse(`--schema ${plain(schema)} is no name of a schema. Fix: use letters, digits and underscores, e.g. --schema audit.`);
  const location = options.location?.replace(/\/+$/, '');
  if (location !== undefined && !/^[a-z0-9]+:\/\/[A-Za-z0-9._~=@+/-]+$/.test(location)) wrongUse(`--location ${plain(options.location!)} is no address of a folder. Fix: give it as --location s3://bucket/prefix.`);
  if (location !== undefined && !['athena', 'spark', 'trino'].includes(engine)) wrongUse(`--location is given, and ${engine} keeps its tables itself. Fix: leave it out.`);
  const strange = clusters.find(name => !/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name));
  if (strange !== undefined) wrongUse(`--cluster ${plain(strange)} is no name of a cluster. Fix: use the clusterName of AuditLogShipping.`);
  if (clusters.length > 0 && engine !== 'athena') wrongUse(`--cluster is given, and ${engine} finds the clusters in the table. Fix: leave it out.`);
  if (engine === 'athena' && (location === undefined || clusters.length === 0)) {
    wrongUse('Athena reads files where they lie. Fix: name the folder and each cluster in it, e.g. --location s3://bucket/prefix --cluster eu --cluster us.');
  }
  const known = declared && declaredIn(declared);
  if (known?.length === 0) wrongUse(`--declared ${declared!.map(plain).join(', ')} has no binding of this library. Fix: name what is synthesized and applied, e.g. --declared dist.`);
  const made = statements(engine, { schema, location, clusters, declared: known, since: day('--since', options.since), until: day('--until', options.until) });
  return { data: { engine, schema, statements: made }, text: made.map(({ sql }) => `${sql};`).join('\n\n') };
}

export interface QueryOptions {
  readonly user?: string;
  readonly source?: string;
}

/** Questions in the language where logs are already. */
export function logQuery(language: string, question: string | undefined, { user, source }: QueryOptions): Result {
  const found = LANGUAGES.find(({ id }) => id === language) ?? wrongUse(`${plain(language)} is no language that is known here. Fix: use one of ${LANGUAGES.map(({ id }) => id).join(', ')}.`);
  if (user !== undefined && /[\p{Cc}\u2028\u2029]/u.test(user)) wrongUse(`--user ${plain(user)} has a control character, and no language writes those alike. Fix: give the name as the log has it, e.g. --user alice.`);
  if (user === '') wrongUse('--user is empty. Fix: give the name as the log has it, e.g. --user alice.');
  if (source !== undefined && (source.trim() === '' || /[\n\r]/.test(source))) wrongUse(`--source has to be ${found.sourceIs} in one line. Fix: e.g. --source '${found.source}'.`);
  const all = questions(user);
  const asked = question === undefined ? all : all.filter(({ id }) => id === question);
  if (asked.length === 0) wrongUse(`${plain(question!)} is no question that is known here. Fix: ask one of ${all.map(({ id }) => id).join(', ')}.`);
  const data = asked.map(one => ({ question: one.id, title: one.title, query: found.query(one, source ?? found.source) }));
  return { data: { language, queries: data }, text: question === undefined ? data.map(({ question: id, title, query }) => `# ${id}: ${title}\n${query}`).join('\n\n') : data[0].query };
}
