import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Application, ask, asset, freePort, TOKEN } from './servers';

/** The page, with pods that do as they like: each is a server at an address of its own. */

const { clusterDomain, gather, start } = asset('overview.js');
const { html } = asset('page.js');

jest.setTimeout(30_000);

type Answers = { [path: string]: unknown };

const pods: Application[] = [];
let relayPort: number;
let files: { dir: string; token: string };

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'overview-'));
  files = { dir, token: `${dir}/token` };
  writeFileSync(files.token, `${TOKEN}\n`);
  relayPort = await freePort();
});
afterAll(() => rmSync(files.dir, { recursive: true, force: true }));
afterEach(() => pods.splice(0).forEach(application => application.close()));

const config = (more: object = {}) => ({ namespace: 'payments', service: 'diagnostics-pods', relayPort, tokenFile: files.token, clusterDomain: 'cluster.local', ...more });
const INFO = { name: 'ledger', version: '1.4.2', commit: 'abc123', startedAt: '2026-03-01T18:00:00Z', configHash: 'c0ffee' };
const WELL: Answers = { '/debug/info': INFO, '/debug/health': { status: 'ok', checks: [{ name: 'database', status: 'ok' }] }, '/debug/errors': { errors: [] } };

/** A pod, by the last part of its address. */
async function pod(address: string, answers: Answers, name = `pod-${address.split('.')[3]}`): Promise<void> {
  const application = new Application();
  application.listener = (request, response) => {
    const answer = answers[request.url!];
    response.setHeader('x-secure-debug-pod', name);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) response.writeHead(401).end();
    else if (typeof answer === 'function') answer(response);
    else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  };
  pods.push(await application.listen(address, relayPort));
}

const overviewOf = (...addresses: string[]) => gather(config(), async (name: string) => {
  expect(name).toBe('diagnostics-pods.payments.svc.cluster.local.');
  return addresses;
});

const flood = (response: any) => {
  const more = () => { while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x'))); };
  response.on('drain', more);
  more();
};

it('shows what each pod says, the worst first', async () => {
  await pod('127.0.0.11', WELL);
  await pod('127.0.0.12', { ...WELL, '/debug/health': { status: 'failing', checks: [{ name: 'database', status: 'failing', detail: 'no connection' }] } });
  await pod('127.0.0.13', { ...WELL, '/debug/health': { status: 'degraded' }, '/debug/errors': { errors: [{ at: '2026-03-01T18:01:00Z', message: 'late', kind: 'Timeout', count: 3 }] } });
  const overview = await overviewOf('127.0.0.11', '127.0.0.12', '127.0.0.13');
  expect(overview).toMatchObject({ namespace: 'payments', left: 0, problem: '' });
  expect(overview.pods.map((p: any) => [p.pod, p.status])).toEqual([['pod-12', 'failing'], ['pod-13', 'degraded'], ['pod-11', 'ok']]);
  expect(overview.pods[1].errors).toEqual([{ at: '2026-03-01T18:01:00Z', message: 'late', kind: 'Timeout', count: 3 }]);
  expect(overview.pods[2]).toEqual({
    address: '127.0.0.11', pod: 'pod-11', status: 'ok', ...INFO, builtAt: '', checks: [{ name: 'database', status: 'ok', detail: '' }], errors: [], problems: [],
  });
  const page = html(overview);
  expect(page).toContain('<title>payments: 1 failing, 1 degraded, 1 ok</title>');
  expect(page.indexOf('pod-12')).toBeLessThan(page.indexOf('pod-13'));
  expect(page).toMatch(/no connection/);
  expect(page).toMatch(/×3 <b>Timeout<\/b><br>late/);
});

it('shows the others when one hangs, one floods, one is gone, one talks nonsense, one redirects and one has no end of headers', async () => {
  await pod('127.0.0.11', WELL);
  await pod('127.0.0.12', { ...WELL, '/debug/health': () => undefined });
  await pod('127.0.0.13', { ...WELL, '/debug/errors': flood });
  await pod('127.0.0.15', { ...WELL, '/debug/info': 'null', '/debug/health': '[', '/debug/errors': '{"errors":{"length":1e9}}' });
  await pod('127.0.0.16', { ...WELL, '/debug/info': (response: any) => response.writeHead(302, { location: 'http://127.0.0.1/' }).end() });
  await pod('127.0.0.17', { ...WELL, '/debug/info': (response: any) => response.writeHead(200, { x: 'y'.repeat(60_000) }).end('{}') });
  const overview = await overviewOf('127.0.0.11', '127.0.0.12', '127.0.0.13', '127.0.0.14', '127.0.0.15', '127.0.0.16', '127.0.0.17');
  const of = (last: string) => overview.pods.find((p: any) => p.address.endsWith(last));
  expect(of('11')).toMatchObject({ status: 'ok', problems: [] });
  expect(of('12')).toMatchObject({ status: 'unknown', name: 'ledger', pod: 'pod-12', problems: ['/debug/health: no complete answer within 3 s'] });
  expect(of('13')).toMatchObject({ status: 'ok', problems: ['/debug/errors: the answer is larger than 65536 bytes'] });
  expect(of('14')).toMatchObject({ status: 'unknown', pod: '', problems: ['errors', 'health', 'info'].map(path => `/debug/${path}: no answer: ECONNREFUSED`) });
  expect(of('15')).toMatchObject({ status: 'unknown', name: '', errors: [], problems: ['/debug/health: the answer is not the JSON of the contract', '/debug/info: the answer is not the JSON of the contract'] });
  expect(of('16')).toMatchObject({ status: 'ok', problems: ['/debug/info: the application answers 302, and redirects are not followed'] });
  expect(of('17')).toMatchObject({ status: 'ok', name: '', problems: ['/debug/info: no answer: HPE_HEADER_OVERFLOW'] });
});

it('writes no markup, control character or endless text of a pod into the page', async () => {
  const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\u0000\n';
  await pod('127.0.0.11', {
    '/debug/info': { name: evil, version: evil.repeat(500), commit: { toString: 1 }, startedAt: '2026-03-01T18:00:00Z"><script>', builtAt: evil, configHash: evil },
    '/debug/health': { status: '<script>', checks: [null, 1, { name: evil, status: evil, detail: evil }] },
    '/debug/errors': { errors: [{ at: evil, message: evil, kind: evil, count: -1 }, { at: 1, message: [], count: 1e400 }] },
  }, 'evil<b>');
  const overview = await overviewOf('127.0.0.11');
  const page: string = html(overview);
  expect(page).not.toMatch(/<script|<img|<b>\W*<\/b>|evil<b>/);
  // eslint-disable-next-line no-control-regex
  expect(page).not.toMatch(/[\u202e\u0000]/);
  expect(page).toContain('&lt;script&gt;alert(1)');
  expect(overview.pods[0].version.length).toBe(200);
  expect(overview.pods[0]).toMatchObject({ status: 'unknown', startedAt: '' });
  expect(page.length).toBeLessThan(20_000);
});

it('names pods whose configuration differs from most', async () => {
  const other = { ...WELL, '/debug/info': { ...INFO, configHash: 'other' } };
  await pod('127.0.0.11', WELL);
  await pod('127.0.0.12', WELL);
  await pod('127.0.0.13', other);
  const cards = html(await overviewOf('127.0.0.11', '127.0.0.12', '127.0.0.13')).split('<article').slice(1);
  expect(cards.map((card: string) => [/pod-\d+/.exec(card)![0], card.includes('differs')])).toEqual([['pod-11', false], ['pod-12', false], ['pod-13', true]]);
});

it('asks so many pods and says how many it left', async () => {
  const addresses = Array.from({ length: 205 }, (_, i) => `127.0.1.${i}`);
  const overview = await overviewOf(...addresses);
  expect([overview.pods.length, overview.left]).toEqual([200, 5]);
  expect(html(overview)).toContain('5 more were not asked');
});

it('says why there are none', async () => {
  expect((await overviewOf()).problem).toMatch(/^No pod is behind the Service/);
  expect((await gather(config(), async () => { throw new Error('DNS does not say which pods there are: ETIMEOUT'); })).problem).toBe('DNS does not say which pods there are: ETIMEOUT');
  expect((await gather(config({ tokenFile: '/nowhere' }), async () => ['127.0.0.1'])).problem).toMatch(/^ENOENT/);
});

it('finds the domain of the cluster', () => {
  expect(clusterDomain('nameserver 10.0.0.10\nsearch payments.svc.corp.example svc.corp.example corp.example example\noptions ndots:5\n')).toBe('corp.example');
  expect(clusterDomain('nameserver 10.0.0.10\n')).toBe('cluster.local');
});

describe('the server', () => {
  let servers: any[];
  let port: number;
  let gathered = 0;
  let result: () => Promise<unknown>;
  beforeEach(async () => {
    gathered = 0;
    result = async () => ({ namespace: 'payments', at: '2026-03-01T18:00:00Z', pods: [], left: 0, problem: 'No pod' });
    const healthPort = await freePort();
    port = await freePort();
    servers = await start(config({ port, healthPort }), () => {
      gathered++;
      return result();
    });
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    servers.forEach(server => server.close());
  });

  it('gives the page, and the same as JSON, without anything that a browser would run', async () => {
    const page = await ask(port, '/');
    expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([200, 'text/html; charset=utf-8', 'no-store']);
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'unsafe-inline';/);
    expect(page.text).not.toMatch(/<script|javascript:| on[a-z]+=/);
    expect(JSON.parse((await ask(port, '/overview.json')).text)).toMatchObject({ namespace: 'payments', problem: 'No pod' });
  });

  it('asks the pods once for many readers', async () => {
    await Promise.all(Array.from({ length: 50 }, () => ask(port, '/')));
    expect(gathered).toBe(1);
  });

  it('serves again after it failed', async () => {
    result = () => Promise.reject(new Error('a defect'));
    expect((await ask(port, '/')).status).toBe(500);
    result = async () => ({ namespace: 'payments', at: '', pods: [], left: 0, problem: 'x' });
    expect((await ask(port, '/')).status).toBe(200);
  });

  it.each(['/x', '/?x', '//', '/overview.json/', '/../'])('has nothing at %s', async path => {
    expect((await ask(port, path)).status).toBe(404);
  });

  it('changes nothing', async () => {
    expect((await ask(port, '/', { method: 'POST' })).status).toBe(404);
  });
});
