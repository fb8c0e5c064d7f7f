import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'fs';
import { join } from 'path';
import { parse } from 'yaml';
import { APPROVER, CertScene, PLACE, POD, user } from './cert-scene';
import { SoftToken } from './soft-token';
import { testIf, theCluster } from '../lab/cluster';
import { asAdmin, find, kubectl, Person } from '../lab/kubectl';
import { Ended, eventually, run, RunOptions } from '../lab/process';
import { openStream } from '../lab/verdict';

const given = theCluster();
const scene = new CertScene(given);
/** People have to come with a token, and guardrails to hold in the whole cluster. */
const it = testIf(given.own, 'needs an API server of its own');

beforeAll(async () => { if (given.own) await scene.raise(); }, 400_000);
afterAll(async () => { if (given.own) await scene.raze(); }, 120_000);

const ended = ({ code, stdout, stderr }: Ended) => ({ code, text: stdout + stderr });
const json = ({ code, stdout, stderr }: Ended) => {
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};
const folderOf = (name: string, label = 'it') => join(scene.home(name), '.local', 'state', 'secure-debug', 'certificates', label);
/** Somebody by the kubeconfig that was written for them. */
const by = (name: string, folder: string): Person => ({ name: `${name}-by-certificate`, groups: [], kubeconfig: join(folder, 'kubeconfig') });
const identity = async (person: Person, client?: string) => JSON.parse((await kubectl(scene.cluster, person, ['auth', 'whoami', '-o', 'json'], { client })).stdout).status.userInfo;
/** Every file below a folder. */
const files = (folder: string): string[] => {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)).filter(file => statSync(file).isFile());
};

describe('cert request', () => {
  it('gets a certificate for half an hour, whose context says when it ends, in files that are their owner\'s alone', async () => {
    const answer = ended(await scene.run('alice', 'request', '--namespace', PLACE));
    expect(answer).toEqual({ code: 0, text: expect.stringMatching(/^A certificate for oidc:alice@example\.com of oidc:oncall-payments, until \S+Z \((30m|29m 5\ds) left\)\.\n {2}export KUBECONFIG=/) });
    const folder = folderOf('alice');
    expect(statSync(folder).mode % 0o1000).toBe(0o700);
    expect(files(folder).map(file => [file.slice(folder.length + 1), statSync(file).mode % 0o1000]).sort()).toEqual([['ca.pem', 0o600], ['client.pem', 0o600], ['kubeconfig', 0o600]]);
    const config = parse(readFileSync(join(folder, 'kubeconfig'), 'utf8'));
    expect(config['current-context']).toMatch(/^it-until-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(config.contexts[0].context).toMatchObject({ namespace: PLACE, user: user('alice') });
    expect(await identity(by('alice', folder))).toMatchObject({ username: user('alice'), groups: ['oidc:oncall-payments', 'system:authenticated'] });
    expect((await kubectl(scene.cluster, by('alice', folder), ['get', 'pods'])).stdout).toContain(POD);
  });

  describe.each(['p256', 'ed25519'])('a key on %s', key => {
    it('works for 600 s in each kubectl', async () => {
      const folder = join(scene.folder, key);
      const { data } = { data: json(await scene.run('alice', 'request', '--for', '10m', '--key', key, '--out', folder, '--json')) };
      expect(data).toMatchObject({ user: user('alice'), groups: ['oidc:oncall-payments'], key: 'file', kubeconfig: join(folder, 'kubeconfig') });
      expect(data.secondsLeft).toBeGreaterThan(540);
      expect(data.secondsLeft).toBeLessThanOrEqual(600);
      for (const client of Object.keys(given.clients)) {
        // Older ones have no `auth whoami`.
        expect(await kubectl(scene.cluster, by('alice', folder), ['get', 'pods', '-n', PLACE], { client })).toMatchObject({ code: 0, stdout: expect.stringContaining(POD) });
      }
    });
  });

  it('the key never left the machine: the cluster has the request and the certificate', async () => {
    const folder = join(scene.folder, 'kept');
    json(await scene.run('alice', 'request', '--for', '10m', '--out', folder, '--json'));
    const [key] = /-----BEGIN PRIVATE KEY-----\n([^-]+)/.exec(readFileSync(join(folder, 'client.pem'), 'utf8'))!.slice(1);
    expect(JSON.stringify(await scene.requests())).not.toContain(key.trim().split('\n')[0]);
    expect(scene.approverLog().filter(({ outcome, person }) => outcome === 'approved' && person === user('alice')).length).toBeGreaterThan(0);
  });

  describe('is refused with one sentence, before anything is asked for,', () => {
    it.each<[string, string, string[], number, RegExp]>([
      ['for a day', 'alice', ['--for', '24h'], 2, /^error: --for 1d is longer than this cluster gives one for, 30m\. Fix: --for 30m, or leave it out\.\n$/],
      ['for a group of others', 'alice', ['--group', 'oidc:engineers'], 2, /--group oidc:engineers is none of yours\. Fix: choose among oidc:oncall-payments\./],
      ['of somebody who does not debug', 'lea', [], 1, /oidc:lea@example\.com may not ask for a certificate here; your groups are oidc:leads\. Fix: ask for one of yours to be named/],
    ])('one %s', async (_what, who, args, code, message) => {
      const before = (await scene.requests()).length;
      expect(ended(await scene.run(who, 'request', ...args))).toEqual({ code, text: expect.stringMatching(message) });
      expect((await scene.requests()).length).toBe(before);
    });
    it('one by a certificate', async () => {
      const folder = join(scene.folder, 'first');
      json(await scene.run('alice', 'request', '--for', '10m', '--out', folder, '--json'));
      const next = await scene.program('alice', ['cert', 'request', '--kubeconfig', join(folder, 'kubeconfig'), '--out', join(scene.folder, 'next')]);
      expect(ended(next)).toEqual({ code: 1, text: expect.stringContaining('You come with a certificate, and one that gets the next would never end. Fix: name the kubeconfig that you log in with') });
      expect(existsSync(join(scene.folder, 'next'))).toBe(false);
    });
  });

  it('interrupted by Ctrl-C leaves no key and no folder; what is approved later is worth nothing', async () => {
    const out = join(scene.folder, 'interrupted');
    const before = files(scene.home('alice')).length;
    const stopped = await scene.whileAway(() => scene.program('alice', ['cert', 'request', '--for', '10m', '--out', out], { until: (_, stderr) => stderr.includes('Waiting') }));
    expect(stopped).toMatchObject({ satisfied: true });
    expect(stopped.code).not.toBe(0);
    expect(existsSync(out)).toBe(false);
    expect(files(scene.home('alice')).length).toBe(before);
  });

  it('says so when the approver is away, and leaves nothing', async () => {
    const out = join(scene.folder, 'away');
    const answer = await scene.whileAway(() => scene.run('alice', 'request', '--for', '10m', '--out', out, '--wait', '2s'));
    expect(ended(answer)).toEqual({ code: 1, text: expect.stringMatching(/Nobody decided about secure-debug-cert-\S+ in 2s\. Fix: see whether the approver runs/) });
    expect(existsSync(out)).toBe(false);
  });
});

describe('cert status and kubeconfig', () => {
  it('say what is held and for how long, and write the context anew', async () => {
    const out = join(scene.folder, 'status');
    json(await scene.run('bob', 'request', '--for', '10m', '--out', out, '--json'));
    const { certificates: [one] } = json(await scene.run('bob', 'status', '--out', out, '--json'));
    expect(one).toMatchObject({ user: user('bob'), groups: ['oidc:engineers'], key: 'file', keyFits: true, folder: out });
    expect(one.secondsLeft).toBeGreaterThan(500);
    expect(json(await scene.run('bob', 'kubeconfig', '--out', out, '--namespace', 'elsewhere', '--json'))).toMatchObject({ user: user('bob') });
    expect(parse(readFileSync(join(out, 'kubeconfig'), 'utf8')).contexts[0].context.namespace).toBe('elsewhere');
    expect(await identity(by('bob', out))).toMatchObject({ username: user('bob') });
  });
});

const byHand = (name: string, subject?: string, seconds?: number) => scene.create(name, { subject, seconds });
const decision = (name: string) => eventually(`a decision on ${name}`, async () => (await find(scene.cluster, ['certificatesigningrequest', name])).status?.conditions?.[0], 30_000);

describe('cert approve, where only the approver approves,', () => {
  it.each<[string, string, string]>([
    ['other-name', '/O=oidc:oncall-payments/CN=oidc:bob@example.com', 'its name (CN) "oidc:bob@example.com" is not that of who made it'],
    ['other-group', '/O=oidc:engineers/CN=oidc:alice@example.com', 'who made it is not in its group (O) "oidc:engineers"'],
    ['approver', `/O=oidc:oncall-payments/CN=${APPROVER}`, 'is not that of who made it'],
  ])('says of the request %s what the approver then does', async (name, subject, why) => {
    const checked = await scene.whileAway(async () => {
      expect((await byHand(name, subject)).code).toBe(0);
      return scene.run('admin', 'approve', name, '--check');
    });
    expect(ended(checked)).toEqual({ code: 1, text: expect.stringContaining('The approver of this cluster will deny it: ') });
    expect(checked.stdout).toContain(why);
    expect(await decision(name)).toMatchObject({ type: 'Denied', message: expect.stringContaining(why) });
    expect(ended(await scene.run('admin', 'approve', name))).toEqual({ code: 1, text: expect.stringContaining('was denied already') });
  });

  it('sends nothing, even for an administrator; and whoever sends it themselves is refused', async () => {
    await scene.whileAway(async () => {
      expect((await byHand('good', '/O=oidc:oncall-payments/CN=oidc:alice@example.com')).code).toBe(0);
      expect(ended(await scene.run('admin', 'approve', 'good'))).toEqual({ code: 1, text: expect.stringMatching(/^Nothing was sent: here only the approver approves[^]*It will approve it/) });
      expect((await find(scene.cluster, ['certificatesigningrequest', 'good'])).status?.conditions).toBeUndefined();
      for (const flags of [[], ['--as=root', '--as-group=system:masters'], ['--as=system:serviceaccount:secure-debug:default', '--as-group=system:masters']]) {
        const approved = await kubectl(scene.cluster, scene.who.admin, ['certificate', 'approve', 'good', ...flags]);
        expect([approved.code, /ValidatingAdmissionPolicy '(secure-debug-certificates|secure-debug-identities)'/.test(approved.stderr)]).toEqual([1, true]);
      }
    });
    expect(await decision('good')).toMatchObject({ type: 'Approved' });
    expect(ended(await scene.run('admin', 'approve', 'good'))).toEqual({ code: 0, text: expect.stringContaining('was approved already') });
  });

  it('nobody approves their own', async () => {
    await scene.whileAway(async () => {
      expect((await byHand('own', '/O=oidc:oncall-payments/CN=oidc:alice@example.com')).code).toBe(0);
      expect((await kubectl(scene.cluster, scene.who.alice, ['certificate', 'approve', 'own'])).code).toBe(1);
      expect(ended(await scene.run('alice', 'approve', 'own'))).toEqual({ code: 1, text: expect.stringContaining('Nothing was sent') });
    });
  });

  it.each<[string, number]>([['endless', 0], ['day', 86_400]])('one that is %s is not even taken', async (name, seconds) => {
    const made = await byHand(name, undefined, seconds);
    expect([made.code, made.stderr]).toEqual([1, expect.stringContaining('spec.expirationSeconds has to be 600 to 1800')]);
  });
});

describe('cert approve, where there is no CertificateAccess,', () => {
  it('approves what says no more than who made it, never one\'s own, and only when groups are named', async () => {
    await scene.withoutAccess(async () => {
      await eventually('the policy to be gone', async () => (await byHand(`first-${Date.now()}`, '/O=oidc:leads/CN=oidc:alice@example.com')).code === 0 || undefined);
      expect((await byHand('plain', '/O=oidc:oncall-payments/CN=oidc:alice@example.com')).code).toBe(0);
      expect((await byHand('tampered', '/O=oidc:oncall-payments/CN=oidc:bob@example.com')).code).toBe(0);
      const groups = ['--group', 'oidc:oncall-payments'];
      expect(ended(await scene.run('admin', 'approve', 'plain'))).toEqual({ code: 2, text: expect.stringContaining('--group is missing') });
      expect(ended(await scene.run('admin', 'approve', 'tampered', ...groups))).toEqual({ code: 1, text: expect.stringMatching(/^Not approved: its name \(CN\) "oidc:bob@example.com"/) });
      expect(ended(await scene.run('admin', 'approve', 'plain', ...groups, '--check'))).toMatchObject({ code: 0 });
      expect((await find(scene.cluster, ['certificatesigningrequest', 'plain'])).status?.conditions).toBeUndefined();
      expect(ended(await scene.run('admin', 'approve', 'plain', ...groups))).toEqual({ code: 0, text: expect.stringContaining('Approved: a certificate for oidc:alice@example.com, for 10m') });
    });
  }, 120_000);

  it('cert request says who has to approve, and takes its request away when nobody does', async () => {
    await scene.withoutAccess(async () => {
      const answer = await eventually('the request to wait', async () => {
        const one = await scene.run('alice', 'request', '--for', '10m', '--out', join(scene.folder, 'nobody'), '--wait', '2s');
        return one.stderr.includes('Somebody has to approve') ? one : undefined;
      });
      expect(ended(answer)).toEqual({ code: 1, text: expect.stringMatching(/secure-debug cert approve secure-debug-cert-\S+ --group GROUP[^]*Nobody approved secure-debug-cert-\S+ in 2s/) });
    });
  }, 120_000);
});

describe('a key that stays in its token', () => {
  const token = new SoftToken(join(scene.folder, 'token'));
  const inToken = testIf(given.own && SoftToken.isThere(), SoftToken.WHY);
  const engine = testIf(given.own && SoftToken.isThere() && SoftToken.hasEngine(), SoftToken.WHY_ENGINE);
  const out = join(scene.folder, 'hsm');
  const withToken = (args: string[], options: RunOptions = {}) => scene.program('alice', ['cert', ...args], { ...options, env: token.env });
  beforeAll(async () => {
    if (!given.own || !SoftToken.isThere()) return;
    await token.make('alice', 'debug');
    json(await withToken(['request', '--for', '10m', '--pkcs11', token.uri, '--pin-file', token.pinFile, '--out', out, '--json']));
  }, 60_000);

  inToken('signs the request; no key is on the disk, and its folder says where it is', async () => {
    expect(files(out).map(file => file.slice(out.length + 1)).sort()).toEqual(['ca.pem', 'client.pem', 'token.json']);
    expect(readFileSync(join(out, 'client.pem'), 'utf8')).not.toContain('PRIVATE');
    expect(json(await scene.run('alice', 'status', '--out', out, '--json')).certificates[0]).toMatchObject({ user: user('alice'), key: token.uri, keyFits: true });
  });
  inToken('that refuses the PIN, or has no such key, gets one sentence', async () => {
    const wrong = join(scene.folder, 'wrong-pin');
    writeFileSync(wrong, '9999\n', { mode: 0o600 });
    const ask = (uri: string, pin: string) => withToken(['request', '--for', '10m', '--pkcs11', uri, '--pin-file', pin, '--out', join(scene.folder, 'not')]);
    expect(ended(await ask(token.uri, wrong))).toEqual({ code: 1, text: expect.stringMatching(/^error: The token does not take the PIN/) });
    expect(ended(await ask(token.uri.replace('object=debug', 'object=other'), token.pinFile))).toEqual({ code: 1, text: expect.stringMatching(/^error: The token has no such key/) });
    expect(ended(await ask(token.uri.replace('token=alice', 'token=nobody'), token.pinFile))).toEqual({ code: 1, text: expect.stringMatching(/^error: There is no such token/) });
    expect(existsSync(join(scene.folder, 'not'))).toBe(false);
  });
  inToken('kubectl cannot use: it takes the URI for a file', async () => {
    const config = parse(readFileSync(scene.who.alice.kubeconfig, 'utf8'));
    config.users[0].user = { 'client-certificate': join(out, 'client.pem'), 'client-key': token.uri };
    const kubeconfig = join(scene.folder, 'with-uri');
    writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
    expect(ended(await kubectl(scene.cluster, { ...scene.who.alice, kubeconfig }, ['get', 'pods']))).toEqual({ code: 1, text: expect.stringMatching(/unable to read client-key .*pkcs11:token=alice.*no such file/) });
  });
  engine('curl uses by itself', async () => {
    const { server } = JSON.parse(readFileSync(join(out, 'token.json'), 'utf8'));
    const answer = await run('curl', ['-sS', '--cacert', join(out, 'ca.pem'), '--cert', join(out, 'client.pem'), '--engine', 'pkcs11', '--key-type', 'ENG', '--key', `${token.uri.split('?')[0]};pin-source=file:${token.pinFile}`,
      '--json', '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}', `${server}/apis/authentication.k8s.io/v1/selfsubjectreviews`], { env: { ...token.env, PATH: process.env.PATH } });
    expect(JSON.parse(answer.stdout).status.userInfo).toMatchObject({ username: user('alice'), groups: ['oidc:oncall-payments', 'system:authenticated'] });
  });
  testIf(given.own && SoftToken.isThere() && SoftToken.hasEngine() && SoftToken.hasProxy(), SoftToken.WHY_PROXY)('kubectl uses through cert proxy, and nobody else on the machine', async () => {
    const seen: { as?: unknown; other?: Ended } = {};
    const proxy = await withToken(['proxy', '--out', out, '--pin-file', token.pinFile, '--namespace', PLACE], {
      until: async stdout => {
        if (!stdout.includes('export KUBECONFIG')) return false;
        seen.as = await identity(by('alice', out));
        expect((await kubectl(scene.cluster, by('alice', out), ['get', 'pods'])).stdout).toContain(POD);
        const { clusters: [{ cluster: { server } }] } = parse(readFileSync(join(out, 'kubeconfig'), 'utf8'));
        seen.other = await run('curl', ['-sS', '--insecure', `${server}/version`], { env: { PATH: process.env.PATH } });
        return true;
      },
    });
    expect(proxy).toMatchObject({ satisfied: true, stderr: '' });
    expect(seen.as).toMatchObject({ username: user('alice') });
    // Refused in the handshake, or as the first byte goes out or comes in.
    expect([35, 55, 56]).toContain(seen.other!.code);
    expect(seen.other!.stdout).toBe('');
    expect(files(out).map(file => file.slice(out.length + 1)).sort()).toEqual(['ca.pem', 'client.pem', 'token.json']);
  });
});

describe('with every guardrail in force', () => {
  const stream = (person: Person, command: string) => openStream(person, `/api/v1/namespaces/${PLACE}/pods/${POD}/exec?command=${command}&stdout=true`);
  /** Its kubeconfig names its files as they lie beside it. */
  const absolute = (name: string, folder: string): Person => {
    const kubeconfig = join(folder, 'absolute');
    writeFileSync(kubeconfig, readFileSync(join(folder, 'kubeconfig'), 'utf8').replace(/: client\.pem/g, `: ${join(folder, 'client.pem')}`), { mode: 0o600 });
    return { ...by(name, folder), kubeconfig };
  };

  it('who is on call execs what is allowed by the certificate, and no shell', async () => {
    const folder = join(scene.folder, 'oncall');
    json(await scene.run('alice', 'request', '--for', '10m', '--out', folder, '--json'));
    expect((await stream(absolute('alice', folder), 'ls')).verdict).toBe('passed');
    expect((await stream(absolute('alice', folder), 'sh')).verdict).toBe('refused by secure-debug-exec');
  });

  it('an engineer asks by the certificate, is approved, and has what was asked for', async () => {
    const folder = join(scene.folder, 'engineer');
    json(await scene.run('bob', 'request', '--for', '10m', '--out', folder, '--json'));
    const kubeconfig = ['--kubeconfig', join(folder, 'kubeconfig'), '-n', PLACE];
    expect((await stream(absolute('bob', folder), 'ls')).verdict).toBe('refused by RBAC');
    expect(ended(await scene.program('bob', ['request', '--reason', 'orders hang', '--ticket', 'INC-7', ...kubeconfig]))).toMatchObject({ code: 0 });
    expect(ended(await scene.program('lea', ['approve', user('bob'), '-n', PLACE]))).toMatchObject({ code: 0 });
    await eventually('the grant to work', async () => (await stream(absolute('bob', folder), 'ls')).verdict === 'passed' || undefined);
    expect((await stream(absolute('bob', folder), 'sh')).verdict).toBe('refused by secure-debug-exec');
  });

  it('the approver passes BindingGuardrail for certificates alone: it gets no token and binds nothing, whatever RBAC gave it', async () => {
    const manifest = (kind: string, more: object) => JSON.stringify({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name: 'sd-cert-more' }, ...more });
    await asAdmin(scene.cluster, ['create', 'clusterrolebinding', 'sd-cert-approver-admin', '--clusterrole=cluster-admin', `--user=${APPROVER}`]);
    try {
      await eventually('its rights', async () => (await kubectl(scene.cluster, scene.who.admin, ['auth', 'can-i', 'create', 'roles', `--as=${APPROVER}`])).code === 0 || undefined);
      const as = (args: string[], stdin?: string) => kubectl(scene.cluster, scene.who.admin, [...args, `--as=${APPROVER}`], { stdin });
      const binding = await as(['create', '-f', '-'], manifest('ClusterRoleBinding', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'x' }] }));
      expect([binding.code, binding.stderr]).toEqual([1, expect.stringContaining('secure-debug-bindings')]);
      const token = await as(['create', 'token', 'default', '-n', PLACE]);
      expect([token.code, token.stderr]).toEqual([1, expect.stringContaining('secure-debug-identities')]);
      const role = await as(['create', '-f', '-'], manifest('ClusterRole', { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] }));
      expect([role.code, role.stderr]).toEqual([1, expect.stringContaining('secure-debug-roles')]);
    } finally {
      await asAdmin(scene.cluster, ['delete', 'clusterrolebinding', 'sd-cert-approver-admin']);
    }
  });
});
