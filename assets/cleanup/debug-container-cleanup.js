// @ts-check
'use strict';

/**
 * Collects what debugging leaves behind. For each namespace of its configuration it lists the pods, decides for each
 * whether a debug session in it is stale, and evicts the pods with stale ones through the Eviction API, so that
 * PodDisruptionBudgets hold. It runs to its end and exits: 0, or 1 when something failed. A pod that a budget holds
 * back is no failure: the next run tries again.
 *
 *   node debug-container-cleanup.js CONFIG.json SERVICE_ACCOUNT_DIRECTORY
 *
 * A debug session is one of
 *   - an ephemeral container (kubectl debug POD). It cannot be removed from a pod, so its pod has to go;
 *   - a pod named node-debugger-* that nothing owns (kubectl debug node/NODE);
 *   - a pod that matches the declared labels of copies and that nothing owns (kubectl debug POD --copy-to).
 * It is stale when it has been running for longer than maxAgeSeconds, or when all sessions of its pod ended more
 * than graceAfterEndSeconds ago. A session of which nobody can tell when it began is stale.
 *
 * Never evicted: pods that are exempted by their annotations until a time in the future with a reason, static pods,
 * pods that are terminating already, and, unless the configuration says so, pods of DaemonSets and pods with an
 * ephemeral container that no controller would bring back. Of one controller at most one pod is evicted in a run.
 */

const kubernetes = require('./kubernetes.js');

const { ApiError, createLog, duration, explain, iso, quote, timeOf } = kubernetes;

const PROGRAM = 'debug-container-cleanup';
const EXEMPT_UNTIL = 'secure-debug.internal/cleanup-exempt-until';
const EXEMPT_REASON = 'secure-debug.internal/cleanup-exempt-reason';

// ---------------------------------------------------------------------------------------------------------- types

/**
 * @typedef {import('./kubernetes.js').Client} Client
 * @typedef {import('./kubernetes.js').Level} Level
 * @typedef {import('./kubernetes.js').Log} Log
 *
 * @typedef {object} Config
 * @property {string[]} namespaces where to look
 * @property {number} maxAgeSeconds how long a session may run
 * @property {number} graceAfterEndSeconds how long a pod is left alone after its last session ended
 * @property {Record<string, string>} copySelector labels that mark copies of pods; empty when there are none
 * @property {boolean} includeDaemonSets also evict pods of DaemonSets
 * @property {boolean} includeBarePods also evict pods with ephemeral containers that no controller would bring back
 * @property {boolean} dryRun ask the API server what would happen, change nothing
 */

/**
 * The part of a Kubernetes pod that is read here.
 * @typedef {object} Pod
 * @property {Metadata} metadata
 * @property {{ ephemeralContainers?: { name: string }[] }} [spec]
 * @property {{ phase?: string, containerStatuses?: ContainerStatus[], ephemeralContainerStatuses?: ContainerStatus[] }} [status]
 *
 * @typedef {object} Metadata
 * @property {string} name
 * @property {string} namespace
 * @property {string} uid
 * @property {string} [resourceVersion]
 * @property {string} [creationTimestamp]
 * @property {string} [deletionTimestamp]
 * @property {Record<string, string>} [labels]
 * @property {Record<string, string>} [annotations]
 * @property {{ kind: string, name: string, uid: string, controller?: boolean }[]} [ownerReferences]
 * @property {{ subresource?: string, time?: string }[]} [managedFields]
 *
 * @typedef {object} ContainerStatus
 * @property {string} name
 * @property {{ waiting?: {}, running?: { startedAt?: string }, terminated?: { finishedAt?: string } }} [state]
 */

/**
 * One debug session; times in milliseconds. A time that nobody can tell is 0, so that missing means stale.
 * @typedef {{ since: number, ended?: undefined } | { ended: number, since?: undefined }} Session
 *
 * @typedef {'ephemeral-container' | 'node-debugger' | 'copy'} Kind
 *
 * @typedef {object} Decision
 * @property {'ignore' | 'fresh' | 'keep' | 'evict'} verdict ignore: no debug session, or nothing left to do
 * @property {string} why a short code, for machines
 * @property {string} detail the same in words
 * @property {Kind} [kind] what makes it a debugged pod; not set when ignored
 * @property {number} [sinceMs] when the session that decided began or ended; 0 when nobody can tell
 * @property {string} [exemptionProblem] an exemption was tried and does not count, in words
 */

// ------------------------------------------------------------------------------------------------------- deciding

/**
 * What is to be done with a pod. Pure: it depends on nothing but its arguments.
 *
 * @param {Pod} pod
 * @param {number} now milliseconds
 * @param {Config} config
 * @returns {Decision}
 */
function decide(pod, now, config) {
  const kind = kindOf(pod, config);
  if (!kind) return { verdict: 'ignore', why: 'not-debugged', detail: 'it was not debugged' };
  if (pod.metadata.deletionTimestamp) return { verdict: 'ignore', why: 'terminating', detail: 'it is terminating already' };
  if (kind === 'ephemeral-container' && hasEnded(pod)) {
    return { verdict: 'ignore', why: 'finished', detail: 'the whole pod has ended, and its debug containers with it' };
  }

  const sessions = kind === 'ephemeral-container' ? ephemeralSessions(pod) : [wholePodSession(pod)];
  const { stale, why, detail, sinceMs } = judge(sessions, now, config);
  const exemption = exemptionOf(pod, now);
  const known = { kind, sinceMs, exemptionProblem: exemption.problem };
  /** @param {Decision['verdict']} verdict @param {string} code @param {string} because */
  const conclude = (verdict, code, because) => ({ verdict, why: code, detail: because, ...known });

  if (!stale) return conclude('fresh', why, detail);
  if (exemption.until) return conclude('keep', 'exempt', `${detail}; exempted until ${exemption.until}, reason ${quote(exemption.reason)}`);
  if (isStatic(pod)) return conclude('keep', 'static-pod', `${detail}; it is a static pod, which only its node can end: restart it there`);
  if (kind === 'ephemeral-container') {
    const controller = controllerOf(pod);
    if (!controller && !config.includeBarePods) {
      return conclude('keep', 'bare-pod', `${detail}; no controller would bring it back: delete it by hand, or set includeBarePods`);
    }
    if (controller?.kind === 'DaemonSet' && !config.includeDaemonSets) {
      return conclude('keep', 'daemonset', `${detail}; it belongs to a DaemonSet: delete it by hand, or set includeDaemonSets`);
    }
  }
  return conclude('evict', why, detail);
}

/**
 * What makes the pod a debugged one. A pod that something owns is never taken for a node debugger or a copy, whatever
 * its name and labels: kubectl creates them without an owner, and a selector that is too wide must not hit workloads.
 *
 * @param {Pod} pod
 * @param {Config} config
 * @returns {Kind | undefined}
 */
function kindOf(pod, config) {
  const { name, labels = {}, ownerReferences = [] } = pod.metadata;
  if (ownerReferences.length === 0) {
    // kubectl labels node debuggers from 1.34.
    if (name.startsWith('node-debugger-') || labels['app.kubernetes.io/managed-by'] === 'kubectl-debug') return 'node-debugger';
    const wanted = Object.entries(config.copySelector);
    if (wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)) return 'copy';
  }
  return pod.spec?.ephemeralContainers?.length ? 'ephemeral-container' : undefined;
}

/** @param {Pod} pod */
const hasEnded = pod => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** @param {Pod} pod */
const controllerOf = pod => (pod.metadata.ownerReferences ?? []).find(owner => owner.controller);

/** @param {Pod} pod */
const isStatic = pod => pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined || controllerOf(pod)?.kind === 'Node';

/**
 * @param {Pod} pod
 * @returns {Session[]}
 */
function ephemeralSessions(pod) {
  const statuses = new Map((pod.status?.ephemeralContainerStatuses ?? []).map(status => [status.name, status.state]));
  return (pod.spec?.ephemeralContainers ?? []).map(({ name }) => {
    const state = statuses.get(name);
    if (state?.terminated) return { ended: timeOf(state.terminated.finishedAt) ?? 0 };
    // One that never started, say because its image does not exist, has no time of its own.
    return { since: timeOf(state?.running?.startedAt) ?? lastAdded(pod) };
  });
}

/**
 * When an ephemeral container was last added: the API server notes the time of each change of the subresource.
 *
 * @param {Pod} pod
 */
function lastAdded(pod) {
  return Math.max(0, ...(pod.metadata.managedFields ?? [])
    .filter(entry => entry.subresource === 'ephemeralcontainers')
    .map(entry => timeOf(entry.time) ?? 0));
}

/**
 * A pod that exists for debugging alone.
 *
 * @param {Pod} pod
 * @returns {Session}
 */
function wholePodSession(pod) {
  const created = timeOf(pod.metadata.creationTimestamp) ?? 0;
  if (!hasEnded(pod)) return { since: created };
  return { ended: Math.max(created, ...(pod.status?.containerStatuses ?? []).map(({ state }) => timeOf(state?.terminated?.finishedAt) ?? 0)) };
}

/**
 * @param {Session[]} sessions
 * @param {number} now
 * @param {Config} config
 */
function judge(sessions, now, config) {
  const running = sessions.flatMap(({ since }) => since ?? []);
  if (running.length > 0) {
    const sinceMs = Math.min(...running);
    const stale = now - sinceMs > config.maxAgeSeconds * 1000;
    if (sinceMs === 0) return { stale, sinceMs, why: 'unknown-start', detail: 'debugged since a time that nobody can tell' };
    const limit = duration(config.maxAgeSeconds * 1000);
    return { stale, sinceMs, why: stale ? 'ran-too-long' : 'running', detail: `debugged since ${iso(sinceMs)}, for ${duration(now - sinceMs)}, the limit is ${limit}` };
  }
  const sinceMs = Math.max(...sessions.map(({ ended = 0 }) => ended));
  const stale = now - sinceMs > config.graceAfterEndSeconds * 1000;
  const when = sinceMs === 0 ? 'at a time that nobody can tell' : `${iso(sinceMs)}, ${duration(now - sinceMs)} ago`;
  return { stale, sinceMs, why: stale ? 'ended' : 'just-ended', detail: `debugging ended ${when}, the grace is ${duration(config.graceAfterEndSeconds * 1000)}` };
}

/**
 * An exemption is a time in the future and a reason. One that lacks either is none, and says so.
 *
 * @param {Pod} pod
 * @param {number} now
 * @returns {{ until?: string, reason?: string, problem?: string }}
 */
function exemptionOf(pod, now) {
  const annotations = pod.metadata.annotations ?? {};
  const until = annotations[EXEMPT_UNTIL];
  const reason = annotations[EXEMPT_REASON];
  if (until === undefined && reason === undefined) return {};
  if (until === undefined) return { problem: `${EXEMPT_UNTIL} is missing` };
  const time = timeOf(until);
  if (time === undefined) return { problem: `${EXEMPT_UNTIL} ${quote(until)} is not a time such as 2026-03-01T18:00:00Z (RFC 3339)` };
  if (time <= now) return { problem: `${EXEMPT_UNTIL} ${quote(until)} is over` };
  if (!reason?.trim()) return { problem: `${EXEMPT_REASON} is missing` };
  return { until: iso(time), reason };
}

// --------------------------------------------------------------------------------------------------------- acting

/** @param {Omit<Parameters<typeof kubernetes.createClient>[0], 'program'>} options */
const createClient = options => kubernetes.createClient({ program: PROGRAM, ...options });

/** @param {string} namespace */
const podsOf = namespace => `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;

/**
 * The debugged pods of a namespace, the oldest session first; names make the order certain.
 *
 * @param {Client} client
 * @param {string} namespace
 * @param {Config} config
 * @param {number} now
 */
async function findDebugged(client, namespace, config, now) {
  const { seen, kept } = await kubernetes.listAll(client, podsOf(namespace), (/** @type {Pod} */ pod) => {
    const decision = decide(pod, now, config);
    return decision.verdict === 'ignore' ? undefined : { pod: withoutBulk(pod), decision };
  });
  kept.sort((a, b) => (a.decision.sinceMs ?? 0) - (b.decision.sinceMs ?? 0) || (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
  return { seen, found: kept };
}

/** What is needed after the decision, so that a large namespace fits into little memory. @param {Pod} pod @returns {Pod} */
function withoutBulk({ metadata: { name, namespace, uid, resourceVersion, ownerReferences } }) {
  return { metadata: { name, namespace, uid, resourceVersion, ownerReferences } };
}

/**
 * Asks for the eviction of exactly the pod that was looked at: not of another one with its name, and not if it changed
 * since, for it may just have been exempted. With dryRun the API server answers as it would, and changes nothing.
 *
 * @param {Client} client
 * @param {Pod} pod
 * @param {boolean} dryRun
 */
function evict(client, { metadata: { name, namespace, uid, resourceVersion } }, dryRun) {
  return client.post(`${podsOf(namespace)}/${encodeURIComponent(name)}/eviction${dryRun ? '?dryRun=All' : ''}`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid, resourceVersion } },
  });
}

/**
 * What came of a pod: where it is counted, how it is said in the log, and, with `event`, to the owner of the pod.
 * @typedef {'fresh' | 'exempt' | 'protected' | 'evicted' | 'wouldEvict' | 'blocked' | 'deferred' | 'changed' | 'failed'} Outcome
 * @typedef {{ outcome: Outcome, level: Level, detail: string, event?: string }} Result
 */

/** One run over all namespaces. */
class CleanupRun {
  /** @param {{ config: Config, client: Client, log: Log, clock: () => number, instance: string }} context instance: the name of this pod */
  constructor({ config, client, log, clock, instance }) {
    this.config = config;
    this.client = client;
    this.log = log;
    this.clock = clock;
    this.instance = instance;
    this.counts = { pods: 0, debugged: 0, fresh: 0, exempt: 0, protected: 0, evicted: 0, wouldEvict: 0, blocked: 0, deferred: 0, changed: 0, failed: 0 };
    /** Controllers that lost a pod in this run. @type {Set<string>} */
    this.disrupted = new Set();
  }

  /** @returns {Promise<boolean>} whether nothing failed */
  async run() {
    for (const namespace of this.config.namespaces) await this.cleanUp(namespace);
    const failed = this.counts.failed > 0;
    const { namespaces, dryRun } = this.config;
    this.log(failed ? 'error' : 'info', failed ? 'done, but something failed' : 'done', { outcome: 'summary', dryRun, namespaces: namespaces.length, ...this.counts });
    return !failed;
  }

  /** @param {string} namespace */
  async cleanUp(namespace) {
    try {
      const { seen, found } = await findDebugged(this.client, namespace, this.config, this.clock());
      this.counts.pods += seen;
      this.counts.debugged += found.length;
      for (const { pod, decision } of found) await this.settle(pod, decision);
    } catch (error) {
      this.counts.failed++;
      this.log('error', `the pods of ${namespace} could not be listed: ${explain(error, namespace)}`, { outcome: 'failed', namespace });
    }
  }

  /** @param {Pod} pod @param {Decision} decision */
  async settle(pod, decision) {
    const { kind, why, exemptionProblem } = decision;
    const { namespace, name, uid } = pod.metadata;
    const about = { namespace, pod: name, uid, kind, why };
    if (exemptionProblem) {
      const detail = `this exemption does not count: ${exemptionProblem}`;
      this.log('warning', detail, { outcome: 'exemption-invalid', ...about });
      await this.tell(pod, { level: 'warning', detail, event: 'ExemptionInvalid' }, exemptionProblem);
    }
    const result = await this.carryOut(pod, decision);
    this.counts[result.outcome]++;
    this.log(result.level, result.detail, { outcome: result.outcome, ...about });
    await this.tell(pod, result, why);
  }

  /**
   * @param {Pod} pod
   * @param {Decision} decision
   * @returns {Promise<Result>}
   */
  async carryOut(pod, { verdict, why, detail }) {
    if (verdict === 'fresh') return { outcome: 'fresh', level: 'info', detail };
    if (why === 'exempt') return { outcome: 'exempt', level: 'info', detail, event: 'Kept' };
    if (verdict === 'keep') return { outcome: 'protected', level: 'warning', detail, event: 'Kept' };

    // Without a budget, all replicas of a workload that was debugged everywhere would go at once.
    const controller = controllerOf(pod)?.uid;
    if (controller && this.disrupted.has(controller)) {
      return { outcome: 'deferred', level: 'info', detail: `${detail}; left for the next run, its controller lost a pod in this one` };
    }
    try {
      await evict(this.client, pod, this.config.dryRun);
    } catch (error) {
      return refusal(error, pod.metadata.namespace, detail);
    }
    if (controller) this.disrupted.add(controller);
    return this.config.dryRun
      ? { outcome: 'wouldEvict', level: 'info', detail: `${detail}; would be evicted, this is a dry run`, event: 'WouldEvict' }
      : { outcome: 'evicted', level: 'info', detail: `${detail}; evicted`, event: 'Evicted' };
  }

  /**
   * Writes the Event, if there is one.
   *
   * @param {Pod} pod @param {Omit<Result, 'outcome'>} result @param {string} about what makes it another Event
   */
  async tell(pod, { level, detail, event }, about) {
    if (!event) return;
    const { namespace, name, uid } = pod.metadata;
    const said = { reason: `DebugContainerCleanup${event}`, action: 'CleanUp', warning: level !== 'info', note: detail, about };
    try {
      await kubernetes.writeEvent(this.client, { apiVersion: 'v1', kind: 'Pod', name, namespace, uid }, said, { program: PROGRAM, instance: this.instance, now: this.clock() });
    } catch (error) {
      this.counts.failed++;
      this.log('error', `no Event could be written: ${explain(error, namespace)}`, { outcome: 'failed', namespace, pod: name, uid });
    }
  }
}

/**
 * What a refused eviction means.
 *
 * @param {unknown} error
 * @param {string} namespace
 * @param {string} detail
 * @returns {Result}
 */
function refusal(error, namespace, detail) {
  if (error instanceof ApiError) {
    if (error.budget !== undefined) {
      return { outcome: 'blocked', level: 'warning', detail: `${detail}; not evicted, a PodDisruptionBudget holds it: ${quote(error.budget)}; the next run tries again`, event: 'EvictBlocked' };
    }
    if (error.code === 404) return { outcome: 'changed', level: 'info', detail: `${detail}; not evicted, it is gone` };
    if (error.code === 409) return { outcome: 'changed', level: 'info', detail: `${detail}; not evicted, it changed or was replaced since it was listed; the next run decides anew` };
  }
  return { outcome: 'failed', level: 'error', detail: `${detail}; not evicted: ${explain(error, namespace)}`, event: 'EvictFailed' };
}

// ------------------------------------------------------------------------------------------------------- starting

/**
 * @param {string} text
 * @returns {Config}
 */
function readConfig(text) {
  const { config, check } = kubernetes.readConfig(text, {
    seconds: ['maxAgeSeconds', 'graceAfterEndSeconds'],
    flags: ['includeDaemonSets', 'includeBarePods', 'dryRun'],
  });
  const { copySelector } = config;
  check('copySelector', typeof copySelector === 'object' && copySelector !== null && Object.values(copySelector).every(value => typeof value === 'string'), 'an object of labels');
  return config;
}

/**
 * @param {string[]} args path of the configuration, directory of the ServiceAccount's files
 * @param {Record<string, string | undefined>} env
 * @param {Log} log
 * @param {() => number} clock
 * @returns {Promise<number>} the exit status
 */
function main(args, env, log, clock) {
  /** @type {Parameters<typeof kubernetes.main>[0]['run']} */
  const run = (text, context) => new CleanupRun({ config: readConfig(text), ...context }).run();
  return kubernetes.main({ program: PROGRAM, run }, args, env, log, clock);
}

if (require.main === module) kubernetes.start(main);

module.exports = { CleanupRun, EXEMPT_REASON, EXEMPT_UNTIL, createClient, createLog, decide, duration, main, readConfig, timeOf };
