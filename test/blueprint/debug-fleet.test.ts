import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, ApiObject } from 'cdk8s';
import { BrokerPolicy, ControlPlanePlatform, DebugFleet, DebugFleetProps, DebugTeam, GuardrailMode, RolloutPhase, SecureDebugging, TokenIssuer } from '../../src';
import { rejected } from '../private/refusal';

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
