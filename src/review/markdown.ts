import { AccessCell, AccessFinding, AccessRow, AccessState } from './access-row';
import { HEADING, limitText, printable, whereText } from './present';
import { joined } from './rights';
import { Danger } from '../model/capability';

/** Characters that mean nothing within a code span, not even in a table. */
const PLAIN = /^[A-Za-z0-9.,:;/@()=+ →-]+$/;

/** Text of others, verbatim: neither Markdown nor HTML nor a mention can come of it. */
export function code(text: string): string {
  const shown = printable(text);
  // A backslash before a pipe ends a cell in some renderers and not in others, so what is special is written by number.
  return PLAIN.test(shown) && shown === shown.trim() ? `\`${shown}\`` : `<code>${shown.replace(/[!-/:-@[-`{-~]/g, char => `&#${char.charCodeAt(0)};`)}</code>`;
}

export const codes = (texts: string[]): string => texts.map(code).join('<br>');

/** Dangerous ones stand out. */
const titled = ({ title, danger }: AccessCell): string => [Danger.HIGH, Danger.CRITICAL].includes(danger) ? `**${title}**` : title;

function may({ cells }: AccessRow): string {
  const granted = cells.filter(({ state }) => state === AccessState.GRANTED).map(titled).join(', ');
  const limited = joined(cells.filter(({ state }) => state === AccessState.LIMITED), limitText)
    .map(group => `${group.map(titled).join(', ')}: only ${code(limitText(group[0]))}`);
  const broken = cells.filter(({ state }) => state === AccessState.BROKEN).map(cell =>
    `⚠ ${titled(cell)} is incomplete: it has ${code(cell.has.join('; '))}, lacks ${code(cell.lacks.join('; '))}${cell.names.length ? `, complete only for ${code(cell.names.join(', '))}` : ''}`);
  const unknown = cells.some(({ state }) => state === AccessState.UNKNOWN) ? ['⚠ unknown: a role is not among the manifests'] : [];
  return [...granted ? [granted] : [], ...limited, ...broken, ...unknown].join('<br>') || '–';
}

export const line = (...cells: string[]): string => `| ${cells.join(' | ')} |`;

/** A table of who, where and what, and one of what to look at. */
export function toMarkdown(rows: AccessRow[], findings: AccessFinding[]): string {
  return [
    `## ${HEADING}`,
    '',
    ...rows.length ? [
      line('Who', 'Where', 'May', 'Rights beyond', 'Granted by'),
      line('---', '---', '---', '---', '---'),
      ...rows.map(row => line(
        `${row.subjectKind} ${code(row.subject)}`,
        row.namespace === undefined ? `**${whereText(row)}**` : code(whereText(row)),
        may(row),
        codes(row.otherRights) || '–',
        codes(row.grantedBy),
      )),
      '',
      'Bold: acts inside containers, or takes over more than that.',
    ] : ['Nobody is granted anything.'],
    ...findings.length ? [
      '',
      '### Look at',
      '',
      line('Rule', 'What', 'Who', 'Where', 'Detail', 'From'),
      line('---', '---', '---', '---', '---', '---'),
      ...findings.map(({ id, title, who, where, detail, from }) => line(id, title, who === undefined ? '–' : code(who), where === undefined ? '–' : code(where), code(detail), codes(from))),
    ] : [],
    '',
  ].join('\n');
}
