import { Construct } from 'constructs';
import { capabilitiesOf, Declared, emitGrant, grantOf, namespacesOf, podNames, subjectsOf } from './grant';
import { DebugCapability } from '../model/capability';
import { DebugGrant, IDebugAccess } from '../model/debug-access';
import { DebugSubject } from '../model/subject';
import { allOrNothing } from '../private/declare';

/** Who may debug what, where. */
export interface OnCallDebugAccessProps {
  /**
   * The namespace, by name (`ns.name` of a cdk8s-plus Namespace).
   *
   * @default - `namespaces` says where
   */
  readonly namespace?: string;

  /**
   * Several namespaces; each gets its own Role and RoleBinding.
   *
   * @default - `namespace` says where
   */
  readonly namespaces?: string[];

  /**
   * The group of the identity provider, e.g. `oncall-payments`.
   *
   * @default - `groups` or `subjects` say who
   */
  readonly group?: string;

  /**
   * Several groups; all of them get the same.
   *
   * @default - `group` or `subjects` say who
   */
  readonly groups?: string[];

  /**
   * Subjects from cdk8s-plus, or the rare one that is no group (with a reason, kept as an annotation).
   *
   * @default - only `group` and `groups`
   */
  readonly subjects?: DebugSubject[];

  /**
   * What they may do.
   *
   * @default DebugCapability.onCallDefault()
   */
  readonly capabilities?: DebugCapability[];

  /**
   * RBAC resourceNames: the pods that logs, exec, attach, port-forward and debug containers are limited to. Pods of a
   * StatefulSet keep their names; those of a Deployment do not. Lists stay namespace-wide, RBAC cannot filter them.
   * Refused beside POD_COPY and NODE_DEBUG: whoever may create pods is held by no name.
   *
   * @default - every pod of the namespace
   * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
   */
  readonly resourceNames?: string[];

  /**
   * Name of the Roles and RoleBindings. The audit log names it in every request it allowed.
   *
   * @default oncall-debug
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
 * Lets an on-call group debug the pods of a namespace: a Role with exactly what kubectl of every version needs,
 * bound to the group.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */
export class OnCallDebugAccess extends Construct implements IDebugAccess {
  /** @internal */
  public readonly _declared: Declared[];

  /**
   * @throws on empty or malformed names, system groups or namespaces, wildcards, cluster-scoped capabilities,
   * resourceNames beside a capability that they cannot limit, and when the same role is declared elsewhere with
   * other content
   */
  public constructor(scope: Construct, id: string, props: OnCallDebugAccessProps) {
    super(scope, id);
    const where = 'OnCallDebugAccess';
    this._declared = allOrNothing(this, where, () => {
      const namespaces = namespacesOf(where, props);
      const subjects = subjectsOf(where, props);
      const capabilities = capabilitiesOf(where, props.capabilities ?? DebugCapability.onCallDefault(), 'namespace');
      const resourceNames = props.resourceNames === undefined ? undefined : podNames(where, props.resourceNames, capabilities);
      return namespaces.map(namespace => emitGrant(this, where, {
        component: 'oncall-debug-access', roleName: props.name ?? 'oncall-debug', namespace, subjects, capabilities, resourceNames,
      }));
    });
  }

  /** What it grants, by namespace. */
  public get grants(): DebugGrant[] {
    return this._declared.map(grantOf);
  }
}
