import { after, APPLY, group, JSON_PATCH, key, passed, RBAC, refused, refusedByRbac, Scene, STRATEGIC, user } from './scene';
import { AuditLog } from '../lab/audit-log';
import { testIf, theCluster } from '../lab/cluster';
import { admin, kubectl } from '../lab/kubectl';
import { eventually } from '../lab/process';

// What people try with a request that is there: requesters without an approver, approvers alone, all of them after the end.
const cluster = theCluster();
const scene = new Scene(cluster, 'deciding');
const ROLE = 'debug-grant';
const BOB: [string, string] = ['bob', 'leads'];
const set = (name: string, value: string | null) => ({ metadata: { annotations: { [key(name)]: value } } });

beforeAll(() => scene.raise());
afterEach(() => scene.clear());
afterAll(() => scene.raze());

/** One that was approved. */
async function granted(person = 'alice'): Promise<any> {
  const binding = await scene.asked(person, ROLE);
  return passed(await scene.approve('bob', binding, [BOB]));
}

const waitUntil = (time: string, more: number) => new Promise(resolve => setTimeout(resolve, Math.max(0, Date.parse(time) - Date.now()) + more));

/** One whose end is in two seconds, with a timer of a minute: the policy allows as much between the two. */
async function aboutToExpire(person = 'alice'): Promise<any> {
  const timer = await scene.timer(person, 60);
  return scene.asked(person, ROLE, { timer: { ...timer, ends: after(timer.ends, -58) } });
}

describe('approving', () => {
  it('one\'s own request, as a member of the approvers, is refused', async () => {
    const binding = await scene.asked('erin', ROLE);
    refused(await scene.approve('erin', binding, [['erin', 'leads']]), /nobody approves a request of their own|the one subject/);
  });
  it.each<[string, string, () => object]>([
    ['JSON patch', JSON_PATCH, () => [
      { op: 'add', path: `/metadata/annotations/${key('approvals').replace('/', '~1')}`, value: 'erin-deciding as leads-deciding' },
      { op: 'add', path: '/subjects', value: [user('erin-deciding')] },
    ]],
    ['strategic merge patch', STRATEGIC, () => ({ ...set('approvals', 'erin-deciding as leads-deciding'), subjects: [user('erin-deciding')] })],
    ['server-side apply', APPLY, () => ({
      apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name: 'debug-grant:erin-deciding', annotations: { [key('approvals')]: 'erin-deciding as leads-deciding' } }, roleRef: { apiGroup: RBAC, kind: 'Role', name: ROLE }, subjects: [user('erin-deciding')],
    })],
  ])('one\'s own request by %s is refused', async (_name, type, body) => {
    const binding = await scene.asked('erin', ROLE);
    const path = `${scene.path('rolebindings', binding.metadata.name)}${type === APPLY ? '?fieldManager=x&force=true' : ''}`;
    refused(await scene.send('erin', 'PATCH', path, body(), type), /nobody approves a request of their own|the one subject/);
  });
  it('by PUT is refused to approvers, who have no update verb', async () => {
    const binding = await scene.asked('alice', ROLE);
    refusedByRbac(await scene.send('bob', 'PUT', scene.path('rolebindings', binding.metadata.name), binding));
  });
  it('one\'s own request by PUT, as an administrator of the namespace, is refused', async () => {
    const binding = await scene.asked('mallory', ROLE);
    binding.subjects = [user(scene.who.mallory.name)];
    refused(await scene.send('mallory', 'PUT', scene.path('rolebindings', binding.metadata.name), binding), /own|the one subject/);
  });
  it('by a requester who is no approver is refused', async () => {
    const binding = await scene.asked('alice', ROLE);
    refused(await scene.approve('grace', binding, [['grace', 'leads']]), /approvals take a member of leads-deciding; you are in none|from an approver/);
  });
  it('by an approver of other Roles is refused', async () => {
    const binding = await scene.asked('alice', ROLE);
    const answer = await scene.approve('frank', binding, [['frank', 'security']]);
    expect(answer.status).toBe(403);
  });
  it('by a cluster administrator who is no approver is refused', async () => {
    const binding = await scene.asked('alice', ROLE);
    refused(await scene.approve('admin', binding, [['admin', 'leads']]), /approvals take a member/);
    const body = JSON.stringify(scene.approval(binding, [BOB], true));
    expect((await kubectl(cluster, admin(cluster), ['patch', 'rolebinding', binding.metadata.name, '-n', scene.place, '--type=merge', '-p', body])).stderr).toContain('approvals take a member');
  });
  it('by somebody without any right is refused', async () => {
    refusedByRbac(await scene.approve('trent', await scene.asked('alice', ROLE), [['trent', 'leads']]));
  });
  it('by the token of a ServiceAccount that may patch is refused', async () => {
    refused(await scene.approve('robot', await scene.asked('alice', ROLE), [BOB]), /approvals take a member|adds exactly one line|from an approver/);
  });
  it('out of reach: whoever may impersonate approves as another, on the record', async () => {
    const binding = await scene.asked('alice', ROLE);
    const as = ['--as', 'somebody', '--as-group', scene.group('leads'), '--as-group', 'system:authenticated'];
    const body = JSON.stringify({ ...set('approvals', `somebody as ${scene.group('leads')}`), subjects: [user(scene.who.alice.name)] });
    expect(await kubectl(cluster, scene.who.peggy, ['patch', 'rolebinding', binding.metadata.name, '-n', scene.place, '--type=merge', '-p', body, ...as])).toMatchObject({ code: 0 });
  });

  describe('with', () => {
    let binding: any;
    beforeEach(async () => { binding = await scene.asked('alice', ROLE); });

    it('the name of another approver is refused', async () => {
      refused(await scene.approve('bob', binding, [['carol', 'leads']]), /adds exactly one line to .*: bob-deciding as leads-deciding/);
    });
    it('a group that one is not in is refused', async () => {
      refused(await scene.approve('bob', binding, [['bob', 'security']]), /adds exactly one line/);
    });
    it('a group that approves nothing is refused', async () => {
      refused(await scene.approve('bob', binding, [['bob', 'visitors']]), /adds exactly one line/);
    });
    it('two names at once is refused', async () => {
      refused(await scene.approve('bob', binding, [BOB, ['carol', 'leads']]), /adds exactly one line/);
    });
    it('no name is refused', async () => {
      refused(await scene.patch('bob', binding, { subjects: [user(scene.who.alice.name)] }), /adds exactly one line/);
    });
    it('an empty line before the name is refused', async () => {
      refused(await scene.patch('bob', binding, { ...set('approvals', '\nbob-deciding as leads-deciding'), subjects: [user('alice-deciding')] }), /adds exactly one line/);
    });
    it('no subject, so that nobody has what was approved, is refused', async () => {
      refused(await scene.approve('bob', binding, [BOB], false), /the one subject has to be the User alice-deciding/);
    });
    it('oneself as subject is refused', async () => {
      refused(await scene.approve('bob', binding, [BOB], 'bob-deciding'), /one subject has to be|the one subject that a request ever gets/);
    });
    it('the requester in other case is refused', async () => {
      refused(await scene.approve('bob', binding, [BOB], 'ALICE-deciding'), /one subject has to be|the one subject that a request ever gets/);
    });
    it('a second subject is refused', async () => {
      refused(await scene.patch('bob', binding, { ...scene.approval(binding, [BOB], true), subjects: [user('alice-deciding'), user('bob-deciding')] }), /one subject has to be|the one subject that a request ever gets/);
    });
    it('the group of the requester as subject is refused', async () => {
      refused(await scene.patch('bob', binding, { ...scene.approval(binding, [BOB], true), subjects: [group('developers-deciding')] }), /one subject has to be|the one subject that a request ever gets/);
    });
    it('a ServiceAccount of the requester\'s name as subject is refused', async () => {
      refused(await scene.patch('bob', binding, { ...scene.approval(binding, [BOB], true), subjects: [{ kind: 'ServiceAccount', name: 'alice-deciding', namespace: scene.place }] }), /one subject has to be|the one subject that a request ever gets/);
    });
    it.each<[string, object]>([
      ['a later end', set('expires-at', '2099-01-01T00:00:00Z')],
      ['another reason', set('request-reason', 'harmless')],
      ['another ticket', set('ticket', 'INC-1')],
      ['another author', set('requested-by', 'carol-deciding')],
      ['another annotation', { metadata: { annotations: { note: 'x' } } }],
      ['one annotation less', set('ticket', null)],
      ['another label', { metadata: { labels: { x: 'y' } } }],
      ['no label', { metadata: { labels: null } }],
      ['a finalizer', { metadata: { finalizers: ['example.com/stay'] } }],
      ['no timer', { metadata: { ownerReferences: null } }],
      ['another timer', { metadata: { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'debug-timer-86400-x', uid: 'x' }] } }],
    ])('%s on the way is refused', async (_name, more: any) => {
      const approval: any = scene.approval(binding, [BOB], true);
      const metadata = { ...approval.metadata, ...more.metadata, annotations: { ...approval.metadata.annotations, ...more.metadata.annotations } };
      refused(await scene.patch('bob', binding, { ...approval, metadata }), /never change|bound by access requests alone|the one subject that a request ever gets/);
    });
    it('another Role on the way is refused', async () => {
      const answer = await scene.patch('bob', binding, { ...scene.approval(binding, [BOB], true), roleRef: { apiGroup: RBAC, kind: 'Role', name: 'break-glass' } });
      expect([403, 422]).toContain(answer.status);
      expect((await scene.find(binding)).roleRef.name).toBe(ROLE);
    });
    it('the uid or version of a request that was replaced meanwhile does not approve the new one', async () => {
      passed(await scene.delete('alice', binding));
      await scene.asked('alice', ROLE, { seconds: 3600 });
      const approval: any = scene.approval(binding, [BOB], true);
      expect((await scene.patch('bob', binding, { ...approval, metadata: { ...approval.metadata, resourceVersion: binding.metadata.resourceVersion } })).status).toBe(409);
      approval.metadata.uid = binding.metadata.uid;
      expect([409, 422]).toContain((await scene.patch('bob', binding, approval)).status);
    });
  });

  it('a request that is granted already is refused', async () => {
    const binding = await granted();
    refused(await scene.approve('carol', binding, [BOB, ['carol', 'leads']]), /approved already/);
  });

  describe('too late', () => {
    it.each<[string, object]>([
      ['as usual', {}],
      ['with managedFields cleared', { managedFields: [{}] }],
      ['with managedFields from the past', {
        managedFields: [{ manager: 'unknown', operation: 'Update', apiVersion: `${RBAC}/v1`, time: '2020-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1: { 'f:subjects': {}, 'f:metadata': { 'f:annotations': { '.': {}, [`f:${key('approvals')}`]: {} } } } }],
      }],
    ])('%s is refused', async (_name, more) => {
      const binding = await aboutToExpire();
      await waitUntil(binding.metadata.annotations[key('expires-at')], 1100);
      const approval: any = scene.approval(binding, [BOB], true);
      refused(await scene.patch('bob', binding, { ...approval, metadata: { ...approval.metadata, ...more } }), /has expired/);
    });
    it('by server-side apply is refused', async () => {
      const binding = await aboutToExpire();
      await waitUntil(binding.metadata.annotations[key('expires-at')], 1100);
      const applied = {
        apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name: binding.metadata.name, annotations: { [key('approvals')]: 'bob-deciding as leads-deciding' } }, roleRef: binding.roleRef, subjects: [user('alice-deciding')],
      };
      refused(await scene.send('bob', 'PATCH', `${scene.path('rolebindings', binding.metadata.name)}?fieldManager=x`, applied, APPLY), /has expired/);
    });
    it('once it was deleted, and a finalizer keeps it, is refused; the finalizer can be taken away', async () => {
      const binding = await scene.asked('alice', ROLE);
      await scene.unguarded(async () => passed(await scene.patch('admin', binding, { metadata: { finalizers: ['example.com/stay'] } })));
      passed(await scene.delete('alice', binding));
      refused(await scene.approve('bob', binding, [BOB]), /is being deleted/);
      refused(await scene.close('bob', binding, 'denied'), /is being deleted/);
      refused(await scene.patch('alice', binding, { metadata: { finalizers: null, labels: null } }), /is being deleted|never change|have a timer/);
      passed(await scene.patch('alice', binding, { metadata: { finalizers: null } }));
      await eventually('it to be gone', async () => await scene.find(binding) ? undefined : true);
    });
  });

  describe('by several', () => {
    let binding: any;
    beforeEach(async () => { binding = await scene.asked('alice', 'debug-grant-quorum'); });

    it('a subject before the last approval is refused', async () => {
      refused(await scene.approve('bob', binding, [BOB], true), /no subjects before the last approval: 2 are needed \(cn=security-deciding=1\), this would be number 1/);
    });
    it('a subject without the group that has to agree is refused', async () => {
      passed(await scene.approve('bob', binding, [BOB], false));
      refused(await scene.approve('oscar', binding, [BOB, ['oscar', 'leads']], true), /no subjects before the last approval/);
    });
    it('signing twice is refused', async () => {
      passed(await scene.approve('bob', binding, [BOB], false));
      refused(await scene.approve('bob', binding, [BOB, BOB], false), /you have approved this already/);
    });
    it('signing twice, for two groups, is refused', async () => {
      passed(await scene.approve('carol', binding, [['carol', 'leads']], false));
      refused(await scene.approve('carol', binding, [['carol', 'leads'], ['carol', 'security']]), /you have approved this already/);
    });
    it('signing for a group of the quorum that one is not in is refused', async () => {
      passed(await scene.approve('bob', binding, [BOB], false));
      refused(await scene.approve('oscar', binding, [BOB, ['oscar', 'security']]), /adds exactly one line/);
    });
    it('removing the signature of another is refused', async () => {
      passed(await scene.approve('bob', binding, [BOB], false));
      refused(await scene.approve('carol', binding, [['carol', 'security']], false), /adds exactly one line/);
    });
    it('taking back one\'s own signature is refused', async () => {
      passed(await scene.approve('bob', binding, [BOB], false));
      refused(await scene.patch('bob', binding, set('approvals', null)), /never changes|approved this already/);
    });
    it('changing the signature of another is refused', async () => {
      passed(await scene.approve('bob', binding, [BOB], false));
      refused(await scene.approve('carol', binding, [['bob', 'security'], ['carol', 'leads']]), /adds exactly one line/);
    });
    it('the requester among the approvers does not count, not even as the last', async () => {
      const own = await scene.asked('erin', 'debug-grant-quorum');
      passed(await scene.approve('frank', own, [['frank', 'security']], false));
      refused(await scene.approve('erin', own, [['frank', 'security'], ['erin', 'leads']]), /request of their own|the one subject/);
    });
  });

  it('at the same time as another: one signature is kept, and none lost, in 20 races', async () => {
    const outcomes: string[] = [];
    for (let i = 0; i < 10; i++) {
      const one = await scene.asked('alice', ROLE);
      const starts = [() => scene.approve('bob', one, [BOB]), () => scene.approve('carol', one, [['carol', 'leads']])];
      const answers = await Promise.all((i % 2 ? starts : starts.reverse()).map(start => start()));
      const [bob, carol] = i % 2 ? answers : answers.reverse();
      expect([bob.status, carol.status].filter(status => status === 200)).toHaveLength(1);
      const lines = (await scene.find(one)).metadata.annotations[key('approvals')].split('\n');
      expect(lines).toEqual([bob.status === 200 ? 'bob-deciding as leads-deciding' : 'carol-deciding as leads-deciding']);
      outcomes.push(bob.status === 200 ? 'bob' : 'carol');
      await scene.clear();

      const two = await scene.asked('alice', 'debug-grant-quorum');
      const both = await Promise.all([scene.approve('bob', two, [BOB], false), scene.approve('frank', two, [['frank', 'security']], false)]);
      expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
      expect((await scene.find(two)).subjects).toBeUndefined();
      await scene.clear();
    }
    process.stdout.write(`races won by ${outcomes.join(', ')}\n`);
  });
});

describe('a grant', () => {
  it.each<[string, (binding: any) => object]>([
    ['gets no second subject', () => ({ subjects: [user('alice-deciding'), user('bob-deciding')] })],
    ['gets no other subject', () => ({ subjects: [user('bob-deciding')] })],
    ['does not lose its subject, to get one again', () => ({ subjects: null })],
    ['gets no later end', () => set('expires-at', '2099-01-01T00:00:00Z')],
    ['gets no other reason', () => set('request-reason', 'harmless')],
    ['keeps its approvals', () => set('approvals', 'carol-deciding as leads-deciding')],
    ['keeps its timer', () => ({ metadata: { ownerReferences: null } })],
    ['gets no longer timer', ({ metadata }) => ({ metadata: { ownerReferences: [{ ...metadata.ownerReferences[0], name: 'debug-timer-86400-x' }] } })],
    ['gets no finalizer', () => ({ metadata: { finalizers: ['example.com/stay'] } })],
    ['keeps its label', () => ({ metadata: { labels: { [key('request-for')]: 'other' } } })],
  ])('%s, by approver, requester, or cluster administrator', async (_name, change) => {
    const binding = await granted('mallory');
    for (const person of ['bob', 'mallory', 'admin']) {
      const answer = await scene.patch(person, binding, change(binding));
      if (answer.status === 403 && !/ValidatingAdmissionPolicy/.test(answer.body.message)) refusedByRbac(answer);
      else refused(answer, /never change|own|the one subject|approved already|approvals take|adds exactly|bound by access requests alone/);
    }
    expect((await scene.find(binding)).subjects).toEqual([user('mallory-deciding')]);
  });
  it('is renamed by nobody', async () => {
    const binding = await granted();
    expect([400, 403, 422]).toContain((await scene.patch('bob', binding, { metadata: { name: 'debug-grant:bob-deciding' } })).status);
  });
  it('that is deleted with its dependents orphaned is gone all the same', async () => {
    const binding = await granted();
    passed(await scene.delete('alice', binding, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Orphan' }));
    await eventually('it to be gone', async () => await scene.find(binding) ? undefined : true);
  });
  it('that is deleted and asked for anew has no approvals', async () => {
    passed(await scene.delete('alice', await granted()));
    const again = await scene.asked('alice', ROLE);
    expect([again.subjects, again.metadata.annotations[key('approvals')]]).toEqual([undefined, undefined]);
  });
});

describe('closing', () => {
  const closing = (person: string, how: string) => ({ metadata: { annotations: { [key('closed')]: how, [key('closed-by')]: `${person}-deciding`, [key('closed-reason')]: 'enough' } } });

  it.each<[string, string, string]>([
    ['the requester does not deny', 'alice', 'denied'],
    ['an approver does not withdraw for others', 'bob', 'withdrawn'],
    ['another requester withdraws nothing', 'grace', 'withdrawn'],
    ['another requester denies nothing', 'grace', 'denied'],
    ['what waits is denied, not revoked', 'bob', 'revoked'],
    ['it is closed in no other word', 'bob', 'forgotten'],
  ])('%s', async (_name, person, how) => {
    refused(await scene.close(person, await scene.asked('alice', ROLE), how), /withdrawn by who asked|what waits is denied/);
  });
  it('what was granted is revoked, not denied', async () => {
    refused(await scene.close('bob', await granted(), 'denied'), /what was granted is revoked/);
  });
  it('an approver does not revoke their own grant', async () => {
    const binding = await scene.asked('oscar', 'debug-grant-oncall', { granted: true });
    refused(await scene.close('oscar', binding, 'revoked'), /withdrawn by who asked/);
  });
  it('in the name of another is refused', async () => {
    refused(await scene.patch('bob', await scene.asked('alice', ROLE), closing('carol', 'denied')), /signs with their user name/);
  });
  it('without a reason is refused', async () => {
    const body: any = closing('bob', 'denied');
    delete body.metadata.annotations[key('closed-reason')];
    refused(await scene.patch('bob', await scene.asked('alice', ROLE), body), /says why/);
  });
  it('and keeping the subject is refused', async () => {
    refused(await scene.patch('bob', await granted(), closing('bob', 'revoked')), /closed request has no subjects/);
  });
  it('and approving at once is refused', async () => {
    const binding = await scene.asked('alice', ROLE);
    const approval: any = scene.approval(binding, [BOB], true);
    refused(await scene.patch('bob', binding, { ...approval, metadata: { annotations: { ...approval.metadata.annotations, ...closing('bob', 'denied').metadata.annotations } } }), /changes nothing else/);
  });
  it('and changing the reason at once is refused', async () => {
    const body: any = closing('bob', 'denied');
    body.metadata.annotations[key('request-reason')] = 'none';
    refused(await scene.patch('bob', await scene.asked('alice', ROLE), body), /changes nothing else/);
  });
  it('is for good: nobody reopens, approves or closes again', async () => {
    const binding = await scene.asked('alice', ROLE);
    passed(await scene.close('bob', binding, 'denied'));
    const attempts = [
      scene.patch('bob', binding, { metadata: { annotations: { [key('closed')]: null, [key('closed-by')]: null, [key('closed-reason')]: null } } }),
      scene.approve('bob', binding, [BOB]),
      scene.approve('carol', binding, [['carol', 'leads']]),
      scene.close('alice', binding, 'withdrawn'),
      scene.close('admin', binding, 'revoked'),
    ];
    for (const attempt of await Promise.all(attempts)) refused(attempt, /closed for good/);
  });
  it('what was revoked is not deleted by who had it, so that it cannot be taken again at once', async () => {
    const binding = await scene.asked('dave', 'debug-grant-oncall', { granted: true });
    passed(await scene.close('bob', binding, 'revoked'));
    refused(await scene.delete('dave', binding), /one that was revoked stays until its timer ends/);
    expect((await scene.ask('dave', 'debug-grant-oncall', { granted: true })).status).toBe(409);
  });
  it('what was denied is not deleted by who needs no approval, for the same reason', async () => {
    const binding = await scene.asked('dave', 'debug-grant-oncall');
    passed(await scene.close('bob', binding, 'denied'));
    refused(await scene.delete('dave', binding), /stays until its timer ends/);
  });
  it('one\'s own, which was revoked, is not deleted by an approver either', async () => {
    const binding = await scene.asked('oscar', 'debug-grant-oncall', { granted: true });
    passed(await scene.close('bob', binding, 'revoked'));
    refused(await scene.delete('oscar', binding), /stays until its timer ends/);
  });
});

describe('deleting', () => {
  it('the request of another is refused to requesters', async () => {
    refused(await scene.delete('grace', await scene.asked('alice', ROLE)), /deleted by who asked/);
  });
  it('the request of another is refused to administrators of the namespace', async () => {
    refused(await scene.delete('mallory', await scene.asked('alice', ROLE)), /deleted by who asked/);
  });
  it.each(['bob', 'alice', 'mallory', 'cleaner'])('a RoleBinding that is no request is refused to %s', async person => {
    refused(await scene.delete(person, scene.binding('approve-debug-grant', 'approve-debug-grant')), /written by GitOps alone/);
  });
  it('all of them at once is refused to approvers, who have no deletecollection', async () => {
    refusedByRbac(await scene.send('bob', 'DELETE', scene.path('rolebindings')));
  });
  it('all of them at once is refused to administrators of the namespace', async () => {
    await scene.asked('alice', ROLE);
    refused(await scene.send('mallory', 'DELETE', scene.path('rolebindings')), /written by GitOps alone|deleted by who asked/);
  });
  it('the clean-up changes nothing, and approves nothing', async () => {
    const binding = await scene.asked('alice', ROLE);
    refusedByRbac(await scene.approve('cleaner', binding, [BOB]));
  });
});

describe('RoleBindings of others', () => {
  it.each<[string, string, string]>([
    ['an approver adds nobody to the approvers', 'bob', 'approve-debug-grant'],
    ['an approver adds nobody to the requesters', 'bob', 'request-debug-grant'],
    ['a requester adds nobody to the approvers', 'alice', 'approve-debug-grant'],
    ['a requester adds nobody to the requesters', 'alice', 'request-debug-grant'],
    ['an administrator of the namespace adds nobody to the approvers', 'mallory', 'approve-debug-grant'],
    ['an administrator of the namespace adds nobody to another binding', 'mallory', 'robot'],
  ])('%s', async (_name, person, name) => {
    const answer = await scene.patch(person, scene.binding(name, name), { subjects: [user(scene.who[person].name)] });
    if (answer.status === 403 && !/ValidatingAdmissionPolicy/.test(answer.body.message)) refusedByRbac(answer);
    else refused(answer, /written by GitOps alone/);
  });
  it('an approver changes not even a label of another', async () => {
    refused(await scene.patch('bob', scene.binding('approve-break-glass', 'x'), { metadata: { labels: { x: 'y' } } }), /written by GitOps alone/);
  });
});

testIf(cluster.auditLog, 'the audit log cannot be read')('what is asked and decided is in the audit log, by name', async () => {
  await granted('grace');
  const found = await eventually('the events', async () => {
    const said = new AuditLog(cluster.auditLog!).events().map(event => event.annotations?.[`${scene.policies()[0]}/request`]).filter(text => text?.includes('debug-grant:grace-deciding'));
    return said.some(text => text.startsWith('CREATE')) && said.some(text => text.startsWith('approve')) ? said : undefined;
  });
  expect(found.find(text => text.startsWith('approve debug-grant:grace-deciding by bob-deciding'))).toMatch(/ticket INC-42 approvals bob-deciding as leads-deciding subjects 1/);
});
