import type { Recordings } from './recordings';
import { duration, plain } from '../../text';
import { AuditReport, DebugSession } from '../debug-session';
import { commandText, grantText, otherGrantText, outcomeText, timeText, whatText, whereText, whoText } from '../session-text';

/** A session as the page shows it: all of it text that is safe on one line. */
export interface Shown {
  readonly id: string;
  readonly cluster?: string;
  readonly start: string;
  readonly end?: string;
  readonly when: string;
  readonly length: string;
  readonly seconds: number;
  readonly outcome: string;
  readonly ended: string;
  readonly user: string;
  readonly who: string;
  readonly groups: string[];
  readonly path: string;
  readonly outside?: string;
  readonly capability: string;
  readonly what: string;
  readonly where: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly object?: string;
  readonly container?: string;
  readonly command?: string;
  readonly image?: string;
  readonly ports?: string;
  readonly grant?: string;
  readonly request?: string;
  readonly reason?: string;
  readonly ticket?: string;
  readonly approvers?: string;
  readonly asked?: string;
  readonly until?: string;
  readonly others: string[];
  readonly refusal?: string;
  readonly wouldDeny: string[];
  readonly client: string;
  readonly sources: string;
  readonly events: number;
}

export interface Page {
  readonly from?: string;
  readonly to?: string;
  readonly titles: { readonly [path: string]: string };
  readonly sessions: Shown[];
  /** Left out where nobody said where recordings are. */
  readonly recordings?: Recordings;
}

/** Every text of a value, made plain. */
function safe<T>(value: T): T {
  if (typeof value === 'string') return plain(value) as T;
  if (Array.isArray(value)) return value.map(safe) as T;
  if (value === null || typeof value !== 'object') return value;
  // What is undefined is left out, so it costs nothing in the page.
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined).map(([key, part]) => [key, safe(part)])) as T;
}

export function shown(session: DebugSession): Shown {
  const { id, cluster, start, end, seconds, outcome, user, groups, path, outside, capability, namespace, pod, object, container } = session;
  const { command, image, ports, grant, request, otherGrants, refusal, wouldDeny, client, sources, events } = session;
  return safe({
    id,
    cluster,
    start,
    end,
    when: timeText(start).replace(/Z$/, ''),
    length: seconds === undefined ? '' : duration(seconds),
    seconds: seconds ?? -1,
    outcome,
    ended: outcomeText(session),
    user,
    who: whoText(session),
    groups,
    path,
    outside,
    capability,
    what: whatText(session),
    where: whereText(session),
    namespace,
    pod,
    object,
    container,
    command: command?.length ? commandText(command) : undefined,
    image,
    ports: ports?.join(', '),
    grant: grant && grantText(grant),
    request: request?.name,
    reason: request?.reason,
    ticket: request?.ticket,
    approvers: request?.approvers.join(', ') || undefined,
    asked: request?.requestedAt && timeText(request.requestedAt),
    until: request?.expiresAt && timeText(request.expiresAt),
    others: otherGrants.map(otherGrantText),
    refusal: refusal?.message,
    wouldDeny,
    client,
    sources: sources.join(', '),
    events,
  });
}

export const shownAll = ({ sessions }: AuditReport): Shown[] => sessions.map(shown);
