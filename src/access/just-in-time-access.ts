import { Construct } from 'constructs';
import { capabilitiesOf, Declared, emitGrant, grantOf, namespacesOf } from './grant';
import type { AccessRequestProps } from './requests/access-request-props';
import { declareRequestable } from './requests/declare';
import { grantOfRequestable, Requestable } from './requests/requestable';
import { DebugCapability } from '../model/capability';
import { DebugGrant, IDebugAccess } from '../model/debug-access';
import { DebugSubject } from '../model/subject';
import { GRANT_ROLE } from '../model/virtual-rights';
import { allOrNothing } from '../private/declare';
import { reject } from '../private/errors';
import { groupName } from '../private/validate';

const where = 'JustInTimeAccess';

/** Where people may debug for a time, and how they come by it. */
export interface JustInTimeAccessProps {
  /**
   * Requests, which others approve: the Role `debug-grant` can be had for an hour or so. The cluster decides, and needs
   * nothing besides the `AccessRequestPolicy`.
   *
   * @default - no requests: the identity provider says who is in a just-in-time group
   */
  readonly requests?: AccessRequestProps;

  /**
   * Whether there are Roles for just-in-time groups of the identity provider: `jit-debug` and `jit-cluster-read`.
   *
   * @default - true without `requests`, false with them
   */
  readonly identityProviderGroups?: boolean;

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
 * Debug access for a time. There are two ways, and they go together:
 *
 * - Just-in-time groups: `jit-debug` waits for `jit:oncall:<namespace>`, and `jit-cluster-read` for `jit:oncall:cluster`.
 *   The identity provider decides who carries the group, and for how long.
 * - Requests: people ask for the Role `debug-grant` with a reason and a ticket, others approve, and it ends by itself, about a
 *   second after its time. Terms are annotations on the Role; `AccessRequestPolicy` keeps everybody to them.
 *
 * Whose time is over is refused at the next request; a stream that is open goes on.
 */
export class JustInTimeAccess extends Construct implements IDebugAccess {
  /** @internal */
  public readonly _declared: Declared[];
  /** @internal */
  public readonly _requestable: Requestable[];

  /**
   * @throws on empty or malformed names, system groups or namespaces, wildcards; on a namespace named `cluster`, whose
   * just-in-time group would be that of the cluster; on terms of requests that contradict each other; at synthesis when there
   * are requests, and the cluster has no AccessRequestPolicy
   */
  public constructor(scope: Construct, id: string, props: JustInTimeAccessProps) {
    super(scope, id);
    const { requests } = props;
    const byGroups = props.identityProviderGroups ?? requests === undefined;
    [this._declared, this._requestable] = allOrNothing(this, where, () => {
      check(props, byGroups);
      const declared = byGroups ? declarations(props).map(one => emitGrant(this, where, one)) : [];
      if (requests === undefined) return [declared, []];
      const kind = { where, component: 'just-in-time-access', prefix: 'requests.', roleName: GRANT_ROLE };
      return [declared, declareRequestable(this, kind, namespacesOf(where, props), capabilitiesIn(props), requests)];
    });
  }

  /** What it grants: to groups by namespace, then for the cluster; then what can be requested, whose subjects are those who may ask. */
  public get grants(): DebugGrant[] {
    return [...this._declared.map(grantOf), ...this._requestable.map(grantOfRequestable)];
  }
}

function check(props: JustInTimeAccessProps, byGroups: boolean) {
  if (!byGroups && props.requests === undefined) {
    reject({ where, field: 'identityProviderGroups', value: false, problem: 'is said without requests, so nobody would have access', fix: 'add requests, or leave it out' });
  }
  for (const field of ['groupPrefix', 'clusterRead'] as const) {
    if (!byGroups && props[field] !== undefined) {
      reject({ where, field, value: props[field], problem: 'is about just-in-time groups, and there are none beside requests', fix: 'set identityProviderGroups: true, or leave it out' });
    }
  }
}

function capabilitiesIn(props: JustInTimeAccessProps): DebugCapability[] {
  return capabilitiesOf(where, props.capabilities ?? DebugCapability.onCallDefault(), 'namespace');
}

function declarations(props: JustInTimeAccessProps): Declared[] {
  const prefix = props.groupPrefix ?? 'jit:oncall:';
  groupName(where, 'groupPrefix', prefix);
  const component = 'just-in-time-access';
  const group = (name: string) => [DebugSubject.group(`${prefix}${name}`)];
  const capabilities = capabilitiesIn(props);

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
