import { AccessRow, AccessState } from './access-row';
import { HEADING, marks, mayText, printable, repeatsWho, STATE_TEXT, whereText, whoText, wrap, xml } from './present';
import { takesOver } from './rules';
import { EVERYTHING } from './rules/sd5001-everything';
import { Danger, DebugCapability } from '../model/capability';

/** What is drawn by whom: light, then dark. The first also stands in for renderers that know no style sheets. */
export const COLOURS: Record<string, [string, string]> = {
  paper: ['#ffffff', '#0d1117'],
  band: ['#f5f7f9', '#161b22'],
  line: ['#d8dee4', '#30363d'],
  ink: ['#1f2328', '#e6edf3'],
  faint: ['#5b636c', '#9198a1'],
  low: ['#0b7a75', '#4cc2b4'],
  medium: ['#9a6b00', '#e3b341'],
  high: ['#c4440c', '#ff8f5a'],
  critical: ['#a4133c', '#ff6b95'],
};

/** Presentation attributes for a colour, and the class by which the style sheet finds it. */
export function paint(colour: string, how: 'fill' | 'stroke'): string {
  return `class="${how[0]}-${colour}" ${how}="${COLOURS[colour][0]}"`;
}

/** The dark colours, for screens that prefer them; paper stays light. */
function styleSheet(): string {
  const dark = Object.entries(COLOURS).map(([name, [, colour]]) => `.f-${name}{fill:${colour}}.s-${name}{stroke:${colour}}`).join('');
  return `@media screen and (prefers-color-scheme:dark){${dark}}`;
}

export const FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif";

/** A shape for each danger, around the origin, about 14 units wide. */
const SHAPES: Record<Danger, string> = {
  [Danger.LOW]: 'M-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0z',
  [Danger.MEDIUM]: 'M-6.5 -5.5q0 -1 1 -1h11q1 0 1 1v11q0 1 -1 1h-11q-1 0 -1 -1z',
  [Danger.HIGH]: 'M0 -9L9 0L0 9L-9 0z',
  [Danger.CRITICAL]: 'M0 -9L9.5 7.5H-9.5z',
};

/** The mark of a cell, around the origin: shape and colour say the danger, filling the state. */
export function glyph(danger: Danger, state: AccessState): string {
  const letter = (text: string, colour: string) =>
    `<text y="4.5" text-anchor="middle" font-family="${FONT}" font-size="13" font-weight="700" ${paint(colour, 'fill')}>${text}</text>`;
  switch (state) {
    case AccessState.GRANTED: return `<path d="${SHAPES[danger]}" ${paint(danger, 'fill')}/>`;
    case AccessState.LIMITED: return `<path d="${SHAPES[danger]}" ${paint(danger, 'stroke')} fill="none" stroke-width="2" stroke-linejoin="round"/>`;
    case AccessState.BROKEN: return `<path d="${SHAPES[danger]}" ${paint(danger, 'fill')} transform="scale(1.25)"/>${letter('!', 'paper')}`;
    case AccessState.UNKNOWN: return letter('?', 'faint');
    case AccessState.NONE: return `<circle r="1.6" ${paint('faint', 'fill')}/>`;
    case AccessState.NOT_APPLICABLE: return '';
  }
}

const MARGIN = 28;
const WHO = 190;
const WHERE = 140;
const COLUMN = 34;
/** Between what is granted by namespace and what only for the whole cluster. */
const GAP = 14;
const NOTES = 200;
const LINE = 17;
const TOP = 196;

interface Type { readonly size?: number; readonly colour?: string; readonly bold?: boolean }

function label(x: number, y: number, content: string, { size = 13, colour = 'ink', bold = false }: Type = {}): string {
  return `<text x="${x}" y="${y}" font-size="${size}"${bold ? ' font-weight="600"' : ''} ${paint(colour, 'fill')}>${content}</text>`;
}

/** Lines of text centred in a row. */
function lines(x: number, middle: number, texts: string[], type: Type = {}): string {
  const top = middle - (texts.length - 1) * LINE / 2 + 4.5;
  return texts.map((content, i) => label(x, top + i * LINE, xml(content), type)).join('');
}

interface Note { readonly text: string; readonly colour: string }

/** What is beside the marks: what to look at, and other rights, spelled out when they are few. */
function notesOf(row: AccessRow): Note[] {
  const beyond = row.otherRights.join('; ');
  const everything = row.findings.some(({ id }) => id === EVERYTHING.id);
  return [
    ...marks(row).map(({ id, title }) => ({ text: title, colour: takesOver(id) ? 'critical' : 'high' })),
    ...beyond && !everything ? [{ text: beyond.length <= 54 ? `+ ${beyond}` : '+ rights beyond these', colour: 'faint' }] : [],
  ].flatMap(({ text, colour }) => wrap(printable(text), 28).map(line => ({ text: line, colour })));
}

/** The row's lines of text, and how high they make it. Invisible characters are spelled out before they are counted. */
function layout(row: AccessRow, repeats: boolean) {
  const who = repeats ? [] : wrap(printable(row.subject), 22);
  const where = wrap(printable(whereText(row)), 17);
  const notes = notesOf(row);
  return { who, where, notes, height: Math.max(repeats ? 0 : who.length * LINE + 13, where.length * LINE, notes.length * LINE) + 17 };
}

/** Each mark with what it means. */
export function legendOf(): string[][] {
  return [
    ...Object.values(Danger).map(danger => [glyph(danger, AccessState.GRANTED), danger === Danger.LOW ? `${danger} danger` : danger]),
    ...[AccessState.LIMITED, AccessState.BROKEN, AccessState.NONE, AccessState.UNKNOWN].map(state => [glyph(Danger.HIGH, state), STATE_TEXT[state]]),
  ];
}

export const NOBODY = 'Nobody is granted anything.';

/** The matrix as a picture that stands alone: its own background, light or dark as the viewer prefers. */
export function toSvg(rows: AccessRow[]): string {
  const capabilities = DebugCapability.all();
  const noted = rows.some(row => row.findings.length || row.otherRights.length);
  const left = MARGIN + WHO + WHERE;
  const clusterWide = (capability: DebugCapability) => !capability.namespaced;
  const centres = capabilities.map((capability, i) => left + (i + 0.5) * COLUMN + (clusterWide(capability) ? GAP : 0));
  const right = centres[centres.length - 1] + COLUMN / 2;
  const total = right + (noted ? NOTES + MARGIN : 84);
  const edge = total - MARGIN;

  const body: string[] = [];
  let y = TOP;
  rows.forEach((row, r) => {
    const repeats = repeatsWho(rows, r);
    const { who, where, notes, height } = layout(row, repeats);
    const middle = y + height / 2;
    if (!repeats) {
      body.push(
        `<path d="M${MARGIN} ${y}H${edge}" ${paint('line', 'stroke')}/>`,
        lines(MARGIN, middle - 7, who, { bold: true }),
        label(MARGIN, middle + who.length * LINE / 2 + 4.5, row.subjectKind, { size: 11, colour: 'faint' }),
      );
    }
    body.push(
      lines(MARGIN + WHO, middle, where, { bold: row.namespace === undefined }),
      ...row.cells.map((cell, i) => `<g transform="translate(${centres[i]} ${middle})">${glyph(cell.danger, cell.state)}</g>`),
      ...notes.map(({ text, colour }, i) =>
        label(right + 16, middle - (notes.length - 1) * LINE / 2 + 4.5 + i * LINE, xml(text), { size: 12, colour })),
    );
    y += height;
  });
  if (rows.length === 0) {
    body.push(label(MARGIN, y + 29, NOBODY));
    y += 48;
  }

  const heads = capabilities.map(({ title, danger }, i) => [
    i % 2 ? '' : `<rect x="${centres[i] - COLUMN / 2}" y="${TOP}" width="${COLUMN}" height="${y - TOP}" ${paint('band', 'fill')}/>`,
    `<rect x="${centres[i] - COLUMN / 2 + 5}" y="${TOP - 6}" width="${COLUMN - 10}" height="3" rx="1.5" ${paint(danger, 'fill')}/>`,
    `<text transform="translate(${centres[i] + 4} ${TOP - 14}) rotate(-45)" font-size="13" ${paint('ink', 'fill')}>${title}</text>`,
  ].join(''));

  let at = MARGIN + 8;
  const legend = [
    ...legendOf(),
    ['', 'blank: cluster only'],
  ].map(([mark, text]) => {
    const entry = `<g transform="translate(${at} ${y + 34})">${mark}${label(mark ? 16 : -6, 4.5, text, { size: 12, colour: 'faint' })}</g>`;
    at += 46 + text.length * 6.6;
    return entry;
  });

  const height = y + 62;
  const frame = `x="0.5" y="0.5" width="${total - 1}" height="${height - 1}" rx="10"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${height}" viewBox="0 0 ${total} ${height}" role="img" aria-labelledby="matrix-title matrix-desc" font-family="${FONT}">`,
    `<title id="matrix-title">${HEADING}</title>`,
    `<desc id="matrix-desc">${rows.map(row => xml(`${whoText(row)}, ${whereText(row)}: ${mayText(row)}.`)).join(' ') || NOBODY}</desc>`,
    `<style>${styleSheet()}</style>`,
    `<rect ${frame} ${paint('paper', 'fill')}/>`,
    `<rect ${frame} fill="none" ${paint('line', 'stroke')}/>`,
    label(MARGIN, 50, HEADING, { size: 21, bold: true }),
    label(MARGIN, 74, 'Read from the Roles and bindings', { colour: 'faint' }),
    label(MARGIN, 92, 'as they are applied', { colour: 'faint' }),
    label(MARGIN, TOP - 12, 'WHO', { size: 11, colour: 'faint', bold: true }),
    label(MARGIN + WHO, TOP - 12, 'WHERE', { size: 11, colour: 'faint', bold: true }),
    ...heads,
    ...body,
    `<path d="M${MARGIN} ${y}H${edge}" ${paint('line', 'stroke')}/>`,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}
