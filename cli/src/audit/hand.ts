import { DuckDBConnection } from '@duckdb/node-api';
import { Database } from './database';
import { COLUMNS } from './sql/columns';
import { takenApart } from './sql/events';
import { COLUMN_NAMES, DAMAGED, quoted, RELEVANT, UNTIMED } from './sql/read';

/** Views, in order of use. */
export type Relations = { readonly [name: string]: string };

/**
 * What is made for some people at a time, since no request and no session is of two: tables for these people alone, views on them, and
 * tables of all. What several questions need is answered once, before anything is built on it: DuckDB looks through all that is below a
 * view each time that it is named.
 */
export const BY_PEOPLE: { readonly [relation: string]: 'theirs' | 'view' | 'kept' } = {
  debug_requests: 'theirs', debug_steps: 'view', session_requests: 'theirs', open_emergencies: 'view', sessions: 'kept', session_would_deny: 'kept',
};
/** The first of them that needs what is made of the events of all. */
const NEEDS_ALL = 'open_emergencies';

/** No events, with the columns of those that are read. */
const NONE = `(SELECT ${Object.entries(COLUMNS).map(([name, type]) => `CAST(NULL AS ${type}) AS ${quoted(name)}`).join(', ')} WHERE 1 = 0)`;

/** Events that were read, in a table with all that is kept of them. */
export const RAW = `(file INTEGER, ${Object.entries(COLUMNS).map(([name, type]) => `${quoted(name)} ${type}`).join(', ')})`;

/** What is to be taken. */
export interface Events {
  /** The number of their log. */
  readonly file: number;
  /** A relation with the columns of events. */
  readonly from: string;
}

/** A connection and a schema of its own, which has relations of some events and of some people; what it does not have is that of all. */
export class Hand {
  /** @param raw whether events are also kept as they are, in the table `raw` */
  public static async of(db: Database, schema: string, raw = false): Promise<Hand> {
    const connection = await db.connect();
    await connection.run(`CREATE SCHEMA ${schema}`);
    await connection.run(`SET search_path='${schema},main'`);
    return new Hand(db, connection, schema, raw);
  }

  /** Tables that it has begun. */
  private readonly begun = new Set<string>();
  /** So many of the events that it took are damaged. */
  private damaged = 0;
  /** One thing at a time. */
  private before: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly db: Database, private readonly connection: DuckDBConnection, private readonly schema: string, private readonly raw: boolean,
  ) {}

  /** Whether it has taken any events. */
  public get used(): boolean {
    return this.begun.size > 0;
  }

  public relation(name: string): string {
    return `${this.schema}.${name}`;
  }

  /** Takes events apart, unless some are damaged and only all or none are wanted. Says how many are damaged. */
  public take({ file, from }: Events, allOrNone = false): Promise<number> {
    const taken = this.before.then(async () => {
      const those = `SELECT ${file} AS file, ${COLUMN_NAMES} FROM ${from} WHERE ${DAMAGED} OR ${RELEVANT}`;
      if (allOrNone) {
        const damaged = await this.count(`SELECT count(*) FROM (${those}) AS kept WHERE ${DAMAGED} OR ${UNTIMED}`);
        if (damaged > 0) return damaged;
      }
      if (this.raw) await this.run(`INSERT INTO main.raw ${those}`);
      await this.add('taken_apart', takenApart(those));
      const known = this.damaged;
      this.damaged = await this.count('SELECT coalesce(sum(damaged), 0) FROM taken_apart');
      return this.damaged - known;
    });
    this.before = taken.catch(() => undefined);
    return taken;
  }

  /** Has the relations of events, and no event. */
  public async takeNone(): Promise<void> {
    await this.take({ file: 0, from: NONE });
  }

  /** Makes sessions of one of so many parts of all people, once what all have is there. */
  public async make(relations: Relations, ofAll: Promise<unknown>, part: number, of: number): Promise<void> {
    await this.run(`CREATE OR REPLACE VIEW ${this.relation('events')} AS SELECT * FROM main.events WHERE hash(user_name, as_user) % ${of} = ${part}`);
    for (const [name, how] of Object.entries(BY_PEOPLE)) {
      if (name === NEEDS_ALL) await ofAll;
      if (how === 'kept') await this.add(name, relations[name]);
      else await this.run(`CREATE OR REPLACE ${how === 'view' ? 'VIEW' : 'TABLE'} ${this.relation(name)} AS ${relations[name]}`);
    }
    for (const name of Object.keys(BY_PEOPLE).filter(one => BY_PEOPLE[one] === 'theirs')) await this.run(`DROP TABLE ${this.relation(name)}`);
  }

  public close(): void {
    this.connection.closeSync();
  }

  private async count(sql: string): Promise<number> {
    const [{ many }] = await this.db.rows(`SELECT CAST((${sql}) AS INTEGER) AS many`, this.connection);
    return many;
  }

  /** Adds rows to a table, which is there from the first time on. */
  private async add(name: string, rows: string): Promise<void> {
    await this.run(`${this.begun.has(name) ? `INSERT INTO ${this.relation(name)}` : `CREATE TABLE ${this.relation(name)} AS`} ${rows}`);
    this.begun.add(name);
  }

  private run(sql: string): Promise<void> {
    return this.db.run(sql, this.connection);
  }
}
