import { existsSync, mkdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { constants, runInThisContext } from 'vm';
import type Puppeteer from 'puppeteer-core';
import { DOOR, NAMESPACE, PAGE, Scene, SECRET } from './scene';
import { testIf, theCluster } from '../lab/cluster';
import { asAdmin, kubectl } from '../lab/kubectl';
import { eventually } from '../lab/process';

/** Diagnostics of real pods through a real oauth2-proxy and a real OpenID Connect provider. */

const cluster = theCluster();
const possible = cluster.own && cluster.node;
const it = testIf(possible, 'needs a node of this suite');
const MODULES = { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER, filename: __filename };
const CHROMIUM = '/usr/bin/chromium';
const inBrowser = testIf(possible && existsSync(CHROMIUM), possible ? `needs ${CHROMIUM} (apt-get install chromium)` : 'needs a node of this suite');

const scene = possible ? new Scene(cluster) : undefined!;
beforeAll(async () => { if (possible) await scene.set(); }, 600_000);
afterAll(async () => { if (possible) await scene.strike(); }, 150_000);
jest.setTimeout(60_000);

it('somebody on call reads diagnostics, with no right on the Kubernetes API', async () => {
  const visitor = scene.visitor();
  const shown = await visitor.visit(`https://${DOOR}/debug/info`, 'alice');
  expect(shown).toMatchObject({ status: 200, url: `https://${DOOR}/debug/info` });
  expect(JSON.parse(shown.text)).toMatchObject({ name: 'ledger', version: '1.4.2' });
  expect((await visitor.visit(`https://${DOOR}/debug/report`)).text).toContain('"javascriptStack"');
  for (const args of [['get', 'pods'], ['logs', 'deployment/ledger'], ['exec', 'deployment/ledger', '--', 'true']]) {
    const { code, stderr } = await kubectl(cluster, scene.alice, [...args, '-n', NAMESPACE]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Forbidden')]);
  }
});

it('the log of the relay says who it was, and believes no header of a visitor', async () => {
  const visitor = scene.visitor();
  await visitor.visit(`https://${DOOR}/debug/health`, 'alice');
  await visitor.once(`https://${DOOR}/debug/errors`, { headers: { 'x-forwarded-email': 'ceo@example.com', 'x-forwarded-user': 'ceo' } });
  const logs = (await Promise.all((await scene.pods('app=ledger')).map(pod => asAdmin(cluster, ['logs', '-n', NAMESPACE, pod.metadata.name, '-c', 'diagnostics-relay'])))).join('');
  const lines = logs.split('\n').filter(line => line).map(line => JSON.parse(line));
  expect(lines.find(line => line.url === '/debug/errors')).toMatchObject({ who: 'alice@example.com', status: 200 });
  expect(logs).not.toContain('ceo');
});

it('somebody of another group is not let in', async () => {
  const shown = await scene.visitor().visit(`https://${DOOR}/debug/info`, 'bob');
  expect([shown.status, shown.url]).toEqual([403, expect.stringContaining(`https://${DOOR}/oauth2/callback`)]);
  expect((await scene.visitor().visit(`https://${PAGE}/`, 'bob')).status).toBe(403);
});

it('nobody is let in without a login, with a forged session, or with one of another door', async () => {
  const { status, location } = await scene.visitor().once(`https://${DOOR}/debug/info`);
  expect([status, location]).toEqual([302, expect.stringMatching(/\/auth\?.*code_challenge_method=S256/)]);
  const alice = scene.visitor();
  expect((await alice.visit(`https://${PAGE}/`, 'alice')).status).toBe(200);
  const cookies = alice.cookiesOf(PAGE);
  expect([...cookies.keys()]).toEqual(['__Host-diagnostics']);
  for (const session of [cookies.get('__Host-diagnostics')!, 'x', 'eyJlbWFpbCI6ImFsaWNlIn0=|1|x']) {
    const mallory = scene.visitor();
    mallory.setCookies(DOOR, new Map([['__Host-diagnostics', session]]));
    expect((await mallory.once(`https://${DOOR}/debug/info`)).status).toBe(302);
  }
  for (const headers of [{ authorization: 'Bearer x' }, { 'x-forwarded-email': 'alice@example.com' }, { authorization: 'Basic YWxpY2U6eA==' }] as object[]) {
    expect((await scene.visitor().once(`https://${DOOR}/debug/info`, { headers: { ...headers } })).status).toBe(302);
  }
});

it('who is let in gets the declared paths, in no other spelling, by no other method, and none of the application\'s secrets', async () => {
  const visitor = scene.visitor();
  await visitor.visit(`https://${DOOR}/debug/info`, 'alice');
  for (const path of [
    '/debug/env', '/debug/heap-snapshot', '/debug/info/', '/debug/info/x', '/debug/info%2f', '/debug%2Finfo', '/%64ebug/info', '/debug/info%00', '/debug/info?x=1', '/debug/info;x',
    '/debug/info/..%2fheap-snapshot', '/debug/%2e%2e/debug/heap-snapshot', '/debug\\info', '/DEBUG/info',
  ]) {
    const { status, text, location } = await visitor.once(`https://${DOOR}${path}`);
    expect([path, status < 400 ? location : 'refused']).toEqual([path, expect.not.stringMatching(/^\/debug\/info$/)]);
    expect(text).not.toMatch(/"startedAt"|"snapshot"/);
  }
  // A proxy may send back to the plain spelling; it is the plain spelling that counts.
  for (const path of ['/debug/../debug/info', '/debug//info', '/./debug/info']) {
    const { status, text } = await visitor.once(`https://${DOOR}${path}`);
    expect([301, 307, 308, 404]).toContain(status);
    expect(text).not.toContain('startedAt');
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) expect((await visitor.once(`https://${DOOR}/debug/info`, { method })).status).toBe(405);
  expect((await visitor.once(`https://${DOOR}/debug/heap-snapshot`, { method: 'POST' })).status).toBe(404);
  for (const path of ['/debug/info', '/debug/health', '/debug/errors', '/debug/report']) {
    const { status, text } = await visitor.once(`https://${DOOR}${path}`);
    expect([path, status, text.includes(SECRET)]).toEqual([path, 200, false]);
  }
});

it('another pod reaches the proxy and the relay\'s locked door, and neither the diagnostics nor what is behind the proxy', async () => {
  const [ledger] = await scene.pods('app=ledger');
  const [other] = await scene.pods('app=hanging');
  const ask = `const ask = (port, path) => fetch('http://${ledger.status.podIP}:' + port + path, { redirect: 'manual', signal: AbortSignal.timeout(3000) }).then(a => a.status, e => e.cause?.code ?? e.name);
    Promise.all([[6060, '/debug/info'], [4181, '/debug/info'], [4182, '/debug/info'], [4180, '/debug/info'], [8080, '/']].map(a => ask(...a))).then(a => console.log(JSON.stringify(a)));`;
  expect(JSON.parse(await scene.from(other, ask))).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 401, 302, 200]);
});

it('neither the relay, the proxy nor the page has a token of the Kubernetes API, and the application keeps its own', async () => {
  const [ledger] = await scene.pods('app=ledger');
  const [page] = await scene.pods('app.kubernetes.io/name=diagnostics-service');
  const list = 'const d = "/var/run/secrets/kubernetes.io/serviceaccount"; console.log(require("fs").existsSync(d) ? require("fs").readdirSync(d).filter(f => !f.startsWith(".")).sort().join() : "none")';
  expect((await scene.from(ledger, list)).trim()).toBe('ca.crt,namespace,token');
  expect((await scene.from(ledger, list, 'diagnostics-relay')).trim()).toBe('');
  expect((await scene.from(page, list, 'diagnostics-page')).trim()).toBe('');
  const proxies = [ledger, page].map(pod => pod.spec.containers.find((c: any) => c.name === 'diagnostics-proxy'));
  for (const { volumeMounts } of proxies) expect(volumeMounts.filter((m: any) => m.mountPath.startsWith('/var/run/secrets')).map((m: any) => m.name)).toEqual(['diagnostics-no-token']);
});

it('the page shows every pod, though one application hangs and one answers 10 GB', async () => {
  const visitor = scene.visitor();
  await visitor.visit(`https://${PAGE}/`, 'alice');
  for (let round = 0; round < 2; round++) {
    const { status, text } = await visitor.once(`https://${PAGE}/overview.json`);
    expect(status).toBe(200);
    const { pods, problem } = JSON.parse(text);
    expect(problem).toBe('');
    expect(pods.map((pod: any) => [pod.name, pod.status])).toEqual([['flooding', 'unknown'], ['hanging', 'unknown'], ['ledger', 'ok'], ['ledger', 'ok']]);
    expect(pods[0].problems.join()).toMatch(/\/debug\/health: .*(larger than|breaks off|ECONNRESET)/);
    expect(pods[1].problems).toEqual(['/debug/errors: No complete answer within 2.5 s.', '/debug/health: No complete answer within 2.5 s.']);
    expect(pods.map((pod: any) => pod.pod).every((name: string) => /^(ledger|hanging|flooding)-/.test(name))).toBe(true);
    await new Promise(resolve => setTimeout(resolve, 2_100));
  }
  const all = [...await scene.pods('app.kubernetes.io/name=diagnostics-service'), ...await scene.pods('app in (ledger,hanging,flooding)')];
  const restarted = all.flatMap(pod => pod.status.containerStatuses).filter(({ restartCount }) => restartCount > 0);
  expect(restarted.map(({ name }) => name)).toEqual([]);
});

inBrowser('the page can be read on a phone at night, and axe finds nothing', async () => {
  // Jest cannot load modules of its kind.
  const { launch } = await runInThisContext('import(\'puppeteer-core\')', MODULES) as typeof Puppeteer;
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  const shots = join(cluster.folder, 'diagnostics', 'shots');
  mkdirSync(shots, { recursive: true });
  const browser = await launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage', `--host-resolver-rules=MAP ${PAGE}:443 127.0.0.1:${scene.visitorsAt[PAGE]}`],
    acceptInsecureCerts: true,
  });
  try {
    const page = await browser.newPage();
    // What the page allows keeps axe out too.
    await page.setBypassCSP(true);
    await page.goto(`https://${PAGE}/`);
    await Promise.all([page.waitForNavigation(), page.click('#alice')]);
    for (const [name, width, scheme] of [['phone-dark', 360, 'dark'], ['phone-light', 360, 'light'], ['desktop', 1280, 'light']] as const) {
      await page.setViewport({ width, height: 800, isMobile: width < 500, hasTouch: width < 500 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.goto(`https://${PAGE}/`);
      expect(await page.$$eval('article', articles => articles.length)).toBe(4);
      expect(await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')).toBe(true);
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate('axe.run()') as any;
      expect(violations.map((v: any) => [v.id, v.nodes.map((n: any) => n.html)])).toEqual([]);
      expect(passes.length).toBeGreaterThan(15);
      await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    }
    const [background, text] = await page.evaluate('[getComputedStyle(document.body).backgroundColor, document.body.innerText]') as string[];
    expect(background).toBe('rgb(255, 255, 255)');
    expect(text).toContain('No complete answer within 2.5 s.');
  } finally {
    await browser.close();
  }
}, 120_000);

it('a pod becomes ready while the identity provider is down', async () => {
  await scene.stopIssuer();
  try {
    const before = (await scene.pods('app=ledger')).map(pod => pod.metadata.name);
    await asAdmin(cluster, ['delete', 'pod', '-n', NAMESPACE, before[1]]);
    await eventually('a new pod to be ready', async () => (await scene.pods('app=ledger'))
      .find(pod => !before.includes(pod.metadata.name) && pod.status.conditions.some((c: any) => c.type === 'Ready' && c.status === 'True')), 90_000);
  } finally {
    await scene.startIssuer();
  }
}, 120_000);

