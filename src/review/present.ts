import { AccessCell, AccessFinding, AccessRow, AccessState } from './access-row';
import { HELD } from './assess';
import { placeText } from './rows';
import { brokenText } from './rules/sd5008-incomplete-capability';

/** Control, format, line-separating, unpaired and other invisible characters: they could hide or reorder text. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const INVISIBLE = /[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]|[\u{e0000}-\u{e0fff}]/gu;

/** Text with what cannot be seen written as `\u200b`: two names that differ look different. */
export function printable(text: string): string {
  return text.replace(INVISIBLE, char => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}

/** Escaped for XML and HTML, in text and in attributes of either quote. */
export function xml(text: string): string {
  return printable(text).replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`);
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns that the text takes in a terminal. */
export function width(text: string): number {
  return [...text].reduce((sum, char) => sum + (WIDE.test(char) ? 2 : 1), 0);
}

/** Lines of at most so many columns, broken at blanks, else after punctuation, else anywhere; nothing is cut off. */
export function wrap(text: string, max: number): string[] {
  const lines: string[] = [];
  let line = '';
  const add = (part: string, glue: string) => {
    const joint = line && glue;
    if (width(line + joint + part) <= max) {
      line += joint + part;
      return;
    }
    if (line) lines.push(line);
    line = '';
    const smaller = part.match(/[^-/:@.,]+[-/:@.,]*|[-/:@.,]+/g) ?? [];
    if (width(part) <= max) line = part;
    else (smaller.length > 1 ? smaller : [...part]).forEach(piece => add(piece, ''));
  };
  text.split(' ').forEach(word => add(word, ' '));
  return [...lines, line];
}

export const HEADING = 'Who may do what, where';

export const whoText = (row: AccessRow): string => `${row.subjectKind} ${row.subject}`;
/** Whether the row is about the same subject as the one before it: who is written once. */
export const repeatsWho = (rows: AccessRow[], r: number): boolean => r > 0 && whoText(rows[r - 1]) === whoText(rows[r]);
export const whereText = (row: AccessRow): string => placeText(row.namespace, row.onRequest);

/** What a state is called. */
export const STATE_TEXT: Record<AccessState, string> = {
  [AccessState.GRANTED]: 'yes',
  [AccessState.LIMITED]: 'only in part',
  [AccessState.BROKEN]: 'incomplete',
  [AccessState.NONE]: 'no',
  [AccessState.UNKNOWN]: 'unknown',
  [AccessState.NOT_APPLICABLE]: 'only for the whole cluster',
};

/** What a cell is limited to, as a phrase that follows "only": `ledger-0, ledger-1`, `get, list pods`. */
export function limitText({ names, has }: AccessCell): string {
  return names.length ? names.join(', ') : has.join('; ');
}

/** A cell in words: `exec: only ledger-0`. */
export function cellText(cell: AccessCell): string {
  switch (cell.state) {
    case AccessState.LIMITED: return `${cell.title}: only ${limitText(cell)}`;
    case AccessState.BROKEN: return brokenText(cell);
    default: return `${cell.title}: ${STATE_TEXT[cell.state]}`;
  }
}

/** What the row grants, as a phrase that follows "may". */
export function mayText(row: AccessRow): string {
  const held = row.cells.filter(({ state }) => HELD.includes(state)).map(({ title, state }) => state === AccessState.GRANTED ? title : `${title} (${STATE_TEXT[state]})`);
  const unknown = row.cells.some(({ state }) => state === AccessState.UNKNOWN) ? ['what an unknown role grants'] : [];
  return [...held, ...unknown].join(', ') || 'none of the debug capabilities';
}

/** The rules that a row is marked with, each once. */
export function marks(row: AccessRow): AccessFinding[] {
  return row.findings.filter((finding, i) => row.findings.findIndex(other => other.id === finding.id) === i);
}

/** `SD5003 Secrets can be read: Group x in payments: get secrets (RoleBinding …)`. */
export function findingText({ title, who, where, detail, from }: AccessFinding): string {
  return `${title}: ${who === undefined ? '' : `${who}, ${where}: `}${detail} (${from.join('; ')})`;
}
