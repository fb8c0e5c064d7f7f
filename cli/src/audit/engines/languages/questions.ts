import { DebugCapability } from 'cdk8s-secure-debug';
import { all, any, begins, Condition, contains, equals, Field, not, Requested } from './condition';
import { KUBELET_PATHS, TOOLS } from '../../sql/capabilities';
import { BY_NAME } from '../../sql/views';

/** A question on single events; joining them to sessions is for the report. */
export interface Question {
  readonly id: string;
  readonly title: string;
  /** Which events. */
  readonly condition: Condition;
  /** What is shown of each. */
  readonly shown: readonly Field[];
}

const SHOWN: readonly Field[] = ['time', 'user', 'as', 'verb', 'resource', 'subresource', 'namespace', 'name', 'uri', 'code', 'decision', 'reason', 'client', 'id'];
const PERSON = any(not(begins('user', 'system:')), ...TOOLS.map(tool => begins('client', tool)));
const MACHINE = 'system:serviceaccount:';
const PROXY: Requested = { kind: 'request', apiGroup: '', resource: 'nodes', subresource: 'proxy', verbs: ['get', 'create', 'update', 'patch', 'delete'] };
const NODE_PROXY = all(PROXY, any(not(begins('user', 'system:')), ...KUBELET_PATHS.map(path => contains('uri', `/proxy/${path}`))));

/** Every request that uses a capability, by the predicates of the model. */
function uses(): Condition {
  const seen = new Map<string, Requested>();
  for (const { apiGroup, resource, subresource, verbs } of DebugCapability.all().flatMap(capability => capability.logPredicates())) {
    const key = [apiGroup, resource, subresource].join('/');
    const known = seen.get(key)?.verbs ?? [];
    seen.set(key, { kind: 'request', apiGroup, resource, subresource, verbs: [...new Set([...known, ...verbs])] });
  }
  const found = [...seen.values()];
  const everyday = found.filter(({ subresource }) => subresource === 'log' || subresource === '');
  return any(...found.filter(one => !everyday.includes(one)), all(any(...everyday), PERSON), NODE_PROXY);
}

/** The authorizer names a Role between these words; quotes in names are escaped there, so that no name can pretend to be one. */
const byRole = ([kind, role]: readonly [string, string, string]) => role.endsWith('%') ? contains('reason', ` of ${kind} "${role.slice(0, -1)}`) : contains('reason', ` of ${kind} "${role}" to `);
const DECLARED = any(...BY_NAME.map(byRole));
const BREAK_GLASS = BY_NAME.filter(([, , path]) => path === 'break-glass');

/** Lists of what a policy does that do not refuse, as the API server writes them. */
const WATCHED = [['Audit'], ['Warn', 'Audit'], ['Audit', 'Warn']].map(actions => contains('failure', `"validationActions":${JSON.stringify(actions)}`));

/** Streams are seen when they begin and when they end, everything else when it ends; both have the same audit ID. */
const SEEN = any(equals('stage', 'ResponseStarted'), equals('stage', 'ResponseComplete'));

/** @param user only of this person, also acting as somebody or acted as */
export function questions(user?: string): Question[] {
  const of = (...conditions: Condition[]) => all(SEEN, ...conditions, ...user === undefined ? [] : [any(equals('user', user), equals('as', user))]);
  const gateway = all(begins('user', MACHINE), contains('user', ':debug-gateway'), not(equals('as', '')));
  // A program that acts as a person has the person's rights.
  const acting = all(DECLARED, begins('user', MACHINE), not(equals('as', '')));
  const asked = all({ kind: 'request', apiGroup: 'rbac.authorization.k8s.io', resource: 'rolebindings', subresource: '', verbs: ['create'] }, begins('name', 'break-glass'));
  return [
    { id: 'sessions', title: 'who debugged', condition: of(uses()), shown: SHOWN },
    {
      id: 'outside',
      title: 'debugging that was let through outside every path',
      condition: of(uses(), equals('decision', 'allow'), any(NODE_PROXY, all(any(begins('user', MACHINE), begins('as', MACHINE)), not(acting), not(gateway)), all(not(DECLARED), not(gateway)))),
      shown: SHOWN,
    },
    { id: 'break-glass', title: 'break-glass, asked for and used', condition: of(any(...BREAK_GLASS.map(byRole), asked)), shown: SHOWN },
    { id: 'would-deny', title: 'what guardrails that only watch would have refused', condition: of(equals('stage', 'ResponseComplete'), any(...WATCHED)), shown: [...SHOWN, 'failure'] },
  ];
}
