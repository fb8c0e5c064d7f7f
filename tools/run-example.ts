import { execFileSync } from 'child_process';
import { readdirSync, readFileSync, statSync } from 'fs';
import { join, relative, resolve } from 'path';

const ROOT = resolve(__dirname, '..');

/** The folders under examples/ that have a program. */
export const EXAMPLES = readdirSync(join(ROOT, 'examples')).filter(name => statSync(join(ROOT, 'examples', name)).isDirectory()).sort();

/** Where an example's accepted output is. */
export function expectedOf(example: string): string {
  return join(ROOT, 'examples', example, 'expected');
}

/** Runs an example as a user does, into a folder, and returns what it prints. */
export function runExample(example: string, outdir: string, env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(process.execPath, ['--import', 'tsx', join('examples', example, 'main.ts'), outdir], {
    cwd: ROOT, encoding: 'utf8', env: { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.dev.json', ...env },
  });
}

/** Every file below a folder with its content, by path. */
export function filesBelow(folder: string): { [path: string]: string } {
  const files: { [path: string]: string } = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[relative(folder, path)] = readFileSync(path, 'utf8');
  }
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => a < b ? -1 : 1));
}
