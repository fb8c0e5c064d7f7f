import { styleText } from 'util';
import { wrongUse } from './errors';
import { Io, Sink } from './io';

/** What a terminal acts on instead of showing it: controls, invisible and bidirectional marks, lone surrogates, line separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The same without line ends. */
const UNSEEN_IN_LINES = new RegExp(`(?!\\n)${UNSEEN.source}`, 'gu');

const escaped = (mark: string) => mark.split('').map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

/** Text from the cluster, safe in a terminal and on one line: reasons, tickets and names are written by others. */
export function plain(text: string): string {
  return text.replace(UNSEEN, mark => mark === '\n' ? '\\n' : mark === '\t' ? '\\t' : escaped(mark));
}

/** The same for text with line ends of our own in it. */
export function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

/** Of most texts every mark is one of these, which is told sooner. */
const OFTEN = /^[ -~\n]*$/;

/** JSON that a terminal shows as it is. */
export function json(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return OFTEN.test(text) ? text : text.replace(UNSEEN_IN_LINES, escaped);
}

const UNITS = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;

/** Seconds of `30m`, `1h30m`, `90s`. */
export function seconds(option: string, text: string): number {
  if (!/^(\d{1,4}d)?(\d{1,5}h)?(\d{1,5}m)?(\d{1,6}s)?$/.test(text) || text === '') {
    wrongUse(`${option} ${plain(text)} is no duration. Fix: write hours, minutes and seconds, e.g. 30m, 1h30m or 90s.`);
  }
  const total = [...text.matchAll(/(\d+)([dhms])/g)].reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit as keyof typeof UNITS], 0);
  if (total === 0) wrongUse(`${option} ${plain(text)} is no time at all. Fix: give at least a minute, e.g. 30m.`);
  return total;
}

/** `1h 30m`, `45s`; the two largest units. */
export function duration(total: number): string {
  let left = Math.max(0, Math.round(total));
  const parts: string[] = [];
  for (const [unit, size] of Object.entries(UNITS)) {
    const many = Math.floor(left / size);
    left -= many * size;
    if (many > 0) parts.push(`${many}${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0s';
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** Whether colours are wanted there. @see https://no-color.org */
export function coloured(io: Io, sink: Sink): boolean {
  return sink.isTTY === true && !io.env.NO_COLOR && io.env.TERM !== 'dumb';
}

/** Paints text when colours are wanted. */
export type Paint = (style: Style, text: string) => string;

export function painter(on: boolean): Paint {
  // Whether they are wanted was decided by the sink; newer versions of Node would look at standard output.
  return on ? (style, text) => (styleText as any)(style, text, { validateStream: false }) : (_, text) => text;
}

/** A word for a shell: as it is when harmless, else quoted. */
export function word(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replace(/'/g, '\'\\\'\'')}'`;
}

/** `1 day`, `2 days`, `1,000 entries` */
export const plural = (many: number, what: string, whats = `${what}s`): string => `${many.toLocaleString('en-US')} ${many === 1 ? what : whats}`;
