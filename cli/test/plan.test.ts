import { execFileSync } from 'child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App } from 'cdk8s';
import * as ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { did, Folder, rights, secureDebug } from './audit-lines';

// Programs are compiled and run; on a busy machine that takes a while, and a test that goes on would write into the folder of the next.
jest.setTimeout(120_000);

const folder = new Folder();
const apiGroup = 'rbac.authorization.k8s.io';
const apiVersion = `${apiGroup}/v1`;

const user = (name: string) => ({ apiGroup, kind: 'User', name });
const group = (name: string) => ({ apiGroup, kind: 'Group', name });
const account = (namespace: string, name: string) => ({ kind: 'ServiceAccount', namespace, name });
const wide = (name: string, role: string, ...subjects: object[]) => ({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name, uid: 'x' }, roleRef: { apiGroup, kind: 'ClusterRole', name: role }, subjects });
const local = (namespace: string, name: string, role: string, ...subjects: object[]) =>
  ({ apiVersion, kind: 'RoleBinding', metadata: { name, namespace }, roleRef: { apiGroup, kind: 'ClusterRole', name: role }, subjects });
const role = (name: string, rules: object[]) => ({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });

const READER = role('reader', [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }]);
const DEPLOYER = role('deployer', [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch', 'delete'] }]);
const BASE = [READER, DEPLOYER, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'ci', namespace: 'web' } }];

/** Work of the on-call group in two namespaces, of CI in one. */
const WORK = [
  did({ user: 'alice', groups: ['oncall'], verb: 'get', namespace: 'web', resource: 'pods/exec', name: 'web-0', code: 101 }),
  did({ user: 'alice', groups: ['oncall'], verb: 'patch', namespace: 'web-staging', resource: 'deployments', group: 'apps', name: 'web' }),
  did({ user: 'alice', groups: ['oncall'], verb: 'list', resource: 'nodes' }),
  did({ user: 'system:serviceaccount:web:ci', groups: ['system:serviceaccounts', 'system:serviceaccounts:web'], verb: 'patch', namespace: 'web', resource: 'deployments', group: 'apps', name: 'web' }),
];

async function planned(objects: object[], events: object[], ...args: string[]) {
  const out = join(folder.path, 'out');
  const { code, stdout, stderr } = await secureDebug(['plan', folder.write('rbac.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...BASE, ...objects] })), '--audit-log', folder.log(events), '--out', out, '--json', ...args]);
  if (code !== 0) throw new Error(stderr);
  const { decisions } = JSON.parse(stdout);
  return { out, decisions, actions: Object.fromEntries(decisions.map(({ binding, who, action }: any) => [`${binding}: ${who}`, action])), reason: decisions[0]?.reason as string };
}

/** Runs the app of a plan; gives the objects of each chart. */
function synthesized(out: string): Record<string, any[]> {
  const { outputText, diagnostics } = ts.transpileModule(readFileSync(join(out, 'main.ts'), 'utf8'), { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }, reportDiagnostics: true });
  expect(diagnostics).toEqual([]);
  let app: App | undefined;
  const cdk8s = { ...jest.requireActual('cdk8s'), App: class extends App { public constructor() { super({ outdir: join(out, 'dist') }); app = this; } } };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the program that the command wrote
  new Function('require', 'exports', outputText)((name: string) => name === 'cdk8s' ? cdk8s : jest.requireActual(name), {});
  return Object.fromEntries(app!.charts.map(chart => [chart.node.id, chart.toJson()]));
}

describe('what becomes of a grant', () => {
  test.each<[string, object, object[], string[], string, RegExp]>([
    ['a person on cluster-admin is replaced', wide('admins', 'cluster-admin', group('oncall')), WORK, [], 'replace', /wider than what was done/],
    ['a program is shrunk', wide('ci', 'cluster-admin', account('web', 'ci')), WORK, [], 'shrink', /wider/],
    ['a role in a namespace that is used in part is shrunk', local('web', 'd', 'deployer', account('web', 'ci')), WORK, [], 'shrink', /wider/],
    ['what nobody used is removed', wide('old', 'cluster-admin', user('eve')), WORK, [], 'remove', /^unused: .* in 1 day of log$/],
    ['a ServiceAccount that is no more is an orphan', wide('old', 'cluster-admin', account('web', 'gone')), WORK, [], 'remove', /^orphan/],
    ['the break-glass stays', wide('glass', 'cluster-admin', group('glass')), WORK, ['--break-glass', 'glass'], 'keep', /break-glass/],
    ['Kubernetes\' own stays', wide('x', 'cluster-admin', group('system:masters')), WORK, [], 'keep', /own/],
    ['the control plane stays', wide('x', 'cluster-admin', account('kube-system', 'job-controller')), WORK, [], 'keep', /control plane/],
    ['what the API server makes again stays', { ...wide('x', 'cluster-admin', group('g')), metadata: { name: 'x', labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } } }, WORK, [], 'keep', /every cluster/],
    ['what is declared by constructs stays', { ...local('web', 'x', 'deployer', group('g')), metadata: { name: 'x', namespace: 'web', labels: { 'app.kubernetes.io/managed-by': 'cdk8s-secure-debug' } } }, WORK, [], 'keep', /declared/],
    ['a role that is not there is left alone', local('web', 'x', 'nothing', group('oncall')), WORK, [], 'keep', /not among the manifests/],
    ['who only reads is left alone', local('web', 'x', 'reader', group('oncall')), [did({ user: 'alice', groups: ['oncall'], verb: 'list', namespace: 'web', resource: 'pods' })], [], 'keep', /only reads/],
    ['what is used wholly is left alone', local('web', 'x', 'deployer', group('oncall')), ['get', 'patch', 'delete'].map(verb => did({ user: 'alice', groups: ['oncall'], verb, namespace: 'web', resource: 'deployments', group: 'apps', name: 'x' })), [], 'keep', /every right/],
    ['who is to ask is bound to a time', wide('admins', 'cluster-admin', group('oncall')), WORK, ['--time-bound', 'oncall'], 'time-bound', /you said so/],
  ])('%s', async (_, binding, events, args, action, why) => {
    const { decisions } = await planned([binding], events, ...args);
    expect(decisions).toMatchObject([{ action, reason: expect.stringMatching(why) }]);
  });

  test('who acts in containers on few of many days is bound to a time', async () => {
    const days = Array.from({ length: 20 }, (_, i) => did({ user: 'alice', groups: ['oncall'], verb: 'list', namespace: 'web', resource: 'pods', day: i + 1 }));
    expect((await planned([wide('admins', 'cluster-admin', group('oncall'))], [...days, ...WORK])).decisions).toMatchObject([{ action: 'time-bound', reason: expect.stringMatching(/few days/) }]);
  });

  test('a person whose group may do the same gets no role of their own', async () => {
    const { actions } = await planned([wide('a', 'cluster-admin', user('alice')), wide('b', 'cluster-admin', group('oncall'))], WORK);
    expect(actions).toEqual({ 'ClusterRoleBinding a: User alice': 'remove', 'ClusterRoleBinding b: Group oncall': 'replace' });
  });

  test('each subject of a binding apart', async () => {
    const { out } = await planned([wide('mixed', 'cluster-admin', group('glass'), group('oncall'), user('eve'))], WORK, '--break-glass', 'glass');
    const remaining = parseAllDocuments(readFileSync(join(out, 'waves/wave-2-cluster/remaining.yaml'), 'utf8')).map(one => one.toJS());
    expect(remaining).toMatchObject([{ metadata: { name: 'mixed' }, subjects: [group('glass')] }]);
    expect(remaining[0].metadata.uid).toBeUndefined();
    expect(readdirSync(join(out, 'waves/wave-2-cluster'))).not.toContain('removed.yaml');
    expect(parseAllDocuments(readFileSync(join(out, 'waves/wave-2-cluster/originals.yaml'), 'utf8'))[0].toJS().subjects).toHaveLength(3);
  });
});

describe('waves', () => {
  test('namespaces in the order given, then the others, then the whole cluster; each makes what is its own', async () => {
    const { out } = await planned([wide('admins', 'cluster-admin', group('oncall')), local('web-staging', 'd', 'deployer', group('oncall'))], WORK, '--wave', 'staging=web-staging');
    expect(readdirSync(join(out, 'waves')).sort()).toEqual(['wave-1-staging', 'wave-2-others', 'wave-3-cluster']);
    expect(Object.fromEntries(Object.entries(synthesized(out)).map(([chart, objects]) => [chart, rights(objects)]))).toEqual({
      'wave-1-staging': ['web-staging: patch deployments.apps [web]'],
      'wave-2-others': ['web: get pods [web-0]', 'web: get,create pods/exec [web-0]'],
      'wave-3-cluster': ['*: list nodes'],
    });
    expect(readFileSync(join(out, 'waves/wave-1-staging/removed.yaml'), 'utf8')).toContain('namespace: web-staging');
  });

  test('a file says the same', async () => {
    const file = folder.write('waves.yaml', 'waves: [{ name: staging, namespaces: [web-staging] }]');
    const { out } = await planned([wide('admins', 'cluster-admin', group('oncall'))], WORK, '--waves', file);
    expect(readdirSync(join(out, 'waves')).sort()).toEqual(['wave-1-staging', 'wave-2-others', 'wave-3-cluster']);
  });
});

test('on request: what acts is asked for, under the policy that holds requests, and reads stay', async () => {
  const { out } = await planned([wide('admins', 'cluster-admin', group('oncall'))], [...WORK, did({ user: 'alice', groups: ['oncall'], verb: 'list', namespace: 'web', resource: 'services' })], '--time-bound', 'oncall', '--approvers', 'leads');
  const charts = synthesized(out);
  expect(charts['access-requests'].some(({ kind }) => kind === 'ValidatingAdmissionPolicy')).toBe(true);
  const made = charts['wave-1-others'];
  expect(made.find(({ kind, metadata }) => kind === 'Role' && metadata.name === 'break-glass-oncall').rules).toContainEqual(expect.objectContaining({ resources: ['pods/exec'] }));
  expect(made.find(({ kind, metadata }) => kind === 'Role' && metadata.name === 'minimal-oncall').rules).toEqual([{ apiGroups: [''], resources: ['services'], verbs: ['list'] }]);
  const bound = made.filter(({ kind, subjects }) => kind === 'RoleBinding' && subjects?.some((one: any) => one.name === 'oncall')).map(({ roleRef }) => roleRef.name);
  expect(bound).not.toContain('break-glass-oncall');
  expect(readFileSync(join(out, 'waves/wave-1-others/apply.sh'), 'utf8')).toMatch(/access-requests\.k8s\.yaml[^]*wave-1-others\.k8s\.yaml/);
});

describe('check', () => {
  const admins = wide('admins', 'cluster-admin', group('oncall'));
  const check = async (out: string, objects: object[], ...args: string[]) => {
    const file = folder.write('now.json', JSON.stringify([...BASE, ...objects]));
    const { code, stdout, stderr } = await secureDebug(['plan', 'check', out, '--manifests', file, '--json', ...args]);
    return code === 2 ? { code, stderr } : { code, ...JSON.parse(stdout) };
  };

  test('a wave may go on when the recorded work passes without what is taken away, and not before', async () => {
    const { out } = await planned([admins], WORK, '--wave', 'staging=web-staging');
    const charts = synthesized(out);
    expect(await check(out, [admins], '--wave', '1')).toMatchObject({ code: 1, ok: false, breaks: [{ verb: 'patch', namespace: 'web-staging' }] });
    expect(await check(out, [admins, ...charts['wave-1-staging']], '--wave', '1')).toMatchObject({ code: 0, ok: true, passed: 1 });
    expect(await check(out, [admins, ...charts['wave-1-staging']], '--wave', '2')).toMatchObject({ code: 1, breaks: [{ resource: 'pods/exec' }] });
    const all = Object.values(charts).flat();
    expect(await check(out, [admins, ...all])).toMatchObject({ code: 0, wave: 3, passed: 3 });
    // Enough, but not gone.
    expect(await check(out, [admins, ...all], '--done')).toMatchObject({ code: 1, left: [{ name: 'admins' }], mighty: ['Group oncall'] });
    expect(await check(out, all, '--done')).toMatchObject({ code: 0, mighty: [] });
  });

  test('somebody who came to a binding after the plan is not swept away with it', async () => {
    const { out } = await planned([admins], WORK);
    const { code, came } = await check(out, [wide('admins', 'cluster-admin', group('oncall'), user('new')), ...Object.values(synthesized(out)).flat()]);
    expect([code, came]).toEqual([1, ['ClusterRoleBinding admins also names User new, who is not in the plan. Fix: make the plan again']]);
  });

  test('somebody else on cluster-admin at the end is told', async () => {
    const { out } = await planned([admins], WORK, '--break-glass', 'glass');
    const all = Object.values(synthesized(out)).flat();
    expect(await check(out, [...all, wide('glass', 'cluster-admin', group('glass')), wide('more', 'cluster-admin', user('mallory'))], '--done')).toMatchObject({ code: 1, mighty: ['User mallory'] });
  });

  test('wrong use', async () => {
    const { out } = await planned([admins], WORK);
    expect(await check(out, [], '--wave', '9')).toMatchObject({ code: 2, stderr: expect.stringMatching(/Fix: give 1 to 2/) });
    expect(await check(folder.path, [])).toMatchObject({ code: 2, stderr: expect.stringMatching(/ENOENT/) });
    writeFileSync(join(out, 'plan.json'), '{"version": 2}');
    expect(await check(out, [])).toMatchObject({ code: 2, stderr: expect.stringMatching(/no plan of this version/) });
  });
});

test('the scripts make, check, take away, check again, and undo, in this order', async () => {
  const { out } = await planned([wide('admins', 'cluster-admin', group('oncall'))], WORK);
  synthesized(out);
  mkdirSync(join(out, 'dist'), { recursive: true });
  for (const file of ['wave-1-others', 'wave-2-cluster']) writeFileSync(join(out, 'dist', `${file}.k8s.yaml`), '');
  const record = join(folder.path, 'calls');
  const program = folder.write('program', `#!/bin/sh\necho "$0 $*" >> ${record}\nif [ "$1" = plan ] && [ -e ${folder.path}/refuse ]; then exit 1; fi\n`);
  chmodSync(program, 0o755);
  const sh = (script: string) => {
    rmSync(record, { force: true });
    let status = 0;
    try {
      execFileSync('sh', [join(out, 'waves', script)], { env: { PATH: process.env.PATH, KUBECTL: program, SECURE_DEBUG: program }, stdio: 'pipe' });
    } catch (error) {
      status = (error as any).status;
    }
    return { status, calls: readFileSync(record, 'utf8').trim().split('\n').map(line => line.split(' ').slice(1).join(' ').replace(/ --server-side.*plan -f/, '').replace(/\S*\/(\S+)/g, '$1')) };
  };
  expect(sh('wave-2-cluster/apply.sh')).toEqual({ status: 0, calls: ['apply wave-2-cluster.k8s.yaml', 'plan check .. --wave 2', 'delete --ignore-not-found -f removed.yaml', 'plan check .. --wave 2 --done'] });
  expect(sh('wave-2-cluster/back.sh')).toEqual({ status: 0, calls: ['apply originals.yaml', 'delete --ignore-not-found -f wave-2-cluster.k8s.yaml'] });
  folder.write('refuse', '');
  // Nothing is taken away when the check says no.
  expect(sh('wave-2-cluster/apply.sh')).toEqual({ status: 1, calls: ['apply wave-2-cluster.k8s.yaml', 'plan check .. --wave 2'] });
});

describe('the folder', () => {
  test('is a cdk8s app with everything in it, and the same for the same input', async () => {
    const { out } = await planned([wide('admins', 'cluster-admin', group('oncall'))], WORK);
    const read = () => Object.fromEntries((readdirSync(out, { recursive: true, withFileTypes: true })).filter(one => one.isFile()).map(one => [join(one.parentPath, one.name), readFileSync(join(one.parentPath, one.name), 'utf8')]));
    const first = read();
    expect(Object.keys(first).map(file => file.slice(out.length + 1)).sort()).toEqual(['.gitignore', 'PLAN.md', 'cdk8s.yaml', 'main.ts', 'package.json', 'plan.json', 'tsconfig.json',
      'waves/wave-1-others/apply.sh', 'waves/wave-1-others/back.sh', 'waves/wave-2-cluster/apply.sh', 'waves/wave-2-cluster/back.sh', 'waves/wave-2-cluster/originals.yaml', 'waves/wave-2-cluster/removed.yaml']);
    expect(Object.keys(JSON.parse(first[join(out, 'package.json')]).dependencies)).toContain('cdk8s-secure-debug');
    rmSync(out, { recursive: true });
    await planned([wide('admins', 'cluster-admin', group('oncall'))], WORK);
    expect(read()).toEqual(first);
  });

  test('is never written over', async () => {
    const { out } = await planned([wide('admins', 'cluster-admin', group('oncall'))], WORK);
    writeFileSync(join(out, 'PLAN.md'), 'mine');
    await expect(planned([wide('admins', 'cluster-admin', group('oncall'))], WORK)).rejects.toThrow(/is not empty/);
    expect(readFileSync(join(out, 'PLAN.md'), 'utf8')).toBe('mine');
    await planned([wide('admins', 'cluster-admin', group('oncall'))], WORK, '--force');
    expect(readFileSync(join(out, 'PLAN.md'), 'utf8')).not.toBe('mine');
  });

  test('text of others is text in every file', async () => {
    const name = '$(touch x)`touch y`|<script>@all\n# z';
    const events = [did({ user: name, groups: [name], verb: 'list', namespace: 'web', resource: 'pods' })];
    const { out } = await planned([wide(name, 'cluster-admin', group(name))], events);
    const [chart] = Object.values(synthesized(out));
    expect(chart.find(({ kind }) => kind === 'RoleBinding').subjects[0].name).toBe(name);
    expect(parseAllDocuments(readFileSync(join(out, 'waves/wave-2-cluster/removed.yaml'), 'utf8'))[0].toJS().metadata.name).toBe(name);
    for (const script of ['wave-1-others/apply.sh', 'wave-2-cluster/apply.sh', 'wave-2-cluster/back.sh']) expect(readFileSync(join(out, 'waves', script), 'utf8')).not.toContain('touch');
    expect(readFileSync(join(out, 'PLAN.md'), 'utf8')).not.toMatch(/<script>|`touch|^# z/m);
  });
});

test.each<[string, string[], RegExp]>([
  ['nothing to plan for', [], /No bindings are given/],
  ['no log', ['x'], /No audit log is given/],
  ['no folder', ['x', '--audit-log', 'y'], /Nothing says where/],
  ['live and manifests', ['x', '--live', '--audit-log', 'y', '--out', 'z'], /contradict/],
  ['a wave without namespaces', ['x', '--audit-log', 'y', '--out', '/nonexistent/z', '--wave', 'a'], /is not NAME=NAMESPACE/],
  ['a wave named others', ['x', '--audit-log', 'y', '--out', '/nonexistent/z', '--wave', 'others=a'], /another name/],
  ['a namespace twice', ['x', '--audit-log', 'y', '--out', '/nonexistent/z', '--wave', 'a=n', '--wave', 'b=n'], /twice/],
  ['no namespace', ['x', '--audit-log', 'y', '--out', '/nonexistent/z', '--wave', 'a=N_'], /no namespace/],
  ['waves twice', ['x', '--audit-log', 'y', '--out', '/nonexistent/z', '--wave', 'a=n', '--waves', 'f'], /contradict/],
  ['missing manifests', ['/nonexistent', '--audit-log', 'y', '--out', '/nonexistent/z'], /no such file/],
])('%s is wrong use, and nothing is written', async (_, args, words) => {
  const { code, stderr, stdout } = await secureDebug(['plan', ...args]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(words);
});
