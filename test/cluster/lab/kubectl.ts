import { mkdirSync } from 'fs';
import { join } from 'path';
import { Cluster, newestClient } from './cluster';
import { Ended, run, RunOptions } from './process';

/** Somebody who uses the cluster: a kubeconfig, and a home for kubectl's cache. */
export interface Person {
  readonly name: string;
  readonly groups: string[];
  readonly kubeconfig: string;
}

export interface KubectlOptions extends RunOptions {
  /** Version of kubectl; default: the newest. */
  readonly client?: string;
  /** Give it a terminal. */
  readonly tty?: boolean;
}

/** Real kubectl, as a person. */
export function kubectl(cluster: Cluster, person: Person, args: string[], options: KubectlOptions = {}): Promise<Ended> {
  const client = options.client ?? newestClient(cluster);
  const program = cluster.clients[client];
  if (!program) throw new Error(`there is no kubectl ${client}, only ${Object.keys(cluster.clients).join(', ')}`);
  const home = join(cluster.folder, 'home', person.name);
  mkdirSync(home, { recursive: true });
  const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: person.kubeconfig, TERM: 'xterm' };
  if (!options.tty) return run(program, args, { ...options, env });
  // script (util-linux) runs it in a terminal of its own.
  const line = [program, ...args].map(word => `'${word.replace(/'/g, '\'\\\'\'')}'`).join(' ');
  return run('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], { ...options, env });
}

/** The cluster's administrator, who prepares and cleans up, and is never the one under test. */
export function admin(cluster: Cluster): Person {
  return { name: 'admin', groups: ['system:masters'], kubeconfig: cluster.kubeconfig };
}

/** What the administrator does has to succeed; returns what it prints. */
export async function asAdmin(cluster: Cluster, args: string[], options: KubectlOptions = {}): Promise<string> {
  const ended = await kubectl(cluster, admin(cluster), args, options);
  if (ended.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${ended.timedOut ? 'took too long' : `exit status ${ended.code}`}\n${ended.stderr}${ended.stdout}`);
  return ended.stdout;
}

/** Applies objects as GitOps does, refusing unknown fields. */
export async function apply(cluster: Cluster, objects: object[]): Promise<string> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  return asAdmin(cluster, ['apply', '--server-side', '--force-conflicts', '--validate=strict', '-f', '-'], { stdin: JSON.stringify(list) });
}

/** An object, or undefined when there is none. */
export async function find(cluster: Cluster, args: string[]): Promise<any> {
  const text = await asAdmin(cluster, ['get', '--ignore-not-found', '-o', 'json', ...args]);
  return text ? JSON.parse(text) : undefined;
}
