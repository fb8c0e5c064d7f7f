import { Desk, list } from './review-io';
import { PAIRS } from '../../test/review/pairs';

/** Each change of test/review/pairs.ts through `secure-debug diff`, as a pull request brings it: in every form, and as an exit status. */

let desk: Desk;
beforeAll(() => { desk = new Desk(); });
afterAll(() => desk.clear());

const LEVEL: { readonly [danger: string]: string } = { critical: 'error', high: 'error', medium: 'warning', low: 'note' };
const DANGERS = ['low', 'medium', 'high', 'critical'];

interface Told {
  readonly danger: string;
  readonly kind: string;
  readonly id: string;
  readonly text: string;
}

function toldOf(line: string): Told {
  const [, danger, kind, id, text] = /^(\S+) (\S+) (\S+): (.*)$/.exec(line)!;
  return { danger, kind, id, text };
}

const opens = ({ kind }: Told) => !['lost', 'guardrail-strengthened', 'flaw-removed'].includes(kind);

it('are all that the library is asked about, and more than twenty', () => expect(PAIRS.length).toBeGreaterThanOrEqual(22));

describe.each(PAIRS.map(([what, before, after, expected], i) => [what, { i, before, after, told: expected.map(toldOf) }] as const))('%s', (_what, { i, before, after, told }) => {
  const diff = (...args: string[]) => desk.run(['diff', desk.write(`${i}/old.json`, list(...before)), desk.write(`${i}/new.json`, list(...after)), ...args]);
  const [more, less] = [told.filter(opens), told.filter(one => !opens(one))];

  test('as a table', async () => {
    const { code, stdout, stderr } = await diff();
    expect({ code, stderr: stderr.replace(/^(before|after): .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
    const [opened, closed = ''] = stdout.split('\nLess is allowed: ');
    const lines = (all: Told[]) => all.map(({ danger, id, text }) => `  ${danger.padEnd(8)} ${id} ${text}`);
    const found = (part: string) => part.split('\n').filter(line => /^ {2}\S/.test(line));
    expect([found(opened), found(closed)]).toEqual([lines(more), lines(less)]);
    expect(opened).toMatch(more.length > 0 ? /^More is allowed: \d/ : /^Nothing more is allowed than before\.\n/);
  });

  test('as Markdown', async () => {
    const { code, stdout } = await diff('--markdown');
    const rows = (text: string) => text.split('\n').filter(line => /^\| \S+ (low|medium|high|critical) \|/.test(line)).map(line => line.split(' | ')[0].split(' ')[2]);
    const [opened, closed = ''] = stdout.split('<details>');
    expect([code, rows(opened), rows(closed)]).toEqual([0, more.map(({ danger }) => danger), less.map(({ danger }) => danger)]);
    // What may be done is told in full, in whichever way the Markdown escapes it.
    const bare = stdout.replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_match, point) => String.fromCodePoint(Number(point))).replace(/[`\\]/g, '');
    for (const { text } of told) expect(bare).toContain(/ (may (?:now|no longer) .*|there are .*)$/.exec(text)![1]);
  });

  test('as SARIF: what opens, with its level and its file', async () => {
    const { code, stdout } = await diff('--sarif');
    const { runs: [{ results, tool: { driver: { rules } } }] } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(results.map(({ ruleId, level, message }: any) => [ruleId, level, message.text.replace(/\\([\\[\]])/g, '$1')])).toEqual(more.map(({ id, danger, text }) => [id, LEVEL[danger], text]));
    for (const { ruleId, ruleIndex, locations } of results) {
      expect(rules[ruleIndex].id).toBe(ruleId);
      expect(locations[0].physicalLocation.artifactLocation.uri).toMatch(/\/new\.json$/);
    }
  });

  test('as data', async () => {
    const { code, stdout } = await diff('--json');
    const { changes, others, worst } = JSON.parse(stdout);
    expect([code, others]).toEqual([0, []]);
    expect(changes.map(({ danger, kind, id, text }: any) => ({ danger, kind, id, text }))).toEqual(told);
    expect(worst).toBe(more.map(({ danger }) => danger).sort((a, b) => DANGERS.indexOf(b) - DANGERS.indexOf(a))[0] ?? null);
  });

  test('as an exit status', async () => {
    const status = async (what: string) => (await diff('--fail-on', what)).code;
    for (const [least, danger] of DANGERS.entries()) {
      expect([danger, await status(danger)]).toEqual([danger, more.some(one => DANGERS.indexOf(one.danger) >= least) ? 1 : 0]);
    }
    expect([await status('gains'), await status('any')]).toEqual([told.some(({ kind }) => kind === 'gained') ? 1 : 0, told.length > 0 ? 1 : 0]);
  });
});
