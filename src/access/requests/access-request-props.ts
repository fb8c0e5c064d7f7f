import type { Duration } from 'cdk8s';
import type { ApprovalQuorum, GroupDuration } from './terms';

/** Who may request a Role, who approves, and what it lets them do. */
export interface AccessRequestProps {
  /** Groups whose members may ask. */
  readonly requesters: string[];

  /**
   * Groups whose members approve, and may close what others asked for. Nobody approves a request of their own.
   *
   * @default - nobody: every group of requesters is in `autoApprove`
   */
  readonly approvers?: string[];

  /**
   * How many people have to approve, 1 to 5. They are told apart by user name.
   *
   * @default 1
   */
  readonly approvals?: number;

  /**
   * How many of the approvals have to come from which groups.
   *
   * @default - from any
   */
  readonly quorum?: ApprovalQuorum[];

  /**
   * Groups of requesters whose members get what they ask for at once, such as those who are on call. Their request is
   * written down like any other.
   *
   * @default - nobody
   */
  readonly autoApprove?: string[];

  /**
   * Whether a group may both request and approve: its members can approve each other, never themselves.
   *
   * @default false
   */
  readonly selfApproval?: boolean;

  /**
   * The longest access, from 10 minutes to 24 hours. The clock starts when it is asked for, not when it is approved.
   *
   * @default Duration.hours(1)
   */
  readonly maxDuration?: Duration;

  /**
   * Other limits for members of a group; who is in several gets the longest.
   *
   * @default - `maxDuration` for everybody
   */
  readonly maxDurationByGroup?: GroupDuration[];

  /**
   * Regular expression (RE2) that the whole ticket has to match. A ticket is always asked for.
   *
   * @default [A-Z][A-Z0-9]*-[0-9]+
   * @see https://github.com/google/re2/wiki/Syntax
   */
  readonly ticketPattern?: string;

  /**
   * What is asked for, when there are several: the Role is `debug-grant-<profile>`. At most 40 characters.
   *
   * @default - the Role is `debug-grant`
   */
  readonly profile?: string;

  /**
   * The pods that logs, exec, attach, port-forward and debug containers are limited to.
   *
   * @default - every pod of the namespace
   */
  readonly resourceNames?: string[];

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
   * How many RoleBindings there may be in the namespace, as a ResourceQuota. It counts all of them, those of Git too: Kubernetes
   * does not count by label. Nobody has more than one open request for a Role in any case.
   *
   * @default - no limit
   * @see https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-on-object-count
   */
  readonly maxRoleBindings?: number;

  /**
   * Whether another app declares the `AccessRequestPolicy` of this cluster. It has to be applied first: without it,
   * requesters could bind the Role to anybody.
   *
   * @default false
   */
  readonly policyElsewhere?: boolean;
}
