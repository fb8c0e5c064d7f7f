import { execFile } from 'child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

/** The real cdk8s command line, with this library as its validation plugin. */

const ROOT = join(__dirname, '..', '..');
const CDK8S = join(ROOT, 'node_modules', 'cdk8s-cli', 'bin', 'cdk8s');

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-')); });
afterEach(() => rmSync(folder, { recursive: true }));

/** An app with one Role and its binding, in a construct of its own. */
function app(verbs: string[], annotations: object = {}): void {
  const group = 'rbac.authorization.k8s.io';
  const object = (kind: string, name: string, more: object) => ({ apiVersion: `${group}/v1`, kind, metadata: { name, namespace: 'payments', annotations }, ...more });
  writeFileSync(join(folder, 'app.js'), [
    `const { App, Chart, ApiObject } = require(${JSON.stringify(join(ROOT, 'node_modules', 'cdk8s'))});`,
    'const app = new App({ recordConstructMetadata: true });',
    'const chart = new Chart(app, "payments");',
    `new ApiObject(chart, "role", ${JSON.stringify(object('Role', 'reads', { rules: [{ apiGroups: [''], resources: ['secrets'], verbs }] }))});`,
    `new ApiObject(chart, "binding", ${JSON.stringify(object('RoleBinding', 'oncall', { roleRef: { apiGroup: group, kind: 'Role', name: 'reads' }, subjects: [{ apiGroup: group, kind: 'Group', name: 'oncall' }] }))});`,
    'app.synth();',
  ].join('\n'));
}

/** What `cdk8s synth --validate` says; the sources stand for the package that a user installs. */
function synth(properties: object = {}): Promise<{ code: number; output: string }> {
  writeFileSync(join(folder, 'plugin.js'), `require(${JSON.stringify(join(ROOT, 'node_modules', 'tsx', 'dist', 'cjs', 'index.cjs'))});\nmodule.exports = require(${JSON.stringify(join(ROOT, 'src', 'index.ts'))});\n`);
  writeFileSync(join(folder, 'cdk8s.yaml'), JSON.stringify({
    language: 'typescript', app: 'node app.js', output: 'dist', validations: [{ package: './plugin.js', version: '0.0.0', class: 'SecureDebugValidation', properties }],
  }));
  return new Promise(resolve => execFile(process.execPath, [CDK8S, 'synth', '--validate'], { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, CDK8S_CHECK_UPGRADE: 'false' } },
    (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr })));
}

it('cdk8s synth --validate fails, and names the rule, the object, its construct and the fix', async () => {
  app(['get', 'list']);
  const { code, output } = await synth();
  expect(code).toBe(2);
  expect(output).toMatch(/SD5003: Secrets can be read/);
  expect(output).toMatch(/Group oncall in payments: Secrets can be read: get, list secrets/);
  expect(output).toMatch(/Leave Secrets out/);
  expect(output).toMatch(/payments\/role/);
}, 60_000);

it('passes what is accepted by an annotation, and what cdk8s.yaml leaves out', async () => {
  app(['get'], { 'secure-debug.internal/accepted-findings': 'SD5003 until 2026-06-30: moves to Vault' });
  expect((await synth({ today: '2026-06-30' })).code).toBe(0);
  expect((await synth({ today: '2026-07-01', ignore: ['SD5003', 'SD5018'] })).code).toBe(0);
}, 120_000);
