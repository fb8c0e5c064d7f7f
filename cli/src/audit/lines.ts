import { Readable, Transform } from 'stream';
import * as zlib from 'zlib';

/** One line of a log; without its text when it is longer than any event can be. */
export interface Line {
  readonly number: number;
  readonly text?: string;
}

/** The source ended before its end: a `.gz` that was cut off, a disk that fails. */
export class CutOff extends Error {
  public constructor(public readonly afterLine: number, why: string) {
    super(why);
    this.name = 'CutOff';
  }
}

/** An event holds at most an object as it was sent and as it was stored, some megabytes; a line beyond this is no event. */
export const LONGEST_LINE = 64 * 1_048_576;

const NEWLINE = 0x0a;
/** So many bytes are unpacked at a time. */
const UNPACKED = 131_072;

/** The lines of a log, one after the other, so that memory does not grow with it. What is packed by gzip or zstd is told by its first bytes. */
export async function* lines(source: Readable, longest = LONGEST_LINE): AsyncGenerator<Line> {
  let number = 0;
  let parts: Buffer[] = [];
  let size = 0;
  const add = (part: Buffer) => {
    size += part.length;
    if (size <= longest) parts.push(part);
    else parts = [];
  };
  const line = (): Line => {
    const text = size <= longest ? Buffer.concat(parts).toString('utf8') : undefined;
    parts = [];
    size = 0;
    return { number: ++number, text };
  };
  try {
    for await (const chunk of unpacked(source)) {
      let from = 0;
      for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
        add(chunk.subarray(from, to));
        yield line();
        from = to + 1;
      }
      if (from < chunk.length) add(chunk.subarray(from));
    }
  } catch (error) {
    throw new CutOff(number, (error as Error).message);
  }
  if (size > 0) yield line();
}

/** What is packed by gzip or zstd, unpacked; everything else as it is. */
export async function* unpacked(source: Readable): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, Buffer.from(value)]);
  }
  const all = async function* () {
    if (head.length > 0) yield head;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield Buffer.from(next.value);
  };
  const unpack = unpackerOf(head);
  if (!unpack) {
    yield* all();
    return;
  }
  const packed = Readable.from(all());
  const gunzip = unpack();
  // A pipe does not hand on what goes wrong before it.
  packed.on('error', error => gunzip.destroy(error));
  yield* packed.pipe(gunzip) as AsyncIterable<Buffer>;
}

const ZSTD = 'zstd is read from a file alone by this version of Node.js. Fix: unpack it before, e.g. zstd -dc audit.log.zst | secure-debug …, or use Node.js 22.15 or newer';

function unpackerOf(head: Buffer): (() => Transform) | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return () => zlib.createGunzip({ chunkSize: UNPACKED });
  if (head.length < 4 || head.readUInt32LE(0) !== 0xfd2fb528) return undefined;
  const { createZstdDecompress } = zlib as any;
  return createZstdDecompress ?? (() => { throw new Error(ZSTD); });
}
