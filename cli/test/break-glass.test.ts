import { EventEmitter } from 'events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { ageLibrary } from './sealed-age';
import { GROUP, role, SealedCluster } from './sealed-cluster';

jest.mock('../src/sealed/age-library', () => jest.requireActual('./sealed-age'));

let cluster: SealedCluster;
let folder: string;
let identity: string;
let recipient: string;
let file: string;

beforeEach(async () => {
  cluster = await new SealedCluster().start();
  folder = mkdtempSync(join(tmpdir(), 'sealed-test-'));
  const { generateX25519Identity, identityToRecipient } = await ageLibrary();
  const secret = await generateX25519Identity();
  recipient = await identityToRecipient(secret);
  identity = join(folder, 'key.txt');
  file = join(folder, 'break-glass-1.age');
  writeFileSync(identity, `# a key\n${secret}\n`);
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await cluster.stop();
});

const seal = (...more: string[]) => cluster.run(['break-glass', 'seal', '--name', 'break-glass-1', '--group', GROUP, '--recipient', recipient, '--out', file, ...more]);
const sealed = async (...more: string[]) => {
  const ended = await seal(...more);
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: expect.stringContaining('Approving, as admin') });
  return ended;
};
const glass = (...args: string[]) => cluster.run(['break-glass', ...args]);
const drill = (...more: string[]) => glass('drill', file, '--identity', identity, ...more);
const writes = () => cluster.asked.filter(({ method, query }) => method !== 'GET' && !query.has('dryRun')).map(({ method, path, user }) => `${user} ${method} ${path.split('/v1/')[1]}`);
/** A keyboard on which somebody types. */
const keyboard = (...lines: string[]) => {
  const keys = Object.assign(new EventEmitter(), { isTTY: true, raw: [] as boolean[], setRawMode(on: boolean) { keys.raw.push(on); }, pause() {}, setEncoding() {}, resume() { setImmediate(() => keys.emit('data', lines.shift())); } });
  return keys as any;
};

describe('seal', () => {
  test('asks for a certificate, approves it, takes the request away, and writes what only the recipient opens', async () => {
    const { stdout } = await sealed('--for', '14d');
    expect(stdout).toMatch(/^Sealed break-glass-1 of break-glass-sealed into .*, until \S+Z, for age1[^]*It may ask for break-glass in payments, and nothing else\./);
    const asked = cluster.asked.find(({ method, path }) => method === 'POST' && path.endsWith('certificatesigningrequests'))!.body;
    expect(asked).toMatchObject({ metadata: { name: 'secure-debug-sealed-break-glass-1-u0' }, spec: { signerName: 'kubernetes.io/kube-apiserver-client', expirationSeconds: 14 * 86_400, usages: ['client auth'] } });
    expect(cluster.requests.size).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    expect(statSync(file).mode % 0o1000).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['break-glass-1.age', 'break-glass-1.age.json', 'key.txt']);
    for (const one of [text, readFileSync(`${file}.json`, 'utf8'), stdout]) expect(one).not.toMatch(/PRIVATE|client-key|SECRET-KEY/);
  });

  test('the label beside it says who, where, until when and for whom, and holds no secret', async () => {
    await sealed();
    expect(JSON.parse(readFileSync(`${file}.json`, 'utf8'))).toMatchObject({
      kind: 'SealedBreakGlass', name: 'break-glass-1', group: GROUP, namespaces: ['payments'], sealedBy: 'admin', sealedFor: [recipient], accepted: [], sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('the rights are judged as the credential, in its namespaces, where a RoleBinding names it, and in two more', async () => {
    cluster.bindings = [
      { metadata: { namespace: 'orders' }, subjects: [{ kind: 'Group', name: GROUP }] },
      { metadata: { namespace: 'web' }, subjects: [{ kind: 'User', name: 'break-glass-1' }] },
      { metadata: { namespace: 'shared' }, subjects: [{ kind: 'Group', name: 'system:authenticated' }] },
      { metadata: { namespace: 'not-it' }, subjects: [{ kind: 'Group', name: 'others' }] },
      { metadata: { namespace: 'no-subjects' } },
    ];
    await sealed();
    const looked = cluster.asked.filter(({ path }) => path.endsWith('selfsubjectrulesreviews'));
    expect(looked.map(({ body }) => body.spec.namespace).sort()).toEqual(['default', 'kube-system', 'orders', 'payments', 'shared', 'web']);
    expect(new Set(looked.map(({ user }) => user))).toEqual(new Set(['O=break-glass-sealed,CN=break-glass-1']));
  });

  test.each([
    ['reads Secrets in its namespace', () => { cluster.rules.payments = [...cluster.rules.payments, { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] }]; }, /get,list secrets in payments/],
    ['has a right everywhere by a ClusterRoleBinding', () => { cluster.rules['*'] = [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'] }]; }, /ask for break-glass, so a stolen file would be worth more than what is on the record: patch deployments\.apps\. Nothing/],
    ['may bind another Role', () => { cluster.rules.payments = [...cluster.rules.payments, { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['bind'], resourceNames: ['admin'] }]; }, /bind roles\.rbac\.authorization\.k8s\.io admin in payments/],
    ['may approve requests', () => { cluster.rules.payments = [...cluster.rules.payments, { apiGroups: ['secure-debug.internal'], resources: ['accessrequests'], verbs: ['approve'], resourceNames: ['break-glass'] }]; }, /approve accessrequests\.secure-debug\.internal break-glass in payments/],
    ['may what requesters may in a namespace that has no break-glass', () => { cluster.rules.default = [{ apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] }]; }, /create jobs\.batch in default/],
    ['is let by an authorizer that lists nothing', () => { cluster.allowed = one => one.resource === 'secrets'; }, /list secrets in every namespace/],
  ])('a group that %s is refused, and nothing is written', async (_, change, message) => {
    change();
    const { code, stderr } = await seal();
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(message) });
    expect([existsSync(file), cluster.requests.size]).toEqual([false, 0]);
  });

  test('--accept-more seals all the same, says so, and the drill then takes these rights and no others', async () => {
    cluster.rules['*'] = [{ apiGroups: ['project.openshift.io'], resources: ['projectrequests'], verbs: ['create'] }];
    const { stdout } = await sealed('--accept-more');
    expect(stdout).toContain('Accepted besides: create projectrequests.project.openshift.io.');
    expect((await drill()).code).toBe(0);
    cluster.rules['*'].push({ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] });
    expect(await drill()).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAIL {2}rights: it may do more than ask for break-glass: get,list pods\. Fix/) });
  });

  test('an authorizer that cannot list what it allows is told, that of nodes is not', async () => {
    expect((await sealed()).stdout).not.toContain('Not all can be known');
    cluster.reviewed = { incomplete: true, evaluationError: '[node authorizer does not support user rule resolution, webhook authorizer does not support user rule resolution]' };
    expect((await sealed('--force')).stdout).toContain('Not all can be known: webhook authorizer does not support user rule resolution.');
  });

  test('a group that gets break-glass nowhere, or only by approval, is refused before any certificate', async () => {
    cluster.roles = [role('payments', 'debug-grant'), role('payments', 'break-glass', 'others')];
    expect(await seal()).toMatchObject({ code: 1, stderr: expect.stringMatching(/get break-glass at once nowhere\. Fix: declare new BreakGlassAccess/) });
    expect(writes()).toEqual(['admin POST selfsubjectreviews']);
  });

  test('a group that lacks a right that break-glass takes is refused', async () => {
    cluster.rules.payments = cluster.rules.payments.slice(1);
    expect(await seal()).toMatchObject({ code: 1, stderr: expect.stringMatching(/could not break the glass, for it may not list roles\.rbac\.authorization\.k8s\.io in payments\. Nothing was written/) });
  });

  test('an API server that takes the certificate for somebody else is refused', async () => {
    cluster.groups = () => ['system:masters', 'system:authenticated'];
    expect(await seal()).toMatchObject({ code: 1, stderr: expect.stringMatching(/takes the certificate for break-glass-1 of system:masters, not for/) });
  });

  test('--no-approve says what another administrator has to run, and takes the request away when nobody does', async () => {
    const { code, stderr } = await seal('--no-approve', '--wait', '3s');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/Somebody else has to approve it, within 3s\. [^]*kubectl certificate approve secure-debug-sealed-break-glass-1-u0\n[^]*Nobody approved it in 3s/) });
    expect(cluster.requests.size).toBe(0);
    expect(writes()).not.toContainEqual(expect.stringContaining('PUT'));
  });

  test.each([
    ['is denied', () => { cluster.denies = true; }, /The certificate was denied: no\\u001b\[2J\. Fix/],
    ['is approved and never signed', () => { cluster.signs = false; }, /No certificate came in 2s\. Fix: see whether kube-controller-manager runs/],
    ['may not be approved by the caller', () => { cluster.refuse = method => method === 'PUT' ? 'certificatesigningrequests "x" is forbidden: ValidatingAdmissionPolicy \'secure-debug-identities\' with binding \'b\' denied request: no' : undefined; }, /The policy secure-debug-identities refused it: no/],
  ])('a certificate that %s is the end, and the request is taken away', async (_, change, message) => {
    change();
    expect(await seal('--wait', '2s')).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    expect([existsSync(file), cluster.requests.size]).toEqual([false, 0]);
  });

  test('a signer that gives less than was asked is told', async () => {
    cluster.longest = 86_400;
    expect((await sealed()).stdout).toContain('The signer gave it 1d only');
  });

  test('no file is written over without --force', async () => {
    await sealed();
    const before = readFileSync(file, 'utf8');
    const asked = cluster.asked.length;
    expect(await seal()).toMatchObject({ code: 2, stderr: expect.stringMatching(/is there already\. Fix: name another file, or add --force/) });
    expect([readFileSync(file, 'utf8'), cluster.asked.length]).toEqual([before, asked]);
    await sealed('--force');
    expect(readFileSync(file, 'utf8')).not.toBe(before);
  });

  test.each([
    [['--for', '12h'], /is not from 1d to 90d/],
    [['--for', '91d'], /is not from 1d to 90d/],
    [['--name', 'system:masters'], /is not made of up to 63 letters/],
    [['--group', 'a,b'], /is not made of up to 63 letters/],
    [['--recipient', 'age1nonsense'], /is no recipient of age/],
    [['--passphrase'], /contradict each other/],
    [['--recipients-file', '/no/such/file'], /--recipients-file \/no\/such\/file cannot be read: ENOENT/],
    [['--wait', 'soon'], /--wait soon is no duration/],
  ])('%j is wrong use, and asks the cluster for no certificate', async (args, message) => {
    expect(await seal(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(writes()).toEqual([]);
  });

  test.each([[['--name', 'a', '--group', 'b'], /--out is missing/], [['--out', 'x', '--group', 'b'], /--name is missing/], [['--out', 'x', '--name', 'a'], /--group is missing/], [['--out', 'x', '--name', 'a', '--group', 'b'], /Nobody could open it/]])('%j is wrong use', async (args, message) => {
    expect(await glass('seal', ...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });

  test('a secret key in the place of a public one is told, and not printed again', async () => {
    const { generateX25519Identity } = await ageLibrary();
    const secret = await generateX25519Identity();
    const { code, stderr } = await seal('--recipient', secret);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/--recipient is a secret key, and stands in the history/) });
    expect(stderr).not.toContain(secret);
  });

  test('a short passphrase is refused', async () => {
    const short = join(folder, 'short');
    writeFileSync(short, 'correct horse\n');
    expect(await glass('seal', '--name', 'a', '--group', GROUP, '--out', file, '--passphrase-file', short)).toMatchObject({ code: 2, stderr: expect.stringMatching(/fewer than 16 characters/) });
  });

  test('a kubeconfig that checks no certificate is not sealed', async () => {
    const connect = async () => ({ server: `http://127.0.0.1:${((cluster as any).server.address()).port}`, options: { headers: { 'x-user': 'admin' }, rejectUnauthorized: false }, namespace: 'default' });
    const { stderr } = await cluster.run(['break-glass', 'seal', '--name', 'a', '--group', GROUP, '--recipient', recipient, '--out', file], { connect });
    expect(stderr).toMatch(/insecure-skip-tls-verify/);
  });
});

test('by a passphrase that is typed, twice when sealing, and no terminal shows it', async () => {
  const words = 'five random words of a list';
  const keys = keyboard(`${words.slice(0, 3)}x\u007f${words.slice(3)}\r`, `${words}\n`);
  const args = ['break-glass', 'seal', '--name', 'a', '--group', GROUP, '--out', file, '--passphrase'];
  const first = await cluster.run(args, { stdin: keys });
  expect(first.code).toBe(0);
  expect(first.stderr).toMatch(/^New passphrase: \nOnce more: \n/);
  expect(first.stderr + first.stdout).not.toContain(words);
  expect(keys.raw).toEqual([true, false, true, false]);
  expect(await cluster.run(['break-glass', 'drill', file], { stdin: keyboard(`${words}\r`) })).toMatchObject({ code: 0 });
  expect(await cluster.run(['break-glass', 'drill', file], { stdin: keyboard('not these words at all\r') })).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot be opened by this passphrase/) });
  expect(await cluster.run([...args, '--force'], { stdin: keyboard(`${words}\r`, 'other words than before\r') })).toMatchObject({ code: 2, stderr: expect.stringMatching(/differ/) });
  expect(await cluster.run(['break-glass', 'drill', file], { stdin: keyboard('abc\u0003') })).toMatchObject({ code: 1, stderr: expect.stringMatching(/Nothing was typed to the end/) });
  expect(await cluster.run(['break-glass', 'drill', file])).toMatchObject({ code: 2, stderr: expect.stringMatching(/no terminal to ask for the passphrase/) });
}, 120_000);

describe('drill', () => {
  test('uses it without effect, and says that it would do', async () => {
    await sealed();
    cluster.asked.length = 0;
    const { code, stdout } = await drill();
    expect(stdout).toMatch(/^ok {4}file: it opens, and is the one that was sealed\nok {4}who: \S+ knows it as break-glass-1 of break-glass-sealed\nok {4}certificate: it ends at \S+, in 29d 23h\nok {4}rights: it may ask for break-glass, and nothing else\nok {4}break-glass in payments: would be granted at once \(tried without effect\)\nIt would do\. The alarm on break-glass-1 has to have gone off since /);
    expect(code).toBe(0);
    expect(writes().filter(one => !/ POST selfsubject/.test(one))).toEqual([]);
    expect(cluster.asked.filter(({ query }) => query.get('dryRun') === 'All').map(({ path }) => path.split('/').at(-1))).toEqual(['jobs', 'rolebindings']);
    expect(cluster.asked.at(-1)!.body).toMatchObject({ metadata: { name: 'break-glass:break-glass-1', annotations: { 'secure-debug.internal/ticket': 'DRILL-1' } }, subjects: [{ kind: 'User', name: 'break-glass-1' }] });
  });

  test('--json is for a job in CI', async () => {
    await sealed();
    cluster.rules['*'] = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
    const { code, stdout } = await drill('--json');
    expect([code, JSON.parse(stdout)]).toEqual([1, expect.objectContaining({ ok: false, name: 'break-glass-1', checks: expect.arrayContaining([expect.objectContaining({ check: 'rights', ok: false, rights: ['get pods'] })]) })]);
  });

  test.each([
    ['ends soon', () => undefined, ['--left', '60d'], /FAIL {2}certificate: it ends at \S+, in 29d 23h, which is less than 60d\. Fix: seal a new one/],
    ['is no longer known', () => { cluster.refuse = (_, path) => path.endsWith('selfsubjectreviews') ? 'Unauthorized' : undefined; }, [], /FAIL {2}who: /],
    ['is taken for somebody else', () => { cluster.groups = () => ['others']; }, [], /FAIL {2}who: \S+ knows it as break-glass-1 of others, and it was sealed as/],
    ['lost a right that it needs', () => { cluster.rules.payments = []; }, [], /FAIL {2}rights: it may not bind roles\.rbac\.authorization\.k8s\.io break-glass in payments; /],
    ['is refused by a policy', () => { cluster.refuse = (method, path) => method === 'POST' && path.endsWith('rolebindings') ? 'x is forbidden: ValidatingAdmissionPolicy \'secure-debug-requests\' with binding \'b\' denied request: the annotation ticket does not match' : undefined; }, [], /FAIL {2}break-glass in payments: The policy secure-debug-requests refused it: the annotation ticket/],
    ['may no longer be requested', () => { cluster.roles = []; }, [], /FAIL {2}break-glass in payments: The Role break-glass in payments cannot be requested/],
  ])('one that %s would not do', async (_, change, more, message) => {
    await sealed();
    change();
    expect(await drill(...more)).toMatchObject({ code: 1, stdout: expect.stringMatching(message) });
  });

  test('one that is in use right now is told, with its reason', async () => {
    await sealed();
    cluster.existing = {
      metadata: {
        name: 'break-glass:break-glass-1',
        namespace: 'payments',
        uid: 'u',
        labels: { 'secure-debug.internal/request-for': 'break-glass' },
        annotations: { 'secure-debug.internal/request-reason': 'stolen\u001b[2J', 'secure-debug.internal/expires-at': '2999-01-01T00:00:00Z' },
      },
      roleRef: { name: 'break-glass' },
      subjects: [{ name: 'break-glass-1' }],
    };
    expect(await drill()).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAIL {2}break-glass in payments: it is in use, until .* because: stolen\\u001b\[2J/) });
    cluster.existing.metadata.annotations['secure-debug.internal/closed'] = 'withdrawn';
    expect(await drill()).toMatchObject({ code: 0, stdout: expect.stringMatching(/a former one is in its place, which could be removed/) });
    expect(cluster.asked.find(({ method, path }) => method === 'DELETE' && path.includes('rolebindings'))!.query.get('dryRun')).toBe('All');
  });

  test('a label of another file is a finding; none is not', async () => {
    await sealed();
    const label = JSON.parse(readFileSync(`${file}.json`, 'utf8'));
    writeFileSync(`${file}.json`, JSON.stringify({ ...label, sha256: '0' }));
    expect(await drill()).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAIL {2}file: it opens, but what stands beside it is about another file/) });
    rmSync(`${file}.json`);
    expect(await drill()).toMatchObject({ code: 0, stdout: expect.stringMatching(/it opens; nothing stands beside it/) });
  });

  test('nobody else opens it', async () => {
    await sealed();
    const { generateX25519Identity } = await ageLibrary();
    const other = join(folder, 'other.txt');
    writeFileSync(other, await generateX25519Identity());
    expect(await glass('drill', file, '--identity', other)).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot be opened by this identity: it was sealed for others/) });
    writeFileSync(other, '# nothing\n');
    expect(await glass('drill', file, '--identity', other)).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no identity in it/) });
    writeFileSync(other, 'AGE-PLUGIN-YUBIKEY-1XYZ\n');
    expect(await glass('drill', file, '--identity', other)).toMatchObject({ code: 2, stderr: expect.stringMatching(/a line that is no identity of age/) });
    expect(await glass('drill', file, '--identity', identity, '--passphrase-file', identity)).toMatchObject({ code: 2, stderr: expect.stringMatching(/contradict each other/) });
  });

  test('a file that was changed does not open', async () => {
    await sealed();
    const text = readFileSync(file, 'utf8');
    const at = text.length - 80;
    writeFileSync(file, `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`);
    expect(await drill()).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: The file (cannot be opened|is no sealed credential)/) });
    writeFileSync(file, 'nonsense');
    expect(await drill()).toMatchObject({ code: 1, stderr: expect.stringMatching(/is no sealed credential/) });
    expect(await glass('drill', join(folder, 'none'), '--identity', identity)).toMatchObject({ code: 2, stderr: expect.stringMatching(/cannot be read: ENOENT/) });
  });

  test('something else that was sealed is told', async () => {
    const { armor, Encrypter } = await ageLibrary();
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    writeFileSync(file, armor.encode(await encrypter.encrypt('hello')));
    expect(await drill()).toMatchObject({ code: 1, stderr: expect.stringMatching(/What was sealed is no credential/) });
  });
});

describe('open', () => {
  test('writes a kubeconfig that only its owner reads, and says what to do next', async () => {
    await sealed();
    const out = join(folder, 'kubeconfig');
    const { code, stdout } = await glass('open', file, '--identity', identity, '--out', out);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Opened break-glass-1 of break-glass-sealed into \S+, valid until \S+ \(29d 23h left\)\. An alarm goes off[^]*secure-debug request break-glass -n payments --reason "WHY" --ticket INC-0 --kubeconfig /);
    expect(statSync(out).mode % 0o1000).toBe(0o600);
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ 'kind': 'Config', 'current-context': 'break-glass-1', 'contexts': [{ context: { namespace: 'payments' } }], 'clusters': [{ cluster: { 'certificate-authority-data': Buffer.from('authority').toString('base64') } }] });
    expect(await glass('open', file, '--identity', identity, '--out', out)).toMatchObject({ code: 2, stderr: expect.stringMatching(/is there already/) });
    expect(JSON.parse((await glass('open', file, '--identity', identity, '--out', out, '--force', '--json')).stdout)).toMatchObject({ kubeconfig: out, name: 'break-glass-1' });
  });

  test('without --out it goes where files live in memory, or nowhere', async () => {
    await sealed();
    const args = ['break-glass', 'open', file, '--identity', identity];
    expect(await cluster.run(args)).toMatchObject({ code: 2, stderr: expect.stringMatching(/There is no XDG_RUNTIME_DIR/) });
    const { stdout } = await cluster.run(args, { env: { XDG_RUNTIME_DIR: folder } });
    expect(stdout).toContain(join(folder, 'secure-debug', 'break-glass-1.age.kubeconfig'));
    expect(statSync(join(folder, 'secure-debug')).mode % 0o1000).toBe(0o700);
  });

  test('runs a command with KUBECONFIG, ends as it ends, and leaves nothing', async () => {
    await sealed();
    const seen = join(folder, 'seen');
    const runtime = join(folder, 'run');
    mkdirSync(runtime);
    const env = { PATH: process.env.PATH, XDG_RUNTIME_DIR: runtime };
    const open = (...words: string[]) => cluster.run(['break-glass', 'open', file, '--identity', identity, '--', ...words], { env });
    const { code, stdout } = await open('sh', '-c', `stat -c '%a' "$KUBECONFIG" > ${seen}; cat "$KUBECONFIG" >> ${seen}; exit 7`);
    expect([code, stdout]).toEqual([7, '']);
    expect(readFileSync(seen, 'utf8')).toMatch(/^600\n\{[^]*client-key-data/);
    expect((await open('sh', '-c', 'kill -TERM $$')).code).toBe(143);
    expect(await open('no-such-program')).toMatchObject({ code: 1, stderr: expect.stringMatching(/no-such-program cannot be run: ENOENT/) });
    expect(readdirSync(runtime)).toEqual([]);
    expect(await cluster.run(['break-glass', 'open', file, '--identity', identity, '--out', 'x', '--', 'true'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/contradict each other/) });
  });

  test('one whose certificate ended, by the clock here, opens all the same: the API server decides', async () => {
    cluster.longest = 60;
    await sealed();
    const { code, stderr } = await glass('open', file, '--identity', identity, '--', 'true');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/Its certificate ended at \S+, by the clock here\./)]);
    expect(await drill()).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAIL {2}certificate: it ended at \S+\. Fix: seal a new one/) });
  });
});

describe('status', () => {
  test('needs no key and no cluster', async () => {
    await sealed();
    cluster.asked.length = 0;
    const { code, stdout } = await glass('status', file);
    expect([code, cluster.asked]).toEqual([0, []]);
    expect(stdout).toMatch(/break-glass-1 of break-glass-sealed at http[^]*until {7}\S+Z \(29d 23h left\)\n {2}break-glass payments\n {2}opened by {3}age1/);
    expect(await glass('status', file, '--left', '40d', '--json')).toMatchObject({ code: 1, stdout: expect.stringMatching(/"ok": false/) });
  });

  test.each([
    ['is over', { notAfter: '2020-01-01T00:00:00Z' }, /over: seal a new one/],
    ['says no time at all', { notAfter: 'soon\u001b[2J' }, /soon\\u001b\[2J \(over/],
    ['is about another file', { sha256: '0' }, /The label is about another file/],
  ])('one whose label %s is a finding', async (_, change, message) => {
    await sealed();
    writeFileSync(`${file}.json`, JSON.stringify({ ...JSON.parse(readFileSync(`${file}.json`, 'utf8')), ...change }));
    expect(await glass('status', file)).toMatchObject({ code: 1, stdout: expect.stringMatching(message) });
  });

  test('without its label a sealed file tells nothing', async () => {
    await sealed();
    rmSync(`${file}.json`);
    expect(await glass('status', file)).toMatchObject({ code: 1, stderr: expect.stringMatching(/Nothing stands beside .*drill/) });
    writeFileSync(`${file}.json`, '{}');
    expect(await glass('status', file)).toMatchObject({ code: 1, stderr: expect.stringMatching(/is not what secure-debug break-glass seal wrote/) });
  });

  test('a folder that cannot be written into is wrong use, and no key is left', async () => {
    const there = join(folder, 'none', 'x.age');
    expect(await glass('seal', '--name', 'a', '--group', GROUP, '--recipient', recipient, '--out', there)).toMatchObject({ code: 2, stderr: expect.stringMatching(/cannot be written: ENOENT/) });
    chmodSync(folder, 0o700);
  });
});
