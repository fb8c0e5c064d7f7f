import { TargetLanguage, Translator, typeScriptSnippetFromVisibleSource } from 'jsii-rosetta';
import { KnownType, knownTypes } from './assemblies';
import { mendGo } from './go';

/** A block of TypeScript on a page. */
export interface Snippet {
  readonly page: string;
  /** Of its first line, from 1. */
  readonly line: number;
  readonly source: string;
}
export type Translations = Readonly<Record<'python' | 'java' | 'go', string>>;

/** The blocks of a page, in their order. */
export function snippets(page: string, text: string): Snippet[] {
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(({ 1: source, index }) => ({ page, line: text.slice(0, index).split('\n').length + 1, source }));
}

/** A comment after the end of a line is told twice, as the end of the one statement and the beginning of the next. */
const once = (code: string, comment: RegExp) => {
  const said = new Set<string>();
  return code.split('\n').filter((line, i, lines) => {
    const [text] = comment.exec(line) ?? [];
    if (text === undefined) return true;
    const alone = line.trim() === text;
    const again = alone && (said.has(text) || lines[i - 1]?.trim() === text);
    said.add(text);
    return !again;
  }).join('\n').replace(/\n{3,}/g, '\n\n');
};

/** `from` is a word of Python, so jsii calls it `from_`; jsii-rosetta does not know. What comes of one module is imported in one line. */
function mendPython(code: string): string {
  const line = /^from (\S+) import (.*)\n/gm;
  const modules = new Map<string, Set<string>>();
  for (const [, module, names] of code.matchAll(line)) modules.set(module, new Set([...modules.get(module) ?? [], ...names.split(', ')]));
  const imports = [...modules].sort().map(([module, names]) => `from ${module} import ${[...names].sort().join(', ')}\n`);
  return imports.join('') + code.replace(line, '').replace(/([(,]\s*)from=/g, '$1from_=');
}

/** jsii-rosetta imports what the TypeScript imports; Java names the types of options too. And it takes lists for arrays. */
function mendJava(code: string, known: ReadonlyMap<string, KnownType>): string {
  const body = code.replace(/^import .*\n/gm, '').replace(/^(\s*)(\w+)\[\] (?=\w+ =)/gm, '$1List<$2> ').replace(/for \(Object /g, 'for (var ');
  const names = new Set([...body.replace(/"(?:[^"\\]|\\.)*"|\/\/.*/g, '').matchAll(/(?<![.\w])[A-Z]\w*/g)].map(([name]) => name));
  const imports = [...names].flatMap(name => known.get(name)?.javaName ?? (['List', 'Map'].includes(name) ? `java.util.${name}` : []));
  return `${imports.sort().map(one => `import ${one};\n`).join('')}\n${body.trim()}\n`;
}

/**
 * Translates them all by jsii-rosetta in one go. What does not compile, or what it has no words for in one of the languages, is an
 * error that names page and line.
 */
export function translate(all: readonly Snippet[]): Translations[] {
  const translator = new Translator(true);
  const translated = translator.translateSnippets(all.map(({ page, line, source }) =>
    typeScriptSnippetFromVisibleSource(source, { api: { api: 'file', fileName: `${page}:${line}` } }, true)), [TargetLanguage.PYTHON, TargetLanguage.JAVA, TargetLanguage.GO]);
  const errors = translator.diagnostics.filter(({ isError }) => isError).map(({ formattedMessage }) => formattedMessage.trim());
  if (errors.length > 0) throw new Error(errors.join('\n'));
  const known = knownTypes();
  return translated.map(one => {
    const source = (language: TargetLanguage) => `${one.get(language)!.source.trim()}\n`;
    return {
      python: mendPython(source(TargetLanguage.PYTHON)),
      java: mendJava(once(source(TargetLanguage.JAVA), /\/\/ .*$/), known),
      go: mendGo(once(source(TargetLanguage.GO), /\/\/ .*$/), known),
    };
  });
}
