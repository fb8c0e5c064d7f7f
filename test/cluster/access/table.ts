import { Action, ACTIONS, Attempt, expected, observe, Outcome } from './actions';
import { Cluster } from '../lab/cluster';
import { Person } from '../lab/kubectl';
import { inParallel } from '../lab/process';

/** Somebody, and what they should be able to do in a namespace. */
export interface Row {
  readonly title: string;
  readonly person: Person;
  readonly namespace: string;
  readonly pod: string;
  /** Capabilities that hold in this namespace, by id; of cluster-scoped ones, those that hold at all. */
  readonly granted: string[];
}

/** One observation. */
export interface Cell {
  readonly row: Row;
  readonly action: Action;
  readonly client: string;
  readonly expected: Outcome;
  readonly observed: Outcome;
  /** When it was tried, as the audit log writes times. */
  readonly from: string;
  readonly to: string;
}

export interface Observer {
  readonly cluster: Cluster;
  readonly node: string;
  readonly clients: string[];
  readonly actions?: Action[];
}

/** How many people work at once. Each does one thing after the other, so the log of one person can be told apart by time. */
const AT_ONCE = 4;

/** Lets everybody try everything with every client. */
export async function observeAll(rows: Row[], { cluster, node, clients, actions = ACTIONS }: Observer): Promise<Cell[]> {
  const cells = await inParallel(AT_ONCE, rows, async row => {
    const mine: Cell[] = [];
    for (const client of clients) {
      for (const action of actions) {
        const attempt: Attempt = { cluster, node, client, person: row.person, namespace: row.namespace, pod: row.pod };
        const from = new Date().toISOString();
        const { outcome } = await observe(action, attempt);
        mine.push({ row, action, client, expected: expected(action, row.granted), observed: outcome, from, to: new Date().toISOString() });
      }
    }
    return mine;
  });
  return cells.flat();
}

/** Events of a cell, by who and when. */
export function eventsOf(cell: Cell, events: any[]): any[] {
  return events.filter(event => event.user?.username === cell.row.person.name && during(cell, event));
}

/** Whether an event was received while a cell was tried. */
export function during(cell: Cell, event: any): boolean {
  return event.requestReceivedTimestamp >= cell.from && event.requestReceivedTimestamp <= cell.to;
}

/** The cells that are not as expected, each with what the audit log has of it. */
export function deviations(cells: Cell[], events: any[] = []): string[] {
  return cells.filter(cell => cell.observed !== cell.expected).map(cell => [
    `${cell.row.title}, kubectl ${cell.client}: "${cell.action.title}" should be: ${cell.expected}, but is: ${cell.observed}`,
    ...eventsOf(cell, events).filter(event => event.stage !== 'RequestReceived').map(event =>
      `    ${event.stage} ${event.verb} ${event.requestURI} ${event.responseStatus?.code ?? ''} ${event.annotations?.['authorization.k8s.io/reason'] ?? ''}`),
  ].join('\n'));
}
