import { Cluster } from '../lab/cluster';
import { asAdmin, kubectl, Person } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { target } from '../lab/targets';

/** Pods by the name of their workload. */
export type Pods = Record<string, any[]>;

/** Names the workload of a pod. */
const WORKLOAD = 'app';

/** A workload whose pods are debugged; container `app` of each is that of `target`. */
export function workload(cluster: Cluster, ns: string, name: string, { kind = 'Deployment', replicas = undefined as number | undefined } = {}): object {
  const labels = { [WORKLOAD]: name };
  const { spec } = target(cluster, ns, name) as any;
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: ns },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec }, ...replicas && { replicas } },
  };
}

async function allPods(cluster: Cluster, ns: string): Promise<any[]> {
  return JSON.parse(await asAdmin(cluster, ['get', 'pods', '-n', ns, '-o', 'json'])).items;
}

/** The pods of a namespace, without those on their way out. */
export async function podsOf(cluster: Cluster, ns: string): Promise<Pods> {
  const found: Pods = {};
  for (const pod of await allPods(cluster, ns)) {
    const key = pod.metadata.labels?.[WORKLOAD] ?? (pod.metadata.name.startsWith('node-debugger-') ? 'node-debugger' : pod.metadata.name);
    if (!pod.metadata.deletionTimestamp) (found[key] ??= []).push(pod);
  }
  return found;
}

/** The pods of a namespace, when those of so many workloads are ready. */
export function ready(cluster: Cluster, ns: string, workloads: number): Promise<Pods> {
  return eventually(`the pods of ${ns}`, async () => {
    const pods = await podsOf(cluster, ns);
    const isReady = (pod: any) => pod.status.conditions?.some((condition: any) => condition.type === 'Ready' && condition.status === 'True');
    return Object.keys(pods).length === workloads && Object.values(pods).flat().every(isReady) ? pods : undefined;
  }, 300_000);
}

export const isDebugged = (pod: any): boolean => (pod.spec.ephemeralContainers ?? []).length > 0;

export const DEBUG_OPTIONS = ['--target=app', '--container=debugger'];

/** Somebody debugs, and leaves it running. */
export async function debug(
  cluster: Cluster, person: Person, ns: string, what: string, { image = cluster.image, command = ['sleep', '3600'], options = DEBUG_OPTIONS } = {},
): Promise<void> {
  const args = ['debug', what, '-n', ns, `--image=${image}`, ...options, '--quiet', '--', ...command];
  const ended = await kubectl(cluster, person, args);
  if (ended.code !== 0) throw new Error(`kubectl ${args.join(' ')} as ${person.name}: exit status ${ended.code}\n${ended.stderr}`);
}

/** Waits until the debug containers of these pods run, have ended, or lack their image. */
export async function settled(cluster: Cluster, ns: string, names: string[]): Promise<void> {
  await eventually(`the debug containers of ${names.join(', ')}`, async () => {
    const pods = (await allPods(cluster, ns)).filter(pod => names.includes(pod.metadata.name));
    return pods.every(({ status }) => {
      const state = status.ephemeralContainerStatuses?.[0]?.state ?? {};
      return state.running || state.terminated || /Image/.test(state.waiting?.reason ?? '');
    }) || undefined;
  });
}

/** Waits until the clock of a pod's node has gone on by so many seconds. */
export async function outlive(cluster: Cluster, ns: string, pod: string, seconds: number): Promise<void> {
  const script = `end=$(($(date +%s) + ${seconds})); until [ $(date +%s) -ge $end ]; do sleep 1; done`;
  await asAdmin(cluster, ['exec', '-n', ns, pod, '-c', 'app', '--', 'sh', '-c', script], { timeout: 3_000 * seconds });
}
