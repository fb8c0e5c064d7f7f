/**
 * The least role from an audit log, beside what DuckDB takes to filter the same file, and audit2rbac:
 *
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/minimize.ts [--events 1000000] [--file LOG] [--audit2rbac PROGRAM]
 *
 * The contenders take turns in one run, each in a process of its own; the table has medians of three.
 */
import { spawnSync } from 'child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'fs';
import { cpus, loadavg, tmpdir } from 'os';
import { join } from 'path';
import { parseArgs } from 'util';
import { DuckDBInstance } from '@duckdb/node-api';
import { writeAuditEvents } from './audit-events';
import { Io } from '../cli/src/io';
import { run } from '../cli/src/program';

const RUNS = 3;
const USER = 'person-3@example.org';
const GROUP = 'oncall-payments';

/** The least that answers who used a stream: five columns, one filter. */
const BARE = (file: string) => `SELECT "user".username, count(*) FROM read_json('${file}', format = 'newline_delimited', columns = {stage: 'VARCHAR', verb: 'VARCHAR',
  user: 'STRUCT(username VARCHAR)', objectRef: 'STRUCT(resource VARCHAR, subresource VARCHAR)', responseStatus: 'STRUCT(code INTEGER)'})
  WHERE stage = 'ResponseComplete' AND objectRef.subresource IN ('exec', 'attach', 'portforward', 'ephemeralcontainers') GROUP BY ALL`;

async function command(args: string[]): Promise<void> {
  const io = { stdout: { write: () => true }, stderr: process.stderr, env: {}, stdin: undefined } as unknown as Io;
  const code = await run(args, io);
  if (code !== 0) throw new Error(`exit status ${code}`);
}

/** What is measured, in the process that does it. */
const WORK: Record<string, (file: string) => Promise<void>> = {
  bare: async file => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.runAndReadAll(BARE(file));
  },
  user: file => command(['minimize', '--user', USER, file]),
  group: file => command(['minimize', '--group', GROUP, file]),
  replay: file => command(['replay', '--roles', join(__dirname, '..', 'examples', 'quick-start', 'expected', 'manifests'), '--user', USER, file]).catch(() => undefined),
};

interface Measured {
  readonly wall: number;
  readonly cpu: number;
  readonly mib: number;
}

async function inThisProcess(what: string, file: string): Promise<void> {
  const started = performance.now();
  const before = process.cpuUsage();
  await WORK[what](file);
  const { user, system } = process.cpuUsage(before);
  const wall = performance.now() - started;
  process.stdout.write(JSON.stringify({ wall, cpu: (user + system) / 1000, mib: process.resourceUsage().maxRSS / 1024 }));
}

function measured(what: string, file: string): Measured {
  const ended = spawnSync(process.execPath, [...process.execArgv, __filename, '--only', what, '--file', file], { encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`${what}: ${ended.stderr}`);
  return JSON.parse(ended.stdout);
}

function ofPeer(program: string, file: string): number {
  const started = performance.now();
  const ended = spawnSync(program, ['-f', file, '--user', USER], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`audit2rbac: ${ended.stderr}`);
  return performance.now() - started;
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' }, file: { type: 'string' }, audit2rbac: { type: 'string' }, only: { type: 'string' } } });
  if (values.only) return inThisProcess(values.only, values.file!);
  const folder = mkdtempSync(join(tmpdir(), 'secure-debug-bench-'));
  try {
    const file = values.file ?? join(folder, 'audit.log');
    if (!existsSync(file)) writeAuditEvents(file, Number(values.events));
    const contenders = ['bare', 'user', 'group', 'replay'];
    const results: Record<string, Measured[]> = Object.fromEntries(contenders.map(one => [one, []]));
    measured('bare', file); // into the page cache
    for (let i = 0; i < RUNS; i++) for (const one of contenders) results[one].push(measured(one, file));
    const of = (one: string, what: keyof Measured) => median(results[one].map(result => result[what]));
    const row = (title: string, one: string) => `| ${title} | ${(of(one, 'wall') / 1000).toFixed(2)} | ${(of(one, 'wall') / of('bare', 'wall')).toFixed(2)}× | ${(of(one, 'cpu') / 1000).toFixed(2)} | ${(of(one, 'cpu') / of('bare', 'cpu')).toFixed(2)}× | ${of(one, 'mib').toFixed(0)} |`;
    const peer = values.audit2rbac && ofPeer(values.audit2rbac, file);
    const text = [
      `${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}; ${values.events} events, ${(statSync(file).size / 1e9).toFixed(2)} GB; load at the end ${loadavg()[0].toFixed(1)}; medians of ${RUNS}.`,
      '',
      '| | wall s | to bare | CPU s | to bare | MiB |',
      '|---|---:|---:|---:|---:|---:|',
      row('DuckDB, the bare filter', 'bare'),
      row('minimize --user', 'user'),
      row('minimize --group', 'group'),
      row('replay --user', 'replay'),
      ...peer ? [`| audit2rbac --user, once | ${(peer / 1000).toFixed(2)} | ${(peer / of('bare', 'wall')).toFixed(2)}× | | | |`] : [],
    ].join('\n');
    console.log(text);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main().catch(error => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
