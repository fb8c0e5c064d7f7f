import { createHash } from 'crypto';
import { AuditEvent, micros } from './event';
import { Grant, Grants, isBreakGlass } from './grants';
import { Change, pastGit } from './past-git';

/** What is wanted of all that the logs have. */
export interface Wanted {
  /** RFC 3339. */
  readonly since?: string;
  readonly namespace?: string;
  readonly ticket?: string;
}

/** What one person did past Git to one object, by one grant. */
export interface Drifted {
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly by: string;
  readonly actedBy?: string;
  /** How often each thing was done. */
  readonly done: { readonly [what: string]: number };
  readonly times: number;
  /** RFC 3339. */
  readonly first: string;
  readonly last: string;
  /** What was done last. */
  readonly lastDone: string;
  /** Whether some of it was one request for many objects: the log names the first alone. */
  readonly collection: boolean;
  readonly fields: string[];
  /** What gave the right: `break-glass:alice/payments`. */
  readonly grant: string;
  /** Whether RBAC named the grant, it is the only one that the person had, or nothing is known of it. */
  readonly grantFrom: 'authorizer' | 'person' | 'none';
  readonly ticket: string;
  readonly reason: string;
  readonly until: string;
  readonly approvals: { readonly user: string; readonly group: string }[];
  /** What the logs lack of the grant; empty when they have it. */
  readonly lacks: string;
}

export const NO_GRANT = 'grant not in these logs';
const NO_BODY = 'the grant\'s event has no body in these logs';

/** Gathers changes and grants; memory grows with those, not with the logs. */
export class Drift {
  private readonly grants = new Grants();
  private readonly changes: Change[] = [];
  private readonly seen = new Set<string>();

  /** Takes one event, in any order; says what is wrong with it. */
  public take(event: AuditEvent, line: string): string | void {
    this.grants.take(event);
    const change = pastGit(event);
    if (change === undefined || typeof change === 'string') return change;
    // Logs may overlap. The whole line counts: a client chooses the auditID of its own requests.
    const digest = createHash('sha256').update(line.trim()).digest('base64');
    if (this.seen.has(digest)) return;
    this.seen.add(digest);
    this.changes.push(change);
  }

  /** What was wanted, the latest last; what nobody declared stands apart. */
  public result({ since, namespace, ticket }: Wanted): { drifted: Drifted[]; undeclared: Drifted[]; otherTickets: number } {
    const from = since === undefined ? -Infinity : micros(since);
    const meant = this.changes.filter(change => change.at >= from && (namespace === undefined || change.namespace === namespace));
    meant.sort((a, b) => a.at - b.at);
    const groups = new Map<string, { change: Change; found: Found; all: Change[] }>();
    for (const change of meant) {
      const found = this.grantOf(change);
      const { undeclared, resource, name, by, actedBy } = change;
      const key = JSON.stringify([undeclared, change.namespace, resource, name, by, actedBy, found]);
      const group = groups.get(key);
      if (group) group.all.push(change);
      else groups.set(key, { change, found, all: [change] });
    }
    const all = [...groups.values()]
      .sort((a, b) => a.all.at(-1)!.at - b.all.at(-1)!.at)
      .map(({ change, found, all: changes }) => ({ undeclared: change.undeclared, entry: entry(changes, found) }));
    const asked = all.filter(({ entry: one }) => ticket === undefined || one.ticket.split(', ').includes(ticket));
    return {
      drifted: asked.filter(one => !one.undeclared).map(one => one.entry),
      undeclared: asked.filter(one => one.undeclared).map(one => one.entry),
      otherTickets: all.length - asked.length,
    };
  }

  private grantOf({ undeclared, allowedBy, namespace, by, at }: Change): Found {
    const name = allowedBy ? `${allowedBy.binding}/${allowedBy.namespace}` : '';
    // What gave the right to write is no emergency, then.
    if (undeclared) return { grant: name, from: allowedBy ? 'authorizer' : 'none', ticket: '', reason: '', until: '', approvals: [], lacks: '' };
    if (allowedBy && isBreakGlass(allowedBy.role)) {
      const grant = this.grants.named(allowedBy.namespace, allowedBy.binding, at);
      return { grant: name, from: 'authorizer', ...told(grant ? [grant] : []) };
    }
    // RBAC names the first grant that allows the write, which need not be the one that opens the emergency.
    const own = this.grants.ofPerson(namespace, by, at);
    return { grant: own.map(one => `${one.name}/${one.namespace}`).join(', '), from: own.length > 0 ? 'person' : 'none', ...told(own) };
  }
}

interface Found {
  readonly grant: string;
  readonly from: Drifted['grantFrom'];
  readonly ticket: string;
  readonly reason: string;
  readonly until: string;
  readonly approvals: { readonly user: string; readonly group: string }[];
  readonly lacks: string;
}

function told(grants: Grant[]): Pick<Found, 'ticket' | 'reason' | 'until' | 'approvals' | 'lacks'> {
  const requests = grants.flatMap(({ request }) => request ?? []);
  const each = (of: (request: (typeof requests)[number]) => string) => [...new Set(requests.map(of).filter(text => text !== ''))].join(', ');
  return {
    ticket: each(({ ticket }) => ticket),
    reason: each(({ reason }) => reason),
    until: each(({ expiresAt }) => expiresAt),
    approvals: requests.flatMap(({ approvals }) => approvals),
    lacks: grants.length === 0 ? NO_GRANT : requests.length < grants.length ? NO_BODY : '',
  };
}

function entry(changes: Change[], { from, ...found }: Found): Drifted {
  const last = changes.at(-1)!;
  const done: { [what: string]: number } = Object.create(null);
  for (const change of changes) done[change.done] = (done[change.done] ?? 0) + 1;
  const { namespace, resource, name, by, actedBy } = last;
  return {
    namespace,
    resource,
    name,
    by,
    ...actedBy !== undefined && { actedBy },
    done,
    times: changes.length,
    first: changes[0].when,
    last: last.when,
    lastDone: last.done,
    collection: changes.some(({ collection }) => collection),
    fields: [...new Set(changes.flatMap(({ fields }) => fields))],
    ...found,
    grantFrom: from,
  };
}
