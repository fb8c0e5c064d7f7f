// @ts-check
'use strict';

/**
 * What the scripts of this folder share: the clock's texts, the log, the client of the Kubernetes API, and how a program
 * starts and ends. It lies beside them in their ConfigMaps.
 */

const crypto = require('crypto');
const fs = require('fs');
const https = require('https');
const path = require('path');

const PAGE_SIZE = 100;
const LIST_RESTARTS = 3;
/** How long one request may take, how often it is tried, and how long to wait in between (doubled each time). */
const TIMING = { timeoutMs: 15_000, attempts: 4, pauseMs: 500, longestPauseMs: 10_000 };

// ----------------------------------------------------------------------------------------------------------- times

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
 * `alarm` is for what somebody has to look at now.
 * @typedef {'info' | 'warning' | 'error' | 'alarm'} Level
 * @typedef {(level: Level, message: string, fields?: object) => void} Log
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
 * @typedef {{ get: (url: string) => Promise<any>, post: (url: string, body: object) => Promise<any>, put: (url: string, body: object) => Promise<any>, delete: (url: string, body: object) => Promise<any>, close: () => void }} Client
 *
 * @param {{ program: string, host: string, port: string, serviceAccount: string, timing?: typeof TIMING }} options
 *   program: its name for the log of the API server; serviceAccount: the directory with `token` and `ca.crt`
 * @returns {Client}
 */
function createClient({ program, host, port, serviceAccount, timing = TIMING }) {
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
    const content = body && JSON.stringify(body);
    const { code, retryAfter, text } = await exchange({
      agent, hostname, port, method, path: url,
      headers: {
        'accept': 'application/json',
        'authorization': `Bearer ${token}`,
        'user-agent': program,
        // Node.js tells the length of a body by itself, but for DELETE: without it the preconditions would not be read.
        ...content && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) },
      },
    }, content, timing.timeoutMs).catch(error => {
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
  return {
    get: url => request('GET', url),
    post: (url, body) => request('POST', url, body),
    put: (url, body) => request('PUT', url, body),
    delete: (url, body) => request('DELETE', url, body),
    close: () => agent.destroy(),
  };
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

// ----------------------------------------------------------------------------------------------------------- lists

/**
 * Lists page by page, and keeps of each page only what is wanted, so that a large namespace fits into little memory. When
 * the list expires half-way (410), it begins anew.
 *
 * @template Item, Kept
 * @param {Client} client
 * @param {string} url without a query
 * @param {(item: Item) => Kept | undefined} keep undefined: it is not kept
 */
async function listAll(client, url, keep) {
  for (let restart = 0; ; restart++) {
    /** @type {Kept[]} */
    const kept = [];
    let seen = 0;
    let next = '';
    try {
      do {
        const page = await client.get(`${url}?limit=${PAGE_SIZE}${next && `&continue=${encodeURIComponent(next)}`}`);
        for (const item of /** @type {Item[]} */ (page.items ?? [])) {
          seen++;
          const found = keep(item);
          if (found !== undefined) kept.push(found);
        }
        next = page.metadata?.continue ?? '';
      } while (next);
      return { seen, kept };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 410 || restart >= LIST_RESTARTS) throw error;
    }
  }
}

// ---------------------------------------------------------------------------------------------------------- events

/**
 * Writes an Event about an object, in its namespace, for its owner. Its name is made from what it says, so that runs which
 * find the same do not pile up Events: the API server keeps one until it expires.
 *
 * @param {Client} client
 * @param {{ apiVersion: string, kind: string, name: string, namespace: string, uid: string }} regarding
 * @param {{ reason: string, action: string, warning: boolean, note: string, about: string }} said about: what makes it another Event
 * @param {{ program: string, instance: string, now: number }} by
 */
async function writeEvent(client, regarding, { reason, action, warning, note, about }, { program, instance, now }) {
  const { name, namespace, uid } = regarding;
  const hash = crypto.createHash('sha256').update(JSON.stringify([uid, reason, about])).digest('hex').slice(0, 16);
  // Not every name is one for an Event: those of RoleBindings may contain a colon.
  const begin = name.slice(0, 230).replace(/[^-.a-z0-9].*$/s, '').replace(/[-.]+$/, '');
  try {
    await client.post(`/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${begin}${begin && '.'}${hash}`, namespace },
      // Kubernetes takes microseconds and nothing else.
      eventTime: new Date(now).toISOString().replace('Z', '000Z'),
      type: warning ? 'Warning' : 'Normal',
      reason,
      action,
      note: note.slice(0, 1000),
      regarding,
      reportingController: `secure-debug.internal/${program}`,
      reportingInstance: instance.slice(0, 128),
    });
  } catch (error) {
    // It was written by an earlier run and is still there.
    if (!(error instanceof ApiError && error.code === 409)) throw error;
  }
}

// -------------------------------------------------------------------------------------------------------- starting

/**
 * The configuration, checked: a number that is missing would make everything fresh, or everything stale.
 *
 * @param {string} text
 * @param {{ seconds: string[], flags: string[] }} fields names of the numbers and of the switches
 * @returns {{ config: any, check: (field: string, right: boolean, what: string) => void }}
 */
function readConfig(text, { seconds, flags }) {
  const config = parse(text);
  /** @param {string} field @param {boolean} right @param {string} what */
  const check = (field, right, what) => {
    if (!right) throw new Error(`the configuration is wrong: ${field} must be ${what}`);
  };
  check('it', typeof config === 'object' && config !== null, 'a JSON object');
  /** @param {unknown} value */
  const isText = value => typeof value === 'string' && value !== '';
  const { namespaces } = config;
  check('namespaces', Array.isArray(namespaces) && namespaces.length > 0 && namespaces.every(isText), 'a list of names');
  for (const field of seconds) check(field, Number.isInteger(config[field]) && config[field] > 0, 'a whole number above 0');
  for (const field of flags) check(field, typeof config[field] === 'boolean', 'true or false');
  return { config, check };
}

/**
 * @param {{ program: string, run: (text: string, context: { client: Client, log: Log, clock: () => number, instance: string }) => Promise<boolean> }} of
 *   run: gets the text of the configuration, and says whether nothing failed
 * @param {string[]} args path of the configuration, directory of the ServiceAccount's files
 * @param {Record<string, string | undefined>} env
 * @param {Log} log
 * @param {() => number} clock
 * @returns {Promise<number>} the exit status
 */
async function main({ program, run }, [configFile, serviceAccount], env, log, clock) {
  try {
    if (!configFile || !serviceAccount) throw new Error(`usage: ${program}.js CONFIG.json SERVICE_ACCOUNT_DIRECTORY`);
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, HOSTNAME: instance = program } = env;
    if (!host || !port) throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this runs in a pod');
    const text = fs.readFileSync(configFile, 'utf8');
    const client = createClient({ program, host, port, serviceAccount });
    try {
      return await run(text, { client, log, clock, instance }) ? 0 : 1;
    } finally {
      client.close();
    }
  } catch (error) {
    log('error', error instanceof Error ? error.message : String(error), { outcome: 'failed' });
    return 1;
  }
}

/**
 * Runs the program of this process.
 *
 * @param {(args: string[], env: Record<string, string | undefined>, log: Log, clock: () => number) => Promise<number>} program
 */
function start(program) {
  const log = createLog(line => process.stdout.write(line), Date.now);
  // The first process of a container has no default for this signal: without a handler it would be killed 30 s later.
  process.on('SIGTERM', () => {
    log('error', 'stopped before the end: the deadline of the Job is over, or its pod was deleted', { outcome: 'failed' });
    process.exit(1);
  });
  void program(process.argv.slice(2), process.env, log, Date.now).then(status => {
    process.exitCode = status;
  });
}

module.exports = { ApiError, createClient, createLog, duration, explain, iso, listAll, main, quote, readConfig, start, timeOf, writeEvent };
