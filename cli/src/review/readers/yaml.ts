import { parseAllDocuments } from 'yaml';
import { Broken, Document, isObject, Lines, NO_OBJECT, Parsed } from './document';

const TEMPLATE = /^# Source: (.+?)\r?$/m;

/** All documents of a YAML text. One that is damaged does not keep the others from being read. */
export function parseYaml(text: string, file: string): Parsed {
  const documents: Document[] = [];
  const broken: Broken[] = [];
  const lines = new Lines(text);
  let end = 0;
  const parsed = parseAllDocuments(text, { prettyErrors: false, logLevel: 'error' });
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const [fault] = document.errors;
    const start = document.contents?.range?.[0] ?? document.range[0];
    const line = lines.of(start + 1);
    const template = TEMPLATE.exec(text.slice(end, start))?.[1];
    end = document.range[1];
    if (fault) {
      // Errors may lie before what has been counted already.
      broken.push({ file, line: new Lines(text).of(fault.pos[0] + 1), why: `no YAML: ${fault.message.split('\n')[0]}` });
      continue;
    }
    try {
      const object = document.toJS({ maxAliasCount: 100 });
      if (object === null || object === undefined) continue;
      if (isObject(object)) documents.push({ object, file, line, ...template !== undefined && { template } });
      else broken.push({ file, line, why: NO_OBJECT });
    } catch (error) {
      broken.push({ file, line, why: `no YAML: ${(error as Error).message}` });
    }
  }
  return { documents, broken };
}
