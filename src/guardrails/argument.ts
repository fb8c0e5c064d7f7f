import { quoted } from '../model/cel';
import { reject } from '../private/errors';

const where = 'Argument';

/** A path segment that is no `.`, no `..`, not hidden and no option: begins with a letter, a digit or `_`. */
const SEGMENT = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const MOST = 32;

/**
 * One argument of a command, by what it may be. None of them matches a blank end, a line end, or a text that begins
 * with `-`, so an argument never becomes an option.
 */
export class Argument {
  /**
   * Exactly one of these.
   *
   * @throws when there is none, and on control characters
   */
  public static oneOf(...values: string[]): Argument {
    if (values.length === 0) reject({ where: `${where}.oneOf`, field: 'values', value: values, problem: 'is empty', fix: 'give the values that are allowed' });
    values.forEach((value, i) => plain(`${where}.oneOf`, `values[${i}]`, value));
    return new Argument({ oneOf: [...values] }, values.map(quoted).join('|'), values.join('|'));
  }

  /** A name or number: letters, digits, `.`, `_`, `-` and `:`, beginning with a letter or digit. */
  public static word(): Argument {
    return new Argument({ word: true }, '[A-Za-z0-9][A-Za-z0-9._:-]*', 'WORD');
  }

  /** A whole number, at most 9 digits. */
  public static number(): Argument {
    return new Argument({ number: true }, '[0-9]{1,9}', 'NUMBER');
  }

  /**
   * A path in a directory or below it, without `..`, hidden files and blanks. Symbolic links in the container are
   * followed by the command: who can write in the directory decides what is read.
   *
   * @param directory absolute, without a slash at its end, e.g. `/var/log`
   * @throws when it is relative, or has empty segments, `.` or `..`
   */
  public static pathBelow(directory: string): Argument {
    const at = plain(`${where}.pathBelow`, 'directory', directory);
    if (!new RegExp(`^(/${SEGMENT})+$`).test(at)) {
      reject({ where: `${where}.pathBelow`, field: 'directory', value: directory, problem: 'is not an absolute directory of plain names', fix: 'write one such as "/var/log"; for every path use Argument.path()' });
    }
    return new Argument({ pathBelow: at }, `${quoted(at)}(?:/${SEGMENT})*`, `${at}/…`);
  }

  /** Any absolute path, without `..`, hidden files and blanks: for commands that name files and do not read them, as `ls` does. */
  public static path(): Argument {
    return new Argument({ path: true }, `(?:/${SEGMENT})+|/`, 'PATH');
  }

  private constructor(
    private readonly kind: object,
    private readonly one: string,
    private readonly shown: string,
    private readonly least: number = 1,
    private readonly most: number = 1,
  ) {}

  /** It may be left out. */
  public optional(): Argument {
    return new Argument(this.kind, this.one, this.shown, 0, this.most);
  }

  /**
   * It may stand up to this many times.
   *
   * @param times from 2 to 32
   * @throws on another number
   */
  public repeated(times: number): Argument {
    if (!Number.isInteger(times) || times < 2 || times > MOST) {
      reject({ where: `${where}.repeated`, field: 'times', value: times, problem: 'is no number of times', fix: `give a whole number from 2 to ${MOST}` });
    }
    return new Argument(this.kind, this.one, this.shown, this.least, times);
  }

  /** As a reviewer reads it, e.g. `[/var/log/…]`. */
  public toString(): string {
    const text = this.most > 1 ? `${this.shown} ×${this.most}` : this.shown;
    return this.least === 0 ? `[${text}]` : text;
  }

  /**
   * As a broker policy writes it.
   *
   * @internal
   */
  public _toJson(): any {
    return { ...this.kind, ...this.least === 0 && { optional: true }, ...this.most > 1 && { repeated: this.most } };
  }

  /**
   * RE2 of the argument in a command whose arguments are each preceded by a line end.
   *
   * @internal
   */
  public get _pattern(): string {
    const one = `\\n(?:${this.one})`;
    return this.least === 1 && this.most === 1 ? one : `(?:${one}){${this.least},${this.most}}`;
  }
}

/**
 * A word of a command: no control character, which no pattern here means, no half of a surrogate pair, nothing that a
 * reviewer does not see or sees in another order, and not the mark for what was no UTF-8, which RE2 takes such bytes for.
 */
export function plain(at: string, field: string, value: string): string {
  if (typeof value !== 'string') reject({ where: at, field, value, problem: 'is not text', fix: 'give a text' });
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u.test(value)) {
    reject({ where: at, field, value, problem: 'contains control characters, line ends, or invisible or broken characters', fix: 'give it as one line of text' });
  }
  return value;
}
