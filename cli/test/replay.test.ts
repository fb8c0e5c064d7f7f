import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { FakeCluster } from './fake-cluster';
import { TerminalFilter } from '../src/gateway/terminal-filter';

let cluster: FakeCluster;
let folder: string;
beforeEach(async () => {
  cluster = await new FakeCluster([]).start();
  folder = mkdtempSync(join(tmpdir(), 'recordings-'));
});
afterEach(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ABOUT = { session: 's1', user: 'alice', groups: ['oncall-payments'], command: 'exec payments/ledger-0 -- sh', from: '127.0.0.1', certificate: { serial: '42' } };
const HEADER = { 'version': 2, 'width': 80, 'height': 24, 'timestamp': Date.UTC(2026, 2, 1, 12) / 1000, 'secure-debug': ABOUT };
const EVENTS = [[0.5, 'o', 'hello\r\n'], [100, 'o', '\u001b[31mred\u001b[0m\r\n'], [100, 'm', 'a remark'], [101, 'm', 'end 2026-03-01T12:01:41Z, by itself, exit status 3'], [101, 'x', '3']];

function recording(events: unknown[] = EVENTS, header: unknown = HEADER, tail = ''): string {
  const file = join(folder, 'session.cast');
  writeFileSync(file, `${[header, ...events].map(line => JSON.stringify(line)).join('\n')}\n${tail}`);
  return file;
}
const replay = (args: string[], tty = false) => cluster.as('alice', ['ssh', 'replay', ...args], { tty, env: { TERM: 'xterm' } });

test('plays in a terminal as it was seen, and waits no longer than is asked for', async () => {
  const { code, stdout } = await replay([recording()], true);
  expect(code).toBe(0);
  expect(stdout).toContain('alice (oncall-payments) on 2026-03-01T12:00:00Z from 127.0.0.1, certificate 42: exec payments/ledger-0 -- sh');
  expect(stdout).toContain('\u001b[31mred\u001b[0m');
  expect(stdout).toContain('It ended after 101.0 s with status 3.');
  expect(cluster.slept).toBe(500 + 2000 + 0 + 1000 + 0);
});

test('faster, and with shorter pauses', async () => {
  await replay([recording(), '--speed', '10', '--idle', '1s'], true);
  expect(cluster.slept).toBe(50 + 100 + 0 + 100 + 0);
});

test('elsewhere than in a terminal, its text at once', async () => {
  const { stdout } = await replay([recording()]);
  expect(stdout).toContain('hello\nred\n[a remark]\n');
  expect(stdout).not.toContain('\u001b');
  expect(cluster.slept).toBe(0);
});

test('what is known of it, as JSON', async () => {
  const { stdout } = await replay([recording(), '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ ...ABOUT, began: '2026-03-01T12:00:00Z', seconds: 101, exitStatus: 3, complete: true });
});

test('a recording that was cut off in the middle of a line', async () => {
  const { code, stdout } = await replay([recording(EVENTS.slice(0, 1), HEADER, '[0.6,"o","ha')]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('It has no end')]);
  expect(JSON.parse((await replay([recording(EVENTS.slice(0, 1), HEADER, '[0.6'), '--json'])).stdout)).toMatchObject({ complete: false });
});

test('input of a pipe is told from output', async () => {
  expect((await replay([recording([[0, 'i', 'id\nls\n'], [1, 'o', 'out\n']])])).stdout).toContain('> id\n> ls\n');
});

test.each<[string, () => string[], RegExp]>([
  ['no file', () => [join(folder, 'missing.cast')], /cannot be read/],
  ['no recording', () => { writeFileSync(join(folder, 'x'), 'text\n'); return [join(folder, 'x')]; }, /is no recording/],
  ['another version', () => [recording([], { ...HEADER, version: 3 })], /is no recording/],
  ['a line that is damaged', () => { writeFileSync(join(folder, 'x'), `${JSON.stringify(HEADER)}\nnonsense\n[1,"o","x"]\n`); return [join(folder, 'x')]; }, /damaged at line 2/],
  ['a speed that is none', () => [recording(), '--speed', 'fast'], /no factor/],
  ['a pause that is none', () => [recording(), '--idle', 'x'], /no duration/],
])('wrong use: %s', async (_name, args, said) => {
  expect(await replay(args())).toMatchObject({ code: 2, stderr: expect.stringMatching(said), stdout: '' });
});

describe('what a recorded session may do to the terminal of who looks at it', () => {
  const ATTACKS = [
    ['a title', '\u001b]0;rm -rf\u0007'], ['the clipboard', '\u001b]52;c;cm0=\u001b\\'], ['a question that the terminal answers', '\u001b[6n'], ['another', '\u001b[c'], ['its name', '\u001b[>q'],
    ['a device string', '\u001bP+q544e\u001b\\'], ['a reset', '\u001bc'], ['a link', '\u001b]8;;http://evil.example\u0007'], ['keys that are redefined', '\u001b[1;2p'], ['one of eight bits', '\u009b6n'], ['a bidirectional mark', '\u202e'],
  ] as const;

  test.each(ATTACKS)('nothing: %s', async (_name, sequence) => {
    expect((await replay([recording([[0, 'o', `a${sequence}b\n`]])], true)).stdout).toContain('ab\n');
    expect((await replay([recording([[0, 'o', `a${sequence}b\n`]])])).stdout).toContain('ab\n');
  });

  test.each(ATTACKS)('nothing, in pieces: %s', (_name, sequence) => {
    const filter = new TerminalFilter();
    expect([...`a${sequence}b`].map(char => filter.pass(char)).join('')).toBe('ab');
  });

  test('the names in its header neither', async () => {
    const { stdout } = await replay([recording([], { ...HEADER, 'secure-debug': { user: '\u001b]0;x\u0007', groups: ['\u001b[6n'], command: '\u001bc' } })], true);
    expect(stdout).not.toMatch(/\u001b[\]c]|\u001b\[6n/);
  });

  test('colours and moves of the cursor stay', () => {
    const text = '\u001b[1;31mx\u001b[0m\u001b[2J\u001b[10;20H\u001b[K\u001b[?25l\r\n\t';
    expect(new TerminalFilter().pass(text)).toBe(text);
  });
});
