import { Damage } from './damage';
import { micros } from './event';
import { eventLogs, readEvents } from './event-logs';
import { declaredBy } from './readiness-declared';
import { Gathered } from './readiness-gather';
import { judge } from './readiness-judge';
import { readinessMarkdown, readinessText } from './readiness-text';
import { OK, REFUSED, wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { coloured, painter, plain } from '../text';

export interface ReadinessOptions {
  readonly declared?: string[];
  readonly days?: string;
  readonly requests?: string;
  readonly since?: string;
  readonly failOn?: string[];
  readonly json?: boolean;
  readonly markdown?: boolean;
}

const FAIL_ON = ['not-ready', 'not-enough', 'damaged'];

/** Whether guardrails may go on from Audit to Warn to Deny, and people to the next phase, by what the log says. Asks no cluster. */
export async function readiness(io: Io, files: string[], options: ReadinessOptions): Promise<Result> {
  const { json, markdown, since, failOn = [] } = options;
  if (json && markdown) wrongUse('--json and --markdown contradict each other. Fix: give one of the two.');
  if (since !== undefined && Number.isNaN(micros(since))) wrongUse(`--since ${plain(since)} is no time. Fix: write it as RFC 3339 has it, e.g. 2026-03-01T18:00:00Z.`);
  const unknown = failOn.find(what => !FAIL_ON.includes(what));
  if (unknown !== undefined) wrongUse(`--fail-on ${plain(unknown)} is unknown. Fix: choose from ${FAIL_ON.join(', ')}.`);
  const thresholds = { days: whole('--days', options.days ?? '7', 1, 366), requests: whole('--requests', options.requests ?? '20', 1, 1_000_000) };
  const declared = declaredBy(options.declared ?? []);
  const logs = eventLogs(io, files);

  const damage = new Damage();
  const gathered = new Gathered(declared, since === undefined ? undefined : micros(since));
  const events = await readEvents(io, logs, damage, (event, line) => gathered.take(event, line));
  const result = judge(gathered, declared, thresholds);
  const damaged = damage.told();
  for (const one of damaged) io.stderr.write(`not read: ${plain(one)}\n`);
  const any = (status: string) => [...result.guardrails, ...result.phases].some(one => one.status === status);
  const is: { readonly [what: string]: boolean } = { 'not-ready': any('not ready'), 'not-enough': any('not enough evidence'), 'damaged': damage.any };
  return {
    data: { ...result, read: { logs: logs.logs.length, events, damagedLines: damage.lines, damaged } },
    text: markdown ? readinessMarkdown(result, events, damaged) : readinessText(painter(!json && coloured(io, io.stdout)), result, events),
    code: failOn.some(what => is[what]) ? REFUSED : OK,
  };
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) wrongUse(`${option} ${plain(text)} is no whole number from ${least} to ${most}. Fix: write one, e.g. ${option} ${least === 1 ? 14 : least}.`);
  return value;
}
