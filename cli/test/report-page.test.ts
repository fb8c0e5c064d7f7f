import { createHash } from 'crypto';
import { mkdtempSync, readdirSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { inBrowser, TestBrowser } from './in-browser';
import { BREAK_GLASS, CLUSTER_ADMIN, HOSTILE, hostile, report, session, week } from './report-sessions';
import { htmlReport } from '../src/audit/html/html-report';
import { plain } from '../src/text';
import { accessibility, DESKTOP, PHONE } from '../tools/report-browser';
import { screenshots } from '../tools/screenshots';

// A browser on a busy machine is slow.
jest.setTimeout(60_000);

const WEEK = week(260);
const three = report([session(), session({ ...BREAK_GLASS, id: 'bob-1', start: '2026-03-02T10:10:00.000000Z' }), session({ ...CLUSTER_ADMIN, id: 'mallory-1', start: '2026-03-02T10:20:00.000000Z' })]);

describe('the file', () => {
  test('the same bytes for the same report', () => {
    expect(htmlReport(week(260))).toBe(htmlReport(WEEK));
  });

  test('lets nothing be loaded, sent or run but its own script, by a hash that is right', () => {
    const html = htmlReport(three);
    const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)!;
    const hashOf = (content: string) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)];
    expect(scripts).toHaveLength(1);
    const [, style] = /<style>([\s\S]*?)<\/style>/.exec(html)!;
    expect(policy).toBe(`default-src 'none'; script-src ${hashOf(scripts[0][1])}; style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'`);
    expect(html.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|src=|@import|url\(|\bstyle="/);
  });

  test('the data of a hostile log ends no element and begins no comment', () => {
    const html = htmlReport(hostile());
    const [, data] = /<script type="application\/json" id="report">([\s\S]*?)<\/script>/.exec(html)!;
    expect(data).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(data).sessions.map(({ user }: any) => user)).toEqual(HOSTILE.map(plain));
    expect(html).not.toMatch(/onerror="window|<img|<!--/);
    // What a reader or an editor would act on instead of showing it.
    expect(html).not.toMatch(/[^\P{Cc}\n]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u);
  });
});

describe('in a browser', () => {
  const browser = new TestBrowser();
  const open = browser.page.bind(browser);
  const found = (page: any): Promise<string> => page.$eval('#found', (one: any) => one.textContent);
  const textOf = (page: any, selector: string): Promise<string[]> => page.$$eval(selector, (all: any[]) => all.map(one => one.textContent));
  const shown = async (page: any): Promise<number> => Number((await found(page)).split(' ')[0].replace(/,/g, ''));
  const html = htmlReport(WEEK);

  inBrowser('each filter shows what fits, alone and together', async () => {
    const page = await open(html);
    const count = (wanted: (one: (typeof WEEK.sessions)[number]) => boolean) => WEEK.sessions.filter(wanted).length;
    expect(await shown(page)).toBe(260);
    await page.select('#who', 'mallory');
    expect(await shown(page)).toBe(count(({ user }) => user === 'mallory'));
    await page.click('button[data-path="outside"]');
    expect(await shown(page)).toBe(count(({ user, path }) => user === 'mallory' && path === 'outside'));
    await page.click('#clear');
    await page.select('#ns', 'payments');
    expect(await shown(page)).toBe(count(({ namespace }) => namespace === 'payments'));
    await page.select('#ns', '');
    await page.select('#end', 'refused');
    expect(await shown(page)).toBe(count(({ outcome }) => outcome === 'refused'));
    await page.select('#end', 'would-deny');
    expect(await shown(page)).toBe(count(({ wouldDeny }) => wouldDeny.length > 0));
    await page.select('#end', '');
    await page.type('#text', 'JCMD thread');
    await page.waitForFunction('document.querySelector("#found").textContent !== "260 of 260 sessions"');
    expect(await shown(page)).toBe(count(({ command }) => command?.[0] === 'jcmd'));
    await page.click('#clear');
    await page.$eval('#from', (input: any) => { input.value = '2026-03-04T00:00'; input.dispatchEvent(new (input.ownerDocument.defaultView as any).Event('change')); });
    await page.$eval('#to', (input: any) => { input.value = '2026-03-05T00:00'; input.dispatchEvent(new (input.ownerDocument.defaultView as any).Event('change')); });
    expect(await shown(page)).toBe(count(({ start, end }) => end! >= '2026-03-04' && start <= '2026-03-05'));
    expect(await shown(page)).toBeGreaterThan(20);
  });

  inBrowser('of several clusters one can be chosen, and of one there is no such filter', async () => {
    const clusters = report(['prod-eu', 'prod-us', 'prod-us'].map((cluster, i) => session({ cluster, id: `${cluster}-${i}` })));
    const page = await open(htmlReport(clusters));
    await page.select('#on', 'prod-us');
    expect(await shown(page)).toBe(2);
    expect(await page.evaluate('location.hash')).toBe('#on=prod-us');
    expect(await (await open(htmlReport(three))).$('#on')).toBeNull();
  });

  inBrowser('who used which path: the matrix counts as the report does, and narrows to what is chosen', async () => {
    const page = await open(htmlReport(three));
    expect(await textOf(page, '#matrix thead th')).toEqual(['Who', 'Outside every path', 'Break-glass', 'On call', 'All']);
    expect(await textOf(page, '#matrix tbody tr:nth-child(1) > *')).toEqual(['mallory', '1', '–', '–', '1']);
    expect(await textOf(page, '#matrix tfoot tr > *')).toEqual(['3 people', '1', '1', '1', '3']);
    await page.click('#matrix .cell.break-glass');
    expect(await textOf(page, '#rows tr .who')).toEqual(['bob']);
    // By keyboard, back.
    await page.keyboard.press('Enter');
    expect(await shown(page)).toBe(3);
  });

  inBrowser('the timeline has a lane for each person, and a mouse narrows it', async () => {
    const page = await open(html);
    expect((await textOf(page, '#timeline .lane button')).slice(0, 3)).toEqual(['oscar', 'mallory', 'sa:ci:deployer']);
    await page.click('#timeline .more button');
    expect(await page.$$('#timeline .lane button')).toHaveLength(13);
    const box = (await (await page.$('#timeline .lane:nth-child(2) svg'))!.boundingBox())!;
    await page.mouse.move(box.x + 2, box.y + 3);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 3, { steps: 4 });
    await page.mouse.up();
    expect(await page.$eval('#to', (one: any) => one.value)).toMatch(/^2026-03-05T1[12]:/);
    expect(await shown(page)).toBeLessThan(200);
  });

  inBrowser('a session is opened by keyboard, tells grant, reason, ticket, approver and command, and goes to the next by arrow', async () => {
    const page = await open(htmlReport(three), { ...DESKTOP, hash: '#path=break-glass' });
    await page.focus('#rows .open');
    await page.keyboard.press('Enter');
    const detail = (await textOf(page, '#detail')).join();
    for (const part of ['bob', 'sh -c \'kill -QUIT 1; sleep 1\'', 'ledger does not answer since the deploy', 'INC-4711', 'carol', 'RoleBinding payments/break-glass:bob → Role/break-glass', 'RoleBinding payments/oncall-debug', '4m', 'kubectl/v1.37.1', '10.2.0.17']) {
      expect(detail).toContain(part);
    }
    expect(await page.evaluate('location.hash')).toBe('#path=break-glass&id=bob-1');
    await page.keyboard.press('Escape');
    expect(await page.$eval('#detail', (one: any) => one.open)).toBe(false);
    expect(await page.evaluate('document.activeElement.className')).toBe('open');
    await page.click('#clear');
    await page.focus('#rows .open');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    expect(await textOf(page, '#detail-title')).toEqual(['bob, 2026-03-02 10:10:00 UTC']);
    expect(await accessibility(page)).toEqual([]);
  });

  inBrowser('the address brings back what was shown', async () => {
    const page = await open(html, { ...DESKTOP, hash: '#who=oscar&path=outside&sort=seconds&id=nobody' });
    expect(await shown(page)).toBe(WEEK.sessions.filter(({ user, path }) => user === 'oscar' && path === 'outside').length);
    expect(await page.$eval('th[aria-sort="descending"]', (one: any) => one.textContent)).toBe('Length');
  });

  inBrowser('a hostile log is text: nothing runs, and nothing is lost', async () => {
    const page = await open(htmlReport(hostile()));
    const longest = HOSTILE[0];
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(await page.$$('img, iframe, object, a')).toHaveLength(0);
    expect(await textOf(page, '#rows .who')).toEqual(expect.arrayContaining(HOSTILE.map(text => plain(text) + (text ? ` (by ${plain(text)})` : ''))));
    await page.type('#text', longest);
    await page.waitForFunction('document.querySelector("#found").textContent.startsWith("1 of")');
    await page.click('#rows .open');
    expect((await textOf(page, '#detail')).join()).toContain(longest);
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(await accessibility(page)).toEqual([]);
  });

  inBrowser('should markup ever get in, it would not run: the policy refuses scripts, handlers, pictures and requests', async () => {
    const page = await open(htmlReport(three));
    const refused: string[] = [];
    page.on('console', message => refused.push(message.text()));
    await page.evaluate(`{
      const script = document.createElement('script'); script.textContent = 'window.owned = true'; document.body.append(script);
      document.body.insertAdjacentHTML('beforeend', '<img src="http://127.0.0.1:9/x" onerror="window.owned = true"><p style="color: red">x</p>');
    }`);
    expect(await page.evaluate('fetch("http://127.0.0.1:9/").then(() => "sent", () => "refused")')).toBe('refused');
    expect(await page.evaluate('window.owned')).toBeUndefined();
    await page.evaluate('new Promise(done => setTimeout(done))');
    for (const directive of ['script-src', 'style-src', 'img-src', 'connect-src']) expect(refused.join()).toMatch(new RegExp(`${directive}|default-src`));
    // These errors were asked for.
    browser.opened.at(-1)!.errors.length = 0;
    browser.opened.at(-1)!.requests.length = 0;
  });

  inBrowser('without JavaScript there is the whole table', async () => {
    const one = await browser.open(html, { ...DESKTOP, withoutScript: true });
    const body = await one.page.content();
    expect(body.match(/<tr>/g)).toHaveLength(260 + 1 + 1);
    const table = await (await one.page.$('noscript table'))!.boundingBox();
    expect(table!.height).toBeGreaterThan(5_000);
    await one.page.close();
  });

  inBrowser('at 360 px nothing is wider than the phone, and everything can be reached', async () => {
    for (const of of [html, htmlReport(hostile())]) {
      const page = await open(of, PHONE);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      await page.tap('#filter-box summary');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      await page.tap('#rows .open');
      expect(await page.$eval('#detail', (one: any) => [one.open, one.scrollWidth <= 360])).toEqual([true, true]);
    }
  });

  inBrowser('on paper there are all sessions, and no controls', async () => {
    const page = await open(html, { ...DESKTOP, hash: '#end=completed' });
    const pdf = Buffer.from(await page.pdf({ preferCSSPageSize: true }));
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)!.length).toBeGreaterThan(4);
    await page.emulateMediaType('print');
    await page.evaluate('window.dispatchEvent(new Event("beforeprint"))');
    expect(await page.$$('#rows tr')).toHaveLength(WEEK.sessions.filter(({ outcome }) => outcome === 'completed').length);
    expect(await page.$eval('#filters', (one: any) => one.checkVisibility())).toBe(false);
    expect(await page.$eval('#paper-filters', (one: any) => [one.checkVisibility(), one.textContent])).toEqual([true, 'Only: completed']);
  });

  inBrowser('10,000 sessions: what is drawn does not grow with them, and filters find', async () => {
    const many = week(10_000);
    const page = await open(htmlReport(many));
    expect(await shown(page)).toBe(10_000);
    expect(await page.evaluate('document.querySelectorAll("#page *").length')).toBeLessThan(12_000);
    await page.click('button[data-path="outside"]');
    expect(await shown(page)).toBe(many.sessions.filter(({ path }) => path === 'outside').length);
    expect(await page.$$('#rows tr')).toHaveLength(100);
    await page.click('#more-rows button');
    expect(await page.$$('#rows tr')).toHaveLength(200);
  }, 60_000);

  inBrowser('a report without sessions, and one with damage, are pages too', async () => {
    const page = await open(htmlReport(report([], { damage: ['audit.log:3: no JSON', ...HOSTILE] })));
    expect(await textOf(page, '#timeline')).toEqual(['No session fits the filters.']);
    expect((await textOf(page, '.damage li'))[0]).toBe('audit.log:3: no JSON');
    expect(await accessibility(page)).toEqual([]);
  });

  inBrowser('the pictures of the docs can be taken, and axe finds nothing in light, dark, on a phone and on paper', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'secure-debug-shots-'));
    try {
      expect(await screenshots(folder)).toEqual([]);
      expect(readdirSync(folder).length).toBeGreaterThan(3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 90_000);
});
