import { statSync } from 'fs';
import { availableParallelism } from 'os';
import { join } from 'path';
import { Worker } from 'worker_threads';
import { AsWritten } from './as-written';
import { read as bytesOf } from './bytes';
import { Part, partsOf } from './parts';
import { Fill } from './skim';
import { Source } from './sources';
import { joined, Spool, Told } from './spool';

/** A file that several threads read: each takes the next part that nobody has taken. */
export interface Shared {
  readonly name: string;
  readonly file: string;
  readonly parts: readonly Part[];
  /** A part is kept as this, with its number. */
  readonly spool: string;
  /** The number of the next part; all threads have it in common. */
  readonly next: Int32Array;
}

/** What is kept of a part. */
export interface ReadPart {
  readonly told: Told;
  readonly files: readonly string[];
}

/** What a thread says: a part is read, or no part is left. */
export interface Said {
  readonly part?: ReadPart & { readonly number: number; readonly bytes: number };
  readonly done?: true;
}

/** What is kept of a file. */
export interface Kept {
  readonly told: Told;
  readonly spools: readonly string[];
}

export interface ThreadOptions {
  /** How many threads read; default: one for each core, at most `MOST`. */
  readonly threads?: number;
  /** About so many bytes are read by one of them at a time; default: an eighth of what is left, but 16 to 128 MB. */
  readonly part?: number;
  /** The program of the others. */
  readonly program?: string;
}

/** Each thread takes some 20 MiB. */
const MOST = 4;
/** MiB for what a thread lets go at once: lines of text. */
const YOUNG = 8;
/** Large parts first, for each has files of its own; small ones last, so that all threads end at a time. */
const PARTS = 8;
const LEAST = 16_000_000;
const LARGEST = 128_000_000;
/** A smaller file is read before another thread has got up to speed. */
const SMALL = 256_000_000;

const partOf = (left: number): number => Math.min(LARGEST, Math.max(LEAST, Math.ceil(left / PARTS)));

/** The part that a thread takes next, until there is none. */
export function* taken({ next, parts }: Pick<Shared, 'next' | 'parts'>): Generator<number> {
  for (let number = Atomics.add(next, 0, 1); number < parts.length; number = Atomics.add(next, 0, 1)) yield number;
}

/** Reads a part. */
export async function readPart(shared: Shared, number: number, asWritten: AsWritten, tell: (bytes: number) => void): Promise<ReadPart> {
  const { name, file, parts, spool } = shared;
  const kept = new Spool(`${spool}-${number}`);
  return { told: await kept.fill(name, bytesOf(file, tell, parts[number]), asWritten), files: kept.files };
}

/** A file that other threads have begun to read. */
interface Begun {
  readonly shared: Shared;
  /** What was read, by the number of its part. */
  readonly read: ReadPart[];
  /** They have no part left. */
  readonly done: Promise<unknown>;
}

/** A thread beside the one of the program. */
interface Other {
  readonly thread: Worker;
  /** Fails once it has ended, whatever the reason. */
  readonly over: Promise<never>;
}

/**
 * Reads large files by all cores. What comes of it is the same whatever their number is, and wherever a file is cut: parts are put together in their order.
 */
export class Threads {
  private readonly many: number;
  private readonly others: Other[] = [];
  private readonly begun = new Map<Source, Begun>();
  /** One file at a time. */
  private before: Promise<unknown> = Promise.resolve();

  public constructor(private readonly options: ThreadOptions = {}) {
    // The sources run as they are, as in tests, have no program for another thread.
    const alone = options.program === undefined && !__filename.endsWith('.js');
    this.many = alone ? 1 : options.threads ?? Math.min(availableParallelism(), MOST);
  }

  /** Lets the other threads begin with a file, if several read it, while something else is done. */
  public begin(source: Source, spool: string, tell: (bytes: number) => void): void {
    const shared = this.sharedOf(source, spool);
    if (shared) this.begun.set(source, this.ask(shared, tell));
  }

  /**
   * Keeps what of a file may matter.
   *
   * @param open gives the bytes of a file that one thread reads
   * @param tell is told how many bytes were read of one that several read
   */
  public async read(source: Source, spool: string, open: () => Fill, tell: (bytes: number) => void): Promise<Kept> {
    const begun = this.begun.get(source);
    const shared = begun?.shared ?? this.sharedOf(source, spool);
    if (!shared) {
      const kept = new Spool(spool);
      return { told: await kept.fill(source.name, open()), spools: kept.files };
    }
    const kept = this.before.then(() => this.share(begun ?? this.ask(shared, tell), tell));
    this.before = kept.catch(() => undefined);
    return kept;
  }

  public async close(): Promise<void> {
    await Promise.all(this.others.map(({ thread }) => thread.terminate()));
  }

  /** A file in parts; undefined: one thread reads it. */
  private sharedOf({ name, file, format, stdin }: Source, spool: string): Shared | undefined {
    if (format !== 'text' || stdin || this.many === 1) return undefined;
    const { size } = statSync(file);
    const { part } = this.options;
    if (part === undefined && size < SMALL) return undefined;
    const parts = partsOf(file, size, part === undefined ? partOf : () => part);
    return parts.length === 1 ? undefined : { name, file, parts, spool, next: new Int32Array(new SharedArrayBuffer(4)) };
  }

  private start(): void {
    while (this.others.length < this.many - 1) {
      const thread = new Worker(this.options.program ?? join(__dirname, 'thread.js'), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG } });
      const over = new Promise<never>((_, reject) => thread.once('error', reject).once('exit', () => reject(new Error('a thread that read a log has ended'))));
      // It may end before anybody waits for it.
      over.catch(() => undefined);
      this.others.push({ thread, over });
    }
  }

  private ask(shared: Shared, tell: (bytes: number) => void): Begun {
    const read: ReadPart[] = [];
    this.start();
    const done = Promise.all(this.others.map(({ thread, over }) => Promise.race([over, new Promise<void>(resolve => {
      const hear = ({ part, done: ended }: Said) => {
        if (part) {
          read[part.number] = part;
          tell(part.bytes);
        }
        if (!ended) return;
        thread.off('message', hear);
        resolve();
      };
      thread.on('message', hear).postMessage(shared);
    })])));
    // It may fail before anybody waits for it.
    done.catch(() => undefined);
    return { shared, read, done };
  }

  private async share({ shared, read, done }: Begun, tell: (bytes: number) => void): Promise<Kept> {
    const own = async () => {
      const asWritten = new AsWritten();
      for (const number of taken(shared)) read[number] = await readPart(shared, number, asWritten, tell);
    };
    await Promise.all([own(), done]);
    const cut = read.findIndex(({ told }) => told.damage.cut.length > 0);
    const whole = cut < 0 ? read : read.slice(0, cut + 1);
    return { told: whole.map(({ told }) => told).reduce(joined), spools: whole.flatMap(({ files }) => files) };
  }
}
