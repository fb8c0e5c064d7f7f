import { CutOff, LONGEST_LINE } from './lines';

/** Puts bytes into a buffer from a place on, and says how many; none at the end. */
export type Fill = (into: Buffer, at: number) => number | Promise<number>;

/** What looks at lines. Places are those of bytes: each character of the text is one. */
export interface Look {
  /** Some lines, each with its end. */
  begin(text: string): void;
  /** Whether the line from a place to its end needs no reading. */
  passes(from: number, to: number): boolean;
  /** Reads a line, by its number; undefined: it is longer than any event. */
  read(line: string | undefined, number: number): void;
}

/** So many bytes at a time: of more, the C library would have new memory for each. */
const SIZE = 120_000;
const NEWLINE = 0x0a;
/** After so many bytes others have their turn: a bar, the engine. */
const TURN = 16_000_000;

/**
 * Goes through the lines of a log, and reads only those that need it. Memory does not grow with the log.
 *
 * @returns how many lines there are
 */
export async function skim(fill: Fill, look: Look): Promise<number> {
  let buffer = Buffer.allocUnsafeSlow(SIZE + 1);
  let [held, number, turn] = [0, 0, 0];
  let tooLong = false;
  const lines = (end: number) => {
    const text = buffer.toString('latin1', 0, end);
    look.begin(text);
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      number++;
      if (tooLong) {
        look.read(undefined, number);
        tooLong = false;
      } else if (!look.passes(from, to)) {
        look.read(buffer.toString('utf8', from, to), number);
      }
      from = to + 1;
    }
  };
  for (;;) {
    let got: number;
    try {
      got = await fill(buffer.subarray(0, buffer.length - 1), held);
    } catch (error) {
      throw new CutOff(number, (error as Error).message);
    }
    if (got === 0) break;
    const end = held + got;
    const last = buffer.subarray(held, end).lastIndexOf(NEWLINE) + 1;
    if (last > 0) {
      lines(held + last);
      buffer.copy(buffer, 0, held + last, end);
      held = end - held - last;
      if (buffer.length > SIZE + 1 && held < SIZE) buffer = Buffer.concat([buffer.subarray(0, held)], SIZE + 1);
    } else if (end < buffer.length - 1) {
      held = end;
    } else if (end < LONGEST_LINE) {
      buffer = Buffer.concat([buffer.subarray(0, end)], Math.min(2 * end, LONGEST_LINE) + 1);
      held = end;
    } else {
      tooLong = true;
      held = 0;
    }
    turn += got;
    if (turn > TURN) {
      turn = 0;
      await new Promise(resolve => setImmediate(resolve));
    }
  }
  if (held > 0 || tooLong) {
    buffer[held] = NEWLINE;
    lines(held + 1);
  }
  return number;
}
