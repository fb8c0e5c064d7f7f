/**
 * The commands of docs/tutorial.md, in their order, as they stand there. Shell functions stand in for what a machine of CI has not:
 * `kind` and `docker` (the cluster is there already, and so is its log), and npm's registry (the packages of this work tree).
 * It applies policies to the whole cluster, so it needs one of its own; the commands of the other pages are typed on it after the tutorial.
 */
import { spawnSync } from 'child_process';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import * as docs from './commands';
import { newestClient, scratch, testIf, theCluster } from '../lab/cluster';
import { apply } from '../lab/kubectl';
import { run } from '../lab/process';
import { namespace } from '../lab/targets';

const PROJECT = join(__dirname, '..', '..', '..');
const cluster = theCluster();
const folder = scratch(cluster, 'tutorial');
const administrator = { ...process.env, KUBECONFIG: cluster.kubeconfig, CDK8S_OUTDIR: undefined } as NodeJS.ProcessEnv;
const kubectl = cluster.clients[newestClient(cluster)];

/** Each block of commands, with the heading above it. */
function blocks(): [heading: string, commands: string][] {
  const text = readFileSync(join(PROJECT, 'docs', 'tutorial.md'), 'utf8');
  return [...text.matchAll(/^```shell\n([^]*?)^```$/gm)].map(({ 1: commands, index }) => {
    const heading = [...text.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)![1];
    return [heading, commands];
  });
}

/** `set -e` lets "! command" pass either way, so each line that has to fail says so itself. */
const mustFail = (commands: string) => commands.replace(/^! (.*)$/gm, 'if $1 >refused 2>&1; then echo "not refused: $1"; exit 1; fi; grep -q "Forbidden\\|forbidden" refused');

const TSX = `"${join(PROJECT, 'node_modules', '.bin', 'tsx')}"`;
const STAND_INS = `
npx() { shift; ${TSX} --tsconfig "${PROJECT}/cli/tsconfig.dev.json" "${PROJECT}/cli/src/main.ts" "$@"; }
npm() { case "$1" in install) ;; run) ${TSX} --tsconfig "${PROJECT}/tsconfig.dev.json" main.ts ;; esac; }
kind() { test -f "$4"; }
docker() { tail -c +${1 + (cluster.auditLog ? statSync(cluster.auditLog).size : 0)} "${cluster.auditLog}"; }
`;

afterAll(async () => {
  await run(kubectl, ['delete', '-f', join(folder, 'debug-access', 'dist'), '--ignore-not-found', '--wait=false'], { env: administrator });
  await run(kubectl, ['delete', 'namespace', 'payments', '--ignore-not-found', '--wait=false'], { env: administrator });
  await run(kubectl, ['delete', 'csr', 'alice', 'bob', '--ignore-not-found'], { env: administrator });
  rmSync(folder, { recursive: true, force: true });
});

testIf(cluster.auditLog && cluster.node, 'needs a cluster of its own, with a node and an audit log')('the tutorial', async () => {
  // Of an earlier run on the same cluster.
  await run(kubectl, ['wait', '--for=delete', 'namespace/payments', 'namespace/secure-debug', '--timeout=120s'], { env: administrator, timeout: 130_000 });
  mkdirSync(folder, { recursive: true });
  // As if installed: the app and the program find their packages from where they stand.
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(kubectl, join(folder, 'bin', 'kubectl'));
  const script = join(folder, 'tutorial.sh');
  const steps = blocks().map(([heading, commands], i) => `printf '\\n== %s %s\\n' ${i} '${heading.replace(/'/g, '')}'\n${mustFail(commands)}`);
  writeFileSync(script, `set -euo pipefail\n${STAND_INS}\n${steps.join('\n')}\nnpx secure-debug audit report audit.log --namespace payments --json >report.json\n`);
  const ended = await run('bash', [script], {
    cwd: folder, env: { ...administrator, PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin` }, timeout: 540_000,
  });
  const shown = (heading: string) => ended.stdout.split('\n== ').filter(part => part.slice(2).startsWith(heading)).join('\n');
  if (ended.code !== 0) throw new Error(`the tutorial ended with status ${ended.code}:\n${ended.stdout.slice(-3000)}\n${ended.stderr.slice(-3000)}`);
  expect(shown('An app')).toContain('Group oncall-payments');
  expect(shown('Alice is on call')).toMatch(/web-/);
  expect(shown('Who was it?')).toMatch(/alice/);
  expect(shown('Who was it?')).toMatch(/secure-debug-exec: Audit → Deny/);
  const { sessions } = JSON.parse(readFileSync(join(folder, 'debug-access', 'report.json'), 'utf8'));
  const expected = { user: 'alice', groups: expect.arrayContaining(['oncall-payments']), path: 'on-call', namespace: 'payments', outcome: 'completed' };
  expect(sessions).toEqual([
    expect.objectContaining({ ...expected, capability: 'exec', command: ['cat', '/etc/hostname'] }),
    expect.objectContaining({ ...expected, capability: 'ephemeral-containers', image: 'docker.io/library/busybox:1.36' }),
  ]);
});

describe('the commands of the other pages', () => {
  const typist = new docs.Typist(cluster, scratch(cluster, 'docs'));
  const one = testIf(cluster.own, 'needs a cluster of its own');
  const keygen = spawnSync('sh', ['-c', 'command -v ssh-keygen']).status === 0;

  beforeAll(async () => {
    if (!cluster.own) return;
    await typist.prepare();
    await apply(cluster, [namespace('payments'), namespace('debug-gateway')]);
  }, 120_000);
  afterAll(async () => {
    if (cluster.own) await docs.takeAway(cluster);
  });

  one('access-requests.md', () => docs.accessRequests(cluster, typist));
  one('guardrails.md, and turning them off as in never-locked-out.md', () => docs.guardrails(cluster, typist));
  one('inventory.md, leaving-cluster-admin.md', () => docs.broadPower(cluster, typist));
  one('diagnostics.md', () => docs.secrets(typist));
  testIf(cluster.own && keygen, 'needs ssh-keygen')('gateway.md', () => docs.hostKey(typist));
  one('never-locked-out.md: the sealed credential', () => docs.lockedOut(cluster, typist));
  one('never-locked-out.md: taking rights away', () => docs.takenBack(cluster, typist));

  one('are all of those that need a cluster', () => {
    expect(typist.untyped().filter(command => keygen || !command.startsWith('docs/gateway.md'))).toEqual([]);
  });
});
