import { closeSync, openSync, readSync } from 'fs';

/** What the API server writes to its audit log, read as it grows. */
export class AuditLog {
  private readonly seen: any[] = [];
  private position = 0;

  public constructor(private readonly file: string) {}

  /** Every event so far. */
  public events(): any[] {
    const fd = openSync(this.file, 'r');
    try {
      const parts: Buffer[] = [];
      const buffer = Buffer.alloc(1_048_576);
      let at = this.position;
      for (let n = readSync(fd, buffer, 0, buffer.length, at); n > 0; n = readSync(fd, buffer, 0, buffer.length, at)) {
        parts.push(Buffer.from(buffer.subarray(0, n)));
        at += n;
      }
      const text = Buffer.concat(parts);
      const end = text.lastIndexOf('\n') + 1; // the API server may be writing what follows
      this.position += end;
      for (const line of text.subarray(0, end).toString('utf8').split('\n')) if (line) this.seen.push(JSON.parse(line));
    } finally {
      closeSync(fd);
    }
    return this.seen;
  }
}
