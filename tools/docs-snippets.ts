/**
 * The TypeScript in docs/*.md in the other languages, by jsii-rosetta, strictly: what does not compile, or cannot be said in one of
 * them, is an error. Nothing of it is committed.
 *
 *     npx tsx --tsconfig tsconfig.dev.json tools/docs-snippets.ts tabs DIR     rewrites the pages in DIR: a tab for each language
 *     npx tsx --tsconfig tsconfig.dev.json tools/docs-snippets.ts files DIR    writes each as a file, and a main program that runs them all
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { Snippet, snippets, translate, Translations } from './docs-snippets/translate';

const DOCS = join(__dirname, '..', 'docs');
const LANGUAGES = [['TypeScript', 'ts'], ['Python', 'python'], ['Java', 'java'], ['Go', 'go']] as const;

/** A tab for each language, as the site's generator wants them. */
function tabs(source: string, translations: Translations): string {
  const code = { ts: source, ...translations };
  return LANGUAGES.map(([title, id]) => `=== "${title}"\n\n${`\`\`\`${id}\n${code[id]}\`\`\``.replace(/^(?=.)/gm, '    ')}\n`).join('\n');
}

/** Each block as a program of its own, or as a part of one, whose name says where it stands. */
function program(language: keyof Translations, code: string, name: string): [string, string] {
  const lines = code.split('\n');
  const isImport = (line: string) => /^import /.test(line);
  switch (language) {
    case 'python': return [join('python', `${name}.py`), code];
    case 'java': return [join('java', `${name}.java`), `${lines.filter(isImport).join('\n')}\nclass ${name} {\n  static void run() {\n${lines.filter(line => !isImport(line)).join('\n')}\n  }\n}\n`];
    case 'go': {
      const [head, body] = code.split(/(?<=^\))\n/m);
      const unused = [...body.matchAll(/^(\w+) :=/gm)].map(([, variable]) => `_ = ${variable}\n`).join('');
      return [join('go', `${name}.go`), `package main\n\n${head}\nfunc ${name}() {\n${body}${unused}}\n`];
    }
  }
}

function main([task, folder]: string[]): void {
  if (!['tabs', 'files'].includes(task) || !folder) throw new Error('usage: docs-snippets.ts tabs|files DIR');
  const pages = readdirSync(DOCS).filter(name => name.endsWith('.md')).sort();
  const all = pages.flatMap(page => snippets(page, readFileSync(join(DOCS, page), 'utf8')));
  const translated = new Map<Snippet, Translations>(translate(all).map((one, i) => [all[i], one]));
  if (task === 'tabs') {
    for (const page of new Set(all.map(one => one.page))) {
      const blocks = all.filter(one => one.page === page);
      const text = readFileSync(join(folder, page), 'utf8').replace(/^```ts\n[^]*?^```$/gm, () => {
        const snippet = blocks.shift()!;
        return tabs(snippet.source, translated.get(snippet)!);
      });
      writeFileSync(join(folder, page), text);
    }
  } else {
    for (const language of ['python', 'java', 'go'] as const) mkdirSync(join(folder, language), { recursive: true });
    const names = [...translated.keys()].map(({ page, line }) => `${page.replace(/\.md$/, '').replace(/\W/g, '_')}_${line}`);
    [...translated.values()].forEach((translations, i) => {
      for (const language of ['python', 'java', 'go'] as const) {
        const [path, content] = program(language, translations[language], names[i]);
        writeFileSync(join(folder, path), content);
      }
    });
    // One process each, since a program of jsii takes a second to start.
    writeFileSync(join(folder, 'python', 'main.py'), names.map(name => `import ${name}\n`).join(''));
    writeFileSync(join(folder, 'go', 'main.go'), `package main\n\nimport "github.com/aws/jsii-runtime-go"\n\nfunc main() {\n  defer jsii.Close()\n${names.map(name => `  ${name}()\n`).join('')}}\n`);
    writeFileSync(join(folder, 'java', 'Main.java'), `class Main {\n  public static void main(String[] args) {\n${names.map(name => `    ${name}.run();\n`).join('')}  }\n}\n`);
  }
  console.log(`${all.length} snippets of ${new Set(all.map(one => one.page)).size} pages`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
