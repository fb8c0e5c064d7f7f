import { Asking, binding, EVERYTHING, group, role } from './bindings-ask';
import { canary, guardrails, NAMESPACES, POLICIES, raise, raze, run } from './canary-scene';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, find, Person } from '../lab/kubectl';
import { serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';
import { openStream } from '../lab/verdict';

const cluster = theCluster();
const asking = new Asking();
let thief: Person;

beforeAll(async () => {
  await raise(cluster);
  // Somebody who stole the token of the canary.
  thief = await serviceAccount(cluster, NAMESPACES.own, 'guardrail-canary');
});
afterAll(async () => {
  asking.close();
  await raze(cluster);
});

/** Without what is a policy's, and whose answers are known. */
const policiesOf = ({ lines }: { lines: any[] }, event: string) => lines.filter(line => line.event === event).map(({ policy }) => policy).sort();

describe('without guardrails', () => {
  it('it fails, raises an alarm for each, and says what is missing', async () => {
    const ended = await run(cluster);
    expect([ended.status, policiesOf(ended, 'guardrail-does-not-decide'), policiesOf(ended, 'guardrail-decides')]).toEqual([1, POLICIES, []]);
    const alarms = ended.lines.filter(({ level }) => level === 'alarm');
    expect(alarms).toHaveLength(POLICIES.length);
    alarms.forEach(({ message }) => expect(message).toMatch(/does not decide: .*the policy is not there$/));
    const passed = alarms.filter(({ message }) => message.includes('the request went through')).map(({ policy }) => policy);
    // The quota refuses Jobs and Secrets where no policy does.
    expect(passed).toEqual(POLICIES.filter(name => !/containers|identities|timers/.test(name)));
    expect(alarms.filter(({ message }) => message.includes('exceeded quota')).map(({ policy }) => policy)).toEqual(POLICIES.filter(name => /identities|timers/.test(name)));
  });

  it('it tells the CronJob', async () => {
    const { uid } = (await find(cluster, ['cronjob', 'guardrail-canary', '-n', NAMESPACES.own])).metadata;
    const { items } = JSON.parse(await asAdmin(cluster, ['get', 'events', '-n', NAMESPACES.own, '-o', 'json']));
    const told = items.filter(({ reason }: any) => reason === 'GuardrailDoesNotDecide');
    expect(told).toHaveLength(POLICIES.length);
    told.forEach(({ involvedObject, type }: any) => expect([involvedObject.uid, type]).toEqual([uid, 'Warning']));
  });

  it('nothing of what it asked for is there', async () => {
    for (const ns of [NAMESPACES.probes, NAMESPACES.requests, NAMESPACES.guarded]) {
      const names = (await asAdmin(cluster, ['get', 'rolebindings,jobs,secrets', '-n', ns, '-o', 'name'])).trim().split('\n');
      expect(names.filter(name => name && !name.includes('guardrail-canary'))).toEqual([]);
    }
  });
});

describe('who steals its token gains nothing, even where no policy is', () => {
  const can = async (verb: string, path: string, body?: object) => (await asking.ask(thief, verb, path, body)).verdict;
  it('a Role that grants something', async () => {
    expect((await asking.create(thief, role('x', [EVERYTHING], NAMESPACES.probes))).verdict).toBe('refused by RBAC');
    expect((await asking.create(thief, role('x', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }], NAMESPACES.guarded))).verdict).toBe('refused by RBAC');
  });
  it('a binding of a role that grants something', async () => {
    expect((await asking.create(thief, binding('x', 'ClusterRole', 'view', [group('x')], NAMESPACES.probes))).verdict).toBe('refused by RBAC');
    expect((await asking.create(thief, binding('x', 'ClusterRole', 'cluster-admin', [group('x')], NAMESPACES.requests))).verdict).toBe('refused by RBAC');
  });
  it('a binding anywhere else', async () => {
    for (const ns of [NAMESPACES.own, NAMESPACES.guarded]) expect((await asking.create(thief, binding('x', 'Role', 'guardrail-canary', [group('x')], ns))).verdict).toBe('refused by RBAC');
  });
  it('a Job that runs', async () => {
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x', namespace: NAMESPACES.probes }, spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x:1' }] } } } };
    expect((await asking.create(thief, job)).verdict).toMatch(/^403 .*exceeded quota: nothing-runs-here/);
    expect((await asking.create(thief, { ...job, metadata: { name: 'x', namespace: NAMESPACES.own } })).verdict).toBe('refused by RBAC');
  });
  it('a Secret that gets a token', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name: 'x', namespace: NAMESPACES.probes, annotations: { 'kubernetes.io/service-account.name': 'default' } } };
    expect((await asking.create(thief, secret)).verdict).toMatch(/^403 .*exceeded quota: nothing-runs-here/);
  });
  it('a command in a pod that there is', async () => {
    await apply(cluster, [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'real', namespace: NAMESPACES.guarded }, spec: { containers: [{ name: 'app', image: cluster.image }] } }]);
    expect((await openStream(thief, `/api/v1/namespaces/${NAMESPACES.guarded}/pods/real/exec?command=id&stdout=true`)).verdict).toBe('refused by RBAC');
  });
  it('what others keep', async () => {
    for (const path of ['/api/v1/secrets', `/api/v1/namespaces/${NAMESPACES.probes}/secrets`, `/api/v1/namespaces/${NAMESPACES.own}/configmaps`, '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies']) {
      expect([path, await can('GET', path)]).toEqual([path, 'refused by RBAC']);
    }
  });
});

describe('with every guardrail', () => {
  it('it waits until each decides, and succeeds', async () => {
    await apply(cluster, guardrails());
    const ended = await run(cluster, 60);
    expect(ended.lines.filter(({ level }) => level !== 'info')).toEqual([]);
    expect([ended.status, policiesOf(ended, 'guardrail-decides')]).toEqual([0, POLICIES]);
    expect(ended.lines[ended.lines.length - 1]).toMatchObject({ outcome: 'summary', probes: POLICIES.length, deciding: POLICIES.length, silent: 0 });
  });

  it.each<[string, string, object, string]>([
    ['a binding turned to Audit', 'bindings', { spec: { validationActions: ['Audit'] } }, 'its binding does not deny, but "Audit"'],
    ['a binding about another namespace', 'requests', { spec: { matchResources: { namespaceSelector: { matchLabels: { nowhere: 'yes' } } } } }, 'the policy and its binding are there'],
    ['a binding turned to Warn', 'containers', { spec: { validationActions: ['Warn'] } }, 'its binding does not deny, but "Warn"'],
  ])('it notices %s', async (_what, name, patch, why) => {
    const policy = `sd-canary-${name}`;
    await asAdmin(cluster, ['patch', 'validatingadmissionpolicybinding', policy, '--type=merge', '-p', JSON.stringify(patch)]);
    const ended = await eventually('the canary to notice', async () => {
      const one = await run(cluster);
      return one.status === 0 ? undefined : one;
    });
    expect(ended.lines.filter(({ level }) => level === 'alarm').map(({ message }) => message)).toEqual([expect.stringContaining(policy)]);
    expect(ended.lines.find(({ level }) => level === 'alarm').message).toContain(why);
    await restore('replace');
  });

  it.each(['exec', 'gitops', 'roles', 'identities', 'terms', 'timers'])('it notices that the binding of %s is gone', async name => {
    const policy = `sd-canary-${name}`;
    await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding', policy]);
    const ended = await eventually('the canary to notice', async () => {
      const one = await run(cluster);
      return one.status === 0 ? undefined : one;
    });
    expect(ended.lines.filter(({ level }) => level === 'alarm').map(({ message }) => message)).toEqual([expect.stringContaining(policy)]);
    expect(ended.lines.find(({ level }) => level === 'alarm').message).toMatch(/its binding is not there$/);
    await restore('apply');
  });
});

const bindings = () => guardrails().filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');

/** As GitOps heals: the whole binding, without what a patch added to it. */
async function restore(how: 'apply' | 'replace'): Promise<void> {
  if (how === 'apply') await apply(cluster, bindings());
  else await asAdmin(cluster, ['replace', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: bindings() }) });
  expect((await run(cluster, 60)).status).toBe(0);
}

describe('its Job', () => {
  const gate = () => canary().find(({ kind }) => kind === 'Job');

  it('is accepted under Pod Security restricted', async () => {
    await asAdmin(cluster, ['create', '--dry-run=server', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: NAMESPACES.own }, spec: gate().spec.template.spec }) });
  });

  testIf(cluster.node, 'needs a node')('succeeds in a pod', async () => {
    await apply(cluster, [gate()]);
    await asAdmin(cluster, ['wait', '--for=condition=Complete', `job/${gate().metadata.name}`, '-n', NAMESPACES.own, '--timeout=180s'], { timeout: 190_000 });
  });
});
