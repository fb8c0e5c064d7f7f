import { ACCESS, ApiAccess } from './api-access';
import { AuditLevel } from './audit-level';
import { PolicyRule, PolicyRules } from './policy-rule';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { dnsLabel, dnsSubdomain, each } from '../private/validate';

/** What can go wrong when the capability is in the wrong hands. */
export enum Danger {
  /** Shows what is declared and whether it runs. */
  LOW = 'low',
  /** Shows what the application says or is configured with, which may be confidential. */
  MEDIUM = 'medium',
  /** Acts inside running containers: reads their secrets and speaks with their identity. */
  HIGH = 'high',
  /** Takes over the namespace, or the node. */
  CRITICAL = 'critical',
}

/** Requests that an audit rule must record for a capability. */
export interface CapabilityAuditRule {
  /** API group, `''` for core. */
  readonly apiGroup: string;
  /** Resource with its subresource, e.g. `pods/exec`. */
  readonly resource: string;
  /**
   * Verbs to record.
   *
   * @default - all: a stream is `get` or `create`, depending on the client
   */
  readonly verbs?: string[];
  /** At least this much. */
  readonly level: AuditLevel;
}

/** What an admission policy matches to guard a capability. */
export interface AdmissionMatch {
  /** API group, `''` for core. */
  readonly apiGroup: string;
  /** API version. */
  readonly apiVersion: string;
  /** Resource with its subresource, e.g. `pods/exec`. */
  readonly resource: string;
  /** `CONNECT`, `CREATE` or `UPDATE`. */
  readonly operations: string[];
}

/** What finds the use of a capability in an audit log: the fields of `objectRef`, and `verb`. */
export interface LogPredicate {
  /** `objectRef.apiGroup`, `''` for core (where the log leaves the field out). */
  readonly apiGroup: string;
  /** `objectRef.resource`. */
  readonly resource: string;
  /** `objectRef.subresource`, `''` for none. */
  readonly subresource: string;
  /** `verb` is one of these. */
  readonly verbs: string[];
  /**
   * `objectRef.name` begins so.
   *
   * @default - any name
   */
  readonly namePrefix?: string;
}

interface Definition {
  readonly id: string;
  readonly title: string;
  readonly danger: Danger;
  readonly clients: string[];
  readonly access: ApiAccess[];
}

/**
 * Something a person may do while debugging, and everything Kubernetes has to know about it, said once: the RBAC
 * rules that real clients of every version need, the audit rules that must see it, the admission matches that
 * guard it, the predicate that finds it in a log, and its danger.
 */
export class DebugCapability {
  /** Read pods, their controllers, services, volume claims, autoscalers, budgets, ingresses and network policies. */
  public static readonly READ_WORKLOADS = new DebugCapability({
    id: 'read-workloads',
    title: 'read workloads',
    danger: Danger.LOW,
    access: ACCESS.readWorkloads,
    clients: ['kubectl get', 'kubectl describe', 'kubectl rollout status', 'kubectl rollout history'],
  });

  /** Read events. */
  public static readonly READ_EVENTS = new DebugCapability({
    id: 'read-events', title: 'read events', danger: Danger.LOW, access: ACCESS.readEvents, clients: ['kubectl events', 'kubectl get events'],
  });

  /** Read the logs of containers. */
  public static readonly READ_LOGS = new DebugCapability({
    id: 'read-logs', title: 'read logs', danger: Danger.MEDIUM, access: ACCESS.readLogs, clients: ['kubectl logs'],
  });

  /** Read ConfigMaps; never Secrets. */
  public static readonly READ_CONFIG = new DebugCapability({
    id: 'read-config', title: 'read config maps', danger: Danger.MEDIUM, access: ACCESS.readConfig, clients: ['kubectl get configmaps'],
  });

  /** Read the resource usage of pods (metrics.k8s.io, served by metrics-server). */
  public static readonly READ_METRICS = new DebugCapability({
    id: 'read-metrics', title: 'read pod metrics', danger: Danger.LOW, access: ACCESS.readMetrics, clients: ['kubectl top pod'],
  });

  /** Run a command in a container; `kubectl cp` is an exec of tar. */
  public static readonly EXEC = new DebugCapability({
    id: 'exec', title: 'exec', danger: Danger.HIGH, access: ACCESS.exec, clients: ['kubectl exec', 'kubectl cp'],
  });

  /** Attach to the standard streams of a running container. */
  public static readonly ATTACH = new DebugCapability({
    id: 'attach', title: 'attach', danger: Danger.HIGH, access: ACCESS.attach, clients: ['kubectl attach'],
  });

  /**
   * Forward local ports to a pod. Which port is in the stream: neither the audit log nor admission sees it.
   */
  public static readonly PORT_FORWARD = new DebugCapability({
    id: 'port-forward', title: 'port-forward', danger: Danger.HIGH, access: ACCESS.portForward, clients: ['kubectl port-forward'],
  });

  /**
   * Add a debug container to a running pod, attach to it and read its log. It runs the image and command of the
   * person's choice with the pod's network and volumes, so it includes what attach and logs can do.
   *
   * @see https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
   */
  public static readonly EPHEMERAL_CONTAINERS = new DebugCapability({
    id: 'ephemeral-containers', title: 'debug containers', danger: Danger.HIGH, access: ACCESS.ephemeralContainers, clients: ['kubectl debug POD'],
  });

  /**
   * Create pods, as `kubectl debug --copy-to` does. Whoever may create a pod can mount every Secret and use every
   * ServiceAccount of the namespace, and RBAC cannot tell a copy from any other pod.
   */
  public static readonly POD_COPY = new DebugCapability({
    id: 'pod-copy', title: 'copy pods', danger: Danger.CRITICAL, access: ACCESS.podCopy, clients: ['kubectl debug POD --copy-to'],
  });

  /**
   * Start a pod with the node's file system and namespaces, as `kubectl debug node/NAME` does: root on the node.
   * Reading the node is cluster-scoped, so it also needs READ_NODES.
   */
  public static readonly NODE_DEBUG = new DebugCapability({
    id: 'node-debug', title: 'debug nodes', danger: Danger.CRITICAL, access: ACCESS.nodeDebug, clients: ['kubectl debug node/NODE'],
  });

  /** Read nodes (cluster-scoped). Never `nodes/proxy`, which opens exec at the kubelet past audit and admission. */
  public static readonly READ_NODES = new DebugCapability({
    id: 'read-nodes', title: 'read nodes', danger: Danger.LOW, access: ACCESS.readNodes, clients: ['kubectl get nodes', 'kubectl describe node'],
  });

  /** Read namespaces (cluster-scoped). */
  public static readonly READ_NAMESPACES = new DebugCapability({
    id: 'read-namespaces', title: 'read namespaces', danger: Danger.LOW, access: ACCESS.readNamespaces, clients: ['kubectl get namespaces'],
  });

  /** Read the resource usage of nodes (cluster-scoped). */
  public static readonly READ_NODE_METRICS = new DebugCapability({
    id: 'read-node-metrics', title: 'read node metrics', danger: Danger.LOW, access: ACCESS.readNodeMetrics, clients: ['kubectl top node'],
  });

  /** Every capability of the catalogue, in the order in which it is documented. */
  public static all(): DebugCapability[] {
    return [
      DebugCapability.READ_WORKLOADS,
      DebugCapability.READ_EVENTS,
      DebugCapability.READ_LOGS,
      DebugCapability.READ_CONFIG,
      DebugCapability.READ_METRICS,
      DebugCapability.EXEC,
      DebugCapability.ATTACH,
      DebugCapability.PORT_FORWARD,
      DebugCapability.EPHEMERAL_CONTAINERS,
      DebugCapability.POD_COPY,
      DebugCapability.NODE_DEBUG,
      DebugCapability.READ_NODES,
      DebugCapability.READ_NAMESPACES,
      DebugCapability.READ_NODE_METRICS,
    ];
  }

  /**
   * What an on-call engineer gets by default: read workloads and events, logs, exec, attach, port-forward and
   * debug containers; no pod copies, no nodes.
   */
  public static onCallDefault(): DebugCapability[] {
    return [
      DebugCapability.READ_WORKLOADS,
      DebugCapability.READ_EVENTS,
      DebugCapability.READ_LOGS,
      DebugCapability.EXEC,
      DebugCapability.ATTACH,
      DebugCapability.PORT_FORWARD,
      DebugCapability.EPHEMERAL_CONTAINERS,
    ];
  }

  /** What a reader gets by default: workloads, events and logs; nothing that acts inside a container. */
  public static readOnlyDefault(): DebugCapability[] {
    return [DebugCapability.READ_WORKLOADS, DebugCapability.READ_EVENTS, DebugCapability.READ_LOGS];
  }

  /**
   * The capability with an id, as it is written in policy files and annotations; also one that `reading` made.
   *
   * @throws when there is none; the message lists those that exist
   */
  public static fromId(id: string): DebugCapability {
    const found = DebugCapability.all().find(capability => capability.id === id) ?? readingWithId(id);
    return found ?? reject({
      where: 'DebugCapability.fromId',
      field: 'id',
      value: id,
      problem: 'is not a capability',
      fix: `use one of ${DebugCapability.all().map(capability => capability.id).join(', ')}`,
    });
  }

  /**
   * Read namespaced resources of an API group that the catalogue does not know, such as custom workloads
   * (`DebugCapability.reading('argoproj.io', 'rollouts')`). Read means get, list and watch.
   *
   * @throws on wildcards, subresources, a resource given twice, the core group and Secrets
   */
  public static reading(apiGroup: string, ...resources: string[]): DebugCapability {
    const where = 'DebugCapability.reading';
    dnsSubdomain(where, 'apiGroup', apiGroup, 'an API group such as "argoproj.io"; what debugging needs of the core group has a capability of its own');
    each(where, 'resources', resources, 'resource in plural, e.g. "rollouts"', (field, value) => {
      if (value === 'secrets') reject({ where, field, value, problem: 'is never granted', fix: 'name what debugging needs to see beside it' });
      return dnsLabel(where, field, value, 'a resource in plural, e.g. "rollouts", without subresource');
    });
    const names = [...resources].sort(byCodeUnit);
    return new DebugCapability({
      id: `read-${names.map(name => `${name}.${apiGroup}`).join('+')}`,
      title: `read ${names.join(', ')}`,
      danger: Danger.MEDIUM,
      clients: names.map(name => `kubectl get ${name}`),
      access: names.map(resource => ({ apiGroup, resource, verbs: ['get', 'list', 'watch'] })),
    });
  }

  /** Stable id, e.g. `port-forward`. It appears in annotations, policy files and reports. */
  public readonly id: string;
  /** What the person may do, in words that follow "may", e.g. `read logs`. */
  public readonly title: string;
  /** What can go wrong when it is in the wrong hands. */
  public readonly danger: Danger;
  /** The commands that need it. */
  public readonly clients: string[];
  private readonly access: ApiAccess[];

  private constructor(definition: Definition) {
    this.id = definition.id;
    this.title = definition.title;
    this.danger = definition.danger;
    this.clients = definition.clients;
    this.access = definition.access;
  }

  /** It needs rights on cluster-scoped objects, which only a ClusterRoleBinding can give. */
  public get clusterScoped(): boolean {
    return this.access.some(access => access.clusterScoped);
  }

  /** It needs rights inside a namespace, which a Role can give. Debugging nodes needs both. */
  public get namespaced(): boolean {
    return this.access.some(access => !access.clusterScoped);
  }

  /**
   * The rules a Role in one namespace needs, canonical.
   *
   * @param podNames limits what concerns single pods to these; what lists or creates stays namespace-wide
   */
  public namespacedRules(podNames?: string[]): PolicyRule[] {
    return this.rules(access => !access.clusterScoped, podNames);
  }

  /** The rules on cluster-scoped objects, for a ClusterRole; empty for most capabilities. */
  public clusterRules(): PolicyRule[] {
    return this.rules(access => !!access.clusterScoped);
  }

  /** The requests that the audit policy must record so that each use of this capability can be shown. */
  public auditRules(): CapabilityAuditRule[] {
    return this.access.filter(access => access.recorded).map(({ apiGroup, resource, verbs, recorded, admission }) => ({
      apiGroup,
      resource,
      // Subresources are recorded whatever the verb; a creation is told from reads of the same resource by its verb.
      verbs: admission?.includes('CREATE') ? [...verbs] : undefined,
      level: recorded!,
    }));
  }

  /** What an admission policy has to match to guard this capability; empty when admission does not see it (reads). */
  public admissionMatches(): AdmissionMatch[] {
    return this.access.filter(access => access.admission).map(({ apiGroup, resource, admission }) => ({
      apiGroup, apiVersion: 'v1', resource, operations: [...admission!],
    }));
  }

  /** What finds uses of this capability in an audit log. Empty for plain reads, which no single request shows. */
  public logPredicates(): LogPredicate[] {
    return this.access.filter(access => access.recorded).map(({ apiGroup, resource, verbs, loggedVerbs = [], namePrefix }) => {
      const [plain, subresource = ''] = resource.split('/');
      return { apiGroup, resource: plain, subresource, verbs: [...verbs, ...loggedVerbs], ...namePrefix && { namePrefix } };
    });
  }

  /**
   * Whether an audit event (audit.k8s.io/v1, parsed) is a use of this capability, refused or not. A pod creation that
   * RBAC refused carries no name, so it counts as POD_COPY only, never as NODE_DEBUG.
   *
   * @param event the event as an object, e.g. one parsed line of the log
   */
  public matchesEvent(event: any): boolean {
    const ref = event?.objectRef ?? {};
    return this.logPredicates().some(p =>
      (ref.apiGroup ?? '') === p.apiGroup
      && ref.resource === p.resource
      && (ref.subresource ?? '') === p.subresource
      && p.verbs.includes(event.verb)
      && (p.namePrefix === undefined || String(ref.name).startsWith(p.namePrefix)));
  }

  /** The id. */
  public toString(): string {
    return this.id;
  }

  private rules(wanted: (access: ApiAccess) => boolean, podNames?: string[]): PolicyRule[] {
    return PolicyRules.compact(this.access.filter(wanted).map(({ apiGroup, resource, verbs, perPod }) => ({
      apiGroups: [apiGroup],
      resources: [resource],
      verbs,
      resourceNames: perPod ? podNames : undefined,
    })));
  }
}

/** What `DebugCapability.reading` gave this id; undefined when none did. */
function readingWithId(id: string): DebugCapability | undefined {
  const apiGroup = /^read-[^.+]+\.([^+]+)/.exec(id)?.[1];
  if (!apiGroup) return undefined;
  const resources = id.slice('read-'.length).split('+').map(part => part.split('.')[0]);
  const capability = DebugCapability.reading(apiGroup, ...resources);
  return capability.id === id ? capability : undefined;
}
