import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { account, bind, bindEverywhere, clusterRole, group, held, heldEverywhere, RBAC, role, rule, user } from './rbac';
import {
  AccessMatrix, AccessRow, AccessState, ClusterBoundary, ClusterReadAccess, Danger, DebugCapability, JustInTimeAccess, OnCallDebugAccess,
  ReadOnlyAccess,
} from '../../src';
import { refusal } from '../private/refusal';

const { GRANTED, LIMITED, BROKEN, NONE, UNKNOWN, NOT_APPLICABLE } = AccessState;
const CLUSTER_ONLY = ['read-nodes', 'read-namespaces', 'read-node-metrics'];

const of = (...objects: any[]) => AccessMatrix.fromManifests(objects);
const only = (matrix: AccessMatrix): AccessRow => {
  expect(matrix.rows).toHaveLength(1);
  return matrix.rows[0];
};
const cell = (row: AccessRow, id: string) => row.cells.find(({ capability }) => capability === id)!;
/** The states that are not NONE (or, in a namespace, not applicable), by capability. */
const states = (row: AccessRow) => Object.fromEntries(row.cells
  .filter(({ state }) => state !== NONE && state !== NOT_APPLICABLE).map(({ capability, state }) => [capability, state]));
const findings = (matrix: AccessMatrix) => matrix.findings.map(({ id, who, where, detail, from }) => [id, who, where, detail, ...from]);
const rowTitles = (matrix: AccessMatrix) => matrix.rows.map(({ subjectKind, subject, namespace }) => `${subjectKind} ${subject} @ ${namespace ?? '*'}`);

const pods = rule('get,list,watch', 'pods');
const getPod = rule('get', 'pods');
const exec = rule('get,create', 'pods/exec');

function chart(): Chart {
  return new Chart(new App(), 'test');
}

describe('what the constructs of this library emit', () => {
  it('on-call may do the default, in its namespace and nowhere else, and nothing needs a second look', () => {
    const scope = chart();
    new OnCallDebugAccess(scope, 'oncall', { namespace: 'payments', group: 'oncall-payments' });
    const matrix = AccessMatrix.of(scope);
    expect(rowTitles(matrix)).toEqual(['Group oncall-payments @ payments']);
    expect(states(only(matrix))).toEqual(Object.fromEntries(DebugCapability.onCallDefault().map(({ id }) => [id, GRANTED])));
    expect(only(matrix).otherRights).toEqual([]);
    expect(only(matrix).grantedBy).toEqual(['RoleBinding payments/oncall-debug → Role oncall-debug']);
    expect(matrix.findings).toEqual([]);
    expect(matrix.whoMay(DebugCapability.EXEC, 'payments')).toEqual(['Group oncall-payments']);
    expect(matrix.whoMay(DebugCapability.EXEC, 'ledger')).toEqual([]);
    expect(matrix.whoMay(DebugCapability.POD_COPY, 'payments')).toEqual([]);
  });

  it.each(DebugCapability.all().filter(({ clusterScoped }) => !clusterScoped).map(capability => [capability.id, capability]))(
    'who is granted %s alone holds it, and no other that acts', (id, capability) => {
      const scope = chart();
      new OnCallDebugAccess(scope, 'oncall', { namespace: 'payments', group: 'oncall', capabilities: [capability] });
      const row = only(AccessMatrix.of(scope));
      expect(cell(row, id).state).toBe(GRANTED);
      expect(row.otherRights).toEqual([]);
      // What it includes of others is granted too, and is complete: debug containers include attach and logs.
      expect(row.cells.map(({ state }) => state)).not.toContain(BROKEN);
      expect(row.cells.map(({ state }) => state)).not.toContain(LIMITED);
    });

  it('a reader may read workloads, events and logs', () => {
    const scope = chart();
    new ReadOnlyAccess(scope, 'read', { namespace: 'payments', group: 'developers' });
    expect(states(only(AccessMatrix.of(scope)))).toEqual({ 'read-workloads': GRANTED, 'read-events': GRANTED, 'read-logs': GRANTED });
  });

  it('resourceNames limit what concerns single pods, not the lists', () => {
    const scope = chart();
    new OnCallDebugAccess(scope, 'oncall', { namespace: 'payments', group: 'oncall', resourceNames: ['ledger-1', 'ledger-0'] });
    const matrix = AccessMatrix.of(scope);
    const row = only(matrix);
    expect(states(row)).toEqual({
      'read-workloads': GRANTED,
      'read-events': GRANTED,
      'read-logs': LIMITED,
      'exec': LIMITED,
      'attach': LIMITED,
      'port-forward': LIMITED,
      'ephemeral-containers': LIMITED,
    });
    expect(cell(row, 'exec')).toEqual({
      capability: 'exec',
      title: 'exec',
      danger: Danger.HIGH,
      state: LIMITED,
      names: ['ledger-0', 'ledger-1'],
      has: [],
      lacks: [],
      grantedBy: ['RoleBinding payments/oncall-debug → Role oncall-debug'],
    });
    expect(matrix.findings).toEqual([]);
  });

  it('just-in-time groups have their namespace, and the cluster group only nodes and namespaces', () => {
    const scope = chart();
    new JustInTimeAccess(scope, 'jit', { namespace: 'payments' });
    const [cluster, payments] = AccessMatrix.of(scope).rows;
    expect([cluster.subject, cluster.namespace, states(cluster)]).toEqual(['jit:oncall:cluster', undefined, { 'read-nodes': GRANTED, 'read-namespaces': GRANTED }]);
    expect(cluster.cells.map(({ state }) => state)).not.toContain(NOT_APPLICABLE);
    expect([payments.subject, payments.namespace]).toEqual(['jit:oncall:payments', 'payments']);
    expect(payments.cells.filter(({ state }) => state === NOT_APPLICABLE).map(({ capability }) => capability)).toEqual(CLUSTER_ONLY);
  });

  it('debugging nodes takes a grant in the namespace and one for the nodes; with the first alone it is not there', () => {
    const scope = chart();
    new OnCallDebugAccess(scope, 'oncall', { namespace: 'debug', group: 'sre', capabilities: [DebugCapability.NODE_DEBUG] });
    const without = only(AccessMatrix.of(scope));
    expect([cell(without, 'node-debug').state, cell(without, 'pod-copy').state]).toEqual([NONE, GRANTED]);

    new ClusterReadAccess(scope, 'nodes', { group: 'sre', capabilities: [DebugCapability.READ_NODES] });
    const [wide, debug] = AccessMatrix.of(scope).rows;
    expect(cell(wide, 'node-debug').state).toBe(NONE);
    expect(cell(debug, 'node-debug').state).toBe(GRANTED);
  });
});

describe('what is emitted counts, not what was declared', () => {
  it('a patch that takes a verb away is seen', () => {
    const scope = chart();
    new OnCallDebugAccess(scope, 'oncall', { namespace: 'payments', group: 'oncall', capabilities: [DebugCapability.EXEC] });
    const emitted = scope.node.findAll().find(c => ApiObject.isApiObject(c) && c.kind === 'Role') as ApiObject;
    emitted.addJsonPatch(JsonPatch.replace('/rules', [rule('get', 'pods'), rule('get', 'pods/exec')]));
    expect(cell(only(AccessMatrix.of(scope)), 'exec')).toMatchObject({ state: BROKEN, lacks: ['create pods/exec'], has: ['get pods/exec'] });
  });

  it('roles of cdk8s-plus and plain ApiObjects below the construct are seen; those beside it are not', () => {
    const app = new App();
    const [here, there] = [new Chart(app, 'here', { namespace: 'payments' }), new Chart(app, 'there')];
    const plus = new kplus.Role(here, 'plus', { metadata: { name: 'plus' } });
    plus.allow(['get'], kplus.ApiResource.PODS, kplus.ApiResource.custom({ apiGroup: '', resourceType: 'pods/log' }));
    plus.bind(kplus.User.fromName(here, 'alice', 'alice'));
    for (const object of [clusterRole('nodes', rule('get,list,watch', 'nodes')), bindEverywhere('nodes', 'nodes', group('sre'))]) {
      new ApiObject(there, object.kind, object);
    }
    expect(rowTitles(AccessMatrix.of(app))).toEqual(['Group sre @ *', 'User alice @ payments']);
    expect(rowTitles(AccessMatrix.of(here))).toEqual(['User alice @ payments']);
    expect(cell(AccessMatrix.of(here).rows[0], 'read-logs').state).toBe(GRANTED);
  });

  it('a matrix of two clusters would be true of neither: refused', () => {
    const app = new App();
    const charts = ['staging', 'production'].map(id => new Chart(app, id));
    charts.forEach(each => ClusterBoundary.at(each));
    charts.forEach(each => new OnCallDebugAccess(each, 'oncall', { namespace: 'payments', group: 'oncall' }));
    expect(refusal(() => AccessMatrix.of(app))).toBe('AccessMatrix.of: scope = "" holds objects of 2 clusters (production, staging). Fix: make one matrix for each cluster, of its own chart.');
    expect(rowTitles(AccessMatrix.of(charts[0]))).toEqual(['Group oncall @ payments']);

    const outside = new Chart(app, 'outside');
    new OnCallDebugAccess(outside, 'oncall', { namespace: 'payments', group: 'oncall' });
    expect(refusal(() => AccessMatrix.of(app))).toContain('3 clusters (production, staging, the app)');
    expect(rowTitles(AccessMatrix.of(outside))).toEqual(['Group oncall @ payments']);
  });

  it('an app with nothing in it grants nobody anything', () => {
    const matrix = AccessMatrix.of(new App());
    expect([matrix.rows, matrix.findings]).toEqual([[], []]);
  });
});

describe('the YAML that people copy', () => {
  it('exec with create alone is incomplete: it lacks get', () => {
    const matrix = of(...held(pods, rule('create', 'pods/exec')));
    expect(cell(only(matrix), 'exec')).toMatchObject({
      state: BROKEN, names: [], has: ['create pods/exec'], lacks: ['get pods/exec'], grantedBy: ['RoleBinding payments/b → Role r'],
    });
    expect(findings(matrix)).toEqual([['SD5008', 'Group oncall', 'payments', 'exec lacks get pods/exec; it has create pods/exec', 'RoleBinding payments/b → Role r']]);
    // The API may let it through, so whoever asks who may exec is told.
    expect(matrix.whoMay(DebugCapability.EXEC, 'payments')).toEqual(['Group oncall']);
  });

  it('exec with get alone is incomplete: it lacks create', () => {
    expect(cell(only(of(...held(pods, rule('get', 'pods/exec')))), 'exec')).toMatchObject({ state: BROKEN, lacks: ['create pods/exec'] });
  });

  it('exec without the pod itself is incomplete: kubectl fetches it first', () => {
    expect(cell(only(of(...held(exec))), 'exec')).toMatchObject({ state: BROKEN, has: ['create, get pods/exec'], lacks: ['get pods'] });
  });

  it('a verb on exec that opens nothing still shows that exec was meant', () => {
    expect(cell(only(of(...held(pods, rule('update', 'pods/exec')))), 'exec')).toMatchObject({ state: BROKEN, has: ['update pods/exec'], lacks: ['create, get pods/exec'] });
  });

  it('update on ephemeralcontainers does not let kubectl debug in: it lacks patch, and attach', () => {
    expect(cell(only(of(...held(pods, rule('update', 'pods/ephemeralcontainers')))), 'ephemeral-containers')).toMatchObject({
      state: BROKEN, has: ['update pods/ephemeralcontainers'], lacks: ['create, get pods/attach', 'get pods/log', 'patch pods/ephemeralcontainers'],
    });
  });

  it('an API group that is a blank grants nothing, and is said so', () => {
    const matrix = of(...held(rule('get,create', 'pods/exec', ' ')));
    expect(states(only(matrix))).toEqual({});
    expect(only(matrix).otherRights).toEqual([]);
    expect(findings(matrix)).toEqual([
      ['SD5010', undefined, undefined, 'there is no API group " ", so nothing is granted on pods/exec; the core group is ""', 'Role payments/r'],
    ]);
  });

  it.each(['core', 'v1', 'Apps', 'apps/v1', ''].map(name => [name, name === '']))('API group %j exists: %s', (name, exists) => {
    expect(of(...held(rule('get', 'pods', name as string))).findings.map(({ id }) => id)).toEqual(exists ? [] : ['SD5010']);
  });

  it.each(['*', 'apps', 'autoscaling', 'batch', 'extensions', 'policy', 'metrics.k8s.io', 'my-group.example.com'])('API group %s is taken as it is', name => {
    expect(of(...held(rule('get', 'widgets', name))).findings.map(({ id }) => id)).toEqual(name === '*' ? ['SD5002'] : []);
  });

  it('pods/* is no pattern of RBAC and GET no verb of it: both grant nothing', () => {
    const matrix = of(...held(rule('get,create', 'pods/*'), rule('GET,CREATE,ge t', 'pods/exec')));
    expect(states(only(matrix))).toEqual({});
    expect(only(matrix).otherRights).toEqual([]);
    expect(findings(matrix).map(([id, , , detail]) => [id, detail])).toEqual([
      ['SD5010', 'RBAC has no pattern "pods/*", so it matches nothing'],
      ['SD5010', 'there is no verb "CREATE"; verbs are lower-case words'],
      ['SD5010', 'there is no verb "GET"; verbs are lower-case words'],
      ['SD5010', 'there is no verb "ge t"; verbs are lower-case words'],
    ]);
  });

  it('two flaws of one rule in two roles are named once for each role', () => {
    const matrix = of(role('a', 'x', rule('get', 'pods', 'core'), rule('list', 'pods', 'core')), role('b', 'x', rule('get', 'pods', 'core')));
    expect(matrix.findings.map(({ from }) => from)).toEqual([['Role a/x'], ['Role b/x']]);
  });
});

describe('names', () => {
  it('exec on two pods by name is limited to them', () => {
    const row = only(of(...held(rule('get', 'pods', '', 'b,a'), rule('get,create', 'pods/exec', '', 'b,a'))));
    expect(cell(row, 'exec')).toMatchObject({ state: LIMITED, names: ['a', 'b'], has: [], lacks: [] });
  });

  it('with one verb for a and b and the other for a only, it is complete for a alone, and that is broken', () => {
    const row = only(of(...held(getPod, rule('get', 'pods/exec', '', 'a,b'), rule('create', 'pods/exec', '', 'a'))));
    expect(cell(row, 'exec')).toMatchObject({ state: BROKEN, names: ['a'], has: ['create pods/exec named a', 'get pods/exec named a, b'], lacks: ['create pods/exec'] });
  });

  it('with one verb for every pod and the other for a only, it is complete for a alone, and that is broken', () => {
    const matrix = of(...held(getPod, rule('get', 'pods/exec'), rule('create', 'pods/exec', '', 'a')));
    expect(cell(only(matrix), 'exec')).toMatchObject({ state: BROKEN, names: ['a'], lacks: ['create pods/exec'] });
    expect(findings(matrix)).toEqual([[
      'SD5008', 'Group oncall', 'payments',
      'exec lacks create pods/exec; it has create pods/exec named a; get pods/exec, and is complete only for a',
      'RoleBinding payments/b → Role r',
    ]]);
  });

  it('names that differ in each verb make it complete for none', () => {
    const row = only(of(...held(getPod, rule('get', 'pods/exec', '', 'a'), rule('create', 'pods/exec', '', 'b'))));
    expect(cell(row, 'exec')).toMatchObject({ state: BROKEN, names: [], lacks: ['create, get pods/exec'] });
  });

  it('exec limited by names beside an unlimited one is granted', () => {
    const row = only(of(...held(getPod, exec, rule('get,create', 'pods/exec', '', 'a'))));
    expect(cell(row, 'exec')).toMatchObject({ state: GRANTED, names: [] });
  });

  it('lists limited by name work for that name: kubectl asks for it by field selector', () => {
    const row = only(of(...held(rule('get,list,watch', 'nodes,configmaps', '', 'settings'))));
    expect(cell(row, 'read-config')).toMatchObject({ state: LIMITED, names: ['settings'] });
  });

  it('to create pods cannot be limited by names: RBAC does not know the name yet', () => {
    const matrix = of(...held(rule('create,deletecollection', 'pods', '', 'a')));
    expect(states(only(matrix))).toEqual({});
    expect(only(matrix).otherRights).toEqual([]);
    expect(matrix.findings.map(({ id, detail }) => [id, detail])).toEqual([
      ['SD5010', 'create pods is asked for without a name, so names do not limit it, they rule it out'],
      ['SD5010', 'deletecollection pods is asked for without a name, so names do not limit it, they rule it out'],
    ]);
  });

  it('to create anything by name is to create what has a name in its URL, such as an exec', () => {
    const matrix = of(...held(getPod, rule('create', '*', '', 'a'), rule('get', 'pods/exec', '', 'a')));
    expect(cell(only(matrix), 'exec')).toMatchObject({ state: LIMITED, names: ['a'] });
    expect(only(matrix).otherRights).toEqual(['create everything in the core group named a']);
  });

  it('secrets by name are still secrets', () => {
    const matrix = of(...held(rule('get', 'secrets', '', 'db,api')));
    expect(only(matrix).otherRights).toEqual(['get secrets named api, db']);
    expect(findings(matrix)).toEqual([['SD5003', 'Group oncall', 'payments', 'get secrets named api, db', 'RoleBinding payments/b → Role r']]);
  });
});

describe('parts of plain reads', () => {
  it('some of the workloads is a part, not a mistake', () => {
    const matrix = of(...held(rule('get,list', 'pods,services'), rule('list', 'deployments', 'apps')));
    expect(states(only(matrix))).toEqual({ 'read-workloads': LIMITED });
    expect(cell(only(matrix), 'read-workloads')).toMatchObject({ names: [], has: ['get, list pods, services', 'list deployments.apps'], lacks: [] });
    expect(only(matrix).otherRights).toEqual([]);
    expect(matrix.findings).toEqual([]);
  });

  it('what exec needs is no sign of reading workloads, complete or not', () => {
    expect(states(only(of(...held(getPod, exec))))).toEqual({ exec: GRANTED });
    expect(states(only(of(...held(getPod, rule('get', 'pods/exec')))))).toEqual({ exec: BROKEN });
    expect(states(only(of(...held(rule('get,list', 'pods'), exec))))).toEqual({ 'read-workloads': LIMITED, 'exec': GRANTED });
  });

  it('what one plain read needs is no sign of the next', () => {
    expect(states(only(of(...heldEverywhere(rule('get', 'nodes')))))).toEqual({ 'read-nodes': LIMITED });
    expect(states(only(of(...heldEverywhere(rule('get,list,watch', 'nodes')))))).toEqual({ 'read-nodes': GRANTED });
    expect(states(only(of(...heldEverywhere(rule('get', 'nodes', 'metrics.k8s.io')))))).toEqual({ 'read-node-metrics': LIMITED });
  });

  it('to create pods is a part of copying them, and not of debugging nodes', () => {
    const matrix = of(...held(rule('create', 'pods')));
    expect(states(only(matrix))).toEqual({ 'pod-copy': LIMITED });
    expect(cell(only(matrix), 'pod-copy')).toMatchObject({ names: [], has: ['create pods'], lacks: [], grantedBy: ['RoleBinding payments/b → Role r'] });
    expect(findings(matrix)).toEqual([['SD5007', 'Group oncall', 'payments', 'create pods', 'RoleBinding payments/b → Role r']]);
  });

  it('other verbs on pods are no part of copying them', () => {
    expect(states(only(of(...held(rule('delete,update', 'pods')))))).toEqual({});
  });
});

describe('places', () => {
  it('a grant for the whole cluster is one row, and holds in each namespace', () => {
    const matrix = of(...heldEverywhere(getPod, exec));
    expect(rowTitles(matrix)).toEqual(['Group oncall @ *']);
    expect(only(matrix).namespace).toBeUndefined();
    expect('namespace' in only(matrix)).toBe(false);
    expect(matrix.whoMay(DebugCapability.EXEC, 'whichever')).toEqual(['Group oncall']);
  });

  it('it also counts in the row of a namespace, where together they may be complete; each row lists its own rights', () => {
    const matrix = of(...heldEverywhere(getPod, rule('create', 'pods/exec'), rule('delete', 'pods')),
      role('payments', 'x', rule('get', 'pods/exec'), rule('update', 'services')), bind('payments', 'y', 'x', group('oncall')));
    const [wide, payments] = matrix.rows;
    expect([cell(wide, 'exec').state, cell(payments, 'exec').state]).toEqual([BROKEN, GRANTED]);
    expect(cell(payments, 'exec').grantedBy).toEqual(['ClusterRoleBinding b → ClusterRole r', 'RoleBinding payments/y → Role x']);
    expect([wide.otherRights, payments.otherRights]).toEqual([['delete pods'], ['update services']]);
    expect(wide.grantedBy).toEqual(['ClusterRoleBinding b → ClusterRole r']);
    expect(payments.grantedBy).toEqual(['RoleBinding payments/y → Role x', 'ClusterRoleBinding b → ClusterRole r']);
    expect(findings(matrix).map(([id, , where]) => [id, where])).toEqual([['SD5008', 'whole cluster']]);
  });

  it('what is wrong cluster-wide is not told again for each namespace', () => {
    const matrix = of(...heldEverywhere(getPod, rule('create', 'pods/exec'), rule('get', 'secrets')), ...held(rule('get', 'configmaps')));
    expect(findings(matrix).map(([id, , where]) => [id, where])).toEqual([['SD5003', 'whole cluster'], ['SD5008', 'whole cluster']]);
    expect(cell(matrix.rows[1], 'exec').state).toBe(BROKEN);
  });

  it('a grant in one namespace says nothing about another, nor about the cluster', () => {
    const matrix = of(...held(getPod, exec), role('ledger', 'r', pods), bind('ledger', 'b', 'r', group('oncall')));
    expect(matrix.rows.map(row => [row.namespace, cell(row, 'exec').state])).toEqual([['ledger', NONE], ['payments', GRANTED]]);
    expect(matrix.whoMay(DebugCapability.EXEC, 'ledger')).toEqual([]);
  });

  it('a ClusterRole bound in a namespace grants there alone', () => {
    const matrix = of(clusterRole('r', getPod, exec), bind('payments', 'b', 'ClusterRole r', group('oncall')));
    expect(rowTitles(matrix)).toEqual(['Group oncall @ payments']);
    expect(cell(only(matrix), 'exec')).toMatchObject({ state: GRANTED, grantedBy: ['RoleBinding payments/b → ClusterRole r'] });
  });

  it('a RoleBinding cannot grant nodes: what its role says of them is worth nothing', () => {
    const matrix = of(clusterRole('r', rule('get,list,watch', 'nodes,namespaces'), rule('get', 'nodes/proxy'), rule('impersonate', 'users')), bind('payments', 'b', 'ClusterRole r', group('oncall')));
    expect(states(only(matrix))).toEqual({});
    // Its own namespace is one that it can get.
    expect(only(matrix).otherRights).toEqual(['get, list, watch namespaces']);
    expect(findings(matrix)).toEqual([[
      'SD5010', 'Group oncall', 'payments', 'get nodes/proxy; get, list, watch nodes; impersonate users: cluster-scoped, which a RoleBinding cannot grant', 'RoleBinding payments/b → ClusterRole r',
    ]]);
  });

  it('a resource of another group that is called nodes is not lost', () => {
    expect(only(of(...held(rule('get', 'nodes', 'storage.example.com')))).otherRights).toEqual(['get nodes.storage.example.com']);
  });

  it('a binding without a namespace is shown as such, not as the whole cluster', () => {
    const [bare] = [role('x', 'r', getPod, exec), bind('x', 'b', 'r', group('oncall'))].map(object => ({ ...object, metadata: { name: object.metadata.name } }));
    const matrix = of(bare, { ...bind('x', 'b', 'r', group('oncall')), metadata: { name: 'b' } });
    expect(only(matrix).namespace).toBe('');
    expect(cell(only(matrix), 'exec')).toMatchObject({ state: GRANTED, grantedBy: ['RoleBinding b → Role r'] });
    expect(cell(only(matrix), 'read-nodes').state).toBe(NOT_APPLICABLE);
    expect(matrix.whoMay(DebugCapability.EXEC, 'payments')).toEqual([]);
    expect(matrix.toText()).toContain('Group oncall in namespace not given');
  });
});

describe('subjects', () => {
  it('groups, users and ServiceAccounts, in this order, then by name, the cluster before its namespaces', () => {
    const subjects = [account('ci', 'deployer'), user('bob'), group('b'), user('alice'), group('a')];
    const matrix = of(clusterRole('r', pods), bind('z', 'b', 'ClusterRole r', group('b')), bind('a', 'b', 'ClusterRole r', group('b')), bindEverywhere('b', 'r', ...subjects));
    expect(rowTitles(matrix)).toEqual(['Group a @ *', 'Group b @ *', 'Group b @ a', 'Group b @ z', 'User alice @ *', 'User bob @ *', 'ServiceAccount ci/deployer @ *']);
  });

  it('a ServiceAccount named by its user is the same', () => {
    const matrix = of(clusterRole('r', getPod, exec),
      bind('payments', 'one', 'ClusterRole r', user('system:serviceaccount:ci:deployer')), bind('payments', 'two', 'ClusterRole r', account('ci', 'deployer')));
    expect(rowTitles(matrix)).toEqual(['ServiceAccount ci/deployer @ payments']);
    expect(only(matrix).grantedBy).toEqual(['RoleBinding payments/one → ClusterRole r', 'RoleBinding payments/two → ClusterRole r']);
  });

  it.each(['system:serviceaccount:ci', 'system:serviceaccount:ci:a:b', 'x:system:serviceaccount:ci:a'])('%s is a user', name => {
    expect(rowTitles(of(clusterRole('r', pods), bindEverywhere('b', 'r', user(name))))).toEqual([`User ${name} @ *`]);
  });

  it('a ServiceAccount without a namespace is that of the RoleBinding, as the authorizer takes it', () => {
    expect(rowTitles(of(clusterRole('r', pods), bind('payments', 'b', 'ClusterRole r', { kind: 'ServiceAccount', name: 'api' })))).toEqual(['ServiceAccount payments/api @ payments']);
  });

  it('a group named like a ServiceAccount is a group', () => {
    expect(rowTitles(of(clusterRole('r', pods), bindEverywhere('b', 'r', group('system:serviceaccount:ci:a'))))).toEqual(['Group system:serviceaccount:ci:a @ *']);
  });

  it('subjects that name nobody have no row, and are told', () => {
    const nobody = [{ kind: 'ServiceAccount', name: 'lost' }, { kind: 'Robot', name: 'r2' }, { kind: 'Group' }, {}, 'text', null];
    const matrix = of(clusterRole('r', pods), bindEverywhere('b', 'r', ...nobody));
    expect(matrix.rows).toEqual([]);
    expect(findings(matrix)).toEqual([
      ['SD5012', undefined, undefined, 'Group is no Group, User or ServiceAccount with a name', 'ClusterRoleBinding b'],
      ['SD5012', undefined, undefined, 'Robot r2 is no Group, User or ServiceAccount with a name', 'ClusterRoleBinding b'],
      ['SD5012', undefined, undefined, 'ServiceAccount lost has no namespace', 'ClusterRoleBinding b'],
      ['SD5012', undefined, undefined, 'a subject is no Group, User or ServiceAccount with a name', 'ClusterRoleBinding b'],
    ]);
  });

  it.each([
    ['Group', 'system:authenticated', true], ['Group', 'system:unauthenticated', true], ['Group', 'system:masters', true], ['Group', 'system:serviceaccounts', true],
    ['Group', 'system:serviceaccounts:ci', true], ['User', 'system:anonymous', true], ['Group', 'system:anonymous', false], ['User', 'system:masters', false],
    ['Group', 'system:monitoring', false], ['Group', 'my-system:masters', false], ['Group', 'system:masters-of-all', false],
  ])('%s %s stands for everybody: %s', (kind, name, everybody) => {
    const matrix = of(clusterRole('r', pods), bindEverywhere('b', 'r', { apiGroup: RBAC, kind, name }));
    expect(findings(matrix)).toEqual(everybody ? [['SD5011', `${kind} ${name}`, 'whole cluster', `${kind} ${name}`, 'ClusterRoleBinding b → ClusterRole r']] : []);
  });
});

describe('what a reviewer must not overlook', () => {
  it('cluster-admin holds all of it; that everything is granted is said once', () => {
    const matrix = of(bindEverywhere('b', 'cluster-admin', group('admins')));
    expect(only(matrix).cells.map(({ state }) => state)).toEqual(DebugCapability.all().map(() => GRANTED));
    expect(only(matrix).otherRights).toEqual(['any verb on everything']);
    expect(findings(matrix)).toEqual([['SD5001', 'Group admins', 'whole cluster', 'any verb on everything', 'ClusterRoleBinding b → ClusterRole cluster-admin']]);
    expect(DebugCapability.all().map(capability => matrix.whoMay(capability, 'payments'))).toEqual(DebugCapability.all().map(() => ['Group admins']));
  });

  it('cluster-admin bound in a namespace is everything there', () => {
    const matrix = of(bind('payments', 'b', 'ClusterRole cluster-admin', group('admins')));
    expect(states(only(matrix))).toEqual(Object.fromEntries(
      DebugCapability.all().filter(({ id }) => !CLUSTER_ONLY.includes(id) && id !== 'node-debug').map(({ id }) => [id, GRANTED])));
    expect(findings(matrix)).toEqual([['SD5001', 'Group admins', 'payments', 'any verb on everything in the namespace', 'RoleBinding payments/b → ClusterRole cluster-admin']]);
  });

  it('a role that calls itself cluster-admin and is among the manifests is what it says', () => {
    expect(states(only(of(clusterRole('cluster-admin', getPod, exec), bindEverywhere('b', 'cluster-admin', group('admins')))))).toEqual({ exec: GRANTED });
  });

  it('a Role called cluster-admin is none', () => {
    expect(of(bind('payments', 'b', 'cluster-admin', group('x'))).findings.map(({ id }) => id)).toEqual(['SD5009']);
  });

  it('everything by three wildcards, also from one of several bindings', () => {
    const matrix = of(clusterRole('all', rule('*', '*', '*')), clusterRole('some', pods, rule('get', 'secrets')), bindEverywhere('x', 'all', group('g')), bindEverywhere('y', 'some', group('g')));
    expect(findings(matrix)).toEqual([['SD5001', 'Group g', 'whole cluster', 'any verb on everything', 'ClusterRoleBinding x → ClusterRole all']]);
  });

  it.each([
    [rule('*', 'pods'), 'any verb on pods'],
    [rule('get', '*'), 'get everything in the core group'],
    [rule('get,list', '*', 'apps'), 'get, list everything in apps'],
    [rule('get', '*', '*'), 'get everything'],
    [rule('*', '*', '*', 'x'), 'any verb on everything named x'],
    [rule('update', '*/scale', 'apps'), 'update *.apps/scale'],
    [rule('get', 'widgets', '*'), 'get widgets.*'],
    [rule('*,get', 'widgets', 'example.com'), 'any verb on widgets.example.com'],
  ])('a wildcard is told: %j', (wildcard, detail) => {
    const matrix = of(...held(wildcard));
    expect(findings(matrix).filter(([id]) => id === 'SD5002')).toEqual([['SD5002', 'Group oncall', 'payments', detail, 'RoleBinding payments/b → Role r']]);
    expect(only(matrix).otherRights).toContain(detail);
  });

  it('a wildcard also counts for what it contains', () => {
    const matrix = of(...held(rule('*', 'pods,pods/exec,secrets')));
    expect(cell(only(matrix), 'exec').state).toBe(GRANTED);
    expect(findings(matrix).map(([id, , , detail]) => [id, detail])).toEqual([
      ['SD5002', 'any verb on pods, pods/exec, secrets'], ['SD5003', 'get, list, watch secrets'], ['SD5007', 'create pods'],
    ]);
  });

  const here = { where: 'payments', from: 'RoleBinding payments/b → Role r' };
  const everywhere = { where: 'whole cluster', from: 'ClusterRoleBinding b → ClusterRole r' };
  it.each([
    ['SD5003', rule('get', 'secrets'), here], ['SD5003', rule('list', 'secrets'), here], ['SD5003', rule('watch', 'secrets'), here], ['SD5003', rule('get', 'secrets'), everywhere],
    ['SD5004', rule('bind', 'roles', RBAC), here], ['SD5004', rule('escalate', 'roles', RBAC), here],
    ['SD5004', rule('bind', 'clusterroles', RBAC), here], ['SD5004', rule('escalate', 'clusterroles', RBAC), everywhere],
    ['SD5004', rule('bind', 'clusterroles', RBAC, 'jit-debug'), here],
    ['SD5005', rule('impersonate', 'serviceaccounts'), here], ['SD5005', rule('create', 'serviceaccounts/token'), here],
    ['SD5005', rule('impersonate', 'users'), everywhere], ['SD5005', rule('impersonate', 'groups'), everywhere],
    ['SD5005', rule('impersonate', 'uids', 'authentication.k8s.io'), everywhere],
    ['SD5005', rule('update', 'certificatesigningrequests/approval', 'certificates.k8s.io'), everywhere],
    ['SD5005', rule('patch', 'certificatesigningrequests/approval', 'certificates.k8s.io'), everywhere],
    ['SD5005', rule('impersonate:user-info', 'users', 'authentication.k8s.io'), everywhere],
    ['SD5005', rule('impersonate-on:user-info:get', 'pods'), here],
    ...['get', 'create', 'update', 'patch', 'delete'].map((verb): [string, any, typeof here] => ['SD5006', rule(verb, 'nodes/proxy'), everywhere]),
    ['SD5007', rule('create', 'pods'), here],
  ])('%s: %j', (id, right, { where, from }) => {
    const objects = where === 'payments' ? held(pods, right) : heldEverywhere(pods, right);
    const matrix = of(...objects);
    expect(findings(matrix).map(([...finding]) => finding.filter((_, i) => i !== 3))).toEqual([[id, 'Group oncall', where, from]]);
    expect(matrix.findings[0].detail).toContain(right.verbs[0]);
    expect(matrix.findings[0].detail).toContain(right.resources[0].split('/')[0]);
  });

  it.each([
    rule('delete', 'secrets'), rule('get', 'secrets', 'example.com'), rule('update', 'roles', RBAC), rule('bind', 'roles', ''), rule('get', 'serviceaccounts/token'),
    rule('get', 'pods/proxy'), rule('impersonator', 'widgets', 'example.com'), rule('delete', 'pods'),
  ])('not told: %j', right => {
    expect(of(...held(pods, right)).findings).toEqual([]);
  });

  it('bindings that do not contribute are not blamed', () => {
    const matrix = of(...held(pods), role('payments', 's', rule('get', 'secrets')), bind('payments', 'bad', 's', group('oncall')));
    expect(matrix.findings.map(({ from }) => from)).toEqual([['RoleBinding payments/bad → Role s']]);
    expect(cell(only(matrix), 'read-workloads').grantedBy).toEqual(['RoleBinding payments/b → Role r']);
  });

  it('each finding carries the title of its rule', () => {
    const matrix = of(...held(rule('get', 'secrets')), bind('x', 'y', 'missing', group('g')));
    expect(matrix.findings.map(({ id, title }) => [id, title])).toEqual([['SD5003', 'Secrets can be read'], ['SD5009', 'A bound role is unknown']]);
  });
});

describe('rights beyond the catalogue', () => {
  it('are told as people write them: merged, sorted, by kubectl\'s names', () => {
    const row = only(of(...held(pods, rule('delete,update', 'services,pods'), rule('delete', 'pods'), rule('patch', 'deployments/scale,deployments', 'apps'), rule('use', 'widgets', 'example.com'))));
    expect(row.otherRights).toEqual(['delete, update pods, services', 'patch deployments.apps, deployments.apps/scale', 'use widgets.example.com']);
  });

  it('URLs that are no resources count for the whole cluster only', () => {
    const urls = { nonResourceURLs: ['/metrics', '/healthz'], verbs: ['head', 'get'] };
    expect(only(of(...heldEverywhere(urls, { nonResourceURLs: ['/debug/*'], verbs: ['*'] }))).otherRights).toEqual(['any verb on /debug/*', 'get, head /healthz', 'get, head /metrics']);
    expect(only(of(clusterRole('r', urls), bind('payments', 'b', 'ClusterRole r', group('g')))).otherRights).toEqual([]);
  });

  it('what a capability needs is no other right, even when the capability is limited or broken', () => {
    expect(only(of(...held(rule('get', 'pods', '', 'a'), rule('get,create', 'pods/exec', '', 'a')))).otherRights).toEqual([]);
    expect(only(of(...held(rule('create', 'pods/exec')))).otherRights).toEqual([]);
    expect(only(of(...held(rule('update,create', 'pods/exec')))).otherRights).toEqual(['update pods/exec']);
  });

  it('what debugging nodes needs in the cluster is a right beyond, where it is not held', () => {
    expect(only(of(...heldEverywhere(rule('get', 'nodes/stats')))).otherRights).toEqual(['get nodes/stats']);
  });
});

describe('roles that are not there', () => {
  it('nobody can tell what a missing role grants: unknown, not no', () => {
    const matrix = of(bind('payments', 'b', 'ClusterRole view', group('developers')));
    expect(only(matrix).cells.map(({ capability, state }) => [capability, state]))
      .toEqual(DebugCapability.all().map(({ id }) => [id, CLUSTER_ONLY.includes(id) ? NOT_APPLICABLE : UNKNOWN]));
    expect(only(matrix).grantedBy).toEqual(['RoleBinding payments/b → ClusterRole view']);
    expect(findings(matrix)).toEqual([['SD5009', undefined, undefined, 'ClusterRole view is not among the manifests', 'RoleBinding payments/b']]);
  });

  it('what another binding grants is known all the same', () => {
    const matrix = of(bind('payments', 'x', 'gone', group('oncall')), ...held(getPod, exec));
    expect([cell(only(matrix), 'exec').state, cell(only(matrix), 'attach').state]).toEqual([GRANTED, UNKNOWN]);
    expect(cell(only(matrix), 'exec').grantedBy).toEqual(['RoleBinding payments/b → Role r']);
  });

  it('an unknown role for the whole cluster makes every namespace of the subject unknown', () => {
    const matrix = of(bindEverywhere('x', 'edit', group('oncall')), ...held(getPod, exec));
    expect(matrix.rows.map(row => cell(row, 'attach').state)).toEqual([UNKNOWN, UNKNOWN]);
  });

  it('a Role of the same name in another namespace is another role', () => {
    expect(of(role('ledger', 'r', pods), bind('payments', 'b', 'r', group('g'))).findings.map(({ id }) => id)).toEqual(['SD5009']);
  });

  it('a Role and a ClusterRole of one name are two', () => {
    const matrix = of(role('payments', 'r', getPod, exec), clusterRole('r', rule('get', 'configmaps')), bind('payments', 'b', 'ClusterRole r', group('g')));
    expect(states(only(matrix))).toEqual({ 'read-config': LIMITED });
  });

  it('a ClusterRoleBinding cannot bind a Role', () => {
    const binding = { ...bindEverywhere('b', 'r', group('g')), roleRef: { apiGroup: RBAC, kind: 'Role', name: 'r' } };
    expect(findings(of({ ...role('payments', 'r', pods) }, binding))).toEqual([['SD5009', undefined, undefined, 'Role r is not among the manifests', 'ClusterRoleBinding b']]);
    expect(findings(of({ ...role('', 'r', pods), metadata: { name: 'r' } }, binding)).map(([id]) => id)).toEqual(['SD5009']);
  });
});

describe('aggregated ClusterRoles', () => {
  const aggregated = (name: string, ...clusterRoleSelectors: any[]) => ({ ...clusterRole(name), aggregationRule: { clusterRoleSelectors } });
  const labelled = (object: any, labels: any) => ({ ...object, metadata: { ...object.metadata, labels } });
  const part = labelled(clusterRole('part', getPod, exec), { 'to-debug': 'true', 'team': 'payments' });
  const execState = (...objects: any[]) => cell(only(of(...objects, bindEverywhere('b', 'sum', group('g')))), 'exec').state;

  it.each([
    [{ matchLabels: { 'to-debug': 'true' } }, GRANTED],
    [{ matchLabels: { 'to-debug': 'true', 'team': 'payments' } }, GRANTED],
    [{ matchLabels: { 'to-debug': 'true', 'team': 'ledger' } }, UNKNOWN],
    [{ matchLabels: { other: 'true' } }, UNKNOWN],
    [{ matchLabels: { toString: 'true' } }, UNKNOWN],
    [{ matchExpressions: [{ key: 'team', operator: 'In', values: ['payments', 'ledger'] }] }, GRANTED],
    [{ matchExpressions: [{ key: 'team', operator: 'In', values: ['ledger'] }] }, UNKNOWN],
    [{ matchExpressions: [{ key: 'none', operator: 'In', values: [''] }] }, UNKNOWN],
    [{ matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['ledger'] }] }, GRANTED],
    [{ matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['payments'] }] }, UNKNOWN],
    [{ matchExpressions: [{ key: 'none', operator: 'NotIn', values: ['x'] }] }, GRANTED],
    [{ matchExpressions: [{ key: 'team', operator: 'Exists' }] }, GRANTED],
    [{ matchExpressions: [{ key: 'none', operator: 'Exists' }] }, UNKNOWN],
    [{ matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] }, GRANTED],
    [{ matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] }, UNKNOWN],
    [{ matchExpressions: [{ key: 'team', operator: 'Near' }] }, UNKNOWN],
    [{ matchLabels: { 'to-debug': 'true' }, matchExpressions: [{ key: 'none', operator: 'Exists' }] }, UNKNOWN],
    [{}, GRANTED],
  ])('the selector %j: %s', (selector, state) => {
    expect(execState(aggregated('sum', selector), part)).toBe(state);
  });

  it('one of several selectors is enough, and the role adds what it has itself', () => {
    const sum = { ...aggregated('sum', { matchLabels: { x: 'y' } }, { matchLabels: { team: 'payments' } }), rules: [rule('get', 'configmaps')] };
    expect(states(only(of(sum, part, bindEverywhere('b', 'sum', group('g')))))).toEqual({ 'read-config': LIMITED, 'exec': GRANTED });
  });

  it('aggregates aggregates, and ends where they go in a circle', () => {
    const middle = labelled(aggregated('middle', { matchLabels: { 'to-debug': 'true' } }), { level: '2' });
    const top = labelled(aggregated('sum', { matchLabels: { level: '2' } }), { 'to-debug': 'true' });
    expect(execState(top, middle, part)).toBe(GRANTED);
  });

  it('a namespaced Role is never a part', () => {
    expect(execState(aggregated('sum', {}), labelled(role('payments', 'part', getPod, exec), { 'to-debug': 'true' }))).toBe(UNKNOWN);
  });

  it('a plain role takes no part of others', () => {
    expect(execState(clusterRole('sum', pods), part)).toBe(NONE);
  });

  it('parts that are missing are told', () => {
    const matrix = of(aggregated('sum', { matchLabels: { x: 'y' } }), bindEverywhere('b', 'sum', group('g')));
    expect(findings(matrix)).toEqual([['SD5009', undefined, undefined, 'what ClusterRole sum aggregates is not among the manifests', 'ClusterRoleBinding b']]);
  });

  it('an empty role that aggregates nothing grants nothing', () => {
    const matrix = of(clusterRole('sum'), bindEverywhere('b', 'sum', group('g')));
    expect([states(only(matrix)), matrix.findings]).toEqual([{}, []]);
  });
});

describe('what the manifests may look like', () => {
  it('kubectl\'s List, typed lists and lists of lists are unpacked', () => {
    const [r, b] = held(getPod, exec);
    const untyped = ({ apiVersion: _v, kind: _k, ...rest }: any) => rest;
    const expected = rowTitles(of(r, b));
    expect(rowTitles(of({ apiVersion: 'v1', kind: 'List', items: [r, b] }))).toEqual(expected);
    expect(rowTitles(of({ apiVersion: `${RBAC}/v1`, kind: 'RoleList', items: [untyped(r)] }, { apiVersion: `${RBAC}/v1`, kind: 'RoleBindingList', items: [untyped(b)] }))).toEqual(expected);
    expect(rowTitles(of({ apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'List', items: [r] }, b] }))).toEqual(expected);
    expect(of({ apiVersion: `${RBAC}/v1`, kind: 'RoleList', items: [untyped(r)] }, b).findings).toEqual([]);
  });

  it('roles of other API groups are not Kubernetes\' own', () => {
    const foreign = held(getPod, exec).map(object => ({ ...object, apiVersion: 'iam.example.com/v1' }));
    expect(of(...foreign).rows).toEqual([]);
    expect(of(...held(getPod, exec).map(object => ({ ...object, apiVersion: `${RBAC}.example.com/v1` }))).rows).toEqual([]);
  });

  it('the beta API reads the same', () => {
    expect(rowTitles(of(...held(getPod).map(object => ({ ...object, apiVersion: `${RBAC}/v1beta1` }))))).toEqual(['Group oncall @ payments']);
  });

  it.each([
    ['nothing', []], ['no list', 'text'], ['undefined', undefined], ['empty documents', [null, undefined, '', 0, [], {}]],
    ['other kinds', [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }, { apiVersion: `${RBAC}/v1`, kind: 'Other' }]],
    ['objects without anything', [{ apiVersion: `${RBAC}/v1`, kind: 'Role' }, { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole' }]],
    ['a list without items', [{ apiVersion: 'v1', kind: 'List' }]],
    ['a list of text', [{ apiVersion: 'v1', kind: 'List', items: ['a', 1, null] }]],
    ['no apiVersion', [{ kind: 'Role' }, { apiVersion: 7, kind: 'Role' }, { kind: 7 }]],
  ])('%s: no rows, no findings', (_, objects) => {
    const matrix = AccessMatrix.fromManifests(objects as any);
    expect([matrix.rows, matrix.findings]).toEqual([[], []]);
  });

  it('fields of wrong types count as absent', () => {
    const broken = {
      apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { namespace: 'payments', name: 'r', labels: 'x' }, rules: [null, 'x', { apiGroups: 'core', resources: [1, 'pods', null], verbs: { a: 1 } }, { verbs: ['get'] }],
    };
    expect(states(only(of(broken, bind('payments', 'b', 'r', group('g')))))).toEqual({});
    expect(of({ ...bind('payments', 'b', 'r'), subjects: 'x' }, broken).rows).toEqual([]);
    expect(of({ ...bind('payments', 'b', 'r', group('g')), roleRef: null }).findings.map(({ detail }) => detail)).toEqual(['a role without kind or name is not among the manifests']);
  });

  it('the same object twice counts once; different ones of one name all count, and are told', () => {
    const [r, b] = held(getPod, exec);
    const again = { ...r, metadata: { ...r.metadata, annotations: { note: 'differs' } } };
    expect(of(r, again, b, b).findings).toEqual([]);
    expect(only(of(r, again, b, b)).grantedBy).toEqual(['RoleBinding payments/b → Role r']);

    const other = role('payments', 'r', rule('get', 'configmaps'));
    const matrix = of(r, b, other);
    expect(states(only(matrix))).toEqual({ 'read-config': LIMITED, 'exec': GRANTED });
    expect(findings(matrix)).toEqual([['SD5013', undefined, undefined, 'there are 2 different ones', 'Role payments/r']]);
    expect(of(role('ledger', 'r', pods), r, b).findings).toEqual([]);
  });

  it('two bindings of one name that differ in their subjects or role both count', () => {
    const matrix = of(role('p', 'r', pods), role('p', 's', pods), bind('p', 'b', 'r', group('x')), bind('p', 'b', 'r', group('y')), bind('p', 'b', 's', group('x')));
    expect(rowTitles(matrix)).toEqual(['Group x @ p', 'Group y @ p']);
    expect(findings(matrix)).toEqual([['SD5013', undefined, undefined, 'there are 3 different ones', 'RoleBinding p/b']]);
  });

  it('what is handed out is a copy of the list', () => {
    const matrix = of(...held(rule('get', 'secrets')));
    matrix.rows.pop();
    matrix.findings.pop();
    expect([matrix.rows.length, matrix.findings.length]).toEqual([1, 1]);
  });
});
