import { ApiObject, App, Chart } from 'cdk8s';
import { account, bind, bindEverywhere, clusterRole, group, held, heldEverywhere, RBAC, role, rule, user } from './rbac';
import { OnCallDebugAccess, PermissionModel, PermissionScope, PermissionSubject } from '../../src';
import { refusal } from '../private/refusal';

const oncall = PermissionSubject.group('oncall');
const of = (...objects: any[]) => PermissionModel.fromManifests(objects);
const payments: PermissionScope = { namespace: 'payments' };
const texts = (paths: { text: string }[]) => paths.map(({ text }) => text);

/** `get pods`, `create pods/exec named ledger-0`, `patch deployments.apps`, as somebody in payments. */
function may(model: PermissionModel, subject: PermissionSubject, question: string, namespace: string | undefined = 'payments'): boolean {
  const [verb, what, , name] = question.split(' ');
  const [, resource, apiGroup = '', subresource = ''] = /^([^./]+)(?:\.([^/]+))?(\/.+)?$/.exec(what)!;
  return model.can(subject, verb, apiGroup, resource + subresource, { namespace, name }).allowed;
}

describe('rules allow what the authorizer of Kubernetes allows', () => {
  it.each<[string, any, string[], string[]]>([
    ['a resource', rule('get', 'pods'), ['get pods'], ['list pods', 'get pods/log', 'get pods.metrics.k8s.io', 'get secrets']],
    ['a subresource, and not what it is of', rule('get', 'pods/log'), ['get pods/log'], ['get pods', 'get pods/exec']],
    ['any resource, with every subresource', rule('get', '*'), ['get pods', 'get pods/log'], ['get deployments.apps']],
    ['a subresource of anything', rule('update', '*/scale', 'apps'), ['update deployments.apps/scale'], ['update deployments.apps', 'update jobs.batch/scale']],
    ['pods/* is no pattern', rule('get', 'pods/*'), ['get pods/*'], ['get pods/log', 'get pods']],
    ['pod* is no pattern', rule('get', 'pod*'), [], ['get pods']],
    ['any API group', rule('get', 'pods', '*'), ['get pods', 'get pods.metrics.k8s.io'], ['get nodes']],
    ['any verb', rule('*', 'pods'), ['get pods', 'bind pods', '* pods'], ['get nodes']],
    ['a verb in capitals is another verb', rule('GET', 'pods'), ['GET pods'], ['get pods']],
    ['named objects', rule('get,delete', 'pods', '', 'a,b'), ['get pods named a', 'delete pods named b'], ['get pods', 'get pods named c', 'get pods/log named a']],
    ['named objects, when a collection is asked for by one name', rule('list', 'pods', '', 'a'), ['list pods named a'], ['list pods']],
    ['creation limited to names, which no request carries', rule('create', 'pods', '', 'a'), [], ['create pods']],
    ['a subresource that is created carries the name', rule('create', 'pods/exec', '', 'a'), ['create pods/exec named a'], ['create pods/exec', 'create pods/exec named b']],
    ['an empty name is a name too', { ...rule('get', 'pods'), resourceNames: [''] }, ['get pods'], ['get pods named a']],
    ['rules without verbs, groups or resources', { apiGroups: [], resources: ['pods'], verbs: ['get'] }, [], ['get pods']],
  ])('%s', (_what, given, allowed, denied) => {
    const model = of(...held(given));
    const answers = [...allowed, ...denied].map(question => [question, may(model, oncall, question)]);
    expect(answers).toEqual([...allowed.map(question => [question, true]), ...denied.map(question => [question, false])]);
  });

  it.each<[string, string, string[], string[]]>([
    ['one', '/metrics', ['/metrics'], ['/metrics/', '/metric', '']],
    ['all below', '/logs/*', ['/logs/', '/logs/a/b'], ['/logs', '/log']],
    ['a begin', '/l*', ['/l', '/logs'], ['/metrics']],
    ['two stars are one', '/l**', ['/l', '/logs'], ['/metrics']],
    ['a star elsewhere stands for itself', '/*/x', ['/*/x'], ['/a/x']],
    ['any', '*', ['/', '', '/x'], []],
  ])('URLs: %s', (_what, url, allowed, denied) => {
    const model = of(...heldEverywhere({ verbs: ['get'], nonResourceURLs: [url] }));
    for (const path of allowed) expect([path, model.canNonResource(oncall, 'get', path).allowed]).toEqual([path, true]);
    for (const path of denied) expect([path, model.canNonResource(oncall, 'get', path).allowed]).toEqual([path, false]);
    expect(model.canNonResource(oncall, 'post', allowed[0]).allowed).toBe(false);
    expect(model.whoCanNonResource('get', allowed[0]).map(({ subject }) => subject)).toEqual(['oncall']);
  });

  it('a rule for URLs allows no resource, and one for everything no URL', () => {
    expect(may(of(...heldEverywhere({ verbs: ['*'], nonResourceURLs: ['*'] })), oncall, 'get pods')).toBe(false);
    expect(of(...heldEverywhere(rule('*', '*', '*'))).canNonResource(oncall, 'get', '/metrics').allowed).toBe(false);
    const admin = of(bindEverywhere('admins', 'cluster-admin', group('oncall')));
    expect([may(admin, oncall, 'get pods'), admin.canNonResource(oncall, 'get', '/metrics').allowed]).toEqual([true, true]);
  });
});

describe('where', () => {
  it('a RoleBinding counts in its namespace, a ClusterRoleBinding everywhere', () => {
    const here = of(...held(rule('get', 'pods,nodes')));
    expect([may(here, oncall, 'get pods'), may(here, oncall, 'get pods', 'ledger'), may(here, oncall, 'get nodes', '')]).toEqual([true, false, false]);
    const everywhere = of(...heldEverywhere(rule('get', 'pods,nodes')));
    expect([may(everywhere, oncall, 'get pods'), may(everywhere, oncall, 'get pods', 'ledger'), may(everywhere, oncall, 'get nodes', '')]).toEqual([true, true, true]);
  });

  it('a RoleBinding to a ClusterRole gives its rights in the namespace alone; a Role of another namespace is not meant', () => {
    const model = of(clusterRole('reader', rule('get', 'pods')), role('ledger', 'writer', rule('create', 'pods')),
      bind('payments', 'a', 'ClusterRole reader', group('oncall')), bind('payments', 'b', 'writer', group('oncall')));
    expect([may(model, oncall, 'get pods'), may(model, oncall, 'get pods', ''), may(model, oncall, 'create pods')]).toEqual([true, false, false]);
    expect(model.can(oncall, 'create', '', 'pods', payments).unknown).toEqual(['RoleBinding payments/b → Role payments/writer']);
    expect(model.unknownRoles).toEqual(['RoleBinding payments/b → Role payments/writer']);
  });

  it('what names no namespace is in the one that is given', () => {
    const objects = held(rule('get', 'pods')).map(object => ({ ...object, metadata: { name: object.metadata.name } }));
    expect(may(of(...objects), oncall, 'get pods', 'default')).toBe(true);
    const model = PermissionModel.fromManifests(objects, { defaultNamespace: 'payments' });
    expect([may(model, oncall, 'get pods'), may(model, oncall, 'get pods', 'default')]).toEqual([true, false]);
  });
});

describe('who', () => {
  const bound = (...subjects: any[]) => of(role('payments', 'r', rule('get', 'pods')), bind('payments', 'b', 'r', ...subjects));
  const alice = PermissionSubject.user('alice', ['oncall', 'sre']);
  const api = PermissionSubject.serviceAccount('payments', 'api');

  it.each<[string, any, PermissionSubject, boolean]>([
    ['by name', user('alice'), alice, true],
    ['by another name', user('Alice'), alice, false],
    ['by a group', group('sre'), alice, true],
    ['a group of the name of a user is something else', group('alice'), alice, false],
    ['everybody who is logged in', group('system:authenticated'), alice, true],
    ['everybody who is not', group('system:unauthenticated'), alice, false],
    ['nobody who logs in is anonymous', user('system:anonymous'), alice, false],
    ['anonymous by name', user('system:anonymous'), PermissionSubject.user('system:anonymous'), true],
    ['anonymous is not authenticated', group('system:authenticated'), PermissionSubject.user('system:anonymous'), false],
    ['anonymous is unauthenticated', group('system:unauthenticated'), PermissionSubject.user('system:anonymous'), true],
    ['a star is no pattern', user('*'), alice, false],
    ['a ServiceAccount', account('payments', 'api'), api, true],
    ['a ServiceAccount of another namespace', account('ledger', 'api'), api, false],
    ['a ServiceAccount by the user it acts as', user('system:serviceaccount:payments:api'), api, true],
    ['that user, bound as a ServiceAccount', account('payments', 'api'), PermissionSubject.user('system:serviceaccount:payments:api'), true],
    ['a ServiceAccount without a namespace is of that of the RoleBinding', { kind: 'ServiceAccount', name: 'api' }, api, true],
    ['all ServiceAccounts', group('system:serviceaccounts'), api, true],
    ['those of the namespace', group('system:serviceaccounts:payments'), api, true],
    ['those of another namespace', group('system:serviceaccounts:ledger'), api, false],
    ['ServiceAccounts are authenticated', group('system:authenticated'), api, true],
    ['a group of which nothing else is known', group('oncall'), oncall, true],
    ['a member of the group is authenticated', group('system:authenticated'), oncall, true],
    ['another kind', { kind: 'Robot', name: 'alice' }, alice, false],
    ['without a name', { kind: 'User', name: '' }, alice, false],
  ])('%s', (_what, subject, asking, allowed) => {
    expect(may(bound(subject), asking, 'get pods')).toBe(allowed);
  });

  it('system:masters passes every check, by no role', () => {
    const verdict = of().can(PermissionSubject.user('root', ['system:masters']), 'delete', '', 'nodes');
    expect(verdict).toEqual({ allowed: true, paths: [], unknown: [] });
  });

  it('in a ClusterRoleBinding, a ServiceAccount without a namespace is nobody', () => {
    const model = of(clusterRole('r', rule('get', 'pods')), bindEverywhere('b', 'r', { kind: 'ServiceAccount', name: 'api' }));
    expect(model.subjects).toEqual([]);
  });

  it('a subject without a name is refused', () => {
    expect(refusal(() => PermissionSubject.user(''))).toBe('PermissionSubject: name = "" is empty. Fix: give the name as the API server sees it, e.g. "alice@example.com".');
    expect(refusal(() => PermissionSubject.serviceAccount('', 'api'))).toContain('namespace = "" is empty');
    expect(refusal(() => PermissionSubject.group(''))).toContain('name = "" is empty');
  });
});

describe('aggregated ClusterRoles', () => {
  const sum = (name: string, labels: object, rules: any[], ...clusterRoleSelectors: any[]) =>
    ({ apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name, labels }, aggregationRule: { clusterRoleSelectors }, rules });
  const part = (name: string, labels: object, ...rules: any[]) => ({ ...clusterRole(name, ...rules), metadata: { name, labels } });
  const toEdit = { matchLabels: { 'to-edit': 'true' } };
  const bound = bindEverywhere('b', 'sum', group('oncall'));
  const path = (from: string, text: string) => `Group oncall by ClusterRoleBinding b → ClusterRole sum${from && `, which aggregates ClusterRole ${from}`}: ${text}`;

  it('gets the rules of those it selects, and the path says of which', () => {
    const model = of(sum('sum', {}, [], toEdit), part('exec', { 'to-edit': 'true' }, rule('create', 'pods/exec')), part('other', { 'to-edit': 'false' }, rule('get', 'secrets')), bound);
    const verdict = model.can(oncall, 'create', '', 'pods/exec', payments);
    expect(texts(verdict.paths)).toEqual([path('exec', 'create pods/exec')]);
    expect(verdict.paths[0]).toMatchObject({ role: 'ClusterRole sum', aggregatedFrom: 'ClusterRole exec', binding: 'ClusterRoleBinding b', subject: 'Group oncall' });
    expect(may(model, oncall, 'get secrets')).toBe(false);
  });

  it('what stands in it is overwritten by the controller, so it counts for nothing', () => {
    const model = of(sum('sum', {}, [rule('get', 'secrets')], toEdit), part('exec', { 'to-edit': 'true' }, rule('create', 'pods/exec')), bound);
    expect([may(model, oncall, 'create pods/exec'), may(model, oncall, 'get secrets')]).toEqual([true, false]);
  });

  it('where it aggregates nothing, or roles without rules, the controller leaves alone what stands in it', () => {
    expect(may(of(sum('sum', {}, [rule('get', 'secrets')], toEdit), bound), oncall, 'get secrets')).toBe(true);
    expect(may(of(sum('sum', {}, [rule('get', 'secrets')], toEdit), part('empty', { 'to-edit': 'true' }), bound), oncall, 'get secrets')).toBe(true);
  });

  it('a part that comes by two ways counts once, and does not bring back what was overwritten', () => {
    const model = of(
      sum('sum', {}, [], { matchLabels: { level: 'x' } }), sum('left', { level: 'x' }, [rule('get', 'secrets')], toEdit), sum('right', { level: 'x' }, [rule('get', 'secrets')], toEdit),
      part('exec', { 'to-edit': 'true' }, rule('create', 'pods/exec')), bound,
    );
    expect(texts(model.rightsOf(oncall))).toEqual([path('exec', 'create pods/exec')]);
  });

  it('what was read from a cluster is the sum already, also when its parts are missing', () => {
    const live = sum('sum', {}, [rule('get', 'secrets'), rule('create', 'pods/exec')], toEdit);
    const model = of({ ...live, metadata: { ...live.metadata, uid: '5c0' } }, part('exec', { 'to-edit': 'true' }, rule('create', 'pods/exec')), bound);
    expect(texts(model.rightsOf(oncall))).toEqual([path('exec', 'create pods/exec'), path('', 'get secrets')].sort());
  });

  it('those that it aggregates may aggregate others', () => {
    const model = of(sum('sum', {}, [], toEdit), sum('middle', { 'to-edit': 'true' }, [rule('get', 'nodes')], { matchLabels: { low: 'x' } }), part('low', { low: 'x' }, rule('get', 'pods')), bound);
    expect(texts(model.rightsOf(oncall))).toEqual([path('low', 'get pods')]);
  });

  it('a circle ends, and what stands in it counts, for it depends on the past what is left', () => {
    const model = of(sum('sum', { b: 'x' }, [rule('get', 'pods')], { matchLabels: { a: 'x' } }), sum('other', { a: 'x' }, [rule('get', 'nodes')], { matchLabels: { b: 'x' } }), bound);
    expect([may(model, oncall, 'get pods'), may(model, oncall, 'get nodes')]).toEqual([true, true]);
  });

  it.each<[string, any, object, boolean]>([
    ['an empty selector takes all', {}, {}, true],
    ['a label of another value', { matchLabels: { a: '1' } }, { a: '2' }, false],
    ['labels and expressions have to match both', { matchLabels: { a: '1' }, matchExpressions: [{ key: 'b', operator: 'Exists' }] }, { a: '1' }, false],
    ['In', { matchExpressions: [{ key: 'a', operator: 'In', values: ['1', '2'] }] }, { a: '2' }, true],
    ['In, without the label', { matchExpressions: [{ key: 'a', operator: 'In', values: ['1'] }] }, {}, false],
    ['NotIn', { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] }, { a: '1' }, false],
    ['NotIn takes those without the label too', { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] }, {}, true],
    ['Exists', { matchExpressions: [{ key: 'a', operator: 'Exists' }] }, { a: '' }, true],
    ['DoesNotExist', { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, { a: '1' }, false],
    ['an operator that there is not', { matchExpressions: [{ key: 'a', operator: 'Like' }] }, { a: '1' }, false],
    ['a label by the name of something that every object has', { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {}, false],
  ])('selects: %s', (_what, selector, labels, selected) => {
    expect(may(of(sum('sum', {}, [], selector), part('part', labels, rule('get', 'pods')), bound), oncall, 'get pods')).toBe(selected);
  });
});

describe('enumerations', () => {
  const model = of(
    role('payments', 'debug', rule('get,create', 'pods/exec'), rule('get', 'pods')), bind('payments', 'debug', 'debug', group('oncall'), account('ci', 'deployer')),
    clusterRole('reader', rule('get,list', 'pods'), { verbs: ['get'], nonResourceURLs: ['/metrics'] }), bindEverywhere('reader', 'reader', user('alice'), group('oncall')),
    role('payments', 'named', rule('create', 'pods/exec', '', 'ledger-0')), bind('payments', 'named', 'named', user('bob')),
  );

  it('who can is everybody that a binding names, groups first, with every path', () => {
    const holders = model.whoCan('get', '', 'pods', payments);
    expect(holders.map(({ subjectKind, subject, paths }) => [`${subjectKind} ${subject}`, paths.map(({ binding }) => binding)])).toEqual([
      ['Group oncall', ['ClusterRoleBinding reader', 'RoleBinding payments/debug']],
      ['User alice', ['ClusterRoleBinding reader']],
      ['ServiceAccount ci/deployer', ['RoleBinding payments/debug']],
    ]);
    expect(model.whoCan('get', '', 'pods').map(({ subject }) => subject)).toEqual(['oncall', 'alice']);
    expect(model.whoCan('create', '', 'pods/exec', payments).map(({ subject }) => subject)).toEqual(['oncall', 'ci/deployer']);
    expect(model.whoCan('create', '', 'pods/exec', { ...payments, name: 'ledger-0' }).map(({ subject }) => subject)).toEqual(['oncall', 'bob', 'ci/deployer']);
    expect(model.whoCan('delete', '', 'nodes')).toEqual([]);
  });

  it('who can anywhere is everybody in every namespace, and the paths say where', () => {
    const holders = model.whoCanAnywhere('get', '', 'pods');
    expect(holders.map(({ subject, paths }) => [subject, paths.map(({ namespace }) => namespace)])).toEqual([
      ['oncall', [undefined, 'payments']], ['alice', [undefined]], ['ci/deployer', ['payments']],
    ]);
    expect(model.whoCanAnywhere('create', '', 'pods/exec').map(({ subject }) => subject)).toEqual(['oncall', 'ci/deployer']);
  });

  it('the rights of somebody are those of their name and of their groups, the whole cluster first', () => {
    expect(texts(model.rightsOf(PermissionSubject.user('alice', ['oncall'])))).toEqual([
      'Group oncall by ClusterRoleBinding reader → ClusterRole reader: get /metrics',
      'Group oncall by ClusterRoleBinding reader → ClusterRole reader: get, list pods',
      'User alice by ClusterRoleBinding reader → ClusterRole reader: get /metrics',
      'User alice by ClusterRoleBinding reader → ClusterRole reader: get, list pods',
      'Group oncall by RoleBinding payments/debug → Role payments/debug: create, get pods/exec',
      'Group oncall by RoleBinding payments/debug → Role payments/debug: get pods',
    ]);
    expect(model.rightsOf(PermissionSubject.user('nobody'))).toEqual([]);
  });

  it('everybody who is bound, groups first', () => {
    expect(model.subjects.map(String)).toEqual(['Group oncall', 'User alice', 'User bob', 'ServiceAccount ci/deployer']);
    expect(model.subjects[3].userName).toBe('system:serviceaccount:ci:deployer');
  });

  it('what is handed out is a copy', () => {
    model.rightsOf(oncall).forEach(({ rule: { verbs } }) => verbs.push('*'));
    expect(may(model, oncall, 'delete pods')).toBe(false);
  });
});

describe('what manifests may hold', () => {
  it('lists are unpacked, other kinds and nonsense passed over, and two versions of one object both count', () => {
    const [r, b] = held(rule('get', 'pods'));
    const model = PermissionModel.fromManifests([
      { apiVersion: 'v1', kind: 'List', items: [r] }, { apiVersion: `${RBAC}/v1`, kind: 'RoleBindingList', items: [{ ...b, kind: undefined, apiVersion: undefined }].map(item => JSON.parse(JSON.stringify(item))) },
      { ...r, rules: [rule('get', 'secrets')] }, { ...r, apiVersion: 'other/v1', rules: [rule('*', '*', '*')] }, null, 'text', 7, { kind: 'Role' }, { kind: 'RoleBinding', apiVersion: `${RBAC}/v1`, subjects: 'x', roleRef: 3 },
    ] as any);
    expect([may(model, oncall, 'get pods'), may(model, oncall, 'get secrets'), may(model, oncall, 'delete pods')]).toEqual([true, true, false]);
  });

  it('the constructs of a chart are read as they will be emitted', () => {
    const chart = new Chart(new App(), 'test');
    new OnCallDebugAccess(chart, 'oncall', { namespace: 'payments', group: 'oncall' });
    new ApiObject(chart, 'other', { apiVersion: 'v1', kind: 'ConfigMap' });
    const model = PermissionModel.of(chart);
    expect([may(model, oncall, 'create pods/exec'), may(model, oncall, 'create pods'), may(model, oncall, 'create pods/exec', 'ledger')]).toEqual([true, false, false]);
  });
});
