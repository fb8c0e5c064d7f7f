import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { request } from './audit-events';
import { isDryRun } from '../src/audit/dry-run';
import { run } from '../src/program';

jest.setTimeout(60_000);

/** Who debugs may write what they like into a URL: nothing of it may make the report leave a session out. */

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secure-debug-dry-run-')); });
afterEach(() => rmSync(folder, { recursive: true }));

const added = (query: string) => request({ verb: 'update', subresource: 'ephemeralcontainers', name: 'web', query, body: { spec: { ephemeralContainers: [{ name: 'dbg', image: 'busybox:1.36' }] } } });

async function sessionsOf(events: any[]): Promise<any[]> {
  const file = join(folder, 'audit.log');
  writeFileSync(file, events.map(one => `${JSON.stringify(one)}\n`).join(''));
  let stdout = '';
  await run(['audit', 'report', '--json', file], { stdout: { write: (text: string) => { stdout += text; } }, stderr: { write: () => undefined }, env: {} } as any);
  return JSON.parse(stdout).sessions;
}

const hiding: [string, any[]][] = [
  ['a field manager that is called dryRun=', added('fieldManager=dryRun=')],
  ['a field manager that is called ?dryRun=All', added('fieldManager=?dryRun=All')],
  ['a parameter that only ends in dryRun', added('notdryRun=All')],
  ['a value that only begins with All', added('dryRun=Allowed')],
  ['reading a log, which knows no dry run', request({ subresource: 'log', name: 'web', query: 'container=app&dryRun=All', code: 200 })],
  ['exec, which knows none', request({ subresource: 'exec', name: 'web', query: 'command=id&dryRun=All' })],
];

test.each(hiding)('%s hides no session', async (_, events) => {
  expect(await sessionsOf(events)).toHaveLength(1);
  expect(events.some(isDryRun)).toBe(false);
});

test.each(['dryRun=All', 'dryRun=All&fieldManager=kubectl-debug', 'fieldManager=kubectl-debug&dryRun=All', 'a=b&dryRun=All&c=d'])('a try with %s is none', async query => {
  expect(await sessionsOf(added(query))).toEqual([]);
  expect(added(query).every(isDryRun)).toBe(true);
});

test('a deletion is no try for what stands in its URL: its options may stand in the body, and those count', async () => {
  const [event] = request({
    verb: 'delete',
    resource: 'configmaps',
    name: 'cm',
    query: 'dryRun=All',
    body: { kind: 'DeleteOptions', apiVersion: 'v1' },
    annotations: { 'secure-debug-gitops/past-git': 'DELETE configmaps cm in payments by alice' },
  });
  expect(await sessionsOf([event])).toMatchObject([{ path: 'gitops-emergency', user: 'alice', object: 'delete configmaps/cm' }]);
});
