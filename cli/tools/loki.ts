/**
 * A real Loki, fed by a real collector as AuditLogShipping configures it: do the questions of `audit query logql` find what they mean and what
 * the report finds, and do the rules of AuditAlerts fire? `tsx --tsconfig tsconfig.dev.json tools/loki.ts FOLDER LOKI COLLECTOR [SEED…]`
 */
import { deepStrictEqual, ok } from 'assert';
import { mkdirSync, writeFileSync } from 'fs';
import { createServer } from 'http';
import { AddressInfo } from 'net';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { AuditAlerts, LogSink, MaintenanceWindow, Weekday } from 'cdk8s-secure-debug';
import { prepared } from './engines';
import { differences, eventsOf, fieldsOfEvent, holds, PEOPLE } from './languages';
import { FLAGS, collectorConfig, CollectorInput } from '../../src/audit/shipping/collector-config';
import { event, lines, stream } from '../../test/audit/shipping-events';
import { eventually } from '../../test/cluster/lab/process';
import { freePort, inputFor, Restartable } from '../../test/cluster/long/audit-shipping/processes';
import { LANGUAGES } from '../src/audit/engines/languages/languages';
import { questions } from '../src/audit/engines/languages/questions';

const [folder, loki, collector, ...seeds] = process.argv.slice(2);
const logql = LANGUAGES.find(({ id }) => id === 'logql')!;
const running: Restartable[] = [];

interface Entry { readonly labels: { readonly [label: string]: string }; readonly line: string }

class Loki {
  /** @param alertmanager port of what takes its alerts */
  public static async start(name: string, rules: string, alertmanager: number): Promise<Loki> {
    const own = join(folder, name);
    // Without tenants everything is of the tenant `fake`.
    mkdirSync(join(own, 'rules', 'fake'), { recursive: true });
    if (rules !== '') writeFileSync(join(own, 'rules', 'fake', 'secure-debug-audit.yaml'), rules);
    const [http, grpc] = [await freePort(), await freePort()];
    const config = {
      auth_enabled: false,
      analytics: { reporting_enabled: false },
      server: { http_listen_address: '127.0.0.1', http_listen_port: http, grpc_listen_address: '127.0.0.1', grpc_listen_port: grpc, log_level: 'warn' },
      common: {
        instance_addr: '127.0.0.1',
        path_prefix: own,
        replication_factor: 1,
        ring: { kvstore: { store: 'inmemory' } },
        storage: { filesystem: { chunks_directory: join(own, 'chunks'), rules_directory: join(own, 'rules') } },
      },
      schema_config: { configs: [{ from: '2024-01-01', store: 'tsdb', object_store: 'filesystem', schema: 'v13', index: { prefix: 'index_', period: '24h' } }] },
      // The generated events are of a day that is long ago, and damaged lines are of now: Loki refuses what is older than the newest line of its
      // stream by more than half the age of a chunk.
      ingester: { max_chunk_age: '87600h' },
      limits_config: { reject_old_samples: false, creation_grace_period: '87600h', max_entries_limit_per_query: 100_000 },
      // They are asked for before they are on the disk.
      querier: { query_ingesters_within: '0s' },
      ruler: {
        storage: { type: 'local', local: { directory: join(own, 'rules') } },
        rule_path: join(own, 'rules-read'),
        alertmanager_url: `http://127.0.0.1:${alertmanager}`,
        enable_api: true,
        ring: { kvstore: { store: 'inmemory' } },
      },
    };
    const file = join(own, 'loki.json');
    writeFileSync(file, JSON.stringify(config));
    const started = new Restartable(loki, [`-config.file=${file}`], join(own, 'loki.log'));
    running.push(started);
    started.start();
    const made = new Loki(http);
    await eventually('Loki to be ready', async () => {
      started.mustRun();
      return fetch(`${made.url}/ready`).then(answer => answer.ok || undefined, () => undefined);
    }, 180_000);
    return made;
  }

  private constructor(private readonly port: number) {}

  public get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  public async get(path: string, parameters: { [name: string]: string } = {}): Promise<any> {
    const answer = await fetch(`${this.url}${path}?${new URLSearchParams(parameters).toString()}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** Log lines of the day of the generated events. */
  public async ask(query: string, start = '2026-03-01T00:00:00Z', end = '2026-03-02T00:00:00Z'): Promise<Entry[]> {
    const { data } = await this.get('/loki/api/v1/query_range', { query, start, end, limit: '100000', direction: 'forward' });
    return data.result.flatMap(({ stream: labels, values }: any) => values.map(([, line]: [string, string]) => ({ labels, line })));
  }
}

/** Reads a file as AuditLogShipping would, and sends it. */
async function ship(name: string, to: Loki, rest: Pick<CollectorInput, 'cluster' | 'logPath'> & Partial<CollectorInput>): Promise<void> {
  const own = join(folder, name);
  const input = await inputFor(own, { sinks: [LogSink.loki(to.url, { plaintext: true })], ...rest });
  writeFileSync(join(own, 'collector.json'), JSON.stringify(collectorConfig(input)));
  const started = new Restartable(collector, ['--config', join(own, 'collector.json'), ...FLAGS], join(own, 'collector.log'));
  running.push(started);
  started.start();
}

const count = (list: string[]) => {
  const found = new Map<string, number>();
  for (const one of list) found.set(one, (found.get(one) ?? 0) + 1);
  return Object.fromEntries([...found].sort(([a], [b]) => a < b ? -1 : 1));
};

/** The questions on a generated log, of two clusters in one Loki. */
async function ask(seed: number): Promise<void> {
  const own = join(folder, `log-${seed}`);
  const log = await prepared(own, seed);
  const to = await Loki.start(`questions-${seed}`, '', await freePort());
  for (const cluster of ['c1', 'c2']) await ship(`ship-${seed}-${cluster}`, to, { cluster, logPath: join(own, `${cluster}.log`) });
  const all = (log.rows as any[]).filter(({ line }) => line !== '');
  // One has a time that is none, which the report leaves out; to a log language it is an event like others.
  const alike = all.map(({ line }) => line).filter(line => line.includes('"audit.k8s.io/v1"')).map(line => JSON.parse(line));
  const arrived = await eventually('every line to arrive', async () => {
    const found = await to.ask(logql.source, '2026-02-28T00:00:00Z', '2026-03-03T00:00:00Z');
    // Lines that are no event are of the time at which they were read.
    const damaged = await to.ask(logql.source, new Date(Date.now() - 3_600_000).toISOString(), new Date(Date.now() + 60_000).toISOString());
    return found.length >= alike.length && found.length + damaged.length >= all.length ? [...found, ...damaged] : undefined;
  }, 180_000);
  const events = eventsOf(log);
  const sent = new Set(all.map(({ cluster, line }) => `${cluster} ${line}`));
  for (const { labels, line } of arrived) ok(sent.has(`${labels.k8s_cluster_name} ${line}`), `Loki has a line that was not sent: ${line}`);
  const answers: { [question: string]: Set<string> } = {};
  let answered = 0;
  for (const user of PEOPLE) {
    for (const question of questions(user)) {
      const found = await to.ask(logql.query(question, logql.source));
      const meant = alike.filter(one => holds(question.condition, one)).map(one => {
        const fields = fieldsOfEvent(one);
        return question.shown.map(field => fields[field]).join(' | ');
      });
      deepStrictEqual(count(found.map(({ line }) => line)), count(meant), `${question.id} of ${user}`);
      if (user === undefined) answers[question.id] = new Set(found.map(({ labels }) => labels.audit_id));
      answered += found.length;
    }
  }
  deepStrictEqual(differences(log, events, answers), []);
  console.log(`loki, log ${seed}: ${arrived.length} lines of 2 clusters, ${PEOPLE.length * questions().length} questions, ${answered} lines in answer, each the one that is meant; the report agrees`);
}

/** The rules, on events of now. */
async function alert(): Promise<void> {
  const taken = new Map<string, any>();
  const alertmanager = createServer((request, response) => {
    let body = '';
    request.on('data', part => { body += part; }).on('end', () => {
      for (const one of JSON.parse(body || '[]')) taken.set(JSON.stringify(one.labels), one);
      response.end('{}');
    });
  });
  await new Promise<void>(resolve => alertmanager.listen(0, '127.0.0.1', resolve));
  try {
    const rules = new AuditAlerts(new Chart(new App(), 'alerts'), 'alerts', { clusters: ['loud', 'quiet', 'gone'], prometheus: false, loki: true }).toLokiRules();
    const to = await Loki.start('rules', rules, (alertmanager.address() as AddressInfo).port);
    const at = new Date().toISOString();
    const days = Object.values(Weekday);
    const always = new MaintenanceWindow('always', { days, from: '00:00', to: '24:00', timeZone: 'Europe/Berlin' });
    // Some days away, whatever the clock says and wherever.
    const other = new MaintenanceWindow('other', { days: [days[(new Date().getUTCDay() + 3) % 7]], from: '00:00', to: '24:00', timeZone: 'Europe/Berlin' });
    const admin = { at, role: 'cluster-admin', roleKind: 'ClusterRole' };
    const refusals = (user: string, number: number) => Array.from({ length: number }, () => event({ at, user, subresource: 'exec', code: 403, decision: 'forbid' }));
    const [, longEnd] = stream('exec', { at: new Date(Date.now() - 4_000_000).toISOString(), lasts: 4_000, user: 'dave' });
    const loud = [
      event({ ...admin, user: 'alice' }),
      ...stream('exec', { at, user: 'bob', role: 'break-glass-payments' }),
      ...stream('exec', { at, user: 'system:serviceaccount:payments:default', role: 'edit' }),
      longEnd,
      ...refusals('carol', 21),
    ];
    const quiet = [event({ ...admin, user: 'alice' }), ...stream('exec', { at, user: 'bob' }), ...stream('exec', { ...admin, user: 'erin' }), ...refusals('carol', 20)];
    for (const [cluster, events, windows] of [['loud', loud, [other]], ['quiet', quiet, [always]]] as const) {
      const logPath = join(folder, `${cluster}.log`);
      writeFileSync(logPath, `${cluster === 'loud' ? 'half a line {\n' : ''}${lines(events)}`);
      await ship(`rules-${cluster}`, to, { cluster, logPath, windows: [...windows] });
    }
    const expected = [
      'AuditLogDamaged loud',
      'AuditPipelineSilent gone',
      'BreakGlassUsed loud bob',
      'ClusterAdminOutsideWindow loud alice',
      'DebugRefusals loud carol',
      'DebugSessionOverLimit loud dave',
      'DebuggingOutsideEveryPath loud system:serviceaccount:payments:default',
    ];
    const name = ({ alertname, k8s_cluster_name: cluster, debug_user: user }: any) => [alertname, cluster, user].filter(Boolean).join(' ');
    const firing = async () => {
      const { data } = await to.get('/prometheus/api/v1/rules');
      const all = data.groups.flatMap((group: any) => group.rules);
      for (const { name: of, lastError, health } of all) ok(!lastError && health !== 'err', `${of}: ${lastError}`);
      deepStrictEqual(all.length, 7);
      return { evaluated: all.every(({ evaluationTime }: any) => evaluationTime > 0), alerts: all.flatMap(({ alerts = [] }: any) => alerts).filter(({ state }: any) => state === 'firing').map(({ labels, annotations }: any) => ({ name: name(labels), summary: annotations.summary })) };
    };
    // A group is evaluated once a minute.
    const alerts = await eventually('the rules to fire', async () => {
      const found = await firing();
      return found.alerts.length >= expected.length && !found.alerts.some(({ name: one }: any) => one === 'AuditPipelineSilent loud' || one === 'AuditPipelineSilent quiet') ? found.alerts : undefined;
    }, 240_000);
    // One more evaluation adds nothing.
    await new Promise(resolve => setTimeout(resolve, 65_000));
    const later = (await firing()).alerts;
    deepStrictEqual([...new Set(later.map((one: any) => one.name))].sort(), expected);
    const sent = [...taken.values()].map(({ labels }) => name(labels));
    for (const one of expected) ok(sent.includes(one), `${one} did not reach Alertmanager`);
    for (const { summary } of alerts) ok(!/\{\{|<no value>|undefined/.test(summary), summary);
    console.log(`loki, rules: 7 rules loaded by the ruler, ${expected.length} alerts fire and reach Alertmanager; cluster-admin in a window, a session of on call and 20 refusals do not`);
    for (const { summary } of later) console.log(`  ${summary}`);
  } finally {
    await new Promise(resolve => alertmanager.close(resolve));
  }
}

async function main(): Promise<void> {
  try {
    for (const seed of seeds) await ask(Number(seed));
    await alert();
  } finally {
    for (const one of running) await one.stop('SIGTERM');
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
