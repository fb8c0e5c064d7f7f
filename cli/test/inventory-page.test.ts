import { inBrowser, TestBrowser } from './in-browser';
import { binding, Desk, everywhere, list, role, rule } from './review-io';
import { HOSTILE } from '../../test/review/sample';
import { seeded } from '../../test/review/seeded';
import { accessibility, DESKTOP, PHONE, View } from '../tools/report-browser';

/** The page of `inventory --html`, as somebody reads it: on a phone, at a desk, at night and on paper. */

let desk: Desk;
const browser = new TestBrowser();
beforeAll(() => { desk = new Desk(); });
afterAll(() => desk.clear());

async function pageOf(objects: object[], ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await desk.run(['inventory', desk.write('a.json', list(...objects)), '--html', ...args]);
  expect({ code, stderr: stderr.replace(/^note: .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const { namespaces, dangerous, strong } = seeded('shop');
const LONG = 'https://login.example.com/realms/production#a-group-whose-name-the-identity-provider-made-from-every-folder-above-it';
const EVENT = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID: '1',
  stage: 'ResponseComplete',
  verb: 'create',
  user: { username: 'alice', groups: [] },
  sourceIPs: ['10.0.0.7'],
  userAgent: 'kubectl/v1.37.1 (linux/amd64)',
  requestURI: '/',
  objectRef: { resource: 'pods', namespace: 'payments' },
  responseStatus: { code: 201 },
  stageTimestamp: '2026-03-01T10:00:00Z',
  annotations: { 'authorization.k8s.io/reason': 'RBAC: allowed by RoleBinding "deployers/payments" of Role "deploy" to User "alice"' },
};

const PAGES: readonly (readonly [string, () => Promise<string>])[] = [
  ['forty dangerous grants', () => pageOf([...namespaces, ...strong, ...dangerous.flatMap(({ objects }) => objects)])],
  ['long and hostile names, with an audit log', () => pageOf([
    role('payments', 'deploy', rule('create', 'pods')), binding('payments', 'deployers', 'deploy', 'User alice', `Group ${LONG}`),
    everywhere('payments-admin', 'cluster-admin', 'ServiceAccount payments/admin'),
    ...HOSTILE.filter(text => text.trim() !== '').map((name, i) => ({ ...everywhere(`hostile-${i}`, 'cluster-admin'), subjects: [{ kind: 'Group', name, apiGroup: 'rbac.authorization.k8s.io' }] })),
  ], '--audit-log', desk.write('audit.log', JSON.stringify(EVENT)))],
  ['nothing', () => pageOf([role('payments', 'r', rule('get', 'pods')), binding('payments', 'b', 'r', 'Group oncall')])],
];

const VIEWS: readonly (readonly [string, View])[] = [['a phone', PHONE], ['a desk', DESKTOP], ['a phone at night', { ...PHONE, dark: true }], ['a wide desk at night', { width: 2560, height: 1200, dark: true }]];

for (const [name, make] of PAGES) {
  inBrowser(`${name}: axe finds nothing, nothing is wider than the screen, and nothing is asked of the network`, async () => {
    const html = await make();
    for (const [where, view] of VIEWS) {
      const { page, requests, errors } = await browser.open(html, { ...view, still: true });
      expect([where, requests, errors, await page.evaluate('document.documentElement.scrollWidth'), await accessibility(page)]).toEqual([where, [], [], view.width, []]);
      // A wide picture is moved within its own frame.
      for (const [inner, outer] of await page.$$eval('table', tables => tables.map((table: any) => [table.scrollWidth, table.parentElement.clientWidth]))) expect(inner).toBeLessThanOrEqual(outer);
      await page.close();
    }
  }, 120_000);
}

inBrowser('on paper it is all there', async () => {
  const { page } = await browser.open(await PAGES[0][1](), { ...DESKTOP, still: true });
  const pdf = Buffer.from(await page.pdf({ preferCSSPageSize: true }));
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)!.length).toBeGreaterThan(4);
  await page.close();
}, 60_000);
