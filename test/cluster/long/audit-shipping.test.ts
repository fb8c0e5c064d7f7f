/**
 * Two API servers, a collector each, one sink. Collectors and sink are killed and started again while the logs grow and are
 * rotated; afterwards the sink has every line. Run by `npm run test:long`; the first time it builds the collector.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { adminOf, freePort, inputFor, readable, recordsOf, Restartable, theCollector } from './audit-shipping/processes';
import { AuditPolicy, AuditWebhook, ControlPlane, LogSink } from '../../../src';
import { FLAGS } from '../../../src/audit/shipping/collector-config';
import { event, lines } from '../../audit/shipping-events';
import { scratch, testIf, theCluster } from '../lab/cluster';
import { eventually, inParallel, must } from '../lab/process';

const cluster = theCluster();
const folder = scratch(cluster, 'audit-shipping');
const SCRIPTS = join(__dirname, '..', 'control-plane');
const NAMES = ['production-eu', 'production-us'];
const MEGABYTES = 6;

const lab = (name: string) => join(folder, name, 'lab');
/** Every line of the log and of the files that it was rotated to. */
const written = (name: string) => readdirSync(lab(name)).filter(file => /^audit.*\.log$/.test(file))
  .flatMap(file => readFileSync(join(lab(name), file), 'utf8').split('\n').filter(line => line !== ''));

let stops: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

const available = cluster.own && process.platform === 'linux';

testIf(available, 'it boots control planes of its own')('collectors and sink are killed, logs are rotated, and every line of two API servers arrives', async () => {
  const collector = await theCollector();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, new AuditPolicy(new ControlPlane(), 'audit').toYaml());
  for (const name of NAMES) {
    await must(join(SCRIPTS, 'up.sh'), [lab(name), '--version', cluster.version, '--no-node', '--owner', String(process.pid), '--audit-policy', policy,
      '--patch', 'kube-apiserver=--audit-log-maxsize=1', '--patch', 'kube-apiserver=--audit-log-maxbackup=500'], { env: process.env, timeout: 300_000 });
    stops.push(() => must(join(SCRIPTS, 'down.sh'), [lab(name)], { env: process.env, timeout: 120_000 }));
  }

  const port = await freePort();
  const received = join(folder, 'received.jsonl');
  writeFileSync(received, '');
  const sink = new Restartable(process.execPath, [join(__dirname, 'audit-shipping', 'sink.mjs'), String(port), received], join(folder, 'sink.log'));
  const collectors = await Promise.all(NAMES.map(async name => {
    const input = await inputFor(join(folder, name), { cluster: name, logPath: join(lab(name), 'audit.log'), sinks: [LogSink.otlpHttp(`http://127.0.0.1:${port}`, { plaintext: true })] });
    const file = join(folder, name, 'collector.json');
    writeFileSync(file, JSON.stringify(readable(input)));
    await must(collector, ['validate', '--config', file], { env: { ...process.env, NODE_NAME: 'node-1' } });
    return new Restartable(collector, ['--config', file, ...FLAGS], join(folder, name, 'collector.log'));
  }));
  const all = [sink, ...collectors];
  all.forEach(one => stops.push(() => one.stop()));
  all.forEach(one => one.start());

  // Whoever asks has something to record: refused and allowed requests, until the log was rotated several times.
  const apis = NAMES.map(name => adminOf(lab(name)));
  apis.forEach(api => stops.push(async () => api.close()));
  let busy = true;
  const size = (name: string) => written(name).reduce((sum, line) => sum + line.length + 1, 0);
  const traffic = Promise.all(NAMES.map(async (name, i) => {
    for (let round = 0; busy; round++) {
      await inParallel(8, Array.from({ length: 40 }, (_, n) => n), n => apis[i].send('GET', `/api/v1/namespaces/default/pods/none-${round}-${n}/log`).catch(() => undefined));
    }
    return name;
  }));

  // In turn: one process dies, the logs go on, and it comes back. Twice all of them at once.
  const victims = [[collectors[0]], [sink], [collectors[1]], [sink, collectors[0]], all, [collectors[0]], [sink], all];
  for (const killed of victims) {
    await new Promise(resolve => setTimeout(resolve, 1_500));
    await Promise.all(killed.map(one => one.stop()));
    await new Promise(resolve => setTimeout(resolve, 3_000));
    killed.forEach(one => one.start());
  }
  await eventually('logs that were rotated', async () => NAMES.every(name => size(name) > MEGABYTES * 1024 * 1024) ? true : undefined, 180_000);
  busy = false;
  await traffic;
  // The API servers go, so that the logs are whole.
  apis.forEach(api => api.close());
  for (const stop of stops.splice(0, NAMES.length)) await stop();

  const missing = () => {
    const seen = new Set(recordsOf(readFileSync(received, 'utf8')).map(({ cluster: from, body }) => `${from} ${body}`));
    return NAMES.flatMap(name => written(name).map(line => `${name} ${line}`)).filter(line => !seen.has(line));
  };
  await eventually('the last line', async () => missing().length === 0 ? true : undefined, 120_000).catch(() => undefined);

  all.forEach(one => one.mustRun());
  const records = recordsOf(readFileSync(received, 'utf8'));
  for (const [i, name] of NAMES.entries()) {
    const wrote = written(name);
    const mine = records.filter(record => record.cluster === name);
    const rotated = readdirSync(lab(name)).filter(file => /^audit-/.test(file)).length;
    process.stderr.write(`${name}: ${wrote.length} events, ${rotated} rotated files, ${mine.length - new Set(mine.map(({ body }) => body)).size} came twice, collector killed ${collectors[i].kills} times, sink ${sink.kills}\n`);
    expect(rotated).toBeGreaterThanOrEqual(3);
    expect(collectors[i].kills).toBeGreaterThanOrEqual(3);
    expect(wrote.length).toBeGreaterThan(2_000);
    // Nothing that the other cluster wrote is said to be of this one.
    const own = new Set(wrote);
    expect(mine.filter(({ body }) => !own.has(body)).slice(0, 3)).toEqual([]);
  }
  const lost = missing();
  expect([lost.length, ...lost.slice(0, 3)]).toEqual([0]);
}, 20 * 60_000);

test('a full queue holds up the reading, and a collector that is asked to stop then loses nothing', async () => {
  const collector = await theCollector();
  const own = join(folder, 'full');
  rmSync(own, { recursive: true, force: true });
  const port = await freePort();
  const input = await inputFor(own, {
    cluster: 'full', logPath: join(own, 'audit.log'), queueBytes: 200_000, sinks: [LogSink.otlpHttp(`http://127.0.0.1:${port}`, { plaintext: true })],
  });
  const file = join(own, 'collector.json');
  writeFileSync(file, JSON.stringify(readable(input)));
  const all = Array.from({ length: 4_000 }, () => event());
  const received = join(own, 'received.jsonl');
  writeFileSync(received, '');
  const one = new Restartable(collector, ['--config', file, ...FLAGS], join(own, 'collector.log'));
  const sink = new Restartable(process.execPath, [join(__dirname, 'audit-shipping', 'sink.mjs'), String(port), received], join(own, 'sink.log'));
  stops.push(() => one.stop(), () => sink.stop());
  writeFileSync(input.logPath, lines(all.slice(0, 2_000)));
  const queued = async () => {
    const metrics = await fetch(`http://127.0.0.1:${input.ports.own}/metrics`).then(answer => answer.text(), () => '');
    return Number(/^otelcol_exporter_queue_size\{[^}]*\} ([\d.e+]+)$/m.exec(metrics)?.[1] ?? 0);
  };
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
    one.start();
    await eventually('a queue that is full', async () => await queued() > 100_000 ? true : undefined);
    await one.stop(signal);
    // Rotated while nobody reads.
    if (signal === 'SIGKILL') {
      renameSync(input.logPath, join(own, 'audit-2026-03-03T10-00-00.000.log'));
      writeFileSync(input.logPath, lines(all.slice(2_000)));
    }
  }
  sink.start();
  one.start();
  const missing = () => {
    const seen = new Set(recordsOf(readFileSync(received, 'utf8')).map(({ body }) => body));
    return all.map(told => JSON.stringify(told)).filter(line => !seen.has(line)).length;
  };
  await eventually('everything', async () => missing() === 0 ? true : undefined, 120_000).catch(() => undefined);
  [sink, one].forEach(process => process.mustRun());
  expect(missing()).toBe(0);
}, 300_000);

testIf(available, 'it boots a control plane of its own')('an API server sends its events by AuditWebhook itself, and after an outage of the sink those that its buffer held', async () => {
  const own = join(folder, 'webhook');
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  const [key, certificate] = [join(own, 'sink.key'), join(own, 'sink.crt')];
  await must('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=sink',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate], { env: process.env });
  const port = await freePort();
  const controlPlane = new ControlPlane();
  const mounted = '/etc/kubernetes/secure-debug/sink.crt';
  new AuditPolicy(controlPlane, 'audit');
  new AuditWebhook(controlPlane, 'webhook', { url: `https://127.0.0.1:${port}/events`, certificateAuthorityFile: mounted });
  // The files lie elsewhere here; everything else is as it is written for a cluster.
  for (const { name, content } of controlPlane.synthFiles()) writeFileSync(join(own, name), content.replace(mounted, certificate));

  const received = join(own, 'received.jsonl');
  writeFileSync(received, '');
  const sink = new Restartable(process.execPath, [join(__dirname, 'audit-shipping', 'sink.mjs'), String(port), received, key, certificate], join(own, 'sink.log'));
  stops.push(() => sink.stop());
  sink.start();
  const place = join(own, 'lab');
  await must(join(SCRIPTS, 'up.sh'), [place, '--version', cluster.version, '--no-node', '--owner', String(process.pid), '--audit-policy', join(own, 'audit-policy.yaml'),
    ...[['config-file', join(own, 'audit-webhook.yaml')], ['mode', 'batch'], ['batch-buffer-size', '50000'], ['version', 'audit.k8s.io/v1']]
      .flatMap(([flag, value]) => ['--patch', `kube-apiserver=--audit-webhook-${flag}=${value}`])], { env: process.env, timeout: 300_000 });
  stops.push(() => must(join(SCRIPTS, 'down.sh'), [place], { env: process.env, timeout: 120_000 }));
  const api = adminOf(place);
  const ask = (name: string) => api.send('GET', `/api/v1/namespaces/default/pods/${name}/log`);
  const seen = (name: string) => readFileSync(received, 'utf8').split('\n').filter(line => line !== '')
    .flatMap(line => JSON.parse(line).items as any[]).some(item => item.stage === 'ResponseComplete' && item.objectRef?.name === name);
  await ask('before');
  await eventually('an event', async () => seen('before') ? true : undefined);
  await sink.stop();
  await ask('meanwhile');
  await new Promise(resolve => setTimeout(resolve, 2_000));
  sink.start();
  await ask('after');
  await eventually('an event after the outage', async () => seen('after') ? true : undefined);
  await eventually('the event of the outage', async () => seen('meanwhile') ? true : undefined, 90_000);
  api.close();
}, 600_000);

test('by OTLP over gRPC they reach another collector', async () => {
  const collector = await theCollector();
  const own = join(folder, 'grpc');
  rmSync(own, { recursive: true, force: true });
  const port = await freePort();
  const input = await inputFor(own, { cluster: 'grpc', logPath: join(own, 'audit.log'), sinks: [LogSink.otlp(`127.0.0.1:${port}`, { plaintext: true })] });
  const received = join(own, 'received.jsonl');
  const gateway = {
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: { file: { path: received } },
    service: { telemetry: { metrics: { level: 'none' } }, pipelines: { logs: { receivers: ['otlp'], exporters: ['file'] } } },
  };
  const started = ([['collector', readable(input)], ['gateway', gateway]] as const).map(([name, config]) => {
    const file = join(own, `${name}.json`);
    writeFileSync(file, JSON.stringify(config));
    const one = new Restartable(collector, ['--config', file, ...FLAGS], join(own, `${name}.log`));
    stops.push(() => one.stop());
    return one;
  });
  const all = Array.from({ length: 2_000 }, () => event());
  writeFileSync(input.logPath, lines(all));
  started.forEach(one => one.start());
  // The gateway writes when it is full, and at the latest when it is asked to stop.
  await eventually('everything to be sent', async () => {
    const metrics = await fetch(`http://127.0.0.1:${input.ports.own}/metrics`).then(answer => answer.text(), () => '');
    return Number(/^otelcol_exporter_sent_log_records(?:_total)?\{[^}]*\} ([\d.e+]+)$/m.exec(metrics)?.[1] ?? 0) >= all.length ? true : undefined;
  });
  for (const one of started) await one.stop('SIGTERM');
  const bodies = new Set(recordsOf(readFileSync(received, 'utf8')).map(({ cluster: from, body }) => `${from} ${body}`));
  expect(all.filter(told => !bodies.has(`grpc ${JSON.stringify(told)}`))).toEqual([]);
}, 120_000);
