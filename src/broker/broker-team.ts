import type { BreakGlassOptions } from '../access/break-glass-options';
import type { AccessRequestProps } from '../access/requests/access-request-props';
import type { AttachScope } from '../guardrails/exec-access';
import type { DebugCapability } from '../model/capability';

/** Access that is asked for and approved, for a time. `policyElsewhere` is refused here: `Broker` takes it. */
export interface BrokerRequest extends AccessRequestProps {
  /**
   * What they may do.
   *
   * @default DebugCapability.onCallDefault()
   */
  readonly capabilities?: DebugCapability[];
}

/** Access for the hour in which nobody is left to ask. */
export interface BrokerBreakGlass extends BreakGlassOptions {}

/** Who of a team may debug what, where, and for how long. */
export interface BrokerTeam {
  /** DNS label; each team has its own. */
  readonly name: string;

  /** The namespaces of the team; each belongs to one team. */
  readonly namespaces: string[];

  /**
   * Groups that may debug at any time, without asking.
   *
   * @default - nobody: access is asked for
   */
  readonly onCall?: string[];

  /**
   * What those on call may do.
   *
   * @default DebugCapability.onCallDefault()
   */
  readonly capabilities?: DebugCapability[];

  /**
   * The pods that those on call are limited to for logs, exec, attach, port-forward and debug containers.
   *
   * @default - every pod of the namespaces
   */
  readonly resourceNames?: string[];

  /**
   * Names of the command sets that those on call may use.
   *
   * @default - none: no exec, where the policy has command sets
   */
  readonly commandSets?: string[];

  /**
   * To which containers those on call may attach.
   *
   * @default - AttachScope.DEBUG_CONTAINERS with `debugImages`, since kubectl debug attaches; else AttachScope.NONE
   */
  readonly attach?: AttachScope;

  /**
   * Whether those on call may forward ports.
   *
   * @default false
   */
  readonly portForward?: boolean;

  /**
   * Whether those on call may reach pods and Services through the API server's proxy.
   *
   * @default false
   */
  readonly proxy?: boolean;

  /**
   * Names of the debug images that those on call may use.
   *
   * @default - none: no debug containers, where the policy has debug images
   */
  readonly debugImages?: string[];

  /**
   * Whether those on call may create copies of pods.
   *
   * @default false
   */
  readonly copies?: boolean;

  /**
   * Whether those on call may debug nodes, with the images that they may use.
   *
   * @default false
   */
  readonly nodes?: boolean;

  /**
   * Access that is asked for and approved, one entry for each profile.
   *
   * @default - none
   */
  readonly requests?: BrokerRequest[];

  /**
   * Access for emergencies.
   *
   * @default - none
   */
  readonly breakGlass?: BrokerBreakGlass;

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be named.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}
