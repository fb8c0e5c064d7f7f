import { execFileSync, spawnSync } from 'child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { parse } from 'yaml';

/** What the pages tell people to run in their pipelines is run, on a repository with a change that opens something. */

const ROOT = join(__dirname, '..', '..');
const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8');
const blocks = (text: string): any[] => [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, yaml]) => parse(yaml));
const [github, gitlab] = blocks(page('review-changes.md'));

let folder: string;
let env: NodeJS.ProcessEnv;
const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=alice', '-c', 'user.email=alice@example.com', ...args], { cwd: folder, stdio: 'pipe', encoding: 'utf8' }).trim();

const group = 'rbac.authorization.k8s.io';
const rbac = (resources: string[]) => ['Role', 'RoleBinding'].map(kind => JSON.stringify({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { name: 'oncall', namespace: 'payments' },
  ...kind === 'Role' ? { rules: [{ apiGroups: [''], resources, verbs: ['get'] }] } : { roleRef: { apiGroup: group, kind: 'Role', name: 'oncall' }, subjects: [{ apiGroup: group, kind: 'Group', name: 'oncall' }] },
})).join('\n---\n');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secure-debug-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = (name: string, script: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  program('secure-debug', `exec '${process.execPath}' '${join(ROOT, 'node_modules', 'tsx', 'dist', 'cli.mjs')}' --tsconfig '${join(ROOT, 'cli', 'tsconfig.dev.json')}' '${join(ROOT, 'cli', 'src', 'main.ts')}' "$@"`);
  // What is installed and what is posted is not the matter here.
  program('npm', 'exit 0');
  program('gh', 'while [ $# -gt 0 ]; do [ "$1" = --body-file ] && cat "$2" > posted.md; shift; done');
  mkdirSync(join(folder, 'k8s'));
  writeFileSync(join(folder, '.gitignore'), 'bin/\n');
  git('init', '-q', '-b', 'main');
  writeFileSync(join(folder, 'k8s/rbac.yaml'), rbac(['pods']));
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('checkout', '-q', '-b', 'change');
  writeFileSync(join(folder, 'k8s/rbac.yaml'), rbac(['pods', 'secrets']));
  git('commit', '-qam', 'second');
  env = { PATH: `${bin}:${process.env.PATH}`, HOME: folder, BASE: 'main', PR: '1', CI_MERGE_REQUEST_DIFF_BASE_SHA: git('rev-parse', 'main') };
});
afterAll(() => rmSync(folder, { recursive: true }));

function statuses(commands: string[]): (number | null)[] {
  expect(commands.filter(command => command.startsWith('secure-debug ')).length).toBeGreaterThan(1);
  return commands.map(command => spawnSync('bash', ['-e', '-o', 'pipefail', '-c', command], { cwd: folder, env }).status);
}

test('the job of GitHub comments, uploads and fails', () => {
  expect(statuses(github.jobs.permissions.steps.flatMap(({ run }: any) => run ?? []))).toEqual([0, 0, 0, 0, 1]);
  expect(readFileSync(join(folder, 'posted.md'), 'utf8')).toContain('may now read Secrets: get secrets');
  expect(JSON.parse(readFileSync(join(folder, 'permissions.sarif'), 'utf8')).runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri).toBe('k8s/rbac.yaml');
}, 120_000);

test('the job of GitLab leaves the page and fails', () => {
  rmSync(join(folder, 'permissions.md'), { force: true });
  expect(statuses(gitlab.permissions.script)).toEqual([0, 0, 1]);
  expect(readFileSync(join(folder, 'permissions.md'), 'utf8')).toContain('may now read Secrets: get secrets');
}, 120_000);
