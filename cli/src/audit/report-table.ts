import { AuditReport, DebugSession } from './debug-session';
import { commandText, counts, LIMITS, outcomeText, plural, timeText, whoText } from './session-text';
import { table } from '../table';
import { duration, Paint, plain } from '../text';

/** The table holds so many characters in one cell; all of it is in every other form. */
const CELL = 36;
/** More are in every other form. */
const ROWS = 500;

const short = (text: string, longest = CELL): string => {
  const marks = [...text];
  return marks.length > longest ? `${marks.slice(0, longest - 1).join('')}…` : text;
};

function what({ capability, object, image, command }: DebugSession): string {
  return [capability, ...object ? [object] : [], ...image ? [image] : [], ...command ? [commandText(command)] : []].map(plain).join(' ');
}

function how({ path, outside, request, grant }: DebugSession): string {
  if (path === 'outside') return `OUTSIDE: ${outside}`;
  if (path === 'none') return '-';
  return [path, request?.ticket || grant?.name || ''].filter(Boolean).join(' ');
}

/** What a terminal shows: a line for each session, what matters most in colour, and what it all comes to. */
export function reportTable(paint: Paint, report: AuditReport): string {
  const { sessions, logs } = report;
  const events = logs.reduce((sum, log) => sum + log.events, 0);
  const read = `${plural(events, 'event')} of ${plural(logs.length, 'log')}${report.from ? `, ${timeText(report.from)} to ${timeText(report.to!)}` : ''}`;
  if (sessions.length === 0) return `No debug session, by ${read}.`;
  const severalClusters = sessions.some(({ cluster }) => cluster !== undefined);
  const shown = sessions.slice(0, ROWS);
  const rows = shown.map(one => {
    const { path, outcome } = one;
    const colour = (text: string) => path === 'outside' ? paint('red', text) : outcome === 'refused' ? paint('yellow', text) : text;
    return [
      timeText(one.start).replace(/Z$/, ''),
      ...severalClusters ? [short(plain(one.cluster ?? '-'), 12)] : [],
      short(whoText(one), 22),
      short(plain([one.namespace, one.pod].filter(Boolean).join('/') || '-'), 26),
      short(what(one)),
      one.outcome === 'completed' ? duration(one.seconds ?? 0) : short(outcomeText(one), 20),
      colour(short(plain(how(one)), 30)),
    ];
  });
  const { people, outside, refused, breakGlass } = counts(report);
  return [
    table(paint, ['BEGIN (UTC)', ...severalClusters ? ['CLUSTER'] : [], 'WHO', 'WHERE', 'WHAT', 'HOW LONG', 'PATH'], rows),
    '',
    ...sessions.length > ROWS ? [`and ${sessions.length - ROWS} more: --json, --csv and --html have all.`] : [],
    `${plural(sessions.length, 'session')} of ${people === 1 ? '1 person' : `${people} people`}: ${outside > 0 ? paint('red', `${outside} outside every path`) : 'none outside every path'}, ${breakGlass} by break-glass, ${refused} refused. ${read}.`,
    LIMITS,
  ].join('\n');
}
