import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { dirname, join } from 'path';
import { Readable } from 'stream';
import { Io } from '../src/io';
import { run } from '../src/program';

const RBAC = 'rbac.authorization.k8s.io';

/** A folder of manifests, and the command line in it. */
export class Desk {
  public readonly folder = mkdtempSync(join(tmpdir(), 'secure-debug-'));

  /** Writes a file, and gives its path. */
  public write(name: string, content: string | object): string {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  }

  /** Runs the command line; paths of the folder are shown without it. */
  public async run(args: string[], more: { stdin?: string; tty?: boolean; connect?: Io['connect'] } = {}) {
    let [stdout, stderr] = ['', ''];
    const io: Io = {
      stdout: { write: text => { stdout += text; }, isTTY: more.tty },
      stderr: { write: text => { stderr += text; } },
      stdin: more.stdin === undefined ? undefined : Readable.from([Buffer.from(more.stdin)]) as any,
      env: {},
      connect: more.connect ?? (() => { throw new Error('no cluster is asked'); }),
      sleep: async () => undefined,
      unique: () => 'abc',
    };
    const code = await run(args, io);
    const bare = (text: string) => text.split(`${this.folder}/`).join('').split(this.folder).join('.');
    return { code, stdout: bare(stdout), stderr: bare(stderr) };
  }

  public clear(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export const role = (namespace: string, name: string, ...rules: object[]): any => ({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { namespace, name }, rules });
export const clusterRole = (name: string, ...rules: object[]): any => ({ apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, rules });
export const rule = (verbs: string, resources: string, apiGroup = ''): object => ({ apiGroups: [apiGroup], resources: resources.split(','), verbs: verbs.split(',') });
const subject = (who: string) => {
  const [kind, name] = who.split(' ');
  return kind === 'ServiceAccount' ? { kind, namespace: name.split('/')[0], name: name.split('/')[1] } : { apiGroup: RBAC, kind, name };
};
export const binding = (namespace: string, name: string, to: string, ...who: string[]): any => ({
  apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { namespace, name }, roleRef: { apiGroup: RBAC, kind: 'Role', name: to }, subjects: who.map(subject),
});
export const everywhere = (name: string, to: string, ...who: string[]): any => ({
  apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: to }, subjects: who.map(subject),
});
export const list = (...items: object[]): object => ({ apiVersion: 'v1', kind: 'List', items });
