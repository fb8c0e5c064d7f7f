import { AsWritten } from './as-written';
import { CutOff, LONGEST_LINE } from './lines';

/** Puts bytes into a buffer from a place on, and says how many; none at the end. */
export type Fill = (into: Buffer, at: number) => number | Promise<number>;

/** Reads a line, by its number; undefined: it is longer than any event. */
export type Read = (line: string | undefined, number: number) => void;

/** So many bytes are taken at a time: they stay in the processor's own memory until they are looked at. */
const SIZE = 131_072;
const NEWLINE = 0x0a;
/** After so many bytes others have their turn: a bar, the engine. */
const TURN = 16_000_000;

/**
 * Goes through the lines of a log, and reads only those that may matter. Memory does not grow with the log.
 *
 * @returns how many lines there are
 */
export async function skim(fill: Fill, asWritten: AsWritten, read: Read): Promise<number> {
  const { room } = asWritten;
  const long = new LongLine();
  let [held, number, turn] = [0, 0, 0];
  const look = (end: number) => {
    number += asWritten.look(end, (from, to, line) => read(room.toString('utf8', from, to), number + line));
  };
  for (;;) {
    let got: number;
    try {
      got = await fill(room.subarray(0, Math.min(held + SIZE, room.length - 1)), held);
    } catch (error) {
      throw new CutOff(number, (error as Error).message);
    }
    if (got === 0) break;
    let begin = held;
    held += got;
    if (long.begun) {
      const end = room.subarray(0, held).indexOf(NEWLINE);
      long.add(room.subarray(0, end < 0 ? held : end));
      room.copyWithin(0, end < 0 ? held : end + 1, held);
      held -= end < 0 ? held : end + 1;
      begin = 0;
      if (end >= 0) read(long.end(), ++number);
    }
    const last = room.subarray(begin, held).lastIndexOf(NEWLINE);
    if (last >= 0) {
      const end = begin + last + 1;
      look(end);
      room.copyWithin(0, end, held);
      held -= end;
    } else if (held === room.length - 1) {
      long.add(room.subarray(0, held));
      held = 0;
    }
    turn += got;
    if (turn > TURN) {
      turn = 0;
      await new Promise(resolve => setImmediate(resolve));
    }
  }
  if (long.begun) {
    long.add(room.subarray(0, held));
    read(long.end(), ++number);
  } else if (held > 0) {
    room[held] = NEWLINE;
    look(held + 1);
  }
  return number;
}

/** A line for which there is no room. */
class LongLine {
  private parts: Buffer[] = [];
  private size = 0;

  public get begun(): boolean {
    return this.size > 0;
  }

  public add(part: Buffer): void {
    this.size += part.length;
    if (this.size <= LONGEST_LINE) this.parts.push(Buffer.from(part));
    else this.parts = [];
  }

  /** Its text; undefined: it is longer than any event. */
  public end(): string | undefined {
    const text = this.size <= LONGEST_LINE ? Buffer.concat(this.parts).toString('utf8') : undefined;
    this.parts = [];
    this.size = 0;
    return text;
  }
}
