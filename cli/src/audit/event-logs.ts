import { createReadStream, ReadStream } from 'fs';
import { Readable } from 'stream';
import * as zlib from 'zlib';
import { Damage } from './damage';
import { AuditEvent } from './event';
import { Progress } from './progress';
import { Log, readLogs } from './read-logs';
import { MIB, sizeOf, Source, sourcesOf } from './sources';
import { wrongUse } from '../errors';
import { Io } from '../io';
import { plain } from '../text';

/** Logs that are read event by event, and how far that has come. */
export interface EventLogs {
  readonly logs: Log[];
  /** In bytes of the files. */
  readonly size: number;
  /** What is open, or was. */
  readonly opened: ReadStream[];
}

/** Files, folders and standard input, as they are or packed; all of them looked at before any is read. */
export function eventLogs(io: Io, named: string[]): EventLogs {
  const hasInput = io.stdin !== undefined && !io.stdin.isTTY;
  const { sources, skipped } = sourcesOf(named, [], hasInput);
  for (const one of skipped) io.stderr.write(`not read: ${plain(one)}: no audit log\n`);
  const opened: ReadStream[] = [];
  return { logs: sources.map(source => ({ name: source.name, open: opener(io, source, opened) })), size: sizeOf(sources), opened };
}

/** Is given every event, and says what is wrong with one that it cannot use. */
type Take = (event: AuditEvent, line: string) => string | void;

/** `readLogs`, with a bar on a terminal. */
export async function readEvents(io: Io, { logs, size, opened }: EventLogs, damage: Damage, take: Take): Promise<number> {
  const progress = new Progress(io, Math.ceil(size / MIB), 'reading logs, MiB:');
  const tell = () => progress.at(Math.ceil(opened.reduce((sum, { bytesRead }) => sum + bytesRead, 0) / MIB));
  const timer = io.stderr.isTTY ? setInterval(tell, 200) : undefined;
  try {
    return await readLogs(logs, damage, take);
  } finally {
    clearInterval(timer);
    progress.stop();
  }
}

function opener(io: Io, { name, file, format, stdin }: Source, opened: ReadStream[]): () => Readable {
  const open = () => {
    const stream = createReadStream(file);
    opened.push(stream);
    return stream;
  };
  if (stdin) return () => io.stdin!;
  if (format === 'parquet') return wrongUse(`${plain(name)} is Parquet, which has sessions and not every event. Fix: name the logs that it was made of.`);
  if (format !== 'zstd') return open;
  // From Node.js 22.15 on.
  const { createZstdDecompress } = zlib as unknown as { createZstdDecompress?: () => zlib.Unzip };
  if (!createZstdDecompress) return wrongUse(`${plain(name)} is packed by zstd, which Node.js ${process.versions.node} cannot read. Fix: zstd --decompress --stdout ${plain(name)} | secure-debug … -, or use Node.js 22.15 or newer.`);
  return () => {
    const source = open();
    const unpacked = createZstdDecompress();
    // A pipe does not hand on what goes wrong before it.
    source.on('error', error => unpacked.destroy(error));
    return source.pipe(unpacked);
  };
}
