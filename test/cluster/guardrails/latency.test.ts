/**
 * What the guardrail costs: runs only when it is named, on a quiet machine, and asserts no time.
 *
 *     npm run test:cluster -- latency
 */
import { App, Chart } from 'cdk8s';
import { Command, CommandSet, DebugCapability, ExecGuardrail, GuardrailMode, OnCallDebugAccess } from '../../../src';
import { Api } from '../lab/api';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove, running, target } from '../lab/targets';
import { openStream } from '../lab/verdict';

const cluster = theCluster();
const GUARDED = 'sd-latency-guarded';
const FREE = 'sd-latency-free';
const POLICY = 'sd-latency';
const GROUPS = 1000;
const SETS = 24;
const COMMANDS = 10;

let alice: Person;

function objects(): any[] {
  const chart = new Chart(new App(), 'suite');
  const set = (i: number) => `set-${String(i % SETS).padStart(2, '0')}`;
  new ExecGuardrail(chart, 'exec', {
    name: POLICY,
    namespaces: [GUARDED],
    mode: GuardrailMode.DENY,
    commandSets: Array.from({ length: SETS }, (_, i) => new CommandSet(set(i), {
      commands: [Command.exact('true'), ...Array.from({ length: COMMANDS - 1 }, (_unused, command) => Command.exact('inspect', set(i), String(command)))],
    })),
    allow: Array.from({ length: GROUPS }, (_, i) => ({ namespace: GUARDED, group: `sd-latency-${i}`, commandSets: [set(i)] })),
  });
  new OnCallDebugAccess(chart, 'streams', { namespaces: [GUARDED, FREE], group: `sd-latency-${GROUPS - 1}`, capabilities: [DebugCapability.EXEC] });
  return chart.toJson();
}

const path = (ns: string, ...argv: string[]) => `/api/v1/namespaces/${ns}/pods/ledger-0/exec?${new URLSearchParams([...argv.map((word): [string, string] => ['command', word]), ['stdout', 'true']])}`;
/** A command that one set contains, that of the person; and one that all of them contain. */
const OWN = ['inspect', `set-${String((GROUPS - 1) % SETS).padStart(2, '0')}`, '1'];

beforeAll(async () => {
  await remove(cluster, [GUARDED, FREE]);
  await apply(cluster, [namespace(GUARDED), namespace(FREE)]);
  await apply(cluster, [GUARDED, FREE].map(ns => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: ns } })));
  await apply(cluster, [...[GUARDED, FREE].map(ns => target(cluster, ns, 'ledger-0')), ...objects()]);
  alice = (await people(cluster, [{ name: 'alice-latency', groups: [`sd-latency-${GROUPS - 1}`] }]))['alice-latency'];
  if (cluster.node) for (const ns of [GUARDED, FREE]) await running(cluster, ns, ['ledger-0']);
  await eventually('the guardrail to decide', async () => (await openStream(alice, path(GUARDED, 'sh'))).verdict === `refused by ${POLICY}` || undefined);
});

afterAll(async () => {
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', POLICY, '--ignore-not-found']);
  await remove(cluster, [GUARDED, FREE]);
});

const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];

/** Medians in milliseconds of doing each by turns. */
async function byTurns(times: number, ways: { [way: string]: () => Promise<unknown> }): Promise<{ [way: string]: number }> {
  const taken: { [way: string]: number[] } = Object.fromEntries(Object.keys(ways).map(way => [way, []]));
  for (let i = 0; i < times; i++) {
    for (const [way, act] of Object.entries(ways)) {
      const start = process.hrtime.bigint();
      await act();
      taken[way].push(Number(process.hrtime.bigint() - start) / 1e6);
    }
  }
  return Object.fromEntries(Object.entries(taken).map(([way, all]) => [way, median(all)]));
}

const report = (title: string, medians: { [way: string]: number }) => {
  const base = Object.values(medians)[0];
  const rows = Object.entries(medians).map(([way, ms]) => `| ${way} | ${ms.toFixed(2)} | ${(ms / base).toFixed(3)}× |`);
  process.stderr.write(`\n${title}; median\n\n|  | ms | to the first |\n| --- | ---: | ---: |\n${rows.join('\n')}\n\n`);
};

it('the bare CONNECT, which passes admission and is then refused for lack of an upgrade', async () => {
  const api = new Api(alice);
  const ask = (ns: string, argv: string[]) => async () => expect((await api.send('GET', path(ns, ...argv))).status).toBe(400);
  try {
    await byTurns(50, { warm: ask(GUARDED, OWN) });
    report(`Bare CONNECT: ${SETS} command sets of ${COMMANDS} commands, ${GROUPS} groups in the namespace`, await byTurns(400, {
      'no guardrail': ask(FREE, OWN),
      'guardrail, the command is in one set': ask(GUARDED, OWN),
      'guardrail, the command is in all sets': ask(GUARDED, ['true']),
    }));
  } finally {
    api.close();
  }
});

testIf(cluster.node, 'the cluster has no node')('a whole kubectl exec', async () => {
  const exec = (ns: string) => async () => expect((await kubectl(cluster, alice, ['exec', '-n', ns, 'ledger-0', '--', 'true'])).code).toBe(0);
  await byTurns(5, { warm: exec(GUARDED) });
  report('kubectl exec POD -- true, 200 calls each by turns', await byTurns(200, { 'no guardrail': exec(FREE), 'guardrail': exec(GUARDED) }));
});
