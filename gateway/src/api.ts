import { readFileSync } from 'fs';
import type { IncomingMessage } from 'http';
import { Agent, request } from 'https';
import WebSocket from 'ws';
import { refuse, SessionError } from './errors';
import { Person } from './person';
import { plain } from './text';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const TIMEOUT = 30_000;

/**
 * Speaks to the API server as the person. The gateway's own token says no more than for whom it may speak, and about what;
 * what is allowed is decided by the person's own rights, guardrails see the person, and the audit log names them.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
 */
export class Api {
  private readonly server: string;
  private readonly agent: Agent;
  private readonly headers: { [name: string]: string | string[] };

  public constructor(person: Person, session: string, env: NodeJS.ProcessEnv, private readonly folder = SERVICE_ACCOUNT) {
    const host = env.KUBERNETES_SERVICE_HOST ?? 'kubernetes.default.svc';
    this.server = `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`;
    this.agent = new Agent({ keepAlive: true, ca: readFileSync(`${folder}/ca.crt`) });
    this.headers = {
      'impersonate-user': utf8(person.user),
      // In the audit log it is what joins an event to its recording.
      'user-agent': `secure-debug-gateway session=${session}`,
      ...person.groups.length && { 'impersonate-group': person.groups.map(utf8) },
    };
  }

  public close(): void {
    this.agent.destroy();
  }

  /** One request; what is refused is one sentence. */
  public async send(method: string, path: string, body?: object, type = 'application/json'): Promise<any> {
    const response = await this.open(method, path, body, type);
    return JSON.parse(await textOf(response));
  }

  /** The answer as it arrives. */
  public open(method: string, path: string, body?: object, type = 'application/json'): Promise<IncomingMessage> {
    const text = body && JSON.stringify(body);
    return new Promise((resolve, fail) => {
      const sent = request(`${this.server}${path}`, {
        method,
        agent: this.agent,
        headers: { ...this.asGateway(), accept: path.includes('/log?') ? '*/*' : 'application/json', ...text && { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) } },
      }, response => {
        sent.setTimeout(0);
        if (response.statusCode! < 300) return resolve(response);
        textOf(response).then(answer => fail(refusal(response.statusCode!, answer)), fail);
      });
      sent.setTimeout(TIMEOUT, () => sent.destroy(new SessionError(`The API server gave no answer in ${TIMEOUT / 1000} s. Fix: try again.`)));
      sent.on('error', error => fail(error instanceof SessionError ? error : new SessionError(`The API server cannot be reached: ${plain(error.message)}. Fix: see the gateway's NetworkPolicy and the API server.`)));
      sent.end(text);
    });
  }

  /** A WebSocket, once it is open. */
  public connect(path: string, protocols: string[]): Promise<WebSocket> {
    return new Promise((resolve, fail) => {
      const socket = new WebSocket(`${this.server.replace('https', 'wss')}${path}`, protocols, {
        agent: this.agent, headers: this.asGateway() as any, perMessageDeflate: false, handshakeTimeout: TIMEOUT, maxPayload: 64 * 1024 * 1024,
      });
      socket.on('open', () => resolve(socket));
      socket.on('unexpected-response', (_request, response) => { textOf(response).then(answer => fail(refusal(response.statusCode!, answer)), fail); });
      socket.on('error', error => fail(new SessionError(`The stream failed: ${plain(error.message)}. Fix: try again.`)));
      // Nobody reads yet; what arrives with the handshake waits.
      socket.on('open', () => socket.pause());
    });
  }

  /** The kubelet replaces the token in time, so it is read for each request. */
  private asGateway() {
    return { ...this.headers, authorization: `Bearer ${readFileSync(`${this.folder}/token`, 'utf8').trim()}` };
  }
}

/** Headers of HTTP are bytes; Node takes each character for one. */
const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

const BY_POLICY = /ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: ([\s\S]*)$/;
const BY_RBAC = /User "(.*)" cannot (\S+) resource "([^"]+)" in API group "[^"]*"(?: in the namespace "([^"]+)")?/;

/** What the API server said no to. */
function refusal(status: number, answer: string): SessionError {
  let said = answer;
  try {
    said = JSON.parse(answer).message ?? answer;
  } catch { /* some proxies answer in other words */ }
  try {
    const [, policy, why] = BY_POLICY.exec(said) ?? [];
    if (policy) refuse(`The policy ${plain(policy)} refused it: ${plain(why.trim())}.`);
    const [, user, verb, resource, namespace] = BY_RBAC.exec(said) ?? [];
    if (user) refuse(`${plain(user)} may not ${plain(verb)} ${plain(resource)}${namespace ? ` in namespace ${plain(namespace)}` : ''}. Fix: ask for it: secure-debug request`);
    if (status === 404) refuse(`${plain(said)}. Fix: pods lists what there is.`);
    return refuse(`The API server refused it (${status}): ${plain(said.slice(0, 500))}.`);
  } catch (error) {
    return error as SessionError;
  }
}
