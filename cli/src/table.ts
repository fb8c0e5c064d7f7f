import Table from 'cli-table3';
import { Paint } from './text';

const NONE = Object.fromEntries(['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid',
  'mid', 'mid-mid', 'right', 'right-mid'].map(part => [part, '']));

/** Rows under headings, aligned, without lines. */
export function table(paint: Paint, headings: string[], rows: string[][]): string {
  const drawn = new Table({
    head: headings.map(heading => paint('bold', heading)),
    chars: { ...NONE, middle: '  ' } as any,
    style: { 'head': [], 'border': [], 'padding-left': 0, 'padding-right': 0 },
  });
  drawn.push(...rows);
  return drawn.toString().split('\n').map(line => line.trimEnd()).join('\n');
}
