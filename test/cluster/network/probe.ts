import { Cluster } from '../lab/cluster';
import { apply, asAdmin } from '../lab/kubectl';
import { eventually, inParallel } from '../lab/process';
import { namespace, running } from '../lab/targets';

/** A pod that serves on ports and asks others whether they answer. */
export interface ProbePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Record<string, string>;
}

/** TCP ports by their names. UDP is not probed: the busybox of some hosts has no client for it. */
export const NAMED_PORTS: Record<string, number> = { http: 8080, https: 8443, metrics: 9090 };
export const PROBE_PORTS = Object.values(NAMED_PORTS);

const manifest = (cluster: Cluster, { namespace: home, name, labels }: ProbePod) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: home, labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    containers: [{
      name: 'probe',
      image: cluster.image,
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', `mkdir /www; echo hello >/www/index.html; for port in ${PROBE_PORTS.join(' ')}; do httpd -p $port -h /www; done; exec sleep 86400`],
      ports: Object.entries(NAMED_PORTS).map(([portName, containerPort]) => ({ name: portName, containerPort })),
    }],
  },
});

/** Pods that run, by the address that each has. */
export type Addresses = Map<ProbePod, string>;

/** Starts pods in namespaces that are made for them. */
export async function start(cluster: Cluster, pods: ProbePod[]): Promise<Addresses> {
  const namespaces = [...new Set(pods.map(pod => pod.namespace))];
  await apply(cluster, namespaces.map(name => namespace(name)));
  await inParallel(2, namespaces, name => eventually(`the default service account of ${name}`, async () =>
    (await asAdmin(cluster, ['get', 'serviceaccount', 'default', '-n', name, '--ignore-not-found'])) || undefined));
  await apply(cluster, pods.map(pod => manifest(cluster, pod)));
  for (const name of namespaces) await running(cluster, name, pods.filter(pod => pod.namespace === name).map(pod => pod.name));
  return new Map(await inParallel(4, pods, async (pod): Promise<[ProbePod, string]> =>
    [pod, await asAdmin(cluster, ['get', 'pod', pod.name, '-n', pod.namespace, '-o', 'jsonpath={.status.podIP}'])]));
}

/** One connection in words, e.g. `sd-net-home/api > sd-net-away/api:8443`. */
export const connection = (from: ProbePod, to: ProbePod, port: number) => `${from.namespace}/${from.name} > ${to.namespace}/${to.name}:${port}`;

/** Every connection that is possible, by trying each for real, from every pod to every pod. */
export async function probe(cluster: Cluster, addresses: Addresses): Promise<string[]> {
  const pods = [...addresses.keys()];
  const found = await inParallel(3, pods, async from => {
    const targets = pods.flatMap(to => PROBE_PORTS.map(port => ({ url: `http://${hostOf(addresses.get(to)!)}:${port}/`, name: connection(from, to, port) })));
    const one = '(timeout 3 wget -q -O - "$url" 2>/dev/null | grep -q hello && echo "$url")';
    const all = `for url in ${targets.map(({ url }) => url).join(' ')}; do ${one} & done; wait`;
    const output = await asAdmin(cluster, ['exec', from.name, '-n', from.namespace, '--', 'sh', '-c', all]);
    const answered = new Set(output.split('\n'));
    return targets.filter(({ url }) => answered.has(url)).map(({ name }) => name);
  });
  return found.flat().sort();
}

const hostOf = (address: string) => address.includes(':') ? `[${address}]` : address;
