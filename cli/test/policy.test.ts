import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import type { Io } from '../src/io';
import { run } from '../src/program';

const EXAMPLE = join(__dirname, '..', '..', 'examples', 'broker', 'broker.json');
let folder: string;

beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-policy-')); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function secureDebug(...args: string[]) {
  let [out, err] = ['', ''];
  const io: Io = {
    stdout: { write: (text: string) => { out += text; } },
    stderr: { write: (text: string) => { err += text; } },
    env: { NO_COLOR: '1' },
    connect: () => Promise.reject(new Error('no cluster is asked')),
    sleep: () => Promise.resolve(),
    unique: () => 'x',
  };
  const code = await run(args, io);
  return { code, out, err };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('policy check', () => {
  it('says that a policy is in order', async () => expect(await secureDebug('policy', 'check', EXAMPLE)).toEqual({ code: 0, out: `${EXAMPLE}: in order\n`, err: '' }));

  it('says what is wrong by line and column, and ends with 1', async () => {
    const wrong = file('wrong.json', readFileSync(EXAMPLE, 'utf8').replace('"kind": "BrokerPolicy"', '"kind": "BrokerPolice"'));
    const { code, out } = await secureDebug('policy', 'check', wrong);
    expect(code).toBe(1);
    expect(out).toMatch(/wrong\.json:\d+:\d+: kind = "BrokerPolice" .* Fix: /);
  });

  it('gives the findings as data', async () => {
    const { code, out } = await secureDebug('policy', 'check', file('text.json', '{ "kind" }'), '--json');
    expect({ code, findings: JSON.parse(out)[0].findings.length }).toEqual({ code: 1, findings: 1 });
  });

  it('a file that is not there is wrong use', async () => {
    const { code, err } = await secureDebug('policy', 'check', join(folder, 'none.json'));
    expect({ code, err }).toEqual({ code: 2, err: `error: ${join(folder, 'none.json')} cannot be read (ENOENT). Fix: name a file with a broker policy, or - for standard input.\n` });
  });
});

describe('policy synth', () => {
  it('prints what an app with the policy synthesizes', async () => {
    const { code, out } = await secureDebug('policy', 'synth', EXAMPLE);
    expect(code).toBe(0);
    expect(out).toMatch(/^kind: ValidatingAdmissionPolicy$/m);
    expect(out).toMatch(/^ {2}name: secure-debug-requests$/m);
    expect(await secureDebug('policy', 'synth', EXAMPLE)).toMatchObject({ out });
  });

  it('prints nothing of a policy that is wrong', async () => {
    const { code, out, err } = await secureDebug('policy', 'synth', file('bad.json', '{}'));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^error: .*bad\.json:1:1: .* Fix: /);
  });
});

it('policy schema prints the schema that the library has', async () => {
  const { out } = await secureDebug('policy', 'schema');
  expect(JSON.parse(out)).toMatchObject({ $schema: expect.stringContaining('draft-07') });
});
