import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { dirname, join } from 'path';
import { Readable } from 'stream';
import { gzipSync } from 'zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { allowedBy, approve, ask, byGlass, debug, exec, FAILURE, KEY, KUBECTL, ON_CALL, Request, request, time } from './audit-events';
import { csv } from '../src/audit/csv';
import { Evidence } from '../src/audit/evidence';
import { shown } from '../src/audit/html/shown';
import { markdown } from '../src/audit/markdown';
import { reportTable } from '../src/audit/report-table';
import { sourcesOf } from '../src/audit/sources';
import { Io } from '../src/io';
import { run } from '../src/program';
import { painter } from '../src/text';

jest.setTimeout(60_000);

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-report-')); });
afterEach(() => rmSync(folder, { recursive: true }));

type Lines = (object | string)[];
const textOf = (lines: Lines) => lines.map(one => typeof one === 'string' ? one : JSON.stringify(one)).join('\n') + '\n';

function log(lines: Lines, name = 'audit.log', pack = (text: string): string | Buffer => text): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, pack(textOf(lines)));
  return file;
}

async function audit(args: string[], more: { stdin?: string | Buffer; tty?: boolean } = {}) {
  let stdout = '';
  let stderr = '';
  const io: Io = {
    stdout: { write: (text: string) => { stdout += text; }, isTTY: more.tty },
    stderr: { write: (text: string) => { stderr += text; } },
    stdin: more.stdin === undefined ? undefined : Readable.from([Buffer.from(more.stdin)]) as any,
    env: {},
    connect: () => { throw new Error('no cluster is asked'); },
    sleep: async () => undefined,
    unique: () => 'abc',
    open: async () => undefined,
  } as any;
  const code = await run(['audit', ...args], io);
  return { code, stdout, stderr: stderr.split(`${folder}/`).join('') };
}
const reportOf = async (...args: string[]) => JSON.parse((await audit(['report', '--json', ...args])).stdout);
const sessions = async (lines: Lines, ...args: string[]) => (await reportOf(log(lines), ...args)).sessions;
const only = async (lines: Lines, ...args: string[]) => {
  const found = await sessions(lines, ...args);
  expect(found).toHaveLength(1);
  return found[0];
};

/**
 * The sessions of many cases by one reading: each case is moved to a day of its own.
 */
function together(cases: readonly (readonly any[])[], linesOf: (given: readonly any[]) => any[] = ([, lines]) => lines) {
  const DAY = 86_400_000;
  const moved = (value: string, day: number) => value.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, found => new Date(Date.parse(`${found}Z`) + day * DAY).toISOString().slice(0, 19));
  let read: Promise<any[]> | undefined;
  return async (name: string): Promise<any[]> => {
    read ??= sessions(cases.flatMap((given, day) => linesOf(given).map(event => moved(JSON.stringify(event), 2 * day))));
    const day = cases.findIndex(([title]) => title === name);
    const middle = Date.parse(time(0)) + 2 * day * DAY;
    return (await read).filter(({ start }) => Math.abs(Date.parse(start) - middle) < DAY);
  };
}

describe('what a session is', () => {
  test('a command behind a second question mark is not hidden', async () => {
    const uri = '/api/v1/namespaces/payments/pods/web/exec?container=app?x=1&command=rm&command=-rf';
    expect(await only(exec({ uri }))).toMatchObject({ container: 'app?x=1', command: ['rm', '-rf'] });
  });

  test('begin and end of a stream, with who, where, what, for how long, and which binding let it through', async () => {
    expect(await only(exec({ id: 'x', at: 1, took: 90.5, words: ['sh', '-c', 'id; pwd'] }))).toEqual({
      id: 'x',
      start: time(1),
      end: time(91.5),
      seconds: 90.5,
      outcome: 'completed',
      user: 'alice',
      groups: ['oncall-payments', 'system:authenticated'],
      path: 'on-call',
      capability: 'exec',
      namespace: 'payments',
      pod: 'web',
      container: 'app',
      command: ['sh', '-c', 'id; pwd'],
      grant: { kind: 'RoleBinding', namespace: 'payments', name: 'oncall-debug', role: 'Role/oncall-debug' },
      otherGrants: [],
      wouldDeny: [],
      client: KUBECTL,
      sources: ['10.0.0.1'],
      events: 2,
    });
  });

  test('an end without its begin, as at the start of a rotated log', async () => {
    expect(await only(exec({ took: 5, stages: ['ResponseComplete'] }))).toMatchObject({ outcome: 'completed', seconds: 5, events: 1 });
  });

  test('one that the log does not see the end of', async () => {
    const found = await only(exec({ took: null }));
    expect(found.outcome).toBe('open');
    expect(found).not.toHaveProperty('end');
    expect(found).not.toHaveProperty('seconds');
  });

  test('its stages in two files of a rotated log', async () => {
    const [begin, end] = exec({ took: 7 });
    const found = (await reportOf(log([end], 'audit.log'), log([begin], 'audit-2026-03-01T10-00-00.000.log'))).sessions;
    expect(found).toMatchObject([{ outcome: 'completed', seconds: 7, events: 2 }]);
  });

  test('the same log given twice is counted once', async () => {
    const lines = exec({ took: 7 });
    expect((await reportOf(log(lines, 'a.log'), log(lines, 'b.log'))).sessions).toMatchObject([{ events: 2 }]);
  });

  test('a WebSocket that is refused, and SPDY after it: one session of two refused probes', async () => {
    expect(await only([...exec({ id: 'first', verb: 'get', code: 403 }), ...exec({ verb: 'create', code: 403, at: 0.1 })])).toMatchObject({
      id: 'first', outcome: 'refused', path: 'none', events: 2, refusal: { by: 'rbac', message: 'no' },
    });
  });

  test('a WebSocket that is refused, and SPDY that is let through: one session, completed', async () => {
    expect(await only([...exec({ verb: 'get', code: 403 }), ...exec({ verb: 'create', at: 0.1, took: 4 })])).toMatchObject({ outcome: 'completed', path: 'on-call', start: time(0), end: time(4.1), events: 3 });
  });

  const tries: any[][] = [
    ['later than two seconds', { at: 2.1 }],
    ['by somebody else', { at: 0.5, user: 'bob' }],
    ['another command', { at: 0.5, words: ['ls'] }],
    ['in another pod', { at: 0.5, name: 'db', uri: '/api/v1/namespaces/payments/pods/db/exec?command=sh&container=app' }],
    ['by attach', { at: 0.5, subresource: 'attach' }],
    ['by WebSocket once more', { at: 0.5, verb: 'get' }],
  ];
  const ofTries = together(tries, ([, more]) => [...exec({ verb: 'get', code: 403 }), ...exec({ verb: 'create', code: 403, ...more })]);

  test.each(tries)('a refused request and another one %s are two sessions', async name => {
    expect(await ofTries(name as string)).toHaveLength(2);
  });

  test('who is refused and let through two seconds later, by a grant that came meanwhile, has a refusal and a session', async () => {
    const found = await sessions([...exec({ verb: 'get', code: 403 }), ...exec({ verb: 'create', code: 403, at: 0.1 }), ...exec({ verb: 'get', at: 1.5, took: 4 })]);
    expect(found.map(({ outcome, start, events }: any) => [outcome, start, events])).toEqual([['refused', time(0), 2], ['completed', time(1.5), 2]]);
    const older = await sessions([...exec({ verb: 'create', code: 403 }), ...exec({ verb: 'create', at: 1.5, took: 4 })]);
    expect(older.map(({ outcome }: any) => outcome)).toEqual(['refused', 'completed']);
  });

  test('two that were let through within two seconds are two', async () => {
    expect(await sessions([...exec({ at: 0, took: 0.1 }), ...exec({ at: 0.5, took: 0.1 })])).toHaveLength(2);
  });

  test('kubectl debug is one, from the container to the end of attaching, with its image', async () => {
    expect(await only(debug({}))).toMatchObject({ capability: 'ephemeral-containers', container: 'debugger-abc', image: 'busybox:1.36', command: ['sh'], seconds: 63, events: 3, outcome: 'completed' });
  });

  test('attaching to a container that somebody else added is a session of its own', async () => {
    const [patch, ...attach] = debug({});
    expect(await sessions([patch, ...attach.map(event => ({ ...event, user: { ...event.user, username: 'bob' } }))])).toMatchObject([
      { user: 'alice', capability: 'ephemeral-containers', events: 1 }, { user: 'bob', capability: 'attach', events: 2 },
    ]);
  });

  test('a debug container at level Metadata: image and command are not made up', async () => {
    const found = await only(request({ verb: 'patch', subresource: 'ephemeralcontainers', name: 'web' }));
    expect(found).toMatchObject({ capability: 'ephemeral-containers', pod: 'web' });
    expect([found.image, found.command, found.container]).toEqual([undefined, undefined, undefined]);
  });

  const uses: any[][] = [
    ['attach', request({ subresource: 'attach', name: 'web', query: 'container=app' }), 'attach'],
    ['port-forward', request({ subresource: 'portforward', name: 'web' }), 'port-forward'],
    ['logs', request({ subresource: 'log', name: 'web', query: 'container=app', code: 200 }), 'read-logs'],
    ['a copy of a pod', request({ verb: 'create', name: 'web-copy', code: 201 }), 'pod-copy'],
    ['a node debugger', request({ verb: 'create', name: 'node-debugger-n1-abcde', code: 201 }), 'node-debug'],
    ['exec of SPDY', exec({ verb: 'create' }), 'exec'],
    ['an update of ephemeral containers', request({ verb: 'update', subresource: 'ephemeralcontainers', name: 'web' }), 'ephemeral-containers'],
  ];
  const ofUses = together(uses);

  test.each(uses)('%s', async (name, _, capability) => {
    expect((await ofUses(name as string)).map(one => one.capability)).toEqual([capability]);
  });

  const others: any[][] = [
    ['a namespace called executor', request({ verb: 'get', namespace: 'executor', name: 'exec' })],
    ['a Deployment called attach', request({ resource: 'deployments', apiGroup: 'apps', name: 'attach' })],
    ['another API group with pods/exec', exec({ apiGroup: 'example.org' })],
    ['a review about exec', request({ resource: 'subjectaccessreviews', apiGroup: 'authorization.k8s.io', verb: 'create', body: { spec: { resourceAttributes: { resource: 'pods', subresource: 'exec' }, user: 'eve' } } })],
    ['pods of a controller', request({ verb: 'create', user: 'system:serviceaccount:kube-system:replicaset-controller', client: 'kube-controller-manager/v1.37.1' })],
    ['logs that a collector reads', request({ subresource: 'log', name: 'web', user: 'system:serviceaccount:logging:collector', client: 'collector/1.0' })],
    ['a dry run', request({ verb: 'create', name: 'x', query: 'dryRun=All' })],
    ['metrics by nodes/proxy', request({ resource: 'nodes', subresource: 'proxy', user: 'system:serviceaccount:monitoring:prometheus', client: 'prometheus/3', uri: '/api/v1/nodes/n1/proxy/metrics' })],
  ];
  const ofOthers = together(others);

  test.each(others)('%s is none', async name => {
    expect(await ofOthers(name as string)).toEqual([]);
  });
});

describe('by which way', () => {
  const ways: [string, Request, object][] = [
    ['cluster-admin by a ClusterRoleBinding', { reason: 'RBAC: allowed by ClusterRoleBinding "admins" of ClusterRole "cluster-admin" to Group "sre"' }, { path: 'outside', outside: 'cluster-admin', grant: { kind: 'ClusterRoleBinding', name: 'admins', role: 'ClusterRole/cluster-admin' } }],
    ['cluster-admin in a namespace', { reason: 'RBAC: allowed by RoleBinding "x/payments" of ClusterRole "cluster-admin" to User "alice"' }, { path: 'outside', outside: 'cluster-admin' }],
    ['system:masters, whom RBAC does not ask', { reason: '', groups: ['system:masters'] }, { path: 'outside', outside: 'system:masters' }],
    ['a binding that is none of ours', { reason: 'RBAC: allowed by RoleBinding "x/payments" of ClusterRole "edit" to User "alice"' }, { path: 'outside', outside: 'other binding' }],
    ['a ClusterRole that is called like one of ours', { reason: 'RBAC: allowed by ClusterRoleBinding "oncall-debug" of ClusterRole "oncall-debug" to User "alice"' }, { path: 'outside', outside: 'other binding' }],
    ['a Role that begins like one of ours', { reason: allowedBy('x/payments', 'oncall-debugger', 'g') }, { path: 'outside', outside: 'other binding' }],
    ['another authorizer, which names nothing', { reason: '' }, { path: 'outside', outside: 'no binding named' }],
    ['a ServiceAccount', { user: 'system:serviceaccount:ci:deployer' }, { path: 'outside', outside: 'service account' }],
    ['somebody who acts as a ServiceAccount', { user: 'bob', as: 'system:serviceaccount:ci:deployer' }, { path: 'outside', outside: 'service account', user: 'system:serviceaccount:ci:deployer', impersonator: 'bob' }],
    ['system:masters who acts as on-call', { user: 'root', groups: ['system:masters'], as: 'alice', asGroups: ['oncall-payments'] }, { path: 'outside', outside: 'system:masters', user: 'alice', impersonator: 'root' }],
    ['somebody who acts as on-call', { user: 'peggy', groups: [], as: 'alice', asGroups: ['oncall-payments'] }, { path: 'on-call', user: 'alice', impersonator: 'peggy', groups: ['oncall-payments'] }],
    ['read-only', { reason: allowedBy('debug-read/payments', 'debug-read', 'g') }, { path: 'read-only' }],
    ['a group of just-in-time', { reason: allowedBy('jit-debug/payments', 'jit-debug', 'g') }, { path: 'just-in-time' }],
    ['a grant', { reason: allowedBy('debug-grant:alice/payments', 'debug-grant', 'alice', 'User') }, { path: 'just-in-time' }],
    ['a grant of a profile', { reason: allowedBy('debug-grant-db:alice/payments', 'debug-grant-db', 'alice', 'User') }, { path: 'just-in-time' }],
    ['break-glass', { reason: byGlass() }, { path: 'break-glass' }],
    ['refused by RBAC', { code: 403 }, { path: 'none', outcome: 'refused', refusal: { by: 'rbac', message: 'no' } }],
    ['refused by a guardrail', { code: 422, message: 'pods "web" is forbidden: ValidatingAdmissionPolicy \'secure-debug-exec\' with binding \'b\' denied request: sh is not allowed' },
      { path: 'on-call', outcome: 'refused', refusal: { by: 'guardrail', policy: 'secure-debug-exec', message: expect.stringContaining('sh is not allowed') } }],
    ['a pod that is not there', { code: 404, message: 'not found' }, { path: 'on-call', outcome: 'failed' }],
    ['a name with quotes, as Go writes it', { reason: allowedBy('a"b\\c/payments', 'oncall-debug', 'g') }, { path: 'on-call', grant: { kind: 'RoleBinding', namespace: 'payments', name: 'a"b\\c', role: 'Role/oncall-debug' } }],
  ];
  const ofWays = together(ways, ([, more]) => exec(more));

  test.each<[string, Request, object]>(ways)('%s', async (name, _, expected) => {
    expect(await ofWays(name)).toMatchObject([expected]);
  });

  test.each([
    ['exec at the kubelet through the API server', '/api/v1/nodes/n1/proxy/exec/payments/web/app?command=sh', 'system:serviceaccount:ops:robot'],
    ['anything of a person', '/api/v1/nodes/n1/proxy/pods', 'alice'],
  ])('node proxy: %s', async (_, uri, user) => {
    expect(await only(request({ resource: 'nodes', subresource: 'proxy', name: 'n1', namespace: undefined, user, uri, reason: 'RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to User "z"' }))).toMatchObject({ capability: 'node-proxy', path: 'outside', outside: 'node proxy', pod: 'n1' });
  });

  test('node proxy: straight at the kubelet, which the log knows by the question of the kubelet alone', async () => {
    const review = (user: string) => request({
      verb: 'create',
      resource: 'subjectaccessreviews',
      apiGroup: 'authorization.k8s.io',
      user: 'system:node:n1',
      client: 'kubelet/v1.37.1',
      code: 201,
      body: { spec: { user, groups: ['sre'], resourceAttributes: { verb: 'create', resource: 'nodes', subresource: 'proxy', name: 'n1' } } },
    });
    expect(await only([...review('mallory'), ...review('kube-apiserver-kubelet-client')])).toMatchObject({ user: 'mallory', groups: ['sre'], capability: 'node-proxy', pod: 'n1', path: 'outside', outside: 'node proxy', outcome: 'open' });
  });

  test('what is declared counts, and nothing else, once manifests are given', async () => {
    const binding = (name: string, component: string) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name, namespace: 'payments', labels: { [`${KEY}component`]: component } }, roleRef: { kind: 'Role', name } });
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'break-glass', namespace: 'payments', labels: { [`${KEY}component`]: 'break-glass-access', [`${KEY}requestable`]: 'true' } } };
    const manifests = log([], 'manifests/access.yaml', () => [binding('night-shift', 'oncall-debug-access'), role].map(one => JSON.stringify(one)).join('\n---\n'));
    const lines = [
      ...exec({ at: 0, reason: allowedBy('night-shift/payments', 'night-shift', 'g') }),
      ...exec({ at: 10, reason: allowedBy('night-shift/search', 'night-shift', 'g') }),
      ...exec({ at: 20, reason: ON_CALL }),
      ...exec({ at: 30, reason: byGlass() }),
    ];
    expect((await sessions(lines, '--declared', dirname(manifests))).map(({ path }: any) => path)).toEqual(['on-call', 'outside', 'outside', 'break-glass']);
    expect((await sessions(lines)).map(({ path }: any) => path)).toEqual(['outside', 'outside', 'on-call', 'break-glass']);
  });
});

describe('the request behind a grant', () => {
  test('reason, ticket and who approved; the approval came later, by a merge patch', async () => {
    const lines = [...ask({ granted: false }), ...approve({ who: 'bob', at: 30 }), ...exec({ at: 60, reason: byGlass() })];
    expect(await only(lines)).toMatchObject({ path: 'break-glass', request: { name: 'break-glass:alice', reason: 'orders hang', ticket: 'INC-42', approvers: ['bob'], requestedAt: time(0), expiresAt: '2026-03-01T11:00:00Z' } });
  });

  test('an approval by a JSON patch', async () => {
    const body = [{ op: 'add', path: `/metadata/annotations/${KEY.replace('/', '~1')}approvals`, value: 'bob as leads\ncarol as security' }, { op: 'add', path: '/subjects', value: [{ kind: 'User', name: 'alice' }] }];
    expect((await only([...ask({ granted: false }), ...approve({ who: 'bob', at: 30, body }), ...exec({ at: 60, reason: byGlass() })])).request.approvers).toEqual(['bob', 'carol']);
  });

  test('a name that is asked for again: each session has the request of its time', async () => {
    const lines = [...ask({ ticket: 'INC-1' }), ...exec({ at: 60, reason: byGlass() }), ...ask({ at: 4000, ticket: 'INC-2' }), ...exec({ at: 4060, reason: byGlass() })];
    expect((await sessions(lines)).map(({ request: { ticket } }: any) => ticket)).toEqual(['INC-1', 'INC-2']);
  });

  test('one that is over is not behind a session', async () => {
    expect(await only([...ask({ until: 600 }), ...exec({ at: 2000, reason: byGlass() })])).not.toHaveProperty('request');
  });

  test('a request for access without effect is none', async () => {
    expect(await only([...ask({ query: 'dryRun=All' }), ...exec({ at: 60, reason: byGlass() })])).not.toHaveProperty('request');
  });

  test('grants that were open too: the log names the first that matched', async () => {
    const lines = [...ask({}), ...ask({ role: 'debug-grant', ticket: 'INC-7' }), ...exec({ at: 60 })];
    expect((await only(lines)).otherGrants).toMatchObject([{ name: 'break-glass:alice', request: { ticket: 'INC-42' } }, { name: 'debug-grant:alice', role: 'Role/debug-grant', request: { ticket: 'INC-7' } }]);
  });

  const closed: any[][] = [
    ['nobody approved', ask({ granted: false })],
    ['it was over', ask({ at: -7200, until: -3600 })],
    ['it was closed', [...ask({ at: -600 }), ...approve({ who: 'bob', at: -300, body: { metadata: { annotations: { [`${KEY}closed`]: 'revoked' } }, subjects: null } })]],
    ['it was deleted', [...ask({ at: -600 }), ...request({ at: -300, verb: 'delete', resource: 'rolebindings', apiGroup: 'rbac.authorization.k8s.io', name: 'break-glass:alice' })]],
    ['it is of somebody else', ask({ user: 'bob' })],
    ['it is in another namespace', ask({ namespace: 'search' })],
  ];
  const ofClosed = together(closed, ([, lines]) => [...lines, ...exec({ at: 60 })]);

  test.each(closed)('not one when %s', async name => {
    expect(await ofClosed(name as string)).toMatchObject([{ otherGrants: [] }]);
  });
});

describe('guardrails', () => {
  const failed = (policy: string, actions: string[]) => ({ [FAILURE]: JSON.stringify([{ message: 'no', policy, binding: policy, expressionIndex: 0, validationActions: actions }]) });
  const past = { 'secure-debug-gitops/past-git': 'UPDATE deployments web in payments by alice' };
  const patch = (more: Request) => request({ verb: 'patch', resource: 'deployments', apiGroup: 'apps', name: 'web', ...more });

  test('what would have been refused, had the guardrail not only watched', async () => {
    expect(await only(exec({ annotations: failed('secure-debug-exec', ['Audit']) }))).toMatchObject({ outcome: 'completed', wouldDeny: ['secure-debug-exec'] });
    expect((await only(exec({ annotations: failed('secure-debug-exec', ['Deny', 'Audit']) }))).wouldDeny).toEqual([]);
  });

  test('a change past Git in an emergency, and one that nobody declared', async () => {
    const lines = [...ask({}), ...patch({ at: 60, reason: byGlass(), annotations: past }), ...patch({ at: 70, annotations: { ...past, ...failed('secure-debug-gitops', ['Audit']) } })];
    expect(await sessions(lines)).toMatchObject([
      { path: 'gitops-emergency', capability: 'change-past-git', object: 'patch deployments.apps/web', request: { ticket: 'INC-42' }, wouldDeny: [] },
      { path: 'outside', outside: 'changed past Git, undeclared', wouldDeny: ['secure-debug-gitops'] },
    ]);
  });

  const EDITORS = allowedBy('settings-editors/payments', 'settings-editors', 'oncall-payments');

  test('a change past Git in an emergency, of which RBAC named another binding: the ticket is beside it', async () => {
    const [change] = await sessions([...ask({}), ...patch({ at: 60, reason: EDITORS, annotations: past })]);
    expect(change).toMatchObject({
      path: 'gitops-emergency',
      grant: { name: 'settings-editors' },
      otherGrants: [{ kind: 'RoleBinding', namespace: 'payments', name: 'break-glass:alice', role: 'Role/break-glass', request: { ticket: 'INC-42' } }],
    });
    expect(change.request).toBeUndefined();
    const one = { logs: [], sessions: [change], damage: [] };
    expect(reportTable(painter(false), one)).toContain('gitops-emergency INC-42');
    const asRead = (text: string) => text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    for (const text of [asRead(markdown(one)), csv(one), JSON.stringify(shown(change))]) expect(text).toContain('break-glass:alice → Role/break-glass (INC-42)');
  });

  test('a change past Git that nobody declared is outside, whatever else was open', async () => {
    const lines = [...ask({}), ...patch({ at: 60, reason: EDITORS, annotations: { ...past, ...failed('secure-debug-gitops', ['Audit']) } })];
    expect(await only(lines)).toMatchObject({ path: 'outside', outside: 'changed past Git, undeclared', otherGrants: [{ name: 'break-glass:alice' }] });
  });

  test('who acts as somebody else has the emergency of whom they act as, and not their own', async () => {
    const as = (user: string) => [...ask({ user }), ...patch({ at: 60, user: 'bob', as: 'alice', reason: EDITORS, annotations: past })];
    expect((await only(as('alice'))).otherGrants).toMatchObject([{ name: 'break-glass:alice' }]);
    expect((await only(as('bob'))).otherGrants).toEqual([]);
  });

  test.each<[string, any[]]>([
    ['nobody approved', ask({ granted: false })],
    ['it was over', ask({ at: -7200, until: -3600 })],
    ['it is of somebody else', ask({ user: 'bob' })],
    ['it is in another namespace', ask({ namespace: 'search' })],
  ])('an emergency is not beside a change past Git when %s', async (_, lines) => {
    expect((await only([...lines, ...patch({ at: 60, reason: EDITORS, annotations: past })])).otherGrants).toEqual([]);
  });

  test('a note of a guardrail that is no JSON is no end of the report', async () => {
    expect(await only(exec({ annotations: { [FAILURE]: '[{' } }))).toMatchObject({ wouldDeny: [] });
  });
});

describe('bypasses', () => {
  test('one audit ID for two requests, which a client may choose, hides neither', async () => {
    const found = await sessions([...exec({ id: 'same', at: 0, words: ['true'] }), ...exec({ id: 'same', at: 10, words: ['cat', '/etc/shadow'] })]);
    expect(found.map(({ id, command }: any) => [id, command])).toEqual([['same', ['true']], ['same#2', ['cat', '/etc/shadow']]]);
  });

  test('one audit ID and the same moment: who and what differ still', async () => {
    expect(await sessions([...exec({ id: 'same' }), ...exec({ id: 'same', user: 'bob' })])).toHaveLength(2);
  });

  test('a refused probe in front hides nothing of what follows', async () => {
    const admitted = { at: 1, reason: 'RBAC: allowed by ClusterRoleBinding "a" of ClusterRole "cluster-admin" to User "alice"' };
    expect(await only([...exec({ verb: 'get', code: 403 }), ...exec({ verb: 'create', ...admitted })])).toMatchObject({ path: 'outside', outcome: 'completed' });
    expect(await sessions([...exec({ code: 403 }), ...exec(admitted)])).toMatchObject([{ outcome: 'refused' }, { path: 'outside', outcome: 'completed' }]);
  });

  test('names of bindings that look like the text of the authorizer', async () => {
    const forged = 'x" of Role "oncall-debug" to Group "y';
    expect(await only(exec({ reason: allowedBy(`${forged}/payments`, 'mine', 'g') }))).toMatchObject({ path: 'outside', grant: { name: forged, role: 'Role/mine' } });
  });

  test('commands and clients are data in every form', async () => {
    const evil = '\u001b[2J</script><script>alert(1)</script>=HYPERLINK("x")|`|\u202e';
    const file = log(exec({ words: ['echo', evil], client: evil }));
    for (const form of [[], ['--csv'], ['--markdown'], ['--sarif'], ['--json']]) {
      const { code, stdout } = await audit(['report', file, ...form]);
      expect(code).toBe(0);
      // eslint-disable-next-line no-control-regex
      expect(stdout).not.toMatch(/\u001b|\u202e/);
    }
    expect((await reportOf(file)).sessions[0]).toMatchObject({ command: ['echo', evil], client: evil });
    expect((await audit(['report', file, '--html', join(folder, 'report.html')])).code).toBe(0);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).not.toContain('<script>alert(1)');
    expect((statSync(join(folder, 'report.html')).mode % 0o1000).toString(8)).toBe('600');
  });

  test('a command in broken percent encoding', async () => {
    const found = await only(exec({ uri: '/api/v1/namespaces/payments/pods/web/exec?command=%zz%ff%2&container=app' }));
    expect(found).toMatchObject({ capability: 'exec', container: 'app' });
    expect(found.command).toHaveLength(1);
  });

  test('half a character in a user agent', async () => {
    expect(await only([...exec({})].map(event => JSON.stringify(event).replace(KUBECTL, 'kubectl\\ud800')))).toMatchObject({ client: 'kubectl\ufffd' });
  });

  test('an event whose fields have other types', async () => {
    const [event] = exec({ stages: ['ResponseComplete'] });
    expect(await only([{ ...event, sourceIPs: '10.0.0.1', annotations: 7, impersonatedUser: 'x', responseStatus: [] }])).toMatchObject({ capability: 'exec', path: 'outside' });
  });

  test.each<[string, unknown, string[] | undefined]>([
    ['a text', 'sh', undefined],
    ['half a text in quotes', '"sh', undefined],
    ['a list of anything', ['sh', null, 5], ['sh', 'null', '5']],
  ])('a command that was sent as %s', async (_, command, told) => {
    const body = { spec: { ephemeralContainers: [{ name: 'd', image: 'x', command }] } };
    const found = await only(request({ verb: 'patch', subresource: 'ephemeralcontainers', name: 'web', code: 400, message: 'no', body }));
    expect(found).toMatchObject({ outcome: 'failed', image: 'x' });
    expect(found.command).toEqual(told);
  });
});

describe('logs', () => {
  const one = () => exec({ took: 2 });

  test('packed by gzip, in a folder of days, beside what is no log', async () => {
    log(one(), 'logs/dt=2026-03-01/audit.log.gz', gzipSync);
    log(exec({ at: 100, user: 'bob' }), 'logs/dt=2026-03-02/part-0000');
    writeFileSync(join(folder, 'logs', 'README.md'), '# logs');
    writeFileSync(join(folder, 'logs', 'empty.log'), '');
    const { stdout, stderr, code } = await audit(['report', '--json', join(folder, 'logs')]);
    expect(code).toBe(0);
    const { logs, sessions: found } = JSON.parse(stdout);
    expect(logs.map(({ name, events }: any) => [name.split('/').pop(), events])).toEqual([['audit.log.gz', 2], ['part-0000', 2]]);
    expect(found.map(({ user }: any) => user)).toEqual(['alice', 'bob']);
    expect(stderr).toBe('left out, for it is no audit log: logs/README.md\n');
  });

  test('gzip without its ending, and a name with characters of patterns', async () => {
    expect((await reportOf(log(one(), 'a[1]*?.log', gzipSync))).sessions).toHaveLength(1);
  });

  test('by standard input, packed or not', async () => {
    for (const stdin of [textOf(one()), gzipSync(textOf(one()))]) {
      const { stdout } = await audit(['report', '--json', '-'], { stdin });
      expect(JSON.parse(stdout)).toMatchObject({ logs: [{ name: '-', events: 2 }], sessions: [{ seconds: 2 }], damage: [] });
    }
  });

  test('of several clusters: the same request in two is two', async () => {
    const lines = one();
    const args = ['--cluster', `eu=${log(lines, 'eu.log')}`, '--cluster', `us=${log(lines, 'us.log')}`];
    expect((await reportOf(...args)).sessions.map(({ cluster }: any) => cluster)).toEqual(['eu', 'us']);
    expect((await audit(['report', ...args])).stdout).toMatch(/CLUSTER.*\n.*\beu\b.*\n.*\bus\b/);
  });

  test('what is damaged is named by file and line, and everything else is read', async () => {
    const lines = [...one(), 'no JSON', '{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"x","sta', '', { kind: 'Event', apiVersion: 'audit.k8s.io/v2', auditID: 'x' }, '[]', ...exec({ at: 50, took: null }).map(event => JSON.stringify(event).slice(0, -1)), ...exec({ at: 60 })];
    const { stdout, stderr, code } = await audit(['report', '--json', log(lines), '--fail-on', 'damaged']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ logs: [{ events: 4 }], sessions: [{ events: 2 }, { events: 2 }] });
    expect(stderr).toBe('not read: audit.log:3-4: no JSON\nnot read: audit.log:6-7: no event of audit.k8s.io/v1\nnot read: audit.log:8: no JSON\n5 lines could not be read, so something may be missing.\n');
  });

  test('gzip that was cut off, even between two lines: what was before is read, and where it ends is said', async () => {
    const whole = gzipSync(textOf([...one(), ...exec({ at: 60 })]));
    const { stdout, stderr } = await audit(['report', '--json', log([], 'audit.log.gz', () => whole.subarray(0, whole.length - 9))]);
    expect(JSON.parse(stdout).sessions.length).toBeGreaterThan(0);
    expect(stderr).toMatch(/^not read: audit\.log\.gz:\d+: cut off \(unexpected end of file\); nothing was read from there on\n/);
  });

  /** Node.js 20 cannot pack by zstd, DuckDB can. */
  async function zstd(lines: Lines): Promise<string> {
    const file = join(folder, 'audit.log.zst');
    const db = await DuckDBInstance.create();
    const connection = await db.connect();
    const rows = lines.map(line => `('${(typeof line === 'string' ? line : JSON.stringify(line)).replace(/'/g, '\'\'')}')`);
    await connection.run(`COPY (SELECT * FROM (VALUES ${rows.join(', ')})) TO '${file}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', COMPRESSION zstd)`);
    connection.closeSync();
    db.closeSync();
    return file;
  }

  test('packed by zstd; damaged; cut off', async () => {
    const many = Array.from({ length: 3_000 }, (_, i) => exec({ at: i * 10, words: [`w${i * 7919 % 3001}`] })).flat();
    const whole = await zstd([...many, 'no JSON']);
    const { stdout, stderr } = await audit(['report', '--json', whole]);
    expect(JSON.parse(stdout)).toMatchObject({ logs: [{ events: 6_000 }] });
    expect(JSON.parse(stdout).sessions).toHaveLength(3_000);
    expect(stderr).toContain('not read: audit.log.zst:6001: no JSON\n');
    const packed = readFileSync(whole);
    writeFileSync(whole, packed.subarray(0, packed.length / 2));
    const cut = await audit(['report', '--json', whole, '--fail-on', 'damaged']);
    expect(cut.code).toBe(1);
    expect(cut.stderr).toContain('not read: audit.log.zst: cut off; nothing was read from there on\n');
    expect(JSON.parse(cut.stdout).sessions.length).toBeGreaterThan(500);
  });

  test('a line of ten megabytes', async () => {
    const [event] = exec({ stages: ['ResponseComplete'], query: `command=${'a'.repeat(10_000_000)}` });
    const found = await only([event, ...exec({ at: 60 })].slice(0, 1));
    expect(found.command[0]).toHaveLength(10_000_000);
  });

  test('a line of twenty megabytes, whose body is too much, is a session all the same', async () => {
    const lines = [...request({ verb: 'patch', subresource: 'ephemeralcontainers', name: 'web', body: { spec: { ephemeralContainers: [{ name: 'd', image: 'x', env: [{ name: 'A', value: 'a'.repeat(20_000_000) }] }] } } }), ...exec({ at: 60 })];
    const { stdout, stderr } = await audit(['report', '--json', log(lines)]);
    expect(JSON.parse(stdout).sessions.map(({ capability }: any) => capability)).toEqual(['ephemeral-containers', 'exec']);
    expect(stderr).toContain('not read: audit.log:1: its body is too large to be read\n');
  });

  test('nothing about debugging', async () => {
    expect((await audit(['report', log(request({}))])).stdout).toMatch(/^No debug session, by 1 event of 1 log, 2026-03-01 10:00:00Z to 2026-03-01 10:00:01Z\.\n$/);
  });

  test('as Parquet, by day, which a report reads too', async () => {
    const lines = [...ask({}), ...exec({ at: 60, reason: byGlass() }), ...debug({ at: 90_000 }), ...request({})];
    const direct = await reportOf(log(lines), '--convert', join(folder, 'parquet'));
    expect(readdirSync(join(folder, 'parquet')).sort()).toEqual(['day=2026-03-01', 'day=2026-03-02']);
    const again = await reportOf(join(folder, 'parquet'));
    expect(again.sessions).toEqual(direct.sessions);
    expect(again.sessions).toHaveLength(2);
    expect((await audit(['report', log(lines), '--convert', join(folder, 'parquet')])).stderr).toMatch(/--convert .*parquet is not empty\. Fix: /);
  });

  test('as Parquet of several clusters, which stay apart', async () => {
    await reportOf('--cluster', `prod eu=${log(exec({}))}`, '--convert', join(folder, 'parquet'));
    expect((await reportOf(join(folder, 'parquet'))).sessions).toMatchObject([{ cluster: 'prod eu' }]);
  });
});

describe('choosing', () => {
  const lines = [...exec({ at: 0 }), ...exec({ at: 100, user: 'bob', reason: '' }), ...exec({ at: 200, namespace: 'search' })];
  const secondsOf = ({ start }: any) => (Date.parse(start) - Date.parse(time(0))) / 1000;
  const starts = async (...args: string[]) => (await sessions(lines, ...args)).map(secondsOf);

  test.each([
    [['--since', '2026-03-01T10:01:00Z'], [100, 200]],
    [['--until', '2026-03-01T11:01:00+01:00'], [0]],
    [['--user', 'bob'], [100]],
    [['--without-user', 'bob'], [0, 200]],
    [['--user', 'bob', '--user', 'alice', '-n', 'search'], [200]],
    [['--path', 'outside'], [100]],
    [['--path', 'on-call', '--path', 'outside'], [0, 100, 200]],
    [['--user', 'b\' OR 1=1 --'], []],
  ])('%j', async (args, expected) => {
    expect(await starts(...args)).toEqual(expected);
  });

  test.each([
    ['outside', lines, 1], ['outside', exec({}), 0], ['refused', exec({ code: 403 }), 1], ['refused', exec({}), 0], ['damaged', exec({}), 0],
  ])('--fail-on %s', async (what, given, code) => {
    expect((await audit(['report', log(given), '--fail-on', what])).code).toBe(code);
  });
});

test('a terminal shows a line for each session, within 100 columns', async () => {
  const { stdout } = await audit(['report', log([
    ...ask({ granted: false }), ...approve({ who: 'bob', at: 1 }), ...exec({ at: 60, took: 754, reason: byGlass(), words: ['sh', '-c', 'while true; do something that takes long; done'] }),
    ...exec({ at: 900, code: 403, user: 'a-person-with-a-very-long-name@example.org' }), ...exec({ at: 1000, groups: ['system:masters'], reason: '', name: 'payments-api-6f7d8c9b5-x2x4q-and-more' }),
  ])]);
  expect(stdout).toMatchSnapshot();
  for (const line of stdout.split('\n').slice(0, 4)) expect([...line].length).toBeLessThanOrEqual(100);
});

describe('wrong use ends with 2 and one sentence', () => {
  test.each([
    [['report', '/no/such.log'], /^error: \/no\/such\.log cannot be read: ENOENT\. Fix: /],
    [['report'], /^error: No audit log is given\. Fix: /],
    [['report', '-'], /^error: There is no standard input\. Fix: /],
    [['report', 'LOG', '--since', 'yesterday'], /^error: --since yesterday is no time\. Fix: .*2026-03-01T18:00:00Z/],
    [['report', 'LOG', '--since', '2026-03-02T00:00:00Z', '--until', '2026-03-01T00:00:00Z'], /^error: --since 2026-03-02T00:00:00Z is after --until/],
    [['report', 'LOG', '--path', 'vpn'], /^error: --path vpn is unknown\. Fix: choose from on-call, /],
    [['report', 'LOG', '--fail-on', 'all'], /^error: --fail-on all is unknown\. Fix: choose from outside, refused, damaged, unrecorded\./],
    [['report', 'LOG', '--fail-on', 'outside', '--path', 'on-call'], /^error: --fail-on outside would never fail/],
    [['report', 'LOG', '-n', 'Payments'], /^error: -n Payments is no namespace's name/],
    [['report', 'LOG', '--csv', '--markdown'], /^error: --csv and --markdown contradict each other/],
    [['report', 'LOG', '--cluster', 'eu=x'], /^error: .* has no cluster, and --cluster names some/],
    [['report', '--cluster', 'eu'], /^error: --cluster eu is no name and log\. Fix: write NAME=LOG/],
    [['report', 'LOG', '--declared', 'LOG'], /^error: --declared .* has no binding of this library\. Fix: /],
    [['report', 'LOG', '--declared', join(__dirname, '..', 'package.json')], /^error: --declared .* has no binding of this library\. Fix: /],
    [['report', 'LOG', '--declared', '/no/such'], /^error: --declared \/no\/such cannot be read: there is no such file\. Fix: name the manifests that are applied, a file or a folder/],
    [['report', 'LOG', '--html', '/no/such/report.html'], /^error: \/no\/such\/report\.html cannot be written: ENOENT\. Fix: /],
    [['sql', 'SELEC 1', 'LOG'], /^error: The question cannot be answered: Parser Error: .*Fix: ask sessions, /],
  ])('%j', async (args, message) => {
    const file = log(exec({}));
    const { code, stderr, stdout } = await audit(args.map(arg => arg === 'LOG' ? file : arg));
    expect([code, stdout]).toEqual([args.includes('--html') ? 1 : 2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('questions of one\'s own', () => {
  const lines = [...ask({}), ...exec({ at: 60, reason: byGlass() }), ...exec({ at: 90, code: 403, user: 'bob' }),
    ...exec({ at: 120, annotations: { [FAILURE]: '[{"policy":"p","binding":"b","message":"m","validationActions":["Audit"]}]' } })];
  const sql = async (question: string) => audit(['sql', question, log(lines)]);
  let evidence: Evidence;
  beforeAll(async () => {
    const at = mkdtempSync(join(tmpdir(), 'secure-debug-questions-'));
    writeFileSync(join(at, 'audit.log'), textOf(lines));
    evidence = await Evidence.read(sourcesOf([at], [], false).sources, {});
    rmSync(at, { recursive: true });
  });
  afterAll(() => evidence.close());

  test.each([
    ['SELECT person, path, count(*) AS n FROM sessions GROUP BY ALL ORDER BY person, path', [{ person: 'alice', path: 'break-glass', n: '2' }, { person: 'bob', path: 'none', n: '1' }]],
    ['SELECT person, refused_by FROM denials', [{ person: 'bob', refused_by: 'rbac' }]],
    ['SELECT name, ticket, role FROM grants', [{ name: 'break-glass:alice', ticket: 'INC-42', role: 'break-glass' }]],
    ['SELECT policy, user_name FROM would_deny', [{ policy: 'p', user_name: 'alice' }]],
    ['SELECT count(*) AS n FROM events', [{ n: '6' }]],
  ])('%s', async (question, expected) => {
    expect((await evidence.ask(question)).rows).toEqual(expected);
  });

  test('as a table', async () => {
    expect((await sql('SELECT DISTINCT person, ticket FROM sessions WHERE path = \'break-glass\'')).stdout).toBe('PERSON  TICKET\nalice   INC-42\n');
    expect((await sql('SELECT * FROM sessions WHERE false')).stdout).toBe('No row.\n');
    expect(JSON.parse((await audit(['sql', 'SELECT count(*) AS n FROM events', log(lines), '--json'])).stdout)).toEqual([{ n: '6' }]);
  });

  test.each([
    ['another file', 'SELECT * FROM read_text(\'/etc/passwd\')'],
    ['another file by its name', 'SELECT * FROM \'/etc/passwd\''],
    ['files in a folder', 'SELECT * FROM glob(\'/*\')'],
    ['a file to write', 'COPY (SELECT 1) TO \'/tmp/secure-debug-out.csv\''],
    ['another database', 'ATTACH \'/tmp/secure-debug.db\''],
    ['the network', 'SELECT * FROM read_csv(\'https://example.org/x.csv\')'],
    ['an extension', 'LOAD httpfs'],
    ['what forbids it', 'SET enable_external_access = true'],
    ['all of it in one line', 'SET lock_configuration = false; SET enable_external_access = true'],
    ['what was exported', 'EXPORT DATABASE \'/tmp/secure-debug-export\''],
  ])('a question reads and writes nothing but the relations: not %s', async (_, question) => {
    await expect(evidence.ask(question)).rejects.toThrow();
    expect((await evidence.ask('SELECT count(*) AS n FROM sessions')).rows).toEqual([{ n: '3' }]);
  });
});
