import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { build, demolish, secureDebug } from './program';
import { BreakGlassAccess, DebugCapability } from '../../../src';
import { Api } from '../lab/api';
import { AuditLog } from '../lab/audit-log';
import { scratch, testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { Ended, eventually, must } from '../lab/process';
import { group, Scene, user } from '../requests/scene';

const cluster = theCluster();
const scene = new Scene(cluster, 'sealed');
const NAME = 'sd-sealed-1';
const GROUP = 'sd-sealed';
const ROLE = 'break-glass-sealed';

const folder = scratch(cluster, 'sealed');
const file = join(folder, 'one.age');
const identity = join(folder, 'key.txt');
let recipient: string;

const as = (person: string, ...args: string[]) => secureDebug(cluster, scene.who[person], ['break-glass', ...args]);
const seal = (person: string, out: string, ...more: string[]) => as(person, 'seal', '--name', NAME, '--group', GROUP, '--for', '1d', '--recipient', recipient, '--out', out, ...more);
/** Nobody's kubeconfig is needed to use a sealed file. */
const nobody: Person = { name: 'nobody-sealed', kubeconfig: '/dev/null' } as Person;
const drill = (...more: string[]) => secureDebug(cluster, nobody, ['break-glass', 'drill', file, '--identity', identity, '--ticket', 'INC-1', ...more]);
const ended = ({ code, stdout, stderr }: Ended) => ({ code, text: stdout + stderr });
const requests = async () => (await asAdmin(cluster, ['get', 'csr', '-o', 'name'])).split('\n').filter(name => name.includes('secure-debug-sealed'));

beforeAll(async () => {
  await build();
  await scene.raise();
  const chart = new Chart(new App(), 'sealed');
  new BreakGlassAccess(chart, 'sealed', {
    namespace: scene.place, requesters: [GROUP], profile: 'sealed', ticketPattern: 'INC-[0-9]+', capabilities: [DebugCapability.READ_WORKLOADS, DebugCapability.READ_LOGS], policyElsewhere: true,
  });
  await apply(cluster, chart.toJson());
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const keys = 'import("age-encryption").then(async age => { const key = await age.generateX25519Identity(); console.log(key + " " + await age.identityToRecipient(key)); })';
  const [secret, open] = (await must(process.execPath, ['-e', keys], { env: process.env, cwd: join(__dirname, '..', '..', '..') })).trim().split(' ');
  writeFileSync(identity, `${secret}\n`, { mode: 0o600 });
  recipient = open;
  expect(ended(await seal('admin', file))).toEqual({ code: 0, text: expect.stringMatching(new RegExp(`^Sealed ${NAME} of ${GROUP} into [^]*It may ask for ${ROLE} in ${scene.place}, and nothing else\\.`)) });
}, 180_000);
afterAll(async () => {
  demolish();
  rmSync(folder, { recursive: true, force: true });
  await asAdmin(cluster, ['delete', 'clusterrolebinding', '--ignore-not-found', 'sd-sealed-more']);
  await scene.raze();
});

/** Opened into a file, for kubectl. */
async function opened(): Promise<Person> {
  const kubeconfig = join(folder, 'opened');
  expect(ended(await secureDebug(cluster, nobody, ['break-glass', 'open', file, '--identity', identity, '--out', kubeconfig, '--force']))).toEqual({ code: 0, text: expect.stringContaining(`secure-debug request ${ROLE} -n ${scene.place}`) });
  expect(statSync(kubeconfig).mode % 0o1000).toBe(0o600);
  return { name: NAME, kubeconfig } as Person;
}

test('what was sealed is opened by its key alone, and no request for a certificate stays behind', async () => {
  expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
  expect(await requests()).toEqual([]);
  expect(ended(await secureDebug(cluster, nobody, ['break-glass', 'status', file, '--left', '1h']))).toEqual({ code: 0, text: expect.stringContaining(`${NAME} of ${GROUP}`) });
});

test('a drill says that it would do, and leaves nothing', async () => {
  const objects = () => asAdmin(cluster, ['get', 'rolebindings,jobs', '-n', scene.place, '-o', 'name']);
  const before = await objects();
  expect(ended(await drill('--left', '1h'))).toEqual({
    code: 0, text: expect.stringMatching(new RegExp(`ok {4}rights: it may ask for break-glass, and nothing else\\nok {4}${ROLE} in ${scene.place}: would be granted at once`)),
  });
  expect(await objects()).toBe(before);
  expect(ended(await drill('--left', '30d'))).toEqual({ code: 1, text: expect.stringMatching(/FAIL {2}certificate: it ends at /) });
});

test('it breaks the glass as at 2 AM, and gives it back', async () => {
  const sealed = await opened();
  const get = () => kubectl(cluster, sealed, ['get', 'pods', '-n', scene.place]);
  expect((await get()).stderr).toContain('forbidden');
  const request = await secureDebug(cluster, sealed, ['request', ROLE, '-n', scene.place, '--reason', 'nobody can log in', '--ticket', 'INC-7']);
  expect(ended(request)).toEqual({ code: 0, text: expect.stringMatching(new RegExp(`^You have ${ROLE} in ${scene.place} until `)) });
  await eventually('its rights', async () => (await get()).code === 0 || undefined);
  expect(ended(await drill('--left', '1h'))).toEqual({ code: 1, text: expect.stringMatching(/FAIL {2}rights: it may do more [^]*it is in use, until .* because: nobody can log in/) });
  expect((await secureDebug(cluster, sealed, ['withdraw', ROLE, '-n', scene.place])).code).toBe(0);
  await eventually('its rights to be gone', async () => (await get()).code !== 0 || undefined);
  await asAdmin(cluster, ['delete', 'rolebinding', '-n', scene.place, `${ROLE}:${NAME}`]);
});

test('one command runs with it, and its file is gone after it', async () => {
  const show = 'require("fs").appendFileSync(process.argv[1], process.env.KUBECONFIG)';
  const seen = join(folder, 'seen');
  expect((await secureDebug(cluster, nobody, ['break-glass', 'open', file, '--identity', identity, '--', process.execPath, '-e', show, seen])).code).toBe(0);
  expect(() => statSync(readFileSync(seen, 'utf8'))).toThrow(/ENOENT/);
});

describe('who steals file and key', () => {
  let api: Api;
  beforeAll(async () => {
    // The tests' client reads certificate and key from files.
    const config = JSON.parse(readFileSync((await opened()).kubeconfig, 'utf8'));
    const [{ user: held }] = config.users;
    for (const part of ['client-certificate', 'client-key']) {
      const own = join(folder, part);
      writeFileSync(own, Buffer.from(held[`${part}-data`], 'base64'), { mode: 0o600 });
      held[part] = own;
    }
    const kubeconfig = join(folder, 'stolen');
    writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
    api = new Api({ name: NAME, groups: [GROUP], kubeconfig });
  });
  afterAll(() => api?.close());
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers: [{ name: 'x', image: 'x' }] } };
  const place = scene.place;

  test.each<[string, string, string, object | undefined]>([
    ['reads no Secrets', 'GET', `/api/v1/namespaces/${place}/secrets`, undefined],
    ['sees no pods', 'GET', `/api/v1/namespaces/${place}/pods`, undefined],
    ['execs into none', 'POST', `/api/v1/namespaces/${place}/pods/x/exec?command=id`, undefined],
    ['starts none', 'POST', `/api/v1/namespaces/${place}/pods`, pod],
    ['starts none by a Job that is called a timer', 'POST', scene.path('jobs'), {
      apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'debug-timer-60-x' }, spec: { activeDeadlineSeconds: 60, template: { spec: { ...pod.spec, restartPolicy: 'Never' } } },
    }],
    ['binds the Role to nobody else', 'POST', scene.path('rolebindings'), scene.binding('x', ROLE, [user('mallory-sealed')])],
    ['binds it to no group, for ever', 'POST', scene.path('rolebindings'), scene.binding(`${ROLE}:${NAME}`, ROLE, [group(GROUP)])],
    ['binds no other Role', 'POST', scene.path('rolebindings'), scene.binding('x', 'break-glass', [user(NAME)])],
    ['changes no Role', 'PATCH', scene.path('roles', ROLE), { rules: [] }],
    ['gets no further certificate', 'POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {
      apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'sd-sealed-next' }, spec: { request: 'eA==', signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
    }],
    ['asks for nothing in another namespace', 'POST', scene.path('jobs', undefined, scene.other), { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'debug-timer-60-y' }, spec: scene.spec(60) }],
  ])('%s', async (_, method, path, body) => {
    expect(await api.send(method, path, body, method === 'PATCH' ? 'application/merge-patch+json' : undefined)).toMatchObject({ status: 403 });
  });
});

test('a group that may do more is refused, and no file is written', async () => {
  await asAdmin(cluster, ['create', 'clusterrolebinding', 'sd-sealed-more', '--clusterrole=view', `--group=${GROUP}`]);
  try {
    const out = join(folder, 'more.age');
    expect(ended(await seal('admin', out))).toEqual({ code: 1, text: expect.stringMatching(/may do more than ask for break-glass[^]*get,list,watch configmaps; /) });
    expect(() => statSync(out)).toThrow(/ENOENT/);
    expect(ended(await drill('--left', '1h'))).toEqual({ code: 1, text: expect.stringMatching(/FAIL {2}rights: it may do more than ask for break-glass/) });
  } finally {
    await asAdmin(cluster, ['delete', 'clusterrolebinding', 'sd-sealed-more']);
  }
  expect(await requests()).toEqual([]);
});

test('rights in a namespace without break-glass are found too', async () => {
  await asAdmin(cluster, ['create', 'rolebinding', 'sd-sealed-more', '-n', scene.other, '--clusterrole=view', `--group=${GROUP}`]);
  try {
    expect(ended(await seal('admin', join(folder, 'other.age')))).toEqual({ code: 1, text: expect.stringMatching(new RegExp(`get,list,watch configmaps in ${scene.other}`)) });
  } finally {
    await asAdmin(cluster, ['delete', 'rolebinding', 'sd-sealed-more', '-n', scene.other]);
  }
});

test('two administrators: one seals, another approves', async () => {
  const waiting = seal('admin', join(folder, 'two.age'), '--no-approve', '--wait', '1m');
  const [name] = await eventually('the request', async () => {
    const found = await requests();
    return found.length ? found : undefined;
  });
  await asAdmin(cluster, ['certificate', 'approve', name.split('/')[1]]);
  expect(ended(await waiting)).toEqual({ code: 0, text: expect.stringMatching(/^Sealed [^]*Somebody else has to approve it[^]*kubectl certificate approve secure-debug-sealed-/) });
  expect(await requests()).toEqual([]);
});

test('who is no administrator seals nothing', async () => {
  expect(ended(await seal('mallory', join(folder, 'three.age')))).toEqual({ code: 1, text: expect.stringMatching(/mallory-sealed may not list roles in the whole cluster/) });
});

testIf(cluster.auditLog, 'its audit log cannot be read')('each use is in the audit log with its name and certificate, and a drill is one', async () => {
  const log = new AuditLog(cluster.auditLog!);
  const before = log.events().length;
  expect((await drill('--left', '1h')).code).toBe(0);
  const events = await eventually('its events', async () => {
    const found = log.events().slice(before).filter(event => event.user.username === NAME);
    return found.some(event => event.objectRef?.resource === 'rolebindings') ? found : undefined;
  });
  expect(events[0].user).toMatchObject({ groups: expect.arrayContaining([GROUP]), extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^X509SHA256=/)] } });
});

test('a group that is no requester any more has a sealed file that is worth nothing', async () => {
  await asAdmin(cluster, ['delete', 'rolebinding', '-n', scene.place, `request-${ROLE}`, `take-${ROLE}`]);
  await eventually('it to be worth nothing', async () => /FAIL {2}rights: it may not bind roles/.test((await drill('--left', '1h')).stdout) || undefined);
});
