import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, Stats, writeFileSync } from 'fs';
import { homedir } from 'os';
import { isAbsolute, join } from 'path';
import { refused } from '../errors';
import { Io } from '../io';
import { plain, word } from '../text';

/** A login that is remembered. */
export interface Login {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: string[];
  readonly idToken: string;
  /** End of the ID token, by the issuer's clock, in milliseconds. */
  readonly expiresAt: number;
  /** How much the issuer's clock was ahead of this one, in milliseconds. */
  readonly ahead: number;
  readonly refreshToken?: string;
  /** PEM of the authority of the issuer's certificate. */
  readonly authority?: string;
  /** When the person was there, by the clock here, in milliseconds. */
  readonly loggedInAt: number;
}

const LARGEST = 1_000_000;
/** Windows has no modes; a profile's folder is its owner's there. */
const MODES = process.platform !== 'win32';

/** Logins of one person on one computer: a folder for its owner alone, a file for each login. */
export class TokenCache {
  private readonly parent: string;
  public readonly folder: string;

  public constructor(private readonly io: Io) {
    const { XDG_CACHE_HOME: given, LOCALAPPDATA: local, HOME: home } = io.env;
    // By the specification a relative path counts as none.
    const base = given && isAbsolute(given) ? given : !MODES && local ? local : join(home || homedir(), '.cache');
    this.parent = join(base, 'secure-debug');
    this.folder = join(this.parent, 'logins');
  }

  /** The login, or undefined when there is none. */
  public read(key: string): Login | undefined {
    if (!this.checkFolders()) return undefined;
    const text = this.textOf(this.file(key));
    if (text === undefined) return undefined;
    try {
      const login = JSON.parse(text);
      const whole = ['issuer', 'clientId', 'idToken'].every(field => typeof login[field] === 'string') && ['expiresAt', 'ahead', 'loggedInAt'].every(field => Number.isFinite(login[field]));
      if (whole) return login;
    } catch {
      // What is damaged is of no use to anybody, and must keep nobody out.
    }
    return undefined;
  }

  /** All logins, by key. */
  public all(): Map<string, Login> {
    if (!this.checkFolders()) return new Map();
    const keys = readdirSync(this.folder).filter(name => /^[0-9a-f]{32}\.json$/.test(name)).map(name => name.slice(0, -5)).sort();
    return new Map(keys.flatMap(key => {
      const login = this.read(key);
      return login ? [[key, login] as const] : [];
    }));
  }

  /** Writes it whole or not at all. */
  public write(key: string, login: Login): void {
    this.makeFolders();
    const file = this.file(key);
    const unfinished = join(this.folder, `.${key}.${this.io.unique()}`);
    try {
      writeFileSync(unfinished, JSON.stringify(login), { mode: 0o600, flag: 'wx' });
      renameSync(unfinished, file);
    } finally {
      rmSync(unfinished, { force: true });
    }
  }

  public remove(key: string): void {
    if (this.checkFolders()) rmSync(this.file(key), { force: true });
  }

  /** The file that says who changes a login now. */
  public lockFile(key: string): string {
    this.makeFolders();
    return join(this.folder, `${key}.lock`);
  }

  private file(key: string): string {
    return join(this.folder, `${key}.json`);
  }

  private makeFolders(): void {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      refused(`The folder of logins ${plain(this.folder)} cannot be made: ${(error as NodeJS.ErrnoException).code}. Fix: let XDG_CACHE_HOME name a folder of yours.`);
    }
    this.checkFolders();
  }

  /** Whether they are there. Whoever else could read or write in them could take a token, or give one. */
  private checkFolders(): boolean {
    for (const folder of [this.parent, this.folder]) {
      const found = lstatSync(folder, { throwIfNoEntry: false });
      if (!found) return false;
      // What lies beside the logins is not theirs to judge; that nobody can put another folder there is.
      const mask = folder === this.folder ? 0o077 : 0o022;
      check(folder, found, found.isDirectory(), 'folder', mask);
    }
    return true;
  }

  private textOf(file: string): string | undefined {
    let open: number;
    try {
      // eslint-disable-next-line no-bitwise
      open = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      return refused(`The login in ${plain(file)} is not used: ${code === 'ELOOP' ? 'it is a link to somewhere else' : code}. Fix: rm ${word(plain(file))}, and log in again.`);
    }
    try {
      const found = fstatSync(open);
      check(file, found, found.isFile() && found.size <= LARGEST, 'file', 0o077);
      return readFileSync(open, 'utf8');
    } finally {
      closeSync(open);
    }
  }
}

/* eslint-disable no-bitwise */
function check(path: string, { uid, mode }: Stats, right: boolean, what: 'folder' | 'file', mask: number): void {
  const remove = `rm ${what === 'folder' ? '-r ' : ''}${word(plain(path))}, and log in again`;
  if (!right) refused(`${plain(path)} is no ${what} of logins, but something else or a link. Fix: ${remove}.`);
  if (!MODES) return;
  if (uid !== process.getuid!()) refused(`The ${what} of logins ${plain(path)} belongs to another user, so what is in it is not used. Fix: ${remove}.`);
  if (mode & mask) {
    const others = `others may ${mode & mask & 0o022 ? 'write' : 'read'} it (mode ${(mode & 0o777).toString(8)})`;
    const fix = what === 'file' ? remove : `chmod ${mask === 0o022 ? 'go-w' : '700'} ${word(plain(path))}, then secure-debug logout --all, and log in again`;
    refused(`The ${what} of logins ${plain(path)} is not used: ${others}, so its tokens may be known or planted. Fix: ${fix}.`);
  }
}
