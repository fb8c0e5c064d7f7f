import { readFileSync } from 'fs';
import { Agent, request } from 'https';
import { Person } from './kubectl';

export interface Answer {
  readonly status: number;
  readonly body: any;
}

/** Speaks to the API server as a person that `people` made, without kubectl: what a client of one's own can do. */
export class Api {
  private readonly agent: Agent;
  private readonly server: URL;
  private readonly token?: string;

  public constructor(person: Person) {
    const config = JSON.parse(readFileSync(person.kubeconfig, 'utf8'));
    const { user } = config.users[0];
    const { cluster } = config.clusters[0];
    const ca = cluster['certificate-authority-data'];
    this.server = new URL(cluster.server);
    this.token = user.token;
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: 8,
      ca: ca && Buffer.from(ca, 'base64'),
      cert: user['client-certificate'] && readFileSync(user['client-certificate']),
      key: user['client-key'] && readFileSync(user['client-key']),
    });
  }

  /** Sends one request; a stream is asked for as a WebSocket would be, but the connection is not kept. */
  public send(method: string, path: string, body?: object, contentType = 'application/json'): Promise<Answer> {
    const text = body && JSON.stringify(body);
    // Node.js says no length of what a DELETE carries, and the server would take it for the next request.
    const content = text && { 'content-type': contentType, 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.server), {
        method,
        agent: this.agent,
        headers: { accept: 'application/json', ...this.token && { authorization: `Bearer ${this.token}` }, ...content },
      }, response => {
        const parts: Buffer[] = [];
        response.on('data', part => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(parts).toString('utf8');
          resolve({ status: response.statusCode!, body: /json/.test(response.headers['content-type'] ?? '') && answer ? JSON.parse(answer.split('\n')[0]) : answer });
        });
      });
      sent.on('error', reject);
      sent.end(text);
    });
  }

  public close(): void {
    this.agent.destroy();
  }
}
