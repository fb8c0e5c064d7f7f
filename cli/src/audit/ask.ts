import { ReadOptions, readEvidence } from './report';
import { wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { table } from '../table';
import { coloured, painter, plain } from '../text';
import { DOCUMENTED } from './sql/views';

/** A question of one's own, in SQL, on what the logs say. It reads the relations, and no other file. */
export async function ask(io: Io, question: string, logs: string[], options: ReadOptions & { readonly json?: boolean }): Promise<Result> {
  const evidence = await readEvidence(io, logs, options);
  try {
    const { columns, rows } = await evidence.ask(question);
    const paint = painter(!options.json && coloured(io, io.stdout));
    const cell = (value: unknown) => plain(value === null ? '-' : typeof value === 'object' ? JSON.stringify(value) : String(value));
    return {
      data: rows,
      text: rows.length === 0 ? 'No row.' : table(paint, columns.map(column => plain(column.toUpperCase())), rows.map(row => columns.map(column => cell(row[column])))),
    };
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    return wrongUse(`The question cannot be answered: ${plain(first)}. Fix: ask ${DOCUMENTED.join(', ')}; docs/evidence.md lists their columns, and DESCRIBE sessions too.`);
  } finally {
    evidence.close();
  }
}
