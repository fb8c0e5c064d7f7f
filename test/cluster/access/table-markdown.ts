import { Cell } from './table';

/** The observations as a document: an action a line, somebody a column. */
export function tableMarkdown(cells: Cell[]): string {
  const titles = unique(cells.map(cell => cell.row.title));
  const some = (prefix: string) => titles.filter(title => title.startsWith(prefix));
  const alone = some('only-');
  const without = some('all-but-');
  const callers = titles.filter(title => !alone.includes(title) && !without.includes(title));
  const clients = (columns: string[]) => unique(cells.filter(cell => columns.includes(cell.row.title)).map(cell => cell.client)).join(', ');
  return `# What works, and what does not

Observed on a real Kubernetes, and compared with this page each time the suite runs (\`npm run test:cluster\`): real kubectl,
as people with a client certificate and a group each. **✓** worked: what came out was looked at, bytes went through the
forwarded port, the debug container ran. **–** was refused by the API server. A cell stands for every client named above its
table; where clients differ, the cell says so.

## With one capability alone

What a group can do that was granted one capability and nothing else. kubectl ${clients(alone)}.

${table(cells, alone, title => title.slice('only-'.length))}

## With everything but one capability

What a group lacks that was granted the whole catalogue but one. kubectl ${clients(without)}.

${table(cells, without, title => title.slice('all-but-'.length))}

## Who asks, and where

*default* is the group of \`OnCallDebugAccess\`, *readers* of \`ReadOnlyAccess\`, *jit* and *jit-cluster* those of
\`JustInTimeAccess\`, each with its defaults; *node-debuggers* have \`NODE_DEBUG\` and \`READ_NODES\`; *the wrong namespace* is a
member of the first in a namespace that was not declared. kubectl ${clients(callers)}.

${table(cells, callers, title => title)}
`;
}

function table(cells: Cell[], columns: string[], heading: (title: string) => string): string {
  const actions = unique(cells.map(cell => cell.action.title));
  const line = (words: string[]) => `| ${words.join(' | ')} |`;
  return [
    line(['', ...columns.map(heading)]),
    line(['---', ...columns.map(() => ':---:')]),
    ...actions.map(title => line([
      title, ...columns.map(column => mark(cells.filter(cell => cell.action.title === title && cell.row.title === column))),
    ])),
  ].join('\n');
}

function mark(cells: Cell[]): string {
  const sign = (cell: Cell) => cell.observed === 'works' ? '✓' : cell.observed === 'refused' ? '–' : '?';
  const signs = unique(cells.map(sign));
  return signs.length === 1 ? signs[0] : cells.map(cell => `${cell.client} ${sign(cell)}`).join(', ');
}

function unique(words: string[]): string[] {
  return [...new Set(words)];
}
