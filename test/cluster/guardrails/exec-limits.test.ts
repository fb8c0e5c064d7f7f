import { App, Chart } from 'cdk8s';
import { Command, CommandSet, DebugCapability, ExecGuardrail, GuardrailMode, OnCallDebugAccess } from '../../../src';
import { theCluster } from '../lab/cluster';
import { apply, asAdmin, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove, target } from '../lab/targets';
import { openStream } from '../lab/verdict';

const cluster = theCluster();
const NAMESPACE = 'sd-exec-limits';
const POLICY = 'sd-exec-limits';
const BY_POLICY = `refused by ${POLICY}`;
const SETS = 24;
/** In each set; with 24 sets it is close to the largest policy that the construct lets through. */
const COMMANDS = 380;

let who: Record<string, Person> = {};

const long = (set: number, i: number) => Command.exact('inspect', `--of=set-${set}`, `${'x'.repeat(60)}-${i}`);

function objects(): any[] {
  const chart = new Chart(new App(), 'suite');
  new ExecGuardrail(chart, 'exec', {
    name: POLICY,
    namespaces: [NAMESPACE],
    mode: GuardrailMode.DENY,
    commandSets: Array.from({ length: SETS }, (_, set) => new CommandSet(`set-${String(set).padStart(2, '0')}`, {
      // The costliest question: a command that is in every set, and granted by the last one only.
      commands: [Command.exact('common'), ...Array.from({ length: COMMANDS }, (_unused, i) => long(set, i))],
    })),
    allow: [{ namespace: NAMESPACE, group: 'sd-last', commandSets: [`set-${SETS - 1}`] }],
  });
  new OnCallDebugAccess(chart, 'streams', { namespace: NAMESPACE, groups: ['sd-last', 'sd-none'], capabilities: [DebugCapability.EXEC] });
  return chart.toJson();
}

const exec = async (name: string, ...argv: string[]) =>
  (await openStream(who[name], `/api/v1/namespaces/${NAMESPACE}/pods/ledger-0/exec?${new URLSearchParams([...argv.map((word): [string, string] => ['command', word]), ['stdout', 'true']])}`)).verdict;

beforeAll(async () => {
  await remove(cluster, [NAMESPACE]);
  await apply(cluster, [namespace(NAMESPACE)]);
  await apply(cluster, [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: NAMESPACE } }, target(cluster, NAMESPACE, 'ledger-0'), ...objects()]);
  who = await people(cluster, [{ name: 'last-exec', groups: ['sd-last'] }, { name: 'none-exec', groups: ['sd-none'] }]);
  await eventually('the guardrail to decide', async () => (await exec('none-exec', 'sh')) === BY_POLICY || undefined);
});

afterAll(async () => {
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', POLICY, '--ignore-not-found']);
  await remove(cluster, [NAMESPACE]);
});

it(`a policy of ${SETS} sets of ${COMMANDS + 1} commands is accepted as it is, with clean type checking`, async () => {
  const policy = JSON.parse(await asAdmin(cluster, ['get', 'validatingadmissionpolicy', POLICY, '-o', 'json']));
  expect(policy.status?.typeChecking?.expressionWarnings ?? []).toEqual([]);
  expect(JSON.stringify(policy.spec).length).toBeGreaterThan(900_000);
});

it('a command that is in every set is let through by the last one, for the policy may ask about all of them', async () => {
  expect(await exec('last-exec', 'common')).toBe('passed');
});

it('the same command is refused, not failed, for who was given no set', async () => expect(await exec('none-exec', 'common')).toBe(BY_POLICY));

it('the last command of the last set is found, the one after it is not', async () => {
  expect(await exec('last-exec', ...long(SETS - 1, COMMANDS - 1).argv)).toBe('passed');
  expect(await exec('last-exec', ...long(SETS - 1, COMMANDS).argv)).toBe(BY_POLICY);
  expect(await exec('last-exec', ...long(SETS - 2, COMMANDS - 1).argv)).toBe(BY_POLICY);
});

it('a command of a thousand long words is refused, not failed', async () => expect(await exec('last-exec', ...Array<string>(1000).fill('x'.repeat(60)))).toBe(BY_POLICY));
