import { App, Chart } from 'cdk8s';
import { Asking, binding, EVERYTHING, group, role, account, RBAC, user } from './bindings-ask';
import { BindingGuardrail, GuardrailException, GuardrailMode } from '../../../src';
import { Cluster } from '../lab/cluster';
import { apply, asAdmin, Person } from '../lab/kubectl';
import { people, serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove } from '../lab/targets';

export const NAMESPACE = 'sd-bindings';
export const OTHER = 'sd-bindings-other';
export const POLICIES = ['secure-debug-bindings', 'secure-debug-roles', 'secure-debug-identities'];
const PEOPLE = 'sd-bindings-people';

/** Rights on RBAC in a namespace, `bind` and `escalate` included: all that RBAC itself would ask for. */
const HANDS_OUT = [
  { apiGroups: [RBAC], resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'], verbs: ['get', 'list', 'create', 'update', 'patch', 'delete', 'bind', 'escalate'] },
  { apiGroups: [''], resources: ['serviceaccounts/token', 'secrets'], verbs: ['create', 'update', 'patch'] },
];
const READS_PODS = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };

/** What was there before the guardrail. */
export const BEFORE = {
  plain: role('sd-plain', [READS_PODS], NAMESPACE),
  old: role('sd-old', [{ ...READS_PODS, resources: ['*'] }, READS_PODS], NAMESPACE),
  debugExec: role('debug-exec-team', [{ apiGroups: ['secure-debug.internal'], resources: ['commandsets'], verbs: ['use'] }], NAMESPACE),
  plainCluster: role('sd-bindings-plain', [READS_PODS]),
  narrow: binding('sd-narrow', 'Role', 'sd-plain', [group('oncall')], NAMESPACE),
  broad: binding('sd-broad', 'ClusterRole', 'admin', [group('team-a'), user('old-hand')], NAMESPACE),
  broadCluster: binding('sd-bindings-broad', 'ClusterRole', 'cluster-admin', [group('platform-before'), group('leaving')]),
  secret: {
    apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name: 'sd-token', namespace: NAMESPACE, annotations: { 'kubernetes.io/service-account.name': 'robot' } },
  },
  bootstrap: {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'bootstrap.kubernetes.io/token',
    metadata: { name: 'bootstrap-token-abcdef', namespace: NAMESPACE },
    stringData: { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' },
  },
};

const SURROUNDINGS = [
  ...['robot', 'deployer'].map(name => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } })),
  role('sd-bindings-everything', [EVERYTHING, { nonResourceURLs: ['*'], verbs: ['*'] }]),
  binding('sd-bindings-everything', 'ClusterRole', 'sd-bindings-everything', [group('sd-bindings-admins'), account(NAMESPACE, 'deployer')]),
  role('sd-bindings-hands-out', HANDS_OUT),
  binding('sd-hands-out', 'ClusterRole', 'sd-bindings-hands-out', [group('sd-bindings-binders'), account(NAMESPACE, 'robot'), user('eve-bindings')], NAMESPACE),
  binding('sd-bindings-hands-out', 'ClusterRole', 'sd-bindings-hands-out', [group('sd-bindings-cluster-binders')]),
  role('sd-bindings-approver', [
    { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests', 'certificatesigningrequests/approval'], verbs: ['get', 'create', 'update', 'patch'] },
    { apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: ['kubernetes.io/kube-apiserver-client', 'example.com/own'], verbs: ['approve'] },
  ]),
  binding('sd-bindings-approver', 'ClusterRole', 'sd-bindings-approver', [group('sd-bindings-approvers')]),
  role('sd-bindings-impersonator', [{ apiGroups: [''], resources: ['serviceaccounts'], resourceNames: ['deployer'], verbs: ['impersonate'] }]),
  binding('sd-impersonator', 'ClusterRole', 'sd-bindings-impersonator', [group('sd-bindings-impersonators')], NAMESPACE),
  // An emergency, as a grant of break-glass is one; and the same right from a Role of another name.
  role('break-glass', [BindingGuardrail.breakGlassRule()] as any, NAMESPACE),
  binding('break-glass:eve-bindings', 'Role', 'break-glass', [user('eve-bindings')], NAMESPACE),
  role('helpful', [BindingGuardrail.breakGlassRule()] as any, NAMESPACE),
  binding('helpful', 'Role', 'helpful', [group('sd-bindings-binders')], NAMESPACE),
];

export function guardrail(mode: GuardrailMode): any[] {
  const chart = new Chart(new App(), 'suite');
  new BindingGuardrail(chart, 'bindings', {
    mode,
    broadRoles: ['sd-bindings-operator'],
    exceptions: [
      GuardrailException.serviceAccount(NAMESPACE, 'deployer', 'deploys from Git'),
      ...['admin', 'kubernetes-admin'].map(name => GuardrailException.user(name, 'prepares and cleans up')),
      GuardrailException.group('sd-bindings-excepted', 'an example'),
    ],
  });
  // The policies are about the whole cluster; here, only about the people of this file and the control plane.
  const ours = `request.userInfo.groups.exists(g, g == '${PEOPLE}' || g == 'system:serviceaccounts:${NAMESPACE}') || request.userInfo.username.startsWith('system:') && !request.userInfo.username.startsWith('system:serviceaccount:sd-')`;
  return chart.toJson().map((object: any) => {
    if (object.kind === 'ValidatingAdmissionPolicy') object.spec.matchConditions.push({ name: 'of-this-suite', expression: ours });
    return object;
  });
}

/** People, namespaces, what was there before, and the guardrail in force. */
export async function raise(cluster: Cluster, asking: Asking): Promise<Record<string, Person>> {
  await raze(cluster);
  await apply(cluster, [namespace(NAMESPACE), namespace(OTHER)]);
  await apply(cluster, [...SURROUNDINGS, ...Object.values(BEFORE)]);
  const who = await people(cluster, [
    { name: 'alice-bindings', groups: ['sd-bindings-binders', PEOPLE] },
    { name: 'bob-bindings', groups: ['sd-bindings-admins', PEOPLE] },
    { name: 'carol-bindings', groups: ['sd-bindings-cluster-binders', PEOPLE] },
    { name: 'dave-bindings', groups: ['sd-bindings-approvers', PEOPLE] },
    { name: 'eve-bindings', groups: [PEOPLE] },
    { name: 'judy-bindings', groups: ['sd-bindings-impersonators', PEOPLE] },
    { name: 'peggy-bindings', groups: ['sd-bindings-admins', 'sd-bindings-excepted', PEOPLE] },
  ]);
  who.robot = await serviceAccount(cluster, NAMESPACE, 'robot');
  who.deployer = await serviceAccount(cluster, NAMESPACE, 'deployer');
  await apply(cluster, guardrail(GuardrailMode.DENY));
  const bob = who['bob-bindings'];
  await eventually('the guardrail to decide', async () => {
    const asked = await Promise.all([
      asking.create(bob, binding('sd-probe', 'ClusterRole', 'cluster-admin', [group('probe')])),
      asking.create(bob, role('sd-probe', [EVERYTHING])),
      asking.create(bob, { ...BEFORE.secret, metadata: { ...BEFORE.secret.metadata, name: 'sd-probe' } }),
    ]);
    return asked.every(({ verdict }, i) => verdict === `refused by ${POLICIES[i]}`) || undefined;
  });
  return who;
}

export async function raze(cluster: Cluster): Promise<void> {
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', ...POLICIES]);
  const clusterWide = [...SURROUNDINGS, ...Object.values(BEFORE)].filter(({ metadata }: any) => !metadata.namespace);
  for (const kind of ['ClusterRole', 'ClusterRoleBinding']) {
    await asAdmin(cluster, ['delete', kind, '--ignore-not-found', ...clusterWide.filter(object => object.kind === kind).map(({ metadata }: any) => metadata.name)]);
  }
  await remove(cluster, [NAMESPACE, OTHER]);
}
