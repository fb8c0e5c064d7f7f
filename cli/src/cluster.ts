import { request as httpRequest } from 'http';
import { request as httpsRequest } from 'https';
import { Connection } from './connection';
import { CommandError, REFUSED } from './errors';

const TIMEOUT = 30_000;
const PAGE = 500;

/** The API server refused a request. */
export class ApiError extends CommandError {
  public constructor(public readonly status: number, public readonly reason: string, public readonly detail: string, message: string) {
    super(message, REFUSED);
    this.name = 'ApiError';
  }
}

/** What a request is about, for the sentence that says it was refused. */
export interface Query {
  readonly [parameter: string]: string;
}

/** Speaks to the API server. */
export class Cluster {
  /** How much the API server's clock is ahead of this one, in milliseconds. */
  private ahead = 0;

  public constructor(public readonly connection: Connection) {}

  /** The namespace of the context. */
  public get namespace(): string {
    return this.connection.namespace;
  }

  /** The API server's time, RFC 3339: what is judged there is judged by its clock, not by a laptop's. */
  public get now(): string {
    return new Date(Date.now() + this.ahead).toISOString();
  }

  public get(path: string): Promise<any> {
    return this.send('GET', path);
  }

  /** The object, or undefined when there is none. */
  public async find(path: string): Promise<any> {
    try {
      return await this.get(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** All objects of a list, page by page. */
  public async list(path: string, query: Query = {}): Promise<any[]> {
    const items: any[] = [];
    let next: string | undefined;
    do {
      const page = await this.send('GET', path, undefined, { ...query, limit: String(PAGE), ...next && { continue: next } });
      items.push(...page.items ?? []);
      next = page.metadata?.continue;
    } while (next);
    return items;
  }

  public create(path: string, object: object, query: Query = {}): Promise<any> {
    return this.send('POST', path, object, query);
  }

  public replace(path: string, object: object): Promise<any> {
    return this.send('PUT', path, object);
  }

  /** JSON merge patch. */
  public patch(path: string, change: object): Promise<any> {
    return this.send('PATCH', path, change, {}, 'application/merge-patch+json');
  }

  public delete(path: string, uid: string, query: Query = {}): Promise<any> {
    return this.send('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } }, query);
  }

  private async send(method: string, path: string, body?: object, query: Query = {}, type = 'application/json'): Promise<any> {
    const { server, options } = this.connection;
    const base = new URL(server.endsWith('/') ? server : `${server}/`);
    const url = new URL(path.replace(/^\//, ''), base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const text = body && JSON.stringify(body);
    const headers = { 'accept': 'application/json', 'user-agent': 'secure-debug', ...options.headers, ...text && { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) } };

    const answer = await this.exchange(url, { ...options, method, headers }, text);
    const date = Date.parse(answer.date ?? '');
    // The header has whole seconds, so a difference of less says nothing.
    if (Math.abs(date - Date.now()) > 1_500) this.ahead = date - Date.now();

    let parsed: any;
    try {
      parsed = JSON.parse(answer.text);
    } catch {
      parsed = { message: answer.text.split('\n')[0].slice(0, 200) };
    }
    if (answer.status < 300) return parsed;
    const detail = String(parsed.message ?? '');
    throw new ApiError(answer.status, String(parsed.reason ?? ''), detail, sentence(answer.status, method, url.pathname, detail));
  }

  /** Sends one request, once more when the server had ended the idle connection (while a passphrase was typed, say) as it went out. */
  private exchange(url: URL, options: object, text: string | undefined, again = true): Promise<{ status: number; date?: string; text: string }> {
    return new Promise((resolve, fail) => {
      const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
      const sent = send(url, options, response => {
        const parts: Buffer[] = [];
        response.on('data', part => parts.push(part));
        response.on('error', fail);
        response.on('end', () => resolve({ status: response.statusCode!, date: response.headers.date, text: Buffer.concat(parts).toString('utf8') }));
      });
      sent.setTimeout(TIMEOUT, () => sent.destroy(new Error(`no answer in ${TIMEOUT / 1000} s`)));
      sent.on('error', error => {
        if (again && sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return resolve(this.exchange(url, options, text, false));
        fail(new CommandError(`The API server ${url.origin} cannot be reached: ${error.message}. Fix: check the network, the VPN, and which cluster the context names.`));
      });
      sent.end(text);
    });
  }
}

/** By a policy: its name, and what it says. */
const BY_POLICY = /ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: ([\s\S]*)$/;
/** Whoever binds a Role has to hold its rights, or `bind` on it. */
const BY_ESCALATION = /user "(.*)" \(groups=.*\) is attempting to grant RBAC permissions not currently held/;
/** Its CEL failed: the whole expression is quoted before. */
const FAILED = /^expression '[\s\S]*' resulted in error: ([\s\S]*)$/;
const BY_RBAC = /User "(.*)" cannot (\S+) resource "([^"]+)" in API group "[^"]*"(?: in the namespace "([^"]+)")?/;

/** One sentence that says what was refused, by what, and what to do. */
function sentence(status: number, method: string, path: string, detail: string): string {
  const [, policy, said] = BY_POLICY.exec(detail) ?? [];
  if (policy && FAILED.test(said)) {
    const [, fault] = FAILED.exec(said)!;
    return `The policy ${policy} could not decide, and so refused it: ${fault.trim()}. Fix: tell who maintains the guardrails; an administrator can turn it off by secure-debug guardrails off.`;
  }
  if (policy) return `The policy ${policy} refused it: ${said.trim().replace(/[.\s]+$/, '')}.`;
  const [, user, verb, resource, namespace] = BY_RBAC.exec(detail) ?? [];
  if (user) {
    const place = namespace ? `in namespace ${namespace}` : 'in the whole cluster';
    const narrower = namespace ? '' : ' name a namespace with -n, or';
    return `${user} may not ${verb} ${resource} ${place}. Fix:${narrower} ask whoever maintains access there (the cluster's GitOps repository) for it; secure-debug status shows what you have.`;
  }
  const [, binder] = BY_ESCALATION.exec(detail) ?? [];
  if (binder) return `${binder} is not among those who may request or approve this Role. Fix: ask a member of a group that may, or who maintains access there; secure-debug status shows what you may request.`;
  if (status === 401) return 'The API server does not know you (401). Fix: secure-debug whoami says why; log in again, as for kubectl, or choose another context with --context.';
  if (status === 409) return `Somebody was faster: ${detail || path}. Fix: look with secure-debug list, and try again.`;
  if (status === 429 || status >= 500) return `The API server cannot answer now (${status}): ${detail || 'no reason given'}. Fix: try again; if it stays, its operators have to know.`;
  return `The API server refused ${method} ${path} (${status}): ${detail || 'no reason given'}.`;
}
