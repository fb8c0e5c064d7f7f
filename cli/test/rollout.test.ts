import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { offline } from './offline';

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
  ['no phase', [BEFORE, AFTER], /^error: --to is missing: it is no step\. Fix: one of credentials, broker\.\n$/],
  ['a phase that there is not', [BEFORE, AFTER, '--to', 'rbac'], /^error: --to rbac is no step/],
  ['a judgement without a log', [BEFORE, AFTER, '--to', 'broker', '--fail-on', 'not-ready'], /^error: --fail-on needs an audit log/],
  ['a judgement that there is not', [BEFORE, AFTER, '--to', 'broker', '--fail-on', 'never'], /^error: --fail-on never is unknown/],
  ['a folder that there is not', [join(BEFORE, 'none'), AFTER, '--to', 'broker'], /^error: .*none cannot be read.*Fix: /],
])('%s is wrong use', async (_, args, message) => {
  expect(await rollout(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
});
