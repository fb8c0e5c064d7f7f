/** Random choices that are the same in every run (mulberry32). */
export class Random {
  public constructor(private state: number) {}

  public next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  public below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  public chance(of: number): boolean {
    return this.next() < of;
  }

  public oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  /** 1 to `most` different ones. */
  public someOf<T>(values: readonly T[], most = 3): T[] {
    const wanted = 1 + this.below(Math.min(most, values.length));
    const found = new Set<T>();
    while (found.size < wanted) found.add(this.oneOf(values));
    return [...found];
  }
}
