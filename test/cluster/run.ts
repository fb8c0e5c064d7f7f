/**
 * Runs the suite against a real Kubernetes: npm run test:cluster -- [option...] [pattern of test files...]
 *
 *   (nothing)               everything on a cluster of its own of the newest version, the tutorial, then acceptance on the oldest
 *   --version 1.35          on a cluster of its own of that version; may be repeated
 *   --all-versions          on one after the other of every version of control-plane/versions.txt
 *   --no-node               control plane alone: what needs pods is skipped by name
 *   --use-current-cluster   on the cluster of KUBECONFIG, if a namespace of it has the label secure-debug.internal/test-cluster
 *   --cluster DIR           on the one that control-plane/up.sh started in DIR, and leave it running
 *   --write                 write the tables in docs/ instead of comparing them
 *   --build                 only build what such a run needs
 *
 * What takes long runs only when its pattern is named: planted (a defect in each rule of the model, one at a time), latency
 * (what the guardrail on exec costs), cluster/soak (twenty people for half an hour), gateway/attacks, cli/cert, cli/plan, cluster/long (the rest).
 */
import { ChildProcess, spawn } from 'child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { constants, tmpdir } from 'os';
import { join, relative } from 'path';
import { parseArgs } from 'util';
import { App, Chart } from 'cdk8s';
import { AuditPolicy, ControlPlane } from '../../src';
import { ATTEMPT_FOLDERS, ATTEMPTS, checkAttempts } from './lab/attempts';
import { Cluster, CLUSTER_FILE } from './lab/cluster';
import { run } from './lab/process';
import { declareAll } from './lab/setups';
import { missing } from './lab/systems';

const PROJECT = join(__dirname, '..', '..');
const CONTROL_PLANE = join(__dirname, 'control-plane');
const MARKER = 'secure-debug.internal/test-cluster';
const IMAGE = 'docker.io/library/busybox:1.36';
const NODE_IMAGE = 'docker.io/library/node:24.18.0-alpine3.24';

/** What was asked for cannot be done: one line that names the fix. */
class Refused extends Error {}
/** Somebody pressed Ctrl-C. */
class Interrupted extends Error {
  public constructor(public readonly status: number) { super(); }
}

/** Runs only when it is named. */
const SLOW = ['planted', 'latency', 'cluster/long', 'cluster/soak', 'gateway/attacks', 'cli/cert', 'cli/plan'];
/** Applies the examples under the names they have, so it gets a cluster of its own; pods are nothing to it. */
const ACCEPTANCE = 'test/cluster/acceptance';
/** Applies its policies to the whole cluster, under the names they have. */
const TUTORIAL = 'test/cluster/tutorial';
/** Is the same on every version. */
const ONCE = ['test/cluster/network/simulator', 'test/cluster/control-plane'];

interface Options {
  readonly versions: string[];
  readonly withNode: boolean;
  readonly patterns: string[];
  readonly write: boolean;
  readonly buildOnly: boolean;
  /** Files that are left out, unless patterns are given. */
  readonly without: string[];
}

let interrupted = 0;

/** How a child ended; a signal to this process is passed on until then. */
async function endOf(child: ChildProcess, signals: NodeJS.Signals[], pass: (signal: NodeJS.Signals) => unknown): Promise<number> {
  signals.forEach(signal => process.on(signal, pass));
  const status = await new Promise<number>((resolve, reject) => child.on('error', reject).on('close', (code, signal) =>
    resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))));
  signals.forEach(signal => process.off(signal, pass));
  return status;
}

/** Runs a program in the foreground; a signal to this process reaches it too, and counts once it has ended. */
function foreground(program: string, args: string[]): Promise<number> {
  const child = spawn(program, args, { cwd: PROJECT, stdio: 'inherit' });
  return endOf(child, ['SIGTERM', 'SIGHUP'], signal => child.kill(signal)); // Ctrl-C it gets from the terminal
}

/** Runs jest, which would leave its workers behind when it alone is ended: so all of them are a group of their own. */
function jest(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [join(PROJECT, 'node_modules', 'jest', 'bin', 'jest.js'), ...args], { cwd: PROJECT, env, stdio: 'inherit', detached: true });
  return endOf(child, ['SIGINT', 'SIGTERM', 'SIGHUP'], signal => process.kill(-child.pid!, signal));
}

async function step(program: string, args: string[]): Promise<void> {
  const status = await foreground(program, args);
  stopIfInterrupted();
  if (status === 2) throw new Refused(''); // it has said why
  if (status !== 0) throw new Error(`${relative(PROJECT, program)} ended with status ${status}`);
}

function stopIfInterrupted(): void {
  if (interrupted) throw new Interrupted(interrupted);
}

/** The lines of versions.txt that are about Kubernetes, the newest first. */
function versions(part: 'cluster' | 'kubectl'): string[] {
  return readFileSync(join(CONTROL_PLANE, 'versions.txt'), 'utf8').split('\n')
    .map(line => line.split(/\s+/)).filter(([name, , parts]) => name === 'kubernetes' && parts === part).map(([, version]) => version);
}

async function builtProgram(name: string, version: string): Promise<string> {
  const found = await run('bash', ['-c', 'source "$1"; find_program "$2" "$3"', 'find', join(CONTROL_PLANE, 'lib.sh'), name, version], { env: process.env });
  return found.stdout.trim();
}

/** The version of the programs in KUBEBUILDER_ASSETS. */
async function assetsVersion(): Promise<string> {
  const found = await run('bash', ['-c', 'source "$1"; resolve_version', 'find', join(CONTROL_PLANE, 'lib.sh')], { env: process.env });
  if (found.code !== 0) throw new Refused(`KUBEBUILDER_ASSETS is "${process.env.KUBEBUILDER_ASSETS}": ${found.stderr.trim()}. Fix: name a folder with kube-apiserver, etcd and kubectl.`);
  return found.stdout.trim();
}

/** A client of the cluster's version, and one of each older way of speaking. */
async function builtClients(version: string): Promise<Record<string, string>> {
  const clients: Record<string, string> = {};
  for (const client of [version, ...versions('kubectl')]) clients[client] = await builtProgram('kubectl', client);
  return clients;
}

function auditPolicy(): string {
  const access = declareAll(new Chart(new App(), 'suite'));
  return new AuditPolicy(new ControlPlane(), 'audit', { access }).toYaml();
}

/** Runs this program once more, beside others; what it printed is shown as a whole once it has ended. */
async function beside(args: string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, __filename, ...args], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: Buffer[] = [];
  child.stdout.on('data', data => printed.push(data));
  child.stderr.on('data', data => printed.push(data));
  const status = await endOf(child, ['SIGTERM', 'SIGHUP'], signal => child.kill(signal));
  process.stderr.write(`\n${args.join(' ')}\n${Buffer.concat(printed)}`);
  return status;
}

/** Starts a cluster, runs the tests, and stops it, whatever happens. */
async function ownCluster(version: string, options: Options): Promise<number> {
  const { withNode, buildOnly } = options;
  // Before anything is built: up.sh says what to do instead.
  const able = process.platform === 'linux' && (!withNode || process.getuid!() === 0);
  if (!able) await step(join(CONTROL_PLANE, 'up.sh'), [tmpdir()]);
  await step(join(CONTROL_PLANE, 'build.sh'), withNode ? [version, ...versions('kubectl'), 'cyclonus'] : ['--no-node', version]);
  if (buildOnly) return 0;
  const folder = join(PROJECT, 'reports', 'cluster', withNode ? version : `${version}-no-node`);
  mkdirSync(folder, { recursive: true });
  const up = join(CONTROL_PLANE, 'up.sh');
  const scratch = mkdtempSync(join(tmpdir(), 'secure-debug-test-'));
  // What up.sh does not start it stops itself, and a cluster that is there already is somebody else's.
  let started = false;
  try {
    const policy = join(scratch, 'audit-policy.yaml');
    writeFileSync(policy, auditPolicy());
    await step(up, [folder, '--version', version, '--audit-policy', policy, '--owner', String(process.pid), ...withNode ? ['--node-image', NODE_IMAGE] : ['--no-node']]);
    started = true;
    return await tests(await startedCluster(folder, scratch), options);
  } finally {
    if (started) await foreground(join(CONTROL_PLANE, 'down.sh'), [folder]);
    rmSync(scratch, { recursive: true, force: true });
    console.error(`logs of the cluster: ${relative(PROJECT, folder)}/log, audit log: ${relative(PROJECT, folder)}/audit.log`);
  }
}

/** A cluster that up.sh has started. */
async function startedCluster(folder: string, scratch: string): Promise<Cluster> {
  const file = join(folder, 'cluster.env');
  if (!existsSync(file)) throw new Refused(`--cluster ${folder}: there is no cluster. Fix: test/cluster/control-plane/up.sh ${folder}`);
  const env = Object.fromEntries(readFileSync(file, 'utf8').trim().split('\n').map(line => line.split(/=(.*)/)));
  const withNode = existsSync(join(folder, 'node', 'init'));
  return {
    kubeconfig: env.KUBECONFIG,
    version: env.KUBERNETES_VERSION,
    folder: scratch,
    clients: withNode ? await builtClients(env.KUBERNETES_VERSION) : { [env.KUBERNETES_VERSION]: env.KUBECTL },
    own: true,
    documented: withNode && env.KUBERNETES_VERSION === versions('cluster')[0],
    node: withNode,
    ...env.AUDIT_POLICY && { auditLog: join(folder, 'audit.log'), auditPolicy: env.AUDIT_POLICY },
    image: IMAGE,
    nodeImage: NODE_IMAGE,
  };
}

/** The user's cluster, if it is marked as one for tests. */
async function currentCluster(options: Options): Promise<number> {
  const ask = async (...args: string[]) => {
    const ended = await run('kubectl', args, { env: process.env }).catch(() => { throw new Refused('--use-current-cluster needs kubectl. Fix: install it, or leave the option out.'); });
    if (ended.code !== 0) throw new Refused(`--use-current-cluster: kubectl ${args.join(' ')} fails: ${ended.stderr.trim()}`);
    return ended.stdout;
  };
  const context = (await ask('config', 'current-context')).trim();
  const marked = await ask('get', 'namespaces', '-l', MARKER, '-o', 'name');
  if (!marked) {
    throw new Refused(`--use-current-cluster: no namespace of the cluster "${context}" has the label ${MARKER}, so it may be one that people need. `
      + `Fix: if it is for tests, kubectl --context ${context} label namespace default ${MARKER}=yes`);
  }
  const versionJson = JSON.parse(await ask('version', '-o', 'json'));
  const nodes = JSON.parse(await ask('get', 'nodes', '-o', 'json')).items;
  const scratch = mkdtempSync(join(tmpdir(), 'secure-debug-test-'));
  try {
    const kubeconfig = join(scratch, 'admin.kubeconfig');
    writeFileSync(kubeconfig, await ask('config', 'view', '--minify', '--flatten', '--raw', '-o', 'json'), { mode: 0o600 });
    const clientVersion = versionJson.clientVersion.gitVersion.replace(/^v/, '');
    const clients: Record<string, string> = { [clientVersion]: 'kubectl' };
    for (const client of versions('kubectl')) {
      const program = await builtProgram('kubectl', client);
      if (program) clients[client] = program;
      else console.error(`kubectl ${client} is not built, so it is not tried. To have it: test/cluster/control-plane/build.sh ${client}`);
    }
    return await tests({
      kubeconfig, version: versionJson.serverVersion.gitVersion.replace(/^v/, ''), folder: scratch, clients, own: false, documented: false, node: nodes.length > 0, image: IMAGE, nodeImage: NODE_IMAGE,
    }, { ...options, inBand: true });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function tests(cluster: Cluster, { patterns, write, without, inBand }: Options & { inBand?: boolean }): Promise<number> {
  const file = join(cluster.folder, 'cluster.json');
  writeFileSync(file, JSON.stringify(cluster));
  const results = join(cluster.folder, 'results.json');
  const status = await jest([
    '--config', join(__dirname, 'jest.config.json'), '--ci', '--json', `--outputFile=${results}`, ...patterns,
    ...inBand ? ['--runInBand'] : [],
    ...[...SLOW.filter(slow => !patterns.some(pattern => pattern.includes(slow))), ...patterns.length > 0 ? [] : without].map(path => `--testPathIgnorePatterns=${path}`),
  ], { ...process.env, [CLUSTER_FILE]: file, ...write && { CDK8S_SECURE_DEBUG_WRITE: 'yes' } });
  stopIfInterrupted();
  // A run of all that the document lists, on the cluster that the documents are about.
  const whole = patterns.length === 0 || ATTEMPT_FOLDERS.every(folder => patterns.includes(folder));
  if (status === 0 && cluster.documented && whole && !checkAttempts(results, write)) {
    console.error(`${ATTEMPTS} lists other tests than those that passed. Fix: npm run test:cluster -- --write ${ATTEMPT_FOLDERS.join(' ')}, and read the diff.`);
    return 1;
  }
  const shown = status === 0 && cluster.documented ? missing(results) : [];
  if (shown.length > 0) {
    console.error(`docs/systems.md names tests that did not pass here: ${shown.join('; ')}. Fix: mend them, or test/cluster/lab/systems.ts.`);
    return 1;
  }
  return status;
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        'version': { type: 'string', multiple: true },
        'all-versions': { type: 'boolean' },
        'no-node': { type: 'boolean' },
        'use-current-cluster': { type: 'boolean' },
        'cluster': { type: 'string' },
        'write': { type: 'boolean' },
        'build': { type: 'boolean' },
        'help': { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new Refused(`${(error as Error).message.split('. ')[0].split('\n')[0]}. Fix: --help lists the options.`);
  }
}

async function main(): Promise<number> {
  const { values, positionals: patterns } = parse();
  if (values.help) {
    console.log(/\/\*\*\n([^]*?)\n \*\//.exec(readFileSync(__filename, 'utf8'))![1].replace(/^ \* ?/gm, ''));
    return 0;
  }
  const options: Options = { versions: values.version ?? [], withNode: !values['no-node'], patterns, write: !!values.write, buildOnly: !!values.build, without: [] };
  for (const wanted of options.versions) {
    if (!versions('cluster').some(version => version === wanted || version.startsWith(`${wanted}.`))) {
      throw new Refused(`--version ${wanted} is not one of ${versions('cluster').join(', ')}. Fix: take one of these, or add it to control-plane/versions.txt.`);
    }
  }
  const known = versions('cluster');
  if (values['use-current-cluster']) return currentCluster(options);
  if (values.cluster) {
    const scratch = mkdtempSync(join(tmpdir(), 'secure-debug-test-'));
    try {
      return await tests(await startedCluster(values.cluster, scratch), { ...options, inBand: true });
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  const all = process.env.KUBEBUILDER_ASSETS && !values['all-versions'] && options.versions.length === 0 ? [await assetsVersion()] : known;
  const asked = options.versions.map(one => known.find(version => `${version}.`.startsWith(`${one}.`))!);
  const full = values['all-versions'] ? all : asked.length > 0 ? asked : all.slice(0, 1);
  // Where nothing narrower was asked for, the oldest version has to accept the manifests too.
  const accepting = asked.length > 0 ? full : [...new Set([...full, all[all.length - 1]])];

  if (patterns.length > 0 || !options.withNode) return worst(full.map(version => () => ownCluster(version, options)));
  const without = [ACCEPTANCE, TUTORIAL];
  const status = await worst(full.map((version, i) => () => ownCluster(version, { ...options, without: [...without, ...i > 0 ? ONCE : []] })));
  if (options.buildOnly) return worst([async () => status, ...accepting.map(version => () => ownCluster(version, { ...options, withNode: false }))]);
  stopIfInterrupted();
  // These wait for the API server more than they work, so they run side by side.
  const assets = process.env.KUBEBUILDER_ASSETS && asked.length === 0;
  const on = (version: string) => [...assets ? [] : ['--version', version], ...options.write ? ['--write'] : []];
  const others = accepting.map(version => beside([...on(version), '--no-node', ACCEPTANCE]));
  return Math.max(status, ...await Promise.all([beside([...on(full[0]), TUTORIAL]), ...others]));
}

/** Runs one after the other, also after a failure, and returns the highest exit status. */
async function worst(runs: (() => Promise<number>)[]): Promise<number> {
  let status = 0;
  for (const one of runs) status = Math.max(status, await one());
  return status;
}

// The terminal sends Ctrl-C to the children too; this process only sees to it that they are cleaned up after.
process.on('SIGINT', () => { interrupted = 130; });
process.on('SIGTERM', () => { interrupted = 143; });
process.on('SIGHUP', () => { interrupted = 129; });
main().then(
  status => { process.exitCode = status; },
  error => {
    if (error instanceof Interrupted) {
      process.exitCode = error.status;
    } else if (error instanceof Refused) {
      if (error.message) console.error(`error: ${error.message}`);
      process.exitCode = 2;
    } else {
      console.error(`error: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    }
  },
);
