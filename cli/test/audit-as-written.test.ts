import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { allowedBy, debug, exec, FAILURE, ON_CALL, request, Request } from './audit-events';
import { AsWritten } from '../src/audit/as-written';
import { Evidence } from '../src/audit/evidence';
import { isNote, mayMatter } from '../src/audit/may-matter';
import { Fill, skim } from '../src/audit/skim';
import { sourcesOf } from '../src/audit/sources';
import { RELEVANT, spooled } from '../src/audit/sql/read';

/**
 * Lines that cannot matter are passed over without being parsed. Nothing that does matter may be among them, however it is written, and no
 * line that is cut off or holds two events.
 */

jest.setTimeout(60_000);

/** As the API server writes it: fields in the order of its types, `&` escaped. */
function written(event: any): string {
  const { resource, namespace, name, uid, apiGroup, apiVersion, resourceVersion, subresource } = event.objectRef ?? {};
  const objectRef = event.objectRef && { resource, namespace, name, uid, apiGroup, apiVersion, resourceVersion, subresource };
  return JSON.stringify({ ...event, objectRef }).replace(/&/g, '\\u0026');
}

const asWritten = new AsWritten();

/** Whether a line, or each of some lines, is passed over. */
const passes = (line: string): boolean => {
  let read = 0;
  asWritten.look(asWritten.room.write(`${line}\n`), () => { read++; });
  return read === 0;
};

function matters({ verb, objectRef = {}, user, annotations = {} }: any): boolean {
  return mayMatter({ verb, resource: objectRef.resource ?? '', subresource: objectRef.subresource ?? '', user: user.username }) || Object.keys(annotations).some(isNote);
}

const one = (of: Request, more: object = {}): any => ({ ...request({ ...of, stages: ['ResponseComplete'] })[0], ...more });

const requests: fc.Arbitrary<any> = fc.record({
  verb: fc.constantFrom('get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'),
  resource: fc.constantFrom('pods', 'nodes', 'leases', 'rolebindings', 'clusterrolebindings', 'subjectaccessreviews', 'exec', 'podsx'),
  subresource: fc.constantFrom(undefined, undefined, 'exec', 'attach', 'portforward', 'log', 'proxy', 'ephemeralcontainers', 'status', 'execs'),
  user: fc.constantFrom('alice', 'system:node:n1', 'system:serviceaccount:a:b', 'b"ob', 'jectRef', 'Müller'),
  name: fc.constantFrom(undefined, 'web', 'exec', 'node-debugger-x'),
  apiGroup: fc.constantFrom(undefined, 'apps'),
  query: fc.constantFrom('', 'command=sh&container=app', 'x="subresource":"status"}', '\\"'),
  body: fc.constantFrom(undefined, { metadata: { creationTimestamp: 'x', annotations: { a: 'b' } } }, { kind: 'Event', apiVersion: 'v1' }, { objectRef: { resource: 'leases' } }, ['"', '\\', '}']),
  client: fc.constantFrom('kubectl/v1.37', '","objectRef":{"resource":"leases"}', '\u0000', ''),
  reason: fc.constantFrom('', ON_CALL, allowedBy('a"b\\c/payments', 'r', 'g')),
  annotations: fc.constantFrom({}, { 'pod-security.kubernetes.io/enforce-policy': 'x' }, { [FAILURE]: '[]' }, { 'x/past-git': '1' }, { 'x/past-git-not': '1' }),
}).map(of => one(of));

describe('what is passed over', () => {
  test.each<[string, any]>([
    ['a lease of a kubelet', one({ verb: 'update', resource: 'leases', apiGroup: 'coordination.k8s.io', user: 'system:node:n1', reason: '' })],
    ['a status of a pod, with its body', one({ verb: 'patch', subresource: 'status', name: 'web', body: { status: { a: '"exec"' } } })],
    ['a list of pods', one({ verb: 'list' })],
    ['a list of bindings', one({ verb: 'list', resource: 'rolebindings' })],
    ['a review of no kubelet', one({ verb: 'create', resource: 'subjectaccessreviews', user: 'prometheus' })],
    ['what is about no object', { ...one({ uri: '/healthz' }), objectRef: undefined }],
    ['an event without annotations', { ...one({ verb: 'list' }), annotations: undefined }],
    ['an event of Kubernetes that is created', one({ verb: 'create', resource: 'events', body: { kind: 'Event', apiVersion: 'v1' } })],
  ])('%s', (_, event) => {
    expect(passes(written(event))).toBe(true);
    expect(passes(`${written(event)}\r`)).toBe(true);
  });

  const boring = written(one({ verb: 'list' }));
  test.each<[string, string]>([
    ['a blank', boring.replace('":"', '": "')],
    ['another order', boring.replace('"kind":"Event","apiVersion":"audit.k8s.io/v1"', '"apiVersion":"audit.k8s.io/v1","kind":"Event"')],
    ['an escaped letter of the verb', written(one({ verb: 'create', name: 'x' })).replace('"create"', '"cr\\u0065ate"')],
    ['an escaped letter of a subresource', written(one({ subresource: 'exec' })).replace('"subresource":"exec"', '"subresource":"\\u0065xec"')],
    ['an escaped letter of a field', written(one({ subresource: 'exec' })).replace('"subresource"', '"subresourc\\u0065"')],
    ['an escaped letter of a guardrail\'s note', written(one({ annotations: { 'x/past-git': '1' } })).replace('past-git', 'p\\u0061st-git')],
    ['bytes of nothing', boring.replace('kubectl', 'kube\0ctl')],
    ['a byte that no JSON has', boring.replace('responseStatus', 'response\u0001Status')],
    ['a field of which a letter is lost', written(one({ subresource: 'exec' })).replace('objectRef', 'objectRe')],
    ['no time', boring.replace(/"stageTimestamp":"[^"]*"/, '"stageTimestamp":"2026-03-01T10:00:00.00000xZ"')],
    ['a time of another form', boring.replace(/"requestReceivedTimestamp":"[^"]*"/, '"requestReceivedTimestamp":"2026-03-01T10:00:00Z"')],
    ['another version', boring.replace('audit.k8s.io/v1"', 'audit.k8s.io/v2"')],
    ['two events in one line', boring + boring],
    ['an event that was cut off, and another', boring.slice(0, -100) + written(exec({})[1])],
    ['one that was cut off in its body, and another', written(one({ verb: 'patch', subresource: 'status', body: { a: { b: 'c' } } })).replace(/"c".*/, '') + written(exec({})[1])],
    ['none', 'no JSON'],
    ['nothing', ''],
  ])('not %s', (_, line) => {
    expect(passes(line)).toBe(false);
  });

  test('nothing that may matter, however a letter or a blank in it is written', () => {
    let passed = 0;
    fc.assert(fc.property(requests, fc.nat(), fc.constantFrom('as it is', 'escape', 'blank'), (event, place, how) => {
      const line = written(event);
      const places = [...line.matchAll(how === 'blank' ? /[:,{}[\]]/g : /[a-z](?![^"]*\\)/g)].map(({ index }) => index);
      const at = places[place % places.length];
      const said = how === 'as it is' ? line
        : how === 'blank' ? `${line.slice(0, at + 1)} ${line.slice(at + 1)}` : `${line.slice(0, at)}\\u00${line.charCodeAt(at).toString(16)}${line.slice(at + 1)}`;
      if (!passes(said)) return;
      passed++;
      expect([said, matters(JSON.parse(said))]).toEqual([said, false]);
    }), { numRuns: 3_000, seed: 7 });
    expect(passed).toBeGreaterThan(150);
  });

  test('no line that was cut off', () => {
    const lines = fc.sample(requests, { numRuns: 100, seed: 3 }).map(written);
    for (const line of lines) {
      for (let end = 0; end < line.length; end += 7) expect([line, end, passes(line.slice(0, end))]).toEqual([line, end, false]);
    }
  });
});

describe('what is told of lines that are passed over', () => {
  const boring = written(one({ verb: 'list' }));
  const at = (received: string, staged: string) => boring.replace(/"requestReceivedTimestamp":"[^"]*"/, `"requestReceivedTimestamp":"${received}"`).replace(/"stageTimestamp":"[^"]*"/, `"stageTimestamp":"${staged}"`);
  const times = (...lines: string[]) => {
    asWritten.begin();
    passes(lines.join('\n'));
    return [asWritten.passed, ...asWritten.times];
  };
  const stamp = fc.date({ min: new Date('2019-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }).map(date => `${date.toISOString().slice(0, -1)}${date.getTime() % 10}7${date.getTime() % 7}Z`);

  test('the first and the last time, in whatever order', () => {
    fc.assert(fc.property(fc.array(fc.tuple(stamp, stamp), { minLength: 1, maxLength: 5 }), pairs => {
      const [first] = pairs.map(([received]) => received).sort();
      const last = pairs.map(([, staged]) => staged).sort().at(-1);
      expect(times(...pairs.map(([received, staged]) => at(received, staged)))).toEqual([pairs.length, first, last]);
    }));
  });

  test('none, where none is', () => {
    expect(times('no event')).toEqual([0]);
    expect(times()).toEqual([0]);
  });

  test('where lines are that have to be read, however many', () => {
    const lines = Array.from({ length: 10_001 }, (_, i) => i % 100 === 50 ? boring : `no event ${i}`).slice(0, 10_000);
    const read: [string, number][] = [];
    asWritten.begin();
    const many = asWritten.look(asWritten.room.write(`${lines.join('\n')}\n`), (from, to, number) => { read.push([asWritten.room.toString('utf8', from, to), number]); });
    expect(many).toBe(10_000);
    expect(asWritten.passed).toBe(100);
    expect(read).toEqual(lines.map((line, i): [string, number] => [line, i + 1]).filter(([line]) => line !== boring));
  });
});

describe('nothing is lost', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-as-written-')); });
  afterEach(() => rmSync(folder, { recursive: true }));

  const events = [
    ...fc.sample(requests, { numRuns: 600, seed: 11 }).filter(({ userAgent }) => userAgent !== '\u0000'),
    ...exec({}), ...debug({ at: 100 }),
  ].map((event, i) => ({ ...event, auditID: `id-${i}` }));

  const read = async (lines: string[], name: string) => {
    const file = join(folder, name);
    writeFileSync(file, lines.map(line => `${line}\n`).join(''));
    const evidence = await Evidence.read(sourcesOf([file], [], false).sources, {});
    try {
      const rows = async (relation: string) => (await evidence.rows(`SELECT * EXCLUDE (log) FROM ${relation}`)).map(row => JSON.stringify(row)).sort();
      return { count: evidence.logs[0].events, damage: evidence.damage.told(), events: await rows('events'), failures: await evidence.rows('SELECT * FROM failures') };
    } finally {
      evidence.close();
    }
  };

  test('a log says the same, whether its lines are passed over or all parsed', async () => {
    const lines = events.map(written);
    expect(lines.filter(passes).length).toBeGreaterThan(50);
    const quick = await read(lines, 'quick.log');
    expect(quick).toEqual(await read(lines.map(line => line.replace('{', '{ ')), 'slow.log'));
    expect(quick.count).toBe(events.length);
    expect(quick.events.length).toBeGreaterThan(100);
  });

  test('what SQL takes for relevant is kept before SQL sees it', async () => {
    const file = join(folder, 'all.log');
    writeFileSync(file, events.map(event => `${written(event)}\n`).join(''));
    const db = await DuckDBInstance.create(':memory:');
    const connection = await db.connect();
    try {
      const found = (await connection.runAndReadAll(`SELECT "auditID" FROM ${spooled([file], 100_000)} WHERE ${RELEVANT}`)).getRows().map(([id]) => id);
      const kept = new Set(events.filter(matters).map(({ auditID }) => auditID));
      expect(found.filter(id => !kept.has(id))).toEqual([]);
      expect(found.length).toBeGreaterThan(100);
    } finally {
      connection.closeSync();
      db.closeSync();
    }
    expect(readFileSync(file, 'utf8')).toContain('"exec"');
  });
});

describe('lines of bytes', () => {
  const lines = async (text: Buffer, size: number) => {
    const found: (string | undefined)[] = [];
    let from = 0;
    const fill: Fill = (into, at) => {
      const many = text.copy(into, at, from, Math.min(text.length, from + size));
      from += many;
      return many;
    };
    const numbers: number[] = [];
    const many = await skim(fill, new AsWritten(), (line, number) => {
      found.push(line);
      numbers.push(number);
    });
    expect(numbers).toEqual(found.map((_, i) => i + 1));
    expect(many).toBe(found.length);
    return found;
  };

  test.each([1, 2, 3, 7, 100_000])('are whole, %i bytes at a time', async size => {
    expect(await lines(Buffer.from('aü\n\nb'), size)).toEqual(['aü', '', 'b']);
    expect(await lines(Buffer.from('a\nb\n'), size)).toEqual(['a', 'b']);
    expect(await lines(Buffer.alloc(0), size)).toEqual([]);
  });

  test.each([1_000_000, 1_048_575, 1_048_576, 3_000_000])('however long, such as %i bytes, and short again after it', async many => {
    const long = `${'x'.repeat(many - 2)}ü`;
    expect(await lines(Buffer.from(`${long}\na\n${long}`), 90_000)).toEqual([long, 'a', long]);
  });

  test('longer than any event: told, without keeping it', async () => {
    const found = await lines(Buffer.concat([Buffer.alloc(65 * 1_048_576, 'x'), Buffer.from('\na\n')]), 50_000_000);
    expect(found).toEqual([undefined, 'a']);
  });
});
