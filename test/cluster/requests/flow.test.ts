import { key, passed, Scene, user } from './scene';
import { AccessRequests, RequestState } from '../../../src';
import { GIVING } from '../../../src/model/admission-policy';
import { theCluster } from '../lab/cluster';
import { eventually } from '../lab/process';

const scene = new Scene(theCluster(), 'flow');
const LEADS: [string, string] = ['bob', 'leads'];

beforeAll(() => scene.raise());
afterEach(() => scene.clear());
afterAll(() => scene.raze());

it('the policies are type-checked without a complaint', async () => {
  for (const name of scene.policies()) {
    const status = await eventually('type checking', async () => {
      const { body } = await scene.send('admin', 'GET', `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/${name}`);
      return body.status?.observedGeneration === body.metadata.generation ? body.status : undefined;
    });
    expect(status.typeChecking?.expressionWarnings ?? []).toEqual([]);
  }
});

it('who asks gets nothing, an approver approves, it works, and it is gone by itself', async () => {
  const seconds = 6;
  const binding = await scene.asked('alice', 'debug-grant', { seconds });
  expect(await scene.may('alice', 'create', 'pods/exec')).toBe(false);
  passed(await scene.approve('bob', binding, [LEADS]));
  await eventually('alice to have what was approved', async () => await scene.may('alice', 'create', 'pods/exec') || undefined, 30_000);
  expect(await scene.may('alice', 'use', 'commandsets', { group: 'secure-debug.internal', name: 'diagnostics' })).toBe(true);
  expect(await scene.may('erin', 'create', 'pods/exec')).toBe(false);

  const expiry = Date.parse(binding.metadata.annotations[key('expires-at')]);
  const gone = await eventually('the grant to be gone', async () => await scene.may('alice', 'create', 'pods/exec') ? undefined : Date.now(), 30_000);
  const left = (gone - expiry) / 1000;
  process.stdout.write(`access ended ${left.toFixed(2)} s after expires-at (timer of ${seconds} s, asked every 250 ms)\n`);
  expect(left).toBeGreaterThan(-1);
  expect(left).toBeLessThan(5);
  expect(await scene.find(binding)).toBeUndefined();
  await eventually('the timer to be gone', async () => (await scene.send('admin', 'GET', scene.path('jobs', binding.metadata.ownerReferences[0].name))).status === 404 || undefined);
});

it('after the end, a new request renews it, and is approved anew', async () => {
  const first = await scene.asked('alice', 'debug-grant', { seconds: 2 });
  passed(await scene.approve('bob', first, [LEADS]));
  await eventually('the first to be gone', async () => await scene.find(first) ? undefined : true);
  const second = await scene.asked('alice', 'debug-grant');
  expect(second.subjects).toBeUndefined();
  passed(await scene.approve('carol', second, [['carol', 'leads']]));
  expect((await scene.find(second)).subjects).toEqual([user(scene.who.alice.name)]);
});

it('two of three approve, one of them for security', async () => {
  const binding = await scene.asked('alice', 'debug-grant-quorum');
  passed(await scene.approve('bob', binding, [['bob', 'leads']], false));
  passed(await scene.approve('frank', binding, [['bob', 'leads'], ['frank', 'security']]));
  expect((await scene.find(binding)).subjects).toEqual([user(scene.who.alice.name)]);
});

it('enough approvals without the one of security wait for it', async () => {
  const binding = await scene.asked('alice', 'debug-grant-quorum');
  passed(await scene.approve('bob', binding, [['bob', 'leads']], false));
  passed(await scene.approve('oscar', binding, [['bob', 'leads'], ['oscar', 'leads']], false));
  passed(await scene.approve('carol', binding, [['bob', 'leads'], ['oscar', 'leads'], ['carol', 'security']]));
  expect((await scene.find(binding)).subjects).toHaveLength(1);
});

it('whoever is on call has it at once, with reason and ticket on the record', async () => {
  const binding = await scene.asked('dave', 'debug-grant-oncall', { granted: true });
  expect(binding.subjects).toEqual([user(scene.who.dave.name)]);
  await eventually('dave to have it', async () => await scene.may('dave', 'create', 'pods/exec') || undefined, 30_000);
});

it('breaking the glass is the same, and a declared emergency', async () => {
  await scene.asked('dave', 'break-glass', { granted: true });
  await eventually('dave to have it', async () => await scene.may('dave', 'use', 'emergencies', { group: 'secure-debug.internal' }) || undefined, 30_000);
  expect(await scene.may('alice', 'use', 'emergencies', { group: 'secure-debug.internal' })).toBe(false);
});

it('an approver denies, for good', async () => {
  const binding = await scene.asked('alice', 'debug-grant');
  const { metadata } = passed(await scene.close('bob', binding, 'denied'));
  expect(metadata.annotations).toMatchObject({ [key('closed')]: 'denied', [key('closed-by')]: scene.who.bob.name, [key('closed-reason')]: 'enough' });
});

it('an approver revokes what was granted, and it ends at once', async () => {
  const binding = await scene.asked('dave', 'break-glass', { granted: true });
  await eventually('dave to have it', async () => await scene.may('dave', 'create', 'pods/exec') || undefined, 30_000);
  expect(passed(await scene.close('bob', binding, 'revoked')).subjects).toBeUndefined();
  await eventually('dave to have lost it', async () => await scene.may('dave', 'create', 'pods/exec') ? undefined : true, 30_000);
});

it('a cluster administrator revokes too', async () => {
  const binding = await scene.asked('dave', 'break-glass', { granted: true });
  passed(await scene.close('admin', binding, 'revoked'));
});

it('who asked withdraws it, waiting or granted, and asks anew', async () => {
  const waiting = await scene.asked('alice', 'debug-grant');
  passed(await scene.close('alice', waiting, 'withdrawn'));
  passed(await scene.delete('alice', waiting));
  const granted = await scene.asked('alice', 'debug-grant');
  passed(await scene.approve('bob', granted, [LEADS]));
  passed(await scene.close('alice', granted, 'withdrawn'));
  passed(await scene.delete('alice', granted));
  passed(await scene.ask('alice', 'debug-grant'));
});

it('what was denied can be deleted by who asked, and asked for anew', async () => {
  const binding = await scene.asked('alice', 'debug-grant');
  passed(await scene.close('bob', binding, 'denied'));
  passed(await scene.delete('alice', binding));
  passed(await scene.ask('alice', 'debug-grant'));
});

it('an approver deletes requests of others', async () => {
  passed(await scene.delete('bob', await scene.asked('alice', 'debug-grant')));
});

it('the clean-up of expired access deletes requests', async () => {
  passed(await scene.delete('cleaner', await scene.asked('alice', 'debug-grant-quorum')));
});

it('what a program writes by AccessRequests is what the policies take', async () => {
  const terms = AccessRequests.termsOf((await scene.send('bob', 'GET', scene.path('roles', 'debug-grant-quorum'))).body)!;
  expect(AccessRequests.maxSecondsFor(terms, [scene.group('developers')])).toBe(7200);
  let binding = await scene.asked('alice', 'debug-grant-quorum');
  for (const person of ['carol', 'bob']) {
    const request = AccessRequests.read(binding)!;
    const groups = scene.who[person].groups;
    const body = AccessRequests.approval(request, terms, scene.who[person].name, AccessRequests.approvesAs(terms, request.approvals, groups)!);
    binding = passed(await scene.patch(person, binding, body));
  }
  expect(AccessRequests.stateOf(AccessRequests.read(binding)!, new Date().toISOString())).toBe(RequestState.ACTIVE);
  binding = passed(await scene.patch('bob', binding, AccessRequests.closing(AccessRequests.read(binding)!, RequestState.REVOKED, scene.who.bob.name, 'incident closed')));
  expect(AccessRequests.stateOf(AccessRequests.read(binding)!, new Date().toISOString())).toBe(RequestState.REVOKED);
});

it('a right that comes by a grant is told from a wildcard by its reason, as the guardrails do', async () => {
  passed(await scene.approve('bob', await scene.asked('alice', 'debug-grant'), [LEADS]));
  const resourceAttributes = { namespace: scene.place, verb: 'use', group: 'secure-debug.internal', resource: 'commandsets', name: 'diagnostics' };
  const ask = (person: string) => scene.send(person, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes },
  });
  const giving = new RegExp(GIVING.expression.replace(/^'|'$/g, '').replace("' + request.namespace + '", scene.place));
  await eventually('alice to have it', async () => (await ask('alice')).body.status.allowed || undefined, 30_000);
  expect((await ask('alice')).body.status.reason).toMatch(giving);
  const admins = (await ask('admin')).body.status;
  expect(admins.allowed).toBe(true);
  expect(admins.reason).not.toMatch(giving);
});

it('one person holds grants of several Roles', async () => {
  const first = await scene.asked('alice', 'debug-grant');
  const second = await scene.asked('alice', 'debug-grant-oncall');
  passed(await scene.approve('bob', first, [LEADS]));
  passed(await scene.approve('bob', second, [LEADS]));
});

it('members of a group with a limit of their own keep to it', async () => {
  passed(await scene.ask('grace', 'debug-grant', { seconds: 600 }));
  passed(await scene.ask('alice', 'debug-grant', { seconds: 3600 }));
});

it('GitOps, a cluster administrator, writes other RoleBindings and the terms', async () => {
  const other = scene.binding('plain', 'debug-nothing', [user('somebody')]);
  passed(await scene.send('admin', 'POST', scene.path('rolebindings'), other));
  passed(await scene.delete('admin', other));
  const role = (await scene.send('admin', 'GET', scene.path('roles', 'debug-grant'))).body;
  passed(await scene.send('admin', 'PUT', scene.path('roles', 'debug-grant'), role));
});

it('more RoleBindings than the quota are refused', async () => {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard: { 'count/rolebindings.rbac.authorization.k8s.io': '1' } } };
  const path = `/api/v1/namespaces/${scene.place}/resourcequotas`;
  passed(await scene.send('admin', 'POST', path, quota));
  try {
    await eventually('the quota to count', async () => (await scene.send('admin', 'GET', `${path}/q`)).body.status?.used ? true : undefined);
    expect((await scene.ask('alice', 'debug-grant')).body.message).toContain('exceeded quota');
  } finally {
    passed(await scene.send('admin', 'DELETE', `${path}/q`));
  }
});

it('a namespace with requests is deleted, whatever waits in it', async () => {
  const place = scene.other;
  await scene.asked('alice', 'debug-grant', { namespace: place });
  await scene.send('admin', 'DELETE', `/api/v1/namespaces/${place}`);
  await eventually('the namespace to be gone', async () => (await scene.send('admin', 'GET', `/api/v1/namespaces/${place}`)).status === 404 || undefined, 120_000);
}, 150_000);
