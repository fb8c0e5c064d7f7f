import { readFileSync } from 'fs';
import { join } from 'path';

const root = join(__dirname, '..', '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

test('the README supports the versions that the suite on a real Kubernetes runs on, each minor between them', () => {
  const tested = [...read('test', 'cluster', 'control-plane', 'versions.txt').matchAll(/^kubernetes +1\.(\d+)\.\d+ +cluster/gm)].map(([, minor]) => Number(minor));
  const [, oldest, newest] = /Kubernetes 1\.(\d+) to 1\.(\d+)/.exec(read('README.md').replace(/\s+/g, ' '))!.map(Number);
  expect(tested).toEqual(Array.from({ length: newest - oldest + 1 }, (_, i) => newest - i));
});
