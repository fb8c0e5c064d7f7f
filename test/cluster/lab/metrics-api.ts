import { mkdirSync, readFileSync } from 'fs';
import { createServer } from 'https';
import { AddressInfo } from 'net';
import { join } from 'path';
import { Cluster, scratch } from './cluster';
import { apply, asAdmin, find } from './kubectl';
import { eventually, must } from './process';

const GROUP = 'metrics.k8s.io';
const API_SERVICE = `v1beta1.${GROUP}`;

/**
 * The resource metrics API of a cluster that has no metrics-server: the API server of this run decides who may ask, as
 * always, and passes the question on to a stand-in on loopback, which answers the same for every pod.
 */
export async function serveMetrics(cluster: Cluster, pods: string[], nodes: string[]): Promise<() => Promise<void>> {
  const folder = scratch(cluster, 'metrics');
  mkdirSync(folder, { recursive: true });
  await must('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-batch', '-days', '2',
    '-subj', '/CN=localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem'),
  ], { env: process.env });

  const usage = { cpu: '5m', memory: '1Mi' };
  const stamp = { timestamp: '2020-01-01T00:00:00Z', window: '10s', apiVersion: `${GROUP}/v1beta1` };
  const podMetrics = (namespace: string, name: string) => ({ kind: 'PodMetrics', metadata: { name, namespace }, ...stamp, containers: [{ name: 'app', usage }] });
  const nodeMetrics = (name: string) => ({ kind: 'NodeMetrics', metadata: { name }, ...stamp, usage });
  const answer = (path: string): object | undefined => {
    if (path === `/apis/${GROUP}/v1beta1`) {
      const verbs = ['get', 'list'];
      return {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: `${GROUP}/v1beta1`,
        resources: [
          { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs },
          { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs },
        ],
      };
    }
    const [, namespace, name] = /\/namespaces\/([^/]+)\/pods(?:\/([^/]+))?$/.exec(path) ?? [];
    if (name) return podMetrics(namespace, name);
    if (namespace) return { kind: 'PodMetricsList', ...stamp, metadata: {}, items: pods.map(pod => podMetrics(namespace, pod)) };
    if (path.endsWith('/nodes')) return { kind: 'NodeMetricsList', ...stamp, metadata: {}, items: nodes.map(nodeMetrics) };
    return undefined;
  };

  const server = createServer({ key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'certificate.pem')) }, (request, response) => {
    const body = answer(new URL(request.url!, 'https://localhost').pathname);
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  await apply(cluster, [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'metrics-stand-in', namespace: 'kube-system' }, spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] } },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: API_SERVICE },
      spec: {
        group: GROUP,
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name: 'metrics-stand-in', namespace: 'kube-system', port },
      },
    },
  ]);
  await eventually('the metrics API', async () => {
    const service = await find(cluster, ['apiservice', API_SERVICE]);
    return service?.status?.conditions?.some((c: any) => c.type === 'Available' && c.status === 'True') || undefined;
  });

  return async () => {
    await asAdmin(cluster, ['delete', 'apiservice', API_SERVICE, '--ignore-not-found']);
    await asAdmin(cluster, ['delete', 'service', 'metrics-stand-in', '-n', 'kube-system', '--ignore-not-found']);
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
}

/** Whether the cluster has the resource metrics API already. */
export async function hasMetrics(cluster: Cluster): Promise<boolean> {
  return (await find(cluster, ['apiservice', API_SERVICE])) !== undefined;
}
