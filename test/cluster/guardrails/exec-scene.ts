import { App, Chart } from 'cdk8s';
import {
  AttachScope, Command, CommandSet, DebugCapability, ExecGuardrail, ExecGuardrailProps, GuardrailException, GuardrailMode,
  OnCallDebugAccess, SecureDebugWarnings,
} from '../../../src';
import { Cluster } from '../lab/cluster';
import { apply, asAdmin, Person } from '../lab/kubectl';
import { people, serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove, running, target } from '../lab/targets';
import { openStream } from '../lab/verdict';

export const NAMESPACE = 'sd-exec';
export const OTHER = 'sd-exec-other';
export const POD = 'ledger-0';
export const POLICY = 'sd-exec-guardrail';

const RBAC = 'rbac.authorization.k8s.io';
const EVERYTHING = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
const role = (name: string, rules: object[], ns?: string) => ({ apiVersion: `${RBAC}/v1`, kind: ns ? 'Role' : 'ClusterRole', metadata: { name, namespace: ns }, rules });
const bind = (name: string, kind: 'Role' | 'ClusterRole', roleName: string, subject: object, ns?: string) => ({
  apiVersion: `${RBAC}/v1`,
  kind: ns ? 'RoleBinding' : 'ClusterRoleBinding',
  metadata: { name, namespace: ns },
  roleRef: { apiGroup: RBAC, kind, name: roleName },
  subjects: [subject],
});
const group = (name: string) => ({ apiGroup: RBAC, kind: 'Group', name });
/** All that exec takes, as a Role of another origin would write it. */
const USES = { apiGroups: ['secure-debug.internal'], resources: ['commandsets', 'streams'], verbs: ['use'] };

const CLUSTER_WIDE = [
  role('sd-exec-everything', [EVERYTHING]),
  bind('sd-exec-everything', 'ClusterRole', 'sd-exec-everything', group('sd-cluster-admins')),
  role('sd-exec-uses', [USES]),
  bind('sd-exec-uses', 'ClusterRole', 'sd-exec-uses', group('sd-everywhere')),
  role('sd-exec-impersonate', [{ apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'], resourceNames: ['alice-exec', 'sd-oncall'] }]),
  bind('sd-exec-impersonate', 'ClusterRole', 'sd-exec-impersonate', group('sd-impersonators')),
];

/** Those who only come in by RBAC on pods. */
const STREAMS_GROUPS = ['sd-oncall', 'sd-shell', 'sd-unlisted', 'sd-other', 'sd-everywhere', 'sd-operators', 'sd-bound'];

export function guardrailProps(mode: GuardrailMode): ExecGuardrailProps {
  return {
    name: POLICY,
    mode,
    namespaces: [NAMESPACE, OTHER],
    commandSets: [
      CommandSet.readOnlyDiagnostics(),
      CommandSet.shell(),
      CommandSet.copyFrom('/var/log'),
      new CommandSet('odd', { commands: [Command.exact('echo', '"\'\\`${x}', '</script>', 'ünïcödé 💥', '\') || true || (\'')] }),
    ],
    allow: [
      { namespace: NAMESPACE, group: 'sd-oncall', commandSets: ['copy-from', 'diagnostics', 'odd'], attach: AttachScope.DEBUG_CONTAINERS },
      { namespace: NAMESPACE, group: 'sd-shell', commandSets: ['diagnostics', 'shell'], attach: AttachScope.ANY, portForward: true, proxy: true },
      { namespace: OTHER, group: 'sd-other', commandSets: ['diagnostics', 'shell'], attach: AttachScope.ANY, portForward: true, proxy: true },
    ],
    exceptions: [GuardrailException.user('olaf-operator', 'backs up databases by exec'), GuardrailException.group('sd-excepted', 'an example')],
  };
}

/** The objects of the guardrail. */
export function guardrail(mode: GuardrailMode): object[] {
  const chart = new Chart(new App(), 'suite');
  for (const id of ['SD6001', 'SD6002']) SecureDebugWarnings.acknowledge(chart, id, 'what it warns of is what the suite tries');
  new ExecGuardrail(chart, 'exec', guardrailProps(mode));
  new OnCallDebugAccess(chart, 'streams', { namespaces: [NAMESPACE, OTHER], groups: STREAMS_GROUPS, capabilities: DebugCapability.onCallDefault() });
  return chart.toJson();
}

const ROLES = [
  // What nobody should write into a Role, and somebody has.
  role('team-admin', [EVERYTHING], NAMESPACE),
  bind('team-admin', 'Role', 'team-admin', group('sd-team-admins'), NAMESPACE),
  role('helpful', [USES], NAMESPACE),
  bind('helpful', 'Role', 'helpful', group('sd-bound'), NAMESPACE),
  bind('helpful-too', 'ClusterRole', 'sd-exec-uses', group('sd-bound'), NAMESPACE),
  role('proxies', [{ apiGroups: [''], resources: ['pods/proxy', 'services/proxy'], verbs: ['get', 'create'] }], NAMESPACE),
  ...['sd-oncall', 'sd-shell'].map(name => bind(`proxies-${name}`, 'Role', 'proxies', group(name), NAMESPACE)),
];

/** People, namespaces, a pod, and the guardrail in force. */
export async function raise(cluster: Cluster): Promise<Record<string, Person>> {
  await remove(cluster, [NAMESPACE, OTHER]);
  await apply(cluster, [namespace(NAMESPACE), namespace(OTHER)]);
  const accounts = [NAMESPACE].map(ns => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: ns } }));
  await apply(cluster, [...accounts, ...CLUSTER_WIDE]);
  await apply(cluster, [
    ...ROLES,
    ...guardrail(GuardrailMode.DENY),
    bind('robot', 'Role', 'oncall-debug', { kind: 'ServiceAccount', name: 'robot', namespace: NAMESPACE }, NAMESPACE),
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: NAMESPACE }, spec: { ports: [{ port: 80 }], selector: { app: POD } } },
    ...[NAMESPACE, OTHER].map(ns => target(cluster, ns, POD)),
  ]);
  const who = await people(cluster, [
    { name: 'alice-exec', groups: ['sd-oncall'] },
    { name: 'bob-exec', groups: ['sd-shell'] },
    { name: 'erin-exec', groups: ['sd-unlisted'] },
    { name: 'frank-exec', groups: ['sd-other'] },
    { name: 'carol-exec', groups: ['sd-cluster-admins'] },
    { name: 'grace-exec', groups: ['sd-cluster-admins', 'sd-oncall'] },
    { name: 'dave-exec', groups: ['sd-team-admins'] },
    { name: 'heidi-exec', groups: ['sd-everywhere'] },
    { name: 'ivan-exec', groups: ['sd-bound'] },
    { name: 'judy-exec', groups: ['sd-impersonators'] },
    { name: 'olaf-operator', groups: ['sd-operators'] },
    { name: 'peggy-exec', groups: ['sd-operators', 'sd-excepted'] },
  ]);
  who.robot = await serviceAccount(cluster, NAMESPACE, 'robot');
  if (cluster.node) await running(cluster, NAMESPACE, [POD]);
  await eventually('the guardrail to decide', async () =>
    (await openStream(who['alice-exec'], execPath(['sh', '-c', 'id']))).verdict === `refused by ${POLICY}` || undefined);
  return who;
}

export async function raze(cluster: Cluster): Promise<void> {
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', POLICY, '--ignore-not-found']);
  for (const { kind, metadata } of CLUSTER_WIDE) await asAdmin(cluster, ['delete', kind, metadata.name, '--ignore-not-found']);
  await remove(cluster, [NAMESPACE, OTHER]);
}

/** The path of an exec, as clients write it. */
export function execPath(argv: string[], options: { [flag: string]: string } = {}, ns = NAMESPACE): string {
  const words = argv.map((word): [string, string] => ['command', word]);
  const query = new URLSearchParams([...words, ...Object.entries({ container: 'app', stdout: 'true', stderr: 'true', ...options })]);
  return `/api/v1/namespaces/${ns}/pods/${POD}/exec?${query}`;
}
