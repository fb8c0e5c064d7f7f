import { InventoryFinding, InventorySubject } from './inventory-finding';
import { xml } from './present';
import { FONT, paint } from './svg';
import { byCodeUnit } from '../private/canonical';

const BOX = { width: 250, height: 40, across: 130, down: 16 };
/** More than this many subjects are no picture any more; the table below has all. */
const MOST = 40;

interface Node {
  readonly name: string;
  column: number;
  y: number;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly rules: Set<string>;
  readonly text: string;
}

/** The ways to everything, from left to right: who becomes whom, by which rule. Empty when there is none. */
export function graph(subjects: InventorySubject[]): string {
  const chains = subjects.flatMap(({ findings }) => findings.filter(({ steps }) => steps.length > 0)).slice(0, MOST);
  if (chains.length === 0) return '';
  const nodes = new Map<string, Node>();
  const arrows = new Map<string, Arrow>();
  for (const { steps } of chains) addWay(steps, nodes, arrows);

  const columns = Math.max(...[...nodes.values()].map(({ column }) => column));
  const byColumn = Array.from({ length: columns + 1 }, (_, column) =>
    [...nodes.values()].filter(node => node.column === column).sort((a, b) => byCodeUnit(a.name, b.name)));
  const tallest = Math.max(...byColumn.map(({ length }) => length));
  const height = tallest * (BOX.height + BOX.down) + BOX.down;
  byColumn.forEach(column => column.forEach((node, i) => {
    node.y = (height - column.length * (BOX.height + BOX.down)) / 2 + i * (BOX.height + BOX.down) + BOX.down / 2;
  }));
  const x = (column: number) => (columns - column) * (BOX.width + BOX.across) + 10;
  const width = x(0) + BOX.width + 10;

  const drawnArrows = [...arrows.values()].map(({ from, to, rules, text }) => {
    const [a, b] = [nodes.get(from)!, nodes.get(to)!];
    const [x1, y1, x2, y2] = [x(a.column) + BOX.width, a.y + BOX.height / 2, x(b.column), b.y + BOX.height / 2];
    const middle = (x1 + x2) / 2;
    return `<g><title>${xml(text)}</title><path d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2 - 6} ${y2}" fill="none" ${paint('critical', 'stroke')} stroke-width="1.5" marker-end="url(#arrow)"/>`
      + `<text x="${middle}" y="${(y1 + y2) / 2 - 5}" text-anchor="middle" font-family="${FONT}" font-size="11" ${paint('faint', 'fill')}>${xml([...rules].join(', '))}</text></g>`;
  });
  const drawnNodes = [...nodes.values()].map(({ name, column, y }) => {
    const last = column === 0;
    const shown = name.length > 36 ? `${name.slice(0, 17)}…${name.slice(-18)}` : name;
    return `<g><title>${xml(name)}</title><rect x="${x(column)}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6" ${paint(last ? 'critical' : 'band', 'fill')} stroke-width="1"/>`
      + `<text x="${x(column) + BOX.width / 2}" y="${y + BOX.height / 2 + 4}" text-anchor="middle" font-family="${FONT}" font-size="12" ${paint(last ? 'paper' : 'ink', 'fill')}>${xml(shown)}</text></g>`;
  });
  return [
    `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Ways to everything; the list below says the same in words">`,
    `<defs><marker id="arrow" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" ${paint('critical', 'fill')}/></marker></defs>`,
    ...drawnArrows, ...drawnNodes, '</svg>',
  ].join('\n');
}

/** A node stands as far from the end as the longest way that it is on. */
function addWay(steps: InventoryFinding['steps'], nodes: Map<string, Node>, arrows: Map<string, Arrow>): void {
  steps.forEach(({ who, reaches, rule, does, where }, i) => {
    for (const [name, column] of [[who, steps.length - i], [reaches, steps.length - i - 1]] as const) {
      const node = nodes.get(name);
      if (!node) nodes.set(name, { name, column, y: 0 });
      else node.column = Math.max(node.column, column);
    }
    const key = JSON.stringify([who, reaches]);
    const arrow = arrows.get(key);
    if (!arrow) arrows.set(key, { from: who, to: reaches, rules: new Set(rule === undefined ? [] : [rule]), text: `${who}${where === undefined ? '' : `, in ${where},`} ${does} ${reaches}` });
    else if (rule !== undefined) arrow.rules.add(rule);
  });
}
