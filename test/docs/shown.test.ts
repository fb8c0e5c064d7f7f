import { existsSync, readFileSync } from 'fs';
import { join } from 'path';
import { SYSTEMS, systemsMarkdown } from '../cluster/lab/systems';

const ROOT = join(__dirname, '..', '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
/** As it may stand in a source: with its quotes escaped. */
const inSource = (path: string, title: string) => read(path).replace(/\\'/g, '\'').includes(title);

test('docs/systems.md is written from the list (npm run systems)', () => {
  expect(read('docs/systems.md')).toBe(systemsMarkdown());
});

test('there are thirteen, and what is not shown by a test says so', () => {
  expect(SYSTEMS).toHaveLength(13);
  for (const { name, shown, open } of SYSTEMS) expect([name, shown.length > 0 || open !== undefined]).toEqual([name, true]);
});

test.each(SYSTEMS.flatMap(({ shown }) => shown))('%s has the test "%s"', (file, title) => {
  expect(inSource(join('test', 'cluster', file), title)).toBe(true);
});

describe('docs/threat-model.md', () => {
  const rows = read('docs/threat-model.md').split('\n').filter(line => /^\| [STRIDE] \|/.test(line));
  const tests = rows.flatMap(row => [...row.matchAll(/\[([^\]]+)\]\(\.\.\/((?:cli\/)?test\/[^)]+)\)/g)].map(([, title, path]) => [path, title.replace(/\\([|*_`])/g, '$1')]));

  test('each threat has a control, and a test or the reason why there is none', () => {
    expect(rows.length).toBeGreaterThan(30);
    for (const row of rows) {
      const [, , threat, control, shown] = row.split(/(?<!\\)\|/).map(cell => cell.trim());
      expect([threat, control.length > 10, /\]\(\.\.\/(cli\/)?test\//.test(shown) || shown.startsWith('not shown: ') || shown.startsWith('out of reach: ')]).toEqual([threat, true, true]);
    }
  });

  test.each(tests)('%s has the test "%s"', (path, title) => {
    expect(existsSync(join(ROOT, path))).toBe(true);
    expect(inSource(path, title)).toBe(true);
  });
});
