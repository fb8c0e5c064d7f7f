import { spawn } from 'child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'fs';
import { constants, tmpdir } from 'os';
import { dirname, join } from 'path';
import { refused, wrongUse } from '../errors';
import { Io } from '../io';
import { unseal } from './age';
import { Credential, read, time } from './credential';
import { mayWrite, sealedText, writeOwn } from './files';
import { KeyOptions, keysOf } from './secrets';
import { duration, plain, word } from '../text';

interface OpenOptions extends KeyOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** What was opened. */
interface Opened {
  readonly data: object;
  /** For standard output; nothing when a command ran, for the output is that command's. */
  readonly text?: string;
  readonly code: number;
}

/** Opens a sealed credential: into a file of the caller's, or for as long as one command runs. */
export async function openSealed(io: Io, file: string, command: string[], options: OpenOptions): Promise<Opened> {
  const out = command.length > 0 ? undefined : options.out ?? inMemory(io, file);
  if (command.length > 0 && options.out !== undefined) wrongUse('--out and a command contradict each other. Fix: give one; a command gets a file that is removed after it.');
  if (out !== undefined) mayWrite('--out', out, options.force ?? false);
  const credential = read(await unseal(sealedText(file), await keysOf(io, options)));
  const left = Math.floor((credential.notAfter.getTime() - Date.now()) / 1_000);
  // A clock that is wrong must not keep anybody out at 2 AM: the API server decides.
  if (left <= 0) io.stderr.write(`Its certificate ended at ${time(credential.notAfter)}, by the clock here.\n`);
  if (out === undefined) {
    io.stderr.write(`${plain(credential.name)} of ${plain(credential.group)}, until ${time(credential.notAfter)}; all it does is on the record.\n`);
    return { data: {}, code: await withFile(io, credential, command) };
  }
  if (options.out === undefined) mkdirSync(dirname(out), { recursive: true, mode: 0o700 });
  writeOwn('--out', out, credential.kubeconfig, options.force ?? false, io.unique());
  const { name, group, server, places, notAfter } = credential;
  const next = places.flatMap(({ namespace, roles }) => roles.map(role => `secure-debug request ${word(role)} -n ${namespace} --reason "WHY" --ticket INC-0 --kubeconfig ${word(out)}`)).map(plain);
  return {
    data: { kubeconfig: out, name, group, server, notAfter: time(notAfter), next },
    text: [
      `Opened ${plain(name)} of ${plain(group)} into ${plain(out)}, valid until ${time(notAfter)} (${duration(left)} left). An alarm goes off with its first use.`,
      'It may only ask for break-glass:',
      ...next.map(line => `  ${line}`),
      `Done?  rm ${word(plain(out))}, and seal a new one: this one has been out.`,
    ].join('\n'),
    code: 0,
  };
}

/** Where files live in memory and are the caller's alone. */
function inMemory({ env }: Io, file: string): string {
  const folder = env.XDG_RUNTIME_DIR;
  if (!folder) return wrongUse('There is no XDG_RUNTIME_DIR, so it has to be said where the kubeconfig goes, which is in clear. Fix: --out FILE on a disk that is encrypted, or give a command after --.');
  return join(folder, 'secure-debug', `${file.split(/[\\/]/).pop()}.kubeconfig`);
}

/** Runs a command with KUBECONFIG, and takes the file away whatever ends it, short of SIGKILL. */
async function withFile(io: Io, { kubeconfig }: Credential, [program, ...args]: string[]): Promise<number> {
  const folder = mkdtempSync(join(io.env.XDG_RUNTIME_DIR && isFolder(io.env.XDG_RUNTIME_DIR) ? io.env.XDG_RUNTIME_DIR : tmpdir(), 'secure-debug-'));
  const file = join(folder, 'kubeconfig');
  const clear = () => rmSync(folder, { recursive: true, force: true });
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  let pass: (signal: NodeJS.Signals) => void = () => undefined;
  const take = (signal: NodeJS.Signals) => pass(signal);
  process.on('exit', clear);
  signals.forEach(signal => process.on(signal, take));
  try {
    writeFileSync(file, kubeconfig, { mode: 0o600, flag: 'wx' });
    return await new Promise<number>((resolve, fail) => {
      const child = spawn(program, args, { stdio: 'inherit', env: { ...io.env, KUBECONFIG: file } });
      // A terminal sends Ctrl-C to both; the command decides what becomes of it.
      pass = signal => { if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal); };
      child.on('error', error => {
        try {
          refused(`${plain(program)} cannot be run: ${(error as NodeJS.ErrnoException).code}. Fix: name a program that is in the PATH.`);
        } catch (reason) {
          fail(reason);
        }
      });
      child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
    });
  } finally {
    signals.forEach(signal => process.off(signal, take));
    process.off('exit', clear);
    clear();
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
