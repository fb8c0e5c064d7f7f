import { Construct } from 'constructs';
import { Declared, emitGrant, grantOf, namespacesOf, subjectsOf } from './grant';
import { DebugCapability } from '../model/capability';
import { DebugGrant, IDebugAccess } from '../model/debug-access';
import { DebugSubject } from '../model/subject';
import { allOrNothing } from '../private/declare';

/** Who may read what, where. */
export interface ReadOnlyAccessProps {
  /**
   * The namespace, by name.
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
   * The group of the identity provider, e.g. `developers`.
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
   * Name of the Roles and RoleBindings.
   *
   * @default debug-read
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
 * Lets a group read workloads, events and logs of a namespace: the first path of an incident, and the one that
 * needs no approval. Nothing in it acts inside a container, and no Secret is readable.
 */
export class ReadOnlyAccess extends Construct implements IDebugAccess {
  /** @internal */
  public readonly _declared: Declared[];

  /** @throws on empty or malformed names, system groups or namespaces, wildcards */
  public constructor(scope: Construct, id: string, props: ReadOnlyAccessProps) {
    super(scope, id);
    const where = 'ReadOnlyAccess';
    this._declared = allOrNothing(this, where, () => {
      const subjects = subjectsOf(where, props);
      return namespacesOf(where, props).map(namespace => emitGrant(this, where, {
        component: 'read-only-access', roleName: props.name ?? 'debug-read', namespace, subjects, capabilities: DebugCapability.readOnlyDefault(),
      }));
    });
  }

  /** What it grants, by namespace. */
  public get grants(): DebugGrant[] {
    return this._declared.map(grantOf);
  }
}
