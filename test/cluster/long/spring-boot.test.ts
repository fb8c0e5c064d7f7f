import { ChildProcess, spawn, spawnSync } from 'child_process';
import { cpSync, mkdtempSync, rmSync } from 'fs';
import { networkInterfaces, tmpdir } from 'os';
import { join } from 'path';
import { App, Chart, Testing } from 'cdk8s';
import { DangerousDiagnostics, DiagnosticsEndpoint, DiagnosticsPreset, DiagnosticsProxy, DiagnosticsRoute } from '../../../src';
import { INGRESS, ledger, LOGIN } from '../../diagnostics/ledger';
import { Answer, ask, freePort, Program } from '../../diagnostics/servers';
import { testIf } from '../lab/cluster';
import { eventually, must } from '../lab/process';

/** A Spring Boot application with its Actuator on a loopback port, behind the relay as a DiagnosticsEndpoint configures it. */

const able = ['java', 'mvn'].every(program => spawnSync(program, ['-version'], { stdio: 'ignore' }).status === 0);
const it = testIf(able, 'needs Java 17 and Maven (apt-get install openjdk-17-jdk-headless maven)');
const NAMES: DangerousDiagnostics[] = ['/actuator/configprops', '/actuator/env', '/actuator/heapdump', '/actuator/httpexchanges', '/actuator/logfile', '/actuator/shutdown'].map(path => ({ path, reason: 'the test asks for it' }));
const preset = DiagnosticsPreset.actuator();

let folder: string;
let application: ChildProcess;
let management: number;
let said = '';
const relays: Program[] = [];

/** The relay in front of the application, as it is declared. */
async function relay(presets: DiagnosticsPreset[], dangerous?: DangerousDiagnostics[]): Promise<(path: string, options?: object) => Promise<Answer>> {
  const chart = new Chart(new App(), 'ledger', { namespace: 'payments' });
  new DiagnosticsEndpoint(chart, 'door', {
    workload: ledger(chart, 'management', management),
    port: management,
    presets,
    dangerous,
    openPorts: [],
    proxy: DiagnosticsProxy.oauth2Proxy(LOGIN),
    route: DiagnosticsRoute.ingress(INGRESS),
  });
  const { data } = Testing.synth(chart).find(({ kind }) => kind === 'ConfigMap');
  const program = new Program('relay.js');
  relays.push(program);
  const doorPort = await freePort();
  await program.start({ ...JSON.parse(data['config.json']), doorPort, perMinute: 10_000 }, doorPort);
  return (path, options) => ask(doorPort, path, options);
}

beforeAll(async () => {
  if (!able) return;
  folder = mkdtempSync(join(tmpdir(), 'spring-boot-'));
  cpSync(join(__dirname, 'spring-boot'), folder, { recursive: true });
  await must('mvn', ['--batch-mode', '--quiet', 'package'], { cwd: folder, env: process.env, timeout: 600_000 });
  management = await freePort();
  application = spawn('java', [
    '-Xmx192m', '-jar', join(folder, 'target', 'ledger.jar'), '--server.address=127.0.0.1', '--server.port=0', `--management.server.port=${management}`, '--management.server.address=127.0.0.1',
    '--management.endpoints.web.exposure.include=*', '--management.endpoint.shutdown.access=unrestricted', '--management.endpoint.heapdump.access=unrestricted', `--logging.file.name=${join(folder, 'ledger.log')}`,
  ], { env: process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [application.stdout!, application.stderr!]) stream.on('data', data => { said += data; });
  await eventually('the application to start', async () => ask(management, '/actuator/health').then(({ status }) => status === 200 || undefined, () => undefined), 180_000)
    .catch(error => { throw new Error(`${error.message}:\n${said}`); });
});

afterAll(async () => {
  for (const one of relays) await one.stop();
  application?.kill('SIGKILL');
  if (folder) rmSync(folder, { recursive: true, force: true });
});

it('the management port is on loopback alone', async () => {
  const others = Object.values(networkInterfaces()).flat().filter(one => one && one.family === 'IPv4' && !one.internal).map(one => one!.address);
  for (const address of others) await expect(fetch(`http://${address}:${management}/actuator/health`)).rejects.toThrow('fetch failed');
});

it('each path that reads is there, and answers through the relay what it answers by itself', async () => {
  const through = await relay([preset]);
  const found: { [path: string]: unknown } = {};
  for (const path of preset.paths) {
    const [own, passed] = [await ask(management, path), await through(path)];
    found[path] = [own.status, passed.status, passed.whole, passed.headers['content-type'] === own.headers['content-type'], passed.text.length > 0];
  }
  expect(found).toEqual(Object.fromEntries(preset.paths.map(path => [path, [200, 200, true, true, true]])));
});

it('what is dangerous is there and reads, and the relay does not ask for it', async () => {
  const through = await relay([preset]);
  const reads = preset.dangerousPaths.filter(path => !/shutdown|sessions/.test(path));
  expect(reads).toHaveLength(5);
  // Else to refuse it would mean nothing.
  for (const path of reads) expect([path, (await ask(management, path)).status]).toEqual([path, 200]);
  for (const path of preset.dangerousPaths) {
    for (const method of ['GET', 'POST']) expect([path, method, (await through(path, { method })).status]).toEqual([path, method, 404]);
  }
  expect((await ask(management, '/actuator/health')).status).toBe(200);
});

it('what lies below a path, and what changes something, is refused', async () => {
  const through = await relay([preset], NAMES);
  for (const path of ['/actuator/metrics/jvm.memory.used', '/actuator/loggers/ROOT', '/actuator/env/PATH', '/actuator/health/', '/actuator/health/..%2fenv', '/actuator/metrics;x=1', '/actuator/caches/x']) {
    expect([path, (await through(path)).status]).toEqual([path, 404]);
  }
  for (const [method, path] of [['POST', '/actuator/loggers'], ['DELETE', '/actuator/caches'], ['GET', '/actuator/shutdown']]) expect([path, (await through(path, { method })).status]).toEqual([path, 405]);
});

it('a metric that is declared is read', async () => {
  const through = await relay([DiagnosticsPreset.custom(['/actuator/metrics/jvm.memory.used'])]);
  expect(JSON.parse((await through('/actuator/metrics/jvm.memory.used')).text)).toMatchObject({ name: 'jvm.memory.used', baseUnit: 'bytes' });
});

it('what is dangerous and named with a reason is passed on: settings are masked by Spring Boot, a heap dump is whole, shutdown ends the application', async () => {
  const through = await relay([preset], NAMES);
  expect(JSON.parse((await through('/actuator/env')).text).propertySources.length).toBeGreaterThan(0);
  expect((await through('/actuator/logfile')).text).toContain('Started Ledger');
  const dump = await through('/actuator/heapdump');
  expect([dump.status, dump.whole, dump.text.slice(0, 12)]).toEqual([200, true, 'JAVA PROFILE']);
  const ended = new Promise(resolve => application.on('exit', resolve));
  expect((await through('/actuator/shutdown', { method: 'POST' })).status).toBe(200);
  expect(await ended).toBe(0);
});
