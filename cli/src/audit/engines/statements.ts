import { bigquery } from './dialects/bigquery';
import { CLICKHOUSE } from './dialects/clickhouse';
import { Dialect } from './dialects/dialect';
import { DUCKDB } from './dialects/duckdb';
import { SPARK } from './dialects/spark';
import { ATHENA, TRINO } from './dialects/trino';
import { named } from './named';
import { Days, events, failures, fields } from './relations';
import { Declared } from '../declared';
import { views } from '../sql/views';

const DIALECTS: { readonly [engine: string]: (schema: string) => Dialect } = {
  athena: () => ATHENA, bigquery, clickhouse: () => CLICKHOUSE, duckdb: () => DUCKDB, spark: () => SPARK, trino: () => TRINO,
};

/** The engines that there is a dialect for. */
export const ENGINES = Object.keys(DIALECTS);

export interface EngineOptions extends Days {
  /** The schema (dataset, database) that everything goes into. */
  readonly schema: string;
  /** Bindings that were declared; undefined: the default names of Roles count. */
  readonly declared?: readonly Declared[];
  /** Where the files of the raw table lie, without a slash at the end. */
  readonly location?: string;
  readonly clusters?: readonly string[];
}

export interface Statement {
  /** The table, view or function that it makes; `schema` for what holds them. */
  readonly name: string;
  /** Without a semicolon. */
  readonly sql: string;
}

const RAW_TABLE = 'raw_events';

/** All statements that give an engine the relations of `secure-debug audit sql`, in the order in which they have to run. */
export function statements(engine: string, { schema, declared, location, clusters = [], ...days }: EngineOptions): Statement[] {
  const d = DIALECTS[engine](schema);
  const qualified = (name: string) => `${schema}.${name}`;
  const raw = qualified(RAW_TABLE);
  const portable = views(declared !== undefined);
  const relations = new RegExp(`\\b(FROM|JOIN) (${['events', 'failures', 'declared', ...Object.keys(portable)].join('|')})\\b`, 'g');
  const view = (name: string, query: string): Statement => ({ name, sql: d.createView(qualified(name), query.trim()) });
  return [
    ...Object.entries(d.setUp(schema)).map(([name, sql]) => ({ name, sql })),
    { name: RAW_TABLE, sql: d.rawTable({ name: raw, clusters, location }) },
    view('audit_fields', fields(d, raw, days)),
    view('events', events(d, qualified('audit_fields'))),
    view('failures', failures(d, qualified('audit_fields'))),
    view('declared', bindings(d, declared ?? [])),
    ...Object.entries(portable).map(([name, query]) => view(name, named(query).replace(relations, (_, word: string, relation: string) => `${word} ${qualified(relation)}`))),
  ];
}

const BINDING_COLUMNS = ['binding_kind', 'namespace', 'binding', 'role_kind', 'role', 'path'];

/** The relation `declared`, as constants: it changes with the manifests, and not with the log. */
function bindings(d: Dialect, declared: readonly Declared[]): string {
  const row = (values: readonly string[]) => `SELECT ${values.map((value, index) => `CAST(${d.literal(value)} AS ${d.text}) AS ${BINDING_COLUMNS[index]}`).join(', ')}`;
  if (declared.length === 0) return `SELECT * FROM (${row(BINDING_COLUMNS.map(() => ''))}) AS nothing WHERE 1 = 0`;
  return declared.map(one => row([one.bindingKind, one.namespace, one.binding, one.roleKind, one.role, one.path])).join('\nUNION ALL\n');
}
