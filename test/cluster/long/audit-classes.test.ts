/**
 * Every way to debug, walked by real people on a real cluster: on call, reading, a grant for an hour, break-glass, the gateway by ssh,
 * an emergency past Git, and outside of all. The report classes each as what it was, and the collector labels the same events alike.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { collectedBy } from './audit-shipping/collected';
import { theCollector } from './audit-shipping/processes';
import { DebugSession } from '../../../cli/src/audit/debug-session';
import { report } from '../../../cli/src/audit/report';
import { GitOpsGuardrail, GitOpsIdentity, GuardrailMode, OnCallDebugAccess, ReadOnlyAccess } from '../../../src';
import { POD, possible, Scene as GatewayScene, WHY_NOT } from '../gateway/scene';
import { scratch, testIf, theCluster } from '../lab/cluster';
import { admin, apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { objects } from '../lab/setups';
import { running, target } from '../lab/targets';
import { group, MERGE, Scene } from '../requests/scene';

const cluster = theCluster();
const scene = new Scene(cluster, 'classes');
const GITOPS = 'sd-classes-gitops';
const ROBOT = `system:serviceaccount:${scene.place}:robot`;
const SINCE = new Date().toISOString();
const able = cluster.auditLog !== undefined && cluster.node;
const folder = scratch(cluster, 'audit-classes');
const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: scene.place }, data: { color: 'green' } };

const SILENT: any = { stdout: { write: () => undefined }, stderr: { write: () => undefined }, env: {} };

let collector: string;
let gateway: GatewayScene | undefined;

beforeAll(async () => {
  if (!able) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  collector = await theCollector();
  await scene.raise();
  const chart = new Chart(new App(), 'gitops');
  new GitOpsGuardrail(chart, 'gitops', {
    name: GITOPS, mode: GuardrailMode.DENY, namespaces: [scene.place], kinds: ['configmaps'], identities: [GitOpsIdentity.serviceAccount(scene.place, 'deployer')],
  });
  const rbac = 'rbac.authorization.k8s.io';
  const editors = { apiVersion: `${rbac}/v1`, metadata: { name: 'settings-editors', namespace: scene.place } };
  await apply(cluster, [
    { ...editors, kind: 'Role', rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] }] },
    { ...editors, kind: 'RoleBinding', roleRef: { apiGroup: rbac, kind: 'Role', name: 'settings-editors' }, subjects: [group(scene.group('oncall'))] },
  ]);
  await apply(cluster, [settings, target(cluster, scene.place, 'web'), ...objects(one => {
    new OnCallDebugAccess(one, 'oncall', { namespace: scene.place, group: scene.group('developers') });
    new ReadOnlyAccess(one, 'readers', { namespace: scene.place, group: scene.group('visitors') });
  })]);
  await apply(cluster, chart.toJson());
  await running(cluster, scene.place, ['web']);
  await eventually('the guardrail to decide', async () => /ValidatingAdmissionPolicy/.test((await change('admin')).body.message) || undefined);
  if (!possible(cluster)) return;
  gateway = new GatewayScene(cluster, 'sd-classes-door');
  await gateway.set();
  await gateway.sign('alice');
  await gateway.open('door');
}, 25 * 60_000);

afterAll(async () => {
  if (!able) return;
  await gateway?.close();
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', GITOPS, '--ignore-not-found']);
  // The namespace is guarded too, and a policy that is gone still decides for a moment.
  await eventually('the guardrail to be gone', async () => (await change('admin')).status === 200 || undefined);
  await scene.raze();
}, 180_000);

const change = (person: string) => scene.send(person, 'PATCH', `/api/v1/namespaces/${scene.place}/configmaps/settings`, { data: { color: person } }, MERGE);

/** What somebody did, as the report has to tell it. */
type Done = Partial<DebugSession> & Pick<DebugSession, 'user' | 'capability' | 'path'>;
const record: Done[] = [];
async function does(who: Person, args: string[], done: Omit<Done, 'user'> & { user?: string }): Promise<void> {
  record.push({ user: who.name, namespace: scene.place, pod: 'web', outcome: 'completed', ...done });
  await kubectl(cluster, who, ['-n', scene.place, ...args]);
}

/** Classes that say more than one event does: what the report knows of an emergency from the request for it. */
const sameAs = ({ path, outside }: DebugSession) => ({ path: path === 'none' ? undefined : path, outside });

testIf(able, 'needs the audit log, and a node that runs pods')('the report and the collector class each session as the way it came', async () => {
  const { alice, trent, dave, peggy, admin: root, robot } = scene.who;
  await does(alice, ['exec', 'web', '--', 'echo', 'on-call'], { path: 'on-call', capability: 'exec', command: ['echo', 'on-call'] });
  await does(alice, ['debug', 'web', `--image=${cluster.image}`, '--image-pull-policy=IfNotPresent', '-c', 'dbg', '--', 'sleep', '9'], { path: 'on-call', capability: 'ephemeral-containers', container: 'dbg' });
  await does(trent, ['logs', 'web', '--tail=1'], { path: 'read-only', capability: 'read-logs' });
  await does(trent, ['exec', 'web', '--', 'echo', 'refused'], { path: 'none', capability: 'exec', outcome: 'refused' });
  await does(root, ['exec', 'web', '--', 'echo', 'outside'], { path: 'outside', outside: 'cluster-admin', capability: 'exec' });
  await does(peggy, ['exec', 'web', '--as', alice.name, '--as-group', scene.group('developers'), '--', 'echo', 'as-alice'], { user: alice.name, impersonator: peggy.name, path: 'on-call', capability: 'exec' });
  await asAdmin(cluster, ['-n', scene.place, 'create', 'rolebinding', 'robot-edits', '--clusterrole=admin', `--serviceaccount=${scene.place}:robot`]);
  await does(robot, ['exec', 'web', '--', 'echo', 'robot'], { user: ROBOT, path: 'outside', outside: 'service account', capability: 'exec' });

  const grant = await scene.asked('dave', 'debug-grant-oncall', { granted: true });
  await eventually('the grant', async () => await scene.may('dave', 'create', 'pods/exec') || undefined);
  await does(dave, ['exec', 'web', '--', 'echo', 'just-in-time'], { path: 'just-in-time', capability: 'exec', request: expect.objectContaining({ ticket: 'INC-42' }) as any });
  await scene.delete('admin', grant);
  await eventually('the grant to be gone', async () => await scene.may('dave', 'create', 'pods/exec') ? undefined : true);
  await scene.asked('dave', 'break-glass', { granted: true });
  await eventually('the emergency', async () => await scene.may('dave', 'create', 'pods/exec') || undefined);
  await does(dave, ['exec', 'web', '--', 'echo', 'break-glass'], { path: 'break-glass', capability: 'exec', request: expect.objectContaining({ ticket: 'INC-42' }) as any });
  await eventually('a change past Git', async () => (await change('dave')).status === 200 || undefined);
  record.push({
    user: dave.name,
    path: 'gitops-emergency',
    capability: 'change-past-git',
    namespace: scene.place,
    object: 'patch configmaps/settings',
    outcome: 'completed',
  });

  if (gateway) {
    const ended = await gateway.ssh([`exec ${gateway.target}/${POD} -- echo by-the-gateway`]);
    expect(ended).toMatchObject({ code: 0, stdout: 'by-the-gateway\n' });
    record.push({
      user: 'alice',
      impersonator: 'system:serviceaccount:sd-classes-door:debug-gateway',
      path: 'gateway',
      capability: 'exec',
      namespace: gateway.target,
      pod: POD,
      outcome: 'completed',
      command: ['echo', 'by-the-gateway'],
      grant: { kind: 'RoleBinding', namespace: gateway.target, name: 'oncall-debug', role: 'Role/oncall-debug' },
    });
  } else {
    process.stderr.write(`skipped: a session through the gateway: ${WHY_NOT}\n`);
  }

  const places = [scene.place, ...gateway ? [gateway.target] : []];
  // The log may have earlier runs of this file, whose emergencies would still be open.
  const ofThisRun = () => readFileSync(cluster.auditLog!, 'utf8').split('\n').slice(0, -1)
    .filter(line => places.some(place => line.includes(`/namespaces/${place}/`)) && JSON.parse(line).requestReceivedTimestamp >= SINCE).map(line => `${line}\n`).join('');
  const log = join(folder, 'audit.log');
  const found = await eventually('the events', async () => {
    writeFileSync(log, ofThisRun());
    const { data } = await report(SILENT, [log], { withoutUser: [admin(cluster).name] });
    const sessions = (data as any).sessions as DebugSession[];
    return sessions.length >= record.length && sessions.every(({ outcome }) => outcome !== 'open') ? sessions : undefined;
  });
  expect(found).toMatchObject(record);
  expect(found).toHaveLength(record.length);

  // The same log by the collector.
  const { records } = await collectedBy(collector, join(folder, 'same'), [readFileSync(log, 'utf8')]);
  const labels = records.map(({ body, attributes }) => ({ event: JSON.parse(body), of: (label: string) => attributes[`debug.${label}`] as string | undefined }))
    // Programs read logs and make pods all day; of them only those of this test count.
    .filter(({ event, of }) => of('capability') !== undefined && of('step') !== undefined && event.user.username !== admin(cluster).name
      && (event.user.username === ROBOT || of('via') !== undefined || !event.user.username.startsWith('system:')));
  for (const session of found) {
    const mine = labels.filter(({ event }) => event.auditID === session.id);
    expect([session.id, mine.length > 0]).toEqual([session.id, true]);
    for (const { event, of } of mine) {
      expect({ what: `${session.user} ${session.capability} ${event.stage}`, path: of('path'), outside: of('outside'), capability: of('capability'), user: of('user') ?? '', as: of('as'), via: of('via') }).toEqual({
        what: `${session.user} ${session.capability} ${event.stage}`,
        ...sameAs(session),
        capability: session.capability,
        // Who logged in, and as whom they acted; the gateway asks for who logged in there.
        user: session.path === 'gateway' ? session.user : session.impersonator ?? session.user,
        as: session.impersonator !== undefined && session.path !== 'gateway' ? session.user : undefined,
        via: session.path === 'gateway' ? session.impersonator : undefined,
      });
    }
  }
  // And nothing is labelled that the report does not have: each is of a session of the same person, pod and class.
  for (const { event, of } of labels) {
    const person = of('as') ?? of('user');
    const same = found.some(session => session.user === person && (session.path === 'none' ? undefined : session.path) === of('path') && (session.pod ?? event.objectRef.name) === event.objectRef.name);
    expect([`${person} ${of('capability')} ${of('path')}`, same]).toEqual([`${person} ${of('capability')} ${of('path')}`, true]);
  }
  process.stderr.write(`${found.length} sessions, ${labels.length} labelled events: ${[...new Set(found.map(({ path }) => path))].sort().join(', ')}\n`);
}, 300_000);
