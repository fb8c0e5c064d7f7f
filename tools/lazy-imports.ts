/**
 * Makes the compiled library load each of its files when something of it is first used: an app that uses one construct
 * does not wait for the others, nor for what a construct needs only once it is asked to draw, parse or compare. The
 * sources stay free of it. Run after jsii, which writes lib/ anew.
 *
 *     const grant_1 = require("./grant");     becomes     let grant_1_; const grant_1 = () => grant_1_ ??= require("./grant");
 *     (0, grant_1.emitGrant)(this)            becomes     (0, grant_1().emitGrant)(this)
 *     new grant_1.Grant()                     becomes     new (grant_1().Grant)()
 *
 * No file of this library does anything but define things when it is loaded, so the order does not matter. What comes
 * from packages is loaded as before.
 */
import { readdirSync, readFileSync, writeFileSync } from 'fs';
import { createRequire } from 'module';
import { dirname, join, relative } from 'path';
import * as ts from 'typescript';

/** The text with its imports of own files made lazy, on the same lines. */
export function lazyImports(text: string): string {
  const source = ts.createSourceFile('compiled.js', text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const imports = new Map<string, { statement: ts.Statement; file: string }>();
  for (const statement of source.statements) {
    const [, name, file] = /^const (\w+) = require\("(\.[^"]+)"\);$/.exec(statement.getText()) ?? [];
    if (name) imports.set(name, { statement, file });
  }
  const edits: { start: number; end: number; text: string }[] = [];
  const visit = (node: ts.Node) => {
    const found = ts.isIdentifier(node) ? imports.get(node.text) : undefined;
    const names = (node.parent as ts.NamedDeclaration | undefined)?.name === node;
    if (found && !names) {
      const made = node.parent.parent;
      if (ts.isNewExpression(made) && made.expression === node.parent) {
        // `new errors_1().Wrong()` would make an `errors_1`.
        edits.push({ start: node.getStart(), end: node.getStart(), text: '(' }, { start: node.end, end: node.end, text: '()' });
        edits.push({ start: node.parent.end, end: node.parent.end, text: ')' });
      } else {
        edits.push({ start: node.end, end: node.end, text: '()' });
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of source.statements) {
    const [name, found] = [...imports].find(([, one]) => one.statement === statement) ?? [];
    if (found) {
      edits.push({ start: statement.getStart(), end: statement.end, text: `let ${name}_; const ${name} = () => ${name}_ ??= require("${found.file}");` });
    } else {
      visit(statement);
    }
  }
  const backwards = edits.sort((a, b) => a.start - b.start).reverse();
  return backwards.reduce((out, { start, end, text: put }) => out.slice(0, start) + put + out.slice(end), text);
}

/** An index whose names are loaded one by one, each from the file that defines it. By the first line Node finds them when the library is imported as an ES module. */
export function lazyIndex(fileOf: Map<string, string>): string {
  return [
    '"use strict";',
    'Object.defineProperty(exports, "__esModule", { value: true });',
    `${[...fileOf.keys()].reverse().map(name => `exports.${name} = `).join('')}void 0;`,
    'const lazily = (name, load) => Object.defineProperty(exports, name, {',
    '    enumerable: true,',
    '    configurable: true,',
    '    get: () => {',
    '        const value = load()[name];',
    '        Object.defineProperty(exports, name, { enumerable: true, value });',
    '        return value;',
    '    },',
    '});',
    ...[...fileOf].map(([name, file]) => `lazily("${name}", () => require("${file}"));`),
    '',
  ].join('\n');
}

function main(lib: string) {
  const index = join(lib, 'index.js');
  const load = createRequire(index);
  const exported: { [name: string]: unknown } = load(index);
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).map(file => join(lib, file)).filter(file => file.endsWith('.js'));
  const defining = files.filter(file => !file.endsWith('index.js'));
  const fileOf = new Map(Object.keys(exported).map((name): [string, string] => {
    const file = defining.find(one => load(one)[name] === exported[name]);
    if (!file) throw new Error(`No file of ${lib} defines ${name}. Fix: run npx projen compile, then this once.`);
    return [name, `./${relative(lib, file)}`];
  }));
  for (const file of defining) writeFileSync(file, lazyImports(readFileSync(file, 'utf8')));
  writeFileSync(index, lazyIndex(fileOf));
}

if (require.main === module) main(join(dirname(__dirname), 'lib'));
