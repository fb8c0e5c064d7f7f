import { createServer, Server } from 'http';
import { AddressInfo } from 'net';
import { build, demolish, secureDebug } from './program';
import { testIf, theCluster } from '../lab/cluster';
import { Ended, eventually } from '../lab/process';
import { Scene } from '../requests/scene';

const cluster = theCluster();
const scene = new Scene(cluster, 'notify');
const it = testIf(cluster.auditLog, 'its audit log cannot be read');
const ASK = ['request', '-n', scene.place, '--reason', 'the ledger is stuck <!channel>', '--ticket', 'INC-42'];

const got: any[] = [];
let server: Server;
let follower: Promise<Ended>;
let stop = false;

const as = async (person: string, ...args: string[]) => {
  const { code, stderr } = await secureDebug(cluster, scene.who[person], args);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
};
const told = (event: string, person: string) => eventually(`${event} by ${person}`, async () => got.find(one => one.event === event && one.user === scene.name(person)), 30_000);

beforeAll(async () => {
  if (!cluster.auditLog) return;
  await build();
  await scene.raise();
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', part => { text += part; }).on('end', () => {
      got.push(JSON.parse(text));
      response.end();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const env = { SECURE_DEBUG_WEBHOOK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
  // It wants no kubeconfig. What it prints makes `until` look whether it should end.
  follower = secureDebug(cluster, scene.who.trent, ['notify', cluster.auditLog, '--webhook', '--print', '-n', scene.place, '--sealed-group', 'nobody'], { env, timeout: 300_000, until: () => stop });
}, 180_000);
afterAll(async () => {
  if (!cluster.auditLog) return;
  stop = true;
  await as('dave', 'withdraw', 'break-glass', '-n', scene.place);
  await follower;
  server.close();
  demolish();
  await scene.raze();
});

it('alice asks, bob approves and revokes: each is told once, from the log of the API server', async () => {
  await as('alice', ...ASK);
  expect(await told('requested', 'alice')).toMatchObject({
    kind: 'AccessNotification',
    namespace: scene.place,
    role: 'debug-grant',
    name: `debug-grant:${scene.name('alice')}`,
    reason: 'the ledger is stuck <!channel>',
    ticket: 'INC-42',
    approvals: [],
    next: `secure-debug approve ${scene.name('alice')} -n ${scene.place}`,
    expiresAt: expect.stringMatching(/Z$/),
  });
  await as('bob', 'approve', scene.name('alice'), '-n', scene.place);
  expect(await told('granted', 'bob')).toMatchObject({ name: `debug-grant:${scene.name('alice')}`, approvals: [`${scene.name('bob')} as ${scene.group('leads')}`] });
  await as('bob', 'revoke', '--user', scene.name('alice'), '-n', scene.place, '--reason', 'over');
  expect(await told('revoked', 'bob')).toMatchObject({ reason: 'over' });
  // Dry runs go ahead of each request, and are not told.
  expect(got.filter(one => one.name === `debug-grant:${scene.name('alice')}`).map(one => one.event)).toEqual(['requested', 'granted', 'revoked']);
});

it('two approvals: the first is no grant; a denial says why', async () => {
  await as('alice', ...ASK, '--profile', 'quorum');
  await as('bob', 'approve', scene.name('alice'), '-n', scene.place);
  expect(await told('approved', 'bob')).toMatchObject({ role: 'debug-grant-quorum' });
  await as('carol', 'deny', scene.name('alice'), '-n', scene.place, '--reason', 'use the dashboard');
  expect(await told('denied', 'carol')).toMatchObject({ reason: 'use the dashboard' });
});

it('who is on call takes what is theirs; break-glass is loud', async () => {
  await as('dave', ...ASK, '--profile', 'oncall');
  expect(await told('taken', 'dave')).toMatchObject({ role: 'debug-grant-oncall' });
  await as('dave', ...ASK, 'break-glass');
  expect(await told('break-glass', 'dave')).toMatchObject({ role: 'break-glass', summary: expect.stringMatching(/^dave-notify BROKE THE GLASS: break-glass:dave-notify in sd-notify \(INC-42\)/) });
});

it('what is refused is not told', async () => {
  const { code } = await secureDebug(cluster, scene.who.mallory, [...ASK, 'break-glass']);
  expect(code).toBe(1);
  await as('mallory', ...ASK);
  await told('requested', 'mallory');
  expect(got.filter(one => one.user === scene.name('mallory')).map(one => one.role)).toEqual(['debug-grant']);
});
