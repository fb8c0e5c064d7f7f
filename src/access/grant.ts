import { Construct } from 'constructs';
import { DebugCapability } from '../model/capability';
import { ClusterBoundary } from '../model/cluster-boundary';
import { CAPABILITIES, COMPONENT, MANAGED_BY, SUBJECT_REASON } from '../model/constants';
import { DebugGrant } from '../model/debug-access';
import { PolicyRules } from '../model/policy-rule';
import { DebugSubject } from '../model/subject';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit } from '../private/canonical';
import { declareObject } from '../private/declare';
import { reject } from '../private/errors';
import { each, groupName, isSystemNamespace, namespaceName, objectName } from '../private/validate';

const RBAC = 'rbac.authorization.k8s.io';

/** Who, as the access constructs take it. */
export interface Who {
  readonly group?: string;
  readonly groups?: string[];
  readonly subjects?: DebugSubject[];
}

/** The subjects of the three fields, sorted; at least one, none twice. */
export function subjectsOf(where: string, who: Who): DebugSubject[] {
  if (who.group !== undefined) groupName(where, 'group', who.group);
  if (who.groups !== undefined) each(where, 'groups', who.groups, 'group', (field, value) => groupName(where, field, value));
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
export interface Where {
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
  each(where, field, capabilities.map(capability => capability.id), 'capability', (at, id) => {
    const capability = capabilities.find(c => c.id === id)!;
    if (scope === 'namespace' && capability.namespacedRules().length === 0) {
      reject({ where, field: at, value: id, problem: 'is about cluster-scoped objects, which no Role in a namespace can grant', fix: 'declare ClusterReadAccess for it' });
    }
    if (scope === 'cluster' && (!capability.clusterScoped || capability.namespacedRules().length > 0)) {
      reject({ where, field: at, value: id, problem: 'would reach into every namespace', fix: 'grant it by namespace, with OnCallDebugAccess' });
    }
    return id;
  });
  return [...capabilities].sort((a, b) => byCodeUnit(a.id, b.id));
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

/** Emits the role and its binding, in a namespace or for the cluster, warns of what is risky, and returns the grant. */
export function emitGrant(scope: Construct, where: string, declared: Declared): DebugGrant {
  const { namespace, subjects, capabilities } = declared;
  const roleName = objectName(where, 'name', declared.roleName);
  const rules = PolicyRules.compact(capabilities.flatMap(c => namespace === undefined ? c.clusterRules() : c.namespacedRules(declared.resourceNames)));
  const exceptions = subjects.filter(subject => subject.reason !== undefined);
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const id = namespace === undefined ? 'cluster' : namespace;
  const boundary = ClusterBoundary.of(scope);
  const labels = { 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: declared.component };

  declareObject(scope, `${id}-role`, where, boundary, {
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: { name: roleName, namespace, labels, annotations: { [CAPABILITIES]: capabilities.map(c => c.id).join(',') } },
    rules: rules.map(rule => ({ ...rule })),
  });
  declareObject(scope, `${id}-binding`, where, boundary, {
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
  const whom = subjects.join(', ');
  const has = (capability: DebugCapability) => capabilities.some(c => c.id === capability.id);
  if (has(DebugCapability.POD_COPY)) SecureDebugWarnings._add(scope, 'SD1001', `${place}, to ${whom}`);
  if (has(DebugCapability.NODE_DEBUG)) SecureDebugWarnings._add(scope, 'SD1002', `${place}, to ${whom}`);
  exceptions.forEach(subject => SecureDebugWarnings._add(scope, 'SD1003', `${subject} ${place}, because: ${subject.reason}`));
  if (namespace !== undefined && isSystemNamespace(namespace)) SecureDebugWarnings._add(scope, 'SD1004', `${place}, to ${whom}`);
  return { subjects, namespace, capabilities, rules, roleName };
}
