import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'fs';
import { join } from 'path';
import { Cluster, testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { Ended, eventually, must, run } from '../lab/process';

/**
 * Off cluster-admin, by the scripts that the plan wrote, on a control plane of this file's own: at the end nobody of a whole
 * cluster may do everything but the break-glass.
 */

const shared = theCluster();
const PROJECT = join(__dirname, '..', '..', '..');
const SCRIPTS = join(__dirname, '..', 'control-plane');
const apiGroup = 'rbac.authorization.k8s.io';
const apiVersion = `${apiGroup}/v1`;

let cluster: Cluster;
let home: string;
let who: Record<string, Person>;

const TSX = [join(PROJECT, 'node_modules', 'tsx', 'dist', 'cli.mjs')];
/** The command line from its sources, as the person whose kubeconfig it is. */
const program = (config: string) => ({ ...process.env, TSX_TSCONFIG_PATH: join(PROJECT, 'cli', 'tsconfig.dev.json'), KUBECONFIG: config });

const group = (name: string) => ({ apiGroup, kind: 'Group', name });
const user = (name: string) => ({ apiGroup, kind: 'User', name });
const wide = (name: string, role: string, ...subjects: object[]) => ({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup, kind: 'ClusterRole', name: role }, subjects });
const local = (namespace: string, name: string, role: string, ...subjects: object[]) =>
  ({ apiVersion, kind: 'RoleBinding', metadata: { name, namespace }, roleRef: { apiGroup, kind: 'ClusterRole', name: role }, subjects });

const as = (person: string, ...args: string[]) => kubectl(cluster, who[person], args);
const scale = (person: string, namespace: string) => as(person, 'scale', 'deployment', 'web', '--replicas=0', '-n', namespace);

/** What everybody does all day, by namespace; the whole cluster last. */
const WORK: (() => Promise<Ended>)[] = [
  () => as('alice', 'get', 'pods', '-n', 'staging'),
  () => scale('alice', 'staging'),
  () => as('alice', 'get', 'configmaps', '-n', 'shop'),
  () => as('bob', 'get', 'deployment', 'web', '-n', 'shop'),
  () => scale('bob', 'shop'),
  () => as('dora', 'get', 'secret', 'tls', '-n', 'shop', '-o', 'name'),
  () => as('alice', 'get', 'nodes'),
];

async function works(): Promise<void> {
  for (const [i, one] of WORK.entries()) {
    const { code, stderr } = await one();
    if (code !== 0) throw new Error(`work ${i}: ${stderr}`);
  }
}

/** Whether a person may do everything. */
const mayAll = async (person: string) => (await as(person, 'auth', 'can-i', '*', '*', '--all-namespaces')).stdout.trim() === 'yes';
const PEOPLE = { alice: ['oncall'], bob: ['oncall'], carol: ['glass'], dora: ['devs'], eve: ['former'] };

beforeAll(async () => {
  if (!shared.own) return;
  home = join(shared.folder, 'plan');
  mkdirSync(home);
  const policy = join(home, 'audit-policy.yaml');
  writeFileSync(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{ level: Metadata }]\n');
  await must(join(SCRIPTS, 'up.sh'), [join(home, 'cluster'), '--version', shared.version, '--no-node', '--owner', String(process.pid), '--audit-policy', policy], { env: process.env, timeout: 300_000 });
  cluster = { ...shared, kubeconfig: join(home, 'cluster', 'admin.kubeconfig'), folder: join(home, 'suite'), node: false };
  mkdirSync(cluster.folder);
  who = await people(cluster, Object.entries(PEOPLE).map(([name, groups]) => ({ name, groups })));
  for (const name of ['staging', 'shop']) await asAdmin(cluster, ['create', 'namespace', name]);
  const labels = { app: 'web' };
  await apply(cluster, [
    ...['staging', 'shop'].map(namespace => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: cluster.image }] } } },
    })),
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tls', namespace: 'shop' }, stringData: { made: 'for this test' } },
    wide('oncall-admins', 'cluster-admin', group('oncall')),
    wide('mixed', 'cluster-admin', group('glass'), user('eve'), user('dora')),
    local('shop', 'devs', 'admin', group('devs')),
    local('staging', 'gone', 'edit', { kind: 'ServiceAccount', name: 'gone', namespace: 'staging' }, group('oncall')),
  ]);
}, 180_000);
afterAll(async () => {
  if (shared.own) await must(join(SCRIPTS, 'down.sh'), [join(home, 'cluster')], { env: process.env, timeout: 120_000 });
}, 120_000);

testIf(shared.own, 'needs a control plane of its own, with an audit log')('wave by wave, with the work passing after each, and the way back', async () => {
  await eventually('rights', async () => (await as('dora', 'get', 'nodes')).code === 0 || undefined);
  await works();
  const out = join(home, 'plan-out');
  const main = join(PROJECT, 'cli', 'src', 'main.ts');
  const planned = await run(process.execPath, [
    ...TSX, main, 'plan', '--live', '--audit-log', join(home, 'cluster', 'audit.log'), '--out', out, '--break-glass', 'glass', '--wave', 'staging=staging', '--json',
  ], { env: program(cluster.kubeconfig), timeout: 120_000 });
  expect(planned.stderr).toBe('');
  const decisions = JSON.parse(planned.stdout).decisions.filter(({ action, binding }: any) => action !== 'keep' || binding === 'ClusterRoleBinding mixed');
  expect(decisions.map(({ binding, who: subject, action }: any) => `${binding}: ${subject}: ${action}`)).toEqual([
    'ClusterRoleBinding mixed: Group glass: keep',
    'ClusterRoleBinding mixed: User eve: remove',
    'ClusterRoleBinding mixed: User dora: replace',
    'ClusterRoleBinding oncall-admins: Group oncall: replace',
    'RoleBinding shop/devs: Group devs: shrink',
    'RoleBinding staging/gone: ServiceAccount staging/gone: remove',
    'RoleBinding staging/gone: Group oncall: shrink',
  ]);

  // What npm install does, without a registry; the library is that of this work tree.
  symlinkSync(join(PROJECT, 'node_modules'), join(out, 'node_modules'));
  const library = { extends: './tsconfig.json', compilerOptions: { noEmit: true, paths: { 'cdk8s-secure-debug': [join(PROJECT, 'src', 'index.ts')] } } };
  writeFileSync(join(out, 'tsconfig.here.json'), JSON.stringify(library));
  await must(process.execPath, [...TSX, 'main.ts'], { cwd: out, env: { ...process.env, TSX_TSCONFIG_PATH: join(out, 'tsconfig.here.json') }, timeout: 120_000 });

  const tool = join(home, 'secure-debug');
  writeFileSync(tool, `#!/bin/sh\nexec ${[process.execPath, ...TSX, main].map(word => `'${word}'`).join(' ')} "$@"\n`, { mode: 0o755 });
  const env = { ...program(cluster.kubeconfig), KUBECTL: Object.values(cluster.clients)[0], SECURE_DEBUG: tool };
  const script = (name: string) => run('sh', [join(out, 'waves', name)], { env, timeout: 180_000 });
  for (const wave of ['wave-1-staging', 'wave-2-others', 'wave-3-cluster']) {
    const { code, stdout, stderr } = await script(`${wave}/apply.sh`);
    expect(`${stderr}${code}`).toBe('0');
    expect(stdout).toMatch(/In order[^]*In order/);
    await works();
  }
  await eventually('the rights to be gone', async () => await mayAll('alice') || await mayAll('eve') ? undefined : true);
  await works();
  const might: Record<string, boolean> = {};
  for (const person of Object.keys(PEOPLE)) might[person] = await mayAll(person);
  expect(might).toEqual({ alice: false, bob: false, carol: true, dora: false, eve: false });
  // Nothing but what was done.
  expect((await as('alice', 'delete', 'deployment', 'web', '-n', 'shop')).stderr).toContain('Forbidden');
  expect((await as('dora', 'get', 'secrets', '-n', 'shop')).stderr).toContain('Forbidden');
  expect((await as('eve', 'get', 'pods', '-n', 'shop')).stderr).toContain('Forbidden');

  // The way back, by who may break the glass.
  const back = await run('sh', [join(out, 'waves', 'wave-3-cluster', 'back.sh')], { env: { ...env, KUBECONFIG: who.carol.kubeconfig }, timeout: 60_000 });
  expect(`${back.stderr}${back.code}`).toBe('0');
  await eventually('the way back', async () => await mayAll('alice') && await mayAll('eve') || undefined);
  const subjects = JSON.parse(await asAdmin(cluster, ['get', 'clusterrolebinding', 'mixed', '-o', 'json'])).subjects.map(({ name }: any) => name);
  expect(subjects).toEqual(['glass', 'eve', 'dora']);
  expect(readFileSync(join(out, 'PLAN.md'), 'utf8')).toContain('Break-glass: `glass`.');
}, 400_000);
