/**
 * Each command of docs/ and of the README is run by a test, or it is said why not (test/docs/commands.ts). Here are those that ask no
 * cluster: a shell runs the line as it stands on the page, in a folder that has what the page speaks of.
 */
import { spawn, spawnSync } from 'child_process';
import { mkdirSync, rmSync, writeFileSync } from 'fs';
import { createServer, Server } from 'net';
import { join } from 'path';
import { Readable } from 'stream';
import { DocsDesk } from './docs-desk';
import { COMMANDS, DocCommand, Here, PAGES, read, runOf, stale } from '../../test/docs/commands';
import { program as commandLine, run } from '../src/program';

jest.setTimeout(120_000);

/** Sends what it was called with to the test, which runs the program in its own process: a process of Node.js for each would take seconds. */
const STAND_IN = `#!${process.execPath}
const socket = require('net').connect(process.env.DESK_SOCKET);
const parts = [];
if (!process.stdin.isTTY) process.stdin.on('data', part => parts.push(part)).on('end', () => socket.end(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), stdin: Buffer.concat(parts).toString() })));
let text = '';
socket.on('data', part => { text += part; }).on('end', () => {
  const { code, stdout, stderr } = JSON.parse(text);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
});
`;

const desk = new DocsDesk();
let server: Server;
const socket = join(desk.bin, 'socket');

/** The program, as the shell's process would run it. */
async function program({ args, cwd, stdin }: { args: string[]; cwd: string; stdin: string }): Promise<object> {
  let [stdout, stderr] = ['', ''];
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const code = await run(args, {
      stdout: { write: text => { stdout += text; } },
      stderr: { write: text => { stderr += text; } },
      stdin: Readable.from([Buffer.from(stdin)]) as any,
      env: { NO_COLOR: '1' },
      connect: () => { throw new Error('no cluster is asked'); },
      sleep: async () => undefined,
      unique: () => 'abc',
    });
    return { code, stdout, stderr };
  } finally {
    process.chdir(before);
  }
}

beforeAll(async () => {
  mkdirSync(desk.bin, { recursive: true });
  desk.fill();
  writeFileSync(join(desk.bin, 'secure-debug'), STAND_IN, { mode: 0o755 });
  server = createServer({ allowHalfOpen: true }, connection => {
    let text = '';
    connection.on('data', part => { text += part; }).on('end', () => void program(JSON.parse(text)).then(answer => connection.end(JSON.stringify(answer))));
  });
  await new Promise<void>(resolve => server.listen(socket, resolve));
});
afterAll(async () => {
  await new Promise(resolve => server.close(resolve));
  rmSync(desk.folder, { recursive: true, force: true });
});

/** A line, by a shell. */
function shell(line: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise(resolve => {
    const child = spawn('bash', ['-c', line], { cwd: desk.work, env: { ...desk.env, DESK_SOCKET: socket, PATH: `${desk.bin}:${process.env.PATH}` }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', part => { stdout += part; });
    child.stderr.on('data', part => { stderr += part; });
    child.on('close', code => resolve({ code, stdout, stderr }));
  });
}

const words = (line: string) => line.replace(/\s+/g, ' ').trim();
/** Whether a line of the page is one of the output's; `…` stands for anything. */
const has = (output: string[], line: string) => {
  const pattern = new RegExp(`^${words(line).split('…').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`);
  return output.some(one => pattern.test(one));
};

const mine = COMMANDS.map(command => [command, runOf(command)] as const).filter((one): one is readonly [DocCommand, { here: Here }] => !!one[1] && 'here' in one[1]);

describe('every command', () => {
  test('of every page is run by a test, or it is said why not', () => {
    expect(COMMANDS.length).toBeGreaterThan(140);
    expect(COMMANDS.filter(command => !runOf(command)).map(({ page, line, text }) => `${page}:${line}: ${text}`)).toEqual([]);
    const count = (kind: string) => COMMANDS.filter(command => kind in runOf(command)!).length;
    const reasons = COMMANDS.flatMap(command => {
      const known = runOf(command)!;
      return 'not' in known ? [`  ${command.page}:${command.line}: ${command.text.slice(0, 60)}: ${known.not}`] : [];
    });
    process.stdout.write(`${COMMANDS.length} commands of ${PAGES.length} pages: ${count('here')} run here, ${count('cluster') + count('tutorial')} on a cluster, ${count('like')} by tests with other arguments, ${count('not')} not:\n${reasons.join('\n')}\n`);
  });

  test('and no rule is about a command that is gone, or names a test that is', () => {
    expect(stale()).toEqual([]);
  });

  test('stands in a fence that says that it is one', () => {
    const unfenced = PAGES.flatMap(page => read(page).replace(/^```[^]*?^```$/gm, fence => fence.replace(/^.*$/gm, '```'))
      .split('\n').flatMap((line, i, all) => /^ {4}\S/.test(line) && all[i - 1].trim() === '' ? [`${page}:${i + 1}: ${line}`] : []));
    expect(unfenced).toEqual([]);
  });
});

/** What is named in a sentence or a cell: `secure-debug audit report --html FILE`. */
const mentions = [...PAGES, 'SECURITY.md', 'CONTRIBUTING.md'].flatMap(page => [...read(page).replace(/^```[^]*?^```$/gm, '').matchAll(/`(?:npx )?(secure-debug(?: [^`]+)?)`/g)]
  .map(([, text]) => [page, text.replace(/\s+/g, ' ')] as const));

test('every command that is only mentioned is one, and has the options that are mentioned', () => {
  const root = commandLine({} as any, () => undefined);
  const unknown = mentions.flatMap(([page, text]) => {
    let command = root;
    const wrong: string[] = [];
    for (const word of text.split(' -- ')[0].split(' ').slice(1)) {
      const inner = command.commands.find(one => one.name() === word);
      if (inner) command = inner;
      else if (/^--?[a-z]/.test(word) && !command.options.some(({ short, long }) => [short, long].includes(word.replace(/=.*/, '')))) wrong.push(word);
      else if (command.commands.length > 0 && /^[a-z][a-z-]*$/.test(word)) wrong.push(word);
    }
    return wrong.map(word => `${page}: ${text}: ${word}`);
  });
  expect(mentions.length).toBeGreaterThan(30);
  expect(unknown).toEqual([]);
});

describe.each([...new Set(mine.map(([{ page }]) => page))])('%s', page => {
  for (const [{ text, shown }, { here }] of mine.filter(([command]) => command.page === page)) {
    const lacking = here.needs !== undefined && spawnSync('sh', ['-c', `command -v ${here.needs}`]).status !== 0;
    (lacking ? test.skip : test)(lacking ? `${text} (skipped: ${here.needs} is not installed)` : text, async () => {
      const line = (here.fill ?? []).reduce((filled, [from, to]) => filled.split(from).join(to), text);
      const ended = await shell(line);
      expect({ line, code: ended.code, stderr: ended.code === (here.status ?? 0) ? '' : ended.stderr }).toEqual({ line, code: here.status ?? 0, stderr: '' });
      if (here.shown) {
        expect(shown).toBeDefined();
        const output = ended.stdout.split('\n').map(words);
        expect({ output, missing: shown!.split('\n').filter(one => one.trim() && !has(output, one)) }).toEqual({ output, missing: [] });
      }
    });
  }
});
