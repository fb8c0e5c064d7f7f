/**
 * The audit log of ten minutes of a cluster of ordinary size, as kube-apiserver 1.37 writes it with everything at
 * Metadata. Rates are those of the components' defaults: a lease is renewed every 2 or 10 s, a watch lasts about
 * 7.5 minutes, an autoscaler looks every 15 s, a token of a pod is renewed after 48 minutes, kubeadm's static pods are
 * probed every 1 and 10 s.
 */
export interface LoggedEvent {
  readonly line: string;
  readonly event: any;
  /** A person did it, by themselves or through a program that impersonates. */
  readonly person: boolean;
}

const NODES = 20;
const PODS = 400;
const SECONDS = 600;
const WATCH_SECONDS = 450;

interface Who { username: string; groups: string[]; agent: string; as?: { username: string; groups: string[] } }

const program = (username: string, agent: string, ...groups: string[]): Who => ({ username, agent, groups: [...groups, 'system:authenticated'] });
const serviceAccount = (namespace: string, name: string): Who =>
  program(`system:serviceaccount:${namespace}:${name}`, `${name}/v1.0 (linux/amd64)`, 'system:serviceaccounts', `system:serviceaccounts:${namespace}`);
const node = (i: number): Who => program(`system:node:worker-${i}`, 'kubelet/v1.37.1 (linux/amd64) kubernetes/$Format', 'system:nodes');
const kubectl = (username: string, version: string, ...groups: string[]): Who => program(username, `kubectl/${version} (linux/amd64) kubernetes/$Format`, ...groups);

const API: Who = program('system:apiserver', 'kube-apiserver/v1.37.1 (linux/amd64) kubernetes/$Format', 'system:masters');
const MANAGER = program('system:kube-controller-manager', 'kube-controller-manager/v1.37.1 (linux/amd64) kubernetes/$Format/leader-election');
const SCHEDULER = program('system:kube-scheduler', 'kube-scheduler/v1.37.1 (linux/amd64) kubernetes/$Format/leader-election');
const PROXY = serviceAccount('kube-system', 'kube-proxy');
const NOBODY: Who = { username: 'system:anonymous', groups: ['system:unauthenticated'], agent: 'kube-probe/1.37' };

const PEOPLE = {
  alice: kubectl('alice@example.com', 'v1.37.1', 'oncall-payments'),
  carol: kubectl('carol@example.com', 'v1.29.6', 'oncall-payments'),
  bob: kubectl('bob@example.com', 'v1.33.13', 'developers'),
  admin: kubectl('kubernetes-admin', 'v1.37.1', 'system:masters'),
  /** Works through a proxy that impersonates. */
  dora: { ...serviceAccount('teleport', 'kube-agent'), as: { username: 'dora@example.com', groups: ['developers', 'system:authenticated'] } },
};

/** Every event, in the order of who causes them. */
export function realisticLog(): LoggedEvent[] {
  const log: LoggedEvent[] = [];
  let id = 0;

  const write = (who: Who, stage: string, verb: string, requestURI: string, objectRef?: object, code = 200, person = false) => {
    const hex = (id++).toString(16).padStart(12, '0');
    const { username, groups, agent, as } = who;
    const event = {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: `0a09058f-7cac-4865-a54c-${hex}`,
      stage,
      requestURI,
      verb,
      user: { username, uid: 'd5ed7368-1f8f-422c-b945-02d532e02253', groups, extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${hex.repeat(5)}`] } },
      ...as && { impersonatedUser: as },
      sourceIPs: ['10.20.0.7'],
      userAgent: agent,
      ...objectRef && { objectRef },
      responseStatus: { metadata: {}, code },
      requestReceivedTimestamp: '2026-11-21T08:11:20.433457Z',
      stageTimestamp: '2026-11-21T08:11:20.474026Z',
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': `RBAC: allowed by ClusterRoleBinding "${username}" of ClusterRole "${username}"` },
    };
    log.push({ event, line: JSON.stringify(event), person });
  };

  /** `core/v1 payments pods ledger-0 exec`: group and version, namespace (- for none), resource, name, subresource. */
  const send = (who: Who, verb: string, what: string, options: { person?: boolean; long?: boolean; query?: string; code?: number } = {}) => {
    const { person = false, long = false, query = '', code = long ? 101 : 200 } = options;
    if (what.startsWith('/')) return write(who, 'ResponseComplete', verb, what, undefined, code, person);
    const [version, namespace, resource, name, subresource] = what.split(' ').map(part => part === '-' ? undefined : part);
    const [apiGroup, apiVersion] = version!.split('/');
    const root = apiGroup === 'core' ? `/api/${apiVersion}` : `/apis/${apiGroup}/${apiVersion}`;
    // The URL of a creation has no name; the log fills it in from the body.
    const inUrl = verb === 'create' && subresource === undefined ? undefined : name;
    const path = [root, namespace && `namespaces/${namespace}`, resource, inUrl, subresource].filter(Boolean).join('/');
    const ref = { resource, namespace, name, apiVersion, ...apiGroup !== 'core' && { apiGroup }, ...subresource && { subresource } };
    if (long) write(who, 'ResponseStarted', verb, path + query, ref, code, person);
    return write(who, 'ResponseComplete', verb, path + query, ref, code, person);
  };
  const times = (count: number, act: (i: number) => void) => Array.from({ length: Math.round(count) }, (_, i) => act(i));
  const every = (seconds: number, act: (i: number) => void) => times(SECONDS / seconds, act);
  const watch = (who: Who, ...resources: string[]) => every(WATCH_SECONDS, () => resources.forEach(what =>
    send(who, 'watch', what, { long: true, code: 200, query: '?allowWatchBookmarks=true&timeoutSeconds=437&watch=true' })));

  // The control plane.
  every(2, () => [MANAGER, SCHEDULER].forEach(who => send(who, 'update', `coordination.k8s.io/v1 kube-system leases ${who.username.slice(12)}`)));
  every(1, () => send(NOBODY, 'get', '/readyz'));
  every(10, () => {
    send(NOBODY, 'get', '/livez');
    send(API, 'update', 'coordination.k8s.io/v1 kube-system leases apiserver-x');
    send(API, 'get', 'core/v1 default endpoints kubernetes');
    send(API, 'get', 'discovery.k8s.io/v1 default endpointslices kubernetes');
    send(API, 'get', 'core/v1 - namespaces kube-system');
  });
  const builtIn = ['apps/v1 - deployments', 'apps/v1 - replicasets', 'batch/v1 - jobs', 'core/v1 - pods', 'core/v1 - nodes', 'core/v1 - services', 'core/v1 - namespaces',
    'core/v1 - serviceaccounts', 'rbac.authorization.k8s.io/v1 - rolebindings', 'rbac.authorization.k8s.io/v1 - clusterroles', 'networking.k8s.io/v1 - networkpolicies',
    'core/v1 - secrets', 'core/v1 - configmaps', 'policy/v1 - poddisruptionbudgets', 'example.com/v1 - widgets'];
  [API, MANAGER, SCHEDULER].forEach(who => watch(who, ...builtIn));
  every(30, () => ['generic-garbage-collector', 'resourcequota-controller'].forEach(name => ['/api', '/apis'].forEach(path => send(serviceAccount('kube-system', name), 'get', path))));
  every(15, () => times(20, i => {
    send(serviceAccount('kube-system', 'horizontal-pod-autoscaler'), 'get', `apps/v1 team-${i} deployments web scale`);
    send(serviceAccount('kube-system', 'horizontal-pod-autoscaler'), 'list', `metrics.k8s.io/v1beta1 team-${i} pods`);
  }));

  // Nodes: heartbeats, watches of what their pods need, and 3 % of the pods changing.
  times(NODES, i => {
    every(10, () => send(node(i), 'update', `coordination.k8s.io/v1 kube-node-lease leases worker-${i}`));
    every(300, () => send(node(i), 'patch', `core/v1 - nodes worker-${i} status`));
    watch(node(i), 'core/v1 - pods', 'core/v1 - services', `core/v1 - nodes worker-${i}`, 'storage.k8s.io/v1 - csidrivers', 'node.k8s.io/v1 - runtimeclasses');
    times(PODS / NODES, pod => watch(node(i), `core/v1 team-${pod} configmaps kube-root-ca.crt`, `core/v1 team-${pod} secrets db`));
    watch(PROXY, 'core/v1 - services', 'discovery.k8s.io/v1 - endpointslices', `core/v1 - nodes worker-${i}`);
    every(300, () => send(node(i), 'create', 'authorization.k8s.io/v1 - subjectaccessreviews', { code: 201 }));
  });
  times(PODS * SECONDS / (48 * 60), i => send(node(i % NODES), 'create', `core/v1 team-${i} serviceaccounts default token`, { code: 201 }));
  times(PODS * 0.03, i => {
    const pod = `core/v1 team-${i} pods web-${i}`;
    send(serviceAccount('kube-system', 'deployment-controller'), 'update', `apps/v1 team-${i} deployments web status`);
    send(serviceAccount('kube-system', 'replicaset-controller'), 'create', pod, { code: 201 });
    send(serviceAccount('kube-system', 'replicaset-controller'), 'create', `core/v1 team-${i} events web.1`, { code: 201 });
    send(SCHEDULER, 'create', `${pod} binding`, { code: 201 });
    send(SCHEDULER, 'create', `events.k8s.io/v1 team-${i} events web.2`, { code: 201 });
    times(5, () => send(node(i % NODES), 'create', `core/v1 team-${i} events web.3`, { code: 201 }));
    times(4, () => send(node(i % NODES), 'get', pod));
    times(4, () => send(node(i % NODES), 'patch', `${pod} status`));
    send(serviceAccount('kube-system', 'endpointslice-controller'), 'update', `discovery.k8s.io/v1 team-${i} endpointslices web`);
    send(serviceAccount('kube-system', 'endpoint-controller'), 'update', `core/v1 team-${i} endpoints web`);
  });

  // What else runs in the cluster.
  every(2, () => ['cluster-autoscaler', 'csi-provisioner', 'metrics-server'].forEach(name => send(serviceAccount('kube-system', name), 'update', `coordination.k8s.io/v1 kube-system leases ${name}`)));
  every(2, () => send(serviceAccount('cert-manager', 'cert-manager'), 'update', 'coordination.k8s.io/v1 cert-manager leases controller'));
  every(30, () => send(serviceAccount('monitoring', 'prometheus'), 'get', '/metrics'));
  watch(serviceAccount('argocd', 'argocd-application-controller'), ...builtIn);
  every(60, () => times(20, i => send(serviceAccount('argocd', 'argocd-application-controller'), 'get', `apps/v1 team-${i} deployments web`)));

  // People. Each command asks for the API's groups first.
  const by = { person: true };
  const { alice, carol, bob, admin, dora } = PEOPLE;
  const reads = (who: Who) => {
    ['/api', '/apis'].forEach(path => send(who, 'get', path, by));
    send(who, 'list', 'core/v1 payments pods', by);
    send(who, 'list', 'core/v1 payments events', by);
    send(who, 'get', 'apps/v1 payments deployments ledger', by);
    send(who, 'watch', 'core/v1 payments pods', { ...by, long: true, code: 200 });
  };
  every(60, () => [alice, carol, bob, dora].forEach(reads));
  const pod = 'core/v1 payments pods ledger-0';
  const session = { ...by, long: true };
  times(3, () => [alice, carol].forEach(who => {
    const verb = who === carol ? 'create' : 'get'; // SPDY, WebSocket
    send(who, 'get', pod, by);
    send(who, verb, `${pod} exec`, { ...session, query: '?command=sh&container=app&stdin=true&stdout=true&tty=true' });
    send(who, verb, `${pod} attach`, session);
    send(who, verb, `${pod} portforward`, session);
    send(who, 'get', `${pod} log`, { ...session, code: 200 });
    send(who, 'patch', `${pod} ephemeralcontainers`, by);
  }));
  send(dora, 'get', `${pod} exec`, session);
  send(alice, 'create', 'core/v1 payments pods ledger-0-copy', { ...by, code: 201 });
  send(bob, 'get', `${pod} exec`, { ...by, code: 403, long: true });
  send(bob, 'list', 'core/v1 payments secrets', { ...by, code: 403 });
  send(bob, 'get', '/version', by);
  send(bob, 'get', '/livez', by);
  [...builtIn, 'core/v1 - events', 'coordination.k8s.io/v1 - leases', 'core/v1 - endpoints'].forEach(what => send(admin, 'list', what, by));
  send(admin, 'patch', 'coordination.k8s.io/v1 kube-system leases kube-scheduler', by);
  send(admin, 'delete', 'core/v1 payments events ledger.1', by);
  send(admin, 'create', 'rbac.authorization.k8s.io/v1 payments rolebindings grant', { ...by, code: 201 });
  send({ ...admin, as: { username: 'system:kube-scheduler', groups: ['system:authenticated'] } }, 'watch', 'core/v1 - pods', session);
  send({ ...NOBODY, agent: 'curl/8.5.0' }, 'list', 'core/v1 - pods', { ...by, code: 403 });
  return log;
}
