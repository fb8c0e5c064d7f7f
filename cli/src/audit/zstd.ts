import { FileHandle, open } from 'fs/promises';

/**
 * Whether a file is whole: DuckDB takes one that was cut off for one that has ended. Follows the blocks of all frames by their headers,
 * without unpacking them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8878#section-3
 */
export async function zstdWhole(file: string): Promise<boolean> {
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
