import { readFileSync } from 'fs';
import type { IncomingMessage } from 'http';
import { Agent, request } from 'https';
import WebSocket from 'ws';
import { refuse, SessionError } from './errors';
import type { Identity } from './identity';
import { plain } from './text';

const TIMEOUT = 30_000;

/** Where the pod has the authority of the API server, and a token if the gateway has one. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Speaks to the API server as the person: what is allowed is decided by the person's own rights, guardrails see the person, and the
 * audit log names them.
 */
export class Api {
  private readonly server: string;
  private readonly agent: Agent;

  public constructor(private readonly identity: Identity, private readonly session: string, env: NodeJS.ProcessEnv, folder = SERVICE_ACCOUNT) {
    const host = env.KUBERNETES_SERVICE_HOST ?? 'kubernetes.default.svc';
    this.server = `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`;
    this.agent = new Agent({ keepAlive: true, ca: readFileSync(`${folder}/ca.crt`), ...identity.tls });
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
        headers: { ...this.headers(), accept: path.includes('/log?') ? '*/*' : 'application/json', ...text && { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) } },
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
        agent: this.agent,
        headers: this.headers() as any,
        perMessageDeflate: false,
        handshakeTimeout: TIMEOUT,
        maxPayload: 64 * 1024 * 1024,
        skipUTF8Validation: true,
        generateMask: unmasked,
      });
      socket.on('open', () => resolve(socket));
      socket.on('unexpected-response', (_request, response) => { textOf(response).then(answer => fail(refusal(response.statusCode!, answer)), fail); });
      socket.on('error', error => fail(new SessionError(`The stream failed: ${plain(error.message)}. Fix: try again.`)));
      // Nobody reads yet; what arrives with the handshake waits.
      socket.on('open', () => socket.pause());
    });
  }

  private headers() {
    // In the audit log the session is what joins an event to its recording.
    return { ...this.identity.headers(), 'user-agent': `secure-debug-gateway session=${this.session}` };
  }
}

/**
 * Masks keep a script in a browser from writing what an old proxy takes for a request. Here is no browser and, inside TLS, no
 * proxy; to mask each byte in JavaScript costs more than to encrypt it.
 */
const unmasked = (mask: Buffer) => { mask.fill(0); };

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
