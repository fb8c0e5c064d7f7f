/**
 * The questions of `audit query` in every language, for programs that run or parse them, and what they mean.
 * `tsx --tsconfig tsconfig.dev.json tools/languages.ts FOLDER` writes each to a file, FOLDER/LANGUAGE/NUMBER-QUESTION.txt.
 */
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { Prepared } from './engines';
import { Condition, Field, fieldsOf } from '../src/audit/engines/languages/condition';
import { LANGUAGES } from '../src/audit/engines/languages/languages';
import { Question, questions } from '../src/audit/engines/languages/questions';

/** Of whom it is asked: everybody, somebody, and a name that would like to be something else. */
export const PEOPLE = [undefined, 'alice', 'x" or "1"="1\\', 'a\'b/c|d`e$f(g)'];

type Fields = { readonly [field in Field]: string };
const known = new WeakMap<object, Fields>();

/** Fields of an event as text; empty where it has none. */
export function fieldsOfEvent(event: any): Fields {
  const before = known.get(event);
  if (before) return before;
  const { objectRef = {}, annotations = {} } = event;
  const fields: { [field in Field]: unknown } = {
    id: event.auditID,
    time: event.requestReceivedTimestamp,
    stage: event.stage,
    verb: event.verb,
    apiGroup: objectRef.apiGroup,
    resource: objectRef.resource,
    subresource: objectRef.subresource,
    namespace: objectRef.namespace,
    name: objectRef.name,
    uri: event.requestURI,
    user: event.user?.username,
    as: event.impersonatedUser?.username,
    client: event.userAgent,
    code: event.responseStatus?.code,
    decision: annotations['authorization.k8s.io/decision'],
    reason: annotations['authorization.k8s.io/reason'],
    failure: annotations['validation.policy.admission.k8s.io/validation_failure'],
  };
  const made = Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, String(value ?? '')])) as Fields;
  known.set(event, made);
  return made;
}

/** A condition, as it is meant. */
export function holds(condition: Condition, event: any): boolean {
  if ('of' in condition) return condition.kind === 'all' ? condition.of.every(one => holds(one, event)) : condition.of.some(one => holds(one, event));
  if (condition.kind === 'request') return holds(fieldsOf(condition), event);
  const value = fieldsOfEvent(event)[condition.field];
  const is = condition.kind === 'equals' ? value === condition.value : condition.kind === 'begins' ? value.startsWith(condition.value) : value.includes(condition.value);
  return is !== condition.not;
}

/** The events of a generated log; lines that are none, and the one without a time, are left out. */
export const eventsOf = ({ rows }: Prepared): any[] => rows.map(({ line }: any) => line).filter(line => line.includes('"audit.k8s.io/v1"') && !line.includes('"x2026')).map(line => JSON.parse(line));

/** In what the answers to the questions (audit IDs by question) differ from the report; one text each. */
export function differences({ expected }: Prepared, events: any[], answers: { readonly [question: string]: Set<string> }): string[] {
  const { sessions, outside } = answers;
  const wrong: string[] = [];
  const must = (fine: boolean, what: string) => { if (!fine) wrong.push(what); };
  // What a kubelet asks about its own API is no request by itself, and what was let through is known of a single request only.
  const direct = new Set(events.filter(({ objectRef }) => objectRef.resource === 'pods').map(({ auditID }) => auditID));
  const single = (expected.sessions as any[]).filter(({ requests, session_id: id }) => Number(requests) === 1 && direct.has(id));
  must(single.length > 100, `only ${single.length} sessions have one request`);
  for (const { session_id: id, path, decision, grant_role: role } of single) {
    must(sessions.has(id), `session ${id} is missing`);
    if (decision === 'allow') must(outside.has(id) === (path === 'outside'), `session ${id} is ${path}, and outside ${outside.has(id)}`);
    // Whoever broke the glass may use another binding meanwhile: that takes the request too, and no single event has both.
    if (role === 'break-glass') must(answers['break-glass'].has(id), `break-glass ${id} is missing`);
  }
  // What says nothing of actions is in the report to be safe; no API server writes that.
  const watched = new Set((expected.would_deny as any[]).filter(({ actions }) => /\w/.test(actions ?? '')).map(one => one.audit_id));
  for (const id of [...watched].filter(one => !answers['would-deny'].has(one))) must(false, `would-deny ${id} is missing`);
  for (const id of [...answers['would-deny']].filter(one => !watched.has(one))) must(false, `would-deny ${id} is no such`);
  return wrong;
}

export interface Written {
  readonly language: string;
  readonly question: string;
  readonly user?: string;
  readonly query: string;
}

/** Every question, in every language, about everybody. */
export function written(): Written[] {
  const all = PEOPLE.flatMap(user => questions(user).map((question): [string | undefined, Question] => [user, question]));
  return LANGUAGES.flatMap(({ id, query, source }) => all.map(([user, question]) => (
    { language: id, question: question.id, ...user !== undefined && { user }, query: query(question, source) }
  )));
}

if (require.main === module) {
  for (const [index, { language, question, query }] of written().entries()) {
    mkdirSync(join(process.argv[2], language), { recursive: true });
    writeFileSync(join(process.argv[2], language, `${String(index).padStart(3, '0')}-${question}.txt`), query);
  }
}
