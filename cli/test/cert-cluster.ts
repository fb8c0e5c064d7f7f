import { X509Certificate } from 'crypto';
import { mkdtempSync, rmSync } from 'fs';
import { createServer, Server } from 'http';
import { AddressInfo } from 'net';
import { tmpdir } from 'os';
import { join } from 'path';
import { Signer } from './signer';
import { Io } from '../src/io';
import { run } from '../src/program';

const PREFIX = 'secure-debug.internal/';

interface Ended { readonly code: number; readonly stdout: string; readonly stderr: string }

/** As much of an API server as certificates take, with a signer and an approver. The caller is `alice`, or who its certificate says. */
export class CertCluster {
  public readonly home = mkdtempSync(join(tmpdir(), 'cert-test-'));
  public readonly asked: { method: string; path: string; body: any }[] = [];
  public readonly requests = new Map<string, any>();
  public groups = ['oncall-payments', 'staff', 'system:authenticated'];
  public user = 'alice';
  /** Annotations of the policy; undefined when there is none, a status when it cannot be read. */
  public terms: { [name: string]: string } | undefined | number = { 'certificate-groups': 'oncall-payments\noncall-search', 'certificate-max-seconds': '3600', 'certificate-by-certificate': 'false' };
  /** What the approver does. */
  public condition: { type: string; message: string } | undefined = { type: 'Approved', message: 'fine' };
  public signs = true;
  public longest = Infinity;
  public change: { subject?: Buffer; key?: Buffer } = {};
  /** Groups that the API server sees in a certificate. */
  public sees: (groups: string[]) => string[];
  public refuse: (method: string, path: string) => string | undefined;
  public options: object = { ca: 'authority' };
  public context: string | undefined = 'prod';
  private readonly signer = new Signer();
  private readonly server: Server;

  public constructor() {
    this.sees = groups => [...groups, 'system:authenticated'];
    this.refuse = () => undefined;
    this.server = createServer((request, response) => void (async () => {
      const chunks: Buffer[] = [];
      for await (const one of request) chunks.push(one as Buffer);
      const text = Buffer.concat(chunks).toString();
      const one = { method: request.method!, path: decodeURIComponent(new URL(request.url!, 'http://fake').pathname), body: text && JSON.parse(text) };
      this.asked.push(one);
      const message = this.refuse(one.method, one.path);
      const [status, body] = message ? [403, { message }] : this.answer(one, String(request.headers['x-user']), JSON.parse(String(request.headers['x-groups'])));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })());
  }

  public async start(): Promise<this> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  public async stop(): Promise<void> {
    rmSync(this.home, { recursive: true, force: true });
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  public async run(args: string[], change: Partial<Io> = {}): Promise<Ended> {
    let stdout = '';
    let stderr = '';
    let unique = 0;
    const { port } = this.server.address() as AddressInfo;
    const server = `http://127.0.0.1:${port}`;
    const io: Io = {
      stdout: { write: text => { stdout += text; } },
      stderr: { write: text => { stderr += text; } },
      env: { PATH: process.env.PATH, HOME: this.home },
      connect: async ({ text }) => {
        const [, data] = /client-certificate-data: (\S+)/.exec(text ?? '') ?? [];
        const { CN, O } = data ? new X509Certificate(Buffer.from(data, 'base64')).toLegacyObject().subject as any : { CN: this.user, O: this.groups };
        const groups = data ? this.sees([O].flat()) : this.groups;
        return { server, options: { ...!text && this.options, headers: { 'x-user': CN, 'x-groups': JSON.stringify(groups) } }, namespace: 'payments', context: this.context };
      },
      sleep: () => new Promise(resolve => setTimeout(resolve, 1)),
      unique: () => `u${unique++}`,
      ...change,
    };
    return { code: await run(args, io), stdout, stderr };
  }

  public request(name: string, spec: object, status: object = {}): void {
    this.requests.set(name, { metadata: { name, uid: 'uid-1' }, spec, status });
  }

  private answer({ method, path, body }: { method: string; path: string; body: any }, name: string, groups: string[]): [number, any] {
    if (path.endsWith('/selfsubjectreviews')) return [201, { status: { userInfo: { username: name, groups } } }];
    if (path.endsWith('/validatingadmissionpolicies/secure-debug-certificates')) {
      if (typeof this.terms === 'number') return [this.terms, { message: 'no' }];
      return this.terms ? [200, { metadata: { annotations: Object.fromEntries(Object.entries(this.terms).map(([key, value]) => [`${PREFIX}${key}`, value])) } }] : [404, { message: 'not found' }];
    }
    if (!path.includes('certificatesigningrequests')) return [405, { message: `${method} ${path} was not expected` }];
    const asked = path.split('/')[5];
    if (method === 'POST') {
      this.request(body.metadata.name, { ...body.spec, username: name, groups });
      const made = this.requests.get(body.metadata.name);
      if (this.condition) made.status.conditions = [this.condition];
      if (this.condition?.type === 'Approved' && this.signs) made.status.certificate = Buffer.from(this.signer.sign(body.spec, this.longest, this.change)).toString('base64');
      return [201, made];
    }
    const found = this.requests.get(asked);
    if (!found) return [404, { message: 'not found' }];
    if (method === 'DELETE') this.requests.delete(asked);
    if (method === 'PUT') found.status = body.status;
    return [200, found];
  }
}
