import { ReadStream } from 'fs';
import { Damage } from './damage';
import { AuditEvent } from './event';
import { Progress } from './progress';
import { Log, logOf, readLogs } from './read-logs';
import { MIB, sizeOf, sourcesOf } from './sources';
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
  const noted = ({ name, open }: Log): Log => ({
    name,
    open: () => {
      const stream = open();
      if (stream instanceof ReadStream) opened.push(stream);
      return stream;
    },
  });
  return { logs: sources.map(source => noted(logOf(source, io.stdin))), size: sizeOf(sources), opened };
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
