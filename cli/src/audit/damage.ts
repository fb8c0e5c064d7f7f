/** What could not be read of one log. */
interface Ruin {
  readonly why: string;
  from: number;
  to: number;
}

/** So many places of one log are told; the rest is counted. */
const PLACES = 20;

/** Counts what could not be read, and where: each place, but not more text than somebody reads. */
export class Damage {
  private readonly places: { file: string; ruins: Ruin[]; count: number }[] = [];
  /** Logs that ended before their end. */
  private readonly cut: { file: string; afterLine: number; why: string }[] = [];
  private readonly notes: string[] = [];

  public get lines(): number {
    return this.places.reduce((sum, { count }) => sum + count, 0);
  }

  public get any(): boolean {
    return this.lines + this.cut.length + this.notes.length > 0;
  }

  public line(file: string, number: number, why: string): void {
    let log = this.places.at(-1);
    if (log?.file !== file) this.places.push(log = { file, ruins: [], count: 0 });
    log.count++;
    const last = log.ruins.at(-1);
    if (last?.to === number - 1 && last.why === why) last.to = number;
    else if (log.ruins.length < PLACES) log.ruins.push({ why, from: number, to: number });
  }

  public cutOff(file: string, afterLine: number, why: string): void {
    this.cut.push({ file, afterLine, why });
  }

  /** Something about a whole log. */
  public note(file: string, why: string): void {
    this.notes.push(`${file}: ${why}`);
  }

  /** Takes what was found in other logs. */
  public add({ places, cut, notes }: Damage): void {
    this.places.push(...places);
    this.cut.push(...cut);
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
}
