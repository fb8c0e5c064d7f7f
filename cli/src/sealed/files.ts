import { createHash } from 'crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'fs';
import { AccessRequests } from 'cdk8s-secure-debug';
import { refused, wrongUse } from '../errors';
import { plain } from '../text';

/**
 * What stands beside a sealed file, in clear: nothing in it is secret, and nothing in it is proof, for who can write there can
 * change it. It answers, without any key, which files have to be sealed anew.
 */
export interface Label {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly group: string;
  readonly server: string;
  readonly namespaces: string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly sealedAt: string;
  readonly sealedBy: string;
  /** Public keys, or `["passphrase"]`. */
  readonly sealedFor: string[];
  /** Rights besides requests that were accepted. */
  readonly accepted: string[];
  /** Of the sealed file. */
  readonly sha256: string;
}

export const LABEL = { apiVersion: `${AccessRequests.RIGHTS_GROUP}/v1`, kind: 'SealedBreakGlass' };

export const labelFile = (file: string) => `${file}.json`;

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Before anything is asked of a cluster: a key whose file cannot be written is of no use. */
export function mayWrite(option: string, file: string, force: boolean): void {
  if (!force && existsSync(file)) wrongUse(`${option} ${plain(file)} is there already. Fix: name another file, or add --force.`);
}

/** Writes a file for its owner alone, whole or not at all, and over another only when that is meant. */
export function writeOwn(option: string, file: string, text: string, force: boolean, unique: string): void {
  const beside = `${file}.${unique}`;
  try {
    writeFileSync(beside, text, { mode: 0o600, flag: 'wx' });
    if (force) renameSync(beside, file);
    else linkSync(beside, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') mayWrite(option, file, force);
    wrongUse(`${option} ${plain(file)} cannot be written: ${code}. Fix: name a file in a folder that is there and yours.`);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** The sealed file, as text. */
export function sealedText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return wrongUse(`${plain(file)} cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name the file that secure-debug break-glass seal wrote.`);
  }
}

/** What stands beside a sealed file; undefined when there is nothing. */
export function labelOf(file: string): Label | undefined {
  let text: string;
  try {
    text = readFileSync(labelFile(file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const label = JSON.parse(text);
    if (label.kind === LABEL.kind && typeof label.notAfter === 'string' && typeof label.sha256 === 'string') return label;
  } catch {
    // The next line says so.
  }
  return refused(`${plain(labelFile(file))} is not what secure-debug break-glass seal wrote. Fix: take both files from the copy that is whole.`);
}
