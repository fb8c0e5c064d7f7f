import { Construct } from 'constructs';
import { CommandSet } from './command-set';
import { emitRights, namespacesAndGroups, RightHolders } from './rights';
import { EXEC_ROLE, STREAMS, VIRTUAL, virtualRule } from '../model/virtual-rights';
import { byCodeUnit } from '../private/canonical';
import { allOrNothing } from '../private/declare';
import { reject } from '../private/errors';
import { dnsLabel, each } from '../private/validate';

/** To which containers somebody may attach. */
export enum AttachScope {
  /** To none. */
  NONE = 'none',
  /** To those that `kubectl debug` made: their name is `debugger`, or begins with `debugger-`. */
  DEBUG_CONTAINERS = 'debug-containers',
  /** To any, also to the standard streams of the application. */
  ANY = 'any',
}

/** What groups may do through an `ExecGuardrail`, and where. It comes on top of RBAC: both have to allow. */
export interface ExecAllowance {
  /**
   * The namespace, by name.
   *
   * @default - `namespaces` says where
   */
  readonly namespace?: string;

  /**
   * Several namespaces.
   *
   * @default - `namespace` says where
   */
  readonly namespaces?: string[];

  /**
   * The group of the identity provider.
   *
   * @default - `groups` says who
   */
  readonly group?: string;

  /**
   * Several groups; each gets the same.
   *
   * @default - `group` says who
   */
  readonly groups?: string[];

  /**
   * Names of the command sets they may use.
   *
   * @default - none: no exec
   */
  readonly commandSets?: string[];

  /**
   * To which containers they may attach. `kubectl debug` attaches to the container it makes.
   *
   * @default AttachScope.NONE
   */
  readonly attach?: AttachScope;

  /**
   * Whether they may forward ports. To which one is in the stream, where no policy sees it.
   *
   * @default false
   */
  readonly portForward?: boolean;

  /**
   * Whether they may reach pods and Services through the API server's proxy.
   *
   * @default false
   */
  readonly proxy?: boolean;

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be named.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

/**
 * Says which groups may use which command sets and streams in which namespaces, for clusters whose `ExecGuardrail` is in
 * another app: the guardrail exists once for a cluster, what differs by team is this. It emits a Role and RoleBinding
 * `debug-exec-<group>` in each namespace, on resources that exist in no API.
 */
export class ExecAccess extends Construct {
  /** @throws on malformed names, system groups or namespaces, and when nothing is allowed */
  public constructor(scope: Construct, id: string, props: ExecAllowance) {
    super(scope, id);
    const where = 'ExecAccess';
    allOrNothing(this, where, () => emitExecRights(this, where, checkExecAllowance(where, '', props)));
  }
}

/** An allowance whose names are checked, sorted. */
interface CheckedExecAllowance extends RightHolders {
  readonly commandSets: string[];
  readonly streams: string[];
}

/** @param field begin of the fields' names, such as `allow[0].` */
export function checkExecAllowance(where: string, field: string, allowance: ExecAllowance): CheckedExecAllowance {
  const { commandSets, attach = AttachScope.NONE, portForward = false, proxy = false } = allowance;
  const holders = namespacesAndGroups(where, field, allowance);
  if (commandSets !== undefined) {
    if (commandSets.some(set => (set as unknown) instanceof CommandSet)) {
      reject({ where, field: `${field}commandSets`, value: commandSets.map(String), problem: 'are the sets themselves', fix: 'give their names, e.g. set.name' });
    }
    each(where, `${field}commandSets`, commandSets, 'command set', (at, value) => dnsLabel(where, at, value, 'the name of a command set such as "diagnostics"'));
  }
  const streams = [
    ...attach === AttachScope.ANY ? [STREAMS.attach] : attach === AttachScope.DEBUG_CONTAINERS ? [STREAMS.attachDebugger] : [],
    ...portForward ? [STREAMS.portForward] : [],
    ...proxy ? [STREAMS.podProxy, STREAMS.serviceProxy] : [],
  ];
  if (!commandSets && streams.length === 0) {
    reject({ where, field: `${field}commandSets`, value: commandSets, problem: 'is missing, and no stream is allowed either: nobody would be allowed anything', fix: 'name a command set, or allow attach, portForward or proxy' });
  }
  return { ...holders, commandSets: [...commandSets ?? []].sort(byCodeUnit), streams: [...streams].sort(byCodeUnit) };
}

/** A Role for each group in each namespace, since the groups of one namespace may be declared in several apps. */
export function emitExecRights(scope: Construct, where: string, allowance: CheckedExecAllowance): void {
  emitRights(scope, where, EXEC_ROLE, allowance, [
    ...allowance.commandSets.length ? [virtualRule(VIRTUAL.commandSet, allowance.commandSets)] : [],
    ...allowance.streams.length ? [virtualRule(VIRTUAL.stream, allowance.streams)] : [],
  ]);
}
