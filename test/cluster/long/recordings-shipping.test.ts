import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { parse } from 'yaml';
import { freePort, recordsOf, Restartable, theCollector } from './audit-shipping/processes';
import { Recording } from '../../../gateway/src/recording';
import { FLAGS } from '../../../src/audit/shipping/collector-config';
import { scratch, theCluster } from '../lab/cluster';
import { eventually, must } from '../lab/process';

/**
 * Recordings as the session program writes them, shipped by gateway/recordings-collector.yaml as log records. Collector and archive are
 * killed meanwhile; from what arrived, each file is put together again, byte for byte.
 */

const folder = scratch(theCluster(), 'recordings-shipping');
const recordings = join(folder, 'recordings');
const SESSIONS = 12;
const PIECES = 60;
/** A session that is killed leaves the beginning of a line. */
const HALF = '[9.25,"o","half a l';

const stops: (() => Promise<unknown>)[] = [];
afterAll(async () => { for (const stop of stops.reverse()) await stop(); });

/** Files of records: each line at its place; what is between two lines is the end of the first. */
function together(text: string): { [file: string]: string } {
  const files: { [file: string]: Buffer } = {};
  for (const { body, attributes } of recordsOf(text)) {
    const [name, at, bytes] = [attributes['log.file.name'], Number(attributes['log.file.record_offset']), Buffer.from(body)];
    const known = files[name] ?? Buffer.alloc(0);
    const all = Buffer.alloc(Math.max(known.length, at + bytes.length), '\n');
    known.copy(all);
    bytes.copy(all, at);
    files[name] = all;
  }
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString('utf8').trimEnd()]));
}

test('collector and archive are killed while people work, and every recording can be put together again, byte for byte', async () => {
  const collector = await theCollector();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(recordings, { recursive: true });
  const port = await freePort();
  const received = join(folder, 'received.jsonl');
  writeFileSync(received, '');

  const config = parse(readFileSync(join(__dirname, '..', '..', '..', 'gateway', 'recordings-collector.yaml'), 'utf8'));
  // What differs from a cluster: folders, and an encoding that can be read here.
  config.receivers['file_log/recordings'].include = [join(recordings, '*.cast')];
  config.extensions['file_storage/recordings'].directory = join(folder, 'state');
  Object.assign(config.exporters['otlp_http/archive'], { endpoint: `http://127.0.0.1:${port}`, encoding: 'json', compression: 'none' });
  config.service.telemetry = { metrics: { level: 'none' } };
  const file = join(folder, 'collector.json');
  writeFileSync(file, JSON.stringify(config));
  await must(collector, ['validate', '--config', file], { env: process.env });
  const archive = new Restartable(process.execPath, [join(__dirname, 'audit-shipping', 'sink.mjs'), String(port), received], join(folder, 'sink.log'));
  const shipper = new Restartable(collector, ['--config', file, ...FLAGS], join(folder, 'collector.log'));
  for (const one of [archive, shipper]) {
    stops.push(() => one.stop());
    one.start();
  }

  const open = Array.from({ length: SESSIONS }, (_, i) => new Recording(
    { session: String(i).padStart(16, '0'), user: 'alice', gateway: 'debug-gateway/debug-gateway' },
    { folder: recordings, masks: [], pipeBytes: 1_048_576, ...i % 2 === 0 && { columns: 80, rows: 24, term: 'xterm' } }));
  for (let piece = 0; piece < PIECES; piece++) {
    open.forEach((one, i) => one.output(Buffer.from(`session ${i} piece ${piece} \u001b[31mü✓\u0000\u001b[0m ${'x'.repeat(i * 300)}\r\n`)));
    if (piece === 15) await shipper.stop();
    if (piece === 25) shipper.start();
    if (piece === 30) await archive.stop();
    if (piece === 40) archive.start();
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  open.forEach((one, i) => one.end(i, 'by itself'));
  const [killed] = readdirSync(recordings).sort();
  const lines = readFileSync(join(recordings, killed), 'utf8').replace('0'.repeat(16), 'f'.repeat(16)).split('\n').slice(0, 20);
  writeFileSync(join(recordings, 'killed.cast'), `${lines.join('\n')}\n${HALF}`);

  const written = () => Object.fromEntries(readdirSync(recordings).sort().map(name => [name, readFileSync(join(recordings, name), 'utf8').trimEnd()]));
  await eventually('every recording', async () => {
    const [arrived, wanted] = [together(readFileSync(received, 'utf8')), written()];
    return Object.entries(wanted).every(([name, text]) => arrived[name] === text) || undefined;
  }, 90_000).catch(() => undefined);
  const arrived = together(readFileSync(received, 'utf8'));
  expect(Object.keys(arrived).sort()).toEqual(Object.keys(written()));
  expect(arrived).toEqual(written());
  expect([shipper.kills, archive.kills]).toEqual([1, 1]);
  process.stderr.write(`${recordsOf(readFileSync(received, 'utf8')).length} lines of ${SESSIONS + 1} recordings\n`);
}, 5 * 60_000);
