import { mayMatter, NODES, NOTES, RESOURCES, REVIEWS, SUBRESOURCES } from './may-matter';

const oneOf = (values: readonly string[]) => `(?:${values.map(value => value.replace(/[^\w]/g, '\\$&')).join('|')})`;
/** The rest of a text in JSON, which may have escapes; of one that has none. */
const TEXT = '[^"\\\\]*(?:\\\\.[^"\\\\]*)*"';
const WORD = '[^"\\\\]*"';
const field = (name: string, value = WORD) => `,"${name}":"${value}`;
const maybe = (...names: string[]) => names.map(name => `(?:${field(name)})?`).join('');
const NAMES = maybe('namespace', 'name', 'uid', 'apiGroup', 'apiVersion', 'resourceVersion');
const SUBRESOURCE_OF_NO_ONE = field('subresource', `(?!${oneOf(SUBRESOURCES)}")${WORD}`);

/** What of an objectRef is looked for first: a letter that is rare, so that it is found without looking at each. */
const MARK = 'jectRe';
/** The same for the times at the end, for another event in the same line, and for what a disk leaves where it lost something. */
const TIME = 'Timest';
const EVENT = 'Event"';
const LOST = '\0';
const ESCAPE = '\\u';
/** An event begins with its own. */
const BEGINS_WITH = '{"kind":"Event"'.length;
const ANOTHER = 'Event","apiVersion":"audit.k8s.io/';

const BEGIN = new RegExp('\\{"kind":"Event","apiVersion":"audit\\.k8s\\.io/v1"'
  + `${field('level', '\\w+"')}${field('auditID', '[^"\\\\]+"')}${field('stage', '\\w+"')}${field('requestURI', TEXT)},"verb":"(\\w+)","user":\\{"username":"(${NODES})?${WORD}`, 'y');
const OBJECT = new RegExp(`${MARK}f":\\{"resource":"([^"\\\\]*)"${NAMES}(?:,"subresource":"([^"\\\\]*)")?\\}`, 'y');
/** An object of which no request matters, whatever its verb: most are told by this. */
const HARMLESS_OBJECT = new RegExp(`${MARK}f":\\{"resource":"(?:(?!${oneOf(RESOURCES)}")${WORD}${NAMES}(?:${SUBRESOURCE_OF_NO_ONE})?|(?!${REVIEWS}")${WORD}${NAMES}${SUBRESOURCE_OF_NO_ONE})\\}`, 'y');
/** Annotations that no guardrail wrote; most events have the two of the authorizer. */
const ANNOTATIONS = `\\{(?:"authorization\\.k8s\\.io/decision":"\\w+"${field('authorization\\.k8s\\.io/reason', TEXT)}|(?:"[-./\\w]*(?<!${oneOf(NOTES)})":"${TEXT},?)*)\\}`;
const END = new RegExp(`(?<=,"requestReceived)Timestamp":"${WORD}${field('stageTimestamp')}(?:,"annotations":${ANNOTATIONS})?\\}\\r?\\n`, 'y');

/** A longer line is read as it is: what a regular expression remembers of it has an end. */
const LONGEST = 1_000_000;

/** Where a mark comes next in a text, which is looked through once. */
class Next {
  private text = '';
  private known = -1;

  public constructor(private readonly mark: string) {}

  public begin(text: string): void {
    this.text = text;
    this.known = -1;
  }

  public from(place: number): number {
    if (this.known < place) {
      const found = this.text.indexOf(this.mark, place);
      this.known = found < 0 ? Infinity : found;
    }
    return this.known;
  }
}

/**
 * Tells events that do not matter by how the API server writes them, without taking them apart: fields come in one order and without
 * blanks, and quotes within texts are escaped, so that a field cannot be forged in a text. The begin, the objectRef and the end are
 * looked at in full. Whatever is written otherwise, has an escape there or before, or has the begin of another event within, is not told.
 */
export class AsWritten {
  private text = '';
  private readonly ref = new Next(MARK);
  private readonly event = new Next(EVENT);
  private readonly lost = new Next(LOST);
  private readonly escape = new Next(ESCAPE);

  /** Some lines, each with its end. */
  public begin(text: string): void {
    this.text = text;
    this.ref.begin(text);
    this.event.begin(text);
    this.lost.begin(text);
    this.escape.begin(text);
  }

  /** Whether a line is a whole event that does not matter. */
  public passes(from: number, to: number): boolean {
    if (to - from > LONGEST) return false;
    const { text } = this;
    BEGIN.lastIndex = from;
    if (!BEGIN.test(text)) return false;
    let at = BEGIN.lastIndex;
    const ref = this.ref.from(at);
    // The name of a field may be written by escapes too.
    if (this.escape.from(at) < Math.min(ref, to)) return false;
    if (ref < to) {
      at = this.harmless(from, ref);
      if (at < 0) return false;
    }
    return this.ends(at, to) && this.lost.from(from) > to && !this.hasAnother(from, to);
  }

  /** Where a harmless object ends. */
  private harmless(from: number, ref: number): number {
    HARMLESS_OBJECT.lastIndex = ref;
    if (HARMLESS_OBJECT.test(this.text)) return HARMLESS_OBJECT.lastIndex;
    OBJECT.lastIndex = ref;
    const [, resource, subresource = ''] = OBJECT.exec(this.text) ?? [];
    if (resource === undefined) return -1;
    BEGIN.lastIndex = from;
    const [, verb, user = ''] = BEGIN.exec(this.text)!;
    return mayMatter({ verb, resource, subresource, user }) ? -1 : OBJECT.lastIndex;
  }

  private ends(from: number, to: number): boolean {
    for (let at = this.text.indexOf(TIME, from); at >= 0 && at < to; at = this.text.indexOf(TIME, at + 1)) {
      END.lastIndex = at;
      if (END.test(this.text)) return END.lastIndex === to + 1;
    }
    return false;
  }

  private hasAnother(from: number, to: number): boolean {
    for (let at = this.event.from(from + BEGINS_WITH); at < to; at = this.event.from(at + 1)) {
      if (this.text.startsWith(ANOTHER, at)) return true;
    }
    return false;
  }
}
