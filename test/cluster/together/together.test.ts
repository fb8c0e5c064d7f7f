import { App, Chart } from 'cdk8s';
import {
  AccessRequestPolicy, AccessRequests, AttachScope, BindingGuardrail, BreakGlassAccess, CommandSet, DebugContainerAccess,
  DebugContainerGuardrail, DebugImage, ExecAccess, ExecGuardrail, ExpiredAccessCleanup, GitOpsGuardrail, GitOpsIdentity, GuardrailMode,
  JustInTimeAccess, OnCallDebugAccess, RequestState, SecureDebugWarnings,
} from '../../../src';
import { Api } from '../lab/api';
import { AuditLog } from '../lab/audit-log';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { people, serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove, running, target } from '../lab/targets';
import { openStream } from '../lab/verdict';

/** Every guardrail at once, over one namespace, as the example declares them: none may refuse what another lets people do. */
const cluster = theCluster();
const NAMESPACE = 'sd-together';
const TOOLS = 'sd-together-tools';
const POD = 'ledger-0';
const RBAC = 'rbac.authorization.k8s.io';
const PEOPLE = 'sd-together-people';
const TIMEOUT = 120_000;

let who: Record<string, Person> = {};
const apis: Api[] = [];
const policies: string[] = [];

function objects(): any[] {
  const chart = new Chart(new App(), 'suite');
  for (const { id } of SecureDebugWarnings.rules()) SecureDebugWarnings.acknowledge(chart, id, 'what it warns of is what the suite tries');
  const mode = GuardrailMode.DENY;
  const gitOps = [GitOpsIdentity.serviceAccount(NAMESPACE, 'deployer')];
  const [diagnostics, shell] = [CommandSet.readOnlyDiagnostics(), CommandSet.shell()];
  const image = new DebugImage('toolbox', { repository: 'docker.io/library/busybox', tags: ['1.36'], commandSets: [diagnostics] });
  new AccessRequestPolicy(chart, 'policy');
  new BindingGuardrail(chart, 'bindings', { mode, identities: gitOps });
  new ExecGuardrail(chart, 'exec', { mode, namespaces: [NAMESPACE], commandSets: [diagnostics, shell] });
  new DebugContainerGuardrail(chart, 'containers', { mode, namespaces: [NAMESPACE], images: [image] });
  new GitOpsGuardrail(chart, 'gitops', { mode, namespaces: [NAMESPACE], identities: gitOps });
  new ExpiredAccessCleanup(chart, 'expired', { namespaces: [NAMESPACE], jobNamespace: TOOLS });
  new OnCallDebugAccess(chart, 'oncall', { namespace: NAMESPACE, group: 'sd-oncall' });
  new ExecAccess(chart, 'may-exec', { namespace: NAMESPACE, group: 'sd-oncall', commandSets: [diagnostics.name], attach: AttachScope.DEBUG_CONTAINERS });
  new DebugContainerAccess(chart, 'may-debug', { namespace: NAMESPACE, group: 'sd-oncall', images: [image.name] });
  const requests = { requesters: ['sd-engineers'], approvers: ['sd-leads'], commandSets: [diagnostics.name], ticketPattern: 'INC-[0-9]+' };
  new JustInTimeAccess(chart, 'requests', { namespace: NAMESPACE, requests });
  new BreakGlassAccess(chart, 'glass', {
    namespace: NAMESPACE, requesters: ['sd-oncall'], approvers: ['sd-leads'], commandSets: [diagnostics.name, shell.name], extraRules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'] }],
  });
  return chart.toJson().map((object: any) => {
    // Policies of the whole cluster are held to this file's namespace and people: other files run at the same time.
    if (!object.kind.startsWith('ValidatingAdmissionPolicy')) return object;
    object.metadata.name = `${object.metadata.name}-sd-together`;
    if (object.kind === 'ValidatingAdmissionPolicy') {
      policies.push(object.metadata.name);
      const ours = `request.userInfo.groups.exists(g, g == '${PEOPLE}' || g == 'system:serviceaccounts:${NAMESPACE}') || has(request.namespace) && request.namespace == '${NAMESPACE}' && !request.userInfo.groups.exists(g, g == 'system:masters')`;
      object.spec.matchConditions = [...object.spec.matchConditions ?? [], { name: 'of-this-suite', expression: ours }];
    } else {
      object.spec.policyName = object.metadata.name;
    }
    return object;
  });
}

const isPolicy = (object: any) => object.kind.startsWith('ValidatingAdmissionPolicy');
const api = (name: string) => {
  const made = new Api(who[name]);
  apis.push(made);
  return made;
};
const exec = async (name: string, ...argv: string[]) =>
  (await openStream(who[name], `/api/v1/namespaces/${NAMESPACE}/pods/${POD}/exec?${new URLSearchParams([...argv.map((word): [string, string] => ['command', word]), ['stdout', 'true']])}`)).verdict;
const as = (name: string, ...args: string[]) => kubectl(cluster, who[name], ['-n', NAMESPACE, ...args]);
const BINDINGS = `/apis/${RBAC}/v1/namespaces/${NAMESPACE}/rolebindings`;

/** What the command line does: a timer, and the request that it owns. */
async function ask(name: string, role: string, granted: boolean): Promise<any> {
  const client = api(name);
  const started = await client.send('POST', `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`, AccessRequests.timer(NAMESPACE, 600, `${name.replace(/-.*/, '')}${process.pid}`));
  if (started.status !== 201) throw new Error(started.body.message);
  const { name: timer, uid: timerUid, creationTimestamp } = started.body.metadata;
  const expiresAt = new Date(Date.parse(creationTimestamp) + 600_000).toISOString().replace('.000Z', 'Z');
  const request = AccessRequests.manifest({ namespace: NAMESPACE, role, requestedBy: name, reason: 'orders hang', ticket: 'INC-42', expiresAt, timer, timerUid, granted });
  const answer = await client.send('POST', BINDINGS, request);
  if (answer.status !== 201) throw new Error(answer.body.message);
  return answer.body;
}

/** An approver decides about a request. */
async function decide(name: string, binding: any, patch: (request: any, terms: any) => object): Promise<void> {
  const client = api(name);
  const role = await client.send('GET', `/apis/${RBAC}/v1/namespaces/${NAMESPACE}/roles/${binding.roleRef.name}`);
  const answer = await client.send('PATCH', `${BINDINGS}/${encodeURIComponent(binding.metadata.name)}`, patch(AccessRequests.read(binding)!, AccessRequests.termsOf(role.body)!), 'application/merge-patch+json');
  if (answer.status !== 200) throw new Error(answer.body.message);
}

beforeAll(async () => {
  await remove(cluster, [NAMESPACE, TOOLS]);
  await apply(cluster, [namespace(NAMESPACE), namespace(TOOLS, 'restricted')]);
  const all = objects();
  const web = { app: 'web' };
  await apply(cluster, [
    ...all.filter(isPolicy),
    ...['default', 'deployer'].map(name => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } })),
    target(cluster, NAMESPACE, POD),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: { replicas: 0, selector: { matchLabels: web }, template: { metadata: { labels: web }, spec: { containers: [{ name: 'app', image: cluster.image }] } } },
    },
    ...['deployer'].map(name => ({
      apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name, namespace: NAMESPACE }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
    })),
  ]);
  who = await people(cluster, [
    { name: 'alice-together', groups: ['sd-oncall', PEOPLE] },
    { name: 'bob-together', groups: ['sd-engineers', PEOPLE] },
    { name: 'lea-together', groups: ['sd-leads', PEOPLE] },
  ]);
  who.deployer = await serviceAccount(cluster, NAMESPACE, 'deployer');
  // Everything else is applied from Git, by who deploys from Git, with the policies in force.
  const rest = all.filter(object => !isPolicy(object) && object.metadata.namespace === NAMESPACE);
  await eventually('GitOps to apply the rest', async () => {
    const ended = await kubectl(cluster, who.deployer, ['apply', '--server-side', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: rest }) });
    if (ended.code !== 0 && !/ServiceAccount.*not found/.test(ended.stderr)) throw new Error(ended.stderr);
    return ended.code === 0 || undefined;
  });
  if (cluster.node) await running(cluster, NAMESPACE, [POD]);
  await eventually('the guardrails to decide', async () => (await exec('alice-together', 'sh', '-c', 'id')).startsWith('refused by secure-debug-exec') || undefined);
}, TIMEOUT);

afterAll(async () => {
  apis.forEach(one => one.close());
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', ...policies]);
  await remove(cluster, [NAMESPACE, TOOLS]);
}, TIMEOUT);

describe('with every guardrail in force', () => {
  it('on call runs diagnostics, and no shell', async () => {
    expect(await exec('alice-together', 'ls')).toBe('passed');
    expect(await exec('alice-together', 'sh')).toBe('refused by secure-debug-exec-sd-together');
  });

  it('an engineer has nothing, asks, is approved, has diagnostics, is revoked, and has nothing', async () => {
    expect(await exec('bob-together', 'ls')).toBe('refused by RBAC');
    const request = await ask('bob-together', 'debug-grant', false);
    expect(await exec('bob-together', 'ls')).toBe('refused by RBAC');
    await decide('lea-together', request, (read, terms) => AccessRequests.approval(read, terms, 'lea-together', 'sd-leads'));
    await eventually('the grant to work', async () => (await exec('bob-together', 'ls')) === 'passed' || undefined);
    expect(await exec('bob-together', 'sh')).toBe('refused by secure-debug-exec-sd-together');
    expect((await as('bob-together', 'patch', 'deployment', 'web', '-p', '{"spec":{"replicas":0}}')).code).toBe(1);
    const granted = JSON.parse(await asAdmin(cluster, ['get', 'rolebinding', request.metadata.name, '-n', NAMESPACE, '-o', 'json']));
    await decide('lea-together', granted, read => AccessRequests.closing(read, RequestState.REVOKED, 'lea-together', 'incident closed'));
    await eventually('the grant to end', async () => (await exec('bob-together', 'ls')) === 'refused by RBAC' || undefined);
  }, TIMEOUT);

  it('on call changes nothing that stands in Git, breaks the glass, gets a shell and changes it, on the record', async () => {
    const scale = (replicas: number) => as('alice-together', 'patch', 'deployment', 'web', '-p', JSON.stringify({ metadata: { annotations: { changed: String(replicas) } } }));
    expect((await scale(1)).stderr).toMatch(/forbidden/i);
    await ask('alice-together', 'break-glass', true);
    await eventually('the emergency to begin', async () => (await scale(2)).code === 0 || undefined);
    expect(await exec('alice-together', 'sh')).toBe('passed');
  }, TIMEOUT);

  it.each<[string, string[]]>([
    ['binds herself to what she may ask for', ['create', 'rolebinding', 'mine', '--role=break-glass', '--user=alice-together']],
    ['binds somebody else to it', ['create', 'rolebinding', 'theirs', '--role=break-glass', '--user=bob-together']],
    ['creates a Job that runs pods', ['create', 'job', 'mine', '--image=busybox:1.36', '--', 'sh']],
    ['deletes a timer', ['delete', 'job', '--all']],
  ])('who has broken the glass still never %s', async (_what, args) => {
    const ended = await as('alice-together', ...args);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/forbidden/i);
  });

  testIf(cluster.auditLog, 'the audit log cannot be read from here')('the log has the emergency: who asked, why, which ticket, and what was changed', async () => {
    const events = await eventually('the events', async () => {
      const all = new AuditLog(cluster.auditLog!).events().filter(event => event.objectRef?.namespace === NAMESPACE && event.user?.username === 'alice-together' && event.stage === 'ResponseComplete' && event.responseStatus?.code < 300);
      const asked = all.find(event => event.objectRef.resource === 'rolebindings' && event.verb === 'create');
      const changed = all.find(event => event.objectRef.resource === 'deployments' && event.verb === 'patch');
      return asked && changed ? { asked, changed } : undefined;
    });
    expect(events.asked.requestObject.metadata.annotations).toMatchObject({ 'secure-debug.internal/request-reason': 'orders hang', 'secure-debug.internal/ticket': 'INC-42' });
    expect(Object.entries(events.changed.annotations).find(([key]) => key.endsWith('/past-git'))?.[1]).toBe('UPDATE deployments web in sd-together by alice-together');
    expect(events.changed.annotations['authorization.k8s.io/reason']).toMatch(/RoleBinding "break-glass:alice-together\/sd-together" of Role "break-glass" to User "alice-together"/);
  }, TIMEOUT);
});
