import { existsSync, readFileSync, writeFileSync } from 'fs';
import { join } from 'path';

/** Compares a generated document with the committed one; `npm run test:cluster -- --write` writes it instead. */
export function compareDocument(path: string, text: string): void {
  const file = join(__dirname, '..', '..', '..', path);
  if (process.env.CDK8S_SECURE_DEBUG_WRITE) writeFileSync(file, text);
  expect({ path, text: existsSync(file) ? readFileSync(file, 'utf8') : '' }).toEqual({ path, text });
}
