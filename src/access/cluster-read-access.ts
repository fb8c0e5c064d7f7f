import { Construct } from 'constructs';
import { capabilitiesOf, Declared, emitGrant, grantOf, subjectsOf } from './grant';
import { DebugCapability } from '../model/capability';
import { DebugGrant, IDebugAccess } from '../model/debug-access';
import { DebugSubject } from '../model/subject';
import { allOrNothing } from '../private/declare';

/** Who may read which cluster-scoped objects. */
export interface ClusterReadAccessProps {
  /**
   * The group of the identity provider.
   *
   * @default - `groups` or `subjects` say who
   */
  readonly group?: string;

  /**
   * Several groups.
   *
   * @default - `group` or `subjects` say who
   */
  readonly groups?: string[];

  /**
   * Subjects from cdk8s-plus, or the rare one that is no group.
   *
   * @default - only `group` and `groups`
   */
  readonly subjects?: DebugSubject[];

  /**
   * Capabilities on cluster-scoped objects.
   *
   * @default - READ_NODES and READ_NAMESPACES
   */
  readonly capabilities?: DebugCapability[];

  /**
   * Name of the ClusterRole and ClusterRoleBinding.
   *
   * @default debug-cluster-read
   */
  readonly name?: string;
}

/**
 * Lets a group read nodes and namespaces. It reaches into no namespace: capabilities that would are refused.
 */
export class ClusterReadAccess extends Construct implements IDebugAccess {
  /** @internal */
  public readonly _declared: Declared[];

  /** @throws on empty or malformed names, those of built-in ClusterRoles, system groups, wildcards, and capabilities that reach into namespaces */
  public constructor(scope: Construct, id: string, props: ClusterReadAccessProps) {
    super(scope, id);
    const where = 'ClusterReadAccess';
    this._declared = allOrNothing(this, where, () => [emitGrant(this, where, {
      component: 'cluster-read-access',
      roleName: props.name ?? 'debug-cluster-read',
      subjects: subjectsOf(where, props),
      capabilities: capabilitiesOf(where, props.capabilities ?? [DebugCapability.READ_NODES, DebugCapability.READ_NAMESPACES], 'cluster'),
    })]);
  }

  /** What it grants: one grant, for the cluster. */
  public get grants(): DebugGrant[] {
    return this._declared.map(grantOf);
  }
}
