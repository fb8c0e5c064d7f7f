import { readFileSync } from 'fs';
import { EndedJob } from './cleanup-job';
import { CLEANUP, DRY_RUN, DRY_RUN_NAMESPACE, JOBS, NAMESPACE, play, Scene, strike } from './scene';
import { isDebugged, Pods, podsOf } from './sessions';
import { AuditPolicyEvaluator } from '../../../src';
import { mispredicted } from '../audit/replay';
import { AuditLog } from '../lab/audit-log';
import { testIf, theCluster } from '../lab/cluster';
import { admin, find, kubectl } from '../lab/kubectl';
import { eventually } from '../lab/process';

const cluster = theCluster();
const withNode = testIf(cluster.node, 'the cluster has no node');
const withLog = testIf(cluster.node && cluster.auditLog, 'it needs a node, and the audit log');

/** Runs in the place of the clean-up, and prints what such a process is and may do. */
const PROBE = `
  const { readFileSync, writeFileSync } = require('fs');
  const status = Object.fromEntries(readFileSync('/proc/self/status', 'utf8').split('\\n').map(line => line.split(/:\\s*/)));
  const write = path => { try { writeFileSync(path, ''); return 'written'; } catch ({ code }) { return code; } };
  console.log(JSON.stringify({
    user: process.getuid(), group: process.getgid(), capabilities: [status.CapPrm, status.CapEff, status.CapBnd, status.CapAmb],
    noNewPrivileges: status.NoNewPrivs, seccomp: status.Seccomp,
    writes: ['/probe', '/tmp/probe', '/opt/debug-container-cleanup/probe', '/var/run/secrets/kubernetes.io/serviceaccount/probe'].map(write),
  }));`;

let scene: Scene;
/** What the clean-up told Alice by Events, by the UID of the pod. */
const told: Record<string, { what: string; note: string }[]> = {};

beforeAll(async () => {
  if (!cluster.node) return;
  scene = await play(cluster, PROBE);
  for (const ns of [NAMESPACE, DRY_RUN_NAMESPACE]) {
    const { stdout } = await kubectl(cluster, scene.alice, ['get', 'events', '-n', ns, '-o', 'json']);
    for (const { type, reason, message, involvedObject, reportingComponent } of JSON.parse(stdout).items) {
      if (reportingComponent !== 'secure-debug.internal/debug-container-cleanup') continue;
      (told[involvedObject.uid] ??= []).push({ what: `${type} ${reason.replace('DebugContainerCleanup', '')}`, note: message });
    }
  }
}, 900_000);

afterAll(async () => {
  if (cluster.node) await strike(cluster);
}, 300_000);

const ofPod = (job: EndedJob, { metadata }: any) => job.log.filter(line => line.uid === metadata.uid);
const verdicts = (job: EndedJob, pod: any) => ofPod(job, pod).map(({ level, outcome, why, kind }) => `${level}: ${outcome}, ${why}, ${kind}`);
const isAmong = (pods: Pods, { metadata }: any) => Object.values(pods).flat().some(other => other.metadata.uid === metadata.uid);
const eventsAbout = ({ metadata }: any) => (told[metadata.uid] ?? []).map(({ what }) => what).sort();

/** What became of the pods of a workload, in two runs. */
const fates = (workload: string) => scene.before[workload].map(pod => ({
  first: verdicts(scene.first, pod),
  second: verdicts(scene.second, pod),
  events: eventsAbout(pod),
  end: !isAmong(scene.afterFirst, pod) ? 'gone after the first run' : !isAmong(scene.afterSecond, pod) ? 'gone after the second run' : 'stays',
}));

const evictedAtOnce = (why: string, kind = 'ephemeral-container') => [
  { first: [`info: evicted, ${why}, ${kind}`], second: [], events: ['Normal Evicted'], end: 'gone after the first run' },
];
const keptTwice = (verdict: string, event: string) => [{ first: [verdict], second: [verdict], events: [event], end: 'stays' }];

describe('what becomes of pods', () => {
  withNode('debugged by somebody on call, past the limit: evicted', () => {
    expect(fates('ledger')).toEqual(evictedAtOnce('ran-too-long'));
  });

  withNode('debugged just now: left alone, and nobody is bothered', () => {
    expect(scene.before.fresh.map(isDebugged)).toEqual([true]);
    const [{ first, events }] = fates('fresh');
    expect({ first, events, stays: isAmong(scene.afterFirst, scene.before.fresh[0]) }).toEqual({
      first: ['info: fresh, running, ephemeral-container'], events: [], stays: true,
    });
  });

  withNode('never debugged: not looked at', () => {
    expect(fates('untouched')).toEqual([{ first: [], second: [], events: [], end: 'stays' }]);
  });

  withNode('the debug container has ended, and its grace too: evicted', () => {
    expect(fates('ended')).toEqual(evictedAtOnce('ended'));
  });

  withNode('the debug container never started, for there is no such image: evicted', () => {
    expect(scene.before['no-image'][0].status.ephemeralContainerStatuses[0].state).toEqual({ waiting: expect.anything() });
    expect(fates('no-image')).toEqual(evictedAtOnce('ran-too-long'));
    const [{ message }] = ofPod(scene.first, scene.before['no-image'][0]);
    expect(message).toMatch(/^debugged since \d{4}-/); // the API server noted when it was added
  });

  withNode('exempted until a time to come, with a reason: left alone', () => {
    expect(fates('exempt')).toEqual(keptTwice('info: exempt, exempt, ephemeral-container', 'Normal Kept'));
    const { note } = told[scene.before.exempt[0].metadata.uid][0];
    expect(note).toContain('exempted until 2999-12-31T00:00:00Z, reason "the vendor needs a heap dump"');
  });

  for (const { title, workload, problem } of [
    { title: 'exempted until a time that is over', workload: 'exemption-over', problem: '"2020-01-01T00:00:00Z" is over' },
    { title: 'exempted without a reason', workload: 'exemption-without-reason', problem: 'cleanup-exempt-reason is missing' },
  ]) {
    withNode(`${title}: evicted, and told why the exemption does not count`, () => {
      const [pod] = scene.before[workload];
      expect(fates(workload)).toEqual([{
        first: ['warning: exemption-invalid, ran-too-long, ephemeral-container', 'info: evicted, ran-too-long, ephemeral-container'],
        second: [],
        events: ['Normal Evicted', 'Warning ExemptionInvalid'],
        end: 'gone after the first run',
      }]);
      expect(told[pod.metadata.uid].find(({ what }) => what === 'Warning ExemptionInvalid')!.note).toContain(problem);
    });
  }

  withNode('protected by a PodDisruptionBudget: left alone, and evicted by the next run after the budget is gone', () => {
    expect(fates('guarded')).toEqual([{
      first: ['warning: blocked, ran-too-long, ephemeral-container'],
      second: ['info: evicted, ran-too-long, ephemeral-container'],
      events: ['Normal Evicted', 'Warning EvictBlocked'],
      end: 'gone after the second run',
    }]);
    expect(ofPod(scene.first, scene.before.guarded[0])[0].message).toMatch(/a PodDisruptionBudget holds it: "The disruption budget guarded .*; the next run tries again$/);
  });

  withNode('all replicas of a workload: one in a run, never all at once', () => {
    expect(fates('twins').sort((a, b) => a.end < b.end ? -1 : 1)).toEqual([
      ...evictedAtOnce('ran-too-long'),
      {
        first: ['info: deferred, ran-too-long, ephemeral-container'],
        second: ['info: evicted, ran-too-long, ephemeral-container'],
        events: ['Normal Evicted'],
        end: 'gone after the second run',
      },
    ]);
  });

  withNode('a node debugger: deleted', () => {
    expect(scene.before['node-debugger'].map(pod => pod.spec.hostPID)).toEqual([true]);
    expect(fates('node-debugger')).toEqual(evictedAtOnce('ran-too-long', 'node-debugger'));
  });

  withNode('a copy with the label of copies: deleted', () => {
    expect(fates('bare-copy')).toEqual(evictedAtOnce('ran-too-long', 'copy'));
  });

  withNode('of a DaemonSet, or of nobody: left alone and reported, unless told otherwise', () => {
    const agents = scene.before.agent.filter(isDebugged);
    expect(agents.map(pod => verdicts(scene.first, pod))).toEqual(agents.map(() => ['warning: protected, daemonset, ephemeral-container']));
    expect(agents.map(eventsAbout)).toEqual(agents.map(() => ['Warning Kept']));
    expect(scene.before.agent.every(pod => isAmong(scene.afterSecond, pod))).toBe(true);
    expect(fates('bare')).toEqual(keptTwice('warning: protected, bare-pod, ephemeral-container', 'Warning Kept'));
  });

  withNode('a static pod: the API server lets nobody debug it', () => {
    expect(scene.staticPod).toMatchObject({ code: 1, stderr: expect.stringContaining('static pods do not support ephemeral containers') });
  });

  withNode('in the end each workload is complete, and only what was kept is still debugged', async () => {
    const left = await eventually('all pods of the workloads', async () => {
      const pods = await podsOf(cluster, NAMESPACE);
      const complete = Object.keys(scene.before).every(name => ['node-debugger', 'bare-copy', 'etcd-node-0'].includes(name) || pods[name]?.length === scene.before[name].length);
      return complete ? pods : undefined;
    });
    // By now the fresh one may be stale too.
    expect(Object.keys(left).filter(name => name !== 'fresh' && left[name].some(isDebugged)).sort()).toEqual(['agent', 'bare', 'exempt']);
  });
});

describe('what a run says', () => {
  withNode('it ends well, and its last line has the sum of its decisions', () => {
    for (const job of [scene.first, scene.second, scene.dryRun]) {
      const decisions = job.log.filter(line => line.pod && line.outcome !== 'exemption-invalid');
      const sum = job.log[job.log.length - 1];
      expect(sum).toMatchObject({ level: 'info', message: 'done', outcome: 'summary', namespaces: 1, debugged: decisions.length, failed: 0, changed: 0 });
      for (const outcome of ['fresh', 'exempt', 'protected', 'evicted', 'wouldEvict', 'blocked', 'deferred']) {
        expect({ [outcome]: sum[outcome] }).toEqual({ [outcome]: decisions.filter(line => line.outcome === outcome).length });
      }
      expect(job.succeeded).toBe(true);
    }
    expect(scene.first.log[scene.first.log.length - 1]).toMatchObject({ evicted: 8, exempt: 1, blocked: 1, deferred: 1, fresh: 1 });
  });

  withNode('a dry run says what it would do, budgets included, and does nothing', () => {
    const [[ledger], [guarded]] = [scene.beforeDryRun.ledger, scene.beforeDryRun.guarded];
    expect(verdicts(scene.dryRun, ledger)).toEqual(['info: wouldEvict, ran-too-long, ephemeral-container']);
    expect(verdicts(scene.dryRun, guarded)).toEqual(['warning: blocked, ran-too-long, ephemeral-container']);
    expect([eventsAbout(ledger), eventsAbout(guarded)]).toEqual([['Normal WouldEvict'], ['Warning EvictBlocked']]);
    expect([ledger, guarded].map(pod => isAmong(scene.afterDryRun, pod))).toEqual([true, true]);
    expect(Object.values(scene.afterDryRun).flat().map(isDebugged)).toEqual([true, true]);
  });
});

describe('where it runs', () => {
  withNode('its namespace enforces Pod Security restricted', async () => {
    const { metadata } = await find(cluster, ['namespace', JOBS]);
    expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' });
    const other = await kubectl(cluster, admin(cluster), ['run', 'other', '-n', JOBS, `--image=${cluster.image}`, '--dry-run=server']);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('violates PodSecurity "restricted:latest"') });
    const otherJob = await kubectl(cluster, admin(cluster), ['create', 'job', 'other', '-n', JOBS, `--image=${cluster.image}`, '--dry-run=server']);
    expect(otherJob).toMatchObject({ code: 0, stderr: expect.stringContaining('Warning: would violate PodSecurity') });
  });

  withNode('the API server warns of nothing, neither when it is installed nor when it runs', () => {
    expect([scene.installed.stderr, scene.first.warnings, scene.second.warnings, scene.dryRun.warnings]).toEqual(['', '', '', '']);
  });

  withNode('it is nobody: not root, no capability, no way to gain any, and nothing it could write', () => {
    expect(scene.probe.log).toEqual([{
      user: 65532,
      group: 65532,
      capabilities: Array(4).fill('0000000000000000'),
      noNewPrivileges: '1',
      seccomp: '2', // a filter
      writes: Array(4).fill('EROFS'),
    }]);
  });
});

describe('what the audit log shows', () => {
  let log: AuditLog | undefined;
  const events = () => (log ??= new AuditLog(cluster.auditLog!)).events();
  /** What a run did, known by the pod that its token is bound to. */
  const of = (job: EndedJob) => events().filter(event => event.user?.extra?.['authentication.kubernetes.io/pod-name']?.[0] === job.pod);
  const isEviction = ({ verb, objectRef }: any) => verb === 'create' && objectRef?.resource === 'pods' && objectRef.subresource === 'eviction';
  const evictions = (job: EndedJob) => of(job).filter(isEviction).map(event => `${event.objectRef.name} ${event.responseStatus.code}`).sort();
  const decided = (job: EndedJob, codes: Record<string, number>) =>
    job.log.filter(({ outcome }) => codes[outcome]).map(({ pod, outcome }) => `${pod} ${codes[outcome]}`).sort();

  withLog('each eviction and each refused one, and no other', () => {
    for (const job of [scene.first, scene.second]) {
      expect(evictions(job)).toEqual(decided(job, { evicted: 201, blocked: 429 }));
      expect(evictions(job).length).toBeGreaterThan(1);
    }
  });

  withLog('a dry run asked for nothing but dry runs', () => {
    expect(evictions(scene.dryRun)).toEqual(decided(scene.dryRun, { wouldEvict: 201, blocked: 429 }));
    expect(of(scene.dryRun).filter(isEviction).map(event => event.requestURI.split('?')[1])).toEqual(['dryRun=All', 'dryRun=All']);
  });

  withLog('who evicted, and by which grant, at the level of the policy', () => {
    const evaluator = AuditPolicyEvaluator.fromYaml(readFileSync(cluster.auditPolicy!, 'utf8'));
    const runs = [{ job: scene.first, name: CLEANUP, ns: NAMESPACE }, { job: scene.dryRun, name: DRY_RUN, ns: DRY_RUN_NAMESPACE }];
    for (const { job, name, ns } of runs) {
      const seen = of(job).filter(isEviction).map(({ level, user: { username }, annotations }) =>
        ({ level, username, reason: annotations['authorization.k8s.io/reason'] }));
      expect(seen.length).toBeGreaterThan(1);
      expect(seen).toEqual(seen.map(() => ({
        level: 'Metadata',
        username: `system:serviceaccount:${JOBS}:${name}`,
        reason: `RBAC: allowed by RoleBinding "${name}/${ns}" of Role "${name}" to ServiceAccount "${name}/${JOBS}"`,
      })));
      expect(mispredicted(evaluator, of(job))).toEqual([]);
    }
  });

  withLog('nobody else evicted', () => {
    const debugged = Object.values(scene.before).flat().map(pod => pod.metadata.name);
    const evicted = events().filter(event => isEviction(event) && event.objectRef.namespace === NAMESPACE && debugged.includes(event.objectRef.name));
    expect(new Set(evicted.map(({ user }) => user.username))).toEqual(new Set([`system:serviceaccount:${JOBS}:${CLEANUP}`]));
  });

  withLog('a run uses each of its rights, and tries nothing else', () => {
    const used = of(scene.first).map(({ verb, objectRef: { resource, subresource, apiGroup } }) =>
      `${verb} ${[[resource, apiGroup].filter(Boolean).join('.'), subresource].filter(Boolean).join('/')}`);
    expect([...new Set(used)].sort()).toEqual(['create events.events.k8s.io', 'create pods/eviction', 'list pods']);
    expect(of(scene.first).filter(event => event.responseStatus.code === 403)).toEqual([]);
  });

  withLog('Pod Security judged the pods of the runs by restricted, and found nothing to note', () => {
    const created = events().filter(({ verb, objectRef, user, responseStatus }) => verb === 'create' && objectRef?.resource === 'pods'
      && objectRef.namespace === JOBS && user.username === 'system:serviceaccount:kube-system:job-controller' && responseStatus.code === 201);
    expect(created.length).toBeGreaterThanOrEqual(3);
    expect([...new Set(created.map(({ annotations }) => annotations['pod-security.kubernetes.io/enforce-policy']))]).toEqual(['restricted:latest']);
    expect(created.filter(({ annotations }) => annotations['pod-security.kubernetes.io/audit-violations'])).toEqual([]);
  });
});
