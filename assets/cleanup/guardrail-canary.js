// @ts-check
'use strict';

/**
 * Shows that admission policies are loaded and decide: policies are not themselves guarded by policies, and one that is not
 * there refuses nothing. For each probe of its configuration this program sends a request that the policy has to refuse, as a
 * dry run, and tries again until the policy of that name refused it or the time is over. It runs to its end and exits: 0 when
 * each was refused, 1 otherwise.
 *
 *   node guardrail-canary.js CONFIG.json SERVICE_ACCOUNT_DIRECTORY
 *
 * What it may send would give it nothing if it went through: see the construct. A probe without a path is about a policy that
 * no program can meet; its policy and binding are read instead.
 */

const kubernetes = require('./kubernetes.js');

const { ApiError, createLog, explain, quote } = kubernetes;

const PROGRAM = 'guardrail-canary';
const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const BINDINGS = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';

/**
 * @typedef {import('./kubernetes.js').Client} Client
 * @typedef {import('./kubernetes.js').Log} Log
 *
 * @typedef {object} Probe
 * @property {string} policy who has to refuse
 * @property {string} [path] where the request goes, its query included
 * @property {object} [body]
 *
 * @typedef {object} Config
 * @property {string} cronJob whom Events are about
 * @property {string} namespace where that is
 * @property {number} retrySeconds for how long it tries again
 * @property {Probe[]} probes
 *
 * @typedef {{ decides: boolean, detail: string }} Finding
 */

/** The verdict is in the message; its first words are the API server's. @param {unknown} error @param {string} policy */
const refusedBy = (error, policy) => error instanceof ApiError && error.code === 403 && error.message.includes(`ValidatingAdmissionPolicy '${policy}'`);

/**
 * Whether the policy decides.
 *
 * @param {Client} client
 * @param {Probe} probe
 * @returns {Promise<Finding>}
 */
async function ask(client, { policy, path, body }) {
  if (path === undefined) {
    const fault = await faultOf(client, policy);
    return fault === undefined ? { decides: true, detail: 'it is there, and its binding denies' } : { decides: false, detail: fault };
  }
  let answer;
  try {
    await client.post(path, body ?? {});
    answer = 'the request went through';
  } catch (error) {
    if (refusedBy(error, policy)) return { decides: true, detail: 'it refused what it has to refuse' };
    answer = error instanceof ApiError && error.code === 404 ? 'the request went through to what is not there' : `it did not refuse the request: ${reasonOf(error)}`;
  }
  return { decides: false, detail: `${answer}; ${await faultOf(client, policy) ?? 'the policy and its binding are there'}` };
}

/** @param {unknown} error */
const reasonOf = error => error instanceof ApiError ? `the API server answered ${error.code}, ${quote(error.message)}` : explain(error, '');

/**
 * What is wrong with a policy as it is stored, undefined when nothing is.
 *
 * @param {Client} client
 * @param {string} name of the policy and its binding
 * @returns {Promise<string | undefined>}
 */
async function faultOf(client, name) {
  try {
    const policy = await find(client, `${POLICIES}/${name}`);
    if (policy === undefined) return 'the policy is not there';
    const binding = await find(client, `${BINDINGS}/${name}`);
    if (binding === undefined) return 'its binding is not there';
    const actions = binding.spec?.validationActions ?? [];
    if (binding.spec?.policyName !== name) return `its binding is about ${quote(binding.spec?.policyName)}`;
    if (!actions.includes('Deny')) return `its binding does not deny, but ${quote(actions.join(', '))}`;
    if (policy.spec?.failurePolicy === 'Ignore') return 'its failures are ignored';
    return undefined;
  } catch (error) {
    return `it could not be read: ${reasonOf(error)}`;
  }
}

/** @param {Client} client @param {string} path */
async function find(client, path) {
  try {
    return await client.get(path);
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}

/** One run over all probes. */
class CanaryRun {
  /**
   * @param {{ config: Config, client: Client, log: Log, clock: () => number, instance: string, pauseMs?: number }} context
   *   instance: the name of this pod
   */
  constructor({ config, client, log, clock, instance, pauseMs = 1000 }) {
    this.config = config;
    this.client = client;
    this.log = log;
    this.clock = clock;
    this.instance = instance;
    this.pauseMs = pauseMs;
  }

  /** @returns {Promise<boolean>} whether every policy decides */
  async run() {
    const { probes, retrySeconds } = this.config;
    const end = this.clock() + retrySeconds * 1000;
    /** @type {{ probe: Probe, detail: string }[]} */
    let silent = probes.map(probe => ({ probe, detail: '' }));
    for (;;) {
      const before = silent;
      silent = [];
      for (const { probe } of before) {
        const { decides, detail } = await ask(this.client, probe);
        if (decides) this.log('info', `${probe.policy} decides: ${detail}`, { event: 'guardrail-decides', policy: probe.policy });
        else silent.push({ probe, detail });
      }
      if (silent.length === 0 || this.clock() >= end) break;
      await new Promise(resolve => setTimeout(resolve, this.pauseMs));
    }
    let told = true;
    for (const { probe: { policy }, detail } of silent) {
      this.log('alarm', `${policy} does not decide: ${detail}`, { event: 'guardrail-does-not-decide', policy });
      told = await this.tell(policy, detail) && told;
    }
    const failed = silent.length > 0 || !told;
    this.log(failed ? 'error' : 'info', failed ? 'done, but not every guardrail decides' : 'done', {
      outcome: 'summary', probes: probes.length, deciding: probes.length - silent.length, silent: silent.length,
    });
    return !failed;
  }

  /** Writes an Event about the CronJob. @param {string} policy @param {string} detail */
  async tell(policy, detail) {
    const { cronJob: name, namespace } = this.config;
    try {
      const found = await find(this.client, `/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}/cronjobs/${encodeURIComponent(name)}`);
      const regarding = { apiVersion: 'batch/v1', kind: 'CronJob', name, namespace, uid: found?.metadata?.uid ?? '' };
      const said = { reason: 'GuardrailDoesNotDecide', action: 'Probe', warning: true, note: `${policy} does not decide: ${detail}`, about: policy };
      await kubernetes.writeEvent(this.client, regarding, said, { program: PROGRAM, instance: this.instance, now: this.clock() });
      return true;
    } catch (error) {
      this.log('error', `no Event could be written: ${reasonOf(error)}`, { outcome: 'failed' });
      return false;
    }
  }
}

// ------------------------------------------------------------------------------------------------------- starting

/**
 * The configuration, checked: without probes nothing would ever be amiss.
 *
 * @param {string} text
 * @returns {Config}
 */
function readConfig(text) {
  let config;
  try {
    config = JSON.parse(text);
  } catch {
    // Said below.
  }
  /** @param {string} field @param {boolean} right @param {string} what */
  const check = (field, right, what) => {
    if (!right) throw new Error(`the configuration is wrong: ${field} must be ${what}`);
  };
  check('it', typeof config === 'object' && config !== null, 'a JSON object');
  /** @param {unknown} value */
  const isText = value => typeof value === 'string' && value !== '';
  for (const field of ['cronJob', 'namespace']) check(field, isText(config[field]), 'a name');
  check('retrySeconds', Number.isInteger(config.retrySeconds) && config.retrySeconds > 0, 'a whole number above 0');
  check('probes', Array.isArray(config.probes) && config.probes.length > 0 && config.probes.every((/** @type {any} */ probe) =>
    isText(probe?.policy) && (probe.path === undefined || isText(probe.path) && probe.path.startsWith('/'))), 'a list of policies, with the path of a request each');
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
  const run = (text, context) => new CanaryRun({ config: readConfig(text), ...context }).run();
  return kubernetes.main({ program: PROGRAM, run }, args, env, log, clock);
}

if (require.main === module) kubernetes.start(main);

module.exports = { CanaryRun, createLog, main, readConfig };
