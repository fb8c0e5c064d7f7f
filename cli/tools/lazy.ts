/** Makes the compiled program load each of its files when it is first used, as the library does: help is there at once. */
import { readdirSync, readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { lazyImports } from '../../tools/lazy-imports';

const lib = join(__dirname, '..', 'lib');
for (const file of readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter(one => one.endsWith('.js'))) {
  const path = join(lib, file);
  writeFileSync(path, lazyImports(readFileSync(path, 'utf8')));
}
