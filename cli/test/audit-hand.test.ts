import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { exec, FAILURE } from './audit-events';
import { Database } from '../src/audit/database';
import { Hand } from '../src/audit/hand';
import { make } from '../src/audit/made';
import { spooled } from '../src/audit/sql/read';
import { views } from '../src/audit/sql/views';

/** What a hand takes apart is events and failures of all, and what is damaged is counted each time and is no event. */

jest.setTimeout(60_000);

let folder: string;
let db: Database;
let hand: Hand;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secure-debug-hand-'));
  db = await Database.open(folder);
  await db.run('CREATE TABLE sources (file INTEGER, log VARCHAR, cluster VARCHAR)');
  await db.run('CREATE TABLE declared (binding_kind VARCHAR, namespace VARCHAR, binding VARCHAR, role_kind VARCHAR, role VARCHAR, path VARCHAR)');
  await db.run('INSERT INTO sources VALUES (0, \'a\', \'eu\'), (1, \'b\', \'us\')');
  hand = await Hand.of(db, 'one');
});
afterEach(() => {
  hand.close();
  db.close();
  rmSync(folder, { recursive: true });
});

const events = (name: string, ...lines: object[]) => {
  const file = join(folder, name);
  writeFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''));
  return spooled([file], 100_000);
};
const made = async () => {
  await make(db, [hand], views(false));
  return db.rows('SELECT cluster, audit_id, (SELECT CAST(count(*) AS INTEGER) FROM failures AS f WHERE f.cluster = e.cluster AND f.audit_id = e.audit_id) AS failures FROM events AS e ORDER BY cluster, audit_id, stage');
};
const [, ended] = exec({ id: 'x', annotations: { [FAILURE]: JSON.stringify([{ policy: 'p', binding: 'b', message: 'm', validationActions: ['Audit'] }]) } }) as any[];
const [first, second] = [{ ...ended, auditID: 'first' }, { ...ended, auditID: 'second', annotations: {} }];

test('events of two logs, and what is damaged of each', async () => {
  expect(await hand.take({ file: 0, from: events('a', first, {}, { ...second, requestReceivedTimestamp: 'soon' }) })).toBe(2);
  expect(await hand.take({ file: 1, from: events('b', second) })).toBe(0);
  expect(await hand.take({ file: 1, from: events('c', {}) })).toBe(1);
  expect(await made()).toEqual([
    { cluster: 'eu', audit_id: 'first', failures: 1 },
    { cluster: 'eu', audit_id: 'second', failures: 0 },
    { cluster: 'us', audit_id: 'second', failures: 0 },
  ]);
});

test('all or none', async () => {
  expect(await hand.take({ file: 0, from: events('a', first, {}) }, true)).toBe(1);
  expect(hand.used).toBe(false);
  expect(await hand.take({ file: 0, from: events('b', first) }, true)).toBe(0);
  expect(await made()).toEqual([{ cluster: 'eu', audit_id: 'first', failures: 1 }]);
});

test('no event at all', async () => {
  expect(await made()).toEqual([]);
});

test('what cannot be read at all fails, and what comes after it is taken', async () => {
  await expect(hand.take({ file: 0, from: 'read_json([\'/no/such/file\'])' })).rejects.toThrow('/no/such/file');
  expect(await hand.take({ file: 0, from: events('a', first) })).toBe(0);
  expect(await made()).toEqual([{ cluster: 'eu', audit_id: 'first', failures: 1 }]);
});
