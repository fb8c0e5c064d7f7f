import { join } from 'path';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** Values as DuckDB gives them for JSON: whole numbers of 64 bit are texts. */
export type Row = { readonly [column: string]: any };

/** So many connections work at a time. */
export const PARALLEL = 2;

/** DuckDB may use so many MiB; beyond, it writes to the temporary folder. */
const MEMORY = 80;
/** Two connections that take events apart need so many, of which they touch less: each gets 32 MiB to read JSON alone. */
const MEMORY_TO_READ = 160;
/** Not all that it needs for an answer can be written there: then it gets twice as much, and so on, up to so many times of it. */
const MOST_MEMORY = 64;
/** For a question of a user it gets this, and so many times what is kept. */
const MEMORY_TO_ASK = 160;
const ROOM = 2;
/** Once it takes so much at a time, what it no longer needs goes back to the system before; the C library would keep it. */
const FREED = '1MiB';

/** Waits for all work that is done at a time, also where one fails: nothing may be closed under the others. */
export async function all(work: readonly Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(work);
  const failed = ended.find(one => one.status === 'rejected');
  if (failed) throw failed.reason;
}

/** An embedded DuckDB with little memory, which gets more where that is not enough. */
export class Database {
  /** @param folder what does not fit into memory is written below it */
  public static async open(folder: string, memory = MEMORY): Promise<Database> {
    // DuckDB works on the threads that Node has for its own, and the C library keeps for each what it once took. Read when the first is needed.
    process.env.UV_THREADPOOL_SIZE ??= String(PARALLEL);
    const instance = await DuckDBInstance.create(':memory:', {
      // What is kept is so little that a second thread for one question costs more than it gains.
      threads: '1', memory_limit: `${memory}MiB`, temp_directory: join(folder, 'spill'), allocator_bulk_deallocation_flush_threshold: FREED, autoinstall_known_extensions: 'false', autoload_known_extensions: 'false', preserve_insertion_order: 'false',
    });
    return new Database(instance, await instance.connect(), memory);
  }

  private locked = false;

  private constructor(private readonly instance: DuckDBInstance, private readonly connection: DuckDBConnection, private memory: number) {}

  /** One more connection. */
  public connect(): Promise<DuckDBConnection> {
    return this.instance.connect();
  }

  /** Does something on a connection of its own, beside what others do. */
  public async aside<T>(act: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.connect();
    try {
      return await act(connection);
    } finally {
      connection.closeSync();
    }
  }

  /** Runs a statement, and once more with more memory where that was not enough. */
  public async run(sql: string, connection = this.connection): Promise<void> {
    await this.patiently(() => connection.run(sql));
  }

  /** What follows is read by two connections. */
  public async readByTwo(): Promise<void> {
    if (this.memory < MEMORY_TO_READ) await this.allow(MEMORY_TO_READ);
  }

  /** Rows of a question of our own. */
  public async rows(sql: string, connection = this.connection): Promise<Row[]> {
    const found: Row[] = [];
    for await (const some of (await connection.stream(sql)).yieldRowObjectJson() as AsyncIterableIterator<Row[]>) found.push(...some);
    return found;
  }

  /** The texts of a question that has nothing else, one at a time: there may be many, and long ones. */
  public async* texts(sql: string): AsyncGenerator<string> {
    const [result, first] = await this.patiently(async () => {
      const begun = await this.connection.stream(sql);
      return [begun, await begun.fetchChunk()] as const;
    });
    for (let chunk = first; chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const column = chunk.getColumnVector(0);
      // A vector remembers what it gave, a part of it is forgotten.
      for (let row = 0; row < column.itemCount; row++) yield column.slice(row, 1).getItem(0) as string;
    }
  }

  /**
   * Runs a question of a user, who can set nothing from then on.
   *
   * @param kept MiB of what it may be about
   */
  public async ask(sql: string, kept: number): Promise<{ readonly columns: string[]; readonly rows: Row[] }> {
    if (!this.locked) {
      this.locked = true;
      await this.allow(Math.max(this.memory, MEMORY_TO_ASK + ROOM * kept));
      await this.connection.run('SET lock_configuration=true');
    }
    const reader = await this.connection.runAndReadAll(sql);
    return { columns: reader.deduplicatedColumnNames(), rows: reader.getRowObjectsJson() as Row[] };
  }

  public close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async allow(memory: number): Promise<void> {
    this.memory = memory;
    await this.connection.run(`SET memory_limit='${memory}MiB'`);
  }

  private async patiently<T>(act: () => Promise<T>): Promise<T> {
    for (;;) {
      const had = this.memory;
      try {
        return await act();
      } catch (error) {
        if (!/^Out of Memory Error/.test((error as Error).message) || had >= MOST_MEMORY * MEMORY) throw error;
        // Another connection may have got it meanwhile.
        if (had === this.memory) await this.allow(2 * had);
      }
    }
  }
}
