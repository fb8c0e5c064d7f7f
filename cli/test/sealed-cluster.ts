import { X509Certificate } from 'crypto';
import { createServer, Server } from 'http';
import { AddressInfo } from 'net';
import { Signer } from './signer';
import { Io } from '../src/io';
import { run } from '../src/program';


const PREFIX = 'secure-debug.internal/';
const RBAC = 'rbac.authorization.k8s.io';
export const GROUP = 'break-glass-sealed';

/** What a requester of break-glass holds in a namespace, as the library declares it. */
const REQUESTER = [
  { apiGroups: [RBAC], resources: ['roles'], verbs: ['get', 'list'] },
  { apiGroups: [RBAC], resources: ['roles'], verbs: ['bind'], resourceNames: ['break-glass'] },
  { apiGroups: [RBAC], resources: ['rolebindings'], verbs: ['get', 'list', 'watch', 'patch', 'delete', 'create'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] },
  { apiGroups: ['secure-debug.internal'], resources: ['accessrequests'], verbs: ['request', 'take'], resourceNames: ['break-glass'] },
  { apiGroups: ['secure-debug.internal'], resources: ['accessrequests'], verbs: ['time'] },
];
const EVERYBODY = [
  { apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], verbs: ['create'] },
  { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
];

interface Asked {
  readonly user: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: any;
}

/** As much of an API server as break-glass uses, with a signer. The caller is who its certificate says, or `admin`. */
export class SealedCluster {
  public readonly asked: Asked[] = [];
  public requests = new Map<string, any>();
  public roles: any[] = [role('payments')];
  public bindings: any[] = [];
  /** Rules of the credential by namespace; those of `*` hold in all. */
  public rules: { [namespace: string]: object[] } = { payments: REQUESTER };
  public reviewed: object = { incomplete: true, evaluationError: 'node authorizer does not support user rule resolution' };
  public allowed: (attributes: any) => boolean;
  public signs = true;
  /** Seconds that the signer cuts every certificate to. */
  public longest = Infinity;
  public denies = false;
  public groups: (organization: string[]) => string[];
  public refuse: (method: string, path: string, user: string) => string | undefined;
  public existing: any;
  private readonly server: Server;
  private readonly signer = new Signer();

  public constructor() {
    this.allowed = () => false;
    this.groups = organization => [...organization, 'system:authenticated'];
    this.refuse = () => undefined;
    this.server = createServer((request, response) => void (async () => {
      const chunks: Buffer[] = [];
      for await (const one of request) chunks.push(one as Buffer);
      const url = new URL(request.url!, 'http://fake');
      const text = Buffer.concat(chunks).toString();
      const one = { user: String(request.headers['x-user']), method: request.method!, path: decodeURIComponent(url.pathname), query: url.searchParams, body: text && JSON.parse(text) };
      this.asked.push(one);
      const message = this.refuse(one.method, one.path, one.user);
      const [status, body] = message ? [403, { message }] : this.answer(one);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })());
  }

  public async start(): Promise<this> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  public async run(args: string[], change: Partial<Io> = {}): Promise<{ code: number; stdout: string; stderr: string }> {
    let stdout = '';
    let stderr = '';
    let unique = 0;
    const { port } = this.server.address() as AddressInfo;
    const io: Io = {
      stdout: { write: text => { stdout += text; } },
      stderr: { write: text => { stderr += text; } },
      env: { PATH: process.env.PATH },
      connect: async ({ text }) => {
        const config = text && JSON.parse(text);
        const certificate = config && new X509Certificate(Buffer.from(config.users[0].user['client-certificate-data'], 'base64'));
        const user = certificate ? certificate.subject.replace(/\n/g, ',') : 'admin';
        return { server: config?.clusters[0].cluster.server ?? `http://127.0.0.1:${port}`, options: { headers: { 'x-user': user }, ...!text && { ca: 'authority' } }, namespace: 'default' };
      },
      sleep: () => new Promise(resolve => setTimeout(resolve, 1)),
      unique: () => `u${unique++}`,
      ...change,
    };
    const code = await run(args, io);
    return { code, stdout, stderr };
  }

  private answer({ user, method, path, body, query }: Asked): [number, any] {
    const stamp = new Date().toISOString().replace(/\.\d+Z/, 'Z');
    const name = /CN=([^,]*)/.exec(user)?.[1] ?? user;
    const organization = [...user.matchAll(/O=([^,]*)/g)].map(([, one]) => one);
    const last = path.split('/').at(-1)!;
    if (last === 'selfsubjectreviews') return [201, { status: { userInfo: { username: name, groups: this.groups(organization) } } }];
    if (last === 'selfsubjectrulesreviews') {
      const resourceRules = [...EVERYBODY, ...this.rules[body.spec.namespace] ?? [], ...this.rules['*'] ?? []];
      return [201, { status: { resourceRules, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/apis/*', '/version/'] }], ...this.reviewed } }];
    }
    if (last === 'selfsubjectaccessreviews') return [201, { status: { allowed: this.allowed(body.spec.resourceAttributes) } }];
    if (path.includes('certificatesigningrequests')) return this.certificates(method, path, body);
    if (last === 'rolebindings' && method === 'GET') return [200, { items: this.bindings }];
    if (last === 'roles') return [200, { items: this.roles }];
    if (path.includes('/roles/')) return [200, this.roles.find(one => path.includes(`/${one.metadata.namespace}/`)) ?? {}];
    if (path.includes('/rolebindings/')) return method === 'DELETE' ? [200, {}] : this.existing ? [200, this.existing] : [404, { message: 'not found' }];
    if (method === 'POST' && query.get('dryRun') === 'All') return [201, { ...body, metadata: { ...body.metadata, creationTimestamp: stamp } }];
    return [405, { message: `${method} ${path} was not expected` }];
  }

  private certificates(method: string, path: string, body: any): [number, any] {
    const name = path.split('/')[5];
    if (method === 'POST') {
      const made = { ...body, metadata: { ...body.metadata, uid: 'uid-1' }, status: {} };
      this.requests.set(body.metadata.name, made);
      return [201, made];
    }
    const found = this.requests.get(name);
    if (!found) return [404, { message: 'not found' }];
    if (method === 'DELETE') this.requests.delete(name);
    if (method === 'PUT') {
      found.status.conditions = body.status.conditions;
      if (this.denies) found.status.conditions.push({ type: 'Denied', reason: 'Policy', message: 'no\u001b[2J' });
      else if (this.signs) found.status.certificate = Buffer.from(this.signer.sign(found.spec, this.longest)).toString('base64');
    }
    return [200, found];
  }
}

/** A Role of BreakGlassAccess. */
export function role(namespace: string, name = 'break-glass', autoApprove = GROUP): any {
  const annotations = { [`${PREFIX}max-seconds`]: '3600', [`${PREFIX}auto-approve`]: autoApprove, [`${PREFIX}ticket-pattern`]: '[A-Z]+-[0-9]+' };
  return { metadata: { name, namespace, labels: { [`${PREFIX}requestable`]: 'true' }, annotations } };
}
