import { chromium, DESKTOP, Opened, ReportBrowser, View } from '../tools/report-browser';

const there = chromium();

/** A test that needs a browser; without one it is skipped by name. */
export const inBrowser = there ? test : ((name: string) => test.skip(`${name} [skipped: no Chromium; install it, or name it in CHROME_PATH]`, () => undefined)) as typeof test;

/** The browser of a file or a group of tests; where there is none, nothing is started. */
export class TestBrowser {
  /** Pages of this test that are looked at in its end. */
  public opened: Opened[] = [];
  private browser?: ReportBrowser;

  public constructor() {
    beforeAll(async () => { if (there) this.browser = await ReportBrowser.start(); }, 60_000);
    afterAll(async () => this.browser?.close(), 60_000);
    afterEach(async () => {
      // Whatever was done, nothing was asked of the network and nothing failed.
      for (const { requests, errors } of this.opened) expect({ requests, errors }).toEqual({ requests: [], errors: [] });
      for (const { page } of this.opened) await page.close();
      this.opened = [];
    });
  }

  /** Opens a page that the test looks at and closes for itself. */
  public open(html: string, view: View): Promise<Opened> {
    return this.browser!.open(html, view);
  }

  /** Opens a page that has to be quiet, until the end of the test. */
  public async page(html: string, view: View = DESKTOP): Promise<Opened['page']> {
    const one = await this.open(html, view);
    this.opened.push(one);
    return one.page;
  }
}
