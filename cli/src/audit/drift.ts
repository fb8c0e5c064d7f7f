import { Damage } from './damage';
import { doneText, driftMarkdown, whoText } from './drift-markdown';
import { Drift, Drifted } from './drifted';
import { micros } from './event';
import { logsOf, readLogs } from './read-logs';
import { OK, REFUSED, wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { table } from '../table';
import { coloured, Paint, painter, plain, plural } from '../text';

export interface DriftOptions {
  readonly since?: string;
  readonly namespace?: string;
  readonly ticket?: string;
  readonly failOn?: string[];
  readonly json?: boolean;
  readonly markdown?: boolean;
}

const FAIL_ON = ['undeclared', 'no-grant', 'damaged'];

/** What people changed past Git, by the audit log: for the follow-up commit, and for who reviews it. Asks no cluster. */
export async function drift(io: Io, files: string[], options: DriftOptions): Promise<Result> {
  check(options);
  const logs = logsOf(files, io.stdin);
  const damage = new Damage();
  const gathered = new Drift();
  const events = await readLogs(logs, damage, (event, line) => gathered.take(event, line));
  const { drifted, undeclared, otherTickets } = gathered.result(options);

  const damaged = damage.told();
  for (const one of damaged) io.stderr.write(`not read: ${plain(one)}\n`);
  if (damage.lines > 0) io.stderr.write(`${plural(damage.lines, 'line')} could not be read, so something may be missing.\n`);
  const found: { [what: string]: boolean } = { 'undeclared': undeclared.length > 0, 'no-grant': drifted.some(one => one.lacks !== ''), 'damaged': damage.any };
  const failed = (options.failOn ?? []).some(what => found[what]);
  const paint = painter(!options.json && coloured(io, io.stdout));
  return {
    data: { drifted, undeclared, read: { logs: logs.length, events, damagedLines: damage.lines, damaged } },
    text: options.markdown
      ? driftMarkdown(drifted, undeclared, damaged)
      : asText(paint, { drifted, undeclared, otherTickets, events, ticket: options.ticket }),
    code: failed ? REFUSED : OK,
  };
}

function check({ since, namespace, ticket, failOn, json, markdown }: DriftOptions): void {
  if (json && markdown) wrongUse('--json and --markdown contradict each other. Fix: give one of the two.');
  if (since !== undefined && Number.isNaN(micros(since))) wrongUse(`--since ${plain(since)} is no time. Fix: write it as RFC 3339 has it, e.g. 2026-03-01T18:00:00Z.`);
  if (namespace !== undefined && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    wrongUse(`-n ${plain(namespace)} is no namespace's name. Fix: write lower-case letters, digits and "-", e.g. payments.`);
  }
  const unknown = failOn?.find(what => !FAIL_ON.includes(what));
  if (unknown !== undefined) wrongUse(`--fail-on ${plain(unknown)} is unknown. Fix: choose from ${FAIL_ON.join(', ')}.`);
  if (ticket !== undefined && failOn?.includes('undeclared')) wrongUse('--ticket leaves out what is undeclared, for that has no ticket, so --fail-on undeclared would never fail. Fix: give one of the two.');
}

interface Told {
  readonly drifted: Drifted[];
  readonly undeclared: Drifted[];
  readonly otherTickets: number;
  readonly events: number;
  readonly ticket?: string;
}

function asText(paint: Paint, { drifted, undeclared, otherTickets, events, ticket }: Told): string {
  const others = ticket === undefined || otherTickets === 0 ? [] : [`${otherTickets} more of other tickets, or of none (without --ticket: all).`];
  if (drifted.length + undeclared.length === 0) return [`Nothing was changed past Git${ticket === undefined ? '' : ` for ${plain(ticket)}`}, by ${plural(events, 'event')}.`, ...others].join('\n');
  return [
    ...drifted.length > 0 ? [paint('bold', 'Changed past Git, in an emergency'), drawn(paint, drifted), ''] : [],
    ...undeclared.length > 0 ? [paint('red', 'UNDECLARED: changed past Git without an emergency'), drawn(paint, undeclared), ''] : [],
    ...[...drifted, ...undeclared].some(one => one.collection) ? [paint('yellow', '(+) One request for many objects, of which the log names the first alone: look for others.'), ''] : [],
    ...others,
    `${plural(total(drifted), 'change')} in emergencies, ${total(undeclared)} undeclared, by ${plural(events, 'event')}. --markdown writes the text for the follow-up pull request.`,
  ].join('\n');
}

const total = (entries: Drifted[]) => entries.reduce((sum, { times }) => sum + times, 0);

function drawn(paint: Paint, entries: Drifted[]): string {
  return table(paint, ['LAST', 'NAMESPACE', 'OBJECT', 'DONE', 'BY', 'TICKET', 'GRANT', 'REASON'], entries.map(one => [
    plain(one.last.replace(/\.\d+/, '')),
    plain(one.namespace || '-'),
    plain(`${one.resource}/${one.name || '?'}${one.collection ? ' (+)' : ''}`),
    plain(doneText(one)),
    plain(whoText(one)),
    plain(one.ticket || '-'),
    plain(one.grant || '-'),
    one.lacks ? paint('yellow', plain(one.lacks)) : plain(one.reason || '-'),
  ]));
}
