import { execFileSync } from 'child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Readable } from 'stream';
import { setFlagsFromString } from 'v8';
import { runInNewContext } from 'vm';
import { gzipSync } from 'zlib';
import { Io } from '../src/io';
import { run } from '../src/program';

const P = 'secure-debug.internal/';
const FAILURE = 'validation.policy.admission.k8s.io/validation_failure';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-')); });
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a log, and names it. */
function log(events: (object | string)[], name = 'audit.log', pack = (text: string): string | Buffer => text): string {
  const file = join(folder, name);
  writeFileSync(file, pack(events.map(one => typeof one === 'string' ? one : JSON.stringify(one)).join('\n') + '\n'));
  return file;
}

async function drift(args: string[], more: { stdin?: string | Buffer; tty?: boolean } = {}) {
  let stdout = '';
  let stderr = '';
  const io: Io = {
    stdout: { write: text => { stdout += text; }, isTTY: more.tty },
    stderr: { write: text => { stderr += text; } },
    stdin: more.stdin === undefined ? undefined : Readable.from([Buffer.from(more.stdin)]) as any,
    env: {},
    connect: () => { throw new Error('no cluster is asked'); },
    sleep: async () => undefined,
    unique: () => 'abc',
  };
  const code = await run(['drift', ...args], io);
  return { code, stdout, stderr: stderr.split(`${folder}/`).join('') };
}
const data = async (file: string, ...args: string[]) => JSON.parse((await drift([file, '--json', ...args])).stdout);

interface Options {
  readonly user?: string;
  readonly groups?: string[];
  readonly at?: string;
  readonly verb?: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly stamp?: string;
  readonly reason?: string;
  readonly failure?: unknown;
  readonly code?: number;
  readonly body?: unknown;
  readonly more?: object;
}

const GLASS = (user = 'alice', binding = `break-glass:${user}`) => `RBAC: allowed by RoleBinding ${JSON.stringify(`${binding}/payments`)} of Role "break-glass" to User ${JSON.stringify(user)}`;
let events = 0;

/** A change of `deployments.apps web` past Git, in an emergency. */
function change({ user = 'alice', groups = [], at = '10:10:00', verb = 'patch', subresource, name = 'web', namespace = 'payments', stamp, reason = GLASS(user), failure, code = 200, body, more }: Options = {}): object {
  const kind = subresource ? `deployments/${subresource}` : 'deployments';
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: `id-${events++}`,
    stage: 'ResponseComplete',
    verb,
    user: { username: user, groups },
    requestURI: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    objectRef: { resource: 'deployments', apiGroup: 'apps', namespace, name, subresource },
    responseStatus: { code },
    requestReceivedTimestamp: `2026-03-01T${at}.000001Z`,
    stageTimestamp: `2026-03-01T${at}.000002Z`,
    annotations: {
      'authorization.k8s.io/reason': reason,
      'secure-debug-gitops/past-git': stamp ?? `UPDATE ${kind} ${name} in ${namespace} by ${user}`,
      ...failure !== undefined && { [FAILURE]: typeof failure === 'string' ? failure : JSON.stringify(failure) },
    },
    ...body !== undefined && { requestObject: body },
    ...more,
  };
}

const failed = (action: string, policy = 'secure-debug-gitops') => [{ message: 'x', policy, binding: policy, expressionIndex: 0, validationActions: [action, 'Audit'] }];

/** A request for break-glass, as it is created. */
function request({ user = 'alice', at = '10:00:00', until = '2026-03-01T11:00:00Z', ticket = 'INC-42', why = 'orders hang', role = 'break-glass', uri = '', level = 'Request', granted = true } = {}): object {
  const name = `${role}:${user}`;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID: `id-${events++}`,
    stage: 'ResponseComplete',
    verb: 'create',
    user: { username: user },
    requestURI: `/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings${uri}`,
    objectRef: { resource: 'rolebindings', apiGroup: 'rbac.authorization.k8s.io', namespace: 'payments', name },
    responseStatus: { code: 201 },
    requestReceivedTimestamp: `2026-03-01T${at}.000000Z`,
    stageTimestamp: `2026-03-01T${at}.000000Z`,
    annotations: {},
    ...level !== 'Metadata' && {
      requestObject: {
        metadata: { name, labels: { [`${P}request-for`]: role }, annotations: { [`${P}requested-by`]: user, [`${P}request-reason`]: why, [`${P}ticket`]: ticket, [`${P}expires-at`]: until } },
        roleRef: { kind: 'Role', name: role },
        ...granted && { subjects: [{ kind: 'User', name: user }] },
      },
    },
  };
}

const patchOfRequest = (body: unknown, at = '10:05:00', name = 'break-glass:alice') => ({
  ...request({ at }) as any,
  verb: 'patch',
  responseStatus: { code: 200 },
  requestObject: body,
  objectRef: { resource: 'rolebindings', apiGroup: 'rbac.authorization.k8s.io', namespace: 'payments', name },
});

describe('what is a change past Git', () => {
  test('an emergency: by whom, what, when, how often, with ticket, reason and grant', async () => {
    const found = await data(log([request(), change(), change({ verb: 'update', subresource: 'scale', at: '10:12:00' }), change({ at: '10:11:00' })]));
    expect(found).toEqual({
      drifted: [{
        namespace: 'payments',
        resource: 'deployments.apps',
        name: 'web',
        by: 'alice',
        done: { patch: 2, scale: 1 },
        times: 3,
        first: '2026-03-01T10:10:00.000002Z',
        last: '2026-03-01T10:12:00.000002Z',
        lastDone: 'scale',
        collection: false,
        fields: [],
        grant: 'break-glass:alice/payments',
        grantFrom: 'authorizer',
        ticket: 'INC-42',
        reason: 'orders hang',
        until: '2026-03-01T11:00:00Z',
        approvals: [],
        lacks: '',
      }],
      undeclared: [],
      read: { logs: 1, events: 4, damagedLines: 0, damaged: [] },
    });
  });

  test.each<[string, object]>([
    ['refused', change({ code: 403, failure: failed('Deny') })],
    ['answered with another failure', change({ code: 409 })],
    ['of another stage', { ...change(), stage: 'RequestReceived' }],
    ['tried without effect', change({ stamp: 'UPDATE deployments web in payments by alice (dry run)' })],
    ['not stamped', { ...change(), annotations: {} }],
  ])('one that was %s is none', async (_, event) => {
    expect(await data(log([event]))).toMatchObject({ drifted: [], undeclared: [] });
  });

  test('somebody whose name ends in (dry run) hides nothing', async () => {
    expect((await data(log([change({ user: 'alice (dry run)' })]))).drifted).toMatchObject([{ by: 'alice (dry run)' }]);
  });

  test('an auditID that was used before hides nothing; the same line in two logs counts once', async () => {
    const [first, second] = [change({ more: { auditID: 'mine' } }), change({ at: '10:20:00', name: 'ledger', more: { auditID: 'mine' } })];
    const one = log([first, second]);
    const { stdout } = await drift([one, log([second, change({ at: '10:30:00', name: 'ledger' })], 'older.log'), '--json']);
    expect(JSON.parse(stdout).drifted).toMatchObject([{ name: 'web', times: 1 }, { name: 'ledger', times: 2 }]);
  });

  test.each<[string, Options]>([
    ['the guardrail only watched', { failure: failed('Warn') }],
    ['the failure cannot be read', { failure: '{' }],
    ['the failure is no list', { failure: { policy: 'other' } }],
    ['so many other failures that this one may be left out', { failure: Array.from({ length: 50 }, () => failed('Audit', 'mine')[0]) }],
    ['the guardrail said nothing of system:masters', { groups: ['system:masters'], reason: '' }],
  ])('undeclared: %s', async (_, options) => {
    const file = log([request(), change({ reason: 'RBAC: allowed by RoleBinding "editors/payments" of ClusterRole "edit" to Group "x"', ...options })]);
    const found = await data(file);
    expect(found).toMatchObject({ drifted: [], undeclared: [{ name: 'web', by: 'alice', ticket: '', reason: '', approvals: [] }] });
    expect((await drift([file])).code).toBe(0);
    expect(await drift([file, '--fail-on', 'undeclared'])).toMatchObject({ code: 1, stdout: expect.stringMatching(/UNDECLARED: changed past Git without an emergency\n.*\n.*deployments\.apps\/web +patch +alice/) });
  });

  test('a failure of another policy is not one of this', async () => {
    expect(await data(log([change({ failure: failed('Audit', 'pod-security') })]))).toMatchObject({ drifted: [{ name: 'web' }], undeclared: [] });
  });

  test('who acted as somebody is named', async () => {
    expect((await data(log([change({ user: 'bob', stamp: 'UPDATE deployments web in payments by alice', more: { impersonatedUser: { username: 'alice' } } })]))).drifted)
      .toMatchObject([{ by: 'alice', actedBy: 'bob' }]);
  });

  test('a name that the request did not have is in the stamp; of many, the log names the first', async () => {
    const file = log([change({ verb: 'deletecollection', name: '', stamp: 'DELETE deployments web in payments by alice' }), change({ verb: 'create', name: 'new', stamp: 'CREATE deployments new in payments by alice', at: '10:20:00' })]);
    expect((await data(file)).drifted).toMatchObject([{ name: 'web', done: { delete: 1 }, collection: true }, { name: 'new', done: { create: 1 } }]);
    expect((await drift([file])).stdout).toContain('look for others');
  });
});

describe('the grant', () => {
  const twice = [request(), request({ at: '12:00:00', until: '2026-03-01T13:00:00Z', ticket: 'INC-77', why: 'again' })];

  test('of two by one name, the one that was open then', async () => {
    const found = await data(log([change({ at: '12:30:00' }), ...twice.reverse(), change()]));
    expect(found.drifted).toMatchObject([{ ticket: 'INC-42', last: '2026-03-01T10:10:00.000002Z' }, { ticket: 'INC-77', reason: 'again' }]);
  });

  test.each<[string, object[], string]>([
    ['before it was created', [request({ at: '10:30:00' })], 'grant not in these logs'],
    ['long after its end', [request({ at: '08:00:00', until: '2026-03-01T09:00:00Z' })], 'grant not in these logs'],
    ['a try without effect', [request({ uri: '?dryRun=All' })], 'grant not in these logs'],
    ['refused', [{ ...request(), responseStatus: { code: 403 } }], 'grant not in these logs'],
    ['at Metadata', [request({ level: 'Metadata' })], 'the grant\'s event has no body in these logs'],
  ])('%s it explains nothing', async (_, grants, lacks) => {
    const file = log([...grants, change()]);
    expect((await data(file)).drifted).toMatchObject([{ grant: 'break-glass:alice/payments', ticket: '', reason: '', lacks }]);
    expect((await drift([file, '--fail-on', 'no-grant'])).code).toBe(1);
    expect((await drift([file])).stdout).toContain(lacks);
  });

  test.each<[string, unknown]>([
    ['a merge patch', { metadata: { annotations: { [`${P}approvals`]: 'bob as leads\ncarol as security' } }, subjects: [{ kind: 'User', name: 'alice' }] }],
    ['a JSON patch', [{ op: 'add', path: `/metadata/annotations/${P.replace('/', '~1')}approvals`, value: 'bob as leads\ncarol as security' }]],
  ])('approvals come from %s', async (_, body) => {
    const file = log([request({ granted: false }), patchOfRequest(body), change()]);
    expect((await data(file)).drifted[0].approvals).toEqual([{ user: 'bob', group: 'leads' }, { user: 'carol', group: 'security' }]);
    expect((await drift([file, '--markdown'])).stdout).toContain('approved by `bob as leads`, `carol as security`');
  });

  const EDITOR = 'RBAC: allowed by RoleBinding "editors/payments" of ClusterRole "edit" to Group "leads"';
  test('where RBAC names another right, it is the emergency of who did it, and that is said', async () => {
    const file = log([request(), request({ user: 'bob', ticket: 'INC-1' }), change({ reason: EDITOR })]);
    expect((await data(file)).drifted).toMatchObject([{ grant: 'break-glass:alice/payments', grantFrom: 'person', ticket: 'INC-42' }]);
    expect((await drift([file, '--markdown'])).stdout).toContain('(open then; RBAC named another right)');
  });

  test('two emergencies of a person are both named; one that was withdrawn, or one for debugging, is none', async () => {
    const closed = patchOfRequest({ metadata: { annotations: { [`${P}closed`]: 'withdrawn', [`${P}closed-by`]: 'alice' } }, subjects: null });
    const other = request({ role: 'break-glass-db', ticket: 'INC-43' });
    expect((await data(log([request(), other, change({ reason: EDITOR })]))).drifted).toMatchObject([{ ticket: 'INC-42, INC-43', grant: 'break-glass:alice/payments, break-glass-db:alice/payments' }]);
    expect((await data(log([request(), closed, other, request({ role: 'debug-grant', ticket: 'INC-9' }), change({ reason: EDITOR })]))).drifted).toMatchObject([{ ticket: 'INC-43' }]);
  });

  test('other RoleBindings are no grants', async () => {
    const other: any = request();
    delete other.requestObject.metadata.labels;
    expect((await data(log([other, change()]))).drifted).toMatchObject([{ lacks: 'grant not in these logs' }]);
  });
});

describe('what is wanted', () => {
  const all = () => log([request(), change(), change({ at: '10:20:00', name: 'ledger', namespace: 'billing', reason: '' }), change({ at: '10:30:00', name: 'late', failure: failed('Audit') })]);

  test.each<[string[], string[]]>([
    [['--since', '2026-03-01T10:20:00Z'], ['ledger', 'late']],
    [['--since', '2026-03-01T11:20:00+01:00'], ['ledger', 'late']],
    [['-n', 'payments'], ['web', 'late']],
    [['--ticket', 'INC-42'], ['web']],
    [['--ticket', 'INC'], []],
  ])('%j', async (args, names) => {
    const { drifted, undeclared } = await data(all(), ...args);
    expect([...drifted, ...undeclared].map(({ name }: any) => name)).toEqual(names);
  });

  test('--ticket says that there is more', async () => {
    expect((await drift([all(), '--ticket', 'INC-42'])).stdout).toContain('2 more of other tickets, or of none');
    expect((await drift([all(), '--ticket', 'INC-1'])).stdout).toMatch(/^Nothing was changed past Git for INC-1, by 4 events\.\n3 more/);
  });

  test.each<[string[], RegExp]>([
    [['--since', 'yesterday'], /--since yesterday is no time/],
    [['--since', '2026-03-01'], /is no time/],
    [['--since', '2026-13-01T00:00:00Z'], /is no time/],
    [['-n', 'a b'], /is no namespace/],
    [['--fail-on', 'anything'], /--fail-on anything is unknown\. Fix: choose from undeclared, no-grant, damaged/],
    [['--json', '--markdown'], /contradict/],
    [['--ticket', 'INC-1', '--fail-on', 'undeclared'], /would never fail/],
    [['-', '-'], /given twice/],
    [['no-such-file'], /no-such-file cannot be read: ENOENT/],
  ])('%j is wrong use', async (args, message) => {
    expect(await drift([all(), ...args], { stdin: '' })).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  test('a folder, or nothing at all, is wrong use', async () => {
    expect(await drift([folder])).toMatchObject({ code: 2, stderr: expect.stringMatching(/EISDIR/) });
    expect(await drift([])).toMatchObject({ code: 2, stderr: expect.stringMatching(/No audit log is given/) });
  });

  test('standard input, by - or by nothing, and gzip by its first bytes', async () => {
    const text = `${JSON.stringify(change())}\n`;
    for (const args of [['-'], []]) {
      expect((await drift(args, { stdin: text })).stdout).toContain('deployments.apps/web');
      expect((await drift(args, { stdin: gzipSync(text) })).stdout).toContain('deployments.apps/web');
    }
    expect((await drift([log([change()], 'any-name', gzipSync)])).stdout).toContain('deployments.apps/web');
  });
});

describe('damage', () => {
  test('is told by file and line, counted, and takes nothing else away', async () => {
    const file = log(['{"kind":"Event"', 'x', '', change(), '[]', 'null', '{"kind":"Event","apiVersion":"audit.k8s.io/v1beta1"}', change({ name: 'ledger' })]);
    const { code, stdout, stderr } = await drift([file]);
    expect(code).toBe(0);
    expect(stderr).toBe('not read: audit.log:1-2: no JSON\nnot read: audit.log:5-7: no event of audit.k8s.io/v1\n5 lines could not be read, so something may be missing.\n');
    expect(stdout).toMatch(/web[^]*ledger/);
    expect((await drift([file, '--fail-on', 'damaged'])).code).toBe(1);
    expect((await data(file)).read).toMatchObject({ events: 2, damagedLines: 5 });
    expect((await drift([file, '--markdown'])).stdout).toContain('## Not read');
  });

  test('what is cut off is told, and what came before is read', async () => {
    const many = Array.from({ length: 2_000 }, (_, i) => change({ name: `web-${i}-${Math.sin(i)}` }));
    const file = log(many, 'audit.log.gz', text => gzipSync(text).subarray(0, 20_000));
    const { code, stderr, stdout } = await drift([file, '--fail-on', 'damaged', '--json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^not read: audit\.log\.gz:\d+: cut off \(unexpected end of file\); nothing was read from there on\n$/);
    expect(JSON.parse(stdout).drifted.length).toBeGreaterThan(10);
    expect(await drift([log([], 'bad.gz', () => Buffer.from([0x1f, 0x8b, 1, 2, 3]))])).toMatchObject({ code: 0, stderr: expect.stringMatching(/bad\.gz:1: cut off/) });
  });

  test('many places are counted, not all of them told', async () => {
    const { stderr } = await drift([log(Array.from({ length: 100 }, (_, i) => i % 2 ? 'x' : request()))]);
    expect(stderr.split('\n')).toHaveLength(20 + 3);
    expect(stderr).toMatch(/audit\.log: 30 more lines\n50 lines could not be read/);
  });

  test.each<[string, unknown]>([
    ['fields of other types', { ...change(), user: 7, objectRef: 'x', responseStatus: { code: 200 }, annotations: { 'a/past-git': 'x' } }],
    ['no time', { ...change(), stageTimestamp: 'x', requestReceivedTimestamp: undefined }],
  ])('a change with %s is told as damaged', async (_, event) => {
    expect((await data(log([event as object]))).read).toMatchObject({ events: 1, damagedLines: 1, damaged: [expect.stringMatching(/audit\.log:1: a change past Git without time or object/)] });
  });

  test.each<unknown>([
    { ...change(), annotations: null }, { ...change(), annotations: { 'a/past-git': 7 } }, { ...request() as any, requestObject: 'x' }, { ...request() as any, requestObject: { metadata: 7 } },
    { ...request() as any, requestObject: [null, 7, { op: 'add', path: 7 }] }, { ...request() as any, requestURI: 7, objectRef: { resource: 'rolebindings' } },
    { kind: 'Event', apiVersion: 'audit.k8s.io/v1' }, JSON.parse('{"kind":"Event","apiVersion":"audit.k8s.io/v1","__proto__":{"stage":1}}'),
  ])('odd events do no harm: %j', async event => {
    expect((await drift([log([event as object, change()])])).code).toBe(0);
  });
});

describe('what is printed', () => {
  const hostile = { ticket: 'INC-1', why: '\u001b[2J</code><script>x</script> | **b** @team `c`\n- [x] done \u202e' };

  test('others\' text is shown to a terminal, not obeyed', async () => {
    const { stdout } = await drift([log([request(hostile), change({ name: 'web\u001b[31m' })])]);
    expect(stdout).not.toMatch(/\u001b|\u202e|\n- \[x\]/);
    expect(stdout).toContain('web\\u001b[31m');
    expect(stdout).toContain('\\u001b[2J');
    expect((await drift([log([request(hostile), change()]), '--json'])).stdout).not.toMatch(/[\u001b\u202e]/);
    expect((await drift([log(['x'], 'bad\u001b.log')])).stderr).not.toContain('\u001b');
  });

  test('and to Markdown it is text', async () => {
    const { stdout } = await drift([log([request(hostile), change({ user: 'alice', name: 'a`b|<i>' }), change({ user: '@team/all</code>', reason: '' })]), '--markdown']);
    // Within the fences is one line each, which begins with kubectl.
    const text = stdout.replace(/^ {2}```sh\n {2}kubectl .*\n {2}```$/gm, '');
    expect(text).not.toContain('kubectl');
    expect(text).not.toMatch(/<script|<i>|\*\*b\*\*|@team[^`]*<|\n- \[x\]|\u202e/);
    expect(stdout).toContain('<code>&#92;u001b&#91;2J&#60;&#47;code&#62;');
  });

  test('Markdown: a checklist by namespace, the latest last, with the command that shows the object', async () => {
    const { stdout } = await drift([log([
      request(), change({ body: { spec: { replicas: 3 } } }), change({ at: '10:40:00', verb: 'delete', stamp: 'DELETE deployments web in payments by alice' }),
      change({ at: '10:20:00', name: 'ledger' }), change({ at: '10:50:00', name: 'b', namespace: 'billing', user: 'bob', failure: failed('Audit'), reason: '' }),
    ]), '--markdown']);
    expect(stdout).toBe(`## Changed past Git

In an emergency that was declared. For each object: bring the change into Git, or take it back.

### \`payments\`

- [ ] \`deployments.apps\` \`ledger\`
  - patch by \`alice\`, \`2026-03-01T10:20:00.000002Z\`
    - ticket \`INC-42\`; reason \`orders hang\`; grant \`break-glass:alice/payments\` until \`2026-03-01T11:00:00Z\`

  \`\`\`sh
  kubectl get -n payments -o yaml deployments.apps/ledger
  \`\`\`

- [ ] \`deployments.apps\` \`web\`, **deleted**
  - patch, delete by \`alice\`, \`2026-03-01T10:10:00.000002Z\` to \`2026-03-01T10:40:00.000002Z\`
    - ticket \`INC-42\`; reason \`orders hang\`; grant \`break-glass:alice/payments\` until \`2026-03-01T11:00:00Z\`
    - sent: \`spec.replicas: 3\`

  \`\`\`sh
  kubectl get -n payments -o yaml deployments.apps/web
  \`\`\`

## Changed past Git, undeclared

**Nobody had declared an emergency**; the guardrail only watched. Ask why, then as above.

### \`billing\`

- [ ] \`deployments.apps\` \`b\`
  - patch by \`bob\`, \`2026-03-01T10:50:00.000002Z\`

  \`\`\`sh
  kubectl get -n billing -o yaml deployments.apps/b
  \`\`\`
`);
    expect((await drift([log([request()]), '--markdown'])).stdout).toBe('## Changed past Git\n\nNothing.\n');
  });

  test.each(['$(touch x)', 'it\'s; id', '-n', 'a\nb`', 'ü \\n \u200b\u202e', '\u{e0001}\'$HOME\\'])('the command shows %j and runs nothing', async name => {
    const { stdout } = await drift([log([change({ name })]), '--markdown']);
    const [, command] = /^ {2}kubectl (.*)$/m.exec(stdout)!;
    const words = execFileSync('bash', ['--norc', '-c', `printf '%s\\0' ${command}`], { encoding: 'utf8', cwd: folder, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' } }).split('\0');
    expect(words).toEqual(['get', '-n', 'payments', '-o', 'yaml', `deployments.apps/${name}`, '']);
  });

  test('what no cluster could have gets no command', async () => {
    expect((await drift([log([change({ namespace: '-A;id' })]), '--markdown'])).stdout).not.toContain('kubectl');
  });
});

test('memory does not grow with the log', async () => {
  // What is still held after a collection: how often the collector runs by itself is not ours to say.
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const one = JSON.stringify({ ...change({ code: 200 }), annotations: {}, requestObject: { data: 'x'.repeat(10_000) } });
  const line = `${one}\n`.repeat(50);
  const held: number[] = [];
  let left = 400; // 200 MB
  const stdin = new Readable({
    read() {
      if (left % 50 === 0) {
        collect();
        const { heapUsed, external } = process.memoryUsage();
        held.push(heapUsed + external);
      }
      this.push(left-- > 0 ? Buffer.from(line) : null);
    },
  });
  const io: any = { stdout: { write: () => undefined }, stderr: { write: () => undefined }, env: {}, stdin };
  expect(await run(['drift'], io)).toBe(0);
  // What loads when it is first used has been loaded by the third time; 150 MB of the log come after.
  const [, , third, ...later] = held;
  expect(later.length).toBeGreaterThan(4);
  expect(Math.max(...later) - third).toBeLessThan(20_000_000);
}, 60_000);
