import { readFileSync } from 'fs';
import { join } from 'path';
import Ajv from 'ajv';
import { at, BREAK_GLASS, CLUSTER_ADMIN, HOSTILE, hostile, report, session, week } from './report-sessions';
import { csv } from '../src/audit/csv';
import { markdown } from '../src/audit/markdown';
import { reportSarif } from '../src/audit/report-sarif';

/** What a terminal, an editor or a browser acts on instead of showing it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const three = report([session(), session({ ...BREAK_GLASS, start: at(610) }), session({ ...CLUSTER_ADMIN, start: at(620) })]);

/** A reader of RFC 4180 of its own: what a field is worth to a spreadsheet. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  let i = 0;
  while (i < text.length) {
    if (text[i] !== '"') throw new Error(`no quote at ${i}`);
    let value = '';
    for (i++; ; i++) {
      if (text[i] !== '"') {value += text[i];} else if (text[i + 1] === '"') { value += '"'; i++; } else {break;}
    }
    rows.at(-1)!.push(value);
    i++;
    if (text[i] === ',') {i++;} else if (text.startsWith('\r\n', i)) { rows.push([]); i += 2; } else if (i < text.length) {throw new Error(`${JSON.stringify(text[i])} behind a field`);}
  }
  return rows;
}

describe('CSV', () => {
  test('a line for each session, with what was done, by which grant and why', () => {
    const [names, ...rows] = parse(csv(three));
    const of = (i: number) => Object.fromEntries(names.map((name, j) => [name, rows[i][j]]));
    expect(rows).toHaveLength(3);
    expect(of(0)).toMatchObject({ user: 'alice', path: 'on-call', capability: 'exec', command: 'ls -l /var/log', seconds: '240', grant: 'RoleBinding payments/oncall-debug → Role/oncall-debug', outside: '' });
    expect(of(1)).toMatchObject({ command: 'sh -c \'kill -QUIT 1; sleep 1\'', ticket: 'INC-4711', reason: 'ledger does not answer since the deploy', approvers: 'carol', other_grants: 'RoleBinding payments/oncall-debug → Role/oncall-debug' });
    expect(of(2)).toMatchObject({ path: 'outside', outside: 'cluster-admin', grant: 'ClusterRoleBinding platform-admins → ClusterRole/cluster-admin' });
  });

  test('no field of a hostile log becomes a formula, a second field or a second line', () => {
    const rows = parse(csv(hostile()));
    expect(rows).toHaveLength(HOSTILE.length + 1);
    for (const cells of rows) {
      expect(cells).toHaveLength(rows[0].length);
      for (const cell of cells) {
        expect(cell).not.toMatch(/^\s*[=+\-@＝＋－＠]/);
        expect(cell).not.toMatch(UNSEEN);
      }
    }
    // Text stays readable: only an apostrophe comes before it.
    expect(rows.map(cells => cells[rows[0].indexOf('reason')])).toContain('\'@SUM(A1)');
  });

  test('a dash of its own is no formula', () => {
    expect(csv(report([session({ command: undefined })]))).not.toContain('"\'');
  });
});

describe('Markdown', () => {
  const text = markdown(three);

  test('what is outside comes first, then the paths, with ticket and reason', () => {
    expect(text).toContain('3 sessions of 3 people, **1 outside every path**, 1 by break-glass, 0 refused. Read: 1,234 events of 1 log.');
    expect(text.indexOf('### Outside every path')).toBeLessThan(text.indexOf('### By a path'));
    expect(text).toContain('| `2026-03-02 10:20:00Z` | `mallory` | `exec sh` | `payments/ledger-0 (app)` | `cluster-admin` |');
    expect(text).toContain('`INC-4711`<br>`ledger does not answer since the deploy`<br>approved by `carol`<br>also open: ');
    expect(text).toContain('| `mallory` | **1** | – | – |');
  });

  test('says what no log can tell', () => {
    expect(text).toContain('What was typed after that');
  });

  test('a report without sessions is one', () => {
    expect(markdown(report([]))).toContain('0 sessions of 0 people, none outside the paths');
  });

  test('a long list is cut, and says so', () => {
    expect(markdown(week(500))).toMatch(/And \d{3} more\./);
  });

  test('no text of a hostile log is markup: neither link, picture, mention, heading, HTML nor a cell', () => {
    const outside = markdown(hostile()).replace(/<code>[^<>]*<\/code>|`[^`\n]*`/g, '');
    expect(outside).not.toMatch(/[[\]@`~]|https?:|192\.0\.2|window|<(?!br>)/);
    expect(outside).not.toMatch(/[^\P{Cc}\n]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u);
    const table = markdown(hostile()).split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| ---'));
    for (const line of table) expect([3, 7]).toContain(line.split(' | ').length);
    // And within the code spans there is nothing that ends them.
    for (const [, inside] of markdown(hostile()).matchAll(/<code>(.*?)<\/code>/g)) expect(inside).not.toMatch(/[<>`|[\]@*_]/);
  });
});

describe('SARIF', () => {
  const valid = new Ajv({ strict: false, unicodeRegExp: false, logger: false }).compile(JSON.parse(readFileSync(join(__dirname, 'schemas', 'sarif-2.1.0.json'), 'utf8')));
  const results = (of = three) => JSON.parse(reportSarif(of)).runs[0].results;

  test.each([['three sessions', three], ['a hostile log', hostile()], ['nothing', report([])], ['a week', week(300)]])('is valid by its schema: %s', (_name, of) => {
    expect(valid(JSON.parse(reportSarif(of))) || valid.errors).toBe(true);
  });

  test('the schema refuses what is none', () => {
    expect(valid({ version: '2.1.0', runs: [{ tool: {} }] })).toBe(false);
  });

  test('the session outside the paths is a result, and no other', () => {
    expect(results()).toHaveLength(1);
    expect(results()[0]).toMatchObject({
      ruleId: 'outside/cluster-admin',
      level: 'error',
      message: { text: expect.stringContaining('mallory used exec sh on payments/ledger-0 (app) at 2026-03-02T10:20:00.000000Z by cluster-admin, allowed by ClusterRoleBinding platform-admins → ClusterRole/cluster-admin') },
      locations: [{ physicalLocation: { artifactLocation: { uri: 'audit.log' } }, logicalLocations: [{ fullyQualifiedName: 'payments/ledger-0/app' }] }],
    });
  });

  test('of several logs none is blamed', () => {
    expect(results({ ...three, logs: [...three.logs, ...three.logs] })[0].locations[0]).not.toHaveProperty('physicalLocation');
  });

  test('the path of a log is a URI', () => {
    const uri = (name: string) => results({ ...three, logs: [{ name, events: 1 }] })[0].locations[0].physicalLocation.artifactLocation.uri;
    expect(uri('/var/log/a b.log')).toBe('file:///var/log/a%20b.log');
    expect(uri('logs/a#b.log')).toBe('logs/a%23b.log');
  });

  test('a later run knows the same session again', () => {
    const prints = (of = week(300)) => results(of).map((one: any) => one.partialFingerprints['secureDebugSession/v1']);
    expect(new Set(prints()).size).toBe(prints().length);
    const later = prints({ ...week(300), sessions: week(300).sessions.slice(100) });
    expect(later).toEqual(prints().slice(-later.length));
  });

  test('neither links nor placeholders nor controls come of a hostile log', () => {
    for (const { message: { text } } of results(hostile())) {
      expect(text.replace(/\\[\\[\]]/g, '')).not.toMatch(/[[\]\\]/);
      expect(text.replace(/\{\{|\}\}/g, '')).not.toMatch(/[{}]/);
      expect(text).not.toMatch(UNSEEN);
    }
  });

  test('what could not be read is told', () => {
    expect(JSON.parse(reportSarif({ ...three, damage: ['audit.log:3: no JSON'] })).runs[0].invocations[0].toolExecutionNotifications).toEqual([{ level: 'warning', message: { text: 'Not read: audit.log:3: no JSON' } }]);
  });
});

test.each([['CSV', csv], ['Markdown', markdown], ['SARIF', reportSarif]])('%s: the same bytes for the same report', (_name, of) => {
  expect(of(week(300))).toBe(of(week(300)));
});
