import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, ApiObject } from 'cdk8s';
import {
  BrokerPolicy, CentralAudit, ControlPlanePlatform, DebugFleet, DebugFleetProps, DebugTeam, GuardrailMode, LogSink, MaintenanceWindow, RolloutPhase,
  SecureDebugging, TokenIssuer, Weekday,
} from '../../src';
import { rejected } from '../private/refusal';

// Several clusters are written in a test.
jest.setTimeout(60_000);

const TEAMS: DebugTeam[] = ['orders', 'payments'].map(name => ({ name, namespaces: [name], onCall: `oncall-${name}`, approvers: `${name}-leads` }));
const ISSUER = new TokenIssuer({ issuerUrl: 'https://id.example.com', audiences: ['kubernetes'], groups: ['oncall-payments'] });
const FLEET: DebugFleetProps = {
  teams: TEAMS,
  issuers: [ISSUER],
  clusters: [
    { name: 'staging', phase: RolloutPhase.BROKER, platforms: [ControlPlanePlatform.KUBEADM] },
    { name: 'prod-eu', phase: RolloutPhase.CREDENTIALS, clusterVersion: '1.33' },
    { name: 'prod-us', teams: ['payments'], managedControlPlane: true },
  ],
};

let outdir: string;
beforeEach(() => { outdir = mkdtempSync(join(tmpdir(), 'secure-debug-')); });
afterEach(() => rmSync(outdir, { recursive: true }));
const files = () => readdirSync(outdir, { recursive: true, withFileTypes: true }).filter(one => one.isFile())
  .map(one => join(one.parentPath, one.name).slice(outdir.length + 1)).sort();
const plain = (names: string[]) => names.map(name => name.replace(/-[0-9a-f]{8}(?=\.k8s)/, ''));

test('a folder for each cluster, with what differs there', () => {
  const fleet = new DebugFleet({ ...FLEET, outdir });
  expect(fleet.clusterNames).toEqual(['prod-eu', 'prod-us', 'staging']);
  fleet.synth();
  expect(plain(files())).toEqual([
    'prod-eu/control-plane/audit-policy.yaml',
    'prod-eu/control-plane/authentication-config.yaml',
    'prod-eu/manifests/debugging-cluster.k8s.yaml',
    'prod-eu/manifests/debugging-team-orders.k8s.yaml',
    'prod-eu/manifests/debugging-team-payments.k8s.yaml',
    'prod-us/manifests/debugging-cluster.k8s.yaml',
    'prod-us/manifests/debugging-team-payments.k8s.yaml',
    'staging/control-plane/audit-policy.yaml',
    'staging/control-plane/authentication-config.yaml',
    'staging/control-plane/kubeadm.yaml',
    'staging/manifests/debugging-cluster.k8s.yaml',
    'staging/manifests/debugging-team-orders.k8s.yaml',
    'staging/manifests/debugging-team-payments.k8s.yaml',
  ]);
  expect(fleet.cluster('staging').policy.mode).toBe(GuardrailMode.DENY);
  expect(fleet.cluster('prod-eu').policy.mode).toBe(GuardrailMode.AUDIT);
  expect(fleet.cluster('prod-us').phase).toBe(RolloutPhase.RBAC);
});

test('a cluster gets what it would get alone', () => {
  new DebugFleet({ ...FLEET, outdir }).synth();
  const app = new App();
  new SecureDebugging(app, 'debugging', { teams: TEAMS.slice(1) });
  const written = files().filter(file => file.startsWith('prod-us/')).map(file => readFileSync(join(outdir, file), 'utf8').trimEnd());
  expect(written.join('\n---\n')).toBe(app.synthYaml().trimEnd());
});

test('what is added to a cluster is written', () => {
  const fleet = new DebugFleet({ ...FLEET, outdir });
  new ApiObject(fleet.cluster('prod-us').clusterChart, 'mine', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'added-by-hand' } });
  expect(fleet.cluster('prod-us')).toBe(fleet.cluster('prod-us'));
  fleet.synth();
  const having = files().filter(file => readFileSync(join(outdir, file), 'utf8').includes('added-by-hand'));
  expect(plain(having)).toEqual(['prod-us/manifests/debugging-cluster.k8s.yaml']);
});

test('a warning is told once, with the clusters that have it', () => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const same = { ...FLEET, teams: TEAMS.slice(1), outdir };
    new DebugFleet(same).synth();
    new DebugFleet({ ...same, clusters: [...FLEET.clusters, { name: 'lab', guardrailMode: GuardrailMode.AUDIT, phase: RolloutPhase.BROKER }] }).synth();
    const told = write.mock.calls.map(([line]) => /^warning (SD\d+) .* \((.*)\)\n$/.exec(String(line))?.slice(1));
    expect(told).toEqual([['SD6040', 'all 3 clusters'], ['SD6040', 'all 4 clusters'], ['SD6001', 'lab']]);
  } finally {
    write.mockRestore();
  }
});

test('a team that is gone leaves no file behind, and files of others stay', () => {
  new DebugFleet({ ...FLEET, outdir }).synth();
  writeFileSync(join(outdir, 'prod-eu', 'manifests', 'kustomization.yaml'), 'resources: []\n');
  const before = files();
  new DebugFleet({ ...FLEET, teams: TEAMS.slice(1), outdir }).synth();
  const gone = before.filter(file => !files().includes(file));
  expect(plain(gone)).toEqual(['prod-eu/manifests/debugging-team-orders.k8s.yaml', 'staging/manifests/debugging-team-orders.k8s.yaml']);
  new DebugFleet({ ...FLEET, outdir }).synth();
  expect(files()).toEqual(before);
});

describe('central audit', () => {
  const releases = new MaintenanceWindow('releases', { days: [Weekday.TUESDAY], from: '22:00', to: '02:00', timeZone: 'Europe/Berlin' });
  const audit: CentralAudit = { shipping: { sinks: [LogSink.loki('https://loki.example.com')], windows: [releases] }, alerts: {}, dashboards: {} };
  const read = (part: string) => files().filter(file => file.includes(part)).map(file => readFileSync(join(outdir, file), 'utf8')).join('');

  test('one cluster watches all whose log is shipped, each under its name', () => {
    new DebugFleet({ ...FLEET, audit, monitoringCluster: 'prod-us', outdir }).synth();
    expect(plain(files()).filter(file => /debugging-(audit|monitoring)/.test(file))).toEqual([
      'prod-eu/manifests/debugging-audit.k8s.yaml', 'prod-us/manifests/debugging-monitoring.k8s.yaml', 'staging/manifests/debugging-audit.k8s.yaml',
    ]);
    for (const [one, other] of [['prod-eu', 'staging'], ['staging', 'prod-eu']]) {
      const said = (part: string) => read(`${one}/manifests/debugging-audit`).includes(part);
      expect([said(one), said(other), said('releases')]).toEqual([true, false, true]);
    }
    // The provider of prod-us has its log: it would be missed for ever.
    const silent = [...read('prod-us/manifests/debugging-monitoring').matchAll(/absent_over_time\([^{]*\{[a-z_0-9]+="([^"]+)"/g)].map(([, name]) => name);
    expect(silent).toEqual(['prod-eu', 'staging']);
  });

  test('without such a cluster each watches itself', () => {
    const fleet = new DebugFleet({ ...FLEET, audit, outdir });
    fleet.synth();
    expect(plain(files()).filter(file => file.includes('monitoring'))).toEqual(['prod-eu/manifests/debugging-monitoring.k8s.yaml', 'staging/manifests/debugging-monitoring.k8s.yaml']);
    expect(fleet.cluster('prod-us').auditLogShipping ?? fleet.cluster('prod-us').auditAlerts).toBeUndefined();
    expect(fleet.cluster('staging').auditAlerts!.toPrometheusRules()).not.toContain('prod-eu');
  });

  test('a cluster may be left out, and may have sinks of its own', () => {
    const fleet = new DebugFleet({
      ...FLEET,
      audit,
      clusters: [{ name: 'lab', audit: {} }, { name: 'prod', audit: { ...audit, shipping: { sinks: [LogSink.kafka(['kafka.example.com:9093'])] } } }, { name: 'staging' }],
    });
    expect(fleet.cluster('lab').auditLogShipping ?? fleet.cluster('lab').auditAlerts).toBeUndefined();
    expect(fleet.cluster('prod').auditLogShipping!.toCollectorYaml()).toContain('kafka.example.com');
    expect(fleet.cluster('staging').auditLogShipping!.toCollectorYaml()).toContain('loki.example.com');
  });

  test.each<[string, Partial<DebugFleetProps>, object]>([
    ['a monitoring cluster that there is not', { audit, monitoringCluster: 'prod' }, { field: 'monitoringCluster', value: 'prod', fix: expect.stringContaining('prod-eu, prod-us, staging') }],
    ['nothing to see there', { audit: { shipping: audit.shipping }, monitoringCluster: 'prod-eu' }, { field: 'monitoringCluster', problem: expect.stringContaining('there are none') }],
    ['nothing that is shipped', { audit: { alerts: {} }, monitoringCluster: 'prod-eu' }, { field: 'monitoringCluster', fix: 'give audit.shipping' }],
    ['the log of a provider', { clusters: [{ name: 'prod', managedControlPlane: true, audit }] }, { field: 'clusters[0].audit' }],
  ])('%s is refused', (_, props, expected) => {
    expect(rejected(() => new DebugFleet({ ...FLEET, ...props }))).toMatchObject(expected);
  });
});

test('a cluster may have a policy of its own', () => {
  const policy = BrokerPolicy.of({ teams: [{ name: 'shop', namespaces: ['shop'], onCall: ['oncall'] }] });
  const fleet = new DebugFleet({ ...FLEET, clusters: [{ name: 'shop', policy }, { name: 'other' }] });
  expect(fleet.cluster('shop').grants.map(({ namespace }) => namespace)).toEqual(['shop']);
  expect(fleet.cluster('other').policy.teams.map(({ name }) => name)).toEqual(['orders', 'payments']);
});

test.each<[string, Partial<DebugFleetProps>, object]>([
  ['no clusters', { clusters: [] }, { field: 'clusters', fix: 'give at least one cluster' }],
  ['a name that is none', { clusters: [{ name: '../prod' }] }, { field: 'clusters[0].name', value: '../prod' }],
  ['a name twice', { clusters: [{ name: 'prod' }, { name: 'prod' }] }, { field: 'clusters[1].name', problem: 'is listed twice' }],
  ['a team that there is not', { clusters: [{ name: 'prod', teams: ['payment'] }] }, { field: 'clusters[0].teams[0]', value: 'payment', fix: 'use one of orders, payments' }],
  ['no team', { clusters: [{ name: 'prod', teams: [] }] }, { field: 'clusters[0].teams', problem: 'is empty' }],
  ['issuers where the provider sets them', { clusters: [{ name: 'prod', managedControlPlane: true, issuers: [ISSUER] }] }, { field: 'clusters[0].managedControlPlane' }],
])('%s is refused', (_, props, expected) => {
  expect(rejected(() => new DebugFleet({ ...FLEET, ...props }))).toMatchObject(expected);
});

test('teams of a fleet with a policy, and a cluster that there is not', () => {
  const policy = BrokerPolicy.of({ teams: [{ name: 'shop', namespaces: ['shop'], onCall: ['oncall'] }] });
  expect(rejected(() => new DebugFleet({ policy, clusters: [{ name: 'prod', teams: ['shop'] }] }))).toMatchObject({ field: 'clusters[0].teams' });
  expect(rejected(() => new DebugFleet(FLEET).cluster('prod'))).toMatchObject({ field: 'name', value: 'prod', fix: 'use one of prod-eu, prod-us, staging' });
});
