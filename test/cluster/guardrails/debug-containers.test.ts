import { writeFileSync } from 'fs';
import { join } from 'path';
import { add, by, change, container, create, debug, DIGEST, FULL, IMAGE, LENIENT, LONG, long, NAMESPACE, NODE, ODD, OTHER, Outcome, pod, POD, POLICY, raise, raze, STRICT, WAYS } from './debug-containers-scene';
import { newestClient, testIf, theCluster } from '../lab/cluster';
import { apply, find, kubectl, Person } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { nodeName } from '../lab/targets';

const cluster = theCluster();
const REFUSED = `refused by ${POLICY}`;
const newest = newestClient(cluster);
const withNode = testIf(cluster.node, 'the cluster has no node');

let who: Record<string, Person> = {};
const a = (name: string) => who[name === 'admin' || name === 'robot' ? name : `${name}-debug`];

beforeAll(async () => { who = await raise(cluster); }, 120_000);
afterAll(() => raze(cluster), 120_000);

/** A custom profile, as `kubectl debug --custom` reads it. */
function custom(spec: object): string {
  const file = join(cluster.folder, `custom-${JSON.stringify(spec).length}.json`);
  writeFileSync(file, JSON.stringify(spec));
  return `--custom=${file}`;
}

function expectRefused({ verdict, said }: Outcome, because: string) {
  expect({ verdict, said }).toEqual({ verdict: REFUSED, said: expect.stringContaining(because) });
}

it('type checking of every policy is clean', async () => {
  for (const name of [POLICY, 'sd-debug-strict', 'sd-debug-lenient', 'sd-debug-full']) {
    const typeChecking = await eventually('type checking', async () => (await find(cluster, ['validatingadmissionpolicy', name])).status?.typeChecking);
    expect({ name, warnings: typeChecking.expressionWarnings ?? [] }).toEqual({ name, warnings: [] });
  }
});

describe('kubectl debug', () => {
  test.each(Object.keys(cluster.clients))('%s: the allowed image with an allowed command passes', async client => {
    expect((await debug(cluster, a('alice'), ['--', 'ls', '-l'], { client })).verdict).toBe('passed');
  });

  test.each(Object.keys(cluster.clients))('%s: sh -c is refused', async client => {
    expectRefused(await debug(cluster, a('alice'), ['--', 'sh', '-c', 'id'], { client }), '"sh -c id" may not run in a debug container here; what may: busybox: id, ls -l, tail -n 5 /var/log');
  });

  test.each<[string, string, string]>([
    ['another image', 'docker.io/library/alpine:3.20', 'docker.io/library/alpine:3.20 is none of the debug images'],
    ['another tag of the same repository', 'docker.io/library/busybox:1.37', 'is none of'],
    ['no tag', 'docker.io/library/busybox', 'is none of'],
    ['a foreign digest behind an allowed tag', `${IMAGE}@sha256:${'a'.repeat(64)}`, 'is none of'],
    ['a short name that the node completes', 'busybox:1.36', 'is none of'],
    ['a path without registry', 'library/busybox:1.36', 'is none of'],
    ['another name of the same registry', 'index.docker.io/library/busybox:1.36', 'is none of'],
    ['a registry in capitals', 'DOCKER.IO/library/busybox:1.36', 'is none of'],
    ['the allowed repository below another registry', 'evil.example/docker.io/library/busybox:1.36', 'is none of'],
    ['the allowed reference as the begin of another', `${IMAGE}.1`, 'is none of'],
    ['an allowed digest of another image, with a command that is not allowed there', `docker.io/library/busybox@${DIGEST}`, '"id" may not run'],
  ])('image: %s is refused', async (_name, image, because) => expectRefused(await debug(cluster, a('alice'), ['--', 'id'], { image }), because));

  test.each([`docker.io/library/busybox@${DIGEST}`, `${IMAGE}@${DIGEST}`, IMAGE])('image: %s passes, for it was listed', async image => {
    expect((await debug(cluster, a('alice'), ['--', 'uptime'], { image })).verdict).toBe('passed');
  });

  test.each<[string, string[], string]>([
    ['a shell', ['--', 'sh'], 'takes the debug image shell, which is not granted to you'],
    ['the image\'s own entrypoint', [], 'takes the debug image shell'],
    ['a command of another image of the same reference', ['--', 'date'], 'takes the debug image tools'],
    ['a command that is in no image', ['--', 'zcat'], '"zcat" may not run in a debug container here; what may: busybox: id, ls -l'],
    ['busybox as a program that has a shell', ['--', 'busybox', 'sh'], '"busybox sh" may not run'],
    ['one more argument', ['--', 'id', '-u'], '"id -u" may not run'],
    ['all words in one', ['--', 'ls -l'], '"ls -l" may not run'],
    ['another directory', ['--', 'tail', '-n', '5', '/etc/shadow'], 'may not run'],
    ['a directory above', ['--', 'tail', '-n', '5', '/var/log/../../etc/shadow'], 'may not run'],
    ['a line end in an argument', ['--', 'tail', '-n', '5', '/var/log/a\nsh'], 'the command is not allowed in this debug image'],
    ['an empty word', ['--', 'id', ''], 'may not run'],
    ['allowed words as arguments of the image\'s entrypoint', ['--arguments-only', '--', 'id'], '--arguments-only "id" may not run'],
    ['a terminal and input', ['-it', '--attach=false', '--', 'id'], '(-i, -t) asks for more than is allowed; allowed is busybox: nothing'],
    ['LD_PRELOAD', ['--env=LD_PRELOAD=/tmp/evil.so', '--', 'id'], '(--env LD_PRELOAD) asks for more than is allowed'],
    ['a name that the policy of attaching does not know', ['--container=shell', '--', 'id'], 'debug container shell: its name has to begin with debugger-'],
  ])('%s is refused', async (_name, args, because) => {
    expectRefused(await debug(cluster, a('alice'), args), because);
  });

  test.each([
    ['general', 'capability SYS_PTRACE'],
    ['netadmin', 'capability NET_ADMIN, capability NET_RAW'],
    ['sysadmin', '(privileged) is beyond the level baseline'],
  ])('--profile=%s is refused', async (profile, because) => expectRefused(await debug(cluster, a('alice'), ['--', 'id'], { profile }), because));

  it('the profile general passes with the image that may have SYS_PTRACE', async () => {
    expect((await debug(cluster, a('bob'), ['--', 'sh'], { profile: 'general' })).verdict).toBe('passed');
  });

  test.each<[string, object, string]>([
    ['a privileged container', { securityContext: { privileged: true } }, '(privileged) is beyond'],
    ['a Secret as environment', { envFrom: [{ secretRef: { name: 'password' } }] }, '(envFrom) sets what no debug container may'],
    ['one key of a Secret as environment', { env: [{ name: 'LANG', valueFrom: { secretKeyRef: { name: 'password', key: 'password' } } }] }, '--env LANG'],
    ['the pod\'s Secret volume', { volumeMounts: [{ name: 'password', mountPath: '/p' }] }, '(volume password at /p) asks for more'],
    ['another directory to work in', { workingDir: '/tmp' }, '(workingDir) sets what'],
    ['arguments behind the command', { args: ['-u'] }, '"id -u" may not run'],
  ])('--custom: %s is refused', async (_name, spec, because) => {
    expectRefused(await debug(cluster, a('alice'), [custom(spec), '--', 'id']), because);
  });

  it('a shell passes for who may use that image, by its command and by its own entrypoint, with a terminal', async () => {
    expect((await debug(cluster, a('bob'), ['-it', '--attach=false', '--', 'sh'])).verdict).toBe('passed');
    expect((await debug(cluster, a('bob'), ['-it', '--attach=false'])).verdict).toBe('passed');
  });

  it('sh -c is refused for who may use the shell too', async () => expectRefused(await debug(cluster, a('bob'), ['--', 'sh', '-c', 'id']), 'may not run'));

  it('arguments alone pass where the image has no entrypoint, and a variable and volumes where the image may have them', async () => {
    expect((await debug(cluster, a('tina'), ['--arguments-only', '--env=LANG=C', custom({ volumeMounts: [{ name: 'password', mountPath: '/mnt/password' }] }), '--', 'date'])).verdict).toBe('passed');
    for (const mountPath of ['/bin', '/mnt/../bin', '/mntx']) {
      expectRefused(await add(a('tina'), [container({ command: ['date'], volumeMounts: [{ name: 'password', mountPath }] })]), `volume password at ${mountPath}`);
    }
    expectRefused(await debug(cluster, a('tina'), ['--env=PATH=/tmp', '--', 'date']), '(--env PATH)');
    expectRefused(await debug(cluster, a('tina'), [custom({ env: [{ name: 'LANG', valueFrom: { secretKeyRef: { name: 'password', key: 'password' } } }] }), '--', 'date']), '(env.valueFrom)');
  });
});

describe('with a client of one\'s own', () => {
  test.each(WAYS)('%s: an allowed container passes', async way => expect((await add(a('alice'), [container()], way)).verdict).toBe('passed'));

  test.each(WAYS)('%s: a privileged container is refused', async way => {
    expectRefused(await add(a('alice'), [container({ securityContext: { privileged: true } })], way), '(privileged)');
  });

  test.each(WAYS)('%s: a bad container beside a good one is refused', async way => {
    expectRefused(await add(a('alice'), [container(), container({ command: ['sh', '-c', 'id'] })], way), '"sh -c id" may not run');
  });

  it('a container that is not granted beside one that is, is refused and named', async () => {
    const bad = container({ command: ['sh'] });
    expectRefused(await add(a('alice'), [container(), bad]), `${bad.name} takes the debug image shell, not all of which are granted to you`);
  });

  it('two good containers in one request pass, each looked at', async () => expect((await add(a('alice'), [container(), container({ command: ['ls', '-l'] })])).verdict).toBe('passed'));

  test.each<[string, object, string]>([
    ['a shell in command and its script in args', { command: ['sh'], args: ['-c', 'id'] }, '"sh -c id"'],
    ['an allowed command with more in args', { command: ['id'], args: ['-u'] }, '"id -u"'],
    ['nothing but args', { command: undefined, args: ['id'] }, '--arguments-only "id"'],
    ['neither command nor args', { command: undefined }, 'takes the debug image shell'],
    ['an empty list as command', { command: [] }, 'takes the debug image shell'],
    ['no image', { image: undefined }, ''],
    ['a mount of the pod\'s Secret', { volumeMounts: [{ name: 'password', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] }, 'volume password'],
    ['input without a terminal', { stdin: true }, '(-i)'],
    ['what it writes at its end read from a program\'s path', { terminationMessagePath: '/bin/ls' }, 'terminationMessagePath'],
    ['every capability', { securityContext: { capabilities: { add: ['ALL'] } } }, 'capability ALL'],
    ['a capability with its prefix', { securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'] } } }, 'capability CAP_SYS_ADMIN'],
    ['a capability in lower case', { securityContext: { capabilities: { add: ['sys_admin'] } } }, 'capability sys_admin'],
    ['no seccomp profile', { securityContext: { seccompProfile: { type: 'Unconfined' } } }, 'seccompProfile Unconfined'],
    ['no AppArmor profile', { securityContext: { appArmorProfile: { type: 'Unconfined' } } }, 'appArmorProfile Unconfined'],
    ['an SELinux type of its own', { securityContext: { seLinuxOptions: { type: 'spc_t' } } }, 'seLinuxOptions'],
  ])('%s is refused', async (_name, more, because) => {
    const outcome = await add(a('alice'), [container(more)]);
    if (because === '') expect(outcome.verdict).toBe('invalid'); // the API server itself takes none without an image
    else expectRefused(outcome, because);
  });

  it('command and args together are the command', async () => expect((await add(a('alice'), [container({ command: ['ls'], args: ['-l'] })])).verdict).toBe('passed'));

  it('a command of words that mean something elsewhere is data: it passes as it is, and nothing like it does', async () => {
    expect((await add(a('alice'), [container({ command: ODD })])).verdict).toBe('passed');
    for (const command of [ODD.slice(0, -1), [...ODD, ''], ODD.map(word => word.toUpperCase()), [ODD.join(' ')], ['echo', 'x']]) expect((await add(a('alice'), [container({ command })])).verdict).toBe(REFUSED);
  });

  it('procMount Unmasked is refused', async () => {
    const { verdict } = await add(a('alice'), [container({ securityContext: { procMount: 'Unmasked' } })]);
    expect([REFUSED, 'invalid']).toContain(verdict); // newer API servers take it in pods with a user namespace of their own only
  });
});

describe('debug containers that are there', () => {
  const one = container();
  beforeAll(async () => { expect((await add(a('alice'), [one])).verdict).toBe('passed'); });

  it('are not altered', async () => {
    const altered = await change(a('alice'), all => all.map(c => c.name === one.name ? { ...c, command: ['ls', '-l'] } : c));
    expect(altered.verdict).toBe('invalid');
    expect(altered.said).toContain('existing ephemeral containers');
  });

  it('are not removed', async () => expect((await change(a('alice'), all => all.filter(c => c.name !== one.name))).verdict).toBe('invalid'));

  it('are not judged again when somebody else adds one', async () => {
    expect((await add(a('bob'), [container({ command: ['sh'] })])).verdict).toBe('passed');
    expect((await add(a('alice'), [container()])).verdict).toBe('passed');
  });

  it('are no way past the policy for what is put in front of them', async () => {
    expectRefused(await change(a('alice'), all => [container({ command: ['sh'] }), ...all]), 'takes the debug image shell');
  });
});

describe('who', () => {
  test.each([
    ['erin', 'RBAC alone'],
    ['frank', 'the images in another namespace'],
    ['carol', 'cluster-admin by wildcard'],
    ['dave', 'a Role with wildcards'],
    ['heidi', 'the images by a ClusterRoleBinding'],
    ['ivan', 'the images by a Role of another name'],
    ['admin', 'system:masters'],
    ['robot', 'a ServiceAccount that may patch pods/ephemeralcontainers'],
  ])('%s: who holds %s is refused', async (name, _holds) => {
    expectRefused(await debug(cluster, a(name), ['--', 'id']), 'takes the debug image busybox, which is not granted to you');
  });

  it('the shell\'s image is refused to who may use another of the same reference', async () => expectRefused(await debug(cluster, a('alice'), ['--', 'bash']), 'takes the debug image shell'));

  it('frank may, where he was given the right', async () => {
    // In that namespace nobody but he may.
    expect((await debug(cluster, a('frank'), ['--', 'id'], { ns: OTHER })).verdict).toBe('passed');
    expectRefused(await debug(cluster, a('alice'), ['--', 'id'], { ns: OTHER }), 'not granted to you');
  });

  it('the exception passes, with a privileged container of any image', async () => {
    expect((await add(a('peggy'), [container({ image: 'evil.example/x:1', securityContext: { privileged: true } })])).verdict).toBe('passed');
    expect((await create(a('peggy'), pod({ hostPID: true }))).verdict).toBe('passed');
  });
});

describe('pods that people create', () => {
  const copied = ['debug', POD, '-n', NAMESPACE, `--image=${IMAGE}`, '--profile=baseline'];

  test.each<[string, string, string[]]>([
    ['alice', 'a copy without the right', ['--copy-to=copy-of-alice', '--', 'id']],
    ['alice', 'a copy with other images', ['--copy-to=copy-of-alice', '--set-image=*=evil.example/x:1', '--container=app']],
    ['carol', 'a copy by cluster-admin', ['--copy-to=copy-of-carol', '--', 'id']],
    ['admin', 'a copy by system:masters', ['--copy-to=copy-of-admin', '--', 'id']],
    ['dave', 'a copy by a Role with wildcards', ['--copy-to=copy-of-dave', '--', 'id']],
    ['frank', 'a copy with the right of another namespace', ['--copy-to=copy-of-frank', '--', 'id']],
  ])('%s: %s is refused', async (name, _what, args) => {
    expectRefused(await by(cluster, a(name), [...copied, ...args]), 'copying pods is not granted to you');
  });

  test.each(['alice', 'carol', 'admin'])('%s: kubectl run is refused', async name => {
    expectRefused(await by(cluster, a(name), ['run', 'tool', '-n', NAMESPACE, `--image=${IMAGE}`, '--restart=Never', '--', 'id']), 'would be created by a person');
  });

  it('alice: a pod that server-side apply creates is refused', async () => {
    const applied = await by(cluster, a('alice'), ['apply', '--server-side', '-n', NAMESPACE, '-f', '-'], { stdin: JSON.stringify(pod()) });
    expectRefused(applied, 'copying pods is not granted to you');
  });

  test.each(Object.keys(cluster.clients))('cora: %s: a copy passes with the right', async client => {
    const name = `copy-of-cora-${client.replace(/\./g, '-')}`;
    expect((await by(cluster, a('cora'), [...copied, `--copy-to=${name}`, '--', 'id'], { client })).verdict).toBe('passed');
  });

  it('cora: a shell in the copy\'s debug container is refused', async () => expectRefused(await by(cluster, a('cora'), [...copied, '--copy-to=copy-of-cora-sh', '--', 'sh', '-c', 'id']), '"sh -c id" may not run'));

  const app = { name: 'app', image: 'registry.example/ledger:1' };
  test.each<[string, object, object, string]>([
    ['hostPath', { volumes: [{ name: 'root', hostPath: { path: '/' } }] }, {}, 'reaches its node by hostPath; debugging nodes is not granted to you'],
    ['hostPID', { hostPID: true }, {}, 'by hostPID'],
    ['hostNetwork', { hostNetwork: true }, {}, 'by hostNetwork'],
    ['hostIPC', { hostIPC: true }, {}, 'by hostIPC'],
    ['the name of a node debugger', {}, { name: 'node-debugger-x' }, 'by its name'],
    ['the name of a node debugger, generated', {}, { name: undefined, generateName: 'node-debugger-' }, 'by its name'],
    ['a privileged container', { containers: [{ ...app, securityContext: { privileged: true } }] }, {}, 'app (privileged)'],
    ['a privileged init container', { initContainers: [{ ...app, name: 'init', securityContext: { privileged: true } }] }, {}, 'init (privileged)'],
    ['SYS_ADMIN', { containers: [{ ...app, securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }] }, {}, 'app (capabilities SYS_ADMIN)'],
    ['a port of the node', { containers: [{ ...app, ports: [{ containerPort: 80, hostPort: 80 }] }] }, {}, 'app (hostPort)'],
    ['no seccomp profile', { securityContext: { seccompProfile: { type: 'Unconfined' } } }, {}, '(seccompProfile Unconfined) is beyond'],
    ['a setting of the kernel', { securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1' }] } }, {}, '(sysctls)'],
    ['no AppArmor profile, by annotation', {}, { annotations: { 'container.apparmor.security.beta.kubernetes.io/app': 'unconfined' } }, 'ppArmor'],
    ['a debug container of another image', { containers: [app, { ...app, name: 'debugger-x' }] }, {}, 'is none of the debug images'],
    ['a debug container with a hook', { containers: [app, { ...container(), lifecycle: { postStart: { exec: { command: ['sh'] } } } }] }, {}, '(lifecycle)'],
    ['a debug container with a probe that runs something', { containers: [app, { ...container(), livenessProbe: { exec: { command: ['sh'] } } }] }, {}, '(livenessProbe)'],
    ['a debug container as init container', { initContainers: [{ ...container(), command: ['sh'] }] }, {}, 'takes the debug image shell'],
    ['a Secret where the token is mounted', {
      volumes: [{ name: 'kube-api-access-x', secret: { secretName: 'password' } }],
      containers: [app, { ...container(), volumeMounts: [{ name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] }],
    }, {}, 'volume kube-api-access-x'],
    ['a Secret projected where the token is mounted', {
      volumes: [{ name: 'kube-api-access-x', projected: { sources: [{ secret: { name: 'password' } }] } }],
      containers: [app, { ...container(), volumeMounts: [{ name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] }],
    }, {}, 'volume kube-api-access-x'],
  ])('cora: a copy with %s is refused', async (_name, spec, metadata, because) => expectRefused(await create(a('cora'), pod(spec, metadata)), because));

  it('cora: a debug container beside the token passes', async () => {
    expect((await create(a('cora'), pod({ automountServiceAccountToken: true, containers: [app, container()] }))).verdict).toBe('passed');
  });

  it('what is not seen: an application container of a copy is any, for no policy sees the pod that was copied', async () => {
    expect((await create(a('cora'), pod({ containers: [{ name: 'app', image: 'evil.example/x:1', command: ['sh', '-c', 'id'] }] }))).verdict).toBe('passed');
  });

  it('a ServiceAccount creates pods, as controllers do', async () => {
    expect((await create(a('robot'), pod())).verdict).toBe('passed');
    await apply(cluster, [{
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'work', namespace: NAMESPACE },
      spec: { template: { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: cluster.image, command: ['true'] }] } } },
    }]);
    await eventually('the Job\'s pod', async () => (await find(cluster, ['pods', '-n', NAMESPACE, '-l', 'batch.kubernetes.io/job-name=work'])).items[0]);
  });

  it('the images of a pod are not changed by people, not by who may write pods, nor by system:masters', async () => {
    for (const name of ['cora', 'admin']) {
      expectRefused(await by(cluster, a(name), ['set', 'image', `pod/${POD}`, '-n', NAMESPACE, 'app=evil.example/x:1']), 'are not changed by people');
    }
  });

  it('a pod is not created with debug containers, nor are they added by writing the pod', async () => {
    expect((await create(a('cora'), pod({ ephemeralContainers: [container({ command: ['sh'] })] }))).verdict).toBe('invalid');
    const one = container({ command: ['sh'] });
    await by(cluster, a('cora'), ['patch', `pod/${POD}`, '-n', NAMESPACE, '--type=strategic', '-p', JSON.stringify({ spec: { ephemeralContainers: [one] } })]);
    const found = await find(cluster, ['pod', POD, '-n', NAMESPACE]);
    expect((found.spec.ephemeralContainers ?? []).map((c: any) => c.name)).not.toContain(one.name);
  });

  it('labels of a pod are', async () => expect((await by(cluster, a('cora'), ['label', `pod/${POD}`, '-n', NAMESPACE, 'seen=yes', '--overwrite'])).verdict).toBe('passed'));
});

describe('debugging nodes', () => {
  const node = async (name: string, args: string[], profile = 'general', image = IMAGE) =>
    by(cluster, a(name), ['debug', `node/${cluster.node ? await nodeName(cluster) : NODE}`, '-n', NAMESPACE, `--image=${image}`, `--profile=${profile}`, ...args]);

  test.each(['alice', 'cora', 'admin', 'carol', 'frank'])('%s: is refused without the right', async name => {
    expectRefused(await node(name, ['--', 'id']), 'debugging nodes is not granted to you');
  });

  it('dave: a pod on the node is refused to a Role with wildcards', async () => {
    expectRefused(await create(a('dave'), pod({ hostPID: true, nodeName: NODE, containers: [container()] })), 'debugging nodes is not granted to you');
  });

  it('nick: passes with the right', async () => expect((await node('nick', ['--', 'id'])).verdict).toBe('passed'));
  it('nick: another image is refused', async () => expectRefused(await node('nick', ['--', 'id'], 'general', 'docker.io/library/alpine:3.20'), 'is none of'));
  it('nick: another command is refused', async () => expectRefused(await node('nick', ['--', 'chroot', '/host']), 'may not run'));
  it('nick: the image\'s own entrypoint is refused', async () => expectRefused(await node('nick', []), 'takes the debug image shell'));
  it('nick: a privileged container is refused', async () => expectRefused(await node('nick', ['--', 'id'], 'sysadmin'), '(privileged)'));
  it('nick: a container of any other name is judged too', async () => expectRefused(await node('nick', ['--container=app', '--', 'sh']), 'app takes the debug image shell'));

  const onNode = (spec: object) => pod({ hostPID: true, containers: [container()], ...spec });
  it('nick: a pod with the token of another ServiceAccount is refused', async () => expectRefused(await create(a('nick'), onNode({ serviceAccountName: 'robot' })), 'the ServiceAccount robot'));
  it('nick: a pod with a Secret is refused', async () => {
    expectRefused(await create(a('nick'), onNode({ volumes: [{ name: 'password', secret: { secretName: 'password' } }] })), 'volumes that are no hostPath');
  });
  it('nick: a directory of the node in place of the programs of the image is refused', async () => {
    const volumes = [{ name: 'mine', hostPath: { path: '/var/lib/kubelet/pods/mine' } }];
    expectRefused(await create(a('nick'), onNode({ volumes, containers: [container({ volumeMounts: [{ name: 'mine', mountPath: '/bin' }] })] })), 'volume mine at /bin');
    expect((await create(a('nick'), onNode({ volumes, containers: [container({ volumeMounts: [{ name: 'mine', mountPath: '/host/mine' }] })] }))).verdict).toBe('passed');
  });
  it('nick: a copy is refused', async () => expectRefused(await create(a('nick'), pod()), 'copying pods is not granted to you'));
});

describe('level restricted, with a target', () => {
  const strict = (args: string[], profile = 'restricted') => debug(cluster, a('alice'), [...args, '--', 'id'], { ns: STRICT, profile });
  it('the profile restricted passes', async () => expect((await strict(['--target=app'])).verdict).toBe('passed'));
  it('no target is refused', async () => expect(await strict([])).toMatchObject({ verdict: 'refused by sd-debug-strict', said: expect.stringContaining('names no target: add --target=CONTAINER') }));
  it('the profile baseline is refused', async () => {
    const { verdict, said } = await strict(['--target=app'], 'baseline');
    expect(verdict).toBe('refused by sd-debug-strict');
    expect(said).toContain('(allowPrivilegeEscalation is not false, capabilities do not drop ALL, runAsNonRoot is not true, seccompProfile is not RuntimeDefault) is beyond the level restricted');
  });
  it('root is refused', async () => {
    const { said } = await debug(cluster, a('alice'), ['--target=app', custom({ securityContext: { runAsUser: 0, runAsNonRoot: false } }), '--', 'id'], { ns: STRICT, profile: 'restricted' });
    expect(said).toContain('(runAsNonRoot is not true, runAsUser 0) is beyond the level restricted');
  });
});

it('a restricted copy passes, and one with a volume of another kind is refused', async () => {
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } };
  const hardened = (more: object) => pod({
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{ name: 'app', image: 'registry.example/ledger:1', securityContext }],
    ...more,
  });
  expect((await create(a('cora'), hardened({ volumes: [{ name: 'tmp', emptyDir: {} }] }), STRICT)).verdict).toBe('passed');
  expect(await create(a('cora'), hardened({ volumes: [{ name: 'share', nfs: { server: 'a.example', path: '/' } }] }), STRICT))
    .toMatchObject({ verdict: 'refused by sd-debug-strict', said: expect.stringContaining('(volumes of other kinds) is beyond the level restricted') });
});

it('the level privileged lets everything be set', async () => {
  const { verdict, said } = await debug(cluster, a('alice'), ['--', 'id'], { ns: LENIENT, profile: 'sysadmin' });
  expect(verdict).toBe('passed');
  expect(said).not.toContain('beyond');
});

it('kubectl debug shows the warning of a guardrail that warns, and goes on', async () => {
  const said = await eventually('a warning', async () => {
    const { verdict, said: text } = await debug(cluster, a('alice'), ['--', 'sh', '-c', 'id'], { ns: LENIENT });
    expect(verdict).toBe('passed');
    return text.includes('Warning:') ? text : undefined;
  });
  expect(said).toContain('"sh -c id" may not run in a debug container here');
});

describe('24 images, all of one reference', () => {
  it('are close to the largest policy', async () => {
    expect(JSON.stringify((await find(cluster, ['validatingadmissionpolicy', 'sd-debug-full'])).spec).length).toBeGreaterThan(800_000);
  });

  it('the last command of the last image is found, and the one before it is not hers', async () => {
    expect((await add(a('alice'), [container({ command: long(23, LONG - 1).argv })], 'strategic merge patch', FULL)).verdict).toBe('passed');
    expect((await add(a('alice'), [container({ command: long(22, LONG - 1).argv })], 'strategic merge patch', FULL)).verdict).toBe('refused by sd-debug-full');
    expect((await add(a('alice'), [container({ command: long(23, LONG).argv })], 'strategic merge patch', FULL)).verdict).toBe('refused by sd-debug-full');
  });

  it('in a pod that was debugged a hundred times', async () => {
    for (let i = 0; i < 50; i++) expect((await add(a('alice'), [container({ command: ['ls', '-l'] }), container()], 'strategic merge patch', FULL)).verdict).toBe('passed');
    expect((await add(a('alice'), [container()], 'strategic merge patch', FULL)).verdict).toBe('passed');
    expect((await add(a('erin'), [container()], 'strategic merge patch', FULL)).verdict).toBe('refused by sd-debug-full');
  });

  it('the last one is found', async () => expect((await debug(cluster, a('alice'), ['--', 'id'], { ns: FULL })).verdict).toBe('passed'));
  it('who has none is refused, not failed', async () => expect((await debug(cluster, a('erin'), ['--', 'id'], { ns: FULL })).verdict).toBe('refused by sd-debug-full'));
  it('a copy with the last one passes, and without the right is refused', async () => {
    const copy = pod({ containers: [{ name: 'app', image: 'registry.example/ledger:1' }, container(), container()] });
    expect((await create(a('cora'), copy, FULL)).verdict).toBe('passed');
    expect((await create(a('alice'), copy, FULL)).verdict).toBe('refused by sd-debug-full');
  });
});

describe('end to end', () => {
  const logs = async (name: string) => eventually(`the output of ${name}`, async () => {
    const { stdout } = await kubectl(cluster, a('alice'), ['logs', POD, '-n', NAMESPACE, '-c', name]);
    return stdout || undefined;
  });

  withNode('what alice starts runs, and she reads what it says', async () => {
    const name = `debugger-runs-${newest.replace(/\./g, '-')}`;
    expect((await debug(cluster, a('alice'), [`--container=${name}`, '--target=app', '--', 'id'])).verdict).toBe('passed');
    expect(await logs(name)).toContain('uid=0(root)');
  });

  withNode('bob attaches to the shell he may start', async () => {
    const args = ['debug', POD, '-n', NAMESPACE, `--image=${IMAGE}`, '--profile=baseline', '-i', '--', 'sh'];
    // What is said before kubectl has attached may be lost.
    const ended = await kubectl(cluster, a('bob'), args, { stdin: 'while :; do echo it is $((6*7)); sleep 1; done\n', until: stdout => stdout.includes('it is 42') });
    expect(ended.stdout).toContain('it is 42');
  });

  withNode('what is not seen: alice, who may start no shell, goes on with the one that bob left', async () => {
    expect((await debug(cluster, a('bob'), ['-i', '--attach=false', '--container=debugger-left', '--', 'sh'])).verdict).toBe('passed');
    await eventually('the shell', async () => (await find(cluster, ['pod', POD, '-n', NAMESPACE])).status.ephemeralContainerStatuses?.find((c: any) => c.name === 'debugger-left')?.state.running);
    const ended = await kubectl(cluster, a('alice'), ['attach', POD, '-n', NAMESPACE, '-c', 'debugger-left', '-i'], {
      stdin: 'while :; do echo it is $((6*7)); sleep 1; done\n', until: stdout => stdout.includes('it is 42'),
    });
    expect(ended.stdout).toContain('it is 42');
  });

  withNode('what nick starts on the node runs', async () => {
    const { said } = await by(cluster, a('nick'), ['debug', `node/${await nodeName(cluster)}`, '-n', NAMESPACE, `--image=${IMAGE}`, '--profile=general', '--', 'ls', '-l']);
    const name = /node-debugger-\S+/.exec(said)![0];
    await eventually('its output', async () => (await kubectl(cluster, a('alice'), ['logs', '-n', NAMESPACE, name])).stdout || undefined);
  });
});
