import { binding, clusterRole, Desk, everywhere, list, role, rule } from './review-io';

let desk: Desk;
beforeEach(() => { desk = new Desk(); });
afterEach(() => desk.clear());

const HOSTILE = 'ev\u001b[31mil</script><img src=x onerror=alert(1)>|`@everyone`\u202e';
const account = (namespace: string, name: string, labels = {}) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name, labels } });

/** A person who creates pods beside a ServiceAccount that is cluster-admin. */
const STEPS = list(
  account('payments', 'admin'), everywhere('payments-admin', 'cluster-admin', 'ServiceAccount payments/admin'),
  role('payments', 'deploy', rule('create', 'pods')), binding('payments', 'deployers', 'deploy', 'User alice', 'Group deployers'),
);

const inventory = (...args: string[]) => desk.run(['inventory', ...args]);
const json = async (...args: string[]) => JSON.parse((await inventory('--json', ...args)).stdout);

test('a way is told step by step, with the binding of each', async () => {
  const { code, stdout, stderr } = await inventory(desk.write('a.json', STEPS));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe([
    '3 with broad power: 3 critical',
    '',
    'critical Group deployers (group: a group of the identity provider)',
    '  critical SD5030 payments: Everything is reached in steps',
    '             1. Group deployers, in payments, creates a pod that runs as ServiceAccount payments/admin (RoleBinding payments/deployers → Role deploy)',
    '             2. ServiceAccount payments/admin holds everything (ClusterRoleBinding payments-admin → ClusterRole cluster-admin)',
    '  medium   SD5007 payments: create pods: create pods',
    '             RoleBinding payments/deployers → Role deploy',
    '',
    'critical User alice (person: a user by name)',
    '  critical SD5030 payments: Everything is reached in steps',
    '             1. User alice, in payments, creates a pod that runs as ServiceAccount payments/admin (RoleBinding payments/deployers → Role deploy)',
    '             2. ServiceAccount payments/admin holds everything (ClusterRoleBinding payments-admin → ClusterRole cluster-admin)',
    '  medium   SD5007 payments: create pods: create pods',
    '             RoleBinding payments/deployers → Role deploy',
    '',
    'critical ServiceAccount payments/admin (application: nothing tells more)',
    '  critical SD5001 whole cluster: do everything',
    '             ClusterRoleBinding payments-admin → ClusterRole cluster-admin',
    '',
  ].join('\n'));
});

test('nothing is said in as many words', async () => {
  const file = desk.write('a.json', list(role('payments', 'r', rule('get', 'pods')), binding('payments', 'b', 'r', 'Group oncall')));
  expect((await inventory(file)).stdout).toBe('Nobody holds or reaches more than a task needs.\n');
  expect((await inventory(file, '--markdown')).stdout).toContain('Nobody but Kubernetes itself holds or reaches more than a task needs.');
});

describe('what somebody is', () => {
  test.each<[string, object[], string]>([
    ['a person', [everywhere('b', 'cluster-admin', 'User alice@example.com')], 'person'],
    ['a group', [everywhere('b', 'cluster-admin', 'Group platform')], 'group'],
    ['everybody who is logged in', [everywhere('b', 'cluster-admin', 'Group system:authenticated')], 'everybody'],
    ['the administrators that Kubernetes itself binds', [{ ...everywhere('cluster-admin', 'cluster-admin', 'Group system:masters'), metadata: { name: 'cluster-admin', labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } } }], 'control plane'],
    ['a user of Kubernetes', [everywhere('b', 'cluster-admin', 'User system:kube-scheduler')], 'control plane'],
    ['CI by a user', [everywhere('b', 'cluster-admin', 'User gitlab-ci')], 'CI'],
    ['CI by a ServiceAccount', [everywhere('b', 'cluster-admin', 'ServiceAccount tools/jenkins-deployer')], 'CI'],
    ['GitOps', [everywhere('b', 'cluster-admin', 'ServiceAccount argocd/argocd-application-controller')], 'GitOps'],
    ['Flux', [everywhere('b', 'cluster-admin', 'ServiceAccount flux-system/kustomize-controller')], 'GitOps'],
    ['an operator', [everywhere('b', 'cluster-admin', 'ServiceAccount db/postgres-operator')], 'operator'],
    ['a chart', [account('shop', 'grafana', { 'helm.sh/chart': 'grafana-8.0.0' }), everywhere('b', 'cluster-admin', 'ServiceAccount shop/grafana')], 'vendor chart'],
    ['an application', [account('shop', 'api'), everywhere('b', 'cluster-admin', 'ServiceAccount shop/api')], 'application'],
    ['one that does not exist, where others do', [account('shop', 'web'), everywhere('b', 'cluster-admin', 'ServiceAccount shop/api')], 'orphan'],
    ['one that nobody says exists', [everywhere('b', 'cluster-admin', 'ServiceAccount shop/api')], 'application'],
  ])('%s', async (_what, objects, use) => {
    expect((await json('--all', desk.write('a.json', list(...objects)))).subjects.map((one: any) => one.use)).toEqual([use]);
  });

  test('the parts of Kubernetes are counted, shown with --all, and fail no check', async () => {
    const masters = { ...everywhere('cluster-admin', 'cluster-admin', 'Group system:masters'), metadata: { name: 'cluster-admin', labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } } };
    const file = desk.write('a.json', list(masters));
    const { code, stdout } = await inventory(file, '--fail-on', 'low');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Nobody holds or reaches more than a task needs.\n\n1 part of Kubernetes itself is left out; --all shows it.\n' });
    expect((await inventory(file, '--all')).stdout).toContain('Group system:masters (control plane');
  });

  test.each([
    ['a part of Kubernetes with more than Kubernetes gives it', 'b', 'User system:kube-scheduler'],
    ['everybody, by a binding that looks as if Kubernetes had made it', 'cluster-admin', 'Group system:authenticated'],
    ['somebody beside the masters', 'cluster-admin', 'Group admins'],
    ['a ServiceAccount of kube-system, as the old Helm had it', 'system:tiller', 'ServiceAccount kube-system/tiller'],
  ])('nobody hides among them: %s', async (_what, name, who) => {
    const forged = { ...everywhere(name, 'cluster-admin', who), metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } } };
    expect((await inventory(desk.write('a.json', list(forged)), '--fail-on', 'critical')).code).toBe(1);
  });
});

test('--fail-on is the exit status', async () => {
  const file = desk.write('a.json', list(role('n', 'r', rule('get', 'secrets')), binding('n', 'b', 'r', 'Group readers')));
  expect((await inventory(file, '--fail-on', 'medium')).code).toBe(1);
  expect((await inventory(file, '--fail-on', 'high')).code).toBe(0);
  expect((await inventory(file)).code).toBe(0);
});

describe('what is accepted for a time', () => {
  const accepted = () => {
    const r = clusterRole('r', rule('get', 'secrets'));
    return desk.write('a.json', list({ ...r, metadata: { name: 'r', annotations: { 'secure-debug.internal/accepted-findings': 'SD5003 until 2026-06-30: moves to Vault' } } }, everywhere('b', 'r', 'Group readers')));
  };

  test('is named, and is no finding, up to and with its last day', async () => {
    const { code, stdout } = await inventory(accepted(), '--today', '2026-06-30', '--fail-on', 'low');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Nobody holds or reaches more than a task needs.\n\nAccepted for a time: SD5003 Group readers in whole cluster.\n' });
  });

  test('is back the day after', async () => {
    expect((await inventory(accepted(), '--today', '2026-07-01', '--fail-on', 'low')).code).toBe(1);
  });
});

describe('an audit log', () => {
  let number = 0;
  const event = (user: string, reason: string, at: string, more: object = {}) => ({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: `${number++}`,
    stage: 'ResponseComplete',
    verb: 'create',
    user: { username: user, groups: ['deployers'] },
    sourceIPs: ['10.0.0.7'],
    userAgent: 'kubectl/v1.37.1 (linux/amd64)',
    requestURI: '/',
    objectRef: { resource: 'pods', namespace: 'payments' },
    responseStatus: { code: 201 },
    stageTimestamp: `2026-03-01T${at}Z`,
    annotations: reason ? { 'authorization.k8s.io/reason': reason } : {},
    ...more,
  });
  const BY_GROUP = 'RBAC: allowed by RoleBinding "deployers/payments" of Role "deploy" to Group "deployers"';
  const BY_USER = 'RBAC: allowed by RoleBinding "deployers/payments" of Role "deploy" to User "alice"';

  test('says when it was last used, for what, and from where: by the grant that RBAC names, not by who is in the group', async () => {
    const log = desk.write('audit.log', [
      event('bob', BY_GROUP, '10:00:00'), event('bob', BY_GROUP, '11:00:00'), event('alice', BY_USER, '12:00:00'),
      event('bob', BY_GROUP, '13:00:00', { responseStatus: { code: 403 } }), event('bob', BY_GROUP, '14:00:00', { stage: 'RequestReceived' }),
      event('carol', '', '15:00:00', { user: { username: 'carol', groups: ['others'] } }),
    ].map(one => JSON.stringify(one)).concat('{"damaged').join('\n'));
    const manifests = desk.write('a.json', STEPS);
    const { stdout, stderr } = await inventory(manifests, '--audit-log', log);
    expect(stderr).toBe('not read: audit.log:7: no JSON\n');
    expect(stdout).toContain('The audit log is from 2026-03-01T10:00:00Z to 2026-03-01T15:00:00Z.');
    expect(stdout).toContain('Group deployers (group: a group of the identity provider)\n  last used 2026-03-01T11:00:00Z, 2 requests: create pods in payments ×2; from 10.0.0.7 by kubectl/v1.37.1 ×2\n');
    expect(stdout).toContain('User alice (person: a user by name)\n  last used 2026-03-01T12:00:00Z, 1 request: create pods in payments; from 10.0.0.7 by kubectl/v1.37.1\n');
    expect(stdout).toContain('ServiceAccount payments/admin (application: nothing tells more)\n  not in the audit log\n');
    const { auditLog } = await json(manifests, '--audit-log', log);
    expect(auditLog.evidence.find(({ who }: any) => who === 'Group deployers').bindings).toEqual(['RoleBinding payments/deployers']);
    expect((await inventory(manifests, '--audit-log', log, '--markdown')).stdout).toContain('Last used <code>2026&#45;03&#45;01T11&#58;00&#58;00Z</code>'.replace(/<code>.*<\/code>/, '`2026-03-01T11:00:00Z`'));
  });

  test('who acts as somebody else counts for that one', async () => {
    const log = desk.write('audit.log', JSON.stringify(event('root', BY_USER, '10:00:00', { impersonatedUser: { username: 'alice' } })));
    const { auditLog } = await json(desk.write('a.json', STEPS), '--audit-log', log);
    expect(auditLog.evidence.find(({ who }: any) => who === 'User alice').requests).toBe(1);
  });

  test('one that is not there is one sentence', async () => {
    expect(await inventory(desk.write('a.json', STEPS), '--audit-log', 'nothere.log')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/nothere\.log cannot be read/) });
  });
});

describe('formats', () => {
  const hostile = () => desk.write('a.yaml', JSON.stringify(list(everywhere(HOSTILE, 'cluster-admin', 'Group x'), clusterRole('r', rule('get', 'nodes/proxy')), {
    ...everywhere('m', 'r'), subjects: [{ kind: 'Group', name: HOSTILE, apiGroup: 'rbac.authorization.k8s.io' }],
  })));

  test('text of others does nothing in a terminal, a page or a comment', async () => {
    const file = hostile();
    for (const format of [[], ['--markdown'], ['--html'], ['--sarif'], ['--json']]) {
      const { stdout } = await inventory(file, ...format);
      // eslint-disable-next-line no-control-regex -- control characters are what it looks for
      expect(stdout.replace(/\n/g, '')).not.toMatch(/[\u0000-\u001f\u202e]/);
      if (format.includes('--html') || format.includes('--markdown')) expect(stdout).not.toMatch(/<img|<\/script>/);
      if (format.includes('--markdown')) expect(stdout).not.toContain('@everyone');
    }
  });

  test('the page stands alone: no script, nothing to load, a graph of the ways with the same in words', async () => {
    const { stdout } = await inventory(desk.write('a.json', STEPS), '--html');
    expect(stdout).toContain('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">');
    expect(stdout).not.toMatch(/<script|src=|@import|url\((?!#)/);
    expect(stdout).toMatch(/<svg [^>]*role="img" aria-label="Ways to everything/);
    expect([...stdout.matchAll(/<rect /g)]).toHaveLength(4);
    expect(stdout).toContain('<title>Group deployers, in payments, creates a pod that runs as ServiceAccount payments/admin</title>');
  });

  test('SARIF points to file and line', async () => {
    const file = desk.write('rbac.yaml', `apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n---\n${JSON.stringify(everywhere('b', 'cluster-admin', 'Group x', 'User system:kube-scheduler'))}`);
    const { runs: [{ results, tool }] } = JSON.parse((await inventory(file, '--sarif')).stdout);
    expect(results).toHaveLength(2);
    expect(results[0]).toMatchObject({ ruleId: 'SD5001', level: 'error', message: { text: 'In the whole cluster, Group x may do everything' } });
    expect(results[0].locations[0].physicalLocation.region).toEqual({ startLine: 5 });
    expect(tool.driver.rules[0]).toMatchObject({ id: 'SD5001', properties: { 'security-severity': '9.5' } });
  });

  test('the same input gives the same bytes, in whatever order it comes', async () => {
    const { items } = STEPS as any;
    const [one, two] = [desk.write('a.json', list(...items)), desk.write('b.json', list(...[...items].reverse()))];
    for (const format of [[], ['--markdown'], ['--html']]) expect((await inventory(one, ...format)).stdout).toBe((await inventory(two, ...format)).stdout);
  });
});
