import { execFileSync, spawnSync } from 'child_process';
import { existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { offline } from './offline';
import { startup } from '../tools/startup';

const ROOT = join(__dirname, '..', '..');

describe('the compiled program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secure-debug-startup-'));
  const lib = join(folder, 'lib');
  const loaded = join(folder, 'loaded.json');
  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(ROOT, 'cli', 'tsconfig.json'), '--noCheck', '--outDir', lib]);
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    startup(lib);
    writeFileSync(join(folder, 'loaded.js'), `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(loaded)}, JSON.stringify([Object.keys(require.cache), process.moduleLoadList])));`);
  }, 60_000);

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', join(folder, 'loaded.js'), join(lib, 'main.js'), ...args], { encoding: 'utf8', env: { NO_COLOR: '1', PATH: process.env.PATH } });
    return { code: status, stdout, stderr };
  };

  test.each([
    '--help', 'audit report --help', 'completion bash', 'aprove', 'audit query',
    // These are refused by a file of their own, with the class of errors that the one file looks for.
    'rollout', 'completion tcsh',
  ])('says the same as its sources: %s', async line => {
    expect(run(...line.split(' '))).toEqual(await offline(...line.split(' ')));
  });

  test('loads one file for help beside the exit statuses, and nothing of Node that starts processes', () => {
    run('--help');
    const [files, modules]: [string[], string[]] = JSON.parse(readFileSync(loaded, 'utf8'));
    expect(files.filter(file => file.startsWith(lib)).map(file => file.slice(lib.length + 1))).toEqual(['main.js', 'errors.js']);
    expect(files.filter(file => file.includes('node_modules'))).toEqual([]);
    expect(modules).not.toContain('NativeModule child_process');
  });

  test('has the terms of what is in that file, and each of its own files once', () => {
    expect(readFileSync(join(lib, 'main.js.LEGAL.txt'), 'utf8')).toMatch(/^In main\.js: commander \d+\.\d+\.\d+\n\n\(The MIT License\)\n\nCopyright .* TJ Holowaychuk/);
    expect(['program.js', 'io.js', 'registration.js', 'audit/register.js', 'credentials/certificates/register.js'].filter(file => existsSync(join(lib, file)))).toEqual([]);
  });
});

test('a command that imports what is only in the one file is refused when it is compiled', () => {
  const lib = mkdtempSync(join(tmpdir(), 'secure-debug-startup-'));
  writeFileSync(join(lib, 'main.js'), 'const program_1 = require("./program");\nprogram_1.run();\n');
  writeFileSync(join(lib, 'program.js'), 'const list_1 = require("./list");\nexports.run = () => list_1.list();\n');
  writeFileSync(join(lib, 'list.js'), 'const program_1 = require("./program");\nexports.list = () => program_1.run;\n');
  expect(() => startup(lib)).toThrow('list.js imports program.js, which is only in main.js. Fix: move what it uses into a file of its own.');
});
