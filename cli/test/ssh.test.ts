import { execFileSync, spawnSync } from 'child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { FakeCluster } from './fake-cluster';
import { handOver } from '../src/gateway/hand-over';

const BATCH = '/apis/batch/v1/namespaces/debug-gateway';
const PODS = '/api/v1/namespaces/debug-gateway/pods';
const AUTHORITY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==';

let cluster: FakeCluster;
let home: string;
const keygen = (...args: string[]) => execFileSync('ssh-keygen', args, { cwd: home, encoding: 'utf8' });
const env = () => ({ HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}` });
const as = (person: string, ...args: string[]) => cluster.as(person, ['ssh', ...args], { env: env() });

const able = spawnSync('ssh-keygen', ['-?'], { stdio: 'ignore' }).error === undefined;
const withKeys = able ? test : (name: string, ..._more: any[]) => test.skip(`${name} [skipped: there is no ssh-keygen (apt-get install openssh-client)]`, () => undefined);

beforeEach(async () => {
  cluster = await new FakeCluster([
    { name: 'alice', groups: ['oncall-payments', 'system:authenticated'] },
    { name: 'comma', groups: ['oncall,user:bob'] },
    { name: 'system:serviceaccount:ci:runner', groups: [] },
  ]).start();
  home = mkdtempSync(join(tmpdir(), 'secure-debug-home-'));
  mkdirSync(join(home, '.ssh'));
  mkdirSync(join(home, 'bin'));
  if (able) {
    keygen('-q', '-t', 'ed25519', '-N', '', '-f', '.ssh/id_ed25519');
    keygen('-q', '-t', 'ed25519', '-N', '', '-f', 'authority');
  }
});
afterEach(async () => {
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
});

describe('sign', () => {
  const certificate = () => keygen('-L', '-f', '.ssh/id_ed25519-cert.pub');
  const sign = (person: string, ...args: string[]) => as(person, 'sign', '--authority', join(home, 'authority'), ...args);

  withKeys('a certificate for whom the API server knows the caller as, for half an hour, that allows a terminal and nothing else', async () => {
    const { code, stdout } = await sign('alice');
    expect(code).toBe(0);
    expect(stdout).toContain('for alice, for 30m');
    const [principals, options] = [/Principals:\s+([^]*?)\n\s+Critical/, /Extensions:\s+([^]*)$/].map(pattern => pattern.exec(certificate())![1].trim().split(/\s+/));
    expect(principals).toEqual(['debug-gateway', 'user:alice', 'group:oncall-payments']);
    expect(options).toEqual(['permit-pty']);
    const [from, to] = /from (\S+) to (\S+)/.exec(certificate())!.slice(1).map(text => Date.parse(text));
    expect(to - from).toBe(31 * 60_000);
  });

  withKeys('as JSON, with the serial number by which it can be revoked', async () => {
    const { stdout } = await sign('alice', '--json', '--for', '5m', '--gateway', 'one', '--gateway', 'two', '--from', '127.0.0.1/32');
    const data = JSON.parse(stdout);
    expect(data).toMatchObject({ user: 'alice', groups: ['oncall-payments'], gateways: ['one', 'two'], seconds: 300, certificate: join(home, '.ssh/id_ed25519-cert.pub') });
    expect(certificate()).toContain(`Serial: ${data.serial}`);
    expect(certificate()).toContain('source-address 127.0.0.1/32');
  });

  withKeys('refused: a group whose name would become a principal of its own', async () => {
    const { code, stderr } = await sign('comma');
    expect([code, stderr]).toEqual([1, expect.stringContaining('contains a comma')]);
    expect(existsSync(join(home, '.ssh/id_ed25519-cert.pub'))).toBe(false);
  });

  withKeys('refused: a ServiceAccount, which is no person', async () => {
    expect(await sign('system:serviceaccount:ci:runner')).toMatchObject({ code: 1, stderr: expect.stringContaining('which is no person') });
  });

  withKeys('what ssh-keygen says is one sentence', async () => {
    writeFileSync(join(home, 'broken'), 'nothing');
    chmodSync(join(home, 'broken'), 0o600);
    const { code, stderr } = await as('alice', 'sign', '--authority', join(home, 'broken'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: ssh-keygen did not sign: .*Fix: .*\n$/);
  });

  test.each<[string[], RegExp]>([
    [[], /--authority is missing/],
    [['--authority', '/not/there'], /is not there/],
    [['--authority', __filename, '--key', '/not/there.pub'], /is not there/],
    [['--authority', __filename, '--key', __filename], /is no public key/],
  ])('wrong use: %j', async (args, said) => {
    expect(await as('alice', 'sign', ...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(said) });
  });

  withKeys('wrong use: too long, too short, no block, no gateway', async () => {
    expect((await sign('alice', '--for', '2h')).stderr).toMatch(/not from 5m to 60m/);
    expect((await sign('alice', '--for', '1m')).stderr).toMatch(/not from 5m to 60m/);
    expect((await sign('alice', '--from', 'office')).stderr).toMatch(/no address block/);
    expect((await sign('alice', '--gateway', 'a,user:bob')).stderr).toMatch(/no name of a gateway/);
    expect((await sign('alice', '--gateway', 'x')).code).toBe(0);
  });
});

describe('open', () => {
  const cronJob = (annotations: object = { 'secure-debug.internal/ssh-host-authority': AUTHORITY }) => cluster.put(`${BATCH}/cronjobs`, {
    metadata: { name: 'debug-gateway', namespace: 'debug-gateway', annotations },
    spec: { jobTemplate: { metadata: { labels: { a: 'b' } }, spec: { activeDeadlineSeconds: 3600, template: { spec: {} } } } },
  });
  const pod = (name: string, labels: object, status: object) => cluster.put(PODS, { metadata: { name, namespace: 'debug-gateway', labels }, status });
  const READY = { startTime: '2026-03-01T12:00:00Z', conditions: [{ type: 'Ready', status: 'True' }] };

  beforeEach(() => { writeFileSync(join(home, '.ssh/id_ed25519-cert.pub'), 'a certificate'); });

  test('wrong use: no certificate, no gateway', async () => {
    expect(await as('alice', 'open', '-i', join(home, 'other'))).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no certificate') });
    expect(await as('alice', 'open')).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no gateway debug-gateway in debug-gateway') });
  });

  test('refused: a gateway that does not say by whom its key is signed, or says it with something else', async () => {
    cronJob({});
    expect(await as('alice', 'open')).toMatchObject({ code: 1, stderr: expect.stringContaining('does not say which authority') });
    cronJob({ 'secure-debug.internal/ssh-host-authority': `${AUTHORITY}\n@cert-authority * ssh-ed25519 AAAA` });
    expect(await as('alice', 'open')).toMatchObject({ code: 1, stderr: expect.stringContaining('does not say which authority') });
  });

  test('starts a Job that is the template, waits for its pod, and runs ssh with the port-forward as its proxy', async () => {
    cronJob();
    writeFileSync(join(home, 'bin/ssh'), `#!/bin/sh\nfor word; do printf '%s\\n' "$word"; done >"${join(home, 'words')}"\nfor word; do case $word in UserKnownHostsFile=*) cp "\${word#*=}" "${join(home, 'known')}";; esac; done\nexit 7\n`, { mode: 0o755 });
    cluster.meanwhile = asked => {
      if (asked.method === 'POST' && asked.path.endsWith('/jobs')) pod('debug-gateway-abc-x', { 'job-name': asked.body.metadata.name }, READY);
    };
    const { code, stdout, stderr } = await as('alice', 'open', '--', 'exec', 'payments/ledger-0', '--', 'sh', '-c', 'echo "it\'s"');
    expect([code, stdout, stderr]).toEqual([7, '', expect.stringContaining('it ends in 60 minutes')]);
    const job = cluster.asked.find(asked => asked.method === 'POST' && asked.path.endsWith('/jobs'))!.body;
    expect(job).toMatchObject({
      metadata: { annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' }, ownerReferences: [{ kind: 'CronJob', name: 'debug-gateway' }] }, spec: { activeDeadlineSeconds: 3600 },
    });
    const words = readFileSync(join(home, 'words'), 'utf8').trim().split('\n');
    expect(words.find(word => word.startsWith('ProxyCommand='))).toMatch(/ ssh proxy debug-gateway-abc-x -n debug-gateway$/);
    expect(words).toEqual(expect.arrayContaining(['HostKeyAlias=debug-gateway.debug-gateway', 'StrictHostKeyChecking=yes', 'debug@debug-gateway.debug-gateway']));
    expect(words.at(-1)).toBe('exec payments/ledger-0 -- sh -c \'echo "it\'\\\'\'s"\'');
    expect(readFileSync(join(home, 'known'), 'utf8')).toBe(`@cert-authority debug-gateway.debug-gateway ${AUTHORITY}\n`);
    expect(existsSync(words.find(word => word.startsWith('UserKnownHostsFile='))!.split('=')[1])).toBe(false);
  });

  test('takes the youngest gateway that runs, and starts none', async () => {
    cronJob();
    const labels = { 'app.kubernetes.io/instance': 'debug-gateway' };
    pod('older', labels, { ...READY, startTime: '2026-03-01T11:00:00Z' });
    pod('younger', labels, READY);
    pod('not-ready', labels, { startTime: '2026-03-01T13:00:00Z' });
    pod('another', { 'app.kubernetes.io/instance': 'another' }, { ...READY, startTime: '2026-03-01T14:00:00Z' });
    const { stdout } = await as('alice', 'open', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ pod: 'younger', started: false, host: 'debug-gateway.debug-gateway', command: expect.arrayContaining(['ssh']) });
    expect(cluster.asked.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('says why a gateway does not start', async () => {
    cronJob();
    cluster.meanwhile = asked => {
      if (asked.method === 'POST' && asked.path.endsWith('/jobs')) pod('x', { 'job-name': asked.body.metadata.name }, { containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull', message: 'not found\u001b[2J' } } }] });
    };
    const { code, stderr } = await as('alice', 'open', '--wait', '2s');
    expect(code).toBe(1);
    expect(stderr).toContain('did not start in time: ErrImagePull: not found');
    expect(stderr).not.toContain('\u001b');
  });

  test('--print gives the command line, for whoever has an ssh of their own', async () => {
    cronJob();
    cluster.meanwhile = asked => {
      if (asked.method === 'POST' && asked.path.endsWith('/jobs')) pod('p', { 'job-name': asked.body.metadata.name }, READY);
    };
    const { code, stdout } = await as('alice', 'open', '--print', '--new');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ssh -t -o 'ProxyCommand=.* ssh proxy p -n debug-gateway' .* debug@debug-gateway\.debug-gateway\n$/)]);
  });
});

describe('handing over a credential', () => {
  const TOKEN = 'aaaa.bbbb.cccc';
  /** What is at hand of a session. */
  const session = (options: object) => ({ io: { env: env() }, cluster: { connection: { options } } }) as any;
  const fakeSsh = (...lines: string[]) => writeFileSync(join(home, 'bin/ssh'), `#!/bin/sh\ncd "${home}"\n${lines.join('\n')}\n`, { mode: 0o755 });
  const read = (name: string) => readFileSync(join(home, name), 'utf8');

  test('a token goes into the standard input of ssh: no argument and no variable has it, and the connection stays until it is over', async () => {
    fakeSsh('echo "$@" >words', 'env >variables', 'read -r line', 'printf %s "$line" >line', 'echo ready', 'cat >rest', 'echo over >over');
    const handed = await handOver(session({ headers: { Authorization: `Bearer ${TOKEN}` } }), ['ssh', '-o', 'X=y', 'debug@door']);
    expect(JSON.parse(read('line'))).toEqual({ token: TOKEN });
    expect(read('words')).toBe('-o X=y debug@door credential\n');
    expect(read('variables')).not.toContain(TOKEN);
    expect(existsSync(join(home, 'over'))).toBe(false);
    handed.end();
    while (!existsSync(join(home, 'over'))) await new Promise(resolve => setTimeout(resolve, 20));
    expect(read('rest')).toBe('');
  });

  test('a client certificate goes with its key', async () => {
    fakeSsh('read -r line', 'printf %s "$line" >line', 'echo ready', 'cat >/dev/null');
    (await handOver(session({ headers: {}, cert: Buffer.from('CERT'), key: Buffer.from('KEY') }), ['ssh', 'x'])).end();
    expect(JSON.parse(read('line'))).toEqual({ certificate: 'CERT', key: 'KEY' });
  });

  test('refused: a gateway that does not take it, a kubeconfig without any, no ssh', async () => {
    fakeSsh('exit 1');
    await expect(handOver(session({ headers: { Authorization: `Bearer ${TOKEN}` } }), ['ssh', 'x'])).rejects.toThrow('did not take the credential (exit status 1)');
    await expect(handOver(session({ headers: { Authorization: 'Basic abc' } }), ['ssh', 'x'])).rejects.toThrow('neither a token nor a client certificate');
    await expect(handOver(session({ headers: { Authorization: `Bearer ${TOKEN}` } }), [join(home, 'no-ssh'), 'x'])).rejects.toThrow('ssh cannot be run');
  });

  test('open hands over where the gateway says so, and prints no command that could not', async () => {
    writeFileSync(join(home, '.ssh/id_ed25519-cert.pub'), 'a certificate');
    cluster.put(`${BATCH}/cronjobs`, {
      metadata: {
        name: 'debug-gateway', namespace: 'debug-gateway', annotations: { 'secure-debug.internal/ssh-host-authority': AUTHORITY, 'secure-debug.internal/ssh-identity': 'own-credential' },
      },
      spec: { jobTemplate: { spec: {} } },
    });
    expect(await as('alice', 'open', '--print')).toMatchObject({ code: 2, stderr: expect.stringContaining('leave --print out') });
    cluster.put(PODS, {
      metadata: { name: 'here', namespace: 'debug-gateway', labels: { 'app.kubernetes.io/instance': 'debug-gateway' } },
      status: { startTime: '2026-03-01T12:00:00Z', conditions: [{ type: 'Ready', status: 'True' }] },
    });
    fakeSsh('touch ran');
    expect(await as('alice', 'open')).toMatchObject({ code: 2, stderr: expect.stringContaining('neither a token nor a client certificate') });
    expect(existsSync(join(home, 'ran'))).toBe(false);
  });
});
