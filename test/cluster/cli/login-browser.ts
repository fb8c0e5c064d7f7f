import { request } from 'http';
import { Answer, exchange } from '../credentials/issuer';

/** As much of a browser as a login takes: cookies, redirects, and the forms of the device flow. */
export class Browser {
  private readonly jar = new Map<string, string>();

  public constructor(private readonly authority: string) {}

  /** Opens the page that secure-debug names, logs in there as somebody, and is sent back to this computer. Returns what is shown there. */
  public async logIn(page: string, account: string): Promise<{ status: number; text: string }> {
    const start = new URL(page);
    start.searchParams.set('login_hint', account);
    return visit(await this.until(start, url => url.protocol === 'http:'));
  }

  /** Where the issuer sends it, without going there. */
  public sentTo(page: string, account: string): Promise<URL> {
    const start = new URL(page);
    start.searchParams.set('login_hint', account);
    return this.until(start, url => url.protocol === 'http:');
  }

  /** Types a code, and agrees. Who logs in was said when the code was asked for. */
  public async typeCode(page: string, code: string): Promise<string> {
    const first = await this.get(new URL(page));
    const confirm = await this.post(new URL(page), { xsrf: hidden(first.text), user_code: code });
    const sent = await this.post(new URL(page), { xsrf: hidden(confirm.text), user_code: code, confirm: 'yes' });
    let next = new URL(sent.location!, page);
    for (let steps = 0; steps < 10; steps++) {
      const answer = await this.get(next);
      if (!answer.location) return answer.text;
      next = new URL(answer.location, next);
    }
    throw new Error(`no end of it: ${next}`);
  }

  private async until(start: URL, end: (url: URL) => boolean): Promise<URL> {
    let next = start;
    for (let steps = 0; !end(next); steps++) {
      const answer = await this.get(next);
      if (!answer.location || steps > 10) throw new Error(`no way on from ${next}: ${answer.status} ${answer.text}`);
      next = new URL(answer.location, next);
    }
    return next;
  }

  private get(url: URL): Promise<Answer> {
    return this.send(url);
  }

  private post(url: URL, form: Record<string, string>): Promise<Answer> {
    return this.send(url, String(new URLSearchParams(form)));
  }

  private async send(url: URL, body?: string): Promise<Answer> {
    const answer = await exchange(url, this.authority, { cookie: [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ') }, body);
    for (const cookie of answer.cookies) {
      const [name, value] = cookie.split(';')[0].split(/=(.*)/s);
      if (value) this.jar.set(name, value);
      else this.jar.delete(name);
    }
    return answer;
  }
}

/** A request to this computer, as a browser or another program sends it. */
export function visit(url: URL, method = 'GET'): Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    request(url, { method, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', part => { text += part; }).on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }));
    }).on('error', reject).end();
  });
}

function hidden(page: string): string {
  const [, value] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
  if (!value) throw new Error(`no form: ${page}`);
  return value;
}
