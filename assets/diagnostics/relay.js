// @ts-check
'use strict';

/**
 * Stands beside an application and passes on what may be asked of its diagnostics, and nothing else: a path is compared as it was
 * sent, character by character, so that no spelling of it means another. It has two doors:
 *
 * - on loopback, for the proxy of the same pod, which has found out who asks: every declared path;
 * - on the pod's address, for the page of the namespace: the paths of the contract, to whoever knows the token.
 *
 * Usage: node relay.js CONFIG.json. The name of its pod is in the environment, POD_NAME.
 */

const crypto = require('crypto');
const fs = require('fs');
const { NoAnswer, ask, endInOrder, log, serve } = require('./http.js');

/**
 * @typedef {object} Path
 * @property {string} path
 * @property {string} [method] GET when it is left out
 * @property {{ [name: string]: number }} [query] names that may be in the query, and the largest number of each
 *
 * @typedef {object} Config
 * @property {string} address of the application: a loopback address
 * @property {number} port
 * @property {Path[]} paths
 * @property {number} doorPort
 * @property {number} perMinute
 * @property {number} atOnce
 * @property {number} timeoutSeconds
 * @property {number} maxBytes
 * @property {{ port: number, paths: string[], tokenFile: string }} [overview]
 */

/** What the page of the namespace gets is small and soon there, or not at all. */
const OVERVIEW = { timeoutMs: 2_500, maxBytes: 65_536, perMinute: 600, atOnce: 6 };

/** Whatever an application answers, a browser runs nothing of it. */
const HARMLESS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** So many at once, and so many in a minute, which come back one after the other. */
class Limit {
  /**
   * @param {number} perMinute
   * @param {number} atOnce
   * @param {() => number} clock in milliseconds
   */
  constructor(perMinute, atOnce, clock = () => performance.now()) {
    this.perMinute = perMinute;
    this.atOnce = atOnce;
    this.clock = clock;
    this.left = perMinute;
    this.at = clock();
    this.busy = 0;
  }

  /** @returns {boolean} whether one more may start */
  take() {
    const now = this.clock();
    this.left = Math.min(this.perMinute, this.left + ((now - this.at) / 60_000) * this.perMinute);
    this.at = now;
    if (this.left < 1 || this.busy >= this.atOnce) return false;
    this.left -= 1;
    this.busy += 1;
    return true;
  }

  give() {
    this.busy -= 1;
  }
}

/**
 * Which of the paths is meant, and what is asked of the application for it; undefined for none. The query is written anew.
 *
 * @param {Path[]} paths
 * @param {string | undefined} url as it was sent
 * @returns {{ path: Path, target: string } | undefined}
 */
function meant(paths, url = '') {
  const [wanted, ...queries] = url.split('?');
  const path = paths.find(candidate => candidate.path === wanted);
  if (!path || queries.length > 1) return undefined;
  /** @type {string[]} */
  const query = [];
  for (const [name, value] of new URLSearchParams(queries[0] ?? '')) {
    if (!Object.hasOwn(path.query ?? {}, name)) return undefined;
    if (!/^\d{1,9}$/.test(value) || Number(value) > /** @type {any} */ (path.query)[name]) return undefined;
    if (query.some(given => given.startsWith(`${name}=`))) return undefined;
    query.push(`${name}=${Number(value)}`);
  }
  return { path, target: query.length ? `${wanted}?${query.join('&')}` : wanted };
}

/**
 * @param {import('http').ServerResponse} response
 * @param {number} status
 * @param {string} text
 * @param {{ [name: string]: string }} [headers]
 */
function say(response, status, text, headers = {}) {
  response.writeHead(status, { ...HARMLESS, 'content-type': 'text/plain; charset=utf-8', ...headers }).end(`${text}\n`);
}

const STATUS = { late: 504, large: 502, moved: 502, refused: 502 };

/**
 * Asks the application and passes its answer on. What it was told about the person stays here.
 *
 * @param {Config} config
 * @param {{ path: Path, target: string }} what
 * @param {import('http').ServerResponse} response
 * @param {{ timeoutMs: number, maxBytes: number, headers: { [name: string]: string } }} bounds
 * @returns {Promise<{ status: number, bytes: number, problem?: string }>}
 */
async function pass(config, { path, target }, response, { timeoutMs, maxBytes, headers }) {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  let status = 0;
  let sent = 0;
  try {
    await ask({
      host: config.address, port: config.port, path: target, method: path.method, timeoutMs, maxBytes, headers: { host: `localhost:${config.port}` },
    }, {
      signal: gone.signal,
      onHead: answer => {
        status = answer.statusCode ?? 502;
        const kept = ['content-type', 'content-disposition', 'content-encoding', 'content-length'].flatMap(name => answer.headers[name] ? [[name, String(answer.headers[name])]] : []);
        response.writeHead(status, { 'content-type': 'application/octet-stream', ...Object.fromEntries(kept), ...HARMLESS, ...headers });
      },
      onData: (piece, resume) => {
        sent += piece.length;
        if (response.write(piece)) return true;
        response.once('drain', resume);
        return false;
      },
    });
    response.end();
    return { status, bytes: sent };
  } catch (error) {
    const { why, message } = error instanceof NoAnswer ? error : new NoAnswer('refused', String(error));
    // Half an answer must not look like a whole one.
    if (response.headersSent) response.destroy(); else say(response, status = STATUS[why], `${message[0].toUpperCase()}${message.slice(1)}.`, headers);
    return { status, bytes: sent, problem: gone.signal.aborted && why === 'refused' ? 'the client went away' : message };
  }
}

/**
 * The door for the proxy of the pod.
 *
 * @param {Config} config
 * @returns {import('http').RequestListener}
 */
function door(config) {
  const limit = new Limit(config.perMinute, config.atOnce);
  const list = config.paths.map(({ path, method }) => `${method ?? 'GET'} ${path}`).join('\n');
  return (request, response) => {
    const who = request.headers['x-forwarded-email'] ?? request.headers['x-forwarded-user'] ?? '';
    const pod = process.env.POD_NAME ?? '';
    /** @param {object} fields */
    const tell = fields => log({ message: 'diagnostics', who: String(who).slice(0, 200), method: request.method, url: String(request.url).slice(0, 500), pod, ...fields });
    /**
     * @param {number} status
     * @param {string} text
     * @param {{ [name: string]: string }} [headers]
     */
    const refuse = (status, text, headers) => {
      tell({ status, refused: text });
      say(response, status, text, headers);
    };
    if (request.url === '/' && request.method === 'GET') {
      tell({ status: 200 });
      return say(response, 200, `What may be asked of pod ${pod}:\n${list}`);
    }
    const what = meant(config.paths, request.url);
    if (!what) return refuse(404, 'This path, or what its query asks, is not among what may be asked. The list is at /.');
    if (request.method !== (what.path.method ?? 'GET')) return refuse(405, `Only ${what.path.method ?? 'GET'} may be asked here.`, { allow: what.path.method ?? 'GET' });
    // A page of somebody else must not press a button here. SameSite cookies do not keep out a neighbour under the same domain.
    if (request.method !== 'GET' && !['same-origin', 'none', undefined].includes(/** @type {any} */ (request.headers['sec-fetch-site']))) {
      return refuse(403, 'Another site asked for this.');
    }
    if (!limit.take()) return refuse(429, `At most ${config.atOnce} at once and ${config.perMinute} a minute are passed on. Try again soon.`, { 'retry-after': '5' });
    void pass(config, what, response, { timeoutMs: config.timeoutSeconds * 1000, maxBytes: config.maxBytes, headers: {} })
      .then(tell).finally(() => limit.give());
  };
}

/**
 * The door for the page of the namespace.
 *
 * @param {Config & { overview: NonNullable<Config['overview']> }} config
 * @returns {import('http').RequestListener}
 */
function overviewDoor(config) {
  const limit = new Limit(OVERVIEW.perMinute, OVERVIEW.atOnce);
  const paths = config.overview.paths.map(path => ({ path }));
  return (request, response) => {
    // For the kubelet, which has no token.
    if (request.url === '/healthz') return say(response, 200, 'ok');
    const headers = { 'x-secure-debug-pod': process.env.POD_NAME ?? '' };
    if (!knows(request.headers.authorization, config.overview.tokenFile)) return say(response, 401, 'A token is needed.');
    if (request.method !== 'GET') return say(response, 405, 'Only GET may be asked here.', { allow: 'GET' });
    const what = meant(paths, request.url);
    if (!what) return say(response, 404, 'Not among what may be asked.', headers);
    if (!limit.take()) return say(response, 429, 'Too many at once.', headers);
    void pass(config, what, response, { ...OVERVIEW, headers }).finally(() => limit.give());
  };
}

/**
 * Whether the header has the token of the file, which is read each time, since it may be replaced while this runs.
 *
 * @param {string | undefined} header
 * @param {string} file
 */
function knows(header, file) {
  const digest = (/** @type {string} */ text) => crypto.createHash('sha256').update(text).digest();
  let token;
  try {
    token = fs.readFileSync(file, 'utf8').trim();
  } catch {
    return false;
  }
  return token.length >= 16 && crypto.timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}

/** @param {Config} config */
async function start(config) {
  const servers = [await serve(door(config), config.doorPort, '127.0.0.1')];
  if (config.overview) servers.push(await serve(overviewDoor(/** @type {any} */ (config)), config.overview.port, undefined));
  return servers;
}

module.exports = { Limit, meant, start };

if (require.main === module) {
  start(JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))).then(endInOrder, error => {
    log({ message: 'the relay cannot start', problem: String(error) });
    process.exitCode = 1;
  });
}
