import { Construct, IConstruct } from 'constructs';
import { requestsPolicy } from './requests/requests-policy';
import { termsPolicy } from './requests/terms-policy';
import { timersPolicy } from './requests/timers-policy';
import { emitPolicy } from '../model/admission-policy';
import { ClusterBoundary } from '../model/cluster-boundary';
import { PolicyRule } from '../model/policy-rule';
import { VIRTUAL, VIRTUAL_GROUP } from '../model/virtual-rights';
import { allOrNothing } from '../private/declare';

/** Clusters that have the policies. */
const GOVERNED = new WeakSet<IConstruct>();

/** Before everything else of an application of Argo CD, whose other objects are in wave 0; Flux takes dependsOn. */
const FIRST = { 'argocd.argoproj.io/sync-wave': '-2' };

/**
 * What keeps requests for access to their terms, inside the API server; once for each cluster. The Roles of
 * `JustInTimeAccess` and `BreakGlassAccess` let people bind a Role and create Jobs, and only these policies say to
 * whom and for how long. So they refuse from the first apply on, and have to be there before those Roles are:
 *
 * - `secure-debug-requests`: a request names its author, has a reason, a ticket and a timer; an approver, never the
 *   requester, adds their own name and nothing else; nothing is changed or extended. It also refuses every other
 *   RoleBinding in namespaces where a Role can be requested, unless the writer may `administer`
 *   `accessrequests.secure-debug.internal`, as cluster administrators and GitOps controllers do by their wildcard.
 * - `secure-debug-timers`: a Job named `debug-timer-…` is a timer, and is left alone until it ends.
 * - `secure-debug-terms`: Roles that can be requested, and who may request and approve, are written by who may `administer`.
 *
 * They judge what is written, not what is there: before they are applied the first time, see that there is no Job whose name
 * begins with `debug-timer-`, and no binding to a Role named `debug-grant…` or `break-glass…`.
 *
 * Change a Role that can be requested, do not delete it and make it again: in between nothing governs other RoleBindings.
 *
 * Whoever may impersonate others, approve client certificates or make tokens can act as somebody else here too, and who
 * has two user names is two people. Access ends by the Job, TTL and garbage-collection controllers of Kubernetes: while they
 * are down it goes on, and `ExpiredAccessCleanup` is for what they missed.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export class AccessRequestPolicy extends Construct {
  /**
   * The right to write Roles that can be requested, who takes part, and RoleBindings that are no requests where something
   * can be requested, as a rule of a Role or ClusterRole. A wildcard includes it, so most GitOps controllers have it; an
   * operator that writes RoleBindings in such a namespace needs it.
   */
  public static administerRule(): PolicyRule {
    return { apiGroups: [VIRTUAL_GROUP], resources: [VIRTUAL.administer.resource], verbs: [VIRTUAL.administer.verb] };
  }

  /** @internal */
  public static _governs(scope: IConstruct): boolean {
    return GOVERNED.has(ClusterBoundary.of(scope));
  }

  public constructor(scope: Construct, id: string) {
    super(scope, id);
    const where = 'AccessRequestPolicy';
    allOrNothing(this, where, () => {
      for (const policy of [requestsPolicy(), timersPolicy(), termsPolicy()]) {
        emitPolicy(new Construct(this, policy.name), where, { ...policy, component: 'access-request-policy', actions: ['Deny', 'Audit'], annotations: FIRST, bindingAnnotations: FIRST });
      }
      GOVERNED.add(ClusterBoundary.of(this));
    });
  }
}
