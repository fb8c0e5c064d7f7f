import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Readable } from 'stream';
import { Io } from '../src/io';
import { run } from '../src/program';

/** A folder for the files of one test file's tests. */
export class Folder {
  public path = '';

  public constructor() {
    beforeEach(() => { this.path = mkdtempSync(join(tmpdir(), 'secure-debug-')); });
    afterEach(() => rmSync(this.path, { recursive: true }));
  }

  /** Writes a file, and names it. */
  public write(name: string, content: string | Buffer): string {
    const file = join(this.path, name);
    writeFileSync(file, content);
    return file;
  }

  /** Writes a log, and names it. */
  public log(events: object[], name = 'audit.log'): string {
    return this.write(name, lines(events));
  }
}

export const lines = (events: object[]) => events.map(event => `${JSON.stringify(event)}\n`).join('');

/** One run of the command line, without a cluster. */
export async function secureDebug(args: string[], stdin?: string | Buffer) {
  let stdout = '';
  let stderr = '';
  const io: Io = {
    stdout: { write: text => { stdout += text; } },
    stderr: { write: text => { stderr += text; } },
    stdin: stdin === undefined ? undefined : Readable.from([Buffer.from(stdin)]) as any,
    env: {},
    connect: () => { throw new Error('no cluster is asked'); },
    sleep: async () => undefined,
    unique: () => 'abc',
  };
  const code = await run(args, io);
  return { code, stdout, stderr };
}

export interface Did {
  readonly user?: string;
  readonly groups?: string[];
  readonly as?: { readonly username: string; readonly groups?: string[] };
  readonly verb?: string;
  readonly namespace?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly name?: string;
  readonly uri?: string;
  readonly code?: number;
  readonly decision?: string | null;
  readonly message?: string;
  readonly day?: number;
  readonly stage?: string;
}

/** An event as the API server writes it. `resource` may have a subresource; without one it is about `uri`. */
export function did({ user = 'alice', groups = ['devs'], as, verb = 'get', namespace, group, resource, name, uri = '/x', code = 200, decision = code === 403 ? 'forbid' : 'allow', message, day = 1, stage = 'ResponseComplete' }: Did): object {
  const [plain, subresource] = resource?.split('/') ?? [];
  const time = `2026-03-${String(day).padStart(2, '0')}T10:00:00.000000Z`;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: 'id',
    stage,
    requestURI: uri,
    verb,
    user: { username: user, groups: [...groups, 'system:authenticated'] },
    ...as && { impersonatedUser: { username: as.username, groups: as.groups ?? ['system:authenticated'] } },
    sourceIPs: ['10.0.0.1'],
    userAgent: 'kubectl/v1.37.1',
    ...resource !== undefined && { objectRef: { resource: plain, namespace, name, apiGroup: group, apiVersion: 'v1', subresource } },
    responseStatus: { metadata: {}, code, message },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
    annotations: decision === null ? {} : { 'authorization.k8s.io/decision': decision, 'authorization.k8s.io/reason': '' },
  };
}

/** The rules of roles, written short: `payments: get,list pods [a,b]`; the whole cluster has `*` for its place. */
export function rights(objects: any[]): string[] {
  return objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole').flatMap(({ metadata, rules }) => rules.map((rule: any) => {
    const what = rule.nonResourceURLs ?? rule.apiGroups.flatMap((group: string) => rule.resources.map((one: string) => group ? `${one}.${group}` : one));
    return `${metadata.namespace ?? '*'}: ${rule.verbs.join(',')} ${what.join(',')}${rule.resourceNames ? ` [${rule.resourceNames.join(',')}]` : ''}`;
  }));
}
