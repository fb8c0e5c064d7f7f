import { App, Chart } from 'cdk8s';
import { account, Asking, binding, EVERYTHING, group, role, user } from './bindings-ask';
import { GitOpsGuardrail, GitOpsIdentity, GuardrailException, GuardrailMode } from '../../../src';
import { Cluster } from '../lab/cluster';
import { apply, asAdmin, Person } from '../lab/kubectl';
import { people, serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove, surroundings } from '../lab/targets';

export const NAMESPACE = 'sd-gitops';
/** Not guarded. */
export const FREE = 'sd-gitops-free';
export const POLICY = 'sd-gitops-guardrail';

const EMERGENCIES = { apiGroups: ['secure-debug.internal'], resources: ['emergencies'], verbs: ['use'] };
const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const CHANGES = [
  { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale', 'deployments/status', 'statefulsets', 'daemonsets'], verbs },
  { apiGroups: [''], resources: ['configmaps', 'services', 'serviceaccounts', 'secrets', 'limitranges', 'resourcequotas'], verbs },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs },
];

/** The grant of an emergency, as break-glass leaves it in the namespace. */
export const GRANT = binding('break-glass:eve-gitops', 'Role', 'break-glass', [user('eve-gitops')], NAMESPACE);

const SURROUNDINGS: any[] = [
  ...['robot', 'deployer'].map(name => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } })),
  role('sd-gitops-changes', CHANGES),
  ...[NAMESPACE, FREE].map(ns => binding('changes', 'ClusterRole', 'sd-gitops-changes', [group('sd-gitops-people'), account(NAMESPACE, 'robot'), account(NAMESPACE, 'deployer')], ns)),
  role('sd-gitops-everything', [EVERYTHING]),
  binding('sd-gitops-everything', 'ClusterRole', 'sd-gitops-everything', [group('sd-gitops-admins')]),
  role('team-admin', [EVERYTHING], NAMESPACE),
  binding('team-admin', 'Role', 'team-admin', [group('sd-gitops-team-admins')], NAMESPACE),
  role('break-glass', [EMERGENCIES], NAMESPACE),
  GRANT,
  binding('break-glass:bob-gitops', 'Role', 'break-glass', [user('bob-gitops')], NAMESPACE),
  // The same right, from Roles of other names, and in another namespace.
  role('helpful', [EMERGENCIES], NAMESPACE),
  binding('helpful', 'Role', 'helpful', [group('sd-gitops-helped')], NAMESPACE),
  role('debug-grant', [EMERGENCIES], NAMESPACE),
  binding('debug-grant', 'Role', 'debug-grant', [group('sd-gitops-granted')], NAMESPACE),
  role('break-glass', [EMERGENCIES], FREE),
  binding('break-glass:heidi-gitops', 'Role', 'break-glass', [user('heidi-gitops')], FREE),
  role('break-glass', [EMERGENCIES]),
  binding('break-glass-cluster-role', 'ClusterRole', 'break-glass', [group('sd-gitops-cluster-role')], NAMESPACE),
  role('sd-gitops-impersonator', [{ apiGroups: [''], resources: ['serviceaccounts'], resourceNames: ['deployer'], verbs: ['impersonate'] }]),
  binding('impersonator', 'ClusterRole', 'sd-gitops-impersonator', [group('sd-gitops-impersonators')], NAMESPACE),
];

export function guardrail(mode: GuardrailMode): any[] {
  const chart = new Chart(new App(), 'suite');
  new GitOpsGuardrail(chart, 'gitops', {
    name: POLICY,
    mode,
    namespaces: [NAMESPACE],
    identities: [GitOpsIdentity.serviceAccount(NAMESPACE, 'deployer')],
    exceptions: [GuardrailException.group('sd-gitops-operators', 'an example')],
  });
  return chart.toJson();
}

export const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: NAMESPACE }, data: { color: 'green' } };
export const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: NAMESPACE } };

/** People, namespaces, what stands in Git, and the guardrail in force. */
export async function raise(cluster: Cluster, asking: Asking): Promise<Record<string, Person>> {
  await raze(cluster);
  await apply(cluster, [namespace(NAMESPACE), namespace(FREE)]);
  await apply(cluster, [...SURROUNDINGS, ...[NAMESPACE, FREE].flatMap(ns => surroundings(cluster, ns))]);
  const who = await people(cluster, [
    { name: 'alice-gitops', groups: ['sd-gitops-people'] },
    { name: 'bob-gitops', groups: ['sd-gitops-admins'] },
    { name: 'dave-gitops', groups: ['sd-gitops-team-admins'] },
    { name: 'eve-gitops', groups: ['sd-gitops-people'] },
    { name: 'frank-gitops', groups: ['sd-gitops-people', 'sd-gitops-helped'] },
    { name: 'grace-gitops', groups: ['sd-gitops-people', 'sd-gitops-granted'] },
    { name: 'heidi-gitops', groups: ['sd-gitops-people'] },
    { name: 'ivan-gitops', groups: ['sd-gitops-people', 'sd-gitops-cluster-role'] },
    { name: 'judy-gitops', groups: ['sd-gitops-impersonators'] },
    { name: 'olaf-gitops', groups: ['sd-gitops-people', 'sd-gitops-operators'] },
  ]);
  who.robot = await serviceAccount(cluster, NAMESPACE, 'robot');
  who.deployer = await serviceAccount(cluster, NAMESPACE, 'deployer');
  await apply(cluster, guardrail(GuardrailMode.DENY));
  await eventually('the guardrail to decide', async () => (await asking.patch(who['alice-gitops'], settings, { data: { color: 'red' } })).verdict === `refused by ${POLICY}` || undefined);
  return who;
}

export async function raze(cluster: Cluster): Promise<void> {
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', POLICY]);
  for (const kind of ['ClusterRole', 'ClusterRoleBinding']) {
    const names = SURROUNDINGS.filter(object => object.kind === kind).map(({ metadata }) => metadata.name);
    await asAdmin(cluster, ['delete', kind, '--ignore-not-found', ...names]);
  }
  await remove(cluster, [NAMESPACE, FREE]);
}
