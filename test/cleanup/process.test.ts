import { spawn } from 'child_process';
import { rmSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import * as ts from 'typescript';
import { Credentials, FakeApi, refused, TOKEN } from './fake-api';
import { CONFIG, pod, runningFor, script, SCRIPT_FILE } from './fake-pods';

/** The script as the CronJob starts it. */

// Starting a process takes its time on a busy machine.
jest.setTimeout(30_000);

let credentials: Credentials;
let api: FakeApi;
let port: string;

beforeAll(() => { credentials = new Credentials(); });
afterAll(() => credentials.remove());
beforeEach(async () => {
  api = new FakeApi(credentials);
  port = await api.listen();
});
afterEach(() => api.close());

const configFile = (content: string) => {
  const file = join(credentials.directory, 'config.json');
  writeFileSync(file, content);
  return file;
};

interface Ended { status: number | null; lines: any[]; stdout: string; stderr: string }

type Env = { [name: string]: string | undefined };

function start(args: string[], env: Env = {}, meanwhile: (kill: (signal: NodeJS.Signals) => void) => void = () => undefined): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT_FILE, ...args], {
      env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port, HOSTNAME: 'cleanup-29-abcde', ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', data => { stdout += data; });
    child.stderr.on('data', data => { stderr += data; });
    child.on('error', reject);
    child.on('close', status => resolve({ status, stdout, stderr, lines: stdout.trimEnd().split('\n').filter(l => l).map(line => JSON.parse(line)) }));
    meanwhile(signal => child.kill(signal));
  });
}

const longAgo = pod('ledger-0', runningFor(10));

it('evicts, says so line by line in JSON, and exits with 0', async () => {
  api.pods = [longAgo, pod('web-0')];
  const { status, lines, stderr } = await start([configFile(JSON.stringify(CONFIG)), credentials.directory]);
  expect([status, stderr]).toEqual([0, '']);
  expect(api.evicted).toEqual(['payments/ledger-0']);
  expect(lines.map(l => [l.outcome, l.pod])).toEqual([['evicted', 'ledger-0'], ['summary', undefined]]);
  expect(lines[1]).toMatchObject({ level: 'info', message: 'done', pods: 2, evicted: 1, failed: 0 });
  expect(Math.abs(Date.parse(lines[0].time) - Date.now())).toBeLessThan(60_000);
  expect(api.events[0].reportingInstance).toBe('cleanup-29-abcde');
});

it('a pod that a budget holds is no failure', async () => {
  api.pods = [longAgo];
  api.held.set('ledger-0', 'held');
  const { status, lines } = await start([configFile(JSON.stringify(CONFIG)), credentials.directory]);
  expect([status, lines.map(l => l.outcome)]).toEqual([0, ['blocked', 'summary']]);
});

it('a failure is exit status 1, after everything else was done', async () => {
  api.pods = [longAgo];
  api.denied.add('search');
  const { status, lines } = await start([configFile(JSON.stringify({ ...CONFIG, namespaces: ['search', 'payments'] })), credentials.directory]);
  expect([status, lines.map(l => l.outcome)]).toEqual([1, ['failed', 'evicted', 'summary']]);
});

it('what passes by itself is waited for', async () => {
  api.instead.push(({ method }, count) => method === 'GET' && count === 1 ? refused(500, 'leader changed') : undefined);
  const { status } = await start([configFile(JSON.stringify(CONFIG)), credentials.directory]);
  expect([status, api.received.length]).toEqual([0, 2]);
});

it('a dry run changes nothing', async () => {
  api.pods = [longAgo];
  const { status, lines } = await start([configFile(JSON.stringify({ ...CONFIG, dryRun: true })), credentials.directory]);
  expect([status, lines.map(l => l.outcome), api.evicted]).toEqual([0, ['wouldEvict', 'summary'], []]);
});

it('never shows the token, whatever goes wrong', async () => {
  api.instead.push(({ headers }) => refused(403, `${headers.authorization}`));
  const { stdout, stderr } = await start([configFile(JSON.stringify(CONFIG)), credentials.directory]);
  expect(stdout + stderr).toContain('Bearer [token]');
  expect(stdout + stderr).not.toContain(TOKEN);
});

it('stops at once when the deadline of the Job is over, and says so', async () => {
  api.instead.push(() => ({ code: 0, hang: true }));
  const { status, lines } = await start([configFile(JSON.stringify(CONFIG)), credentials.directory], {}, kill => {
    const waiting = setInterval(() => {
      if (api.received.length === 0) return;
      clearInterval(waiting);
      kill('SIGTERM');
    }, 20);
  });
  expect([status, lines.map(l => l.message)]).toEqual([1, ['stopped before the end: the deadline of the Job is over, or its pod was deleted']]);
});

describe('does not begin', () => {
  const first = async (...given: Parameters<typeof start>) => {
    const { status, lines, stderr } = await start(...given);
    expect([status, stderr, lines.length, lines[0].level, lines[0].outcome]).toEqual([1, '', 1, 'error', 'failed']);
    expect(api.received).toEqual([]);
    return lines[0].message;
  };

  it('without arguments', async () => expect(await first([])).toBe('usage: debug-container-cleanup.js CONFIG.json SERVICE_ACCOUNT_DIRECTORY'));
  it('without a ServiceAccount', async () => expect(await first(['config.json'])).toBe('usage: debug-container-cleanup.js CONFIG.json SERVICE_ACCOUNT_DIRECTORY'));
  it.each(['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'])('outside of a pod: no %s', async name => {
    expect(await first(['config.json', 'x'], { [name]: undefined })).toBe('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this runs in a pod');
  });
  it('without its configuration', async () => expect(await first([join(credentials.directory, 'absent.json'), credentials.directory])).toMatch(/^ENOENT: no such file or directory, open '.*absent.json'$/));
  it('without the certificate of the API server', async () => {
    const empty = new Credentials();
    rmSync(join(empty.directory, 'ca.crt'));
    expect(await first([configFile(JSON.stringify(CONFIG)), empty.directory])).toMatch(/^ENOENT: no such file or directory, open '.*ca.crt'$/);
    empty.remove();
  });
  it('with a configuration that is none', async () => expect(await first([configFile('{'), credentials.directory])).toBe('the configuration is wrong: it must be a JSON object'));
});

describe('the configuration is checked', () => {
  const read = (change: object) => () => script.readConfig(JSON.stringify({ ...CONFIG, ...change }));

  it('and returned as it is', () => expect(read({ copySelector: { a: 'b' } })()).toEqual({ ...CONFIG, copySelector: { a: 'b' } }));

  it.each<[string, object, string]>([
    ['no namespaces', { namespaces: undefined }, 'namespaces must be a list of names'],
    ['an empty list', { namespaces: [] }, 'namespaces must be a list of names'],
    ['an empty name', { namespaces: ['payments', ''] }, 'namespaces must be a list of names'],
    ['a name that is no text', { namespaces: [1] }, 'namespaces must be a list of names'],
    ['a name alone', { namespaces: 'payments' }, 'namespaces must be a list of names'],
    ['no limit, which would make everything fresh', { maxAgeSeconds: undefined }, 'maxAgeSeconds must be a whole number above 0'],
    ['a limit of 0, which would make everything stale', { maxAgeSeconds: 0 }, 'maxAgeSeconds must be a whole number above 0'],
    ['a limit as text', { maxAgeSeconds: '3600' }, 'maxAgeSeconds must be a whole number above 0'],
    ['a negative grace', { graceAfterEndSeconds: -1 }, 'graceAfterEndSeconds must be a whole number above 0'],
    ['half a second', { graceAfterEndSeconds: 0.5 }, 'graceAfterEndSeconds must be a whole number above 0'],
    ['"false" as text, which is true', { dryRun: 'false' }, 'dryRun must be true or false'],
    ['no word on DaemonSets', { includeDaemonSets: undefined }, 'includeDaemonSets must be true or false'],
    ['a number for bare pods', { includeBarePods: 1 }, 'includeBarePods must be true or false'],
    ['no selector', { copySelector: undefined }, 'copySelector must be an object of labels'],
    ['a null selector', { copySelector: null }, 'copySelector must be an object of labels'],
    ['a selector as text', { copySelector: 'a=b' }, 'copySelector must be an object of labels'],
    ['a label that is no text', { copySelector: { a: 1 } }, 'copySelector must be an object of labels'],
  ])('%s is refused', (_words, change, message) => expect(read(change)).toThrow(`the configuration is wrong: ${message}`));

  it.each(['', 'null', '1', '"text"'])('%j is no configuration', text => expect(() => script.readConfig(text)).toThrow('the configuration is wrong: it must be a JSON object'));
});

describe('main, as a function', () => {
  const lines: any[] = [];
  const log = script.createLog((line: string) => lines.push(JSON.parse(line)), () => 0);
  const env = () => ({ KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port });
  beforeEach(() => { lines.length = 0; });

  it('returns the exit status', async () => {
    const args = [configFile(JSON.stringify(CONFIG)), credentials.directory];
    expect(await script.main(args, env(), log, Date.now)).toBe(0);
    api.denied.add('payments');
    expect(await script.main(args, env(), log, Date.now)).toBe(1);
    expect(await script.main([], env(), log, Date.now)).toBe(1);
    expect(await script.main(['x', 'y'], {}, log, Date.now)).toBe(1);
  });

  it('reports by a name of its own when the pod has none', async () => {
    api.pods = [longAgo];
    await script.main([configFile(JSON.stringify(CONFIG)), credentials.directory], env(), log, Date.now);
    expect(api.events[0].reportingInstance).toBe('debug-container-cleanup');
  });

  it('also says what is no Error', async () => {
    const odd = () => { throw 'odd'; }; // eslint-disable-line @typescript-eslint/only-throw-error
    expect(await script.main(['x', 'y'], new Proxy({}, { get: odd }), log, Date.now)).toBe(1);
    expect(lines[0].message).toBe('odd');
  });
});

const SCRIPTS = ['debug-container-cleanup.js', 'kubernetes.js'].map(file => join(dirname(SCRIPT_FILE), file));

it('the scripts pass the type checker', () => {
  const program = ts.createProgram(SCRIPTS, {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    strict: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    noImplicitReturns: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
  });
  const problems = ts.getPreEmitDiagnostics(program).map(d => `${d.file?.fileName ?? ''}:${d.start ?? ''} ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`);
  expect(problems).toEqual([]);
}, 60_000);

it('the scripts use nothing but what Node.js brings, and what lies beside them', () => {
  const texts = SCRIPTS.map(file => ts.sys.readFile(file)!);
  expect(texts.map(text => [...text.matchAll(/require\('([^']+)'\)/g)].map(m => m[1]))).toEqual([['./kubernetes.js'], ['crypto', 'fs', 'https', 'path']]);
  texts.forEach(text => expect(text).toMatch(/^[\n\x20-\x7e]*$/));
});
