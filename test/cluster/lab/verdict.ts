import { readFileSync } from 'fs';
import { request } from 'https';
import { parse } from 'yaml';
import { Person } from './kubectl';

/** How the API server answers a request for a stream: by policy, by RBAC, or it lets it through. */
export interface Verdict {
  /** `passed`, `refused by POLICY` or `refused by RBAC`. */
  readonly verdict: string;
  /** What the person is told. */
  readonly message: string;
}

/** How a client opens a stream: by WebSocket (GET), by SPDY (POST), or by plain requests that never become one. */
export type Opening = 'WebSocket' | 'SPDY' | 'GET' | 'POST';

const HEADERS: { [opening in Opening]: { [name: string]: string } } = {
  WebSocket: {
    'connection': 'Upgrade',
    'upgrade': 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'v5.channel.k8s.io',
  },
  SPDY: { 'connection': 'Upgrade', 'upgrade': 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' },
  GET: {},
  POST: {},
};

/** What an answer means. Whatever is not forbidden has passed admission, also when there is no node to open the stream. */
export function verdictOf(status: number, text: string): Verdict {
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(text) ? JSON.parse(text.split('\n')[0]).message : text.trim();
  const policy = /ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request/.exec(message)?.[1];
  // Another status is that of an expression that failed, which no policy of ours should have.
  if (policy) return { verdict: `refused by ${policy}${status === 403 ? '' : ` with ${status}`}`, message };
  return { verdict: status === 403 ? 'refused by RBAC' : 'passed', message };
}

/** Asks for a stream as a person, with a client of one's own; one that opens is closed at once. */
export function openStream(person: Person, path: string, opening: Opening = 'WebSocket', more: { [name: string]: string } = {}): Promise<Verdict> {
  const config = parse(readFileSync(person.kubeconfig, 'utf8'));
  const { user } = config.users[0];
  const { cluster } = config.clusters[0];
  const inline = (key: string) => user[`${key}-data`] ? Buffer.from(user[`${key}-data`], 'base64') : user[key] && readFileSync(user[key]);
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, cluster.server), {
      method: opening === 'SPDY' || opening === 'POST' ? 'POST' : 'GET',
      ca: cluster['certificate-authority-data'] ? Buffer.from(cluster['certificate-authority-data'], 'base64') : readFileSync(cluster['certificate-authority']),
      cert: inline('client-certificate'),
      key: inline('client-key'),
      agent: false,
      headers: { accept: 'application/json', ...user.token && { authorization: `Bearer ${user.token}` }, ...HEADERS[opening], ...more },
    }, response => {
      const parts: Buffer[] = [];
      response.on('data', part => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve(verdictOf(response.statusCode!, Buffer.concat(parts).toString('utf8'))));
    });
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(verdictOf(response.statusCode!, ''));
    });
    sent.on('error', reject);
    sent.end();
  });
}
