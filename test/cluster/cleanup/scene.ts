import { writeFileSync } from 'fs';
import { EndedJob, runInstead, runNow } from './cleanup-job';
import { cleanups } from './declared';
import { debug, DEBUG_OPTIONS, outlive, Pods, podsOf, ready, settled, workload } from './sessions';
import { ClusterReadAccess, DebugCapability, DebugContainerCleanup, OnCallDebugAccess } from '../../../src';
import { Cluster, scratch } from '../lab/cluster';
import { admin, apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { Ended, inParallel } from '../lab/process';
import { namespace, nodeName, remove, target } from '../lab/targets';

export const NAMESPACE = 'sd-cleanup';
/** Where the clean-up only says what it would do. */
export const DRY_RUN_NAMESPACE = 'sd-cleanup-dry-run';
/** Where it runs. */
export const JOBS = 'sd-cleanup-jobs';
export const CLEANUP = 'cleanup';
export const DRY_RUN = 'dry-run';

const COPY_LABELS = { 'debug-copy': 'true' };
/** The limit of a minute is over for certain, on a clock that shows whole seconds. */
const PAST_THE_LIMIT = 60 + 1;

/** Workloads whose pods are debugged in time to be stale, by what is special about them. */
const STALE = ['ledger', 'ended', 'no-image', 'exempt', 'exemption-over', 'exemption-without-reason', 'guarded', 'twins', 'agent', 'bare'];
/** One that is debugged just before the clean-up runs, and one that never is. */
const OTHERS = ['fresh', 'untouched'];

/** What was done, and what came of it. */
export interface Scene {
  readonly alice: Person;
  /** How it went to install the clean-up. */
  readonly installed: Ended;
  /** How it went to debug a static pod. */
  readonly staticPod: Ended;
  /** Prints what the process of the job is allowed, instead of cleaning up. */
  readonly probe: EndedJob;
  readonly before: Pods;
  readonly first: EndedJob;
  readonly afterFirst: Pods;
  /** After the budget is gone. */
  readonly second: EndedJob;
  readonly afterSecond: Pods;
  readonly dryRun: EndedJob;
  readonly beforeDryRun: Pods;
  readonly afterDryRun: Pods;
}

/** Leaves debug containers in many pods, lets most of them get too old, and cleans up twice. */
export async function play(cluster: Cluster, probe: string): Promise<Scene> {
  await strike(cluster);
  await apply(cluster, [namespace(NAMESPACE), namespace(DRY_RUN_NAMESPACE)]);
  const installed = await kubectl(cluster, admin(cluster), ['apply', '--server-side', '--validate=strict', '-f', '-'], { stdin: list(declared()) });
  if (installed.code !== 0) throw new Error(installed.stderr);
  await apply(cluster, workloads(cluster));
  const { alice, bob } = await theTwo(cluster);
  const [pods, beforeDryRun] = await Promise.all([ready(cluster, NAMESPACE, STALE.length + OTHERS.length), ready(cluster, DRY_RUN_NAMESPACE, 2)]);

  await leaveSessions(cluster, alice, bob, pods, beforeDryRun);
  const [staticPod, probed] = await Promise.all([
    debugStaticPod(cluster, alice),
    runInstead(cluster, JOBS, CLEANUP, 'probe', ['-e', probe]),
    mark(cluster, pods),
    outlive(cluster, NAMESPACE, nameOf(pods.untouched), PAST_THE_LIMIT),
  ]);
  await debug(cluster, alice, NAMESPACE, nameOf(pods.fresh));
  await settled(cluster, NAMESPACE, [nameOf(pods.fresh)]);

  const before = await podsOf(cluster, NAMESPACE);
  const [first, dryRun] = await Promise.all([runNow(cluster, JOBS, CLEANUP, 'first'), runNow(cluster, JOBS, DRY_RUN, 'dry-run')]);
  const [afterFirst, afterDryRun] = [await podsOf(cluster, NAMESPACE), await podsOf(cluster, DRY_RUN_NAMESPACE)];
  await asAdmin(cluster, ['delete', 'poddisruptionbudget', 'guarded', '-n', NAMESPACE]);
  const second = await runNow(cluster, JOBS, CLEANUP, 'second');
  const afterSecond = await podsOf(cluster, NAMESPACE);
  return { alice, installed, staticPod, probe: probed, before, first, afterFirst, second, afterSecond, dryRun, beforeDryRun, afterDryRun };
}

/** Removes all of it. */
export async function strike(cluster: Cluster): Promise<void> {
  await remove(cluster, [NAMESPACE, DRY_RUN_NAMESPACE, JOBS]);
  for (const { kind, metadata } of declared().filter(object => !object.metadata.namespace && object.kind !== 'Namespace')) {
    await asAdmin(cluster, ['delete', kind, metadata.name, '--ignore-not-found']);
  }
}

function declared(): any[] {
  return cleanups([
    { name: CLEANUP, namespaces: [NAMESPACE], jobNamespace: JOBS, copySelector: COPY_LABELS },
    { name: DRY_RUN, namespaces: [DRY_RUN_NAMESPACE], jobNamespace: JOBS, dryRun: true },
  ], chart => {
    for (const ns of [NAMESPACE, DRY_RUN_NAMESPACE]) new OnCallDebugAccess(chart, `oncall-${ns}`, { namespace: ns, group: 'sd-cleanup-oncall' });
    const { POD_COPY, NODE_DEBUG, READ_NODES } = DebugCapability;
    new OnCallDebugAccess(chart, 'platform', { namespace: NAMESPACE, group: 'sd-cleanup-platform', name: 'debug-platform', capabilities: [POD_COPY, NODE_DEBUG] });
    new ClusterReadAccess(chart, 'nodes', { group: 'sd-cleanup-platform', name: 'sd-cleanup-nodes', capabilities: [READ_NODES] });
  });
}

function workloads(cluster: Cluster): object[] {
  const budget = (ns: string) => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'guarded', namespace: ns },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } },
  });
  const special: Record<string, object> = {
    twins: workload(cluster, NAMESPACE, 'twins', { replicas: 2 }),
    agent: workload(cluster, NAMESPACE, 'agent', { kind: 'DaemonSet' }),
    bare: target(cluster, NAMESPACE, 'bare'),
  };
  return [
    ...[...STALE, ...OTHERS].map(name => special[name] ?? workload(cluster, NAMESPACE, name)),
    ...['ledger', 'guarded'].map(name => workload(cluster, DRY_RUN_NAMESPACE, name)),
    budget(NAMESPACE),
    budget(DRY_RUN_NAMESPACE),
  ];
}

/** Alice is on call, Bob looks after the platform. */
async function theTwo(cluster: Cluster): Promise<{ alice: Person; bob: Person }> {
  const who = await people(cluster, [{ name: 'alice-of-cleanup', groups: ['sd-cleanup-oncall'] }, { name: 'bob-of-cleanup', groups: ['sd-cleanup-platform'] }]);
  return { alice: who['alice-of-cleanup'], bob: who['bob-of-cleanup'] };
}

async function leaveSessions(cluster: Cluster, alice: Person, bob: Person, pods: Pods, dryRunPods: Pods): Promise<void> {
  const node = await nodeName(cluster);
  // Were it pulled again and again, the pod would change each time, and what changes while it is looked at is not evicted.
  const neverPull = scratch(cluster, 'never-pull.json');
  writeFileSync(neverPull, JSON.stringify({ imagePullPolicy: 'Never' }));
  const mine = STALE.flatMap(key => pods[key].map(pod => ({ key, pod: pod.metadata.name })));
  const theirs = Object.values(dryRunPods).flat().map(pod => pod.metadata.name);
  const sessions: (() => Promise<void>)[] = [
    ...mine.map(({ key, pod }) => () => debug(cluster, alice, NAMESPACE, pod, {
      ...key === 'ended' && { command: ['true'] },
      ...key === 'no-image' && { image: 'registry.invalid/none:1', options: [...DEBUG_OPTIONS, `--custom=${neverPull}`] },
    })),
    ...theirs.map(pod => () => debug(cluster, alice, DRY_RUN_NAMESPACE, pod)),
    () => debug(cluster, bob, NAMESPACE, `node/${node}`, { options: [] }),
    () => debug(cluster, bob, NAMESPACE, nameOf(pods.bare), { options: ['--copy-to=bare-copy', '--container=debugger'] }),
  ];
  await inParallel(4, sessions, session => session());
  await Promise.all([settled(cluster, NAMESPACE, mine.map(({ pod }) => pod)), settled(cluster, DRY_RUN_NAMESPACE, theirs)]);
}

/** What people with more rights than Bob and Alice write on pods: kubectl itself leaves no mark on a copy. */
async function mark(cluster: Cluster, pods: Pods): Promise<void> {
  // A kubelet may correct the status of a pod when it next looks at it, 60 to 90 s after its start, which is when the
  // clean-up runs; and what changes while the clean-up looks at it is left for the next run. So it is made to look now.
  for (const ns of [NAMESPACE, DRY_RUN_NAMESPACE]) await asAdmin(cluster, ['annotate', 'pods', '--all', '-n', ns, 'secure-debug.internal/test=look']);
  await asAdmin(cluster, ['label', 'pod', 'bare-copy', '-n', NAMESPACE, ...Object.entries(COPY_LABELS).map(label => label.join('='))]);
  const annotate = (key: string, until: string, reason?: string) => asAdmin(cluster, [
    'annotate', 'pod', '-n', NAMESPACE, nameOf(pods[key]), `${DebugContainerCleanup.EXEMPT_UNTIL}=${until}`,
    ...reason ? [`${DebugContainerCleanup.EXEMPT_REASON}=${reason}`] : [],
  ]);
  await annotate('exempt', '2999-12-31T00:00:00Z', 'the vendor needs a heap dump');
  await annotate('exemption-over', '2020-01-01T00:00:00Z', 'the vendor needs a heap dump');
  await annotate('exemption-without-reason', '2999-12-31T00:00:00Z');
}

/** The API server knows a static pod by what the kubelet notes on it. This one is on no node, so no kubelet takes it away. */
async function debugStaticPod(cluster: Cluster, alice: Person): Promise<Ended> {
  const pod: any = target(cluster, NAMESPACE, 'etcd-node-0', { annotations: { 'kubernetes.io/config.mirror': 'none' } });
  await apply(cluster, [{ ...pod, spec: { ...pod.spec, nodeName: 'sd-no-such-node' } }]);
  return kubectl(cluster, alice, ['debug', 'etcd-node-0', '-n', NAMESPACE, `--image=${cluster.image}`, '--', 'sleep', '3600']);
}

function nameOf([pod]: any[]): string {
  return pod.metadata.name;
}

function list(items: object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
