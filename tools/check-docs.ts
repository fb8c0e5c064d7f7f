/**
 * Type-checks the TypeScript in docs/*.md and in the READMEs, each block as a file of its own that
 * imports the library by its name, as users do.
 *
 *     npx tsx --tsconfig tsconfig.dev.json tools/check-docs.ts
 */
import { readdirSync, readFileSync } from 'fs';
import { join, relative } from 'path';
import * as ts from 'typescript';

const ROOT = join(__dirname, '..');
const PAGES = [
  ...readdirSync(join(ROOT, 'docs')).filter(name => name.endsWith('.md')).map(name => join(ROOT, 'docs', name)),
  ...['README.md', 'cli/README.md', 'examples/broker/README.md'].map(name => join(ROOT, name)),
].sort();

/** The blocks of a page by the name of the file they become; the blank lines before keep the numbers of the lines. */
function blocks(page: string): [string, string][] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match, i) => {
    const line = text.slice(0, match.index).split('\n').length;
    return [`${page}.${i}.ts`, `${'\n'.repeat(line)}${match[1]}export {};\n`];
  });
}

const sources = new Map(PAGES.flatMap(blocks));
const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.dev.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, ROOT);
const host = ts.createCompilerHost({ ...options, noEmit: true });
const { getSourceFile, fileExists, readFile } = host;
host.fileExists = file => sources.has(file) || fileExists(file);
host.readFile = file => sources.get(file) ?? readFile(file);
host.getSourceFile = (file, ...rest) => (sources.has(file) ? ts.createSourceFile(file, sources.get(file)!, rest[0]) : getSourceFile(file, ...rest));

const program = ts.createProgram([...sources.keys()], { ...options, noEmit: true, noUnusedLocals: false }, host);
const found = ts.getPreEmitDiagnostics(program).filter(({ file }) => file && sources.has(file.fileName));
for (const { file, start, messageText } of found) {
  const { line } = file!.getLineAndCharacterOfPosition(start!);
  console.error(`${relative(ROOT, file!.fileName).replace(/\.\d+\.ts$/, '')}:${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
}
console.log(`${sources.size} snippets in ${PAGES.length} pages, ${found.length} errors`);
process.exitCode = found.length > 0 ? 1 : 0;
