/**
 * The collector as the pod that the construct emits, on a node that is tainted as control planes are: with the ServiceAccount, the
 * security context, the folders and the Pod Security level that stand in the manifests, and nothing added. Its sink is another
 * collector outside. Pods are deleted and killed while the log is rotated and the sink is away. Run by `npm run test:long`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { adminOf, freePort, recordsOf, Restartable, theCollector } from './audit-shipping/processes';
import { AuditLogShipping, AuditPolicy, ControlPlane, LogSink } from '../../../src';
import { Api } from '../lab/api';
import { scratch, testIf, theCluster } from '../lab/cluster';
import { eventually, inParallel, must } from '../lab/process';

const cluster = theCluster();
const own = join(scratch(cluster, 'audit-shipping-pod'));
const lab = join(own, 'lab');
/** The one folder that is on the node and outside of it at the same path. */
const audit = join(lab, 'audit');
const SCRIPTS = join(__dirname, '..', 'control-plane');
const NAMESPACE = 'secure-debug-audit';

const available = cluster.own && cluster.node && process.platform === 'linux';
const it = testIf(available, 'it boots a cluster with a node of its own');

const stops: (() => unknown)[] = [];
let kubectl: (args: string[], stdin?: string) => Promise<string>;
let api: Api;
let sink: Restartable;
let received: string;

/** Every line of the log and of the files that it was rotated to. */
const written = () => readdirSync(audit).filter(file => /^audit.*\.log$/.test(file))
  .flatMap(file => readFileSync(join(audit, file), 'utf8').split('\n').slice(0, -1));
const arrived = () => {
  const text = existsSync(received) ? readFileSync(received, 'utf8') : '';
  return recordsOf(text.slice(0, text.lastIndexOf('\n') + 1));
};
const pods = async (): Promise<any[]> => JSON.parse(await kubectl(['-n', NAMESPACE, 'get', 'pods', '-o', 'json'])).items;
/** The pod that is ready and is none of these. */
const ready = (others: string[] = []) => eventually('a pod that is ready', async () => (await pods()).find(({ metadata, status }) =>
  !metadata.deletionTimestamp && !others.includes(metadata.uid) && status.conditions?.some((one: any) => one.type === 'Ready' && one.status === 'True')), 120_000);
const uids = async () => (await pods()).map(({ metadata }) => metadata.uid);
/** Requests that are recorded. */
const ask = (what: string, count: number) => inParallel(8, Array.from({ length: count }, (_, n) => n), n => api.send('GET', `/api/v1/namespaces/default/pods/${what}-${n}/log`));
const missingOf = (lines: string[]) => {
  const seen = new Set(arrived().map(({ body }) => body));
  return lines.filter(line => !seen.has(line));
};
const allOf = async (lines: string[]) => {
  await eventually('every line to arrive', async () => missingOf(lines).length === 0 ? true : undefined, 180_000).catch(() => undefined);
  expect(missingOf(lines).slice(0, 3)).toEqual([]);
};

/** The collector's process, as this host sees it: no other has the folders of this cluster. */
function collectorProcess(): { pid: string; status: string; mounts: string } {
  const found = readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (!command.startsWith('/otelcol-contrib\0')) return [];
      const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
      return mounts.includes(` ${audit} `) ? [{ pid, status: readFileSync(`/proc/${pid}/status`, 'utf8'), mounts }] : [];
    } catch {
      return [];
    }
  });
  expect(found).toHaveLength(1);
  return found[0];
}

beforeAll(async () => {
  if (!available) return;
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  const collector = await theCollector();
  const policy = join(own, 'policy.yaml');
  writeFileSync(policy, new AuditPolicy(new ControlPlane(), 'audit').toYaml());
  stops.push(() => must(join(SCRIPTS, 'down.sh'), [lab], { env: process.env, timeout: 120_000 }));
  await must(join(SCRIPTS, 'up.sh'), [lab, '--version', cluster.version, '--owner', String(process.pid), '--audit-policy', policy,
    ...[`path=${join(audit, 'audit.log')}`, 'maxsize=1', 'maxbackup=500'].flatMap(flag => ['--patch', `kube-apiserver=--audit-log-${flag}`])], { env: process.env, timeout: 300_000 });
  api = adminOf(lab);
  stops.push(() => api.close());
  const settings = Object.fromEntries(readFileSync(join(lab, 'cluster.env'), 'utf8').split('\n').filter(line => line).map(line => line.split(/=(.*)/)));
  kubectl = (args, stdin) => must(settings.KUBECTL, args, { env: { PATH: process.env.PATH, HOME: own, KUBECONFIG: settings.KUBECONFIG }, stdin });
  await must(join(SCRIPTS, 'image.sh'), [lab, AuditLogShipping.DEFAULT_IMAGE, '--add', `${collector}:/otelcol-contrib`, '--entrypoint', '["/otelcol-contrib"]', '--command', '[]'], { env: process.env, timeout: 120_000 });
  await kubectl(['taint', 'node', 'node-1', 'node-role.kubernetes.io/control-plane=:NoSchedule']);

  // The sink is on this host's end of the cable to the node.
  const host = new URL(settings.SERVER).hostname;
  const port = await freePort();
  received = join(own, 'received.jsonl');
  const gateway = join(own, 'gateway.json');
  writeFileSync(gateway, JSON.stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `${host}:${port}` } } } },
    exporters: { file: { path: received, append: true } },
    service: { telemetry: { metrics: { level: 'none' } }, pipelines: { logs: { receivers: ['otlp'], exporters: ['file'] } } },
  }));
  sink = new Restartable(collector, ['--config', gateway], join(own, 'gateway.log'));
  stops.push(() => sink.stop('SIGTERM'));
  sink.start();

  const chart = new Chart(new App(), 'audit');
  new AuditLogShipping(chart, 'shipping', { clusterName: 'lab', logPath: join(audit, 'audit.log'), sinks: [LogSink.otlpHttp(`http://${host}:${port}`, { plaintext: true })] });
  await kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: chart.toJson() }));
}, 25 * 60_000);

afterAll(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
}, 180_000);

it('it runs on nodes of the control plane only, tolerates their taint, and has no right, no token and no capability', async () => {
  const desired = async () => JSON.parse(await kubectl(['-n', NAMESPACE, 'get', 'daemonset', 'audit-log-shipping', '-o', 'json'])).status;
  await eventually('a node that is none of the control plane to be left out', async () => {
    const { observedGeneration, desiredNumberScheduled } = await desired();
    return observedGeneration && desiredNumberScheduled === 0 ? true : undefined;
  });
  await kubectl(['label', 'node', 'node-1', 'node-role.kubernetes.io/control-plane=', '--overwrite']);
  const pod = await ready();
  expect(pod.spec.nodeName).toBe('node-1');
  const { status, mounts } = collectorProcess();
  const number = (field: string) => new RegExp(`^${field}:\\s+([0-9a-f]+)`, 'm').exec(status)![1];
  // Root without a capability, in a filter of system calls, and it cannot become more.
  expect(['Uid', 'CapPrm', 'CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp'].map(number)).toEqual(['0', '0000000000000000', '0000000000000000', '0000000000000000', '1', '2']);
  const mounted = (path: string) => mounts.split('\n').find(line => line.split(' ')[4] === path)?.split(' ')[5].split(',')[0];
  expect([mounted('/'), mounted(audit), mounted('/var/lib/otelcol-audit'), mounted('/etc/otelcol-audit')]).toEqual(['ro', 'ro', 'rw', 'ro']);
  expect(mounts).not.toContain('serviceaccount');
  // Below `privileged` the namespace would let no such pod in.
  const { labels } = JSON.parse(await kubectl(['get', 'namespace', NAMESPACE, '-o', 'json'])).metadata;
  expect(labels['pod-security.kubernetes.io/enforce']).toBe('privileged');
  await kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=baseline', '--overwrite']);
  await eventually('baseline to refuse it', async () => (kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify({ ...pod, metadata: { name: 'another', namespace: NAMESPACE, labels: pod.metadata.labels }, spec: { ...pod.spec, nodeName: undefined }, status: undefined }))
    .then(() => undefined, error => /violates PodSecurity "baseline:latest": hostPath volumes/.test(error.message) || undefined)));
  await kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=privileged', '--overwrite']);
}, 300_000);

it('pods are deleted and killed, the log is rotated, the sink is away: every line arrives, and none is read from the start again', async () => {
  await kubectl(['label', 'node', 'node-1', 'node-role.kubernetes.io/control-plane=', '--overwrite']);
  let pod = await ready();
  await ask('first', 1_500);
  const first = written();
  await allOf(first);
  const twice = () => {
    const bodies = arrived().map(({ body }) => body);
    return bodies.length - new Set(bodies).size;
  };
  const before = twice();

  // Deleted while the sink is away: what was read and not delivered is on the node's disk.
  await sink.stop('SIGTERM');
  await ask('during', 700);
  const old = await uids();
  await kubectl(['-n', NAMESPACE, 'delete', 'pod', pod.metadata.name]);
  pod = await ready(old);
  await ask('still-away', 300);
  sink.start();
  await allOf(written());
  const afterDeletion = twice();

  // Its process is killed, and the pod stays.
  process.kill(Number(collectorProcess().pid), 'SIGKILL');
  await ask('killed', 700);
  await eventually('a restart of the container', async () => (await pods())[0].status.containerStatuses?.[0].restartCount === 1 || undefined, 120_000);
  await ready();
  // Deleted without being asked to stop.
  const others = await uids();
  await kubectl(['-n', NAMESPACE, 'delete', 'pod', pod.metadata.name, '--grace-period=0', '--force']);
  await ask('forced', 700);
  pod = await ready(others);
  await ask('last', 300);
  const lines = written();
  await allOf(lines);

  const rotated = readdirSync(audit).filter(file => /^audit-/.test(file)).length;
  process.stderr.write(`${lines.length} events, ${rotated} rotated files, 3 pods: ${afterDeletion - before} came twice after a deletion in an outage, ${twice() - afterDeletion} after a kill and a forced deletion\n`);
  expect(rotated).toBeGreaterThanOrEqual(2);
  expect(lines.length).toBeGreaterThan(4_000);
  // Had the checkpoint gone with the pod, all that was there would have come again.
  expect(twice() - before).toBeLessThan(first.length / 2);
  expect(arrived().every(({ cluster: from }) => from === 'lab')).toBe(true);
  const metrics = await fetch(`http://${pod.status.podIP}:9464/metrics`).then(answer => answer.text());
  expect(metrics).toMatch(/^secure_debug_events_total\{[^}]*k8s_cluster_name="lab"[^}]*\} [1-9]/m);
}, 15 * 60_000);
