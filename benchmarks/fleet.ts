/**
 * A fleet: clusters of 200 teams each, staging a phase ahead, every log shipped and one cluster that watches all. Prints Markdown.
 *
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/fleet.ts            1 to 50 clusters
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/fleet.ts --quick    small, to see that it works
 *
 * It measures the compiled library: run `npx projen compile` first. Each fleet is a process of its own, from the first construct to the last
 * byte written; the memory is the most that the process had resident.
 */
import { execFileSync } from 'child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'fs';
import { cpus, loadavg, tmpdir, totalmem } from 'os';
import { dirname, join } from 'path';

const ROOT = dirname(__dirname);
/** Another compiled library, e.g. of an earlier commit. */
const LIBRARY = process.env.SECURE_DEBUG_LIBRARY ?? ROOT;

interface Outcome {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  readonly peakMebibytes: number;
}

/** Run by a process of its own, without a compiler in it: `library clusters teams outdir`. */
const MEASURED = `
  const [library, clusters, teams, outdir] = process.argv.slice(1);
  const { Duration } = require(require.resolve('cdk8s', { paths: [library] }));
  const {
    CommandSet, DebugFleet, DebugImage, GitOpsIdentity, LogSink, MaintenanceWindow, NetworkAllow, RolloutPhase, TokenIssuer, Weekday,
  } = require(library);
  const some = (count, make) => Array.from({ length: Number(count) }, (_, i) => make(i));
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const fleet = new DebugFleet({
    outdir,
    teams: some(teams, i => ({
      name: 'team-' + i, namespaces: ['team-' + i], onCall: 'oncall-team-' + i, approvers: 'team-' + i + '-leads', debugByRequest: i % 2 === 0, network: [NetworkAllow.dns()],
    })),
    identities: [GitOpsIdentity.argoCd()],
    debugImages: [new DebugImage('toolbox', { repository: 'docker.io/library/busybox', tags: ['1.37.0'], commandSets: [CommandSet.readOnlyDiagnostics()] })],
    issuers: [new TokenIssuer({ issuerUrl: 'https://id.example.com', audiences: ['kubernetes'], groups: some(teams, i => 'oncall-team-' + i), maxTokenLife: Duration.minutes(30) })],
    audit: {
      shipping: {
        sinks: [LogSink.loki('https://loki.example.com')],
        windows: [new MaintenanceWindow('releases', { days: [Weekday.TUESDAY], from: '22:00', to: '02:00', timeZone: 'Europe/Berlin' })],
      },
      alerts: {},
      dashboards: {},
    },
    monitoringCluster: 'cluster-0',
    clusters: some(clusters, i => ({ name: 'cluster-' + i, phase: i % 2 === 0 ? RolloutPhase.BROKER : RolloutPhase.CREDENTIALS })),
  });
  fleet.synth();
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ milliseconds: performance.now() - start, cpuMilliseconds: (user + system) / 1000, peakMebibytes: process.resourceUsage().maxRSS / 1024 }));
`;

function measure(clusters: number, teams: number): Outcome & { readonly mebibytes: number; readonly files: number } {
  const outdir = mkdtempSync(join(tmpdir(), 'secure-debug-fleet-'));
  try {
    const printed = execFileSync(process.execPath, ['-e', MEASURED, LIBRARY, String(clusters), String(teams), outdir], { cwd: LIBRARY, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const files = readdirSync(outdir, { recursive: true, withFileTypes: true }).filter(one => one.isFile());
    if (readdirSync(outdir).length !== clusters || files.filter(({ name }) => name.includes('-team-team-')).length !== clusters * teams) throw new Error('Not every cluster has every team.');
    const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
    return { ...JSON.parse(printed), mebibytes: bytes / 2 ** 20, files: files.length };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

const number = (value: number, digits = 0) => value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function main(): void {
  if (!existsSync(join(LIBRARY, 'lib', 'index.js'))) throw new Error('lib/ is missing. Fix: run npx projen compile.');
  const quick = process.argv.includes('--quick');
  const [sizes, teams] = quick ? [[1, 3], 10] : [[1, 10, 25, 50], 200];
  const load = loadavg()[0];
  const rows = sizes.map(clusters => {
    const { milliseconds, cpuMilliseconds, peakMebibytes, mebibytes, files } = measure(clusters, teams);
    return [
      number(clusters), number(milliseconds / 1000, 1), number(cpuMilliseconds / 1000, 1), number(cpuMilliseconds / 1000 / clusters, 2),
      number(peakMebibytes), number(files), number(mebibytes, 1),
    ];
  });
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  console.log([
    `${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; ${teams} teams on each cluster; load at the start ${load.toFixed(1)}.`,
    '',
    line(['clusters', 'wall s', 'CPU s', 'CPU s for each cluster', 'peak MiB', 'files', 'MiB written']),
    line(['---:', '---:', '---:', '---:', '---:', '---:', '---:']),
    ...rows.map(line),
  ].join('\n'));
}

main();
