import { Construct } from 'constructs';
import { GIVEN_IN_EMERGENCY } from './gitops-emergency';
import { GitOpsIdentity, identityExceptions } from './gitops-identity';
import { DEFAULT_KINDS, kindRules, kindsOf } from './gitops-kinds';
import { exceptionConditions, exceptionsOf, GuardrailException } from './guardrail-exception';
import { GuardrailMode, validationActions } from './guardrail-mode';
import { guardNamespaces } from './scope';
import { emitPolicy, exceptionAnnotation, MatchCondition } from '../model/admission-policy';
import { authorizerCheck } from '../model/cel';
import { VIRTUAL } from '../model/virtual-rights';
import { SecureDebugWarnings } from '../model/warnings';
import { allOrNothing } from '../private/declare';
import { reject } from '../private/errors';
import { objectName } from '../private/validate';

const where = 'GitOpsGuardrail';

/** What is changed in Git alone, and who applies it. */
export interface GitOpsGuardrailProps {
  /** The namespaces it guards, by name. */
  readonly namespaces: string[];

  /** Who applies what stands in Git. */
  readonly identities: GitOpsIdentity[];

  /**
   * What is guarded, as `kubectl api-resources` names it: the plural, and the API group behind a dot unless it is the core
   * group. Scale goes with its kind, status does not.
   *
   * @default GitOpsGuardrail.defaultKinds()
   */
  readonly kinds?: string[];

  /**
   * Who is let pass besides, by name: operators that write such objects. The control plane need not be named.
   *
   * @default - nobody
   */
  readonly exceptions?: GuardrailException[];

  /**
   * What happens to a change past Git. kubectl shows the warnings of `WARN`.
   *
   * @default GuardrailMode.AUDIT
   */
  readonly mode?: GuardrailMode;

  /**
   * Name of the policy and its binding. Apps whose namespaces differ need different names.
   *
   * @default secure-debug-gitops
   */
  readonly name?: string;

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be named.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

/**
 * Keeps what stands in Git from being changed past it: by edit, scale, patch, rollout restart or delete. Only the GitOps
 * identities, the control plane and exceptions change it; a person does during an emergency, which is a grant of
 * `BreakGlassAccess` in that namespace, and for as long as it lasts.
 *
 * Each change past Git, let through or not, has the annotation `<name>/past-git` in its audit event: what was done to which
 * object, and by whom. One that was let through without `validation_failure` is an emergency; reason and ticket are in the
 * event of the grant's own RoleBinding, which `authorization.k8s.io/reason` names. So a reviewer sees what drifted.
 *
 * Rights by wildcard or system:masters are no emergency. The authorizer names the first grant it finds, and looks at
 * ClusterRoleBindings first: somebody who is cluster-admin by one is refused during an emergency too. Impersonation is out of
 * its reach: whoever may impersonate a GitOps identity is one. So is whoever uses a ServiceAccount of kube-system.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export class GitOpsGuardrail extends Construct {
  /** What is guarded when nothing else is said, sorted by group: workloads, what configures them, and what fences them. */
  public static defaultKinds(): string[] {
    return [...DEFAULT_KINDS];
  }

  /** What is guarded, sorted. */
  public readonly kinds: string[];

  /**
   * @throws on malformed names, system namespaces, no identity, a kind without its API group, kinds that access requests are
   * made of, and a namespace that another GitOpsGuardrail of the cluster guards
   */
  public constructor(scope: Construct, id: string, props: GitOpsGuardrailProps) {
    super(scope, id);
    this.kinds = allOrNothing(this, where, () => emit(this, props));
  }
}

/** The control plane: its controllers, which are ServiceAccounts of kube-system or their manager, and kubelets. */
const NOT_CONTROL_PLANE: MatchCondition[] = [
  { name: 'no-controller', expression: '!request.userInfo.username.startsWith(\'system:serviceaccount:kube-system:\')' },
  { name: 'no-control-plane', expression: '!(request.userInfo.username in [\'system:apiserver\', \'system:kube-controller-manager\', \'system:kube-scheduler\'])' },
  { name: 'no-kubelet', expression: '!(request.userInfo.username.startsWith(\'system:node:\') && has(request.userInfo.groups) && \'system:nodes\' in request.userInfo.groups)' },
];

function emit(guardrail: Construct, props: GitOpsGuardrailProps): string[] {
  const name = objectName(where, 'name', props.name ?? 'secure-debug-gitops');
  const mode = props.mode ?? GuardrailMode.AUDIT;
  const namespaces = guardNamespaces(guardrail, where, 'gitops', props);
  const kinds = kindsOf(where, props.kinds);
  if (!Array.isArray(props.identities) || props.identities.length === 0) {
    reject({ where, field: 'identities', value: props.identities, problem: 'is empty, so nothing could be deployed any more', fix: 'name who applies what stands in Git, e.g. GitOpsIdentity.argoCd()' });
  }
  const exceptions = exceptionsOf(where, [...identityExceptions(where, props.identities), ...props.exceptions ?? []]);

  emitPolicy(guardrail, where, {
    name,
    component: 'gitops-guardrail',
    rules: kindRules(kinds),
    namespaces,
    actions: validationActions(mode),
    annotations: exceptionAnnotation(exceptions),
    matchConditions: [...exceptionConditions(exceptions), ...NOT_CONTROL_PLANE],
    variables: [
      GIVEN_IN_EMERGENCY,
      { name: 'emergency', expression: authorizerCheck(VIRTUAL.emergency) },
      // A request for many, or for a generated name, has none itself.
      { name: 'name', expression: 'request.operation == \'DELETE\' ? oldObject.metadata.name : object.metadata.name' },
      { name: 'kind', expression: 'request.resource.resource + (has(request.subResource) && request.subResource != \'\' ? \'/\' + request.subResource : \'\')' },
      { name: 'shown', expression: 'variables.kind + \' \' + variables.name + \' in \' + request.namespace' },
    ],
    // Two, so that each is told what to do.
    validations: [
      {
        expression: 'variables.emergency.allowed()',
        message: 'this is changed in Git alone: change it there, or break glass',
        messageExpression: 'variables.shown + \' is changed in Git alone: change it there, or in an emergency request break-glass in \' + request.namespace',
      },
      {
        expression: '!variables.emergency.allowed() || variables.emergency.reason().matches(variables.giving)',
        message: 'this is changed in Git alone, and rights by wildcard are no emergency',
        messageExpression: 'variables.shown + \' is changed in Git alone, and rights by wildcard, by a ClusterRoleBinding or by system:masters are no emergency: change it in Git, or break glass as somebody who has none of them\'',
      },
    ],
    auditAnnotations: [{
      key: 'past-git',
      valueExpression: 'request.operation + \' \' + variables.shown + \' by \' + request.userInfo.username + (has(request.dryRun) && request.dryRun ? \' (dry run)\' : \'\')',
    }],
  });
  if (mode === GuardrailMode.AUDIT) SecureDebugWarnings._add(guardrail, 'SD6001', `${name} in ${namespaces.join(', ')}`);
  return kinds;
}
