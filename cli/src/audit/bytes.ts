import { closeSync, createReadStream, openSync, readSync } from 'fs';
import { Readable } from 'stream';
import { DuckDBConnection } from '@duckdb/node-api';
import { unpacked } from './lines';
import { Part, WHOLE } from './parts';
import { Fill } from './skim';
import { Source } from './sources';
import { linesOf } from './sql/read';

/** The bytes of a log, unpacked; `told` is told how many of the file were read. */
export function bytesOf(connection: DuckDBConnection, source: Source, stdin: Readable | undefined, told: (bytes: number) => void): Fill {
  const { file, format } = source;
  if (source.stdin) return filledBy(unpacked(stdin!));
  if (format === 'text') return read(file, told);
  // Not every version of Node.js can.
  if (format === 'zstd') return filledBy(lines(connection, file));
  const packed = createReadStream(file, { highWaterMark: PACKED });
  let before = 0;
  return filledBy(unpacked(packed), () => {
    told(packed.bytesRead - before);
    before = packed.bytesRead;
  });
}

/** So many bytes of a packed file are read at a time. */
const PACKED = 262_144;

/** A file or a part of it, read where it is wanted: a stream would cost as much as looking at what it gives. */
export function read(file: string, told: (bytes: number) => void, { from, to }: Part = WHOLE): Fill {
  const fd = openSync(file, 'r');
  let place = from;
  return (into, at) => {
    let many = 0;
    try {
      many = readSync(fd, into, at, Math.min(into.length - at, to - place), place);
      place += many;
    } finally {
      if (many === 0) closeSync(fd);
    }
    told(many);
    return many;
  };
}

function filledBy(source: AsyncIterable<Buffer>, told?: () => void): Fill {
  const chunks = source[Symbol.asyncIterator]();
  let chunk: Buffer = Buffer.alloc(0);
  return async (into, at) => {
    while (chunk.length === 0) {
      const next = await chunks.next();
      if (next.done) return 0;
      chunk = next.value;
      told?.();
    }
    const many = chunk.copy(into, at);
    chunk = chunk.subarray(many);
    return many;
  };
}

async function* lines(connection: DuckDBConnection, file: string): AsyncGenerator<Buffer> {
  const result = await connection.stream(linesOf(file));
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    yield Buffer.from(chunk.getRows().map(([line]) => `${line ?? ''}\n`).join(''));
  }
}
