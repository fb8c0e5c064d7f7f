/**
 * All benchmarks, one after the other in one run, and their tables:
 *
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/run.ts                     print Markdown
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/run.ts --write             and keep each in benchmarks/README.md
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/run.ts --quick             small sizes, to see that it works
 *     npx tsx --tsconfig tsconfig.dev.json benchmarks/run.ts library audit       these alone
 *
 * It measures what is compiled: run `npx projen compile` first. What a peer needs is said by the benchmark itself.
 */
import { spawnSync } from 'child_process';
import { readFileSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import { parseArgs } from 'util';

const ROOT = dirname(__dirname);
const README = join(__dirname, 'README.md');

/** By name, which is that of the file and of the place in the README; with what makes it quick. */
const BENCHMARKS: Readonly<Record<string, readonly string[]>> = {
  library: ['--quick'],
  fleet: ['--quick'],
  review: ['--quick'],
  minimize: ['--events', '20000'],
  audit: ['--events', '20000', '--runs', '1'],
};

/** What stands before and after the figures of a benchmark; the prose about them is there. */
function around(name: string): [string, string] {
  const [before, after, ...more] = readFileSync(README, 'utf8').split(new RegExp(`(?<=<!-- ${name} -->\n)[^]*(?=<!-- /${name} -->)`));
  if (after === undefined || more.length > 0) throw new Error(`benchmarks/README.md has no place for ${name}. Fix: add the lines <!-- ${name} --> and <!-- /${name} -->.`);
  return [before, after];
}

/** Puts figures where the README has the marks of their benchmark: tables, or text as it was printed. */
function keep(name: string, printed: string): void {
  const figures = printed.trim();
  const shown = /^\|/m.test(figures) ? figures : `\`\`\`text\n${figures}\n\`\`\``;
  writeFileSync(README, around(name).join(`${shown}\n`));
}

function main(): number {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: 'boolean' }, quick: { type: 'boolean' } } });
  const unknown = positionals.find(name => !(name in BENCHMARKS));
  if (unknown !== undefined) {
    console.error(`error: "${unknown}" is no benchmark. Fix: take some of ${Object.keys(BENCHMARKS).join(', ')}.`);
    return 2;
  }
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
  if (values.write) names.forEach(around);
  let failed = 0;
  for (const name of names) {
    console.log(`\n## ${name}\n`);
    const args = [...process.execArgv, join(__dirname, `${name}.ts`), ...values.quick ? BENCHMARKS[name] : []];
    const ended = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 });
    console.log(ended.stdout);
    if (ended.status !== 0) {
      console.error(`error: the benchmark ${name} ended with ${ended.status ?? ended.signal}`);
      failed = 1;
    } else if (values.write) {
      keep(name, ended.stdout);
    }
  }
  return failed;
}

process.exitCode = main();
