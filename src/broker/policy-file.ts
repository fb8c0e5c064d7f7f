import { closeSync, constants, fstatSync, openSync, readSync } from 'fs';
import { reject } from '../private/errors';

const where = 'BrokerPolicy.fromFile';

/** More than any policy that people can review. */
const MOST_BYTES = 1024 * 1024;

/** The text of a file of at most 1 MiB. */
export function readPolicyFile(path: string): string {
  const refuse = (problem: string, fix: string) => reject({ where, field: 'path', value: path, problem, fix });
  if (typeof path !== 'string' || path === '') return refuse('is no path', 'give the path of the policy, e.g. "broker.json"');
  let file: number;
  try {
    // To read is no flag at all. Without O_NONBLOCK the process would wait for a writer when it is given a named pipe.
    file = openSync(path, constants.O_NONBLOCK ?? constants.O_RDONLY);
  } catch (error) {
    return refuse(`cannot be opened (${(error as NodeJS.ErrnoException).code})`, 'give the path of a file that can be read');
  }
  try {
    if (!fstatSync(file).isFile()) return refuse('is no file', 'give the path of the policy, e.g. "broker.json"');
    // It is read up to the limit and a byte more: the size that is told need not be what is read.
    const bytes = Buffer.alloc(MOST_BYTES + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < bytes.length; length += read) read = readSync(file, bytes, length, bytes.length - length, null);
    if (length > MOST_BYTES) return refuse('is larger than 1 MiB, which nobody reviews', 'divide it among several policies');
    return decode(bytes.subarray(0, length)) ?? refuse('is not UTF-8', 'save it as UTF-8');
  } finally {
    closeSync(file);
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    // It drops a byte order mark.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
