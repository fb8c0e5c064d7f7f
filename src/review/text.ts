import { AccessCell, AccessFinding, AccessRow, AccessState } from './access-row';
import { findingText, HEADING, limitText, printable, repeatsWho, STATE_TEXT, whereText, whoText, width, wrap } from './present';
import { joined } from './rights';
import { brokenText } from './rules/sd5008-incomplete-capability';
import { Danger, DebugCapability } from '../model/capability';

const WIDTH = 100;
const FULL: Record<Danger, string> = { [Danger.LOW]: '●', [Danger.MEDIUM]: '■', [Danger.HIGH]: '◆', [Danger.CRITICAL]: '▲' };
const HOLLOW: Record<Danger, string> = { [Danger.LOW]: '○', [Danger.MEDIUM]: '□', [Danger.HIGH]: '◇', [Danger.CRITICAL]: '△' };

function mark({ state, danger }: AccessCell): string {
  switch (state) {
    case AccessState.GRANTED: return FULL[danger];
    case AccessState.LIMITED: return HOLLOW[danger];
    case AccessState.BROKEN: return '!';
    case AccessState.UNKNOWN: return '?';
    case AccessState.NONE: return '·';
    case AccessState.NOT_APPLICABLE: return ' ';
  }
}

const LEGEND = [
  `danger: ${Object.values(Danger).map(danger => `${FULL[danger]} ${danger}`).join('  ')}`,
  `hollow: ${STATE_TEXT[AccessState.LIMITED]}   !: ${STATE_TEXT[AccessState.BROKEN]}   ·: ${STATE_TEXT[AccessState.NONE]}   ?: ${STATE_TEXT[AccessState.UNKNOWN]}   blank: cluster only`,
];

const pad = (text: string, to: number): string => text + ' '.repeat(Math.max(0, to - width(text)));

/** Lines of cells that are wrapped within their columns; the last column takes what is left. */
function table(rows: string[][], widths: number[]): string[] {
  const last = WIDTH - widths.reduce((sum, w) => sum + w + 2, 2);
  return rows.flatMap(row => {
    const cells = row.map((cell, i) => wrap(cell, widths[i] ?? last));
    return Array.from({ length: Math.max(...cells.map(lines => lines.length)) }, (_, line) =>
      `  ${cells.map((lines, i) => pad(lines[line] ?? '', i < widths.length ? widths[i] + 2 : 0)).join('')}`.trimEnd());
  });
}

/** A label with a paragraph beside it. */
function labelled(indent: number, label: string, text: string): string[] {
  return wrap(printable(text), WIDTH - indent - label.length).map((line, i) => `${' '.repeat(indent)}${i ? ' '.repeat(label.length) : label}${line}`);
}

/** As wide as the longest, within limits. */
function columnWidth(texts: string[], least: number, most: number): number {
  return Math.min(most, texts.reduce((widest, text) => Math.max(widest, width(text)), least));
}

/** A table for a terminal: marks under a stair of titles, then by which objects, what is partial, and what to look at. */
export function toText(rows: AccessRow[], findings: AccessFinding[]): string {
  if (rows.length === 0) return [HEADING, '', '  Nobody is granted anything.', ...lookAt(findings), ''].join('\n');
  const titles = DebugCapability.all().map(capability => capability.title);
  const whos = rows.map(row => printable(whoText(row)));
  const wheres = rows.map(row => printable(whereText(row)));
  // 2 columns a mark, and the last titles of the stair reach beyond it.
  const whoWidth = columnWidth(whos, 20, 29);
  const whereWidth = columnWidth(wheres, 5, 22);
  const start = whoWidth + whereWidth + 6;

  const stair = titles.map((title, i) => `${pad(i ? '' : HEADING, start)}${'│ '.repeat(i)}${title}`);
  const marked = table(rows.map((row, r) => [repeatsWho(rows, r) ? '' : whos[r], wheres[r], row.cells.map(mark).join(' ')]), [whoWidth, whereWidth]);

  return [
    ...stair,
    ...marked,
    '',
    ...LEGEND.map(line => `  ${line}`),
    '',
    'In detail',
    ...rows.flatMap(detail),
    ...lookAt(findings),
    '',
  ].join('\n');
}

/** What the marks of a row leave open: to what it is limited, what it has beyond them, and by which objects. */
function detail(row: AccessRow): string[] {
  const cells = (wanted: AccessState) => row.cells.filter(({ state }) => state === wanted);
  const entries: [string, string][] = [
    ...joined(cells(AccessState.LIMITED), limitText)
      .map((alike): [string, string] => [STATE_TEXT[AccessState.LIMITED], `${alike.map(({ title }) => title).join(', ')}: only ${limitText(alike[0])}`]),
    ...cells(AccessState.BROKEN).map((cell): [string, string] => [STATE_TEXT[AccessState.BROKEN], brokenText(cell)]),
    ...row.otherRights.length ? [['beyond these', row.otherRights.join('; ')] as [string, string]] : [],
    ...row.grantedBy.map((path): [string, string] => ['granted by', path]),
  ];
  return [
    ...labelled(2, '', `${whoText(row)} in ${row.namespace === undefined ? 'the ' : ''}${whereText(row)}`),
    ...entries.flatMap(([label, text], i) => labelled(4, pad(i > 0 && entries[i - 1][0] === label ? '' : label, 14), text)),
  ];
}

function lookAt(findings: AccessFinding[]): string[] {
  if (findings.length === 0) return [];
  return ['', 'Look at', ...findings.flatMap(finding => labelled(2, `${finding.id} `, findingText(finding)))];
}
