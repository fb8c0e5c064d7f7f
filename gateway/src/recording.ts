import { createHash, Hash } from 'crypto';
import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, fsyncSync, openSync, writeSync } from 'fs';
import { join } from 'path';
import { StringDecoder } from 'string_decoder';
import { NO_RECORDING, SessionError } from './errors';
import { Masks } from './masks';

/** Output that ends in the middle of a line is held so long, in milliseconds: a secret may go on. */
const HOLD = 1_000;
/** It is held no longer than this many characters. */
const LONGEST_HELD = 8_192;
const SYNC_EVERY = 250;

/** What is known when a session begins; written into the header. */
interface About {
  readonly session: string;
  readonly [key: string]: unknown;
}

export interface RecordingOptions {
  readonly folder: string;
  readonly masks: readonly string[];
  /** Size of the terminal; without one it is a pipe. */
  readonly columns?: number;
  readonly rows?: number;
  readonly term?: string;
  /** Bytes of a pipe that are kept in each direction. */
  readonly pipeBytes: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** One direction of a session. */
class Track {
  public bytes = 0;
  public readonly hash: Hash = createHash('sha256');
  public readonly decoder = new StringDecoder('utf8');
  public held = '';
  public heldSince = 0;
  public cut = false;
}

/**
 * The recording of a session: asciicast v2, one line for an event, appended and never changed. Whatever cannot be written
 * ends the session: the caller gets an error before the event has any effect.
 *
 * @see https://docs.asciinema.org/manual/asciicast/v2/
 */
export class Recording {
  public readonly file: string;
  private readonly fd: number;
  private readonly start: number;
  private readonly masks: Masks;
  private readonly tracks: { readonly [code in 'i' | 'o']: Track } = { i: new Track(), o: new Track() };
  private readonly timer: NodeJS.Timeout;
  private failed?: SessionError;
  private syncing = false;
  private closed = false;
  /** Called when the recording fails while nobody writes. */
  public onFailure?: (error: SessionError) => void;

  public constructor(about: About, private readonly options: RecordingOptions) {
    this.start = this.now();
    this.masks = new Masks(options.masks);
    const stamp = new Date(this.start).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
    this.file = join(options.folder, `${stamp}-${about.session}.cast`);
    try {
      this.fd = openSync(this.file, 'ax', 0o440);
    } catch (error) {
      throw unwritable(error);
    }
    const { columns = 80, rows = 24, term } = options;
    this.append(JSON.stringify({
      'version': 2, 'width': columns, 'height': rows, 'timestamp': Math.floor(this.start / 1000), ...term && { env: { TERM: term } }, 'secure-debug': about,
    }));
    this.guarded(() => {
      fsyncSync(this.fd);
      // The entry of the file in its folder, too.
      const folder = openSync(options.folder, 'r');
      try { fsyncSync(folder); } finally { closeSync(folder); }
    });
    this.timer = setInterval(() => this.tick(), SYNC_EVERY).unref();
  }

  /** Output that is about to be shown, of a terminal or a pipe. */
  public output(bytes: Buffer): void {
    this.take('o', bytes);
  }

  /** Input of a pipe. Keystrokes of a terminal are not recorded: what is typed without echo is a password. */
  public input(bytes: Buffer): void {
    if (this.options.columns === undefined) this.take('i', bytes);
  }

  public resize(columns: number, rows: number): void {
    this.event('r', `${columns}x${rows}`);
  }

  /** Something that happened, which players show as a chapter. */
  public marker(label: string): void {
    this.event('m', label);
  }

  /** Writes how it ended, and closes. */
  public end(code: number, why: string): void {
    if (this.closed) return;
    try {
      for (const name of ['i', 'o'] as const) this.release(name, true);
      const { i, o } = this.tracks;
      const sums = [['in', i], ['out', o]].map(([name, track]) => `${name} ${(track as Track).bytes} bytes sha256:${(track as Track).hash.digest('hex')}`);
      this.event('m', `end ${new Date(this.now()).toISOString()}, ${why}, exit status ${code}, ${sums.join(', ')}`);
      this.event('x', String(code));
      this.guarded(() => fdatasyncSync(this.fd));
    } finally {
      this.close();
    }
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    closeSync(this.fd);
  }

  private take(code: 'i' | 'o', bytes: Buffer): void {
    if (this.failed) throw this.failed;
    const track = this.tracks[code];
    const pipe = this.options.columns === undefined;
    const room = pipe ? Math.max(0, this.options.pipeBytes - track.bytes) : bytes.length;
    track.bytes += bytes.length;
    track.hash.update(bytes);
    if (room > 0) {
      if (track.held === '') track.heldSince = this.now();
      track.held += track.decoder.write(bytes.subarray(0, room));
      this.release(code, track.held.length > LONGEST_HELD);
    }
    if (room < bytes.length && !track.cut) {
      track.cut = true;
      this.release(code, true);
      this.event('m', `the rest of ${code === 'i' ? 'input' : 'output'} is not kept; its size and sum stand at the end`);
    }
  }

  /** Writes what is held: whole lines, or all of it. */
  private release(code: 'i' | 'o', all: boolean): void {
    const track = this.tracks[code];
    const end = all ? track.held.length : track.held.lastIndexOf('\n') + 1;
    if (end === 0) return;
    const text = track.held.slice(0, end);
    const since = track.heldSince;
    track.held = track.held.slice(end);
    track.heldSince = this.now();
    this.event(code, this.masks.apply(text), since);
  }

  private tick(): void {
    try {
      for (const name of ['i', 'o'] as const) {
        const track = this.tracks[name];
        if (track.held !== '' && this.now() - track.heldSince >= HOLD) this.release(name, true);
      }
    } catch (error) {
      this.onFailure?.(error as SessionError);
      return;
    }
    if (this.syncing || this.closed) return;
    this.syncing = true;
    fdatasync(this.fd, error => {
      this.syncing = false;
      if (error && !this.closed) this.onFailure?.(this.failed ??= unwritable(error));
    });
  }

  private event(code: string, data: string, at = this.now()): void {
    this.append(JSON.stringify([Math.max(0, (at - this.start) / 1000), code, data]));
  }

  private append(line: string): void {
    if (this.failed) throw this.failed;
    this.guarded(() => {
      const bytes = Buffer.from(`${line}\n`);
      const before = fstatSync(this.fd).size;
      let written = 0;
      try {
        while (written < bytes.length) written += writeSync(this.fd, bytes, written);
      } catch (error) {
        // Half a line would make the rest unreadable.
        if (written > 0) ftruncateSync(this.fd, before);
        throw error;
      }
    });
  }

  private guarded(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw this.failed ??= unwritable(error);
    }
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}

function unwritable(error: unknown): SessionError {
  const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  return new SessionError(`The recording cannot be written (${code}), and nothing goes on without one. Fix: tell who runs the gateway; its volume may be full, or not theirs to write.`, NO_RECORDING);
}
