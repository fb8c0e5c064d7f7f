import { execFileSync } from 'child_process';
import { Asked, Asking, binding, EVERYTHING, group, JSON_PATCH, account, MERGE_PATCH, pathOf, role, STRATEGIC_PATCH, user } from './bindings-ask';
import { BEFORE, guardrail, NAMESPACE, OTHER, POLICIES, raise, raze } from './bindings-scene';
import { GuardrailMode } from '../../../src';
import { AuditLog } from '../lab/audit-log';
import { testIf, theCluster } from '../lab/cluster';
import { admin, apply, asAdmin, find, kubectl, Person } from '../lab/kubectl';
import { eventually } from '../lab/process';

const cluster = theCluster();
const asking = new Asking();
let who: Record<string, Person> = {};

beforeAll(async () => { who = await raise(cluster, asking); });
afterAll(async () => {
  asking.close();
  await raze(cluster);
});

const [BINDINGS, ROLES, IDENTITIES] = POLICIES;
const person = (name: string) => who[name] ?? who[`${name}-bindings`];
type Attempt = () => Promise<Asked>;
const refused = (policy: string, attempts: [string, Attempt][]) => it.each(attempts)('%s', async (_what, attempt) => {
  expect((await attempt()).verdict).toBe(`refused by ${policy}`);
});
const passes = (attempts: [string, Attempt][]) => it.each(attempts)('%s', async (_what, attempt) => {
  expect((await attempt()).verdict).toBe('passed');
});

const bob = () => person('bob');
const create = (object: object, name = 'bob'): Attempt => () => asking.create(person(name), object);
const patch = (object: object, body: object, type = MERGE_PATCH, name = 'bob'): Attempt => () => asking.patch(person(name), object, body, type);
const replace = (object: object, name = 'bob'): Attempt => () => asking.replace(person(name), object);
const applied = (object: object, name = 'bob'): Attempt => () => asking.apply(person(name), object);
const friends = [group('friends')];
const reads = (...resources: string[]) => ({ apiGroups: [''], resources, verbs: ['get'] });
const { plain, old, debugExec, plainCluster, narrow, broad, broadCluster, secret, bootstrap } = BEFORE;

it('type checking of each policy is clean', async () => {
  for (const name of POLICIES) {
    const { status } = await eventually(`the type checking of ${name}`, async () => {
      const policy = await find(cluster, ['validatingadmissionpolicy', name]);
      return policy.status?.observedGeneration === policy.metadata.generation ? policy : undefined;
    });
    expect([name, status.typeChecking?.expressionWarnings ?? []]).toEqual([name, []]);
  }
});

describe('a cluster-admin, who holds everything, may not', () => {
  refused(BINDINGS, [
    ['bind cluster-admin', create(binding('x', 'ClusterRole', 'cluster-admin', friends))],
    ['bind cluster-admin in a namespace', create(binding('x', 'ClusterRole', 'cluster-admin', friends, NAMESPACE))],
    ['bind admin', create(binding('x', 'ClusterRole', 'admin', friends, NAMESPACE))],
    ['bind edit', create(binding('x', 'ClusterRole', 'edit', friends, NAMESPACE))],
    ['bind a role of the control plane', create(binding('x', 'ClusterRole', 'system:node', friends))],
    ['bind a role that was named', create(binding('x', 'ClusterRole', 'sd-bindings-operator', friends, NAMESPACE))],
    ['bind cluster-admin to nobody yet', create(binding('x', 'ClusterRole', 'cluster-admin', []))],
    ['bind cluster-admin under a generated name', () => asking.ask(bob(), 'POST', `${pathOf(broadCluster, false)}?dryRun=All`, { ...broadCluster, metadata: { generateName: 'x-' } })],
    ['bind a person', create(binding('x', 'Role', 'sd-plain', [user('friend')], NAMESPACE))],
    ['bind a person beside a group', create(binding('x', 'Role', 'sd-plain', [group('team'), user('friend')], NAMESPACE))],
    ['bind a ServiceAccount', create(binding('x', 'Role', 'sd-plain', [account(NAMESPACE, 'robot')], NAMESPACE))],
    ['bind a ServiceAccount written as a user', create(binding('x', 'Role', 'sd-plain', [user(`system:serviceaccount:${NAMESPACE}:robot`)], NAMESPACE))],
    ['bind everybody who is logged in', create(binding('x', 'ClusterRole', 'view', [group('system:authenticated')]))],
    ['bind everybody', create(binding('x', 'ClusterRole', 'view', [group('system:unauthenticated')]))],
    ['bind every ServiceAccount', create(binding('x', 'Role', 'sd-plain', [group('system:serviceaccounts')], NAMESPACE))],
    ['bind system:masters', create(binding('x', 'ClusterRole', 'view', [group('system:masters')]))],
    ['bind a Role that says what a group may use', create(binding('x', 'Role', 'debug-exec-team', friends, NAMESPACE))],
    ['the same for debug containers, before the Role is there', create(binding('x', 'Role', 'debug-container-anything', friends, NAMESPACE))],
    ['add a subject to a broad binding by merge patch', patch(broad, { subjects: [group('team-a'), group('friends')] })],
    ['add a subject to a broad binding by JSON patch', patch(broad, [{ op: 'add', path: '/subjects/-', value: group('friends') }], JSON_PATCH)],
    ['add a subject to a broad binding by strategic merge patch', patch(broad, { subjects: [group('friends')] }, STRATEGIC_PATCH)],
    ['add a subject to a broad binding by PUT', replace({ ...broad, subjects: friends })],
    ['add a subject to a broad binding by server-side apply', applied({ ...broad, subjects: friends })],
    ['add a subject to cluster-admin', patch(broadCluster, { subjects: [group('friends')] })],
    ['exchange the subject of a broad binding', patch(broad, { subjects: [user('somebody-else')] })],
    ['turn a group of a narrow binding into a person', patch(narrow, { subjects: [user('oncall')] })],
    ['make a new binding by server-side apply', applied(binding('x', 'ClusterRole', 'cluster-admin', friends))],
  ]);

  refused(ROLES, [
    ['write a Role with everything', create(role('x', [EVERYTHING], NAMESPACE))],
    ['write a ClusterRole with everything', create(role('x', [EVERYTHING]))],
    ['write every verb', create(role('x', [{ ...reads('pods'), verbs: ['*'] }], NAMESPACE))],
    ['write every resource', create(role('x', [reads('*')], NAMESPACE))],
    ['write every API group', create(role('x', [{ ...reads('pods'), apiGroups: ['*'] }], NAMESPACE))],
    ['write a subresource of every resource', create(role('x', [reads('*/exec')], NAMESPACE))],
    ['write every URL', create(role('x', [{ nonResourceURLs: ['*'], verbs: ['get'] }]))],
    ['write a wildcard as the last of many rules', create(role('x', [reads('pods'), reads('services'), { ...reads('events'), verbs: ['get', '*'] }], NAMESPACE))],
    ['write bind', create(role('x', [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['bind'], resourceNames: ['view'] }], NAMESPACE))],
    ['write escalate', create(role('x', [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['get', 'escalate'] }], NAMESPACE))],
    ['write impersonate', create(role('x', [{ apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: ['alice'] }]))],
    ['write constrained impersonation', create(role('x', [{ apiGroups: ['authentication.k8s.io'], resources: ['users'], verbs: ['impersonate:user-info'] }]))],
    ['write what is done by constrained impersonation', create(role('x', [{ ...reads('pods'), verbs: ['impersonate-on:user-info:get'] }], NAMESPACE))],
    ['write nodes/proxy', create(role('x', [reads('nodes/proxy')]))],
    ['write tokens of ServiceAccounts', create(role('x', [{ ...reads('serviceaccounts/token'), verbs: ['create'] }], NAMESPACE))],
    ['write approval of certificates', create(role('x', [{ apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['update'] }]))],
    ['write a signer', create(role('x', [{ apiGroups: ['certificates.k8s.io'], resources: ['signers'], verbs: ['approve'] }]))],
    ['write who may change admission policies', create(role('x', [{ apiGroups: ['admissionregistration.k8s.io'], resources: ['validatingadmissionpolicybindings'], verbs: ['delete'] }]))],
    ['write what guardrails ask for', create(role('x', [{ apiGroups: ['secure-debug.internal'], resources: ['bindings'], verbs: ['administer'] }], NAMESPACE))],
    ['write a Role that guardrails trust', create(role('debug-exec-friends', [reads('pods')], NAMESPACE))],
    ['write the requestable Role', create(role('debug-grant', [reads('pods')], NAMESPACE))],
    ['write a profile of it', create(role('debug-grant-payments', [reads('pods')], NAMESPACE))],
    ['write the Role of break-glass', create(role('break-glass-all', [reads('pods')], NAMESPACE))],
    ['change the rules of a Role that guardrails trust', patch(debugExec, { rules: [reads('pods')] })],
    ['change the terms on a Role that guardrails trust', patch(debugExec, { metadata: { annotations: { 'secure-debug.internal/max-seconds': '999999' } } })],
    ['change the labels of a Role that guardrails trust', patch(debugExec, { metadata: { labels: { 'secure-debug.internal/requestable': 'true' } } })],
    ['edit a Role so that it grants everything', patch(plain, { rules: [EVERYTHING] })],
    ['the same by JSON patch', patch(plain, [{ op: 'add', path: '/rules/0/verbs/-', value: '*' }], JSON_PATCH)],
    ['the same by PUT', replace({ ...plain, rules: [EVERYTHING] })],
    ['the same by server-side apply', applied({ ...plain, rules: [EVERYTHING] })],
    ['edit a ClusterRole so that it grants everything', patch(plainCluster, { rules: [EVERYTHING] })],
    ['add rules to view by a label', create(role('x', [reads('secrets')], undefined, { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }))],
    ['add rules to admin by labelling what is there', patch(plainCluster, { metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-admin': 'true' } } })],
    ['gather rules by an aggregationRule', create({ ...role('x', []), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } })],
    ['gather rules by an aggregationRule that is added', patch(plainCluster, { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }] } })],
    ['take everything away from cluster-admin', patch({ ...plainCluster, metadata: { name: 'cluster-admin' } }, { rules: [reads('pods')] })],
    ['change a role of the control plane', patch({ ...plainCluster, metadata: { name: 'system:node' } }, { rules: [] })],
    ['write the named broad role', create(role('sd-bindings-operator', [reads('pods')]))],
  ]);

  refused(IDENTITIES, [
    ['get a token of a ServiceAccount', () => asking.ask(bob(), 'POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/robot/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} })],
    ['get a token of an excepted ServiceAccount', () => asking.ask(bob(), 'POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/deployer/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} })],
    ['get a token by a Secret', create({ ...secret, metadata: { ...secret.metadata, name: 'x' } })],
    ['get a token by a Secret that is applied', applied({ ...secret, metadata: { ...secret.metadata, name: 'x' } })],
    ['make a token by which a node joins', create({ ...bootstrap, metadata: { ...bootstrap.metadata, name: 'bootstrap-token-fedcba' }, stringData: { ...bootstrap.stringData, 'token-id': 'fedcba' } })],
    ['give such a token other groups', patch(bootstrap, { stringData: { 'auth-extra-groups': 'system:bootstrappers:worker' } })],
    ['tell a token\'s Secret another ServiceAccount', patch(secret, { metadata: { annotations: { 'kubernetes.io/service-account.name': 'deployer' } } })],
  ]);
});

describe('who holds bind, escalate and more through RBAC may not', () => {
  it('cluster-admin: alice, who may bind any role in the namespace', async () => {
    expect((await create(binding('x', 'ClusterRole', 'cluster-admin', friends, NAMESPACE), 'alice')()).verdict).toBe(`refused by ${BINDINGS}`);
  });
  it('cluster-admin: carol, who may bind any role in the cluster', async () => {
    expect((await create(binding('x', 'ClusterRole', 'cluster-admin', [group('sd-bindings-cluster-binders')]), 'carol')()).verdict).toBe(`refused by ${BINDINGS}`);
  });
  it('a Role with everything: alice, who holds escalate', async () => {
    expect((await create(role('x', [EVERYTHING], NAMESPACE), 'alice')()).verdict).toBe(`refused by ${ROLES}`);
  });
  it('a ServiceAccount does what its person may not', async () => {
    expect((await create(binding('x', 'ClusterRole', 'admin', friends, NAMESPACE), 'robot')()).verdict).toBe(`refused by ${BINDINGS}`);
  });
  it('a ServiceAccount gets a token of another one', async () => {
    const token = await asking.ask(person('robot'), 'POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/deployer/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
    expect(token.verdict).toBe(`refused by ${IDENTITIES}`);
  });
  it('a name that only looks like cluster-admin binds nothing, since no such role can be written', async () => {
    expect((await create(role('Cluster-admin', [EVERYTHING]))()).verdict).toBe(`refused by ${ROLES}`);
    expect((await create(binding('x', 'ClusterRole', 'Cluster-admin', friends), 'alice')()).verdict).toBe('refused by RBAC');
  });
  it('the role of a binding cannot be exchanged', async () => {
    const answer = await replace({ ...narrow, roleRef: { ...narrow.roleRef, kind: 'ClusterRole', name: 'cluster-admin' } })();
    expect(answer.verdict).toMatch(/^422 .*roleRef.*(?:cannot change|immutable)/);
  });
  it('system:masters, whom RBAC asks nothing, is refused too', async () => {
    const masters = ['--as=mallory-bindings', '--as-group=system:masters', '--as-group=sd-bindings-people'];
    for (const args of [['create', 'clusterrolebinding', 'x', '--clusterrole=cluster-admin', '--user=mallory'], ['create', 'clusterrole', 'x', '--verb=*', '--resource=pods'], ['create', 'token', 'deployer', '-n', NAMESPACE]]) {
      const { code, stderr } = await kubectl(cluster, admin(cluster), [...args, ...masters]);
      expect([code, stderr]).toEqual([1, expect.stringContaining('ValidatingAdmissionPolicy \'secure-debug-')]);
    }
  });
});

describe('certificates', () => {
  const csr = (name: string, signerName: string) => {
    const pem = execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-batch', '-keyout', '/dev/null', '-subj', '/O=oncall/CN=mallory'], { stdio: ['ignore', 'pipe', 'ignore'] });
    return { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec: { request: pem.toString('base64'), signerName, usages: ['client auth'], expirationSeconds: 600 } };
  };
  const names = ['sd-bindings-client', 'sd-bindings-own'];
  const decide = (name: string, type: string) => kubectl(cluster, person('dave'), ['certificate', type, name]);
  beforeAll(() => apply(cluster, [csr(names[0], 'kubernetes.io/kube-apiserver-client'), csr(names[1], 'example.com/own')]));
  afterAll(() => asAdmin(cluster, ['delete', 'certificatesigningrequests', '--ignore-not-found', ...names]));

  it('a person who may approve gives nobody a certificate of the cluster', async () => {
    const { code, stderr } = await decide(names[0], 'approve');
    expect([code, stderr]).toEqual([1, expect.stringContaining(`whoever approves ${names[0]} decides who its holder is for the cluster`)]);
    expect((await find(cluster, ['certificatesigningrequest', names[0]])).status).toEqual({});
  });
  it('another signer is not the cluster\'s, and a denial gives nothing', async () => {
    expect((await decide(names[1], 'approve')).code).toBe(0);
    const denial = { status: { conditions: [{ type: 'Denied', status: 'True', reason: 'no', message: 'no' }] } };
    const denied = await asking.patch(person('bob'), csr(names[0], 'kubernetes.io/kube-apiserver-client'), denial, MERGE_PATCH, '/approval');
    expect(denied.verdict).toBe('passed');
  });
  it('the excepted administrator approves', async () => {
    await asAdmin(cluster, ['certificate', 'approve', names[0]]);
    await eventually('the certificate', async () => (await find(cluster, ['certificatesigningrequest', names[0]])).status.certificate);
  });
});

describe('everyday work passes', () => {
  passes([
    ['a narrow role for a group', create(binding('x', 'Role', 'sd-plain', friends, NAMESPACE))],
    ['view for a group', create(binding('x', 'ClusterRole', 'view', friends, NAMESPACE))],
    ['a binding of an access request, which another policy judges', create(binding('x', 'Role', 'break-glass', [], NAMESPACE))],
    ['a Role that lists what it grants', create(role('x', [reads('pods', 'pods/log'), { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] }], NAMESPACE))],
    ['a Role without rules', create({ ...role('x', [], NAMESPACE), rules: undefined })],
    ['a rule more in a Role that had a wildcard before', patch(old, { rules: [...old.rules, reads('services')] })],
    ['a wildcard is taken away', patch(old, { rules: [reads('pods')] })],
    ['the end of URLs', create(role('x', [{ nonResourceURLs: ['/healthz/*'], verbs: ['get'] }]))],
    ['reading admission policies', create(role('x', [{ apiGroups: ['admissionregistration.k8s.io'], resources: ['validatingadmissionpolicies'], verbs: ['get', 'list', 'watch'] }]))],
    ['a subject of a broad binding is taken away', patch(broad, { subjects: [group('team-a')] })],
    ['somebody leaves cluster-admin', patch(broadCluster, { subjects: [group('platform-before')] })],
    ['an annotation on a broad binding', patch(broad, { metadata: { annotations: { owner: 'team-a' } } })],
    ['a label on cluster-admin', patch({ ...broadCluster, kind: 'ClusterRole', metadata: { name: 'cluster-admin' } }, { metadata: { labels: { reviewed: 'yes' } } })],
    ['a finalizer on a Role that guardrails trust', patch(debugExec, { metadata: { finalizers: ['example.com/hold'] } })],
    ['a broad binding is deleted', () => asking.delete(bob(), broad)],
    ['a Role is deleted', () => asking.delete(bob(), old)],
    ['an ordinary Secret', create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: NAMESPACE }, stringData: { a: 'b' } })],
    ['a label on a Secret by which a node joins', patch(bootstrap, { metadata: { labels: { a: 'b' } } })],
    ['a label on a token\'s Secret', patch(secret, { metadata: { labels: { a: 'b' } } })],
  ]);
});

describe('the GitOps identity and a group that is excepted pass', () => {
  passes(['deployer', 'peggy'].flatMap((name): [string, Attempt][] => [
    [`cluster-admin by ${name}`, create(binding('x', 'ClusterRole', 'cluster-admin', friends), name)],
    [`a ServiceAccount by ${name}`, create(binding('x', 'Role', 'sd-plain', [account(NAMESPACE, 'robot')], NAMESPACE), name)],
    [`a Role with everything by ${name}`, create(role('x', [EVERYTHING], NAMESPACE), name)],
    [`a trusted Role by ${name}`, create(role('debug-exec-x', [reads('pods')], NAMESPACE), name)],
    [`a token by ${name}`, () => asking.ask(person(name), 'POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/robot/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} })],
  ]));

  it('whoever may impersonate an exception is one: inventory who may', async () => {
    const { code, stderr } = await kubectl(cluster, person('judy'), ['create', 'clusterrolebinding', 'x', '--clusterrole=cluster-admin', '--group=friends', '--dry-run=server', `--as=system:serviceaccount:${NAMESPACE}:deployer`]);
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('break-glass', () => {
  passes([
    ['binds admin in its namespace', create(binding('x', 'ClusterRole', 'admin', friends, NAMESPACE), 'eve')],
    ['binds a person in its namespace', create(binding('x', 'Role', 'sd-plain', [user('friend')], NAMESPACE), 'eve')],
  ]);
  refused(BINDINGS, [
    ['a right by wildcard is no emergency', create(binding('x', 'ClusterRole', 'admin', friends, NAMESPACE))],
    ['the same right from a Role of another name is none', create(binding('x', 'ClusterRole', 'admin', friends, NAMESPACE), 'alice')],
    ['a trusted Role stays closed in an emergency', create(binding('x', 'Role', 'debug-exec-team', friends, NAMESPACE), 'eve')],
    ['system: groups stay closed in an emergency', create(binding('x', 'Role', 'sd-plain', [group('system:authenticated')], NAMESPACE), 'eve')],
  ]);
  it('it ends at its namespace, and never binds for the cluster', async () => {
    expect((await create(binding('x', 'ClusterRole', 'admin', friends, OTHER), 'eve')()).verdict).toBe('refused by RBAC');
    await asAdmin(cluster, ['create', 'clusterrolebinding', 'sd-bindings-eve', '--clusterrole=sd-bindings-hands-out', '--user=eve-bindings']);
    try {
      await eventually('eve to hold bind everywhere', async () => (await create(binding('x', 'ClusterRole', 'admin', friends, OTHER), 'eve')()).verdict === `refused by ${BINDINGS}` || undefined);
      expect((await create(binding('x', 'ClusterRole', 'admin', friends), 'eve')()).verdict).toBe(`refused by ${BINDINGS}`);
    } finally {
      await asAdmin(cluster, ['delete', 'clusterrolebinding', 'sd-bindings-eve']);
    }
  });
});

describe('the control plane keeps working', () => {
  it('aggregates ClusterRoles', async () => {
    const part = role('sd-bindings-part', [{ apiGroups: ['sd.example.com'], resources: ['things'], verbs: ['*'] }], undefined, { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } });
    const holds = async () => (await find(cluster, ['clusterrole', 'view'])).rules.some(({ apiGroups }: any) => apiGroups.includes('sd.example.com'));
    try {
      await apply(cluster, [part]);
      await eventually('the rule in view', async () => await holds() || undefined);
    } finally {
      await asAdmin(cluster, ['delete', 'clusterrole', 'sd-bindings-part', '--ignore-not-found']);
    }
    await eventually('the rule to leave view', async () => await holds() ? undefined : true);
  });

  it('deletes a namespace with what is in it', async () => {
    await asAdmin(cluster, ['create', 'namespace', 'sd-bindings-short']);
    await asAdmin(cluster, ['label', 'namespace', 'sd-bindings-short', 'secure-debug.internal/test=true']);
    await apply(cluster, [binding('x', 'ClusterRole', 'admin', friends, 'sd-bindings-short'), role('debug-exec-x', [EVERYTHING], 'sd-bindings-short', { finalizers: ['example.com/hold'] })]);
    await asAdmin(cluster, ['delete', 'namespace', 'sd-bindings-short', '--wait=false']);
    await asAdmin(cluster, ['patch', 'role', 'debug-exec-x', '-n', 'sd-bindings-short', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    await asAdmin(cluster, ['wait', '--for=delete', 'namespace/sd-bindings-short', '--timeout=60s']);
  });

  it('collects a binding whose owner is gone', async () => {
    await asAdmin(cluster, ['create', 'configmap', 'owner', '-n', NAMESPACE]);
    const { uid } = (await find(cluster, ['configmap', 'owner', '-n', NAMESPACE])).metadata;
    await apply(cluster, [binding('owned', 'ClusterRole', 'admin', [user('somebody')], NAMESPACE, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }] })]);
    await asAdmin(cluster, ['delete', 'configmap', 'owner', '-n', NAMESPACE]);
    await eventually('the binding to go', async () => await find(cluster, ['rolebinding', 'owned', '-n', NAMESPACE]) ? undefined : true);
  });

  it('lets go of a binding that is orphaned', async () => {
    await asAdmin(cluster, ['create', 'configmap', 'owner', '-n', NAMESPACE]);
    const { uid } = (await find(cluster, ['configmap', 'owner', '-n', NAMESPACE])).metadata;
    await apply(cluster, [binding('orphaned', 'ClusterRole', 'admin', [user('somebody')], NAMESPACE, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }] })]);
    await asAdmin(cluster, ['delete', 'configmap', 'owner', '-n', NAMESPACE, '--cascade=orphan']);
    expect((await find(cluster, ['rolebinding', 'orphaned', '-n', NAMESPACE])).metadata.ownerReferences).toBeUndefined();
  });

  testIf(cluster.node, 'needs a node')('gives pods their projected tokens', async () => {
    await apply(cluster, [{
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'with-token', namespace: NAMESPACE },
      spec: { serviceAccountName: 'robot', terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: cluster.image, command: ['sh', '-c', 'test -s /var/run/secrets/kubernetes.io/serviceaccount/token && sleep 600'] }] },
    }]);
    await asAdmin(cluster, ['wait', '--for=condition=Ready', 'pod/with-token', '-n', NAMESPACE, '--timeout=120s'], { timeout: 130_000 });
  });
});

describe('what people are told', () => {
  it.each<[string, Attempt, string]>([
    ['of a broad role', create(binding('x', 'ClusterRole', 'cluster-admin', friends)), 'ClusterRole cluster-admin is bound by GitOps alone: change it in Git, bind a narrower role, or request access'],
    ['of a person', create(binding('x', 'Role', 'sd-plain', [user('friend')], NAMESPACE)), 'User friend is no group: bind a group of the identity provider, bind it in Git, or request access for a time'],
    ['of a system group', create(binding('x', 'ClusterRole', 'view', [group('system:authenticated')])), 'Group system:authenticated stands for more than a team: bind a group of the identity provider'],
    ['of a wildcard', create(role('x', [EVERYTHING], NAMESPACE)), 'Role x would grant a wildcard: list each verb, resource and API group, or change it in Git'],
    ['of escalation', create(role('x', [{ apiGroups: [''], resources: ['users'], verbs: ['impersonate'] }])), 'ClusterRole x would let its holder become somebody else, or more than they are (impersonate on users): change it in Git, or leave that out'],
    ['of a trusted name', create(role('break-glass', [], NAMESPACE)), 'guardrails trust Role break-glass because of its name, so it is written by GitOps alone: change it in Git, or take another name'],
  ])('%s', async (_what, attempt, text) => {
    expect((await attempt()).message).toMatch(new RegExp(`denied request: ${text.replace(/[()]/g, '\\$&')}$`));
  });
});

describe('modes', () => {
  const attempt = (mode: string) => kubectl(cluster, person('bob'), ['create', 'rolebinding', `mode-${mode}`, '-n', NAMESPACE, '--clusterrole=admin', '--group=friends']);
  afterAll(() => apply(cluster, guardrail(GuardrailMode.DENY)));

  it('WARN lets it through, and kubectl shows why it would be refused', async () => {
    await apply(cluster, guardrail(GuardrailMode.WARN));
    await eventually('a warning', async () => {
      const { code, stderr } = await attempt('warn');
      if (code === 0) expect(stderr).toContain('Warning: Validation failed for ValidatingAdmissionPolicy \'secure-debug-bindings\'');
      return code === 0 || undefined;
    });
  });

  testIf(cluster.auditLog, 'needs the audit log')('AUDIT lets it through, and the log says what would have been refused', async () => {
    const log = new AuditLog(cluster.auditLog!);
    await apply(cluster, guardrail(GuardrailMode.AUDIT));
    await eventually('silence', async () => {
      const { code, stderr } = await kubectl(cluster, person('bob'), ['create', 'rolebinding', 'mode-audit', '-n', NAMESPACE, '--clusterrole=admin', '--group=friends', '--dry-run=server']);
      return code === 0 && !stderr || undefined;
    });
    expect((await attempt('audit')).code).toBe(0);
    const failure = await eventually('the event', async () => log.events().find(event => event.verb === 'create' && event.objectRef?.name === 'mode-audit' && !event.requestURI.includes('dryRun') && event.stage === 'ResponseComplete'));
    expect(failure.user.username).toBe('bob-bindings');
    expect(failure.annotations['validation.policy.admission.k8s.io/validation_failure']).toContain('ClusterRole admin is bound by GitOps alone');
  });
});
