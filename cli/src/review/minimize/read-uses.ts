import { Use, useOf, Uses } from './use';
import { useOfRow, usesSql } from './use-sql';
import { isLookedAt, Looked } from './who';
import { Damage } from '../../audit/damage';
import { Log, logsOf, readLogs } from '../../audit/read-logs';
import { Io } from '../../io';
import { plain } from '../../text';

/** What some logs tell. */
export interface Reading {
  readonly uses: Use[];
  /** What could not be read, by file and line. */
  readonly damaged: string[];
}

/** A star in the name of a file would mean many. */
const PATTERN = /[*?[\]{}]/;

/**
 * The requests in the logs, those that are alike counted. DuckDB reads files where they lie. What it stumbles over is read once
 * more line by line, which takes longer and tells where the damage is; so is standard input.
 *
 * @param who whose requests; everybody's when it is undefined
 */
export async function readUses(io: Io, files: string[], who: Looked): Promise<Reading> {
  const damage = new Damage();
  const uses = new Uses();
  for (const log of logsOf(files, io.stdin)) {
    const found = log.name === '-' || PATTERN.test(log.name) ? undefined : await byDuckDb(log.name, who);
    for (const use of found ?? await byLine(log, damage, who)) uses.add(use);
  }
  const damaged = damage.told();
  for (const one of damaged) io.stderr.write(`not read: ${plain(one)}\n`);
  return { uses: uses.all(), damaged };
}

/** Undefined when any line is no event, or the file cannot be unpacked. */
export async function byDuckDb(file: string, who: Looked): Promise<Use[] | undefined> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const result = await connection.runAndReadAll(usesSql(file, who));
    const rows = result.getRowObjectsJS();
    if (rows.some(({ damaged }) => damaged)) return undefined;
    return rows.flatMap(row => useOfRow(row) ?? []);
  } catch {
    return undefined;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function byLine(log: Log, damage: Damage, who: Looked): Promise<Use[]> {
  const uses = new Uses();
  await readLogs([log], damage, event => {
    const use = useOf(event);
    if (use && isLookedAt(who, use)) uses.add(use);
  });
  return uses.all();
}
