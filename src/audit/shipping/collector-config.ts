import { Classification, classifyStatements, CLUSTER, SERVICE } from './classify';
import { dropCondition } from './dropped';
import { LogRedaction } from './log-redaction';
import { LogSink } from './log-sink';
import { countMetrics } from './metrics';
import { attribute, field, is, literal, set, temp } from './ottl';
import { redactStatements } from './redact-statements';
import { MAX_EVENT } from './sink-parts';
import { AuditRule } from '../audit-rule';

/** What a collector is configured from. */
export interface CollectorInput extends Classification {
  readonly cluster: string;
  readonly logPath: string;
  readonly sinks: LogSink[];
  readonly drop: AuditRule[];
  readonly redact: LogRedaction[];
  readonly queueBytes: number;
  /** Where checkpoints and queues are kept. */
  readonly stateFolder: string;
  /** Address on which metrics and health are served. */
  readonly host: string;
  readonly ports: CollectorPorts;
}

export interface CollectorPorts {
  /** What was counted in the log. */
  readonly metrics: number;
  /** Of the collector itself. */
  readonly own: number;
  readonly health: number;
}

export const PORTS: CollectorPorts = { metrics: 9464, own: 8888, health: 13133 };

/**
 * What the receiver has read is with the queue before it notes how far it is. Without it, up to a hundred lines are only in memory
 * when the note is written, and a kill at that moment loses them.
 */
export const FLAGS = ['--feature-gates=stanza.synchronousLogEmitter'];

/** How long a counter stays when nothing is added: one that came back with all it had would look like a burst. */
const REMEMBERED = '720h';

const DROPPED = 'debug.dropped';

/** `audit.log` and the files that it was rotated to: audit-2026-03-01T10-00-00.000.log. */
function logFiles(logPath: string): string[] {
  const [, stem, extension] = /^(.*?)(\.[^./]*)?$/.exec(logPath)!;
  return [logPath, `${stem}-*${extension ?? ''}`];
}

/**
 * The configuration of the collector. Nothing is dropped but what `drop` says: a line that is damaged goes along as it is, a queue
 * that is full holds up the reading of the log, and the log waits on the disk.
 */
export function collectorConfig(input: CollectorInput): any {
  const queue = {
    enabled: true,
    storage: 'file_storage/queue',
    sizer: 'bytes',
    queue_size: input.queueBytes,
    // Dropping the newest is what it does otherwise.
    block_on_overflow: true,
    num_consumers: 4,
  };
  const made = input.sinks.map(sink => ({ exporter: sink._exporter(input.cluster, queue), objects: sink._needs.objects === true }));
  const exporters = Object.fromEntries(made.map(({ exporter }) => exporter));
  const idsOf = (objects: boolean) => made.filter(one => one.objects === objects).map(({ exporter: [id] }) => id);
  const [asLines, asObjects] = [idsOf(false), idsOf(true)];
  const processors = ['memory_limiter', 'transform/classify', ...input.drop.length ? ['filter/dropped'] : []];
  const storage = (name: string, more: object = {}) => ({ directory: `${input.stateFolder}/${name}`, create_directory: true, fsync: true, ...more });
  const statements = [
    set(`resource.attributes[${literal(CLUSTER)}]`, literal(input.cluster)),
    set(`resource.attributes[${literal('service.name')}]`, literal(SERVICE)),
    set(`resource.attributes[${literal('k8s.node.name')}]`, '"${env:NODE_NAME}"'),
    // A label of Loki by its defaults: so each node is a stream of its own, and what one has late is not too old for the others.
    set(`resource.attributes[${literal('service.instance.id')}]`, '"${env:NODE_NAME}"'),
    ...classifyStatements(input),
    ...input.drop.length ? [
      set(temp('path'), literal('')),
      set(temp('path'), `Split(${field('requestURI')}, "?")[0]`),
      ...input.drop.map(rule => set(attribute(DROPPED), literal('true'), dropCondition(rule))),
    ] : [],
    ...redactStatements(input.redact),
  ];
  return {
    extensions: {
      'file_storage/checkpoints': storage('checkpoints'),
      'file_storage/queue': storage('queue', { compaction: { on_start: true, on_rebound: true, directory: `${input.stateFolder}/queue` } }),
      'health_check': { endpoint: `${input.host}:${input.ports.health}` },
    },
    receivers: {
      'file_log/audit': {
        include: logFiles(input.logPath),
        start_at: 'beginning',
        storage: 'file_storage/checkpoints',
        // A longer line would be cut in two.
        max_log_size: MAX_EVENT,
        // Of the default of 1,000 bytes a long URL may leave two files alike.
        fingerprint_size: '4KiB',
        retry_on_failure: { enabled: true, initial_interval: '1s', max_interval: '30s', max_elapsed_time: '0s' },
      },
    },
    processors: {
      // Refuses instead of dying; the receiver then waits.
      'memory_limiter': { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 20 },
      // What an event lacks leaves its statement without effect.
      'transform/classify': { error_mode: 'silent', log_statements: [{ statements }] },
      // What is no JSON stays the text that it is.
      ...asObjects.length && { 'transform/objects': { error_mode: 'silent', log_statements: [{ statements: [set('log.body', 'ParseJSON(log.body)')] }] } },
      // One after the other: what counts below wants its points in order.
      'batch/counts': { timeout: '200ms' },
      // A count bears the times of its events, which may be old. When they were counted is what makes a counter.
      'transform/counts': { error_mode: 'propagate', metric_statements: [{ statements: ['set(datapoint.start_time, Now())', 'set(datapoint.time, Now())'] }] },
      // Each batch is counted by itself; Prometheus wants sums.
      'delta_to_cumulative/counts': { max_stale: REMEMBERED },
      ...input.drop.length && { 'filter/dropped': { error_mode: 'silent', logs: { log_record: [is(attribute(DROPPED).replace(/^log\./, ''), 'true')] } } },
    },
    connectors: { 'count/audit': { logs: countMetrics() } },
    exporters: {
      ...exporters,
      'prometheus/audit': { endpoint: `${input.host}:${input.ports.metrics}`, metric_expiration: REMEMBERED },
    },
    service: {
      extensions: ['file_storage/checkpoints', 'file_storage/queue', 'health_check'],
      telemetry: {
        logs: { encoding: 'json', level: 'info' },
        metrics: { level: 'normal', readers: [{ pull: { exporter: { prometheus: { host: input.host, port: input.ports.own } } } }] },
      },
      pipelines: {
        'logs/audit': { receivers: ['file_log/audit'], processors, exporters: [...asLines, 'count/audit'] },
        ...asObjects.length && { 'logs/objects': { receivers: ['file_log/audit'], processors: [...processors, 'transform/objects'], exporters: asObjects } },
        'metrics/audit': { receivers: ['count/audit'], processors: ['batch/counts', 'transform/counts', 'delta_to_cumulative/counts'], exporters: ['prometheus/audit'] },
      },
    },
  };
}

