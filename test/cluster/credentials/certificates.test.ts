import { X509Certificate } from 'crypto';
import { ALICE, as, create, csr, decided, GROUPS, holder, issued, Login, NAME, NAMESPACE, POLICY, raise, Wish } from './certificates-scene';
import { whoAmI } from './helpers';
import { testIf, theCluster } from '../lab/cluster';
import { asAdmin, find, kubectl } from '../lab/kubectl';

const cluster = theCluster();
let scene: Awaited<ReturnType<typeof raise>>;
beforeAll(async () => { scene = await raise(cluster); });
afterAll(() => scene?.stop());

const APPROVER = `system:serviceaccount:${NAMESPACE}:${NAME}`;
const refusedBy = (ended: { code: number | null; stderr: string }) => (ended.code === 0 ? 'nobody' : ended.stderr.includes(`ValidatingAdmissionPolicy '${POLICY}'`) ? 'the policy' : ended.stderr);

/** Somebody asks, and the approver answers. */
async function asked(wish: Wish, who = ALICE): Promise<{ type: string; message: string; key: string }> {
  const { manifest, key } = await csr(cluster, wish);
  expect(refusedBy(await create(cluster, who, manifest))).toBe('nobody');
  return { ...await decided(cluster, wish.name), key };
}

describe('a certificate is issued', () => {
  test.each([['of 600 s with a key on P-256', 600, undefined], ['of 1,800 s with a key on Ed25519', 1800, ['ed25519']], ['of 900 s with a key on P-384', 900, ['ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1']]])('%s, and works', async (_what, seconds, key) => {
    const name = `good-${seconds}`;
    const answer = await asked({ name, seconds, key });
    expect(answer).toMatchObject({ type: 'Approved', message: `name and groups are those of alice, for ${seconds} s` });
    const certificate = new X509Certificate(await issued(cluster, name));
    // It begins a little earlier, for clocks that differ.
    const life = (Date.parse(certificate.validTo) - Date.now()) / 1000;
    expect(life).toBeLessThanOrEqual(seconds);
    expect(life).toBeGreaterThan(seconds - 60);
    const { username, groups } = (await whoAmI(await holder(cluster, name, answer.key))).body.status.userInfo;
    expect([username, groups]).toEqual(['alice', ['sd-oncall-payments', 'system:authenticated']]);
  });
});

describe('the approver denies', () => {
  test.each<[string, Omit<Wish, 'name'>, string]>([
    ['the name of somebody else', { subject: '/O=sd-oncall-payments/CN=bob' }, 'its name (CN) "bob" is not that of who made it'],
    ['the name of another approver', { subject: `/O=sd-oncall-payments/CN=system:serviceaccount:${NAMESPACE}:${NAME}` }, 'is not that of who made it'],
    ['the name of the garbage collector', { subject: '/CN=system:serviceaccount:kube-system:generic-garbage-collector' }, 'is not that of who made it'],
    ['a debug group of others', { subject: '/O=sd-oncall-search/CN=alice' }, 'who made it is not in its group (O) "sd-oncall-search"'],
    ['a group of one\'s own that does not debug', { subject: '/O=staff/CN=alice' }, 'its group (O) "staff" is none that debugs'],
    ['the group of nodes', { subject: '/O=system:nodes/CN=alice' }, 'its group (O) "system:nodes" is none that debugs'],
    ['one group too many', { subject: '/O=sd-oncall-payments/O=sd-admins/CN=alice' }, 'its group (O) "sd-admins" is none that debugs'],
    ['no group', { subject: '/CN=alice' }, 'it has no group'],
    ['two names', { subject: '/O=sd-oncall-payments/CN=alice/CN=system:admin' }, 'the subject does not have one name'],
    ['alternative names', { more: ['-addext', 'subjectAltName=DNS:kubernetes.default'] }, 'asks for more than a name and groups'],
    ['an RSA key', { key: ['rsa:2048'] }, 'the key is none of Ed25519, P-256 and P-384'],
    ['a name that looks like the right one', { subject: '/O=sd-oncall-payments/CN=al\u200bice', more: ['-utf8'] }, 'invisible characters'],
  ])('%s', async (_what, wish, why) => {
    const name = `denied-${expect.getState().currentTestName!.toLowerCase().replace(/[^a-z]+/g, '-').slice(-40).replace(/^-/, '')}`;
    const { type, message } = await asked({ name, ...wish });
    expect([type, message]).toEqual(['Denied', expect.stringContaining(why)]);
    expect((await find(cluster, ['certificatesigningrequest', `sd-cert-${name}`])).status.certificate).toBeUndefined();
  });
  test('and writes each decision down', () => {
    const lines = scene.log().trim().split('\n').map(line => JSON.parse(line));
    expect(lines.filter(line => line.outcome === 'approved').map(line => line.request)).toEqual(expect.arrayContaining(['sd-cert-good-600']));
    expect(lines.filter(line => line.level === 'error')).toEqual([]);
  });
});

describe('the policy refuses to take', () => {
  const ask = async (who: Login, wish: Wish) => refusedBy(await create(cluster, who, (await csr(cluster, wish)).manifest));
  test('a request without an end', async () => expect(await ask(ALICE, { name: 'endless', seconds: null })).toBe('the policy'));
  test('a request for a day', async () => expect(await ask(ALICE, { name: 'day', seconds: 86_400 })).toBe('the policy'));
  test('a request for a second too long', async () => expect(await ask(ALICE, { name: 'second', seconds: 1801 })).toBe('the policy'));
  test('other usages', async () => {
    for (const usages of [['client auth', 'key encipherment'], ['client auth', 'digital signature', 'key encipherment']]) expect(await ask(ALICE, { name: 'usages', usages })).toBe('the policy');
  });
  test('a request of somebody who does not debug', async () => expect(await ask({ user: 'eve', groups: ['sd-others'] }, { name: 'eve', subject: '/O=sd-others/CN=eve' })).toBe('the policy'));
  test('a request of a ServiceAccount', async () => {
    expect(await ask({ user: 'system:serviceaccount:x:y', groups: ['sd-oncall-payments'] }, { name: 'robot', subject: '/O=sd-oncall-payments/CN=system:serviceaccount:x:y' })).toBe('the policy');
  });
  test('a request of an administrator, system:masters or not', async () => {
    expect(await ask({ user: 'root', groups: ['system:masters'] }, { name: 'root', subject: '/O=sd-oncall-payments/CN=root' })).toBe('the policy');
  });
  test('a request that was made with a certificate, which would then never end', async () => {
    const first = await asked({ name: 'first' });
    const person = await holder(cluster, 'first', first.key);
    const next = await csr(cluster, { name: 'next' });
    const ended = await kubectl(cluster, person, ['create', '-f', '-'], { stdin: JSON.stringify(next.manifest) });
    expect(refusedBy(ended)).toBe('the policy');
    expect(ended.stderr).toContain('log in first, then ask');
  });
});

describe('while the approver is away, nobody else approves:', () => {
  // Its process is stopped, not ended, so that it finds these requests when it is back.
  beforeAll(async () => {
    scene.pause();
    for (const name of ['left', 'unwanted']) expect(refusedBy(await create(cluster, ALICE, (await csr(cluster, { name })).manifest))).toBe('nobody');
  });
  afterAll(() => scene.resume());
  const approve = async (who: Login, verb = 'approve', name = 'left') => refusedBy(await as(cluster, who, ['certificate', verb, `sd-cert-${name}`]));

  test.each<[string, Login]>([
    ['who asked', ALICE], ['another who debugs', { user: 'bob', groups: GROUPS }], ['somebody whom RBAC lets approve everything', { user: 'eve', groups: ['sd-others'] }],
    ['system:masters', { user: 'root', groups: ['system:masters'] }],
    ['another ServiceAccount of the namespace', { user: `system:serviceaccount:${NAMESPACE}:default`, groups: ['sd-others', 'system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`] }],
    ['somebody whose name is almost the approver\'s', { user: `${APPROVER}x`, groups: ['sd-others'] }],
  ])('%s', async (_who, who) => expect(await approve(who)).toBe('the policy'));
  test('but whoever may by RBAC denies', async () => {
    expect(await approve({ user: 'eve', groups: ['sd-others'] }, 'deny', 'unwanted')).toBe('nobody');
    expect(await approve({ user: 'eve', groups: ['sd-others'] }, 'approve', 'unwanted')).not.toBe('nobody');
  });
  test('and the approver decides when it is back', async () => {
    scene.resume();
    expect(await decided(cluster, 'left')).toMatchObject({ type: 'Approved' });
  });
});

const inPod = testIf(cluster.node && cluster.nodeImage, 'needs a node that has an image with Node.js');
describe('in its pod', () => {
  inPod('the approver runs under Pod Security restricted, and decides', async () => {
    scene.pause();
    try {
      await asAdmin(cluster, ['scale', 'deployment', NAME, '-n', NAMESPACE, '--replicas=1']);
      await asAdmin(cluster, ['rollout', 'status', 'deployment', NAME, '-n', NAMESPACE, '--timeout=120s'], { timeout: 130_000 });
      expect(await asked({ name: 'in-pod', seconds: 1200 })).toMatchObject({ type: 'Approved' });
      expect(await asked({ name: 'in-pod-denied', subject: '/O=system:masters-x/CN=alice' })).toMatchObject({ type: 'Denied' });
      const lines = (await asAdmin(cluster, ['logs', `deployment/${NAME}`, '-n', NAMESPACE])).trim().split('\n').map(line => JSON.parse(line));
      expect(lines.map(line => line.outcome ?? line.message)).toEqual(['started', 'approved', 'denied']);
    } finally {
      await asAdmin(cluster, ['scale', 'deployment', NAME, '-n', NAMESPACE, '--replicas=0']);
      scene.resume();
    }
  });
});
