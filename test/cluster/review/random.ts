/** Random choices that are the same in every run: the minimal standard generator of Park and Miller. */
export class Random {
  /** @param state from 1 to 2147483646 */
  public constructor(private state: number) {}

  /** From 0 to below 1. */
  public next(): number {
    this.state = this.state * 48_271 % 2_147_483_647;
    return (this.state - 1) / 2_147_483_646;
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
