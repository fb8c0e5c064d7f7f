import { AuditLevel } from '../model/audit-level';

/**
 * When, in the life of a request, an event is written.
 *
 * @see https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
 */
export enum AuditStage {
  /** It arrived. */
  REQUEST_RECEIVED = 'RequestReceived',
  /** The head of the answer is sent, the body follows: long-running requests only (watch, logs, exec, attach, port-forward). */
  RESPONSE_STARTED = 'ResponseStarted',
  /** It ended; for a stream, when the session ended. */
  RESPONSE_COMPLETE = 'ResponseComplete',
  /** The API server failed on it. */
  PANIC = 'Panic',
}

/** Resources of one API group. */
export interface AuditResources {
  /** API group, `''` for core, `*` for every group. */
  readonly group: string;

  /**
   * Resources in plural. `pods` is not its subresources; `pods/log` is one of them, `pods/*` is pods and all its
   * subresources, `*` is everything; an asterisk before the slash stands for any resource that has the subresource.
   *
   * @default - every resource and subresource of the group
   */
  readonly resources?: string[];

  /**
   * Names of objects, compared with the name in the URL: a creation by POST has none.
   *
   * @default - every object
   */
  readonly resourceNames?: string[];
}

/**
 * One rule of an audit policy. A request must match every field that is given; the first rule that matches decides.
 * Nothing but `resources` and `nonResourceUrls` knows wildcards.
 *
 * @see https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-PolicyRule
 */
export interface AuditRule {
  /** How much is recorded. */
  readonly level: AuditLevel;

  /**
   * Why the rule exists: the comment above it in the file.
   *
   * @default - no comment
   */
  readonly reason?: string;

  /**
   * Users, as they authenticated. Who impersonates counts, not who is impersonated.
   *
   * @default - every user
   */
  readonly users?: string[];

  /**
   * Groups, one of which the user has; of the original caller, before impersonation.
   *
   * @default - every group
   */
  readonly userGroups?: string[];

  /**
   * Verbs: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; of a non-resource URL
   * the HTTP method in lower case. A stream such as exec is `get` by WebSocket and `create` by SPDY.
   *
   * @default - every verb
   */
  readonly verbs?: string[];

  /**
   * Resources; a rule has these or `nonResourceUrls`.
   *
   * @default - every resource
   */
  readonly resources?: AuditResources[];

  /**
   * Namespaces, `''` for what is in none.
   *
   * @default - every namespace
   */
  readonly namespaces?: string[];

  /**
   * Paths that are no resources, such as `/healthz*`; an asterisk only at the end.
   *
   * @default - every path, if there are no resources and namespaces either
   */
  readonly nonResourceUrls?: string[];

  /**
   * Stages that are not recorded, beside those of the policy.
   *
   * @default - only those of the policy
   */
  readonly omitStages?: AuditStage[];

  /**
   * Whether managedFields are left out of recorded bodies.
   *
   * @default - as the policy says
   */
  readonly omitManagedFields?: boolean;
}
