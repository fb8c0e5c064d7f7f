import { spawn } from 'child_process';
import { writeFileSync } from 'fs';
import { join } from 'path';
import * as fc from 'fast-check';
import * as ts from 'typescript';
import { Answer, Credentials, FakeApi, refused, TOKEN } from './fake-api';
import {
  beingDeleted, Binding, bindsTo, Change, closed, ends, expiry, EXPIRY_CONFIG, EXPIRY_SCRIPT_FILE, FakeBindings, granted, inMinutes, ordinary,
  orphaned, owner, request, timerOf, unlabelled,
} from './fake-bindings';
import { NOW } from './fake-pods';
import { REQUEST, REQUEST_FOR, TIMER_PREFIX } from '../../src/model/access-request';
import { BREAK_GLASS_ROLE, GRANT_ROLE } from '../../src/model/virtual-rights';

// Starting a process takes its time on a busy machine.
jest.setTimeout(30_000);

const overdue = (user: string, ...changes: Change[]) => request(user, -10, granted, ...changes);
const running = (user: string, ...changes: Change[]) => request(user, 30, granted, ...changes);

describe('what a RoleBinding is', () => {
  it.each<[string, string, Binding]>([
    ['a request', 'request', request('alice', 30)],
    ['a grant', 'request', running('alice')],
    ['an emergency', 'request', running('alice', bindsTo('Role', 'break-glass'), ({ metadata }) => { metadata.labels[REQUEST_FOR] = 'break-glass'; })],
    ['what the team has anyway', 'unrelated', ordinary('team')],
    ['a binding to a ClusterRole of that name, which is another role', 'unrelated', running('alice', unlabelled, bindsTo('ClusterRole', 'debug-grant'))],
    ['a binding to a Role that begins alike', 'unrelated', running('alice', unlabelled, bindsTo('Role', 'debug-granted'))],
    ['a binding that gives the Role past every request', 'unexpected', running('alice', unlabelled)],
    ['a binding that claims to be a request for another Role', 'unexpected', running('alice', bindsTo('Role', 'debug-grant-wide'))],
    ['a binding that claims to be a request and gives a ClusterRole', 'unexpected', running('alice', bindsTo('ClusterRole', 'debug-grant'))],
    ['a binding that claims to be a request for a Role that nobody can request', 'unexpected',
      running('alice', bindsTo('Role', 'oncall-debug'), ({ metadata }) => { metadata.labels[REQUEST_FOR] = 'oncall-debug'; })],
    ['a binding without subjects, which gives nothing', 'unrelated', request('alice', 30, unlabelled)],
  ])('%s: %s', (_words, expected, binding) => expect(expiry.kindOf(binding)).toBe(expected));
});

describe('what is to be done with a request', () => {
  const judged = (binding: Binding, config: object = {}) => {
    const { state, why } = expiry.judge(binding, NOW, { ...EXPIRY_CONFIG, ...config });
    return `${state}: ${why}`;
  };

  it.each<[string, string, Binding]>([
    ['waits for approval', 'open: running', request('alice', 30)],
    ['has access', 'active: running', running('alice')],
    ['was denied', 'closed: running', request('alice', 30, closed())],
    ['says that it is closed and has a subject: what counts is the access', 'active: running', running('alice', closed('revoked'))],
    ['ended this second', 'active: running', request('alice', 0, granted)],
    ['ended a minute ago: the grace', 'active: running', request('alice', -1, granted)],
    ['ended ten minutes ago', 'active: overdue', overdue('alice')],
    ['ended without approval', 'open: overdue', request('alice', -10)],
    ['was denied and is over', 'closed: overdue', request('alice', -10, closed())],
    ['has no end', 'active: unreadable-end', running('alice', ends(undefined))],
    ['has no annotation at all', 'active: unreadable-end', running('alice', ({ metadata }) => { delete metadata.annotations; })],
    ['has an end that is no time', 'active: unreadable-end', running('alice', ends('tomorrow'))],
    ['ends on a day that does not exist', 'active: unreadable-end', running('alice', ends('2026-02-30T00:00:00Z'))],
    ['ends without saying in which time zone', 'active: unreadable-end', running('alice', ends('2027-03-01T12:00:00'))],
    ['ends in a year of five digits', 'active: unreadable-end', running('alice', ends('+12026-03-01T12:00:00Z'))],
    ['nothing owns it', 'active: without-timer', running('alice', orphaned)],
    ['waits, and nothing owns it', 'open: without-timer', request('alice', 30, orphaned)],
    ['a Deployment owns it', 'active: without-timer', running('alice', owner({ apiVersion: 'apps/v1', kind: 'Deployment' }))],
    ['a Job of another API owns it', 'active: without-timer', running('alice', owner({ apiVersion: 'example.com/v1' }))],
    ['a Job that is no timer owns it', 'active: without-timer', running('alice', owner({ name: 'nightly-report' }))],
    ['is over and nothing owns it: being over is said', 'active: overdue', overdue('alice', orphaned)],
  ])('%s: %s', (_words, expected, binding) => expect(judged(binding)).toBe(expected));

  it('a millisecond more than the grace is overdue', () => {
    const binding = request('alice', -1, granted);
    expect(expiry.judge(binding, NOW + 1, EXPIRY_CONFIG)).toMatchObject({ why: 'overdue', overdueSeconds: 60, detail: 'it ended 2026-03-01T11:59:00Z, 1 min ago, and is still there' });
    expect(expiry.judge(binding, NOW, { ...EXPIRY_CONFIG, graceSeconds: 10 })).toMatchObject({ why: 'overdue' });
  });

  it('whatever stands there as its end, it stays only while that is a time that has not passed', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.date({ noInvalidDate: true }).map(date => date.toISOString())), text => {
      const { why } = expiry.judge(running('alice', ends(text)), NOW, EXPIRY_CONFIG);
      const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : NaN;
      if (why === 'running') expect(NOW - time).toBeLessThanOrEqual(60_000);
      if (!(NOW - time <= 60_000)) expect(why).not.toBe('running');
    }));
  });
});

let credentials: Credentials;
let api: FakeApi;
let bindings: FakeBindings;
let port: string;
let client: any;

beforeAll(() => { credentials = new Credentials(); });
afterAll(() => credentials.remove());
beforeEach(async () => {
  api = new FakeApi(credentials);
  bindings = new FakeBindings(api);
  port = await api.listen();
  client = expiry.createClient({ host: '127.0.0.1', port, serviceAccount: credentials.directory, timing: { timeoutMs: 2000, attempts: 2, pauseMs: 1, longestPauseMs: 5 } });
});
afterEach(async () => {
  client.close();
  await api.close();
});

interface Outcome { ok: boolean; text: string; lines: any[]; summary: any; paused: number[] }

async function run(config: object = {}, meanwhile: () => void = () => undefined, with_: any = client): Promise<Outcome> {
  let text = '';
  const log = expiry.createLog((line: string) => { text += line; }, () => NOW);
  const paused: number[] = [];
  const pause = async (ms: number) => {
    paused.push(ms);
    meanwhile();
  };
  const ok = await new expiry.ExpiryRun({ config: { ...EXPIRY_CONFIG, ...config }, client: with_, log, clock: () => NOW, instance: 'expiry-29-abcde', pause }).run();
  const lines = text.trimEnd().split('\n').map(line => JSON.parse(line));
  return { ok, text, lines: lines.slice(0, -1), summary: lines[lines.length - 1], paused };
}

const said = ({ lines }: Outcome) => lines.map(({ level, event, outcome, person }) => `${level} ${event ?? '-'} ${outcome} ${person ?? '-'}`);
const first = (method: string, part: string, answer: (count: number) => Answer | undefined) =>
  api.instead.unshift((received, count) => received.method === method && received.url.includes(part) ? answer(count) : undefined);
/** What another does between the list and the deletion. */
const afterTheList = (change: () => void) => {
  let listed = false;
  api.instead.unshift(({ method }) => {
    if (method === 'DELETE' && listed) change();
    listed = true;
    return undefined;
  });
};

describe('a run', () => {
  it('removes what outlived its time, with an alarm where it gave access, and leaves what runs, is closed, or is no request', async () => {
    bindings.all = [
      ordinary('team'), overdue('alice'), running('bob'), request('carol', 30), request('dave', 30, closed()), request('erin', -10), request('frank', -10, closed('withdrawn')),
      running('grace', orphaned), running('heidi', ends('soon')),
    ];
    const outcome = await run();
    expect(outcome.ok).toBe(true);
    expect(bindings.deleted).toEqual(['debug-grant:alice', 'debug-grant:erin', 'debug-grant:frank', 'debug-grant:grace', 'debug-grant:heidi']);
    expect(said(outcome)).toEqual([
      'alarm overdue-grant deleted alice', 'info grant-runs runs bob', 'warning overdue-request deleted erin', 'warning overdue-request deleted frank',
      'alarm grant-without-timer deleted grace', 'alarm unreadable-grant deleted heidi',
    ]);
    expect(outcome.summary).toEqual({
      time: '2026-03-01T12:00:00Z',
      level: 'info',
      message: 'done',
      outcome: 'summary',
      dryRun: false,
      namespaces: 1,
      roleBindings: 9,
      open: 2,
      active: 4,
      closed: 2,
      overdue: 3,
      alarms: 3,
      unexpected: 0,
      deleted: 5,
      wouldDelete: 0,
      held: 0,
      changed: 0,
      failed: 0,
    });
    expect(outcome.paused).toEqual([]);
  });

  it('an alarm says who had which access, for which ticket, and for how long too long', async () => {
    bindings.all = [overdue('alice')];
    const { text, lines: [alarm] } = await run();
    expect(text).toContain('"level":"alarm"');
    expect(alarm).toEqual({
      time: '2026-03-01T12:00:00Z',
      level: 'alarm',
      message: 'it ended 2026-03-01T11:50:00Z, 10 min ago, and is still there; deleted',
      outcome: 'deleted',
      event: 'overdue-grant',
      state: 'active',
      namespace: 'payments',
      roleBinding: 'debug-grant:alice',
      uid: 'uid-of-alice',
      role: 'debug-grant',
      person: 'alice',
      ticket: 'INC-42',
      expiresAt: '2026-03-01T11:50:00Z',
      subjects: ['User alice'],
      overdueSeconds: 600,
    });
  });

  it('the same is an Event on the RoleBinding, of a name that the API server accepts', async () => {
    bindings.all = [overdue('alice'), overdue('https:||login.example#Bob'), running('carol', orphaned)];
    await run();
    expect(api.events[0]).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^debug-grant\.[0-9a-f]{16}$/), namespace: 'payments' },
      eventTime: '2026-03-01T12:00:00.000000Z',
      type: 'Warning',
      reason: 'OverdueGrant',
      action: 'EndAccess',
      note: 'debug-grant for "alice", ticket "INC-42": it ended 2026-03-01T11:50:00Z, 10 min ago, and is still there; deleted',
      regarding: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', name: 'debug-grant:alice', namespace: 'payments', uid: 'uid-of-alice' },
      reportingController: 'secure-debug.internal/expired-access-cleanup',
      reportingInstance: 'expiry-29-abcde',
    });
    expect(api.events.map(({ reason }) => reason)).toEqual(['OverdueGrant', 'OverdueGrant', 'GrantWithoutTimer']);
  });

  it('asks for exactly the RoleBinding it looked at, in the state it looked at', async () => {
    bindings.all = [overdue('alice')];
    await run();
    const [{ url, body, headers }] = api.sent('DELETE', '/');
    expect(url).toBe('/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings/debug-grant%3Aalice');
    expect(body).toEqual({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'uid-of-alice', resourceVersion: '7' } });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'expired-access-cleanup' });
  });

  it('makes no call that its Role does not grant', async () => {
    bindings.all = [overdue('alice'), running('bob'), running('carol', unlabelled)];
    await run();
    const calls = new Set(api.received.map(({ method, url }) => `${method} ${url.replace(/\?.*/, '').replace(/(rolebindings|jobs)\/[^/]+/, '$1/NAME')}`));
    expect([...calls].sort()).toEqual([
      'DELETE /apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings/NAME',
      'GET /apis/batch/v1/namespaces/payments/jobs/NAME',
      'GET /apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings',
      'POST /apis/events.k8s.io/v1/namespaces/payments/events',
    ]);
  });

  it('goes through every namespace page by page, and to no other', async () => {
    const inSearch = overdue('alice');
    inSearch.metadata.namespace = 'search';
    const elsewhere = overdue('bob');
    elsewhere.metadata.namespace = 'kube-system';
    bindings.all = [...Array.from({ length: 150 }, (_, i) => ordinary(`b-${i}`)), overdue('carol'), inSearch, elsewhere];
    const { summary } = await run({ namespaces: ['payments', 'search'] });
    expect(bindings.deleted).toEqual(['debug-grant:carol', 'debug-grant:alice']);
    expect(summary).toMatchObject({ namespaces: 2, roleBindings: 152, deleted: 2 });
  });

  it('a timer without any RoleBinding is nothing to it', async () => {
    expect((await run()).summary).toMatchObject({ roleBindings: 0, alarms: 0, failed: 0 });
    expect(api.received).toHaveLength(1);
  });
});

describe('a timer that is gone', () => {
  it('while its grant goes on: the garbage collector gets a moment, then it is removed, with an alarm', async () => {
    bindings.all = [running('alice'), running('bob')];
    bindings.gone.add(timerOf('alice').name);
    const outcome = await run();
    expect(outcome.paused).toEqual([3000]);
    expect(said(outcome)).toEqual(['info grant-runs runs bob', 'alarm grant-without-timer deleted alice']);
    expect(outcome.lines[1].message).toBe('its timer "debug-timer-1800-alice" is gone, or leaves it behind, and it ends 2026-03-01T12:30:00Z; deleted');
  });

  it('and the garbage collector was about to take the grant: no alarm', async () => {
    bindings.all = [running('alice')];
    bindings.gone.add(timerOf('alice').name);
    const outcome = await run({}, () => { bindings.all = []; });
    expect([outcome.ok, said(outcome), api.events]).toEqual([true, ['info grant-without-timer changed alice'], []]);
    expect(outcome.summary).toMatchObject({ alarms: 0, changed: 1 });
  });

  it('another Job of its name is no timer of it', async () => {
    bindings.all = [running('alice', owner({ uid: 'uid-of-one-before' }))];
    expect(said(await run())).toEqual(['alarm grant-without-timer deleted alice']);
  });

  it('deleted so that it leaves its grant behind (--cascade=orphan): removed, with an alarm', async () => {
    bindings.all = [running('alice'), running('bob')];
    const job = (user: string, more: object) => ({ code: 200, body: { kind: 'Job', metadata: { ...timerOf(user), deletionTimestamp: '2026-03-01T11:59:00Z', ...more } } });
    first('GET', '/jobs/debug-timer-1800-alice', () => job('alice', { finalizers: ['orphan'] }));
    // This one takes its grant with it.
    first('GET', '/jobs/debug-timer-1800-bob', () => job('bob', { finalizers: ['foregroundDeletion'] }));
    expect(said(await run())).toEqual(['info grant-runs runs bob', 'alarm grant-without-timer deleted alice']);
  });

  it('within the grace it is what has to be: nobody looks', async () => {
    bindings.all = [request('alice', -0.5, granted)];
    bindings.gone.add(timerOf('alice').name);
    const outcome = await run();
    expect([said(outcome), api.sent('GET', '/jobs/')]).toEqual([['info grant-runs runs alice'], []]);
  });

  it('that cannot be read is no reason to take access away, and a failure', async () => {
    bindings.all = [running('alice'), overdue('bob')];
    first('GET', '/jobs/', () => refused(403, 'jobs.batch is forbidden'));
    const outcome = await run();
    expect([outcome.ok, bindings.deleted]).toEqual([false, ['debug-grant:bob']]);
    expect(outcome.lines[0].message).toBe('the timer "debug-timer-1800-alice" could not be read: not allowed in payments: is the namespace there, with the Role and RoleBinding of this clean-up? (jobs.batch is forbidden)');
  });
});

describe('a binding that gives what only requests should', () => {
  it('is an alarm, and is left', async () => {
    bindings.all = [running('alice', unlabelled), running('bob', bindsTo('ClusterRole', 'cluster-admin'))];
    const outcome = await run();
    expect([outcome.ok, bindings.deleted, said(outcome)]).toEqual([true, [], ['alarm unexpected-binding left alice', 'alarm unexpected-binding left bob']]);
    expect(outcome.lines[1].role).toBe('ClusterRole cluster-admin');
    expect(outcome.summary).toMatchObject({ unexpected: 2, alarms: 2, active: 0 });
    expect(api.events.map(({ reason }) => reason)).toEqual(['UnexpectedBinding', 'UnexpectedBinding']);
  });
});

describe('a finalizer keeps the access alive, for RBAC does not ask whether a binding is being deleted', () => {
  it('one that was on it already', async () => {
    bindings.all = [overdue('alice', beingDeleted('example.com/keep'))];
    const outcome = await run();
    expect([said(outcome), api.sent('DELETE', '/')]).toEqual([['alarm overdue-grant held alice'], []]);
    expect(outcome.lines[0].message).toMatch(/; it is being deleted, and works until its finalizers are gone: "example.com\/keep"$/);
    expect(outcome.summary).toMatchObject({ held: 1, alarms: 1, deleted: 0 });
  });

  it('one that shows when it is deleted', async () => {
    bindings.all = [overdue('alice', ({ metadata }) => { metadata.finalizers = ['example.com/keep']; })];
    expect(said(await run())).toEqual(['alarm overdue-grant held alice']);
  });

  it('the alarm comes back with every run, the Event does not', async () => {
    bindings.all = [overdue('alice', beingDeleted('example.com/keep'))];
    expect([said(await run()), said(await run())].flat()).toHaveLength(2);
    expect(api.events).toHaveLength(1);
  });
});

describe('what changed since it was looked at is for the next run', () => {
  it.each<[string, () => void, string]>([
    ['it was closed', () => { bindings.all[0].metadata.resourceVersion = '8'; }, 'not deleted, it changed or was replaced since it was listed; the next run decides anew'],
    ['a new request has its name', () => { bindings.all[0].metadata.uid = 'another'; }, 'not deleted, it changed or was replaced since it was listed; the next run decides anew'],
    ['its timer has removed it', () => { bindings.all = []; }, 'not deleted, it is gone'],
  ])('%s', async (_words, change, message) => {
    bindings.all = [overdue('alice')];
    afterTheList(change);
    const outcome = await run();
    expect([outcome.ok, bindings.deleted, said(outcome), api.events]).toEqual([true, [], ['info overdue-grant changed alice'], []]);
    expect(outcome.lines[0].message).toMatch(new RegExp(`; ${message}$`));
  });
});

describe('a dry run', () => {
  it('raises the alarm and deletes nothing', async () => {
    bindings.all = [overdue('alice')];
    const outcome = await run({ dryRun: true });
    expect(api.sent('DELETE', '/').map(({ body }) => body)).toEqual([
      { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'uid-of-alice', resourceVersion: '7' }, dryRun: ['All'] },
    ]);
    expect([bindings.deleted, said(outcome)]).toEqual([[], ['alarm overdue-grant wouldDelete alice']]);
    expect(outcome.summary).toMatchObject({ dryRun: true, wouldDelete: 1, deleted: 0, alarms: 1 });
  });
});

describe('what goes wrong is said, and the rest still happens', () => {
  it('a namespace without the right', async () => {
    const inSearch = overdue('alice');
    inSearch.metadata.namespace = 'search';
    bindings.all = [inSearch];
    first('GET', 'payments/rolebindings', () => refused(403, 'rolebindings is forbidden'));
    const outcome = await run({ namespaces: ['payments', 'search'] });
    expect([outcome.ok, bindings.deleted]).toEqual([false, ['debug-grant:alice']]);
    expect(outcome.lines[0].message).toBe('the RoleBindings of payments could not be listed: not allowed in payments: is the namespace there, with the Role and RoleBinding of this clean-up? (rolebindings is forbidden)');
    expect(outcome.summary).toMatchObject({ level: 'error', message: 'done, but something failed', failed: 1, deleted: 1 });
  });

  it('a grant that a policy does not let it delete: alarm, failure and Event', async () => {
    bindings.all = [overdue('alice')];
    first('DELETE', '/', () => refused(403, 'ValidatingAdmissionPolicy "secure-debug-requests" denied request'));
    const outcome = await run();
    expect(outcome.ok).toBe(false);
    expect(said(outcome)).toEqual(['alarm overdue-grant failed alice', 'error overdue-grant failed -']);
    expect(api.events.map(({ reason }) => reason)).toEqual(['OverdueGrant']);
  });

  it('an Event that cannot be written: the grant is gone all the same', async () => {
    bindings.all = [overdue('alice')];
    first('POST', '/events', () => refused(403, 'events is forbidden'));
    const outcome = await run();
    expect([outcome.ok, bindings.deleted]).toEqual([false, ['debug-grant:alice']]);
    expect(said(outcome)).toEqual(['alarm overdue-grant deleted alice', 'error - failed -']);
  });

  it('a list that expires half-way begins anew', async () => {
    bindings.all = [...Array.from({ length: 120 }, (_, i) => ordinary(`b-${i}`)), overdue('alice')];
    first('GET', 'continue=100', count => count === 1 ? refused(410, 'too old') : undefined);
    expect((await run()).summary).toMatchObject({ roleBindings: 121, deleted: 1 });
  });

  it('a deletion that is answered with 500 is tried again', async () => {
    bindings.all = [overdue('alice')];
    first('DELETE', '/', count => count === 1 ? refused(500, 'leader changed') : undefined);
    expect([(await run()).ok, bindings.deleted]).toEqual([true, ['debug-grant:alice']]);
  });
});

describe('text of people stays text', () => {
  it.each(['INC-1\n{"level":"info","message":"forged"}', '\u001b[2K\u202egnp.exe', '"}', '${jndi:x}', 'ж'.repeat(5000)])('%j as ticket', async text => {
    bindings.all = [overdue('alice', ({ metadata }) => { metadata.annotations[REQUEST.ticket] = text; })];
    const outcome = await run();
    expect(outcome.text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(outcome.lines).toHaveLength(1);
    expect(outcome.lines[0].ticket).toBe(text.slice(0, 253));
    expect(Buffer.byteLength(api.events[0].note)).toBeLessThanOrEqual(1024);
  });
});

it('its names are those of the library', () => {
  expect([expiry.REQUEST_FOR, expiry.REQUESTED_BY, expiry.TICKET, expiry.EXPIRES_AT, expiry.CLOSED, expiry.TIMER_PREFIX])
    .toEqual([REQUEST_FOR, REQUEST.requestedBy, REQUEST.ticket, REQUEST.expiresAt, REQUEST.closed, TIMER_PREFIX]);
  expect(expiry.REQUESTABLE.source).toBe(`^(?:${GRANT_ROLE}|${BREAK_GLASS_ROLE})(?:-[a-z0-9-]+)?$`);
});

describe('the script as the CronJob starts it', () => {
  interface Ended { status: number | null; lines: any[]; stderr: string; stdout: string }
  const start = (config: object, args?: string[]): Promise<Ended> => new Promise((resolve, reject) => {
    const file = join(credentials.directory, 'config.json');
    writeFileSync(file, JSON.stringify(config));
    const child = spawn(process.execPath, [EXPIRY_SCRIPT_FILE, ...args ?? [file, credentials.directory]], {
      env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port, HOSTNAME: 'expiry-29-abcde' },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', data => { stdout += data; });
    child.stderr.on('data', data => { stderr += data; });
    child.on('error', reject);
    child.on('close', status => resolve({ status, stdout, stderr, lines: stdout.trimEnd().split('\n').map(line => JSON.parse(line)) }));
  });
  const ended = (change: Change): Binding => request('alice', 0, granted, ends('2026-03-01T12:00:00Z'), change);

  it('removes, raises the alarm, and exits with 0: an alarm is no failure', async () => {
    bindings.all = [ended(orphaned), running('bob', ends('2999-01-01T00:00:00Z'))];
    const { status, lines, stderr } = await start(EXPIRY_CONFIG);
    expect([status, stderr, bindings.deleted]).toEqual([0, '', ['debug-grant:alice']]);
    expect(lines.map(({ level, event }) => `${level} ${event ?? 'summary'}`)).toEqual(['alarm overdue-grant', 'info grant-runs', 'info summary']);
  });

  it('waits for the garbage collector by the clock', async () => {
    bindings.all = [running('bob', ends('2999-01-01T00:00:00Z'))];
    bindings.gone.add(timerOf('bob').name);
    const began = Date.now();
    expect((await start(EXPIRY_CONFIG)).lines[0]).toMatchObject({ level: 'alarm', event: 'grant-without-timer', outcome: 'deleted' });
    expect(Date.now() - began).toBeGreaterThan(2900);
  });

  it('a failure is exit status 1, and the token is never shown', async () => {
    api.instead.unshift(({ headers }) => refused(403, `${headers.authorization}`));
    const { status, stdout } = await start(EXPIRY_CONFIG);
    expect(status).toBe(1);
    expect(stdout).toContain('Bearer [token]');
    expect(stdout).not.toContain(TOKEN);
  });

  it.each<[string, object, string]>([
    ['no grace', { graceSeconds: undefined }, 'graceSeconds must be a whole number above 0'],
    ['a grace of 0', { graceSeconds: 0 }, 'graceSeconds must be a whole number above 0'],
    ['"false" as text, which is true', { dryRun: 'false' }, 'dryRun must be true or false'],
    ['no namespaces', { namespaces: [] }, 'namespaces must be a list of names'],
  ])('a configuration with %s is refused', (_words, change, message) =>
    expect(() => expiry.readConfig(JSON.stringify({ ...EXPIRY_CONFIG, ...change }))).toThrow(`the configuration is wrong: ${message}`));

  it('without arguments it says how', async () => expect((await start({}, [])).lines[0].message).toBe('usage: expired-access-cleanup.js CONFIG.json SERVICE_ACCOUNT_DIRECTORY'));

  it('as a function it returns the exit status', async () => {
    const lines: string[] = [];
    const file = join(credentials.directory, 'config.json');
    writeFileSync(file, JSON.stringify(EXPIRY_CONFIG));
    const log = expiry.createLog((line: string) => lines.push(line), () => NOW);
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port };
    expect([await expiry.main([file, credentials.directory], env, log, () => NOW), await expiry.main([], env, log, () => NOW)]).toEqual([0, 1]);
    expect(lines).toHaveLength(2);
  });
});

it('the script passes the type checker, uses nothing but what lies beside it, and is plain ASCII', () => {
  const program = ts.createProgram([EXPIRY_SCRIPT_FILE], {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    strict: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    noImplicitReturns: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
  });
  expect(ts.getPreEmitDiagnostics(program).map(d => `${d.file?.fileName ?? ''}:${d.start ?? ''} ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`)).toEqual([]);
  const text = ts.sys.readFile(EXPIRY_SCRIPT_FILE)!;
  expect([...text.matchAll(/require\('([^']+)'\)/g)].map(m => m[1])).toEqual(['./kubernetes.js']);
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
}, 60_000);

it('inMinutes is the time that requests are made with', () => expect(inMinutes(30)).toBe('2026-03-01T12:30:00Z'));
