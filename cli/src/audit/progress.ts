import { SingleBar } from 'cli-progress';
import { Io } from '../io';

/** A bar on a terminal, once the work has lasted for a moment; nothing elsewhere. */
export class Progress {
  private bar?: SingleBar;
  private readonly timer?: NodeJS.Timeout;
  private done = 0;

  public constructor(io: Io, private readonly all: number, private readonly what: string) {
    if (io.stderr.isTTY === true && io.env.TERM !== 'dumb') this.timer = setTimeout(() => this.show(), 500);
  }

  public at(done: number): void {
    this.done = done;
    this.bar?.update(done);
  }

  public stop(): void {
    clearTimeout(this.timer);
    this.bar?.stop();
  }

  private show(): void {
    const bar = new SingleBar({ format: `${this.what} {bar} {value} of {total}`, stream: process.stderr, clearOnComplete: true, hideCursor: true });
    bar.start(this.all, this.done);
    this.bar = bar;
  }
}
