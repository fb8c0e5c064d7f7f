/** By which way somebody came in. `outside` is every way that nobody declared; `none` is of what RBAC refused, for it led nowhere. */
export type PathClass = 'on-call' | 'read-only' | 'just-in-time' | 'break-glass' | 'gateway' | 'gitops-emergency' | 'outside' | 'none';

/** What became of it: it ended, it was refused, it failed, or the log ends before it does. */
export type SessionOutcome = 'completed' | 'refused' | 'failed' | 'open';

/** A binding, as the API server names it when it allows something. */
export interface GrantRef {
  readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
  readonly name: string;
  readonly namespace?: string;
  /** `Role/oncall-debug` or `ClusterRole/cluster-admin`. */
  readonly role: string;
}

/** The request for access behind a grant, as the log tells of it. */
export interface RequestRef {
  readonly name: string;
  readonly reason?: string;
  readonly ticket?: string;
  readonly approvers: string[];
  readonly requestedAt?: string;
  readonly expiresAt?: string;
}

/** One use of debug access: what belongs together of the events in an audit log. Times are RFC 3339 in UTC with microseconds. */
export interface DebugSession {
  /** The audit ID of its first request. */
  readonly id: string;
  /** Where logs of several clusters were read. */
  readonly cluster?: string;
  readonly start: string;
  readonly end?: string;
  readonly seconds?: number;
  readonly outcome: SessionOutcome;
  /** Who RBAC and the policies saw. */
  readonly user: string;
  readonly groups: string[];
  /** Who logged in, when they acted as somebody else. */
  readonly impersonator?: string;
  readonly path: PathClass;
  /** Why it is outside: `cluster-admin`, `system:masters`, `node proxy`, `service account`, … */
  readonly outside?: string;
  /** The id of the capability in the model: `exec`, `attach`, `port-forward`, `ephemeral-containers`, … */
  readonly capability: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly container?: string;
  /** Words of the command. What was typed afterwards is in no audit log. */
  readonly command?: string[];
  readonly image?: string;
  readonly ports?: string[];
  /** What was changed, when it is no pod that was entered: `deployments.apps/web`. */
  readonly object?: string;
  /** The binding that the API server named: the first that matched. */
  readonly grant?: GrantRef;
  readonly request?: RequestRef;
  /** Others of the same person that were active then. */
  readonly otherGrants: (GrantRef & { readonly request?: RequestRef })[];
  /** Why it was refused. */
  readonly refusal?: { readonly by: 'rbac' | 'guardrail' | 'other'; readonly policy?: string; readonly message: string };
  /** Guardrails that only watched and would have refused it. */
  readonly wouldDeny: string[];
  readonly client: string;
  readonly sources: string[];
  /** How many events of the log it is made of. */
  readonly events: number;
}

/** All that was found in some logs. */
export interface AuditReport {
  readonly logs: { readonly name: string; readonly events: number; readonly cluster?: string }[];
  /** Of the events. */
  readonly from?: string;
  readonly to?: string;
  readonly sessions: DebugSession[];
  /** What of the logs could not be read: by file, with a sentence each. */
  readonly damage: string[];
}
