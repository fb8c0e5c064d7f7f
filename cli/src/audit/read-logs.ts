import { createReadStream, statSync } from 'fs';
import { Readable } from 'stream';
import * as zlib from 'zlib';
import { Damage } from './damage';
import { AuditEvent, parseEvent } from './event';
import { CutOff, lines } from './lines';
import { Source, sourcesOf } from './sources';
import { wrongUse } from '../errors';
import { plain } from '../text';

/** One log: a file, or standard input. */
export interface Log {
  readonly name: string;
  readonly open: () => Readable;
}

/** A file or standard input as a log that is read event by event: what is packed is unpacked line by line. */
export function logOf({ name, file, format, stdin }: Source, input: Readable | undefined): Log {
  if (format === 'parquet') return wrongUse(`${plain(name)} is Parquet, which has sessions and not every event. Fix: name the logs that it was made of.`);
  // From Node.js 22.15 on.
  if (format === 'zstd' && !('createZstdDecompress' in zlib)) {
    return wrongUse(`${plain(name)} is packed by zstd, which Node.js ${process.versions.node} cannot read. Fix: zstd --decompress --stdout ${plain(name)} | secure-debug … -, or use Node.js 22.15 or newer.`);
  }
  return { name, open: () => stdin ? input! : createReadStream(file) };
}

/** Files and standard input, all of them looked at before any is read. */
export function logsOf(files: string[], stdin: Readable & { isTTY?: boolean } | undefined): Log[] {
  const folder = files.find(file => statSync(file, { throwIfNoEntry: false })?.isDirectory());
  if (folder !== undefined) wrongUse(`${plain(folder)} cannot be read: EISDIR. Fix: name files of the API server's audit log, as they are or packed by gzip.`);
  return sourcesOf(files, [], stdin !== undefined && !stdin.isTTY, true).sources.map(source => logOf(source, stdin));
}

/**
 * Gives every event of the logs to `take`, which says what is wrong with one that it cannot use. What is damaged is told by
 * file and line, and everything else is read all the same.
 *
 * @returns how many events there were
 */
export async function readLogs(logs: Log[], damage: Damage, take: (event: AuditEvent, line: string) => string | void): Promise<number> {
  let events = 0;
  for (const { name, open } of logs) {
    try {
      for await (const { number, text } of lines(open())) {
        if (text !== undefined && text.trim() === '') continue;
        const event = text === undefined ? 'too long for an event' : parseEvent(text);
        if (typeof event === 'string') {
          damage.line(name, number, event);
          continue;
        }
        events++;
        const wrong = take(event, text!);
        if (wrong) damage.line(name, number, wrong);
      }
    } catch (error) {
      if (!(error instanceof CutOff)) throw error;
      damage.cutOff(name, error.afterLine, error.message);
    }
  }
  return events;
}
