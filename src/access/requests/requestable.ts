import { Construct } from 'constructs';
import { Terms } from './terms';
import { REQUESTABLE } from '../../model/access-request';
import { DebugCapability } from '../../model/capability';
import { ClusterBoundary } from '../../model/cluster-boundary';
import { CAPABILITIES, COMPONENT, MANAGED_BY } from '../../model/constants';
import { DebugGrant } from '../../model/debug-access';
import { PolicyRule, PolicyRules } from '../../model/policy-rule';
import { DebugSubject } from '../../model/subject';
import { STREAMS, VIRTUAL, virtualRule } from '../../model/virtual-rights';
import { SecureDebugWarnings } from '../../model/warnings';
import { declareObject } from '../../private/declare';
import { reject } from '../../private/errors';
import { isSystemNamespace } from '../../private/validate';
import { AccessRequestPolicy } from '../access-request-policy';

const RBAC = 'rbac.authorization.k8s.io';

/** A Role that can be requested in a namespace. */
export interface Requestable {
  readonly component: string;
  readonly roleName: string;
  readonly namespace: string;
  readonly capabilities: DebugCapability[];
  /** What the Role contains, canonical. */
  readonly rules: PolicyRule[];
  readonly terms: Terms;
  readonly maxRoleBindings?: number;
}

/** What the Role may do through guardrails, besides what its capabilities mean. */
interface GuardrailRights {
  readonly commandSets?: string[];
  readonly debugImages?: string[];
  readonly emergencies?: boolean;
}

/** The rights on virtual resources: a grant is let through by the guardrails as far as its capabilities go. */
export function guardrailRules(capabilities: DebugCapability[], rights: GuardrailRights): PolicyRule[] {
  const has = (capability: DebugCapability) => capabilities.includes(capability);
  const streams = [
    ...has(DebugCapability.ATTACH) ? [STREAMS.attach] : [],
    ...has(DebugCapability.EPHEMERAL_CONTAINERS) || has(DebugCapability.POD_COPY) || has(DebugCapability.NODE_DEBUG) ? [STREAMS.attachDebugger] : [],
    ...has(DebugCapability.PORT_FORWARD) ? [STREAMS.portForward] : [],
  ];
  const pods = [...has(DebugCapability.POD_COPY) ? ['copy'] : [], ...has(DebugCapability.NODE_DEBUG) ? ['node'] : []];
  const named = (right: { readonly resource: string; readonly verb: string }, names: string[]) => names.length ? [virtualRule(right, names)] : [];
  return [
    ...named(VIRTUAL.commandSet, rights.commandSets ?? []),
    ...named(VIRTUAL.debugImage, rights.debugImages ?? []),
    ...named(VIRTUAL.stream, streams),
    ...named(VIRTUAL.debugPod, pods),
    ...rights.emergencies ? [unnamed(VIRTUAL.emergency)] : [],
  ];
}

/** A right that is asked for without a name; a rule with names would not give it. */
function unnamed(right: { readonly resource: string; readonly verb: string }): PolicyRule {
  const { apiGroups, resources, verbs } = virtualRule(right, []);
  return { apiGroups, resources, verbs };
}

/** As data: whoever may request is who may have it. */
export function grantOfRequestable({ namespace, roleName, capabilities, rules, terms }: Requestable): DebugGrant {
  return {
    subjects: terms.requesters.map(group => DebugSubject.group(group)),
    namespace,
    capabilities: [...capabilities],
    rules: rules.map(({ apiGroups, resources, verbs, resourceNames }) => ({
      apiGroups: [...apiGroups], resources: [...resources], verbs: [...verbs], ...resourceNames && { resourceNames: [...resourceNames] },
    })),
    roleName,
    onRequest: true,
  };
}

/**
 * Emits the Role with its terms, and who may request it, have it at once, and approve it: Roles and RoleBindings
 * `request-<role>`, `take-<role>` and `approve-<role>`. Without the policies these would let people bind the Role to anybody, for ever.
 */
export function emitRequestable(scope: Construct, where: string, requestable: Requestable): Requestable {
  const { component, roleName, namespace, capabilities, rules, terms, maxRoleBindings } = requestable;
  const boundary = ClusterBoundary.of(scope);
  const labels = { 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: component };
  const role = (name: string, ofRole: PolicyRule[], more: { labels?: object; annotations?: { [key: string]: string } } = {}) =>
    declareObject(scope, `${namespace}-${name}-role`, where, boundary, {
      apiVersion: `${RBAC}/v1`,
      kind: 'Role',
      metadata: { name, namespace, labels: { ...labels, ...more.labels }, ...more.annotations && { annotations: more.annotations } },
      rules: ofRole,
    });
  const binding = (name: string, groups: string[]) => declareObject(scope, `${namespace}-${name}-binding`, where, boundary, {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace, labels },
    roleRef: { apiGroup: RBAC, kind: 'Role', name },
    subjects: groups.map(group => DebugSubject.group(group).toManifest()),
  });

  role(roleName, rules, {
    labels: { [REQUESTABLE]: 'true' },
    annotations: { [CAPABILITIES]: capabilities.map(({ id }) => id).join(','), ...terms.annotations },
  });
  const both: PolicyRule[] = [
    { apiGroups: [RBAC], resources: ['roles'], verbs: ['get', 'list'] },
    { apiGroups: [RBAC], resources: ['roles'], verbs: ['bind'], resourceNames: [roleName] },
    { apiGroups: [RBAC], resources: ['rolebindings'], verbs: ['get', 'list', 'watch', 'patch', 'delete'] },
  ];
  role(`request-${roleName}`, PolicyRules.compact([
    ...both,
    { apiGroups: [RBAC], resources: ['rolebindings'], verbs: ['create'] },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] },
    virtualRule(VIRTUAL.request, [roleName]),
    unnamed(VIRTUAL.timer),
  ]));
  binding(`request-${roleName}`, terms.requesters);
  if (terms.autoApprove.length) {
    role(`take-${roleName}`, [virtualRule(VIRTUAL.take, [roleName])]);
    binding(`take-${roleName}`, terms.autoApprove);
  }
  if (terms.approvers.length) {
    role(`approve-${roleName}`, PolicyRules.compact([...both, virtualRule(VIRTUAL.approve, [roleName])]));
    binding(`approve-${roleName}`, terms.approvers);
  }
  if (maxRoleBindings !== undefined) {
    declareObject(scope, `${namespace}-${roleName}-quota`, where, boundary, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: `request-${roleName}`, namespace, labels },
      spec: { hard: { 'count/rolebindings.rbac.authorization.k8s.io': String(maxRoleBindings) } },
    });
  }

  const warn = (id: string) => SecureDebugWarnings._add(scope, id, `in ${namespace}, on request, to ${terms.requesters.map(group => `Group ${group}`).join(', ')}`);
  if (capabilities.includes(DebugCapability.POD_COPY)) warn('SD1001');
  if (capabilities.includes(DebugCapability.NODE_DEBUG)) warn('SD1002');
  if (isSystemNamespace(namespace)) warn('SD1004');
  if (terms.selfApproving.length) SecureDebugWarnings._add(scope, 'SD1005', `in ${namespace}, ${roleName}: ${terms.selfApproving.join(', ')}`);
  return requestable;
}

/** The policies have to be declared in the same cluster, or said to be elsewhere, by the time of synthesis. */
export function requirePolicy(scope: Construct, where: string, elsewhere: boolean): void {
  if (elsewhere) return;
  scope.node.addValidation({
    validate: () => AccessRequestPolicy._governs(scope) ? [] : [
      `${where}: "${scope.node.path}" lets people bind a Role, and no AccessRequestPolicy says to whom. `
      + 'Fix: declare new AccessRequestPolicy(chart, "requests") once for the cluster, or set policyElsewhere: true if another app applies it first.',
    ],
  });
}

/** The longest part of a Role's name that says for what it is: all names that follow from it fit 63 characters. */
const LONGEST_PROFILE = 40;

/** `debug-grant`, or `debug-grant-<profile>`. */
export function roleNameOf(where: string, field: string, prefix: string, profile: string | undefined): string {
  if (profile === undefined) return prefix;
  if (typeof profile !== 'string' || profile.length > LONGEST_PROFILE || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(profile)) {
    reject({ where, field, value: profile, problem: 'is no short name', fix: `write at most ${LONGEST_PROFILE} lower-case letters, digits and "-", e.g. "database"` });
  }
  return `${prefix}-${profile}`;
}
