import { closeSync, openSync, readdirSync, readSync, statSync } from 'fs';
import { basename, join } from 'path';
import { CommandError, wrongUse } from '../../errors';
import { readRecording, RecordedEvent, RecordedSession, RecordingHead, recordingHead } from '../../gateway/recording';
import { TerminalFilter } from '../../gateway/terminal-filter';
import { plain } from '../../text';
import { DebugSession } from '../debug-session';
import { timeText } from '../session-text';

/** A recording as the page plays it. */
export interface Recorded {
  readonly file: string;
  readonly who: string;
  readonly when: string;
  readonly what: string;
  readonly from: string;
  readonly certificate: string;
  readonly ended: string;
  readonly columns: number;
  readonly rows: number;
  /** Output, new sizes and remarks. Left out where it is too large for a page. */
  readonly events?: (readonly [at: number, code: 'o' | 'r' | 'm', data: string])[];
}

/** What was found where recordings are kept, beside the sessions of a report. */
export interface Recordings {
  readonly all: Recorded[];
  /** Places in `all`, by the id of a session; ids are chosen by clients, so this is no object. */
  readonly of: (readonly [session: string, places: number[]])[];
  /** Places of those that belong to no session of the report. */
  readonly others: number[];
  /** Ids of sessions through a gateway without one. */
  readonly missing: string[];
  /** Files that could not be read, with a sentence each. */
  readonly damage: string[];
}

/** A page holds no more of one recording, and of all of them, in bytes of their files. */
const LARGEST = 8 * 1024 * 1024;
const ALL = 64 * 1024 * 1024;
/** A screen has no more columns or rows than that. */
const WIDEST = 500;
const LARGEST_HEAD = 256 * 1024;
/** Seconds by which the clocks of a node and of the API server may differ. */
const SKEW = 60;
/** The client that the gateway calls itself, in every request of a session. */
const CLIENT = /^secure-debug-gateway session=([0-9a-f]{16})$/;

interface Found extends Recorded {
  readonly session: string;
  readonly user: string;
  readonly gateway: string;
  /** Seconds since 1970; without an end it may go on. */
  readonly began: number;
  readonly over: number;
}

/**
 * Reads recordings, and finds the sessions that they are of. A client may call itself what it likes, so its word is not enough: the
 * person has to be the one who was recorded, at that time, and whoever asked in their name that very gateway.
 */
export function recordingsOf(places: string[], sessions: DebugSession[]): Recordings {
  const damage: string[] = [];
  const found: Found[] = [];
  let left = ALL;
  for (const file of places.flatMap(filesOf)) {
    try {
      const { size } = statSync(file);
      const whole = size <= Math.min(LARGEST, left);
      if (whole) left -= size;
      found.push(recorded(basename(file), whole ? readRecording(file) : head(file)));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      damage.push(error.message.split(' Fix: ')[0]);
    }
  }
  found.sort((a, b) => a.when < b.when ? -1 : a.when > b.when ? 1 : a.file < b.file ? -1 : 1);
  const named = new Map<string, number[]>();
  found.forEach(({ session }, i) => named.set(session, [...named.get(session) ?? [], i]));
  const of: [string, number[]][] = [];
  const missing: string[] = [];
  const taken = new Set<number>();
  for (const { id, client, impersonator, user, start } of sessions) {
    const name = CLIENT.exec(client)?.[1];
    if (name === undefined) continue;
    const at = Date.parse(start) / 1_000;
    const own = (named.get(name) ?? []).filter(i => {
      const one = found[i];
      return one.user === user && (impersonator === undefined || impersonator === `system:serviceaccount:${one.gateway.replace('/', ':')}`)
        && at >= one.began - SKEW && at <= one.over + SKEW;
    });
    if (own.length > 0) of.push([id, own]);
    else missing.push(id);
    own.forEach(i => taken.add(i));
  }
  return {
    all: found.map(({ session, user, gateway, began, over, ...shown }) => shown),
    of,
    others: found.flatMap((_, i) => taken.has(i) ? [] : [i]),
    missing,
    damage,
  };
}

/** Files of recordings, in this place and below it. */
function filesOf(place: string): string[] {
  try {
    if (!statSync(place).isDirectory()) return [place];
    const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile() && entry.name.endsWith('.cast'));
    if (files.length === 0) wrongUse(`--recordings ${plain(place)} has no recording. Fix: name the folder with files that end with .cast.`);
    return files.map(entry => join(entry.parentPath, entry.name)).sort();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    return wrongUse(`--recordings ${plain(place)} cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name a folder of recordings.`);
  }
}

/** What the first line of a file says that is too large to be read whole. */
function head(file: string): RecordingHead {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(LARGEST_HEAD);
    return recordingHead(file, bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)).toString('utf8').split('\n')[0]);
  } finally {
    closeSync(fd);
  }
}

function recorded(file: string, { about, width, height, timestamp, events, complete }: RecordingHead & Partial<RecordedSession>): Found {
  const end = events?.find(({ code }) => code === 'x');
  const text = (value: unknown) => plain(typeof value === 'string' ? value : '');
  return {
    session: text(about.session),
    user: typeof about.user === 'string' ? about.user : '',
    gateway: text(about.gateway),
    began: timestamp,
    over: complete ? timestamp + end!.at : Infinity,
    file: plain(file),
    who: text(about.user) || 'somebody',
    when: timeText(new Date(Math.min(Math.max(timestamp, 0), 4e9) * 1_000).toISOString()).replace(/Z$/, ''),
    what: text(about.command) || 'a shell',
    from: text(about.from),
    certificate: plain([about.certificate?.serial, about.certificate?.keyId, about.certificate?.fingerprint].filter(part => typeof part === 'string').join(' ')),
    ended: events === undefined ? 'not read' : complete ? `exit status ${plain(end!.data)}` : 'without an end: what wrote it was killed, or it went on',
    columns: bounded(width),
    rows: bounded(height),
    ...events && { events: played(events) },
  };
}

const bounded = (size: number) => Math.min(Math.max(size, 1), WIDEST);

/** What a screen shows, without what would make a terminal act, in order of time. */
function played(events: readonly RecordedEvent[]): Recorded['events'] {
  const filter = new TerminalFilter();
  // A pipe ends its lines without going back to their begin.
  const screen = (text: string) => text.replace(/\r?\n/g, '\r\n');
  let last = 0;
  return events.flatMap(({ at, code, data }): [number, 'o' | 'r' | 'm', string][] => {
    last = Math.max(last, Number.isFinite(at) ? at : 0);
    if (code === 'o') return [[last, 'o', screen(filter.pass(data))]];
    if (code === 'i') return [[last, 'o', `\u001b[2m${screen(new TerminalFilter().pass(data).replace(/^(?=[^])/gm, '> '))}\u001b[0m`]];
    if (code === 'm') return [[last, 'm', plain(data)]];
    const size = /^(\d{1,4})x(\d{1,4})$/.exec(data);
    return code === 'r' && size ? [[last, 'r', `${bounded(Number(size[1]))}x${bounded(Number(size[2]))}`]] : [];
  });
}
