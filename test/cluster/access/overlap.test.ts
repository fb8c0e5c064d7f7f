import { OnCallDebugAccess, DebugCapability } from '../../../src';
import { AuditLog } from '../lab/audit-log';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { objects } from '../lab/setups';
import { namespace, remove, running, target } from '../lab/targets';

const cluster = theCluster();
const NAMESPACE = 'sd-overlap';
const TIMES = 10;

let who: Record<string, Person> = {};

/** Of another origin: it binds a ClusterRole to a group in the whole cluster. */
const clusterWide = [
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'sd-legacy-exec' }, rules: [{ apiGroups: [''], resources: ['pods', 'pods/exec'], verbs: ['get', 'create'] }] },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'sd-legacy-exec' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'sd-legacy-exec' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'sd-legacy' }],
  },
];

beforeAll(async () => {
  if (!cluster.node) return;
  await remove(cluster, [NAMESPACE]);
  await apply(cluster, [namespace(NAMESPACE)]);
  await apply(cluster, [
    ...clusterWide,
    ...objects(chart => {
      for (const name of ['first', 'second']) {
        new OnCallDebugAccess(chart, name, { namespace: NAMESPACE, group: `sd-${name}`, name: `debug-${name}`, capabilities: [DebugCapability.EXEC] });
      }
    }),
    target(cluster, NAMESPACE, 'ledger-0'),
  ]);
  who = await people(cluster, [
    { name: 'carol', groups: ['sd-first', 'sd-second'] },
    { name: 'dave', groups: ['sd-first', 'sd-legacy'] },
  ]);
  await running(cluster, NAMESPACE, ['ledger-0']);
});

afterAll(async () => {
  if (!cluster.node) return;
  await remove(cluster, [NAMESPACE]);
  for (const { kind, metadata } of clusterWide) await asAdmin(cluster, ['delete', kind, metadata.name, '--ignore-not-found']);
});

/** The bindings that the log names for execs of somebody, without duplicates. */
async function namedGrants(name: string): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: TIMES }, () => kubectl(cluster, who[name], ['exec', '-n', NAMESPACE, 'ledger-0', '--', 'true'])));
  expect(answers.map(({ code }) => code)).toEqual(Array(TIMES).fill(0));
  const events = new AuditLog(cluster.auditLog!).events().filter(event => event.user?.username === name && event.objectRef?.subresource === 'exec' && event.stage === 'ResponseComplete');
  expect(events.length).toBeGreaterThanOrEqual(TIMES);
  return [...new Set<string>(events.map(event => /allowed by (\w+ "[^"]+")/.exec(event.annotations['authorization.k8s.io/reason'])![1]))].sort();
}

const withLog = testIf(cluster.node && cluster.auditLog, 'it needs a node, and the audit log');

withLog('of a cluster-wide and a namespaced grant the log names the cluster-wide one, and hides the other', async () => {
  expect(await namedGrants('dave')).toEqual(['ClusterRoleBinding "sd-legacy-exec"']);
});

withLog('of two namespaced grants the log names one only, in each request', async () => {
  // Which one is up to the API server's cache: no report may take the other for unused.
  const both = ['first', 'second'].map(name => `RoleBinding "debug-${name}/${NAMESPACE}"`);
  const named = await namedGrants('carol');
  expect(named.length).toBeGreaterThan(0);
  expect(both).toEqual(expect.arrayContaining(named));
});
