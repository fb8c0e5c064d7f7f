import { account, bind, bindEverywhere, clusterRole, group, RBAC, role, rule, user } from './rbac';

/** A grant that somebody should look at, whom it is for, and what has to be found of them: no more and no less. */
export interface Dangerous {
  readonly what: string;
  readonly who: string;
  readonly objects: any[];
  readonly expected: string[];
}

/** Objects of a cluster on which everything dangerous is known. */
export interface Seeded {
  readonly namespaces: any[];
  readonly dangerous: Dangerous[];
  /** What dangerous ones lead to, and what has to be found of it itself. */
  readonly strong: any[];
  readonly harmless: { readonly who: string; readonly objects: any[] }[];
}

const ADMISSION = 'admissionregistration.k8s.io';
const CERTIFICATES = 'certificates.k8s.io';
const serviceAccount = (namespace: string, name: string): any => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });

/** @param p begins every name, so that several can be on one cluster */
export function seeded(p: string): Seeded {
  const ns = (name: string) => `${p}-${name}`;
  const namespaces = ['calm', 'plain', 'strong', 'first', 'second', 'third', 'reader', 'argo', 'flux', 'gone', 'everybody', 'named'].map(name =>
    ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns(name), labels: { 'secure-debug.internal/test': 'true', 'pod-security.kubernetes.io/enforce': 'restricted' } } }));
  namespaces.push({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns('open'), labels: { 'secure-debug.internal/test': 'true' } as any } });

  let number = 0;
  const dangerous: Dangerous[] = [];
  const who = () => `${p}-bad-${++number}`;
  const add = (what: string, name: string, kind: string, expected: string, objects: any[]) =>
    dangerous.push({ what, who: `${kind} ${name}`, expected: expected.split(' ').sort(), objects });
  /** Rules for a group, in the whole cluster. */
  const wide = (what: string, expected: string, ...rules: any[]) => {
    const name = who();
    add(what, name, 'Group', expected, [clusterRole(name, ...rules), bindEverywhere(name, name, group(name))]);
  };
  /** Rules for a group, in a namespace. */
  const local = (what: string, namespace: string, expected: string, ...rules: any[]) => {
    const name = who();
    add(what, name, 'Group', expected, [role(ns(namespace), name, ...rules), bind(ns(namespace), name, name, group(name))]);
  };

  // What is held at once.
  const [admin, wild, inOne] = [who(), who(), who()];
  add('cluster-admin', admin, 'Group', 'SD5001', [bindEverywhere(admin, 'cluster-admin', group(admin))]);
  add('cluster-admin under another name', wild, 'User', 'SD5001', [clusterRole(wild, rule('*', '*', '*')), bindEverywhere(wild, wild, user(wild))]);
  // It holds the objects of Flux too, whose controller serves every namespace.
  add('cluster-admin in a namespace', inOne, 'Group', 'SD5001 SD5030', [bind(ns('plain'), inOne, 'ClusterRole cluster-admin', group(inOne))]);
  wide('a wildcard for a group of resources', 'SD5002', rule('get,list,update', '*', 'example.com'));
  local('a wildcard for verbs, in a namespace', 'plain', 'SD5002', rule('*', 'configmaps'));
  wide('reads every Secret', 'SD5003', rule('get', 'secrets'));
  wide('lists Secrets, which shows what is in them', 'SD5003', rule('list', 'secrets'));
  wide('watches Secrets, which shows what is in them', 'SD5003', rule('watch', 'secrets'));
  wide('reads three named Secrets in every namespace', 'SD5003', rule('get', 'secrets', '', 'a,b,c'));
  local('reads the Secrets of a namespace', 'plain', 'SD5003', rule('get,list', 'secrets'));
  wide('binds any ClusterRole, but has no right to write bindings', 'SD5004', rule('bind', 'clusterroles', RBAC));
  local('binds any role in a namespace', 'plain', 'SD5004', rule('bind', 'clusterroles', RBAC), rule('create', 'rolebindings', RBAC));
  wide('approves certificates, but may not sign', 'SD5005', rule('update', 'certificatesigningrequests/approval', CERTIFICATES));
  local('takes a token of a ServiceAccount that may nothing', 'plain', 'SD5005', rule('create', 'serviceaccounts/token', '', 'nobody'));
  wide('exec through the kubelet', 'SD5006 SD5030', rule('get', 'nodes/proxy'));
  wide('the kubelet, by POST', 'SD5006 SD5030', rule('create', 'nodes/proxy'));
  wide('exec everywhere', 'SD5022 SD5030', rule('get,create', 'pods/exec'));
  wide('debug containers everywhere', 'SD5022 SD5030', rule('patch', 'pods/ephemeralcontainers'));
  local('creates pods where they may take the node', 'open', 'SD5007 SD5023', rule('create', 'pods'));
  local('changes Deployments where pods may take the node', 'open', 'SD5014 SD5023', rule('patch', 'deployments', 'apps'));
  local('deploys in a namespace that nothing strong is in', 'plain', 'SD5014', rule('create,update', 'deployments', 'apps'));
  wide('a webhook that sees everything', 'SD5015', rule('patch', 'validatingwebhookconfigurations', ADMISSION));
  wide('deletes guardrails', 'SD5015', rule('delete', 'validatingadmissionpolicybindings', ADMISSION));
  wide('answers in the place of another API', 'SD5015', rule('update', 'apiservices', 'apiregistration.k8s.io'));
  wide('volumes of the node', 'SD5020', rule('create', 'persistentvolumes'));
  wide('labels of namespaces', 'SD5021', rule('patch', 'namespaces'));
  local('the labels of its namespace', 'plain', 'SD5021', rule('update', 'namespaces'));
  const summed = who();
  add('what another role brings in by a label', summed, 'Group', 'SD5003', [
    { ...clusterRole(`${summed}-part`, rule('get', 'secrets')), metadata: { name: `${summed}-part`, labels: { [summed]: 'yes' } } },
    { ...clusterRole(summed), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [summed]: 'yes' } }] } },
    bindEverywhere(summed, summed, group(summed)),
  ]);
  const asUser = who();
  add('a ServiceAccount by the name of its user', `${ns('named')}/${asUser}`, 'ServiceAccount', 'SD5001', [
    serviceAccount(ns('named'), asUser), bindEverywhere(asUser, 'cluster-admin', user(`system:serviceaccount:${ns('named')}:${asUser}`)),
  ]);
  const everybody = `system:serviceaccounts:${ns('everybody')}`;
  add('all ServiceAccounts of a namespace', everybody, 'Group', 'SD5003', [bindEverywhere(`${p}-everybody`, `${p}-everybody`, group(everybody)), clusterRole(`${p}-everybody`, rule('get', 'secrets'))]);
  add('a ServiceAccount that is no more', `${ns('gone')}/removed`, 'ServiceAccount', 'SD5032', [
    serviceAccount(ns('gone'), 'left'), role(ns('gone'), 'removed', rule('get', 'pods')), bind(ns('gone'), 'removed', 'removed', account(ns('gone'), 'removed')),
  ]);

  // What is reached in steps.
  wide('writes any right into a ClusterRole', 'SD5004 SD5030', rule('escalate,update', 'clusterroles', RBAC));
  wide('binds cluster-admin to itself', 'SD5004 SD5030', rule('bind', 'clusterroles', RBAC, 'cluster-admin'), rule('create', 'clusterrolebindings', RBAC));
  wide('impersonates any user', 'SD5005 SD5030', rule('impersonate', 'users'));
  wide('impersonates a user in a group of its choice', 'SD5005 SD5030', rule('impersonate', 'users', '', 'somebody'), rule('impersonate', 'groups'));
  wide('impersonates one group, that of the administrators', 'SD5005 SD5030', rule('impersonate', 'users', '', 'somebody'), rule('impersonate', 'groups', '', admin));
  wide('takes a token of any ServiceAccount', 'SD5005 SD5030', rule('create', 'serviceaccounts/token'));
  wide('signs certificates of any name', 'SD5005 SD5030', rule('create', 'certificatesigningrequests', CERTIFICATES),
    rule('update', 'certificatesigningrequests/approval', CERTIFICATES), rule('approve', 'signers', CERTIFICATES, 'kubernetes.io/kube-apiserver-client'));
  wide('a webhook that changes pods', 'SD5015 SD5030', rule('create', 'mutatingwebhookconfigurations', ADMISSION));
  local('creates pods beside a strong ServiceAccount', 'strong', 'SD5007 SD5030', rule('create', 'pods'));
  local('patches one Deployment beside a strong ServiceAccount', 'strong', 'SD5030', rule('patch', 'deployments', 'apps', 'web'));
  local('updates a DaemonSet beside a strong ServiceAccount', 'strong', 'SD5014 SD5030', rule('update', 'daemonsets', 'apps'));
  local('creates CronJobs beside a strong ServiceAccount', 'strong', 'SD5014 SD5030', rule('create', 'cronjobs', 'batch'));
  local('creates Jobs beside a strong ServiceAccount', 'strong', 'SD5014 SD5030', rule('create', 'jobs', 'batch'));
  local('exec into the pods of a strong ServiceAccount', 'strong', 'SD5030', rule('get,create', 'pods/exec'));
  local('debug containers in the pods of a strong ServiceAccount', 'strong', 'SD5030', rule('patch', 'pods/ephemeralcontainers'));
  local('replaces the image of a pod of a strong ServiceAccount', 'strong', 'SD5030', rule('patch', 'pods'));
  local('has a Secret filled with the token of a strong ServiceAccount', 'strong', 'SD5003 SD5030', rule('create,get', 'secrets'));
  local('impersonates a strong ServiceAccount', 'strong', 'SD5005 SD5030', rule('impersonate', 'serviceaccounts', '', 'strong'));
  local('takes a token of a strong ServiceAccount', 'strong', 'SD5005 SD5030', rule('create', 'serviceaccounts/token', '', 'strong'));
  local('has Argo CD apply', 'argo', 'SD5019 SD5030', rule('create', 'applications', 'argoproj.io'));
  local('has Flux apply, whose controller is elsewhere', 'plain', 'SD5019 SD5030', rule('patch', 'kustomizations', 'kustomize.toolkit.fluxcd.io'));
  local('three ServiceAccounts, one after the other', 'first', 'SD5007 SD5030', rule('create', 'pods'));
  local('pods beside a ServiceAccount that reads every Secret', 'reader', 'SD5007 SD5031', rule('create', 'pods'));

  const strong = [
    serviceAccount(ns('strong'), 'strong'), bindEverywhere(`${p}-strong`, 'cluster-admin', account(ns('strong'), 'strong')),
    serviceAccount(ns('argo'), 'argocd-application-controller'), bindEverywhere(`${p}-argo`, 'cluster-admin', account(ns('argo'), 'argocd-application-controller')),
    serviceAccount(ns('flux'), 'kustomize-controller'), bindEverywhere(`${p}-flux`, 'cluster-admin', account(ns('flux'), 'kustomize-controller')),
    serviceAccount(ns('plain'), 'nobody'),
    serviceAccount(ns('reader'), 'reader'), clusterRole(`${p}-reader`, rule('list', 'secrets')), bindEverywhere(`${p}-reader`, `${p}-reader`, account(ns('reader'), 'reader')),
    // first → second → third → strong
    serviceAccount(ns('first'), 'first'), role(ns('second'), 'first', rule('create', 'serviceaccounts/token', '', 'second')), bind(ns('second'), 'first', 'first', account(ns('first'), 'first')),
    serviceAccount(ns('second'), 'second'), role(ns('third'), 'second', rule('create', 'pods/exec')), bind(ns('third'), 'second', 'second', account(ns('second'), 'second')),
    serviceAccount(ns('third'), 'third'), role(ns('strong'), 'third', rule('impersonate', 'serviceaccounts')), bind(ns('strong'), 'third', 'third', account(ns('third'), 'third')),
  ];
  return { namespaces, dangerous, strong, harmless: harmless(p, ns('calm')) };
}

const EXAMPLE = 'example.com';
/** What on-call, controllers and dashboards hold rightly, in a namespace. */
const CALM: any[][] = [
  [rule('get,list,watch', 'pods,pods/log,services,endpoints,events,configmaps')],
  [rule('get,list,watch', 'pods'), rule('get,create', 'pods/exec')],
  [rule('get,list,watch', 'pods'), rule('get,create', 'pods/portforward,pods/attach')],
  [rule('get,list,watch', 'pods'), rule('get,patch', 'pods/ephemeralcontainers')],
  [rule('get', 'secrets', '', 'database,registry')],
  [rule('get,list,watch,create,update,patch,delete', 'configmaps,services')],
  [rule('get,create,update', 'leases', 'coordination.k8s.io'), rule('create', 'events')],
  [rule('delete', 'pods'), rule('create', 'pods/eviction')],
  [rule('get,patch,update', 'deployments/scale,statefulsets/scale', 'apps')],
  [rule('get,list,watch', 'deployments,daemonsets,statefulsets,replicasets', 'apps')],
  [rule('create,update,patch,delete', 'ingresses,networkpolicies', 'networking.k8s.io')],
  [rule('create,update,patch,delete', 'poddisruptionbudgets', 'policy')],
  [rule('get,list,watch,update,patch', 'widgets,widgets/status,widgets/finalizers', EXAMPLE)],
  [rule('get,list', 'roles,rolebindings', RBAC)],
  [rule('create,delete', 'persistentvolumeclaims')],
  [rule('get,list,watch', 'jobs,cronjobs', 'batch'), rule('delete', 'jobs', 'batch')],
  [rule('create', 'secrets')],
  [rule('get,list,watch', 'applications', 'argoproj.io')],
  [rule('update', 'pods/status'), rule('get', 'pods')],
  [rule('get,list,watch', 'serviceaccounts'), rule('update', 'serviceaccounts', '', 'default')],
];
/** The same for the whole cluster. */
const CALM_WIDE: any[][] = [
  [rule('get,list,watch', 'pods,pods/log,services,endpoints,events,nodes,namespaces')],
  [rule('get,list,watch', 'deployments,daemonsets', 'apps'), rule('list', 'jobs', 'batch')],
  [{ verbs: ['get'], nonResourceURLs: ['/metrics', '/healthz/*'] }],
  [rule('get', 'nodes/metrics,nodes/stats')],
  [rule('create', 'tokenreviews', 'authentication.k8s.io'), rule('create', 'subjectaccessreviews', 'authorization.k8s.io')],
  [rule('get,list,watch', 'customresourcedefinitions', 'apiextensions.k8s.io')],
  [rule('get,list,watch,update,patch', 'widgets,widgets/status', EXAMPLE)],
  [rule('get,list,watch', 'validatingwebhookconfigurations', ADMISSION), rule('get,list', 'clusterroles,clusterrolebindings', RBAC)],
  [rule('create,patch', 'events'), rule('get,list,watch', 'persistentvolumes,persistentvolumeclaims')],
  [rule('create,get', 'certificatesigningrequests', CERTIFICATES)],
];

/** 200 subjects: in turn groups and ServiceAccounts, each with one of these, three of four in a namespace. */
function harmless(p: string, namespace: string): Seeded['harmless'] {
  return Array.from({ length: 200 }, (_, i) => {
    const name = `${p}-calm-${i}`;
    const isGroup = i % 2 === 0;
    const subject = isGroup ? group(name) : account(namespace, name);
    const accounts = isGroup ? [] : [serviceAccount(namespace, name)];
    const rules = i % 4 === 3 ? CALM_WIDE[(Math.floor(i / 4)) % CALM_WIDE.length] : CALM[(i - (Math.floor(i / 4))) % CALM.length];
    return {
      who: isGroup ? `Group ${name}` : `ServiceAccount ${namespace}/${name}`,
      objects: [...accounts, ...i % 4 === 3
        ? [clusterRole(name, ...rules), bindEverywhere(name, name, subject)]
        : [role(namespace, name, ...rules), bind(namespace, name, name, subject)]],
    };
  });
}
