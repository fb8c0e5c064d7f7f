import { existsSync, readdirSync, writeFileSync } from 'fs';
import { csv } from './csv';
import { AuditReport, DebugSession } from './debug-session';
import { declaredIn } from './declared';
import { micros } from './event';
import { Evidence } from './evidence';
import { htmlReport } from './html/html-report';
import { Recordings, recordingsOf } from './html/recordings';
import { markdown } from './markdown';
import { Progress } from './progress';
import { reportSarif } from './report-sarif';
import { csvStream, jsonStream, Stream } from './report-stream';
import { reportTable } from './report-table';
import { sessionsOf, someOf, Wanted } from './sessions';
import { MIB, sizeOf, sourcesOf } from './sources';
import { CommandError, OK, REFUSED, wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { coloured, painter, plain, plural } from '../text';

export interface ReadOptions {
  readonly cluster?: string[];
  readonly declared?: string[];
  readonly convert?: string;
}

export interface ReportOptions extends ReadOptions {
  readonly since?: string;
  readonly until?: string;
  readonly user?: string[];
  readonly withoutUser?: string[];
  readonly namespace?: string[];
  readonly path?: string[];
  readonly failOn?: string[];
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly markdown?: boolean;
  readonly sarif?: boolean;
  readonly html?: string;
  readonly recordings?: string[];
}

const PATHS = ['on-call', 'read-only', 'just-in-time', 'break-glass', 'gateway', 'gitops-emergency', 'outside', 'none'];
const FAIL_ON = ['outside', 'refused', 'damaged', 'unrecorded'];

/** Who debugged what, by which way: the sessions in audit logs. Asks no cluster. */
export async function report(io: Io, logs: string[], options: ReportOptions): Promise<Result & { readonly written?: boolean }> {
  const wanted = wantedOf(options);
  const evidence = await readEvidence(io, logs, options);
  try {
    const read = { logs: evidence.logs, ...evidence.reach, damage: evidence.damage.told() };
    const there = new Set<string>(evidence.damage.any ? ['damaged'] : []);
    const code = () => (options.failOn ?? []).some(what => there.has(what)) ? REFUSED : OK;
    if ((options.json || options.csv) && !options.recordings) {
      await write(options.json ? jsonStream(io, read) : csvStream(io), someOf(evidence, wanted), there);
      return { data: undefined, text: '', code: code(), written: true };
    }
    const found: AuditReport = { ...read, sessions: await sessionsOf(evidence, wanted) };
    const { sessions } = found;
    const recordings = options.recordings && recordingsOf(options.recordings, sessions);
    for (const one of recordings?.damage ?? []) io.stderr.write(`not read: ${plain(one)}\n`);
    if (recordings?.missing.length) io.stderr.write(`${plural(recordings.missing.length, 'session')} through the gateway without a recording.\n`);
    for (const one of sessions) note(one, there);
    if (recordings?.damage.length) there.add('damaged');
    if (recordings?.missing.length) there.add('unrecorded');
    return { data: found, text: textOf(io, found, options, recordings), code: code() };
  } finally {
    evidence.close();
  }
}

/** Writes sessions while they are read. */
async function write(stream: Stream, sessions: AsyncIterable<DebugSession[]>, there: Set<string>): Promise<void> {
  for await (const some of sessions) {
    stream.sessions(some);
    for (const one of some) note(one, there);
  }
  stream.end();
}

/** Adds what a run may fail on. */
function note({ path, outcome }: DebugSession, there: Set<string>): void {
  if (path === 'outside') there.add('outside');
  if (outcome === 'refused') there.add('refused');
}

/** Reads logs, shows how far it is, and says on standard error what could not be read. */
export async function readEvidence(io: Io, logs: string[], { cluster = [], declared, convert }: ReadOptions): Promise<Evidence> {
  const { sources, skipped } = sourcesOf(logs, cluster, io.stdin !== undefined && !io.stdin.isTTY);
  const known = declared && declaredIn(declared);
  if (known?.length === 0) wrongUse(`--declared ${declared!.map(plain).join(', ')} has no binding of this library. Fix: name what is synthesized and applied, e.g. --declared dist.`);
  if (convert !== undefined && existsSync(convert) && readdirSync(convert).length > 0) {
    wrongUse(`--convert ${plain(convert)} is not empty. Fix: name a new folder; reports take several, and folders in folders.`);
  }
  const progress = new Progress(io, Math.ceil(sizeOf(sources) / MIB), 'reading logs, MiB:');
  try {
    const tell = (bytes: number) => progress.at(Math.ceil(bytes / MIB));
    const evidence = await Evidence.read(sources, { declared: known, stdin: io.stdin, convert, progress: tell });
    for (const one of evidence.damage.told()) io.stderr.write(`not read: ${plain(one)}\n`);
    if (evidence.damage.lines > 0) io.stderr.write(`${plural(evidence.damage.lines, 'line')} could not be read, so something may be missing.\n`);
    for (const one of skipped) io.stderr.write(`left out, for it is no audit log: ${plain(one)}\n`);
    return evidence;
  } finally {
    progress.stop();
  }
}

function textOf(io: Io, found: AuditReport, { csv: asCsv, markdown: asMarkdown, sarif, html, json }: ReportOptions, recordings?: Recordings): string {
  if (json) return '';
  if (asCsv) return csv(found).trimEnd();
  if (asMarkdown) return markdown(found).trimEnd();
  if (sarif) return reportSarif(found).trimEnd();
  if (html === undefined) return reportTable(painter(coloured(io, io.stdout)), found);
  const page = htmlReport(found, recordings);
  try {
    writeFileSync(html, page, { mode: 0o600 });
  } catch (error) {
    throw new CommandError(`${plain(html)} cannot be written: ${(error as NodeJS.ErrnoException).code}. Fix: name a file in a folder that you may write to.`);
  }
  return `${plain(html)}: ${plural(found.sessions.length, 'session')}. Only you can read the file; it names people, commands and reasons${recordings ? ', and holds what the recordings show' : ''}.`;
}

function wantedOf({ json, csv: asCsv, markdown: asMarkdown, sarif, html, recordings, ...options }: ReportOptions): Wanted {
  const { since, until, user, withoutUser, namespace, path, failOn } = options;
  const forms = Object.entries({ '--json': json, '--csv': asCsv, '--markdown': asMarkdown, '--sarif': sarif, '--html': html }).filter(([, given]) => given).map(([option]) => option);
  if (forms.length > 1) wrongUse(`${forms[0]} and ${forms[1]} contradict each other. Fix: give one of the two.`);
  for (const one of namespace ?? []) {
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(one)) wrongUse(`-n ${plain(one)} is no namespace's name. Fix: write lower-case letters, digits and "-", e.g. payments.`);
  }
  choose('--path', path, PATHS);
  choose('--fail-on', failOn, FAIL_ON);
  if (failOn?.includes('outside') && path && !path.includes('outside')) wrongUse('--fail-on outside would never fail, for --path leaves out what is outside. Fix: give one of the two.');
  if (recordings && html === undefined && !failOn?.includes('unrecorded')) wrongUse('--recordings needs --html, which plays them, or --fail-on unrecorded. Fix: add --html report.html.');
  if (failOn?.includes('unrecorded') && !recordings) wrongUse('--fail-on unrecorded needs --recordings. Fix: name the folder with the recordings of the gateway.');
  const [from, to] = [at('--since', since), at('--until', until)];
  if (from !== undefined && to !== undefined && from > to) wrongUse(`--since ${plain(since!)} is after --until ${plain(until!)}. Fix: exchange them.`);
  return { since: from, until: to, users: user, withoutUsers: withoutUser, namespaces: namespace, paths: path };
}

function choose(option: string, values: string[] | undefined, allowed: string[]): void {
  const unknown = values?.find(value => !allowed.includes(value));
  if (unknown !== undefined) wrongUse(`${option} ${plain(unknown)} is unknown. Fix: choose from ${allowed.join(', ')}.`);
}

function at(option: string, time: string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const found = micros(time);
  if (Number.isNaN(found)) wrongUse(`${option} ${plain(time)} is no time. Fix: write it as RFC 3339 has it, e.g. 2026-03-01T18:00:00Z.`);
  return found;
}
