import { readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { hostname, uptime } from 'os';
import { Io } from '../io';

const EVERY = 200;
/** Nobody may take longer to log in, in milliseconds; a lock that is older was left behind. */
export const LONGEST_WAIT = 3_600_000;
/** A takeover is a few system calls; what is older was left behind. */
const TAKEOVER = 10_000;

/** What a lock says: who holds it. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly id: string;
}

/** Held by one process at a time, so that several kubectl at once open one browser and use a refresh token once. */
export class LoginLock {
  /**
   * Waits until it is free, at most so long.
   *
   * @param patience how long to wait, in milliseconds
   * @param waits told once when somebody else holds it
   * @returns undefined when somebody else still holds it
   */
  public static async take(io: Io, file: string, patience: number, waits: () => void): Promise<LoginLock | undefined> {
    const own: Holder = { host: hostname(), pid: process.pid, id: io.unique() };
    const end = Date.now() + patience;
    for (let waited = false; ;) {
      if (create(file, JSON.stringify(own))) return new LoginLock(file, own.id, waited);
      if (isLeft(file) && takeAway(file)) continue;
      if (Date.now() > end) return undefined;
      if (!waited) waits();
      waited = true;
      await io.sleep(EVERY);
    }
  }

  private constructor(
    private readonly file: string,
    private readonly id: string,
    /** Whether somebody else had it before. */
    public readonly waited: boolean,
  ) {}

  public release(): void {
    if (holder(this.file)?.id === this.id) rmSync(this.file, { force: true });
  }
}

function create(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function holder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function age(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? Date.now() - found.mtimeMs : 0;
}

/** Whether its holder is gone. Of another computer, whose folder this one shares, only time tells. */
function isLeft(file: string): boolean {
  // After a restart its number may be that of another process.
  if (age(file) > Math.min(LONGEST_WAIT, uptime() * 1_000)) return true;
  const by = holder(file);
  if (by?.host !== hostname()) return false;
  try {
    process.kill(by.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Removes a lock that was left behind, one process at a time, and only if it still is: another may have taken it meanwhile. */
function takeAway(file: string): boolean {
  const takeover = `${file}.takeover`;
  if (age(takeover) > TAKEOVER) rmSync(takeover, { force: true });
  if (!create(takeover, '')) return false;
  try {
    if (isLeft(file)) rmSync(file, { force: true });
    return true;
  } finally {
    rmSync(takeover, { force: true });
  }
}
