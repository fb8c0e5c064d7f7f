// @ts-check
'use strict';

/** What the programs of this folder share: one bounded request, the log, and how a program starts and ends. It lies beside them in their ConfigMaps. */

const http = require('http');

/**
 * JSON of ASCII characters alone: paths and names of people are written by others, and no text of theirs may end a line of
 * the log or change how a terminal shows it.
 *
 * @param {unknown} value
 */
function toJson(value) {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * One line of JSON for each event.
 *
 * @param {object} fields
 */
const log = fields => void process.stdout.write(`${toJson({ time: new Date().toISOString(), ...fields })}\n`);

/** Why there is no answer: `late`, `large`, `moved` or `refused`. */
class NoAnswer extends Error {
  /**
   * @param {'late' | 'large' | 'moved' | 'refused'} why
   * @param {string} message
   */
  constructor(why, message) {
    super(message);
    this.why = why;
  }
}

/**
 * @typedef {object} Asked
 * @property {string} host
 * @property {number} port
 * @property {string} path
 * @property {string} [method]
 * @property {{ [name: string]: string }} [headers]
 * @property {number} timeoutMs for the whole answer
 * @property {number} maxBytes of its body
 */

/**
 * One request, whose answer is bounded in time and size, and is read piece by piece: `onHead`, then `onData` for each. It is
 * over when the promise is. `stop` of a signal ends it. A redirect is not followed: it would lead past the list of paths.
 *
 * @param {Asked} asked
 * @param {{ onHead: (head: import('http').IncomingMessage) => void, onData: (piece: Buffer, resume: () => void) => boolean, signal?: AbortSignal }} reader
 * @returns {Promise<number>} how many bytes came
 */
function ask(asked, { onHead, onData, signal }) {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    const request = http.request({
      host: asked.host, port: asked.port, path: asked.path, method: asked.method ?? 'GET', headers: { accept: '*/*', ...asked.headers }, agent: false, signal,
      // What a program may say about itself before it says anything.
      maxHeaderSize: 16_384,
    });
    const timer = setTimeout(() => end(new NoAnswer('late', `no complete answer within ${asked.timeoutMs / 1000} s`)), asked.timeoutMs);
    /** @param {Error} [error] */
    const end = error => {
      clearTimeout(timer);
      if (error) reject(error); else resolve(bytes);
      request.destroy();
    };
    request.on('error', error => end(error instanceof NoAnswer ? error : new NoAnswer('refused', `no answer: ${/** @type {any} */ (error).code ?? error.message}`)));
    request.on('response', answer => {
      const status = answer.statusCode ?? 0;
      if (status >= 300 && status < 400) return end(new NoAnswer('moved', `the application answers ${status}, and redirects are not followed`));
      const announced = Number(answer.headers['content-length']);
      if (announced > asked.maxBytes) return end(new NoAnswer('large', `the answer is larger than ${asked.maxBytes} bytes`));
      onHead(answer);
      answer.on('data', piece => {
        bytes += piece.length;
        if (bytes > asked.maxBytes) return end(new NoAnswer('large', `the answer is larger than ${asked.maxBytes} bytes`));
        if (!onData(piece, () => answer.resume())) answer.pause();
      });
      answer.on('end', () => end());
      answer.on('aborted', () => end(new NoAnswer('refused', 'the answer breaks off')));
    });
    request.end();
  });
}

/** Slow clients hold a connection, so both ends of it are bounded. */
const PATIENCE = { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 5_000, maxHeaderSize: 65_536 };

/**
 * A server that ends in order when Kubernetes says so.
 *
 * @param {import('http').RequestListener} listener
 * @param {number} port
 * @param {string | undefined} host undefined for every address
 * @returns {Promise<import('http').Server>}
 */
async function serve(listener, port, host) {
  const server = http.createServer(PATIENCE, (request, response) => {
    // No request here has a body that is looked at.
    request.resume();
    listener(request, response);
  });
  server.maxConnections = 256;
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, () => resolve(undefined)));
  return server;
}

/** @param {import('http').Server[]} servers */
function endInOrder(servers) {
  process.once('SIGTERM', () => {
    servers.forEach(server => server.close());
    servers.forEach(server => server.closeIdleConnections());
    setTimeout(() => process.exit(0), 5_000).unref();
  });
}

module.exports = { NoAnswer, ask, endInOrder, log, serve, toJson };
