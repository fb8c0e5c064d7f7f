import { closeSync, fstatSync, openSync, readSync, statSync } from 'fs';

const PIECE = 1_048_576;
/** An audit event is smaller by far; a longer line is dropped, so that no log fills the memory. */
const LONGEST_LINE = 16 * PIECE;

/** Bytes become lines at their ends, so that no character is cut in two. */
export class Lines {
  private rest: Buffer[] = [];
  private size = 0;
  private dropping = false;
  /** How many lines were too long. */
  public dropped = 0;

  public take(piece: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      const line = Buffer.concat([...this.rest, piece.subarray(from, end)]).toString('utf8');
      if (!this.dropping && line.trim() !== '') lines.push(line);
      this.clear();
      from = end + 1;
    }
    if (from < piece.length && !this.dropping) {
      this.rest.push(Buffer.from(piece.subarray(from)));
      this.size += piece.length - from;
      if (this.size > LONGEST_LINE) {
        this.clear();
        this.dropping = true;
        this.dropped++;
      }
    }
    return lines;
  }

  public clear(): void {
    this.rest = [];
    this.size = 0;
    this.dropping = false;
  }
}

/**
 * A log that grows, and is rotated by renaming (as kube-apiserver does) or by cutting it short. A file that was renamed is read
 * to its end before the new one.
 */
export class Tail {
  private fd?: number;
  private at = 0;
  private readonly lines = new Lines();
  private readonly buffer = Buffer.alloc(PIECE);

  public constructor(private readonly file: string, fromStart: boolean) {
    this.open();
    if (!fromStart && this.fd !== undefined) this.at = fstatSync(this.fd).size;
  }

  public get there(): boolean {
    return this.fd !== undefined;
  }

  public get dropped(): number {
    return this.lines.dropped;
  }

  /** The next lines; none when there are none yet. */
  public next(): string[] {
    if (this.fd === undefined) this.open();
    if (this.fd === undefined) return [];
    if (fstatSync(this.fd).size < this.at) {
      this.at = 0;
      this.lines.clear();
    }
    const many = readSync(this.fd, this.buffer, 0, PIECE, this.at);
    this.at += many;
    if (many > 0) return this.lines.take(this.buffer.subarray(0, many));
    if (this.moved()) {
      this.close();
      this.lines.clear();
      this.open();
    }
    return [];
  }

  /** Whether all that is there has been read. */
  public get atEnd(): boolean {
    return this.fd === undefined || fstatSync(this.fd).size <= this.at && !this.moved();
  }

  public close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private moved(): boolean {
    const now = statSync(this.file, { throwIfNoEntry: false });
    const { dev, ino } = fstatSync(this.fd!);
    return now !== undefined && (now.dev !== dev || now.ino !== ino);
  }

  private open(): void {
    try {
      this.fd = openSync(this.file, 'r');
      this.at = 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
