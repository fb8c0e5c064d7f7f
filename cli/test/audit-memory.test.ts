import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { approve, ask, byGlass, debug, exec, FAILURE } from './audit-events';
import { Database } from '../src/audit/database';
import { Evidence, EvidenceOptions } from '../src/audit/evidence';
import { Hand } from '../src/audit/hand';
import { make } from '../src/audit/made';
import { sessionsOf } from '../src/audit/sessions';
import { sourcesOf } from '../src/audit/sources';
import { views } from '../src/audit/sql/views';

/** What is made for some people or some time after the other is what it would be at once; and a large log does not end with an error of the engine about its memory. */

jest.setTimeout(60_000);

let folder: string;
let log: string;
let whole: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secure-debug-memory-'));
  log = join(folder, 'audit.log');
  const person = (number: number) => {
    const [user, at] = [`person-${number % 30}`, number * 5];
    const more = number % 7 === 0 ? { as: 'bob', asGroups: ['gateway'] } : {};
    return [
      ...exec({ at, user, words: ['sh', '-c', `${number}-${'x'.repeat(1_500)}`], ...more, annotations: { [FAILURE]: JSON.stringify([{ policy: 'p', binding: 'b', message: 'm', validationActions: ['Audit'] }]) } }),
      ...exec({ at: at + 1, user, code: 403 }),
      ...exec({ at: at + 1.5, user, verb: 'create', code: 403 }),
      ...number % 3 === 0 ? debug({ at: at + 2, user }) : [],
      ...number % 10 === 0 ? [...ask({ user, at: at + 3, granted: false }), ...approve({ who: 'carol', at: at + 4 }), ...exec({ at: at + 5, user, reason: byGlass(user) })] : [],
    ];
  };
  writeFileSync(log, Array.from({ length: 600 }, (_, number) => person(number)).flat().map(event => `${JSON.stringify(event)}\n`).join(''));
  whole = await told({});
});
afterAll(() => rmSync(folder, { recursive: true }));

async function told(options: EvidenceOptions, sessionsAtOnce?: number): Promise<string[]> {
  const evidence = await Evidence.read(sourcesOf([log], [], false).sources, options);
  try {
    return (await sessionsOf(evidence, {}, sessionsAtOnce)).map(session => JSON.stringify(session));
  } finally {
    evidence.close();
  }
}

test('sessions that are made in parts, and put in order in parts, are the same', async () => {
  expect(whole.length).toBeGreaterThan(1_200);
  expect(whole.filter(one => one.includes('"path":"break-glass"')).length).toBeGreaterThan(50);
  expect(whole.filter(one => one.includes('"wouldDeny":["p"]')).length).toBeGreaterThan(400);
  expect(await told({ atOnce: 700 }, 101)).toEqual(whole);
});

test('an answer that the memory is too small for is had all the same', async () => {
  // Of 12 MiB the engine itself says that they do not do.
  expect(await told({ memory: 12 })).toEqual(whole);
});

test('what fails for some people ends it for all, and the engine can be closed', async () => {
  const db = await Database.open(folder);
  try {
    await db.run('CREATE TABLE sources (file INTEGER, log VARCHAR, cluster VARCHAR)');
    const hands = [await Hand.of(db, 'a'), await Hand.of(db, 'b')];
    await expect(make(db, hands, { ...views(false), debug_steps: 'SELECT no_such_column FROM debug_requests' }, 1)).rejects.toThrow('no_such_column');
    expect(await db.rows('SELECT CAST(count(*) AS INTEGER) AS many FROM events')).toEqual([{ many: 0 }]);
  } finally {
    db.close();
  }
});
