import { createReadStream } from 'fs';
import { Readable } from 'stream';
import * as zlib from 'zlib';
import { Log } from './read-logs';
import { Source, sourcesOf } from './sources';
import { wrongUse } from '../errors';
import { Io } from '../io';
import { plain } from '../text';

/** Logs that are read event by event: files, folders and standard input, as they are or packed. */
export function eventLogs(io: Io, named: string[]): Log[] {
  const hasInput = io.stdin !== undefined && !io.stdin.isTTY;
  const { sources, skipped } = sourcesOf(named, [], hasInput);
  for (const one of skipped) io.stderr.write(`not read: ${plain(one)}: no audit log\n`);
  return sources.map(source => ({ name: source.name, open: opener(io, source) }));
}

function opener(io: Io, { name, file, format, stdin }: Source): () => Readable {
  if (stdin) return () => io.stdin!;
  if (format === 'parquet') return wrongUse(`${plain(name)} is Parquet, which has sessions and not every event. Fix: name the logs that it was made of.`);
  if (format !== 'zstd') return () => createReadStream(file);
  // From Node.js 22.15 on.
  const { createZstdDecompress } = zlib as unknown as { createZstdDecompress?: () => zlib.Unzip };
  if (!createZstdDecompress) return wrongUse(`${plain(name)} is packed by zstd, which Node.js ${process.versions.node} cannot read. Fix: zstd --decompress --stdout ${plain(name)} | secure-debug … -, or use Node.js 22.15 or newer.`);
  return () => {
    const source = createReadStream(file);
    const unpacked = createZstdDecompress();
    // A pipe does not hand on what goes wrong before it.
    source.on('error', error => unpacked.destroy(error));
    return source.pipe(unpacked);
  };
}
