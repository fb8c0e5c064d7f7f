import { createHash } from 'crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { inBrowser, TestBrowser } from './in-browser';
import { offline } from './offline';
import { at, report, session } from './report-sessions';
import { htmlReport } from '../src/audit/html/html-report';
import { installed } from '../src/audit/html/player';
import { recordingsOf } from '../src/audit/html/recordings';
import { accessibility, DESKTOP, PHONE, View } from '../tools/report-browser';

// A browser on a busy machine is slow.
jest.setTimeout(60_000);

const ID = '00112233445566aa';
const GATEWAY = 'system:serviceaccount:debug-gateway:debug-gateway';
const through = (id: string, more = {}) => session({ id: `audit-${id}`, path: 'gateway', impersonator: GATEWAY, client: `secure-debug-gateway session=${id}`, command: ['psql', 'ledger'], ...more });
const SESSIONS = [session(), through(ID, { start: at(610) })];

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-recordings-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BEGAN = Date.parse(at(610)) / 1000;
/** Writes a recording as the gateway does. */
function record(id: string, events: unknown[], about: object = {}, head: object = {}): string {
  const file = join(folder, `20260302T101000Z-${id}.cast`);
  const header = {
    'version': 2,
    'width': 80,
    'height': 24,
    'timestamp': BEGAN,
    ...head,
    'secure-debug': { session: id, gateway: 'debug-gateway/debug-gateway', user: 'alice', command: 'exec payments/ledger-0 -- psql ledger', from: '127.0.0.1', certificate: { serial: '7', keyId: 'alice' }, ...about },
  };
  writeFileSync(file, `${[header, ...events].map(line => JSON.stringify(line)).join('\n')}\n`);
  return file;
}
const TYPED = [[0.1, 'o', 'ledger=# select 1;\r\n'], [0.2, 'r', '100x30'], [0.5, 'o', '\u001b[32m(1 row)\u001b[0m\r\n'], [0.6, 'm', 'end, exit status 0'], [0.6, 'x', '0']];
const found = (sessions = SESSIONS) => recordingsOf([folder], sessions);

describe('which recording is of which session', () => {
  test('the one that the gateway names in its requests, also in a folder below', () => {
    mkdirSync(join(folder, 'march'));
    writeFileSync(join(folder, 'march', 'a.cast'), readFileSync(record(ID, TYPED)));
    rmSync(join(folder, `20260302T101000Z-${ID}.cast`));
    const { all, of, others, missing } = found();
    expect([of, others, missing]).toEqual([[[`audit-${ID}`, [0]]], [], []]);
    expect(all).toEqual([{
      file: 'a.cast',
      who: 'alice',
      when: '2026-03-02 10:10:00',
      what: 'exec payments/ledger-0 -- psql ledger',
      from: '127.0.0.1',
      certificate: '7 alice',
      ended: 'exit status 0',
      columns: 80,
      rows: 24,
      events: [[0.1, 'o', 'ledger=# select 1;\r\n'], [0.2, 'r', '100x30'], [0.5, 'o', '\u001b[32m(1 row)\u001b[0m\r\n'], [0.6, 'm', 'end, exit status 0']],
    }]);
  });

  test('also where nobody asked in the name of the person, since the gateway had a credential of theirs', () => {
    record(ID, TYPED);
    expect(found([through(ID, { start: at(610), impersonator: undefined })])).toMatchObject({ of: [[`audit-${ID}`, [0]]], others: [], missing: [] });
  });

  test('not taken, whatever a client calls itself: the recording of another person, of another gateway, and of another time', () => {
    record(ID, TYPED);
    for (const more of [{ user: 'mallory' }, { user: 'mallory', impersonator: undefined }, { impersonator: 'system:serviceaccount:mine:debug-gateway' }, { impersonator: 'debug-gateway/debug-gateway' }, { start: at(608) }, { start: at(612) }]) {
      expect(found([through(ID, { start: at(610), ...more })])).toMatchObject({ of: [], others: [0], missing: [`audit-${ID}`] });
    }
    expect(found([through(ID, { start: at(610), client: `kubectl session=${ID}` })])).toMatchObject({ of: [], others: [0], missing: [] });
  });

  test('a session without its recording is missing, and a recording without a session is told', () => {
    record('ffffffffffffffff', [[0.1, 'o', 'error: refused\r\n'], [0.1, 'x', '1']]);
    expect(found()).toMatchObject({ of: [], others: [0], missing: [`audit-${ID}`] });
  });

  test('one that was cut off, one that is damaged, one that is none', () => {
    const cut = record(ID, TYPED.slice(0, 1));
    writeFileSync(cut, readFileSync(cut, 'utf8') + '[0.5, "o", "half');
    writeFileSync(join(folder, 'damaged.cast'), `${JSON.stringify({ version: 2, width: 80, height: 24 })}\nnothing\n[1, "o", ""]\n`);
    writeFileSync(join(folder, 'none.cast'), 'nothing');
    const { all, damage } = found();
    expect(all).toMatchObject([{ ended: 'without an end: what wrote it was killed, or it went on', events: [[0.1, 'o', expect.anything()]] }]);
    expect(damage).toEqual([expect.stringMatching(/damaged\.cast is damaged at line 2\.$/), expect.stringMatching(/none\.cast is no recording/)]);
  });

  test('one that is too large is told, and not read', () => {
    const file = record(ID, TYPED);
    writeFileSync(file, `${readFileSync(file, 'utf8')}${`${JSON.stringify([1, 'o', 'x'.repeat(100_000)])}\n`.repeat(90)}`);
    const [one] = found().all;
    expect(one).toMatchObject({ who: 'alice', ended: 'not read' });
    expect(one.events).toBeUndefined();
  });

  test('what a hostile recording says of its size, times and screen is bounded, and its sequences are left out', () => {
    record(ID, [
      [5, 'o', 'a\u001b]0;title\u0007b\u001b]52;c;cm0gLXJm\u0007\u001b[6n\u202e'], [-1e300, 'r', '9999x9999'], [6, 'r', '1e9x1'], [7, 'm', '\u001b[2J<b>'], [8, 'z', 'x'], [9, 'i', 'in\n'],
    ], { user: { name: 'x' }, command: ['x'], certificate: 'x' }, { width: 1e12, height: -3, timestamp: 1e300 });
    expect(found([]).all).toEqual([expect.objectContaining({
      who: 'somebody', what: 'a shell', certificate: '', columns: 500, rows: 1, events: [[5, 'o', 'ab'], [5, 'r', '500x500'], [7, 'm', '\\u001b[2J<b>'], [9, 'o', '\u001b[2m> in\r\n\u001b[0m']],
    })]);
  });
});

describe('the file', () => {
  test('contains the player, with its terms, and lets nothing else run', () => {
    record(ID, [[0, 'o', '</script><script>window.owned = true</script>\u2028<!--\u200d\u{e0001}']]);
    const html = htmlReport(report(SESSIONS), found());
    const hashes = (name: string) => [...html.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, content]) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`);
    expect(hashes('script')).toHaveLength(2);
    expect(/http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1])
      .toBe(`default-src 'none'; script-src ${hashes('script').join(' ')} 'wasm-unsafe-eval'; style-src ${hashes('style').join(' ')}; base-uri 'none'; form-action 'none'`);
    const { version, script } = installed();
    expect(html).toContain(script);
    expect(html).toContain(`asciinema-player ${version}, under the Apache License 2.0`);
    expect(html).toContain('TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION');
    const [, data] = /<script type="application\/json" id="report">([\s\S]*?)<\/script>/.exec(html)!;
    expect(data).not.toMatch(/[<>&]|\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u);
    expect(JSON.parse(data).recordings.all[0].events[0][2]).toContain('\u{e0001}');
  });

  test('without recordings it is as it was: no player, and no WebAssembly', () => {
    expect(htmlReport(report(SESSIONS))).not.toMatch(/wasm|asciinema/i);
  });
});

describe('the command', () => {
  const LOG = '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/payments/pods/ledger-0/exec?command=ls&container=app","verb":"get",'
    + `"user":{"username":"${GATEWAY}","groups":["system:serviceaccounts"]},"impersonatedUser":{"username":"alice","groups":["oncall-payments"]},"userAgent":"secure-debug-gateway session=${ID}","sourceIPs":["10.0.0.7"],`
    + '"objectRef":{"resource":"pods","subresource":"exec","namespace":"payments","name":"ledger-0","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":101},"requestReceivedTimestamp":"2026-03-02T10:10:00.000000Z","stageTimestamp":"2026-03-02T10:11:00.000000Z",'
    + '"annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by RoleBinding \\"oncall-debug/payments\\" of Role \\"oncall-debug\\" to Group \\"oncall-payments\\""}}\n';
  const run = (...args: string[]) => offline('audit', 'report', join(folder, 'audit.log'), ...args);
  beforeEach(() => writeFileSync(join(folder, 'audit.log'), LOG));

  test('a log and a folder of recordings become one file, in which they belong together', async () => {
    record(ID, TYPED);
    const html = join(folder, 'report.html');
    const { code, stdout, stderr } = await run('--html', html, '--recordings', folder);
    expect([code, stdout, stderr]).toEqual([0, expect.stringContaining('holds what the recordings show'), '']);
    const [, data] = /id="report">([\s\S]*?)<\/script>/.exec(readFileSync(html, 'utf8'))!;
    expect(JSON.parse(data).recordings).toMatchObject({ of: [['a-1', [0]]], others: [], missing: [] });
  });

  test('--fail-on unrecorded: a session through the gateway without a recording', async () => {
    record('ffffffffffffffff', TYPED);
    const { code, stderr } = await run('--recordings', folder, '--fail-on', 'unrecorded');
    expect([code, stderr]).toEqual([1, '1 session through the gateway without a recording.\n']);
    record(ID, TYPED);
    expect(await run('--recordings', folder, '--fail-on', 'unrecorded')).toMatchObject({ code: 0, stderr: '' });
  });

  test.each<[string[], RegExp]>([
    [['--recordings', '.'], /needs --html/],
    [['--fail-on', 'unrecorded'], /needs --recordings/],
    [['--html', 'x.html', '--recordings', '/not/there'], /\/not\/there cannot be read: ENOENT/],
    [['--html', 'x.html', '--recordings', __dirname], /has no recording/],
  ])('wrong use: %j', async (args, said) => {
    expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(said) });
  });
});

describe('in a browser', () => {
  const browser = new TestBrowser();
  const open = (view: View = DESKTOP, sessions = SESSIONS) => browser.page(htmlReport(report(sessions), found(sessions)), view);
  const screen = (page: any): Promise<string> => page.$eval('.recording .ap-term-text', (one: any) => one.textContent);

  inBrowser('a session is opened and its recording is played, by keyboard alone; its text is there too, and axe finds nothing', async () => {
    record(ID, TYPED);
    const page = await open({ ...DESKTOP, hash: '#path=gateway' });
    expect(await page.$eval('#rows tr', (one: any) => one.textContent)).toContain('recorded');
    await page.focus('#rows .open');
    await page.keyboard.press('Enter');
    // Before it is played it shows how it ended.
    await page.waitForFunction('(document.querySelector(".recording .ap-term-text") ?? {}).textContent?.includes("(1 row)")');
    // To its begin, one step, and on to its end.
    const shows = (condition: string) => page.waitForFunction(`(text => ${condition})(document.querySelector(".recording .ap-term-text").textContent)`);
    await page.focus('.recording .ap-playback-button');
    await page.keyboard.press('0');
    await shows('!text.includes("select 1")');
    await page.keyboard.press('.');
    await shows('text.includes("select 1") && !text.includes("(1 row)")');
    await page.keyboard.press('Enter');
    await shows('text.includes("(1 row)")');
    // An arrow moves within it, and leads to no other session.
    await page.keyboard.press('ArrowLeft');
    expect(await page.$eval('#detail-title', (one: any) => one.textContent)).toMatch(/^alice .*2026-03-02 10:10:00/);
    await page.focus('.recording summary');
    await page.keyboard.press('Enter');
    await page.waitForFunction('document.querySelector(".recording details pre").textContent !== ""');
    expect(await page.$eval('.recording details pre', (one: any) => one.textContent)).toBe('ledger=# select 1;\n(1 row)\n');
    expect(await accessibility(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.$eval('#detail', (one: any) => one.open)).toBe(false);
  });

  inBrowser('a recording of no session is listed and played; a session without one says so', async () => {
    record('ffffffffffffffff', [[0.1, 'o', 'error: no such target\r\n'], [0.1, 'x', '1']], { command: 'exec kube-system/x -- sh' });
    const page = await open({ ...DESKTOP, dark: true });
    expect(await page.$eval('#recordings', (one: any) => one.textContent)).toMatch(/alice: exec kube-system\/x -- shexit status 1/);
    await page.click('#recordings .open');
    await page.waitForFunction('(document.querySelector(".recording .ap-term-text") ?? {}).textContent?.includes("no such target")');
    expect(await accessibility(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.select('#who', 'alice');
    await page.click('#rows tr:nth-child(1) .open');
    expect(await page.$eval('#detail-body', (one: any) => one.textContent)).toContain('its recording is not among those that were given');
  });

  inBrowser('a hostile recording is what a screen shows: nothing runs, is asked or is opened', async () => {
    const file = record(ID, [
      [0, 'o', '<img src=x onerror="window.owned = true"></script>\u001b]8;;javascript:window.owned=true\u0007link\u001b]8;;\u0007\u001b]52;c;eA==\u0007\u001b[6n\u001b[c\u001b[9999999C\u001b[2147483647@\u001b[0;99999r'],
      [1, 'r', '99999x99999'], [2, 'm', '<img src=x onerror="window.owned = true">'], [3, 'o', '\u001b[?1049h\u001bP1$r\u001b\\end'],
    ], { user: '<b>alice', command: '</pre><img src=x onerror="window.owned = true">' }, { width: 1e9, height: 1e9 });
    expect(file).toBeTruthy();
    const page = await open();
    await page.click('#recordings .open');
    await page.waitForFunction('(document.querySelector(".recording .ap-term-text") ?? {}).textContent?.includes("end")', { timeout: 20_000 });
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(await page.$$('img, iframe, object, a')).toHaveLength(0);
    expect(await page.$eval('#detail-body', (one: any) => one.textContent)).toContain('</pre><img src=x');
  });

  inBrowser('at 360 px it is no wider than the phone', async () => {
    record(ID, TYPED);
    const page = await open({ ...PHONE, hash: '#path=gateway' });
    await page.tap('#rows .open');
    await page.waitForFunction('(document.querySelector(".recording .ap-term-text") ?? {}).textContent?.includes("(1 row)")');
    expect(await screen(page)).toContain('(1 row)');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(await page.$eval('#detail', (one: any) => one.scrollWidth <= 360)).toBe(true);
    expect(await accessibility(page)).toEqual([]);
  });
});
