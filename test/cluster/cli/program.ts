import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { lazyImports } from '../../../tools/lazy-imports';
import { Cluster } from '../lab/cluster';
import { Person } from '../lab/kubectl';
import { Ended, must, run, RunOptions } from '../lab/process';

const PROJECT = join(__dirname, '..', '..', '..');
/** Below the project, so that the program finds its packages; one for each test file, for they run side by side. */
const BUILT = join(PROJECT, 'reports', `cli-${process.pid}`);

/**
 * Compiles the program of this work tree, with the one file of the library that its commands for people use: what lies in lib/ may be
 * of yesterday. As in the package, a file loads when it is first used, so that no command needs what another does.
 */
export async function build(): Promise<void> {
  await must(process.execPath, [join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(__dirname, 'tsconfig.json'), '--outDir', BUILT], { env: process.env, timeout: 180_000 });
  const program = join(BUILT, 'cli', 'src');
  for (const file of readdirSync(program, { recursive: true, encoding: 'utf8' }).filter(one => one.endsWith('.js'))) {
    writeFileSync(join(program, file), lazyImports(readFileSync(join(program, file), 'utf8')));
  }
  const library = join(BUILT, 'node_modules', 'cdk8s-secure-debug');
  mkdirSync(library, { recursive: true });
  writeFileSync(join(library, 'index.js'), 'module.exports = require(\'../../src/access/access-requests.js\');\n');
}

/** Puts it into a folder as `secure-debug`, for PATH. */
export function install(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'secure-debug'), `#!/bin/sh\nexec "${process.execPath}" "${join(BUILT, 'cli', 'src', 'main.js')}" "$@"\n`, { mode: 0o755 });
}

/** Removes what `build` made. */
export function demolish(): void {
  rmSync(BUILT, { recursive: true, force: true });
}

/** `secure-debug` as a process of its own, as a person. */
export function secureDebug(cluster: Cluster, person: Person, args: string[], options: RunOptions = {}): Promise<Ended> {
  const home = join(cluster.folder, 'home', person.name);
  mkdirSync(home, { recursive: true });
  return run(process.execPath, [join(BUILT, 'cli', 'src', 'main.js'), ...args], { ...options, env: { ...options.env, PATH: process.env.PATH, HOME: home, KUBECONFIG: person.kubeconfig } });
}
