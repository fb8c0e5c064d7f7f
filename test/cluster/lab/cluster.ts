import { readFileSync } from 'fs';
import { join } from 'path';

/** The cluster under test. `run.ts` boots or checks it, writes it down, and names the file in the environment. */
export interface Cluster {
  /** Its administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Kubernetes version, e.g. `1.37.1`. */
  readonly version: string;
  /** Scratch folder of this run; removed after it. */
  readonly folder: string;
  /** kubectl programs by version, the newest first. */
  readonly clients: Record<string, string>;
  /** Whether this run booted it: then flags, log files and images are known. Else it is the user's. */
  readonly own: boolean;
  /** Whether the tables in docs/ are about it: it is the newest version, with every part. */
  readonly documented: boolean;
  /** Whether it has a node to run pods on. */
  readonly node: boolean;
  /** The API server's audit log, if it can be read from here. */
  readonly auditLog?: string;
  /** The policy that decides what is in it. */
  readonly auditPolicy?: string;
  /** An image with a shell, tar and httpd that the nodes can run. */
  readonly image: string;
  /** An image with Node.js that the nodes can run; it is what the clean-up's CronJob uses. */
  readonly nodeImage?: string;
}

export const CLUSTER_FILE = 'CDK8S_SECURE_DEBUG_CLUSTER';

/** The cluster of this run. */
export function theCluster(): Cluster {
  const file = process.env[CLUSTER_FILE];
  if (!file) throw new Error(`${CLUSTER_FILE} is not set. Fix: run these tests by npm run test:cluster -- PATTERN.`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The newest client. */
export function newestClient(cluster: Cluster): string {
  return Object.keys(cluster.clients)[0];
}

/** A folder of a test file's own, in the scratch folder of the run. */
export function scratch(cluster: Cluster, name: string): string {
  return join(cluster.folder, name);
}

/**
 * A test that needs something this cluster may not have. Without it the test is skipped, and its name says why.
 */
export function testIf(available: unknown, reason: string): Pick<jest.It, 'each'> & ((name: string, fn: () => unknown, timeout?: number) => void) {
  if (available) return test as any;
  const why = (name: string) => {
    // jest names no test of a file in which all are skipped.
    process.stderr.write(`skipped: ${name}: ${reason}\n`);
    return `${name} [skipped: ${reason}]`;
  };
  const skipped = (name: string, fn: () => unknown) => test.skip(why(name), fn as jest.EmptyFunction);
  const each = (rows: any) => (name: string, fn: any) => test.skip.each(rows)(why(name), fn);
  return Object.assign(skipped, { each }) as any;
}
