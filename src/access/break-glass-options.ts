import type { Duration } from 'cdk8s';
import type { DebugCapability } from '../model/capability';
import type { PolicyRule } from '../model/policy-rule';

/** Who may break the glass, and what it opens. */
export interface BreakGlassOptions {
  /** Groups whose members may ask. They get it at once, unless `approvals` says otherwise. */
  readonly requesters: string[];

  /**
   * Groups whose members may revoke it, and approve it if `approvals` is given.
   *
   * @default - nobody
   */
  readonly approvers?: string[];

  /**
   * How many people have to approve, 1 to 5. Ask for this where somebody who approves is awake at all hours.
   *
   * @default - nobody: requesters get it at once
   */
  readonly approvals?: number;

  /**
   * The longest access, from 10 minutes to 24 hours. The clock starts when it is asked for.
   *
   * @default Duration.hours(1)
   */
  readonly maxDuration?: Duration;

  /**
   * Regular expression (RE2) that the whole ticket has to match. A reason and a ticket are always asked for.
   *
   * @default [A-Z][A-Z0-9]*-[0-9]+
   */
  readonly ticketPattern?: string;

  /**
   * What they may do.
   *
   * @default DebugCapability.onCallDefault()
   */
  readonly capabilities?: DebugCapability[];

  /**
   * What else an emergency takes, such as to patch Deployments. Neither wildcards nor Secrets, nor anything by which more
   * rights could be had.
   *
   * @default - nothing
   */
  readonly extraRules?: PolicyRule[];

  /**
   * Whether it is a declared emergency, in which a `GitOpsGuardrail` lets people change what Git owns.
   *
   * @default true
   */
  readonly emergencies?: boolean;

  /**
   * Names of the command sets of an `ExecGuardrail` that may be used meanwhile.
   *
   * @default - none
   */
  readonly commandSets?: string[];

  /**
   * Names of the debug images of a `DebugContainerGuardrail` that may be used meanwhile.
   *
   * @default - none
   */
  readonly debugImages?: string[];

  /**
   * The pods that logs, exec, attach, port-forward and debug containers are limited to.
   *
   * @default - every pod of the namespace
   */
  readonly resourceNames?: string[];

  /**
   * What is asked for, when there are several: the Role is `break-glass-<profile>`. At most 40 characters.
   *
   * @default - the Role is `break-glass`
   */
  readonly profile?: string;
}
