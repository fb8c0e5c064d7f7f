import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'fs';
import { join } from 'path';
import { parse } from 'yaml';
import { CertCluster } from './cert-cluster';
import { Signer } from './signer';
import { certificateRequest } from '../src/credentials/certificates/certificate-request';
import { der } from '../src/credentials/certificates/der';
import { localKey } from '../src/credentials/certificates/request-key';

let cluster: CertCluster;
beforeEach(async () => { cluster = await new CertCluster().start(); });
afterEach(() => cluster.stop());

const cert = (...args: string[]) => cluster.run(['cert', ...args]);
const request = (...more: string[]) => cert('request', ...more);
const folder = () => join(cluster.home, '.local', 'state', 'secure-debug', 'certificates', 'prod');
const pair = (at = folder()) => readFileSync(join(at, 'client.pem'), 'utf8');
const created = () => cluster.asked.find(({ method, path }) => method === 'POST' && path.endsWith('certificatesigningrequests'))?.body;
const done = async (...more: string[]) => {
  const ended = await request(...more);
  expect(ended).toMatchObject({ code: 0 });
  return ended;
};

describe('request', () => {
  test('asks for what the cluster gives: the caller, the groups that may have one, half an hour, the usages of a client', async () => {
    const { stdout, stderr } = await done();
    expect(created()).toMatchObject({
      metadata: { name: 'secure-debug-cert-u0' }, spec: { signerName: 'kubernetes.io/kube-apiserver-client', expirationSeconds: 1800, usages: ['client auth', 'digital signature'] },
    });
    expect(stdout).toMatch(/^A certificate for alice of oncall-payments, until \S+Z \(2\dm \d+s left\)\./);
    expect(stdout).toContain(`export KUBECONFIG=${join(folder(), 'kubeconfig')}`);
    expect(stderr).toBe('Waiting for the approver to decide about secure-debug-cert-u0, at most 1m\n');
  });

  test('its files are its owner\'s alone; certificate and key are one file, and fit', async () => {
    await done();
    expect(statSync(folder()).mode % 0o1000).toBe(0o700);
    expect(readdirSync(folder()).sort()).toEqual(['ca.pem', 'client.pem', 'kubeconfig']);
    for (const file of readdirSync(folder())) expect([file, statSync(join(folder(), file)).mode % 0o1000]).toEqual([file, 0o600]);
    expect(new X509Certificate(pair()).checkPrivateKey(createPrivateKey(pair()))).toBe(true);
  });

  test('the context says when it ends; nothing of the key is in the kubeconfig or went to the cluster', async () => {
    await done('--namespace', 'orders');
    const text = readFileSync(join(folder(), 'kubeconfig'), 'utf8');
    const config = parse(text);
    const end = new Date(new X509Certificate(pair()).validTo).toISOString().replace('.000Z', 'Z');
    expect(config['current-context']).toBe(`prod-until-${end}`);
    expect(config.contexts[0].context).toMatchObject({ namespace: 'orders', extensions: [{ name: 'secure-debug.internal/certificate', extension: { notAfter: end } }] });
    expect(config.users[0].user).toEqual({ 'client-certificate': 'client.pem', 'client-key': 'client.pem' });
    const secret = pair().split('PRIVATE KEY-----\n')[1].split('\n')[0];
    for (const seen of [text, JSON.stringify(cluster.asked)]) expect(seen).not.toContain(secret);
  });

  test('a key on Ed25519', async () => {
    await done('--key', 'ed25519');
    expect(createPrivateKey(pair()).asymmetricKeyType).toBe('ed25519');
  });

  test('as long as the cluster gives, if that is less than half an hour', async () => {
    cluster.terms = { ...cluster.terms as object, 'certificate-max-seconds': '900' };
    await done();
    expect(created().spec.expirationSeconds).toBe(900);
  });

  test('the folder is in memory where there is one', async () => {
    const memory = join(cluster.home, 'run');
    mkdirSync(memory);
    expect(await cluster.run(['cert', 'request'], { env: { XDG_RUNTIME_DIR: memory, HOME: cluster.home } })).toMatchObject({ code: 0 });
    expect(existsSync(join(memory, 'secure-debug', 'certificates', 'prod', 'client.pem'))).toBe(true);
    expect(existsSync(folder())).toBe(false);
  });

  test('a context whose name is a path stays below the folder', async () => {
    cluster.context = '../../etc/arn:aws:x';
    await done();
    expect(readdirSync(join(folder(), '..'))).toEqual(['etc-arn-aws-x']);
  });

  test.each<[string, string[], number, RegExp]>([
    ['longer than is given', ['--for', '2h'], 2, /--for 2h is longer than this cluster gives one for, 1h\. Fix: --for 1h/],
    ['shorter than Kubernetes signs', ['--for', '9m'], 2, /--for 9m is less than Kubernetes signs for/],
    ['a kind of key that is none', ['--key', 'rsa'], 2, /--key rsa is no kind of key/],
    ['two keys', ['--key', 'p256', '--pkcs11', 'pkcs11:object=x?module-path=/x'], 2, /--key and --pkcs11 contradict/],
    ['a PIN for nothing', ['--pin-file', 'x'], 2, /--pin-file is for the key of a token/],
    ['a group of others', ['--group', 'oncall-search'], 2, /--group oncall-search is none of yours\. Fix: choose among oncall-payments\./],
    ['a group that does not debug', ['--group', 'staff'], 2, /--group staff may not have a certificate here/],
    ['a group of Kubernetes', ['--group', 'system:authenticated'], 2, /--group system:authenticated is none of yours/],
  ])('%s is refused before anything is asked for', async (_what, args, code, message) => {
    expect(await request(...args)).toMatchObject({ code, stderr: expect.stringMatching(message) });
    expect([created(), existsSync(folder())]).toEqual([undefined, false]);
  });

  test.each<[string, () => void, RegExp]>([
    ['somebody who is in none of the groups', () => { cluster.groups = ['staff']; }, /alice is in no group that may have a certificate here: those are oncall-payments, oncall-search; yours are staff/],
    ['a ServiceAccount', () => { cluster.user = 'system:serviceaccount:a:b'; }, /certificates are for people/],
    ['who comes with a certificate', () => { cluster.options = { cert: 'x' }; }, /one that gets the next would never end\. Fix: name the kubeconfig that you log in with/],
    ['whose kubeconfig checks nothing', () => { cluster.options = { rejectUnauthorized: false }; }, /insecure-skip-tls-verify/],
  ])('%s is refused before anything is asked for', async (_what, change, message) => {
    change();
    expect(await request()).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    expect([created(), existsSync(folder())]).toEqual([undefined, false]);
  });

  test('who comes with a certificate gets the next only where that is declared', async () => {
    cluster.options = { cert: 'x', ca: 'authority' };
    cluster.terms = { ...cluster.terms as object, 'certificate-by-certificate': 'true' };
    await done();
  });

  describe('nothing is written when', () => {
    test.each<[string, () => void, RegExp]>([
      ['it is denied', () => { cluster.condition = { type: 'Denied', message: 'denied: its group (O) "x\u001b[2J" is none that debugs' }; }, /The certificate was denied: its group \(O\) "x\\u001b\[2J" is none that debugs\. Fix/],
      ['nobody decides', () => { cluster.condition = undefined; }, /Nobody decided about secure-debug-cert-u0 in 2s\. Fix: see whether the approver runs/],
      ['nobody signs', () => { cluster.signs = false; }, /No certificate came in 2s\. Fix: see whether kube-controller-manager runs/],
      ['it is for another key', () => { cluster.change = { key: localKey('p256').publicKey.export({ type: 'spki', format: 'der' }) }; }, /is for another key/],
      ['it is for somebody else', () => { cluster.change = { subject: der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), der.utf8('bob')))) }; }, /The certificate that came is for bob of/],
      ['the API server takes it for more', () => { cluster.sees = () => ['system:masters']; }, /The API server takes the certificate for alice of system:masters/],
    ])('%s', async (_what, change, message) => {
      change();
      expect(await request('--wait', '2s')).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
      expect(existsSync(join(cluster.home, '.local'))).toBe(false);
    });
  });

  test('a signer that gives less than was asked is told', async () => {
    cluster.longest = 1_200;
    expect((await done()).stdout).toContain('The signer gave less than the 30m that were asked for');
  });

  test('who may not even ask reads which groups they have', async () => {
    cluster.terms = 403;
    cluster.refuse = (method, path) => method === 'POST' && path.endsWith('certificatesigningrequests') ? 'User "alice" cannot create resource "certificatesigningrequests" in API group "certificates.k8s.io" at the cluster scope' : undefined;
    expect(await request()).toMatchObject({ code: 1, stderr: expect.stringMatching(/alice may not ask for a certificate here; your groups are oncall-payments, staff\. Fix/) });
  });

  describe('a folder', () => {
    test('that is open to others is refused', async () => {
      mkdirSync(folder(), { recursive: true });
      chmodSync(folder(), 0o755);
      expect(await request()).toMatchObject({ code: 2, stderr: expect.stringMatching(/is open to others, and a key in it would be too\. Fix: chmod 700/) });
    });
    test('that is a link is refused', async () => {
      symlinkSync(cluster.home, join(cluster.home, 'link'));
      expect(await request('--out', join(cluster.home, 'link'))).toMatchObject({ code: 2, stderr: expect.stringMatching(/is no folder, or a link to one/) });
    });
    test('that has a certificate for another cluster is left alone, unless that is meant', async () => {
      await done();
      const before = pair();
      writeFileSync(join(folder(), 'kubeconfig'), readFileSync(join(folder(), 'kubeconfig'), 'utf8').replace(/http:\S+/, 'https://other:6443'));
      expect(await request()).toMatchObject({ code: 2, stderr: expect.stringMatching(/has a certificate for https:\/\/other:6443, and this is for http/) });
      expect(pair()).toBe(before);
      await done('--force');
      expect(pair()).not.toBe(before);
    });
    test('of the same cluster gets the next one', async () => {
      await done();
      const before = pair();
      await done();
      expect(pair()).not.toBe(before);
    });
  });

  test('where there is no CertificateAccess, somebody has to approve, and what nobody approved is taken away', async () => {
    cluster.terms = undefined;
    cluster.condition = undefined;
    const { code, stderr } = await request('--wait', '2s');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/Somebody has to approve secure-debug-cert-u0, within 2s:\n {2}secure-debug cert approve secure-debug-cert-u0 --group GROUP\n[^]*Nobody approved/) });
    expect(cluster.requests.size).toBe(0);
  });

  test('where CertificateAccess is, the request stays: it is the record', async () => {
    await done();
    expect([...cluster.requests.keys()]).toEqual(['secure-debug-cert-u0']);
  });
});

describe('status', () => {
  test('says who, where and for how long, and ends with 1 when nothing is good any more', async () => {
    expect(await cert('status')).toMatchObject({ code: 1, stdout: expect.stringMatching(/^There is no certificate in .*Fix: secure-debug cert request\./) });
    await done();
    expect(await cert('status')).toMatchObject({ code: 0, stdout: expect.stringMatching(/LEFT +USER +GROUPS +SERVER +FOLDER\n2\dm \d+s +alice +oncall-payments +http:\S+ +\S+prod\n$/) });
    const { certificates: [one] } = JSON.parse((await cert('status', '--json')).stdout);
    expect(one).toMatchObject({ user: 'alice', groups: ['oncall-payments'], key: 'file', keyFits: true, folder: folder() });
    cluster.longest = 1;
    await done();
    expect(await cert('status')).toMatchObject({ code: 1, stdout: expect.stringMatching(/\nover +alice/) });
  });
  test('a key of another certificate, and what is none, are told', async () => {
    await done();
    const other = localKey('p256').privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(join(folder(), 'client.pem'), pair().replace(/-----BEGIN PRIVATE[^]*/, String(other)));
    expect(await cert('status')).toMatchObject({ code: 1, stdout: expect.stringContaining('other key') });
    writeFileSync(join(folder(), 'client.pem'), 'x');
    expect(await cert('status')).toMatchObject({ code: 1, stdout: expect.stringContaining('unreadable') });
  });
});

describe('kubeconfig', () => {
  const made = async (curve: 'p256' | 'ed25519' = 'p256') => {
    const key = localKey(curve);
    const pem = await certificateRequest('carol', ['oncall-search'], key);
    const files = { certificate: join(cluster.home, 'c.crt'), key: join(cluster.home, 'c.key') };
    writeFileSync(files.certificate, new Signer().sign({ request: Buffer.from(pem).toString('base64'), expirationSeconds: 3_600 }));
    writeFileSync(files.key, key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return files;
  };
  test('is written anew for another namespace', async () => {
    await done();
    expect(await cert('kubeconfig', '--namespace', 'orders')).toMatchObject({ code: 0 });
    expect(parse(readFileSync(join(folder(), 'kubeconfig'), 'utf8')).contexts[0].context.namespace).toBe('orders');
  });
  test('of a certificate that was issued otherwise', async () => {
    const files = await made();
    expect(await cert('kubeconfig', '--certificate', files.certificate, '--key', files.key)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Written: carol of oncall-search/) });
    expect(new X509Certificate(pair()).checkPrivateKey(createPrivateKey(pair()))).toBe(true);
    expect(statSync(join(folder(), 'client.pem')).mode % 0o1000).toBe(0o600);
  });
  test.each<[string, () => Promise<string[]>, number, RegExp]>([
    ['without any', async () => [], 1, /There is no certificate in .*prod\. Fix/],
    ['of half a pair', async () => ['--certificate', (await made()).certificate], 2, /--certificate and --key belong together/],
    ['of another key', async () => { const { certificate } = await made(); const { key } = await made('ed25519'); writeFileSync(certificate, new Signer().sign({ request: Buffer.from(await certificateRequest('x', ['y'], localKey('p256'))).toString('base64'), expirationSeconds: 900 })); return ['--certificate', certificate, '--key', key]; }, 2, /is not the key of the certificate/],
    ['of an encrypted key', async () => { const { certificate, key } = await made(); writeFileSync(key, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })); return ['--certificate', certificate, '--key', key]; }, 2, /has no private key in PEM|is encrypted/],
    ['of a file that is none', async () => { const { key } = await made(); return ['--certificate', key, '--key', key]; }, 2, /has no certificate in PEM/],
    ['of a file that is not there', async () => ['--certificate', '/nowhere', '--key', '/nowhere'], 2, /\/nowhere is not there/],
  ])('%s is refused', async (_what, args, code, message) => {
    expect(await cert('kubeconfig', ...await args())).toMatchObject({ code, stderr: expect.stringMatching(message) });
  });
});

describe('approve', () => {
  const wait = async (change: object = {}, user = 'alice', groups = ['oncall-payments']) => {
    const pem = await certificateRequest(user, groups, localKey('p256'));
    cluster.request('r', {
      request: Buffer.from(pem).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', expirationSeconds: 1_200, usages: ['client auth'], username: 'alice', groups: ['oncall-payments', 'system:authenticated'], ...change,
    });
  };
  const writes = () => cluster.asked.filter(({ method }) => method === 'PUT');
  beforeEach(() => {
    cluster.user = 'root';
    cluster.groups = ['admins'];
  });

  describe('where CertificateAccess is', () => {
    test.each<[string, () => Promise<void>, RegExp]>([
      ['a good request', () => wait(), /Nothing was sent: here only the approver approves \(secure-debug-certificates\).* It will approve it: name and groups are those of alice, for 1200 s/],
      ['the name of somebody else', () => wait({}, 'bob'), /It will deny it: its name \(CN\) "bob" is not that of who made it/],
      ['a group of others', () => wait({}, 'alice', ['oncall-search']), /It will deny it: who made it is not in its group \(O\) "oncall-search"/],
    ])('of %s it says what the approver will do, and sends nothing', async (_what, prepare, message) => {
      await prepare();
      expect(await cert('approve', 'r', '--group', 'oncall-payments')).toMatchObject({ code: 1, stdout: expect.stringMatching(message) });
      expect(writes()).toEqual([]);
    });
    test('--check ends with 0 for what will be approved', async () => {
      await wait();
      expect(await cert('approve', 'r', '--check')).toMatchObject({ code: 0, stdout: 'The approver of this cluster will approve it: name and groups are those of alice, for 1200 s.\n' });
      await wait({ expirationSeconds: 3_601 });
      expect(await cert('approve', 'r', '--check')).toMatchObject({ code: 1, stdout: expect.stringContaining('not for 600 to 3600 s') });
    });
    test('an exception of its own is left alone', async () => {
      cluster.terms = { ...cluster.terms as object, exceptions: 'User alice: an operator' };
      await wait();
      expect(await cert('approve', 'r')).toMatchObject({ code: 1, stdout: expect.stringContaining('alice is an exception of CertificateAccess') });
    });
    test('what was decided is told', async () => {
      await wait();
      cluster.requests.get('r').status = { conditions: [{ type: 'Denied', message: 'no' }] };
      expect(await cert('approve', 'r')).toMatchObject({ code: 1, stdout: 'r of alice was denied already: no.\n' });
    });
    test('who may not see whether it is approves nothing', async () => {
      for (const terms of [403, { 'certificate-max-seconds': '600' }]) {
        cluster.terms = terms as any;
        await wait();
        expect(await cert('approve', 'r', '--group', 'oncall-payments')).toMatchObject({ code: 1, stderr: expect.stringContaining('Whether this cluster has an approver of its own cannot be seen') });
      }
      expect(writes()).toEqual([]);
    });
  });

  describe('where there is none', () => {
    beforeEach(() => { cluster.terms = undefined; });
    test('it approves what says no more than who made it, and writes who did', async () => {
      await wait();
      expect(await cert('approve', 'r', '--group', 'oncall-payments')).toMatchObject({ code: 0, stdout: 'Approved: a certificate for alice, for 20m.\n' });
      expect(cluster.requests.get('r').status.conditions).toEqual([{ type: 'Approved', status: 'True', reason: 'SecureDebug', message: 'name and groups are those of alice, for 1200 s; approved by root' }]);
    });
    test.each<[string, object, string, string[], RegExp]>([
      ['the name of somebody else', {}, 'bob', ['oncall-payments'], /Not approved: its name \(CN\) "bob"/],
      ['a group that was not named', {}, 'alice', ['oncall-search'], /Not approved: its group \(O\) "oncall-search" is none that debugs/],
      ['a year', { expirationSeconds: undefined }, 'alice', ['oncall-payments'], /Not approved: it does not say for how long/],
      ['a day', { expirationSeconds: 86_400 }, 'alice', ['oncall-payments'], /not for 600 to 1800 s/],
      ['the usage of a server', { usages: ['client auth', 'server auth'] }, 'alice', ['oncall-payments'], /its usages are not/],
      ['what cannot be read', { request: 'AAAA' }, 'alice', ['oncall-payments'], /not one block of PEM/],
      ['a component', { username: 'system:kube-scheduler' }, 'alice', ['oncall-payments'], /made by no person/],
    ])('%s is not approved', async (_what, change, user, groups, message) => {
      await wait(change, user, groups);
      expect(await cert('approve', 'r', '--group', 'oncall-payments')).toMatchObject({ code: 1, stdout: expect.stringMatching(message) });
      expect(writes()).toEqual([]);
    });
    test('one\'s own is not approved', async () => {
      await wait();
      cluster.user = 'alice';
      expect(await cert('approve', 'r', '--group', 'oncall-payments')).toMatchObject({ code: 1, stderr: expect.stringContaining('r is your own request') });
      expect(writes()).toEqual([]);
    });
    test.each<[string, string[], RegExp]>([
      ['without groups', [], /--group is missing/], ['for a group of Kubernetes', ['--group', 'system:masters'], /--group system:masters is Kubernetes' own/], ['for a day', ['--group', 'x', '--max', '24h'], /--max 1d is not from 10m to 8h/],
    ])('%s it is wrong use', async (_what, args, message) => {
      await wait();
      expect(await cert('approve', 'r', ...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    });
    test('another signer\'s is none of it', async () => {
      await wait({ signerName: 'kubernetes.io/kubelet-serving' });
      expect(await cert('approve', 'r', '--group', 'x')).toMatchObject({ code: 2, stderr: expect.stringContaining('is for the signer kubernetes.io/kubelet-serving') });
    });
    test('one that is not there is told', async () => expect(await cert('approve', 'gone', '--group', 'x')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no request gone') }));
  });
});
