/** Audit logs for the comparison of engines: few people, pods and commands in little time, so that everything gets in the way of everything. */
import { allowedBy, approve, ask, byGlass, debug, exec, FAILURE, KEY, ON_CALL, request, time } from '../test/audit-events';

/** Numbers from 0 to 1, always the same ones for a seed (Lehmer). */
function random(seed: number): () => number {
  let state = 1 + seed * 7919 % 2147483646;
  return () => {
    state = state * 48271 % 2147483647;
    return state / 2147483647;
  };
}

/** Text that has a meaning to SQL, JSON, regular expressions, URLs or terminals. */
const HOSTILE = ['a\'b', 'a"b', 'a\\b', 'a\\"', '\\', '%41', '100%', 'a+b', 'ä ö', '日本', '😀', '{"x":1}', '[1]', '$.a', '-- x', 'a&b=c', 'a?b', '<b>', '\u0001', 'x/past-git":"y', 'null', ' ', '/'];

const noted = (policy: string, actions: string[], message: string) => ({ [FAILURE]: JSON.stringify([{ message, policy, binding: `${policy}-binding`, expressionIndex: '0', validationActions: actions }]) });

/** What a kubelet asks when somebody speaks with it directly. */
const kubeletAsks = (at: number, user: string, verb: string) => request({
  at,
  user: 'system:node:worker-1',
  groups: ['system:nodes'],
  verb: 'create',
  resource: 'subjectaccessreviews',
  apiGroup: 'authorization.k8s.io',
  code: 201,
  took: 0.01,
  name: '',
  body: { kind: 'SubjectAccessReview', spec: { user, groups: ['oncall-payments'], resourceAttributes: { verb, resource: 'nodes', subresource: 'proxy', name: 'worker-1' } } },
});

const changedByPatch = (at: number, user: string, namespace: string, text: string) => request({
  at,
  user,
  namespace,
  verb: 'patch',
  resource: 'rolebindings',
  apiGroup: 'rbac.authorization.k8s.io',
  name: `break-glass:${user}`,
  took: 0.01,
  body: [
    { op: 'test', path: `/metadata/annotations/${KEY.replace('/', '~1')}ticket`, value: 'wrong' },
    { op: 'add', path: '/metadata/annotations/secure-debug.internal~1approvals', value: text },
    { op: 'add', path: '/subjects/0', value: { kind: 'User', name: user } },
  ],
});

/** Lines of one cluster, in no order of their requests; some are no events. */
export function generated(seed: number): string[] {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
  const all: any[] = [];
  for (let i = 0; i < 250; i++) {
    const at = Math.round(next() * 1_500e6) / 1e6;
    const user = pick(['alice', 'bob']);
    const who = { id: `${seed}-${i}`, user, at, namespace: pick(['payments', 'search']), ...next() < 0.1 && { as: pick(['alice', 'carol']), asGroups: ['leads'] } };
    const stream = { ...who, name: pick(['web', 'db']), took: pick([0.5, 100, null]) };
    const outcome = pick([{}, { code: 403 }, { code: 403 }, { code: 404, message: 'gone' }, { code: 403, message: 'ValidatingAdmissionPolicy \'exec\' with binding \'exec\' denied request: no shell' }, { reason: byGlass(user) },
      { reason: allowedBy(`debug-grant:${user}/${who.namespace}`, 'debug-grant', user, 'User') }, { reason: allowedBy(`break-glass:${user}/${who.namespace}`, 'break-glass', user, 'User') },
      { reason: '', groups: ['system:masters'] }, { reason: '' }, { reason: 'RBAC: allowed by ClusterRoleBinding "a" of ClusterRole "cluster-admin" to Group "b"' }, { reason: ON_CALL },
      { reason: allowedBy(`${pick(HOSTILE)}/payments`, pick(HOSTILE), 'b') }, { annotations: noted('no-shells', ['Audit', 'Warn'], `${pick(HOSTILE)} is no command`) }, { annotations: noted('no-shells', ['Deny', 'Audit'], 'no') },
      { annotations: { [FAILURE]: pick(['', '[', '{}', '["x"]', 'null']) } }, { client: pick(HOSTILE) }, { user: 'system:serviceaccount:ci:runner' }]);
    const short = 'code' in outcome ? { ...outcome, stages: ['ResponseComplete'], took: 0.01 } : outcome;
    const dice = next();
    if (dice < 0.4) all.push(...exec({ ...stream, verb: pick(['get', 'create']), words: pick([['sh'], ['sh', '-c', pick(HOSTILE)], [pick(HOSTILE)]]), ...short }));
    else if (dice < 0.5) all.push(...request({ ...stream, subresource: pick(['attach', 'log']), query: `container=${pick(['app', 'debugger-1', 'debugger-2'])}`, ...short }));
    else if (dice < 0.55) all.push(...request({ ...stream, subresource: 'portforward', ...short }));
    else if (dice < 0.65) all.push(...debug({ ...who, id: undefined, container: `debugger-${pick([1, 2, i])}`, image: pick(['busybox:1.36', pick(HOSTILE)]) }));
    else if (dice < 0.75) all.push(...ask({ ...who, as: undefined, role: pick(['break-glass', 'debug-grant']), ticket: `INC-${i}`, why: pick(HOSTILE), granted: next() < 0.5, until: Math.ceil(at + pick([60, 600, 3600])) }));
    else if (dice < 0.82) all.push(...approve({ who: 'erin', id: `${seed}-${i}`, at, namespace: who.namespace, name: pick([`break-glass:${user}`, `debug-grant:${user}`]) }));
    else if (dice < 0.86) all.push(...changedByPatch(at, user, who.namespace, `erin as ${pick(HOSTILE)}`));
    else if (dice < 0.9) all.push(...kubeletAsks(at, pick([user, 'kube-apiserver', 'system:serviceaccount:x:y']), pick(['get', 'create'])));
    else if (dice < 0.93) all.push(...request({ ...who, verb: 'patch', resource: 'deployments', apiGroup: 'apps', name: 'web', took: 0.01, annotations: { 'gitops.secure-debug.internal/past-git': pick(['changed', pick(HOSTILE)]) } }));
    else if (dice < 0.96) all.push(...request({ ...who, verb: 'create', name: pick(['copy', 'node-debugger-x']), code: 201, took: 0.01, body: { metadata: { name: 'copy' }, spec: { containers: [{ name: 'app', image: pick(HOSTILE), command: ['a', pick(HOSTILE)] }] } } }));
    else all.push(...request({ ...who, name: 'web', took: 0.01, query: pick(['', 'dryRun=All']), verb: pick(['get', 'delete']) }));
  }
  const lines = all.map(event => JSON.stringify(event));
  lines.push('', '{', 'null', '[]', '"x"', JSON.stringify({ kind: 'Pod' }), JSON.stringify({ ...all[0], requestReceivedTimestamp: `x${time(0)}` }));
  return lines.map(line => [next(), line] as const).sort(([a], [b]) => a - b).map(([, line]) => line);
}
