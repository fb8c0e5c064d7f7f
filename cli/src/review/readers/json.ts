import { Broken, Document, isObject, Lines, NO_OBJECT, Parsed } from './document';

/** JSON: one object, a list of them, or several one after the other, as jq writes them. Undefined when it is no JSON at all. */
export function parseJson(text: string, file: string): Parsed {
  try {
    return sorted(JSON.parse(text), file, 1);
  } catch (error) {
    const parts = split(text);
    if (parts.length < 2) return { documents: [], broken: [fault(text, file, error as Error)] };
    const lines = new Lines(text);
    const documents: Document[] = [];
    const broken: Broken[] = [];
    for (const { from, to } of parts) {
      const line = lines.of(from + 1);
      try {
        const one = sorted(JSON.parse(text.slice(from, to)), file, line);
        documents.push(...one.documents);
        broken.push(...one.broken);
      } catch (inner) {
        broken.push({ file, line, why: `no JSON: ${(inner as Error).message}` });
      }
    }
    return { documents, broken };
  }
}

function sorted(value: any, file: string, line: number): Parsed {
  const values: any[] = Array.isArray(value) ? value : [value];
  return {
    documents: values.filter(isObject).map(object => ({ object, file, line })),
    broken: values.every(isObject) ? [] : [{ file, line, why: NO_OBJECT }],
  };
}

function fault(text: string, file: string, error: Error): Broken {
  const position = /position (\d+)/.exec(error.message)?.[1];
  const line = new Lines(text).of(position === undefined ? text.length : Number(position) + 1);
  return { file, line, why: `no JSON: ${error.message.split('\n')[0]}` };
}

/** Where values at the top begin and end, by their brackets; texts are passed over. */
function split(text: string): { readonly from: number; readonly to: number }[] {
  const parts: { from: number; to: number }[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: mark, index } of text.matchAll(/"(?:[^"\\]|\\[^])*"|[{}[\]]/g)) {
    if (mark === '{' || mark === '[') {
      if (depth++ === 0) from = index;
    } else if ((mark === '}' || mark === ']') && --depth === 0) {
      parts.push({ from, to: index + 1 });
    }
  }
  // What is left open is part of it too, so that it is named.
  if (depth > 0) parts.push({ from, to: text.length });
  return parts;
}
