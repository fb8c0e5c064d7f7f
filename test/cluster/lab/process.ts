import { spawn } from 'child_process';

/** How a program ended. */
export interface Ended {
  /** Exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** It was ended because it took too long. */
  readonly timedOut: boolean;
  /** It was ended because `until` was satisfied. */
  readonly satisfied: boolean;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What it reads. Standard input is closed after it, but with `until` it stays open. Default: nothing. */
  readonly stdin?: string;
  /** Milliseconds; default 60,000. */
  readonly timeout?: number;
  /** Asked after each piece of output; when it says yes, the program is interrupted as by Ctrl-C. */
  readonly until?: (stdout: string, stderr: string) => boolean | Promise<boolean>;
}

const KILL_AFTER = 3_000;

/** Runs a program to its end. Never rejects for what the program does. */
export function run(program: string, args: string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, fail) => {
    const child = spawn(program, args, { env: options.env, cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    let satisfied = false;
    const timers: NodeJS.Timeout[] = [];
    const end = () => {
      child.kill('SIGINT');
      timers.push(setTimeout(() => child.kill('SIGKILL'), KILL_AFTER));
    };
    timers.push(setTimeout(() => { timedOut = true; end(); }, options.timeout ?? 60_000));
    let asking = false;
    const ask = async () => {
      if (!options.until || satisfied || asking) return;
      asking = true;
      if (await options.until(stdout, stderr)) {
        satisfied = true;
        end();
      }
      asking = false;
    };
    child.stdout.setEncoding('utf8').on('data', data => { stdout += data; void ask(); });
    child.stderr.setEncoding('utf8').on('data', data => { stderr += data; void ask(); });
    child.stdin.on('error', () => undefined); // it may end without reading all
    child.stdin.write(options.stdin ?? '');
    if (!options.until) child.stdin.end();
    child.on('error', fail);
    child.on('close', code => {
      timers.forEach(clearTimeout);
      resolve({ code, stdout, stderr, timedOut, satisfied });
    });
  });
}

/** Runs a program that has to succeed, and returns what it prints. */
export async function must(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  const ended = await run(program, args, options);
  if (ended.code !== 0) throw new Error(`${program} ${args.join(' ')}: ${ended.timedOut ? 'took too long' : `exit status ${ended.code}`}\n${ended.stderr}${ended.stdout}`);
  return ended.stdout;
}

/** Asks until the answer is not undefined. What it waited for is in the error when time is over. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, timeout = 60_000): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${timeout / 1000} s in vain for ${what}`);
    await new Promise(resolve => setTimeout(resolve, 250));
  }
}

/** Maps with at most `width` at a time, and keeps the order. */
export async function inParallel<T, R>(width: number, items: T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await map(items[i]);
    }
  }));
  return results;
}
