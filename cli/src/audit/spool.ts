import { closeSync, openSync, rmSync, writeSync } from 'fs';
import { AsWritten } from './as-written';
import { Damage } from './damage';
import { asObject, asText, AuditEvent, micros, parseEvent } from './event';
import { CutOff } from './lines';
import { isNote, mayMatter } from './may-matter';
import { Fill, Look, skim } from './skim';
import { COLUMNS, LONGEST_OBJECT } from './sql/read';

/** A body may have so many bytes, with all else of its event. */
const LONGEST_WITH_BODY = LONGEST_OBJECT / 2;
/** So many characters are written at a time. */
const PART = 1_000_000;
/** At the begin and the end of a log so many are looked at for times. */
const EDGE = 65_536;

/** What reading a log to its end told. */
export interface Told {
  readonly events: number;
  /** Times at the begin and the end, RFC 3339. */
  readonly times: string[];
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

const times = (part: string): string[] => [...part.matchAll(/"(?:requestReceived|stage)Timestamp"\s*:\s*"([0-9TZ:.-]{20,30})"/g)].map(([, time]) => time);

/** What of a log may matter, as DuckDB reads it. Everything that is no event is named, by its line. */
export class Spool {
  /** Bytes of the longest event. */
  public longest = 0;
  private fd = -1;
  private part = '';

  public constructor(public readonly file: string) {}

  /** Reads a log to its end, or as far as it goes. */
  public async fill(name: string, bytes: Fill, damage: Damage): Promise<Told> {
    this.fd = openSync(this.file, 'w', 0o600);
    const asWritten = new AsWritten();
    let [first, last, read] = ['', '', 0];
    const look: Look = {
      begin: text => {
        first ||= text.slice(0, EDGE);
        last = text;
        asWritten.begin(text);
      },
      passes: (from, to) => {
        const passes = asWritten.passes(from, to);
        if (passes) read++;
        return passes;
      },
      read: (line, number) => {
        if (line?.trim() === '') return;
        const event = line === undefined ? 'too long for an event' : parseEvent(line);
        if (typeof event !== 'string') read++;
        const wrong = typeof event === 'string' ? event : this.take(event, line!);
        if (wrong) damage.line(name, number, wrong);
      },
    };
    try {
      await skim(bytes, look);
    } catch (error) {
      if (!(error instanceof CutOff)) throw error;
      damage.cutOff(name, error.afterLine, error.message);
    } finally {
      this.write();
      closeSync(this.fd);
    }
    return { events: read, times: [...times(first), ...times(last.slice(-EDGE))] };
  }

  public remove(): void {
    rmSync(this.file, { force: true });
  }

  /** Keeps an event that may matter; a text says what is wrong with it. */
  private take(event: AuditEvent, line: string): string | undefined {
    if (asText(event.auditID) === '') return 'an event without ID';
    if (!relevant(event)) return undefined;
    if (Number.isNaN(micros(asText(event.requestReceivedTimestamp)))) return 'an event without time';
    if (event.requestObject === undefined && event.responseObject === undefined && !/\\u[dD]/.test(line) && line.length < PART) return this.put(line);
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
