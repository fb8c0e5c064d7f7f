/** What could not be read of one log. */
interface Ruin {
  readonly why: string;
  from: number;
  to: number;
}

/** What could not be read, as data: it may come from another thread. */
export interface Found {
  readonly places: readonly { readonly file: string; readonly ruins: readonly Ruin[]; readonly count: number }[];
  /** Logs that ended before their end. */
  readonly cut: readonly { readonly file: string; readonly afterLine: number; readonly why: string }[];
  readonly notes: readonly string[];
}

/** So many places of one log are told; the rest is counted. */
const PLACES = 20;

/** Counts what could not be read, and where: each place, but not more text than somebody reads. */
export class Damage {
  private readonly places: { file: string; ruins: Ruin[]; count: number }[] = [];
  private readonly cut: { file: string; afterLine: number; why: string }[] = [];
  private readonly notes: string[] = [];

  public get lines(): number {
    return this.places.reduce((sum, { count }) => sum + count, 0);
  }

  public get found(): Found {
    return { places: this.places, cut: this.cut, notes: this.notes };
  }

  public get any(): boolean {
    return this.lines + this.cut.length + this.notes.length > 0;
  }

  public line(file: string, number: number, why: string): void {
    const log = this.of(file);
    log.count++;
    this.ruin(log.ruins, { why, from: number, to: number });
  }

  public cutOff(file: string, afterLine: number, why: string): void {
    this.cut.push({ file, afterLine, why });
  }

  /** Something about a whole log. */
  public note(file: string, why: string): void {
    this.notes.push(`${file}: ${why}`);
  }

  /** Takes what was found in other logs, or in the part of the last one that comes after so many lines. */
  public add({ places, cut, notes }: Found, after = 0): void {
    for (const { file, ruins, count } of places) {
      const log = this.of(file);
      log.count += count;
      for (const { why, from, to } of ruins) this.ruin(log.ruins, { why, from: from + after, to: to + after });
    }
    this.cut.push(...cut.map(one => ({ ...one, afterLine: one.afterLine + after })));
    this.notes.push(...notes);
  }

  /** `audit.log:3-5: no JSON` */
  public told(): string[] {
    return [
      ...this.places.flatMap(({ file, ruins, count }) => {
        const named = ruins.reduce((sum, { from, to }) => sum + to - from + 1, 0);
        return [
          ...ruins.map(({ from, to, why }) => `${file}:${from === to ? from : `${from}-${to}`}: ${why}`),
          ...count > named ? [`${file}: ${count - named} more lines`] : [],
        ];
      }),
      ...this.cut.map(({ file, afterLine, why }) => `${file}:${afterLine + 1}: cut off (${why}); nothing was read from there on`),
      ...this.notes,
    ];
  }

  private of(file: string): { file: string; ruins: Ruin[]; count: number } {
    const last = this.places.at(-1);
    if (last?.file === file) return last;
    const log = { file, ruins: [], count: 0 };
    this.places.push(log);
    return log;
  }

  private ruin(ruins: Ruin[], one: Ruin): void {
    const last = ruins.at(-1);
    if (last?.to === one.from - 1 && last.why === one.why) last.to = one.to;
    else if (ruins.length < PLACES) ruins.push(one);
  }
}
