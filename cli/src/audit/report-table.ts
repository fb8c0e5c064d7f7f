import { AuditReport, DebugSession } from './debug-session';
import { isBreakGlass } from './grants';
import { commandText, counts, LIMITS, timeText, whoText } from './session-text';
import { table } from '../table';
import { duration, Paint, plain, plural } from '../text';

/** A line of the table has at most so many columns. */
const WIDTH = 100;
/** More are in every other form. */
const ROWS = 500;
/** What may be cut, by the order in which it is; each keeps so many marks. */
const SHORTENED: readonly (readonly string[])[] = [['WHO', 'WHERE', 'WHAT'], ['PATH']];
const LEAST = 12;

const length = (text: string): number => [...text].length;
const short = (text: string, longest: number): string => length(text) > longest ? `${[...text].slice(0, longest - 1).join('')}…` : text;

/** How wide each column may be: the widest of a group gives first. */
function widths(headings: string[], rows: string[][]): number[] {
  const wide = headings.map((heading, i) => Math.max(length(heading), ...rows.map(row => length(row[i]))));
  let over = wide.reduce((sum, one) => sum + one, 2 * (headings.length - 1)) - WIDTH;
  for (const group of SHORTENED) {
    const columns = group.map(heading => headings.indexOf(heading));
    while (over > 0) {
      const widest = columns.reduce((a, b) => wide[b] > wide[a] ? b : a);
      if (wide[widest] <= LEAST) break;
      wide[widest]--;
      over--;
    }
  }
  return wide;
}

function what({ capability, object, image, command }: DebugSession): string {
  return [capability, ...object ? [object] : [], ...image ? [image] : [], ...command ? [commandText(command)] : []].map(plain).join(' ');
}

/** What made a change past Git one in an emergency, when RBAC named another binding. */
const emergency = ({ path, otherGrants }: DebugSession) => path === 'gitops-emergency'
  ? otherGrants.find(({ role }) => role.startsWith('Role/') && isBreakGlass(role.slice('Role/'.length))) : undefined;

function how(session: DebugSession): string {
  const { path, outside, request, grant } = session;
  if (path === 'outside') return `OUTSIDE: ${outside}`;
  if (path === 'none') return '-';
  return [path, request?.ticket || emergency(session)?.request?.ticket || grant?.name || ''].filter(Boolean).join(' ');
}

/** What a terminal shows: a line for each session, what matters most in colour, and what it all comes to. */
export function reportTable(paint: Paint, report: AuditReport): string {
  const { sessions, logs } = report;
  const events = logs.reduce((sum, log) => sum + log.events, 0);
  const read = `${plural(events, 'event')} of ${plural(logs.length, 'log')}${report.from ? `, ${timeText(report.from)} to ${timeText(report.to!)}` : ''}`;
  if (sessions.length === 0) return `No debug session, by ${read}.`;
  const severalClusters = sessions.some(({ cluster }) => cluster !== undefined);
  const shown = sessions.slice(0, ROWS);
  const headings = ['BEGIN (UTC)', ...severalClusters ? ['CLUSTER'] : [], 'WHO', 'WHERE', 'WHAT', 'HOW LONG', 'PATH'];
  const cells = shown.map(one => [
    timeText(one.start).replace(/Z$/, ''),
    ...severalClusters ? [short(plain(one.cluster ?? '-'), LEAST)] : [],
    whoText(one),
    plain([one.namespace, one.pod].filter(Boolean).join('/') || '-'),
    what(one),
    one.outcome === 'completed' ? duration(one.seconds ?? 0) : one.outcome,
    plain(how(one)),
  ]);
  const wide = widths(headings, cells);
  const rows = cells.map((row, i) => {
    const { path, outcome } = shown[i];
    const fit = row.map((cell, column) => short(cell, wide[column]));
    const last = fit.pop()!;
    return [...fit, path === 'outside' ? paint('red', last) : outcome === 'refused' ? paint('yellow', last) : last];
  });
  const { people, outside, refused, breakGlass } = counts(report);
  return [
    table(paint, headings, rows),
    '',
    ...sessions.length > ROWS ? [`and ${sessions.length - ROWS} more: --json, --csv and --html have all.`] : [],
    `${plural(sessions.length, 'session')} of ${people === 1 ? '1 person' : `${people} people`}: ${outside > 0 ? paint('red', `${outside} outside every path`) : 'none outside every path'}, ${breakGlass} by break-glass, ${refused} refused. ${read}.`,
    LIMITS,
  ].join('\n');
}
