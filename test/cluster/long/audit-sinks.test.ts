/**
 * The collector and what it sends to: a real Kafka, killed while the log grows, Splunk's exporter and a stand-in for Splunk, killed too, and a sink
 * that answers and refuses. It needs no cluster, but the collector and Kafka. Run by `npm run test:long`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { createServer, Server } from 'http';
import { join } from 'path';
import { Hec } from './audit-shipping/hec';
import { canRunKafka, Kafka, WHY_NO_KAFKA } from './audit-shipping/kafka';
import { freePort, inputFor, readable, recordsOf, Restartable, theCollector } from './audit-shipping/processes';
import { LogRedaction, LogSink } from '../../../src';
import { CollectorInput, FLAGS } from '../../../src/audit/shipping/collector-config';
import { event, lines } from '../../audit/shipping-events';
import { scratch, testIf, theCluster } from '../lab/cluster';
import { eventually } from '../lab/process';

const folder = scratch(theCluster(), 'audit-sinks');
const stops: (() => unknown)[] = [];
let program: string;

beforeAll(async () => {
  program = await theCollector();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}, 25 * 60_000);
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Run {
  readonly program?: string;
  readonly env?: NodeJS.ProcessEnv;
  change?(config: any, of: CollectorInput): void;
}

async function collectorFor(name: string, sinks: LogSink[], more: Partial<CollectorInput> = {}, run: Run = {}) {
  const own = join(folder, name);
  const input = await inputFor(own, { cluster: name, logPath: join(own, 'audit.log'), sinks, ...more });
  const file = join(own, 'collector.json');
  const config = readable(input);
  run.change?.(config, input);
  writeFileSync(file, JSON.stringify(config));
  const collector = new Restartable(run.program ?? program, ['--config', file, ...FLAGS], join(own, 'collector.log'), run.env);
  stops.push(() => collector.stop());
  return { input, collector };
}
const append = (input: CollectorInput, text: string) => writeFileSync(input.logPath, text, { flag: 'a' });

testIf(canRunKafka, WHY_NO_KAFKA)('Kafka: each event arrives as one message and as it was, though broker and collector are killed in between', async () => {
  const kafka = await Kafka.in(join(folder, 'broker'));
  stops.push(() => kafka.broker.stop());
  await kafka.start();
  await kafka.topic('kubernetes-audit');
  // A file beside it, so that both forms are made.
  const sinks = [LogSink.kafka([kafka.address], { plaintext: true }), LogSink.file(join(folder, 'kafka', 'out'))];
  const { input, collector } = await collectorFor('kafka', sinks, { redact: [LogRedaction.sourceAddresses()] });
  const told = Array.from({ length: 3_000 }, (_, i) => event({ annotations: { text: `<&> "${i}" \\ \u2028 é` } }));
  const large = event({ more: { requestObject: { large: 'x'.repeat(3_000_000), numbers: [0, -1, 1.5, 9_007_199_254_740_991], none: null, yes: true } } });
  append(input, lines(told.slice(0, 1_000)));
  collector.start();
  await eventually('the first', async () => await kafka.count('kubernetes-audit') >= 1_000 || undefined, 120_000);
  await kafka.broker.stop();
  append(input, lines(told.slice(1_000, 2_000)));
  await new Promise(resolve => setTimeout(resolve, 3_000));
  await collector.stop();
  append(input, `half a line {\n${lines([...told.slice(2_000), large])}`);
  collector.start();
  await kafka.start();
  await eventually('the last', async () => await kafka.count('kubernetes-audit') >= told.length + 2 || undefined, 180_000);
  const messages = await kafka.messages('kubernetes-audit');
  expect(new Set(messages.map(({ headers }) => headers))).toEqual(new Set(['k8s.cluster.name:kafka']));
  const values = messages.map(({ value }) => JSON.parse(value));
  const found = new Map(values.map(value => [value.auditID ?? value, value]));
  const redacted = ({ sourceIPs, ...rest }: any) => ({ ...rest, annotations: { ...rest.annotations, 'secure-debug.internal/redacted': 'source addresses' } });
  for (const one of [...told, large]) expect(found.get(one.auditID)).toEqual(redacted(one));
  expect(found.get('half a line {')).toBe('half a line {');
  expect(found.size).toBe(told.length + 2);
  process.stderr.write(`Kafka: ${told.length + 2} lines, ${messages.length} messages, broker killed ${kafka.broker.kills} times, collector ${collector.kills}\n`);
}, 15 * 60_000);

test('Splunk: each event arrives as it was, though the collector and what it sends to are killed in between, and it says that it is busy', async () => {
  const hec = new Hec(await freePort(), 'a-token-of-this-test');
  stops.push(() => hec.stop());
  const sink = LogSink.splunkHec(`http://127.0.0.1:${hec.port}/services/collector`, { plaintext: true, token: { name: 'splunk', key: 'token' }, index: 'audit' });
  const run = { program: await theCollector('otelcol-splunk'), env: { SINK_SPLUNK_HEC_TOKEN: hec.token } };
  const { input, collector } = await collectorFor('splunk', [sink], { redact: [LogRedaction.sourceAddresses()] }, run);
  const told = Array.from({ length: 3_000 }, (_, i) => event({ annotations: { text: `<&> "${i}" \\ \u2028 é` } }));
  // Its line has 6 MiB, and 12 as JSON in JSON.
  const large = event({ more: { requestObject: { large: '"'.repeat(3 * 1024 ** 2) } } });
  await hec.start();
  append(input, lines(told.slice(0, 1_000)));
  collector.start();
  await eventually('the first', async () => hec.events.size >= 1_000 || undefined, 120_000);
  await hec.stop();
  append(input, lines(told.slice(1_000, 2_000)));
  await new Promise(resolve => setTimeout(resolve, 3_000));
  await collector.stop();
  append(input, `half a line {\n${lines([...told.slice(2_000), large])}`);
  collector.start();
  hec.busy = 5;
  await hec.start();
  await eventually('the last', async () => {
    collector.mustRun();
    return hec.events.size >= told.length + 2 || undefined;
  }, 180_000);
  expect(hec.busy).toBe(0);
  const redacted = ({ sourceIPs, ...rest }: any) => ({ ...rest, annotations: { ...rest.annotations, 'secure-debug.internal/redacted': 'source addresses' } });
  for (const one of [...told, large]) {
    const { event: line, ...rest } = hec.events.get(one.auditID)!;
    expect(JSON.parse(line)).toEqual(redacted(one));
    expect(rest).toMatchObject({ sourcetype: 'kube:apiserver:audit', index: 'audit', fields: { 'k8s.cluster.name': 'splunk' } });
  }
  expect(hec.events.get('half a line {')!.fields).toMatchObject({ 'debug.damaged': expect.anything() });
  expect(hec.events.size).toBe(told.length + 2);
  process.stderr.write(`Splunk: ${told.length + 2} lines, ${hec.received} events in ${hec.requests} requests, Splunk stopped ${hec.stops} times, collector killed ${collector.kills}\n`);
}, 15 * 60_000);

/** Takes OTLP over HTTP, or answers with another status. */
async function otlpSink() {
  const sink = { status: 200, received: '', requests: 0, port: await freePort() };
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', part => { text += part; }).on('end', () => {
      sink.requests++;
      if (sink.status === 200) sink.received += `${text}\n`;
      response.writeHead(sink.status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>(resolve => server.listen(sink.port, '127.0.0.1', resolve));
  stops.push(() => new Promise(resolve => {
    server.closeAllConnections();
    server.close(resolve);
  }));
  return sink;
}

test.each([
  ['HTTP, as it is by default', 'http', {}],
  ['gRPC, told to take 16 MiB', 'grpc', { max_recv_msg_size_mib: 16 }],
])('a hundred large lines at once, and one of 6 MiB, reach a receiver of OTLP over %s', async (_, protocol, limit) => {
  const [port, own] = [await freePort(), join(folder, `large-${protocol}`)];
  mkdirSync(own, { recursive: true });
  const [file, out] = [join(own, 'receiver.json'), join(own, 'received.jsonl')];
  writeFileSync(file, JSON.stringify({
    receivers: { otlp: { protocols: { [protocol]: { endpoint: `127.0.0.1:${port}`, ...limit } } } },
    exporters: { file: { path: out, format: 'json' } },
    service: { pipelines: { logs: { receivers: ['otlp'], exporters: ['file'] } }, telemetry: { metrics: { level: 'none' } } },
  }));
  const receiver = new Restartable(program, ['--config', file], join(own, 'receiver.log'));
  stops.push(() => receiver.stop());
  receiver.start();
  const sink = protocol === 'grpc' ? LogSink.otlp(`127.0.0.1:${port}`, { plaintext: true }) : LogSink.otlpHttp(`http://127.0.0.1:${port}`, { plaintext: true });
  const plain = { change: (config: any) => { for (const exporter of Object.values<any>(config.exporters)) delete exporter.encoding; } };
  const { input, collector } = await collectorFor(`large-${protocol}`, [sink], {}, plain);
  const large = (size: number) => event({ more: { requestObject: { large: 'x'.repeat(size) } } });
  const told = [...Array.from({ length: 99 }, () => large(300 * 1024)), large(6 * 1024 ** 2)];
  append(input, lines(told));
  collector.start();
  const arrived = () => {
    const text = existsSync(out) ? readFileSync(out, 'utf8') : '';
    return new Set(recordsOf(text.slice(0, text.lastIndexOf('\n') + 1)).map(({ body }) => JSON.parse(body).auditID));
  };
  await eventually('everything', async () => {
    collector.mustRun();
    return arrived().size >= told.length || undefined;
  }, 120_000);
}, 300_000);

test('what waits to become an object of S3 when the collector is killed is in a later one', async () => {
  const sink = await otlpSink();
  const { input, collector } = await collectorFor('batches', [LogSink.otlpHttp(`http://127.0.0.1:${sink.port}`, { plaintext: true })], {}, {
    // The queue and the retry of S3, at a sink that there is. No batch is full, so each waits.
    change: (config, of) => {
      const { exporters } = readable({ ...of, sinks: [LogSink.s3('example-audit', { region: 'eu-central-1' })] });
      const { sending_queue: queue, retry_on_failure: retry, timeout } = exporters['awss3/s3'];
      Object.assign(config.exporters['otlp_http/otlp-http'], { sending_queue: { ...queue, batch: { ...queue.batch, flush_timeout: '5s' } }, retry_on_failure: retry, timeout });
    },
  });
  const arrived = () => new Set(recordsOf(sink.received).map(({ body }) => JSON.parse(body).auditID));
  const told = Array.from({ length: 1_000 }, () => event());
  append(input, lines(told.slice(0, 500)));
  collector.start();
  const read = async () => {
    const metrics = await fetch(`http://127.0.0.1:${input.ports.metrics}/metrics`).then(answer => answer.text(), () => '');
    return Number(/^secure_debug_events_total\{[^}]*\} (\d+)$/m.exec(metrics)?.[1] ?? 0) >= 500 || undefined;
  };
  await eventually('the log to be read', read, 120_000);
  await collector.stop();
  const before = arrived().size;
  append(input, lines(told.slice(500)));
  collector.start();
  await eventually('everything', async () => told.every(({ auditID }) => arrived().has(auditID)) || undefined, 120_000);
  process.stderr.write(`batches: ${before} of 500 had arrived when the collector was killed; ${told.length} lines in ${sink.requests} requests\n`);
  expect(sink.requests).toBeLessThan(20);
}, 300_000);

test('what a sink refuses is not tried again but counted, and comes when the checkpoints are removed', async () => {
  const sink = await otlpSink();
  sink.status = 401;
  const { input, collector } = await collectorFor('refusing', [LogSink.loki(`http://127.0.0.1:${sink.port}`, { plaintext: true })]);
  const arrived = () => new Set(recordsOf(sink.received).map(({ body }) => JSON.parse(body).auditID));
  const [refused, later] = [Array.from({ length: 300 }, () => event()), event()];
  append(input, lines(refused));
  collector.start();
  await eventually('all to be refused', async () => {
    const metrics = await fetch(`http://127.0.0.1:${input.ports.own}/metrics`).then(answer => answer.text(), () => '');
    return Number(/^otelcol_exporter_send_failed_log_records(?:_total)?\{[^}]*\} ([\d.e+]+)$/m.exec(metrics)?.[1] ?? 0) >= refused.length || undefined;
  }, 120_000);
  sink.status = 200;
  append(input, lines([later]));
  await eventually('what came later', async () => arrived().has(later.auditID) || undefined);
  expect(arrived().size).toBe(1);

  await collector.stop('SIGTERM');
  rmSync(join(input.stateFolder, 'checkpoints'), { recursive: true });
  collector.start();
  await eventually('everything', async () => [...refused, later].every(({ auditID }) => arrived().has(auditID)) || undefined);
}, 300_000);
