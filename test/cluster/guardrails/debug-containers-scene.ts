import { App, Chart } from 'cdk8s';
import {
  Argument, ClusterReadAccess, Command, CommandSet, DebugCapability, DebugContainerGuardrail, DebugContainerGuardrailProps, DebugImage,
  GuardrailException, GuardrailMode, OnCallDebugAccess, PodSecurityLevel, SecureDebugWarnings,
} from '../../../src';
import { Api, Answer } from '../lab/api';
import { Cluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, KubectlOptions, Person } from '../lab/kubectl';
import { people, serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove, running, target } from '../lab/targets';
import { verdictOf } from '../lab/verdict';

export const NAMESPACE = 'sd-debug';
/** Guarded as well, with other rights. */
export const OTHER = 'sd-debug-other';
/** Level restricted, and a target is required. */
export const STRICT = 'sd-debug-strict';
/** Refuses nothing, and warns. */
export const LENIENT = 'sd-debug-lenient';
/** As many images as there can be, all of them alike. */
export const FULL = 'sd-debug-full';
const NAMESPACES = [NAMESPACE, OTHER, STRICT, LENIENT, FULL];
export const POD = 'ledger-0';
export const POLICY = 'sd-debug-containers';
export const IMAGE = 'docker.io/library/busybox:1.36';
export const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** Words that would mean something in CEL, in JSON, in a pattern or in a shell. */
export const ODD = ['echo', '"\'\\`${x}', '</script>', 'ünïcödé 💥', '\') || true || (\'', '.*|^$'];

const RBAC = 'rbac.authorization.k8s.io';
const EVERYTHING = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
const USES = { apiGroups: ['secure-debug.internal'], resources: ['debugimages', 'debugpods'], verbs: ['use'] };
const role = (name: string, rules: object[], ns?: string) => ({ apiVersion: `${RBAC}/v1`, kind: ns ? 'Role' : 'ClusterRole', metadata: { name, namespace: ns }, rules });
const bind = (name: string, kind: 'Role' | 'ClusterRole', roleName: string, subject: object, ns?: string) => ({
  apiVersion: `${RBAC}/v1`,
  kind: ns ? 'RoleBinding' : 'ClusterRoleBinding',
  metadata: { name, namespace: ns },
  roleRef: { apiGroup: RBAC, kind, name: roleName },
  subjects: [subject],
});
const group = (name: string) => ({ apiGroup: RBAC, kind: 'Group', name });

const CLUSTER_WIDE = [
  role('sd-debug-everything', [EVERYTHING]),
  bind('sd-debug-everything', 'ClusterRole', 'sd-debug-everything', group('sd-debug-admins')),
  role('sd-debug-uses', [USES]),
  bind('sd-debug-uses', 'ClusterRole', 'sd-debug-uses', group('sd-debug-everywhere')),
];

/** Who comes in by RBAC alone: all that debugging takes, and to write pods. */
const GROUPS = [
  'sd-debug-oncall', 'sd-debug-shell', 'sd-debug-tools', 'sd-debug-copiers', 'sd-debug-nodes', 'sd-debug-unlisted', 'sd-debug-other', 'sd-debug-everywhere', 'sd-debug-bound', 'sd-debug-excepted',
];

const busybox = { repository: 'docker.io/library/busybox', tags: ['1.36'] };
const COMMANDS = [Command.exact('id'), Command.exact('ls', '-l'), Command.withArguments(['tail', '-n', '5'], [Argument.pathBelow('/var/log')])];

/** Commands of each of 24 images: close to the largest policy that the construct lets through. */
export const LONG = 300;
export const long = (image: number, k: number) => Command.exact('inspect', `--of=image-${image}`, `${'x'.repeat(60)}-${k}`);

const guardrail = (props: DebugContainerGuardrailProps) => (chart: Chart, id: string) => new DebugContainerGuardrail(chart, id, props);

export const GUARDRAILS = [
  guardrail({
    name: POLICY,
    mode: GuardrailMode.DENY,
    namespaces: [NAMESPACE, OTHER],
    images: [
      new DebugImage('busybox', { ...busybox, commands: COMMANDS }),
      new DebugImage('shell', { ...busybox, commandSets: [CommandSet.shell()], ownEntrypoint: true, tty: true, stdin: true, capabilities: ['SYS_PTRACE'], shellReason: 'what the suite tries' }),
      new DebugImage('tools', { ...busybox, commands: [Command.exact('env'), Command.exact('date')], shellReason: 'env runs anything', argumentsAreCommand: true, env: ['LANG'], volumes: true }),
      new DebugImage('pinned', { ...busybox, digests: [DIGEST], commands: [Command.exact('uptime'), Command.exact(...ODD)] }),
    ],
    allow: [
      { namespace: NAMESPACE, group: 'sd-debug-oncall', images: ['busybox', 'pinned'] },
      { namespace: NAMESPACE, group: 'sd-debug-shell', images: ['busybox', 'shell'] },
      { namespace: NAMESPACE, group: 'sd-debug-tools', images: ['tools'] },
      { namespace: NAMESPACE, group: 'sd-debug-copiers', images: ['busybox'], copies: true },
      { namespace: NAMESPACE, group: 'sd-debug-nodes', images: ['busybox'], nodes: true },
      { namespace: OTHER, group: 'sd-debug-other', images: ['busybox', 'shell', 'tools'], copies: true, nodes: true },
    ],
    exceptions: [GuardrailException.group('sd-debug-excepted', 'an example')],
  }),
  guardrail({
    name: 'sd-debug-strict',
    mode: GuardrailMode.DENY,
    namespaces: [STRICT],
    images: [new DebugImage('busybox', { ...busybox, commands: COMMANDS })],
    allow: [{ namespace: STRICT, group: 'sd-debug-oncall', images: ['busybox'] }, { namespace: STRICT, group: 'sd-debug-copiers', copies: true }],
    level: PodSecurityLevel.RESTRICTED,
    requireTarget: true,
  }),
  guardrail({
    name: 'sd-debug-lenient',
    mode: GuardrailMode.WARN,
    namespaces: [LENIENT],
    images: [new DebugImage('busybox', { ...busybox, commands: COMMANDS })],
    level: PodSecurityLevel.PRIVILEGED,
  }),
  guardrail({
    name: 'sd-debug-full',
    mode: GuardrailMode.DENY,
    namespaces: [FULL],
    // The costliest question: a container that is of every image, and granted by the last one alone.
    images: Array.from({ length: 24 }, (_, i) => new DebugImage(`image-${String(i).padStart(2, '0')}`, {
      ...busybox,
      commandSets: [CommandSet.readOnlyDiagnostics()],
      commands: Array.from({ length: LONG }, (_unused, k) => long(i, k)),
    })),
    allow: [{ namespace: FULL, group: 'sd-debug-oncall', images: ['image-23'] }, { namespace: FULL, group: 'sd-debug-copiers', images: ['image-23'], copies: true }],
  }),
];
const POLICIES = [POLICY, 'sd-debug-strict', 'sd-debug-lenient', 'sd-debug-full'];

function declared(): any[] {
  const chart = new Chart(new App(), 'suite');
  for (const id of ['SD1001', 'SD1002', 'SD6001', 'SD6002', 'SD6020', 'SD6021']) SecureDebugWarnings.acknowledge(chart, id, 'what it warns of is what the suite tries');
  GUARDRAILS.forEach((make, i) => make(chart, `guardrail-${i}`));
  const capabilities = [...DebugCapability.onCallDefault(), DebugCapability.POD_COPY, DebugCapability.NODE_DEBUG];
  new OnCallDebugAccess(chart, 'debug', { namespaces: NAMESPACES, groups: GROUPS, name: 'sd-debug', capabilities });
  new ClusterReadAccess(chart, 'nodes', { groups: GROUPS, name: 'sd-debug-nodes' });
  return chart.toJson();
}

const ROLES = [
  role('team-admin', [EVERYTHING], NAMESPACE),
  bind('team-admin', 'Role', 'team-admin', group('sd-debug-team-admins'), NAMESPACE),
  role('helpful', [USES], NAMESPACE),
  bind('helpful', 'Role', 'helpful', group('sd-debug-bound'), NAMESPACE),
  role('writers', [{ apiGroups: [''], resources: ['pods', 'pods/ephemeralcontainers'], verbs: ['create', 'update', 'patch', 'delete'] }], NAMESPACE),
  ...GROUPS.map(name => bind(`writers-${name}`, 'Role', 'writers', group(name), NAMESPACE)),
];

/** The pod that is debugged: it has a Secret. */
function ledger(cluster: Cluster, ns: string): object {
  const plain: any = target(cluster, ns, POD);
  return { ...plain, spec: { ...plain.spec, volumes: [{ name: 'password', secret: { secretName: 'password', optional: true } }] } };
}

/** A node to debug, where no kubelet makes one. */
export const NODE = 'sd-debug-node';

/** People, namespaces, pods, and the guardrails in force. */
export async function raise(cluster: Cluster): Promise<Record<string, Person>> {
  await remove(cluster, NAMESPACES);
  await apply(cluster, NAMESPACES.map(ns => namespace(ns)));
  const account = (name: string, ns: string) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: ns } });
  await apply(cluster, [
    ...NAMESPACES.map(ns => account('default', ns)),
    account('robot', NAMESPACE),
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'password', namespace: NAMESPACE }, stringData: { password: 'not-for-people' } },
    ...CLUSTER_WIDE,
    ...NAMESPACES.map(ns => ledger(cluster, ns)),
  ]);
  if (!cluster.node) await apply(cluster, [{ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } }]);
  await apply(cluster, [...ROLES, ...declared(), bind('robot', 'Role', 'sd-debug', { kind: 'ServiceAccount', name: 'robot', namespace: NAMESPACE }, NAMESPACE)]);
  const who = await people(cluster, [
    { name: 'alice-debug', groups: ['sd-debug-oncall'] },
    { name: 'bob-debug', groups: ['sd-debug-shell'] },
    { name: 'tina-debug', groups: ['sd-debug-tools'] },
    { name: 'cora-debug', groups: ['sd-debug-copiers'] },
    { name: 'nick-debug', groups: ['sd-debug-nodes'] },
    { name: 'erin-debug', groups: ['sd-debug-unlisted'] },
    { name: 'frank-debug', groups: ['sd-debug-other'] },
    { name: 'carol-debug', groups: ['sd-debug-admins'] },
    { name: 'dave-debug', groups: ['sd-debug-team-admins'] },
    { name: 'heidi-debug', groups: ['sd-debug-everywhere'] },
    { name: 'ivan-debug', groups: ['sd-debug-bound'] },
    { name: 'peggy-debug', groups: ['sd-debug-excepted'] },
  ]);
  who.robot = await serviceAccount(cluster, NAMESPACE, 'robot');
  who.admin = { name: 'admin', groups: ['system:masters'], kubeconfig: cluster.kubeconfig };
  for (const ns of [NAMESPACE, STRICT, FULL]) {
    await eventually(`the guardrail of ${ns} to decide`, async () => /denied request/.test((await debug(cluster, who['alice-debug'], ['--', 'sh'], { ns })).said) || undefined);
  }
  if (cluster.node) await running(cluster, NAMESPACE, [POD]);
  return who;
}

export async function raze(cluster: Cluster): Promise<void> {
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', ...POLICIES, '--ignore-not-found']);
  for (const { kind, metadata } of CLUSTER_WIDE) await asAdmin(cluster, ['delete', kind, metadata.name, '--ignore-not-found']);
  await asAdmin(cluster, ['delete', 'clusterrole,clusterrolebinding', 'sd-debug-nodes', '--ignore-not-found']);
  if (!cluster.node) await asAdmin(cluster, ['delete', 'node', NODE, '--ignore-not-found']);
  // What runs nowhere has no kubelet that says it has ended.
  for (const ns of NAMESPACES) await asAdmin(cluster, ['delete', 'pods', '--all', '-n', ns, '--force', '--grace-period=0', '--wait=false']);
  await remove(cluster, NAMESPACES);
}

/** What became of an attempt. */
export interface Outcome {
  /** `passed`, `refused by POLICY`, `refused by RBAC`, or `invalid`: the API server itself takes no such object. */
  readonly verdict: string;
  readonly said: string;
}

function outcomeOf(code: number | null, said: string): Outcome {
  if (code === 0) return { verdict: 'passed', said };
  const policy = /ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request/.exec(said)?.[1];
  if (policy) return { verdict: /Error from server \(Forbidden\)|is forbidden/.test(said) ? `refused by ${policy}` : `failed in ${policy}`, said };
  if (/\(Forbidden\)/.test(said)) return { verdict: 'refused by RBAC', said };
  return { verdict: /is invalid|\(BadRequest\)|\(Invalid\)/.test(said) ? 'invalid' : `failed: ${said}`, said };
}

/** `kubectl` as a person. */
export async function by(cluster: Cluster, person: Person, args: string[], options: KubectlOptions = {}): Promise<Outcome> {
  const ended = await kubectl(cluster, person, args, options);
  return outcomeOf(ended.code, `${ended.stderr}${ended.stdout}`);
}

/** `kubectl debug ledger-0` with the allowed image, and what else it is told. */
export function debug(cluster: Cluster, person: Person, args: string[], { ns = NAMESPACE, profile = 'baseline', image = IMAGE, ...options }: KubectlOptions & { ns?: string; profile?: string; image?: string } = {}) {
  return by(cluster, person, ['debug', POD, '-n', ns, `--image=${image}`, `--profile=${profile}`, ...args], options);
}

let count = 0;

/** A debug container that alice may start, but for what is given. */
export function container(more: object = {}): any {
  return { name: `debugger-${count++}`, image: IMAGE, command: ['id'], ...more };
}

/** The ways of adding containers without kubectl. */
export const WAYS = ['strategic merge patch', 'JSON patch', 'JSON merge patch', 'server-side apply', 'PUT'] as const;
export type Way = typeof WAYS[number];

const TYPES: Record<Way, string> = {
  'strategic merge patch': 'application/strategic-merge-patch+json',
  'JSON patch': 'application/json-patch+json',
  'JSON merge patch': 'application/merge-patch+json',
  'server-side apply': 'application/apply-patch+yaml',
  'PUT': 'application/json',
};

const podPath = (ns: string) => `/api/v1/namespaces/${ns}/pods/${POD}`;

function outcome({ status, body }: Answer): Outcome {
  const said = typeof body === 'string' ? body : body.message ?? '';
  if (status < 300) return { verdict: 'passed', said };
  if (status === 422 && !/denied request/.test(said)) return { verdict: 'invalid', said };
  return { verdict: verdictOf(status, JSON.stringify({ message: said })).verdict, said };
}

/** Adds debug containers with a client of one's own. */
export async function add(person: Person, containers: object[], way: Way = 'strategic merge patch', ns = NAMESPACE): Promise<Outcome> {
  return written(person, ns, (found, send) => {
    const before = found.spec.ephemeralContainers ?? [];
    const all = [...before, ...containers];
    const body = {
      'strategic merge patch': { spec: { ephemeralContainers: containers } },
      'JSON patch': [{ op: 'add', path: '/spec/ephemeralContainers', value: all }],
      'JSON merge patch': { spec: { ephemeralContainers: all } },
      'server-side apply': { apiVersion: 'v1', kind: 'Pod', metadata: { name: POD }, spec: { ephemeralContainers: containers } },
      'PUT': { ...found, spec: { ...found.spec, ephemeralContainers: all } },
    }[way];
    const query = way === 'server-side apply' ? `?fieldManager=suite-${count++}&force=true` : '';
    return send(way === 'PUT' ? 'PUT' : 'PATCH', query, body, TYPES[way]);
  });
}

type Send = (method: string, query: string, body: object, type?: string) => Promise<Answer>;

/** Writes what a pod becomes. The kubelet writes its status meanwhile, so a conflict says nothing, and is tried again. */
async function written(person: Person, ns: string, write: (found: any, send: Send) => Promise<Answer>): Promise<Outcome> {
  const api = new Api(person);
  try {
    for (let tries = 0; ; tries++) {
      const { body: found } = await api.send('GET', podPath(ns));
      const answer = await write(found, (method, query, body, type) => api.send(method, `${podPath(ns)}/ephemeralcontainers${query}`, body, type));
      if (answer.status !== 409 || tries === 10) return outcome(answer);
    }
  } finally {
    api.close();
  }
}

/** Writes the debug containers of the pod anew, as they are after a change. */
export async function change(person: Person, alter: (containers: any[]) => any[]): Promise<Outcome> {
  return written(person, NAMESPACE, (found, send) => send('PUT', '', { ...found, spec: { ...found.spec, ephemeralContainers: alter(found.spec.ephemeralContainers ?? []) } }));
}

/** A pod as a person would create it, but for what is given; it is not kept. */
export function pod(spec: object = {}, metadata: object = {}): any {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `copy-${count++}`, ...metadata },
    spec: { automountServiceAccountToken: false, containers: [{ name: 'app', image: 'registry.example/ledger:1', command: ['serve'] }], ...spec },
  };
}

/** Creates a pod; `dryRun` passes through the same admission. */
export async function create(person: Person, object: object, ns = NAMESPACE): Promise<Outcome> {
  const api = new Api(person);
  try {
    return outcome(await api.send('POST', `/api/v1/namespaces/${ns}/pods?dryRun=All`, object));
  } finally {
    api.close();
  }
}
