import { applied, bytes, may, newChart, title } from './cluster';
import { ClusterReadAccess, JustInTimeAccess, OnCallDebugAccess, ReadOnlyAccess } from '../../src/access';
import { DebugCapability, DebugSubject, IDebugAccess, PolicyRules, SecureDebugWarnings } from '../../src/model';
import { words } from '../model/words';

const MEMBER = { groups: ['developers', 'oncall-payments'] };
const OTHER = { groups: ['developers', 'oncall-ledger'] };

/** What a debugging person does, and what a person with more than debug rights would do. */
const READS = ['get pods', 'list pods', 'watch pods', 'get apps/deployments', 'list events', 'get pods/log ledger-0'];
const ACTS = [
  'get pods/exec ledger-0', 'create pods/exec ledger-0', 'get pods/attach ledger-0', 'create pods/attach ledger-0', 'get pods/portforward ledger-0', 'create pods/portforward ledger-0',
  'patch pods/ephemeralcontainers ledger-0',
];
const NEVER = [
  'get secrets token', 'list secrets', 'create pods', 'delete pods ledger-0', 'patch pods ledger-0', 'update pods/ephemeralcontainers ledger-0', 'create pods/eviction ledger-0', 'get pods/proxy ledger-0',
  'get services/proxy web', 'get nodes/proxy worker-1', 'create serviceaccounts/token default', 'patch apps/deployments web', 'update apps/deployments/scale web',
  'create rbac.authorization.k8s.io/rolebindings', 'bind rbac.authorization.k8s.io/clusterroles cluster-admin', 'impersonate users', 'create batch/jobs', 'get configmaps settings',
];

let chart: ReturnType<typeof newChart>;
beforeEach(() => {
  chart = newChart();
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

const refusedOf = (who: object, requests: string[], namespace?: string) => requests.filter(asked => !may(applied(chart), who, asked, namespace));
const allowedOf = (who: object, requests: string[], namespace?: string) => requests.filter(asked => may(applied(chart), who, asked, namespace));

/** The grants as data say what the objects say. */
function expectGrants(access: IDebugAccess) {
  const objects = applied(chart);
  expect(access.grants.map(grant => [grant.namespace, grant.roleName, grant.subjects.map(subject => subject.toManifest()), grant.rules])).toEqual(
    objects.filter(object => object.subjects).map(binding => [
      binding.metadata.namespace, binding.roleRef.name, binding.subjects,
      objects.find(role => role.rules && role.metadata.name === binding.roleRef.name && role.metadata.namespace === binding.metadata.namespace).rules,
    ]));
}

describe('OnCallDebugAccess', () => {
  describe('by the least one writes', () => {
    let access: OnCallDebugAccess;
    beforeEach(() => access = new OnCallDebugAccess(chart, 'payments', { namespace: 'payments', group: 'oncall-payments' }));

    it('a member may do there everything that debugging takes', () => expect(refusedOf(MEMBER, [...READS, ...ACTS], 'payments')).toEqual([]));
    it('a member may do nothing there that it does not take', () => expect(allowedOf(MEMBER, NEVER, 'payments')).toEqual([]));
    it('a member may do nothing elsewhere', () => {
      for (const elsewhere of ['ledger', 'kube-system', undefined]) expect(allowedOf(MEMBER, [...READS, ...ACTS, ...NEVER], elsewhere)).toEqual([]);
    });
    it('others may do nothing there', () => expect(allowedOf(OTHER, [...READS, ...ACTS, ...NEVER], 'payments')).toEqual([]));
    it('a person who is called as the group may do nothing there', () => expect(allowedOf({ user: 'oncall-payments' }, [...READS, ...ACTS], 'payments')).toEqual([]));

    it('is one Role and one RoleBinding, both named oncall-debug', () => {
      expect(applied(chart).map(title)).toEqual(['Role payments/oncall-debug', 'RoleBinding payments/oncall-debug']);
      expect(bytes(chart)).toMatchSnapshot();
    });
    it('says the same as data', () => {
      expectGrants(access);
      expect(access.grants[0].capabilities).toEqual([...DebugCapability.onCallDefault()].sort((a, b) => a.id < b.id ? -1 : 1));
      expect(access.grants[0].subjects.map(String)).toEqual(['Group oncall-payments']);
    });
    it('warns of nothing', () => expect(SecureDebugWarnings.of(chart)).toEqual([]));
    it('its data can be changed without changing what is emitted, or what it says next', () => {
      const before = JSON.stringify([applied(chart), access.grants]);
      const [{ rules, subjects, capabilities }] = access.grants;
      rules[0].verbs.push('*');
      rules.push({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] });
      subjects.push(DebugSubject.group('others'));
      capabilities.pop();
      expect(JSON.stringify([applied(chart), access.grants])).toBe(before);
      const again = new OnCallDebugAccess(newChart(), 'x', { namespace: 'payments', group: 'oncall-payments' });
      expect(JSON.stringify(again.grants[0].rules)).not.toContain('*');
    });
  });

  it('in several namespaces each has its own Role and RoleBinding, never a ClusterRole', () => {
    const access = new OnCallDebugAccess(chart, 'x', { namespaces: ['payments', 'ledger', 'a'], groups: ['oncall-payments', 'leads'], name: 'sre' });
    expect(applied(chart).map(title)).toEqual(['a', 'ledger', 'payments'].flatMap(namespace => [`Role ${namespace}/sre`, `RoleBinding ${namespace}/sre`]));
    expect(access.grants.map(grant => grant.namespace)).toEqual(['a', 'ledger', 'payments']);
    expectGrants(access);
    for (const group of ['oncall-payments', 'leads']) expect(refusedOf({ groups: [group] }, [...READS, ...ACTS], 'ledger')).toEqual([]);
    expect(allowedOf(MEMBER, READS, 'other')).toEqual([]);
    expect(chart.node.findAll().filter(c => c.node.path.startsWith('chart/x/')).map(c => c.node.id)).toEqual([
      'role', 'binding', 'ledger-role', 'ledger-binding', 'payments-role', 'payments-binding',
    ]);
  });

  it('with fewer capabilities a member may do less', () => {
    new OnCallDebugAccess(chart, 'x', { namespace: 'payments', group: 'oncall-payments', capabilities: [DebugCapability.READ_LOGS, DebugCapability.PORT_FORWARD] });
    expect(allowedOf(MEMBER, [...READS, ...ACTS, ...NEVER], 'payments')).toEqual(['get pods', 'get pods/log ledger-0', 'get pods/portforward ledger-0', 'create pods/portforward ledger-0']);
    expect(applied(chart)[0].metadata.annotations).toEqual({ 'secure-debug.internal/capabilities': 'port-forward,read-logs' });
  });

  it('with a capability on resources of others a member may read those', () => {
    new OnCallDebugAccess(chart, 'x', { namespace: 'payments', group: 'oncall-payments', capabilities: [DebugCapability.reading('argoproj.io', 'rollouts')] });
    expect(allowedOf(MEMBER, ['list argoproj.io/rollouts', 'patch argoproj.io/rollouts web', ...READS], 'payments')).toEqual(['list argoproj.io/rollouts']);
    expect(applied(chart)[0].metadata.annotations).toEqual({ 'secure-debug.internal/capabilities': 'read-rollouts.argoproj.io' });
  });

  describe('limited to pods by name', () => {
    let access: OnCallDebugAccess;
    beforeEach(() => access = new OnCallDebugAccess(chart, 'x', { namespace: 'payments', group: 'oncall-payments', resourceNames: ['ledger-1', 'ledger-0'] }));

    it('a member acts in those pods and in no other', () => {
      expect(refusedOf(MEMBER, ACTS, 'payments')).toEqual([]);
      expect(allowedOf(MEMBER, ACTS.map(asked => asked.replace('ledger-0', 'vault-0')), 'payments')).toEqual([]);
      expect(allowedOf(MEMBER, ACTS.map(asked => asked.replace(' ledger-0', '')), 'payments')).toEqual([]);
      expect(allowedOf(MEMBER, ['get pods/log vault-0', 'get pods/log ledger-1'], 'payments')).toEqual(['get pods/log ledger-1']);
    });
    it('a member still lists all pods, since RBAC cannot filter lists', () => expect(refusedOf(MEMBER, ['list pods', 'watch pods', 'get pods vault-0'], 'payments')).toEqual([]));
    it('every rule on a pod\'s streams, logs and debug containers names them', () => {
      const rules: any[] = applied(chart)[0].rules;
      const narrow = rules.filter(rule => rule.resources.some((resource: string) => resource.includes('/')));
      expect(words(narrow)).toEqual([
        'get,create core/pods/attach+pods/exec+pods/portforward of ledger-0,ledger-1',
        'patch core/pods/ephemeralcontainers of ledger-0,ledger-1',
        'get core/pods/log of ledger-0,ledger-1',
      ]);
      for (const rule of rules.filter(one => !narrow.includes(one))) expect(rule.resourceNames).toBeUndefined();
    });
    it('says the same as data', () => expectGrants(access));
    it('does not limit others to the same pods', () => {
      new OnCallDebugAccess(chart, 'y', { namespace: 'ledger', group: 'oncall-payments', resourceNames: ['vault-0'] });
      expect(allowedOf(MEMBER, ACTS, 'ledger')).toEqual([]);
      expect(refusedOf(MEMBER, ACTS.map(asked => asked.replace('ledger-0', 'vault-0')), 'ledger')).toEqual([]);
    });
    it('does not limit the same declaration elsewhere', () => {
      new OnCallDebugAccess(chart, 'y', { namespace: 'ledger', group: 'oncall-payments' });
      expect(refusedOf(MEMBER, ACTS.map(asked => asked.replace('ledger-0', 'vault-0')), 'ledger')).toEqual([]);
      expect(bytes(chart)).toMatchSnapshot();
    });
  });

  it('a user and a ServiceAccount are bound with the reason on the binding, and warned of', () => {
    const access = new OnCallDebugAccess(chart, 'x', {
      namespace: 'payments',
      group: 'oncall-payments',
      subjects: [
        DebugSubject.userBecause('vendor@example.com', 'contract 7 names one person'),
        DebugSubject.serviceAccountBecause('drills', 'runner', 'runs the nightly drill'),
        DebugSubject.group('leads'),
      ],
    });
    expectGrants(access);
    expect(applied(chart)[1]).toMatchObject({
      metadata: { annotations: { 'secure-debug.internal/subject-reason': 'ServiceAccount drills/runner: runs the nightly drill\nUser vendor@example.com: contract 7 names one person' } },
      subjects: [
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'leads' },
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'oncall-payments' },
        { kind: 'ServiceAccount', name: 'runner', namespace: 'drills' },
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'vendor@example.com' },
      ],
    });
    expect(refusedOf({ user: 'vendor@example.com' }, ACTS, 'payments')).toEqual([]);
    expect(refusedOf({ user: 'system:serviceaccount:drills:runner' }, ACTS, 'payments')).toEqual([]);
    expect(SecureDebugWarnings.of(chart).map(({ id, path, message }) => [id, path, message])).toEqual([
      ['SD1003', 'chart/x', 'A subject is not a group: ServiceAccount drills/runner in payments, because: runs the nightly drill.'],
      ['SD1003', 'chart/x', 'A subject is not a group: User vendor@example.com in payments, because: contract 7 names one person.'],
    ]);
  });

  it('groups alone leave the binding without annotations', () => {
    new OnCallDebugAccess(chart, 'x', { namespace: 'payments', subjects: [DebugSubject.group('leads')] });
    expect(applied(chart)[1].metadata).not.toHaveProperty('annotations');
  });

  it('pod copies and node debugging are granted when asked for, and warned of', () => {
    const access = new OnCallDebugAccess(chart, 'x', {
      namespaces: ['payments'], groups: ['b', 'a'], capabilities: [DebugCapability.POD_COPY, DebugCapability.NODE_DEBUG], name: 'copies',
    });
    expect(words(access.grants[0].rules)).toEqual(['get,list,watch,create core/pods', 'get,create core/pods/attach', 'get core/pods/log']);
    expect(SecureDebugWarnings.of(chart).map(({ id, message }) => [id, message])).toEqual([
      ['SD1001', 'Pod copies are granted: in payments, to Group a, Group b.'],
      ['SD1002', 'Node debugging is granted: in payments, to Group a, Group b.'],
    ]);
  });

  it('one of the two is warned of alone', () => {
    new OnCallDebugAccess(chart, 'x', { namespace: 'payments', group: 'a', capabilities: [DebugCapability.NODE_DEBUG] });
    expect(SecureDebugWarnings.of(chart).map(({ id }) => id)).toEqual(['SD1002']);
  });

  it.each(['kube-system', 'openshift-etcd', 'default'])('%s takes an opt-in, and is warned of', namespace => {
    new OnCallDebugAccess(chart, 'x', { namespaces: ['payments', namespace], group: 'platform', allowSystemNamespaces: true });
    expect(refusedOf({ groups: ['platform'] }, ACTS, namespace)).toEqual([]);
    expect(SecureDebugWarnings.of(chart).map(({ id, message }) => [id, message])).toEqual([
      ['SD1004', `Debug access to a system namespace: in ${namespace}, to Group platform.`],
    ]);
  });

  it.each<[string, DebugCapability[], number]>([
    ['acts inside containers', [DebugCapability.READ_EVENTS, DebugCapability.PORT_FORWARD], 1],
    ['creates pods', [DebugCapability.POD_COPY], 1],
    ['only reads', [DebugCapability.READ_LOGS, DebugCapability.READ_WORKLOADS, DebugCapability.READ_CONFIG], 0],
  ])('in a system namespace what %s', (_what, capabilities, warnings) => {
    new OnCallDebugAccess(chart, 'x', { namespace: 'kube-system', group: 'platform', allowSystemNamespaces: true, capabilities });
    expect(SecureDebugWarnings.of(chart).filter(({ id }) => id === 'SD1004')).toHaveLength(warnings);
  });
});

describe('ReadOnlyAccess', () => {
  it('a reader reads workloads, events and logs in the namespace, and acts in no container', () => {
    const access = new ReadOnlyAccess(chart, 'x', { namespace: 'payments', group: 'developers' });
    expect(refusedOf(OTHER, READS, 'payments')).toEqual([]);
    expect(allowedOf(OTHER, [...ACTS, ...NEVER], 'payments')).toEqual([]);
    expect(allowedOf(OTHER, READS, 'ledger')).toEqual([]);
    expect(allowedOf({ groups: ['oncall-payments'] }, READS, 'payments')).toEqual([]);
    expectGrants(access);
    expect(access.grants[0].capabilities.map(String)).toEqual(['read-workloads', 'read-events', 'read-logs']);
    expect(bytes(chart)).toMatchSnapshot();
  });

  it('in several namespaces, under another name, for a system namespace too, which is not warned of', () => {
    const access = new ReadOnlyAccess(chart, 'x', { namespaces: ['payments', 'kube-system'], groups: ['developers'], subjects: [DebugSubject.group('auditors')], name: 'look', allowSystemNamespaces: true });
    expect(applied(chart).map(title)).toEqual(['Role kube-system/look', 'RoleBinding kube-system/look', 'Role payments/look', 'RoleBinding payments/look']);
    expect(access.grants.flatMap(grant => grant.subjects.map(String))).toEqual(['Group auditors', 'Group developers', 'Group auditors', 'Group developers']);
    expect(SecureDebugWarnings.of(chart)).toEqual([]);
  });
});

describe('JustInTimeAccess', () => {
  it('who carries the group of a namespace may debug there, who carries that of the cluster may read nodes and namespaces', () => {
    const access = new JustInTimeAccess(chart, 'x', { namespaces: ['payments', 'ledger'] });
    const payments = { groups: ['jit:oncall:payments'] };
    const cluster = { groups: ['jit:oncall:cluster'] };
    expect(refusedOf(payments, [...READS, ...ACTS], 'payments')).toEqual([]);
    expect(allowedOf(payments, NEVER, 'payments')).toEqual([]);
    expect(allowedOf(payments, [...READS, ...ACTS, ...NEVER], 'ledger')).toEqual([]);
    expect(allowedOf(payments, ['get nodes worker-1', 'list namespaces'])).toEqual([]);

    expect(refusedOf(cluster, ['get nodes worker-1', 'list nodes', 'watch nodes', 'get namespaces payments', 'list namespaces', 'watch namespaces'])).toEqual([]);
    for (const namespace of ['payments', 'ledger', undefined]) expect(allowedOf(cluster, [...READS, ...ACTS, ...NEVER, 'patch nodes worker-1', 'delete namespaces payments'], namespace)).toEqual([]);

    expect(applied(chart).map(title)).toEqual([
      'Role ledger/jit-debug', 'RoleBinding ledger/jit-debug', 'Role payments/jit-debug', 'RoleBinding payments/jit-debug',
      'ClusterRole jit-cluster-read', 'ClusterRoleBinding jit-cluster-read',
    ]);
    expectGrants(access);
    expect(access.grants.map(grant => grant.namespace)).toEqual(['ledger', 'payments', undefined]);
    expect(access.node.children.map(c => c.node.id)).toEqual(['role', 'binding', 'payments-role', 'payments-binding', 'cluster-role', 'cluster-binding']);
    expect(bytes(chart)).toMatchSnapshot();
  });

  it('without reading the cluster, by other groups, with other capabilities, in a system namespace', () => {
    const access = new JustInTimeAccess(chart, 'x', {
      namespace: 'kube-system', clusterRead: false, groupPrefix: 'elevated-', capabilities: [DebugCapability.EXEC], allowSystemNamespaces: true,
    });
    expect(applied(chart).map(title)).toEqual(['Role kube-system/jit-debug', 'RoleBinding kube-system/jit-debug']);
    expect(access.grants[0].subjects.map(String)).toEqual(['Group elevated-kube-system']);
    expect(words(access.grants[0].rules)).toEqual(['get core/pods', 'get,create core/pods/exec']);
    expect(SecureDebugWarnings.of(chart).map(({ id }) => id)).toEqual(['SD1004']);
  });

  it('the group of the cluster follows the prefix', () => {
    new JustInTimeAccess(chart, 'x', { namespace: 'payments', groupPrefix: 'elevated-' });
    expect(allowedOf({ groups: ['elevated-cluster'] }, ['list nodes'])).toEqual(['list nodes']);
    expect(allowedOf({ groups: ['jit:oncall:cluster'] }, ['list nodes'])).toEqual([]);
  });

  it('once for each team, the part for the cluster is one', () => {
    new JustInTimeAccess(chart, 'payments', { namespace: 'payments' });
    new JustInTimeAccess(chart, 'ledger', { namespace: 'ledger' });
    expect(applied(chart).filter(object => /^Cluster/.test(object.kind)).map(title)).toEqual(['ClusterRole jit-cluster-read', 'ClusterRoleBinding jit-cluster-read']);
  });
});

describe('ClusterReadAccess', () => {
  it('a member reads nodes and namespaces, and nothing inside a namespace', () => {
    const access = new ClusterReadAccess(chart, 'x', { group: 'platform' });
    expect(refusedOf({ groups: ['platform'] }, ['list nodes', 'get namespaces payments'])).toEqual([]);
    for (const namespace of ['payments', undefined]) expect(allowedOf({ groups: ['platform'] }, [...READS, ...ACTS, ...NEVER, 'list metrics.k8s.io/nodes'], namespace)).toEqual([]);
    expect(allowedOf(OTHER, ['list nodes'])).toEqual([]);
    expectGrants(access);
    expect(access.grants[0]).toHaveProperty('namespace', undefined);
    expect(bytes(chart)).toMatchSnapshot();
  });

  it('under another name, for several groups, with the usage of nodes', () => {
    const access = new ClusterReadAccess(chart, 'x', { groups: ['b', 'a'], name: 'look', capabilities: [DebugCapability.READ_NODE_METRICS] });
    expect(applied(chart).map(title)).toEqual(['ClusterRole look', 'ClusterRoleBinding look']);
    expect(applied(chart)[1].roleRef).toEqual({ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'look' });
    expect(words(access.grants[0].rules)).toEqual(['get,list core+metrics.k8s.io/nodes']);
  });

  it('a user is warned of, for the whole cluster', () => {
    new ClusterReadAccess(chart, 'x', { subjects: [DebugSubject.userBecause('alice', 'writes the capacity report')] });
    expect(SecureDebugWarnings.of(chart).map(({ message }) => message)).toEqual([
      'A subject is not a group: User alice in the whole cluster, because: writes the capacity report.',
    ]);
  });

  it('and the same group\'s namespaced reads stay apart from it, rule by rule', () => {
    const cluster = new ClusterReadAccess(chart, 'c', { group: 'platform', capabilities: [DebugCapability.READ_NODES] });
    const inside = new OnCallDebugAccess(chart, 'n', { namespace: 'payments', group: 'platform', capabilities: [DebugCapability.NODE_DEBUG] });
    expect(PolicyRules.allows(inside.grants[0].rules, '', 'nodes', 'get', 'worker-1')).toBe(false);
    expect(PolicyRules.allows(cluster.grants[0].rules, '', 'pods', 'create')).toBe(false);
  });
});

it('everything that is emitted says who made it, by which construct', () => {
  new OnCallDebugAccess(chart, 'o', { namespace: 'a', group: 'g' });
  new ReadOnlyAccess(chart, 'r', { namespace: 'a', group: 'g' });
  new JustInTimeAccess(chart, 'j', { namespace: 'a' });
  new ClusterReadAccess(chart, 'c', { group: 'g' });
  expect(applied(chart).map(object => [title(object), object.metadata.labels])).toEqual([
    ['Role a/oncall-debug', 'oncall-debug-access'], ['RoleBinding a/oncall-debug', 'oncall-debug-access'],
    ['Role a/debug-read', 'read-only-access'], ['RoleBinding a/debug-read', 'read-only-access'],
    ['Role a/jit-debug', 'just-in-time-access'], ['RoleBinding a/jit-debug', 'just-in-time-access'],
    ['ClusterRole jit-cluster-read', 'just-in-time-access'], ['ClusterRoleBinding jit-cluster-read', 'just-in-time-access'],
    ['ClusterRole debug-cluster-read', 'cluster-read-access'], ['ClusterRoleBinding debug-cluster-read', 'cluster-read-access'],
  ].map(([what, component]) => [what, { 'app.kubernetes.io/managed-by': 'cdk8s-secure-debug', 'secure-debug.internal/component': component }]));
  for (const object of applied(chart)) {
    expect(object.apiVersion).toBe('rbac.authorization.k8s.io/v1');
    if (object.roleRef) expect(object.roleRef).toEqual({ apiGroup: 'rbac.authorization.k8s.io', kind: object.kind.replace('Binding', ''), name: object.metadata.name });
  }
});
