import { readFileSync } from 'fs';
import { join } from 'path';

const ASSETS = new Map<string, string>();

/** A file of assets/, such as `cleanup/x.js`, as it goes into a ConfigMap. The path is the same seen from src/ and from lib/. */
export function readAsset(file: string): string {
  let text = ASSETS.get(file);
  // A checkout may have turned the line ends; the output is the same on every machine.
  if (text === undefined) ASSETS.set(file, text = readFileSync(join(__dirname, '..', '..', 'assets', ...file.split('/')), 'utf8').replace(/\r\n/g, '\n'));
  return text;
}
