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
/** What one of those needs that is of all people, and what else is answered once, in order of use. */
const OF_ALL: { readonly [relation: string]: 'view' | 'kept' } = { binding_writes: 'view', grants: 'kept', past_git_changes: 'kept' };
const NEEDS_ALL = 'open_emergencies';

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
    await this.run(`CREATE TABLE ${this.relation('taken_apart')} AS ${EVENTS}`);
    await this.run(`DROP VIEW ${this.relation('kept')}`);
  }

  /** Makes sessions of one of so many parts of all people, once what all have is there. */
  public async make(relations: Relations, ofAll: Promise<unknown>, part: number, of: number): Promise<void> {
    await this.run(`CREATE OR REPLACE VIEW ${this.relation('events')} AS SELECT * FROM main.events WHERE hash(user_name, as_user) % ${of} = ${part}`);
    for (const [name, how] of Object.entries(BY_PEOPLE)) {
      if (name === NEEDS_ALL) await ofAll;
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
  const view = (name: string, sql: string) => db.run(`CREATE VIEW ${name} AS ${sql}`);
  const keep = async (name: string, sql: string) => {
    await db.run(`CREATE TABLE ${name}_kept AS ${sql}`);
    await view(name, `SELECT * FROM ${name}_kept`);
  };
  try {
    await all([keep('failures', FAILURES), ...hands.map((hand, share) => hand.takeApart(share, hands.length))]);
    await db.run('DROP TABLE kept');
    await view('events', together('taken_apart'));
    const ofAll = (async () => {
      for (const [name, how] of Object.entries(OF_ALL)) await (how === 'kept' ? keep : view)(name, relations[name]);
    })();
    let next = 0;
    await all([ofAll, ...hands.map(async hand => {
      for (let part = next++; part < parts; part = next++) await hand.make(relations, ofAll, part, parts);
    })]);
    for (const name of Object.keys(relations).filter(one => BY_PEOPLE[one] === 'kept')) await view(name, together(name));
    for (const name of Object.keys(relations).filter(one => !(one in BY_PEOPLE) && !(one in OF_ALL))) await view(name, relations[name]);
  } finally {
    for (const hand of hands) hand.close();
  }
}

/** Makes views of all people of what was made for some at a time, which nobody needs but who asks for it. */
export async function complete(db: Database, relations: Relations): Promise<void> {
  for (const name of Object.keys(BY_PEOPLE).filter(one => BY_PEOPLE[one] !== 'kept')) await db.run(`CREATE OR REPLACE VIEW ${name} AS ${relations[name]}`);
}
