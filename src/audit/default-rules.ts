import { AuditResources, AuditRule, AuditStage } from './audit-rule';
import { AuditLevel } from '../model/audit-level';
import { CapabilityAuditRule, DebugCapability } from '../model/capability';
import { canonicalJson, sortedUnique } from '../private/canonical';

const { NONE, METADATA, REQUEST } = AuditLevel;
const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection'];

const core = (...resources: string[]): AuditResources => ({ group: '', resources });
const of = (group: string, ...resources: string[]): AuditResources => ({ group, resources });
const controller = (name: string) => `system:serviceaccount:kube-system:${name}`;

/** Who was granted debug access: groups and users as the API server sees them, sorted. */
export interface Grantees {
  readonly userGroups: string[];
  readonly users: string[];
}

/** The same rule for the groups and for the users; a rule with both would ask for both. */
function forGrantees({ userGroups, users }: Grantees, rule: AuditRule): AuditRule[] {
  return [
    ...userGroups.length ? [{ ...rule, userGroups }] : [],
    ...users.length ? [{ ...rule, users }] : [],
  ];
}

/** `pods/exec, pods/attach` as entries by group, sorted. */
function byGroup(rules: CapabilityAuditRule[]): AuditResources[] {
  return sortedUnique(rules.map(rule => rule.apiGroup))
    .map(group => of(group, ...sortedUnique(rules.filter(rule => rule.apiGroup === group).map(rule => rule.resource))));
}

/** More comes first: where two rules are about the same resource, the higher level must decide. */
const LEVELS = [AuditLevel.REQUEST_RESPONSE, REQUEST, METADATA];

/** What every use of a debug capability needs, joined by level and verbs. */
function debugRules(): AuditRule[] {
  const all = DebugCapability.all().flatMap(capability => capability.auditRules().map(rule => ({ ...rule, clients: capability.clients })));
  const key = ({ level, verbs }: CapabilityAuditRule) => canonicalJson([LEVELS.indexOf(level), verbs]);
  return sortedUnique(all.map(key)).map((wanted): AuditRule => {
    const rules = all.filter(rule => key(rule) === wanted);
    const { level, verbs } = rules[0];
    const clients = sortedUnique(rules.flatMap(rule => rule.clients)).join(', ');
    const body = level === METADATA ? 'the command is in the URL' : 'the body says which image and command';
    return verbs
      ? { level, reason: `${clients}, and whoever else does the same.`, verbs, resources: byGroup(rules) }
      : { level, reason: `${clients}: every verb, for a stream is get by WebSocket and create by SPDY; ${body}.`, resources: byGroup(rules) };
  });
}

/** Before the rules that users add: what no such rule may take away. */
export function rulesBefore(grantees: Grantees): AuditRule[] {
  return [
    ...forGrantees(grantees, {
      level: REQUEST,
      reason: 'Pods that people with debug access create: copies and node debuggers, whose body says what they run.',
      verbs: ['create'],
      resources: [core('pods')],
    }),
    ...debugRules(),
    {
      level: METADATA,
      reason: 'Ways around exec and attach, and tokens, which let one act as a ServiceAccount.',
      resources: [core('nodes/proxy', 'pods/eviction', 'pods/proxy', 'pods/resize', 'serviceaccounts/token', 'services/proxy')],
    },
    {
      level: REQUEST,
      reason: 'Who speaks with a kubelet directly (nodes/proxy) passes the API server only as this question of the kubelet.',
      userGroups: ['system:nodes'],
      verbs: ['create'],
      resources: [of('authorization.k8s.io', 'subjectaccessreviews')],
    },
    {
      level: REQUEST,
      reason: 'Writes of what carries a right, a reason or a fence: the body has subjects, tickets, labels and annotations.',
      verbs: WRITE,
      resources: [
        core('namespaces', 'serviceaccounts'),
        of('admissionregistration.k8s.io',
          'mutatingadmissionpolicies', 'mutatingadmissionpolicybindings', 'mutatingwebhookconfigurations',
          'validatingadmissionpolicies', 'validatingadmissionpolicybindings', 'validatingwebhookconfigurations'),
        of('apiregistration.k8s.io', 'apiservices'),
        of('certificates.k8s.io', 'certificatesigningrequests', 'certificatesigningrequests/approval', 'certificatesigningrequests/status'),
        of('networking.k8s.io', 'networkpolicies'),
        of('rbac.authorization.k8s.io', 'clusterrolebindings', 'clusterroles', 'rolebindings', 'roles'),
      ],
    },
    ...forGrantees(grantees, { level: METADATA, reason: 'Whatever else people with debug access do, reads included.' }),
    {
      level: NONE,
      reason: 'Noise: kubelets follow the ConfigMaps of their pods.',
      userGroups: ['system:nodes'],
      verbs: READ,
      resources: [core('configmaps')],
    },
    {
      level: METADATA,
      reason: 'Kubelets follow the Secrets of their pods: recorded once for each watch, at its end.',
      userGroups: ['system:nodes'],
      verbs: ['watch'],
      resources: [core('secrets')],
      omitStages: [AuditStage.RESPONSE_STARTED],
    },
    {
      level: METADATA,
      reason: 'Their bodies are, or may be, secrets and tokens: never more than Metadata.',
      resources: [core('configmaps', 'secrets'), of('authentication.k8s.io', 'tokenreviews')],
    },
  ];
}

const CONTROL_PLANE = ['system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler'];
const ENDPOINTS = ['endpoint-controller', 'endpointslice-controller', 'endpointslicemirroring-controller'].map(controller);
const READERS = ['generic-garbage-collector', 'horizontal-pod-autoscaler', 'namespace-controller', 'resourcequota-controller'].map(controller);
const LEASES = of('coordination.k8s.io', 'leases');

/**
 * After the rules that users add: noise, and the default. Each noise rule names programs of the control plane, which
 * no person is and which act for no person, so it cannot match what a person does.
 */
export function rulesAfter(): AuditRule[] {
  return [
    {
      level: NONE,
      reason: 'Noise: health probes, which do not log in.',
      userGroups: ['system:unauthenticated'],
      verbs: ['get'],
      nonResourceUrls: ['/healthz*', '/livez*', '/readyz*'],
    },
    {
      level: NONE,
      reason: 'Noise: heartbeats and events of kubelets.',
      userGroups: ['system:nodes'],
      verbs: ['create', 'get', 'patch', 'update'],
      resources: [core('events', 'nodes/status'), LEASES, of('events.k8s.io', 'events')],
    },
    {
      level: NONE,
      reason: 'Noise: kubelets follow their pods and what those need.',
      userGroups: ['system:nodes'],
      verbs: READ,
      resources: [
        core('nodes', 'persistentvolumeclaims', 'persistentvolumes', 'pods', 'services'),
        of('node.k8s.io', 'runtimeclasses'),
        of('storage.k8s.io', 'csidrivers', 'csinodes', 'volumeattachments'),
      ],
    },
    {
      level: NONE,
      reason: 'Noise: kube-proxy follows services.',
      users: ['system:kube-proxy', controller('kube-proxy')],
      verbs: READ,
      resources: [core('endpoints', 'nodes', 'services'), of('discovery.k8s.io', 'endpointslices'), of('networking.k8s.io', 'servicecidrs')],
    },
    {
      level: NONE,
      reason: 'Noise: leader election and events of what runs in kube-system.',
      userGroups: ['system:serviceaccounts:kube-system'],
      verbs: ['create', 'get', 'patch', 'update'],
      resources: [core('events'), LEASES, of('events.k8s.io', 'events')],
    },
    {
      level: NONE,
      reason: 'Noise: leader election, events and endpoints, written by the control plane itself.',
      users: sortedUnique([...CONTROL_PLANE, ...ENDPOINTS]),
      verbs: ['create', 'delete', 'patch', 'update'],
      resources: [core('endpoints', 'events'), LEASES, of('discovery.k8s.io', 'endpointslices'), of('events.k8s.io', 'events')],
    },
    {
      level: NONE,
      reason: 'Noise: the control plane reads and watches everything; what it reads of secrets is recorded above.',
      users: sortedUnique([...CONTROL_PLANE, ...ENDPOINTS, ...READERS]),
      verbs: READ,
    },
    { level: METADATA, reason: 'Everything else: who, what, when and the outcome.' },
  ];
}

/** What may hold secrets and tokens: as in the rule above that keeps them at Metadata, and the tokens of ServiceAccounts. */
export const SENSITIVE = [
  { apiGroup: '', resource: 'configmaps', subresource: '' },
  { apiGroup: '', resource: 'secrets', subresource: '' },
  { apiGroup: '', resource: 'serviceaccounts', subresource: 'token' },
  { apiGroup: 'authentication.k8s.io', resource: 'tokenreviews', subresource: '' },
];
