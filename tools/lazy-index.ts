/**
 * Makes the compiled lib/index.js load a folder when something of it is first asked for: an app that uses one
 * construct does not wait for the others. Run after jsii, which writes the file anew.
 */
import { readFileSync, writeFileSync } from 'fs';
import { createRequire } from 'module';
import { join } from 'path';

const INDEX = join(__dirname, '..', 'lib', 'index.js');
const EAGER = /^__exportStar\(require\("(\.\/[\w-]+)"\), exports\);$/gm;

const load = createRequire(INDEX);
const text = readFileSync(INDEX, 'utf8');
const folders = [...text.matchAll(EAGER)].map(([, folder]) => folder);
if (folders.length === 0) throw new Error(`${INDEX} is not what jsii writes. Fix: run npx projen compile.`);

const HELPER = `const lazily = (load, names) => names.forEach(name => Object.defineProperty(exports, name, {
    enumerable: true,
    configurable: true,
    get: () => {
        const value = load()[name];
        Object.defineProperty(exports, name, { enumerable: true, value });
        return value;
    },
}));
`;

const seen = new Set<string>();
const lazy = folders.map((folder, i) => {
  // What comes first wins, as with export *.
  const names = Object.keys(load(folder)).filter(name => !seen.has(name));
  names.forEach(name => seen.add(name));
  return [
    ...i === 0 ? [HELPER] : [],
    // By this line Node finds the names when the library is imported as an ES module.
    `${names.map(name => `exports.${name} = `).join('')}void 0;`,
    `lazily(() => require("${folder}"), ${JSON.stringify(names)});`,
  ].join('\n');
});
writeFileSync(INDEX, text.replace(EAGER, () => lazy.shift()!));
