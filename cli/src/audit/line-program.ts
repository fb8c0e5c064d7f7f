import { execFileSync } from 'child_process';
import { createHash } from 'crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'fs';
import { dirname, join } from 'path';

/** Of WebAssembly, which the types of Node.js do not have. */
declare const WebAssembly: { Module: new (bytes: Buffer) => object; Instance: new (module: object) => { readonly exports: unknown } };

/** A number that the program has; some can be set. */
interface Global {
  value: number;
}

/** What `assembly/lines.ts` exports; it is described there. */
export interface LineProgram {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly room: Global;
  readonly roomFor: Global;
  readonly words: Global;
  readonly wordsFor: Global;
  readonly told: Global;
  readonly earliest: Global;
  readonly latest: Global;
  readonly timeFor: Global;
  readonly subresources: Global;
  readonly writes: Global;
  readonly reviews: Global;
  readonly nodes: Global;
  readonly notes: Global;
  readonly lines: Global;
  readonly many: Global;
  look(from: number, end: number): number;
}

const OPTIONS = ['-O3', '--enable', 'simd', '--runtime', 'stub', '--noAssert'];

let program: object | undefined;

/** What looks at lines, with memory of its own: in the package one file beside this one, in the repository compiled when it is first needed. */
export function lineProgram(): LineProgram {
  const packed = join(__dirname, 'lines.wasm');
  program ??= new WebAssembly.Module(readFileSync(existsSync(packed) ? packed : compiled()));
  return new WebAssembly.Instance(program).exports as LineProgram;
}

/** Compiles assembly/lines.ts, and keeps the outcome for as long as it is as it was. */
export function compiled(): string {
  const source = join(dirname(dirname(__dirname)), 'assembly', 'lines.ts');
  const hash = createHash('sha256').update(readFileSync(source)).update(OPTIONS.join()).digest('hex').slice(0, 16);
  const compiler = dirname(require.resolve('assemblyscript/package.json'));
  const file = join(dirname(compiler), '.cache', 'secure-debug', `lines-${hash}.wasm`);
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const part = `${file}.${process.pid}`;
    execFileSync(process.execPath, [join(compiler, 'bin', 'asc.js'), source, ...OPTIONS, '--outFile', part]);
    renameSync(part, file);
  }
  return file;
}
