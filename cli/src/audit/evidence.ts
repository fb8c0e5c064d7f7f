import { mkdirSync, mkdtempSync, rmSync, statSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Readable } from 'stream';
import { DuckDBConnection } from '@duckdb/node-api';
import { bytesOf } from './bytes';
import { Damage } from './damage';
import { all, Database, PARALLEL, Row } from './database';
import { Declared } from './declared';
import { Events, Hand, RAW } from './hand';
import { complete, make } from './made';
import { MIB, sizeOf, Source } from './sources';
import { edges } from './spool';
import { COLUMN_NAMES, parquet, spooled } from './sql/read';
import { text } from './sql/text';
import { views } from './sql/views';
import { Kept, ThreadOptions, Threads } from './threads';
import { zstdWhole } from './zstd';

export interface EvidenceOptions {
  /** Bindings that were declared; undefined: the default names of Roles count. */
  readonly declared?: Declared[];
  readonly stdin?: Readable;
  /** A folder to which what was kept is written, as Parquet by day. */
  readonly convert?: string;
  /** How large files are read. */
  readonly reading?: ThreadOptions;
  /** What DuckDB may use, in MiB. */
  readonly memory?: number;
  /** So many events are made requests and sessions at a time. */
  readonly atOnce?: number;
  /** Told how many bytes of the files are read. */
  progress?(bytes: number): void;
}

/** Logs of fewer bytes are not worth a second hand. */
const SMALL = 1_000_000;
/** So many bytes of events are taken apart at a time: what is not done with is held in memory. */
const BATCH = 16_000_000;
/** More bytes of events are for one hand, for two need twice the memory. */
const MUCH = 40_000_000;

/** Files in batches of about as many bytes, at least one for each hand where there are so many files. */
function batches(files: readonly string[]): string[][] {
  const sizes = files.map(file => statSync(file).size);
  const size = Math.min(BATCH, Math.ceil(sizes.reduce((sum, one) => sum + one, 0) / PARALLEL));
  const found: string[][] = [];
  let held = Infinity;
  files.forEach((file, i) => {
    if (held + sizes[i] / 2 > size) {
      found.push([]);
      held = 0;
    }
    found.at(-1)!.push(file);
    held += sizes[i];
  });
  return found;
}

const spoolOf = (folder: string, index: number): string => join(folder, `spool-${index}.json`);

/**
 * What audit logs say about debugging, in an embedded DuckDB: each file is read once, where it lies, and only events that can matter are
 * taken apart and kept. What is damaged is named by file and line.
 */
export class Evidence {
  /** Reads all sources. */
  public static async read(sources: Source[], options: EvidenceOptions): Promise<Evidence> {
    const folder = mkdtempSync(join(tmpdir(), 'secure-debug-audit-'));
    const threads = new Threads(options.reading);
    let read = 0;
    const tell = (many: number) => options.progress?.(read += many);
    let evidence: Evidence | undefined;
    try {
      threads.begin(sources[0], spoolOf(folder, 0), tell);
      evidence = new Evidence(folder, await Database.open(folder, options.memory), views(options.declared !== undefined));
      await evidence.begin(sources, options);
      await evidence.load(sources, threads, tell, options.stdin);
      const closed = threads.close();
      if (options.convert !== undefined) await evidence.write(options.convert, sources.some(({ cluster }) => cluster !== undefined));
      await evidence.ready(options);
      await closed;
      return evidence;
    } catch (error) {
      await threads.close();
      evidence?.close();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  public readonly damage = new Damage();
  public readonly logs: { name: string; events: number; cluster?: string }[] = [];

  /** The first and the last time of an event. */
  private times: readonly string[] = [];
  /** What was kept, in MiB. */
  private kept = 0;
  private completed?: Promise<void>;
  private readonly hands: Hand[] = [];
  /** Whose turn it is. */
  private turn = 0;
  /** So many bytes of events were taken apart. */
  private bytes = 0;

  private constructor(private readonly folder: string, private readonly db: Database, private readonly relations: ReturnType<typeof views>) {}

  /** From when to when the logs reach, RFC 3339. */
  public get reach(): { readonly from?: string; readonly to?: string } {
    const [from, to] = this.times;
    return { ...from !== undefined && { from, to } };
  }

  private see(times: readonly string[]): void {
    this.times = edges([...this.times, ...times]);
  }

  /** Rows of a question of our own. */
  public rows(sql: string): Promise<Row[]> {
    return this.db.rows(sql);
  }

  /** The texts of a question that has nothing else, one at a time: there may be many, and long ones. */
  public texts(sql: string): AsyncGenerator<string> {
    return this.db.texts(sql);
  }

  /** Runs a question of a user: it sees the relations, and neither files nor the network. */
  public async ask(sql: string): Promise<{ readonly columns: string[]; readonly rows: Row[] }> {
    await (this.completed ??= complete(this.db, this.relations));
    return this.db.ask(sql, this.kept);
  }

  public close(): void {
    this.db.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async begin(sources: Source[], { declared = [], convert }: EvidenceOptions): Promise<void> {
    const { db } = this;
    if (convert !== undefined) await db.run(`CREATE TABLE raw ${RAW}`);
    await db.run('CREATE TABLE sources (file INTEGER, log VARCHAR, cluster VARCHAR)');
    await db.run('CREATE TABLE declared (binding_kind VARCHAR, namespace VARCHAR, binding VARCHAR, role_kind VARCHAR, role VARCHAR, path VARCHAR)');
    for (const [index, { name, cluster = '' }] of sources.entries()) await db.run(`INSERT INTO sources VALUES (${index}, ${text(name)}, ${text(cluster)})`);
    for (const one of declared) {
      await db.run(`INSERT INTO declared VALUES (${[one.bindingKind, one.namespace, one.binding, one.roleKind, one.role, one.path].map(text).join(', ')})`);
    }
    const small = !sources.some(({ stdin }) => stdin) && sizeOf(sources) < SMALL;
    for (let i = 1; i <= (small ? 1 : PARALLEL); i++) this.hands.push(await Hand.of(db, `part_${i}`, convert !== undefined));
  }

  private async load(sources: Source[], threads: Threads, tell: (bytes: number) => void, stdin?: Readable): Promise<void> {
    const damages = sources.map(() => new Damage());
    const events: number[] = [];
    let next = 0;
    const work = () => this.db.aside(async connection => {
      for (let index = next++; index < sources.length; index = next++) {
        const [source, spool] = [sources[index], spoolOf(this.folder, index)];
        const kept = () => threads.read(source, spool, () => bytesOf(connection, source, stdin, tell), tell);
        events[index] = await this.one(connection, index, source, damages[index], kept);
      }
    });
    await all(Array.from({ length: Math.min(PARALLEL, sources.length) }, work));
    sources.forEach(({ name, cluster }, index) => {
      this.logs.push({ name, events: events[index], ...cluster !== undefined && { cluster } });
      this.damage.add(damages[index].found);
    });
  }

  /** Reads one file, and says how many events it has. */
  private async one(connection: DuckDBConnection, index: number, source: Source, damage: Damage, read: () => Promise<Kept>): Promise<number> {
    const { name, file, format } = source;
    if (format === 'parquet') {
      const { damaged, why } = await this.take([{ file: index, from: parquet(file) }], true);
      if (damaged > 0) {
        damage.note(name, why ?? `${damaged} rows are no events`);
        return 0;
      }
      const [{ first, last, events }] = await this.db.rows(`SELECT min("requestReceivedTimestamp") AS first, max("stageTimestamp") AS last, CAST(count(*) AS INTEGER) AS events FROM ${parquet(file)}`, connection);
      this.see([first, last].filter(time => time !== null));
      return events;
    }
    const { told, spools } = await read();
    damage.add(told.damage);
    this.see(told.times);
    // A reader of gzip says so itself, and where.
    if (format === 'zstd' && !await zstdWhole(file)) damage.note(name, 'cut off; nothing was read from there on');
    this.bytes += spools.reduce((sum, spool) => sum + statSync(spool).size, 0);
    const { damaged, why } = await this.take(batches(spools).map(some => ({ file: index, from: spooled(some, told.longest) })));
    for (const spool of spools) rmSync(spool);
    if (damaged > 0) damage.note(name, why ?? `${damaged} events could not be read`);
    return told.events;
  }

  /** Takes events apart, by all hands, and says how many are damaged. */
  private async take(some: readonly Events[], allOrNone = false): Promise<{ readonly damaged: number; readonly why?: string }> {
    const working = this.bytes > MUCH ? this.hands.slice(0, 1) : this.hands;
    let damaged = 0;
    try {
      if (working.length > 1 && some.length > 1) await this.db.readByTwo();
      await all(some.map(async events => { damaged += await working[this.turn++ % working.length].take(events, allOrNone); }));
    } catch (error) {
      return { damaged: 1, why: (error as Error).message.split('\n')[0] };
    }
    return { damaged };
  }

  private async write(folder: string, byCluster: boolean): Promise<void> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const day = 'left("requestReceivedTimestamp", 10) AS day';
    const [cluster, by] = byCluster ? [', s.cluster AS cluster', 'cluster, day'] : ['', 'day'];
    await this.db.run(`COPY (SELECT ${COLUMN_NAMES}, ${day}${cluster} FROM raw JOIN sources AS s ON s.file = raw.file ORDER BY "requestReceivedTimestamp", "auditID", stage)
      TO ${text(folder)} (FORMAT parquet, PARTITION_BY (${by}), COMPRESSION zstd)`);
    await this.db.run('DROP TABLE raw');
  }

  /** Makes the relations; nothing else is needed from now on. */
  private async ready({ atOnce }: EvidenceOptions): Promise<void> {
    const { db } = this;
    try {
      await make(db, this.hands, this.relations, atOnce);
    } finally {
      for (const hand of this.hands) hand.close();
    }
    const [{ kept }] = await db.rows('SELECT CAST(sum(memory_usage_bytes + temporary_storage_bytes) AS DOUBLE) AS kept FROM duckdb_memory()');
    this.kept = Math.ceil(kept / MIB);
    await db.run('SET enable_external_access=false');
  }
}
