import { after, group, key, passed, RBAC, refused, refusedByRbac, Scene, user } from './scene';
import { theCluster } from '../lab/cluster';
import { admin, kubectl } from '../lab/kubectl';
import { eventually } from '../lab/process';

// What somebody who may ask for access tries, so as to get it without approval, for longer, or for somebody else.
const cluster = theCluster();
const scene = new Scene(cluster, 'asking');
const ROLE = 'debug-grant';

beforeAll(() => scene.raise());
afterEach(() => scene.clear());
afterAll(() => scene.raze());

const said = (name: string, value: string) => (binding: any) => { binding.metadata.annotations[key(name)] = value; };

describe('a request as it is written', () => {
  it.each<[string, (binding: any) => void, RegExp]>([
    ['a subject from the start', binding => { binding.subjects = [user(scene.who.alice.name)]; }, /no subjects until it is approved/],
    ['somebody else as subject', binding => { binding.subjects = [user(scene.who.trent.name)]; }, /no subjects until/],
    ['a group as subject', binding => { binding.subjects = [group(scene.group('developers'))]; }, /no subjects until/],
    ['a ServiceAccount as subject', binding => { binding.subjects = [{ kind: 'ServiceAccount', name: 'robot', namespace: scene.place }]; }, /no subjects until/],
    ['approvals that nobody gave', said('approvals', 'bob-asking as leads-asking'), /has the annotations|has no approvals/],
    ['the name of somebody else as author', said('requested-by', 'bob-asking'), /names its author/],
    ['no author', binding => { delete binding.metadata.annotations[key('requested-by')]; }, /names its author/],
    ['the author in other case', said('requested-by', 'Alice-asking'), /names its author/],
    ['another name, so that grants stack', binding => { binding.metadata.name = 'debug-grant:alice-asking-2'; }, /name of your request has to be debug-grant:alice-asking/],
    ['the name of somebody else\'s request', binding => { binding.metadata.name = 'debug-grant:bob-asking'; }, /name of your request has to be/],
    ['a name to be generated', binding => { binding.metadata.generateName = binding.metadata.name; delete binding.metadata.name; }, /name of your request|generateName/],
    ['a finalizer, so that it outlives its timer', binding => { binding.metadata.finalizers = ['example.com/stay']; }, /no finalizers/],
    ['an annotation nobody knows', said('note', 'x'), /has the annotations/],
    ['an annotation that closes it', said('closed', 'withdrawn'), /has the annotations/],
    ['another label', binding => { binding.metadata.labels.team = 'x'; }, /has one label/],
    ['the label of another Role', binding => { binding.metadata.labels[key('request-for')] = 'break-glass'; }, /has one label|bound by access requests alone/],
    ['no label, so that nobody lists it', binding => { delete binding.metadata.labels; }, /has one label|bound by access requests alone/],
    ['no reason', binding => { delete binding.metadata.annotations[key('request-reason')]; }, /say why/],
    ['an empty reason', said('request-reason', ''), /say why/],
    ['a reason of 1,001 characters', said('request-reason', 'x'.repeat(1001)), /say why/],
    ['a reason with an escape sequence for the approver\'s terminal', said('request-reason', 'fine\u001b[2K'), /say why/],
    ['a reason of two lines', said('request-reason', 'fine\napproved'), /say why/],
    ['no ticket', binding => { delete binding.metadata.annotations[key('ticket')]; }, /ticket does not match/],
    ['a ticket that does not match', said('ticket', 'because'), /ticket does not match \[A-Z\]/],
    ['a ticket that matches in part', said('ticket', 'INC-1 or so'), /ticket does not match/],
    ['a ticket with a line end after what matches', said('ticket', 'INC-1\n'), /ticket does not match/],
    ['no end', binding => { delete binding.metadata.annotations[key('expires-at')]; }, /is when the timer ends/],
    ['an end far away', said('expires-at', '2099-01-01T00:00:00Z'), /is when the timer ends/],
    ['an end in the past', said('expires-at', '2020-01-01T00:00:00Z'), /is when the timer ends/],
    ['an end with an offset', binding => { const a = binding.metadata.annotations; a[key('expires-at')] = a[key('expires-at')].replace('Z', '+00:00'); }, /is when the timer ends/],
    ['an end that is no time', said('expires-at', 'tomorrow'), /is when the timer ends/],
    ['an end that is later than its timer\'s', binding => { const a = binding.metadata.annotations; a[key('expires-at')] = after(a[key('expires-at')], 5); }, /is when the timer ends/],
    ['an end that looks near, with a timer that ends later', binding => { const a = binding.metadata.annotations; a[key('expires-at')] = after(a[key('expires-at')], -120); }, /is when the timer ends/],
    ['no timer', binding => { delete binding.metadata.ownerReferences; }, /owned by its timer alone|which have a timer/],
    ['another owner beside the timer', binding => { binding.metadata.ownerReferences.push({ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }); }, /owned by its timer alone/],
    ['an owner that is no Job', binding => { Object.assign(binding.metadata.ownerReferences[0], { apiVersion: 'v1', kind: 'ConfigMap' }); }, /owned by its timer alone|which have a timer/],
    ['an owner of another API group with the kind Job', binding => { binding.metadata.ownerReferences[0].apiVersion = 'example.com/v1'; }, /owned by its timer alone/],
    ['a Job that is called otherwise', binding => { binding.metadata.ownerReferences[0].name = 'build'; }, /owned by its timer alone|which have a timer/],
    ['a timer that has to wait for it', binding => { binding.metadata.ownerReferences[0].blockOwnerDeletion = true; }, /owned by its timer alone/],
    ['a timer as its controller', binding => { binding.metadata.ownerReferences[0].controller = true; }, /owned by its timer alone/],
  ])('%s is refused', async (_name, change, why) => {
    refused(await scene.ask('alice', ROLE, { change }), why);
  });

  it('a longer time than the terms is refused', async () => {
    refused(await scene.ask('alice', ROLE, { seconds: 3601 }), /timer has 3601 seconds; you may have access for 3600/);
  });
  it('a member of a group with a shorter limit keeps to it, whatever other groups say', async () => {
    refused(await scene.ask('grace', ROLE, { seconds: 601 }), /you may have access for 600/);
  });
  it('a client-set time of creation moves no limit', async () => {
    const ends = (binding: any) => { binding.metadata.creationTimestamp = '2099-01-01T00:00:00Z'; binding.metadata.annotations[key('expires-at')] = '2099-01-01T00:10:00Z'; };
    refused(await scene.ask('alice', ROLE, { change: ends }), /is when the timer ends/);
  });
  it('a second request beside the first is a conflict', async () => {
    await scene.asked('alice', ROLE);
    expect((await scene.ask('alice', ROLE)).status).toBe(409);
  });
  it('a user name with slashes has a request of its own name', async () => {
    const name = 'https://idp.example/sso#a%b';
    const as = ['--as', name, '--as-group', scene.group('developers'), '--as-group', 'system:authenticated'];
    const timer = await scene.timer('alice', 600);
    const binding = await scene.request('alice', ROLE, { timer, change: said('requested-by', name) });
    const create = () => kubectl(cluster, admin(cluster), ['create', '-f', '-', ...as], { stdin: JSON.stringify(binding) });
    expect((await create()).stderr).toContain('name of your request has to be debug-grant:https:||idp.example|sso#a|b');
    binding.metadata.name = 'debug-grant:https:||idp.example|sso#a|b';
    expect(await create()).toMatchObject({ code: 0 });
  });
});

describe('who asks', () => {
  it('somebody in no group of requesters is refused', async () => {
    const timer = await scene.timer('alice', 600);
    refusedByRbac(await scene.ask('trent', ROLE, { timer }));
  });
  it('an approver who is no requester is refused', async () => {
    refusedByRbac(await scene.ask('bob', ROLE, { timer: await scene.timer('alice', 600) }));
  });
  it('a ServiceAccount that was given the Role of requesters is refused', async () => {
    const timer = await scene.timer('alice', 600);
    const change = (binding: any) => {
      const name = `system:serviceaccount:${scene.place}:robot`;
      binding.metadata.name = `${ROLE}:${name}`;
      binding.metadata.annotations[key('requested-by')] = name;
    };
    refused(await scene.ask('robot', ROLE, { timer, change }), /people request access/);
  });
  it('a member of one namespace\'s requesters asks in no other', async () => {
    expect((await scene.send('alice', 'POST', '/apis/batch/v1/namespaces/default/jobs', { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'debug-timer-600-a' }, spec: scene.spec(600) })).status).toBe(403);
  });
  it('a requester of one Role gets no other that needs none of their groups', async () => {
    refusedByRbac(await scene.ask('alice', 'break-glass', { granted: true }));
  });
  it('who may not approve at once is not on call by asking so', async () => {
    refused(await scene.ask('alice', 'debug-grant-oncall', { granted: true }), /no subjects until it is approved/);
  });
  it.each<[string, object[]]>([
    ['a colleague', [user('erin-asking')]],
    ['themselves and a colleague', [user('dave-asking'), user('erin-asking')]],
    ['their whole group', [group('oncall-asking')]],
    ['themselves in other case', [user('Dave-asking')]],
    ['themselves as a group', [group('dave-asking')]],
    ['themselves in a namespace', [{ ...user('dave-asking'), namespace: 'sd-asking' }]],
  ])('who is on call gives the grant to nobody but themselves: %s', async (_name, subjects) => {
    const answer = await scene.ask('dave', 'debug-grant-oncall', { change: binding => { binding.subjects = subjects; } });
    // The API server itself drops or refuses a namespace of a user.
    if (answer.status === 201) expect(answer.body.subjects).toEqual([user('dave-asking')]);
    else refused(answer, /the one subject of a request is the user who asked|no subjects until/);
  });
  it('on the sly, by impersonation without the right to it, is refused', async () => {
    expect((await kubectl(cluster, scene.who.alice, ['get', 'rolebindings', '-n', scene.place, '--as', 'dave-asking', '--as-group', scene.group('oncall')])).stderr).toContain('Forbidden');
  });
});

describe('RoleBindings that are no requests', () => {
  it('a RoleBinding to another Role is refused, though the writer holds its rights', async () => {
    const to = scene.toClusterRole('mine', 'view', [user(scene.who.trent.name)]);
    refused(await scene.send('mallory', 'POST', scene.path('rolebindings'), to), /access is requested in namespace sd-asking: .* written by GitOps alone/);
  });
  it('a RoleBinding to the Role itself, by an administrator of the namespace, is refused', async () => {
    refused(await scene.send('mallory', 'POST', scene.path('rolebindings'), scene.binding('mine', ROLE, [user(scene.who.mallory.name)])), /timer|names its author/);
  });
  it('a RoleBinding to the Role itself, by a cluster administrator, is refused', async () => {
    refused(await scene.send('admin', 'POST', scene.path('rolebindings'), scene.binding('mine', ROLE, [user(scene.who.trent.name)])), /timer|names its author/);
    expect((await kubectl(cluster, admin(cluster), ['create', 'rolebinding', 'mine', `--role=${ROLE}`, '--user=trent', '-n', scene.place])).stderr).toContain('denied request');
  });
  it('a RoleBinding with the timer and label of a request, for somebody else, by a cluster administrator, is refused', async () => {
    const timer = await scene.timer('alice', 600);
    const binding = await scene.request('alice', ROLE, { timer, change: one => { one.subjects = [user(scene.who.trent.name)]; } });
    refused(await scene.send('admin', 'POST', scene.path('rolebindings'), binding), /names its author/);
  });
  it('a Role that is called as one that can be requested, and does not exist, is bound by nobody', async () => {
    refused(await scene.send('admin', 'POST', scene.path('rolebindings'), scene.binding('early', 'debug-grant-later', [user(scene.who.trent.name)])), /bound by access requests alone/);
  });
  it('a request to a ClusterRole of the same name is refused', async () => {
    const change = (binding: any) => { binding.roleRef.kind = 'ClusterRole'; };
    // RBAC itself asks for the rights of the ClusterRole, which does not exist.
    expect([403, 404]).toContain((await scene.ask('alice', ROLE, { change })).status);
  });
  it('creating by PUT is refused to requesters, and judged as creation for others', async () => {
    const binding = await scene.request('mallory', ROLE, { granted: true });
    refused(await scene.send('mallory', 'PUT', scene.path('rolebindings', binding.metadata.name), binding), /no subjects until it is approved/);
    refusedByRbac(await scene.send('alice', 'PUT', scene.path('rolebindings', 'debug-grant:alice-asking'), await scene.request('alice', ROLE)));
  });
  it('creating by server-side apply is judged as creation', async () => {
    const binding = await scene.request('alice', ROLE, { granted: true });
    const path = `${scene.path('rolebindings', binding.metadata.name)}?fieldManager=x`;
    refused(await scene.send('alice', 'PATCH', path, binding, 'application/apply-patch+yaml'), /no subjects until it is approved/);
    delete binding.subjects;
    passed(await scene.send('alice', 'PATCH', path, binding, 'application/apply-patch+yaml'));
  });
  it('a requester creates no Role to bind', async () => {
    refusedByRbac(await scene.send('alice', 'POST', scene.path('roles'), { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: 'mine' }, rules: [] }));
  });
});

describe('a timer that does not exist', () => {
  const gone = async (binding: any) => {
    const began = Date.now();
    await eventually('the garbage collector to remove it', async () => await scene.find(binding) ? undefined : true, 30_000);
    return (Date.now() - began) / 1000;
  };
  const times: string[] = [];
  afterAll(() => process.stdout.write(`requests with a forged timer were gone after ${times.join(', ')} s\n`));

  it.each<[string, () => Promise<{ name: string; uid: string }>]>([
    ['that nobody made', async () => ({ name: 'debug-timer-600-none', uid: '11111111-2222-3333-4444-555555555555' })],
    ['with the uid of another object', async () => ({ name: 'debug-timer-600-none', uid: (await scene.send('admin', 'GET', `/api/v1/namespaces/${scene.place}`)).body.metadata.uid })],
    ['of another namespace', async () => scene.timer('alice', 600, scene.other)],
    ['that has another uid', async () => ({ ...await scene.timer('alice', 600), uid: '11111111-2222-3333-4444-666666666666' })],
  ])('%s ends the grant within seconds', async (_name, forge) => {
    const { name, uid } = await forge();
    const now = after(new Date(Math.floor(Date.now() / 1000) * 1000).toISOString(), 0);
    const binding = passed(await scene.ask('dave', 'debug-grant-oncall', { granted: true, timer: { name, uid, seconds: 600, ends: after(now, 590) } }));
    const seconds = await gone(binding);
    times.push(seconds.toFixed(1));
    expect(seconds).toBeLessThan(15);
  });
});
