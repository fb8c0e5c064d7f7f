import { KnownType } from './assemblies';

/** The position of the bracket that closes the one at `open`; texts in quotes are skipped. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if (code[i] === '"') {
      for (i++; code[i] !== '"'; i++) if (code[i] === '\\') i++;
    } else if ('({['.includes(code[i])) {
      depth++;
    } else if (')}]'.includes(code[i]) && --depth === 0) {
      return i;
    }
  }
  throw new Error(`a bracket is not closed: ${code.slice(open, open + 40)}`);
}

/** How many arguments stand between two brackets. */
function count(inside: string): number {
  let [commas, some] = [0, false];
  for (let i = 0; i < inside.length; i++) {
    if (inside[i] === '"') {
      for (i++; inside[i] !== '"'; i++) if (inside[i] === '\\') i++;
      some = true;
    } else if ('({['.includes(inside[i])) {
      i = closing(inside, i);
      some = true;
    } else if (inside[i] === ',') {
      if (inside.slice(i + 1).trim()) commas++;
    } else if (inside[i].trim()) {
      some = true;
    }
  }
  return some ? commas + 1 : 0;
}

/** Go has no parameters that can be left out. */
function completed(code: string, known: ReadonlyMap<string, KnownType>): string {
  const functions = new Map([...known.values()].flatMap(type => [...type.functions].map(([name, n]) => [`${type.goPackage}.${name}`, n] as const)));
  // Of what type an object is does not stand in the text; methods of one name have the same parameters in what is used here, or Go complains.
  const methods = new Map([...known.values()].flatMap(type => [...type.methods]));
  let done = code;
  for (const { 0: { length }, 1: object, 2: name, index } of [...code.matchAll(/(\b\w+|\))\.(\w+)\(/g)].reverse()) {
    const open = index + length - 1;
    const end = closing(done, open);
    const given = count(done.slice(open + 1, end));
    const missing = Math.max(0, (functions.get(`${object}.${name}`) ?? methods.get(name) ?? given) - given);
    done = done.slice(0, end) + Array.from({ length: missing }, (_, i) => given + i > 0 ? ', nil' : 'nil').join('') + done.slice(end);
  }
  return done;
}

/**
 * jsii-rosetta's Go is close to what compiles, but for what is mended here: packages before structs and lists of them, lists and
 * maps as pointers, classes and enums as values, texts as pointers, getters as methods, what is printed or iterated as what a pointer
 * points to, arguments that are left out, major versions of modules.
 */
export function mendGo(rosetta: string, known: ReadonlyMap<string, KnownType>): string {
  const packages = new Map([...known.values()].map(type => [type.goPackage, type.goModule]));
  const of = (name: string) => `${known.get(name)!.goPackage}.${name}`;
  const getters = new Set([...known.values()].flatMap(type => type.getters));
  // What is iterated is taken for structs.
  const elements = new Set([...rosetta.matchAll(/for _, (\w+) := range/g)].map(([, name]) => name));
  const aliases = [...rosetta.matchAll(/^import (\w+) ".*\/(\w+?)(?:\/v\d+)?"$/gm)];
  let code = aliases.reduce((text, [, alias, name]) => text.replace(new RegExp(`\\b${alias}\\.`, 'g'), `${name}.`), rosetta)
    .replace(/^import .*\n/gm, '').trim()
    .replace(/_\*(?=[A-Z])/g, '_')
    .replace(/(?<=range \w+\.)[a-z](?=\w* \{)/g, letter => letter.toUpperCase())
    .replace(new RegExp(`\\*((?:${[...packages.keys()].join('|')})\\.\\w+)`, 'g'), '$1')
    .replace(/(?<=[ \t])\[\]([A-Z]\w*)\{/g, (all, name) => known.has(name) ? `&[]${known.get(name)!.struct ? '*' : ''}${of(name)}{` : all)
    .replace(/&([A-Z]\w*)\{/g, (all, name) => known.has(name) ? `&${of(name)}{` : all)
    .replace(/(?<=: )(?:\[\]\*string|map\[string\]\*string)\{/g, '&$&')
    .replace(/:= ("(?:[^"\\]|\\.)*")$/gm, ':= jsii.String($1)')
    .replace(/jsii\.Boolean\(/g, 'jsii.Bool(')
    .replace(/(range |fmt\.Println\()(?=\w)/g, '$1*')
    .replace(/\[\]\*f64\{/g, '&[]*float64{')
    .replace(/\b([a-z]\w*)\.([A-Z]\w*)\b(?![({])/g, (all, object, name) => elements.has(object) || packages.has(object) || !getters.has(name) ? all : `${all}()`);
  code = completed(code, known).replace(/\t/g, '  ');
  const imports = [...packages].filter(([name]) => new RegExp(`\\b${name}\\.`).test(code)).map(([, module]) => module);
  if (/\bjsii\./.test(code)) imports.push('github.com/aws/jsii-runtime-go');
  if (/\bfmt\./.test(code)) imports.unshift('fmt');
  return `import (\n${imports.map(one => `  "${one}"\n`).join('')})\n\n${code}\n`;
}
