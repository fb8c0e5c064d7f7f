import { mkdirSync, readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { ExpiredAccessCleanup, SecureDebugWarnings } from '../../../src';
import { Cluster, scratch } from '../lab/cluster';
import { apply, asAdmin, find, Person } from '../lab/kubectl';
import { serviceAccount } from '../lab/people';
import { eventually, run } from '../lab/process';
import { objects } from '../lab/setups';
import { namespace } from '../lab/targets';

/** A run that has ended. */
export interface EndedRun {
  readonly code: number | null;
  readonly stderr: string;
  /** Each line of its log, parsed, but for the last one. */
  readonly lines: any[];
  readonly summary: any;
}

export const BACKSTOP = 'backstop';

/**
 * The clean-up of expired access as it was applied. A cluster without a node runs no pod of its CronJob, so its script runs
 * here: with the files of its ConfigMap, and a token of its ServiceAccount. Nobody but the test starts a run.
 */
export class Backstop {
  /** Applies it. */
  public static async install(cluster: Cluster, jobs: string, namespaces: string[]): Promise<Backstop> {
    const declared = objects(chart => {
      SecureDebugWarnings.acknowledge(chart, 'SD4005', 'the test starts each run');
      new ExpiredAccessCleanup(chart, 'cleanup', { name: BACKSTOP, jobNamespace: jobs, createNamespace: true, namespaces, suspend: true });
    });
    const mark = (namespace(jobs, 'restricted') as any).metadata.labels;
    await apply(cluster, declared.map(object => object.kind === 'Namespace' ? { ...object, metadata: { ...object.metadata, labels: { ...mark, ...object.metadata.labels } } } : object));
    const found = await eventually('the account', async () => find(cluster, ['serviceaccount', BACKSTOP, '-n', jobs]));
    expect(found.automountServiceAccountToken).toBe(false);
    return new Backstop(cluster, await serviceAccount(cluster, jobs, BACKSTOP), (await find(cluster, ['configmap', BACKSTOP, '-n', jobs])).data);
  }

  /** Where its files are. */
  public readonly folder: string;
  public readonly server: URL;

  private constructor(cluster: Cluster, public readonly person: Person, private readonly data: { [file: string]: string }) {
    this.folder = scratch(cluster, 'backstop');
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const config = JSON.parse(readFileSync(person.kubeconfig, 'utf8'));
    this.server = new URL(config.clusters[0].cluster.server);
    const files: { [name: string]: string | Buffer } = {
      ...data, 'token': config.users[0].user.token, 'ca.crt': Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64'),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.folder, name), content, { mode: 0o600 });
  }

  /** Its configuration, but with a grace of a second, and other changes. */
  public config(change: object = {}): any {
    return { ...JSON.parse(this.data['config.json']), graceSeconds: 1, ...change };
  }

  public async run(change: object = {}): Promise<EndedRun> {
    const file = join(this.folder, 'test.json');
    writeFileSync(file, JSON.stringify(this.config(change)));
    const ended = await run(process.execPath, [join(this.folder, 'expired-access-cleanup.js'), file, this.folder], {
      env: { KUBERNETES_SERVICE_HOST: this.server.hostname, KUBERNETES_SERVICE_PORT: this.server.port || '443', HOSTNAME: 'backstop-test' },
    });
    const lines = ended.stdout.trimEnd().split('\n').map(line => JSON.parse(line));
    return { code: ended.code, stderr: ended.stderr, lines: lines.slice(0, -1), summary: lines[lines.length - 1] };
  }
}

/** Names of all RoleBindings of a namespace. */
export async function bindingsIn(cluster: Cluster, place: string): Promise<string[]> {
  return (await asAdmin(cluster, ['get', 'rolebindings', '-n', place, '-o', 'name'])).trim().split('\n').map(line => line.replace(/^.*\//, '')).sort();
}
