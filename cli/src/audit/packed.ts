import { createReadStream } from 'fs';
import { FileHandle, open } from 'fs/promises';
import { Writable } from 'stream';
import { pipeline } from 'stream/promises';
import { createGunzip } from 'zlib';
import { Source } from './sources';

/** Whether a file is whole, and the times at its begin and end, RFC 3339, where they can be told cheaply. */
export interface Extent {
  readonly whole: boolean;
  readonly times: string[];
}

/** DuckDB takes a packed file that was cut off for one that has ended. What is not packed counts as whole. */
export async function extentOf({ file, format }: Source): Promise<Extent> {
  if (format === 'gzip') return gzipExtent(file);
  if (format === 'zstd') return { whole: await zstdWhole(file), times: [] };
  if (format === 'parquet') return { whole: true, times: [] };
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    return { whole: true, times: [...times(await bytes(handle, 0, EDGE)), ...times(await bytes(handle, Math.max(0, size - EDGE), EDGE))] };
  } finally {
    await handle.close();
  }
}

/** So many bytes of begin and end are looked at. */
const EDGE = 65_536;

const times = (part: Buffer): string[] => [...part.toString('latin1').matchAll(/"(?:requestReceived|stage)Timestamp"\s*:\s*"([0-9TZ:.-]{20,30})"/g)].map(([, time]) => time);

async function gzipExtent(file: string): Promise<Extent> {
  let head: Buffer | undefined;
  let tail: Buffer = Buffer.alloc(0);
  const look = new Writable({
    write(chunk: Buffer, _encoding, done) {
      head ??= Buffer.from(chunk.subarray(0, EDGE));
      tail = chunk;
      done();
    },
  });
  let whole = true;
  try {
    await pipeline(createReadStream(file, { highWaterMark: 1_048_576 }), createGunzip({ chunkSize: 1_048_576 }), look);
  } catch {
    whole = false;
  }
  return { whole, times: [...times(head ?? tail), ...times(tail.subarray(-EDGE))] };
}

/**
 * Follows the blocks of all frames by their headers, without unpacking them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8878#section-3
 */
async function zstdWhole(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    let at = 0;
    while (at < size) {
      const end = await frameEnd(handle, at);
      if (end === undefined || end > size) return false;
      at = end;
    }
    return true;
  } finally {
    await handle.close();
  }
}

async function frameEnd(handle: FileHandle, start: number): Promise<number | undefined> {
  const head = await bytes(handle, start, 18);
  if (head.length < 8) return undefined;
  const magic = head.readUInt32LE(0);
  if (magic >= 0x184d2a50 && magic <= 0x184d2a5f) return start + 8 + head.readUInt32LE(4);
  if (magic !== 0xfd2fb528) return undefined;
  const descriptor = head[4];
  const single = bits(descriptor, 5, 1);
  const contentSize = [single, 2, 4, 8][bits(descriptor, 6, 2)];
  let at = start + 5 + (single ? 0 : 1) + [0, 1, 2, 4][bits(descriptor, 0, 2)] + contentSize;
  for (;;) {
    const block = await bytes(handle, at, 3);
    if (block.length < 3) return undefined;
    const header = block.readUIntLE(0, 3);
    const type = bits(header, 1, 2);
    if (type === 3) return undefined;
    at += 3 + (type === 1 ? 1 : bits(header, 3, 21));
    if (bits(header, 0, 1)) return at + (bits(descriptor, 2, 1) ? 4 : 0);
  }
}

/** So many bits of a number, from one on. */
const bits = (value: number, from: number, many: number): number => Math.floor(value / 2 ** from) % 2 ** many;

async function bytes(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}
