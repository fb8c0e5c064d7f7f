import { DuckDBConnection } from '@duckdb/node-api';
import { all, Database, PARALLEL } from './database';
import { EVENTS, FAILURES } from './sql/events';

/** So many events are made requests and sessions at a time, by each connection. */
const AT_ONCE = 12_500;
/** Fewer events are not worth a second connection. */
const FEW = 2_000;

/**
 * What is made for some people at a time, since no request and no session is of two: tables for these people alone, views on them, and
 * tables of all. What several questions need is answered once, before anything is built on it: DuckDB looks through all that is below a
 * view each time that it is named.
 */
const BY_PEOPLE: { readonly [relation: string]: 'theirs' | 'view' | 'kept' } = {
  debug_requests: 'theirs', debug_steps: 'view', session_requests: 'theirs', open_emergencies: 'view', sessions: 'kept', session_would_deny: 'kept',
};
/** Made of the events of all, and needed by one of those. */
const OF_ALL = 'grants';
const NEEDS_IT = 'open_emergencies';

/** Views, in order of use. */
type Relations = { readonly [name: string]: string };

/** A connection and a schema of its own, which has relations of some events and of some people; what it does not have is that of all. */
class Hand {
  public static async of(db: Database, schema: string): Promise<Hand> {
    const connection = await db.connect();
    await connection.run(`CREATE SCHEMA ${schema}`);
    await connection.run(`SET search_path='${schema},main'`);
    return new Hand(db, connection, schema);
  }

  /** Whether it has made something. */
  private made = false;

  private constructor(private readonly db: Database, private readonly connection: DuckDBConnection, private readonly schema: string) {}

  public relation(name: string): string {
    return `${this.schema}.${name}`;
  }

  /** Takes one of so many shares of what was kept apart. */
  public async takeApart(share: number, of: number): Promise<void> {
    await this.run(`CREATE VIEW ${this.relation('kept')} AS SELECT * FROM main.kept WHERE rowid % ${of} = ${share}`);
    await this.run(EVENTS);
    await this.run(`CREATE TABLE ${this.relation('taken_apart')} AS SELECT * FROM events`);
    await this.run(`DROP VIEW ${this.relation('kept')}`);
  }

  /** Makes sessions of one of so many parts of all people, once what all have is there. */
  public async make(relations: Relations, ofAll: Promise<unknown>, part: number, of: number): Promise<void> {
    await this.run(`CREATE OR REPLACE VIEW ${this.relation('events')} AS SELECT * FROM main.events WHERE hash(user_name, as_user) % ${of} = ${part}`);
    for (const [name, how] of Object.entries(BY_PEOPLE)) {
      if (name === NEEDS_IT) await ofAll;
      const relation = this.relation(name);
      if (how === 'kept') await this.run(`${this.made ? `INSERT INTO ${relation}` : `CREATE TABLE ${relation} AS`} ${relations[name]}`);
      else await this.run(`CREATE OR REPLACE ${how === 'view' ? 'VIEW' : 'TABLE'} ${relation} AS ${relations[name]}`);
    }
    for (const name of Object.keys(BY_PEOPLE).filter(one => BY_PEOPLE[one] === 'theirs')) await this.run(`DROP TABLE ${this.relation(name)}`);
    this.made = true;
  }

  public close(): void {
    this.connection.closeSync();
  }

  private run(sql: string): Promise<void> {
    return this.db.run(sql, this.connection);
  }
}

/**
 * Makes the relations of what was kept, which is let go.
 *
 * @param events how many there are
 * @param atOnce so many are made requests and sessions at a time, by each connection
 */
export async function make(db: Database, relations: Relations, events: number, atOnce = AT_ONCE): Promise<void> {
  const parts = Math.max(events < FEW ? 1 : PARALLEL, Math.ceil(events / atOnce));
  const hands = await Promise.all(Array.from({ length: Math.min(PARALLEL, parts) }, (_, i) => Hand.of(db, `part_${i + 1}`)));
  const together = (name: string) => hands.map(hand => `SELECT * FROM ${hand.relation(name)}`).join(' UNION ALL ');
  const view = (name: string, sql: string) => db.run(`CREATE OR REPLACE VIEW ${name} AS ${sql}`);
  const keep = async (name: string) => {
    await db.run(`CREATE TABLE ${name}_kept AS SELECT * FROM ${name}`);
    await view(name, `SELECT * FROM ${name}_kept`);
  };
  try {
    const failures = db.run(FAILURES).then(() => keep('failures'));
    await all([failures, ...hands.map((hand, share) => hand.takeApart(share, hands.length))]);
    await db.run('DROP TABLE kept');
    await view('events', together('taken_apart'));

    const names = Object.keys(relations);
    const before = names.slice(0, names.indexOf(OF_ALL) + 1);
    const ofAll = (async () => {
      for (const name of before) await view(name, relations[name]);
      await keep(OF_ALL);
    })();
    let next = 0;
    await all([ofAll, ...hands.map(async hand => {
      for (let part = next++; part < parts; part = next++) await hand.make(relations, ofAll, part, parts);
    })]);
    for (const name of names.slice(before.length)) await view(name, BY_PEOPLE[name] === 'kept' ? together(name) : relations[name]);
  } finally {
    for (const hand of hands) hand.close();
  }
}
