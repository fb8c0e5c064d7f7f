// @ts-check
'use strict';

/**
 * The page of a namespace: finds the pods behind a headless Service by DNS, asks each for what the contract names, and shows it
 * as HTML or JSON. It has no rights. Each answer is bounded in time and size, and so is the number of pods, so whatever a pod does
 * costs at most its own line.
 *
 * Usage: node overview.js CONFIG.json
 */

const dns = require('dns');
const fs = require('fs');
const { ask, endInOrder, log, serve } = require('./http.js');
const { html } = require('./page.js');

/**
 * @typedef {object} Config
 * @property {string} namespace
 * @property {string} service the headless Service
 * @property {number} relayPort of the pods
 * @property {number} port of the page, on loopback
 * @property {number} healthPort
 * @property {string} tokenFile
 * @property {string} [clusterDomain] found in resolv.conf when it is left out
 *
 * @typedef {{ name: string, status: Status, detail: string }} Check
 * @typedef {{ at: string, message: string, kind: string, count: number }} Mistake
 * @typedef {'ok' | 'degraded' | 'failing' | 'unknown'} Status
 *
 * @typedef {object} Pod
 * @property {string} address
 * @property {string} pod its name, empty when not even its relay answered
 * @property {Status} status
 * @property {string} name of the application
 * @property {string} version
 * @property {string} commit
 * @property {string} builtAt
 * @property {string} startedAt
 * @property {string} configHash
 * @property {Check[]} checks
 * @property {Mistake[]} errors
 * @property {string[]} problems what could not be found out, and why
 *
 * @typedef {object} Overview
 * @property {string} namespace
 * @property {string} at
 * @property {Pod[]} pods those that need somebody first
 * @property {number} left how many pods were not asked, being too many
 * @property {string} problem why there are none
 */

const MOST_PODS = 200;
const AT_ONCE = 16;
const TIMEOUT_MS = 3_000;
const MAX_BYTES = 65_536;
/** Whoever reloads sees the same for so long, and pods are not asked more often by many readers than by one. */
const FRESH_MS = 2_000;

// -------------------------------------------------------------------------------------------------------- finding

/**
 * The domain of the cluster, by the search list that the kubelet gave.
 *
 * @param {string} resolvConf
 */
function clusterDomain(resolvConf) {
  const search = /^search\s+(.*)$/m.exec(resolvConf)?.[1].split(/\s+/) ?? [];
  return search.find(domain => domain.startsWith('svc.'))?.slice('svc.'.length) ?? 'cluster.local';
}

/**
 * Addresses of the pods, sorted. A family that has none is no problem.
 *
 * @param {string} name
 * @returns {Promise<string[]>}
 */
async function find(name) {
  const resolver = new dns.promises.Resolver({ timeout: 1_500, tries: 2 });
  /** @param {any} error */
  const none = error => {
    if (error.code === 'ENODATA' || error.code === 'ENOTFOUND') return /** @type {string[]} */ ([]);
    throw new Error(`DNS does not say which pods there are: ${error.code}`);
  };
  const [four, six] = await Promise.all([resolver.resolve4(name).catch(none), resolver.resolve6(name).catch(none)]);
  // A pod of two families is listed once.
  return (four.length ? four : six).sort();
}

// --------------------------------------------------------------------------------------------------------- asking

/**
 * One line of text, whatever was sent.
 *
 * @param {unknown} value
 */
const line = (value, most = 200) => typeof value === 'string' ? value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim().slice(0, most) : '';

/**
 * @param {unknown} value
 * @returns {Status}
 */
const status = value => value === 'ok' || value === 'degraded' || value === 'failing' ? value : 'unknown';

/**
 * A time of RFC 3339, or nothing.
 *
 * @param {unknown} value
 */
const time = value => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value)) ? line(value, 40) : '';

/**
 * @param {any} value
 * @returns {any[]}
 */
const list = value => (Array.isArray(value) ? value : []).filter(item => typeof item === 'object' && item !== null).slice(0, 50);

/**
 * What one pod says. It never throws.
 *
 * @param {Config} config
 * @param {string} address
 * @param {string} token
 * @returns {Promise<Pod>}
 */
async function askPod(config, address, token) {
  let pod = '';
  /** @type {string[]} */
  const problems = [];
  /** @param {string} path */
  const get = async path => {
    /** @type {Buffer[]} */
    const pieces = [];
    let code = 0;
    try {
      await ask({ host: address, port: config.relayPort, path, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, headers: { authorization: `Bearer ${token}` } }, {
        onHead: answer => {
          code = answer.statusCode ?? 0;
          pod = line(answer.headers['x-secure-debug-pod']) || pod;
        },
        onData: piece => pieces.push(piece) > 0,
      });
      const body = Buffer.concat(pieces).toString('utf8');
      if (code !== 200) throw new Error(code >= 500 ? line(body) : `${code} instead of 200`);
      const answer = JSON.parse(body);
      if (typeof answer !== 'object' || answer === null) throw new SyntaxError('no object');
      return answer;
    } catch (error) {
      problems.push(`${path}: ${error instanceof SyntaxError ? 'the answer is not the JSON of the contract' : line(/** @type {Error} */ (error).message)}`);
      return {};
    }
  };
  const [info, health, mistakes] = await Promise.all(['/debug/info', '/debug/health', '/debug/errors'].map(get));
  return {
    address,
    pod,
    status: status(health.status),
    name: line(info.name),
    version: line(info.version),
    commit: line(info.commit),
    builtAt: time(info.builtAt),
    startedAt: time(info.startedAt),
    configHash: line(info.configHash),
    checks: list(health.checks).map(check => ({ name: line(check.name), status: status(check.status), detail: line(check.detail, 500) })),
    errors: list(mistakes.errors).map(({ at, message, kind, count }) => ({ at: time(at), message: line(message, 500), kind: line(kind), count: Number.isSafeInteger(count) && count > 0 ? count : 1 })),
    problems: problems.sort(),
  };
}

/** @type {{ [status: string]: number }} */
const URGENCY = { failing: 0, unknown: 1, degraded: 2, ok: 3 };

/**
 * @param {Config} config
 * @param {(name: string) => Promise<string[]>} finder
 * @returns {Promise<Overview>}
 */
async function gather(config, finder = find) {
  const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const nothing = { namespace: config.namespace, at, pods: [], left: 0 };
  /** @type {string[]} */
  let addresses;
  let token;
  try {
    const domain = config.clusterDomain ?? clusterDomain(fs.readFileSync('/etc/resolv.conf', 'utf8'));
    addresses = await finder(`${config.service}.${config.namespace}.svc.${domain}.`);
    token = fs.readFileSync(config.tokenFile, 'utf8').trim();
  } catch (error) {
    return { ...nothing, problem: line(/** @type {Error} */ (error).message) };
  }
  if (addresses.length === 0) return { ...nothing, problem: 'No pod is behind the Service: none runs, or none has a DiagnosticsEndpoint for this page.' };

  const asked = addresses.slice(0, MOST_PODS);
  /** @type {Pod[]} */
  const pods = [];
  const next = asked.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const address of next) pods.push(await askPod(config, address, token));
  }));
  const key = (/** @type {Pod} */ pod) => `${URGENCY[pod.status]}\0${pod.name}\0${pod.pod}\0${pod.address}`;
  pods.sort((a, b) => key(a) < key(b) ? -1 : 1);
  return { ...nothing, pods, left: addresses.length - asked.length, problem: '' };
}

// -------------------------------------------------------------------------------------------------------- serving

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * @param {() => Promise<Overview>} gatherer
 * @returns {import('http').RequestListener}
 */
function page(gatherer) {
  /** @type {{ since: number, overview: Promise<Overview> } | undefined} */
  let last;
  const fresh = () => {
    if (!last || performance.now() - last.since > FRESH_MS) {
      const current = last = { since: Number.POSITIVE_INFINITY, overview: gatherer() };
      void current.overview.then(() => { current.since = performance.now(); }, () => { last = undefined; });
    }
    return last.overview;
  };
  return (request, response) => {
    /**
     * @param {number} code
     * @param {string} type
     * @param {string} body
     */
    const answer = (code, type, body) => void response.writeHead(code, { ...HEADERS, 'content-type': `${type}; charset=utf-8` }).end(body);
    const kind = request.url === '/' ? 'text/html' : request.url === '/overview.json' ? 'application/json' : undefined;
    const who = request.headers['x-forwarded-email'] ?? request.headers['x-forwarded-user'] ?? '';
    const tell = (/** @type {number} */ code) => log({ message: 'overview', who: String(who).slice(0, 200), url: String(request.url).slice(0, 500), status: code });
    if (request.method !== 'GET' || !kind) {
      tell(404);
      return answer(404, 'text/plain', 'There are / and /overview.json.\n');
    }
    fresh().then(overview => {
      tell(200);
      answer(200, kind, kind === 'text/html' ? html(overview) : `${JSON.stringify(overview, undefined, 2)}\n`);
    }).catch(error => {
      log({ message: 'the page failed', problem: String(error) });
      answer(500, 'text/plain', 'The page failed; its log says why.\n');
    });
  };
}

/**
 * @param {Config} config
 * @param {() => Promise<Overview>} gatherer
 */
async function start(config, gatherer = () => gather(config)) {
  return [
    await serve(page(gatherer), config.port, '127.0.0.1'),
    await serve((request, response) => void response.writeHead(request.url === '/healthz' || request.url === '/readyz' ? 200 : 404).end(), config.healthPort, undefined),
  ];
}

module.exports = { clusterDomain, gather, start };

if (require.main === module) {
  start(JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))).then(endInOrder, error => {
    log({ message: 'the page cannot start', problem: String(error) });
    process.exitCode = 1;
  });
}
