import { group, JSON_PATCH, key, MERGE, passed, RBAC, refused, refusedByRbac, Scene, STRATEGIC, user } from './scene';
import { theCluster } from '../lab/cluster';
import { admin, kubectl } from '../lab/kubectl';
import { eventually } from '../lab/process';

// What people try with the timers that end access, and with what says who may have it: by rights that they hold anyway.
const cluster = theCluster();
const scene = new Scene(cluster, 'governing');
const ROLE = 'debug-grant';

beforeAll(() => scene.raise());
afterEach(() => scene.clear());
afterAll(() => scene.raze());

const job = (name: string) => scene.path('jobs', name);
const timerOf = (binding: any): string => binding.metadata.ownerReferences[0].name;

describe('a timer as it is made', () => {
  it.each<[string, (job: any) => void]>([
    ['with another deadline than its name says', one => { one.spec.activeDeadlineSeconds = 86_400; }],
    ['without a deadline', one => { delete one.spec.activeDeadlineSeconds; }],
    ['that is suspended', one => { one.spec.suspend = true; }],
    ['that runs a pod', one => { one.spec.parallelism = 1; }],
    ['that runs a pod by default', one => { delete one.spec.parallelism; }],
    ['that has completions', one => { one.spec.completions = 1; }],
    ['that stays when it has ended', one => { one.spec.ttlSecondsAfterFinished = 86_400; }],
    ['that stays for ever', one => { delete one.spec.ttlSecondsAfterFinished; }],
    ['that another controller manages', one => { one.spec.managedBy = 'example.com/nobody'; }],
    ['with a policy on failing pods', one => { one.spec.podFailurePolicy = { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }] }; }],
    ['with a policy on success', one => { Object.assign(one.spec, { completionMode: 'Indexed', completions: 1, successPolicy: { rules: [{ succeededCount: 1 }] } }); }],
    ['that is indexed', one => { Object.assign(one.spec, { completionMode: 'Indexed', completions: 0 }); }],
    ['with retries', one => { one.spec.backoffLimit = 6; }],
    ['with a finalizer', one => { one.metadata.finalizers = ['example.com/stay']; }],
    ['with the finalizer that orphans', one => { one.metadata.finalizers = ['orphan']; }],
    ['with an owner', one => { one.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }]; }],
    ['of more than a day', one => { one.metadata.name = 'debug-timer-86401-a'; one.spec.activeDeadlineSeconds = 86_401; }],
    ['of eleven days', one => { one.metadata.name = 'debug-timer-999999-a'; one.spec.activeDeadlineSeconds = 999_999; }],
    ['of no time', one => { one.metadata.name = 'debug-timer-0-a'; one.spec.activeDeadlineSeconds = 0; }],
    ['of a name with seconds that are none', one => { one.metadata.name = 'debug-timer-600s-a'; }],
    ['of a name that continues', one => { one.metadata.name = 'debug-timer-600-a-b'; }],
  ])('%s is refused, to requesters, administrators of the namespace and of the cluster', async (_name, change) => {
    for (const person of ['alice', 'mallory', 'admin']) {
      const answer = await scene.startTimer(person, 600, change);
      // Some of it the API server refuses by itself.
      if (answer.status !== 422 || /ValidatingAdmissionPolicy/.test(answer.body.message)) refused(answer, /^a timer /);
    }
  });
  it('that replaces its own pods otherwise, or whose pod is another, is a timer all the same', async () => {
    passed(await scene.startTimer('alice', 600, one => { one.spec.podReplacementPolicy = 'Failed'; one.spec.template.spec.containers[0].image = 'example.com/other:1'; }));
  });
});

describe('other Jobs', () => {
  const build = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'build' }, spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'example.com/a:1' }] } } } };
  it('requesters start none, though RBAC lets them create Jobs', async () => {
    expect(await scene.may('alice', 'create', 'jobs', { group: 'batch' })).toBe(true);
    refused(await scene.send('alice', 'POST', scene.path('jobs'), build), /timers of your requests alone/);
    refused(await scene.send('robot', 'POST', scene.path('jobs'), build), /timers of your requests alone/);
    refused(await scene.send('alice', 'POST', scene.path('jobs'), { ...build, metadata: { generateName: 'build-' } }), /timers of your requests alone/);
  });
  it('approvers and others start none at all', async () => {
    for (const person of ['bob', 'trent']) refusedByRbac(await scene.send(person, 'POST', scene.path('jobs'), build));
  });
  it('a requester who may create pods anyway starts what they like', async () => {
    passed(await scene.send('mallory', 'POST', scene.path('jobs'), build));
    passed(await scene.send('mallory', 'PATCH', job('build'), { metadata: { labels: { a: 'b' } } }, MERGE));
    passed(await scene.send('mallory', 'DELETE', job('build')));
  });
});

describe('a timer that runs', () => {
  let binding: any;
  beforeEach(async () => { binding = await scene.asked('mallory', ROLE); });
  const people = ['alice', 'bob', 'mallory', 'admin'];

  it.each<[string, string, object]>([
    ['a later deadline', MERGE, { spec: { activeDeadlineSeconds: 86_400 } }],
    ['no deadline', JSON_PATCH, [{ op: 'remove', path: '/spec/activeDeadlineSeconds' }]],
    ['suspension', STRATEGIC, { spec: { suspend: true } }],
    ['parallelism', MERGE, { spec: { parallelism: 1 } }],
    ['a time to live', MERGE, { spec: { ttlSecondsAfterFinished: 86_400 } }],
  ])('gets no %s, from requesters, approvers and administrators', async (_name, type, body) => {
    for (const person of people) {
      const answer = await scene.send(person, 'PATCH', job(timerOf(binding)), body, type);
      if (person === 'alice' || person === 'bob') refusedByRbac(answer);
      else refused(answer, /a timer never changes/);
    }
  });
  it('is changed by PUT, replaced or applied by none of them', async () => {
    for (const person of ['mallory', 'admin']) {
      // The controller writes it too, so a conflict says nothing.
      const answer = await eventually('a write without a conflict', async () => {
        const { body } = await scene.send('admin', 'GET', job(timerOf(binding)));
        body.spec.activeDeadlineSeconds = 86_400;
        const tried = await scene.send(person, 'PUT', job(timerOf(binding)), body);
        return tried.status === 409 ? undefined : tried;
      });
      refused(answer, /a timer never changes/);
    }
  });
  it('has its status set by nobody but controllers', async () => {
    const later = { status: { startTime: '2099-01-01T00:00:00Z' } };
    const failed = { status: { failed: 3 } };
    for (const body of [later, failed]) {
      const answer = await scene.send('admin', 'PATCH', `${job(timerOf(binding))}/status`, body, MERGE);
      // Newer API servers refuse a later start by themselves.
      if (answer.status !== 422) refused(answer, /a timer never changes/);
      else expect(answer.body.message).toContain('startTime');
      refusedByRbac(await scene.send('mallory', 'PATCH', `${job(timerOf(binding))}/status`, body, MERGE));
    }
  });
  it('is deleted by no requester and no administrator of the namespace', async () => {
    refusedByRbac(await scene.send('alice', 'DELETE', job(timerOf(binding))));
    refusedByRbac(await scene.send('bob', 'DELETE', job(timerOf(binding))));
    refused(await scene.send('mallory', 'DELETE', job(timerOf(binding))), /a timer ends by itself/);
    refused(await scene.send('mallory', 'DELETE', scene.path('jobs')), /a timer ends by itself/);
  });
  it.each([{ propagationPolicy: 'Orphan' }, { orphanDependents: true }])('is deleted by nobody so that its grant stays (%j)', async options => {
    for (const person of ['mallory', 'admin']) {
      refused(await scene.send(person, 'DELETE', job(timerOf(binding)), { kind: 'DeleteOptions', apiVersion: 'v1', ...options }), /a timer ends by itself|a timer takes its grant along/);
    }
    expect((await kubectl(cluster, admin(cluster), ['delete', 'job', timerOf(binding), '-n', scene.place, '--cascade=orphan'])).stderr).toContain('a timer takes its grant along');
    expect((await kubectl(cluster, admin(cluster), ['delete', '--raw', `${job(timerOf(binding))}?propagationPolicy=Orphan`])).stderr).toContain('a timer takes its grant along');
  });
  it.each(['Background', 'Foreground'])('takes the grant along when a cluster administrator deletes it (%s)', async propagationPolicy => {
    passed(await scene.send('admin', 'DELETE', job(timerOf(binding)), { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy }));
    await eventually('the request to be gone', async () => await scene.find(binding) ? undefined : true, 30_000);
  });
  it('is kept by no finalizer of an administrator', async () => {
    for (const person of ['mallory', 'admin']) {
      const answer = await scene.send(person, 'PATCH', job(timerOf(binding)), { metadata: { finalizers: ['orphan'] } }, MERGE);
      refused(answer, /a timer never changes/);
    }
  });
  it('has a label or annotation of an administrator, which means nothing', async () => {
    passed(await scene.send('admin', 'PATCH', job(timerOf(binding)), { metadata: { annotations: { note: 'x' } } }, MERGE));
  });
});

describe('the terms', () => {
  const requestable = (name: string, more: object = {}) => ({
    apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name, ...more }, rules: [],
  });
  it.each<[string, string, object]>([
    ['fewer approvals', 'debug-grant-logs', { metadata: { annotations: { [key('approvals-needed')]: '0' } } }],
    ['other approvers', 'debug-grant-logs', { metadata: { annotations: { [key('approvers')]: 'developers-governing' } } }],
    ['a longer time', 'debug-grant-logs', { metadata: { annotations: { [key('max-seconds')]: '86400' } } }],
    ['no approval for a group of theirs', 'debug-grant-logs', { metadata: { annotations: { [key('auto-approve')]: 'developers-governing' } } }],
    ['no label, so that nothing is governed', 'debug-grant-logs', { metadata: { labels: { [key('requestable')]: null } } }],
    ['other rights', 'debug-grant-logs', { rules: [] }],
    ['other rights of requesters', 'request-debug-grant', { rules: [] }],
    ['other rights of approvers', 'approve-debug-grant', { rules: [] }],
  ])('are not changed by an administrator of the namespace: %s', async (_name, role, body) => {
    for (const person of ['mallory']) refused(await scene.send(person, 'PATCH', scene.path('roles', role), body, MERGE), /written by GitOps alone/);
    for (const person of ['alice', 'bob']) refusedByRbac(await scene.send(person, 'PATCH', scene.path('roles', role), body, MERGE));
  });
  it('a Role that carries them is not deleted, so that nothing is governed', async () => {
    for (const name of [ROLE, 'break-glass', 'request-debug-grant', 'take-break-glass', 'approve-debug-grant']) refused(await scene.send('mallory', 'DELETE', scene.path('roles', name)), /written by GitOps alone/);
    refused(await scene.send('mallory', 'DELETE', scene.path('roles')), /written by GitOps alone/);
    expect((await scene.send('admin', 'GET', scene.path('roles', ROLE))).status).toBe(200);
  });
  it('a Role with terms of one\'s own is not made', async () => {
    const terms = { labels: { [key('requestable')]: 'true' }, annotations: { [key('approvals-needed')]: '1', [key('approvers')]: 'developers-governing', [key('auto-approve')]: 'developers-governing', [key('max-seconds')]: '86400' } };
    refused(await scene.send('mallory', 'POST', scene.path('roles'), requestable('mine', terms)), /written by GitOps alone/);
    refused(await scene.send('mallory', 'POST', scene.path('roles'), requestable('debug-grant-mine')), /written by GitOps alone/);
    refused(await scene.send('mallory', 'POST', scene.path('roles'), requestable('break-glass-mine')), /written by GitOps alone/);
    refused(await scene.send('mallory', 'PUT', scene.path('roles', 'break-glass-mine'), requestable('break-glass-mine')), /written by GitOps alone/);
    refused(await scene.send('mallory', 'POST', scene.path('roles'), requestable('approve-debug-grant-mine')), /written by GitOps alone/);
  });
  it('a clone of the Role is bound to nobody, and does not become requestable', async () => {
    passed(await scene.send('mallory', 'POST', scene.path('roles'), { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: 'clone' }, rules: [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] }] }));
    refused(await scene.send('mallory', 'POST', scene.path('rolebindings'), scene.binding('clone', 'clone', [user(scene.who.trent.name)])), /written by GitOps alone/);
    refused(await scene.send('mallory', 'PATCH', scene.path('roles', 'clone'), { metadata: { labels: { [key('requestable')]: 'true' } } }, MERGE), /written by GitOps alone/);
    passed(await scene.send('mallory', 'DELETE', scene.path('roles', 'clone')));
  });
  it('who takes part is not said by an administrator of the namespace', async () => {
    for (const name of ['request-debug-grant', 'take-debug-grant-oncall', 'approve-debug-grant']) {
      const answer = await scene.send('mallory', 'POST', scene.path('rolebindings'), scene.binding('more', name, [group('developers-governing')]));
      expect(answer.status).toBe(403);
    }
  });
  it('are not passed by in the moment in which the Role is deleted and made again', async () => {
    const namespace = scene.other;
    const role = (await scene.send('admin', 'GET', scene.path('roles', ROLE, namespace))).body;
    passed(await scene.send('admin', 'DELETE', scene.path('roles', ROLE, namespace)));
    try {
      const said = (name: string, value: string) => (binding: any) => { binding.metadata.annotations[key(name)] = value; };
      const subject = (name: string) => (binding: any) => { binding.subjects = [user(name)]; };
      // Nothing governs the namespace any more.
      const other = { ...scene.toClusterRole('other', 'view', [user('somebody')]), metadata: { name: 'other', namespace } };
      await eventually('the Role to be gone for the policy', async () => (await scene.send('admin', 'POST', scene.path('rolebindings', undefined, namespace), other, undefined, true)).status === 201 || undefined);
      const why = /names its author, has no approvals, and no subjects|the one subject that a request ever gets/;
      refused(await scene.ask('alice', ROLE, { namespace, granted: true }), why);
      refused(await scene.ask('alice', ROLE, { namespace, change: subject(scene.who.trent.name) }), why);
      refused(await scene.ask('alice', ROLE, { namespace, change: said('approvals', 'bob-governing as leads-governing') }), why);
      refused(await scene.ask('alice', ROLE, { namespace, change: said('requested-by', 'trent-governing') }), why);
      refused(await scene.ask('alice', ROLE, { namespace, change: binding => { delete binding.metadata.ownerReferences; } }), /have a timer/);
      const waiting = await scene.asked('erin', ROLE, { namespace });
      for (const [person, name] of [['erin', 'erin'], ['bob', 'bob'], ['alice', 'erin'], ['bob', 'trent']]) {
        refused(await scene.patch(person, waiting, { subjects: [user(scene.who[name].name)] }), why);
      }
      refused(await scene.patch('bob', waiting, { metadata: { annotations: { [key('requested-by')]: 'trent-governing' } }, subjects: [user('trent-governing')] }), why);
    } finally {
      const { resourceVersion, uid, creationTimestamp, managedFields, ...metadata } = role.metadata;
      passed(await scene.send('admin', 'POST', scene.path('roles', undefined, namespace), { ...role, metadata }));
    }
  });
  it('that cannot be read refuse, and let nobody pass', async () => {
    passed(await scene.send('admin', 'POST', scene.path('roles', undefined, scene.other), requestable('debug-grant-broken', { labels: { [key('requestable')]: 'true' }, annotations: { [key('max-seconds')]: '1h' } })));
    try {
      const binding = await scene.request('admin', 'debug-grant-broken', { namespace: scene.other, granted: true });
      await eventually('the Role to be seen', async () => {
        const { status, body } = await scene.send('admin', 'POST', scene.path('rolebindings', undefined, scene.other), binding, undefined, true);
        return status === 201 ? undefined : body.message.includes('ValidatingAdmissionPolicy') || undefined;
      });
      const answer = await scene.send('admin', 'POST', scene.path('rolebindings', undefined, scene.other), binding);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.body.message).toMatch(/secure-debug-requests/);
    } finally {
      passed(await scene.send('admin', 'DELETE', scene.path('roles', 'debug-grant-broken', scene.other)));
    }
  });
});
