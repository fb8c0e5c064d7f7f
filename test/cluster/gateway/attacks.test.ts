import { POD, possible, Scene, WHY_NOT } from './scene';
import { Api } from '../lab/api';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, find, kubectl, Person } from '../lab/kubectl';
import { people, serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';

const cluster = theCluster();
const able = possible(cluster);
const it = testIf(able, WHY_NOT);
const GATEWAY = 'sd-gateway-attacked';
const TARGET = `${GATEWAY}-target`;
const at = `${TARGET}/${POD}`;

/** A pod that Pod Security lets pass. */
const STOWAWAY = {
  serviceAccountName: 'debug-gateway',
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [{ name: 'x', image: cluster.image, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
};

let scene: Scene;
let admin: Person;

beforeAll(async () => {
  if (!able) return;
  scene = new Scene(cluster, GATEWAY);
  await scene.set();
  await scene.open('door');
  // Somebody with every right in the gateway's namespace, which nobody should have.
  admin = (await people(cluster, [{ name: 'ada', groups: ['sd-gateway-admins'] }])).ada;
  await asAdmin(cluster, ['-n', GATEWAY, 'create', 'rolebinding', 'everything', '--clusterrole=cluster-admin', '--group=sd-gateway-admins']);
});

afterAll(async () => { if (able) await scene?.close(); });

describe('who gets in', () => {
  const refused = async (key = 'alice') => {
    const ended = await scene.ssh([`exec ${at} -- id`], { key });
    expect(ended.stdout).toBe('');
    return ended;
  };

  it('the right certificate, so that the refusals below mean something', async () => {
    await scene.sign('alice');
    expect((await scene.ssh([`exec ${at} -- echo in`])).stdout).toBe('in\n');
  });

  it.each([
    ['one that has expired', { validity: '-2h:-1h' }],
    ['one that is not valid yet', { validity: '+1h:+2h' }],
    ['one of another authority', { authority: 'other-authority' }],
    ['one for another gateway', { principals: ['other-gateway', 'user:alice', 'group:sd-gateway-oncall'] }],
    ['one without any principal of a gateway', { principals: ['user:alice', 'group:sd-gateway-oncall'] }],
    ['one of the host authority, which vouches for gateways and not for people', { authority: 'host-authority' }],
    ['one that is limited to another address', { options: ['source-address=192.0.2.0/24'] }],
  ])('refused by sshd: %s', async (_name, options) => {
    await scene.sign('alice', options);
    const ended = await refused();
    expect(ended.code).toBe(255);
    expect(ended.stderr).toContain('Permission denied (publickey)');
  });

  it('refused by sshd: a key that was revoked, whatever its certificate says', async () => {
    await scene.sign('revoked');
    expect((await refused('revoked')).stderr).toContain('Permission denied (publickey)');
  });

  it('refused by sshd: a key without a certificate', async () => {
    expect((await refused('other-authority')).stderr).toContain('Permission denied (publickey)');
  });

  it('refused by sshd: another user than the one of the image', async () => {
    await scene.sign('alice');
    const ended = await scene.ssh(['root@127.0.0.1', `exec ${at} -- id`]);
    expect(ended.stderr).toContain('Permission denied (publickey)');
  });

  it.each([
    ['a part of Kubernetes as the person', { principals: ['debug-gateway', 'user:system:admin', 'group:sd-gateway-oncall'] }, /no person/],
    ['a ServiceAccount as the person', { principals: ['debug-gateway', 'user:system:serviceaccount:kube-system:default'] }, /no person/],
    ['two people', { principals: ['debug-gateway', 'user:alice', 'user:bob'] }, /several people/],
    ['nobody', { principals: ['debug-gateway', 'group:sd-gateway-oncall'] }, /nobody/],
    ['more time than is allowed', { validity: '-1m:+3h' }, /longer than 60 minutes/],
    ['a serial number that was revoked', { serial: 666 }, /was revoked/],
  ])('refused by the session program: a certificate for %s', async (_name, options, said) => {
    await scene.sign('alice', options);
    const ended = await refused();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(said);
  });

  it('a group that the gateway does not know is not claimed', async () => {
    await scene.sign('alice', { principals: ['debug-gateway', 'user:alice', 'group:system:masters'] });
    const ended = await refused();
    expect(ended.stderr).toMatch(/alice may not/);
  });

  it('one that is limited to the address of the port-forward gets in', async () => {
    await scene.sign('alice', { options: ['source-address=127.0.0.1/32,::1/128'] });
    expect((await scene.ssh([`exec ${at} -- echo in`])).stdout).toBe('in\n');
  });
});

describe('ways out of the session', () => {
  beforeAll(async () => { if (able) await scene.sign('alice'); });

  it.each([
    ['-W to the API server', ['-W', 'kubernetes.default.svc:443']],
    ['-W to the gateway itself', ['-W', '127.0.0.1:2222']],
  ])('refused: %s', async (_name, args) => {
    const ended = await scene.ssh(args, { timeout: 15_000 });
    expect(ended.stdout).toBe('');
    expect(ended.code).not.toBe(0);
  });

  it('refused: a remote forwarding, so that nobody listens in the gateway', async () => {
    expect((await scene.ssh(['-o', 'ExitOnForwardFailure=yes', '-R', '9000:127.0.0.1:22', 'pods'])).code).toBe(255);
  });

  it('refused: a tunnel device, sftp and scp', async () => {
    expect((await scene.ssh(['-s', 'debug@127.0.0.1', 'sftp'])).stdout).toBe('');
    expect((await scene.ssh(['-s', 'debug@127.0.0.1', 'sftp'])).code).not.toBe(0);
    expect((await scene.ssh(['scp -t /tmp'])).stderr).toContain('scp is no command of the gateway');
    expect((await scene.ssh(['-o', 'ExitOnForwardFailure=yes', '-w', '0:0', 'pods'])).code).not.toBe(0);
  });

  it('harmless: -N, which opens no session and no way through', async () => {
    const before = (await scene.recordings()).length;
    expect(await scene.ssh(['-N'], { timeout: 2_000 })).toMatchObject({ timedOut: true, stdout: '' });
    expect((await scene.recordings()).length).toBe(before);
  });

  it.each([
    ['a second command', `exec ${at} -- true; id`],
    ['a substitution', `exec ${at} -- echo $(id)`],
    ['a pipe', `exec ${at} -- echo x | sh`],
    ['an option as the pod', 'exec --kubeconfig=/dev/null -- id'],
    ['a path as the pod', 'exec ../../kube-system/pods/x -- id'],
    ['a query as the pod', `exec ${TARGET}/${POD}?command=id -- true`],
    ['a container with a query', `exec -c app&command=id ${at} -- true`],
    ['another namespace', 'exec kube-system/coredns -- id'],
    ['a port that is not granted', `forward ${at} 22`],
    ['an image that is not the gateway\'s', `debug --image evil.example/x:1 ${at} -- id`],
    ['the log of an escape', `logs \u001b]0;x\u0007 ${at}`],
  ])('no shell of the gateway sees the command: %s', async (_name, command) => {
    const ended = await scene.ssh([command]);
    expect(ended.stdout).not.toMatch(/uid=65532/);
    expect(ended.stdout).not.toMatch(/uid=0/);
    expect(ended.stdout + ended.stderr).not.toContain('\u001b');
  });

  it('no variable of the client\'s reaches the session', async () => {
    await scene.ssh(['-o', 'SetEnv=KUBERNETES_SERVICE_HOST=192.0.2.1 NODE_OPTIONS=--version SSH_USER_AUTH=/etc/passwd BASH_ENV=/x', 'pods']);
    expect((await scene.ssh(['-o', 'SetEnv=KUBERNETES_SERVICE_HOST=192.0.2.1 NODE_OPTIONS=--version LD_PRELOAD=/x', 'pods'])).stdout).toContain(at);
  });

  it('a client that does not know the authority of gateways does not connect', async () => {
    const ended = await scene.ssh(['pods'], { first: ['-o', 'UserKnownHostsFile=/dev/null'] });
    expect(ended.code).toBe(255);
    expect(ended.stderr).toContain('Host key verification failed');
  });
});

describe('what can be started, and who enters it', () => {
  /** What kubectl create job --from makes, changed. */
  let api: Api;
  let cronJob: any;

  beforeAll(async () => {
    if (!able) return;
    api = new Api(scene.alice);
    cronJob = await find(cluster, ['-n', GATEWAY, 'cronjob', 'debug-gateway']);
  });

  afterAll(() => api?.close());

  const started = async (name: string, change: (job: any) => void) => {
    const { spec, metadata } = cronJob;
    const job: any = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        namespace: GATEWAY,
        annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'debug-gateway', uid: metadata.uid, controller: true }],
      },
      spec: structuredClone(spec.jobTemplate.spec),
    };
    change(job);
    return api.send('POST', `/apis/batch/v1/namespaces/${GATEWAY}/jobs?dryRun=All`, job);
  };

  it('the template as it is', async () => {
    expect((await started('right', () => undefined)).status).toBe(201);
  });

  const container = (job: any) => job.spec.template.spec.containers[0];
  it.each<[string, (job: any) => void]>([
    ['a longer deadline', job => { job.spec.activeDeadlineSeconds = 86_400; }],
    ['no deadline', job => { delete job.spec.activeDeadlineSeconds; }],
    ['a longer deadline of the pod', job => { job.spec.template.spec.activeDeadlineSeconds = 86_400; }],
    ['another image', job => { container(job).image = cluster.image; }],
    ['another command', job => { container(job).command = ['sh', '-c', 'sleep 1d']; }],
    ['a variable', job => { container(job).env = [{ name: 'LD_PRELOAD', value: '/x' }]; }],
    ['a second container', job => { job.spec.template.spec.containers.push({ name: 'x', image: cluster.image }); }],
    ['an init container', job => { job.spec.template.spec.initContainers = [{ name: 'x', image: cluster.image }]; }],
    ['another ServiceAccount', job => { job.spec.template.spec.serviceAccountName = 'default'; }],
    ['a recording that goes nowhere', job => { job.spec.template.spec.volumes.find((one: any) => one.name === 'recordings').emptyDir = {}; delete job.spec.template.spec.volumes.find((one: any) => one.name === 'recordings').persistentVolumeClaim; }],
    ['a configuration of one\'s own', job => { job.spec.template.spec.volumes.find((one: any) => one.name === 'config').configMap.name = 'mine'; }],
    ['pods without end', job => { job.spec.backoffLimit = 100; }],
    ['many pods', job => { job.spec.parallelism = 50; job.spec.completions = 50; }],
    ['a podFailurePolicy', job => { job.spec.podFailurePolicy = { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] }; }],
    ['a manager of one\'s own', job => { job.spec.managedBy = 'example.com/mine'; }],
    ['a suspended Job, to be changed later', job => { job.spec.suspend = true; }],
    ['no end of the Job', job => { delete job.spec.ttlSecondsAfterFinished; }],
    ['an annotation on the pod', job => { job.spec.template.metadata.annotations = { 'container.apparmor.security.beta.kubernetes.io/sshd': 'unconfined' }; }],
    ['a label on the pod', job => { job.spec.template.metadata.labels.other = 'x'; }],
    ['a label of the pod less, so that no NetworkPolicy finds it', job => { delete job.spec.template.metadata.labels['app.kubernetes.io/name']; }],
    ['a finalizer', job => { job.metadata.finalizers = ['example.com/stay']; }],
    ['no owner', job => { delete job.metadata.ownerReferences; }],
    ['an owner that is not there', job => { job.metadata.ownerReferences[0].uid = '00000000-0000-0000-0000-000000000000'; }],
  ])('refused: a Job with %s', async (_name, change) => {
    const { status, body } = await started('wrong', change);
    expect([403, 422]).toContain(status);
    expect(body.message).toMatch(new RegExp(`secure-debug-gateway-${GATEWAY}|is invalid`));
  });

  it('refused, even to who administers the namespace: a longer deadline while it runs', async () => {
    const ended = await kubectl(cluster, admin, ['-n', GATEWAY, 'patch', 'job', 'door', '--type=merge', '-p', '{"spec":{"activeDeadlineSeconds":86400}}']);
    expect(ended.stderr).toContain('never changes');
  });

  it.each<[string, () => string[]]>([
    ['exec into the gateway', () => ['-n', GATEWAY, 'exec', scene.pod, '--', 'cat', '/var/run/secrets/kubernetes.io/serviceaccount/token']],
    ['attach to it', () => ['-n', GATEWAY, 'attach', scene.pod]],
    ['a debug container in it', () => ['-n', GATEWAY, 'debug', scene.pod, '--profile=restricted', `--image=${cluster.image}`, '--', 'id']],
    ['a token of it', () => ['-n', GATEWAY, 'create', 'token', 'debug-gateway']],
    ['a pod beside it with its ServiceAccount', () => ['-n', GATEWAY, 'run', 'x', `--image=${cluster.image}`, `--overrides=${JSON.stringify({ spec: STOWAWAY })}`]],
  ])('refused, even to who administers the namespace: %s', async (_name, args) => {
    const ended = await kubectl(cluster, admin, args());
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(`secure-debug-gateway-fence-${GATEWAY}`);
  });
});

describe('a stolen token of the gateway', () => {
  let thief: Person;
  const as = (...args: string[]) => kubectl(cluster, thief, args);

  beforeAll(async () => {
    if (!able) return;
    // The fence refuses to give it out, so it is opened for a moment.
    const fence = await find(cluster, ['validatingadmissionpolicybinding', `secure-debug-gateway-fence-${GATEWAY}`]);
    await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding', fence.metadata.name]);
    thief = await eventually('a token', async () => serviceAccount(cluster, GATEWAY, 'debug-gateway').catch(() => undefined));
    const { managedFields, resourceVersion, uid, creationTimestamp, generation, ...metadata } = fence.metadata;
    await apply(cluster, [{ ...fence, metadata }]);
    // Else each of the requests below would begin by asking what there is, and be refused for that.
    await as('api-resources');
  });

  it('does nothing in its own name', async () => {
    const { stdout } = await as('auth', 'can-i', '--list', '-n', TARGET, '--no-headers');
    expect(stdout.split('\n').filter(line => /^(pods|secrets|\*)/.test(line) && !/impersonate/.test(line))).toEqual([]);
  });

  it.each([
    ['Secrets of the target, as the person', ['--as=alice', '--as-group=sd-gateway-oncall', '-n', TARGET, 'get', 'secrets']],
    ['Secrets of kube-system, as a controller', ['--as=system:kube-controller-manager', '-n', 'kube-system', 'get', 'secrets']],
    ['everything, as system:masters', ['--as=alice', '--as-group=system:masters', '-n', TARGET, 'get', 'pods']],
    ['pods, as a ServiceAccount', ['--as=system:serviceaccount:kube-system:default', '-n', TARGET, 'get', 'pods']],
    ['pods, as a node', ['--as=system:node:node-1', '-n', TARGET, 'get', 'pods']],
    ['pods elsewhere, as the person', ['--as=alice', '--as-group=sd-gateway-oncall', '-n', 'kube-system', 'get', 'pods']],
    ['the deletion of a pod, as the person', ['--as=alice', '--as-group=sd-gateway-oncall', '-n', TARGET, 'delete', 'pod', POD]],
    ['pods, as a group of another team', ['--as=alice', '--as-group=sd-gateway-admins', '-n', TARGET, 'get', 'pods']],
    ['what system:masters may do', ['--as=alice', '--as-group=system:masters', '-n', TARGET, 'auth', 'can-i', 'get', 'secrets']],
    ['what a controller may do', ['--as=system:serviceaccount:kube-system:default', '-n', TARGET, 'auth', 'can-i', 'get', 'secrets']],
    ['Jobs beside the gateway, as the person', ['--as=alice', '--as-group=sd-gateway-oncall', '-n', GATEWAY, 'get', 'jobs']],
  ])('does not get %s', async (_name, args) => {
    const ended = await as(...args);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/forbidden/i);
  });

  it('debugs as any member of the groups, which is what is left of it, and the audit log has its name beside theirs', async () => {
    expect((await as('--as=mallory', '--as-group=sd-gateway-oncall', '-n', TARGET, 'get', 'pods')).code).toBe(0);
  });
});

describe('the deadline', () => {
  it('ends the gateway, and with it what is open in it', async () => {
    await scene.sign('alice');
    const open = scene.ssh([`exec ${at} -- sh -c "echo begun; sleep 600"`], { timeout: 60_000 });
    // Its own deadline is an hour; Kubernetes lets it be shortened, and only the policy stands in the way.
    const policy = await find(cluster, ['validatingadmissionpolicybinding', `secure-debug-gateway-${GATEWAY}`]);
    await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding', policy.metadata.name]);
    await eventually('the session to begin', async () => (await scene.recordings()).some(lines => JSON.stringify(lines).includes('"begun\\n"')) || undefined);
    await eventually('the deadline to be shortened', async () => {
      await asAdmin(cluster, ['-n', GATEWAY, 'patch', 'job', 'door', '--type=merge', '-p', '{"spec":{"activeDeadlineSeconds":5}}']).catch(() => undefined);
      return (await find(cluster, ['-n', GATEWAY, 'job', 'door']))?.spec.activeDeadlineSeconds === 5 || undefined;
    });
    const ended = await open;
    expect(ended.timedOut).toBe(false);
    expect(ended.code).not.toBe(0);
    const job = await find(cluster, ['-n', GATEWAY, 'job', 'door']);
    expect(job.status.conditions).toContainEqual(expect.objectContaining({ type: 'Failed', reason: 'DeadlineExceeded' }));
  });
});

describe('a gateway for keys on hardware', () => {
  it('refused by sshd: a certificate of a key in a file', async () => {
    const hard = new Scene(cluster, GATEWAY, { hardwareKeys: true });
    await apply(cluster, [hard.objects().find(({ kind }) => kind === 'ConfigMap')]);
    await scene.open('hard');
    await scene.sign('alice');
    expect((await scene.ssh([`exec ${at} -- id`])).stderr).toContain('Permission denied (publickey)');
  });
});
