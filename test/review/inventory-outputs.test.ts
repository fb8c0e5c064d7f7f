import { App, Chart } from 'cdk8s';
import { account, bind, bindEverywhere, clusterRole, group, held, heldEverywhere, role, rule, user } from './rbac';
import { HOSTILE } from './sample';
import { AccessRequestPolicy, Danger, InventoryEvidence, InventoryUse, JustInTimeAccess, PermissionInventory, SecureDebugWarnings } from '../../src';
import { refusal } from '../private/refusal';

const serviceAccount = (namespace: string, name: string, labels = {}): any => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name, labels } });
const told = (objects: any[], options = {}) => PermissionInventory.fromManifests(objects, options).findings.map(({ id, danger, text }) => `${danger} ${id} ${text}`);
const ids = (objects: any[], who?: string) => PermissionInventory.fromManifests(objects).findings
  .filter(one => who === undefined || one.who === who).map(({ id }) => id).sort();
const strong = [serviceAccount('payments', 'admin'), bindEverywhere('admin', 'cluster-admin', account('payments', 'admin'))];
const annotated = (object: any, annotations: object) => ({ ...object, metadata: { ...object.metadata, annotations } });

/** What every cluster has. */
const MASTERS = annotated({ ...bindEverywhere('cluster-admin', 'cluster-admin', group('system:masters')), metadata: { name: 'cluster-admin', labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } } }, {});

describe('how much is made of a power', () => {
  test.each<[string, any[], string[]]>([
    ['Secrets by name in a namespace are what least privilege looks like', held(rule('get', 'secrets', '', 'db')), []],
    ['Secrets of a namespace', held(rule('get', 'secrets')), ['medium SD5003 In payments, Group oncall may read Secrets: get secrets']],
    ['Secrets by name in all of them', heldEverywhere(rule('get', 'secrets', '', 'db')), ['high SD5003 In the whole cluster, Group oncall may read Secrets: get secrets named db']],
    ['every Secret', heldEverywhere(rule('get', 'secrets')), ['critical SD5003 In the whole cluster, Group oncall may read Secrets: get secrets']],
    ['exec by name everywhere is no power over all', heldEverywhere(rule('create', 'pods/exec', '', 'a')), []],
    ['the right to bind one role', held(rule('bind', 'roles', 'rbac.authorization.k8s.io', 'debug')), ['medium SD5004 In payments, Group oncall may raise rights: bind roles.rbac.authorization.k8s.io named debug']],
    ['any verb on a kind of one\'s own', heldEverywhere(rule('*', 'widgets', 'example.com')), ['medium SD5002 In the whole cluster, Group oncall may use wildcards: any verb on widgets.example.com']],
    ['every kind of one\'s own group', heldEverywhere(rule('get,patch', '*', 'example.com')), ['high SD5002 In the whole cluster, Group oncall may use wildcards: get, patch everything in example.com']],
    ['reading every kind of it', heldEverywhere(rule('get', '*', 'example.com')), ['medium SD5002 In the whole cluster, Group oncall may use wildcards: get everything in example.com']],
    ['reading every kind of a group of Kubernetes', heldEverywhere(rule('get', '*', 'apps')), ['high SD5002 In the whole cluster, Group oncall may use wildcards: get everything in apps']],
    ['writing it', heldEverywhere(rule('delete', '*', 'apps')), ['critical SD5002 In the whole cluster, Group oncall may use wildcards: delete everything in apps']],
    ['what is held everywhere is not told again of a namespace', [...heldEverywhere(rule('get', 'secrets')), bind('payments', 'again', 'ClusterRole r', group('oncall'))],
      ['critical SD5003 In the whole cluster, Group oncall may read Secrets: get secrets']],
  ])('%s', (_what, objects, expected) => expect(told(objects)).toEqual(expected));

  it('objects that name no namespace are of the given one, else of default', () => {
    const bare = held(rule('get', 'secrets')).map(({ metadata: { name }, ...object }) => ({ ...object, metadata: { name } }));
    expect(told(bare)).toEqual(['medium SD5003 In default, Group oncall may read Secrets: get secrets']);
    expect(told(bare, { defaultNamespace: 'shop' })).toEqual(['medium SD5003 In shop, Group oncall may read Secrets: get secrets']);
  });
});

describe('what stands around the rights', () => {
  const exec = [role('payments', 'r', rule('create', 'pods/exec')), bind('payments', 'b', 'r', group('oncall'))];
  const pod = (kind: string, spec: object) => ({ apiVersion: 'v1', kind, metadata: { namespace: 'payments', name: 'x' }, spec });

  test.each<[string, any, string[]]>([
    ['a pod that runs as it', pod('Pod', { serviceAccountName: 'admin' }), ['SD5030']],
    ['a Deployment', pod('Deployment', { template: { spec: { serviceAccount: 'admin' } } }), ['SD5030']],
    ['a CronJob', pod('CronJob', { jobTemplate: { spec: { template: { spec: { serviceAccountName: 'admin' } } } } }), ['SD5030']],
    ['a pod that runs as another', pod('Pod', {}), []],
    ['a pod without the token', pod('Pod', { serviceAccountName: 'admin', automountServiceAccountToken: false }), []],
    ['a pod that mounts a token by itself', pod('Pod', { serviceAccountName: 'admin', automountServiceAccountToken: false, volumes: [{ name: 'token', projected: {} }] }), ['SD5030']],
  ])('exec leads to a ServiceAccount by %s', (_what, workload, expected) => expect(ids([...strong, ...exec, workload], 'Group oncall')).toEqual(expected));

  it('a Secret with a token leads to its ServiceAccount; another does not', () => {
    const reads = held(rule('get', 'secrets'));
    const secret = (type: string) => ({ apiVersion: 'v1', kind: 'Secret', type, metadata: { namespace: 'payments', name: 's', annotations: { 'kubernetes.io/service-account.name': 'admin' } } });
    expect(ids([...strong, ...reads, secret('kubernetes.io/service-account-token')], 'Group oncall')).toEqual(['SD5003', 'SD5030']);
    expect(ids([...strong, ...reads, secret('Opaque')], 'Group oncall')).toEqual(['SD5003']);
  });

  it('a pod cannot run as a ServiceAccount that does not exist', () => {
    const orphaned = [serviceAccount('payments', 'other'), bindEverywhere('admin', 'cluster-admin', account('payments', 'admin'))];
    expect(ids([...orphaned, ...held(rule('create', 'pods'))], 'Group oncall')).toEqual(['SD5007']);
    const [orphan] = PermissionInventory.fromManifests(orphaned).subjects;
    expect(orphan).toMatchObject({ use: InventoryUse.ORPHAN, usedBecause: 'no such ServiceAccount exists' });
  });

  it('where all ServiceAccounts are known, one of a namespace without any is missed too', () => {
    const objects = [bindEverywhere('b', 'cluster-admin', account('shop', 'api'), account('shop', 'default'))];
    expect(PermissionInventory.fromManifests(objects).subjects.map(({ use }) => use)).toEqual([InventoryUse.APPLICATION, InventoryUse.APPLICATION]);
    expect(PermissionInventory.fromManifests(objects, { complete: true }).subjects.map(({ use }) => use))
      .toEqual([InventoryUse.ORPHAN, InventoryUse.APPLICATION]);
  });

  it('many namespaces that enforce nothing are counted', () => {
    const open = ['a', 'b', 'c', 'd', 'e'].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    expect(told([...open, ...heldEverywhere(rule('create', 'pods'))])[1])
      .toBe('critical SD5023 In the whole cluster, Group oncall may take the node by a privileged pod, for Pod Security enforces nothing in a, b, c and 2 more');
  });

  it('whoever is in a group of Kubernetes has what the group has', () => {
    const objects = [...held(rule('create', 'pods')), serviceAccount('payments', 'plain'), bind('payments', 'p', 'r', account('payments', 'plain')), bindEverywhere('all', 'cluster-admin', group('system:serviceaccounts'))];
    const [way] = PermissionInventory.fromManifests(objects).findings.filter(({ id, who }) => id === 'SD5030' && who === 'Group oncall');
    expect(way.steps.map(({ who, does, reaches }) => `${who} ${does} ${reaches}`)).toEqual([
      'Group oncall creates a pod that runs as ServiceAccount payments/plain',
      'ServiceAccount payments/plain is in Group system:serviceaccounts',
      'Group system:serviceaccounts holds everything',
    ]);
  });

  it('whoever holds a namespace by binding runs pods there', () => {
    const [way] = PermissionInventory.fromManifests([...strong, ...held(rule('bind', 'clusterroles', 'rbac.authorization.k8s.io'), rule('create', 'rolebindings', 'rbac.authorization.k8s.io'))])
      .findings.filter(({ id, who }) => id === 'SD5030' && who === 'Group oncall');
    expect(way.steps.map(({ who, does, reaches }) => `${who} ${does} ${reaches}`)).toEqual([
      'Group oncall binds cluster-admin in a namespace, and holds everything in payments',
      'everything in payments creates a pod that runs as ServiceAccount payments/admin',
      'ServiceAccount payments/admin holds everything',
    ]);
  });
});

it('those who request a Role by this library hold and reach nothing, for the policies contain what they may', () => {
  const app = new App();
  const chart = new Chart(app, 'test');
  for (const { id } of SecureDebugWarnings.rules()) SecureDebugWarnings.acknowledge(chart, id, 'it is what is tried');
  new AccessRequestPolicy(chart, 'policy');
  new JustInTimeAccess(chart, 'jit', { namespace: 'payments', requests: { requesters: ['oncall'], approvers: ['leads'] } });
  const inventory = PermissionInventory.of(app);
  expect(inventory.subjects.map(({ name, findings }) => `${name}: ${findings.map(({ text }) => text)}`)).toEqual([]);
  expect(inventory.worst).toBeUndefined();
  // Without the policies the same rights are worth a lot.
  const bare = PermissionInventory.fromManifests(chart.toJson().filter(({ kind }) => !kind.startsWith('ValidatingAdmission')));
  expect(bare.findings.map(({ id }) => id)).toContain('SD5014');
});

describe('outputs', () => {
  const objects = [...strong, ...held(rule('create', 'pods')), bindEverywhere('gone', 'gone', user('bob')), MASTERS,
    annotated(clusterRole('nodes', rule('get', 'nodes/proxy')), { 'secure-debug.internal/accepted-findings': 'SD5006 until 2026-06-30: monitoring moves' }), bindEverywhere('monitoring', 'nodes', group('monitoring'))];
  const inventory = PermissionInventory.fromManifests(objects, { today: '2026-06-30' });
  const evidence: InventoryEvidence[] = [
    { who: 'Group oncall', requests: 2, lastUsed: '2026-03-01T10:00:00Z', rights: ['create pods in payments ×2'], sources: ['10.0.0.7 by kubectl'], bindings: ['RoleBinding payments/b'] },
    { who: 'Group monitoring', requests: 0, rights: [], sources: [], bindings: [] },
  ];

  it('findings, worst, exit status; parts of Kubernetes do not count', () => {
    expect(inventory.worst).toBe(Danger.CRITICAL);
    expect([Danger.LOW, Danger.CRITICAL].map(danger => inventory.exitStatus(danger))).toEqual([1, 1]);
    expect(PermissionInventory.fromManifests([MASTERS]).exitStatus(Danger.LOW)).toBe(0);
    expect(PermissionInventory.fromManifests(held(rule('get', 'secrets'))).exitStatus(Danger.HIGH)).toBe(0);
    expect(inventory.acceptedFindings.map(({ id, who }) => `${id} ${who}`)).toEqual(['SD5006 Group monitoring']);
    expect(inventory.unknownRoles).toEqual(['ClusterRoleBinding gone: ClusterRole gone is not among the manifests']);
    expect(refusal(() => PermissionInventory.fromManifests([], { today: 'soon' }))).toContain('today');
  });

  it('Markdown: who, what, the way, when last used, what is accepted and what is unknown', () => {
    const text = inventory.toMarkdown(evidence);
    expect(text).toContain('| 🟥 critical | Group `oncall` | group: `a group of the identity provider` | SD5030, SD5007 | `2026-03-01T10:00:00Z` |');
    expect(text).toContain('  1. `Group oncall, in payments, creates a pod that runs as ServiceAccount payments/admin`<br>by `RoleBinding payments/b → Role r`');
    expect(text).toContain('Last used `2026-03-01T10:00:00Z`, 2 requests: `create pods in payments ×2`; from `10.0.0.7 by kubectl`.'.replace('`create pods in payments ×2`', '<code>create pods in payments ×2</code>'));
    expect(text).toContain('Not in the audit log.');
    expect(text).toContain('### Accepted for a time\n\n- SD5006: `In the whole cluster, Group monitoring may reach the kubelet: get nodes/proxy`');
    expect(text).toContain('- `ClusterRoleBinding gone: ClusterRole gone is not among the manifests`');
    expect(text).toContain('<summary>Parts of Kubernetes itself: 1</summary>');
    expect(PermissionInventory.fromManifests([]).toMarkdown()).toContain('Nobody but Kubernetes itself');
    expect(inventory.toMarkdown()).not.toContain('Last used');
  });

  it('a page: the same, with the graph of the ways', () => {
    const html = inventory.toHtml(evidence);
    expect(html).toContain('<title>Group oncall, in payments, creates a pod that runs as ServiceAccount payments/admin</title>');
    for (const part of ['Last used 2026-03-01T10:00:00Z, 2 requests', 'Not in the audit log.', 'Accepted for a time', 'Roles that are not among the objects', 'Parts of Kubernetes itself']) expect(html).toContain(part);
    const empty = PermissionInventory.fromManifests([]).toHtml();
    expect(empty).toContain('Nobody but Kubernetes itself');
    expect(empty).not.toContain('<svg');
  });

  it('text of others is text', () => {
    const hostile = PermissionInventory.fromManifests([...strong, ...HOSTILE.flatMap(text =>
      [clusterRole(text, rule('create', 'pods')), { ...bindEverywhere(text, text, group(text)) }, bind('payments', text, `ClusterRole ${text}`, user(text))])]);
    expect(hostile.subjects.length).toBeGreaterThan(HOSTILE.length);
    for (const text of [hostile.toHtml(), hostile.toMarkdown()]) expect(text).not.toMatch(/<script|<img|\u202e/);
    // What shows SARIF escapes markup; what nobody sees has to be written out.
    expect(JSON.stringify(hostile.toSarif())).not.toContain('\u202e');
  });

  it('SARIF: one result for each, at its file', () => {
    const { runs: [{ results }] } = inventory.toSarif([{ object: 'RoleBinding payments/b', file: 'k8s/rbac.yaml', line: 7 }]);
    expect(results.map(({ ruleId }: any) => ruleId)).toEqual(inventory.findings.filter(({ who }) => who !== 'Group system:masters').map(({ id }) => id));
    const [way] = results.filter(({ message: { text } }: any) => text.startsWith('In payments, Group oncall'));
    expect(way.locations[0].physicalLocation).toEqual({ artifactLocation: { uri: 'k8s/rbac.yaml' }, region: { startLine: 7 } });
    expect(way.partialFingerprints).toHaveProperty('secureDebugFinding/v1');
  });

  it('what is handed out is a copy', () => {
    inventory.subjects.pop();
    inventory.acceptedFindings.pop();
    inventory.unknownRoles.pop();
    expect([inventory.subjects.length, inventory.acceptedFindings.length, inventory.unknownRoles.length]).toEqual([4, 1, 1]);
  });
});

describe('what somebody is', () => {
  test.each<[string, any, string, InventoryUse]>([
    ['a chart by its label', bindEverywhere('b', 'cluster-admin', account('shop', 'web')), 'chart-1', InventoryUse.VENDOR_CHART],
    ['nothing tells more', bindEverywhere('b', 'cluster-admin', account('shop', 'web')), '', InventoryUse.APPLICATION],
  ])('%s', (_what, binding, chart, use) => {
    const labels = chart ? { 'helm.sh/chart': chart } : {};
    expect(PermissionInventory.fromManifests([{ ...binding, metadata: { ...binding.metadata, labels } }]).subjects.map(one => one.use))
      .toEqual([use]);
  });

  test.each<[any, InventoryUse]>([
    [user('alice'), InventoryUse.PERSON],
    [user('ci-bot@example.com'), InventoryUse.PERSON],
    [user('github-actions'), InventoryUse.CI],
    [group('platform'), InventoryUse.GROUP],
    [group('system:nodes'), InventoryUse.CONTROL_PLANE],
    [group('system:authenticated'), InventoryUse.EVERYBODY],
    [account('argocd', 'argocd-server'), InventoryUse.GITOPS],
    [account('jenkins', 'agent'), InventoryUse.CI],
    [account('kube-system', 'dashboard'), InventoryUse.CONTROL_PLANE],
    [account('db', 'postgres-operator'), InventoryUse.OPERATOR],
  ])('%j', (subject, use) => {
    expect(PermissionInventory.fromManifests([bindEverywhere('b', 'cluster-admin', subject)]).subjects.map(one => one.use)).toEqual([use]);
  });

  it('a release of Helm without a chart\'s name', () => {
    const sa = serviceAccount('shop', 'web', { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'shop' });
    expect(PermissionInventory.fromManifests([sa, bindEverywhere('b', 'cluster-admin', account('shop', 'web'))]).subjects[0].usedBecause).toBe('it came with the chart shop');
  });
});
