import { Chart, Testing } from 'cdk8s';
import { AuditDashboards, AuditLogShipping, LogSink } from '../../../src';
import { theCluster } from '../lab/cluster';
import { admin, asAdmin, kubectl } from '../lab/kubectl';
import { namespace, remove } from '../lab/targets';

const cluster = theCluster();
const PLACES = ['sd-audit-shipping', 'sd-audit-monitoring', 'sd-audit-restricted', 'sd-audit-baseline'];

const objects = () => {
  const chart = Testing.chart();
  new AuditLogShipping(chart, 'shipping', {
    clusterName: 'test', namespace: PLACES[0], stateFolder: '/var/lib/secure-debug/audit-shipping-test', sinks: [LogSink.loki('https://loki.example.com')],
  });
  new AuditDashboards(chart as Chart, 'dashboards', { namespace: PLACES[1] });
  return Testing.synth(chart);
};
const list = (items: any[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

beforeAll(async () => {
  await remove(cluster, PLACES);
  const [own, monitoring, restricted, baseline] = PLACES;
  await asAdmin(cluster, ['create', '-f', '-'], { stdin: list([namespace(own), namespace(monitoring, 'restricted'), namespace(restricted, 'restricted'), namespace(baseline, 'baseline' as any)]) });
});
afterAll(() => remove(cluster, PLACES));

test('the collector and the dashboards are taken by the API server, strictly and without a warning, and again without a change', async () => {
  const all = objects();
  for (const said of [/serverside-applied$/, /serverside-applied$/]) {
    const ended = await kubectl(cluster, admin(cluster), ['apply', '--server-side', '--validate=strict', '-f', '-'], { stdin: list(all) });
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ended.stdout.trim().split('\n').every(line => said.test(line))).toBe(true);
  }
});

test('its pods are let in under Pod Security privileged, and under no other level, as the docs say', async () => {
  const { spec, metadata } = objects().find(object => object.kind === 'DaemonSet').spec.template;
  const pod = (where: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'try', namespace: where }, spec: { ...spec, serviceAccountName: undefined } });
  const create = (where: string) => kubectl(cluster, admin(cluster), ['create', '--dry-run=server', '--validate=strict', '-f', '-'], { stdin: JSON.stringify(pod(where)) });
  expect(await create(PLACES[0])).toMatchObject({ code: 0, stderr: '' });
  for (const where of PLACES.slice(2)) {
    const ended = await create(where);
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toMatch(/violates PodSecurity.*hostPath/);
  }
});
