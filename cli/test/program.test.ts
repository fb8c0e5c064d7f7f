import { execFileSync } from 'child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { FakeCluster } from './fake-cluster';
import { duration, plain, seconds, word } from '../src/text';

const cluster = new FakeCluster([]);
beforeAll(() => cluster.start());
afterAll(() => cluster.stop());
const run = (...args: string[]) => cluster.as('alice', args);

test('--help names every command; no command and an unknown one are wrong use', async () => {
  const { code, stdout } = await run('--help');
  expect(code).toBe(0);
  for (const name of [
    'request', 'approve', 'deny', 'revoke', 'withdraw', 'list', 'status', 'login', 'whoami', 'logout', 'cert', 'guardrails', 'break-glass', 'policy', 'notify', 'drift', 'audit',
    'inventory', 'diff', 'minimize', 'replay', 'plan', 'ssh', 'rollout', 'init', 'completion',
  ]) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  expect(await run()).toMatchObject({ code: 2, stderr: 'error: No command is given. Fix: secure-debug --help lists them.\n' });
  expect(await run('aprove')).toMatchObject({ code: 2, stderr: expect.stringMatching(/unknown command 'aprove'.*approve/) });
  expect(cluster.asked).toEqual([]);
});

describe('completion', () => {
  const inShell = async (line: string) => {
    const { stdout } = await run('completion', 'bash');
    const words = line.split(' ');
    return execFileSync('bash', ['--norc', '-c', `${stdout}\nCOMP_WORDS=(${words.map(one => `'${one}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _secure_debug; printf '%s\\n' "\${COMPREPLY[@]}"`], {
      encoding: 'utf8', env: { PATH: '/usr/bin:/bin' },
    }).trim().split('\n');
  };

  test.each([
    ['secure-debug req', ['request']],
    ['secure-debug rev', ['revoke']],
    ['secure-debug guardrails o', ['off', 'on']],
    ['secure-debug request --wa', ['--wait']],
    ['secure-debug guardrails off --inc', ['--including-requests']],
    ['secure-debug completion f', ['fish']],
    ['secure-debug list -A --js', ['--json']],
  ])('bash completes "%s"', async (line, words) => {
    expect(await inShell(line)).toEqual(words);
  });

  test('zsh and fish have theirs', async () => {
    expect((await run('completion', 'zsh')).stdout).toMatch(/^#compdef secure-debug\n[\s\S]*bashcompinit/);
    const fish = (await run('completion', 'fish')).stdout;
    expect(fish).toContain('complete -c secure-debug -f -n \'not __fish_seen_subcommand_from request approve');
    expect(fish).toMatch(/-n '__fish_seen_subcommand_from guardrails; and __fish_seen_subcommand_from off' -l reason -x -d/);
    expect(await run('completion', 'tcsh')).toMatchObject({ code: 2, stderr: expect.stringMatching(/no completion for tcsh/) });
  });

  test.each(['zsh', 'fish'])('%s reads it, where there is one', async shell => {
    const found = (() => { try { return execFileSync('sh', ['-c', `command -v ${shell}`], { encoding: 'utf8' }).trim(); } catch { return ''; } })();
    if (!found) return;
    const folder = mkdtempSync(join(tmpdir(), 'secure-debug-'));
    writeFileSync(join(folder, 'script'), (await run('completion', shell)).stdout);
    try {
      execFileSync(found, ['-n', join(folder, 'script')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test.each([['30m', 1800], ['1h30m', 5400], ['90s', 90], ['1d', 86400], ['2h0m5s', 7205]])('%s is %d seconds', (text, total) => {
  expect(seconds('--for', text)).toBe(total);
});

test.each(['', '30', 'm', '1.5h', '-1h', '1h 30m', '30m1h', '30M', '１h'])('"%s" is no duration', text => {
  expect(() => seconds('--for', text)).toThrow(/is no duration.*Fix/);
});

test.each([[0, '0s'], [59, '59s'], [3600, '1h'], [3661, '1h 1m'], [90061, '1d 1h'], [-5, '0s']])('%d seconds are %s', (total, text) => {
  expect(duration(total)).toBe(text);
});

test('what a terminal would obey is shown', () => {
  expect(plain('a\u001b[31m\u0007\u202e\u200b\u2028\ud800 ü 漢 🚒\n\t')).toBe('a\\u001b[31m\\u0007\\u202e\\u200b\\u2028\\ud800 ü 漢 🚒\\n\\t');
});

test('what a shell would run is quoted', () => {
  expect(word('alice@example.com')).toBe('alice@example.com');
  expect(word('$(id)\'s')).toBe('\'$(id)\'\\\'\'s\'');
});
