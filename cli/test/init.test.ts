import { execFileSync } from 'child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { FakeCluster } from './fake-cluster';
import { offline } from './offline';
import { presentTeams } from '../src/init/present';

const ROOT = join(__dirname, '..', '..');
let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-init-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const init = (...args: string[]) => offline('init', ...args);
const read = (name: string) => readFileSync(join(folder, 'app', name), 'utf8');

test('the app in TypeScript type-checks and synthesizes what was said', async () => {
  const app = join(folder, 'app');
  const { code, stdout } = await init(app, '--team', 'payments', '--namespaces', 'payments, ledger', '--on-call', 'oncall-\'pay"ments', '--platform', 'kind', '--yes');
  expect([code, stdout]).toEqual([0, `${app} has the app. Next:\n\n  cd ${app}\n  npm install\n  npm run synth\n`]);
  expect(readdirSync(app).sort()).toEqual(['.gitignore', 'README.md', 'cdk8s.yaml', 'main.ts', 'package.json', 'tsconfig.json']);
  symlinkSync(join(ROOT, 'node_modules'), join(app, 'node_modules'));
  // The library as it is now, whether it is compiled or not.
  const config = JSON.parse(read('tsconfig.json'));
  config.compilerOptions.paths = { 'cdk8s-secure-debug': [join(ROOT, 'src', 'index.ts')] };
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ ...config, compilerOptions: { ...config.compilerOptions, types: ['node', 'jest'] } }));
  execFileSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '--noEmit', '-p', app], { stdio: 'pipe' });
  const printed = execFileSync(process.execPath, ['--import', 'tsx', 'main.ts'], { cwd: app, encoding: 'utf8', stdio: 'pipe', env: { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.json' } });
  expect(printed).toContain('Group oncall-\'pay"ments');
  const made = readdirSync(join(app, 'dist')).map(file => readFileSync(join(app, 'dist', file), 'utf8')).join('');
  expect(made).toContain('namespace: ledger');
  expect(readdirSync(join(app, 'control-plane')).sort()).toEqual(['audit-policy.yaml', 'kind.yaml']);
}, 120_000);

test('the app in Python is Python, and says what was said', async () => {
  const { code, stdout } = await init(join(folder, 'app'), '--language', 'python', '--team', 'payments', '--managed', '--on-call', 'öncall\\');
  expect([code, stdout]).toEqual([0, expect.stringContaining('.venv/bin/python main.py')]);
  const literal = execFileSync('python3', ['-c', [
    'import ast, json, sys',
    'calls = [n for n in ast.walk(ast.parse(sys.stdin.read())) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "DebugTeam"]',
    'print(json.dumps({k.arg: ast.literal_eval(k.value) for k in calls[0].keywords}))',
  ].join('\n')], { input: read('main.py'), encoding: 'utf8' });
  expect(JSON.parse(literal)).toEqual({ name: 'payments', namespaces: ['payments'], on_call: 'öncall\\', approvers: 'payments-leads' });
  expect(read('main.py')).not.toContain('ControlPlane');
});

test('--json says what was written', async () => {
  const { stdout } = await init(join(folder, 'app'), '--team', 'search', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ files: expect.arrayContaining(['main.ts']), commands: ['npm install', 'npm run synth'] });
});

test.each([
  ['no team, and nobody to ask', [], /^error: --team is missing, and there is no terminal to ask on\. Fix: /],
  ['a language that is not written here', ['--team', 'a', '--language', 'java'], /^error: --language java is not written here\. Fix: typescript or python\.\n$/],
  ['a system group', ['--team', 'a', '--on-call', 'system:masters'], /^error: .*"system:masters".*Fix: /],
  ['a namespace that is none', ['--team', 'a', '--namespaces', 'A_B'], /^error: .*"A_B".*Fix: /],
  ['a platform whose API server the provider sets up', ['--team', 'a', '--platform', 'eks'], /^error: --platform eks is not known\. Fix: one of .*kind.*\.\n$/],
  ['a platform, where the provider runs the API server', ['--team', 'a', '--platform', 'kind', '--managed'], /^error: --managed and --platform contradict/],
  ['no namespace', ['--team', 'a', '--namespaces', ','], /^error: .*namespaces.*Fix: /],
])('%s is wrong use, and writes nothing', async (_, args, message) => {
  const { code, stderr } = await init(join(folder, 'app'), ...args);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  expect(existsSync(join(folder, 'app'))).toBe(false);
});

test('a folder with something in it is left alone', async () => {
  writeFileSync(join(folder, 'mine'), '');
  expect(await init(folder, '--team', 'payments')).toMatchObject({ code: 2, stderr: `error: ${folder} is not empty. Fix: name a new folder.\n` });
  expect(readdirSync(folder)).toEqual(['mine']);
});

describe('from the cluster that is there', () => {
  const RBAC = 'rbac.authorization.k8s.io';
  const of = (kind: string, name: string) => ({ apiGroup: RBAC, kind, name });
  const ROLE = { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: 'edit' }, rules: [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] }] };
  const namespaces = ['payments', 'ledger', 'search', 'empty', 'kube-system'].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  const bound = (namespace: string, ...subjects: object[]) => ({
    apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { namespace, name: `edit-${namespace}` }, roleRef: of('ClusterRole', 'edit'), subjects,
  });
  const wide = { apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name: 'root' }, roleRef: of('ClusterRole', 'edit'), subjects: [of('Group', 'platform')] };
  const groups = (...names: string[]) => names.map(name => of('Group', name));
  const objects = [
    ...namespaces, ROLE, wide,
    bound('payments', ...groups('sre', 'oidc:oncall-payments')), bound('ledger', ...groups('oidc:oncall-payments', 'sre')),
    bound('search', ...groups('oncall-search', 'sre'), of('User', 'alice')), bound('kube-system', ...groups('nodes')),
  ];

  test('a team is who can debug in a namespace, and what fits none is said', () => {
    expect(presentTeams(objects)).toEqual({
      teams: [
        { name: 'payments', namespaces: ['ledger', 'payments'], onCall: 'oidc:oncall-payments', approvers: 'payments-leads' },
        { name: 'search', namespaces: ['search'], onCall: 'oncall-search', approvers: 'search-leads' },
      ],
      notes: [
        'group sre can debug in ledger, payments, search too, and is not on call there',
        'in no team, since no RoleBinding lets a group debug there: empty',
        'user alice can debug in search; only groups are declared',
        'in the whole cluster: Group platform; secure-debug plan is the way off it',
      ],
    });
  });

  test('it does not matter in which order the cluster lists them', () => {
    expect(presentTeams([...objects].reverse())).toEqual(presentTeams(objects));
  });

  test('a group of the control plane, a program and system groups are no team', () => {
    const account = { kind: 'ServiceAccount', namespace: 'search', name: 'ci' };
    expect(presentTeams([ROLE, bound('search', account, ...groups('system:serviceaccounts'))]).teams).toEqual([]);
  });

  test('two groups of one name are two teams', () => {
    const { teams } = presentTeams([ROLE, ...['a', 'b'].map(name => bound(name, ...groups('x:oncall-shop'))), ...['c', 'd'].map(name => bound(name, ...groups('y:shop-oncall')))]);
    expect(teams.map(({ name }) => name)).toEqual(['shop', 'shop-2']);
  });

  test('a name that would like to be code stays in its comment', async () => {
    const cluster = new FakeCluster([{ name: 'admin', groups: [] }]);
    const put = ({ kind, metadata: { namespace, name }, ...rest }: any) => {
      cluster.put(`/apis/${RBAC}/v1${namespace ? `/namespaces/${namespace}` : ''}/${kind.toLowerCase()}s`, { metadata: { namespace, name }, ...rest });
    };
    [ROLE, wide, ...objects.filter(({ kind }) => kind === 'RoleBinding'), bound('empty', of('Group', 'a\nprocess.exit(7)//'), of('User', 'b\nprocess.exit(8)//'))].forEach(put);
    await cluster.start();
    try {
      const { code, stdout } = await cluster.as('admin', ['init', join(folder, 'app'), '--live', '--yes']);
      expect([code, stdout]).toEqual([0, expect.stringContaining('has the app, for 2 teams that the cluster has')]);
      expect(stdout).toContain('left out, for their names have signs that nobody sees: Group a');
      expect(read('main.ts').split('\n').filter(line => /^\s*process/.test(line))).toEqual([]);
    } finally {
      await cluster.stop();
    }
  });

  test('a team beside it is wrong use', async () => {
    expect(await init(join(folder, 'app'), '--live', '--team', 'a')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: --live takes the teams from the cluster/) });
  });
});
