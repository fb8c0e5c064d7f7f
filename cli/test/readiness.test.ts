import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Readable } from 'stream';
import { gzipSync } from 'zlib';
import { App, Chart, Yaml } from 'cdk8s';
import { BindingGuardrail, CommandSet, ExecGuardrail, GitOpsGuardrail, GitOpsIdentity, GuardrailMode, OnCallDebugAccess, SecureDebugWarnings } from 'cdk8s-secure-debug';
import { HOSTILE } from './report-sessions';
import { Io } from '../src/io';
import { run } from '../src/program';

const FAILURE = 'validation.policy.admission.k8s.io/validation_failure';
const P = 'secure-debug.internal/';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-')); });
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string | Buffer) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const lines = (events: object[]) => events.map(one => `${JSON.stringify(one)}\n`).join('');
const log = (events: object[], name = 'audit.log') => write(name, lines(events));

async function readiness(args: string[], stdin = '') {
  let stdout = '';
  let stderr = '';
  const io: Io = {
    stdout: { write: text => { stdout += text; } },
    stderr: { write: text => { stderr += text; } },
    stdin: Readable.from([Buffer.from(stdin)]) as any,
    env: {},
    connect: () => { throw new Error('no cluster is asked'); },
    sleep: async () => undefined,
    unique: () => 'abc',
  };
  const code = await run(['audit', 'readiness', ...args], io);
  return { code, stdout, stderr: stderr.split(`${folder}/`).join('') };
}
const data = async (...args: string[]) => JSON.parse((await readiness([...args, '--json'])).stdout);

let ids = 0;
/** Of a day of March. */
const at = (day: number, time = '10:00:00') => `2026-03-${String(day).padStart(2, '0')}T${time}.000001Z`;

function event({ user = 'alice', groups = ['oncall', 'system:authenticated'], verb = 'get', resource = 'pods', subresource = '', apiGroup = '', namespace = 'payments', name = 'ledger-0', day = 1, time = '10:00:00', code = 200, reason = 'RBAC: allowed by RoleBinding "oncall-debug/payments" of Role "oncall-debug" to Group "oncall"', uri = '', failures = undefined as unknown, message = '', decision = 'allow', agent = 'kubectl/v1.37.1 (linux/amd64)', body = undefined as unknown, stage = 'ResponseComplete', annotations = {}, more = {} } = {}) {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: `id-${ids++}`,
    stage,
    verb,
    user: { username: user, groups },
    userAgent: agent,
    requestURI: uri || `/api/v1/namespaces/${namespace}/${resource}/${name}/${subresource}`,
    objectRef: { resource, namespace, name, ...apiGroup && { apiGroup }, ...subresource && { subresource } },
    responseStatus: { code, ...message && { message } },
    requestReceivedTimestamp: at(day, time),
    stageTimestamp: at(day, time),
    annotations: { 'authorization.k8s.io/decision': decision, 'authorization.k8s.io/reason': reason, ...failures !== undefined && { [FAILURE]: typeof failures === 'string' ? failures : JSON.stringify(failures) }, ...annotations },
    ...body !== undefined && { requestObject: body },
    ...more,
  };
}

type More = Parameters<typeof event>[0] & { command?: string[] };
const failed = (policy: string, ...validationActions: string[]) => [{ message: `${policy} says no`, policy, binding: policy, expressionIndex: 0, validationActions }];
const exec = ({ command = ['ls'], ...more }: More = {}) => {
  const query = new URLSearchParams(command.map((word): [string, string] => ['command', word]));
  return event({ subresource: 'exec', uri: `/api/v1/namespaces/payments/pods/ledger-0/exec?${query}`, ...more });
};
const refusable = (more: More = {}) => exec({ failures: failed('secure-debug-exec', 'Audit'), ...more });
const change = (more: More = {}) => event({ verb: 'patch', resource: 'configmaps', name: 'settings', failures: failed('secure-debug-gitops', 'Audit'), annotations: { 'secure-debug-gitops/past-git': 'UPDATE configmaps settings' }, ...more });
const ADMIN = { reason: 'RBAC: allowed by ClusterRoleBinding "admins" of ClusterRole "cluster-admin" to Group "admins"' };

/** What is applied, as `cdk8s synth` writes it. */
function manifests(mode = GuardrailMode.AUDIT, name = 'manifests.yaml'): string {
  const chart = new Chart(new App(), 'guardrails');
  for (const { id } of SecureDebugWarnings.rules()) SecureDebugWarnings.acknowledge(chart, id, 'of no matter here');
  new ExecGuardrail(chart, 'exec', { mode, namespaces: ['payments'], commandSets: [CommandSet.readOnlyDiagnostics()] });
  new GitOpsGuardrail(chart, 'gitops', { mode, namespaces: ['payments'], identities: [GitOpsIdentity.argoCd()] });
  new BindingGuardrail(chart, 'bindings', { mode, identities: [GitOpsIdentity.argoCd()] });
  new OnCallDebugAccess(chart, 'oncall', { namespace: 'payments', group: 'oncall' });
  new OnCallDebugAccess(chart, 'search', { namespace: 'search', group: 'oncall-search' });
  return write(name, Yaml.stringify(...chart.toJson()));
}

const guardrail = (of: any, policy = 'secure-debug-exec') => of.guardrails.find((one: any) => one.policy === policy);
/** Nobody did anything that would be refused, on each of so many days. */
const quiet = (days: number, each = 3) => Array.from({ length: days * each }, (_, i) => exec({ day: 1 + Math.floor(i / each), user: ['alice', 'bob'][i % 2] }));

describe('a guardrail that watches', () => {
  test('quiet for a week, and asked often enough: Deny is safe, with numbers', async () => {
    const found = guardrail(await data(log(quiet(9)), '--declared', manifests()));
    expect(found).toMatchObject({ mode: 'Audit', next: 'Deny', status: 'ready', asked: 27, askedBy: 2, wouldDeny: 0 });
    expect(found.why).toBe('it was asked about 27 requests of 2 callers on 9 days, and would have refused none in the last 7 days');
  });

  test('what would have been refused: what, where, whose, how often, and what to do about it', async () => {
    const found = guardrail(await data(log([...quiet(9), refusable({ day: 9, command: ['rm', '-r', 'x y'] }), refusable({ day: 8, command: ['rm', '-r', 'x y'], user: 'bob' })]), '--declared', manifests()));
    expect(found).toMatchObject({ status: 'not ready', wouldDeny: 2, recent: 2, people: ['alice', 'bob'], why: 'would have refused 2 requests of 2 callers in the last 7 days' });
    expect(found.what).toEqual([{
      what: 'exec rm -r \'x y\'',
      namespace: 'payments',
      times: 2,
      people: ['alice', 'bob'],
      programs: [],
      groups: ['oncall'],
      last: '2026-03-09T10:00:00.000Z',
      message: 'secure-debug-exec says no',
      advice: 'Add the command to a command set if it is harmless, or tell them to request access or break glass.',
    }]);
  });

  test('what was solved a week ago is in nobody\'s way', async () => {
    const found = guardrail(await data(log([refusable({ day: 1 }), ...quiet(9)]), '--declared', manifests()));
    expect(found).toMatchObject({ status: 'ready', wouldDeny: 1, recent: 0 });
    expect(found.why).toContain('the last would-be refusal was on 2026-03-01');
  });

  test('a log of hours says nothing, however quiet', async () => {
    const found = guardrail(await data(log(Array.from({ length: 100 }, (_, i) => exec({ time: `1${i % 10}:00:00` }))), '--declared', manifests()));
    expect(found).toMatchObject({ status: 'not enough evidence', why: 'the log covers 9 hours, and 7 days are needed' });
  });

  test('a guardrail that nobody asked says nothing, however long the log', async () => {
    const found = guardrail(await data(log(quiet(9)), '--declared', manifests()), 'secure-debug-gitops');
    expect(found).toMatchObject({ status: 'not enough evidence', asked: 0, why: 'it was asked about 0 requests, and 20 are needed' });
  });

  test('without the manifests nobody knows how often it was asked', async () => {
    const found = guardrail(await data(log([refusable({ day: 1 }), ...quiet(9)])));
    expect(found).toMatchObject({ status: 'not enough evidence', why: expect.stringContaining('Name the manifests by --declared') });
    expect(found).not.toHaveProperty('asked');
  });

  test('thresholds are one\'s own', async () => {
    const file = log([refusable({ day: 1 }), ...quiet(4)]);
    expect(guardrail(await data(file, '--declared', manifests(), '--days', '2', '--requests', '10')).status).toBe('ready');
    expect(guardrail(await data(file, '--declared', manifests(), '--days', '2', '--requests', '100')).status).toBe('not enough evidence');
    expect(guardrail(await data(file, '--declared', manifests(), '--days', '3', '--since', '2026-03-02T00:00:00Z')).status).toBe('not enough evidence');
  });

  test('Warn comes before Deny where a client shows it, and refuses nobody; never for streams', async () => {
    const found = await data(log([...quiet(9), change({ day: 9 }), refusable({ day: 9 })]), '--declared', manifests());
    expect(guardrail(found, 'secure-debug-gitops')).toMatchObject({ next: 'Warn', status: 'ready', why: expect.stringContaining('so Deny is not safe yet; Warn refuses nobody') });
    expect(guardrail(found)).toMatchObject({ next: 'Deny', status: 'not ready' });
    const warned = await data(log([...quiet(9), change({ day: 9, failures: failed('secure-debug-gitops', 'Warn', 'Audit') })]));
    expect(guardrail(warned, 'secure-debug-gitops')).toMatchObject({ mode: 'Warn', next: 'Deny', status: 'not ready' });
  });

  test('one that refuses is in force, and what it refused is counted', async () => {
    const denied = { code: 403, message: 'pods "ledger-0" is forbidden: ValidatingAdmissionPolicy \'secure-debug-exec\' with binding \'secure-debug-exec\' denied request: no', failures: failed('secure-debug-exec', 'Deny', 'Audit') };
    const found = guardrail(await data(log([exec({ ...denied }), exec({ ...denied, user: 'bob' })])));
    expect(found).toMatchObject({ mode: 'Deny', status: 'in force', wouldDeny: 0, refused: 2, why: 'refused 2 requests of 2 callers' });
    expect(found).not.toHaveProperty('next');
    expect(guardrail(await data(log(quiet(1)), '--declared', manifests(GuardrailMode.DENY)))).toMatchObject({ mode: 'Deny', status: 'in force' });
  });

  test('a request counts once: at its end, whatever else of it is in the log, and in logs that overlap', async () => {
    const one = refusable();
    const file = log([{ ...one, stage: 'ResponseStarted' }, one]);
    expect(guardrail(await data(file, log([one], 'rotated.log'))).wouldDeny).toBe(1);
    // An auditID is chosen by the client: two requests of one ID are two.
    expect(guardrail(await data(log([one, { ...one, requestURI: `${one.requestURI}&command=x` }])))).toMatchObject({ wouldDeny: 2 });
  });

  test('what RBAC refused asked no guardrail', async () => {
    const found = guardrail(await data(log([exec({ decision: 'forbid', code: 403 }), exec()]), '--declared', manifests()));
    expect(found.asked).toBe(1);
  });

  test('programs and people get different advice', async () => {
    const robot = 'system:serviceaccount:ci:robot';
    const found = guardrail(await data(log([change({ user: robot }), change({ verb: 'delete' })])), 'secure-debug-gitops');
    expect(found.what).toMatchObject([
      { what: 'delete configmaps settings', people: ['alice'], programs: [], advice: expect.stringContaining('Tell them to change it in Git') },
      { what: 'patch configmaps settings', people: [], programs: [robot], advice: expect.stringContaining('it is a GitOpsIdentity') },
    ]);
  });

  test.each([
    [{ subresource: 'attach' }, 'attach', 'Allow attach in ExecAccess'],
    [{ verb: 'create', resource: 'rolebindings', apiGroup: 'rbac.authorization.k8s.io', name: 'x' }, 'create rolebindings.rbac.authorization.k8s.io x', 'Tell them to bind groups in Git'],
    [{ verb: 'patch', subresource: 'ephemeralcontainers', body: { spec: { ephemeralContainers: [{ image: 'busybox:1.36' }] } } }, 'debug container busybox:1.36', 'Add the image'],
    [{ verb: 'create', resource: 'widgets', apiGroup: 'example.com', name: 'x' }, 'create widgets.example.com x', 'name it in exceptions'],
  ])('%j is %s', async (more, what, advice) => {
    expect(guardrail(await data(log([event({ ...more, failures: failed('any-name', 'Audit') })])), 'any-name').what).toMatchObject([{ what, advice: expect.stringContaining(advice) }]);
  });

  test('namespaces that it does not guard, and other kinds, do not count as asked', async () => {
    const found = await data(log([exec({ namespace: 'search' }), event({ subresource: 'log' }), event({ verb: 'list' }), event({ verb: 'update', resource: 'deployments', apiGroup: 'apps' })]), '--declared', manifests());
    expect(guardrail(found).asked).toBe(0);
    expect(guardrail(found, 'secure-debug-gitops').asked).toBe(1);
  });
});

describe('the next phase', () => {
  const granted = (day: number) => event({
    day,
    verb: 'create',
    resource: 'rolebindings',
    apiGroup: 'rbac.authorization.k8s.io',
    name: 'debug-grant:alice',
    code: 201,
    uri: '/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings',
    body: { metadata: { name: 'debug-grant:alice', labels: { [`${P}request-for`]: 'debug-grant' }, annotations: { [`${P}requested-by`]: 'alice', [`${P}expires-at`]: at(day + 1) } }, roleRef: { kind: 'Role', name: 'debug-grant' } },
  });
  const byGrant = (day: number) => exec({ day, reason: 'RBAC: allowed by RoleBinding "debug-grant:alice/payments" of Role "debug-grant" to User "alice"' });
  const phase = async (events: object[], name = 'credentials', ...args: string[]) => (await data(log(events), ...args)).phases.find((one: any) => one.phase === name);

  test('nobody is cluster-admin, and the path is used: credentials can follow; the broker once requests are tried', async () => {
    expect(await phase(quiet(9))).toEqual({ phase: 'credentials', status: 'ready', why: [] });
    expect(await phase(quiet(9), 'broker')).toEqual({ phase: 'broker', status: 'not enough evidence', why: ['nobody asked for access, so the way of asking is not tried'] });
    expect(await phase([...quiet(9), granted(3)], 'broker')).toMatchObject({ status: 'not enough evidence', why: ['of 1 request for access none was used, so the way of asking is not tried'] });
    expect(await phase([...quiet(9), granted(3), byGrant(4)], 'broker')).toEqual({ phase: 'broker', status: 'ready', why: [] });
  });

  test('a use before the request is none of it', async () => {
    expect((await data(log([byGrant(2), granted(3)]))).requests).toMatchObject({ made: 1, used: 0, unused: ['payments/debug-grant:alice of alice, 2026-03-03T10:00:00.000Z'] });
    expect((await data(log([byGrant(4), granted(3), granted(5)]))).requests).toMatchObject({ made: 2, used: 1 });
  });

  test('who is cluster-admin or system:masters is named, with what for and how often', async () => {
    const found = await data(log([
      ...quiet(9),
      exec({ ...ADMIN, day: 9, user: 'mallory' }),
      event({ ...ADMIN, day: 9, user: 'mallory', verb: 'list', resource: 'secrets', name: '' }),
      event({ ...ADMIN, day: 9, user: 'mallory', verb: 'list', resource: 'secrets', name: '' }),
      event({ day: 9, user: 'kubernetes-admin', groups: ['system:masters'], reason: '' }),
      // Programs, and who is no person.
      event({ ...ADMIN, day: 9, user: 'system:serviceaccount:ci:deployer', agent: 'argocd/3' }),
      event({ day: 9, user: 'system:apiserver', groups: ['system:masters'], reason: '' }),
    ]));
    expect(found.unbounded).toMatchObject([
      { who: 'mallory', times: 3, debug: 1, how: ['ClusterRole cluster-admin by ClusterRoleBinding admins'], what: ['list secrets ×2', 'exec'] },
      { who: 'kubernetes-admin', times: 1, how: ['system:masters'] },
    ]);
    expect(found.phases[0]).toMatchObject({ status: 'not ready', why: ['2 people used cluster-admin or system:masters in the last 7 days: kubernetes-admin, mallory'] });
  });

  test('a ClusterRoleBinding whose name pretends to be another does not hide', async () => {
    const reason = `RBAC: allowed by ClusterRoleBinding ${JSON.stringify('x" of Role "oncall-debug')} of ClusterRole "cluster-admin" to Group "g"`;
    expect((await data(log([exec({ reason })]))).unbounded).toMatchObject([{ who: 'alice', how: ['ClusterRole cluster-admin by ClusterRoleBinding x" of Role "oncall-debug'] }]);
  });

  test('what is long over is in nobody\'s way, and still told', async () => {
    const found = await data(log([exec({ ...ADMIN, day: 1, user: 'mallory' }), ...quiet(9)]));
    expect(found.phases[0].status).toBe('ready');
    expect(found.unbounded).toHaveLength(1);
  });

  test('the token of a ServiceAccount at a terminal holds up the broker', async () => {
    const robot = 'system:serviceaccount:ci:robot';
    const events = [...quiet(9), granted(3), byGrant(4), event({ day: 9, user: robot }), event({ day: 9, user: robot, agent: 'argocd-application-controller/v3' })];
    expect(await phase(events)).toMatchObject({ status: 'ready' });
    expect(await phase(events, 'broker')).toMatchObject({ status: 'not ready', why: [`the tokens of 1 ServiceAccount are used at terminals: ${robot}`] });
  });

  test('few requests by the new path are no evidence', async () => {
    expect(await phase(quiet(9, 1))).toMatchObject({ status: 'not enough evidence', why: ['9 debug requests came by the declared paths, and 20 are needed'] });
  });

  test('bindings of the manifests that allowed nothing are listed, used ones not', async () => {
    const { unused } = await data(log(quiet(1)), '--declared', manifests());
    expect(unused).toEqual([{ grant: 'RoleBinding search/oncall-debug', role: 'Role/oncall-debug', subjects: ['Group oncall-search'] }]);
  });
});

test('text and Markdown say the same', async () => {
  const file = log([...quiet(9), refusable({ day: 9 }), exec({ ...ADMIN, day: 9, user: 'mallory' })]);
  const { stdout } = await readiness([file, '--declared', manifests()]);
  expect(stdout).toContain('NOT READY  secure-debug-exec: Audit → Deny\n    would have refused 1 request of 1 caller in the last 7 days.');
  expect(stdout).toMatch(/mallory +1 +1 +2026-03-09 +ClusterRole cluster-admin by ClusterRoleBinding admins +exec/);
  const { stdout: markdown } = await readiness([file, '--declared', manifests(), '--markdown']);
  expect(markdown).toContain('| `secure-debug-exec` | Audit → Deny | **not ready** | 29 | 1 | `would have refused 1 request of 1 caller in the last 7 days` |');
  expect(markdown).toContain('| credentials | **not ready** |');
});

test('exit status for pipelines', async () => {
  const of = async (events: object[], ...args: string[]) => (await readiness([log(events), '--declared', manifests(), ...args])).code;
  expect(await of([refusable()], '--fail-on', 'not-ready')).toBe(1);
  expect(await of([refusable()])).toBe(0);
  expect(await of([exec()], '--fail-on', 'not-ready')).toBe(0);
  expect(await of([exec()], '--fail-on', 'not-enough')).toBe(1);
});

test('logs in a folder, packed, and by standard input; damage is named', async () => {
  mkdirSync(join(folder, 'logs'));
  write('logs/1.log', lines([refusable()]));
  write('logs/2.log.gz', gzipSync(lines([refusable()])));
  write('logs/3.log', `${lines([refusable()])}{"kind": "Event"}\n${JSON.stringify({ ...refusable(), annotations: { [FAILURE]: 'no JSON' } })}\n`);
  const { stdout, stderr, code } = await readiness([join(folder, 'logs'), '--json', '--fail-on', 'damaged']);
  expect(guardrail(JSON.parse(stdout)).wouldDeny).toBe(3);
  expect(stderr).toBe('not read: logs/3.log:2: no event of audit.k8s.io/v1\nnot read: logs/3.log:3: validation_failure is no JSON\n');
  expect(code).toBe(1);
  expect(guardrail(JSON.parse((await readiness(['-', '--json'], lines([refusable()]))).stdout)).wouldDeny).toBe(1);
});

test('hostile text is text in every form', async () => {
  const events = HOSTILE.flatMap(text => [
    refusable({ user: text, groups: [text], namespace: text, command: [text, text], failures: [{ policy: text, message: text, validationActions: [text, 'Audit'] }, text, null] }),
    exec({ user: text, reason: `RBAC: allowed by ClusterRoleBinding ${JSON.stringify(text)} of ClusterRole "cluster-admin" to Group "x"`, agent: text }),
    event({ user: text, groups: ['system:masters'], reason: '', verb: text, resource: text, apiGroup: text, subresource: text }),
  ]);
  for (const form of [[], ['--json'], ['--markdown']]) {
    const { code, stdout } = await readiness([log(events), '--declared', manifests(), ...form]);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u);
    if (form[0] === '--markdown') expect(stdout.replace(/<code>[^<>]*<\/code>|`[^`\n]*`/g, '')).not.toMatch(/[[\]@`~]|https?:|window|<(?!br>)/);
  }
});

test.each([
  [['--json', '--markdown'], '--json and --markdown contradict each other.'],
  [['--days', '0'], '--days 0 is no whole number from 1 to 366. Fix: write one, e.g. --days 14.'],
  [['--requests', 'many'], '--requests many is no whole number'],
  [['--since', 'yesterday'], '--since yesterday is no time.'],
  [['--fail-on', 'x'], '--fail-on x is unknown. Fix: choose from not-ready, not-enough, damaged.'],
  [['--declared', '/nonexistent'], '--declared /nonexistent cannot be read: there is no such file.'],
  [['/nonexistent.log'], '/nonexistent.log cannot be read: ENOENT.'],
])('%j is wrong use, in one sentence', async (args, message) => {
  const { code, stdout, stderr } = await readiness(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});

test('manifests that are no YAML are named', async () => {
  expect(await readiness([log([exec()]), '--declared', write('broken.yaml', 'a: [')])).toMatchObject({ code: 2, stderr: expect.stringMatching(/--declared broken\.yaml:1: no YAML: .*Fix: mend it, or name the manifests that are applied/) });
});
