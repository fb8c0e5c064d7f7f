/**
 * How long the report of sessions takes, beside DuckDB's bare filter-and-count of the same file, and what people use instead:
 *
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/audit.ts                 1,000,000 events; some GiB in the temporary folder
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/audit.ts --events 50000  to see that it works
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/audit.ts --large         also ten times as many: is memory flat?
 *
 * Each is a process of its own, by turns; the table shows medians of wall time, CPU time and the greatest memory. Answers are compared first.
 * It needs jq, gzip and GNU time, and what is measured compiled: `npx projen compile`.
 */
import { execFileSync, spawnSync } from 'child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { cpus, loadavg, tmpdir } from 'os';
import { dirname, join } from 'path';
import { parseArgs } from 'util';
import { writeAuditEvents } from './audit-events';

const ROOT = dirname(__dirname);
const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' }, large: { type: 'boolean' }, runs: { type: 'string', default: '3' } } });
const EVENTS = Number(values.events);
const RUNS = Number(values.runs);
const STREAMS = ['exec', 'attach', 'portforward', 'ephemeralcontainers'];

interface Measured {
  readonly wall: number;
  readonly cpu: number;
  readonly mebibytes: number;
  readonly output: string;
}

/** The command line as it is published: `npx projen compile` made it. */
const PROGRAM = `node ${join(ROOT, 'cli', 'bin', 'secure-debug.js')}`;

function measure(work: string, command: string): Measured {
  const figures = join(work, 'time.txt');
  const ended = spawnSync('/usr/bin/time', ['-o', figures, '-f', '%e %U %S %M', 'bash', '-c', `set -o pipefail; ${command}`], { cwd: work, encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (ended.status !== 0) throw new Error(`${command}: ${ended.stderr}`);
  const [wall, user, system, kibibytes] = readFileSync(figures, 'utf8').trim().split(' ').map(Number);
  return { wall, cpu: user + system, mebibytes: kibibytes / 1024, output: ended.stdout };
}

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The question of all: which streams and debug containers ended, counted by user. */
const JQ = `jq -r 'select(.stage == "ResponseComplete" and .objectRef.resource == "pods" and (.objectRef.subresource as $s | ${JSON.stringify(STREAMS)} | index($s))) | .user.username'`;
const COUNTED = 'LC_ALL=C sort | uniq -c | while read -r n user; do echo "$user $n"; done';

function bare(work: string, file: string): string {
  const name = join(work, `bare-${file.endsWith('.gz') ? 'gzip' : 'text'}.js`);
  writeFileSync(name, `
const { DuckDBInstance } = require(${JSON.stringify(require.resolve('@duckdb/node-api'))});
(async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const reader = await connection.runAndReadAll(\`SELECT "user".username, count(*) FROM read_json('${file}', format='newline_delimited',
    columns={stage: 'VARCHAR', verb: 'VARCHAR', "user": 'STRUCT(username VARCHAR)', objectRef: 'STRUCT(resource VARCHAR, subresource VARCHAR)'})
    WHERE stage = 'ResponseComplete' AND objectRef.resource = 'pods' AND objectRef.subresource IN (${STREAMS.map(one => `'${one}'`)}) GROUP BY 1 ORDER BY 1\`);
  for (const [user, n] of reader.getRowsJson()) console.log(user, n);
})();`);
  return `node ${name}`;
}

function main(): void {
  const work = mkdtempSync(join(tmpdir(), 'secure-debug-audit-benchmark-'));
  try {
    const log = join(work, 'audit.log');
    writeAuditEvents(log, EVENTS);
    execFileSync('bash', ['-c', `gzip -1 -k ${log}`]);
    const parquet = join(work, 'parquet');
    const question = `SELECT user_name, count(*) AS n FROM events WHERE stage = 'ResponseComplete' AND resource = 'pods' AND subresource IN (${STREAMS.map(one => `'${one}'`)}) GROUP BY 1 ORDER BY 1`;
    const contenders: [name: string, command: string][] = [
      ['DuckDB, bare filter and count', bare(work, log)],
      ['secure-debug audit report, sessions with grants', `${PROGRAM} audit report ${log} --json >report.json`],
      ['jq', `${JQ} ${log} | ${COUNTED}`],
      ['grep, then jq', `grep -E '"subresource":"(${STREAMS.join('|')})"' ${log} | ${JQ} | ${COUNTED}`],
      ['gunzip alone', `gzip -dc ${log}.gz | cat >/dev/null`],
      ['gzip: DuckDB, bare filter and count', bare(work, `${log}.gz`)],
      ['gzip: secure-debug audit report', `${PROGRAM} audit report ${log}.gz --json >report.json`],
      ['secure-debug audit report --convert', `rm -rf ${parquet} && ${PROGRAM} audit report ${log} --convert ${parquet} --json >report.json`],
      ['secure-debug audit report, of what was converted', `${PROGRAM} audit report ${parquet} --json >report.json`],
      ['secure-debug --help', `${PROGRAM} --help >/dev/null`],
      ['node -e 0', 'node -e 0'],
    ];

    const answers = [bare(work, log), contenders[2][1], contenders[3][1], `${PROGRAM} audit sql "${question}" ${log} --json | jq -r '.[] | "\\(.user_name) \\(.n)"'`].map(command => measure(work, command).output);
    if (answers.some(answer => answer !== answers[0])) throw new Error('the answers differ');
    const load = loadavg()[0].toFixed(1);
    const measured = contenders.map(() => [] as Measured[]);
    for (let run = 0; run < RUNS; run++) contenders.forEach(([, command], i) => measured[i].push(measure(work, command)));
    const of = (i: number, field: 'wall' | 'cpu' | 'mebibytes') => median(measured[i].map(one => one[field]));
    const toBare = (i: number, field: 'wall' | 'cpu') => `${(of(i, field) / of(0, field)).toFixed(2)}×`;
    console.log(`${EVENTS.toLocaleString('en-US')} events, ${Math.round(statSync(log).size / 1e6).toLocaleString('en-US')} MB; ${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}; load at the start ${load}; median of ${RUNS}. All answers are the same.\n`);
    console.log('| | wall s | to bare DuckDB | CPU s | to bare DuckDB | peak MiB |\n|---|---:|---:|---:|---:|---:|');
    contenders.forEach(([name], i) => console.log(`| ${name} | ${of(i, 'wall').toFixed(2)} | ${toBare(i, 'wall')} | ${of(i, 'cpu').toFixed(2)} | ${toBare(i, 'cpu')} | ${Math.round(of(i, 'mebibytes'))} |`));

    if (values.large) {
      rmSync(`${log}.gz`);
      writeAuditEvents(log, EVENTS * 10);
      const large = measure(work, `${PROGRAM} audit report ${log} --json >report.json`);
      console.log(`| ${(EVENTS * 10).toLocaleString('en-US')} events: secure-debug audit report | ${large.wall.toFixed(2)} | | ${large.cpu.toFixed(2)} | | ${Math.round(large.mebibytes)} |`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

main();
