/**
 * An application that says what it is doing: customers on PORT (8080), diagnostics on DIAGNOSTICS_PORT (6060) of the loopback
 * address alone, where nobody but its own pod can ask. No library is needed.
 *
 *     node app.js
 */
'use strict';
const { createHash } = require('crypto');
const http = require('http');
const v8 = require('v8');

const startedAt = new Date().toISOString();
const config = { currency: process.env.CURRENCY ?? 'EUR', retries: 3 };

/** Whoever is on call reads it, so it must not have what the process was started with. */
function report() {
  const { environmentVariables, ...rest } = process.report.getReport();
  return rest;
}

/** The last errors, the same ones counted together, the newest first. Messages are ours: no data of customers. */
const errors = [];
function remember(error) {
  const known = errors.findIndex(({ kind, message }) => kind === error.name && message === error.message);
  const [{ count }] = known < 0 ? [{ count: 0 }] : errors.splice(known, 1);
  errors.unshift({ at: new Date().toISOString(), kind: error.name, message: error.message.slice(0, 500), count: count + 1 });
  errors.length = Math.min(errors.length, 50);
}

const info = () => ({
  name: 'ledger',
  version: process.env.VERSION ?? '1.4.2',
  startedAt,
  configHash: createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 12),
});

function health() {
  const { heap_size_limit: limit, used_heap_size: used } = v8.getHeapStatistics();
  const memory = { name: 'memory', status: used < limit * 0.9 ? 'ok' : 'degraded', detail: `${Math.round((100 * used) / limit)} % of the heap` };
  return { status: memory.status, checks: [memory] };
}

const json = (response, value) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));

const diagnostics = http.createServer((request, response) => {
  switch (`${request.method} ${request.url}`) {
    case 'GET /debug/info': return json(response, info());
    case 'GET /debug/health': return json(response, health());
    case 'GET /debug/errors': return json(response, { errors });
    case 'GET /debug/report': return json(response, report());
    // It has everything that is in memory, and stops the process while it is taken: declared as dangerous.
    case 'POST /debug/heap-snapshot': return v8.getHeapSnapshot().pipe(response.setHeader('content-type', 'application/octet-stream'));
    default: return response.writeHead(404).end();
  }
});

const customers = http.createServer((request, response) => {
  try {
    if (request.url !== '/') throw new RangeError('no such account');
    response.end('ledger\n');
  } catch (error) {
    remember(error);
    response.writeHead(404).end();
  }
});

diagnostics.listen(Number(process.env.DIAGNOSTICS_PORT ?? 6060), '127.0.0.1');
customers.listen(Number(process.env.PORT ?? 8080));
process.once('SIGTERM', () => process.exit(0));
