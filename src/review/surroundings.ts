import { asObject, asString, nameOf, objectsIn } from './untrusted';

/** Names by namespace. */
export type ByNamespace = Map<string, Set<string>>;

/** What stands around the rights: which ServiceAccounts there are, which pods run as them, what is enforced on pods. */
export interface Surroundings {
  readonly accounts: ByNamespace;
  /** Labels of ServiceAccounts, by `namespace/name`. */
  readonly accountLabels: Map<string, { readonly [key: string]: unknown }>;
  /** ServiceAccounts that pods run as, in namespaces of which any workload is known. */
  readonly running: ByNamespace;
  /** What Pod Security enforces, by namespace; empty where it enforces nothing. */
  readonly podSecurity: Map<string, string>;
  /** ServiceAccounts whose token lies in a Secret. */
  readonly tokens: ByNamespace;
}

const CONTROLLERS = ['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'StatefulSet'];

export const WORKLOADS = ['CronJob', 'Pod', ...CONTROLLERS];

/** The spec of the pods of a workload; undefined when the object is none. */
function podSpecOf({ kind, spec }: any): any {
  const own = asObject(spec);
  if (kind === 'Pod') return own;
  if (CONTROLLERS.includes(kind)) return asObject(asObject(own.template).spec);
  return kind === 'CronJob' ? asObject(asObject(asObject(asObject(own.jobTemplate).spec).template).spec) : undefined;
}

function add(to: ByNamespace, namespace: string, name: string): void {
  const names = to.get(namespace);
  if (names) names.add(name); else to.set(namespace, new Set([name]));
}

/** @param objects unpacked */
export function surroundingsOf(objects: any[]): Surroundings {
  const found: Surroundings = { accounts: new Map(), accountLabels: new Map(), running: new Map(), podSecurity: new Map(), tokens: new Map() };
  for (const object of objects) {
    const { kind } = object;
    const { namespace: given, labels, annotations } = asObject(object.metadata);
    const namespace = asString(given);
    if (kind === 'ServiceAccount') {
      add(found.accounts, namespace, nameOf(object));
      found.accountLabels.set(`${namespace}/${nameOf(object)}`, asObject(labels));
    } else if (kind === 'Namespace') {
      found.podSecurity.set(nameOf(object), asString(asObject(labels)['pod-security.kubernetes.io/enforce']));
    } else if (kind === 'Secret') {
      const account = asString(asObject(annotations)['kubernetes.io/service-account.name']);
      if (object.type === 'kubernetes.io/service-account-token' && account) add(found.tokens, namespace, account);
    } else {
      const spec = podSpecOf(object);
      if (!spec) continue;
      const mounted = spec.automountServiceAccountToken !== false || objectsIn(spec.volumes).some(({ projected }) => projected !== undefined);
      add(found.running, namespace, mounted ? asString(spec.serviceAccountName) || asString(spec.serviceAccount) || 'default' : '');
    }
  }
  return found;
}
