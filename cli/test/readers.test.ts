import { execFileSync } from 'child_process';
import { mkdirSync } from 'fs';
import { join } from 'path';
import { stringify } from 'yaml';
import { binding, clusterRole, Desk, everywhere, list, role, rule } from './review-io';
import { parseText } from '../src/review/readers/text';

let desk: Desk;
beforeEach(() => { desk = new Desk(); });
afterEach(() => desk.clear());

const ADMIN = everywhere('admins', 'cluster-admin', 'Group admins');
const ADMIN_YAML = stringify(ADMIN);
const ids = async (args: string[], more = {}) => {
  const { code, stdout, stderr } = await desk.run(['inventory', '--json', ...args], more);
  return { code, stderr, found: code === 0 ? JSON.parse(stdout).subjects.map(({ kind, name, findings }: any) => `${kind} ${name}: ${findings.map(({ id }: any) => id)}`) : [] };
};
const ADMIN_FOUND = { code: 0, stderr: '', found: ['Group admins: SD5001'] };

describe('the same objects in every form', () => {
  test.each<[string, string, string]>([
    ['YAML', 'a.yaml', ADMIN_YAML],
    ['several documents, some of them empty', 'a.yml', `---\n# a comment\n---\n${ADMIN_YAML}---\n...\n---\n`],
    ['Windows line ends and a byte order mark', 'a.yaml', `\ufeff${ADMIN_YAML.replace(/\n/g, '\r\n')}`],
    ['a List', 'a.yaml', stringify(list(ADMIN))],
    ['what kubectl get -o json gives', 'a.json', JSON.stringify(list(ADMIN), null, 2)],
    ['a typed list, whose items say no kind', 'a.json', JSON.stringify({ apiVersion: ADMIN.apiVersion, kind: 'ClusterRoleBindingList', items: [{ ...ADMIN, kind: undefined, apiVersion: undefined }] })],
    ['JSON objects one after the other, as jq writes them', 'a.json', `${JSON.stringify(ADMIN)}\n${JSON.stringify(clusterRole('}"{', rule('get', 'pods')), null, 1)}\n`],
    ['a JSON array', 'a.json', JSON.stringify([ADMIN])],
    ['JSON in a file that says YAML', 'a.yaml', JSON.stringify(ADMIN)],
    ['YAML in flow style', 'a.yaml', `{apiVersion: ${ADMIN.apiVersion}, kind: ClusterRoleBinding, metadata: {name: a}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: Group, name: admins}]}`],
    ['anchors', 'a.yaml', ADMIN_YAML.replace('kind: Group', 'kind: &k Group').concat('x: *k\n')],
  ])('%s', async (_what, name, text) => {
    expect(await ids([desk.write(name, text)])).toEqual(ADMIN_FOUND);
    expect(await ids(['-'], { stdin: text })).toEqual(ADMIN_FOUND);
  });

  test('a folder with all below it, without what is no manifest', async () => {
    desk.write('apps/one/rbac.yaml', ADMIN_YAML);
    desk.write('apps/node_modules/x/rbac.yaml', 'kind: [');
    desk.write('apps/.git/x.yaml', 'kind: [');
    desk.write('apps/readme.md', 'kind: [');
    expect(await ids([join(desk.folder, 'apps')])).toEqual(ADMIN_FOUND);
    expect(await ids([], { stdin: ADMIN_YAML })).toEqual(ADMIN_FOUND);
  });
});

describe('what is damaged', () => {
  test('is named by file and line, and ends the review: what is not read is not reviewed', async () => {
    const one = desk.write('one.yaml', `${ADMIN_YAML}---\nkind: Role\nrules: [\n---\napiVersion: v1\nkind: Foo\n`);
    const two = desk.write('two.json', '{"kind": "Role",\n "rules": nul}');
    const three = desk.write('three.yaml', 'just: text\n');
    const { code, stdout, stderr } = await desk.run(['inventory', one, two, three]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/one\.yaml:\d+: no YAML: .*; two\.json:2: no JSON: .*; three\.yaml:1: no object of Kubernetes.*Fix: mend it, or leave it out with --skip-damaged/);
    const [, line] = /one\.yaml:(\d+)/.exec(stderr)!;
    expect(Number(line)).toBeGreaterThan(ADMIN_YAML.split('\n').length);
  });

  test('is noted with --skip-damaged, and the rest is read', async () => {
    const one = desk.write('one.yaml', `kind: [\n---\n${ADMIN_YAML}`);
    expect(await ids([one, '--skip-damaged'])).toEqual({ ...ADMIN_FOUND, stderr: expect.stringMatching(/^not read: one\.yaml:\d: no YAML/) });
  });

  test('a template of Helm is told as one', async () => {
    const file = desk.write('templates/role.yaml', 'apiVersion: v1\nkind: Role\nmetadata:\n  name: {{ include "x" . }}\n  {{- with .Values.x }}\n');
    expect((await desk.run(['inventory', file])).stderr).toMatch(/looks like a template of Helm; render it: helm template/);
  });

  test('a thousand documents that one alias blows up are refused, not expanded', async () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${`*${'abcdefghi'[i]},`.repeat(9)}]`)].join('\n');
    const { code, stderr } = await desk.run(['inventory', desk.write('bomb.yaml', `apiVersion: v1\nkind: ConfigMap\n${bomb}\n`)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bomb\.yaml:1: no YAML: Excessive alias count/);
  });
});

describe('notes', () => {
  test('what stands in two places, alike or not, by file and line', async () => {
    const again = { ...ADMIN, subjects: [] };
    const files = [desk.write('a.yaml', `${ADMIN_YAML}---\n${ADMIN_YAML}`), desk.write('b.yaml', stringify(again))];
    expect((await ids(files)).stderr).toBe('ClusterRoleBinding admins stands 3 times, differently: a.yaml:1; a.yaml:14; b.yaml:1\n');
  });

  test('objects without a namespace are told of, unless -n gives one; no subject is lost with it', async () => {
    const bare = [role('', 'r', rule('*', '*')), { ...binding('', 'b', 'r'), subjects: [{ kind: 'ServiceAccount', name: 'api' }] }].map(one => ({ ...one, metadata: { name: one.metadata.name } }));
    const file = desk.write('a.json', list(...bare));
    expect(await ids([file])).toMatchObject({ stderr: expect.stringMatching(/^2 objects/), found: [expect.stringMatching(/^ServiceAccount default\/api: /)] });
    const loose = desk.write('b.json', bare);
    expect((await ids([loose])).stderr).toBe('2 objects name no namespace, and are read as of default; -n says another\n');
    expect(await ids([loose, '-n', 'payments'])).toMatchObject({ stderr: '', found: [expect.stringMatching(/^ServiceAccount payments\/api: /)] });
  });

  test('a kustomization is not built', async () => {
    const file = desk.write('kustomization.yaml', 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n');
    expect((await ids([file])).stderr).toMatch(/kustomization\.yaml:1 is not built, so its patches are not in it/);
  });

  test('Helm says from which template a document came', () => {
    const { documents } = parseText(`---\n# Source: shop/templates/role.yaml\n${ADMIN_YAML}---\n# Source: shop/charts/db/templates/role.yaml\n${ADMIN_YAML}`, '-');
    expect(documents.map(({ line, template }) => ({ line, template }))).toEqual([{ line: 3, template: 'shop/templates/role.yaml' }, { line: 17, template: 'shop/charts/db/templates/role.yaml' }]);
  });
});

describe('a commit', () => {
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=alice', '-c', 'user.email=alice@example.com', ...args], { cwd: desk.folder, stdio: 'pipe' });
  let before: string;
  beforeEach(() => {
    git('init', '-q', '-b', 'main');
    desk.write('k8s/a b/rbac.yaml', ADMIN_YAML);
    desk.write('other/broken.yaml', 'kind: [');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    before = process.cwd();
    process.chdir(desk.folder);
  });
  afterEach(() => process.chdir(before));

  test('is read as it is there, whatever lies in the work tree', async () => {
    desk.write('k8s/a b/rbac.yaml', 'kind: [');
    expect(await ids(['--git', 'main', 'k8s'])).toEqual(ADMIN_FOUND);
    mkdirSync(join(desk.folder, 'k8s/deep'));
    process.chdir(join(desk.folder, 'k8s'));
    expect(await ids(['--git', 'main'])).toEqual(ADMIN_FOUND);
  });

  test.each([
    ['no such ref', ['--git', 'nothere', 'k8s'], /git says: .*Fix: name a branch, a tag or a commit/],
    ['an option in place of a ref', ['--git=--output=x', 'k8s'], /--output=x is no ref/],
    ['a folder that is not there', ['--git', 'main', 'nothere'], /main holds no \.yaml/],
    ['something damaged, by ref and line', ['--git', 'main', 'other'], /main:other\/broken\.yaml:\d: no YAML/],
  ])('%s is one sentence', async (_what, args, expected) => {
    const { code, stderr } = await ids(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(expected);
  });
});

test.each([
  ['a file that is not there', ['nothere.yaml'], /nothere\.yaml cannot be read: there is no such file. Fix: /],
  ['standard input twice', ['-', '-'], /- is given twice/],
  ['nothing at all', [], /No manifests are given. Fix: name files or folders/],
  ['a cluster and files', ['--live', 'a.yaml'], /--live reads the cluster, and files are named too/],
  ['two formats', ['--json', '--sarif', 'a.yaml'], /--json and --sarif contradict each other/],
  ['a danger that is none', ['--fail-on', 'bad', 'a.yaml'], /--fail-on bad is none. Fix: write low, medium, high, critical/],
  ['a day that is none', ['--today', '2026-02-30', 'a.yaml'], /--today 2026-02-30 is no day/],
])('wrong use: %s', async (_what, args, expected) => {
  const { code, stdout, stderr } = await desk.run(['inventory', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(expected);
});

test('a folder without manifests', async () => {
  mkdirSync(join(desk.folder, 'empty'));
  expect((await desk.run(['inventory', join(desk.folder, 'empty')])).stderr).toMatch(/empty holds no \.yaml, \.yml or \.json/);
});
