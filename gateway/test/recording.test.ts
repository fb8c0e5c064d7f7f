import { execFileSync, spawnSync } from 'child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Masks } from '../src/masks';
import { Recording, RecordingOptions } from '../src/recording';

let folder: string;
let now = 0;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'recordings-')); now = Date.UTC(2026, 2, 1, 12, 0, 0); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const make = (options: Partial<RecordingOptions> = {}) => new Recording({ session: 's1', user: 'alice' }, { folder, masks: ['password=(?<secret>\\S+)'], pipeBytes: 10, now: () => now, ...options });
const TERMINAL = { columns: 80, rows: 24, term: 'xterm' };
const lines = (recording: Recording) => readFileSync(recording.file, 'utf8').trim().split('\n').map(line => JSON.parse(line));

test('a session of a terminal, as asciicast version 2', () => {
  const recording = make(TERMINAL);
  now += 1500;
  recording.output(Buffer.from('hello\r\n'));
  recording.resize(100, 30);
  recording.input(Buffer.from('typed'));
  now += 500;
  recording.end(3, 'by itself');
  const [header, ...events] = lines(recording);
  expect(header).toEqual({ 'version': 2, 'width': 80, 'height': 24, 'timestamp': Date.UTC(2026, 2, 1, 12) / 1000, 'env': { TERM: 'xterm' }, 'secure-debug': { session: 's1', user: 'alice' } });
  expect(events.map(([at, code, data]) => [at, code, code === 'm' ? data.split(',').slice(0, 3).join() : data])).toEqual([
    [1.5, 'o', 'hello\r\n'], [1.5, 'r', '100x30'], [2, 'm', 'end 2026-03-01T12:00:02.000Z, by itself, exit status 3'], [2, 'x', '3'],
  ]);
  expect(recording.file).toBe(join(folder, '20260301T120000Z-s1.cast'));
  expect(statSync(recording.file).mode.toString(8)).toMatch(/440$/);
});

test('an event is in the file before anybody sees it', () => {
  const recording = make(TERMINAL);
  recording.output(Buffer.from('at once\n'));
  expect(lines(recording).at(-1)).toEqual([0, 'o', 'at once\n']);
  recording.end(0, '');
});

test('a recording is never written over', () => {
  make(TERMINAL).end(0, '');
  expect(() => make(TERMINAL)).toThrow(/EEXIST/);
});

test('a character that is divided between two pieces stays one', () => {
  const recording = make(TERMINAL);
  const bytes = Buffer.from('ünïcödé 💥\n');
  for (const byte of bytes) recording.output(Buffer.from([byte]));
  recording.end(0, '');
  expect(lines(recording).slice(1).filter(([, code]) => code === 'o').map(([, , text]) => text).join('')).toBe('ünïcödé 💥\n');
});

test('a secret that arrives in pieces is masked', () => {
  const recording = make(TERMINAL);
  for (const piece of ['passw', 'ord=cor', 'rect', ' and more\n']) recording.output(Buffer.from(piece));
  recording.end(0, '');
  expect(readFileSync(recording.file, 'utf8')).not.toContain('rect');
  expect(lines(recording)[1][2]).toBe('password=[masked] and more\n');
});

test('of a pipe a part is kept, of all of it size and sum', () => {
  const recording = make();
  recording.output(Buffer.from('0123456789abc'));
  recording.output(Buffer.alloc(1000));
  recording.input(Buffer.from('in\n'));
  recording.end(0, 'by itself');
  const events = lines(recording).slice(1);
  expect(events.filter(([, code]) => code === 'o').map(([, , text]) => text)).toEqual(['0123456789']);
  expect(events.filter(([, code]) => code === 'i').map(([, , text]) => text)).toEqual(['in\n']);
  expect(events.filter(([, , text]) => text.includes('not kept'))).toHaveLength(1);
  const sum = spawnSync('sha256sum', { input: Buffer.concat([Buffer.from('0123456789abc'), Buffer.alloc(1000)]), encoding: 'utf8' }).stdout.split(' ')[0];
  expect(events.at(-2)[2]).toContain(`out 1013 bytes sha256:${sum}`);
});

test('no folder, no session', () => {
  expect(() => make({ folder: join(folder, 'missing') })).toThrow('The recording cannot be written (ENOENT), and nothing goes on without one.');
  expect(readdirSync(folder)).toEqual([]);
});

const asRoot = process.getuid!() === 0;
(asRoot ? test.skip : test)(`a folder that is somebody else's, no session${asRoot ? ' [skipped: root may write anywhere]' : ''}`, () => {
  chmodSync(folder, 0o500);
  expect(() => make()).toThrow('EACCES');
});

// A file system of 16 KiB of its own, in a namespace that goes with the process.
const SMALL = ['--user', '--map-root-user', '--mount', 'sh', '-c'];
const canMount = spawnSync('unshare', [...SMALL, 'mount -t tmpfs -o size=16k none /mnt'], { stdio: 'ignore' }).status === 0;
(canMount ? test : test.skip)(`a disk that is full ends the session, and leaves whole lines${canMount ? '' : ' [skipped: this machine lets nobody mount in a user namespace]'}`, () => {
  const program = join(folder, 'fill.ts');
  const script = `
    const { Recording } = require(${JSON.stringify(join(__dirname, '..', 'src', 'recording'))});
    const recording = new Recording({ session: 'full' }, { folder: '/mnt', masks: [], pipeBytes: 1e9, columns: 80, rows: 24 });
    let shown = 0;
    try {
      for (;;) { recording.output(Buffer.from('x'.repeat(900) + '\\n')); shown++; }
    } catch (error) {
      console.error(error.code, error.message);
      try { recording.end(74, 'full'); } catch (again) { console.error(again.code); }
    }
    console.log(shown);
    process.stdout.write(require('fs').readFileSync(recording.file));
  `;
  writeFileSync(program, script);
  const [shown, ...written] = execFileSync('unshare', [...SMALL, `mount -t tmpfs -o size=16k none /mnt && exec "${process.execPath}" "${require.resolve('tsx/cli')}" "${program}"`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n');
  expect(written.pop()).toBe('');
  const events = written.slice(1).map(line => JSON.parse(line));
  // Nothing was shown that is not in it.
  expect(events).toHaveLength(Number(shown));
  expect(events.length).toBeGreaterThan(3);
});

test('masks replace the secret, or all of what a rule finds', () => {
  const masks = new Masks(['token: (?<secret>\\w+)', 'AKIA[A-Z0-9]{4}']);
  expect(masks.apply('token: abc, AKIA1234 and token: def')).toBe('token: [masked], [masked] and token: [masked]');
  expect(masks.apply('nothing')).toBe('nothing');
});
