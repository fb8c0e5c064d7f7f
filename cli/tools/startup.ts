/**
 * Makes the compiled program begin at once. Each file loads when something of it is first used, as in the library; but what every
 * command line needs, commander and the files that register commands, is one file, main.js: looking for thirty took as long as what they do.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { dirname, join, relative, resolve } from 'path';
import { buildSync } from 'esbuild';
import { lazyImports } from '../../tools/lazy-imports';

const scripts = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.js')).map(file => join(folder, file));

/** Whether every command line needs a file. What commands import too is not among them: it would be there twice, and a class of errors would be two. */
const needed = (file: string) => /^(main|program|io|registration|.*\bregister)\.js$/.test(file);

/** The terms of the packages among files, which want to go with each copy. */
function licences(files: string[]): string {
  const packages = new Set(files.map(file => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(one => one !== undefined));
  return [...packages].map(folder => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `In main.js: ${name} ${version}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8')}`;
  }).join('\n');
}

/** Does so with what was compiled into a folder. */
export function startup(lib: string): void {
  for (const file of scripts(lib)) writeFileSync(file, lazyImports(readFileSync(file, 'utf8')));
  const main = join(lib, 'main.js');
  const others = scripts(lib).filter(file => !needed(relative(lib, file)));
  const { metafile } = buildSync({
    entryPoints: [main],
    outfile: main,
    allowOverwrite: true,
    absWorkingDir: lib,
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    external: others,
    // Commander starts subcommands that are programs by it. There are none here, and it is much for Node to load.
    alias: { 'node:child_process': 'data:text/javascript,' },
  });
  const bundled = new Set(Object.keys(metafile.inputs).map(file => resolve(lib, file)));
  for (const file of others) {
    const missing = [...readFileSync(file, 'utf8').matchAll(/require\("(\.[^"]+)"\)/g)].map(([, path]) => resolve(dirname(file), `${path}.js`)).find(path => bundled.has(path));
    if (missing) throw new Error(`${relative(lib, file)} imports ${relative(lib, missing)}, which is only in main.js. Fix: move what it uses into a file of its own.`);
  }
  for (const file of scripts(lib).filter(one => bundled.has(one) && one !== main)) rmSync(file);
  writeFileSync(`${main}.LEGAL.txt`, licences([...bundled]));
}

if (require.main === module) startup(join(__dirname, '..', 'lib'));
