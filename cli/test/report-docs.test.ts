import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { AuditPolicy, ControlPlane } from 'cdk8s-secure-debug';
import { parse } from 'yaml';
import { Io } from '../src/io';
import { run } from '../src/program';

/** What the pages tell people to run is run, on files of these names. */

const DOCS = join(__dirname, '..', '..', 'docs');
const PAGES = ['evidence-report.md', 'simulate-and-readiness.md'];
const page = (name: string) => readFileSync(join(DOCS, name), 'utf8');

let folder: string;
let stdout = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secure-debug-'));
  const event = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: 'one',
    stage: 'ResponseComplete',
    verb: 'get',
    user: { username: 'alice', groups: ['oncall-payments'] },
    requestURI: '/api/v1/namespaces/payments/pods/ledger-0/exec?command=id',
    objectRef: { resource: 'pods', namespace: 'payments', name: 'ledger-0', subresource: 'exec' },
    responseStatus: { code: 101 },
    requestReceivedTimestamp: '2026-03-01T10:00:00.000000Z',
    stageTimestamp: '2026-03-01T10:00:01.000000Z',
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'RBAC: allowed by ClusterRoleBinding "admins" of ClusterRole "cluster-admin" to Group "admins"' },
  };
  mkdirSync(join(folder, 'kube-audit'));
  for (const name of ['audit.log', 'kube-audit/audit.log']) writeFileSync(join(folder, name), `${JSON.stringify(event)}\n`);
  for (const name of ['policy.yaml', 'old.yaml']) writeFileSync(join(folder, name), new AuditPolicy(new ControlPlane(), 'audit').toYaml());
  writeFileSync(join(folder, 'audit-policy.yaml'), 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- {level: None, verbs: [get, list, watch]}\n- {level: Metadata}\n');
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist/app.yaml'), 'kind: Namespace\napiVersion: v1\nmetadata: {name: payments}\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const FILE = /^(\/var\/log\/kube-audit\/|audit\.log|policy\.yaml|old\.yaml|audit-policy\.yaml|dist\/|report\.html)$/;

async function runs(command: string): Promise<number> {
  const words = command.replace(/\s+(#|>>).*$/, '').match(/"[^"]*"|\S+/g)!.map(one => one.replace(/"/g, ''));
  const args = words.slice(1).map(one => FILE.test(one) ? join(folder, one.replace('/var/log', '')) : one);
  stdout = '';
  let stderr = '';
  const io: Io = {
    stdout: { write: text => { stdout += text; } },
    stderr: { write: text => { stderr += text; } },
    env: {},
    connect: () => { throw new Error('no cluster is asked'); },
    sleep: async () => undefined,
    unique: () => 'abc',
  };
  const code = await run(args, io);
  if (code === 2) throw new Error(`${command}: ${stderr}`);
  return code;
}

const commands = (name: string) => [...page(name).matchAll(/^(?: {4})?(secure-debug .*)$/gm)].map(([, command]) => command);

test.each(PAGES.flatMap(commands))('%s', async command => {
  const code = await runs(command);
  expect([command.includes('--fail-on') && command.includes('readiness') ? 1 : 0]).toEqual([code]);
  expect(stdout.length).toBeGreaterThan(20);
});

test('the report that it writes is there', async () => {
  await runs(commands(PAGES[0])[0]);
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('<td class="text">alice</td>');
});

test('the job of the page tells what a policy loses, and fails', async () => {
  const [, yaml] = /^```yaml\n([^]*?)^```$/m.exec(page(PAGES[1]))!;
  const steps: string[] = parse(yaml).jobs['audit-policy'].steps.flatMap((step: any) => step.run ?? []).filter((line: string) => line.startsWith('secure-debug'));
  const codes: number[] = [];
  for (const one of steps) codes.push(await runs(one));
  expect(codes).toEqual([0, 1]);
});

test('pictures and columns are as they are said to be', () => {
  for (const [, file] of page(PAGES[0]).matchAll(/\((images\/[^)]+)\)|src="(images\/[^"]+)"/g)) {
    if (file) expect([file, existsSync(join(DOCS, file)) && statSync(join(DOCS, file)).size < 200_000]).toEqual([file, true]);
  }
});
