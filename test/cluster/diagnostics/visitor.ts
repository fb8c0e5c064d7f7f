import { request } from 'https';

/** What is shown in the end, or where it stopped. */
export interface Shown {
  readonly status: number;
  readonly text: string;
  readonly url: string;
}

/** As much of a browser as a login takes: cookies and redirects. Hosts are looked up in a list, and paths are sent as they are written. */
export class Visitor {
  private readonly jar = new Map<string, Map<string, string>>();

  /** @param at port of loopback, by host; other hosts are addresses */
  public constructor(private readonly at: { [host: string]: number }, private readonly authority: string) {}

  /** Opens a page, follows redirects, and logs in as somebody when asked who it is. */
  public async visit(url: string, account?: string): Promise<Shown> {
    let next = url;
    for (let steps = 0; steps < 20; steps++) {
      const { status, text, location } = await this.once(next);
      const link = account && new RegExp(`href="([^"]+account=${account})"`).exec(text)?.[1];
      if (!location && !link) return { status, text, url: next };
      next = new URL(location ?? link!, next).toString();
    }
    throw new Error(`no end of redirects at ${next}`);
  }

  /** One request. The path is what follows the host, byte for byte. */
  public once(url: string, { method = 'GET', headers = {} as { [name: string]: string } } = {}): Promise<{ status: number; text: string; location?: string }> {
    const [, host, port = '443', path] = /^https:\/\/([^/:]+)(?::(\d+))?(\/.*)$/.exec(url)!;
    const cookies = this.jar.get(host) ?? new Map<string, string>();
    this.jar.set(host, cookies);
    const here = this.at[host];
    return new Promise((resolve, reject) => {
      request({
        host: here ? '127.0.0.1' : host,
        port: here ?? Number(port),
        servername: here ? host : undefined,
        ca: this.authority,
        path,
        method,
        agent: false,
        headers: { host: here ? host : `${host}:${port}`, accept: 'text/html', ...cookies.size && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }, ...headers },
      }, answer => {
        for (const line of answer.headers['set-cookie'] ?? []) {
          const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
          if (value) cookies.set(name, value); else cookies.delete(name);
        }
        let text = '';
        answer.setEncoding('utf8').on('data', piece => { text += piece; }).on('error', reject)
          .on('end', () => resolve({ status: answer.statusCode!, text, location: answer.headers.location }));
      }).on('error', reject).end();
    });
  }

  /** Cookies of a host, to try them elsewhere. */
  public cookiesOf(host: string): Map<string, string> {
    return new Map(this.jar.get(host));
  }

  public setCookies(host: string, cookies: Map<string, string>): void {
    this.jar.set(host, cookies);
  }
}
