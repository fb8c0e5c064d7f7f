import { mkdirSync, readFileSync } from 'fs';
import { get } from 'http';
import { join } from 'path';
import { Cluster } from '../lab/cluster';
import { kubectl, KubectlOptions, Person } from '../lab/kubectl';
import { Ended } from '../lab/process';

/** Somebody who does something somewhere by a client. */
export interface Attempt {
  readonly cluster: Cluster;
  readonly person: Person;
  readonly client: string;
  readonly namespace: string;
  /** The pod to debug; its container is `app`, which prints `tick` every second and serves `hello` on port 8080. */
  readonly pod: string;
  readonly node: string;
}

/** What came of it. Anything that is neither success nor refusal is told in words. */
export type Outcome = 'works' | 'refused' | `neither: ${string}`;

/** Something people do while debugging. */
export interface Action {
  /** As people write it. */
  readonly title: string;
  /** The sets of capabilities that suffice, by id; from the documentation of kubectl and Kubernetes, not from the model. */
  readonly needs: string[][];
  /** Events that the audit log must have when it works. */
  readonly recorded?: Recorded[];
  /** It needs a part that the cluster may not have. */
  readonly part?: 'metrics';
  /** It is about cluster-scoped objects: the namespace makes no difference. */
  readonly clusterScoped?: boolean;
  do(attempt: Attempt): Promise<Ended>;
  /** Whether what came out shows that it worked. */
  shows(ended: Ended, attempt: Attempt): boolean;
}

/** An event that must be in the log. */
export interface Recorded {
  /** Resource with its subresource. */
  readonly resource: string;
  readonly verbs: string[];
  readonly level: 'Metadata' | 'Request';
  /** What the event must contain: in its URL for a stream, in its body for a request. */
  readonly says?: string[];
}

const HELLO = 'hello-from-the-session';
const say = ['--', 'sh', '-c', `echo ${HELLO}`];
/** What a debug container says before kubectl has attached to it, or just before it ends, may be lost. */
const sayForAWhile = ['--', 'sh', '-c', `for i in $(seq 20); do echo ${HELLO}; sleep 1; done`];
const untilSaid = { until: (stdout: string) => stdout.includes(HELLO), timeout: 120_000 };
const saysHello = (ended: Ended) => ended.code === 0 && ended.stdout.includes(HELLO);
const stream = (subresource: string): Recorded => ({ resource: `pods/${subresource}`, verbs: ['get', 'create'], level: 'Metadata' });

/** Those who see a pod's name can read it: every capability about single pods needs that. */
const ANY_POD_READER = ['read-workloads', 'read-logs', 'exec', 'attach', 'port-forward', 'ephemeral-containers', 'pod-copy', 'node-debug'].map(id => [id]);
const POD_LISTER = ['read-workloads', 'ephemeral-containers', 'pod-copy', 'node-debug'].map(id => [id]);

function by(attempt: Attempt, args: string[], options: KubectlOptions = {}): Promise<Ended> {
  return kubectl(attempt.cluster, attempt.person, ['-n', attempt.namespace, ...args], { client: attempt.client, ...options });
}

let files = 0;

export const ACTIONS: Action[] = [
  {
    title: 'get',
    needs: ANY_POD_READER,
    do: a => by(a, ['get', 'pod', a.pod]),
    shows: (e, a) => e.code === 0 && e.stdout.includes(a.pod),
  },
  {
    title: 'list',
    needs: POD_LISTER,
    do: a => by(a, ['get', 'pods']),
    shows: (e, a) => e.code === 0 && e.stdout.includes(a.pod),
  },
  {
    title: 'get --watch',
    needs: POD_LISTER,
    do: a => by(a, ['get', 'pods', '--watch-only', '--output-watch-events', '--request-timeout=2s']),
    shows: e => e.code === 0 || /timeout|deadline|Timeout/.test(e.stderr) && !/forbidden/i.test(e.stderr),
  },
  {
    title: 'describe',
    needs: ANY_POD_READER,
    do: a => by(a, ['describe', 'pod', a.pod]),
    shows: (e, a) => e.code === 0 && new RegExp(`^Name:\\s+${a.pod}$`, 'm').test(e.stdout),
  },
  {
    title: 'events',
    needs: [['read-events']],
    do: a => by(a, ['events', '--for', `pod/${a.pod}`]),
    shows: (e, a) => e.code === 0 && e.stdout.includes(a.pod),
  },
  {
    title: 'rollout status',
    needs: [['read-workloads']],
    do: a => by(a, ['rollout', 'status', 'deployment/web', '--timeout=60s']),
    shows: e => e.code === 0 && e.stdout.includes('successfully rolled out'),
  },
  {
    title: 'get configmap',
    needs: [['read-config']],
    do: a => by(a, ['get', 'configmap', 'settings', '-o', 'jsonpath={.data.color}']),
    shows: e => e.code === 0 && e.stdout === 'green',
  },
  {
    title: 'get secret',
    needs: [],
    do: a => by(a, ['get', 'secret', 'password', '-o', 'name']),
    shows: e => e.code === 0,
  },
  {
    title: 'top pod',
    needs: [['read-metrics']],
    part: 'metrics',
    do: a => by(a, ['top', 'pod', a.pod]),
    shows: (e, a) => e.code === 0 && e.stdout.includes(a.pod),
  },
  {
    title: 'logs',
    needs: [['read-logs'], ['ephemeral-containers'], ['pod-copy'], ['node-debug']],
    recorded: [{ resource: 'pods/log', verbs: ['get'], level: 'Metadata' }],
    do: a => by(a, ['logs', a.pod, '-c', 'app', '--tail=3']),
    shows: e => e.code === 0 && e.stdout.includes('tick'),
  },
  {
    title: 'logs --follow',
    needs: [['read-logs'], ['ephemeral-containers'], ['pod-copy'], ['node-debug']],
    recorded: [{ resource: 'pods/log', verbs: ['get'], level: 'Metadata', says: ['follow=true'] }],
    do: a => by(a, ['logs', a.pod, '-c', 'app', '--follow', '--tail=0'], { until: stdout => stdout.includes('tick') }),
    shows: e => e.satisfied,
  },
  {
    title: 'exec',
    needs: [['exec']],
    recorded: [{ ...stream('exec'), says: ['command=sh', 'command=-c', `command=echo+${HELLO}`, 'container=app'] }],
    do: a => by(a, ['exec', a.pod, '-c', 'app', ...say]),
    shows: saysHello,
  },
  {
    title: 'exec --stdin --tty',
    needs: [['exec']],
    recorded: [{ ...stream('exec'), says: ['command=sh', 'stdin=true', 'tty=true'] }],
    // What is typed at a terminal is echoed, so the answer must differ from it.
    do: a => by(a, ['exec', '-it', a.pod, '-c', 'app', '--', 'sh', '-c', 'test -t 0 && test -t 1 && echo "hello-from-""the-session"'], { tty: true }),
    shows: saysHello,
  },
  {
    title: 'attach',
    needs: [['attach'], ['ephemeral-containers'], ['pod-copy'], ['node-debug']],
    recorded: [{ ...stream('attach'), says: ['container=app'] }],
    do: a => by(a, ['attach', a.pod, '-c', 'app'], { until: stdout => stdout.includes('tick') }),
    shows: e => e.satisfied,
  },
  {
    title: 'port-forward, and bytes through it',
    needs: [['port-forward']],
    recorded: [stream('portforward')],
    do: a => by(a, ['port-forward', `pod/${a.pod}`, ':8080', '--address=127.0.0.1'], { until: forwardsBytes }),
    shows: e => e.satisfied,
  },
  {
    title: 'cp',
    needs: [['exec']],
    recorded: [{ ...stream('exec'), says: ['command=tar'] }],
    do: a => {
      const folder = join(a.cluster.folder, 'copied');
      mkdirSync(folder, { recursive: true });
      const file = join(folder, String(files++));
      return by(a, ['cp', '-c', 'app', `${a.pod}:/www/index.html`, file]).then(ended => ({ ...ended, stdout: copied(file) }));
    },
    shows: e => e.code === 0 && e.stdout === 'hello\n',
  },
  {
    title: 'debug --target --profile',
    needs: [['ephemeral-containers']],
    recorded: [
      { resource: 'pods/ephemeralcontainers', verbs: ['patch'], level: 'Request', says: ['"targetContainerName":"app"', HELLO] },
      stream('attach'),
    ],
    do: a => by(a, ['debug', a.pod, `--image=${a.cluster.image}`, '--target=app', '--profile=general', '--quiet', '-i', ...sayForAWhile], untilSaid),
    shows: e => e.satisfied,
  },
  {
    title: 'debug --copy-to',
    needs: [['pod-copy'], ['node-debug']],
    recorded: [{ resource: 'pods', verbs: ['create'], level: 'Request', says: [HELLO] }],
    do: a => by(a, [
      'debug', a.pod, `--copy-to=copy-${a.person.name}-${a.client.replace(/\./g, '-')}`, `--image=${a.cluster.image}`, '--container=debugger', '--quiet', '-i', ...sayForAWhile,
    ], untilSaid),
    shows: e => e.satisfied,
  },
  {
    title: 'debug node',
    // A Role cannot grant the node itself, and RBAC cannot tell a copy of a pod from a pod that takes over its node.
    needs: ['node-debug', 'pod-copy'].flatMap(pods => ['read-nodes', 'read-node-metrics'].map(nodes => [pods, nodes])),
    recorded: [{ resource: 'pods', verbs: ['create'], level: 'Request', says: [HELLO, '"hostPID":true'] }],
    do: a => by(a, ['debug', `node/${a.node}`, `--image=${a.cluster.image}`, '--profile=general', '--quiet', '-i', ...sayForAWhile], untilSaid),
    shows: e => e.satisfied,
  },
  {
    title: 'get nodes',
    needs: [['read-nodes'], ['read-node-metrics']],
    clusterScoped: true,
    do: a => by(a, ['get', 'nodes']),
    shows: (e, a) => e.code === 0 && e.stdout.includes(a.node),
  },
  {
    title: 'get namespaces',
    needs: [['read-namespaces']],
    clusterScoped: true,
    do: a => by(a, ['get', 'namespaces']),
    shows: (e, a) => e.code === 0 && e.stdout.includes(a.namespace),
  },
  {
    title: 'top node',
    needs: [['read-node-metrics']],
    part: 'metrics',
    clusterScoped: true,
    do: a => by(a, ['top', 'node']),
    shows: (e, a) => e.code === 0 && e.stdout.includes(a.node),
  },
];

/** What should come of it for somebody who has these capabilities where it happens. */
export function expected(action: Action, granted: string[]): Outcome {
  return action.needs.some(set => set.every(id => granted.includes(id))) ? 'works' : 'refused';
}

/** Tries it. */
export async function observe(action: Action, attempt: Attempt): Promise<{ outcome: Outcome; ended: Ended }> {
  const ended = await action.do(attempt);
  return { outcome: outcomeOf(action, attempt, ended), ended };
}

function outcomeOf(action: Action, attempt: Attempt, ended: Ended): Outcome {
  if (action.shows(ended, attempt)) return 'works';
  const said = `${ended.stderr}${ended.stdout}`.trim();
  if (ended.code !== 0 && /forbidden|unauthorized|must be logged in/i.test(said)) return 'refused';
  return `neither: ${ended.timedOut ? 'took too long' : `exit status ${ended.code}`}: ${said.slice(-500)}`;
}

async function forwardsBytes(stdout: string): Promise<boolean> {
  const port = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(stdout)?.[1];
  if (!port) return false;
  return new Promise(resolve => {
    get({ host: '127.0.0.1', port, path: '/index.html', timeout: 10_000 }, response => {
      let body = '';
      response.on('data', data => { body += data; });
      response.on('end', () => resolve(body === 'hello\n'));
    }).on('error', () => resolve(false));
  });
}

function copied(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
