import { createServer, Server } from 'http';
import { gunzipSync } from 'zlib';

/** An event as the HTTP Event Collector of Splunk takes it. */
export interface HecEvent {
  readonly event: string;
  readonly time?: number;
  readonly index?: string;
  readonly sourcetype?: string;
  readonly fields: { readonly [name: string]: string };
}

/**
 * What Splunk documents of its HTTP Event Collector, on the loopback: a token, events one after the other, gzip. It may be killed, which breaks off
 * what it is about to read, and started again at the same port.
 *
 * @see https://docs.splunk.com/Documentation/Splunk/latest/Data/HTTPEventCollectortokenmanagement
 */
export class Hec {
  /** By audit ID, or by its text for what is no JSON; the last of each. */
  public readonly events = new Map<string, HecEvent>();
  public received = 0;
  public requests = 0;
  public stops = 0;
  /** So many requests more are answered with 503, as by a Splunk whose queues are full. */
  public busy = 0;
  private server?: Server;

  public constructor(public readonly port: number, public readonly token: string) {}

  public async start(): Promise<void> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      const answer = (status: number, text: string) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ text, code: status === 200 ? 0 : 9 }));
      request.on('data', part => parts.push(part)).on('end', () => {
        if (request.method !== 'POST' || request.url !== '/services/collector') return answer(404, 'The requested URL was not found');
        if (request.headers.authorization !== `Splunk ${this.token}`) return answer(403, 'Invalid token');
        if (this.busy > 0) {
          this.busy--;
          return answer(503, 'Server is busy');
        }
        this.take(request.headers['content-encoding'] === 'gzip' ? gunzipSync(Buffer.concat(parts)) : Buffer.concat(parts));
        return answer(200, 'Success');
      });
    });
    this.server = server;
    await new Promise<void>(resolve => server.listen(this.port, '127.0.0.1', resolve));
  }

  public async stop(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = undefined;
    this.stops++;
    await new Promise(resolve => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  private take(body: Buffer): void {
    this.requests++;
    for (const line of body.toString('utf8').split('\n').filter(one => one !== '')) {
      const event: HecEvent = JSON.parse(line);
      this.received++;
      this.events.set(event.event.startsWith('{') ? JSON.parse(event.event).auditID : event.event, event);
    }
  }
}
