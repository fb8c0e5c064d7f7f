import { DOMAIN } from './constants';

/**
 * How a request for access, and the grant it becomes, is written down: a RoleBinding to a requestable Role, which carries
 * its own terms as annotations. What the policies enforce, the command line writes and the clean-up reads stands here once.
 *
 * A request is a RoleBinding without subjects. Each approver adds a line to `approvals`; with the last one the requester
 * becomes its one subject. A closed one (denied, revoked, withdrawn) has no subject, and never gets one again.
 */

/** Label of a Role that can be requested; the policy takes the Roles that have it as its parameters. */
export const REQUESTABLE = `${DOMAIN}/requestable`;
/** Label of every request; the value is the name of its Role. */
export const REQUEST_FOR = `${DOMAIN}/request-for`;

/** Annotations of a requestable Role: its terms. Lists have one entry a line. */
export const TERMS = {
  /** The longest grant in seconds. */
  maxSeconds: `${DOMAIN}/max-seconds`,
  /** `GROUP=SECONDS` a line: other limits for members of a group; who is in several gets the longest. */
  maxSecondsByGroup: `${DOMAIN}/max-seconds-by-group`,
  /** How many people have to approve: 1 to 5; whoever is in `autoApprove` needs none. */
  approvals: `${DOMAIN}/approvals-needed`,
  /** Groups whose members may approve, and close what others requested. */
  approvers: `${DOMAIN}/approvers`,
  /** `GROUP=NUMBER` a line: how many of the approvals have to come from each group. */
  quorum: `${DOMAIN}/quorum`,
  /** Groups whose members get what they request at once. */
  autoApprove: `${DOMAIN}/auto-approve`,
  /** RE2 that the whole ticket has to match. */
  ticketPattern: `${DOMAIN}/ticket-pattern`,
} as const;

/** Annotations of a request. The first four are given when it is created and never change. */
export const REQUEST = {
  /** User name of the person who asked; the only subject that it can ever get. */
  requestedBy: `${DOMAIN}/requested-by`,
  /** Why, in words. */
  reason: `${DOMAIN}/request-reason`,
  /** The incident. */
  ticket: `${DOMAIN}/ticket`,
  /**
   * When it ends: `2026-03-01T18:00:00Z`, always UTC, whole seconds. It is the creationTimestamp of the timer and its
   * seconds, by the clock of the API server: later is refused, and so is anything earlier by more than `TIMER_SLACK`,
   * for the access would last longer than it says.
   */
  expiresAt: `${DOMAIN}/expires-at`,
  /** `USER as GROUP` a line, in order of approval. */
  approvals: `${DOMAIN}/approvals`,
  /** `denied`, `revoked` (by an approver) or `withdrawn` (by the requester). */
  closed: `${DOMAIN}/closed`,
  /** User name of who closed it. */
  closedBy: `${DOMAIN}/closed-by`,
  /** Why it was closed. */
  closedReason: `${DOMAIN}/closed-reason`,
} as const;

/** What stands between the user and the group of an approval. */
export const APPROVES_AS = ' as ';

/** Begin of the timer's name: `debug-timer-<seconds>-<anything>`. The seconds are its activeDeadlineSeconds. */
export const TIMER_PREFIX = 'debug-timer-';

/** The longest access in seconds: a day. */
export const LONGEST_TIMER = 86_400;

/** By how many seconds the timer may be older than the request. */
export const TIMER_SLACK = 60;

/** RE2 of a timer's name; the longest deadline has six digits. */
export const TIMER_NAME = `^${TIMER_PREFIX}[1-9][0-9]{0,5}-[a-z0-9]{1,20}$`;

/** What a timer's pod template names as its image; no pod is ever made of it. */
export const TIMER_IMAGE = 'secure-debug.internal/no-pod-runs:1';

/**
 * Name of the request of a person for a Role: one each, so that grants never stack. `/` and `%` cannot stand in a name,
 * and user names of OpenID Connect contain them.
 */
export function requestName(role: string, user: string): string {
  return `${role}:${user.replace(/[/%]/g, '|')}`;
}

/**
 * The timer of a grant: a Job that runs no pod, ends when its deadline has passed, and is removed at once; what it owns,
 * the RoleBinding, goes with it. It needs no controller of ours, so nothing of ours has to be up for a grant to end.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup
 */
export function timerSpec(seconds: number) {
  return {
    activeDeadlineSeconds: seconds,
    backoffLimit: 0,
    parallelism: 0,
    ttlSecondsAfterFinished: 0,
    template: {
      spec: {
        automountServiceAccountToken: false,
        containers: [{
          name: 'timer',
          image: TIMER_IMAGE,
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        }],
        restartPolicy: 'Never',
      },
    },
  };
}
