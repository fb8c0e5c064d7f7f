import { Connection, ConnectOptions, connect } from './connection';

/** Where text goes. */
export interface Sink {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** What a command touches besides the cluster; tests give their own. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: NodeJS.ProcessEnv;
  /** Where text comes from, and what nobody else is to see. */
  readonly stdin?: NodeJS.ReadStream;
  connect(options: ConnectOptions): Promise<Connection>;
  sleep(milliseconds: number): Promise<void>;
  /** Some lower-case letters and digits that nobody else uses. */
  unique(): string;
}

/** The process' own. */
export function processIo(): Io {
  const io: Io = {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    get stdin() { return process.stdin; },
    connect: options => connect(io, options),
    sleep: milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds)),
    // Not imported: it takes a tenth of the time that help takes.
    unique: () => Buffer.from(crypto.getRandomValues(new Uint8Array(5))).toString('hex'),
  };
  return io;
}
