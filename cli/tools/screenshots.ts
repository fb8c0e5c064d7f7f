/** Takes the pictures of docs/evidence-report.md: npx tsx cli/tools/screenshots.ts [folder] */
import { mkdirSync, statSync, writeFileSync } from 'fs';
import { join } from 'path';
import { accessibility, DESKTOP, Opened, PHONE, ReportBrowser, View } from './report-browser';
import { htmlReport } from '../src/audit/html/html-report';
import { week } from '../test/report-sessions';

/** The pictures stay small enough for a repository. */
const LARGEST = 200_000;

interface Shot {
  readonly name: string;
  readonly view: View;
  /** What is done before the picture is taken. */
  readonly after?: (opened: Opened) => Promise<void>;
  /** Set for paper. */
  readonly print?: boolean;
}

const outside = async ({ page }: Opened) => { await page.click('button[data-path="outside"]'); };
const first = async ({ page }: Opened) => { await page.click('#rows tr:nth-child(1) .open'); };

const SHOTS: Shot[] = [
  { name: 'report-desktop', view: DESKTOP },
  { name: 'report-dark', view: { ...DESKTOP, dark: true, hash: '#path=outside' } },
  { name: 'report-session', view: { ...DESKTOP, height: 760, hash: '#path=break-glass' }, after: first },
  { name: 'report-phone', view: { ...PHONE, scale: 1.5 }, after: outside },
  { name: 'report-print', view: { width: 1122, height: 793, hash: '#path=outside,break-glass' }, print: true },
];

/** Takes all pictures, and returns what axe found in each. */
export async function screenshots(folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const browser = await ReportBrowser.start();
  try {
    const html = htmlReport(week(260));
    const found: string[] = [];
    for (const { name, view, after, print } of SHOTS) {
      const opened = await browser.open(html, view);
      const { page, requests, errors } = opened;
      await after?.(opened);
      if (print) {
        await page.emulateMediaType('print');
        await page.evaluate('window.dispatchEvent(new Event("beforeprint"))');
      }
      found.push(...requests.map(url => `${name} asked the network: ${url}`), ...errors.map(error => `${name}: ${error}`), ...(await accessibility(page)).map(one => `${name}: ${one}`));
      const file = join(folder, `${name}.png`);
      writeFileSync(file, await page.screenshot({ type: 'png', optimizeForSpeed: false }));
      const { size } = statSync(file);
      if (size > LARGEST) found.push(`${name}.png has ${size} bytes`);
      await page.close();
    }
    return found;
  } finally {
    await browser.close();
  }
}

if (require.main === module) {
  void screenshots(process.argv[2] ?? join(__dirname, '..', '..', 'docs', 'images')).then(found => {
    for (const one of found) console.error(one);
    process.exitCode = found.length > 0 ? 1 : 0;
  });
}
