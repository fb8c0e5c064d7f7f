import { closeSync, openSync, writeSync } from 'fs';
import { AsWritten } from './as-written';
import { Damage, Found } from './damage';
import { asObject, asText, AuditEvent, micros, parseEvent } from './event';
import { CutOff } from './lines';
import { isNote, mayMatter } from './may-matter';
import { Fill, skim } from './skim';
import { COLUMNS, LONGEST_OBJECT } from './sql/columns';

/** A body may have so many bytes, with all else of its event. */
const LONGEST_WITH_BODY = LONGEST_OBJECT / 2;
/** So many characters are written at a time. */
const PART = 1_000_000;
/** So many go into a file, and what comes after them into the next. */
const FILE = 8_000_000;

/** As times are compared, which is as texts. */
const TIME = /^[0-9TZ:.-]{20,30}$/;

/** What reading a log to its end told, or a part of it. */
export interface Told {
  readonly events: number;
  readonly lines: number;
  /** Bytes of the longest event that was kept. */
  readonly longest: number;
  /** The first and the last time of an event, RFC 3339; none where no event has one. */
  readonly times: readonly string[];
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
    times: edges([...a.times, ...b.times]),
    damage: damage.found,
  };
}

/** The first and the last of some times. */
export function edges(times: readonly string[]): string[] {
  if (times.length === 0) return [];
  return [times.reduce((a, b) => b < a ? b : a), times.reduce((a, b) => b > a ? b : a)];
}

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

/** What of a log may matter, as DuckDB reads it. Everything that is no event is named, by its line. */
export class Spool {
  private readonly damage = new Damage();
  private longest = 0;
  private times: string[] = [];
  private fd = -1;
  private part = '';
  private written = 0;
  private readonly names: string[] = [];

  /** @param file the first file; others are beside it */
  public constructor(private readonly file: string) {}

  /** What was filled. */
  public get files(): readonly string[] {
    return this.names;
  }

  /** Reads a log to its end, or as far as it goes. */
  public async fill(name: string, bytes: Fill, asWritten = new AsWritten()): Promise<Told> {
    this.begin();
    let [events, lines] = [0, 0];
    asWritten.begin();
    try {
      lines = await skim(bytes, asWritten, (line, number) => {
        if (line?.trim() === '') return;
        const event = line === undefined ? 'too long for an event' : parseEvent(line);
        if (typeof event !== 'string') {
          events++;
          this.see(event);
        }
        const wrong = typeof event === 'string' ? event : this.take(event, line!);
        if (wrong) this.damage.line(name, number, wrong);
      });
    } catch (error) {
      if (!(error instanceof CutOff)) throw error;
      lines = error.afterLine;
      this.damage.cutOff(name, lines, error.message);
    } finally {
      this.write();
      closeSync(this.fd);
    }
    const times = edges([...this.times, ...asWritten.times]);
    return { events: events + asWritten.passed, lines, longest: this.longest, times, damage: this.damage.found };
  }

  /** Notes when an event was, if that is before or after all others. */
  private see({ requestReceivedTimestamp, stageTimestamp }: AuditEvent): void {
    const [first = '', last = first] = this.times;
    for (const time of [requestReceivedTimestamp, stageTimestamp]) {
      if (typeof time === 'string' && (first === '' || time < first || time > last) && TIME.test(time)) this.times = edges([...this.times, time]);
    }
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

  private begin(): void {
    const name = this.names.length === 0 ? this.file : `${this.file}.${this.names.length}`;
    this.fd = openSync(name, 'w', 0o600);
    this.names.push(name);
    this.written = 0;
  }

  private write(): void {
    if (this.written > FILE) {
      closeSync(this.fd);
      this.begin();
    }
    writeSync(this.fd, this.part);
    this.written += this.part.length;
    this.part = '';
  }
}
