import { AuditLevel } from './audit-level';

/**
 * What one debug action asks of the API server: the atom of which capabilities are made. Everything that is known
 * about such a request stands here once; Role rules, audit rules, admission matches and log predicates are derived.
 */
export interface ApiAccess {
  /** API group, `''` for core. */
  readonly apiGroup: string;
  /** Resource in plural, with its subresource: `pods/exec`. */
  readonly resource: string;
  /** The verbs that real clients of every version need. */
  readonly verbs: string[];
  /** Verbs that do the same for whoever holds them by another grant: never granted here, but found in a log. */
  readonly loggedVerbs?: string[];
  /** It is about one pod, so it can be limited by resourceNames. */
  readonly perPod?: boolean;
  /** It is cluster-scoped: only a ClusterRole bound cluster-wide can grant it. */
  readonly clusterScoped?: boolean;
  /** The request shows in a log that the capability was used, and is recorded at least at this level. */
  readonly recorded?: AuditLevel;
  /** The admission operations by which a guardrail sees it. */
  readonly admission?: string[];
  /** Only objects whose name begins so count as use of the capability. */
  readonly namePrefix?: string;
}

const READ = ['get', 'list', 'watch'];

/**
 * A stream is opened by the HTTP method: a WebSocket by GET, SPDY by POST. kubectl tries the WebSocket first
 * (exec from 1.30, port-forward from 1.31), older ones send SPDY, and from 1.35 the API server asks for `create`
 * on both. So both verbs are needed, whatever the client.
 */
const STREAM = { verbs: ['get', 'create'], perPod: true, recorded: AuditLevel.METADATA, admission: ['CONNECT'] };

const resources = (apiGroup: string, names: string[], verbs = READ): ApiAccess[] => names.map(resource => ({ apiGroup, resource, verbs }));

/** kubectl fetches the pod before it opens a stream. */
const POD_GET: ApiAccess = { apiGroup: '', resource: 'pods', verbs: ['get'], perPod: true };
const EXEC: ApiAccess = { apiGroup: '', resource: 'pods/exec', ...STREAM };
const ATTACH: ApiAccess = { apiGroup: '', resource: 'pods/attach', ...STREAM };
const PORT_FORWARD: ApiAccess = { apiGroup: '', resource: 'pods/portforward', ...STREAM };
const POD_LOG: ApiAccess = { apiGroup: '', resource: 'pods/log', verbs: ['get'], perPod: true, recorded: AuditLevel.METADATA };
/** kubectl debug sends PATCH; `update` alone lets nobody in. The body says image and command, hence level Request. */
const EPHEMERAL: ApiAccess = {
  apiGroup: '', resource: 'pods/ephemeralcontainers', verbs: ['patch'], loggedVerbs: ['update'], perPod: true, recorded: AuditLevel.REQUEST, admission: ['UPDATE'],
};
/**
 * kubectl debug waits for the container by list and watch, attaches, and falls back to the log. Its list asks for
 * `metadata.name=POD`, which RBAC takes for the object's name, so it works within resourceNames too.
 */
const DEBUG_SESSION: ApiAccess[] = [{ ...POD_GET, verbs: READ }, ATTACH, POD_LOG].map(supporting);
const POD_CREATE: ApiAccess = { apiGroup: '', resource: 'pods', verbs: ['create'], recorded: AuditLevel.METADATA, admission: ['CREATE'] };

/** Needed for the capability, but its request alone does not show that the capability was used. */
function supporting(access: ApiAccess): ApiAccess {
  return { ...access, recorded: undefined, admission: undefined };
}

/** The catalogue's raw material, by capability id. */
export const ACCESS = {
  readWorkloads: [
    ...resources('', ['endpoints', 'persistentvolumeclaims', 'pods', 'replicationcontrollers', 'services']),
    ...resources('apps', ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets']),
    ...resources('autoscaling', ['horizontalpodautoscalers']),
    ...resources('batch', ['cronjobs', 'jobs']),
    ...resources('discovery.k8s.io', ['endpointslices']),
    ...resources('networking.k8s.io', ['ingresses', 'networkpolicies']),
    ...resources('policy', ['poddisruptionbudgets']),
  ],
  readEvents: [...resources('', ['events']), ...resources('events.k8s.io', ['events'])],
  readLogs: [POD_GET, POD_LOG],
  readConfig: resources('', ['configmaps']),
  readMetrics: resources('metrics.k8s.io', ['pods'], ['get', 'list']),
  exec: [POD_GET, EXEC],
  attach: [POD_GET, ATTACH],
  portForward: [POD_GET, PORT_FORWARD],
  ephemeralContainers: [EPHEMERAL, ...DEBUG_SESSION],
  podCopy: [POD_CREATE, ...DEBUG_SESSION.map(access => ({ ...access, perPod: false }))],
  nodeDebug: [
    { ...POD_CREATE, namePrefix: 'node-debugger-' },
    ...DEBUG_SESSION.map(access => ({ ...access, perPod: false })),
    { apiGroup: '', resource: 'nodes', verbs: ['get'], clusterScoped: true },
  ],
  readNodes: resources('', ['nodes']).map(access => ({ ...access, clusterScoped: true })),
  readNamespaces: resources('', ['namespaces']).map(access => ({ ...access, clusterScoped: true })),
  /** kubectl top node also reads the nodes, for what each can allocate. */
  readNodeMetrics: ['metrics.k8s.io', ''].flatMap(group => resources(group, ['nodes'], ['get', 'list'])).map(access => ({ ...access, clusterScoped: true })),
};
