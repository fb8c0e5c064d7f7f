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

const crypto = require('crypto');
const fs = require('fs');
const https = require('https');
const path = require('path');

const EXEMPT_UNTIL = 'secure-debug.internal/cleanup-exempt-until';
const EXEMPT_REASON = 'secure-debug.internal/cleanup-exempt-reason';
const REPORTER = 'secure-debug.internal/debug-container-cleanup';

const PAGE_SIZE = 100;
const LIST_RESTARTS = 3;
/** How long one request may take, how often it is tried, and how long to wait in between (doubled each time). */
const TIMING = { timeoutMs: 15_000, attempts: 4, pauseMs: 500, longestPauseMs: 10_000 };

// ---------------------------------------------------------------------------------------------------------- types

/**
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

/**
 * The time of an RFC 3339 text in milliseconds, undefined when it is none.
 *
 * @param {string | undefined} text
 */
function timeOf(text) {
  const match = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.exec(text ?? '');
  if (!match) return undefined;
  // JavaScript takes the 30th of February for the 2nd of March.
  const day = Date.parse(match[1]);
  return Number.isNaN(day) || !iso(day).startsWith(match[1]) ? undefined : Date.parse(match[0]);
}

/** @param {number} ms */
const iso = ms => new Date(ms).toISOString().replace('.000Z', 'Z');

/**
 * `1 d 2 h`, `5 min`, `12 s`: the two largest units.
 *
 * @param {number} ms
 */
function duration(ms) {
  let rest = Math.max(0, Math.floor(ms / 1000));
  const parts = [];
  for (const [unit, seconds] of /** @type {[string, number][]} */ ([['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]])) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

// -------------------------------------------------------------------------------------------------------- writing

/**
 * JSON of ASCII characters alone: annotations are written by people, and no text of theirs may end a line of the log
 * or change how a terminal shows it.
 *
 * @param {unknown} value
 */
function toJson(value) {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Text of somebody else, in quotes and of a bounded length.
 *
 * @param {string | undefined} text
 */
const quote = text => toJson((text ?? '').slice(0, 120));

/**
 * @typedef {(level: 'info' | 'warning' | 'error', message: string, fields?: object) => void} Log
 *
 * @param {(line: string) => unknown} write
 * @param {() => number} clock
 * @returns {Log}
 */
function createLog(write, clock) {
  return (level, message, fields = {}) => write(`${toJson({ time: iso(clock()), level, message, ...fields })}\n`);
}

// --------------------------------------------------------------------------------------------- talking to the API

/** An answer other than success, or none at all (code 0). */
class ApiError extends Error {
  /**
   * @param {number} code
   * @param {string} message
   * @param {{ retryAfterMs?: number, causes?: { reason?: string, message?: string }[] }} [more]
   */
  constructor(code, message, more = {}) {
    super(message);
    this.code = code;
    this.retryAfterMs = more.retryAfterMs;
    /** What a PodDisruptionBudget says; set when it is what holds the pod. */
    this.budget = more.causes?.find(cause => cause.reason === 'DisruptionBudget')?.message;
  }

  /** Whether the same request may succeed in a moment. Two budgets on one pod are answered with 500, and stay. */
  get transient() {
    const lasting = this.budget !== undefined || this.message.includes('more than one PodDisruptionBudget');
    return !lasting && (this.code === 0 || this.code === 429 || this.code >= 500);
  }
}

/**
 * @typedef {{ get: (url: string) => Promise<any>, post: (url: string, body: object) => Promise<any>, close: () => void }} Client
 *
 * @param {{ host: string, port: string, serviceAccount: string, timing?: typeof TIMING }} options serviceAccount: the directory with `token` and `ca.crt`
 * @returns {Client}
 */
function createClient({ host, port, serviceAccount, timing = TIMING }) {
  const hostname = host.replace(/^\[(.*)\]$/, '$1');
  const server = `https://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  const agent = new https.Agent({ keepAlive: true, ca: fs.readFileSync(path.join(serviceAccount, 'ca.crt')) });

  /** @param {string} method @param {string} url @param {object} [body] */
  const once = async (method, url, body) => {
    // Read each time: the kubelet replaces the token before it expires.
    const token = fs.readFileSync(path.join(serviceAccount, 'token'), 'utf8').trim();
    if (!token) throw new Error('the token of the ServiceAccount is empty');
    /** Nothing that is logged contains the token, even if a proxy sends it back. @param {string} text */
    const safe = text => text.split(token).join('[token]').slice(0, 400);
    const { code, retryAfter, text } = await exchange({
      agent, hostname, port, method, path: url,
      headers: {
        'accept': 'application/json',
        'authorization': `Bearer ${token}`,
        'user-agent': 'debug-container-cleanup',
        ...body && { 'content-type': 'application/json' },
      },
    }, body && JSON.stringify(body), timing.timeoutMs).catch(error => {
      throw new ApiError(0, safe(`${server}: ${error.message}`));
    });
    const answer = parse(text);
    if (code >= 200 && code < 300 && answer) return answer;
    const message = typeof answer?.message === 'string' ? answer.message : `answered ${code} with what is no Kubernetes status`;
    throw new ApiError(code, safe(message), {
      retryAfterMs: /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : undefined,
      causes: answer?.details?.causes,
    });
  };

  /** @param {string} method @param {string} url @param {object} [body] */
  const request = async (method, url, body) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(method, url, body);
      } catch (error) {
        if (!(error instanceof ApiError) || !error.transient || attempt >= timing.attempts) throw error;
        await pause(Math.min(timing.longestPauseMs, error.retryAfterMs ?? timing.pauseMs * 2 ** (attempt - 1)));
      }
    }
  };
  return { get: url => request('GET', url), post: (url, body) => request('POST', url, body), close: () => agent.destroy() };
}

/**
 * One request and its whole answer, within a time.
 *
 * @param {https.RequestOptions} options
 * @param {string | undefined} body
 * @param {number} timeoutMs
 * @returns {Promise<{ code: number, retryAfter: string | undefined, text: string }>}
 */
function exchange(options, body, timeoutMs) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    /** @param {Error} error */
    const fail = error => reject(signal.aborted ? new Error(`no answer within ${duration(timeoutMs)}`) : error);
    const request = https.request({ ...options, signal }, response => {
      /** @type {Buffer[]} */
      const chunks = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => resolve({
        code: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        text: Buffer.concat(chunks).toString('utf8'),
      }));
    });
    request.on('error', fail);
    request.end(body);
  });
}

/** @param {string} text @returns {any} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {number} ms */
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/**
 * What an answer means here, and what to do about it.
 *
 * @param {unknown} error
 * @param {string} namespace
 */
function explain(error, namespace) {
  if (!(error instanceof ApiError)) return `this program failed: ${error instanceof Error ? error.message : String(error)}`;
  const hints = /** @type {Record<number, string>} */ ({
    0: 'the API server cannot be reached: does the NetworkPolicy allow its address and port?',
    401: 'the API server does not accept the token of this ServiceAccount',
    403: `not allowed in ${namespace}: is the namespace there, with the Role and RoleBinding of this clean-up?`,
    404: 'it does not exist',
    410: 'the list kept expiring while it was read',
    429: 'the API server asks for fewer requests',
  });
  const hint = hints[error.code] ?? `the API server answered ${error.code}`;
  return `${hint} (${error.message})`;
}

// --------------------------------------------------------------------------------------------------------- acting

/** @param {string} namespace */
const podsOf = namespace => `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;

/**
 * Lists a namespace page by page, and keeps of each page only the debugged pods. When the list expires half-way (410),
 * it begins anew.
 *
 * @param {Client} client
 * @param {string} namespace
 * @param {Config} config
 * @param {number} now
 */
async function findDebugged(client, namespace, config, now) {
  for (let restart = 0; ; restart++) {
    /** @type {{ pod: Pod, decision: Decision }[]} */
    const found = [];
    let seen = 0;
    let next = '';
    try {
      do {
        const page = await client.get(`${podsOf(namespace)}?limit=${PAGE_SIZE}${next && `&continue=${encodeURIComponent(next)}`}`);
        for (const pod of /** @type {Pod[]} */ (page.items ?? [])) {
          seen++;
          const decision = decide(pod, now, config);
          if (decision.verdict !== 'ignore') found.push({ pod: withoutBulk(pod), decision });
        }
        next = page.metadata?.continue ?? '';
      } while (next);
      // The oldest session first; names make the order certain.
      found.sort((a, b) => (a.decision.sinceMs ?? 0) - (b.decision.sinceMs ?? 0) || (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
      return { seen, found };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 410 || restart >= LIST_RESTARTS) throw error;
    }
  }
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
 * An Event that tells the owner of the pod. Its name is made from what it says, so that runs which find the same do not
 * pile up Events: the API server keeps one until it expires.
 *
 * @param {Pod} pod
 * @param {{ reason: string, warning: boolean, note: string, about: string }} said about: what makes it another Event
 * @param {number} now
 * @param {string} instance who reports it
 */
function eventFor({ metadata: { name, namespace, uid } }, { reason, warning, note, about }, now, instance) {
  const hash = crypto.createHash('sha256').update(JSON.stringify([uid, reason, about])).digest('hex').slice(0, 16);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 230).replace(/[-.]+$/, '')}.${hash}`, namespace },
    // Kubernetes takes microseconds and nothing else.
    eventTime: new Date(now).toISOString().replace('Z', '000Z'),
    type: warning ? 'Warning' : 'Normal',
    reason,
    action: 'CleanUp',
    note: note.slice(0, 1000),
    regarding: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    reportingController: REPORTER,
    reportingInstance: instance.slice(0, 128),
  };
}

/**
 * What came of a pod: where it is counted, how it is said in the log, and, with `event`, to the owner of the pod.
 * @typedef {'fresh' | 'exempt' | 'protected' | 'evicted' | 'wouldEvict' | 'blocked' | 'deferred' | 'changed' | 'failed'} Outcome
 * @typedef {'info' | 'warning' | 'error'} Level
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
    const said = { reason: `DebugContainerCleanup${event}`, warning: level !== 'info', note: detail, about };
    try {
      await this.client.post(`/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`, eventFor(pod, said, this.clock(), this.instance));
    } catch (error) {
      // It was written by an earlier run and is still there.
      if (error instanceof ApiError && error.code === 409) return;
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
 * The configuration, checked: a number that is missing would make everything fresh, or everything stale.
 *
 * @param {string} text
 * @returns {Config}
 */
function readConfig(text) {
  const config = parse(text);
  /** @param {string} field @param {boolean} right @param {string} what */
  const check = (field, right, what) => {
    if (!right) throw new Error(`the configuration is wrong: ${field} must be ${what}`);
  };
  check('it', typeof config === 'object' && config !== null, 'a JSON object');
  /** @param {unknown} value */
  const isText = value => typeof value === 'string' && value !== '';
  const { namespaces, copySelector } = config;
  check('namespaces', Array.isArray(namespaces) && namespaces.length > 0 && namespaces.every(isText), 'a list of names');
  for (const field of ['maxAgeSeconds', 'graceAfterEndSeconds']) {
    check(field, Number.isInteger(config[field]) && config[field] > 0, 'a whole number above 0');
  }
  for (const field of ['includeDaemonSets', 'includeBarePods', 'dryRun']) check(field, typeof config[field] === 'boolean', 'true or false');
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
async function main([configFile, serviceAccount], env, log, clock) {
  try {
    if (!configFile || !serviceAccount) throw new Error('usage: debug-container-cleanup.js CONFIG.json SERVICE_ACCOUNT_DIRECTORY');
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, HOSTNAME: instance = 'debug-container-cleanup' } = env;
    if (!host || !port) throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this runs in a pod');
    const config = readConfig(fs.readFileSync(configFile, 'utf8'));
    const client = createClient({ host, port, serviceAccount });
    try {
      return await new CleanupRun({ config, client, log, clock, instance }).run() ? 0 : 1;
    } finally {
      client.close();
    }
  } catch (error) {
    log('error', error instanceof Error ? error.message : String(error), { outcome: 'failed' });
    return 1;
  }
}

if (require.main === module) {
  const log = createLog(line => process.stdout.write(line), Date.now);
  // The first process of a container has no default for this signal: without a handler it would be killed 30 s later.
  process.on('SIGTERM', () => {
    log('error', 'stopped before the end: the deadline of the Job is over, or its pod was deleted', { outcome: 'failed' });
    process.exit(1);
  });
  void main(process.argv.slice(2), process.env, log, Date.now).then(status => {
    process.exitCode = status;
  });
}

module.exports = { CleanupRun, EXEMPT_REASON, EXEMPT_UNTIL, createClient, createLog, decide, duration, main, readConfig, timeOf };
