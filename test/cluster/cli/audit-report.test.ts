import { readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { gzipSync } from 'zlib';
import { DebugSession } from '../../../cli/src/audit/debug-session';
import { report, ReportOptions } from '../../../cli/src/audit/report';
import { OnCallDebugAccess, ReadOnlyAccess } from '../../../src';
import { theCluster, testIf } from '../lab/cluster';
import { admin, apply, kubectl, KubectlOptions, Person } from '../lab/kubectl';
import { Ended, eventually } from '../lab/process';
import { objects } from '../lab/setups';
import { running, target } from '../lab/targets';
import { Scene } from '../requests/scene';

/** People debug by real clients of three generations; the report of the real audit log then equals what they did, one for one. */

const cluster = theCluster();
const scene = new Scene(cluster, 'evidence');
/** The log may have earlier runs of this file. */
const SINCE = new Date().toISOString();

/** What somebody did, as the report has to tell it. */
type Done = Partial<DebugSession> & Pick<DebugSession, 'user' | 'capability' | 'path' | 'outcome'>;
const record: Done[] = [];
const pod = { pod: 'web', container: 'app' };
const client = (version: string) => expect.stringMatching(new RegExp(`^kubectl\\S*/v${version.replace(/\./g, '\\.')} `));

async function does(person: Person, args: string[], done: Partial<Done>[], options: KubectlOptions = {}): Promise<Ended> {
  record.push(...done.map(one => ({ user: person.name, outcome: 'completed' as const, namespace: scene.place, pod: 'web', ...one }) as Done));
  return kubectl(cluster, person, ['-n', scene.place, ...args], options);
}

const io = (): any => ({ stdout: { write: () => undefined }, stderr: { write: () => undefined }, env: {} });
async function reported(logs: string[], options: ReportOptions = {}): Promise<DebugSession[]> {
  const { data } = await report(io(), logs, { since: SINCE, namespace: [scene.place], withoutUser: [admin(cluster).name], ...options });
  return (data as any).sessions;
}

beforeAll(async () => {
  await scene.raise();
  await apply(cluster, objects(chart => {
    new OnCallDebugAccess(chart, 'oncall', { namespace: scene.place, group: scene.group('developers') });
    new ReadOnlyAccess(chart, 'readers', { namespace: scene.place, group: scene.group('visitors') });
  }));
  if (cluster.node) {
    await apply(cluster, [target(cluster, scene.place, 'web')]);
    await running(cluster, scene.place, ['web']);
  }
}, 180_000);
afterAll(() => scene.raze(), 120_000);

testIf(cluster.auditLog && cluster.node, 'needs the audit log, and a node that runs pods')('what people did, by every client, is what the report says: no more, no less', async () => {
  const { alice, trent, dave, peggy, admin: root } = scene.who;
  const onCall = { path: 'on-call', grant: { kind: 'RoleBinding', namespace: scene.place, name: 'oncall-debug', role: 'Role/oncall-debug' } } as const;
  for (const version of Object.keys(cluster.clients)) {
    const by = { client: client(version) };
    const mine = { ...onCall, ...by };
    await does(alice, ['exec', 'web', '--', 'sh', '-c', 'id; pwd'], [{ ...mine, ...pod, capability: 'exec', command: ['sh', '-c', 'id; pwd'] }], { client: version });
    const file = join(cluster.folder, `evidence-${version}.txt`);
    writeFileSync(file, 'hello');
    await does(alice, ['cp', file, `${scene.place}/web:/tmp/hello`, '-c', 'app'], [
      { ...mine, ...pod, capability: 'exec', command: ['test', '-d', '/tmp/hello'] },
      { ...mine, ...pod, capability: 'exec', command: expect.arrayContaining(['tar', '-C', '/tmp']) as any },
    ], { client: version });
    const container = `dbg-${version.replace(/\./g, '-')}`;
    await does(alice, ['debug', 'web', '-i', `--image=${cluster.image}`, '--image-pull-policy=IfNotPresent', '-c', container, '--', 'sh', '-c', 'sleep 2'], [
      { ...mine, capability: 'ephemeral-containers', container, image: cluster.image, command: ['sh', '-c', 'sleep 2'] },
    ], { client: version, timeout: 60_000 });
    await does(alice, ['attach', 'web', '-c', 'app'], [{ ...mine, ...pod, capability: 'attach' }], { client: version, until: out => out.includes('tick') });
    await does(alice, ['port-forward', 'pod/web', ':8080'], [{ ...mine, capability: 'port-forward' }], { client: version, until: out => out.includes('Forwarding') && new Promise(resolve => setTimeout(() => resolve(true), 1_500)) });
    await does(alice, ['logs', 'web', '-c', 'app', '--tail=1'], [{ ...mine, ...pod, capability: 'read-logs' }], { client: version });
    // He may see the pod, and no more: a WebSocket and SPDY are refused, which is one attempt.
    await does(trent, ['exec', 'web', '--', 'ls', '-l'], [{
      ...by, ...pod, path: 'none', capability: 'exec', command: ['ls', '-l'], outcome: 'refused', refusal: { by: 'rbac', message: expect.stringContaining('forbidden') },
    }], { client: version });
  }
  const { groups } = alice;
  await does(peggy, ['exec', 'web', '--as', alice.name, ...groups.flatMap(group => ['--as-group', group]), '--', 'true'], [{ ...onCall, ...pod, user: alice.name, impersonator: peggy.name, capability: 'exec', command: ['true'] }]);
  await does(root, ['exec', 'web', '--', 'cat', '/etc/passwd'], [{
    ...pod, path: 'outside', outside: 'cluster-admin', capability: 'exec', command: ['cat', '/etc/passwd'], grant: { kind: 'ClusterRoleBinding', name: 'sd-evidence-admin', role: 'ClusterRole/cluster-admin' },
  }]);
  // An emergency, by approval.
  const asked = await scene.asked('dave', 'break-glass');
  expect((await scene.approve('bob', asked, [['bob', 'leads']])).status).toBe(200);
  await eventually('the emergency', async () => (await kubectl(cluster, dave, ['auth', 'can-i', 'create', 'pods', '--subresource=exec', '-n', scene.place])).code === 0 || undefined);
  await does(dave, ['exec', 'web', '--', 'sh', '-c', 'kill -3 1'], [{
    ...pod,
    path: 'break-glass',
    capability: 'exec',
    command: ['sh', '-c', 'kill -3 1'],
    grant: { kind: 'RoleBinding', namespace: scene.place, name: asked.metadata.name, role: 'Role/break-glass' },
    request: { name: asked.metadata.name, reason: 'the ledger is stuck', ticket: 'INC-42', approvers: [scene.who.bob.name], requestedAt: expect.any(String) as any, expiresAt: expect.any(String) as any },
  }]);

  const log = cluster.auditLog!;
  const found = await eventually('the events', async () => {
    const sessions = await reported([log]);
    return sessions.length >= record.length && sessions.every(({ outcome }) => outcome !== 'open') ? sessions : undefined;
  });
  expect(found).toMatchObject(record);
  expect(found).toHaveLength(record.length);

  // Packed, converted, and asked once more: the same.
  const packed = join(cluster.folder, 'evidence.log.gz');
  writeFileSync(packed, gzipSync(readFileSync(log)));
  const parquet = join(cluster.folder, 'evidence-parquet');
  expect(await reported([packed], { convert: parquet })).toEqual(found);
  expect(await reported([parquet])).toEqual(found);
  // Two clusters are not mixed up, and a pipeline fails for what is outside.
  const both = await report(io(), [], { since: SINCE, namespace: [scene.place], cluster: [`one=${log}`, `two=${packed}`], path: ['outside'], withoutUser: [admin(cluster).name], failOn: ['outside'] });
  expect(both.code).toBe(1);
  expect((both.data as any).sessions.map((one: DebugSession) => [one.cluster, one.user])).toEqual([['one', root.name], ['two', root.name]]);
}, 300_000);
