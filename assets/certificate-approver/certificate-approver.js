// @ts-check
'use strict';

/**
 * Approves certificates of people that say no more than who they are, and denies the others with a reason. Admission cannot read
 * a certificate request; this does.
 */

const { ApiError, createLog, listAll, main, quote } = require('./kubernetes.js');
const { readRequest, RequestError } = require('./certificate-request.js');

const PROGRAM = 'certificate-approver';
const SIGNER = 'kubernetes.io/kube-apiserver-client';
const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
/** The least that Kubernetes signs for. */
const LEAST_SECONDS = 600;
/** What a client needs; the first has to be there. */
const USAGES = ['client auth', 'digital signature'];
/** Where the API server says by which credential somebody came (Kubernetes 1.32 and later), and how a certificate begins there. */
const CREDENTIAL = 'authentication.kubernetes.io/credential-id';
const CERTIFICATE = 'X509SHA256=';
const PAUSE_MS = 2000;

/**
 * @typedef {{ groups: string[], maxSeconds: number, byCertificate: boolean, exceptions: string[] }} Config
 * @typedef {(level: 'info' | 'warning' | 'error' | 'alarm', message: string, fields?: object) => void} Log
 */

/**
 * The configuration, checked: a field that is missing must not let anything through.
 *
 * @param {string} text
 * @returns {Config}
 */
function readConfig(text) {
  const config = JSON.parse(text);
  /** @param {unknown} list */
  const texts = list => Array.isArray(list) && list.every(item => typeof item === 'string' && item !== '');
  const right = texts(config?.groups) && config.groups.length > 0 && Number.isInteger(config.maxSeconds) && config.maxSeconds >= LEAST_SECONDS
    && typeof config.byCertificate === 'boolean' && texts(config.exceptions);
  if (!right) throw new Error('the configuration is wrong: groups, maxSeconds, byCertificate and exceptions have to be there');
  return config;
}

/**
 * Why a request is denied; undefined when it is approved. Whatever is not understood is denied.
 *
 * @param {any} spec of a CertificateSigningRequest
 * @param {Config} config
 * @returns {string | undefined}
 */
function objection(spec, config) {
  const { username, groups = [], expirationSeconds, usages = [], extra = {} } = spec;
  const own = (/** @type {string} */ name) => /^system:/i.test(name);
  if (!username || own(username)) return 'it was made by no person';
  if (!config.byCertificate && (extra[CREDENTIAL] ?? []).some((/** @type {string} */ id) => id.startsWith(CERTIFICATE))) {
    return 'it was made with a certificate: a certificate that gets the next would never end; log in first';
  }
  if (!Number.isInteger(expirationSeconds)) return 'it does not say for how long (expirationSeconds)';
  if (expirationSeconds < LEAST_SECONDS || expirationSeconds > config.maxSeconds) return `it is for ${expirationSeconds} s, not for ${LEAST_SECONDS} to ${config.maxSeconds} s`;
  if (!usages.includes(USAGES[0]) || usages.some((/** @type {string} */ usage) => !USAGES.includes(usage))) return `its usages are not ${USAGES.join(' and ')}`;
  const { commonName, organizations } = readRequest(spec.request);
  if (commonName !== username) return `its name (CN) ${quote(commonName)} is not that of who made it`;
  if (organizations.length === 0) return 'it has no group (O)';
  for (const group of organizations) {
    if (own(group) || !config.groups.includes(group)) return `its group (O) ${quote(group)} is none that debugs`;
    if (!groups.includes(group)) return `who made it is not in its group (O) ${quote(group)}`;
  }
  return undefined;
}

/**
 * The request with the decision in it; undefined when there is nothing to decide.
 *
 * @param {any} request
 * @param {Config} config
 */
function decide(request, config) {
  const { spec, status = {} } = request;
  if (spec.signerName !== SIGNER || (status.conditions ?? []).length > 0 || status.certificate || config.exceptions.includes(spec.username)) return undefined;
  let why;
  try {
    why = objection(spec, config);
  } catch (error) {
    why = error instanceof RequestError ? error.message : 'it cannot be read';
  }
  const message = why === undefined ? `name and groups are those of ${spec.username}, for ${spec.expirationSeconds} s` : `denied: ${why}`;
  const condition = { type: why === undefined ? 'Approved' : 'Denied', status: 'True', reason: 'SecureDebug', message };
  return { ...request, apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', status: { ...status, conditions: [condition] } };
}

/**
 * Looks once, and says whether every decision arrived.
 *
 * @param {Config} config
 * @param {{ client: any, log: Log }} context
 */
async function round(config, { client, log }) {
  let complete = true;
  const { kept } = await listAll(client, REQUESTS, (/** @type {any} */ request) => decide(request, config));
  for (const decided of kept) {
    const { metadata: { name }, spec, status: { conditions: [{ type, message }] } } = decided;
    const fields = { request: name, person: spec.username, groups: spec.groups, seconds: spec.expirationSeconds };
    try {
      await client.put(`${REQUESTS}/${encodeURIComponent(name)}/approval`, decided);
      log(type === 'Approved' ? 'info' : 'warning', message, { outcome: type.toLowerCase(), ...fields });
    } catch (error) {
      // It changed or went away since it was listed: the next round sees.
      if (error instanceof ApiError && [404, 409].includes(error.code)) continue;
      complete = false;
      log('error', `cannot decide ${name}: ${error instanceof Error ? error.message : String(error)}`, { outcome: 'failed', ...fields });
    }
  }
  return complete;
}

/**
 * @param {string} text of the configuration
 * @param {{ client: any, log: Log }} context
 * @param {{ pause?: (ms: number) => Promise<unknown>, rounds?: number }} [limits]
 */
async function run(text, context, { pause = ms => new Promise(resolve => setTimeout(resolve, ms)), rounds = Infinity } = {}) {
  const config = readConfig(text);
  context.log('info', 'started', { groups: config.groups, maxSeconds: config.maxSeconds });
  for (let i = 1; ; i++) {
    const complete = await round(config, context);
    if (i >= rounds) return complete;
    await pause(PAUSE_MS);
  }
}

module.exports = { decide, objection, readConfig, round, run };

/* istanbul ignore next */
if (require.main === module) {
  const log = createLog(line => process.stdout.write(line), Date.now);
  // A decision is one request, so nothing is half done when the pod is told to stop.
  process.on('SIGTERM', () => process.exit(0));
  void main({ program: PROGRAM, run }, process.argv.slice(2), process.env, log, Date.now).then(status => {
    process.exitCode = status;
  });
}
