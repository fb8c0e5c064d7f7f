import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { FakeCluster } from './fake-cluster';
import { offline } from './offline';

// A few MiB of manifests are read and compared, on a machine that does other things too.
jest.setTimeout(120_000);

const CLUSTERS = join(__dirname, '..', '..', 'examples', 'fleet', 'expected', 'clusters');
const BEFORE = join(CLUSTERS, 'prod-eu', 'manifests');
const AFTER = join(CLUSTERS, 'staging', 'manifests');

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-rollout-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rollout = (...args: string[]) => offline('rollout', ...args);

/** Somebody who still is cluster-admin, by a name that would like to be markup. */
function log(): string {
  const file = join(folder, 'audit.log');
  writeFileSync(file, `${JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: 'a-1',
    stage: 'ResponseComplete',
    verb: 'get',
    requestURI: '/api/v1/nodes',
    user: { username: '<img> @alice', groups: ['system:authenticated'] },
    objectRef: { resource: 'nodes', apiVersion: 'v1' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-03-01T10:00:00.000000Z',
    stageTimestamp: '2026-03-01T10:00:00.100000Z',
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'RBAC: allowed by ClusterRoleBinding "root" of ClusterRole "cluster-admin" to User "<img> @alice"' },
  })}\n`);
  return file;
}

test('says what changes for whom, and the way back, without a log', async () => {
  const { code, stdout } = await rollout(BEFORE, AFTER, '--to', 'broker');
  expect(code).toBe(0);
  expect([...stdout.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(['Is it safe?', 'What changes for whom', 'Good to know', 'The way back']);
  expect(stdout).toContain('**Not judged**: no audit log was given.');
  expect(stdout).toMatch(/oncall-checkout.*may no longer exec/);
  expect(stdout).toMatch(/does Audit and Deny instead of Audit/);
});

test('and with one, whether it is safe; names are no markup', async () => {
  const { code, stdout } = await rollout(BEFORE, AFTER, '--to', 'broker', '--log', log(), '--fail-on', 'not-ready');
  expect(code).toBe(1);
  expect(stdout).toContain('**not ready**, since');
  expect(stdout).toContain('1 person used cluster-admin or system:masters in the last 7 days: \\<img\\> \\@alice');
  expect(stdout).not.toMatch(/[^\\]<img/);
  expect((await rollout(BEFORE, AFTER, '--to', 'broker', '--log', log())).code).toBe(0);
});

test('--json has all of it as data', async () => {
  const { stdout } = await rollout(BEFORE, AFTER, '--to', 'credentials', '--log', log(), '--json');
  expect(JSON.parse(stdout)).toMatchObject({ to: 'credentials', status: 'not ready', worst: 'high', changes: expect.any(Array), guardrails: expect.any(Array) });
});

test.each([
  ['no manifests', [], /^error: No manifests are given\. Fix: /],
  ['manifests beside the cluster', [BEFORE, '--live'], /^error: --live reads the cluster, and a folder is named too/],
  ['a phase that there is not', [BEFORE, AFTER, '--to', 'rbac'], /^error: --to rbac is no step/],
  ['a judgement without a log', [BEFORE, AFTER, '--to', 'broker', '--fail-on', 'not-ready'], /^error: --fail-on needs an audit log/],
  ['a judgement that there is not', [BEFORE, AFTER, '--to', 'broker', '--fail-on', 'never'], /^error: --fail-on never is unknown/],
  ['a folder that there is not', [join(BEFORE, 'none'), AFTER, '--to', 'broker'], /^error: .*none cannot be read.*Fix: /],
])('%s is wrong use', async (_, args, message) => {
  expect(await rollout(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
});

describe('how far it has come', () => {
  test.each([
    [join(CLUSTERS, 'prod-us', 'manifests'), { phase: 'rbac', next: 'credentials', watching: expect.arrayContaining(['secure-debug-exec']), refusing: [], requestable: [] }],
    [BEFORE, { phase: 'credentials', next: 'broker', issuers: true }],
    [AFTER, { phase: 'broker', refusing: expect.arrayContaining(['secure-debug-exec']), watching: [], requestable: expect.arrayContaining(['checkout/debug-grant']) }],
  ])('%s', async (manifests, expected) => {
    const { code, stdout } = await rollout(manifests, '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ status: 'not judged', ...expected })]);
  });

  test('with a log, whether it may go on, and the command that writes the pull request', async () => {
    const file = log();
    const { code, stdout } = await rollout(BEFORE, '--log', file, '--fail-on', 'not-ready');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Phase credentials\n/);
    expect(stdout).toContain('Next: broker, not ready, since\n  1 person used cluster-admin');
    expect(stdout).toContain(`secure-debug rollout ${BEFORE} NEW --to broker --log ${file}`);
  });

  test('of a cluster, and of one where nothing is yet', async () => {
    const cluster = await new FakeCluster([{ name: 'admin', groups: [] }]).start();
    try {
      expect((await cluster.as('admin', ['rollout', '--live'])).stdout).toMatch(/^Nothing of it is there yet\n[^]*secure-debug init writes the app\./);
      cluster.put('/apis/rbac.authorization.k8s.io/v1/namespaces/payments/roles', { metadata: { name: 'oncall-debug', namespace: 'payments' }, rules: [] });
      const { stdout } = await cluster.as('admin', ['rollout', '--live']);
      expect(stdout).toMatch(/^Phase rbac\n[^]*on call +payments\n/);
      expect(stdout).toContain('whose tokens are believed stands in files of the API server');
    } finally {
      await cluster.stop();
    }
  });
});

test('the step is that of the new manifests; without a difference it has to be said', async () => {
  expect((await rollout(BEFORE, AFTER)).stdout).toMatch(/^# To the phase broker\n/);
  const { stdout } = await rollout(join(CLUSTERS, 'prod-us', 'manifests'), BEFORE, '--to', 'credentials');
  expect(stdout).not.toContain('The manifests are the same');
  expect(await rollout(BEFORE, BEFORE)).toMatchObject({ code: 2, stderr: expect.stringContaining('both are in the phase credentials. Fix: --to credentials or --to broker') });
  expect((await rollout(AFTER, AFTER, '--to', 'broker')).stdout).toContain('The manifests are the same.');
});
