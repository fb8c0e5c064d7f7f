import { DOMAIN } from './constants';
import { PolicyRule } from './policy-rule';

/**
 * Resources that exist in no API: a Role grants verbs on them, and an admission policy asks RBAC who holds them. So
 * what differs by team is an ordinary Role and RoleBinding, which a grant for an hour widens by itself.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#variables (`authorizer`)
 */
export const VIRTUAL_GROUP = DOMAIN;

/** The virtual resources, each with the verb that is asked for and what its names are. Stable from the first release. */
export const VIRTUAL = {
  /** Run the commands of a set; the name is that of the `CommandSet`. */
  commandSet: { resource: 'commandsets', verb: 'use' },
  /** Open a stream that is no exec; the names are those of `STREAMS`. */
  stream: { resource: 'streams', verb: 'use' },
  /** Start a debug container; the name is that of the `DebugImage`. */
  debugImage: { resource: 'debugimages', verb: 'use' },
  /** Start a pod for debugging; the names are `copy` and `node`. */
  debugPod: { resource: 'debugpods', verb: 'use' },
  /** Change what GitOps owns, during an emergency; asked without a name. */
  emergency: { resource: 'emergencies', verb: 'use' },
  /** Bind broad roles, and users and ServiceAccounts, in a namespace during an emergency; asked without a name. */
  binding: { resource: 'bindings', verb: 'administer' },
  /** Ask for a grant; the name is that of the requestable Role. */
  request: { resource: 'accessrequests', verb: 'request' },
  /** Be the subject of one's own request from the start; the name is that of the requestable Role. For those who need no approval. */
  take: { resource: 'accessrequests', verb: 'take' },
  /** Approve and close what others asked for; the name is that of the requestable Role. Which group approves is in its terms. */
  approve: { resource: 'accessrequests', verb: 'approve' },
  /** Create Jobs for the timers of requests; asked without a name. Who holds it, and may not create pods, creates no other Job. */
  timer: { resource: 'accessrequests', verb: 'time' },
  /**
   * Write what governs requests and guardrails: reserved Roles, and RoleBindings that are no requests, in a namespace where
   * requests are governed. Asked without a name. For GitOps identities; a wildcard counts here, since it is no restriction.
   */
  administer: { resource: 'accessrequests', verb: 'administer' },
  /**
   * Delete requests and grants, and no other RoleBinding; asked without a name. For `ExpiredAccessCleanup`. Admission has no
   * clock on DELETE, so no policy can tell whether one is over: the holder can end access early, and never give any. A
   * wildcard counts here too.
   */
  expire: { resource: 'accessrequests', verb: 'expire' },
} as const;

/** The streams besides exec, as names of `VIRTUAL.stream`. */
export const STREAMS = {
  /** Attach to any container. */
  attach: 'attach',
  /** Attach to containers that `kubectl debug` made, told by their name. */
  attachDebugger: 'attach-debugger',
  portForward: 'port-forward',
  podProxy: 'pod-proxy',
  serviceProxy: 'service-proxy',
} as const;

/** How kubectl names the container it makes, unless it is told another name; the guardrail on debug containers keeps to it. */
export const DEBUGGER_PREFIX = 'debugger-';
/** RE2: the containers that may be attached to as such; `kubectl debug node/NAME` calls its own `debugger`. */
export const DEBUGGERS = '^debugger(?:-.*)?$';

/** A right on a virtual resource as an RBAC rule. */
export function virtualRule({ resource, verb }: { readonly resource: string; readonly verb: string }, names: readonly string[]): PolicyRule {
  return { apiGroups: [VIRTUAL_GROUP], resources: [resource], verbs: [verb], resourceNames: [...names] };
}

/** Begin of the Roles that say what a group may use, by guardrail. */
export const EXEC_ROLE = 'debug-exec';
export const CONTAINER_ROLE = 'debug-container';
/** The Role that can be requested for a time, and begin of the others of its kind. */
export const GRANT_ROLE = 'debug-grant';
/** The same for emergencies. */
export const BREAK_GLASS_ROLE = 'break-glass';

/** RE2: names of the Roles that can be requested. They are bound by requests alone (`AccessRequestPolicy`). */
export const RESERVED_ROLES = `(?:${GRANT_ROLE}|${BREAK_GLASS_ROLE})(?:-[a-z0-9-]+)?`;

/**
 * RE2: names of the Roles whose rights on virtual resources count. Somebody who holds `*` holds every virtual right too,
 * so a policy asks which Role gave it. Roles of these names are written by GitOps alone (`BindingGuardrail`).
 */
export const RIGHT_GIVING_ROLES = `(?:${EXEC_ROLE}|${CONTAINER_ROLE})-[a-z0-9-]+|${RESERVED_ROLES}`;
