import { writeFileSync } from 'fs';
import { join } from 'path';
import { runNow } from './cleanup-job';
import { BACKSTOP, Backstop, bindingsIn, EndedRun } from './expiry-run';
import { rightsOf } from '../access/rights';
import { Answer, Api } from '../lab/api';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, find, kubectl } from '../lab/kubectl';
import { serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove } from '../lab/targets';
import { key, passed, RBAC, refused, refusedByRbac, Scene, user } from '../requests/scene';

const cluster = theCluster();
const withNode = testIf(cluster.node, 'the cluster has no node');
const scene = new Scene(cluster, 'expiry');
const JOBS = 'sd-expiry-jobs';
/** A namespace of which no policy knows, so that everything can be there. */
const UNGOVERNED = 'sd-expiry-free';
const LEADS: [string, string] = ['bob', 'leads'];

let backstop: Backstop;
let token: Api;

beforeAll(async () => {
  await remove(cluster, [JOBS, UNGOVERNED]);
  await scene.raise();
  // This file is about timers that fail. With its policy, not even an administrator can make one fail.
  await scene.withoutTimersPolicy();
  await apply(cluster, [namespace(UNGOVERNED), { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: 'debug-grant', namespace: UNGOVERNED }, rules: [] }]);
  backstop = await Backstop.install(cluster, JOBS, [scene.place, scene.other, UNGOVERNED]);
  token = new Api(backstop.person);
});
afterEach(async () => {
  await scene.clear();
  await asAdmin(cluster, ['delete', 'rolebindings', '-n', UNGOVERNED, '-l', key('request-for')]);
});
afterAll(async () => {
  token?.close();
  await scene.raze();
  await remove(cluster, [JOBS, UNGOVERNED]);
});

/** What a run said about a person's request, and about nothing else. */
const about = (run: EndedRun, person: string) => run.lines.filter(line => line.person === scene.who[person].name).map(({ level, event, outcome }) => `${level} ${event} ${outcome}`);

/**
 * Deletes the timer so that what it owns stays: what somebody with a wildcard can do where its policy is gone. The policy on
 * requests does not let the garbage collector take the owner away, so the Job waits for ever, and its deadline means nothing.
 */
async function orphan(binding: any): Promise<void> {
  const [{ name }] = binding.metadata.ownerReferences;
  await asAdmin(cluster, ['delete', 'job', name, '-n', binding.metadata.namespace, '--cascade=orphan', '--wait=false']);
}

async function granted(person: string, role = 'debug-grant', seconds = 600) {
  const binding = await scene.asked(person, role, { seconds });
  passed(await scene.approve('bob', binding, [LEADS]));
  await eventually(`${person} to have it`, async () => await scene.may(person, 'create', 'pods/exec') || undefined, 30_000);
  return binding;
}

/** A request that nobody could write where a policy governs. */
async function crafted(person: string, metadata: object, said: object = {}) {
  const name = `debug-grant:${person}`;
  const labels = { [key('request-for')]: 'debug-grant' };
  const annotations = { [key('requested-by')]: scene.who[person].name, ...said };
  await asAdmin(cluster, ['create', '-f', '-'], {
    stdin: JSON.stringify({
      ...scene.binding(name, 'debug-grant', [user(scene.who[person].name)], UNGOVERNED), metadata: { name, namespace: UNGOVERNED, labels, annotations, ...metadata },
    }),
  });
  return find(cluster, ['rolebinding', name, '-n', UNGOVERNED]);
}

describe('what a run does', () => {
  it('a grant whose timer was orphaned goes on after its end, until it is removed, with an alarm', async () => {
    const binding = await granted('alice', 'debug-grant', 8);
    await orphan(binding);
    const end = Date.parse(binding.metadata.annotations[key('expires-at')]);
    await new Promise(resolve => setTimeout(resolve, Math.max(0, end + 2500 - Date.now())));
    expect(await scene.may('alice', 'create', 'pods/exec')).toBe(true);

    const run = await backstop.run();
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(about(run, 'alice')).toEqual(['alarm overdue-grant deleted']);
    expect(run.lines[0]).toMatchObject({ role: 'debug-grant', ticket: 'INC-42', namespace: scene.place, subjects: [`User ${scene.who.alice.name}`] });
    expect(run.lines[0].overdueSeconds).toBeGreaterThanOrEqual(2);
    expect(run.summary).toMatchObject({ overdue: 1, alarms: 1, deleted: 1, failed: 0 });
    expect(await scene.find(binding)).toBeUndefined();
    await eventually('alice to have it no longer', async () => await scene.may('alice', 'create', 'pods/exec') ? undefined : true, 30_000);

    const { items } = JSON.parse(await asAdmin(cluster, ['get', 'events', '-n', scene.place, '-o', 'json']));
    const told = items.filter((one: any) => one.involvedObject.uid === binding.metadata.uid);
    expect(told.map(({ type, reason, reportingComponent }: any) => [type, reason, reportingComponent])).toEqual([['Warning', 'OverdueGrant', 'secure-debug.internal/expired-access-cleanup']]);
  });

  it('a grant that nothing will end is removed before its end', async () => {
    await orphan(await granted('alice'));
    expect(about(await backstop.run(), 'alice')).toEqual(['alarm grant-without-timer deleted']);
  });

  it('a leftover request is removed without an alarm, and its author can ask again', async () => {
    const binding = await scene.asked('alice', 'debug-grant', { seconds: 2 });
    await orphan(binding);
    await new Promise(resolve => setTimeout(resolve, 4000));
    expect((await scene.ask('alice', 'debug-grant')).status).toBe(409);
    const run = await backstop.run();
    expect([about(run, 'alice'), run.summary.alarms]).toEqual([['warning overdue-request deleted'], 0]);
    await scene.asked('alice', 'debug-grant');
  });

  it('what runs, waits, was denied or revoked stays, and so does every other RoleBinding, its own too', async () => {
    await granted('alice');
    await scene.asked('erin', 'debug-grant');
    passed(await scene.close('bob', await scene.asked('grace', 'debug-grant', { seconds: 600 }), 'denied'));
    passed(await scene.close('bob', await scene.asked('dave', 'debug-grant-oncall', { granted: true }), 'revoked'));
    const before = await Promise.all([scene.place, scene.other, UNGOVERNED].map(place => bindingsIn(cluster, place)));
    expect(before[0]).toEqual(expect.arrayContaining([BACKSTOP, 'admins', `debug-grant:${scene.who.alice.name}`]));

    const run = await backstop.run();
    expect([run.code, about(run, 'alice')]).toEqual([0, ['info grant-runs runs']]);
    expect(run.summary).toMatchObject({ namespaces: 3, active: 1, open: 1, closed: 2, overdue: 0, alarms: 0, unexpected: 0, deleted: 0, failed: 0 });
    expect(await Promise.all([scene.place, scene.other, UNGOVERNED].map(place => bindingsIn(cluster, place)))).toEqual(before);
  });

  it('a timer that is deleted takes its grant with it: no alarm', async () => {
    const binding = await granted('alice');
    await asAdmin(cluster, ['delete', 'job', binding.metadata.ownerReferences[0].name, '-n', scene.place, '--wait=false']);
    const run = await backstop.run();
    expect(run.summary).toMatchObject({ alarms: 0, failed: 0, deleted: 0 });
    expect(await eventually('the grant to go', async () => await scene.find(binding) ? undefined : 'gone')).toBe('gone');
  });

  it('a binding that claims to be a request and gives another role is an alarm, and is left', async () => {
    const made = { ...scene.binding('handmade', 'view', [user('mallory')]), metadata: { name: 'handmade', namespace: scene.place, labels: { [key('request-for')]: 'debug-grant' } } };
    passed(await scene.send('admin', 'POST', scene.path('rolebindings'), { ...made, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'view' } }));
    const run = await backstop.run();
    expect([run.code, run.lines.map(({ level, event, roleBinding }) => `${level} ${event} ${roleBinding}`)]).toEqual([0, ['alarm unexpected-binding handmade']]);
    expect(await bindingsIn(cluster, scene.place)).toContain('handmade');
  });

  it('a dry run asks, raises the alarm, and removes nothing', async () => {
    const binding = await granted('alice');
    await orphan(binding);
    expect(about(await backstop.run({ dryRun: true }), 'alice')).toEqual(['alarm grant-without-timer wouldDelete']);
    expect(await scene.find(binding)).toBeDefined();
  });
});

describe('where no policy governs', () => {
  const end = { [key('expires-at')]: '2999-01-01T00:00:00Z' };
  const noTimer = { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'debug-timer-600-none', uid: '00000000-0000-0000-0000-000000000000' }] };

  it.each<[string, object, object, string]>([
    ['without an end', {}, {}, 'alarm unreadable-grant deleted'],
    ['with an end that is no time', {}, { [key('expires-at')]: 'never' }, 'alarm unreadable-grant deleted'],
    ['without a timer', {}, end, 'alarm grant-without-timer deleted'],
  ])('a grant %s is removed, with an alarm', async (_words, metadata, annotations, expected) => {
    await crafted('alice', metadata, annotations);
    expect(about(await backstop.run(), 'alice')).toEqual([expected]);
    expect(await bindingsIn(cluster, UNGOVERNED)).not.toContain('debug-grant:alice');
  });

  it('a grant whose timer never was is removed by the garbage collector, without an alarm', async () => {
    await crafted('alice', noTimer, end);
    const run = await backstop.run();
    expect(run.summary).toMatchObject({ alarms: 0, failed: 0, deleted: 0 });
    await eventually('the garbage collector', async () => (await bindingsIn(cluster, UNGOVERNED)).includes('debug-grant:alice') ? undefined : true);
  });

  it('a finalizer keeps a deleted grant working: the alarm says so, run after run', async () => {
    const binding = await crafted('alice', { finalizers: ['example.com/keep'] }, { [key('expires-at')]: '2020-01-01T00:00:00Z' });
    try {
      for (let i = 0; i < 2; i++) {
        const run = await backstop.run();
        expect([run.code, about(run, 'alice'), run.summary.held]).toEqual([0, ['alarm overdue-grant held'], 1]);
        expect(run.lines[0].message).toMatch(/works until its finalizers are gone: "example.com\/keep"$/);
      }
      expect(await bindingsIn(cluster, UNGOVERNED)).toContain('debug-grant:alice');
    } finally {
      await asAdmin(cluster, ['patch', 'rolebinding', binding.metadata.name, '-n', UNGOVERNED, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    }
  });

  it('what changed since it was looked at is left for the next run, by the word of the API server', async () => {
    const binding = await crafted('alice', {}, { [key('expires-at')]: '2020-01-01T00:00:00Z' });
    const { createClient, createLog, ExpiryRun } = jest.requireActual<any>(join(backstop.folder, 'expired-access-cleanup.js'));
    const real = createClient({ host: backstop.server.hostname, port: backstop.server.port, serviceAccount: backstop.folder });
    const client = {
      ...real,
      delete: async (url: string, body: object) => {
        await asAdmin(cluster, ['annotate', 'rolebinding', binding.metadata.name, '-n', UNGOVERNED, 'example.com/changed=yes']);
        return real.delete(url, body);
      },
    };
    const lines: any[] = [];
    const log = createLog((line: string) => lines.push(JSON.parse(line)), Date.now);
    expect(await new ExpiryRun({ config: backstop.config(), client, log, clock: Date.now, instance: 'test' }).run()).toBe(true);
    real.close();
    expect(lines.map(({ level, event, outcome }) => `${level} ${event ?? ''} ${outcome}`)).toEqual(['info overdue-grant changed', 'info  summary']);
    expect(await bindingsIn(cluster, UNGOVERNED)).toContain(binding.metadata.name);
  });

  it.each<[string, (metadata: any) => object]>([
    ['another of its name', ({ resourceVersion }) => ({ uid: '00000000-0000-0000-0000-000000000000', resourceVersion })],
    ['an older state of it', ({ uid }) => ({ uid, resourceVersion: '1' })],
  ])('a deletion that means %s is refused with a conflict', async (_words, preconditions) => {
    const { metadata } = await crafted('alice', {}, end);
    const file = join(backstop.folder, 'options.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: preconditions(metadata) }));
    const ended = await kubectl(cluster, backstop.person, ['delete', '--raw', scene.path('rolebindings', metadata.name, UNGOVERNED), '-f', file]);
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/\(Conflict\).* in the precondition .* does not match/) });
    expect(await bindingsIn(cluster, UNGOVERNED)).toContain(metadata.name);
  });
});

describe('where it runs', () => {
  withNode('in its pod, under Pod Security restricted, it does the same, and ends well', async () => {
    await crafted('alice', {}, { [key('expires-at')]: '2020-01-01T00:00:00Z' });
    const job = await runNow(cluster, JOBS, BACKSTOP, 'now');
    expect([job.succeeded, job.warnings]).toEqual([true, '']);
    expect(job.log.map(({ level, event, outcome }) => `${level} ${event ?? ''} ${outcome}`)).toEqual(['alarm overdue-grant deleted', 'info  summary']);
    expect(await bindingsIn(cluster, UNGOVERNED)).not.toContain('debug-grant:alice');
  });
});

describe('a stolen token of its ServiceAccount', () => {
  const send = (method: string, path: string, body?: object, type?: string): Promise<Answer> => token.send(method, path, body, type);

  it('has the rights of the Role where access can be requested, and no other', async () => {
    const neighbour = await serviceAccount(cluster, JOBS, 'default');
    const beyond = async (where: string) => {
      const everybody = await rightsOf(neighbour, where);
      return (await rightsOf(backstop.person, where)).filter(right => !everybody.includes(right));
    };
    expect(await beyond(scene.place)).toEqual([
      'create events.events.k8s.io', `delete rolebindings.${RBAC}`, 'expire accessrequests.secure-debug.internal', 'get jobs.batch', `list rolebindings.${RBAC}`,
    ]);
    for (const where of [JOBS, 'kube-system', 'default']) expect(await beyond(where)).toEqual([]);
  });

  it.each(['admins', 'robot', BACKSTOP, 'request-debug-grant'])('deletes no RoleBinding that is no request: %s', async name => {
    expect(await bindingsIn(cluster, scene.place)).toContain(name);
    refused(await send('DELETE', scene.path('rolebindings', name)), /./);
    expect(await bindingsIn(cluster, scene.place)).toContain(name);
  });

  it('gives nobody anything: no binding, no change of one, no Role, no timer', async () => {
    const binding = await scene.asked('alice', 'debug-grant');
    const own = `system:serviceaccount:${JOBS}:${BACKSTOP}`;
    refusedByRbac(await send('POST', scene.path('rolebindings'), scene.binding('mine', 'debug-grant', [user(own)])));
    refusedByRbac(await send('PATCH', scene.path('rolebindings', binding.metadata.name), { subjects: [user(own)] }, 'application/merge-patch+json'));
    refusedByRbac(await send('PUT', scene.path('rolebindings', binding.metadata.name), { ...binding, subjects: [user(own)] }));
    refusedByRbac(await send('PATCH', scene.path('roles', 'debug-grant'), { metadata: { annotations: { x: 'y' } } }, 'application/merge-patch+json'));
    refusedByRbac(await send('DELETE', scene.path('roles', 'debug-grant')));
    refusedByRbac(await send('POST', scene.path('jobs'), { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'debug-timer-60-x' }, spec: scene.spec(60) }));
    refusedByRbac(await send('DELETE', scene.path('jobs', binding.metadata.ownerReferences[0].name)));
  });

  it('deletes no collection, and nothing elsewhere', async () => {
    refusedByRbac(await send('DELETE', scene.path('rolebindings')));
    refusedByRbac(await send('GET', scene.path('rolebindings', undefined, 'kube-system')));
    refusedByRbac(await send('DELETE', scene.path('rolebindings', BACKSTOP, JOBS)));
    refusedByRbac(await send('GET', '/api/v1/namespaces/kube-system/secrets'));
    refusedByRbac(await send('GET', scene.path('pods')));
  });

  it('can end a grant early, for no policy knows the time on DELETE: that much is known', async () => {
    const binding = await granted('alice');
    expect((await send('DELETE', scene.path('rolebindings', binding.metadata.name))).status).toBe(200);
  });
});
