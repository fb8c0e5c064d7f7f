import { randomBytes } from 'crypto';
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
  connect(options: ConnectOptions): Promise<Connection>;
  sleep(milliseconds: number): Promise<void>;
  /** Some lower-case letters and digits that nobody else uses. */
  unique(): string;
}

/** The process' own. */
export function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    connect,
    sleep: milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds)),
    unique: () => randomBytes(5).toString('hex'),
  };
}
