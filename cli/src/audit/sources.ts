import { accessSync, closeSync, constants, openSync, readdirSync, readSync, statSync } from 'fs';
import { join } from 'path';
import { wrongUse } from '../errors';
import { plain } from '../text';
import { Format } from './sql/read';

/** One file of an audit log. */
export interface Source {
  /** As it was named, or found below what was named. */
  readonly name: string;
  readonly file: string;
  /** Told by its first bytes, for rotation takes endings away. */
  readonly format: Format;
  /** Whose log it is, where several are read. */
  readonly cluster?: string;
  /** It is standard input. */
  readonly stdin?: boolean;
}

export const MIB = 1_048_576;

/** Bytes of all that are files. */
export const sizeOf = (sources: readonly Source[]): number => sources.reduce((sum, { file, stdin }) => sum + (stdin ? 0 : statSync(file).size), 0);

const USE = 'Fix: name files or folders of the API server\'s audit log, as they are or packed by gzip or zstd, or - for standard input.';

/**
 * What a person named, as files; all of it is looked at before any is read.
 *
 * @param pipes whether a file may be a pipe, such as `<(zcat audit.log.gz)`, which is read once and from its begin
 */
export function sourcesOf(logs: string[], clusters: string[], hasInput: boolean, pipes = false): {
  readonly sources: Source[];
  readonly skipped: string[];
} {
  const named = [...logs.map(path => ({ path, cluster: undefined as string | undefined })), ...clusters.map(clusterLog)];
  if (named.length === 0) {
    if (!hasInput) wrongUse(`No audit log is given. ${USE}`);
    named.push({ path: '-', cluster: undefined });
  }
  if (clusters.length > 0 && logs.length > 0) {
    wrongUse(`${plain(logs[0])} has no cluster, and --cluster names some. Fix: give every log as --cluster NAME=LOG, or none.`);
  }
  if (named.filter(({ path }) => path === '-').length > 1) wrongUse('- is given twice, and standard input can be read once. Fix: give it once.');
  const skipped: string[] = [];
  const sources = named.flatMap(({ path, cluster }) => path === '-'
    ? hasInput ? [{ name: '-', file: '-', format: 'text' as Format, cluster, stdin: true }] : wrongUse('There is no standard input. Fix: name the files.')
    : filesOf(path, skipped, pipes).map(source => ({ ...source, cluster: cluster ?? clusterIn(source) })));
  if (sources.length === 0) wrongUse(`No audit log is in ${named.map(({ path }) => plain(path)).join(', ')}. ${USE}`);
  const seen = new Set<string>();
  return { sources: sources.filter(({ file }) => !seen.has(file) && seen.add(file)), skipped };
}

function clusterLog(given: string): { path: string; cluster: string } {
  const at = given.indexOf('=');
  const [cluster, path] = [given.slice(0, at), given.slice(at + 1)];
  if (at < 1 || path === '') wrongUse(`--cluster ${plain(given)} is no name and log. Fix: write NAME=LOG, e.g. --cluster prod-eu=/var/log/kubernetes/audit.`);
  return { path, cluster };
}

/** What was converted says whose it is. */
function clusterIn({ file, format }: Source): string | undefined {
  const found = format === 'parquet' ? /(?:^|\/)cluster=([^/]+)\//.exec(file)?.[1] : undefined;
  return found && decodeURIComponent(found.replace(/%(?![0-9A-Fa-f]{2})/g, '%25'));
}

function filesOf(path: string, skipped: string[], pipes: boolean): Source[] {
  try {
    accessSync(path, constants.R_OK);
    const stat = statSync(path);
    if (stat.isDirectory()) return below(path, skipped);
    // What is looked at of a pipe is gone from it, so how it is packed is told by who reads it.
    if (pipes && stat.isFIFO()) return [{ name: path, file: path, format: 'text' }];
    if (!stat.isFile()) throw Object.assign(new Error(), { code: 'ENOTSUP' });
    return [{ name: path, file: path, format: formatOf(path) ?? 'text' }];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return wrongUse(`${plain(path)} cannot be read: ${code}. ${USE}`);
  }
}

/** Rotated files, days and prefixes, in order of their names; what is no log is left out and named. */
function below(folder: string, skipped: string[]): Source[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => a.name < b.name ? -1 : 1).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name.startsWith('_')) return [];
    if (entry.isDirectory()) return below(path, skipped);
    if (!entry.isFile() && !(entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile())) return [];
    const format = formatOf(path);
    if (format === undefined) {
      if (statSync(path).size > 0) skipped.push(path);
      return [];
    }
    return [{ name: path, file: path, format }];
  });
}

function formatOf(path: string): Format | undefined {
  const head = Buffer.alloc(64);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, head, 0, head.length, 0);
  } finally {
    closeSync(fd);
  }
  if (head.readUInt16BE(0) === 0x1f8b) return 'gzip';
  if (head.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  if (head.toString('latin1', 0, 4) === 'PAR1') return 'parquet';
  return head.toString('latin1').trimStart().startsWith('{') ? 'text' : undefined;
}
