import { Recorded } from './actions';
import { Cell, during, eventsOf } from './table';

/** What the audit log owes for the cells, and does not have. */
export function unrecorded(cells: Cell[], events: any[]): string[] {
  return cells.flatMap(cell => {
    const mine = eventsOf(cell, events);
    const missing = cell.observed === 'works' ? (cell.action.recorded ?? []).flatMap(wanted => lacking(cell, wanted, mine)) : refusal(cell, mine, events);
    return missing.map(what => `${cell.row.title}, kubectl ${cell.client}: "${cell.action.title}" ${what}`);
  });
}

const named = (event: any) => [event.objectRef?.resource, event.objectRef?.subresource].filter(Boolean).join('/');
const succeeded = (event: any) => event.responseStatus?.code < 400;

function lacking(cell: Cell, wanted: Recorded, events: any[]): string[] {
  const about = events.filter(event => named(event) === wanted.resource && wanted.verbs.includes(event.verb));
  const event = about.find(candidate => succeeded(candidate) && (wanted.says ?? []).every(word => said(candidate).includes(word)));
  if (!event) return [`is not in the log: no ${wanted.verbs.join(' or ')} of ${wanted.resource}${wanted.says ? ` that says ${wanted.says.join(', ')}` : ''}`];
  const { person, namespace } = cell.row;
  const reason = event.annotations?.['authorization.k8s.io/reason'] ?? '';
  return [
    ...event.level === wanted.level ? [] : [`is recorded at ${event.level}, not ${wanted.level}`],
    ...person.groups.every(group => event.user.groups.includes(group)) ? [] : [`is recorded without the group ${person.groups}`],
    ...grants(reason, namespace, person.groups[0]) ? [] : [`is recorded without its grant: ${reason}`],
    // Who follows up refused requests must not find a refusal in each session that was granted.
    ...about.some(other => !succeeded(other)) ? ['is recorded with a refused request beside it'] : [],
  ];
}

/** Whether the reason of an authorization names a binding in the namespace, and the group it binds. */
function grants(reason: string, namespace: string, group: string): boolean {
  return /RoleBinding "/.test(reason) && reason.includes(`/${namespace}"`) && reason.includes(`Group "${group}"`);
}

function refusal(cell: Cell, mine: any[], events: any[]): string[] {
  if (cell.observed !== 'refused') return [];
  const refused = cell.row.person.groups.length > 0
    ? mine.some(event => event.responseStatus?.code === 403 && event.annotations?.['authorization.k8s.io/decision'] === 'forbid')
    : events.some(event => event.responseStatus?.code === 401 && during(cell, event));
  return refused ? [] : ['was refused, and the log does not say so'];
}

/** The URL, decoded as far as it is readable, and the body. */
function said(event: any): string {
  return `${event.requestURI} ${JSON.stringify(event.requestObject ?? '')}`.replace(/\\"/g, '"');
}
