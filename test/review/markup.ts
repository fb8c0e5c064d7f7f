const VOID = ['meta', 'br'];
const TAG = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"<]*")?)*)\s*(\/?)>/y;

/** An element with its attributes, and the text directly and indirectly within it. */
export interface Element { readonly name: string; readonly attributes: { [name: string]: string }; text: string; readonly path: string[] }

function unescape(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}

/** Parses strictly: every tag closed in order, attributes quoted, no other entity than a numeric one, no bare `<` or `&`. */
export function parse(markup: string): Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  let at = markup.startsWith('<!doctype html>') ? '<!doctype html>'.length : 0;
  while (at < markup.length) {
    if (markup[at] === '<') {
      TAG.lastIndex = at;
      const match = TAG.exec(markup);
      if (!match) throw new Error(`no tag at ${markup.slice(at, at + 60)}`);
      const [whole, closing, name, attributes, alone] = match;
      at += whole.length;
      if (closing) {
        const last = open.pop();
        if (last?.name !== name) throw new Error(`</${name}> closes <${last?.name}>`);
      } else {
        const parsed = Object.fromEntries([...attributes.matchAll(/([a-zA-Z:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, unescape(value)]));
        const element = { name, attributes: parsed, text: '', path: open.map(above => above.name) };
        elements.push(element);
        if (!alone && !VOID.includes(name)) open.push(element);
      }
    } else {
      const end = markup.indexOf('<', at);
      const text = markup.slice(at, end < 0 ? undefined : end);
      const style = open[open.length - 1]?.name === 'style';
      if (!style && /&(?!#\d+;)|>/.test(text)) throw new Error(`unescaped: ${text.slice(0, 60)}`);
      open.forEach(element => element.text += unescape(text));
      at += text.length;
    }
  }
  if (open.length > 0) throw new Error(`<${open[0].name}> is not closed`);
  return elements;
}
