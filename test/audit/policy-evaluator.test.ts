import { AuditPolicyEvaluator, AuditRequest } from '../../src';
import { refusal } from '../private/refusal';

const manifest = (rule: object, more: object = {}) => ({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [rule], ...more });
const of = (rule: object, more?: object) => AuditPolicyEvaluator.fromManifest(manifest(rule, more));
const decides = (rule: object, request: AuditRequest) => of({ level: 'Metadata', ...rule }).evaluate(request).ruleIndex === 0;
const core = (...resources: string[]) => ({ resources: [{ group: '', resources }] });

const EXEC = { user: 'alice', groups: ['oncall-payments', 'system:authenticated'], verb: 'get', resource: 'pods', subresource: 'exec', name: 'ledger-0', namespace: 'payments' };
const LIST = { user: 'alice', groups: [], verb: 'list', apiGroup: 'apps', resource: 'deployments' };
const HEALTH = { user: 'alice', groups: [], verb: 'get', path: '/healthz/etcd' };

describe('a rule decides when all of its fields match', () => {
  it.each<[string, object, AuditRequest, boolean]>([
    ['a rule without limits: a resource', {}, EXEC, true],
    ['a rule without limits: a path', {}, HEALTH, true],
    ['empty lists are no limits', { users: [], userGroups: [], verbs: [], resources: [], namespaces: [], nonResourceURLs: [] }, EXEC, true],
    ['null lists are no limits', { users: null, verbs: null, resources: null, nonResourceURLs: null }, HEALTH, true],
    ['the user', { users: ['bob', 'alice'] }, EXEC, true],
    ['another user', { users: ['bob'] }, EXEC, false],
    ['the user in other case', { users: ['Alice'] }, EXEC, false],
    ['nobody authenticated, any user', {}, { verb: 'get', resource: 'pods' }, true],
    ['nobody authenticated, users limited', { users: [''] }, { verb: 'get', resource: 'pods' }, false],
    ['nobody authenticated, groups limited', { userGroups: ['system:unauthenticated'] }, { verb: 'get', resource: 'pods' }, false],
    ['one of the groups', { userGroups: ['strangers', 'oncall-payments'] }, EXEC, true],
    ['none of the groups', { userGroups: ['strangers'] }, EXEC, false],
    ['user and group together', { users: ['alice'], userGroups: ['strangers'] }, EXEC, false],
    ['the verb', { verbs: ['create', 'get'] }, EXEC, true],
    ['another verb', { verbs: ['create'] }, EXEC, false],
    ['an asterisk is no verb', { verbs: ['*'] }, EXEC, false],
    ['the namespace', { namespaces: ['payments'] }, EXEC, true],
    ['another namespace', { namespaces: ['ledger'] }, EXEC, false],
    ['no namespace is the empty one', { namespaces: [''] }, LIST, true],
    ['a namespace is not the empty one', { namespaces: [''] }, EXEC, false],
    ['namespaces are about resources', { namespaces: [''] }, HEALTH, false],
    ['a whole group', { resources: [{ group: 'apps' }] }, LIST, true],
    ['a group left out is core', { resources: [{}] }, EXEC, true],
    ['a group left out is not apps', { resources: [{}] }, LIST, false],
    ['every group', { resources: [{ group: '*' }] }, LIST, true],
    ['every group is about resources', { resources: [{ group: '*' }] }, HEALTH, false],
    ['another group', { resources: [{ group: 'batch' }] }, LIST, false],
    ['one of several entries', { resources: [{ group: 'batch' }, { group: 'apps', resources: ['deployments'] }] }, LIST, true],
    ['everything', core('*'), EXEC, true],
    ['the subresource', core('pods/exec'), EXEC, true],
    ['the resource is not its subresource', core('pods'), EXEC, false],
    ['the subresource is not the resource', core('pods/exec'), { ...EXEC, subresource: '' }, false],
    ['all subresources', core('pods/*'), EXEC, true],
    ['all subresources and the resource', core('pods/*'), { ...EXEC, subresource: '' }, true],
    ['all subresources of another', core('services/*'), EXEC, false],
    ['the subresource of anything', core('*/exec'), EXEC, true],
    ['another subresource of anything', core('*/log'), EXEC, false],
    ['a subresource of anything is no resource', core('*/exec'), { ...EXEC, resource: 'exec', subresource: '' }, false],
    ['no subresource at all', core('*/'), { ...EXEC, subresource: '' }, false],
    ['the name', { resources: [{ group: '', resources: ['pods/exec'], resourceNames: ['web', 'ledger-0'] }] }, EXEC, true],
    ['another name', { resources: [{ group: '', resources: ['pods/exec'], resourceNames: ['web'] }] }, EXEC, false],
    ['another name, everything', { resources: [{ group: '', resources: ['*'], resourceNames: ['web'] }] }, EXEC, false],
    ['a path', { nonResourceURLs: ['/metrics', '/healthz/etcd'] }, HEALTH, true],
    ['a path that begins so', { nonResourceURLs: ['/healthz'] }, HEALTH, false],
    ['a path with an asterisk', { nonResourceURLs: ['/healthz*'] }, HEALTH, true],
    ['another path with an asterisk', { nonResourceURLs: ['/livez*'] }, HEALTH, false],
    ['every path', { nonResourceURLs: ['*'] }, HEALTH, true],
    ['paths are not about resources', { nonResourceURLs: ['*'] }, EXEC, false],
  ])('%s', (_title, rule, request, expected) => expect(decides(rule, request)).toBe(expected));

  it('a resource may be written with its subresource', () => {
    expect(decides(core('pods/exec'), { verb: 'get', resource: 'pods/exec' })).toBe(true);
    expect(decides(core('pods/exec'), { verb: 'get', resource: 'pods/exec', subresource: '' })).toBe(true);
  });
});

it('the first rule that matches decides, and none records nothing', () => {
  const evaluator = AuditPolicyEvaluator.fromManifest({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    metadata: { name: 'mine' },
    omitStages: ['Panic', 'RequestReceived'],
    omitManagedFields: true,
    rules: [
      { level: 'Request', verbs: ['patch'], omitStages: ['ResponseStarted', 'Panic'], omitManagedFields: false },
      { level: 'Metadata', verbs: ['patch', 'get'] },
    ],
  });
  expect(evaluator.evaluate({ ...EXEC, verb: 'patch' })).toEqual({
    level: 'Request',
    ruleIndex: 0,
    rule: { level: 'Request', verbs: ['patch'], omitStages: ['ResponseStarted', 'Panic'], omitManagedFields: false },
    omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
    omitManagedFields: false,
  });
  expect(evaluator.evaluate(EXEC)).toEqual({
    level: 'Metadata', ruleIndex: 1, rule: { level: 'Metadata', verbs: ['patch', 'get'] }, omitStages: ['RequestReceived', 'Panic'], omitManagedFields: true,
  });
  expect(evaluator.evaluate({ ...EXEC, verb: 'create' })).toEqual({ level: 'None', ruleIndex: -1, omitStages: ['RequestReceived', 'Panic'], omitManagedFields: true });
  expect(evaluator.remarks).toEqual([]);
  expect(evaluator.rules).toHaveLength(2);
});

it('managedFields are recorded unless the policy says otherwise', () => {
  expect(of({ level: 'Request' }).evaluate(EXEC)).toMatchObject({ omitManagedFields: false, omitStages: [] });
  expect(of({ level: 'Request' }, { omitManagedFields: null, omitStages: null }).evaluate(EXEC)).toMatchObject({ omitManagedFields: false, omitStages: [] });
});

describe('a request is for a resource or a path', () => {
  const ask = (request: object) => refusal(() => of({ level: 'None' }).evaluate({ verb: 'get', ...request }));
  it.each<[string, object, string]>([
    ['neither', {}, 'AuditPolicyEvaluator.evaluate: resource = undefined is missing, and path too. Fix: give a resource or a path.'],
    ['both', { resource: 'pods', path: '/metrics' }, 'AuditPolicyEvaluator.evaluate: resource = "pods" stands beside path. Fix: give a resource or a path.'],
    ['two subresources', { resource: 'pods/exec', subresource: 'log' }, 'AuditPolicyEvaluator.evaluate: subresource = "log" stands beside resource "pods/exec". Fix: name the subresource once.'],
  ])('%s', (_title, request, message) => expect(ask(request)).toBe(message));
});

describe('what kube-apiserver refuses', () => {
  const refused = (value: any) => refusal(() => AuditPolicyEvaluator.fromManifest(value)).replace(/^AuditPolicyEvaluator.fromManifest: /, '');
  it.each<[string, any, string]>([
    ['no object', 'apiVersion: audit.k8s.io/v1', 'policy = "apiVersion: audit.k8s.io/v1" is not an object. Fix: give its fields as a map.'],
    ['null', null, 'policy = null is not an object. Fix: give its fields as a map.'],
    ['a list', [], 'policy = [] is not an object. Fix: give its fields as a map.'],
    ['another kind', { apiVersion: 'v1', kind: 'Pod' }, 'apiVersion and kind = "v1 Pod" is not an audit policy. Fix: give a manifest of apiVersion audit.k8s.io/v1 and kind Policy.'],
    ['a version that was removed', { ...manifest({ level: 'None' }), apiVersion: 'audit.k8s.io/v1beta1' }, 'apiVersion and kind = "audit.k8s.io/v1beta1 Policy" is not an audit policy. Fix: give a manifest of apiVersion audit.k8s.io/v1 and kind Policy.'],
    ['no rules', { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' }, 'rules = undefined holds no rule, and the API server does not start with such a policy. Fix: give at least one rule.'],
    ['empty rules', { ...manifest({}), rules: [] }, 'rules = [] holds no rule, and the API server does not start with such a policy. Fix: give at least one rule.'],
    ['rules as a map', { ...manifest({}), rules: { length: 1 } }, 'rules = {"length":1} holds no rule, and the API server does not start with such a policy. Fix: give at least one rule.'],
    ['a rule that is none', manifest('None' as any), 'rules[0] = "None" is not an object. Fix: give its fields as a map.'],
    ['no level', manifest({}), 'rules[0].level = undefined is not a level. Fix: use one of None, Metadata, Request, RequestResponse.'],
    ['a level in other case', manifest({ level: 'metadata' }), 'rules[0].level = "metadata" is not a level. Fix: use one of None, Metadata, Request, RequestResponse.'],
    ['verbs as a word', manifest({ level: 'None', verbs: 'get' }), 'rules[0].verbs = "get" is not a list. Fix: write it as a list.'],
    ...[
      ['namespaces', 'rules[0].namespaces', { namespaces: 'payments' }],
      ['paths', 'rules[0].nonResourceURLs', { nonResourceURLs: 'payments' }],
      ['resources', 'rules[0].resources[0].resources', { resources: [{ resources: 'payments' }] }],
      ['resource names', 'rules[0].resources[0].resourceNames', { resources: [{ resources: ['pods'], resourceNames: 'payments' }] }],
    ].map(([what, field, rule]): [string, any, string] => [`${what} as a word`, manifest({ level: 'None', ...rule as object }), `${field} = "payments" is not a list. Fix: write it as a list.`]),
    ['a number among users', manifest({ level: 'None', users: ['alice', 7] }), 'rules[0].users[1] = 7 is not a string. Fix: write it in quotes.'],
    ['a stage that is none', manifest({ level: 'None', omitStages: ['Done'] }), 'rules[0].omitStages[0] = "Done" is not a stage. Fix: use one of RequestReceived, ResponseStarted, ResponseComplete, Panic.'],
    ['a stage of the policy that is none', manifest({ level: 'None' }, { omitStages: ['Done'] }), 'omitStages[0] = "Done" is not a stage. Fix: use one of RequestReceived, ResponseStarted, ResponseComplete, Panic.'],
    ['omitManagedFields as a word', manifest({ level: 'None' }, { omitManagedFields: 'yes' }), 'omitManagedFields = "yes" is not true or false. Fix: write true or false.'],
    ['omitManagedFields of a rule as a word', manifest({ level: 'None', omitManagedFields: 'no' }), 'rules[0].omitManagedFields = "no" is not true or false. Fix: write true or false.'],
    ['a blank group', manifest({ level: 'None', resources: [{ group: ' ' }] }), 'rules[0].resources[0].group = " " is not an API group. Fix: write "" for core, "*" for all, or a name such as "apps", without a version.'],
    ['a group with its version', manifest({ level: 'None', resources: [{ group: 'apps' }, { group: 'apps/v1' }] }), 'rules[0].resources[1].group = "apps/v1" is not an API group. Fix: write "" for core, "*" for all, or a name such as "apps", without a version.'],
    ['a group that is no text', manifest({ level: 'None', resources: [{ group: 1 }] }), 'rules[0].resources[0].group = 1 is not an API group. Fix: write "" for core, "*" for all, or a name such as "apps", without a version.'],
    ['a group within an asterisk', manifest({ level: 'None', resources: [{ group: '*.k8s.io' }] }), 'rules[0].resources[0].group = "*.k8s.io" is not an API group. Fix: write "" for core, "*" for all, or a name such as "apps", without a version.'],
    ['a resource by its name alone', manifest({ level: 'None', resources: ['pods'] }), 'rules[0].resources[0] = "pods" is not an object. Fix: give its fields as a map.'],
    ['names without resources', manifest({ level: 'None', resources: [{ group: '', resourceNames: ['web'] }] }), 'rules[0].resources[0].resourceNames = ["web"] stands without resources. Fix: name the resources the names belong to.'],
    ['a path without its slash', manifest({ level: 'None', nonResourceURLs: ['/metrics', 'healthz'] }), 'rules[0].nonResourceURLs[1] = "healthz" is not a path. Fix: begin it with "/", with an asterisk at most at the end.'],
    ['an empty path', manifest({ level: 'None', nonResourceURLs: [''] }), 'rules[0].nonResourceURLs[0] = "" is not a path. Fix: begin it with "/", with an asterisk at most at the end.'],
    ['an asterisk within a path', manifest({ level: 'None', nonResourceURLs: ['/api/*/pods'] }), 'rules[0].nonResourceURLs[0] = "/api/*/pods" is not a path. Fix: begin it with "/", with an asterisk at most at the end.'],
    ['paths beside resources', manifest({ level: 'None', nonResourceURLs: ['/metrics'], resources: [{ group: '' }] }), 'rules[0].nonResourceURLs = ["/metrics"] stands beside resources or namespaces. Fix: make two rules of it.'],
    ['paths beside namespaces', manifest({ level: 'None', nonResourceURLs: ['/metrics'], namespaces: ['a'] }), 'rules[0].nonResourceURLs = ["/metrics"] stands beside resources or namespaces. Fix: make two rules of it.'],
  ])('%s', (_title, value, message) => expect(refused(value)).toBe(message));

  it('a group as long as a name can be, and longer', () => {
    const group = (length: number) => `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(length - 192)}`;
    expect(of({ level: 'None', resources: [{ group: group(253) }] }).remarks).toEqual([]);
    expect(refused(manifest({ level: 'None', resources: [{ group: group(254) }] }))).toContain('is not an API group');
  });
});

describe('what kube-apiserver accepts but does not take as it looks', () => {
  it.each<[string, any, string[]]>([
    ['a field written otherwise, which makes the rule one for everybody', manifest({ level: 'None', userGroup: ['system:nodes'] }), ['rules[0].userGroup is not a field: the API server ignores it']],
    ['a field of the policy', { ...manifest({ level: 'None' }), omitStage: ['RequestReceived'] }, ['omitStage is not a field: the API server ignores it']],
    ['a field of resources', manifest({ level: 'None', resources: [{ group: '', resource: ['pods'] }] }), ['rules[0].resources[0].resource is not a field: the API server ignores it']],
    ['an asterisk as verb', manifest({ level: 'None', verbs: ['*'] }), ['rules[0].verbs[0] = "*" is no verb of an audit event, so it matches nothing']],
    ['the operation of admission as verb', manifest({ level: 'None', verbs: ['get', 'CONNECT'], resources: [{}] }), ['rules[0].verbs[1] = "CONNECT" is no verb of an audit event, so it matches nothing']],
    ['a verb of paths for resources', manifest({ level: 'None', verbs: ['post'], namespaces: ['a'] }), ['rules[0].verbs[0] = "post" is no verb of an audit event, so it matches nothing']],
    ['a verb of resources for paths', manifest({ level: 'None', verbs: ['list'], nonResourceURLs: ['/metrics'] }), ['rules[0].verbs[0] = "list" is no verb of an audit event, so it matches nothing']],
    ['an asterisk in a user', manifest({ level: 'None', users: ['system:node:*'] }), ['rules[0].users[0] = "system:node:*" is compared as it is: an asterisk is no wildcard here']],
    ['an asterisk in a group of users', manifest({ level: 'None', userGroups: ['oncall-*'] }), ['rules[0].userGroups[0] = "oncall-*" is compared as it is: an asterisk is no wildcard here']],
    ['an asterisk in a namespace', manifest({ level: 'None', namespaces: ['kube-*'] }), ['rules[0].namespaces[0] = "kube-*" is compared as it is: an asterisk is no wildcard here']],
    ['an asterisk in a name', manifest({ level: 'None', resources: [{ group: '', resources: ['pods'], resourceNames: ['node-debugger-*'] }] }), ['rules[0].resources[0].resourceNames[0] = "node-debugger-*" is compared as it is: an asterisk is no wildcard here']],
    ['a part of a resource', manifest({ level: 'None', resources: [{ group: '', resources: ['pods', 'pod*'] }] }), ['rules[0].resources[0].resources[1] = "pod*" is no pattern the API server knows (*, pods, pods/log, pods/*, */log), so it matches nothing']],
  ])('%s', (_title, value, remarks) => expect(AuditPolicyEvaluator.fromManifest(value).remarks).toEqual(remarks));

  it.each(['*', 'pods', 'pods/log', 'pods/*', '*/log'])('nothing to say of resource %s', pattern => {
    expect(of({ level: 'None', ...core(pattern) }).remarks).toEqual([]);
  });
  it.each(['*/*', 'pods/lo*', '*pods', '/log', 'pods/', '', '**', 'pods/*/x'])('something to say of resource %s', pattern => {
    expect(of({ level: 'None', ...core(pattern) }).remarks).toHaveLength(1);
  });
  it.each<[string, object]>([
    ['resources', { verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'proxy'], resources: [{}] }],
    ['paths', { verbs: ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'], nonResourceURLs: ['*'] }],
    ['both', { verbs: ['list', 'post'] }],
  ])('nothing to say of the verbs of %s', (_title, rule) => expect(of({ level: 'None', ...rule }).remarks).toEqual([]));
});

describe('text', () => {
  const read = (text: string) => AuditPolicyEvaluator.fromYaml(text);
  it('is read with comments, and as Kubernetes reads it: on is no text', () => {
    expect(read('# mine\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata # all\n').evaluate(EXEC).level).toBe('Metadata');
    expect(refusal(() => read('apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  userGroups: [on]\n'))).toBe(
      'AuditPolicyEvaluator.fromYaml: rules[0].userGroups[0] = true is not a string. Fix: write it in quotes.');
  });
  it.each([
    ['two documents', 'a: 1\n---\nb: 2\n', /^AuditPolicyEvaluator.fromYaml: text = "a: 1\\n---\\nb: 2\\n" is not one YAML document: Source contains multiple documents.*\. Fix: give the text of the policy file\.$/],
    ['no YAML', 'rules: [', /is not one YAML document: Flow sequence in block collection must be/],
    ['a key twice', 'kind: Policy\nkind: Policy\n', /is not one YAML document: Map keys must be unique/],
    ['nothing', '', /policy = null is not an object/],
  ])('%s', (_title, text, message) => expect(refusal(() => read(text))).toMatch(message));
});

describe('events of a log', () => {
  const event = (fields: object) => ({ user: { username: 'alice', groups: ['oncall-payments'] }, stage: 'ResponseComplete', ...fields });
  it.each<[string, object, AuditRequest]>([
    ['an exec by WebSocket', {
      verb: 'get', requestURI: '/api/v1/namespaces/payments/pods/ledger-0/exec?command=sh', objectRef: { resource: 'pods', namespace: 'payments', name: 'ledger-0', apiVersion: 'v1', subresource: 'exec' },
    }, { verb: 'get', apiGroup: '', resource: 'pods', subresource: 'exec', name: 'ledger-0', namespace: 'payments' }],
    ['an exec by SPDY: the name is in the URL', {
      verb: 'create', requestURI: '/api/v1/namespaces/payments/pods/ledger-0/exec', objectRef: { resource: 'pods', namespace: 'payments', name: 'ledger-0', subresource: 'exec' },
    }, { verb: 'create', apiGroup: '', resource: 'pods', subresource: 'exec', name: 'ledger-0', namespace: 'payments' }],
    ['a created pod: the log has its name from the body', {
      verb: 'create', requestURI: '/api/v1/namespaces/payments/pods?fieldManager=kubectl', objectRef: { resource: 'pods', namespace: 'payments', name: 'node-debugger-1' },
    }, { verb: 'create', apiGroup: '', resource: 'pods', subresource: '', name: '', namespace: 'payments' }],
    ['a creation that names the object in its URL', {
      verb: 'create', requestURI: '/api/v1/namespaces/payments/pods/ledger-0', objectRef: { resource: 'pods', namespace: 'payments', name: 'ledger-0' },
    }, { verb: 'create', apiGroup: '', resource: 'pods', subresource: '', name: 'ledger-0', namespace: 'payments' }],
    ['a created pod whose name begins the URL of nothing', {
      verb: 'create', requestURI: '/api/v1/namespaces/payments/pods', objectRef: { resource: 'pods', namespace: 'payments', name: 'p' },
    }, { verb: 'create', apiGroup: '', resource: 'pods', subresource: '', name: '', namespace: 'payments' }],
    ['a namespace from the body alone', {
      verb: 'create', requestURI: '/apis/example.com/v1/widgets', objectRef: { resource: 'widgets', apiGroup: 'example.com', namespace: 'payments', name: 'w' },
    }, { verb: 'create', apiGroup: 'example.com', resource: 'widgets', subresource: '', name: '', namespace: '' }],
    ['a namespace itself', {
      verb: 'get', requestURI: '/api/v1/namespaces/payments', objectRef: { resource: 'namespaces', namespace: 'payments', name: 'payments' },
    }, { verb: 'get', apiGroup: '', resource: 'namespaces', subresource: '', name: 'payments', namespace: 'payments' }],
    ['a list of one name', {
      verb: 'list', requestURI: '/apis/apps/v1/deployments?fieldSelector=metadata.name%3Dweb', objectRef: { resource: 'deployments', apiGroup: 'apps', name: 'web' },
    }, { verb: 'list', apiGroup: 'apps', resource: 'deployments', subresource: '', name: 'web', namespace: '' }],
    ['an encoded name', {
      verb: 'create', requestURI: '/apis/example.com/v1/namespaces/a/widgets/x%3Ay', objectRef: { resource: 'widgets', apiGroup: 'example.com', namespace: 'a', name: 'x:y' },
    }, { verb: 'create', apiGroup: 'example.com', resource: 'widgets', subresource: '', name: 'x:y', namespace: 'a' }],
    ['an event without its URL', { verb: 'patch', objectRef: { resource: 'pods', namespace: 'payments', name: 'web' } }, { verb: 'patch', apiGroup: '', resource: 'pods', subresource: '', name: 'web', namespace: 'payments' }],
    ['a creation without its URL', { verb: 'create', objectRef: { resource: 'pods', namespace: 'payments', name: 'web' } }, { verb: 'create', apiGroup: '', resource: 'pods', subresource: '', name: '', namespace: 'payments' }],
    ['an eviction without its URL', { verb: 'create', objectRef: { resource: 'pods', subresource: 'eviction', namespace: 'payments', name: 'web' } }, { verb: 'create', apiGroup: '', resource: 'pods', subresource: 'eviction', name: 'web', namespace: 'payments' }],
    ['an event that names nothing but a resource', { verb: 'list', requestURI: '/api/v1/nodes', objectRef: { resource: 'nodes' } }, { verb: 'list', apiGroup: '', resource: 'nodes', subresource: '', name: '', namespace: '' }],
    ['a path', { verb: 'get', requestURI: '/healthz?verbose=true' }, { verb: 'get', path: '/healthz' }],
    ['a path that is encoded badly', { verb: 'get', requestURI: '/%zz' }, { verb: 'get', path: '/%zz' }],
  ])('%s', (_title, fields, request) => expect(AuditPolicyEvaluator.requestOf(event(fields))).toEqual({ user: 'alice', groups: ['oncall-payments'], ...request }));

  it('who failed to authenticate is nobody', () => {
    expect(AuditPolicyEvaluator.requestOf({ verb: 'get', requestURI: '/', user: {} })).toEqual({ user: undefined, groups: [], verb: 'get', path: '/' });
    expect(AuditPolicyEvaluator.requestOf({ user: { username: '' } })).toEqual({ user: undefined, groups: [], verb: '', path: '' });
    expect(AuditPolicyEvaluator.requestOf(undefined)).toEqual({ user: undefined, groups: [], verb: '', path: '' });
  });
  it('who impersonates counts, not who is impersonated', () => {
    const asked = AuditPolicyEvaluator.requestOf({ ...event({ verb: 'get', requestURI: '/' }), impersonatedUser: { username: 'system:kube-scheduler', groups: ['system:masters'] } });
    expect(asked).toEqual({ user: 'alice', groups: ['oncall-payments'], verb: 'get', path: '/' });
  });
  it('is in the log when its request is recorded and its stage not left out', () => {
    const evaluator = of({ level: 'Metadata', verbs: ['get'], omitStages: ['ResponseStarted'] }, { omitStages: ['RequestReceived'] });
    const at = (verb: string, stage: string) => evaluator.records({ verb, stage, requestURI: '/', user: {} });
    expect(['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'].map(stage => at('get', stage))).toEqual([false, false, true, true]);
    expect(at('post', 'ResponseComplete')).toBe(false);
    expect(of({ level: 'None' }).records({ verb: 'get', stage: 'ResponseComplete', requestURI: '/' })).toBe(false);
  });
});
