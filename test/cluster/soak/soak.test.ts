/**
 * The whole blueprint under work: twenty people do what they may and what they may not, by chance but from a seed, for half an hour.
 * What they did is written down as they do it, and in the end the report from the audit log has to be the same, and nothing may be left.
 *
 *     SOAK_MINUTES=2 SOAK_SEED=7 npm run test:cluster -- cluster/soak
 */
import { readFileSync, statSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App } from 'cdk8s';
import { CommandSet, DebugImage, DebugTeam, RolloutPhase, SecureDebugging } from '../../../src';
import { build, demolish, secureDebug } from '../cli/program';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, find, kubectl, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { Ended, eventually, must } from '../lab/process';
import { namespace, running, target } from '../lab/targets';

const PROJECT = join(__dirname, '..', '..', '..');
const cluster = theCluster();
const MINUTES = Number(process.env.SOAK_MINUTES ?? 30);
const SEED = Number(process.env.SOAK_SEED ?? 20_260_301);
/** On two cores more of them only wait for each other. */
const AT_A_TIME = 5;

const TEAMS: DebugTeam[] = [
  { name: 'orders', namespaces: ['sd-orders'], onCall: 'sd-oncall-orders', approvers: 'sd-orders-leads', requesters: ['sd-engineers'], debugByRequest: true },
  { name: 'payments', namespaces: ['sd-payments'], onCall: 'sd-oncall-payments', approvers: 'sd-payments-leads' },
];
const PEOPLE = [
  ...Array.from({ length: 6 }, (_, i) => ({ name: `soak-pay-${i}`, groups: ['sd-oncall-payments'] })),
  ...Array.from({ length: 5 }, (_, i) => ({ name: `soak-order-${i}`, groups: ['sd-oncall-orders'] })),
  ...Array.from({ length: 4 }, (_, i) => ({ name: `soak-engineer-${i}`, groups: ['sd-engineers'] })),
  { name: 'soak-lead-orders', groups: ['sd-orders-leads'] },
  { name: 'soak-lead-payments', groups: ['sd-payments-leads'] },
  ...Array.from({ length: 3 }, (_, i) => ({ name: `soak-outsider-${i}`, groups: ['sd-others'] })),
];
const HARMLESS = [['uptime'], ['df', '-h'], ['ps'], ['cat', '/etc/hosts'], ['hostname']];

/** Numbers from 0 to 1, always the same ones for a seed (Lehmer). */
function dice(seed: number): () => number {
  let state = 1 + seed % 2_147_483_646;
  return () => {
    state = state * 48_271 % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** What somebody did, as the report should tell it. */
interface Deed {
  readonly user: string;
  readonly what: string;
  readonly where: string;
  readonly outcome: string;
  readonly path?: string;
  readonly ticket?: string;
}

const record: Deed[] = [];
const wrong: string[] = [];
let tries = 0;
let count = 0;
let who: Record<string, Person> = {};
let debugging: SecureDebugging;
let begin = 0;

const roll = dice(SEED);
const one = <T>(all: readonly T[]): T => all[Math.floor(roll() * all.length)];

async function expectCode(what: string, allowed: boolean, act: () => Promise<Ended>): Promise<boolean> {
  tries++;
  const { code, stderr, stdout } = await act();
  if ((code === 0) === allowed) return true;
  wrong.push(`${what} ended with ${code}: ${(stderr || stdout).trim().slice(0, 300)}`);
  return false;
}

const client = () => one(Object.keys(cluster.clients));
const exec = (person: Person, ns: string, argv: string[], stdin?: string) =>
  kubectl(cluster, person, ['exec', '-n', ns, ...stdin ? ['-i'] : [], 'app-0', '--', ...argv], { client: client(), stdin });

/** Everything that a person may try; each writes down what the log should have of it. */
const DEEDS: { [name: string]: (person: Person) => Promise<void> } = {
  'what is allowed at any time': async person => {
    const argv = one(HARMLESS);
    if (await expectCode(`${person.name} ${argv.join(' ')}`, true, () => exec(person, 'sd-payments', argv))) {
      record.push({ user: person.name, what: `exec ${argv.join(' ')}`, where: 'sd-payments/app-0', outcome: 'completed', path: 'on-call' });
    }
  },
  'a command of no set': async person => {
    const argv = ['echo', `${person.name}-${count++}`];
    if (await expectCode(argv.join(' '), false, () => exec(person, 'sd-payments', argv))) {
      record.push({ user: person.name, what: `exec ${argv.join(' ')}`, where: 'sd-payments/app-0', outcome: 'refused' });
    }
  },
  'a shell behind busybox': async person => {
    const argv = ['busybox', 'sh', '-c', `id ${count++}`];
    if (await expectCode(argv.join(' '), false, () => exec(person, 'sd-payments', argv))) {
      record.push({ user: person.name, what: `exec ${argv.join(' ')}`, where: 'sd-payments/app-0', outcome: 'refused' });
    }
  },
  'a debug container of an image that is not listed': async person => {
    const image = `docker.io/library/evil:${count++}`;
    const debug = () => kubectl(cluster, person, ['debug', '-n', 'sd-payments', 'app-0', `--image=${image}`, '--', 'ps'], { client: client() });
    if (await expectCode(image, false, debug)) record.push({ user: person.name, what: `ephemeral-containers ${image}`, where: 'sd-payments/app-0', outcome: 'refused' });
  },
  'what RBAC refuses before anything begins': async person => {
    await expectCode('secrets', false, () => kubectl(cluster, person, ['get', 'secrets', '-n', 'sd-payments'], { client: client() }));
    await expectCode('another namespace', false, () => exec(person, 'kube-system', ['ps']));
    await expectCode('nodes', false, () => kubectl(cluster, person, ['get', '--raw', '/api/v1/nodes']));
  },
  'break-glass, and a shell': async person => {
    const ticket = `INC-${count++}`;
    const asked = await secureDebug(cluster, person, ['request', 'break-glass', '-n', 'sd-payments', '--reason', 'soak', '--ticket', ticket, '--for', '10m']);
    if (!await expectCode(`break-glass ${ticket}`, true, () => Promise.resolve(asked))) return;
    if (await expectCode('a shell in an emergency', true, () => exec(person, 'sd-payments', ['sh'], 'exit 0\n'))) {
      record.push({ user: person.name, what: 'exec sh', where: 'sd-payments/app-0', outcome: 'completed', path: 'break-glass', ticket });
    }
    await expectCode('withdraw', true, () => secureDebug(cluster, person, ['withdraw', 'break-glass', '-n', 'sd-payments', '--reason', 'done']));
  },
  'access at once': async person => {
    const ticket = `INC-${count++}`;
    const argv = one(HARMLESS);
    // They may read the pod, so it is the exec that RBAC refuses; who may not never gets to one.
    if (await expectCode('before asking', false, () => exec(person, 'sd-orders', argv))) {
      record.push({ user: person.name, what: `exec ${argv.join(' ')}`, where: 'sd-orders/app-0', outcome: 'refused' });
    }
    if (!await expectCode('request', true, () => secureDebug(cluster, person, ['request', '-n', 'sd-orders', '--reason', 'soak', '--ticket', ticket, '--for', '10m']))) return;
    if (await expectCode('after asking', true, () => exec(person, 'sd-orders', argv))) {
      record.push({ user: person.name, what: `exec ${argv.join(' ')}`, where: 'sd-orders/app-0', outcome: 'completed', path: 'just-in-time', ticket });
    }
    await expectCode('withdraw', true, () => secureDebug(cluster, person, ['withdraw', '-n', 'sd-orders', '--reason', 'done']));
  },
  'access that somebody approves': async person => {
    const ticket = `INC-${count++}`;
    if (!await expectCode('request', true, () => secureDebug(cluster, person, ['request', '-n', 'sd-orders', '--reason', 'soak', '--ticket', ticket, '--for', '10m']))) return;
    await expectCode('approving oneself', false, () => secureDebug(cluster, person, ['approve', person.name, '-n', 'sd-orders']));
    await expectCode('approve', true, () => secureDebug(cluster, who['soak-lead-orders'], ['approve', person.name, '-n', 'sd-orders']));
    const argv = one(HARMLESS);
    if (await expectCode('after the approval', true, () => exec(person, 'sd-orders', argv))) {
      record.push({ user: person.name, what: `exec ${argv.join(' ')}`, where: 'sd-orders/app-0', outcome: 'completed', path: 'just-in-time', ticket });
    }
    await expectCode('revoke', true, () => secureDebug(cluster, who['soak-lead-orders'], ['revoke', '-n', 'sd-orders', '--user', person.name, '--reason', 'done']));
    await expectCode('after the revocation', false, () => exec(person, 'sd-orders', argv));
    // Else they could ask again only when the time of this one is over.
    const grant = `rolebinding/debug-grant:${person.name}`;
    await expectCode('clear', true, () => kubectl(cluster, who['soak-lead-orders'], ['delete', grant, '-n', 'sd-orders']));
  },
  'an outsider': async person => {
    await expectCode('an outsider', false, () => exec(person, one(['sd-orders', 'sd-payments']), ['ps']));
    await expectCode('an outsider asks', false, () => secureDebug(cluster, person, ['request', '-n', 'sd-orders', '--reason', 'soak', '--ticket', 'INC-0']));
  },
};
const OF_ALL = ['what RBAC refuses before anything begins'];
const OF: { [prefix: string]: string[] } = {
  'soak-pay': [
    'what is allowed at any time', 'what is allowed at any time', 'a command of no set', 'a shell behind busybox',
    'a debug container of an image that is not listed', 'break-glass, and a shell', ...OF_ALL,
  ],
  'soak-order': ['access at once', ...OF_ALL],
  'soak-engineer': ['access that somebody approves', ...OF_ALL],
  'soak-outsider': ['an outsider'],
};

const can = testIf(cluster.auditLog && cluster.node, 'needs a cluster of its own, with a node and an audit log');

beforeAll(async () => {
  if (!cluster.auditLog || !cluster.node) return;
  await build();
  const app = new App();
  debugging = new SecureDebugging(app, 'debugging', {
    teams: TEAMS,
    phase: RolloutPhase.BROKER,
    debugImages: [new DebugImage('toolbox', { repository: 'docker.io/library/busybox', tags: ['1.36'], commandSets: [CommandSet.readOnlyDiagnostics()] })],
  });
  const objects = app.charts.flatMap(chart => chart.toJson());
  await apply(cluster, ['sd-orders', 'sd-payments'].map(name => namespace(name)));
  // Once the guardrails are there, people create no pods, administrators among them.
  await apply(cluster, ['sd-orders', 'sd-payments'].map(name => target(cluster, name, 'app-0')));
  await apply(cluster, objects.filter(({ kind }) => kind.startsWith('ValidatingAdmission')));
  await apply(cluster, objects.filter(({ kind }) => !kind.startsWith('ValidatingAdmission')));
  await running(cluster, 'sd-orders', ['app-0']);
  await running(cluster, 'sd-payments', ['app-0']);
  who = await people(cluster, PEOPLE);
  await eventually('the guardrail to decide', async () => (await exec(who['soak-pay-0'], 'sd-payments', ['echo', 'not yet'])).code === 0 ? undefined : true);
  begin = statSync(cluster.auditLog).size;
}, 300_000);

afterAll(demolish);

can('the report is what was done, and nothing is left', async () => {
  const end = Date.now() + MINUTES * 60_000;
  const idle = PEOPLE.map(({ name }) => name).filter(name => !name.startsWith('soak-lead'));
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    while (Date.now() < end) {
      const name = idle.splice(Math.floor(roll() * idle.length), 1)[0];
      const prefix = Object.keys(OF).find(known => name.startsWith(known))!;
      await DEEDS[one(OF[prefix])](who[name]);
      idle.push(name);
    }
  }));
  expect(wrong).toEqual([]);

  // What stays open in the log ends with the response.
  await new Promise(resolve => setTimeout(resolve, 2_000));
  const log = join(cluster.folder, 'soak.log');
  writeFileSync(log, readFileSync(cluster.auditLog!).subarray(begin));
  const report = JSON.parse(await must(join(PROJECT, 'node_modules', '.bin', 'tsx'), [
    '--tsconfig', join(PROJECT, 'cli', 'tsconfig.dev.json'), join(PROJECT, 'cli', 'src', 'main.ts'), 'audit', 'report', log, '--json',
  ], { env: process.env, timeout: 300_000 }));
  const told = report.sessions.filter(({ user }: any) => user.startsWith('soak-')).map((session: any): Deed => ({
    user: session.user,
    what: `${session.capability} ${session.image ?? session.command?.join(' ')}`,
    where: `${session.namespace}/${session.pod}`,
    outcome: session.outcome,
    ...session.outcome === 'completed' && { path: session.path },
    ...session.request?.ticket && { ticket: session.request.ticket },
  }));
  const lines = (deeds: Deed[]) => deeds.map(deed => JSON.stringify(deed, ['user', 'what', 'where', 'outcome', 'path', 'ticket'])).sort();
  expect(lines(told)).toEqual(lines(record));
  expect(report.damage).toEqual([]);
  if (MINUTES >= 5) expect(new Set(record.map(({ path }) => path))).toEqual(new Set(['on-call', 'just-in-time', 'break-glass', undefined]));
  process.stderr.write(`soak: seed ${SEED}, ${MINUTES} minutes, ${tries} tries, ${record.length} sessions, each as it was done\n`);

  const declared = new Set(debugging.node.findAll().flatMap(c => (c as any).kind === 'RoleBinding' ? [(c as any).name] : []));
  await eventually('grants and timers to be gone', async () => {
    // Of what there is none, kubectl prints nothing.
    const all = async (kind: string) => (await Promise.all(['sd-orders', 'sd-payments'].map(ns => find(cluster, [kind, '-n', ns])))).flatMap(list => list?.items ?? []);
    const [bindings, jobs] = [await all('rolebindings'), await all('jobs')];
    return bindings.every(({ metadata }: any) => declared.has(metadata.name)) && jobs.length === 0 ? true : undefined;
  }, 900_000);
}, (MINUTES + 30) * 60_000);

afterAll(async () => {
  if (Object.keys(who).length === 0) return;
  await asAdmin(cluster, ['delete', 'namespace', 'sd-orders', 'sd-payments', '--wait=false', '--ignore-not-found']);
});
