import { accessSync, constants, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'fs';
import { homedir } from 'os';
import { dirname, join, resolve } from 'path';
import { wrongUse } from '../../errors';
import { Io } from '../../io';
import { plain, word } from '../../text';

/** Certificate and key in one file, as kubelet keeps its own: no moment has one without the other. */
export const PAIR = 'client.pem';
export const KUBECONFIG = 'kubeconfig';
/** The authority of the API server, for clients that take no kubeconfig. */
export const AUTHORITY = 'ca.pem';
/** Which key of which token, and for which server, where the key is in one. */
export const TOKEN = 'token.json';

/** Where certificates are kept unless it is said: in memory where the system has such a place for its user, else below the home. */
export function root({ env }: Io): string {
  const memory = env.XDG_RUNTIME_DIR;
  if (memory && statSync(memory, { throwIfNoEntry: false })?.isDirectory()) return join(memory, 'secure-debug', 'certificates');
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'secure-debug', 'certificates');
}

/** The folder of one certificate. */
export function folderOf(io: Io, out: string | undefined, label: string): string {
  return out === undefined ? join(root(io), label) : resolve(out);
}

/** What a context is called as the name of a folder. */
export function labelOf(context: string): string {
  return context.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '').slice(0, 60) || 'cluster';
}

/** The folders of certificates that are there. */
export function folders(io: Io): string[] {
  const at = root(io);
  try {
    return readdirSync(at, { withFileTypes: true }).filter(one => one.isDirectory()).map(one => join(at, one.name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    return wrongUse(`${plain(at)} cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: see whose it is.`);
  }
}

/** Sees that a folder is its owner's alone, or can be made; before anything is asked of a cluster. */
export function checkFolder(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  const name = plain(folder);
  if (found) {
    if (!found.isDirectory()) wrongUse(`${name} is no folder, or a link to one. Fix: name a folder of your own with --out.`);
    if (process.getuid && found.uid !== process.getuid()) wrongUse(`${name} is somebody else's. Fix: name a folder of your own with --out.`);
    if (process.platform !== 'win32' && found.mode % 0o100 !== 0) wrongUse(`${name} is open to others, and a key in it would be too. Fix: chmod 700 ${word(name)}.`);
    return;
  }
  let above = dirname(folder);
  while (!existsSync(above)) above = dirname(above);
  try {
    accessSync(above, constants.W_OK);
  } catch {
    wrongUse(`${name} cannot be made: ${plain(above)} is not yours to write into. Fix: name a folder of your own with --out.`);
  }
}

/** Makes a folder that is its owner's alone, unless it is there. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    wrongUse(`${plain(folder)} cannot be made: ${(error as NodeJS.ErrnoException).code}. Fix: name a folder of your own with --out.`);
  }
  checkFolder(folder);
}

/** Writes a file for its owner alone, whole or not at all. */
export function put(folder: string, name: string, text: string, unique: string): void {
  const beside = join(folder, `.${name}.${unique}`);
  try {
    writeFileSync(beside, text, { mode: 0o600, flag: 'wx' });
    renameSync(beside, join(folder, name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    wrongUse(`${plain(join(folder, name))} cannot be written: ${code}. Fix: name a folder of your own with --out.`);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** A file, or undefined when there is none. */
export function got(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    return wrongUse(`${plain(file)} cannot be read: ${code}. Fix: name a file that you may read.`);
  }
}

/** Takes a file away that is no longer about what lies beside it. */
export function drop(folder: string, name: string): void {
  rmSync(join(folder, name), { force: true });
}
