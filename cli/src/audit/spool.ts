import { closeSync, openSync, writeSync } from 'fs';
import { AsWritten } from './as-written';
import { Damage, Found } from './damage';
import { asObject, asText, AuditEvent, micros, parseEvent } from './event';
import { CutOff } from './lines';
import { isNote, mayMatter } from './may-matter';
import { Fill, Look, skim } from './skim';
import { COLUMNS, LONGEST_OBJECT } from './sql/columns';

/** A body may have so many bytes, with all else of its event. */
const LONGEST_WITH_BODY = LONGEST_OBJECT / 2;
/** So many characters are written at a time. */
const PART = 1_000_000;
/** At the begin and the end of a log so many are looked at for times. */
const EDGE = 65_536;

/** What reading a log to its end told, or a part of it. */
export interface Told {
  readonly events: number;
  readonly lines: number;
  /** Bytes of the longest event that was kept. */
  readonly longest: number;
  /** The first and the last characters. */
  readonly first: string;
  readonly last: string;
  readonly damage: Found;
}

/** What two parts told that follow each other. */
export function joined(a: Told, b: Told): Told {
  const damage = new Damage();
  damage.add(a.damage);
  damage.add(b.damage, a.lines);
  return {
    events: a.events + b.events,
    lines: a.lines + b.lines,
    longest: Math.max(a.longest, b.longest),
    first: begun(a.first, b.first),
    last: ended(a.last, b.last),
    damage: damage.found,
  };
}

const begun = (first: string, more: string): string => first.length < EDGE ? `${first}${more}`.slice(0, EDGE) : first;
const ended = (last: string, more: string): string => more.length < EDGE ? `${last}${more}`.slice(-EDGE) : more.slice(-EDGE);

/** Times at the begin and the end, RFC 3339. */
export const timesOf = ({ first, last }: Told): string[] => [...times(first), ...times(last)];

function relevant({ objectRef, verb, user, annotations }: AuditEvent): boolean {
  const { resource, subresource } = asObject(objectRef);
  return mayMatter({ verb: asText(verb), resource: asText(resource), subresource: asText(subresource), user: asText(asObject(user).username) })
    || Object.keys(asObject(annotations)).some(isNote);
}

/** Half a character is none for DuckDB. */
const whole = (_: string, value: unknown) => typeof value === 'string' ? (value as any).toWellFormed() : value;

/** What is read of a body, whatever else it has. */
function body(sent: unknown): unknown {
  if (sent === null || typeof sent !== 'object' || Array.isArray(sent)) return sent;
  const { metadata, spec, roleRef, subjects } = asObject(sent);
  const { name, labels, annotations } = asObject(metadata);
  const { ephemeralContainers, containers, user, groups, resourceAttributes } = asObject(spec);
  return { metadata: { name, labels, annotations }, spec: { ephemeralContainers, containers, user, groups, resourceAttributes }, roleRef, subjects };
}

const times = (part: string): string[] => [...part.matchAll(/"(?:requestReceived|stage)Timestamp"\s*:\s*"([0-9TZ:.-]{20,30})"/g)].map(([, time]) => time);

/** What of a log may matter, as DuckDB reads it. Everything that is no event is named, by its line. */
export class Spool {
  private readonly damage = new Damage();
  private longest = 0;
  private fd = -1;
  private part = '';

  public constructor(public readonly file: string) {}

  /** Reads a log to its end, or as far as it goes. */
  public async fill(name: string, bytes: Fill): Promise<Told> {
    this.fd = openSync(this.file, 'w', 0o600);
    const asWritten = new AsWritten();
    let [first, last, events, lines] = ['', '', 0, 0];
    const look: Look = {
      begin: text => {
        first = begun(first, text);
        last = text.length < EDGE ? ended(last, text) : text;
        asWritten.begin(text);
      },
      passes: (from, to) => {
        const passes = asWritten.passes(from, to);
        if (passes) events++;
        return passes;
      },
      read: (line, number) => {
        if (line?.trim() === '') return;
        const event = line === undefined ? 'too long for an event' : parseEvent(line);
        if (typeof event !== 'string') events++;
        const wrong = typeof event === 'string' ? event : this.take(event, line!);
        if (wrong) this.damage.line(name, number, wrong);
      },
    };
    try {
      lines = await skim(bytes, look);
    } catch (error) {
      if (!(error instanceof CutOff)) throw error;
      lines = error.afterLine;
      this.damage.cutOff(name, lines, error.message);
    } finally {
      this.write();
      closeSync(this.fd);
    }
    return { events, lines, longest: this.longest, first, last: last.slice(-EDGE), damage: this.damage.found };
  }

  /** Keeps an event that may matter; a text says what is wrong with it. */
  private take(event: AuditEvent, line: string): string | undefined {
    if (asText(event.auditID) === '') return 'an event without ID';
    if (!relevant(event)) return undefined;
    if (Number.isNaN(micros(asText(event.requestReceivedTimestamp)))) return 'an event without time';
    if (event.requestObject === undefined && event.responseObject === undefined && !line.includes('\\ud') && !line.includes('\\uD') && line.length < PART) return this.put(line);
    const kept = Object.fromEntries(Object.keys(COLUMNS).map(field => [field, field === 'requestObject' ? body(event[field]) : event[field]]));
    let told = JSON.stringify(kept, whole);
    const large = Buffer.byteLength(told) > LONGEST_WITH_BODY;
    if (large) told = JSON.stringify({ ...kept, requestObject: undefined }, whole);
    if (Buffer.byteLength(told) >= LONGEST_OBJECT) return 'too long for an event';
    this.put(told);
    return large && kept.requestObject !== undefined ? 'its body is too large to be read' : undefined;
  }

  private put(line: string): undefined {
    this.longest = Math.max(this.longest, Buffer.byteLength(line));
    this.part += `${line}\n`;
    if (this.part.length > PART) this.write();
  }

  private write(): void {
    writeSync(this.fd, this.part);
    this.part = '';
  }
}
