import { spawn, spawnSync } from 'child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import { DebugGateway, DebugGatewayProps, GatewayRecording, OnCallDebugAccess } from '../../../src';
import { Cluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { Ended, eventually, must, run, RunOptions } from '../lab/process';
import { namespace, remove, running, target } from '../lab/targets';

const PROJECT = join(__dirname, '..', '..', '..');
export const POD = 'ledger-0';
export const GROUP = 'sd-gateway-oncall';
export const IMAGE = 'secure-debug.test/debug-gateway:1.0.0';
/** Only this host's node can be given an image. */
export const possible = (cluster: Cluster) => cluster.own && cluster.node && Number(cluster.version.split('.')[1]) >= 36 && hasSshd();
export const WHY_NOT = 'needs a node of this suite, Kubernetes 1.36 and sshd (apt-get install openssh-server)';

function hasSshd(): boolean {
  return spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v sshd && command -v ssh && command -v ssh-keygen'], { stdio: 'ignore' }).status === 0;
}

/**
 * Kubernetes watches what policies compare with, here CronJobs, for as long as there is such a policy. When the last one is deleted
 * it stops, and does not begin again before the API server is restarted. So this one refuses nothing, and outlives every scene.
 */
const WATCHED = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'sd-gateway-watched' },
    spec: {
      paramKind: { apiVersion: 'batch/v1', kind: 'CronJob' },
      matchConstraints: { resourceRules: [{ apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'], operations: ['CREATE'] }] },
      validations: [{ expression: 'true' }],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'sd-gateway-watched' },
    spec: {
      policyName: 'sd-gateway-watched',
      paramRef: { selector: {}, parameterNotFoundAction: 'Allow' },
      validationActions: ['Audit'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'sd-gateway-nowhere' } } },
    },
  },
];

export interface CertificateOptions {
  readonly authority?: string;
  readonly principals?: string[];
  /** As ssh-keygen -V takes it. */
  readonly validity?: string;
  readonly serial?: number;
  /** As ssh-keygen -O takes them. */
  readonly options?: string[];
}

export interface SshOptions extends RunOptions {
  readonly key?: string;
  /** Options that win over those of `words`. */
  readonly first?: string[];
}

/** A new size of the terminal, once something has been seen in it. */
export interface Later {
  readonly seen: string;
  readonly size: string;
}

/** A gateway with real people, keys and pods. */
export class Scene {
  public alice!: Person;
  public readonly host: string;
  public readonly principal = 'debug-gateway';
  /** The namespace that it leads to. */
  public readonly target: string;
  /** Where a pod looks after the folder of the recordings, as whatever ships them would. */
  private readonly store: string;
  private readonly folder: string;
  /** The gateway's own pod. */
  public pod = '';
  private forwarding?: ReturnType<typeof spawn>;
  private port = 0;
  private address = '127.0.0.1';

  /** @param gateway name of its namespace */
  public constructor(public readonly cluster: Cluster, public readonly gateway: string, private readonly props: Partial<DebugGatewayProps> = {}) {
    this.folder = join(cluster.folder, gateway);
    this.host = `debug-gateway.${gateway}`;
    this.target = `${gateway}-target`;
    this.store = `${gateway}-store`;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  public async set(change: (objects: any[]) => void = () => undefined): Promise<void> {
    const { cluster, gateway, store } = this;
    await apply(cluster, WATCHED);
    await remove(cluster, [gateway, this.target, store]);
    await must(join(PROJECT, 'gateway', 'assemble.sh'), [dirname(cluster.kubeconfig), IMAGE], { env: process.env, timeout: 300_000 });
    this.alice = (await people(cluster, [{ name: 'alice', groups: [GROUP] }])).alice;
    for (const name of ['user-authority', 'host-authority', 'other-authority', 'host', 'alice', 'revoked']) await this.key(name);
    await this.run('ssh-keygen', ['-q', '-s', 'host-authority', '-h', '-I', 'gateway', '-n', this.host, '-V', '-5m:+4h', 'host.pub']);
    const path = `/var/lib/${gateway}`;
    await apply(cluster, [namespace(gateway, 'restricted'), namespace(this.target), namespace(store)]);
    await apply(cluster, [
      target(cluster, this.target, POD),
      {
        ...target(cluster, store, 'keeper'),
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{
            name: 'app',
            image: cluster.image,
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-c', 'rm -rf /store/*; chown 65532:65532 /store; chmod 700 /store; touch /tmp/ready; while :; do sleep 3600; done'],
            readinessProbe: { exec: { command: ['test', '-e', '/tmp/ready'] }, periodSeconds: 1 },
            volumeMounts: [{ name: 'store', mountPath: '/store' }],
          }],
          volumes: [{ name: 'store', hostPath: { path, type: 'DirectoryOrCreate' } }],
        },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: gateway },
        spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany'], storageClassName: gateway, persistentVolumeReclaimPolicy: 'Retain', hostPath: { path }, claimRef: { namespace: gateway, name: 'recordings' } },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'recordings', namespace: gateway },
        spec: { accessModes: ['ReadWriteMany'], storageClassName: gateway, resources: { requests: { storage: '1Gi' } } },
      },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'debug-gateway-host-key', namespace: gateway },
        data: Object.fromEntries([['ssh_host_ed25519_key', 'host'], ['ssh_host_ed25519_key-cert.pub', 'host-cert.pub']].map(([key, file]) => [key, readFileSync(join(this.folder, file)).toString('base64')])),
      },
    ]);
    const objects = this.objects();
    change(objects);
    await apply(cluster, objects);
    await running(cluster, this.target, [POD]);
    await running(cluster, store, ['keeper']);
  }

  /** What is declared. */
  public objects(): any[] {
    const chart = new Chart(new App(), 'suite');
    new DebugGateway(chart, 'gateway', {
      clusterVersion: this.cluster.version,
      gatewayNamespace: this.gateway,
      deadline: Duration.hours(1),
      recording: GatewayRecording.volumeClaim('recordings'),
      targets: [{ namespace: this.target, groups: [GROUP], ports: [8080] }],
      userAuthorities: [this.publicKey('user-authority')],
      hostAuthority: this.publicKey('host-authority'),
      revokedKeys: [this.publicKey('revoked')],
      revokedSerials: ['666'],
      image: IMAGE,
      debugImages: [this.cluster.image],
      ...this.props,
    });
    new OnCallDebugAccess(chart, 'oncall', { namespace: this.target, group: GROUP });
    return chart.toJson();
  }

  /** Starts a gateway as alice does, and forwards a port to it, or takes its pod's address. Policies take a moment to be seen. */
  public async open(name: string, direct = false): Promise<void> {
    const { cluster, gateway, alice } = this;
    await eventually('a gateway to be allowed', async () => {
      const ended = await kubectl(cluster, alice, ['-n', gateway, 'create', 'job', name, '--from=cronjob/debug-gateway']);
      return ended.code === 0 || /already exists/.test(ended.stderr) ? true : undefined;
    });
    await eventually('the gateway to be ready', async () => {
      const { items } = JSON.parse(await asAdmin(cluster, ['-n', gateway, 'get', 'pods', '-o', 'json', '-l', `job-name=${name}`]));
      this.pod = items[0]?.metadata.name;
      if (direct) this.address = items[0]?.status.podIP;
      return items[0]?.status.conditions?.some((one: any) => one.type === 'Ready' && one.status === 'True') || undefined;
    });
    writeFileSync(join(this.folder, 'known'), `@cert-authority ${this.host} ${this.publicKey('host-authority')}\n`);
    this.forwarding?.kill();
    if (direct) {
      this.port = 2222;
      return;
    }
    const child = spawn(Object.values(cluster.clients)[0], ['-n', gateway, 'port-forward', `job/${name}`, ':2222'], {
      env: { PATH: process.env.PATH, HOME: this.folder, KUBECONFIG: alice.kubeconfig }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.forwarding = child;
    this.port = await new Promise((resolve, fail) => {
      let said = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', data => {
          said += data;
          const [, port] = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(said) ?? [];
          if (port) resolve(Number(port));
        });
      }
      child.on('close', () => fail(new Error(`port-forward ended: ${said}`)));
    });
  }

  public async close(): Promise<void> {
    this.forwarding?.kill();
    await remove(this.cluster, [this.gateway, this.store, this.target]);
    await asAdmin(this.cluster, ['delete', 'persistentvolume', this.gateway, '--ignore-not-found', '--wait=false']);
    for (const object of this.objects().filter(({ metadata }) => !metadata.namespace && metadata.name !== this.gateway)) {
      await asAdmin(this.cluster, ['delete', object.kind, object.metadata.name, '--ignore-not-found']);
    }
  }

  /** Makes a certificate for a key, in the place where ssh looks for it. */
  public async sign(key: string, options: CertificateOptions = {}): Promise<void> {
    const { authority = 'user-authority', principals = [this.principal, 'user:alice', `group:${GROUP}`], validity = '-1m:+30m', serial = 7, options: limits = [] } = options;
    await this.run('ssh-keygen', ['-q', '-s', authority, '-I', key, '-z', String(serial), '-n', principals.join(','), '-V', validity, ...limits.flatMap(one => ['-O', one]), `${key}.pub`]);
  }

  /** The words of an ssh command. */
  public words(args: string[], key = 'alice', first: string[] = []): string[] {
    return [
      'ssh', ...first, '-F', '/dev/null', '-p', String(this.port), '-i', join(this.folder, key), '-o', 'IdentitiesOnly=yes', '-o', `HostKeyAlias=${this.host}`,
      '-o', `UserKnownHostsFile=${join(this.folder, 'known')}`, '-o', 'GlobalKnownHostsFile=/dev/null', '-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR',
      ...args.some(word => word.endsWith('@127.0.0.1')) ? args : [`debug@${this.address}`, ...args],
    ];
  }

  /** Real ssh, to the gateway. */
  public ssh(args: string[], options: SshOptions = {}): Promise<Ended> {
    const [program, ...words] = this.words(args, options.key, options.first);
    return run(program, words, { env: { PATH: process.env.PATH, HOME: this.folder, TERM: 'xterm' }, ...options });
  }

  /** The words by which alice does something in the target by kubectl. */
  public kubectlWords(args: string[]): string[] {
    return [Object.values(this.cluster.clients)[0], '--kubeconfig', this.alice.kubeconfig, '-n', this.target, ...args];
  }

  public asAlice(args: string[]): Promise<Ended> {
    return kubectl(this.cluster, this.alice, ['-n', this.target, ...args]);
  }

  public get environment(): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: this.folder };
  }

  /** In a terminal of its own; each text is typed when the one before it has been seen. */
  public async terminal(args: string[], steps: [seen: string, type: string][], size = 'rows 24 cols 80', later?: Later): Promise<{ code: number | null; shown: string }> {
    const flag = join(this.folder, 'resize');
    rmSync(flag, { force: true });
    const resize = later ? `(while [ ! -e '${flag}' ]; do sleep 0.2; done; stty ${later.size} </dev/tty) & ` : '';
    const quoted = this.words(args).map(word => `'${word.replace(/'/g, '\'\\\'\'')}'`).join(' ');
    const child = spawn('script', ['--quiet', '--return', '--flush', '--command', `stty ${size}; ${resize}${quoted}`, '/dev/null'], {
      env: { PATH: process.env.PATH, HOME: this.folder, TERM: 'xterm' }, stdio: ['pipe', 'pipe', 'pipe'],
    });
    let shown = '';
    let from = 0;
    const left = [...steps];
    child.stdout.on('data', data => {
      shown += data;
      if (later && shown.includes(later.seen)) writeFileSync(flag, '');
      while (left.length && shown.indexOf(left[0][0], from) >= 0) {
        const [[seen, type]] = left.splice(0, 1);
        from = shown.indexOf(seen, from) + seen.length;
        child.stdin.write(type);
      }
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const code = await new Promise<number | null>(resolve => child.on('close', resolve));
    clearTimeout(timer);
    return { code, shown };
  }

  /** The recordings, the oldest first, each as its lines. */
  public async recordings(): Promise<any[][]> {
    const text = await asAdmin(this.cluster, ['-n', this.store, 'exec', 'keeper', '--', 'sh', '-c', 'for f in /store/*.cast; do if [ -s "$f" ]; then cat "$f"; echo; fi; done']);
    // One that is being written may end in the middle of a line.
    return text.split('\n\n').filter(one => one.includes('\n')).map(one => one.trim().split('\n').map(parsed).filter(line => line !== undefined));
  }

  /** The last recording of a command. */
  public async recordingOf(command: string): Promise<any[]> {
    return eventually(`the recording of ${command}`, async () => (await this.recordings()).filter(([header]) => header['secure-debug'].command === command).at(-1), 30_000);
  }

  private publicKey(name: string): string {
    return readFileSync(join(this.folder, `${name}.pub`), 'utf8').trim();
  }

  private async key(name: string): Promise<void> {
    await this.run('sh', ['-c', `rm -f ${name} ${name}.pub ${name}-cert.pub; ssh-keygen -q -t ed25519 -N '' -f ${name}`]);
  }

  private run(program: string, args: string[]): Promise<string> {
    return must(program, args, { cwd: this.folder, env: process.env });
  }
}

function parsed(line: string): any {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
