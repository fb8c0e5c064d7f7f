import { readFileSync } from 'fs';
import { join } from 'path';

const SCRIPTS = new Map<string, string>();

/** A script of assets/cleanup/, as it goes into a ConfigMap. The path is the same seen from src/ and from lib/. */
export function readScript(file: string): string {
  let script = SCRIPTS.get(file);
  // A checkout may have turned the line ends; the output is the same on every machine.
  if (script === undefined) SCRIPTS.set(file, script = readFileSync(join(__dirname, '..', '..', 'assets', 'cleanup', file), 'utf8').replace(/\r\n/g, '\n'));
  return script;
}
