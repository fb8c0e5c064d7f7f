import { lazyImports, lazyIndex } from '../../tools/lazy-imports';

/** Runs a compiled module; `files` is what it can require. Returns its exports, and what it has asked for so far. */
function run(text: string, files: { [file: string]: object }) {
  const asked: string[] = [];
  const exports: { [name: string]: any } = {};
  new Function('exports', 'require', text)(exports, (file: string) => {
    asked.push(file);
    return files[file];
  });
  return { exports, asked };
}

const COMPILED = `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Drawing = void 0;
const cdk8s_1 = require("cdk8s");
const base_1 = require("./base");
const pens_1 = require("../pens");
/** Draws with pens_1. */
class Drawing extends base_1.Base {
    draw(what) { return \`\${(0, pens_1.draw)(what)} by \${this.pens_1} of "pens_1": \${'pens_1'}\`; }
    pens_1 = 'hand';
    all = () => [pens_1, cdk8s_1].length;
}
exports.Drawing = Drawing;
`;
const files = () => ({ 'cdk8s': {}, './base': { Base: class {} }, '../pens': { draw: (what: string) => `${what} drawn` } });

it('a file is loaded when something of it is first used, and asked for once', () => {
  const { exports: { Drawing }, asked } = run(lazyImports(COMPILED), files());
  expect(asked).toEqual(['cdk8s', './base']);
  const drawing = new Drawing();
  expect(asked).toEqual(['cdk8s', './base']);
  expect(drawing.draw('a cat')).toBe('a cat drawn by hand of "pens_1": pens_1');
  drawing.draw('a dog');
  expect(asked).toEqual(['cdk8s', './base', '../pens']);
});

it('it does the same as before, and on the same lines, so that stack traces stay true', () => {
  const lazy = lazyImports(COMPILED);
  const [before, after] = [COMPILED, lazy].map(text => new (run(text, files()).exports.Drawing)());
  expect(after.draw('x')).toBe(before.draw('x'));
  expect(after.all()).toBe(2);
  expect(lazy.split('\n')).toHaveLength(COMPILED.split('\n').length);
  expect(lazyImports(lazy)).toBe(lazy);
});

it('an index loads the file of each name when the name is first read, and its value stays', () => {
  const index = lazyIndex(new Map([['Pen', './pens.js'], ['Ink', './pens.js'], ['Base', './base.js']]));
  const { exports, asked } = run(index, { './pens.js': { Pen: 'pen', Ink: 'ink' }, './base.js': { Base: 'base' } });
  expect(Object.keys(exports)).toEqual(['Pen', 'Ink', 'Base']);
  expect(asked).toEqual([]);
  expect([exports.Ink, exports.Ink]).toEqual(['ink', 'ink']);
  expect(asked).toEqual(['./pens.js']);
});

it('what a file makes is of the class that another defines, not of a stranger', () => {
  const compiled = 'const errors_1 = require("./errors");\nexports.wrong = what => new errors_1.Wrong(what).what + new errors_1.Wrong(errors_1.NO).what;';
  class Wrong { public constructor(public what: string) {} }
  const { exports } = run(lazyImports(compiled), { './errors': { Wrong, NO: '!' } });
  expect(exports.wrong('no')).toBe('no!');
});
