import { readdirSync } from 'fs';
import { join } from 'path';
import * as ts from 'typescript';
import { Application, ask, asset, ASSETS, freePort, Program, raw, TOKEN } from './servers';

/** The relay as it runs in a pod, with an application that does as it likes. */

// Starting a process takes its time on a busy machine.
jest.setTimeout(30_000);

const PATHS = [
  { path: '/debug/info' }, { path: '/debug/pprof/' }, { path: '/debug/pprof/profile', query: { seconds: 30, debug: 2 } },
  { path: '/debug/heap-snapshot', method: 'POST' },
];
const app = new Application();
const relay = new Program('relay.js');
let door: number;
let overview: number;

beforeAll(async () => {
  await app.listen();
  door = await freePort();
  overview = await freePort();
  await relay.start({
    address: '127.0.0.1',
    port: app.port,
    paths: PATHS,
    doorPort: door,
    perMinute: 10_000,
    atOnce: 4,
    timeoutSeconds: 1,
    maxBytes: 1_000_000,
    overview: { port: overview, paths: ['/debug/info', '/debug/health'], tokenFile: relay.tokenFile },
  }, overview);
});
afterAll(async () => {
  expect(await relay.stop()).toBe(0);
  app.close();
});
beforeEach(() => {
  app.asked = [];
  app.listener = (_, response) => response.setHeader('content-type', 'application/json').end('{"name":"ledger"}');
});

const withToken = { headers: { authorization: `Bearer ${TOKEN}` } };

it('passes a declared path on, and says who asked', async () => {
  const answer = await ask(door, '/debug/info', { headers: { 'x-forwarded-email': 'alice@example.com forged' } });
  expect(answer).toMatchObject({ status: 200, text: '{"name":"ledger"}', whole: true });
  expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  expect(answer.headers['content-security-policy']).toContain('sandbox');
  expect(await relay.line(({ url }) => url === '/debug/info')).toMatchObject({ message: 'diagnostics', who: 'alice@example.com forged', method: 'GET', url: '/debug/info', status: 200, bytes: 17, pod: 'ledger-0' });
});

it('lists what may be asked', async () => {
  expect((await ask(door, '/')).text).toBe('What may be asked of pod ledger-0:\nGET /debug/info\nGET /debug/pprof/\nGET /debug/pprof/profile\nPOST /debug/heap-snapshot\n');
});

it('keeps the session and the person from the application', async () => {
  await ask(door, '/debug/info', { headers: { 'cookie': '__Host-diagnostics=secret', 'authorization': 'Bearer secret', 'x-forwarded-email': 'alice@example.com', 'x-evil': '1' } });
  expect(Object.keys(app.asked[0].headers).sort()).toEqual(['accept', 'connection', 'host']);
});

it.each([
  '/debug/env', '/debug/info/', '/debug/info/../env', '/debug/info/%2e%2e/env', '/debug/pprof/heap', '/debug/pprof/../info', '/debug//info', '//debug/info', '/./debug/info',
  '/debug%2Finfo', '/debug/inf%6F', '/DEBUG/INFO', '/debug/info;x', '/debug/info%00', '/debug/info%3Fx', '/debug\\info', '/debug/info?x=1', '/debug/info??', '/debug/info?#',
  'http://127.0.0.1/debug/info', '*', '/debug/pprof/profile?seconds=31', '/debug/pprof/profile?seconds=-1', '/debug/pprof/profile?seconds=1e9',
  '/debug/pprof/profile?seconds=1&seconds=30', '/debug/pprof/profile?seconds=1;debug=1', '/debug/pprof/profile?__proto__=1', '/debug/pprof/profile?constructor=1',
  '/debug/pprof/profile?seconds=0x10', '/debug/pprof/profile?seconds=%31%00',
])('asks the application nothing for %s', async path => {
  expect((await ask(door, path)).status).toBe(404);
  expect(app.asked).toEqual([]);
});

it('writes the query anew', async () => {
  await ask(door, '/debug/pprof/profile?seconds=%31&debug=02');
  expect(app.asked.map(({ url }) => url)).toEqual(['/debug/pprof/profile?seconds=1&debug=2']);
});

it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE'])('does not change anything by %s', async method => {
  expect((await ask(door, '/debug/info', { method })).status).toBe(405);
  expect(app.asked).toEqual([]);
});

it('asks by POST what is declared so, and not for another site', async () => {
  expect((await ask(door, '/debug/heap-snapshot')).status).toBe(405);
  expect((await ask(door, '/debug/heap-snapshot', { method: 'POST', headers: { 'sec-fetch-site': 'same-site' } })).status).toBe(403);
  expect(app.asked).toEqual([]);
  expect((await ask(door, '/debug/heap-snapshot', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200);
  expect(app.asked).toMatchObject([{ method: 'POST', url: '/debug/heap-snapshot' }]);
});

it('does not take a second request out of the body of the first', async () => {
  const smuggled = 'GET /debug/env HTTP/1.1\r\nHost: x\r\n\r\n';
  await raw(door, `GET /debug/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
  const both = await raw(door, `GET /debug/info HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`);
  expect(both).toMatch(/^HTTP\/1.1 400/);
  expect(app.asked.map(({ url }) => url)).toEqual(['/debug/info']);
});

it('follows no redirect', async () => {
  app.listener = (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
  expect(await ask(door, '/debug/info')).toMatchObject({ status: 502, text: 'The application answers 302, and redirects are not followed.\n' });
});

it('passes the status of the application on, and none of its cookies and scripts', async () => {
  app.listener = (_, response) => response.writeHead(500, { 'set-cookie': '__Host-diagnostics=x', 'content-security-policy': 'script-src *', 'content-type': 'text/html' }).end('<script>');
  const { status, headers } = await ask(door, '/debug/info');
  expect([status, headers['set-cookie'], headers['content-type']]).toEqual([500, undefined, 'text/html']);
  expect(headers['content-security-policy']).toMatch(/default-src 'none'.*sandbox/);
});

it('gives up on an application that hangs', async () => {
  app.listener = () => undefined;
  expect(await ask(door, '/debug/info')).toMatchObject({ status: 504, text: 'No complete answer within 1 s.\n' });
});

it('breaks off an answer that does not end, so that it does not look whole', async () => {
  app.listener = (_, response) => {
    const more = () => { while (!response.destroyed && response.write(Buffer.alloc(65_536))); };
    response.on('drain', more);
    more();
  };
  const { whole, text } = await ask(door, '/debug/info');
  expect(whole).toBe(false);
  expect(text.length).toBeLessThanOrEqual(1_000_000);
});

it('does not begin an answer that says it is too large', async () => {
  app.listener = (_, response) => response.writeHead(200, { 'content-length': 10_000_000_000 }).flushHeaders();
  expect(await ask(door, '/debug/info')).toMatchObject({ status: 502, text: 'The answer is larger than 1000000 bytes.\n' });
});

it('passes on a few at once', async () => {
  app.listener = () => undefined;
  const statuses = (await Promise.all(Array.from({ length: 7 }, () => ask(door, '/debug/info')))).map(({ status }) => status).sort();
  expect(statuses).toEqual([429, 429, 429, 504, 504, 504, 504]);
  app.listener = (_, response) => response.end('free again');
  expect((await ask(door, '/debug/info')).text).toBe('free again');
});

describe('the door for the page', () => {
  it('gives the contract to who has the token, and says which pod it is', async () => {
    const { status, headers } = await ask(overview, '/debug/info', withToken);
    expect([status, headers['x-secure-debug-pod']]).toEqual([200, 'ledger-0']);
  });

  it.each(['', 'Bearer', 'Bearer ', `Bearer ${TOKEN}x`, `bearer ${TOKEN}`, `Basic ${TOKEN}`, `Bearer ${TOKEN.slice(0, -1)}`])('gives nothing for the header "%s"', async authorization => {
    expect((await ask(overview, '/debug/info', { headers: { authorization } })).status).toBe(401);
    expect(app.asked).toEqual([]);
  });

  it('gives nothing of what people are given by the proxy', async () => {
    expect((await ask(overview, '/debug/pprof/profile', withToken)).status).toBe(404);
    expect((await ask(overview, '/debug/heap-snapshot', { ...withToken, method: 'POST' })).status).toBe(405);
    expect(app.asked).toEqual([]);
  });

  it('takes a new token without a restart, and none that is empty', async () => {
    relay.token('another-token-that-is-long-enough');
    expect((await ask(overview, '/debug/info', withToken)).status).toBe(401);
    expect((await ask(overview, '/debug/info', { headers: { authorization: 'Bearer another-token-that-is-long-enough' } })).status).toBe(200);
    relay.token('\n');
    expect((await ask(overview, '/debug/info', { headers: { authorization: 'Bearer ' } })).status).toBe(401);
    relay.token(TOKEN);
  });

  it('tells the kubelet that it lives', async () => {
    expect((await ask(overview, '/healthz')).status).toBe(200);
  });
});

it('lets so many through in a minute, and they come back', () => {
  const { Limit } = asset('relay.js');
  let now = 0;
  const limit = new Limit(2, 10, () => now);
  expect([limit.take(), limit.take(), limit.take()]).toEqual([true, true, false]);
  now = 29_999;
  expect(limit.take()).toBe(false);
  now = 30_000;
  expect([limit.take(), limit.take()]).toEqual([true, false]);
  now = 10_000_000;
  expect([limit.take(), limit.take(), limit.take()]).toEqual([true, true, false]);
});

it('the programs pass the type checker', () => {
  const program = ts.createProgram(readdirSync(ASSETS).filter(file => file.endsWith('.js')).map(file => join(ASSETS, file)), {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    strict: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    noImplicitReturns: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
  });
  const problems = ts.getPreEmitDiagnostics(program).map(d => `${d.file?.fileName ?? ''}:${d.start ?? ''} ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);
  expect(problems).toEqual([]);
}, 60_000);
