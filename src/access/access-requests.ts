import { APPROVES_AS, REQUEST, REQUEST_FOR, REQUESTABLE, requestName, TERMS, TIMER_PREFIX, timerSpec } from '../model/access-request';
import { VIRTUAL_GROUP } from '../model/virtual-rights';
import { reject } from '../private/errors';

const where = 'AccessRequests';
const RBAC = 'rbac.authorization.k8s.io';

/** What a Role that can be requested says about requests for it. */
export interface RequestTerms {
  /** Name of the Role. */
  readonly role: string;
  /** Its namespace. */
  readonly namespace: string;
  /** The longest grant in seconds, for who is in no group of `maxSecondsByGroup`. */
  readonly maxSeconds: number;
  /** The longest grant in seconds by group. */
  readonly maxSecondsByGroup: { [group: string]: number };
  /** How many people have to approve. */
  readonly approvals: number;
  /** Groups whose members approve. */
  readonly approvers: string[];
  /** How many of the approvals have to come from each group. */
  readonly quorum: { [group: string]: number };
  /** Groups whose members get what they request at once. */
  readonly autoApprove: string[];
  /**
   * RE2 that the whole ticket has to match.
   *
   * @default - any ticket
   */
  readonly ticketPattern?: string;
}

/** One approval of a request. */
export interface RequestApproval {
  /** User name of the approver. */
  readonly user: string;
  /** The group as whose member they approved. */
  readonly group: string;
}

/** Where a request stands. */
export enum RequestState {
  /** Waits for approvals. */
  PENDING = 'pending',
  /** The requester has the rights of the Role. */
  ACTIVE = 'active',
  /** Its time is over; its timer removes it, or should have. */
  EXPIRED = 'expired',
  /** An approver said no. */
  DENIED = 'denied',
  /** An approver ended it. */
  REVOKED = 'revoked',
  /** The requester ended it. */
  WITHDRAWN = 'withdrawn',
}

/** A request for access, as its RoleBinding says. */
export interface AccessRequest {
  /** Name of the RoleBinding. */
  readonly name: string;
  /** Its namespace. */
  readonly namespace: string;
  /** The requested Role. */
  readonly role: string;
  /** User name of who asked. */
  readonly requestedBy: string;
  /** Why. */
  readonly reason: string;
  /** The incident; empty when it names none. */
  readonly ticket: string;
  /** When it was asked for: RFC 3339, UTC. */
  readonly requestedAt: string;
  /** When it ends: RFC 3339, UTC. */
  readonly expiresAt: string;
  /** Who approved, in order. */
  readonly approvals: RequestApproval[];
  /** Whether the Role is bound to the requester. */
  readonly granted: boolean;
  /** Name of the timer. */
  readonly timer: string;
  /**
   * `denied`, `revoked` or `withdrawn`.
   *
   * @default - it is open
   */
  readonly closed?: RequestState;
  /**
   * Who closed it.
   *
   * @default - it is open
   */
  readonly closedBy?: string;
  /**
   * Why it was closed.
   *
   * @default - it is open
   */
  readonly closedReason?: string;
  /** Kubernetes' id of the RoleBinding; another one of the same name has another. */
  readonly uid: string;
  /** Changes with each write; a patch that carries it fails when somebody was faster. */
  readonly resourceVersion: string;
}

/** What a new request says. */
export interface NewAccessRequest {
  /** Where. */
  readonly namespace: string;
  /** The Role, e.g. `debug-grant`. */
  readonly role: string;
  /** User name of who asks, as the API server calls them. */
  readonly requestedBy: string;
  /** Why. */
  readonly reason: string;
  /**
   * The incident.
   *
   * @default - none
   */
  readonly ticket?: string;
  /** When it ends: RFC 3339, UTC, whole seconds, e.g. `2026-03-01T18:00:00Z`. */
  readonly expiresAt: string;
  /** Name of the timer. */
  readonly timer: string;
  /** Kubernetes' id of the timer. */
  readonly timerUid: string;
  /**
   * The requester is in a group that needs no approval, and has the Role at once.
   *
   * @default false
   */
  readonly granted?: boolean;
}

/**
 * How requests for access are written and read, for programs of one's own (a chat bot, a portal); the command line
 * `secure-debug` uses nothing else. Pure functions: they return objects and patches, and ask no cluster. What may be
 * written is decided by the policies in the API server, whatever a program does.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#rolebinding-and-clusterrolebinding
 */
export class AccessRequests {
  /** Label of the Roles that can be requested; its value is `true`. */
  public static readonly REQUESTABLE_LABEL = REQUESTABLE;
  /** Label of every request; its value is the name of the Role. */
  public static readonly REQUEST_LABEL = REQUEST_FOR;
  /** API group of the virtual resources that guardrails ask about; rules of Roles name it. */
  public static readonly RIGHTS_GROUP = VIRTUAL_GROUP;

  /** Name of a person's request for a Role; there is one each, so that grants never stack. */
  public static nameOf(role: string, user: string): string {
    return requestName(role, user);
  }

  /** Name of a timer of so many seconds; `unique` has 1 to 20 lower-case letters and digits. */
  public static timerName(seconds: number, unique: string): string {
    return `${TIMER_PREFIX}${seconds}-${unique}`;
  }

  /** The timer: a Job that runs no pod, ends after so many seconds, and takes the RoleBinding with it. */
  public static timer(namespace: string, seconds: number, unique: string): any {
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > 999_999) {
      reject({ where, field: 'seconds', value: seconds, problem: 'is no number of seconds of up to six digits', fix: 'give a whole number, e.g. 1800' });
    }
    return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: AccessRequests.timerName(seconds, unique), namespace }, spec: timerSpec(seconds) };
  }

  /** The RoleBinding that asks. */
  public static manifest(request: NewAccessRequest): any {
    return {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: {
        name: requestName(request.role, request.requestedBy),
        namespace: request.namespace,
        labels: { [REQUEST_FOR]: request.role },
        annotations: {
          [REQUEST.requestedBy]: request.requestedBy,
          [REQUEST.reason]: request.reason,
          ...request.ticket && { [REQUEST.ticket]: request.ticket },
          [REQUEST.expiresAt]: request.expiresAt,
        },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: request.timer, uid: request.timerUid }],
      },
      roleRef: { apiGroup: RBAC, kind: 'Role', name: request.role },
      ...request.granted && { subjects: [subject(request.requestedBy)] },
    };
  }

  /** The terms of a Role, or undefined when it cannot be requested. */
  public static termsOf(role: any): RequestTerms | undefined {
    if (role?.metadata?.labels?.[REQUESTABLE] !== 'true') return undefined;
    const terms = role.metadata.annotations ?? {};
    return {
      role: role.metadata.name,
      namespace: role.metadata.namespace,
      maxSeconds: Number(terms[TERMS.maxSeconds] ?? 0),
      maxSecondsByGroup: numbers(terms[TERMS.maxSecondsByGroup]),
      approvals: Number(terms[TERMS.approvals] ?? 1),
      approvers: lines(terms[TERMS.approvers]),
      quorum: numbers(terms[TERMS.quorum]),
      autoApprove: lines(terms[TERMS.autoApprove]),
      ticketPattern: terms[TERMS.ticketPattern],
    };
  }

  /** The longest grant in seconds for a member of these groups: the longest of their groups' limits, else the Role's. */
  public static maxSecondsFor(terms: RequestTerms, groups: string[]): number {
    const own = groups.map(group => terms.maxSecondsByGroup[group]).filter(seconds => typeof seconds === 'number');
    return own.length > 0 ? Math.max(...own) : terms.maxSeconds;
  }

  /** Whether a member of these groups gets the Role without approval. */
  public static needsNoApproval(terms: RequestTerms, groups: string[]): boolean {
    return terms.autoApprove.some(group => groups.includes(group));
  }

  /** What a RoleBinding asks for, or undefined when it is no request. */
  public static read(roleBinding: any): AccessRequest | undefined {
    const { metadata, roleRef, subjects } = roleBinding ?? {};
    if (metadata?.labels?.[REQUEST_FOR] === undefined) return undefined;
    const said = metadata.annotations ?? {};
    const closed = said[REQUEST.closed];
    return {
      name: metadata.name,
      namespace: metadata.namespace,
      role: roleRef?.name ?? '',
      requestedBy: said[REQUEST.requestedBy] ?? '',
      reason: said[REQUEST.reason] ?? '',
      ticket: said[REQUEST.ticket] ?? '',
      requestedAt: metadata.creationTimestamp ?? '',
      expiresAt: said[REQUEST.expiresAt] ?? '',
      approvals: lines(said[REQUEST.approvals]).map(approval),
      granted: (subjects ?? []).length > 0,
      timer: (metadata.ownerReferences ?? []).find((owner: any) => owner.kind === 'Job')?.name ?? '',
      ...closed !== undefined && { closed, closedBy: said[REQUEST.closedBy] ?? '', closedReason: said[REQUEST.closedReason] ?? '' },
      uid: metadata.uid ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
    };
  }

  /** Where a request stands at a time, given as RFC 3339. A time of expiry that cannot be read has passed. */
  public static stateOf(request: AccessRequest, at: string): RequestState {
    if (request.closed !== undefined) return request.closed;
    if (!(Date.parse(request.expiresAt) > Date.parse(at))) return RequestState.EXPIRED;
    return request.granted ? RequestState.ACTIVE : RequestState.PENDING;
  }

  /** What is still missing, e.g. `["1 of payments-leads"]`; empty when these approvals are enough. */
  public static missing(terms: RequestTerms, approvals: RequestApproval[]): string[] {
    const quorum = Object.entries(terms.quorum)
      .map(([group, needed]) => ({ group, left: needed - approvals.filter(one => one.group === group).length }))
      .filter(({ left }) => left > 0);
    const others = terms.approvals - approvals.length - quorum.reduce((sum, { left }) => sum + left, 0);
    return [
      ...quorum.map(({ group, left }) => `${left} of ${group}`),
      ...others > 0 ? [`${others} of ${terms.approvers.join(' or ')}`] : [],
    ];
  }

  /** The group as which a person in these groups should approve: one that the quorum still lacks, else any; undefined when they may not. */
  public static approvesAs(terms: RequestTerms, approvals: RequestApproval[], groups: string[]): string | undefined {
    const own = terms.approvers.filter(group => groups.includes(group));
    const lacking = own.find(group => approvals.filter(one => one.group === group).length < (terms.quorum[group] ?? 0));
    return lacking ?? own[0];
  }

  /** The JSON merge patch by which a person approves; with the last approval the requester gets the Role. */
  public static approval(request: AccessRequest, terms: RequestTerms, user: string, group: string): any {
    const approvals = [...request.approvals, { user, group }];
    const enough = AccessRequests.missing(terms, approvals).length === 0;
    return {
      metadata: {
        resourceVersion: request.resourceVersion,
        annotations: { [REQUEST.approvals]: approvals.map(one => `${one.user}${APPROVES_AS}${one.group}`).join('\n') },
      },
      ...enough && { subjects: [subject(request.requestedBy)] },
    };
  }

  /** The JSON merge patch that closes a request for good: DENIED or REVOKED by an approver, WITHDRAWN by the requester. */
  public static closing(request: AccessRequest, how: RequestState, user: string, reason: string): any {
    if (how !== RequestState.DENIED && how !== RequestState.REVOKED && how !== RequestState.WITHDRAWN) {
      reject({ where, field: 'how', value: how, problem: 'closes nothing', fix: 'use RequestState.DENIED, REVOKED or WITHDRAWN' });
    }
    return {
      metadata: {
        resourceVersion: request.resourceVersion,
        annotations: { [REQUEST.closed]: how, [REQUEST.closedBy]: user, [REQUEST.closedReason]: reason },
      },
      ...request.granted && { subjects: null },
    };
  }

  private constructor() {}
}

function subject(name: string) {
  return { apiGroup: RBAC, kind: 'User', name };
}

function lines(list: string | undefined): string[] {
  return (list ?? '').split('\n').filter(line => line !== '');
}

function numbers(list: string | undefined): { [group: string]: number } {
  return Object.fromEntries(lines(list).map(line => {
    const at = line.lastIndexOf('=');
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}

function approval(line: string): RequestApproval {
  const at = line.lastIndexOf(APPROVES_AS);
  return at < 0 ? { user: line, group: '' } : { user: line.slice(0, at), group: line.slice(at + APPROVES_AS.length) };
}
