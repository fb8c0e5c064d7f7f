import { createReadStream, statSync, accessSync, constants } from 'fs';
import { Readable } from 'stream';
import { Damage } from './damage';
import { AuditEvent, parseEvent } from './event';
import { CutOff, lines } from './lines';
import { wrongUse } from '../errors';
import { plain } from '../text';

/** One log: a file, or standard input. */
export interface Log {
  readonly name: string;
  readonly open: () => Readable;
}

/** The logs, all of them looked at before any is read. */
export function logsOf(files: string[], stdin: Readable & { isTTY?: boolean } | undefined): Log[] {
  if (files.length === 0 && (!stdin || stdin.isTTY)) wrongUse('No audit log is given. Fix: name the files, or - for standard input: secure-debug drift audit.log.');
  const named = files.length === 0 ? ['-'] : files;
  if (named.filter(file => file === '-').length > 1) wrongUse('- is given twice, and standard input can be read once. Fix: give it once.');
  return named.map(file => {
    if (file === '-') return { name: '-', open: () => stdin ?? wrongUse('There is no standard input. Fix: name the files.') };
    try {
      accessSync(file, constants.R_OK);
      if (statSync(file).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    } catch (error) {
      wrongUse(`${plain(file)} cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name files of the API server's audit log, as they are or packed by gzip.`);
    }
    return { name: file, open: () => createReadStream(file) };
  });
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
