/**
 * Import time and synthesis, this library beside its peers, every measurement in a process of its own.
 *
 *     npx tsx benchmarks/library.ts            measure, print Markdown
 *     npx tsx benchmarks/library.ts --quick    one run of the small sizes, to see that it works
 *     npx tsx benchmarks/library.ts --import   the table of imports alone
 *     npx tsx benchmarks/library.ts --shared   without the table of a chart for each namespace, which takes half of the time
 *
 * It measures the compiled library: run `npx projen compile` first.
 */
import { execFileSync } from 'child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'fs';
import { cpus, loadavg, tmpdir, totalmem } from 'os';
import { dirname, join } from 'path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { parseAllDocuments } from 'yaml';
import type { Outcome, Task } from './synthesis';
import { DebugCapability, PolicyRules } from '../src';

type Contender = Task['contender'];

const ROOT = dirname(__dirname);
const quick = process.argv.includes('--quick');

const NAMES: { [contender in Contender]: string } = {
  'json': 'plain JSON',
  'api-objects': 'cdk8s ApiObjects',
  'cdk8s-plus-28': 'cdk8s-plus-28',
  'secure-debug-chart': 'cdk8s-secure-debug',
  'secure-debug': 'cdk8s-secure-debug, TeamChart',
};
const CONTENDERS = Object.keys(NAMES) as Contender[];
const PEER = 'cdk8s-plus-28';

/** A directory in which the compiled library is installed beside its peers, as in a user's app. */
function install(): string {
  if (!existsSync(join(ROOT, 'lib', 'index.js'))) throw new Error('lib/ is missing. Fix: run npx projen compile.');
  const work = mkdtempSync(join(tmpdir(), 'secure-debug-benchmark-'));
  const modules = join(work, 'node_modules');
  const library = join(modules, 'cdk8s-secure-debug');
  mkdirSync(library, { recursive: true });
  for (const part of ['lib', 'assets', 'package.json']) cpSync(join(ROOT, part), join(library, part), { recursive: true });
  for (const peer of ['cdk8s', 'cdk8s-plus-28', 'constructs', 'yaml']) symlinkSync(join(ROOT, 'node_modules', peer), join(modules, peer));
  const { outputText } = transpileModule(readFileSync(join(__dirname, 'synthesis.ts'), 'utf8'), {
    compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, esModuleInterop: true },
  });
  writeFileSync(join(work, 'synthesis.js'), outputText);
  return work;
}

function node(work: string, ...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: work, encoding: 'utf8', maxBuffer: 2 ** 30 });
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

const ms = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
const times = (value: number) => `${value.toFixed(2)}×`;

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => i ? '---:' : '---')), ...rows.map(line)].join('\n');
}

/**
 * The time to load a package in a fresh process, with all it exports and with what an app of two constructs takes;
 * they take turns. cdk8s is part of each, for no app is without it.
 */
function importTimes(work: string): string {
  const imports: [string, string][] = [
    ['cdk8s', 'require("cdk8s")'],
    [PEER, `require("${PEER}")`],
    ['cdk8s-secure-debug, the import', 'require("cdk8s"); require("cdk8s-secure-debug")'],
    ['cdk8s-secure-debug, and each of its exports used', 'require("cdk8s"); Object.values(require("cdk8s-secure-debug"))'],
    ['cdk8s-secure-debug, OnCallDebugAccess and DefaultDenyNetwork', 'require("cdk8s"); const { OnCallDebugAccess, DefaultDenyNetwork } = require("cdk8s-secure-debug")'],
  ];
  const runs = quick ? 3 : 51;
  const measured = imports.map(() => [] as number[]);
  for (let run = 0; run < runs; run++) {
    imports.forEach(([, load], i) => {
      const script = `const start = process.hrtime.bigint(); ${load}; process.stdout.write(String(Number(process.hrtime.bigint() - start) / 1e6));`;
      measured[i].push(Number(node(work, '-e', script)));
    });
  }
  const medians = measured.map(median);
  return [
    `#### Import; median of ${runs} fresh processes each`,
    table(['', 'ms', `to ${PEER}`], imports.map(([name], i) => [name, ms(medians[i]), times(medians[i] / medians[1])])),
  ].join('\n\n');
}

/** The rules of the Role. cdk8s-plus writes one rule for each resource, so for `exec` there is nothing it could not write alike. */
function rulesOf(rights: Task['rights']): Task['rules'] {
  const capabilities = rights === 'exec' ? [DebugCapability.EXEC] : DebugCapability.onCallDefault();
  return PolicyRules.compact(capabilities.flatMap(capability => capability.namespacedRules()));
}

function measure(work: string, task: Omit<Task, 'outdir' | 'rules'>): Outcome {
  const outdir = join(work, 'out');
  try {
    return JSON.parse(node(work, 'synthesis.js', JSON.stringify({ ...task, outdir, rules: rulesOf(task.rights) })));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** A document in a form in which equal meaning gives equal text: rights one by one, policy types sorted, keys sorted. */
function meaning(manifest: any): string {
  const rules = manifest.rules?.flatMap((rule: any) => rule.apiGroups.flatMap((g: string) => rule.resources.flatMap((r: string) => rule.verbs.map((v: string) => `${g}/${r} ${v}`))));
  const spec = manifest.spec && { ...manifest.spec, policyTypes: [...manifest.spec.policyTypes].sort() };
  const sorted = (value: any): any => value && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)])) : value;
  return JSON.stringify(sorted({ ...manifest, ...rules && { rules: rules.sort() }, ...spec && { spec } }));
}

/** That all contenders wrote the same; a comparison of different work would be worth nothing. */
function checkEqual(work: string, layout: Task['layout'], rights: Task['rights']) {
  const meanings = CONTENDERS.map(contender => measure(work, { contender, layout, rights, namespaces: 3, show: true }).written!
    .flatMap(text => contender === 'json' ? JSON.parse(text) : parseAllDocuments(text).map(doc => doc.toJSON()))
    .map(meaning).sort().join('\n'));
  const odd = CONTENDERS.find((_, i) => meanings[i] !== meanings[0]);
  if (odd) throw new Error(`${odd} writes something else than ${CONTENDERS[0]} (${layout}, ${rights}).`);
}

interface Series {
  readonly title: string;
  readonly layout: Task['layout'];
  readonly rights: Task['rights'];
  readonly sizes: number[];
  /** What is left out: a chart for each namespace takes those who use ordinary charts the square of the size. */
  readonly skip: (contender: Contender, size: number, run: number) => boolean;
  readonly runs: number;
}

function synthesis(work: string, { title, layout, rights, sizes, skip, runs }: Series): string {
  checkEqual(work, layout, rights);
  const cells = CONTENDERS.map(contender => sizes.map(namespaces => ({ contender, namespaces, milliseconds: [] as number[] })));
  for (let run = 0; run < runs; run++) {
    for (const [i, namespaces] of sizes.entries()) {
      for (const row of cells) {
        const { contender, milliseconds } = row[i];
        if (!skip(contender, namespaces, run)) milliseconds.push(measure(work, { contender, layout, rights, namespaces }).milliseconds);
      }
    }
  }
  const medians = cells.map(row => row.map(cell => cell.milliseconds.length ? median(cell.milliseconds) : undefined));
  const peer = medians[CONTENDERS.indexOf(PEER)];
  const at = sizes.indexOf(3000);
  const growth = (row: (number | undefined)[]) => {
    const [small, large] = [row[sizes.indexOf(1000)], row[sizes.indexOf(10000)]];
    return small && large ? times(large / small) : '';
  };
  const measured = (...wanted: number[]) => wanted.every(size => sizes.includes(size));
  return [
    `#### ${title}; median of ${runs}, ms`,
    table(
      [
        '',
        ...sizes.map(size => `N = ${size.toLocaleString('en-US')}`),
        ...measured(3000) ? [`${PEER} to it at 3,000`] : [],
        ...measured(1000, 10000) ? ['10,000 to 1,000'] : [],
      ],
      CONTENDERS.map((contender, i) => [
        NAMES[contender],
        ...medians[i].map(value => value === undefined ? '–' : ms(value)),
        ...measured(3000) ? [times(peer[at]! / medians[i][at]!)] : [],
        ...measured(1000, 10000) ? [growth(medians[i])] : [],
      ])),
  ].join('\n\n');
}

function machine(): string {
  const version = (name: string) => JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;
  const [{ model }] = cpus();
  return `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}; `
    + `${['cdk8s', 'cdk8s-plus-28', 'constructs'].map(name => `${name} ${version(name)}`).join(', ')}; load at the start ${loadavg()[0].toFixed(1)}.`;
}

function main() {
  const started = machine();
  const work = install();
  try {
    const ordinary = (contender: Contender) => contender !== 'json' && contender !== 'secure-debug';
    const sizes = quick ? [30, 100] : [100, 1000, 3000, 10000];
    const runs = quick ? 1 : 5;
    const never = () => false;
    if (process.argv.includes('--import')) return console.log(`${started}\n\n${importTimes(work)}`);
    const report = [
      started,
      importTimes(work),
      synthesis(work, { title: 'All in one chart, rights: the default of on-call', layout: 'one', rights: 'default', sizes, runs, skip: never }),
      synthesis(work, { title: 'All in one chart, rights: exec', layout: 'one', rights: 'exec', sizes, runs, skip: never }),
      ...process.argv.includes('--shared') ? [] : [synthesis(work, {
        title: 'A chart for each namespace, rights: the default of on-call, ordinary charts once at 3,000',
        layout: 'each',
        rights: 'default',
        sizes,
        runs: Math.min(runs, 3),
        skip: (contender, size, run) => ordinary(contender) && (size > 3000 || (size === 3000 && run > 0)),
      })],
    ].join('\n\n');
    console.log(report);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

main();
