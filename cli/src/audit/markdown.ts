import { AuditReport, DebugSession } from './debug-session';
import { code } from './drift-markdown';
import { counts, grantText, otherGrantText, LIMITS, outcomeText, PATH_TITLES, PATHS, timeText, whatText, whereText, whoText } from './session-text';
import { duration, plural } from '../text';

/** So many sessions of a kind; a ticket is read by people. */
const MOST = 50;

const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
const heading = (...cells: string[]): string[] => [row(...cells), row(...cells.map(() => '---'))];

/** What belongs into an incident's ticket: what was outside first, then who used which path, then the rest. */
export function markdown(report: AuditReport): string {
  const { sessions, logs, damage, from, to } = report;
  const { people, outside, breakGlass, refused } = counts(report);
  const [bad, good] = [sessions.filter(({ path }) => path === 'outside'), sessions.filter(({ path }) => path !== 'outside')];
  return [
    '## Who debugged what, by which path',
    '',
    `${from && to ? `${code(timeText(from))} to ${code(timeText(to))}: ` : ''}${plural(sessions.length, 'session')} of ${plural(people, 'person', 'people')}, `
      + `${outside > 0 ? `**${outside} outside every path**` : 'none outside the paths'}, ${breakGlass} by break-glass, ${refused} refused. `
      + `Read: ${plural(logs.reduce((sum, { events }) => sum + events, 0), 'event')} of ${plural(logs.length, 'log')}.`,
    '',
    ...sessions.length > 0 ? matrix(sessions) : [],
    ...section('Outside every path', bad, true),
    ...section('By a path', good, false),
    LIMITS,
    '',
    ...damage.length > 0 ? ['### Not read', '', 'Parts of the logs are damaged, so something may be missing:', '', ...damage.slice(0, MOST).map(one => `- ${code(one)}`), ...more(damage.length), ''] : [],
  ].join('\n').trimEnd();
}

const more = (many: number): string[] => many > MOST ? ['', `And ${(many - MOST).toLocaleString('en-US')} more.`] : [];

function matrix(sessions: DebugSession[]): string[] {
  const paths = PATHS.filter(one => sessions.some(({ path }) => path === one));
  const people = new Map<string, DebugSession[]>();
  for (const session of sessions) {
    const theirs = people.get(session.user);
    if (theirs) theirs.push(session);
    else people.set(session.user, [session]);
  }
  const many = (of: DebugSession[], path: string) => of.filter(one => one.path === path).length;
  const sorted = [...people].sort(([a, ofA], [b, ofB]) => many(ofB, 'outside') - many(ofA, 'outside') || ofB.length - ofA.length || (a < b ? -1 : 1));
  return [
    ...heading('Who', ...paths.map(path => PATH_TITLES[path])),
    ...sorted.slice(0, MOST).map(([user, of]) => row(code(user), ...paths.map(path => {
      const count = many(of, path);
      return count === 0 ? '–' : path === 'outside' ? `**${count}**` : String(count);
    }))),
    ...more(sorted.length),
    '',
  ];
}

function section(title: string, sessions: DebugSession[], outside: boolean): string[] {
  if (sessions.length === 0) return [];
  return [
    `### ${title}`,
    '',
    ...heading('When', 'Who', 'What', 'Where', outside ? 'How' : 'Path', 'Grant, ticket, reason, approvers', 'Ended'),
    ...sessions.slice(0, MOST).map(session => row(
      code(timeText(session.start)),
      code(whoText(session)),
      code(whatText(session)),
      code(whereText(session)),
      outside ? code(session.outside ?? 'unknown') : PATH_TITLES[session.path],
      why(session),
      `${code(outcomeText(session))}${session.seconds !== undefined ? ` after ${duration(session.seconds)}` : ''}`,
    )),
    ...more(sessions.length),
    '',
  ];
}

function why({ grant, request, otherGrants }: DebugSession): string {
  return [
    ...grant ? [code(grantText(grant))] : [],
    ...request?.ticket ? [code(request.ticket)] : [],
    ...request?.reason ? [code(request.reason)] : [],
    ...request?.approvers.length ? [`approved by ${request.approvers.map(code).join(', ')}`] : [],
    ...otherGrants.length > 0 ? [`also open: ${otherGrants.map(one => code(otherGrantText(one))).join(', ')}`] : [],
  ].join('<br>') || '–';
}
