import { closeSync, openSync, readSync } from 'fs';

/** Bytes of a file, from one up to another. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** To its end, wherever that is by then. */
export const WHOLE: Part = { from: 0, to: Infinity };

/** So many bytes are looked through at a time for the end of a line. */
const LOOKED = 8_192;

/**
 * A file in parts, each of which ends with a line; the last goes on to the end of what is written by then.
 *
 * @param part about how many bytes the next part has, of so many that are left
 */
export function partsOf(file: string, size: number, part: (left: number) => number): Part[] {
  const fd = openSync(file, 'r');
  try {
    const parts: Part[] = [];
    let from = 0;
    for (let at = part(size); at < size; at = from + part(size - from)) {
      const to = lineAfter(fd, at);
      if (to === undefined || to >= size) break;
      parts.push({ from, to });
      from = to;
    }
    return [...parts, { from, to: Infinity }];
  } finally {
    closeSync(fd);
  }
}

/** Where the first line begins that begins at a place or after it. */
function lineAfter(fd: number, place: number): number | undefined {
  const bytes = Buffer.allocUnsafe(LOOKED);
  for (let at = place - 1; ; at += LOOKED) {
    const many = readSync(fd, bytes, 0, LOOKED, at);
    if (many === 0) return undefined;
    const end = bytes.subarray(0, many).indexOf(0x0a);
    if (end >= 0) return at + end + 1;
  }
}
