import { Agent, request } from 'https';
import { refused } from '../errors';

const TIMEOUT = 20_000;
const LARGEST = 1_000_000;

/** As much of `fetch` as logins use. */
interface Sent {
  readonly method?: string;
  readonly headers?: any;
  readonly body?: any;
  readonly signal?: AbortSignal;
}

/** Speaks to an issuer: over TLS by an authority of its own where it has one, and without following anybody elsewhere. */
export class IssuerHttp {
  /** How much the issuer's clock is ahead of this one, in milliseconds, by its last answer. */
  public ahead = 0;
  private readonly agent: Agent;

  public constructor(private readonly issuer: string, authority: string | undefined, env: NodeJS.ProcessEnv) {
    // Older versions of Node.js know no proxyEnv, and go without a proxy.
    this.agent = new Agent({ ca: authority, proxyEnv: env } as any);
  }

  /** Lets the process end. */
  public close(): void {
    this.agent.destroy();
  }

  public async send(address: string, { method = 'GET', headers = {}, body, signal }: Sent): Promise<Response> {
    const url = new URL(address);
    if (url.protocol !== 'https:') return refused(`The issuer ${this.issuer} names ${address}, which is not https, so nothing was sent there. Fix: tell who operates it.`);
    const text = body === undefined || body === null ? undefined : String(body);
    return new Promise((resolve, fail) => {
      const sent = request(url, {
        method, agent: this.agent, signal, headers: { ...headers, 'user-agent': 'secure-debug', ...text !== undefined && { 'content-length': Buffer.byteLength(text) } },
      }, response => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', part => {
          size += part.length;
          if (size > LARGEST) sent.destroy(new Error('its answer does not end'));
          parts.push(part);
        });
        response.on('error', fail);
        response.on('end', () => {
          const date = Date.parse(response.headers.date ?? '');
          // The header has whole seconds, so a difference of less says nothing.
          if (!Number.isNaN(date)) this.ahead = Math.abs(date - Date.now()) > 1_500 ? date - Date.now() : 0;
          const { statusCode: status = 0 } = response;
          const pairs = Object.entries(response.headers).flatMap(([name, value]) => [value ?? []].flat().map(one => [name, one] as [string, string]));
          resolve(new Response([204, 205, 304].includes(status) ? null : Buffer.concat(parts), { status, headers: pairs }));
        });
      });
      sent.setTimeout(TIMEOUT, () => sent.destroy(new Error(`no answer in ${TIMEOUT / 1_000} s`)));
      sent.on('error', error => {
        if (signal?.aborted) return fail(error);
        fail(unreachable(url, error));
      });
      sent.end(text);
    });
  }
}

/** Kept apart from what the protocol says, which has other fixes. */
export class Unreachable extends Error {}

function unreachable(url: URL, error: Error): Unreachable {
  const { code = '' } = error as NodeJS.ErrnoException;
  const distrust = /CERT|SELF_SIGNED|ISSUER|VERIFY/.test(code);
  const fix = distrust
    ? 'name its authority with --certificate-authority FILE; if it should be one that everybody trusts, somebody may be in between'
    : 'check the network, the VPN, and the URL';
  return new Unreachable(`The issuer at ${url.origin} cannot be ${distrust ? 'trusted' : 'reached'}: ${error.message}. Fix: ${fix}.`);
}
