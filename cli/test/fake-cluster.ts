import { createServer, IncomingMessage, Server, ServerResponse } from 'http';
import { AddressInfo } from 'net';
import { Io } from '../src/io';
import { run } from '../src/program';

/** What one run of the program left. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Person {
  readonly name: string;
  readonly groups: string[];
  /** What SelfSubjectRulesReview says. */
  readonly rules?: object[];
}

interface Asked {
  readonly user: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: any;
}

/** A refusal of the API server. */
interface No {
  readonly status: number;
  readonly message: string;
  readonly reason?: string;
}

const PREFIX = 'secure-debug.internal/';

/**
 * As much of an API server as the program uses: objects by path, merge patches with resourceVersion, label selectors, dry
 * run, the Date header. It decides nothing; `refuse` says what is refused. People are told apart by a header.
 */
export class FakeCluster {
  public readonly objects = new Map<string, any>();
  public readonly asked: Asked[] = [];
  /** What is added to the clock of this machine. */
  public ahead = 0;
  /** Milliseconds that `sleep` was asked for. */
  public slept = 0;
  public refuse: (asked: Asked) => No | undefined;
  /** Called after each request, for what happens meanwhile. */
  public meanwhile: (asked: Asked) => void;
  private readonly server: Server;
  private version = 1;
  private uniques = 0;

  public constructor(public readonly people: Person[]) {
    this.refuse = () => undefined;
    this.meanwhile = () => undefined;
    this.server = createServer((request, response) => void this.handle(request, response));
  }

  public async start(): Promise<this> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  /** Runs the program as somebody, in the namespace `payments`. */
  public async as(person: string, args: string[], change: { env?: NodeJS.ProcessEnv; tty?: boolean; server?: string } = {}): Promise<Ended> {
    let stdout = '';
    let stderr = '';
    const { port } = this.server.address() as AddressInfo;
    const io: Io = {
      stdout: { write: text => { stdout += text; }, isTTY: change.tty },
      stderr: { write: text => { stderr += text; }, isTTY: change.tty },
      env: change.env ?? {},
      connect: async () => ({ server: change.server ?? `http://127.0.0.1:${port}`, options: { headers: { 'x-user': person } }, namespace: 'payments' }),
      sleep: async milliseconds => {
        this.slept += milliseconds;
        await new Promise(resolve => setTimeout(resolve, 1));
      },
      unique: () => `abc${this.uniques++ || ''}`,
    };
    const code = await run(args, io);
    return { code, stdout, stderr };
  }

  /** A Role that can be requested. */
  public requestable(name: string, terms: Record<string, string>, rules: object[] = [], namespace = 'payments'): void {
    this.put(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`, {
      metadata: {
        name, namespace, labels: { [`${PREFIX}requestable`]: 'true' }, annotations: Object.fromEntries(Object.entries(terms).map(([key, value]) => [`${PREFIX}${key}`, value])),
      },
      rules,
    });
  }

  public put(collection: string, object: any): any {
    const stored = {
      ...object,
      metadata: {
        uid: `uid-${this.version}`, creationTimestamp: new Date(this.now).toISOString().replace(/\.\d+Z/, 'Z'), ...object.metadata, resourceVersion: String(this.version++),
      },
    };
    this.objects.set(`${collection}/${object.metadata.name}`, stored);
    return stored;
  }

  /** The stored RoleBinding of a request. */
  public request(name: string, namespace = 'payments'): any {
    return this.objects.get(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/${name}`);
  }

  private get now(): number {
    return Date.now() + this.ahead;
  }

  private async handle(request: IncomingMessage, response: ServerResponse) {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString('utf8');
    const url = new URL(request.url!, 'http://fake');
    const asked: Asked = {
      user: String(request.headers['x-user']), method: request.method!, path: decodeURIComponent(url.pathname), query: url.searchParams, body: text && JSON.parse(text),
    };
    this.asked.push(asked);
    const { status, body } = this.answer(asked);
    response.writeHead(status, { 'content-type': 'application/json', 'date': new Date(this.now).toUTCString() });
    response.end(JSON.stringify(body));
    this.meanwhile(asked);
  }

  private answer(asked: Asked): { status: number; body: any } {
    const person = this.people.find(one => one.name === asked.user);
    const no = person ? this.refuse(asked) : { status: 401, message: 'Unauthorized', reason: 'Unauthorized' };
    if (no) return { status: no.status, body: { kind: 'Status', code: no.status, message: no.message, reason: no.reason } };
    const { method, path, body, query } = asked;
    if (path.endsWith('/selfsubjectreviews')) return { status: 201, body: { status: { userInfo: { username: person!.name, groups: person!.groups } } } };
    if (path.endsWith('/selfsubjectrulesreviews')) return { status: 201, body: { status: { resourceRules: person!.rules ?? [] } } };
    const missing = { status: 404, body: { kind: 'Status', message: `${path} not found`, reason: 'NotFound' } };
    const stored = this.objects.get(path);
    switch (method) {
      case 'GET': {
        if (stored) return { status: 200, body: stored };
        // The request of the whole cluster: every namespace's.
        const everywhere = /^(.*\/v1)\/(roles|rolebindings)$/.exec(path);
        const inside = (key: string) => everywhere
          ? key.startsWith(`${everywhere[1]}/namespaces/`) && key.split('/').at(-2) === everywhere[2]
          : key.startsWith(`${path}/`) && !key.slice(path.length + 1).includes('/');
        if (!/(roles|rolebindings|policies|policybindings|pods)$/.test(path)) return missing;
        const items = [...this.objects].filter(([key]) => inside(key)).map(([, object]) => object).filter(object => selected(object, query.get('labelSelector')));
        return { status: 200, body: { items, metadata: {} } };
      }
      case 'POST': {
        const key = `${path}/${body.metadata.name}`;
        if (this.objects.has(key)) return { status: 409, body: { kind: 'Status', reason: 'AlreadyExists', message: `${body.metadata.name} already exists` } };
        const made = this.put(path, body);
        if (query.get('dryRun')) this.objects.delete(key);
        return { status: 201, body: made };
      }
      case 'PATCH': {
        if (!stored) return missing;
        const wanted = body.metadata?.resourceVersion;
        if (wanted && wanted !== stored.metadata.resourceVersion) {
          return { status: 409, body: { kind: 'Status', reason: 'Conflict', message: 'the object has been modified' } };
        }
        return { status: 200, body: this.put(path.slice(0, path.lastIndexOf('/')), merged(stored, body)) };
      }
      case 'DELETE':
        if (!stored) return missing;
        this.objects.delete(path);
        return { status: 200, body: {} };
      default:
        return { status: 405, body: {} };
    }
  }
}

function selected(object: any, selector: string | null): boolean {
  if (!selector) return true;
  const [key, value] = selector.split('=');
  const label = object.metadata.labels?.[key];
  return value === undefined ? label !== undefined : label === value;
}

/** RFC 7386. */
function merged(target: any, patch: any): any {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result = { ...typeof target === 'object' && !Array.isArray(target) ? target : {} };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
