import { all, Database } from './database';
import { BY_PEOPLE, Hand, Relations } from './hand';
import { FAILURES, TOLD_EVENTS } from './sql/events';

/** So many events are made requests and sessions at a time, by each hand. */
const AT_ONCE = 12_500;
/** Fewer events are not worth a second hand, and for more two need twice the memory. */
const FEW = 2_000;
const MANY = 32_000;
/** What else is answered once, of the events of all people, in order of use. */
const OF_ALL: { readonly [relation: string]: 'view' | 'kept' } = { binding_writes: 'view', grants: 'kept', past_git_changes: 'kept' };

/**
 * Makes the relations of the events that some hands have taken.
 *
 * @param atOnce so many events are made requests and sessions at a time, by each hand
 */
export async function make(db: Database, hands: readonly Hand[], relations: Relations, atOnce = AT_ONCE): Promise<void> {
  const together = (of: readonly Hand[], name: string) => of.map(hand => `SELECT * FROM ${hand.relation(name)}`).join(' UNION ALL ');
  const view = (name: string, sql: string) => db.run(`CREATE VIEW ${name} AS ${sql}`);
  const keep = async (name: string, sql: string) => {
    await db.run(`CREATE TABLE ${name}_kept AS ${sql}`);
    await view(name, `SELECT * FROM ${name}_kept`);
  };
  if (!hands.some(({ used }) => used)) await hands[0].takeNone();
  const taken = hands.filter(({ used }) => used);
  await view('taken_apart', together(taken, 'taken_apart'));
  await view('events', TOLD_EVENTS);
  const [{ events }] = await db.rows('SELECT CAST(count(*) AS INTEGER) AS events FROM events');
  const making = hands.slice(0, events < FEW || events > MANY ? 1 : hands.length);
  // Each has as many, and always the same ones, so that rows are in the same order each time.
  const parts = making.length * Math.max(1, Math.ceil(events / atOnce / making.length));
  const ofAll = (async () => {
    await keep('failures', FAILURES);
    for (const [name, how] of Object.entries(OF_ALL)) await (how === 'kept' ? keep : view)(name, relations[name]);
  })();
  await all([ofAll, ...making.map(async (hand, first) => {
    for (let part = first; part < parts; part += making.length) await hand.make(relations, ofAll, part, parts);
  })]);
  for (const name of Object.keys(relations).filter(one => BY_PEOPLE[one] === 'kept')) await view(name, together(making, name));
  for (const name of Object.keys(relations).filter(one => !(one in BY_PEOPLE) && !(one in OF_ALL))) await view(name, relations[name]);
}

/** Makes views of all people of what was made for some at a time, which nobody needs but who asks for it. */
export async function complete(db: Database, relations: Relations): Promise<void> {
  for (const name of Object.keys(BY_PEOPLE).filter(one => BY_PEOPLE[one] !== 'kept')) await db.run(`CREATE OR REPLACE VIEW ${name} AS ${relations[name]}`);
}
