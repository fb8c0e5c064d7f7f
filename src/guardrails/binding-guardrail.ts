import { Construct } from 'constructs';
import { identitiesPolicy } from './binding-identities';
import { bindingsPolicy } from './binding-policy';
import { rolesPolicy } from './binding-roles';
import { GitOpsIdentity, identityExceptions } from './gitops-identity';
import { exceptionsOf, GuardrailException } from './guardrail-exception';
import { GuardrailMode, validationActions } from './guardrail-mode';
import { emitPolicy, Policy } from '../model/admission-policy';
import { passesApprover } from '../model/certificate-approver';
import { PolicyRule } from '../model/policy-rule';
import { VIRTUAL, VIRTUAL_GROUP } from '../model/virtual-rights';
import { SecureDebugWarnings } from '../model/warnings';
import { sortedUnique } from '../private/canonical';
import { allOrNothing } from '../private/declare';
import { reject } from '../private/errors';
import { each, noWildcard, text } from '../private/validate';

const where = 'BindingGuardrail';

/** Roles that are close to everything, in each cluster; those that begin with `system:` are the control plane's. */
const BROAD = ['admin', 'cluster-admin', 'edit'];

/** Who may hand out rights. */
export interface BindingGuardrailProps {
  /**
   * Who applies what stands in Git.
   *
   * @default - nobody; DENY wants an identity or an exception, else nobody could change a binding any more
   */
  readonly identities?: GitOpsIdentity[];

  /**
   * Who is let pass besides, by name: operators that write Roles, and for the worst day an administrator. Members of
   * system:masters are none by themselves. The control plane need not be named.
   *
   * @default - nobody
   */
  readonly exceptions?: GuardrailException[];

  /**
   * Names of further ClusterRoles that nobody else may bind.
   *
   * @default - cluster-admin, admin, edit and those that begin with `system:`
   */
  readonly broadRoles?: string[];

  /**
   * What happens to what is not allowed. kubectl shows the warnings of `WARN`.
   *
   * @default GuardrailMode.AUDIT
   */
  readonly mode?: GuardrailMode;
}

/**
 * Keeps people from handing out rights past GitOps, in the whole cluster, cluster-admins and system:masters among them:
 *
 * - `secure-debug-bindings`: no new subject for cluster-admin, admin, edit, `system:` roles and those you name; subjects are
 *   groups, and none of Kubernetes' own. Access requests are judged by `AccessRequestPolicy` instead;
 * - `secure-debug-roles`: no new rule with a wildcard, bind, escalate, impersonate, nodes/proxy, tokens of ServiceAccounts,
 *   approval of certificates or writes of admission policies; no aggregation; no Role of a name that guardrails trust;
 * - `secure-debug-identities`: no token of a ServiceAccount, also not by a Secret, none for a node to join, and no approval
 *   of a certificate that the cluster signs.
 *
 * The approver of a `CertificateAccess` of the same cluster approves certificates for its signer, and passes nothing else.
 *
 * Whoever is neither an exception nor the control plane is meant, operators too: run it in AUDIT first, and name those that the
 * audit log shows. What takes rights away passes, so do deletions and changes of metadata. It stands beside RBAC, which
 * lets nobody give what they don't hold, unless they hold bind, escalate or everything.
 *
 * Out of its reach: impersonation, which no admission sees (whoever may impersonate an exception is one), and a pod that
 * runs as a stronger ServiceAccount.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
 */
export class BindingGuardrail extends Construct {
  /**
   * The right to bind broad roles, and users and ServiceAccounts, in one namespace, for a Role of `BreakGlassAccess`. From any
   * other Role it does not count. What is bound stays when the emergency is over. ClusterRoleBindings stay refused. Where access
   * can be requested, `AccessRequestPolicy` governs each RoleBinding, and refuses it unless `administer` is held too.
   */
  public static breakGlassRule(): PolicyRule {
    return { apiGroups: [VIRTUAL_GROUP], resources: [VIRTUAL.binding.resource], verbs: [VIRTUAL.binding.verb] };
  }

  /** The ClusterRoles that only exceptions may bind, besides those that begin with `system:`; sorted. */
  public readonly broadRoles: string[];

  /** @throws on malformed names, an exception given twice, and on DENY without an identity or exception, which would lock everybody out */
  public constructor(scope: Construct, id: string, props: BindingGuardrailProps = {}) {
    super(scope, id);
    this.broadRoles = allOrNothing(this, where, () => emit(this, props));
  }
}

function emit(guardrail: Construct, props: BindingGuardrailProps): string[] {
  const mode = props.mode ?? GuardrailMode.AUDIT;
  const exceptions = exceptionsOf(where, [...identityExceptions(where, props.identities), ...props.exceptions ?? []]);
  if (mode === GuardrailMode.DENY && exceptions.length === 0) {
    reject({
      where,
      field: 'identities',
      value: props.identities,
      problem: 'is empty, so nobody could change a broad binding any more, GitOps and the administrator included',
      fix: 'name who applies what stands in Git, e.g. GitOpsIdentity.argoCd(), or an administrator in exceptions',
    });
  }
  const added = props.broadRoles ?? [];
  if (props.broadRoles !== undefined) each(where, 'broadRoles', added, 'ClusterRole', clusterRoleName);
  const broadRoles = sortedUnique([...BROAD, ...added]);

  const policies: { [id: string]: Pick<Policy, 'name'> & Omit<Policy, 'component' | 'actions'> } = {
    bindings: bindingsPolicy(exceptions, broadRoles),
    roles: rolesPolicy(exceptions, broadRoles),
    identities: identitiesPolicy(exceptions),
  };
  for (const [id, policy] of Object.entries(policies)) {
    const emitted = emitPolicy(new Construct(guardrail, id), where, { ...policy, component: 'binding-guardrail', actions: validationActions(mode) });
    if (id === 'identities') passesApprover(guardrail, emitted);
  }
  if (mode === GuardrailMode.AUDIT) SecureDebugWarnings._add(guardrail, 'SD6001', Object.values(policies).map(({ name }) => name).join(', '));
  return broadRoles;
}

/** A path segment, as RBAC names may be; `system:` ones are covered without being named. */
function clusterRoleName(field: string, value: string): string {
  text(where, field, noWildcard(where, field, value), 'the name of a ClusterRole such as "cluster-operator"');
  if (/[/%]/.test(value) || value === '.' || value === '..') {
    reject({ where, field, value, problem: 'is not the name of a ClusterRole', fix: 'write it as kubectl get clusterroles shows it' });
  }
  if (value.startsWith('system:')) reject({ where, field, value, problem: 'begins with system:, and all of these are covered', fix: 'leave it out' });
  return value;
}
