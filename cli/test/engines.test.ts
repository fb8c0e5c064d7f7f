import { execFileSync, spawnSync } from 'child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Desk } from './review-io';
import { LANGUAGES } from '../src/audit/engines/languages/languages';
import { Question, questions } from '../src/audit/engines/languages/questions';
import { named } from '../src/audit/engines/named';
import { onlyGroup } from '../src/audit/engines/relations';
import { ENGINES, statements } from '../src/audit/engines/statements';
import { text } from '../src/audit/sql/text';
import { prepared } from '../tools/engines';
import { differences, eventsOf, holds } from '../tools/languages';

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'secure-debug-engines-'));
const desk = new Desk();
afterAll(() => {
  rmSync(folder, { recursive: true });
  desk.clear();
});

const PLACE = { location: 's3://evidence/audit', clusters: ['eu', 'us'] };
const JSON_COLUMNS = ['user_groups', 'as_groups', 'person_groups', 'sources', 'command', 'actions'];
const canonical = (rows: any[]) => rows.map(row => JSON.stringify(Object.entries(row).sort(([a], [b]) => a < b ? -1 : 1)
  .map(([name, value]) => [name, value === null ? '' : JSON_COLUMNS.includes(name) && value !== '' ? JSON.parse(value as string) : String(value)]))).sort();

test.each([1])('the views made of raw lines say what the command line says, on generated log %i', async seed => {
  const { rows, expected } = await prepared(join(folder, `log-${seed}`), seed);
  const file = join(folder, `raw-${seed}.json`);
  writeFileSync(file, rows.map(row => `${JSON.stringify(row)}\n`).join(''));
  const db = await DuckDBInstance.create(':memory:');
  const connection = await db.connect();
  try {
    for (const { sql } of statements('duckdb', { schema: 'audit' })) await connection.run(sql);
    await connection.run(`INSERT INTO audit.raw_events SELECT cluster, day, log, line FROM read_json(${text(file)}, format='newline_delimited', columns={cluster: 'VARCHAR', day: 'DATE', log: 'VARCHAR', line: 'VARCHAR'})`);
    for (const [relation, wanted] of Object.entries(expected)) {
      const found = (await connection.runAndReadAll(`SELECT * FROM audit.${relation}`)).getRowObjectsJson();
      expect([relation, canonical(found)]).toEqual([relation, canonical(wanted)]);
      expect(wanted.length).toBeGreaterThan(5);
    }
  } finally {
    connection.closeSync();
    db.closeSync();
  }
});

test.each(ENGINES)('%s: every relation is of the schema, and no literal of the shared views needs another dialect', engine => {
  const made = statements(engine, { schema: 'evidence', ...PLACE });
  const relations = made.map(({ name }) => name).filter(name => name !== 'schema').join('|');
  for (const { sql } of made) expect(sql).not.toMatch(new RegExp(`\\b(FROM|JOIN) (${relations})\\b`));
  const shared = made.slice(made.findIndex(({ name }) => name === 'declared') + 1).map(({ sql }) => sql).join();
  expect(shared).not.toContain('\\');
  expect(statements(engine, { schema: 'evidence', ...PLACE })).toEqual(made);
});

test('days choose partitions, and what was declared is written as text in every dialect', () => {
  const declared = [{ bindingKind: 'RoleBinding', namespace: 'payments', binding: 'it\'s\\', roleKind: 'Role', role: 'oncall', path: 'on-call' }] as const;
  const sql = (engine: string) => statements(engine, { schema: 'audit', ...PLACE, declared, since: '2026-03-01', until: '2026-03-08' }).map(one => one.sql).join('\n');
  expect(sql('trino')).toContain('WHERE (day >= DATE \'2026-03-01\' AND day < DATE \'2026-03-08\')');
  expect(sql('athena')).toContain('year * 10000 + month * 100 + day >= 20260301');
  expect(sql('trino')).toContain('\'it\'\'s\\\'');
  expect(sql('bigquery')).toContain('\'it\\\'s\\\\\'');
});

test('columns of select lists get their names, and nothing else does', () => {
  expect(named('SELECT p.a, MAX(q.b) AS c, DISTINCT_x FROM t AS p JOIN u AS q ON q.a = p.a GROUP BY p.a, q.b')).toBe('SELECT p.a AS a, MAX(q.b) AS c, DISTINCT_x FROM t AS p JOIN u AS q ON q.a = p.a GROUP BY p.a, q.b');
  expect(named('SELECT DISTINCT r.a, r.b\nFROM (SELECT s.*, s.c FROM s WHERE s.d IN (\'SELECT x.y\')) AS r')).toBe('SELECT DISTINCT r.a AS a, r.b AS b\nFROM (SELECT s.*, s.c AS c FROM s WHERE s.d IN (\'SELECT x.y\')) AS r');
});

test('one group of a regular expression stays', () => {
  expect(onlyGroup('(a|b) \\(([^(]*)(?:c)', 2)).toBe('(?:a|b) \\(([^(]*)(?:c)');
});

const python = [process.env.ENGINES_PYTHON, 'python3'].find(one => one && spawnSync(one, ['-c', 'import sqlglot']).status === 0);
const whenParser = python ? test : test.skip;
whenParser(`sqlglot parses the statements of every engine${python ? '' : ' (skipped: python3 has no package sqlglot)'}`, () => {
  writeFileSync(join(folder, 'statements.json'), JSON.stringify(Object.fromEntries(ENGINES.map(engine => [engine, statements(engine, { schema: 'audit', ...PLACE })]))));
  expect(execFileSync(python!, [join(__dirname, '../tools/engines.py'), folder, 'parse'], { encoding: 'utf8' })).toContain('parse: the same');
});

test('the questions find what the report finds, on a generated log', async () => {
  const log = await prepared(join(folder, 'log-3'), 3);
  const events = eventsOf(log);
  const found = ({ condition }: Question) => new Set(events.filter(event => holds(condition, event)).map(event => event.auditID));
  const answers = Object.fromEntries(questions().map(question => [question.id, found(question)]));
  expect(differences(log, events, answers)).toEqual([]);
  // And something would be said.
  expect(differences(log, events, { ...answers, outside: answers.sessions }).length).toBeGreaterThan(10);
  expect(differences(log, events, { ...answers, 'would-deny': new Set(['x']) })).toEqual(expect.arrayContaining(['would-deny x is no such', expect.stringMatching(/^would-deny .* is missing$/)]));
});

describe.each(LANGUAGES)('$id', language => {
  test.each(questions('alice'))('$id: names every stream that the model knows, or what it is about', question => {
    const query = language.query(question, language.source);
    expect(query).toContain(language.source);
    if (question.id === 'sessions') for (const subresource of ['exec', 'attach', 'portforward', 'ephemeralcontainers', 'log']) expect(query).toContain(subresource);
    if (question.id === 'would-deny') expect(query).toContain('validationActions');
    expect((query.match(/\(/g) ?? []).length).toBeGreaterThan(0);
    expect(query).not.toContain('undefined');
  });

  test('the name of a person cannot end the text that it is in', () => {
    const query = language.query(questions('x" or "1"="1\\').find(({ id }) => id === 'sessions')!, language.source);
    expect(query).toContain('"x\\" or \\"1\\"=\\"1\\\\"');
    expect(query).not.toContain('"x" or');
  });
});

test.each([
  [['audit', 'views', 'oracle'], 'oracle is no engine that is known here. Fix: use one of athena, bigquery, clickhouse, duckdb, spark, trino.'],
  [['audit', 'views', 'athena'], 'Fix: name the folder and each cluster in it'],
  [['audit', 'views', 'athena', '--location', 's3://x\'y', '--cluster', 'eu'], 'is no address of a folder'],
  [['audit', 'views', 'athena', '--location', 's3://x', '--cluster', 'e\'u'], 'is no name of a cluster'],
  [['audit', 'views', 'trino', '--schema', 'a;b'], 'is no name of a schema'],
  [['audit', 'views', 'trino', '--since', '2026-02-30'], '--since 2026-02-30 is no day'],
  [['audit', 'views', 'duckdb', '--location', 's3://x'], 'duckdb keeps its tables itself'],
  [['audit', 'query', 'sql'], 'Fix: use one of logql, cloudwatch, cloud-logging, kql, spl, esql.'],
  [['audit', 'query', 'logql', 'who'], 'Fix: ask one of sessions, outside, break-glass, would-deny.'],
  [['audit', 'query', 'spl', '--user', 'alice" OR x="\n'], 'has a control character'],
  [['audit', 'query', 'logql', '--source', ''], '--source has to be a stream selector'],
])('wrong use: %j', async (args, message) => {
  const { code, stderr } = await desk.run(args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test('views and queries are printed, as text and as JSON', async () => {
  const views = await desk.run(['audit', 'views', 'clickhouse']);
  expect(views.code).toBe(0);
  expect(views.stdout).toContain('ENGINE = MergeTree PARTITION BY (day, cluster)');
  const query = await desk.run(['audit', 'query', 'esql', 'outside', '--json']);
  expect(JSON.parse(query.stdout).queries).toHaveLength(1);
});
