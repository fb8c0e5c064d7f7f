import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Readable } from 'stream';
import { AuditPolicy, ControlPlane } from 'cdk8s-secure-debug';
// eslint-disable-next-line import/no-extraneous-dependencies -- of the workspace
import fc from 'fast-check';
import { HOSTILE } from './report-sessions';
import { Io } from '../src/io';
import { run } from '../src/program';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-')); });
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const policy = (rules: object[], more: object = {}, name = 'policy.yaml') => write(name, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules, ...more }));
const log = (events: object[], name = 'audit.log') => write(name, events.map(one => `${JSON.stringify(one)}\n`).join(''));

async function simulate(...args: string[]) {
  let stdout = '';
  let stderr = '';
  const io: Io = {
    stdout: { write: text => { stdout += text; } },
    stderr: { write: text => { stderr += text; } },
    stdin: Readable.from([]) as any,
    env: {},
    connect: () => { throw new Error('no cluster is asked'); },
    sleep: async () => undefined,
    unique: () => 'abc',
  };
  const code = await run(['audit', 'simulate', ...args], io);
  return { code, stdout, stderr: stderr.split(`${folder}/`).join('') };
}
const data = async (...args: string[]) => JSON.parse((await simulate(...args, '--json')).stdout);

const OWN = () => write('own.yaml', new AuditPolicy(new ControlPlane(), 'audit').toYaml());
/** Copied around a lot: reads are noise. */
const HIDING = [{ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'Metadata' }];

let ids = 0;
/** An event as the API server writes it. */
function event({ user = 'alice', groups = ['system:authenticated'], verb = 'get', resource = 'pods', subresource = '', group = '', name = 'ledger-0', stage = 'ResponseComplete', level = 'Metadata', at = '2026-03-01T10:00:00', id = `id-${ids++}`, body = undefined as unknown, response = undefined as unknown } = {}) {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID: id,
    stage,
    requestURI: `/${group ? `apis/${group}` : 'api'}/v1/namespaces/payments/${resource}/${name}${subresource ? `/${subresource}` : ''}`,
    verb,
    user: { username: user, groups },
    objectRef: { resource, namespace: 'payments', name, ...group && { apiGroup: group }, ...subresource && { subresource } },
    responseStatus: { code: 200 },
    stageTimestamp: `${at}.000000Z`,
    requestReceivedTimestamp: `${at}.000000Z`,
    ...body !== undefined && { requestObject: body },
    ...response !== undefined && { responseObject: response },
  };
}
const exec = (more: object = {}) => event({ verb: 'get', subresource: 'exec', ...more });

describe('a policy alone', () => {
  test('that of the library loses no debug request', async () => {
    expect(await simulate(OWN(), '--fail-on', 'lost', '--fail-on', 'weaker')).toMatchObject({ code: 0, stdout: expect.stringContaining('Every debug request is recorded, whoever sends it, in any namespace.') });
  });

  test('one that takes reads for noise hides exec by WebSocket, and fails a pipeline', async () => {
    const { code, stdout } = await simulate(policy(HIDING), '--fail-on', 'lost');
    expect(code).toBe(1);
    expect(stdout).toContain('hides get pods/exec of anyone: kubectl exec, kubectl cp (WebSocket)');
    expect(stdout).toContain('4 kinds of debug request would not be recorded.');
  });

  test('one that records no bodies is too little for debug containers, which loses none', async () => {
    const file = policy([{ level: 'Metadata' }]);
    expect((await simulate(file, '--fail-on', 'lost')).code).toBe(0);
    expect((await simulate(file, '--fail-on', 'weaker')).code).toBe(1);
  });

  test('what the API server takes otherwise than it looks is said', async () => {
    expect((await simulate(policy([{ level: 'Metadata', verbs: ['exec'] }]))).stdout).toContain('remark: rules[0].verbs[0] = "exec" is no verb of an audit event, so it matches nothing');
  });
});

describe('a hypothetical request', () => {
  test('which rule, which level, for whom', async () => {
    const file = policy([{ level: 'None', userGroups: ['oncall'], resources: [{ group: '', resources: ['pods/exec'] }] }, { level: 'Request', namespaces: ['payments'] }, { level: 'Metadata' }]);
    const of = async (...args: string[]) => (await data(file, ...args)).policy.requests;
    expect(await of('--request', 'create pods/exec ledger-0', '--as', 'alice', '--as-group', 'oncall')).toEqual([{ request: 'create pods/exec ledger-0', level: 'None', rule: 0, omitStages: [], lost: 'lost', needed: 'Metadata' }]);
    expect(await of('--request', 'create pods/exec ledger-0', '-n', 'payments')).toMatchObject([{ level: 'Request', rule: 1 }]);
    expect(await of('--request', 'patch deployments.apps/scale web', '--request', 'get /healthz')).toMatchObject([{ level: 'Metadata', rule: 2 }, { request: 'get /healthz', level: 'Metadata', rule: 2 }]);
  });

  test('a capability is all of its requests, by every client', async () => {
    const { policy: { requests } } = await data(policy(HIDING), '--request', 'exec');
    expect(requests).toMatchObject([{ request: 'get pods/exec some-pod', level: 'None', lost: 'lost' }, { request: 'create pods/exec some-pod', level: 'Metadata' }]);
  });

  test('of a creation the API server knows no name', async () => {
    const named = policy([{ level: 'None', resources: [{ group: '', resources: ['pods'], resourceNames: ['some-pod'] }] }, { level: 'Metadata' }]);
    expect((await data(named, '--request', 'pod-copy')).policy.requests).toMatchObject([{ request: 'create pods', level: 'Metadata' }]);
  });

  test.each(['', 'create', 'create pods a b', 'CREATE pods', 'get /healthz x', 'get pods/exec/x', 'get ../x'])('%j is none, and that is said', async text => {
    expect(await simulate(OWN(), '--request', text)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^error: --request ".*(is no request|names).* Fix: write VERB RESOURCE/) });
  });
});

describe('a log', () => {
  test('each rule, with events and bytes; of the same policy exactly those that there are', async () => {
    const events = [exec(), exec(), event({ verb: 'list' }), event({ verb: 'create', resource: 'rolebindings', group: 'rbac.authorization.k8s.io', level: 'Request', body: { a: 'ü<&' } })];
    const file = log(events);
    const { policy: { log: found }, events: read } = await data(OWN(), file);
    expect(read).toBe(4);
    const bytes = Buffer.byteLength(events.map(one => `${JSON.stringify(one)}\n`).join(''));
    expect(found.volumes.reduce((sum: number, one: any) => sum + one.bytes, 0)).toBe(bytes);
    expect(found.volumes).toMatchObject([{ level: 'None', events: 0 }, { level: 'Metadata', events: 3 }, { level: 'Request', events: 1 }, { events: 0 }]);
    expect(found.rules.reduce((sum: number, one: any) => sum + one.events, 0)).toBe(4);
  });

  test('debug requests that would be lost: whose, how many requests, by which rule; several events are one request', async () => {
    const events = [
      ...['ResponseStarted', 'ResponseComplete'].map(stage => exec({ id: 'one', stage })),
      exec({ user: 'bob' }),
      exec({ verb: 'create', user: 'carol' }),
      event({ verb: 'patch', subresource: 'ephemeralcontainers', level: 'Request', body: {} }),
      exec({ user: 'system:serviceaccount:kube-system:prober' }),
      event({ user: 'dave' }),
    ];
    const { policy: { log: { lost, weaker } } } = await data(policy(HIDING), log(events));
    expect(lost).toEqual([{ capability: 'exec', request: 'get pods/exec', rule: 0, level: 'None', needed: 'Metadata', requests: 2, people: ['alice', 'bob'] }]);
    expect(weaker).toMatchObject([{ capability: 'ephemeral-containers', request: 'patch pods/ephemeralcontainers', level: 'Metadata', needed: 'Request', requests: 1 }]);
  });

  test('without the outcome a request is lost, however high the level', async () => {
    const { policy: { log: { lost } } } = await data(policy([{ level: 'RequestResponse', omitStages: ['ResponseComplete'] }]), log([exec()]));
    expect(lost).toMatchObject([{ request: 'get pods/exec', requests: 1 }]);
  });

  test('a body that would not be recorded is taken off; one that the log has not is not made up', async () => {
    const body = { metadata: { name: 'x', managedFields: [{ manager: 'kubectl' }] }, data: 'x'.repeat(1_000) };
    const whole = event({ verb: 'create', level: 'RequestResponse', body, response: body });
    const volume = async (rules: object[], more: object = {}, events: object[] = [whole]) => {
      const { policy: { log: found } } = await data(policy(rules, more), log(events));
      return { bytes: found.volumes.reduce((sum: number, one: any) => sum + one.bytes, 0), unknown: found.unknownBodies };
    };
    const size = (of: object) => Buffer.byteLength(JSON.stringify(of)) + 1;
    const { responseObject, ...request } = whole;
    const { requestObject, ...metadata } = request as any;
    expect(await volume([{ level: 'RequestResponse' }])).toEqual({ bytes: size(whole), unknown: 0 });
    // The name of a field is one letter longer than the other's.
    expect(Math.abs((await volume([{ level: 'Request' }])).bytes - size(request))).toBeLessThan(3);
    expect(Math.abs((await volume([{ level: 'Metadata' }])).bytes - size(metadata))).toBeLessThan(5);
    expect((await volume([{ level: 'RequestResponse' }], { omitManagedFields: true })).bytes).toBeLessThan(size(whole) - 40);
    expect(await volume([{ level: 'RequestResponse' }], {}, [event({ verb: 'create', stage: 'RequestReceived' }), event({ verb: 'create' })])).toMatchObject({ unknown: 1 });
  });

  test('stages that it would record and the log has none of are named', async () => {
    const { stdout } = await simulate(policy([{ level: 'Metadata' }]), log([exec()]));
    expect(stdout).toContain('The policy records the stage RequestReceived and ResponseStarted, of which this log has no event');
  });

  test('a day takes so much as the log had, and of minutes nothing is said', async () => {
    const at = (time: string) => event({ at: time });
    const two = await simulate(policy([{ level: 'Metadata' }]), log([at('2026-03-01T00:00:00'), at('2026-03-03T00:00:00')]));
    const one = JSON.stringify(event()).length + 1;
    expect(two.stdout).toMatch(new RegExp(`recorded +2 +${2 * one} B +${one} B`));
    expect((await simulate(policy([{ level: 'Metadata' }]), log([at('2026-03-01T00:00:00'), at('2026-03-01T00:20:00')]))).stdout).toMatch(/recorded +2 +\d+ B +-/);
  });

  test('what is damaged is named, and fails if that is wanted', async () => {
    const file = write('audit.log', `${JSON.stringify(exec())}\nnothing\n`);
    expect(await simulate(OWN(), file)).toMatchObject({ code: 0, stderr: 'not read: audit.log:2: no JSON\n' });
    expect((await simulate(OWN(), file, '--fail-on', 'damaged')).code).toBe(1);
  });
});

describe('against another policy', () => {
  const old = () => policy([{ level: 'Metadata' }], {}, 'old.yaml');

  test('only what is worse than before fails', async () => {
    // Neither has the bodies of debug containers.
    expect((await simulate('--compare', old(), policy(HIDING), '--fail-on', 'lost')).code).toBe(1);
    expect((await simulate('--compare', old(), policy(HIDING), '--fail-on', 'weaker')).code).toBe(0);
    expect((await simulate('--compare', policy(HIDING), old(), '--fail-on', 'lost', '--fail-on', 'weaker')).code).toBe(0);
    expect((await simulate('--compare', OWN(), old(), '--fail-on', 'weaker')).code).toBe(1);
  });

  test('a log without debug requests does not hide what the new policy would lose', async () => {
    expect((await simulate('--compare', old(), policy(HIDING), log([event()]), '--fail-on', 'lost')).code).toBe(1);
  });

  test('what moves: by request and rule, with events and bytes', async () => {
    const { moved } = await data('--compare', old(), policy(HIDING), log([event(), event(), event({ verb: 'delete' })]));
    expect(moved).toEqual([{ request: 'get pods', from: 'Metadata', to: 'None', fromRule: 0, toRule: 0, events: 2, bytes: expect.any(Number) }]);
    expect(moved[0].bytes).toBeLessThan(-500);
  });

  test('text for the pull request', async () => {
    const { stdout } = await simulate('--compare', old(), policy(HIDING), log([exec()]), '--markdown', '--request', 'exec');
    expect(stdout).toContain('**4 kinds of debug request would not be recorded, and would have been:**');
    expect(stdout).toContain('| `get pods/exec` | Metadata #1 | None #1 | 1 | -');
    expect(stdout).toContain('| `get pods/exec some-pod` | Metadata | **None** | #1 `verbs get/list/watch` |');
  });
});

test('hostile text of a log and a policy is text in every form', async () => {
  const rules = [{ level: 'None', users: HOSTILE, verbs: HOSTILE.filter(Boolean), namespaces: HOSTILE }, { level: 'None' }];
  const file = policy(rules);
  const events = HOSTILE.map(text => ({ ...exec({ user: text }), objectRef: { resource: 'pods', subresource: 'exec', name: text, namespace: text }, sourceIPs: [text], userAgent: text }));
  const more = HOSTILE.map(text => ({ ...event({ verb: text, group: text, resource: text, subresource: text }), requestURI: text }));
  for (const form of [[], ['--json'], ['--markdown']]) {
    const { stdout } = await simulate('--compare', policy([{ level: 'Metadata' }], {}, 'old.yaml'), file, log([...events, ...more]), ...form);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u);
    if (form[0] === '--markdown') expect(stdout.replace(/<code>[^<>]*<\/code>|`[^`\n]*`/g, '')).not.toMatch(/[[\]@`~]|https?:|window|<(?!br>)/);
  }
});

test.each([
  [['nowhere.yaml'], 'nowhere.yaml cannot be read (ENOENT). Fix: name the file'],
  [['POLICY', '--json', '--markdown'], '--json and --markdown contradict each other.'],
  [['POLICY', '--as', 'alice'], '--as, --as-group and -n say who sends a --request, and there is none.'],
  [['POLICY', '--request', 'exec', '-n', 'Payments'], '-n Payments is no namespace\'s name.'],
  [['POLICY', '--fail-on', 'everything'], '--fail-on everything is unknown. Fix: choose from lost, weaker, damaged.'],
  [['POLICY', '/nonexistent.log'], '/nonexistent.log cannot be read: ENOENT.'],
  [['BROKEN'], 'is no audit policy that kube-apiserver takes: '],
  [[], 'missing required argument'],
])('%j is wrong use, in one sentence', async (args, message) => {
  const files: { [name: string]: () => string } = { POLICY: OWN, BROKEN: () => write('broken.yaml', 'kind: Policy\nrules: [') };
  const { code, stdout, stderr } = await simulate(...args.map(one => files[one]?.() ?? one));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/\n {4}at /);
});

test('whatever the policy: replayed event by event, every event is counted once, at the level that its rule says', async () => {
  const rule = fc.record({
    level: fc.constantFrom('None', 'Metadata', 'Request', 'RequestResponse'),
    verbs: fc.option(fc.subarray(['get', 'create', 'patch', 'list'], { minLength: 1 }), { nil: undefined }),
    users: fc.option(fc.subarray(['alice', 'bob'], { minLength: 1 }), { nil: undefined }),
    omitStages: fc.option(fc.subarray(['RequestReceived', 'ResponseStarted', 'ResponseComplete']), { nil: undefined }),
  });
  const one = fc.record({ user: fc.constantFrom('alice', 'bob', 'carol'), verb: fc.constantFrom('get', 'create', 'patch', 'list'), stage: fc.constantFrom('RequestReceived', 'ResponseComplete') });
  await fc.assert(fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 4 }), fc.array(one, { maxLength: 12 }), async (rules, events) => {
    const clean = rules.map(of => Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)));
    const { policy: { log: found } } = await data(policy(clean), log(events.map(of => event(of))));
    // First match by hand.
    const expected: { [level: string]: number } = { None: 0, Metadata: 0, Request: 0, RequestResponse: 0 };
    for (const { user, verb, stage } of events) {
      const first = rules.find(of => (!of.verbs || of.verbs.includes(verb)) && (!of.users || of.users.includes(user)));
      expected[first && !first.omitStages?.includes(stage) ? first.level : 'None']++;
    }
    expect(Object.fromEntries(found.volumes.map(({ level, events: many }: any) => [level, many]))).toEqual(expected);
  }), { numRuns: 40 });
});
