// Usage: node bundled.mjs METAFILE DIR
// What esbuild put into the session program is in one file, and no scanner of images sees of what it is made. So each package of it
// gets its package.json and its licence into a folder node_modules below DIR, where scanners look.
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [, , metafile, folder] = process.argv;
const roots = new Set(Object.keys(JSON.parse(readFileSync(metafile, 'utf8')).inputs)
  .map(file => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(root => root !== undefined));
for (const root of roots) {
  const target = join(folder, root.replace(/^(\.\.\/)+/, 'workspace/'));
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(root).filter(name => name === 'package.json' || /^(licen[cs]e|notice)/i.test(name))) cpSync(join(root, file), join(target, file));
}
if (roots.size === 0) throw new Error(`${metafile} names no package: it is made in ${dirname(metafile)}, and its paths begin where esbuild ran`);
