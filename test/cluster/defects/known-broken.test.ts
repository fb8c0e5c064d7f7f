import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { BROKEN_POLICIES } from './broken-policies';
import { DebugCapability, AuditPolicyEvaluator } from '../../../src';
import { ACTIONS } from '../access/actions';
import { unrecorded } from '../access/recorded';
import { Cell, deviations, observeAll } from '../access/table';
import { askEverything, holes } from '../audit/holes';
import { mispredicted } from '../audit/replay';
import { AuditLog } from '../lab/audit-log';
import { Cluster, newestClient, scratch, testIf, theCluster } from '../lab/cluster';
import { apply } from '../lab/kubectl';
import { people } from '../lab/people';
import { must } from '../lab/process';
import { namespace, nodeName, remove, running, surroundings, target } from '../lab/targets';

const cluster = theCluster();
const NAMESPACE = 'sd-broken';
const POD = 'ledger-0';

/** What the manifests below mean to grant. */
const MEANT = DebugCapability.onCallDefault().map(String);
const rule = (resources: string[], verbs: string[], group = '') => ({ apiGroups: [group], resources, verbs });
const READS = rule(['pods', 'events', 'services'], ['get', 'list', 'watch']);
const STREAMS = rule(['pods/exec', 'pods/attach', 'pods/portforward'], ['get', 'create']);
const LOGS = rule(['pods/log'], ['get']);
const DEBUG = rule(['pods/ephemeralcontainers'], ['patch']);
const APPS = rule(['deployments'], ['get', 'list', 'watch'], 'apps');

const ROLES: Record<string, any[]> = {
  'blank-api-group': [READS, STREAMS, LOGS, DEBUG].map(one => ({ ...one, apiGroups: [' '] })).concat(APPS),
  'update-only-debug': [READS, STREAMS, LOGS, { ...DEBUG, verbs: ['update'] }, APPS],
  'create-only-exec': [READS, { ...STREAMS, verbs: ['create'] }, LOGS, DEBUG, APPS],
};

const cells: Record<string, Cell[]> = {};

beforeAll(async () => {
  if (!cluster.node) return;
  await remove(cluster, [NAMESPACE]);
  await apply(cluster, [namespace(NAMESPACE)]);
  await apply(cluster, [
    ...surroundings(cluster, NAMESPACE),
    target(cluster, NAMESPACE, POD),
    ...Object.entries(ROLES).flatMap(([name, rules]) => [
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace: NAMESPACE }, rules },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name, namespace: NAMESPACE },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `oncall-${name}` }],
      },
    ]),
  ]);
  const who = await people(cluster, Object.keys(ROLES).map(name => ({ name: `victor-${name}`, groups: [`oncall-${name}`] })));
  await running(cluster, NAMESPACE, [POD]);
  const node = await nodeName(cluster);
  const rows = Object.keys(ROLES).map(name => ({ title: name, person: who[`victor-${name}`], namespace: NAMESPACE, pod: POD, granted: MEANT }));
  const actions = ACTIONS.filter(action => action.part === undefined);
  const observed = await observeAll(rows, { cluster, node, clients: [newestClient(cluster)], actions });
  for (const name of Object.keys(ROLES)) cells[name] = observed.filter(cell => cell.row.title === name);
});

afterAll(() => cluster.node ? remove(cluster, [NAMESPACE]) : undefined);

const withNode = testIf(cluster.node, 'the cluster has no node');
const withLog = testIf(cluster.node && cluster.auditLog, 'it needs a node, and the audit log');
/** The actions that are not as meant. */
const wrong = (name: string) => cells[name].filter(cell => cell.observed !== cell.expected).map(cell => cell.action.title);

withNode('a Role for the API group " " grants nothing in pods, and the table shows it', () => {
  expect(wrong('blank-api-group')).toEqual([
    'get', 'list', 'get --watch', 'describe', 'events', 'logs', 'logs --follow', 'exec', 'exec --stdin --tty', 'attach', 'port-forward, and bytes through it', 'cp', 'debug --target --profile',
  ]);
  expect(deviations(cells['blank-api-group'])).toHaveLength(13);
});

withNode('a Role with update instead of patch lets nobody debug, and the table shows that alone', () => {
  expect(wrong('update-only-debug')).toEqual(['debug --target --profile']);
});

withLog('a Role with create alone has a refused request before each session, and the log shows it', () => {
  expect(wrong('create-only-exec')).toEqual([]);
  const owed = unrecorded(cells['create-only-exec'], new AuditLog(cluster.auditLog!).events());
  for (const action of ['exec', 'attach', 'port-forward, and bytes through it']) {
    expect(owed).toContain(`create-only-exec, kubectl ${newestClient(cluster)}: "${action}" is recorded with a refused request beside it`);
  }
});

/** A second API server that loads a policy. */
async function withPolicy<T>(name: string, rules: any[], use: (other: Cluster) => Promise<T>): Promise<T> {
  const folder = scratch(cluster, name.replace(/\W+/g, '-'));
  const policy = join(folder, 'policy.json');
  const controlPlane = join(__dirname, '..', 'control-plane');
  mkdirSync(join(folder, 'run'), { recursive: true });
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
  const options = { env: process.env, timeout: 300_000 };
  const dir = join(folder, 'cluster');
  await must(join(controlPlane, 'up.sh'), [dir, '--no-node', '--version', cluster.version, '--audit-policy', policy, '--owner', String(process.pid)], options);
  try {
    return await use({ ...cluster, kubeconfig: join(dir, 'admin.kubeconfig'), folder: join(folder, 'run'), node: false, auditLog: join(dir, 'audit.log'), auditPolicy: policy });
  } finally {
    await must(join(controlPlane, 'down.sh'), [dir], options);
  }
}

const withOwn = testIf(cluster.own, 'it needs a second API server, with flags of its own');

withOwn.each(Object.entries(BROKEN_POLICIES))('an audit policy with %s has holes, by its evaluator and in the log', async (name, rules) => {
  const evaluator = AuditPolicyEvaluator.fromManifest({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules });
  expect(evaluator.gaps().length).toBeGreaterThan(0);
  await withPolicy(name, rules, async other => {
    const asked = await askEverything(other);
    const events = new AuditLog(other.auditLog!).events();
    const found = holes(asked, events, evaluator);
    for (const session of ['exec', 'attach', 'portforward']) {
      expect(found).toContainEqual(expect.stringMatching(new RegExp(`^GET \\S+/${session} by erin: nothing in the log$`)));
      expect(found).not.toContainEqual(expect.stringMatching(new RegExp(`^POST \\S+/${session} by erin`)));
    }
    // The evaluator is as right about a bad policy as about a good one.
    expect(mispredicted(evaluator, events)).toEqual([]);
  });
});
