import { writeFileSync } from 'fs';
import { join } from 'path';
import { Answer, Credentials, FakeApi, held, Received, refused, TOKEN } from './fake-api';
import { ago, annotated, CONFIG, createdAgo, endedAgo, exempted, NOW, ownedBy, ownedByNobody, pod, runningFor, script, terminating, Trait } from './fake-pods';

let credentials: Credentials;
let api: FakeApi;
let port: string;
let client: any;

const TIMING = { timeoutMs: 2000, attempts: 3, pauseMs: 1, longestPauseMs: 20 };
const connect = (options: object = {}) => script.createClient({ host: '127.0.0.1', port, serviceAccount: credentials.directory, timing: TIMING, ...options });

beforeAll(() => { credentials = new Credentials(); });
afterAll(() => credentials.remove());
beforeEach(async () => {
  api = new FakeApi(credentials);
  port = await api.listen();
  client = connect();
});
afterEach(async () => {
  client.close();
  await api.close();
});

interface Outcome { ok: boolean; text: string; lines: any[]; summary: any }

async function cleanUp(config: object = {}, with_: any = client): Promise<Outcome> {
  let text = '';
  const log = script.createLog((line: string) => { text += line; }, () => NOW);
  const ok = await new script.CleanupRun({ config: { ...CONFIG, ...config }, client: with_, log, clock: () => NOW, instance: 'cleanup-29-abcde' }).run();
  const lines = text.trimEnd().split('\n').map(line => JSON.parse(line));
  return { ok, text, lines: lines.slice(0, -1), summary: lines[lines.length - 1] };
}

const said = ({ lines }: Outcome) => lines.map(line => `${line.level} ${line.outcome} ${line.pod ?? line.namespace}`);
const when = (method: string, part: string, answer: (count: number, request: Received) => Answer | undefined) =>
  api.instead.push((request, count) => request.method === method && request.url.includes(part) ? answer(count, request) : undefined);
const stale = (name: string, ...traits: Trait[]) => pod(name, runningFor(90), ...traits);

describe('a run', () => {
  it('evicts the stale, leaves the fresh, the exempted and the protected, and says so of each', async () => {
    api.pods = [
      pod('web-0'), pod('fresh-0', runningFor(5)), stale('ledger-0'), pod('ended-0', endedAgo(30)), stale('exempt-0', exempted('2026-03-01T18:00:00Z', 'heap dump')),
      stale('agent-x', ownedBy('DaemonSet')), stale('bare', ownedByNobody), stale('going-0', terminating), pod('node-debugger-w1-x', ownedByNobody, createdAgo(70)),
    ];
    const outcome = await cleanUp();
    expect(outcome.ok).toBe(true);
    expect(api.evicted).toEqual(['payments/ledger-0', 'payments/node-debugger-w1-x', 'payments/ended-0']);
    expect(said(outcome)).toEqual([
      'warning protected agent-x', 'warning protected bare', 'info exempt exempt-0', 'info evicted ledger-0', 'info evicted node-debugger-w1-x', 'info evicted ended-0', 'info fresh fresh-0',
    ]);
    expect(outcome.summary).toEqual({
      time: '2026-03-01T12:00:00Z',
      level: 'info',
      message: 'done',
      outcome: 'summary',
      dryRun: false,
      namespaces: 1,
      pods: 9,
      debugged: 7,
      fresh: 1,
      exempt: 1,
      protected: 2,
      evicted: 3,
      wouldEvict: 0,
      blocked: 0,
      deferred: 0,
      changed: 0,
      failed: 0,
    });
    expect(outcome.lines[3]).toEqual({
      time: '2026-03-01T12:00:00Z',
      level: 'info',
      outcome: 'evicted',
      namespace: 'payments',
      pod: 'ledger-0',
      uid: 'uid-of-ledger-0',
      kind: 'ephemeral-container',
      why: 'ran-too-long',
      message: 'debugged since 2026-03-01T10:30:00Z, for 1 h 30 min, the limit is 1 h; evicted',
    });
  });

  it('asks for exactly the pod it looked at, in the state it looked at', async () => {
    api.pods = [stale('ledger-0')];
    await cleanUp();
    const [request] = api.sent('POST', '/eviction');
    expect(request.url).toBe('/api/v1/namespaces/payments/pods/ledger-0/eviction');
    expect(request.body).toEqual({
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'ledger-0', namespace: 'payments' },
      deleteOptions: { preconditions: { uid: 'uid-of-ledger-0', resourceVersion: '7' } },
    });
    expect(request.headers).toMatchObject({ 'accept': 'application/json', 'content-type': 'application/json', 'user-agent': 'debug-container-cleanup', 'host': `127.0.0.1:${port}` });
  });

  it('makes no call that its Role does not grant', async () => {
    api.pods = [stale('ledger-0'), stale('bare', ownedByNobody), pod('fresh-0', runningFor(1))];
    await cleanUp();
    const calls = new Set(api.received.map(({ method, url }) => `${method} ${url.replace(/\?.*/, '').replace(/pods\/[^/]+/, 'pods/NAME')}`));
    expect([...calls].sort()).toEqual(['GET /api/v1/namespaces/payments/pods', 'POST /api/v1/namespaces/payments/pods/NAME/eviction', 'POST /apis/events.k8s.io/v1/namespaces/payments/events']);
  });

  it('tells the owner of the pod by an Event that the API server accepts', async () => {
    api.pods = [stale('ledger-0')];
    await cleanUp();
    expect(api.events).toEqual([{
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^ledger-0\.[0-9a-f]{16}$/), namespace: 'payments' },
      eventTime: '2026-03-01T12:00:00.000000Z',
      type: 'Normal',
      reason: 'DebugContainerCleanupEvicted',
      action: 'CleanUp',
      note: 'debugged since 2026-03-01T10:30:00Z, for 1 h 30 min, the limit is 1 h; evicted',
      regarding: { apiVersion: 'v1', kind: 'Pod', name: 'ledger-0', namespace: 'payments', uid: 'uid-of-ledger-0' },
      reportingController: 'secure-debug.internal/debug-container-cleanup',
      reportingInstance: 'cleanup-29-abcde',
    }]);
  });

  it('writes an Event for what matters to the owner, and none for what is only fresh, gone or deferred', async () => {
    api.pods = [
      pod('fresh-0', runningFor(5)), stale('exempt-0', exempted('2026-03-01T18:00:00Z', 'heap dump')), stale('bare', ownedByNobody), stale('held-0'), stale('gone-0'),
      stale('twin-a', ownedBy('ReplicaSet')), stale('twin-b', ownedBy('ReplicaSet')), stale('broken-0'),
    ];
    api.held.set('held-0', 'The disruption budget ledger needs 2 healthy pods and has 2 currently');
    when('POST', '/gone-0/eviction', () => refused(404, 'pods "gone-0" not found'));
    when('POST', '/broken-0/eviction', () => refused(422, 'denied by a webhook'));
    await cleanUp();
    expect(api.events.map(e => `${e.type} ${e.reason} ${e.regarding.name}`).sort()).toEqual([
      'Normal DebugContainerCleanupEvicted twin-a', 'Normal DebugContainerCleanupKept exempt-0', 'Warning DebugContainerCleanupEvictBlocked held-0',
      'Warning DebugContainerCleanupEvictFailed broken-0', 'Warning DebugContainerCleanupKept bare',
    ]);
  });

  it('does not pile up Events run after run, but says a new thing anew', async () => {
    api.pods = [stale('bare', ownedByNobody)];
    const first = await cleanUp();
    const second = await cleanUp();
    expect([first.ok, second.ok, api.events.length]).toEqual([true, true, 1]);
    expect(said(second)).toEqual(said(first));
    api.pods = [stale('bare', ownedBy('DaemonSet'))];
    await cleanUp();
    expect(api.events.map(e => e.note.split('; ')[1].slice(0, 20))).toEqual(['no controller would ', 'it belongs to a Daem']);
  });

  it('another pod of the same name gets an Event of its own', async () => {
    api.pods = [stale('bare', ownedByNobody)];
    await cleanUp();
    api.pods[0].metadata.uid = 'another';
    await cleanUp();
    expect(api.events).toHaveLength(2);
  });

  it('names an Event of the longest pod name so that it fits', async () => {
    const name = `${'a'.repeat(229)}-${'b'.repeat(23)}`;
    api.pods = [stale(name)];
    expect((await cleanUp()).ok).toBe(true);
    expect(api.events[0].metadata.name).toMatch(/^a{229}\.[0-9a-f]{16}$/);
  });

  it('goes through every namespace, and to no other', async () => {
    const inSearch = stale('index-0');
    inSearch.metadata.namespace = 'search';
    const elsewhere = stale('secret-0');
    elsewhere.metadata.namespace = 'kube-system';
    api.pods = [stale('ledger-0'), inSearch, elsewhere];
    const outcome = await cleanUp({ namespaces: ['payments', 'search'] });
    expect(api.evicted).toEqual(['payments/ledger-0', 'search/index-0']);
    expect(api.events.map(e => e.metadata.namespace)).toEqual(['payments', 'search']);
    expect(outcome.summary).toMatchObject({ namespaces: 2, pods: 2, evicted: 2 });
  });

  it('evicts at most one pod of a controller, the oldest session first', async () => {
    const twins = ownedBy('ReplicaSet');
    api.pods = [pod('b', twins, runningFor(90)), pod('a', twins, runningFor(95)), pod('c', twins, runningFor(99)), stale('other-0')];
    const outcome = await cleanUp();
    expect(api.evicted).toEqual(['payments/c', 'payments/other-0']);
    expect(said(outcome)).toEqual(['info evicted c', 'info deferred a', 'info deferred b', 'info evicted other-0']);
    expect(outcome.lines[1].message).toMatch(/; left for the next run, its controller lost a pod in this one$/);
    expect(outcome.summary).toMatchObject({ evicted: 2, deferred: 2 });
    await cleanUp();
    expect(api.evicted).toEqual(['payments/c', 'payments/other-0', 'payments/a']);
  });

  it('tries the next pod of a controller when the first one was held back', async () => {
    const twins = ownedBy('StatefulSet');
    api.pods = [stale('a', twins), stale('b', twins)];
    api.held.set('a', 'held');
    expect(said(await cleanUp())).toEqual(['warning blocked a', 'info evicted b']);
  });

  it('bare pods that are opted in have no controller to spare', async () => {
    api.pods = [stale('a', ownedByNobody), stale('b', ownedByNobody)];
    await cleanUp({ includeBarePods: true });
    expect(api.evicted).toEqual(['payments/a', 'payments/b']);
  });

  it('finds nothing in an empty namespace', async () => {
    when('GET', '/pods', () => ({ code: 200, body: { items: null, metadata: {} } }));
    const outcome = await cleanUp();
    expect([outcome.ok, outcome.lines]).toEqual([true, []]);
    expect(outcome.summary).toMatchObject({ level: 'info', pods: 0, debugged: 0 });
  });

  it('an exemption that does not count is said loudly, beside what happens', async () => {
    api.pods = [stale('ledger-0', exempted('soon', 'x'))];
    const outcome = await cleanUp();
    expect(said(outcome)).toEqual(['warning exemption-invalid ledger-0', 'info evicted ledger-0']);
    expect(outcome.lines[0].message).toBe('this exemption does not count: secure-debug.internal/cleanup-exempt-until "soon" is not a time such as 2026-03-01T18:00:00Z (RFC 3339)');
    expect(api.events.map(e => `${e.type} ${e.reason}`)).toEqual(['Warning DebugContainerCleanupExemptionInvalid', 'Normal DebugContainerCleanupEvicted']);
  });

  it('a corrected but still wrong exemption is a new Event', async () => {
    api.pods = [pod('fresh-0', runningFor(1), exempted('soon', 'x'))];
    await cleanUp();
    await cleanUp();
    api.pods = [pod('fresh-0', runningFor(1), exempted('tomorrow', 'x'))];
    await cleanUp();
    expect(api.events.map(e => e.note.includes('soon'))).toEqual([true, false]);
  });
});

describe('a dry run', () => {
  it('asks the API server, which changes nothing', async () => {
    api.pods = [stale('ledger-0'), stale('held-0')];
    api.held.set('held-0', 'held');
    const outcome = await cleanUp({ dryRun: true });
    expect(api.sent('POST', '/eviction').map(r => r.url)).toEqual(['/api/v1/namespaces/payments/pods/held-0/eviction?dryRun=All', '/api/v1/namespaces/payments/pods/ledger-0/eviction?dryRun=All']);
    expect([api.evicted, api.pods.length]).toEqual([[], 2]);
    expect(said(outcome)).toEqual(['warning blocked held-0', 'info wouldEvict ledger-0']);
    expect(outcome.lines[1].message).toMatch(/; would be evicted, this is a dry run$/);
    expect(api.events.map(e => `${e.type} ${e.reason}`)).toEqual(['Warning DebugContainerCleanupEvictBlocked', 'Normal DebugContainerCleanupWouldEvict']);
    expect(outcome.summary).toMatchObject({ dryRun: true, evicted: 0, wouldEvict: 1, blocked: 1 });
  });

  it('foresees that only one pod of a controller would go', async () => {
    api.pods = [stale('a', ownedBy('ReplicaSet')), stale('b', ownedBy('ReplicaSet'))];
    expect((await cleanUp({ dryRun: true })).summary).toMatchObject({ wouldEvict: 1, deferred: 1 });
  });
});

describe('a PodDisruptionBudget holds', () => {
  it.each([[429], [403]])('with %d, which is reported and no failure', async code => {
    api.pods = [stale('held-0'), stale('ledger-0')];
    when('POST', '/held-0/eviction', () => held('The disruption budget ledger needs 2 healthy pods and has 2 currently', code));
    const outcome = await cleanUp();
    expect(outcome.ok).toBe(true);
    expect(said(outcome)).toEqual(['warning blocked held-0', 'info evicted ledger-0']);
    expect(outcome.lines[0].message).toBe('debugged since 2026-03-01T10:30:00Z, for 1 h 30 min, the limit is 1 h; not evicted, a PodDisruptionBudget holds it: '
      + '"The disruption budget ledger needs 2 healthy pods and has 2 currently"; the next run tries again');
    expect(outcome.summary).toMatchObject({ level: 'info', blocked: 1, evicted: 1, failed: 0 });
  });

  it('is not asked again in the same run', async () => {
    api.pods = [stale('held-0')];
    api.held.set('held-0', 'held');
    await cleanUp();
    expect(api.sent('POST', '/eviction')).toHaveLength(1);
  });

  it('two of them on one pod are a failure that is not tried again: somebody has to mend it', async () => {
    api.pods = [stale('ledger-0')];
    when('POST', '/eviction', () => refused(500, 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'));
    const outcome = await cleanUp();
    expect([outcome.ok, api.sent('POST', '/eviction').length]).toEqual([false, 1]);
    expect(outcome.lines[0].message).toContain('not evicted: the API server answered 500 (This pod has more than one PodDisruptionBudget');
  });

  it('other causes of a refusal are not taken for a budget', async () => {
    api.pods = [stale('ledger-0')];
    when('POST', '/eviction', () => refused(403, 'no', { details: { causes: [{ reason: 'Other', message: 'x' }] } }));
    expect((await cleanUp()).summary).toMatchObject({ blocked: 0, failed: 1 });
  });
});

describe('a pod that changed meanwhile is left for the next run', () => {
  it.each<[string, () => void, string]>([
    ['it was replaced by another of its name', () => { api.pods[0].metadata.uid = 'another'; }, 'it changed or was replaced since it was listed; the next run decides anew'],
    ['it was exempted', () => { api.pods[0].metadata.resourceVersion = '8'; }, 'it changed or was replaced since it was listed; the next run decides anew'],
    ['it is gone', () => { api.pods = []; }, 'it is gone'],
  ])('%s', async (_words, change, message) => {
    api.pods = [stale('ledger-0')];
    api.instead.push(request => {
      // After the list was answered from a copy, the pod changes.
      if (request.method !== 'GET') return undefined;
      const items = JSON.parse(JSON.stringify(api.pods));
      change();
      return { code: 200, body: { metadata: {}, items } };
    });
    const outcome = await cleanUp();
    expect(outcome.ok).toBe(true);
    expect(api.evicted).toEqual([]);
    expect(said(outcome)).toEqual(['info changed ledger-0']);
    expect(outcome.lines[0].message).toBe(`debugged since 2026-03-01T10:30:00Z, for 1 h 30 min, the limit is 1 h; not evicted, ${message}`);
    expect(outcome.summary).toMatchObject({ changed: 1, failed: 0 });
    expect(api.events).toEqual([]);
  });
});

describe('large namespaces are read page by page', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => pod(`web-${i}`, ...i % 50 === 49 ? [runningFor(90)] : []));

  it('each page once, in order, and all of them', async () => {
    api.pods = many(250);
    const outcome = await cleanUp();
    expect(api.sent('GET', '/pods').map(r => r.url)).toEqual(['', '&continue=100', '&continue=200'].map(next => `/api/v1/namespaces/payments/pods?limit=100${next}`));
    expect(outcome.summary).toMatchObject({ pods: 250, debugged: 5, evicted: 5 });
  });

  it('a continue token is escaped', async () => {
    when('GET', '/pods', count => count === 1 ? { code: 200, body: { metadata: { continue: 'a+b/c=&limit=9' }, items: [] } } : undefined);
    await cleanUp();
    expect(api.sent('GET', '/pods')[1].url).toBe('/api/v1/namespaces/payments/pods?limit=100&continue=a%2Bb%2Fc%3D%26limit%3D9');
  });

  it('begins anew when the list expired half-way (410), and takes no pod twice', async () => {
    api.pods = many(150);
    when('GET', 'continue=100', count => count === 1 ? refused(410, 'The provided continue parameter is too old') : undefined);
    const outcome = await cleanUp();
    expect(api.sent('GET', '/pods')).toHaveLength(4);
    expect(outcome.summary).toMatchObject({ pods: 150, debugged: 3, evicted: 3, failed: 0 });
  });

  it('gives up in clear words when it expires again and again', async () => {
    api.pods = many(150);
    when('GET', 'continue=100', () => refused(410, 'too old'));
    const outcome = await cleanUp();
    expect(outcome.ok).toBe(false);
    expect(api.sent('GET', 'continue=100')).toHaveLength(4);
    expect(outcome.lines.map(l => l.message)).toEqual(['the pods of payments could not be listed: the list kept expiring while it was read (too old)']);
    expect(api.evicted).toEqual([]);
  });
});

describe('what goes wrong is said in clear words, and the rest still happens', () => {
  it('a namespace without the right is named, and the next one is cleaned up', async () => {
    const inSearch = stale('index-0');
    inSearch.metadata.namespace = 'search';
    api.pods = [inSearch];
    api.denied.add('payments');
    const outcome = await cleanUp({ namespaces: ['payments', 'search'] });
    expect(outcome.ok).toBe(false);
    expect(said(outcome)).toEqual(['error failed payments', 'info evicted index-0']);
    expect(outcome.lines[0].message).toBe('the pods of payments could not be listed: not allowed in payments: is the namespace there, with the Role and RoleBinding of this clean-up? '
      + '(pods is forbidden: User "system:serviceaccount:secure-debug:debug-container-cleanup" cannot list resource "pods" in API group "" in the namespace "payments")');
    expect(outcome.summary).toMatchObject({ level: 'error', message: 'done, but something failed', failed: 1, evicted: 1 });
    expect(api.sent('GET', 'payments/pods')).toHaveLength(1);
  });

  it.each<[number, string, string]>([
    [401, 'Unauthorized', 'the API server does not accept the token of this ServiceAccount (Unauthorized)'],
    [404, 'not found', 'it does not exist (not found)'],
    [429, 'too many requests', 'the API server asks for fewer requests (too many requests)'],
    [500, 'etcd is down', 'the API server answered 500 (etcd is down)'],
    [422, 'invalid', 'the API server answered 422 (invalid)'],
  ])('a list refused with %d', async (code, message, words) => {
    when('GET', '/pods', () => refused(code, message));
    const outcome = await cleanUp();
    expect(outcome.ok).toBe(false);
    expect(outcome.lines.map(l => l.message)).toEqual([`the pods of payments could not be listed: ${words}`]);
  });

  it('an eviction that fails is a failure, with an Event', async () => {
    api.pods = [stale('ledger-0')];
    when('POST', '/eviction', () => refused(403, 'admission webhook "x" denied the request'));
    const outcome = await cleanUp();
    expect(outcome.ok).toBe(false);
    expect(outcome.lines[0]).toMatchObject({ level: 'error', outcome: 'failed', pod: 'ledger-0' });
    expect(outcome.lines[0].message).toMatch(/; not evicted: not allowed in payments: is the namespace there, with the Role and RoleBinding of this clean-up\? \(admission webhook "x" denied the request\)$/);
    expect(api.events.map(e => e.reason)).toEqual(['DebugContainerCleanupEvictFailed']);
  });

  it('an Event that cannot be written is a failure, but the eviction stands', async () => {
    api.pods = [stale('ledger-0')];
    when('POST', '/events', () => refused(403, 'events is forbidden'));
    const outcome = await cleanUp();
    expect([outcome.ok, api.evicted]).toEqual([false, ['payments/ledger-0']]);
    expect(said(outcome)).toEqual(['info evicted ledger-0', 'error failed ledger-0']);
    expect(outcome.lines[1].message).toBe('no Event could be written: not allowed in payments: is the namespace there, with the Role and RoleBinding of this clean-up? (events is forbidden)');
    expect(outcome.summary).toMatchObject({ evicted: 1, failed: 1 });
  });

  it('a mistake of the program itself is not taken for one of the API server', async () => {
    const broken = { get: async () => { throw new TypeError('x is not a function'); }, post: async () => ({}), close: () => undefined };
    expect((await cleanUp({}, broken)).lines[0].message).toBe('the pods of payments could not be listed: this program failed: x is not a function');
    const odd = { ...broken, get: async () => { throw 'odd'; } }; // eslint-disable-line @typescript-eslint/only-throw-error
    expect((await cleanUp({}, odd)).lines[0].message).toBe('the pods of payments could not be listed: this program failed: odd');
  });
});

describe('what passes by itself is tried again, a bounded number of times', () => {
  it.each<[string, Answer]>([
    ['500', refused(500, 'etcdserver: leader changed')],
    ['503', refused(503, 'shutting down')],
    ['429 of an overloaded API server', refused(429, 'too many requests')],
    ['a connection that breaks', { code: 0, breakOff: 'before' }],
    ['an answer that breaks off', { code: 200, breakOff: 'half-way' }],
  ])('%s', async (_words, answer) => {
    api.pods = [stale('ledger-0')];
    when('GET', '/pods', count => count < 3 ? answer : undefined);
    when('POST', '/eviction', count => count < 3 ? answer : undefined);
    when('POST', '/events', count => count < 3 ? answer : undefined);
    const outcome = await cleanUp();
    expect([outcome.ok, said(outcome)]).toEqual([true, ['info evicted ledger-0']]);
    expect([api.sent('GET', '/pods'), api.sent('POST', '/eviction'), api.sent('POST', '/events')].map(r => r.length)).toEqual([3, 3, 3]);
  });

  it('but not for ever', async () => {
    when('GET', '/pods', () => refused(500, 'down'));
    expect((await cleanUp()).ok).toBe(false);
    expect(api.sent('GET', '/pods')).toHaveLength(3);
  });

  it.each([400, 401, 403, 404, 409, 422])('%d does not pass by itself and is not tried again', async code => {
    when('GET', '/pods', () => refused(code, 'no'));
    await cleanUp();
    expect(api.sent('GET', '/pods')).toHaveLength(1);
  });

  it('waits longer each time, and as long as the API server asks, within a limit', async () => {
    const waits: number[] = [];
    const timer = jest.spyOn(global, 'setTimeout').mockImplementation(((go: () => void, ms?: number) => {
      waits.push(ms!);
      setImmediate(go);
      return 0;
    }) as any);
    try {
      const patient = connect({ timing: { timeoutMs: 2000, attempts: 5, pauseMs: 500, longestPauseMs: 10_000 } });
      const asked = ['', '3', '600', 'Wed, 21 Oct 2026 07:28:00 GMT'];
      when('GET', '/pods', count => count <= 4 ? { ...refused(503, 'busy'), ...asked[count - 1] && { headers: { 'retry-after': asked[count - 1] } } } : undefined);
      await cleanUp({}, patient);
      patient.close();
    } finally {
      timer.mockRestore();
    }
    expect(waits).toEqual([500, 3000, 10_000, 4000]);
  });

  it('a request without an answer ends after its time', async () => {
    const impatient = connect({ timing: { timeoutMs: 100, attempts: 2, pauseMs: 1, longestPauseMs: 1 } });
    when('GET', '/pods', () => ({ code: 0, hang: true }));
    const outcome = await cleanUp({}, impatient);
    impatient.close();
    expect(outcome.ok).toBe(false);
    expect(outcome.lines[0].message).toBe(
      `the pods of payments could not be listed: the API server cannot be reached: does the NetworkPolicy allow its address and port? (https://127.0.0.1:${port}: no answer within 0 s)`);
    // On a busy machine the time may be up before a request has arrived.
    expect(api.sent('GET', '/pods').length).toBeLessThanOrEqual(2);
  });

  it('an answer that does not end is cut off too', async () => {
    const impatient = connect({ timing: { timeoutMs: 1000, attempts: 1, pauseMs: 1, longestPauseMs: 1 } });
    api.instead.push(() => ({ code: 200, headers: { 'content-length': '1000' }, text: '{"items": [' }));
    const outcome = await cleanUp({}, impatient);
    impatient.close();
    expect(outcome.lines[0].message).toContain('no answer within 1 s');
  });
});

describe('whom it talks to', () => {
  it('an API server that nobody listens at', async () => {
    const free = new FakeApi(credentials);
    const closed = await free.listen();
    await free.close();
    const lost = connect({ port: closed });
    const outcome = await cleanUp({}, lost);
    expect(outcome.lines[0].message).toMatch(/^the pods of payments could not be listed: the API server cannot be reached: does the NetworkPolicy allow its address and port\? \(https:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED /);
  });

  it('a server with a certificate of another authority is not trusted, and never sees the token', async () => {
    const other = new Credentials();
    const impostor = new FakeApi(other);
    const misled = connect({ port: await impostor.listen() });
    const outcome = await cleanUp({}, misled);
    misled.close();
    await impostor.close();
    other.remove();
    expect(outcome.ok).toBe(false);
    expect(outcome.lines[0].message).toMatch(/certificate/);
    expect(impostor.received).toEqual([]);
  });

  it('a server whose certificate is for another name is not trusted', async () => {
    const misled = connect({ host: 'localhost' });
    const outcome = await cleanUp({}, misled);
    misled.close();
    expect(outcome.lines[0].message).toMatch(/https:\/\/localhost:\d+: Hostname\/IP does not match certificate's altnames/);
    expect(api.received).toEqual([]);
  });

  it.each([['::1'], ['[::1]']])('an IPv6 address, given as %s', async host => {
    const six = new FakeApi(credentials);
    let there: string;
    try {
      there = await six.listen('::1');
    } catch {
      return; // this machine has no IPv6
    }
    six.pods = [stale('ledger-0')];
    const v6 = connect({ host, port: there });
    const outcome = await cleanUp({}, v6);
    expect([outcome.ok, six.evicted]).toEqual([true, ['payments/ledger-0']]);
    expect(six.received[0].headers.host).toBe(`[::1]:${there}`);
    six.instead.push(() => ({ code: 0, breakOff: 'before' }));
    expect((await cleanUp({}, v6)).lines[0].message).toContain(`(https://[::1]:${there}: `);
    v6.close();
    await six.close();
  });

  it.each([['a page of a proxy', '<html>Welcome</html>', 200], ['nothing', '', 200], ['an error page', 'Bad Gateway', 502]])('what is no Kubernetes: %s', async (_words, text, code) => {
    api.instead.push(() => ({ code, text }));
    const outcome = await cleanUp();
    expect(outcome.ok).toBe(false);
    expect(outcome.lines[0].message).toBe(`the pods of payments could not be listed: the API server answered ${code} (answered ${code} with what is no Kubernetes status)`);
  });

  it('a redirect is not followed: the token would go elsewhere', async () => {
    api.instead.push(() => ({ code: 302, headers: { location: 'https://attacker.example/' }, text: '' }));
    expect((await cleanUp()).lines[0].message).toContain('the API server answered 302');
    expect(api.received).toHaveLength(1);
  });
});

describe('the token', () => {
  const rewrite = (text: string) => writeFileSync(join(credentials.directory, 'token'), text);
  afterEach(() => rewrite(`${TOKEN}\n`));

  it('is sent, and never logged, even if the server sends it back', async () => {
    api.pods = [stale('ledger-0')];
    when('POST', '/eviction', (_count, { headers }) => refused(403, `you sent ${headers.authorization}`));
    const outcome = await cleanUp();
    expect(api.received[0].headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(outcome.text).toContain('you sent Bearer [token]');
    expect(outcome.text + JSON.stringify(api.events)).not.toContain(TOKEN);
  });

  it('is read anew for each request, since the kubelet replaces it', async () => {
    api.instead.push(({ headers }) => {
      if (headers.authorization === 'Bearer second') return { code: 200, body: { items: [], metadata: {} } };
      rewrite('second');
      return refused(503, 'later');
    });
    expect((await cleanUp()).ok).toBe(true);
    expect(api.received.map(r => r.headers.authorization)).toEqual([`Bearer ${TOKEN}`, 'Bearer second']);
  });

  it('an empty one is not sent', async () => {
    rewrite('\n');
    expect((await cleanUp()).lines[0].message).toBe('the pods of payments could not be listed: this program failed: the token of the ServiceAccount is empty');
    expect(api.received).toEqual([]);
  });
});

describe('text of others cannot forge the log', () => {
  const hostile = 'x"}\n{"level":"info","message":"evicted"}\u2028\u2029\u202e\u001b[31m\u0085\ud83d\ude00';

  it('in an annotation', async () => {
    api.pods = [stale('a', exempted('2026-03-01T18:00:00Z', hostile)), stale('b', exempted(hostile, 'x')), stale('c', annotated({ [hostile]: hostile }))];
    const { text, lines } = await cleanUp();
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(text.trimEnd().split('\n')).toHaveLength(5);
    expect(lines[0].message).toContain(`reason ${String.raw`"x\"}\n{\"level\":\"info\",\"message\":\"evicted\"}\u2028\u2029\u202e\u001b[31m\u0085\ud83d\ude00"`}`);
  });

  it('in a pod name, should an API server ever accept one, and it cannot leave its path', async () => {
    const name = `../../../secrets/x?${hostile}`;
    api.pods = [stale(name)];
    when('POST', '/eviction', () => ({ code: 201, body: {} }));
    when('POST', '/events', () => ({ code: 201, body: {} }));
    const { text, lines } = await cleanUp();
    expect(lines[0].pod).toBe(name);
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(api.sent('POST', '/eviction')[0].url).toMatch(/^\/api\/v1\/namespaces\/payments\/pods\/\.\.%2F\.\.%2F\.\.%2Fsecrets%2Fx%3F[^/?]*\/eviction$/);
  });

  it('in a message of the API server, which is cut off', async () => {
    when('GET', '/pods', () => refused(422, hostile + 'y'.repeat(10_000)));
    const { text } = await cleanUp();
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(text.length).toBeLessThan(1500);
  });

  it('in what a budget says', async () => {
    api.pods = [stale('a')];
    api.held.set('a', hostile);
    const { text } = await cleanUp();
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(api.events[0].note).toMatch(/^[\x20-\x7e]*$/);
  });

  it('an Event stays within what the API server accepts', async () => {
    api.pods = [stale('a')];
    when('POST', '/eviction', () => refused(422, 'y'.repeat(10_000)));
    await cleanUp();
    expect(api.events[0].note.length).toBeLessThanOrEqual(1000);
  });
});

it('a time that only the clock of the run decides', async () => {
  api.pods = [pod('a', runningFor(0))];
  const log = script.createLog(() => undefined, () => 0);
  const later = new script.CleanupRun({ config: CONFIG, client, log, clock: () => NOW + 61 * 60_000, instance: 'x' });
  expect(await later.run()).toBe(true);
  expect(api.evicted).toEqual(['payments/a']);
  expect(ago(-61)).toBe('2026-03-01T13:01:00Z');
  expect(api.events[0].eventTime).toBe('2026-03-01T13:01:00.000000Z');
});
