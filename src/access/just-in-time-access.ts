import { Construct } from 'constructs';
import { capabilitiesOf, Declared, emitGrant, grantOf, namespacesOf } from './grant';
import { DebugCapability } from '../model/capability';
import { DebugGrant, IDebugAccess } from '../model/debug-access';
import { DebugSubject } from '../model/subject';
import { allOrNothing } from '../private/declare';
import { reject } from '../private/errors';
import { groupName } from '../private/validate';

const where = 'JustInTimeAccess';

/** Where just-in-time groups may debug. */
export interface JustInTimeAccessProps {
  /**
   * The namespace, by name.
   *
   * @default - `namespaces` says where
   */
  readonly namespace?: string;

  /**
   * Several namespaces; each is bound to a group of its own.
   *
   * @default - `namespace` says where
   */
  readonly namespaces?: string[];

  /**
   * Begin of the groups that the identity provider puts into a token for a limited time; the namespace follows it.
   *
   * @default jit:oncall:
   */
  readonly groupPrefix?: string;

  /**
   * What the members may do.
   *
   * @default DebugCapability.onCallDefault()
   */
  readonly capabilities?: DebugCapability[];

  /**
   * Also `jit-cluster-read`: nodes and namespaces, for the group `<groupPrefix>cluster`.
   *
   * @default true
   */
  readonly clusterRead?: boolean;

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be named.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

/**
 * The roles that wait for a just-in-time group: `jit-debug` for `jit:oncall:<namespace>`, and `jit-cluster-read`
 * for `jit:oncall:cluster`. The identity provider decides who carries the group, and for how long; an ended token
 * is refused at the next request, but does not end a stream that is open.
 */
export class JustInTimeAccess extends Construct implements IDebugAccess {
  /** @internal */
  public readonly _declared: Declared[];

  /** @throws on empty or malformed names, system groups or namespaces, wildcards; also on a namespace named `cluster`, whose group would be that of the cluster */
  public constructor(scope: Construct, id: string, props: JustInTimeAccessProps) {
    super(scope, id);
    this._declared = allOrNothing(this, where, () => declarations(props).map(one => emitGrant(this, where, one)));
  }

  /** What it grants: by namespace, then for the cluster. */
  public get grants(): DebugGrant[] {
    return this._declared.map(grantOf);
  }
}

function declarations(props: JustInTimeAccessProps): Declared[] {
  const prefix = props.groupPrefix ?? 'jit:oncall:';
  groupName(where, 'groupPrefix', prefix);
  const component = 'just-in-time-access';
  const group = (name: string) => [DebugSubject.group(`${prefix}${name}`)];
  const capabilities = capabilitiesOf(where, props.capabilities ?? DebugCapability.onCallDefault(), 'namespace');

  const namespaces = namespacesOf(where, props);
  if (namespaces.includes('cluster')) {
    reject({
      where,
      field: 'namespaces',
      value: 'cluster',
      problem: `has the group "${prefix}cluster", which is that of jit-cluster-read`,
      fix: 'declare OnCallDebugAccess with name: "jit-debug" and a group of its own for this namespace',
    });
  }
  const declared: Declared[] = namespaces.map(namespace => ({ component, roleName: 'jit-debug', namespace, subjects: group(namespace), capabilities }));
  if (props.clusterRead ?? true) {
    declared.push({ component, roleName: 'jit-cluster-read', subjects: group('cluster'), capabilities: [DebugCapability.READ_NAMESPACES, DebugCapability.READ_NODES] });
  }
  return declared;
}
