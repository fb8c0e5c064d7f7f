/**
 * The commands of the other pages that ask a cluster, as they stand there: the snippet of a page is applied, and then its commands are
 * typed by those that the page speaks of. Which pages, and which of their commands, says test/docs/commands.ts. They are about policies
 * under the names that they have, so they run where the tutorial runs, after it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import * as cdk8s from 'cdk8s';
import * as esbuild from 'esbuild';
import * as ts from 'typescript';
import * as library from '../../../src';
import { COMMANDS, runOf } from '../../docs/commands';
import { Cluster, newestClient } from '../lab/cluster';
import { admin, apply, asAdmin, find, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { Ended, eventually, must, run } from '../lab/process';

const PROJECT = join(__dirname, '..', '..', '..');

/** What the snippet of a page that declares `construct` synthesizes. */
export function snippet(page: string, construct: string): any[] {
  const text = readFileSync(join(PROJECT, 'docs', page), 'utf8');
  const code = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, source]) => source).find(source => source.includes(`new ${construct}(`))!;
  const compiled = ts.transpileModule(`${code}\nmodule.exports = chart.toJson();`, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } }).outputText;
  const module = { exports: [] as any[] };
  new Function('module', 'exports', 'require', compiled)(module, {}, (name: string) => name === 'cdk8s-secure-debug' ? library : cdk8s);
  return module.exports;
}

/** The program of this work tree in one file, which starts sooner than by tsx. Its files are still looked for where they are. */
async function bundle(program: string): Promise<void> {
  await esbuild.build({
    entryPoints: [join(PROJECT, 'cli', 'src', 'main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
    plugins: [{
      name: 'where things are',
      setup: build => {
        build.onResolve({ filter: /^cdk8s-secure-debug$/ }, () => ({ path: join(PROJECT, 'src', 'index.ts') }));
        build.onLoad({ filter: /(?:cli\/)?src\/.*\.ts$/ }, ({ path }) => ({ loader: 'ts', contents: readFileSync(path, 'utf8').replace(/\b__dirname\b/g, JSON.stringify(dirname(path))) }));
      },
    }],
  });
}

/** Types the commands of docs/ in a folder of its own, and remembers which. */
export class Typist {
  public readonly typed = new Set<string>();
  private cast: Record<string, Person> = {};

  public constructor(private readonly cluster: Cluster, private readonly folder: string) {}

  public async prepare(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(join(this.folder, 'bin'), { recursive: true });
    symlinkSync(this.cluster.clients[newestClient(this.cluster)], join(this.folder, 'bin', 'kubectl'));
    const program = join(this.folder, 'bin', 'secure-debug.js');
    await bundle(program);
    writeFileSync(join(this.folder, 'bin', 'secure-debug'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, { mode: 0o755 });
    symlinkSync(join(PROJECT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** People of the pages; who comes again comes with other groups. */
  public async invite(cast: Record<string, string[]>): Promise<void> {
    this.cast = { ...this.cast, ...await people(this.cluster, Object.entries(cast).map(([name, groups]) => ({ name, groups }))) };
  }

  /** Types the command of the page that begins so. It has to be there, and has to succeed. */
  public async type(page: string, begins: string, who: string, fill: readonly (readonly [string, string])[] = []): Promise<Ended> {
    const found = COMMANDS.filter(command => command.page === `docs/${page}` && command.text.startsWith(begins) && 'cluster' in (runOf(command) ?? {}));
    if (found.length === 0) throw new Error(`docs/${page} has no command that begins with: ${begins}`);
    for (const { page: of, line } of found) this.typed.add(`${of}:${line}`);
    const text = fill.reduce((line, [from, to]) => line.replace(from, to), found[0].text);
    const ended = await this.ask(who, text);
    if (ended.code !== 0) throw new Error(`${who} typed: ${text}\nstatus ${ended.code}\n${ended.stdout}${ended.stderr}`);
    return ended;
  }

  /** Types something else. */
  public ask(who: string, text: string): Promise<Ended> {
    const kubeconfig = who === 'administrator' ? admin(this.cluster).kubeconfig : who === 'nobody' ? '/dev/null' : this.cast[who].kubeconfig;
    const home = join(this.folder, 'home', who);
    mkdirSync(home, { recursive: true });
    return run('bash', ['-c', text], {
      cwd: this.folder,
      env: { PATH: `${join(this.folder, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`, HOME: home, XDG_RUNTIME_DIR: home, KUBECONFIG: kubeconfig },
    });
  }

  /** Those that nobody typed. */
  public untyped(): string[] {
    return COMMANDS.filter(command => 'cluster' in (runOf(command) ?? {}) && !this.typed.has(`${command.page}:${command.line}`)).map(({ page, line, text }) => `${page}:${line}: ${text}`);
  }

  public file(name: string, content: string, mode = 0o600): void {
    writeFileSync(join(this.folder, name), content, { mode });
  }

  /** Whether the command left it. */
  public has(name: string): boolean {
    return existsSync(join(this.folder, name));
  }
}

/** Until the API server decides by the policies that were applied. */
async function decides(cluster: Cluster): Promise<void> {
  await eventually('the policies on requests', async () => {
    const tried = await run(cluster.clients[newestClient(cluster)], ['create', 'rolebinding', 'past-requests', '--role=debug-grant', '--user=alice', '-n', 'payments', '--dry-run=server'], { env: { ...process.env, KUBECONFIG: cluster.kubeconfig } });
    return /ValidatingAdmissionPolicy/.test(tried.stderr) || undefined;
  });
}

const actions = async (cluster: Cluster, name: string): Promise<string[]> => (await find(cluster, ['validatingadmissionpolicybinding', name])).spec.validationActions;

export async function accessRequests(cluster: Cluster, typist: Typist): Promise<void> {
  await apply(cluster, snippet('access-requests.md', 'AccessRequestPolicy'));
  await typist.invite({ alice: ['engineers'], bob: ['payments-leads'], carol: ['oncall-payments'] });
  await decides(cluster);
  const waiting = typist.type('access-requests.md', 'secure-debug request', 'alice');
  await Promise.race([waiting, eventually('the request', async () => await find(cluster, ['rolebinding', '-n', 'payments', 'debug-grant:alice']) || undefined)]);
  expect((await typist.type('access-requests.md', 'secure-debug approve', 'bob')).stdout).toMatch(/^Approved as payments-leads/);
  expect((await waiting).stdout).toContain('You have debug-grant in payments');
  expect((await typist.type('access-requests.md', 'secure-debug status', 'alice')).stdout).toMatch(/debug-grant: active/);
  expect((await typist.type('access-requests.md', 'secure-debug revoke', 'bob')).stdout).toMatch(/revoked/);
}

export async function guardrails(cluster: Cluster, typist: Typist): Promise<void> {
  await apply(cluster, snippet('guardrails.md', 'ExecGuardrail'));
  await eventually('her rights', async () => (await typist.ask('carol', 'kubectl auth can-i --list -n payments')).stdout.includes('debugimages') || undefined);
  expect((await typist.type('guardrails.md', 'kubectl auth can-i', 'carol')).stdout).toMatch(/^commandsets\.secure-debug\.internal .*\[diagnostics\] +\[use\]$/m);
  await typist.type('guardrails.md', 'kubectl patch', 'administrator');
  expect(await actions(cluster, 'secure-debug-exec')).toEqual(['Audit']);

  const page = 'never-locked-out.md';
  await asAdmin(cluster, ['patch', 'validatingadmissionpolicybinding', 'secure-debug-exec', '--type=json', '-p', '[{"op":"replace","path":"/spec/validationActions","value":["Deny","Audit"]}]']);
  // It tries them, and the API server takes a moment.
  await eventually('every guardrail to decide', async () => (await typist.ask('administrator', 'secure-debug guardrails status')).code === 0 || undefined);
  expect((await typist.type(page, 'secure-debug guardrails status', 'administrator')).stdout).toContain('secure-debug-exec');
  await typist.type(page, 'secure-debug guardrails off exec', 'administrator');
  expect(await actions(cluster, 'secure-debug-exec')).toEqual(['Audit']);
  await typist.type(page, 'secure-debug guardrails on', 'administrator');
  expect(await actions(cluster, 'secure-debug-exec')).toEqual(['Deny', 'Audit']);
  expect((await typist.type(page, 'kubectl get validatingadmissionpolicybindings', 'administrator')).stdout).toContain('secure-debug-exec');
  await typist.type(page, 'kubectl patch', 'administrator');
  expect(await actions(cluster, 'secure-debug-exec')).toEqual(['Audit']);
}

export async function lockedOut(cluster: Cluster, typist: Typist): Promise<void> {
  const page = 'never-locked-out.md';
  await apply(cluster, snippet(page, 'BreakGlassAccess'));
  await typist.invite({ alice: ['oncall-payments'] });
  await eventually('the rights of the sealed credential', async () =>
    (await typist.ask('administrator', 'kubectl auth can-i create jobs -n payments --as=break-glass-1 --as-group=break-glass-sealed')).code === 0 || undefined);
  const keys = 'import("age-encryption").then(async age => { const key = await age.generateX25519Identity(); console.log(key + " " + await age.identityToRecipient(key)); })';
  const pair = async () => (await must(process.execPath, ['-e', keys], { env: process.env, cwd: join(PROJECT, 'cli') })).trim().split(' ');
  const [[secret, one], [, other]] = [await pair(), await pair()];
  typist.file('key.txt', `${secret}\n`);
  await typist.type(page, 'secure-debug break-glass seal', 'administrator', [['age1…', one], ['age1…', other]]);
  expect(typist.has('break-glass-1.age')).toBe(true);
  await typist.type(page, 'secure-debug break-glass drill', 'nobody');
  const opened = await typist.type(page, 'secure-debug break-glass open', 'nobody');
  const [, kubeconfig] = /--kubeconfig (\S+)/.exec(opened.stdout + opened.stderr)!;
  const asked = await typist.type(page, 'secure-debug request break-glass', 'nobody', [['…', kubeconfig]]);
  expect(asked.stdout).toMatch(/break-glass in payments/);
  await typist.type(page, 'kubectl delete rolebinding -n payments \'break-glass:break-glass-1\'', 'administrator');
}

export async function takenBack(cluster: Cluster, typist: Typist): Promise<void> {
  const page = 'never-locked-out.md';
  await apply(cluster, snippet('access-requests.md', 'AccessRequestPolicy'));
  const ended = await typist.ask('alice', 'secure-debug request break-glass -n payments --reason "orders hang" --ticket INC-43');
  expect(ended.code).toBe(0);
  await typist.type(page, 'kubectl delete rolebinding -n payments \'break-glass:alice\'', 'administrator');
  await typist.type(page, 'kubectl delete rolebinding -n payments request-debug-grant request-break-glass', 'administrator');
  await apply(cluster, snippet('access-requests.md', 'AccessRequestPolicy'));
  await typist.type(page, 'kubectl delete rolebinding -n payments request-break-glass take-break-glass', 'administrator');
  await typist.type(page, 'secure-debug guardrails off requests', 'administrator');
}

export async function broadPower(cluster: Cluster, typist: Typist): Promise<void> {
  expect((await typist.type('inventory.md', 'secure-debug inventory --live', 'administrator')).stdout).toMatch(/parts of Kubernetes itself are left out/);
  expect((await typist.type('inventory.md', 'kubectl get clusterroles', 'administrator')).stdout).toContain('Group oncall-payments');
  await apply(cluster, [{
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'docs-platform-break-glass' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'platform-break-glass' }],
  }]);
  typist.file('audit.log', `${JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: 'one',
    stage: 'ResponseComplete',
    verb: 'get',
    requestURI: '/version',
    user: { username: 'admin', groups: ['system:masters'] },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-03-01T10:00:00.000000Z',
    stageTimestamp: '2026-03-01T10:00:00.000000Z',
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  })}\n`);
  await typist.type('leaving-cluster-admin.md', 'secure-debug plan --live', 'administrator');
  expect(typist.has('off-cluster-admin/PLAN.md')).toBe(true);
}

export async function secrets(typist: Typist): Promise<void> {
  await typist.type('diagnostics.md', 'kubectl -n payments create secret generic ledger-login', 'administrator');
  await typist.type('diagnostics.md', 'kubectl -n payments create secret generic diagnostics-overview-token', 'administrator');
}

export async function hostKey(typist: Typist): Promise<void> {
  for (const begins of ['ssh-keygen -t ed25519 -f people', 'ssh-keygen -t ed25519 -f gateways', 'ssh-keygen -t ed25519 -N', 'ssh-keygen -s gateways', 'kubectl -n debug-gateway create secret']) {
    await typist.type('gateway.md', begins, 'administrator');
  }
  // Her own key, which ssh has already.
  expect((await typist.ask('alice', 'mkdir -p ~/.ssh && ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id_ed25519')).code).toBe(0);
  expect((await typist.type('gateway.md', 'secure-debug ssh sign', 'alice')).stdout).toContain('alice');
}

/** What the pages declared, and those who were invited. */
export async function takeAway(cluster: Cluster): Promise<void> {
  const declared = [snippet('access-requests.md', 'AccessRequestPolicy'), snippet('guardrails.md', 'ExecGuardrail'), snippet('never-locked-out.md', 'BreakGlassAccess')].flat();
  // The policies first: they would keep what they guard.
  const policies = declared.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'));
  for (const items of [policies, declared]) await asAdmin(cluster, ['delete', '--ignore-not-found', '--wait=false', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  await asAdmin(cluster, ['delete', 'clusterrolebinding', 'docs-platform-break-glass', '--ignore-not-found']);
  await asAdmin(cluster, ['delete', 'namespace', 'debug-gateway', 'payments', '--ignore-not-found', '--wait=false']);
}
