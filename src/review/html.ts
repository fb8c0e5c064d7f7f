import { AccessCell, AccessFinding, AccessRow, AccessState } from './access-row';
import { cellText, HEADING, limitText, marks, repeatsWho, STATE_TEXT, whereText, xml } from './present';
import { joined } from './rights';
import { takesOver } from './rules';
import { COLOURS, FONT, glyph, legendOf, NOBODY } from './svg';
import { Danger, DebugCapability } from '../model/capability';
import { SecureDebugWarnings } from '../model/warnings';

const theme = (i: number) => Object.entries(COLOURS).map(([name, colours]) => `--${name}:${colours[i]}`).join(';');

export const STYLE = [
  `:root{color-scheme:light dark;${theme(0)}}`,
  `@media screen and (prefers-color-scheme:dark){:root{${theme(1)}}}`,
  ...Object.keys(COLOURS).map(name => `.f-${name}{fill:var(--${name})}.s-${name}{stroke:var(--${name})}`),
  `body{margin:2rem auto;padding:0 1.5rem;max-width:76rem;background:var(--paper);color:var(--ink);font:15px/1.45 ${FONT}}`,
  'h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}p{margin:.3rem 0 1.2rem;color:var(--faint)}',
  '.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}',
  'th,td{padding:.5rem .6rem;border-top:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}',
  'thead th{border-top:0;vertical-align:bottom;font-size:.8rem;color:var(--faint)}',
  '.matrix{border-bottom:1px solid var(--line)}.matrix tbody th,.matrix td{vertical-align:middle}',
  '.matrix .what{padding:.5rem 0;text-align:center}.matrix thead .what{height:9.5rem;vertical-align:bottom;color:var(--ink);font-weight:400;font-size:.87rem}',
  '.matrix thead .what span{display:inline-block;writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap}',
  '.what.low{border-bottom:3px solid var(--low)}.what.medium{border-bottom:3px solid var(--medium)}.what.high{border-bottom:3px solid var(--high)}.what.critical{border-bottom:3px solid var(--critical)}',
  '.matrix td.what:nth-child(even){background:var(--band)}tbody th{min-width:8.5rem;overflow-wrap:break-word}.again{border-top-color:transparent}',
  'small{display:block;color:var(--faint);font-weight:400}.mark{width:24px;height:24px;vertical-align:middle;overflow:visible}',
  '.critical-text{color:var(--critical)}.high-text{color:var(--high)}code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}',
  '.legend{display:flex;flex-wrap:wrap;gap:.4rem 1.4rem;list-style:none;padding:0;margin:1rem 0 0;color:var(--faint);font-size:.87rem}',
  '.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}',
  '@media print{@page{size:landscape;margin:12mm}body{margin:0;padding:0;max-width:none;font-size:11px;print-color-adjust:exact;-webkit-print-color-adjust:exact}.scroll{overflow:visible}tr{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}}',
].join('\n');

const drawing = (shape: string): string => `<svg class="mark" viewBox="-12 -12 24 24" aria-hidden="true">${shape}</svg>`;
const code = (text: string): string => `<code>${xml(text)}</code>`;
const codes = (texts: string[]): string => texts.map(code).join('<br>');

function matrixCell(cell: AccessCell): string {
  const text = xml(cellText(cell));
  return `<td class="what" title="${text}">${drawing(glyph(cell.danger, cell.state))}<span class="unseen">${text}</span></td>`;
}

/** Who and where, as row headings; who is written once for rows that follow each other. */
function headings(rows: AccessRow[], r: number): string {
  const row = rows[r];
  const again = repeatsWho(rows, r);
  const who = `${xml(row.subject)}<small>${row.subjectKind}</small>`;
  const where = row.namespace === undefined ? whereText(row) : `<span style="font-weight:400">${xml(whereText(row))}</span>`;
  return `<th scope="row"${again ? ' class="again"' : ''}>${again ? `<span class="unseen">${who}</span>` : who}</th><th scope="row">${where}</th>`;
}

function table(heads: string[], lines: string[]): string {
  return `<table><thead><tr>${heads.map(head => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>\n${lines.join('\n')}\n</tbody></table>`;
}

/** What is not whole, what goes beyond, and by which objects. */
function details(rows: AccessRow[]): string {
  return table(['Who', 'Where', 'Only in part', 'Rights beyond the debug capabilities', 'Granted by'], rows.map((row, r) => {
    const limited = joined(row.cells.filter(({ state }) => state === AccessState.LIMITED), limitText)
      .map(cells => `${cells.map(({ title }) => title).join(', ')}: only ${code(limitText(cells[0]))}`);
    const broken = row.cells.filter(({ state }) => state === AccessState.BROKEN).map(cell => `<span class="high-text">${xml(cellText(cell))}</span>`);
    return `<tr>${headings(rows, r)}<td>${[...limited, ...broken].join('<br>') || '–'}</td><td>${codes(row.otherRights) || '–'}</td><td>${codes(row.grantedBy)}</td></tr>`;
  }));
}

function lookAt(findings: AccessFinding[]): string {
  return table(['Rule', 'What', 'Who and where', 'Why it matters, and what to do'], findings.map(({ id, title, who, where, detail, from }) => {
    const rule = SecureDebugWarnings.rules().find(known => known.id === id)!;
    return `<tr><td>${id}</td><td><strong>${xml(title)}</strong><br>${xml(detail)}<br>${codes(from)}</td><td>${who === undefined ? '–' : `${xml(who)}<br>${xml(where!)}`}</td><td>${xml(rule.why)}<br>${xml(rule.fix)}</td></tr>`;
  }));
}

/** The matrix as a page that stands alone. */
export function toHtml(rows: AccessRow[], findings: AccessFinding[]): string {
  const capabilities = DebugCapability.all();
  const noted = rows.some(row => row.findings.length);
  const heads = capabilities.map(({ title, danger, clients }) =>
    `<th scope="col" class="what ${danger}" title="${xml(`${clients.join(', ')}; danger: ${danger}`)}"><span>${title}</span></th>`);
  const body = rows.map((row, r) => `<tr>${headings(rows, r)}${row.cells.map(matrixCell).join('')}${noted
    ? `<td>${marks(row).map(({ id, title }) => `<span class="${takesOver(id) ? Danger.CRITICAL : Danger.HIGH}-text">${xml(title)}</span>`).join('<br>')}</td>` : ''}</tr>`);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${HEADING}</title>`,
    `<style>\n${STYLE}\n</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${HEADING}</h1>`,
    '<p>Read from the Roles and bindings as they are applied. One subject at a time: whoever is in two groups has what both rows say.</p>',
    ...rows.length === 0 ? [`<p>${NOBODY}</p>`] : [
      '<div class="scroll" role="region" aria-label="Who may do what, where" tabindex="0">',
      `<table class="matrix"><thead><tr><th scope="col">Who</th><th scope="col">Where</th>${heads.join('')}${noted ? '<th scope="col">Look at</th>' : ''}</tr></thead><tbody>`,
      ...body,
      '</tbody></table>',
      '</div>',
      `<ul class="legend">${legendOf().map(([mark, text]) => `<li>${drawing(mark)} ${text}</li>`).join('')}<li>blank: ${STATE_TEXT[AccessState.NOT_APPLICABLE]}</li></ul>`,
      '<h2>By which objects</h2>',
      details(rows),
    ],
    ...findings.length ? ['<h2>Look at</h2>', lookAt(findings)] : [],
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
