import { execFileSync } from 'child_process';
import { binding, Desk, everywhere, list, role, rule } from './review-io';

let desk: Desk;
beforeEach(() => { desk = new Desk(); });
afterEach(() => desk.clear());

const held = (...rules: object[]) => [role('payments', 'r', ...rules), binding('payments', 'b', 'r', 'Group oncall')];
const pods = rule('get,list,watch', 'pods');
const exec = rule('get,create', 'pods/exec');
const secrets = rule('get', 'secrets');

async function diff(before: object[], after: object[], ...args: string[]) {
  return desk.run(['diff', desk.write('old/a.json', list(...before)), desk.write('new/a.json', list(...after)), ...args]);
}

test('who gains and loses what, by which objects', async () => {
  const { code, stdout, stderr } = await diff(held(pods, exec), held(pods, secrets));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe([
    'More is allowed: 1 high',
    '  high     SD5003 In payments, Group oncall may now read Secrets: get secrets',
    '             RoleBinding payments/b → Role r',
    '',
    'Less is allowed: 1 high',
    '  high     exec In payments, Group oncall may no longer exec',
    '             RoleBinding payments/b → Role r',
    '',
  ].join('\n'));
});

test('another form of the same is no difference', async () => {
  const { code, stdout } = await diff(held(pods, exec), held(rule('get,create', 'pods/exec'), rule('get', 'pods'), rule('list,watch', 'pods')), '--fail-on', 'any');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Nothing more is allowed than before.\n' });
});

const network = (name: string, spec: object) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'payments' }, spec });
const fence = network('deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
const allow = network('web', { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 8080 }] }] });
const audit = (...rules: object[]) => ({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules });
const guardrail = (actions: string[]) => [
  { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'exec' }, spec: { matchConstraints: { resourceRules: [{ apiGroups: [''], operations: ['CONNECT'], resources: ['pods/exec'] }] }, validations: [{ expression: 'false', message: 'no' }] } },
  { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'exec' }, spec: { policyName: 'exec', validationActions: actions } },
];

describe('what is not RBAC', () => {
  test.each<[string, object[], object[], RegExp, RegExp]>([
    ['a fence goes', [fence], [], /network {2}Nothing fences any more: ingress of every pod in payments/, /Now fenced: ingress of every pod in payments/],
    ['an allow comes into a fence', [fence], [fence, allow], /network {2}Now allowed: ingress from pods app=web in payments to pods app=api in payments, TCP 8080/, /No longer allowed: ingress from pods app=web/],
    ['an early rule of the audit policy hides what people do', [audit({ level: 'RequestResponse' })], [audit({ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'RequestResponse' })],
      /audit {4}.*get.*pods\/exec/, /Recorded again: /],
    ['the audit policy goes', [audit({ level: 'RequestResponse' })], [], /audit {4}The audit policy is removed: nothing is recorded any more/, /^Nothing more/],
    ['a guardrail only watches', guardrail(['Deny']), guardrail(['Audit']), /high {5}guardrail Guardrail exec does Audit instead of Deny/, /does Deny instead of Audit/],
  ])('%s', async (_what, before, after, opened, closed) => {
    expect((await diff(before, after)).stdout).toMatch(opened);
    const back = (await diff(after, before)).stdout;
    expect(back).toMatch(closed);
    expect(back).toMatch(/^Nothing more is allowed than before\./);
    expect((await diff(after, after)).stdout).toBe('Nothing more is allowed than before.\n');
  });

  test('an allow that comes with its fence opens nothing', async () => {
    expect((await diff([], [fence, allow], '--fail-on', 'network')).code).toBe(0);
  });

  test('a policy that the API server would refuse is told, and keeps nothing else from being compared', async () => {
    const { code, stdout, stderr } = await diff([], [...held(secrets), network('bad', { podSelector: {}, ingress: [{ ports: [{ port: 0 }] }] }), audit({ level: 'Loud' })]);
    expect(code).toBe(0);
    expect(stdout).toContain('may now read Secrets');
    expect(stderr).toMatch(/audit policies are not compared: .*\n[^]*network policies are not compared: /);
  });
});

test.each<[string, object[], object[], number]>([
  ['gains', held(pods), held(pods, exec), 1],
  ['gains', held(pods, exec), held(pods), 0],
  ['high', held(pods), held(pods, exec), 1],
  ['critical', held(pods), held(pods, exec), 0],
  ['any', held(pods, exec), held(pods), 1],
  ['guardrails', guardrail(['Deny']), guardrail(['Audit']), 1],
  ['guardrails', held(pods), held(pods, exec), 0],
  ['network', [fence], [], 1],
  ['audit', [audit({ level: 'RequestResponse' })], [], 1],
])('--fail-on %s', async (what, before, after, status) => {
  expect((await diff(before, after, '--fail-on', what)).code).toBe(status);
});

test('Markdown for a comment, with network and audit log', async () => {
  const { stdout } = await diff([fence], [...held(secrets)], '--markdown');
  expect(stdout).toContain('| 🟧 high | `Group oncall` | `payments` | `may now read Secrets: get secrets` |');
  expect(stdout).toContain('### The network\n\n- 🟧 `Nothing fences any more: ingress of every pod in payments`');
});

test('SARIF: rights at their file and line, the rest beside them', async () => {
  const { runs: [{ results, tool: { driver: { rules } } }] } = JSON.parse((await diff([fence, audit({ level: 'RequestResponse' })], held(secrets), '--sarif')).stdout);
  expect(results.map(({ ruleId }: any) => ruleId)).toEqual(['SD5003', 'SD2002', 'network-opened', 'network-opened']);
  expect(results.every(({ ruleId, ruleIndex }: any) => rules[ruleIndex].id === ruleId)).toBe(true);
  expect(results[0].locations[0].physicalLocation.artifactLocation.uri).toMatch(/new\/a\.json$/);
});

test('two commits of a repository, whatever lies in the work tree', async () => {
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=alice', '-c', 'user.email=alice@example.com', ...args], { cwd: desk.folder, stdio: 'pipe' });
  const before = process.cwd();
  git('init', '-q', '-b', 'main');
  desk.write('k8s/rbac.json', list(...held(pods)));
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('checkout', '-q', '-b', 'change');
  desk.write('k8s/rbac.json', list(...held(pods, exec)));
  desk.write('k8s/admin.json', everywhere('a', 'cluster-admin', 'User alice'));
  git('add', '.');
  git('commit', '-q', '-m', 'second');
  desk.write('k8s/rbac.json', 'kind: [');
  try {
    process.chdir(desk.folder);
    const { code, stdout, stderr } = await desk.run(['diff', '--git', 'main', 'change', 'k8s', '--fail-on', 'critical']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toContain('may now do everything');
    expect(stdout).toContain('In payments, Group oncall may now exec');
    expect(await desk.run(['diff', '--git', 'main', 'change', 'nothere'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/Neither main nor change holds manifests there/) });
    expect(await desk.run(['diff', '--git', 'main'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/Two refs are needed/) });
  } finally {
    process.chdir(before);
  }
});

test.each([
  ['one state', ['a.json'], /Two states are needed/],
  ['three', ['a.json', 'b.json', 'c.json'], /3 arguments are given, and two states are compared/],
  ['standard input twice', ['-', '-'], /- is given twice/],
  ['a threshold that is none', ['a', 'b', '--fail-on', 'bad'], /--fail-on bad is none. Fix: write low, medium, high, critical, gains, guardrails, network, audit, any/],
])('wrong use: %s', async (_what, args, expected) => {
  const { code, stdout, stderr } = await desk.run(['diff', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(expected);
});
