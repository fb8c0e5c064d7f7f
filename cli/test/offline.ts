import type { Io } from '../src/io';
import { run } from '../src/program';

/** Runs a command that asks no cluster, where nobody is at a terminal. */
export async function offline(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const io: Io = {
    stdout: { write: (text: string) => { stdout += text; } },
    stderr: { write: (text: string) => { stderr += text; } },
    env: { NO_COLOR: '1' },
    connect: () => Promise.reject(new Error('no cluster is asked')),
    sleep: () => Promise.resolve(),
    unique: () => 'x',
  };
  return { code: await run(args, io), stdout, stderr };
}
