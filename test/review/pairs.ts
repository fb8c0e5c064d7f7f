import { App, Chart } from 'cdk8s';
import { account, bind, bindEverywhere, clusterRole, group, held, RBAC, role, rule, user } from './rbac';
import { OnCallDebugAccess } from '../../src';
import { VIRTUAL_GROUP } from '../../src/model/virtual-rights';

export const oncall = group('oncall');
export const pods = rule('get,list,watch', 'pods');
export const exec = rule('get,create', 'pods/exec');

/** What constructs emit. */
export function chart(fill: (scope: Chart) => void): any[] {
  const scope = new Chart(new App(), 'test');
  fill(scope);
  // What the constructs warn of is not the matter here.
  const printed = jest.spyOn(process, 'emitWarning').mockImplementation();
  const quiet = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    return scope.toJson();
  } finally {
    printed.mockRestore();
    quiet.mockRestore();
  }
}

/** Changes as pull requests bring them: what the rights were, what they are, and `danger kind id: text` of all that is to be told. */
export const PAIRS: [what: string, before: any[], after: any[], expected: string[]][] = [
  ['a role gets one verb too many: Secrets can be read', held(pods), held(pods, rule('get', 'secrets')), [
    'high gained SD5003: In payments, Group oncall may now read Secrets: get secrets',
  ]],
  ['exec is granted', held(pods), held(pods, exec), [
    'high gained exec: In payments, Group oncall may now exec',
  ]],
  ['exec is taken away', held(pods, exec), held(pods), [
    'high lost exec: In payments, Group oncall may no longer exec',
  ]],
  ['exec is copied from an old tutorial, without get', held(pods), held(pods, rule('create', 'pods/exec')), [
    'high gained exec: In payments, Group oncall may now exec, incomplete, create pods/exec',
  ]],
  ['a limit to names is lifted', held(pods, rule('get,create', 'pods/exec', '', 'ledger-0')), held(pods, exec), [
    'high gained exec: In payments, Group oncall may now exec (before: only ledger-0)',
  ]],
  ['another name is added', held(pods, rule('get,create', 'pods/exec', '', 'a')), held(pods, rule('get,create', 'pods/exec', '', 'a,b')), [
    'high gained exec: In payments, Group oncall may now exec for b',
  ]],
  ['a wildcard swallows a list', held(rule('get,list,watch', 'pods,services')), held(rule('get,list,watch', '*')), [
    'high gained attach: In payments, Group oncall may now attach, incomplete, get, list, watch pods/attach',
    'high gained ephemeral-containers: In payments, Group oncall may now debug containers, incomplete, get, list, watch pods/ephemeralcontainers',
    'high gained exec: In payments, Group oncall may now exec, incomplete, get, list, watch pods/exec',
    'high gained port-forward: In payments, Group oncall may now port-forward, incomplete, get, list, watch pods/portforward',
    'high gained SD5003: In payments, Group oncall may now read Secrets: get, list, watch secrets',
    'high gained SD5002: In payments, Group oncall may now use wildcards: get, list, watch everything in the core group',
    'medium gained read-config: In payments, Group oncall may now read config maps',
    'medium gained read-logs: In payments, Group oncall may now read logs',
    'low gained read-events: In payments, Group oncall may now read events, only get, list, watch events',
    'low gained read-workloads: In payments, Group oncall may now read workloads in more ways: get, list, watch endpoints, persistentvolumeclaims, replicationcontrollers',
  ]],
  ['a team becomes cluster-admin', [], [bindEverywhere('b', 'cluster-admin', oncall)], [
    'critical gained SD5001: In the whole cluster, Group oncall may now do everything',
  ]],
  ['cluster-admin is replaced by what on-call needs', [bindEverywhere('b', 'cluster-admin', oncall)], chart(scope => new OnCallDebugAccess(scope, 'o', { namespace: 'payments', group: 'oncall' })), [
    'critical lost SD5001: In the whole cluster, Group oncall may no longer do everything',
  ]],
  ['a binding for the namespace becomes one for the cluster', held(pods, exec), [clusterRole('r', pods, exec), bindEverywhere('b', 'r', oncall)], [
    'high gained exec: In the whole cluster, Group oncall may now exec',
    'low gained read-workloads: In the whole cluster, Group oncall may now read workloads, only get, list, watch pods',
  ]],
  ['nothing changes but the form: rules are split, the role renamed and made a ClusterRole', held(rule('get,create', 'pods/exec'), pods),
    [clusterRole('other', rule('create', 'pods/exec'), rule('get', 'pods/exec,pods'), rule('list,watch', 'pods')), bind('payments', 'another', 'ClusterRole other', oncall)], []],
  ['a person is added beside the group', held(pods, exec), [...held(pods, exec).slice(0, 1), bind('payments', 'b', 'r', oncall, user('alice'))], [
    'high gained exec: In payments, User alice may now exec',
    'low gained read-workloads: In payments, User alice may now read workloads, only get, list, watch pods',
  ]],
  ['the group is confused with everybody', held(pods), [...held(pods).slice(0, 1), bind('payments', 'b', 'r', group('system:authenticated'))], [
    'high gained SD5011: In payments, Group system:authenticated may now use this, which stands for everybody',
    'low gained read-workloads: In payments, Group system:authenticated may now read workloads, only get, list, watch pods',
    'low lost read-workloads: In payments, Group oncall may no longer read workloads, only get, list, watch pods',
  ]],
  ['a label is added, and another role aggregates it', [
    { ...clusterRole('extra', rule('impersonate', 'users')), metadata: { name: 'extra' } },
    { ...clusterRole('sum'), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { sum: 'x' } }] } }, bindEverywhere('b', 'sum', oncall),
  ], [
    { ...clusterRole('extra', rule('impersonate', 'users')), metadata: { name: 'extra', labels: { sum: 'x' } } },
    { ...clusterRole('sum'), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { sum: 'x' } }] } }, bindEverywhere('b', 'sum', oncall),
  ], [
    'critical gained SD5005: In the whole cluster, Group oncall may now act as somebody else: impersonate users',
    'high lost SD5009: In the whole cluster, Group oncall may no longer use a role that is not among the manifests',
  ]],
  ['a chart binds a role that nobody sees', [], [bind('payments', 'b', 'ClusterRole view', account('payments', 'api'))], [
    'high gained SD5009: In payments, ServiceAccount payments/api may now use a role that is not among the manifests',
  ]],
  ['rights that only look harmless', held(pods), held(pods, rule('bind', 'clusterroles', RBAC), rule('create', 'serviceaccounts/token'), rule('list', 'services'), rule('delete', 'services')), [
    'critical gained SD5005: In payments, Group oncall may now act as somebody else: create serviceaccounts/token',
    'critical gained SD5004: In payments, Group oncall may now raise rights: bind clusterroles.rbac.authorization.k8s.io',
    'medium gained other-rights: In payments, Group oncall may now delete services',
    'low gained read-workloads: In payments, Group oncall may now read workloads in more ways: list services',
  ]],
  ['nodes/proxy, which is exec past every guard', [], [clusterRole('n', rule('get', 'nodes/proxy')), bindEverywhere('n', 'n', group('monitoring'))], [
    'critical gained SD5006: In the whole cluster, Group monitoring may now reach the kubelet: get nodes/proxy',
  ]],
  ['a URL that is no resource', [clusterRole('n', pods), bindEverywhere('n', 'n', oncall)], [clusterRole('n', pods, { verbs: ['get'], nonResourceURLs: ['/debug/*'] }), bindEverywhere('n', 'n', oncall)], [
    'medium gained other-rights: In the whole cluster, Group oncall may now get /debug/*',
  ]],
  ['a command set is allowed', held(pods), held(pods, rule('use', 'commandsets', VIRTUAL_GROUP, 'shell')), [
    'high gained guardrail-rights: In payments, Group oncall may now use, through guardrails: command sets: shell',
  ]],
  ['pod copies are granted', held(pods), held(pods, rule('create', 'pods')), [
    'critical gained pod-copy: In payments, Group oncall may now copy pods, only create pods',
  ]],
  ['a Role grants in a namespace what is in none: no difference', held(pods), held(pods, rule('get', 'nodes')), []],
  ['two versions of one role', held(pods), [...held(pods), role('payments', 'r', pods, rule('get', 'services'))], [
    'medium flaw-added SD5013: An object is defined differently under one name: Role payments/r: there are 2 different ones',
    'low gained read-workloads: In payments, Group oncall may now read workloads in more ways: get services',
  ]],
];
