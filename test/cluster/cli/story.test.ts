import { App, Chart } from 'cdk8s';
import { build, demolish, secureDebug } from './program';
import { Command, CommandSet, ExecGuardrail, GuardrailMode } from '../../../src';
import { theCluster } from '../lab/cluster';
import { apply, asAdmin, find, kubectl } from '../lab/kubectl';
import { Ended, eventually } from '../lab/process';
import { key, Scene } from '../requests/scene';

const cluster = theCluster();
const scene = new Scene(cluster, 'cli');
const EXEC = 'secure-debug-exec-cli';

/** Runs the program in the suite's namespace. */
const as = (person: string, ...args: string[]) => secureDebug(cluster, scene.who[person], args);
const here = (person: string, ...args: string[]) => as(person, ...args, '-n', scene.place);
const ASK = ['request', '--reason', 'the ledger is stuck', '--ticket', 'INC-42'];

const ended = ({ code, stdout, stderr }: Ended) => ({ code, text: stdout + stderr });
const bindingOf = (person: string, role = 'debug-grant') => find(cluster, ['rolebinding', '-n', scene.place, `${role}:${scene.name(person)}`]);
const timers = async () => JSON.parse(await asAdmin(cluster, ['get', 'jobs', '-n', scene.place, '-o', 'json'])).items.map((job: any) => job.metadata.name).sort();
/** What each policy of this suite does. */
const actions = async (name: string) => (await find(cluster, ['validatingadmissionpolicybinding', name])).spec.validationActions;

beforeAll(async () => {
  await build();
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', EXEC]);
  await scene.raise();
  const chart = new Chart(new App(), 'exec');
  new ExecGuardrail(chart, 'exec', { name: EXEC, namespaces: [scene.place], commandSets: [new CommandSet('diagnostics', { commands: [Command.exact('id')] })], mode: GuardrailMode.DENY });
  await apply(cluster, chart.toJson());
});
afterEach(() => scene.clear());
afterAll(async () => {
  demolish();
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', EXEC]);
  await scene.raze();
});

test('alice asks and waits, bob approves, it works, and he revokes it', async () => {
  const before = await kubectl(cluster, scene.who.alice, ['get', 'pods', '-n', scene.place]);
  expect(before.stderr).toContain('forbidden');

  const waiting = here('alice', ...ASK, '--for', '10m', '--wait');
  await eventually('her request', () => bindingOf('alice'));
  expect(await here('bob', 'list')).toMatchObject({ code: 0, stdout: expect.stringMatching(/debug-grant +alice-cli +pending +\S+.*INC-42 +- +the ledger is stuck/) });
  expect(await here('bob', 'approve', scene.name('alice'))).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Approved as \S*leads-cli\. alice-cli has debug-grant in sd-cli until /) });

  const { code, stdout, stderr } = await waiting;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/It needs approval: 1 of \S*leads-cli[^]*bob-cli approved as \S*leads-cli\.\n$/) });
  expect(stdout).toMatch(/^You have debug-grant in sd-cli until \d\d:\d\d:\d\d UTC on [^]*\n {2}kubectl -n sd-cli get pods\n/);
  // The first of the commands that it prints.
  const [, line] = /^ {2}kubectl (.*)$/m.exec(stdout)!;
  expect(await kubectl(cluster, scene.who.alice, line.split(' '))).toMatchObject({ code: 0, stderr: expect.stringContaining('No resources found') });

  expect(await here('alice', 'status')).toMatchObject({ code: 0, stdout: expect.stringMatching(/You have, or wait for\n {2}debug-grant: active, until [^]*commandsets: diagnostics/) });
  expect(JSON.parse((await here('bob', 'list', '--json')).stdout)).toMatchObject([
    { requestedBy: 'alice-cli', role: 'debug-grant', state: 'active', ticket: 'INC-42', approvals: [{ user: 'bob-cli', group: scene.group('leads') }] },
  ]);

  expect(await here('bob', 'revoke', '--ticket', 'INC-42', '--reason', 'incident is over')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Was revoked: alice-cli/) });
  expect((await kubectl(cluster, scene.who.alice, ['get', 'pods', '-n', scene.place])).stderr).toContain('forbidden');
  expect((await here('bob', 'list', '--all')).stdout).toMatch(/alice-cli +revoked +- .*\(revoked by bob-cli: incident is over\)/);
  expect(ended(await here('alice', ...ASK))).toEqual({ code: 1, text: expect.stringMatching(/was revoked by bob-cli \(incident is over\), and stays until/) });
});

test('two of three approve, the last one for security', async () => {
  await here('alice', ...ASK, '--profile', 'quorum');
  expect((await here('bob', 'approve', scene.name('alice'))).stdout).toMatch(/does not have debug-grant-quorum yet; it still needs 1 of \S*security-cli/);
  expect((await here('carol', 'approve', scene.name('alice'))).stdout).toMatch(/^Approved as \S*security-cli\. alice-cli has debug-grant-quorum/);
});

test('who is on call has it at once, and break-glass too, and gives it back', async () => {
  expect(await here('dave', ...ASK, '--profile', 'oncall')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^You have debug-grant-oncall/) });
  expect(await here('dave', ...ASK, 'break-glass')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^You have break-glass/) });
  expect(await here('dave', 'withdraw', 'break-glass')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Withdrawn: dave-cli, break-glass/) });
  expect((await bindingOf('dave', 'break-glass')).subjects).toBeUndefined();
  // One that was withdrawn makes room.
  expect((await here('dave', ...ASK, 'break-glass')).code).toBe(0);
});

test('who is denied is told why, with status 1, and can ask anew', async () => {
  const waiting = here('alice', ...ASK, '--wait');
  await eventually('her request', () => bindingOf('alice'));
  expect((await here('bob', 'deny', scene.name('alice'), '--reason', 'use the dashboard')).stdout).toMatch(/^Denied: alice-cli/);
  expect(ended(await waiting)).toEqual({ code: 1, text: expect.stringMatching(/Was denied by bob-cli: use the dashboard\. You do not have debug-grant in sd-cli\./) });
  expect((await here('alice', ...ASK)).code).toBe(0);
});

test('what nobody approves in time is gone by itself, and the wait ends with status 1', async () => {
  expect(ended(await here('alice', ...ASK, '--for', '6s', '--wait'))).toEqual({ code: 1, text: expect.stringMatching(/Expired\. You do not have debug-grant in sd-cli\./) });
  await eventually('the request to be gone', async () => await bindingOf('alice') === undefined || undefined);
});

test('nobody approves a request of their own', async () => {
  await here('erin', ...ASK);
  expect(ended(await here('erin', 'approve', scene.name('erin')))).toEqual({ code: 1, text: expect.stringMatching(/You asked for debug-grant yourself.*ask a member of \S*leads-cli/) });
});

test.each([
  ['longer than the Role allows', [...ASK, '--for', '2h'], /--for 2h is more than debug-grant allows you in sd-cli: 1h/],
  ['with a ticket that is none', ['request', '--reason', 'x', '--ticket', 'please'], /--ticket please does not match/],
  ['without a reason', ['request', '--ticket', 'INC-1'], /--reason is missing/],
  ['for a Role that cannot be requested', [...ASK, 'cluster-admin'], /The Role cluster-admin cannot be requested in sd-cli\. Fix: choose one of: break-glass, debug-grant/],
])('a request %s is wrong use, and starts no timer', async (_, args, message) => {
  const before = await timers();
  expect(ended(await here('alice', ...args))).toEqual({ code: 2, text: expect.stringMatching(message) });
  expect(await timers()).toEqual(before);
});

test('whatever the program checks before, RBAC and the policy are what says no, and no timer stays behind', async () => {
  const before = await timers();
  expect(ended(await here('mallory', ...ASK, 'break-glass'))).toEqual({ code: 1, text: expect.stringMatching(/^error: mallory-cli is not among those who may request or approve this Role\. Fix: /) });
  expect(ended(await here('alice', 'request', '--reason', 'stuck\u202e', '--ticket', 'INC-1'))).toEqual({
    code: 1, text: expect.stringMatching(/^error: The policy secure-debug-requests-cli refused it: say why in the annotation [^\n]*\.\n$/),
  });
  expect(await timers()).toEqual(before);
});

test('who has no rights at all is told whom to ask', async () => {
  expect(ended(await here('trent', 'list'))).toEqual({ code: 1, text: expect.stringMatching(/^error: trent-cli may not list rolebindings in namespace sd-cli\. Fix: ask whoever maintains access there/) });
  expect(ended(await here('trent', ...ASK))).toEqual({ code: 1, text: expect.stringMatching(/trent-cli may not list roles in namespace sd-cli/) });
  expect(ended(await as('bob', 'list', '-A'))).toEqual({ code: 1, text: expect.stringMatching(/bob-cli may not list rolebindings in the whole cluster\. Fix: name a namespace with -n/) });
  expect(await here('trent', 'status')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^You are trent-cli, in \S*visitors-cli, system:authenticated\n[^]*You may not list Roles there/) });
});

describe('guardrails', () => {
  const NAMES = ['exec-cli', 'requests-cli', 'timers-cli', 'terms-cli'];

  test('status: each decides, tried without effect', async () => {
    const stdout = await eventually('the guardrail on exec to decide', async () => {
      const answer = await as('admin', 'guardrails', 'status', ...NAMES);
      return /exec-cli: Deny, Audit; it decides/.test(answer.stdout) ? answer.stdout : undefined;
    });
    expect(stdout).toMatch(/^secure-debug-exec-cli: Deny, Audit; it decides \(tried without effect\)\nsecure-debug-requests-cli: Deny, Audit; it decides .*\nsecure-debug-timers-cli: Deny, Audit; it decides .*\nsecure-debug-terms-cli: Deny, Audit; no probe without effect\n/);
    expect(await bindingOf('admin')).toBeUndefined();
  });

  test('off lets exec through within seconds and says why; on refuses again', async () => {
    const execs = async () => (await scene.send('admin', 'POST', `/api/v1/namespaces/${scene.place}/pods/no-such-pod/exec?command=sh&stdout=true`)).status;
    await eventually('exec to be refused', async () => await execs() === 403 || undefined);
    expect(await as('admin', 'guardrails', 'off', 'exec-cli', '--reason', 'INC-9: blocks the recovery')).toMatchObject({
      code: 0, stdout: expect.stringMatching(/^OFF: secure-debug-exec-cli refuses nothing now/), stderr: expect.stringMatching(/TURNING OFF 1 guardrail, as admin-cli: INC-9/),
    });
    expect((await find(cluster, ['validatingadmissionpolicybinding', EXEC])).metadata.annotations).toMatchObject({
      [key('actions-before-off')]: 'Deny,Audit', [key('off-reason')]: 'admin-cli: INC-9: blocks the recovery',
    });
    await eventually('exec to pass', async () => await execs() === 404 || undefined);
    expect(ended(await as('admin', 'guardrails', 'status', 'exec-cli'))).toEqual({ code: 1, text: expect.stringMatching(/OFF \(Audit\)[^]*turned off: admin-cli: INC-9/) });
    expect((await as('admin', 'guardrails', 'on', 'exec-cli', '--reason', 'recovered')).code).toBe(0);
    expect(await actions(EXEC)).toEqual(['Deny', 'Audit']);
    await eventually('exec to be refused again', async () => await execs() === 403 || undefined);
  });

  test('the policies that hold requests to their terms are not turned off by the way', async () => {
    expect(ended(await as('admin', 'guardrails', 'off', 'requests-cli', '--reason', 'x'))).toEqual({ code: 2, text: expect.stringMatching(/contain rights that people hold/) });
    expect(await actions('secure-debug-requests-cli')).toEqual(['Deny', 'Audit']);
  });

  test('who is no administrator turns nothing off', async () => {
    expect(ended(await as('mallory', 'guardrails', 'off', 'exec-cli', '--reason', 'x'))).toEqual({ code: 1, text: expect.stringMatching(/mallory-cli may not list validatingadmissionpolic/) });
    expect(await actions(EXEC)).toEqual(['Deny', 'Audit']);
  });
});
