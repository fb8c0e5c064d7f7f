import { mkdirSync, mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Readable } from 'stream';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { bytesOf } from './bytes';
import { Damage } from './damage';
import { Declared } from './declared';
import { MIB, Source } from './sources';
import { COLUMNS } from './sql/columns';
import { EVENTS, FAILURES } from './sql/events';
import { COLUMN_NAMES, DAMAGED, parquet, quoted, RELEVANT, spooled } from './sql/read';
import { text } from './sql/text';
import { views } from './sql/views';
import { Kept, ThreadOptions, Threads } from './threads';
import { zstdWhole } from './zstd';

/** Values as DuckDB gives them for JSON: whole numbers of 64 bit are texts. */
export type Row = { readonly [column: string]: any };

export interface EvidenceOptions {
  /** Bindings that were declared; undefined: the default names of Roles count. */
  readonly declared?: Declared[];
  readonly stdin?: Readable;
  /** A folder to which what was kept is written, as Parquet by day. */
  readonly convert?: string;
  /** How large files are read. */
  readonly reading?: ThreadOptions;
  /** What DuckDB may use, in MiB; default: `MEMORY`. */
  readonly memory?: number;
  /** So many events are made requests and sessions at a time; default: `AT_ONCE`. */
  readonly atOnce?: number;
  /** Told how many bytes of the files are read. */
  progress?(bytes: number): void;
}

/** DuckDB may use so many MiB; beyond, it writes to the temporary folder. */
const MEMORY = 80;
/** Not all that it needs for an answer can be written there: then it gets twice as much, and so on, up to so many times of it. */
const MOST_MEMORY = 64;
/** For a question of a user it gets this, and so many times what was kept. */
const MEMORY_TO_ASK = 160;
const ROOM = 2;
/** Once it takes so much at a time, what it no longer needs goes back to the system before; the C library would keep it. */
const FREED = '1MiB';
/** Views that others are built on, and the last one of those, after which their rows are let go; the rest stays. */
const ANSWERED_ONCE: { readonly [relation: string]: string | undefined } = {
  debug_requests: 'session_requests', session_requests: 'session_would_deny', grants: undefined, sessions: undefined, session_would_deny: undefined,
};
/** So many events are made requests and sessions at a time. */
const AT_ONCE = 25_000;
/** What is made for some people at a time, and the relation of which those are taken: no request and no session is of two. */
const BY_PEOPLE: { readonly [relation: string]: string | undefined } = {
  debug_requests: 'events', session_requests: 'debug_requests', sessions: 'session_requests', session_would_deny: 'session_requests',
};
/** So many rows become texts at a time. */
const SOME = 64;
/** So many files are read at a time, for one that is packed is unpacked by one thread. */
const PARALLEL = 2;

/**
 * What audit logs say about debugging, in an embedded DuckDB: each file is read once, where it lies, and only events that can matter are
 * taken apart and kept. What is damaged is named by file and line.
 */
export class Evidence {
  /** Reads all sources. */
  public static async read(sources: Source[], options: EvidenceOptions): Promise<Evidence> {
    const evidence = new Evidence(mkdtempSync(join(tmpdir(), 'secure-debug-audit-')), options.memory ?? MEMORY, options.atOnce ?? AT_ONCE);
    try {
      await evidence.open(options.declared);
      await evidence.load(sources, options);
      if (options.convert !== undefined) await evidence.write(options.convert, sources.some(({ cluster }) => cluster !== undefined));
      await evidence.ready(options.declared !== undefined);
      return evidence;
    } catch (error) {
      evidence.close();
      throw error;
    }
  }

  public readonly damage = new Damage();
  public readonly logs: { name: string; events: number; cluster?: string }[] = [];
  private db!: DuckDBInstance;
  private connection!: DuckDBConnection;

  private earliest?: string;
  private latest?: string;
  /** What was kept, in MiB. */
  private kept = 0;
  private locked = false;

  private constructor(private readonly folder: string, private memory: number, private readonly atOnce: number) {}

  /** From when to when the logs reach, RFC 3339. */
  public get reach(): { readonly from?: string; readonly to?: string } {
    return { ...this.earliest !== undefined && { from: this.earliest, to: this.latest } };
  }

  private see(times: readonly string[]): void {
    for (const time of times) {
      if (this.earliest === undefined || time < this.earliest) this.earliest = time;
      if (this.latest === undefined || time > this.latest) this.latest = time;
    }
  }

  /** Rows of a question of our own. */
  public async rows(sql: string): Promise<Row[]> {
    const all: Row[] = [];
    for await (const some of (await this.connection.stream(sql)).yieldRowObjectJson() as AsyncIterableIterator<Row[]>) all.push(...some);
    return all;
  }

  /** The same of texts alone, one row at a time: there may be many, and long ones. */
  public async* texts(sql: string): AsyncGenerator<(string | null)[]> {
    const [result, first] = await this.patiently(async () => {
      const begun = await this.connection.stream(sql);
      return [begun, await begun.fetchChunk()] as const;
    });
    for (let chunk = first; chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const { rowCount, columnCount } = chunk;
      const columns = Array.from({ length: columnCount }, (_, i) => chunk!.getColumnVector(i));
      for (let from = 0; from < rowCount; from += SOME) {
        // Each remembers what it gave.
        const some = columns.map(column => column.slice(from, Math.min(SOME, rowCount - from)));
        for (let row = 0; row < some[0].itemCount; row++) yield some.map(column => column.getItem(row) as string | null);
      }
    }
  }

  /** Runs a question of a user: it sees the relations, and neither files nor the network. */
  public async ask(sql: string): Promise<{ readonly columns: string[]; readonly rows: Row[] }> {
    await this.lock();
    const reader = await this.connection.runAndReadAll(sql);
    return { columns: reader.deduplicatedColumnNames(), rows: reader.getRowObjectsJson() as Row[] };
  }

  /** From now on nothing can be set, and so memory cannot be either. */
  private async lock(): Promise<void> {
    if (this.locked) return;
    this.locked = true;
    await this.allow(Math.max(this.memory, MEMORY_TO_ASK + ROOM * this.kept));
    await this.connection.run('SET lock_configuration=true');
  }

  public close(): void {
    this.connection?.closeSync();
    this.db?.closeSync();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async open(declared: Declared[] | undefined): Promise<void> {
    // DuckDB works on the threads that Node has for its own, and the C library keeps for each what it once took. Read when the first is needed.
    process.env.UV_THREADPOOL_SIZE ??= String(PARALLEL);
    this.db = await DuckDBInstance.create(':memory:', {
      // What is kept is so little that a second thread costs more than it gains.
      threads: '1', memory_limit: `${this.memory}MiB`, temp_directory: join(this.folder, 'spill'), allocator_bulk_deallocation_flush_threshold: FREED, autoinstall_known_extensions: 'false', autoload_known_extensions: 'false', preserve_insertion_order: 'false',
    });
    this.connection = await this.db.connect();
    const columns = Object.entries(COLUMNS).map(([name, type]) => `${quoted(name)} ${type}`).join(', ');
    await this.connection.run(`CREATE TABLE kept (file INTEGER, ${columns})`);
    await this.connection.run('CREATE TABLE sources (file INTEGER, log VARCHAR, cluster VARCHAR)');
    await this.connection.run('CREATE TABLE declared (binding_kind VARCHAR, namespace VARCHAR, binding VARCHAR, role_kind VARCHAR, role VARCHAR, path VARCHAR)');
    for (const one of declared ?? []) {
      await this.connection.run(`INSERT INTO declared VALUES (${[one.bindingKind, one.namespace, one.binding, one.roleKind, one.role, one.path].map(text).join(', ')})`);
    }
  }

  private async load(sources: Source[], { stdin, progress, reading }: EvidenceOptions): Promise<void> {
    const threads = new Threads(reading);
    const damages = sources.map(() => new Damage());
    const events: number[] = [];
    let read = 0;
    const tell = (many: number) => progress?.(read += many);
    let next = 0;
    for (const [index, { name, cluster = '' }] of sources.entries()) await this.connection.run(`INSERT INTO sources VALUES (${index}, ${text(name)}, ${text(cluster)})`);
    const work = async () => {
      const connection = await this.db.connect();
      try {
        for (let index = next++; index < sources.length; index = next++) {
          const [source, spool] = [sources[index], join(this.folder, `spool-${index}.json`)];
          const kept = () => threads.read(source, spool, () => bytesOf(connection, source, stdin, tell), tell);
          events[index] = await this.one(connection, index, source, damages[index], kept);
        }
      } finally {
        connection.closeSync();
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(PARALLEL, sources.length) }, work));
    } finally {
      await threads.close();
    }
    sources.forEach(({ name, cluster }, index) => {
      this.logs.push({ name, events: events[index], ...cluster !== undefined && { cluster } });
      this.damage.add(damages[index].found);
    });
  }

  /** Reads one file, and says how many events it has. */
  private async one(connection: DuckDBConnection, index: number, source: Source, damage: Damage, read: () => Promise<Kept>): Promise<number> {
    const { name, file, format } = source;
    if (format === 'parquet') {
      const { damaged, why } = await this.take(connection, index, parquet(file));
      if (damaged > 0) {
        await connection.run(`DELETE FROM kept WHERE file = ${index}`);
        damage.note(name, why ?? `${damaged} rows are no events`);
        return 0;
      }
      const reader = await connection.runAndReadAll(`SELECT count(*) FROM ${parquet(file)}`);
      return Number(reader.getRows()[0][0]);
    }
    const { told, spools } = await read();
    damage.add(told.damage);
    this.see(told.times);
    // A reader of gzip says so itself, and where.
    if (format === 'zstd' && !await zstdWhole(file)) damage.note(name, 'cut off; nothing was read from there on');
    const { damaged, why } = await this.take(connection, index, spooled(spools, told.longest));
    for (const spool of spools) rmSync(spool);
    if (damaged > 0) damage.note(name, why ?? `${damaged} events could not be read`);
    return told.events;
  }

  /** Keeps what matters of some events, and says how many are damaged. */
  private async take(connection: DuckDBConnection, index: number, events: string): Promise<{ readonly damaged: number; readonly why?: string }> {
    try {
      await this.patiently(() => connection.run(`INSERT INTO kept SELECT ${index}, ${COLUMN_NAMES} FROM ${events} WHERE ${DAMAGED} OR ${RELEVANT}`));
    } catch (error) {
      return { damaged: 1, why: (error as Error).message.split('\n')[0] };
    }
    const untimed = 'try_cast("requestReceivedTimestamp" AS TIMESTAMPTZ) IS NULL';
    const reader = await connection.runAndReadAll(`SELECT count(*) FROM kept WHERE file = ${index} AND (${DAMAGED} OR ${untimed})`);
    return { damaged: Number(reader.getRows()[0][0]) };
  }

  private async write(folder: string, byCluster: boolean): Promise<void> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const day = 'left("requestReceivedTimestamp", 10) AS day';
    const [cluster, by] = byCluster ? [', s.cluster AS cluster', 'cluster, day'] : ['', 'day'];
    await this.connection.run(`COPY (SELECT ${COLUMN_NAMES}, ${day}${cluster} FROM kept JOIN sources AS s ON s.file = kept.file ORDER BY "requestReceivedTimestamp", "auditID", stage)
      TO ${text(folder)} (FORMAT parquet, PARTITION_BY (${by}), COMPRESSION zstd)`);
  }

  private async allow(memory: number): Promise<void> {
    this.memory = memory;
    await this.connection.run(`SET memory_limit='${memory}MiB'`);
  }

  /** Does something, and once more with more memory where that was not enough. */
  private async patiently<T>(act: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (!/^Out of Memory Error/.test((error as Error).message) || this.memory >= MOST_MEMORY * MEMORY) throw error;
        await this.allow(2 * this.memory);
      }
    }
  }

  /** Puts a table in the place of a view. */
  private async keep(relation: string, events = 0): Promise<void> {
    const of = BY_PEOPLE[relation];
    const parts = of === undefined ? 1 : Math.max(1, Math.ceil(events / this.atOnce));
    for (let part = 0; part < parts; part++) {
      if (parts > 1) await this.connection.run(`CREATE OR REPLACE VIEW ${of} AS SELECT * FROM ${of}_read WHERE hash(user_name, as_user) % ${parts} = ${part}`);
      const to = part === 0 ? `CREATE TABLE ${relation}_read AS` : `INSERT INTO ${relation}_read`;
      await this.patiently(() => this.connection.run(`${to} SELECT * FROM ${relation}`));
    }
    if (parts > 1) await this.connection.run(`CREATE OR REPLACE VIEW ${of} AS SELECT * FROM ${of}_read`);
    await this.connection.run(`CREATE OR REPLACE VIEW ${relation} AS SELECT * FROM ${relation}_read`);
  }

  /** Puts the view back. */
  private async letGo(relation: string, sql: string): Promise<void> {
    await this.connection.run(`CREATE OR REPLACE VIEW ${relation} AS ${sql}`);
    await this.connection.run(`DROP TABLE ${relation}_read`);
  }

  /**
   * Makes the relations; nothing else is needed from now on. What several questions need is answered once, before anything is built
   * on it: DuckDB looks through all that is below a view each time that it is named.
   */
  private async ready(declaredOnly: boolean): Promise<void> {
    const [{ kept, events }] = await this.rows('SELECT (SELECT CAST(sum(memory_usage_bytes + temporary_storage_bytes) AS DOUBLE) FROM duckdb_memory()) AS kept, (SELECT CAST(count(*) AS INTEGER) FROM kept) AS events');
    this.kept = Math.ceil(kept / MIB);
    await this.connection.run(EVENTS);
    await this.keep('events');
    await this.connection.run(FAILURES);
    await this.keep('failures');
    const [row] = await this.rows('SELECT min("requestReceivedTimestamp") AS first, max("stageTimestamp") AS last FROM kept');
    this.see([row.first, row.last].filter(time => time !== null));
    await this.connection.run('DROP TABLE kept');
    const all = views(declaredOnly);
    for (const [name, sql] of Object.entries(all)) {
      await this.connection.run(`CREATE VIEW ${name} AS ${sql}`);
      if (name in ANSWERED_ONCE) await this.keep(name, events);
      for (const over of Object.keys(ANSWERED_ONCE).filter(one => ANSWERED_ONCE[one] === name)) await this.letGo(over, all[over]);
    }
    await this.connection.run('SET enable_external_access=false');
  }
}
