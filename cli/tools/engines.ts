/**
 * Do engines give the same rows? Writes, for generated logs, the statements for an engine and what the command line itself reads from them;
 * `engines.py` runs the statements and compares. `tsx --tsconfig tsconfig.dev.json tools/engines.ts FOLDER [SEED…]`
 */
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { generated } from './engines-log';
import { ENGINES, statements } from '../src/audit/engines/statements';
import { Evidence } from '../src/audit/evidence';
import { sourcesOf } from '../src/audit/sources';

export const COMPARED = [
  'events', 'failures', 'sessions', 'denials', 'grants', 'would_deny', 'session_grants', 'session_would_deny', 'past_git_changes', 'past_git_grants',
];

/** Where the files of Athena lie; nobody looks there. */
const EXTRA = { location: 's3://evidence/audit', clusters: ['eu', 'us'] };

export interface Prepared {
  readonly rows: object[];
  readonly expected: { [relation: string]: object[] };
}

/** What one log is, and what has to come of it. */
export async function prepared(folder: string, seed: number): Promise<Prepared> {
  mkdirSync(folder, { recursive: true });
  const clusters = [1, 2].map(part => ({ cluster: `c${part}`, file: join(folder, `c${part}.log`), lines: generated(seed * 2 + part) }));
  for (const { file, lines } of clusters) writeFileSync(file, lines.map(line => `${line}\n`).join(''));
  const evidence = await Evidence.read(sourcesOf([], clusters.map(({ cluster, file }) => `${cluster}=${file}`), false).sources, {});
  try {
    const expected: { [relation: string]: object[] } = {};
    for (const relation of COMPARED) expected[relation] = await evidence.rows(`SELECT * FROM ${relation}`);
    return { rows: clusters.flatMap(({ cluster, file, lines }) => lines.map(line => ({ cluster, day: '2026-03-01', log: file, line }))), expected };
  } finally {
    evidence.close();
  }
}

async function main(folder: string, seeds: string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const made = Object.fromEntries(ENGINES.map(engine => [engine, statements(engine, { schema: 'audit', ...EXTRA, ...engine === 'spark' && { location: undefined } })]));
  writeFileSync(join(folder, 'statements.json'), JSON.stringify(made));
  for (const seed of seeds) writeFileSync(join(folder, `log-${seed}.json`), JSON.stringify(await prepared(join(folder, `log-${seed}`), Number(seed))));
}

if (require.main === module) void main(process.argv[2], process.argv.slice(3));
