// @ts-check
'use strict';

/**
 * The backstop of access that was granted for a time. Each grant is a RoleBinding that its timer removes, a Job which
 * owns it. For each namespace of its configuration this program lists the RoleBindings, finds grants and requests that
 * outlived their time or have no timer, deletes them, and raises an alarm, for a timer that fails is for people to look
 * at. It runs to its end and exits: 0, or 1 when something failed. An alarm is no failure.
 *
 *   node expired-access-cleanup.js CONFIG.json SERVICE_ACCOUNT_DIRECTORY
 *
 * A RoleBinding is a request when its label request-for is the name of its Role, and it is
 *   - active, when it has subjects, whatever else it says: RBAC goes by nothing else;
 *   - closed, when it says so (denied, revoked, withdrawn), and else open.
 * It is deleted when
 *   - its end is over for longer than graceSeconds, or cannot be read;
 *   - no timer owns it, or the Job that owns it does not exist and the garbage collector left it, or is being deleted in
 *     such a way that it leaves it behind (kubectl delete --cascade=orphan).
 * If it was active, that is an alarm. What is not over stays, in every state.
 *
 * Never deleted: RoleBindings that are no requests. One that binds a Role which is for requests alone, or claims to be a
 * request for another Role than its own, is an alarm: somebody went past the requests.
 */

const kubernetes = require('./kubernetes.js');

const { ApiError, createLog, duration, explain, iso, quote, timeOf } = kubernetes;

const PROGRAM = 'expired-access-cleanup';

const DOMAIN = 'secure-debug.internal';
const REQUEST_FOR = `${DOMAIN}/request-for`;
const REQUESTED_BY = `${DOMAIN}/requested-by`;
const TICKET = `${DOMAIN}/ticket`;
const EXPIRES_AT = `${DOMAIN}/expires-at`;
const CLOSED = `${DOMAIN}/closed`;
const TIMER_PREFIX = 'debug-timer-';
/** Names of the Roles that are for requests alone. */
const REQUESTABLE = /^(?:debug-grant|break-glass)(?:-[a-z0-9-]+)?$/;

/** How long the garbage collector may take. */
const COLLECTOR_MS = 3000;

// ---------------------------------------------------------------------------------------------------------- types

/**
 * @typedef {import('./kubernetes.js').Client} Client
 * @typedef {import('./kubernetes.js').Level} Level
 * @typedef {import('./kubernetes.js').Log} Log
 *
 * @typedef {object} Config
 * @property {string[]} namespaces where to look
 * @property {number} graceSeconds how long the timer may take after the end
 * @property {boolean} dryRun ask the API server what would happen, delete nothing
 *
 * The part of a RoleBinding that is read here.
 * @typedef {object} RoleBinding
 * @property {Metadata} metadata
 * @property {{ kind: string, name: string }} roleRef
 * @property {{ kind: string, name: string, namespace?: string }[]} [subjects]
 *
 * @typedef {object} Metadata
 * @property {string} name
 * @property {string} namespace
 * @property {string} uid
 * @property {string} resourceVersion
 * @property {string} [deletionTimestamp]
 * @property {string[]} [finalizers]
 * @property {Record<string, string>} [labels]
 * @property {Record<string, string>} [annotations]
 * @property {Owner[]} [ownerReferences]
 *
 * @typedef {{ apiVersion: string, kind: string, name: string, uid: string }} Owner
 *
 * @typedef {'open' | 'active' | 'closed'} State
 * @typedef {'running' | 'overdue' | 'unreadable-end' | 'without-timer' | 'timer-gone'} Why
 *
 * @typedef {object} Judged
 * @property {State} state
 * @property {Why} why running: it stays
 * @property {string} detail the same in words
 * @property {number} [overdueSeconds] since its end; not set when that is not over or cannot be read
 * @property {Owner} [timer] the Job that will remove it
 */

// ------------------------------------------------------------------------------------------------------- deciding

/**
 * What a RoleBinding is to this program: a request, nothing, or a binding that should not be.
 *
 * @param {RoleBinding} binding
 * @returns {'request' | 'unrelated' | 'unexpected'}
 */
function kindOf({ metadata, roleRef, subjects = [] }) {
  const claimed = metadata.labels?.[REQUEST_FOR];
  const role = roleRef.kind === 'Role' ? roleRef.name : undefined;
  if (claimed !== undefined && claimed === role && REQUESTABLE.test(role)) return 'request';
  const related = claimed !== undefined || (role !== undefined && REQUESTABLE.test(role));
  return related && subjects.length > 0 ? 'unexpected' : 'unrelated';
}

/**
 * What is to be done with a request. Pure: whether its timer exists is looked up later.
 *
 * @param {RoleBinding} binding
 * @param {number} now milliseconds
 * @param {Config} config
 * @returns {Judged}
 */
function judge({ metadata, subjects = [] }, now, config) {
  const annotations = metadata.annotations ?? {};
  const state = subjects.length > 0 ? 'active' : annotations[CLOSED] === undefined ? 'open' : 'closed';
  const end = timeOf(annotations[EXPIRES_AT]);
  if (end === undefined) {
    return { state, why: 'unreadable-end', detail: `its end, ${quote(annotations[EXPIRES_AT])}, is not a time such as 2026-03-01T18:00:00Z (RFC 3339)` };
  }
  const past = now - end;
  const overdue = past >= 0 ? { overdueSeconds: Math.floor(past / 1000) } : {};
  if (past > config.graceSeconds * 1000) return { state, why: 'overdue', detail: `it ended ${iso(end)}, ${duration(past)} ago, and is still there`, ...overdue };
  const timer = (metadata.ownerReferences ?? []).find(({ kind, apiVersion, name }) =>
    kind === 'Job' && apiVersion.startsWith('batch/') && name.startsWith(TIMER_PREFIX));
  if (!timer) return { state, why: 'without-timer', detail: `no timer will end it; it says that it ends ${iso(end)}`, ...overdue };
  return { state, why: 'running', detail: `it ends ${iso(end)}`, timer, ...overdue };
}

/**
 * Names of what is found, for alerts: stable.
 *
 * @param {State} state @param {Why} why
 */
const eventName = (state, why) => {
  const what = state === 'active' ? 'grant' : 'request';
  return { 'running': `${what}-runs`, 'overdue': `overdue-${what}`, 'unreadable-end': `unreadable-${what}`, 'without-timer': `${what}-without-timer`, 'timer-gone': `${what}-without-timer` }[why];
};

/** `overdue-grant` as the reason of an Event: `OverdueGrant`. @param {string} name */
const camel = name => name.split('-').map(word => word[0].toUpperCase() + word.slice(1)).join('');

// --------------------------------------------------------------------------------------------------------- acting

/** @param {Omit<Parameters<typeof kubernetes.createClient>[0], 'program'>} options */
const createClient = options => kubernetes.createClient({ program: PROGRAM, ...options });

/** @param {string} namespace @param {string} [name] */
const bindingsOf = (namespace, name) =>
  `/apis/rbac.authorization.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/rolebindings${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;

/** Text of somebody else, of a bounded length. @param {string | undefined} text */
const bounded = text => (text ?? '').slice(0, 253);

/** Who, what and why, for the log. @param {RoleBinding} binding */
function describe({ metadata: { name, namespace, uid, annotations = {} }, roleRef, subjects = [] }) {
  return {
    namespace,
    roleBinding: bounded(name),
    uid,
    role: roleRef.kind === 'Role' ? roleRef.name : `${roleRef.kind} ${roleRef.name}`,
    person: bounded(annotations[REQUESTED_BY]),
    ticket: bounded(annotations[TICKET]),
    expiresAt: bounded(annotations[EXPIRES_AT]),
    subjects: subjects.slice(0, 10).map(subject => bounded(`${subject.kind} ${subject.namespace ? `${subject.namespace}/` : ''}${subject.name}`)),
  };
}

/**
 * What came of a request that has to go.
 * @typedef {'deleted' | 'wouldDelete' | 'held' | 'changed' | 'failed'} Outcome
 * @typedef {{ outcome: Outcome, detail: string }} Result
 */

/** One run over all namespaces. */
class ExpiryRun {
  /**
   * @param {object} context
   * @param {Config} context.config
   * @param {Client} context.client
   * @param {Log} context.log
   * @param {() => number} context.clock
   * @param {string} context.instance the name of this pod
   * @param {(ms: number) => Promise<void>} [context.pause]
   */
  constructor({ config, client, log, clock, instance, pause = ms => new Promise(resolve => setTimeout(resolve, ms)) }) {
    this.config = config;
    this.client = client;
    this.log = log;
    this.clock = clock;
    this.instance = instance;
    this.pause = pause;
    this.counts = { roleBindings: 0, open: 0, active: 0, closed: 0, overdue: 0, alarms: 0, unexpected: 0, deleted: 0, wouldDelete: 0, held: 0, changed: 0, failed: 0 };
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
    /** @type {{ seen: number, kept: RoleBinding[] }} */
    let found;
    try {
      found = await kubernetes.listAll(this.client, bindingsOf(namespace), (/** @type {RoleBinding} */ binding) => kindOf(binding) === 'unrelated' ? undefined : binding);
    } catch (error) {
      this.fail(`the RoleBindings of ${namespace} could not be listed: ${explain(error, namespace)}`, { namespace });
      return;
    }
    this.counts.roleBindings += found.seen;
    /** @type {{ binding: RoleBinding, judged: Judged }[]} */
    const orphans = [];
    for (const binding of found.kept) {
      if (kindOf(binding) === 'unexpected') {
        await this.report(binding);
        continue;
      }
      const judged = await this.withTimer(binding, judge(binding, this.clock(), this.config));
      if (judged?.why === 'timer-gone') orphans.push({ binding, judged });
      else if (judged) await this.settle(binding, judged);
    }
    // A Job takes its RoleBinding with it, a moment later: what has gone by then was no orphan.
    if (orphans.length > 0) await this.pause(COLLECTOR_MS);
    for (const { binding, judged } of orphans) await this.settle(binding, judged);
  }

  /** A binding that is no request and gives what only requests should. @param {RoleBinding} binding */
  async report(binding) {
    this.counts.unexpected++;
    this.counts.alarms++;
    const detail = 'it gives a Role that is for requests alone, or claims to be a request and is none; it is left: whoever wrote it has to remove it';
    this.log('alarm', detail, { event: 'unexpected-binding', outcome: 'left', ...describe(binding) });
    await this.tell(binding, 'unexpected-binding', detail, '');
  }

  /** @param {RoleBinding} binding @param {Judged} judged */
  async settle(binding, judged) {
    const { state, why, detail, overdueSeconds } = judged;
    this.counts[state]++;
    if (why === 'overdue') this.counts.overdue++;
    const event = eventName(state, why);
    const known = { event, state, ...describe(binding), ...overdueSeconds !== undefined && { overdueSeconds } };
    if (why === 'running') {
      // Who has access right now.
      if (state === 'active') this.log('info', detail, { outcome: 'runs', ...known });
      return;
    }

    const result = await this.remove(binding);
    this.counts[result.outcome]++;
    const gone = result.outcome === 'changed';
    const alarm = state === 'active' && !gone;
    if (alarm) this.counts.alarms++;
    this.log(gone ? 'info' : alarm ? 'alarm' : 'warning', `${detail}; ${result.detail}`, { outcome: result.outcome, ...known });
    if (result.outcome === 'failed') this.log('error', `a request could not be deleted: ${result.detail}`, { outcome: 'failed', event, namespace: binding.metadata.namespace });
    if (!gone) await this.tell(binding, event, `${detail}; ${result.detail}`, result.outcome);
  }

  /**
   * Looks for the Job that is to end it.
   *
   * @param {RoleBinding} binding
   * @param {Judged} judged
   * @returns {Promise<Judged | undefined>} undefined when that could not be found out
   */
  async withTimer(binding, judged) {
    const { timer } = judged;
    if (!timer || judged.overdueSeconds !== undefined) return judged;
    const { namespace } = binding.metadata;
    try {
      const job = await this.client.get(`/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}/jobs/${encodeURIComponent(timer.name)}`);
      const { uid, deletionTimestamp, finalizers = [] } = job.metadata;
      // Somebody deletes the timer and orphans what it owns: such a Job waits for that, and no longer for its deadline.
      const abandons = deletionTimestamp !== undefined && finalizers.includes('orphan');
      if (uid === timer.uid && !abandons) return judged;
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 404)) {
        this.fail(`the timer ${quote(timer.name)} could not be read: ${explain(error, namespace)}`, { namespace, roleBinding: bounded(binding.metadata.name) });
        return undefined;
      }
    }
    return { ...judged, why: 'timer-gone', detail: `its timer ${quote(timer.name)} is gone, or leaves it behind, and ${judged.detail}` };
  }

  /**
   * Deletes exactly what was looked at: not another one of its name, and not if it changed since. With dryRun the API
   * server answers as it would, and changes nothing.
   *
   * @param {RoleBinding} binding
   * @returns {Promise<Result>}
   */
  async remove({ metadata: { name, namespace, uid, resourceVersion, deletionTimestamp, finalizers = [] } }) {
    /** RBAC does not ask whether a binding is being deleted. @param {string[]} by @returns {Result} */
    const held = by => ({ outcome: 'held', detail: `it is being deleted, and works until its finalizers are gone: ${by.map(quote).join(', ')}` });
    if (deletionTimestamp) return held(finalizers);
    try {
      // The API server reads the options of a deletion from its body, and if there is one, nothing of its query.
      const answer = await this.client.delete(bindingsOf(namespace, name), {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid, resourceVersion },
        ...this.config.dryRun && { dryRun: ['All'] },
      });
      if (this.config.dryRun) return { outcome: 'wouldDelete', detail: 'would be deleted, this is a dry run' };
      return answer.metadata?.deletionTimestamp ? held(answer.metadata.finalizers ?? []) : { outcome: 'deleted', detail: 'deleted' };
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return { outcome: 'changed', detail: 'not deleted, it is gone' };
      if (error instanceof ApiError && error.code === 409) return { outcome: 'changed', detail: 'not deleted, it changed or was replaced since it was listed; the next run decides anew' };
      return { outcome: 'failed', detail: `not deleted: ${explain(error, namespace)}` };
    }
  }

  /**
   * Writes an Event about the RoleBinding.
   *
   * @param {RoleBinding} binding @param {string} event @param {string} note @param {string} about what makes it another Event
   */
  async tell({ metadata: { name, namespace, uid, annotations = {} }, roleRef }, event, note, about) {
    const regarding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', name, namespace, uid };
    const who = `${roleRef.name} for ${quote(annotations[REQUESTED_BY])}, ticket ${quote(annotations[TICKET])}`;
    try {
      await kubernetes.writeEvent(this.client, regarding, { reason: camel(event), action: 'EndAccess', warning: true, note: `${who}: ${note}`, about }, { program: PROGRAM, instance: this.instance, now: this.clock() });
    } catch (error) {
      this.fail(`no Event could be written: ${explain(error, namespace)}`, { namespace, roleBinding: bounded(name) });
    }
  }

  /** @param {string} message @param {object} fields */
  fail(message, fields) {
    this.counts.failed++;
    this.log('error', message, { outcome: 'failed', ...fields });
  }
}

// ------------------------------------------------------------------------------------------------------- starting

/**
 * @param {string} text
 * @returns {Config}
 */
const readConfig = text => kubernetes.readConfig(text, { seconds: ['graceSeconds'], flags: ['dryRun'] }).config;

/**
 * @param {string[]} args path of the configuration, directory of the ServiceAccount's files
 * @param {Record<string, string | undefined>} env
 * @param {Log} log
 * @param {() => number} clock
 * @returns {Promise<number>} the exit status
 */
function main(args, env, log, clock) {
  /** @type {Parameters<typeof kubernetes.main>[0]['run']} */
  const run = (text, context) => new ExpiryRun({ config: readConfig(text), ...context }).run();
  return kubernetes.main({ program: PROGRAM, run }, args, env, log, clock);
}

if (require.main === module) kubernetes.start(main);

module.exports = { CLOSED, EXPIRES_AT, ExpiryRun, REQUESTABLE, REQUESTED_BY, REQUEST_FOR, TICKET, TIMER_PREFIX, createClient, createLog, judge, kindOf, main, readConfig };
