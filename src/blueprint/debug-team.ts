import type { DebugCapability } from '../model/capability';
import type { NetworkAllow } from '../network/network-allow';

/** A team: its namespaces, who of it is on call, and who approves. For more than that, write a `BrokerPolicy`. */
export interface DebugTeam {
  /** DNS label; each team has its own. */
  readonly name: string;

  /** The namespaces of the team; each belongs to one team. */
  readonly namespaces: string[];

  /** The group of those on call, e.g. `oncall-payments`. */
  readonly onCall: string;

  /** The group of those who approve, and who may revoke. Nobody approves what they asked for themselves. */
  readonly approvers: string;

  /**
   * What those on call may do.
   *
   * @default DebugCapability.onCallDefault()
   */
  readonly capabilities?: DebugCapability[];

  /**
   * Groups that may ask for debug access for a time, from the phase BROKER on.
   *
   * @default - nobody but those on call
   */
  readonly requesters?: string[];

  /**
   * Whether those on call ask too, from the phase BROKER on: what stands then is to read, and debug access is granted at
   * once for an hour, with a reason and a ticket.
   *
   * @default false
   */
  readonly debugByRequest?: boolean;

  /**
   * What may pass the network fences of the namespaces; `[]` closes them.
   *
   * @default - no fences: another app has them
   */
  readonly network?: NetworkAllow[];
}
