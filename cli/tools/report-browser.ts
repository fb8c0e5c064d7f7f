/** A real browser that opens reports: for pictures, and for tests of what a page does. */
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { pathToFileURL } from 'url';
import { Browser, launch, Page } from 'puppeteer-core';

/** Where Debian, Fedora, macOS and CHROME_PATH have it. */
const PLACES = [process.env.CHROME_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

export function chromium(): string | undefined {
  return PLACES.find(place => {
    try {
      accessSync(place ?? '', constants.X_OK);
      return place !== undefined;
    } catch {
      return false;
    }
  });
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly scale?: number;
  readonly dark?: boolean;
  readonly touch?: boolean;
  readonly withoutScript?: boolean;
  /** The page has no script, so nothing says when it is ready. */
  readonly still?: boolean;
  readonly hash?: string;
}

export const DESKTOP: View = { width: 1280, height: 900 };
export const PHONE: View = { width: 360, height: 780, scale: 2, touch: true };

/** A page that is open, and what it did besides being shown. */
export interface Opened {
  readonly page: Page;
  /** What it asked of the network, and errors: both have to stay empty. */
  readonly requests: string[];
  readonly errors: string[];
}

export class ReportBrowser {
  public static async start(): Promise<ReportBrowser> {
    const executablePath = chromium();
    if (!executablePath) throw new Error('There is no Chromium. Fix: install it, or name it in CHROME_PATH.');
    // In a container there is no sandbox to be had; what is opened is our own file.
    return new ReportBrowser(await launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none', '--force-color-profile=srgb', '--hide-scrollbars'] }));
  }

  private readonly folder = mkdtempSync(join(tmpdir(), 'secure-debug-report-'));
  private opened = 0;

  private constructor(private readonly browser: Browser) {}

  /** Opens a report as a reader does: from the disk. */
  public async open(html: string, view: View): Promise<Opened> {
    const file = join(this.folder, `${this.opened++}.html`);
    writeFileSync(file, html);
    const url = `${pathToFileURL(file).href}${view.hash ?? ''}`;
    const page = await this.browser.newPage();
    const requests: string[] = [];
    const errors: string[] = [];
    // The browser draws its own date fields with pictures of its own, which are data.
    page.on('request', request => { if (!request.url().startsWith('data:') && request.url().split('#')[0] !== url.split('#')[0]) requests.push(request.url()); });
    page.on('pageerror', error => errors.push(String(error)));
    page.on('console', message => { if (message.type() === 'error') errors.push(message.text()); });
    page.on('dialog', dialog => { errors.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
    const { width, height, scale, touch } = view;
    await page.setViewport({ width, height, deviceScaleFactor: scale ?? 1, hasTouch: touch, isMobile: touch });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: view.dark ? 'dark' : 'light' }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
    if (view.withoutScript) await page.setJavaScriptEnabled(false);
    await page.goto(url, { waitUntil: 'load' });
    if (!view.withoutScript && !view.still) await page.waitForSelector('html[data-ready]', { timeout: 20_000 });
    return { page, requests, errors };
  }

  public async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What axe finds against WCAG 2.2 AA and its own best practices; empty is good. */
export async function accessibility(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const found = await page.evaluate('axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })') as { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] };
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}: ${failureSummary.replace(/\s+/g, ' ').slice(0, 240)}`));
}
