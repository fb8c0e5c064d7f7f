/**
 * How long it takes to read what people may do, compared with only parsing the same file:
 *
 *     npx tsx --tsconfig cli/tsconfig.dev.json benchmarks/review.ts [--quick]
 *     npx tsx --tsconfig cli/tsconfig.dev.json benchmarks/review.ts --checkov PROGRAM [--minutes 15] [--quick]
 *         the compiled command line and checkov, one after the other on the same file; checkov is stopped when its time is over
 *
 * Each measurement is the median of several, in one process, after one that does not count. The ratios are to the bare
 * `yaml` parse of the same text in the same run, since machines differ.
 */
import { execFileSync } from 'child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { cpus, loadavg, tmpdir } from 'os';
import { join } from 'path';
import { parseAllDocuments, stringify } from 'yaml';
import { documents } from './review-documents';
import { inputOf } from '../cli/src/review/readers/input';
import { AccessMatrix, Danger, PermissionDiff, PermissionInventory, PermissionModel } from '../src';

const quick = process.argv.includes('--quick');
const RUNS = quick ? 1 : 3;

/** Median of the milliseconds of the CPU, which others who use the machine disturb less than a clock. */
function median(work: () => unknown, runs = RUNS): number {
  work();
  const times = Array.from({ length: runs }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)];
}

const parseYaml = (text: string) => parseAllDocuments(text).map(document => document.toJS());

/** Everybody's rights, and the holders of a right in the cluster and in each namespace. */
function questions(objects: any[]): number {
  const model = PermissionModel.fromManifests(objects);
  let found = 0;
  for (const subject of model.subjects) found += model.rightsOf(subject).length;
  for (const resource of ['secrets', 'pods', 'nodes/proxy']) found += model.whoCanAnywhere('get', '', resource).length;
  return found;
}

const inventory = (objects: any[]): number => PermissionInventory.fromManifests(objects).findings.length;
/** As the command line reads it: with lines, notes on duplicates, and what is damaged. */
const read = (name: string, text: string): any[] => inputOf([{ name, text }], false).objects;

const ms = (value: number) => `${value.toFixed(0).padStart(7)} ms`;

function main() {
  const count = quick ? 600 : 6100;
  const before = documents(count);
  const after = documents(count, true);
  const texts = [before, after].map(objects => objects.map(object => stringify(object)).join('---\n'));
  const json = JSON.stringify(before);
  console.log(`${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}, load at the start ${loadavg()[0].toFixed(1)}; CPU time, median of ${RUNS}`);
  console.log(`${count} documents, ${(Buffer.byteLength(texts[0]) / 1e6).toFixed(1)} MB of YAML`);

  const bare = median(() => parseYaml(texts[0]));
  const show = (what: string, value: number) => console.log(`${what.padEnd(58)}${ms(value)}  ${(value / bare).toFixed(2)} × parse`);
  show('parse YAML', bare);
  show('parse JSON', median(() => JSON.parse(json)));
  show('PermissionModel', median(() => PermissionModel.fromManifests(before)));
  show('the rights of all, and who can', median(() => questions(before)));
  show('PermissionInventory', median(() => inventory(before)));
  show('AccessMatrix with findings', median(() => AccessMatrix.fromManifests(before).findings));
  const diff = median(() => PermissionDiff.between(before, after));
  show('PermissionDiff', diff);
  const fromYaml = median(() => inventory(read('a.yaml', texts[0])));
  const fromJson = median(() => inventory(read('a.json', json)));
  show('read YAML and inventory, as the command line does', fromYaml);
  show('read JSON and inventory, as the command line does', fromJson);
  show('read both YAML files and diff, as the command line does', median(() => PermissionDiff.between(read('a.yaml', texts[0]), read('b.yaml', texts[1]))));
  console.log(`from JSON ${(fromYaml / fromJson).toFixed(1)} times as fast as from YAML`);
  const { changes } = PermissionDiff.between(before, after);
  console.log(`${changes.length} changes, the worst is ${PermissionDiff.between(before, after).worst ?? Danger.LOW}`);

  console.log('\nWith the number of documents (parsed already), in ms for each 1,000:');
  for (const size of quick ? [1000, 3000] : [6100, 25_000, 100_000]) {
    const [many, other] = [documents(size), documents(size, true)];
    const per = (work: () => unknown) => (median(work, quick ? 1 : 3) / size * 1000).toFixed(1).padStart(8);
    console.log(`${String(size).padStart(8)}: inventory${per(() => inventory(many))}, AccessMatrix${per(() => AccessMatrix.fromManifests(many))}, PermissionDiff${per(() => PermissionDiff.between(many, other))}`);
  }
}

/** How long checkov may take. */
const LIMIT_MINUTES = Number(option('--minutes') ?? 15);

interface Timed {
  readonly wall: number;
  /** Of the program and of the children that it waited for. */
  readonly cpu: number;
  /** Otherwise it was stopped when its time was over. */
  readonly ended: boolean;
}

/** What a program takes in seconds. Its status may be 0 or 1: that is about what it found. */
function timed(program: string, args: string[], minutes: number): Timed {
  const script = 'TIMEFORMAT="%R %U %S"; { time timeout -k 10 "$@" >/dev/null 2>"$0"; } 2>&1; echo $?';
  const folder = mkdtempSync(join(tmpdir(), 'secure-debug-benchmark-'));
  try {
    const said = join(folder, 'stderr');
    const [wall, user, system, status] = execFileSync('bash', ['-c', script, said, `${minutes * 60}`, program, ...args], { encoding: 'utf8' }).trim().split(/\s+/).map(Number);
    const ended = status !== 124 && status !== 137;
    if (ended && status > 1) throw new Error(`${program} ended with status ${status}: ${readFileSync(said, 'utf8').trim().slice(-400)}`);
    return { wall, cpu: user + system, ended };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The compiled command line and checkov on the same file. One that has not ended when its time is over took at least that. */
function beside(checkov: string) {
  const folder = mkdtempSync(join(tmpdir(), 'secure-debug-benchmark-'));
  try {
    const count = quick ? 600 : 6100;
    const file = join(folder, 'rbac.yaml');
    writeFileSync(file, documents(count).map(object => stringify(object)).join('---\n'));
    console.log(`${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}, load at the start ${loadavg()[0].toFixed(1)}; ${count} documents, ${(statSync(file).size / 1e6).toFixed(1)} MB of YAML`);
    const tell = (what: string, { wall, cpu }: Timed) => console.log(`${what.padEnd(40)}${wall.toFixed(2).padStart(9)} s, ${cpu.toFixed(2).padStart(9)} s of CPU`);
    const ours = timed(process.execPath, [join(__dirname, '..', 'cli', 'bin', 'secure-debug.js'), 'inventory', file, '--json'], LIMIT_MINUTES);
    tell('secure-debug inventory, compiled', ours);
    const version = execFileSync(checkov, ['--version'], { encoding: 'utf8' }).trim();
    const theirs = timed(checkov, ['--quiet', '--compact', '--skip-download', '--framework', 'kubernetes', '-f', file], LIMIT_MINUTES);
    tell(`checkov ${version}${theirs.ended ? '' : `, stopped after ${LIMIT_MINUTES} min`}`, theirs);
    const times = (of: (one: Timed) => number) => `${theirs.ended ? '' : 'at least '}${Math.floor(of(theirs) / of(ours))} times`;
    console.log(`secure-debug is ${times(({ wall }) => wall)} as fast by the clock, ${times(({ cpu }) => cpu)} by the CPU`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

const checkov = option('--checkov');
if (checkov !== undefined) beside(checkov);
else main();
