import { statSync } from 'fs';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { Use, useOf, Uses } from './use';
import { findSql, useOfRow, usesSql } from './use-sql';
import { isLookedAt, Looked } from './who';
import { Damage } from '../../audit/damage';
import { Log, logsOf, readLogs } from '../../audit/read-logs';
import { Io } from '../../io';
import { plain } from '../../text';

/** What some logs tell. */
interface Reading {
  readonly uses: Use[];
  /** What could not be read, by file and line. */
  readonly damaged: string[];
}

/** A star in the name of a file would mean many. */
const PATTERN = /[*?[\]{}]/;
/** Smaller logs are read by lines before DuckDB has started. */
const SMALL = 2 * 1_048_576;

const isLarge = ({ name }: Log) => name !== '-' && !PATTERN.test(name) && statSync(name).size > SMALL;

/**
 * The requests in the logs, those that are alike counted. DuckDB reads large files where they lie. What it stumbles over is read
 * once more line by line, which takes longer and tells where the damage is; so is standard input.
 *
 * @param who whose requests
 */
export async function readUses(io: Io, files: string[], who: Looked): Promise<Reading> {
  const damage = new Damage();
  const uses = new Uses();
  const logs = logsOf(files, io.stdin);
  const database = logs.some(isLarge) ? await Database.open() : undefined;
  try {
    for (const log of logs) {
      const found = isLarge(log) ? await database!.uses(log.name, who) : undefined;
      for (const use of found ?? await byLine(log, damage, who)) uses.add(use);
    }
  } finally {
    database?.close();
  }
  const damaged = damage.told();
  for (const one of damaged) io.stderr.write(`not read: ${plain(one)}\n`);
  return { uses: uses.all(), damaged };
}

/** DuckDB, in memory. */
export class Database {
  public static async open(): Promise<Database> {
    const instance = await DuckDBInstance.create(':memory:');
    return new Database(instance, await instance.connect());
  }

  private constructor(private readonly instance: DuckDBInstance, private readonly connection: DuckDBConnection) {}

  /** Undefined when any line is no event, or the file cannot be unpacked. */
  public async uses(file: string, who: Looked): Promise<Use[] | undefined> {
    const first = findSql(file, who);
    try {
      if (first) await this.connection.run(first);
      const rows = (await this.connection.runAndReadAll(usesSql(file, who))).getRowObjectsJS();
      return rows.some(({ damaged }) => damaged) ? undefined : rows.flatMap(row => useOfRow(row) ?? []);
    } catch {
      return undefined;
    }
  }

  public close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
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
