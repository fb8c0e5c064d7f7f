import { Readable } from 'stream';
import { changedFields } from '../src/audit/changed-fields';
import { micros } from '../src/audit/event';
import { lines } from '../src/audit/lines';

describe('the fields that were sent', () => {
  const image = (name: string) => ({ spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'app' }], 'containers': [{ name: 'app', image: name }] } } } });

  test.each<[string, string, string, unknown, string[]]>([
    ['numbers and truth values with their value', 'patch', '', { spec: { replicas: 3, paused: true } }, ['spec.replicas: 3', 'spec.paused: true']],
    ['an image, by the name of its container', 'patch', '', image('busybox:1.36'), ['spec.template.spec.containers[name=app].image: busybox:1.36']],
    ['texts without their value: they may be secret', 'patch', '', { data: { password: 'hunter2' } }, ['data.password']],
    ['what was removed', 'patch', '', { metadata: { labels: { 'a.b/c': null } } }, ['metadata.labels["a.b/c"] removed']],
    ['a restart', 'patch', '', { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'x' } } } } }, ['spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]']],
    ['not what kubectl keeps for itself', 'patch', '', { metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'x' } } }, []],
    ['a JSON patch', 'patch', '', [{ op: 'test', path: '/a', value: 1 }, { op: 'replace', path: '/spec/containers/0/image', value: 'x:1' }, { op: 'remove', path: '/metadata/labels/a~1b' }], ['spec.containers[0].image: x:1', 'metadata.labels["a/b"] removed']],
    ['scale, by whatever verb', 'update', 'scale', { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 0 } }, ['spec.replicas: 0']],
    ['a whole object is not compared with anything', 'patch', '', { apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } }, ['the whole object was applied']],
    ['an update sends all, so it tells nothing', 'update', '', { spec: { replicas: 1 } }, []],
    ['nothing without a body', 'patch', '', undefined, []],
    ['nothing of a body that is none', 'patch', '', 'x', []],
    ['nothing of a scale without a number', 'patch', 'scale', { spec: { replicas: 'x' } }, []],
    ['the first of many', 'patch', '', Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`a${i}`, i])), ['a0: 0', 'a1: 1', 'a2: 2', 'a3: 3', 'a4: 4', 'a5: 5', 'a6: 6', 'a7: 7', 'and 2 more']],
  ])('%s', (_, verb, subresource, body, fields) => {
    expect(changedFields(verb, subresource, body)).toEqual(fields);
  });

  test('however deep, and however long a key', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`);
    expect(changedFields('patch', '', deep)).toEqual([expect.stringMatching(/^a(\.a)+\.?…$/)]);
    expect(changedFields('patch', '', { ['k'.repeat(10_000)]: 1 })[0].length).toBeLessThan(200);
  });
});

describe('lines', () => {
  const read = async (chunks: (string | Buffer)[], longest?: number) => {
    const found: (string | undefined)[] = [];
    for await (const { text } of lines(Readable.from(chunks.map(one => Buffer.from(one))), longest)) found.push(text);
    return found;
  };

  test.each<[string, (string | Buffer)[], string[]]>([
    ['nothing', [], []],
    ['one byte', ['a'], ['a']],
    ['no end of line at the end', ['a\nb'], ['a', 'b']],
    ['a line in pieces', ['a', 'b', 'c\nd', '\n'], ['abc', 'd']],
    ['a character in pieces', [Buffer.from([0xc3]), Buffer.from([0xbc, 0x0a])], ['ü']],
    ['empty ones', ['\n\na\n'], ['', '', 'a']],
  ])('%s', async (_, chunks, expected) => {
    expect(await read(chunks)).toEqual(expected);
  });

  test('one that is too long is passed over, without keeping it', async () => {
    expect(await read(['aaaa', 'aaaa', '\nbb\n', 'cccccccc'], 4)).toEqual([undefined, 'bb', undefined]);
  });
});

test('times are compared to the microsecond, in any zone', () => {
  expect(micros('2026-03-01T10:00:00.000002Z') - micros('2026-03-01T11:00:00.000001+01:00')).toBe(1);
  expect(micros('2026-03-01T10:00:00Z')).toBe(Date.UTC(2026, 2, 1, 10) * 1_000);
  for (const text of ['', 'x', '2026-03-01', '2026-03-01T10:00:00', '2026-03-01T25:00:00Z']) expect(micros(text)).toBeNaN();
});
