import { ChildProcess, spawn, spawnSync } from 'child_process';
import { readFileSync } from 'fs';
import { join } from 'path';
import Ajv from 'ajv';
import { ask, ASSETS, freePort } from './servers';

/** The applications of the example say what the contract asks, and the contract says no to what it should. */

jest.setTimeout(30_000);

const schema = JSON.parse(readFileSync(join(ASSETS, 'contract.schema.json'), 'utf8'));
const ajv = new Ajv({ strict: true, formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/ } });
ajv.addSchema(schema);
const problemsOf = (kind: string, value: unknown) => {
  const validate = ajv.getSchema(`${schema.$id}#/definitions/${kind}`)!;
  return validate(value) ? [] : validate.errors!.map(error => `${error.instancePath} ${error.message}`);
};

const python = spawnSync('python3', ['--version']).status === 0;
const EXAMPLE = join(__dirname, '..', '..', 'examples', 'diagnostics');

describe.each([['node', process.execPath, 'app.js', true], ['python3', 'python3', 'app.py', python]])('the example for %s', (name, program, file, available) => {
  const itIf = available ? it : (it.skip as any as jest.It);
  const named = (text: string) => available ? text : `${text} [skipped: needs ${name}]`;
  let child: ChildProcess | undefined;
  let diagnostics: number;
  let customers: number;

  beforeAll(async () => {
    if (!available) return;
    [diagnostics, customers] = [await freePort(), await freePort()];
    child = spawn(program, [join(EXAMPLE, file)], { env: { PATH: process.env.PATH, PORT: String(customers), DIAGNOSTICS_PORT: String(diagnostics), SECRET: 'hush-hush' }, stdio: 'inherit' });
    for (let tries = 0; ; tries++) {
      try {
        await Promise.all([ask(diagnostics, '/debug/info'), ask(customers, '/')]);
        return;
      } catch (error) {
        if (tries > 300) throw error;
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    }
  });
  afterAll(async () => {
    if (!child) return;
    const ended = new Promise(resolve => child!.on('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  });

  itIf(named('says what the contract asks'), async () => {
    for (let i = 0; i < 3; i++) await ask(customers, '/no/such');
    for (const kind of ['info', 'health', 'errors']) {
      const { status, text } = await ask(diagnostics, `/debug/${kind}`);
      expect([status, problemsOf(kind, JSON.parse(text))]).toEqual([200, []]);
    }
    expect(JSON.parse((await ask(diagnostics, '/debug/errors')).text).errors).toMatchObject([{ message: 'no such account', count: 3 }]);
  });

  itIf(named('says none of it to customers'), async () => {
    expect((await ask(customers, '/debug/info')).status).toBe(404);
  });

  if (name === 'node') {
    it('makes a report without the environment, and a heap snapshot by POST alone', async () => {
      const { text } = await ask(diagnostics, '/debug/report');
      expect(JSON.parse(text).header.event).toBe('JavaScript API');
      expect(text).not.toContain('hush-hush');
      expect((await ask(diagnostics, '/debug/heap-snapshot')).status).toBe(404);
      expect((await ask(diagnostics, '/debug/heap-snapshot', { method: 'POST' })).text).toMatch(/^\{"snapshot":/);
    });
  }
});

it.each([
  ['info', {}, [' must have required property \'name\'']],
  ['info', { name: 'x', version: '1', startedAt: 'yesterday' }, ['/startedAt must match format "date-time"']],
  ['info', { name: 'x'.repeat(201), version: '1', startedAt: '2026-03-01T18:00:00Z' }, ['/name must NOT have more than 200 characters']],
  ['health', { status: 'green' }, ['/status must be equal to one of the allowed values']],
  ['health', { status: 'ok', checks: [{ name: 'x' }] }, ['/checks/0 must have required property \'status\'']],
  ['errors', [], [' must be object']],
  ['errors', { errors: [{ at: '2026-03-01T18:00:00Z', message: 'x', count: 0 }] }, ['/errors/0/count must be >= 1']],
])('the contract of %s refuses %j', (kind, value, problems) => {
  expect(problemsOf(kind, value)).toEqual(problems);
});
