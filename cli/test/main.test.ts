import { spawnSync } from 'child_process';
import { join } from 'path';

const ROOT = join(__dirname, '..', '..');

// Through a real pipe, so the program is really run.
test('who reads only the beginning of what is written gets no stack trace', () => {
  const program = `'${process.execPath}' '${join(ROOT, 'node_modules', 'tsx', 'dist', 'cli.mjs')}' --tsconfig '${join(__dirname, '..', 'tsconfig.dev.json')}' '${join(__dirname, '..', 'src', 'main.ts')}' policy schema`;
  const ended = spawnSync('bash', ['-c', `${program} | true; exit \${PIPESTATUS[0]}`], { cwd: join(__dirname, '..'), encoding: 'utf8' });
  expect([ended.status, ended.stderr]).toEqual([0, '']);
}, 60_000);
