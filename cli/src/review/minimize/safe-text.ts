import { Document, Scalar, visit } from 'yaml';
import { plain } from '../../text';

/** What an editor or a terminal would act on instead of showing it. */
const UNSEEN = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (mark: string) => mark.length > 1 ? `\\U${mark.codePointAt(0)!.toString(16).padStart(8, '0')}` : `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Objects as YAML documents, in which every text is itself and nothing is invisible. */
export function yamlText(objects: any[]): string {
  return objects.map(object => {
    const document = new Document(JSON.parse(JSON.stringify(object)), { version: '1.2' });
    visit(document, {
      Scalar: (_, node) => {
        if (typeof node.value === 'string' && node.value.search(UNSEEN) >= 0) node.type = Scalar.QUOTE_DOUBLE;
      },
    });
    return document.toString({ lineWidth: 0, aliasDuplicateObjects: false } as any).replace(UNSEEN, escaped);
  }).join('---\n');
}

/** A TypeScript literal of any text or list of texts. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    return `{ ${Object.entries(value).map(([key, inner]) => `${/^[A-Za-z][A-Za-z0-9]*$/.test(key) ? key : literal(key)}: ${literal(inner)}`).join(', ')} }`;
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  const quoted = JSON.stringify(value).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, '\\\'');
  return `'${quoted.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, mark => mark.split('').map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''))}'`;
}

/** Lines of comment: whatever is in the text, it ends with its line. */
export const comment = (mark: string, lines: string[]) => lines.map(line => `${mark} ${plain(line)}`.trimEnd());
