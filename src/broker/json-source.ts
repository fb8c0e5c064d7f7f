import { orMeant } from './suggest';
import { show } from '../private/errors';

/** A value as JSON has it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The way to a value: keys and indexes. */
export type Path = readonly (string | number)[];

/** What is wrong with the text itself, and where. */
interface SyntaxFinding {
  readonly offset: number;
  /** What stands there. */
  readonly found: string;
  readonly problem: string;
  readonly fix: string;
}

/** Where a value begins, and its parts. */
interface Place {
  readonly start: number;
  readonly items?: Place[];
  readonly members?: Map<string, { readonly key: number; readonly place: Place }>;
}

/** A line and a column, both from 1; columns are counted in UTF-16 units, as editors do. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** Far more than a policy needs; a text of brackets alone would exhaust the stack. */
const DEEPEST = 64;

/**
 * JSON (RFC 8259) with the place of every value. It takes what `JSON.parse` takes, except a key that is given twice and
 * nesting without end; of two equal keys JSON.parse keeps the second, and a reviewer may have read the first.
 */
export class JsonSource {
  public readonly findings: SyntaxFinding[] = [];
  /** The content; undefined when there are findings. */
  public readonly value: Json | undefined;
  private readonly root?: Place;
  private readonly lineStarts: number[] = [0];

  /** @param text without a byte order mark */
  public constructor(text: string) {
    for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) this.lineStarts.push(index + end.length);
    const reader = new Reader(text, this.findings);
    try {
      const [value, place] = reader.document();
      this.root = place;
      if (this.findings.length === 0) this.value = value;
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
    }
  }

  /** Line and column of a place in the text. */
  public position(offset: number): Position {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.lineStarts[middle] <= offset) low = middle; else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.lineStarts[low] + 1 };
  }

  /** Where the value at the end of the way begins, or its key; what is not there is looked for as far as the way goes. */
  public offsetOf(path: Path, key: boolean): number {
    let place = this.root;
    let offset = place?.start ?? 0;
    for (const [i, step] of path.entries()) {
      const member = typeof step === 'string' ? place?.members?.get(step) : undefined;
      place = typeof step === 'number' ? place?.items?.[step] : member?.place;
      if (!place) break;
      offset = key && i === path.length - 1 && member ? member.key : place.start;
    }
    return offset;
  }
}

/** Ends the reading at the first error that leaves no doubt what follows. */
class Stop extends Error {}

class Reader {
  private at = 0;
  private depth = 0;

  public constructor(private readonly text: string, private readonly findings: SyntaxFinding[]) {}

  public document(): [Json, Place] {
    this.blanks();
    if (this.at === this.text.length) this.stop('The text', 'is empty', 'write a policy, beginning with {');
    const document = this.value();
    this.blanks();
    if (this.at < this.text.length) this.unexpected('stands after the end of the policy', 'remove it', false);
    return document;
  }

  private value(): [Json, Place] {
    const start = this.at;
    const first = this.text[start];
    if (first === '{') return this.nested(() => this.object());
    if (first === '[') return this.nested(() => this.list());
    if (first === '"') return [this.string(), { start }];
    for (const [word, value] of [['true', true], ['false', false], ['null', null]] as const) {
      if (this.match(/[\w$-]+/y, false) === word) {
        this.at += word.length;
        return [value, { start }];
      }
    }
    const number = this.match(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.+-])/y, true);
    if (number !== undefined) return [Number(number), { start }];
    return this.unexpected('is no value of JSON', 'write a text in double quotes, a number, true, false, […] or {…}');
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > DEEPEST) this.stop(show(this.text[this.at]), `is nested more than ${DEEPEST} deep`, 'write a policy as its schema says');
    const result = read();
    this.depth--;
    return result;
  }

  private object(): [Json, Place] {
    const start = this.at++;
    const entries: [string, Json][] = [];
    const members = new Map<string, { key: number; place: Place }>();
    this.parts('{', '}', start, () => {
      const key = this.at;
      if (this.text[key] !== '"') this.unexpected('stands where a key is expected', 'write the key in double quotes');
      const name = this.string();
      this.blanks();
      if (this.text[this.at] !== ':') this.unexpected(`follows the key ${show(name)}`, 'put a colon between a key and its value', false);
      this.at++;
      this.blanks();
      const earlier = members.get(name);
      if (earlier) this.findings.push({ offset: key, found: `The key ${show(name)}`, problem: 'is given twice', fix: 'keep one of the two' });
      const [value, place] = this.value();
      if (!earlier) members.set(name, { key, place });
      entries.push([name, value]);
    });
    return [Object.fromEntries(entries), { start, members }];
  }

  private list(): [Json, Place] {
    const start = this.at++;
    const values: Json[] = [];
    const items: Place[] = [];
    this.parts('[', ']', start, () => {
      const [value, place] = this.value();
      values.push(value);
      items.push(place);
    });
    return [values, { start, items }];
  }

  /** What stands between brackets, with commas between. */
  private parts(open: string, close: string, start: number, part: () => void): void {
    this.blanks();
    if (this.text[this.at] === close) {
      this.at++;
      return;
    }
    for (;;) {
      this.notEnd(open, start);
      part();
      this.blanks();
      this.notEnd(open, start);
      const next = this.text[this.at];
      if (next === close) break;
      if (next !== ',') this.unexpected('follows a value', `put a comma between two values, or close the ${open}`, false);
      const comma = this.at++;
      this.blanks();
      if (this.text[this.at] === close) this.stop('The comma', `is followed by ${close}`, 'remove it', comma);
    }
    this.at++;
  }

  private notEnd(open: string, start: number): void {
    if (this.at === this.text.length) this.stop(show(open), 'is never closed', 'close it, or undo what cut the end of the file off', start);
  }

  private string(): string {
    const start = this.at;
    for (this.at++; ; this.at++) {
      const char = this.text[this.at];
      if (char === '"') break;
      if (char === undefined || char === '\n' || char === '\r') this.stop('The text that begins here', 'has no end in its line', 'close it with a double quote', start);
      if (char < ' ') this.stop(`The character ${show(char)}`, 'stands in a text as it is', `write it as ${show(char).slice(1, -1)}`);
      if (char !== '\\') continue;
      const escape = this.match(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y, false);
      if (escape === undefined) this.stop(show(this.text.slice(this.at, this.at + 2)), 'is no escape of JSON', 'write a backslash as \\\\');
      this.at += escape!.length - 1;
    }
    return JSON.parse(this.text.slice(start, ++this.at));
  }

  private blanks(): void {
    this.match(/[ \t\r\n]*/y, true);
  }

  private match(pattern: RegExp, take: boolean): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (take && found !== undefined) this.at += found.length;
    return found;
  }

  /**
   * Says what is known of the mistakes that are made most; the other words are for what is left.
   *
   * @param wanted something has to stand here, so a word is one without its quotes
   */
  private unexpected(problem: string, fix: string, wanted = true): never {
    const rest = this.text.slice(this.at, this.at + 40);
    const word = /^[^\s,:"[\]{}]+/.exec(rest)?.[0];
    if (/^(\/[/*]|#)/.test(rest)) return this.stop('A comment', 'is no JSON', 'remove it; reasons have fields of their own');
    if (/^[&!*]./.test(rest) || rest.startsWith('---')) return this.stop(show(word ?? rest[0]), 'is YAML, and no JSON', 'write the policy as JSON');
    if (rest.startsWith('\'')) return this.stop('A single quote', problem, wanted ? 'put texts in double quotes' : fix);
    if (rest.startsWith('"')) return this.stop('A text', problem, fix);
    if (wanted && word !== undefined && /^\p{L}/u.test(word)) return this.stop(show(word), 'is not in quotes', orMeant(word, ['true', 'false', 'null'], 'put it in double quotes'));
    return this.stop(rest === '' ? 'The end of the text' : show(word ?? rest[0]), problem, fix);
  }

  private stop(found: string, problem: string, fix: string, offset = this.at): never {
    this.findings.push({ offset, found, problem, fix });
    throw new Stop();
  }
}
