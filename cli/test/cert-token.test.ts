import { execFileSync } from 'child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { delimiter, join } from 'path';
import { connect as tlsConnect, createServer as tlsServer, TLSSocket } from 'tls';
import { CertCluster } from './cert-cluster';
import { configuration } from '../src/credentials/certificates/cert-proxy';
import { loopbackPair } from '../src/credentials/certificates/loopback-pair';
import { readPkcs11Uri } from '../src/credentials/certificates/pkcs11-uri';

describe('the URI of a key', () => {
  const read = (text: string, env: NodeJS.ProcessEnv = {}) => readPkcs11Uri(text, env);
  test('names token, key, library and where the PIN is', () => {
    expect(read('pkcs11:token=My%20card;object=debug;id=%01%FF?module-path=/usr/lib/x.so&pin-source=file:///run/pin')).toMatchObject({ token: 'My card', object: 'debug', id: '01ff', module: '/usr/lib/x.so', pinFile: '/run/pin' });
    expect(read('pkcs11:id=%0A?pin-source=/run/pin', { PKCS11_MODULE_PATH: '/m.so' })).toMatchObject({ token: undefined, id: '0a', module: '/m.so', pinFile: '/run/pin' });
  });
  test.each<[string, string, RegExp]>([
    ['no URI', 'debug', /is no URI of a key in a token/], ['no key', 'pkcs11:token=x?module-path=/m.so', /names no key/], ['no library', 'pkcs11:object=x', /does not say which library/],
    ['a program for the PIN', 'pkcs11:object=x?module-path=/m.so&pin-source=|cat%20/x', /takes its PIN from a program, which is not run/], ['a broken escape', 'pkcs11:object=%4?module-path=/m.so', /has a % that is followed by no two hex digits/],
    ['no attribute', 'pkcs11:object?module-path=/m.so', /has object, which is no attribute/],
  ])('%s is wrong use', (_what, text, message) => expect(() => read(text)).toThrow(message));
  test('a PIN in it is refused, and not shown again', () => {
    expect(() => read('pkcs11:object=x;pin-value=4711')).toThrow(/pin-value=….*stands in the history of your shell now\. Fix: change the PIN/);
    try { read('pkcs11:object=x;pin-value=4711'); } catch (error) { expect((error as Error).message).not.toContain('4711'); }
  });
});

describe('the pair on loopback', () => {
  const minute = 60_000;
  const { pair, certificate } = loopbackPair(new Date(Date.now() - minute), new Date(Date.now() + minute));
  const other = loopbackPair(new Date(Date.now() - minute), new Date(Date.now() + minute));
  /** Whether a client gets in, and believes the server. */
  const meets = (client: object) => new Promise<string>(resolve => {
    const server = tlsServer({ cert: pair, key: pair, ca: certificate, requestCert: true, rejectUnauthorized: true }, socket => socket.end('welcome')).on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1', () => {
      let said = '';
      const socket: TLSSocket = tlsConnect({ host: '127.0.0.1', port: (server.address() as any).port, ...client });
      socket.on('data', text => { said += text; }).on('error', error => { said = (error as NodeJS.ErrnoException).code ?? error.message; }).on('close', () => server.close(() => resolve(said)));
    });
  });
  test('lets in who has it, by the address', async () => expect(await meets({ ca: certificate, cert: pair, key: pair })).toBe('welcome'));
  test('and nobody who has none', async () => expect(await meets({ ca: certificate })).not.toBe('welcome'));
  test('and nobody who has one of another run, nor does one of another run believe it', async () => {
    expect(await meets({ ca: certificate, cert: other.pair, key: other.pair })).not.toBe('welcome');
    expect(await meets({ ca: other.certificate, cert: pair, key: pair })).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY|CERT_SIGNATURE/);
  });
});

describe('the configuration of stunnel', () => {
  const uri = readPkcs11Uri('pkcs11:token=alice;object=debug?module-path=/m.so', {});
  const settings = { folder: '/f', port: 4711, socket: '/s/socket', server: new URL('https://api.example.com:6443'), uri, pin: '1234' };
  test('opens loopback to one certificate, and checks the API server by name', () => {
    const text = configuration(settings);
    expect(text).toMatch(/\[kubectl\]\naccept = 127\.0\.0\.1:4711\ncert = \/f\/loopback\.pem\nCAfile = \/f\/loopback\.pem\nverifyPeer = yes\n/);
    expect(text).toMatch(/client = yes\naccept = \/s\/socket\n[^]*key = pkcs11:token=alice;object=debug\nCAfile = \/f\/ca\.pem\nverifyChain = yes\n[^]*checkHost = api\.example\.com\nsni = api\.example\.com\nconnect = api\.example\.com:6443\n$/);
  });
  test('or by address, or by the name that the kubeconfig gives it', () => {
    expect(configuration({ ...settings, server: new URL('https://127.0.0.1') })).toMatch(/checkIP = 127\.0\.0\.1\nconnect = 127\.0\.0\.1:443\n$/);
    expect(configuration({ ...settings, server: new URL('https://127.0.0.1:6443'), serverName: 'api' })).toMatch(/checkHost = api\nsni = api\nconnect = 127\.0\.0\.1:6443\n$/);
  });
  test('nothing gets a line of its own into it', () => expect(() => configuration({ ...settings, pin: '1\nclient = no' })).toThrow(/has a line end in it/));
});

const MODULE = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/softhsm/libsofthsm2.so'].find(file => existsSync(file));
const inPath = (program: string) => (process.env.PATH ?? '').split(delimiter).some(at => existsSync(join(at, program)));
const there = MODULE !== undefined && inPath('softhsm2-util') && inPath('pkcs11-tool');
const inToken = (name: string, act: () => Promise<unknown>) => there ? test(name, act, 30_000) : test.skip(`${name} [skipped: needs SoftHSM and pkcs11-tool (Debian: softhsm2 opensc)]`, act);

describe('a key in a token', () => {
  let cluster: CertCluster;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let pin: string;
  const uri = (object = 'debug') => `pkcs11:token=alice;object=${object}?module-path=${MODULE}`;
  const tool = (...args: string[]) => execFileSync('pkcs11-tool', ['--module', MODULE!, '--token-label', 'alice', '--login', '--pin', 'env:PIN', ...args], { env: { ...env, PIN: '123456' }, stdio: 'pipe' });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cert-token-'));
    if (!there) return;
    mkdirSync(join(folder, 'tokens'));
    pin = join(folder, 'pin');
    writeFileSync(pin, '123456\n', { mode: 0o600 });
    writeFileSync(join(folder, 'softhsm2.conf'), `directories.tokendir = ${join(folder, 'tokens')}\n`);
    env = { PATH: process.env.PATH, HOME: folder, SOFTHSM2_CONF: join(folder, 'softhsm2.conf') };
    execFileSync('softhsm2-util', ['--init-token', '--free', '--label', 'alice', '--so-pin', '123456', '--pin', '123456'], { env, stdio: 'pipe' });
    tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'debug', '--id', '01');
    tool('--keypairgen', '--key-type', 'rsa:2048', '--label', 'rsa', '--id', '02');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => { cluster = await new CertCluster().start(); });
  afterEach(() => cluster.stop());
  const request = (key: string, ...more: string[]) => cluster.run(['cert', 'request', '--pkcs11', key, '--out', join(cluster.home, 'out'), ...more], { env: { ...env, HOME: cluster.home } });

  inToken('signs the request, and stays there', async () => {
    const before = readdirSync(tmpdir()).filter(name => name.startsWith('secure-debug-')).length;
    const { code, stdout, stderr } = await request(uri(), '--pin-file', pin);
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: expect.stringContaining('Waiting for'), stdout: expect.stringMatching(/The key stays in its token\.[^]*secure-debug cert proxy --out \S+\n {2}PKCS11_MODULE_PATH=\S+ curl /) });
    expect(readdirSync(join(cluster.home, 'out')).sort()).toEqual(['ca.pem', 'client.pem', 'token.json']);
    expect(JSON.parse(readFileSync(join(cluster.home, 'out', 'token.json'), 'utf8')).pkcs11).toBe(uri());
    expect(readFileSync(join(cluster.home, 'out', 'client.pem'), 'utf8')).not.toContain('PRIVATE');
    expect(stdout).not.toContain('123456');
    expect(readdirSync(tmpdir()).filter(name => name.startsWith('secure-debug-')).length).toBeLessThanOrEqual(before);
  });
  inToken('that is on RSA is refused, for the approver takes none', async () => expect(await request(uri('rsa'), '--pin-file', pin)).toMatchObject({ code: 1, stderr: expect.stringContaining('The key in the token is none on P-256 or P-384') }));
  inToken('that is not there, a wrong PIN, another token: one sentence each, and nothing is asked for', async () => {
    writeFileSync(join(folder, 'wrong'), '999999\n');
    expect(await request(uri('other'), '--pin-file', pin)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: The token has no such key/) });
    expect(await request(uri(), '--pin-file', join(folder, 'wrong'))).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: The token does not take the PIN/) });
    expect(await request(uri().replace('token=alice', 'token=bob'), '--pin-file', pin)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: There is no such token/) });
    expect(cluster.asked.filter(({ path }) => path.endsWith('certificatesigningrequests'))).toEqual([]);
    expect(existsSync(join(cluster.home, 'out'))).toBe(false);
  });
  inToken('without a terminal its PIN comes from a file', async () => expect(await request(uri())).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no terminal to ask for the PIN of the token. Fix: --pin-file FILE.') }));

  test('without pkcs11-tool it says what to install', async () => {
    const ended = await cluster.run(['cert', 'request', '--pkcs11', 'pkcs11:object=x?module-path=/m.so'], { env: { PATH: cluster.home, HOME: cluster.home } });
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('pkcs11-tool cannot be run: ENOENT. Fix: install OpenSC') });
  });

  describe('cert proxy', () => {
    const out = () => join(cluster.home, 'out');
    const proxy = (...more: string[]) => cluster.run(['cert', 'proxy', '--out', out(), ...more]);
    test('is for a key in a token, and asks which one is meant of several', async () => {
      expect(await proxy()).toMatchObject({ code: 2, stderr: expect.stringContaining('has no certificate whose key is in a token') });
      expect(await cluster.run(['cert', 'request', '--out', out()])).toMatchObject({ code: 0 });
      expect(await proxy()).toMatchObject({ code: 2, stderr: expect.stringContaining('one in a file needs no proxy') });
      for (const context of ['one', 'two']) {
        cluster.context = context;
        await cluster.run(['cert', 'request']);
        writeFileSync(join(cluster.home, '.local', 'state', 'secure-debug', 'certificates', context, 'token.json'), '{"pkcs11":"pkcs11:object=x?module-path=/m.so","server":"https://x"}');
      }
      expect(await cluster.run(['cert', 'proxy'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/Several certificates have their key in a token\. Fix: name the folder of one with --out: \S+one, \S+two\./) });
    });
    test('a program that ends at once is one sentence, and leaves no file; the PIN is in no argument', async () => {
      await cluster.run(['cert', 'request', '--out', out()]);
      const { server } = JSON.parse((await cluster.run(['cert', 'status', '--out', out(), '--json'])).stdout).certificates[0];
      writeFileSync(join(out(), 'token.json'), JSON.stringify({ pkcs11: 'pkcs11:object=x?module-path=/m.so', server, label: 'prod', namespace: 'payments' }));
      writeFileSync(join(out(), 'pin'), '4711');
      const bin = join(cluster.home, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'stunnel'), `#!/bin/sh\necho "$*" > ${bin}/args\ncat > ${bin}/read\necho "2026 LOG3[ui]: engine: wrong PIN" >&2\nexit 1\n`);
      chmodSync(join(bin, 'stunnel'), 0o755);
      const ended = await cluster.run(['cert', 'proxy', '--out', out(), '--pin-file', join(out(), 'pin')], { env: { PATH: `${bin}${delimiter}${process.env.PATH}`, HOME: cluster.home } });
      expect(ended).toMatchObject({ code: 1, stderr: 'error: stunnel ended: engine: wrong PIN. Fix: see that the token is there and the PIN is right.\n' });
      expect([readFileSync(join(bin, 'args'), 'utf8'), readFileSync(join(bin, 'read'), 'utf8')]).toEqual(['-fd 0\n', expect.stringContaining('engineCtrl = PIN:4711\n')]);
      expect(readdirSync(out()).sort()).toEqual(['ca.pem', 'client.pem', 'pin', 'token.json']);
    });
  });
});
