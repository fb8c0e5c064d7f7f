import { Construct } from 'constructs';
import { Danger, DebugCapability } from '../model/capability';
import { ClusterBoundary } from '../model/cluster-boundary';
import { CAPABILITIES, COMPONENT, MANAGED_BY, SUBJECT_REASON } from '../model/constants';
import { DebugGrant } from '../model/debug-access';
import { PolicyRule, PolicyRules } from '../model/policy-rule';
import { DebugSubject } from '../model/subject';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit } from '../private/canonical';
import { declareObject } from '../private/declare';
import { reject } from '../private/errors';
import { dnsSubdomain, each, groupName, isSystemNamespace, namespaceName, objectName } from '../private/validate';

const RBAC = 'rbac.authorization.k8s.io';

/** ClusterRoles that every cluster has: to apply one of ours by their name would change what they mean to everybody. */
const BUILT_IN = ['admin', 'cluster-admin', 'edit', 'view'];

/** Who, as the access constructs take it. */
interface Who {
  readonly group?: string;
  readonly groups?: string[];
  readonly subjects?: DebugSubject[];
}

/** The subjects of the three fields, sorted; at least one, none twice. */
export function subjectsOf(where: string, who: Who): DebugSubject[] {
  if (who.group !== undefined) groupName(where, 'group', who.group);
  if (who.groups !== undefined) each(where, 'groups', who.groups, 'group', (field, value) => groupName(where, field, value));
  who.subjects?.forEach((subject, i) => {
    if (!(subject instanceof DebugSubject)) {
      reject({ where, field: `subjects[${i}]`, value: subject, problem: 'is no DebugSubject', fix: 'use DebugSubject.group("oncall-payments") or DebugSubject.fromPlus(…)' });
    }
  });
  const subjects = [
    ...[...(who.group === undefined ? [] : [who.group]), ...(who.groups ?? [])].map(name => DebugSubject.group(name)),
    ...(who.subjects ?? []),
  ].sort((a, b) => byCodeUnit(a.toString(), b.toString()));
  if (subjects.length === 0) {
    reject({ where, field: 'group', value: who.group, problem: 'is missing: nobody would have access', fix: 'name a group of your identity provider, e.g. group: "oncall-payments"' });
  }
  subjects.forEach((subject, i) => {
    if (i > 0 && subjects[i - 1].toString() === subject.toString()) {
      reject({ where, field: 'subjects', value: subject.toString(), problem: 'is given twice', fix: 'name each subject once' });
    }
  });
  return subjects;
}

/** Where, as the access constructs take it. */
interface Where {
  readonly namespace?: string;
  readonly namespaces?: string[];
  readonly allowSystemNamespaces?: boolean;
}

/** The namespaces of the two fields, sorted; at least one, none twice. */
export function namespacesOf(where: string, props: Where): string[] {
  const allow = props.allowSystemNamespaces ?? false;
  if (props.namespace !== undefined && props.namespaces !== undefined) {
    reject({ where, field: 'namespace', value: props.namespace, problem: 'is given beside namespaces', fix: 'use one of the two' });
  }
  if (props.namespaces !== undefined) {
    each(where, 'namespaces', props.namespaces, 'namespace', (field, value) => namespaceName(where, field, value, allow));
    return [...props.namespaces].sort(byCodeUnit);
  }
  if (props.namespace === undefined) {
    reject({ where, field: 'namespace', value: undefined, problem: 'is missing', fix: 'name the namespace, e.g. namespace: "payments"' });
  }
  return [namespaceName(where, 'namespace', props.namespace!, allow)];
}

/** The capabilities, at least one, none twice, of the wanted scope, in the catalogue's spelling. */
export function capabilitiesOf(where: string, capabilities: DebugCapability[], scope: 'namespace' | 'cluster'): DebugCapability[] {
  const field = 'capabilities';
  capabilities.forEach((capability, i) => {
    if (!(capability instanceof DebugCapability)) {
      reject({ where, field: `${field}[${i}]`, value: capability, problem: 'is no DebugCapability', fix: 'use one of its constants, DebugCapability.fromId("exec") or DebugCapability.reading(…)' });
    }
  });
  each(where, field, capabilities.map(capability => capability.id), 'capability', (at, id) => {
    const capability = capabilities.find(c => c.id === id)!;
    if (scope === 'namespace' && !capability.namespaced) {
      reject({ where, field: at, value: id, problem: 'is about cluster-scoped objects, which no Role in a namespace can grant', fix: 'declare ClusterReadAccess for it' });
    }
    if (scope === 'cluster' && (!capability.clusterScoped || capability.namespaced)) {
      reject({ where, field: at, value: id, problem: 'would reach into every namespace', fix: 'grant it by namespace, with OnCallDebugAccess' });
    }
    return id;
  });
  return [...capabilities].sort((a, b) => byCodeUnit(a.id, b.id));
}

/** The names of pods that everything is limited to; refused beside a capability that they cannot limit. */
export function podNames(where: string, names: string[], capabilities: DebugCapability[], field: string = 'resourceNames'): string[] {
  each(where, field, names, 'pod name', (at, value) => dnsSubdomain(where, at, value, 'a pod name such as "ledger-0"'));
  const unlimited = capabilities.find(capability => capability.danger === Danger.CRITICAL);
  if (unlimited) {
    reject({ where, field, value: names, problem: `do not limit ${unlimited}: whoever may create pods reaches every pod's secrets`, fix: `leave out ${unlimited}, or declare it apart, under another name` });
  }
  return [...names];
}

/** What one role grants, and to whom. */
export interface Declared {
  readonly component: string;
  readonly roleName: string;
  readonly namespace?: string;
  readonly subjects: DebugSubject[];
  readonly capabilities: DebugCapability[];
  readonly resourceNames?: string[];
}

/** Rules by what they were made from: each namespace asks for the same few lists, and to join them takes longer than all the rest. */
const RULES = new Map<string, PolicyRule[]>();

const idsOf = (capabilities: DebugCapability[]) => capabilities.map(c => c.id).join(',');

/** What the capabilities grant, joined. It is shared: nobody outside may get hold of it. */
function rulesOf({ namespace, capabilities, resourceNames }: Declared, ids = idsOf(capabilities)): PolicyRule[] {
  const cluster = namespace === undefined;
  const join = () => PolicyRules.compact(capabilities.flatMap(c => cluster ? c.clusterRules() : c.namespacedRules(resourceNames)));
  if (resourceNames !== undefined) return join();
  const key = `${cluster} ${ids}`;
  let rules = RULES.get(key);
  if (rules === undefined) RULES.set(key, rules = join());
  return rules;
}

/** The grant as data: copies, so that nobody who reads it can change what is emitted. */
export function grantOf(declared: Declared): DebugGrant {
  const { namespace, subjects, capabilities, roleName } = declared;
  return { subjects: [...subjects], namespace, capabilities: [...capabilities], rules: copyOf(rulesOf(declared)), roleName };
}

function copyOf(rules: PolicyRule[]): PolicyRule[] {
  return rules.map(({ apiGroups, resources, verbs, resourceNames }) => ({
    apiGroups: [...apiGroups], resources: [...resources], verbs: [...verbs], ...resourceNames && { resourceNames: [...resourceNames] },
  }));
}

/** Emits the role and its binding, in a namespace or for the cluster, warns of what is risky, and returns what was declared. */
export function emitGrant(scope: Construct, where: string, declared: Declared): Declared {
  const { namespace, subjects, capabilities } = declared;
  const roleName = objectName(where, 'name', declared.roleName);
  if (namespace === undefined && BUILT_IN.includes(roleName)) {
    reject({ where, field: 'name', value: roleName, problem: 'is a ClusterRole that every cluster has: applying this one would overwrite it', fix: 'choose another name, e.g. "debug-cluster-read"' });
  }
  const ids = idsOf(capabilities);
  const exceptions = subjects.filter(subject => subject.reason !== undefined);
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  // What is first below a construct is called alike in all of them. V8 remembers every first key that an object ever
  // got, and slows down all that makes objects, cdk8s' YAML writer above all, once it has seen some 1,500.
  const prefix = scope.node.children.length === 0 ? '' : `${namespace ?? 'cluster'}-`;
  const boundary = ClusterBoundary.of(scope);
  const labels = { 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: declared.component };

  declareObject(scope, `${prefix}role`, where, boundary, {
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: { name: roleName, namespace, labels, annotations: { [CAPABILITIES]: ids } },
    rules: rulesOf(declared, ids),
  });
  declareObject(scope, `${prefix}binding`, where, boundary, {
    apiVersion: `${RBAC}/v1`,
    kind: `${kind}Binding`,
    metadata: {
      name: roleName,
      namespace,
      labels,
      ...exceptions.length && { annotations: { [SUBJECT_REASON]: exceptions.map(subject => `${subject}: ${subject.reason}`).join('\n') } },
    },
    roleRef: { apiGroup: RBAC, kind, name: roleName },
    subjects: subjects.map(subject => subject.toManifest()),
  });

  const place = namespace === undefined ? 'in the whole cluster' : `in ${namespace}`;
  const warn = (id: string) => SecureDebugWarnings._add(scope, id, `${place}, to ${subjects.join(', ')}`);
  if (capabilities.includes(DebugCapability.POD_COPY)) warn('SD1001');
  if (capabilities.includes(DebugCapability.NODE_DEBUG)) warn('SD1002');
  exceptions.forEach(subject => SecureDebugWarnings._add(scope, 'SD1003', `${subject} ${place}, because: ${subject.reason}`));
  const acts = capabilities.some(c => c.danger === Danger.HIGH || c.danger === Danger.CRITICAL);
  if (namespace !== undefined && isSystemNamespace(namespace) && acts) warn('SD1004');
  return declared;
}
