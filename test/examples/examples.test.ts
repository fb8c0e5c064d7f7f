import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { EXAMPLES, expectedOf, filesBelow, runExample } from '../../tools/run-example';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'example-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

describe.each(EXAMPLES)('the example %s', example => {
  it('synthesizes what is committed, byte by byte', () => {
    const printed = runExample(example, out);
    expect(filesBelow(out)).toEqual(filesBelow(expectedOf(example)));
    expect(printed).not.toMatch(/error|undefined|NaN|\[object/i);
  }, 60_000);

  it('synthesizes the same in another time zone, language and place', () => {
    const elsewhere = join(out, 'a', 'deeper', 'folder');
    runExample(example, elsewhere, { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', CDK8S_OUTDIR: join(out, 'ignored') });
    expect(filesBelow(elsewhere)).toEqual(filesBelow(expectedOf(example)));
  }, 60_000);
});
