import { mkdirSync, readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { Asking } from './bindings-ask';
import { DebugSession } from '../../../cli/src/audit/debug-session';
import { report } from '../../../cli/src/audit/report';
import { GitOpsGuardrail, GitOpsIdentity, GuardrailMode } from '../../../src';
import { AuditLog } from '../lab/audit-log';
import { scratch, testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, find } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { group, Scene } from '../requests/scene';

/** A real emergency: break-glass by request, under the policies that govern it, and its end by its own timer. */

const cluster = theCluster();
const scene = new Scene(cluster, 'gitops-glass');
const asking = new Asking();
const POLICY = 'sd-gitops-glass-guardrail';
const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: scene.place }, data: { color: 'green' } };
const SECONDS = 8;
const OTHER_BINDING = 'sd-gitops-glass-editors';
const SINCE = new Date().toISOString();

beforeAll(async () => {
  await scene.raise();
  const chart = new Chart(new App(), 'suite');
  new GitOpsGuardrail(chart, 'gitops', { name: POLICY, mode: GuardrailMode.DENY, namespaces: [scene.place], identities: [GitOpsIdentity.serviceAccount(scene.place, 'deployer')] });
  const editors = ['oncall', 'leads'].map(name => group(scene.group(name)));
  await apply(cluster, [settings, { ...scene.toClusterRole('editors', 'edit', editors) }]);
  await apply(cluster, chart.toJson());
  await eventually('the guardrail to decide', async () => (await change('bob')).verdict === REFUSED || undefined);
});
afterAll(async () => {
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', POLICY, '--ignore-not-found']);
  // The namespace is guarded too, and a policy that is gone still decides for a moment.
  await eventually('the guardrail to be gone', async () => (await change('bob')).verdict !== REFUSED || undefined);
  asking.close();
  await scene.raze();
});

const REFUSED = `refused by ${POLICY}`;
const change = (name: string) => asking.ask(scene.who[name], 'PATCH', `/api/v1/namespaces/${scene.place}/configmaps/settings`, { data: { color: name } }, 'application/merge-patch+json');

it('who edits the namespace by RBAC does not change it without an emergency', async () => {
  for (const name of ['dave', 'bob']) expect([name, (await change(name)).verdict]).toEqual([name, REFUSED]);
});

it('a grant for debugging is no emergency', async () => {
  await scene.asked('dave', 'debug-grant-oncall', { granted: true });
  await eventually('the grant', async () => await scene.may('dave', 'create', 'pods/exec') || undefined);
  expect((await change('dave')).verdict).toBe(REFUSED);
});

it('break-glass that waits for approval is none, and neither is one that was withdrawn', async () => {
  const binding = await scene.asked('dave', 'break-glass');
  expect((await change('dave')).verdict).toBe(REFUSED);
  expect((await scene.close('dave', binding, 'withdrawn')).status).toBe(200);
  expect((await change('dave')).verdict).toBe(REFUSED);
  await scene.delete('admin', binding);
});

it('break-glass opens it for who asked, at once, and its own timer ends it', async () => {
  const binding = await scene.asked('dave', 'break-glass', { granted: true, seconds: SECONDS });
  await eventually('the emergency', async () => (await change('dave')).verdict === 'passed' || undefined, 30_000);
  expect((await change('bob')).verdict).toBe(REFUSED);
  const ends = Date.parse(binding.metadata.annotations['secure-debug.internal/expires-at']);
  await eventually('the end', async () => (await change('dave')).verdict === REFUSED || undefined, 30_000);
  const late = (Date.now() - ends) / 1000;
  process.stderr.write(`an emergency of ${SECONDS} s was over ${late.toFixed(1)} s after its end\n`);
  expect(late).toBeGreaterThan(-1);
  expect(late).toBeLessThan(15);
  await eventually('the grant to go', async () => await scene.find(binding) ? undefined : true);
});

it('an approver ends it before its time', async () => {
  const binding = await scene.asked('dave', 'break-glass', { granted: true });
  await eventually('the emergency', async () => (await change('dave')).verdict === 'passed' || undefined, 30_000);
  expect((await scene.close('bob', binding, 'revoked')).status).toBe(200);
  await eventually('the end', async () => (await change('dave')).verdict === REFUSED || undefined, 30_000);
  await scene.delete('admin', binding);
});

it('who may edit by a ClusterRoleBinding, which RBAC names first, changes it in an emergency too', async () => {
  await asAdmin(cluster, ['create', 'clusterrolebinding', OTHER_BINDING, '--clusterrole=edit', `--user=${scene.name('dave')}`]);
  try {
    await scene.asked('dave', 'break-glass', { granted: true });
    await eventually('the emergency', async () => (await change('dave')).verdict === 'passed' || undefined, 30_000);
    // Until then the cluster may not have seen the ClusterRoleBinding; a right that it alone gives shows that it has.
    await eventually('the ClusterRoleBinding', async () => await scene.may('dave', 'patch', 'configmaps', { namespace: 'default' }) || undefined, 30_000);
    expect((await change('dave')).verdict).toBe('passed');
  } finally {
    await asAdmin(cluster, ['delete', 'clusterrolebinding', OTHER_BINDING]);
  }
});

it('a cluster-admin by a ClusterRoleBinding is refused even then, as the docstring says', async () => {
  await asAdmin(cluster, ['create', 'clusterrolebinding', 'sd-gitops-glass-oscar', '--clusterrole=cluster-admin', `--user=${scene.name('oscar')}`]);
  try {
    await scene.asked('oscar', 'break-glass', { granted: true });
    await eventually('the rights', async () => await scene.may('oscar', 'get', 'secrets') || undefined);
    expect((await change('oscar')).verdict).toBe(REFUSED);
  } finally {
    await asAdmin(cluster, ['delete', 'clusterrolebinding', 'sd-gitops-glass-oscar']);
  }
  await eventually('the emergency alone', async () => (await change('oscar')).verdict === 'passed' || undefined, 30_000);
});

testIf(cluster.auditLog, 'needs the audit log')('reason and ticket are found from the change: by person, in the event of the grant', async () => {
  const log = new AuditLog(cluster.auditLog!);
  const events = log.events().filter(({ stage }) => stage === 'ResponseComplete');
  const changed = events.find(({ user, annotations, responseStatus }) => user.username === scene.name('dave') && annotations?.[`${POLICY}/past-git`] && responseStatus.code === 200);
  expect(changed.annotations[`${POLICY}/past-git`]).toBe(`UPDATE configmaps settings in ${scene.place} by ${scene.name('dave')}`);
  const granted = events.find(({ user, verb, objectRef }) => user.username === scene.name('dave') && verb === 'create' && objectRef?.resource === 'rolebindings' && objectRef.name === `break-glass:${scene.name('dave')}`);
  expect(granted.annotations[`${scene.policies()[0]}/request`]).toContain('ticket INC-42');
  expect((await find(cluster, ['configmap', 'settings', '-n', scene.place])).data.color).toBe('oscar');
});

testIf(cluster.auditLog, 'needs the audit log')('the report has the ticket of each such change, whichever binding RBAC named', async () => {
  const folder = scratch(cluster, 'gitops-emergency');
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'audit.log');
  // The log may have earlier runs of this file.
  const ofThisRun = readFileSync(cluster.auditLog!, 'utf8').split('\n').slice(0, -1)
    .filter(line => line.includes(`/namespaces/${scene.place}/`) && JSON.parse(line).requestReceivedTimestamp >= SINCE);
  writeFileSync(log, ofThisRun.map(line => `${line}\n`).join(''));
  const { data } = await report({ stdout: { write: () => undefined }, stderr: { write: () => undefined }, env: {} } as any, [log], { path: ['gitops-emergency'] });
  const changes = (data as any).sessions as DebugSession[];
  expect(new Set(changes.map(({ user }) => user))).toEqual(new Set([scene.name('dave'), scene.name('oscar')]));
  for (const { user, grant, request, otherGrants } of changes) {
    // The grant for debugging is still open; it is no emergency.
    const emergencies = [{ ...grant!, request }, ...otherGrants].filter(({ role }) => role === 'Role/break-glass');
    expect({ grant, emergencies }).toMatchObject({ grant, emergencies: [{ name: expect.stringContaining(`:${user}`), request: { ticket: 'INC-42' } }] });
    expect(emergencies).toHaveLength(1);
  }
  expect(changes.filter(({ grant, request }) => grant?.name === OTHER_BINDING && request === undefined)).not.toEqual([]);
  process.stderr.write(`${changes.length} changes past Git, ${changes.filter(({ request }) => !request).length} of which RBAC put down to another binding\n`);
});
