import { execFileSync } from 'child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import * as fc from 'fast-check';
import { debug, exec, request } from './audit-events';
import { Damage } from '../src/audit/damage';
import { Evidence } from '../src/audit/evidence';
import { compiled } from '../src/audit/line-program';
import { partsOf } from '../src/audit/parts';
import { sessionsOf } from '../src/audit/sessions';
import { Source, sourcesOf } from '../src/audit/sources';
import { Spool } from '../src/audit/spool';
import { ThreadOptions, Threads } from '../src/audit/threads';

/** A large log is cut into parts that several threads read. Nothing of what is told may depend on that. */

jest.setTimeout(60_000);

const ROOT = join(__dirname, '..', '..');
let folder: string;
let program: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secure-debug-threads-'));
  program = join(folder, 'thread.js');
  // Another thread runs what is compiled.
  const options = ['--bundle', '--platform=node', '--external:@duckdb/node-api', '--external:assemblyscript/package.json', `--tsconfig=${join(ROOT, 'cli', 'tsconfig.dev.json')}`, '--log-level=warning'];
  execFileSync(join(ROOT, 'node_modules', '.bin', 'esbuild'), [join(ROOT, 'cli', 'src', 'audit', 'thread.ts'), ...options, `--outfile=${program}`]);
  copyFileSync(compiled(), join(folder, 'lines.wasm'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const text = (...events: object[]) => events.map(event => JSON.stringify(event)).join('\n');
const day = (number: number) => ({ requestReceivedTimestamp: `2026-03-0${number}T10:00:00.000000Z`, stageTimestamp: `2026-03-0${number}T10:00:00.000000Z` });
const [list] = request({ verb: 'list', stages: ['ResponseComplete'] }) as object[];
/** What logs have in them, in no order of time. */
const PIECES = [
  text({ ...list, ...day(3) }), text({ ...list, ...day(1) }), text({ ...list, ...day(7), user: { username: 'Müller-ü', groups: [] } }),
  text(...exec({})), text(...exec({ at: 900, user: 'bob' })), text(...debug({ at: 100 })), text(...exec({ code: 403 })),
  'no event', 'ü', '', '\r', ' ', '{"kind":"Event"', text({ ...list }).slice(0, 200), `{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"${'x'.repeat(70_000)}"}`, 'x'.repeat(140_000),
];
const logs = fc.record({ pieces: fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 25 }), end: fc.constantFrom('', '\n', '\n\n') }).map(({ pieces, end }) => pieces.join('\n') + end);

function source(content: string): Source {
  const file = join(folder, 'audit.log');
  writeFileSync(file, content);
  return { name: 'audit.log', file, format: 'text' };
}

/** What is told of a log and kept of it. */
async function kept(log: Source, options: ThreadOptions) {
  const threads = new Threads({ program, ...options });
  try {
    const { told, spools } = await threads.read(log, join(folder, 'spool'), () => { throw new Error('one thread would read it'); }, () => undefined);
    return { told, kept: spools.map(spool => readFileSync(spool, 'utf8')).join('') };
  } finally {
    await threads.close();
  }
}

async function whole({ name, file }: Source) {
  const spool = new Spool(join(folder, 'whole'));
  const bytes = readFileSync(file);
  let at = 0;
  // So many at a time as files give.
  const told = await spool.fill(name, (into, place) => {
    const many = bytes.copy(into, place, at);
    at += many;
    return many;
  });
  return { told, kept: spool.files.map(one => readFileSync(one, 'utf8')).join('') };
}

test('the same is told and kept of any log, by 1, 2 and 3 threads and wherever it is cut', async () => {
  let cuts = 0;
  const sizes = fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 40_000 }));
  await fc.assert(fc.asyncProperty(logs, sizes, fc.constantFrom(2, 3), async (content, part, threads) => {
    const log = source(content);
    const parts = partsOf(log.file, Buffer.byteLength(content), () => part);
    if (parts.length === 1) return;
    cuts += parts.length - 1;
    expect(await kept(log, { part, threads })).toEqual(await whole(log));
  }), { numRuns: 25 });
  expect(cuts).toBeGreaterThan(20);
});

test('the report is the same bytes', async () => {
  const log = source(`${Array.from({ length: 40 }, (_, i) => [...PIECES.slice(0, 9), text(...exec({ at: i * 60 }))].join('\n')).join('\n')}\n`);
  const report = async (reading: ThreadOptions) => {
    const told: number[] = [];
    const { sources } = sourcesOf([log.file], [], false);
    const evidence = await Evidence.read(sources, { reading: { program, ...reading }, progress: bytes => told.push(bytes) });
    try {
      expect(told.at(-1)).toBe(Buffer.byteLength(readFileSync(log.file)));
      return JSON.stringify({ logs: evidence.logs, reach: evidence.reach, damage: evidence.damage.told(), sessions: await sessionsOf(evidence, {}) });
    } finally {
      evidence.close();
    }
  };
  const alone = await report({ threads: 1 });
  expect(JSON.parse(alone).sessions.length).toBeGreaterThan(40);
  expect(JSON.parse(alone).damage.length).toBeGreaterThan(20);
  expect(await report({ threads: 2, part: 10_000 })).toBe(alone);
  expect(await report({ threads: 3, part: 3_333 })).toBe(alone);
});

test('parts are bytes one after the other, of whole lines', () => {
  const log = source('aa\nb\n\ncccccc\nd');
  const cut = (part: number) => partsOf(log.file, 14, () => part).map(({ from, to }) => readFileSync(log.file, 'utf8').slice(from, to));
  expect(cut(1)).toEqual(['aa\n', 'b\n', '\n', 'cccccc\n', 'd']);
  expect(cut(3)).toEqual(['aa\n', 'b\n\n', 'cccccc\n', 'd']);
  expect(cut(4)).toEqual(['aa\nb\n', '\ncccccc\n', 'd']);
  expect(cut(13)).toEqual(['aa\nb\n\ncccccc\n', 'd']);
  expect(cut(14)).toEqual(['aa\nb\n\ncccccc\nd']);
});

test('damage of parts is told as that of the whole: places that meet are one, and not too many are named', () => {
  const [all, joined] = [new Damage(), new Damage()];
  for (let from = 1; from <= 90; from += 9) {
    const part = new Damage();
    for (let number = 1; number <= 9; number++) {
      if (number % 3 === 0) continue;
      all.line('a', from + number - 1, 'no JSON');
      part.line('a', number, 'no JSON');
    }
    joined.add(part.found, from - 1);
  }
  expect(joined.told()).toEqual(all.told());
  expect(joined.told()).toHaveLength(21);
});

test.each([
  ['throws', 'throw new Error("no thread")', 'no thread'],
  ['ends', 'process.exit()', 'a thread that read a log has ended'],
])('a thread that %s ends the report: nothing is lost without a word', async (_, broken, message) => {
  const file = join(folder, 'broken.js');
  writeFileSync(file, broken);
  const log = source(text(...exec({}), ...exec({ at: 60 })));
  await expect(kept(log, { threads: 2, part: 1, program: file })).rejects.toThrow(message);
});
