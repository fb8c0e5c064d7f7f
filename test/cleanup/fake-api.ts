import { execFileSync } from 'child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { createServer, Server } from 'https';
import { AddressInfo } from 'net';
import { tmpdir } from 'os';
import { join } from 'path';
import { Duplex } from 'stream';
import type { Pod } from './fake-pods';

export const TOKEN = 'token-that-nobody-may-see';

/** A directory as the kubelet mounts it, and the key of the server; made for the test and removed with it. */
export class Credentials {
  public readonly directory = mkdtempSync(join(tmpdir(), 'debug-container-cleanup-'));
  public readonly key: Buffer;
  public readonly certificate: Buffer;

  public constructor() {
    const file = (name: string) => join(this.directory, name);
    writeFileSync(file('openssl.cnf'), '[req]\ndistinguished_name=dn\nx509_extensions=v3\nprompt=no\n[dn]\nCN=kubernetes\n[v3]\nbasicConstraints=critical,CA:true\nsubjectAltName=IP:127.0.0.1,IP:::1\n');
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-config', file('openssl.cnf'), '-keyout', file('key.pem'), '-out', file('ca.crt'),
    ], { stdio: 'pipe' });
    this.key = readFileSync(file('key.pem'));
    this.certificate = readFileSync(file('ca.crt'));
    rmSync(file('key.pem'));
    writeFileSync(file('token'), `${TOKEN}\n`);
  }

  public remove() {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export interface Received { method: string; url: string; body: any; headers: any }

export interface Answer {
  code: number;
  body?: any;
  headers?: { [name: string]: string };
  /** Sent as it is, instead of a body. */
  text?: string;
  /** Do not answer, or break off. */
  hang?: boolean;
  breakOff?: 'before' | 'half-way';
}

const status = (code: number, message: string, more: object = {}): Answer => ({ code, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code, ...more } });
export const refused = status;

/** As a PodDisruptionBudget refuses. */
export const held = (message: string, code = 429): Answer =>
  status(code, "Cannot evict pod as it would violate the pod's disruption budget.", { details: { causes: [{ reason: 'DisruptionBudget', message }] } });

/** An API server with just the three calls of the clean-up, on loopback, over TLS. */
export class FakeApi {
  public pods: Pod[] = [];
  public readonly received: Received[] = [];
  public readonly events: any[] = [];
  public readonly evicted: string[] = [];
  /** Asked before the API itself; the first answer counts. */
  public readonly instead: ((request: Received, count: number) => Answer | undefined)[] = [];
  /** Names of pods that a budget holds. */
  public readonly held = new Map<string, string>();
  public readonly denied = new Set<string>();
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();

  public constructor(credentials: Credentials) {
    this.server = createServer({ key: credentials.key, cert: credentials.certificate }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', chunk => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const received = { method: request.method!, url: request.url!, headers: request.headers, body: text ? JSON.parse(text) : undefined };
        this.received.push(received);
        const count = this.received.filter(r => r.method === received.method && r.url === received.url).length;
        const answer = this.instead.map(rule => rule(received, count)).find(a => a !== undefined) ?? this.answer(received);
        if (answer.hang) return;
        if (answer.breakOff === 'before') {
          request.socket.destroy();
          return;
        }
        response.writeHead(answer.code, { 'content-type': 'application/json', ...answer.headers });
        if (answer.breakOff === 'half-way') {
          response.write('{"items": [', () => request.socket.destroy());
          return;
        }
        response.end(answer.text ?? JSON.stringify(answer.body));
      });
    });
    this.server.on('connection', socket => {
      this.sockets.add(socket);
      socket.on('error', () => {});
    });
  }

  public async listen(host = '127.0.0.1'): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, host, resolve);
    });
    return String((this.server.address() as AddressInfo).port);
  }

  public async close() {
    this.sockets.forEach(socket => socket.destroy());
    await new Promise(resolve => this.server.close(resolve));
  }

  public sent(method: string, part: string): Received[] {
    return this.received.filter(r => r.method === method && r.url.includes(part));
  }

  private answer({ method, url, body, headers }: Received): Answer {
    if (headers.authorization !== `Bearer ${TOKEN}`) return status(401, 'Unauthorized');
    const { pathname, searchParams } = new URL(url, 'https://api');
    const list = /^\/api\/v1\/namespaces\/([^/]+)\/pods$/.exec(pathname);
    const eviction = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/eviction$/.exec(pathname);
    const event = /^\/apis\/events\.k8s\.io\/v1\/namespaces\/([^/]+)\/events$/.exec(pathname);
    if (method === 'GET' && list) return this.list(list[1], Number(searchParams.get('limit')), Number(searchParams.get('continue') ?? 0));
    if (method === 'POST' && eviction) return this.evict(eviction[1], eviction[2], body, searchParams.get('dryRun') === 'All');
    if (method === 'POST' && event) return this.record(event[1], body);
    return status(404, 'the server could not find the requested resource');
  }

  private list(namespace: string, limit: number, from: number): Answer {
    if (this.denied.has(namespace)) {
      return status(403, `pods is forbidden: User "system:serviceaccount:secure-debug:debug-container-cleanup" cannot list resource "pods" in API group "" in the namespace "${namespace}"`);
    }
    const all = this.pods.filter(p => p.metadata.namespace === namespace);
    const next = from + limit < all.length ? String(from + limit) : undefined;
    return { code: 200, body: { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '9', ...next && { continue: next } }, items: all.slice(from, from + limit) } };
  }

  private evict(namespace: string, name: string, body: any, dryRun: boolean): Answer {
    const found = this.pods.find(p => p.metadata.namespace === namespace && p.metadata.name === name);
    if (body.apiVersion !== 'policy/v1' || body.kind !== 'Eviction' || body.metadata.name !== name) return status(400, 'not an Eviction');
    if (!found) return status(404, `pods "${name}" not found`);
    const { uid, resourceVersion } = body.deleteOptions.preconditions;
    if (uid !== found.metadata.uid) return status(409, `the UID in the precondition (${uid}) does not match`);
    if (resourceVersion !== found.metadata.resourceVersion) return status(409, `the ResourceVersion in the precondition (${resourceVersion}) does not match`);
    if (this.held.has(name)) return held(this.held.get(name)!);
    if (!dryRun) {
      this.evicted.push(`${namespace}/${name}`);
      this.pods = this.pods.filter(p => p !== found);
    }
    return { code: 201, body: { kind: 'Status', apiVersion: 'v1', status: 'Success', code: 201 } };
  }

  /** With the checks of the real one, which are strict for events.k8s.io/v1. */
  private record(namespace: string, event: any): Answer {
    const invalid = [
      [/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(event.metadata.name) && event.metadata.name.length <= 253, 'metadata.name'],
      [event.metadata.namespace === namespace && event.regarding.namespace === namespace, 'involvedObject.namespace'],
      [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(event.eventTime), 'eventTime'],
      [['Normal', 'Warning'].includes(event.type), 'type'],
      [event.reason && event.reason.length <= 128, 'reason'],
      [event.action && event.action.length <= 128, 'action'],
      [Buffer.byteLength(event.note) <= 1024, 'message'],
      [/^[a-z0-9.-]+\/[A-Za-z0-9._-]{1,63}$/.test(event.reportingController), 'reportingController'],
      [event.reportingInstance && event.reportingInstance.length <= 128, 'reportingInstance'],
    ].find(([right]) => !right);
    if (invalid) return status(422, `Event is invalid: ${invalid[1]}`);
    if (this.events.some(e => e.metadata.name === event.metadata.name && e.metadata.namespace === namespace)) return status(409, `events "${event.metadata.name}" already exists`);
    this.events.push(event);
    return { code: 201, body: event };
  }
}
