import { Cluster } from './cluster';
import { asAdmin } from './kubectl';
import { eventually } from './process';

/** What only namespaces of this suite have as a label. */
const OURS = 'secure-debug.internal/test';

/** A namespace of this suite. */
export function namespace(name: string, podSecurity: 'privileged' | 'restricted' = 'privileged'): object {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: {
        [OURS]: 'true',
        'pod-security.kubernetes.io/enforce': podSecurity,
        'pod-security.kubernetes.io/warn': podSecurity,
      },
    },
  };
}

const podSpec = (image: string) => ({
  terminationGracePeriodSeconds: 0,
  automountServiceAccountToken: false,
  containers: [{
    name: 'app',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', 'mkdir -p /www && echo hello >/www/index.html && httpd -p 8080 -h /www; while :; do echo tick; sleep 1; done'],
    ports: [{ containerPort: 8080 }],
  }],
});

/** A pod to debug: container `app` prints `tick` every second and serves `hello` on port 8080. */
export function target(cluster: Cluster, ns: string, name: string, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: ns, labels: { app: name }, ...metadata }, spec: podSpec(cluster.image) };
}

/** What else people look at: a Deployment, a ConfigMap, a Secret. */
export function surroundings(cluster: Cluster, ns: string): object[] {
  const labels = { app: 'web' };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: ns },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(cluster.image) } },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: ns }, data: { color: 'green' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'password', namespace: ns }, stringData: { password: 'not-for-people' } },
  ];
}

/** Waits until pods run. */
export async function running(cluster: Cluster, ns: string, names: string[]): Promise<void> {
  await eventually('the default service account', async () => (await asAdmin(cluster, ['get', 'serviceaccount', 'default', '-n', ns, '--ignore-not-found'])) || undefined);
  await asAdmin(cluster, ['wait', '--for=condition=Ready', '--timeout=300s', '-n', ns, ...names.map(name => `pod/${name}`)], { timeout: 310_000 });
}

/** Removes namespaces of this suite with all that is in them; never one that somebody else made. */
export async function remove(cluster: Cluster, namespaces: string[]): Promise<void> {
  const there = JSON.parse(await asAdmin(cluster, ['get', 'namespaces', '-o', 'json'])).items.filter((item: any) => namespaces.includes(item.metadata.name));
  const foreign = there.find((item: any) => !item.metadata.labels?.[OURS]);
  if (foreign) throw new Error(`the namespace ${foreign.metadata.name} of the cluster was not made by this suite. Fix: use a cluster without it.`);
  if (there.length === 0) return;
  await asAdmin(cluster, ['delete', 'namespace', '--ignore-not-found', '--wait=true', '--timeout=120s', ...namespaces], { timeout: 130_000 });
}

/** A node that runs pods. */
export async function nodeName(cluster: Cluster): Promise<string> {
  const { items } = JSON.parse(await asAdmin(cluster, ['get', 'nodes', '-o', 'json']));
  const ready = items.find((node: any) => !node.spec.unschedulable && node.status.conditions.some((c: any) => c.type === 'Ready' && c.status === 'True'));
  if (!ready) throw new Error('no node of the cluster is Ready');
  return ready.metadata.name;
}
