import { cleanups } from './declared';
import { rightsOf } from '../access/rights';
import { Answer, Api } from '../lab/api';
import { theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove } from '../lab/targets';

const cluster = theCluster();
const NAMESPACE = 'sd-cleaned';
const OTHER = 'sd-cleaned-other';
const JOBS = 'sd-cleaned-jobs';
const NAME = 'rights';

/** All that the clean-up may do in a namespace that it cleans up. */
const RIGHTS = ['create events.events.k8s.io', 'create pods/eviction', 'list pods'];

let job: Person;
let neighbour: Person;
let api: Api;

beforeAll(async () => {
  await remove(cluster, [NAMESPACE, OTHER, JOBS]);
  await apply(cluster, [namespace(NAMESPACE), namespace(OTHER), ...cleanups([{ name: NAME, namespaces: [NAMESPACE], jobNamespace: JOBS }])]);
  await eventually('the default service account', async () => (await asAdmin(cluster, ['get', 'serviceaccount', 'default', '-n', JOBS, '--ignore-not-found'])) || undefined);
  [job, neighbour] = await Promise.all([serviceAccount(cluster, JOBS, NAME), serviceAccount(cluster, JOBS, 'default')]);
  api = new Api(job);
});

afterAll(async () => {
  api?.close();
  await remove(cluster, [NAMESPACE, OTHER, JOBS]);
});

/** What it has beyond what a ServiceAccount beside it has that nobody gave anything. */
async function ownRights(where: string): Promise<string[]> {
  const everybody = await rightsOf(neighbour, where);
  return (await rightsOf(job, where)).filter(right => !everybody.includes(right));
}

test('where it cleans up it has the rights of the table, by the API server, and no other', async () => {
  expect(await ownRights(NAMESPACE)).toEqual(RIGHTS);
});

test.each([['another namespace', OTHER], ['the namespace it runs in', JOBS], ['kube-system', 'kube-system']])('it has no rights in %s', async (_title, where) => {
  expect(await ownRights(where)).toEqual([]);
});

test('a ServiceAccount that nobody gave anything asks about itself and reads public certificates, no more', async () => {
  expect((await rightsOf(neighbour, NAMESPACE)).filter(right => !/ (\/|selfsubject\w+\.auth|clustertrustbundles\.certificates)/.test(right))).toEqual([]);
});

const core = (ns: string, rest: string) => `/api/v1/namespaces/${ns}/${rest}`;
const named = (group: string, ns: string, rest: string) => `/apis/${group}/namespaces/${ns}/${rest}`;
const eviction = (ns: string) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'ledger', namespace: ns } });
const MERGE = 'application/merge-patch+json';

test('with its token it can do what it is for', async () => {
  expect((await api.send('GET', core(NAMESPACE, 'pods'))).status).toBe(200);
  // Nobody of that name: the right is there, the pod is not.
  expect((await api.send('POST', core(NAMESPACE, 'pods/ledger/eviction'), eviction(NAMESPACE))).status).toBe(404);
});

interface Bypass { readonly title: string; try(): Promise<Answer> }

const BYPASSES: Bypass[] = [
  { title: 'deletes a pod, past its budget', try: () => api.send('DELETE', core(NAMESPACE, 'pods/ledger')) },
  { title: 'deletes all pods at once', try: () => api.send('DELETE', core(NAMESPACE, 'pods')) },
  { title: 'takes the budget away, then evicts', try: () => api.send('DELETE', named('policy/v1', NAMESPACE, 'poddisruptionbudgets/ledger')) },
  { title: 'lowers the budget, then evicts', try: () => api.send('PATCH', named('policy/v1', NAMESPACE, 'poddisruptionbudgets/ledger'), { spec: { minAvailable: 0 } }, MERGE) },
  { title: 'takes the exemption away, then evicts', try: () => api.send('PATCH', core(NAMESPACE, 'pods/ledger'), { metadata: { annotations: {} } }, MERGE) },
  { title: 'scales the workload to nothing', try: () => api.send('PATCH', named('apps/v1', NAMESPACE, 'deployments/ledger/scale'), { spec: { replicas: 0 } }, MERGE) },
  { title: 'evicts in a namespace that was not declared', try: () => api.send('POST', core(OTHER, 'pods/ledger/eviction'), eviction(OTHER)) },
  { title: 'evicts in kube-system', try: () => api.send('POST', core('kube-system', 'pods/ledger/eviction'), eviction('kube-system')) },
  { title: 'evicts what runs beside it', try: () => api.send('POST', core(JOBS, 'pods/ledger/eviction'), eviction(JOBS)) },
  { title: 'looks into a namespace that was not declared', try: () => api.send('GET', core(OTHER, 'pods')) },
  { title: 'lists the pods of all namespaces', try: () => api.send('GET', '/api/v1/pods') },
  { title: 'reads a Secret', try: () => api.send('GET', core(NAMESPACE, 'secrets/password')) },
  { title: 'lists Secrets', try: () => api.send('GET', core(NAMESPACE, 'secrets')) },
  { title: 'reads a Secret beside it', try: () => api.send('GET', core(JOBS, 'secrets/password')) },
  { title: 'reads the log of a pod', try: () => api.send('GET', core(NAMESPACE, 'pods/ledger/log')) },
  { title: 'runs a command in a pod, by WebSocket', try: () => api.send('GET', core(NAMESPACE, 'pods/ledger/exec?command=id&stdout=true')) },
  { title: 'runs a command in a pod, by SPDY', try: () => api.send('POST', core(NAMESPACE, 'pods/ledger/exec?command=id&stdout=true')) },
  { title: 'attaches to a debug container that somebody left', try: () => api.send('GET', core(NAMESPACE, 'pods/ledger/attach?container=debugger&stdin=true')) },
  { title: 'adds a debug container of its own', try: () => api.send('PATCH', core(NAMESPACE, 'pods/ledger/ephemeralcontainers'), { spec: {} }, MERGE) },
  { title: 'speaks with a pod by the proxy', try: () => api.send('GET', core(NAMESPACE, 'pods/ledger/proxy/')) },
  { title: 'speaks with the kubelet by the proxy', try: () => api.send('GET', '/api/v1/nodes/node-1/proxy/pods') },
  { title: 'creates a pod that mounts what it likes', try: () => api.send('POST', core(NAMESPACE, 'pods'), { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'mine' } }) },
  { title: 'creates a pod beside it', try: () => api.send('POST', core(JOBS, 'pods'), { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'mine' } }) },
  { title: 'rewrites its own script', try: () => api.send('PATCH', core(JOBS, `configmaps/${NAME}`), { data: {} }, MERGE) },
  { title: 'rewrites its own CronJob', try: () => api.send('PATCH', named('batch/v1', JOBS, `cronjobs/${NAME}`), { spec: { suspend: false } }, MERGE) },
  { title: 'rewrites its own Role', try: () => api.send('PATCH', named('rbac.authorization.k8s.io/v1', NAMESPACE, `roles/${NAME}`), { rules: [] }, MERGE) },
  {
    title: 'binds itself to admin',
    try: () => api.send('POST', named('rbac.authorization.k8s.io/v1', NAMESPACE, 'rolebindings'), {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'mine' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: JOBS }],
    }),
  },
  {
    title: 'issues itself a token that outlives the job',
    try: () => api.send('POST', core(JOBS, `serviceaccounts/${NAME}/token`), { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 86_400 } }),
  },
  {
    title: 'issues itself a token of another ServiceAccount',
    try: () => api.send('POST', core(NAMESPACE, 'serviceaccounts/default/token'), { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
  },
  { title: 'deletes the Event that tells of it', try: () => api.send('DELETE', named('events.k8s.io/v1', NAMESPACE, 'events/ledger.1')) },
  { title: 'rewrites the Event that tells of it', try: () => api.send('PATCH', named('events.k8s.io/v1', NAMESPACE, 'events/ledger.1'), { note: '' }, MERGE) },
];

test.each(BYPASSES.map(bypass => [bypass.title, bypass] as const))('refused: it %s', async (_title, bypass) => {
  const { status, body } = await bypass.try();
  expect({ status, reason: body.reason, forbidden: /is forbidden: User "system:serviceaccount:/.test(body.message) }).toEqual({ status: 403, reason: 'Forbidden', forbidden: true });
});

test('refused: it acts as an administrator', async () => {
  const { code, stderr } = await kubectl(cluster, job, ['get', '--raw', core(NAMESPACE, 'secrets'), '--as=root', '--as-group=system:masters']);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('cannot impersonate') });
});
