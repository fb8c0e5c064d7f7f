import { App, Chart, Duration, Testing } from 'cdk8s';
import { applied, bytes, may, newChart, title } from './cluster';
import { AccessRequestPolicy, AccessRequestProps, BreakGlassAccess, BreakGlassAccessProps, JustInTimeAccess } from '../../src/access';
import { ClusterBoundary, DebugCapability, IDebugAccess, SecureDebugWarnings } from '../../src/model';
import { refusal } from '../private/refusal';

const LEAST: AccessRequestProps = { requesters: ['developers'], approvers: ['leads'] };
const key = (name: string) => `secure-debug.internal/${name}`;

let chart: Chart;
beforeEach(() => {
  chart = newChart();
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

const jit = (requests: Partial<AccessRequestProps> = {}, more: object = {}) => new JustInTimeAccess(chart, 'x', { namespace: 'payments', requests: { ...LEAST, ...requests }, ...more });
const glass = (props: Partial<BreakGlassAccessProps> = {}) => new BreakGlassAccess(chart, 'x', { namespace: 'payments', requesters: ['oncall'], ...props });
const policy = () => chart.node.tryFindChild('policy') ?? new AccessRequestPolicy(chart, 'policy');
const objects = () => (policy(), applied(chart));
const find = (wanted: string) => objects().find(object => title(object) === wanted);
const rightsOf = (group: string, asked: string[]) => asked.filter(one => may(applied(chart).filter(object => object.rules || object.subjects), { groups: [group] }, one, 'payments'));

/** What somebody who wants more than a request would need. */
const MORE = [
  'get pods', 'get pods/exec ledger-0', 'create pods/exec ledger-0', 'create pods', 'update rbac.authorization.k8s.io/rolebindings x', 'deletecollection rbac.authorization.k8s.io/rolebindings',
  'create rbac.authorization.k8s.io/roles', 'patch rbac.authorization.k8s.io/roles debug-grant', 'bind rbac.authorization.k8s.io/roles other', 'bind rbac.authorization.k8s.io/clusterroles debug-grant',
  'get batch/jobs x', 'patch batch/jobs x', 'delete batch/jobs x', 'get secrets x', 'impersonate users', 'administer secure-debug.internal/accessrequests', 'expire secure-debug.internal/accessrequests',
  'use secure-debug.internal/emergencies',
];

describe('JustInTimeAccess with requests', () => {
  it('is a Role that waits, and who may ask for it and approve it', () => {
    jit();
    expect(objects().filter(({ kind }) => !kind.startsWith('Validating')).map(title)).toEqual([
      'Role payments/debug-grant', 'Role payments/request-debug-grant', 'RoleBinding payments/request-debug-grant', 'Role payments/approve-debug-grant', 'RoleBinding payments/approve-debug-grant',
    ]);
    expect(bytes(chart)).toMatchSnapshot();
  });
  it('a requester may ask, and nothing more', () => {
    jit();
    objects();
    expect(rightsOf('developers', [
      'create rbac.authorization.k8s.io/rolebindings', 'bind rbac.authorization.k8s.io/roles debug-grant', 'create batch/jobs', 'request secure-debug.internal/accessrequests debug-grant',
      'approve secure-debug.internal/accessrequests debug-grant',
    ])).toEqual([
      'create rbac.authorization.k8s.io/rolebindings', 'bind rbac.authorization.k8s.io/roles debug-grant', 'create batch/jobs', 'request secure-debug.internal/accessrequests debug-grant',
    ]);
    expect(rightsOf('developers', MORE)).toEqual([]);
  });
  it('an approver may approve, and nothing more', () => {
    jit();
    objects();
    expect(rightsOf('leads', ['patch rbac.authorization.k8s.io/rolebindings debug-grant:alice', 'bind rbac.authorization.k8s.io/roles debug-grant', 'approve secure-debug.internal/accessrequests debug-grant'])).toHaveLength(3);
    expect(rightsOf('leads', [...MORE, 'create rbac.authorization.k8s.io/rolebindings', 'create batch/jobs', 'request secure-debug.internal/accessrequests debug-grant'])).toEqual([]);
  });
  it('the terms stand on the Role', () => {
    jit({
      requesters: ['developers', 'oncall'],
      approvers: ['security', 'leads'],
      approvals: 2,
      quorum: [{ group: 'security', approvals: 1 }],
      autoApprove: ['oncall'],
      maxDuration: Duration.hours(2),
      maxDurationByGroup: [{ group: 'staff', maxDuration: Duration.hours(8) }, { group: 'contractors', maxDuration: Duration.minutes(10) }],
      ticketPattern: '(INC|CHG)-[0-9]+',
    });
    expect(find('Role payments/debug-grant').metadata).toMatchObject({
      labels: { [key('requestable')]: 'true' },
      annotations: {
        [key('max-seconds')]: '7200',
        [key('max-seconds-by-group')]: 'contractors=600\nstaff=28800',
        [key('approvals-needed')]: '2',
        [key('approvers')]: 'leads\nsecurity',
        [key('quorum')]: 'security=1',
        [key('auto-approve')]: 'oncall',
        [key('ticket-pattern')]: '(INC|CHG)-[0-9]+',
      },
    });
  });
  it('by default one approval, an hour, and a ticket like INC-42', () => {
    jit();
    const { annotations } = find('Role payments/debug-grant').metadata;
    expect(annotations).toMatchObject({ [key('max-seconds')]: '3600', [key('approvals-needed')]: '1', [key('ticket-pattern')]: '[A-Z][A-Z0-9]*-[0-9]+' });
    expect(Object.keys(annotations)).not.toContain(key('auto-approve'));
  });
  it('the grant passes the guardrails as far as its capabilities and names go', () => {
    jit({ commandSets: ['diagnostics', 'dump'], debugImages: ['toolbox'] }, { capabilities: [DebugCapability.EXEC, DebugCapability.PORT_FORWARD, DebugCapability.EPHEMERAL_CONTAINERS] });
    expect(find('Role payments/debug-grant').rules.filter((rule: any) => rule.apiGroups.includes('secure-debug.internal'))).toEqual([
      { apiGroups: ['secure-debug.internal'], resources: ['commandsets'], resourceNames: ['diagnostics', 'dump'], verbs: ['use'] },
      { apiGroups: ['secure-debug.internal'], resources: ['debugimages'], resourceNames: ['toolbox'], verbs: ['use'] },
      { apiGroups: ['secure-debug.internal'], resources: ['streams'], resourceNames: ['attach-debugger', 'port-forward'], verbs: ['use'] },
    ]);
  });
  it('pod copies and nodes pass the guardrail on debug containers, and are warned of', () => {
    jit({}, { capabilities: [DebugCapability.POD_COPY, DebugCapability.NODE_DEBUG] });
    expect(find('Role payments/debug-grant').rules).toContainEqual({ apiGroups: ['secure-debug.internal'], resources: ['debugpods'], resourceNames: ['copy', 'node'], verbs: ['use'] });
    expect(SecureDebugWarnings.of(chart).map(({ id, message }) => [id, message])).toEqual([
      ['SD1001', 'Pod copies are granted: in payments, on request, to Group developers.'],
      ['SD1002', 'Node debugging is granted: in payments, on request, to Group developers.'],
    ]);
  });
  it('the grant is limited to pods by name', () => {
    jit({ resourceNames: ['ledger-0'] });
    const { rules } = find('Role payments/debug-grant');
    expect(rules.filter((rule: any) => rule.resources.includes('pods/exec')).map((rule: any) => rule.resourceNames)).toEqual([['ledger-0']]);
  });
  it('a profile has a Role of its own', () => {
    jit({ profile: 'database' });
    expect(applied.bind(undefined, chart)).toThrow('AccessRequestPolicy');
    policy();
    expect(applied(chart).filter(({ kind }) => kind === 'Role').map(title)).toEqual(['Role payments/debug-grant-database', 'Role payments/request-debug-grant-database', 'Role payments/approve-debug-grant-database']);
  });
  it('a quota counts RoleBindings', () => {
    jit({ maxRoleBindings: 40 });
    expect(find('ResourceQuota payments/request-debug-grant').spec).toEqual({ hard: { 'count/rolebindings.rbac.authorization.k8s.io': '40' } });
  });
  it('beside just-in-time groups, when that is said', () => {
    const access = jit({}, { identityProviderGroups: true });
    objects();
    expect(applied(chart).filter(({ kind }) => kind === 'RoleBinding').map(title)).toEqual(['RoleBinding payments/jit-debug', 'RoleBinding payments/request-debug-grant', 'RoleBinding payments/approve-debug-grant']);
    expect(access.grants.map(({ roleName, onRequest }) => [roleName, onRequest])).toEqual([['jit-debug', undefined], ['jit-cluster-read', undefined], ['debug-grant', true]]);
  });
  it('says as data who may have what, and that it takes a request', () => {
    const access: IDebugAccess = jit({ requesters: ['b', 'a'] }, { namespace: undefined, namespaces: ['payments', 'ledger'] });
    expect(access.grants.map(({ namespace, roleName, subjects, onRequest }) => [namespace, roleName, subjects.map(String), onRequest])).toEqual([
      ['ledger', 'debug-grant', ['Group a', 'Group b'], true], ['payments', 'debug-grant', ['Group a', 'Group b'], true],
    ]);
    policy();
    expect(access.grants[1].rules).toEqual(find('Role payments/debug-grant').rules);
    const before = JSON.stringify([applied(chart), access.grants]);
    access.grants[0].rules[0].verbs.push('*');
    expect(JSON.stringify([applied(chart), access.grants])).toBe(before);
  });
  it('in a system namespace it is warned of', () => {
    jit({}, { namespace: 'kube-system', allowSystemNamespaces: true });
    expect(SecureDebugWarnings.of(chart).map(({ id }) => id)).toEqual(['SD1004']);
  });
  it('the order of groups changes nothing', () => {
    jit({ requesters: ['b', 'a'], approvers: ['d', 'c'] });
    const first = JSON.stringify(objects());
    chart = newChart();
    jit({ requesters: ['a', 'b'], approvers: ['c', 'd'] });
    expect(JSON.stringify(objects())).toBe(first);
  });

  it.each<[string, Partial<AccessRequestProps>, object, string]>([
    ['no requesters', { requesters: [] }, {}, 'requests.requesters = [] is empty'],
    ['a requester twice', { requesters: ['a', 'a'] }, {}, 'requests.requesters[1] = "a" is listed twice'],
    ['a system group', { requesters: ['system:authenticated'] }, {}, 'is a Kubernetes system group'],
    ['a wildcard', { approvers: ['*'] }, {}, 'is a wildcard'],
    ['a group that reads as two', { approvers: ['bob as leads'] }, {}, 'contains " as "'],
    ['21 groups', { requesters: Array.from({ length: 21 }, (_, i) => `g${i}`) }, {}, 'are more than 20'],
    ['no approvers', { approvers: undefined }, {}, 'requests.approvers = undefined is missing, so nobody could approve what developers ask for'],
    ['approvers who are the requesters', { approvers: ['developers'] }, {}, 'also requests, so two of its members could approve each other'],
    ['self-approval that is none', { selfApproval: true }, {}, 'no group both requests and approves'],
    ['no approval at all', { approvals: 0 }, {}, 'requests.approvals = 0 is not a whole number from 1 to 5'],
    ['six approvals', { approvals: 6 }, {}, 'is not a whole number from 1 to 5'],
    ['a quorum over the approvals', { quorum: [{ group: 'leads', approvals: 2 }] }, {}, 'requests.quorum = 2 asks for more approvals than the 1'],
    ['a quorum of others', { quorum: [{ group: 'security', approvals: 1 }] }, {}, 'is no group of approvers'],
    ['a quorum of none', { quorum: [{ group: 'leads', approvals: 0 }] }, {}, 'requests.quorum[0].approvals = 0'],
    ['auto-approval of others', { autoApprove: ['oncall'] }, {}, 'may not request'],
    ['nine minutes', { maxDuration: Duration.minutes(9) }, {}, 'requests.maxDuration = "540 s" is too short'],
    ['more than a day', { maxDuration: Duration.hours(25) }, {}, 'is too long'],
    ['more than a day for some', { maxDurationByGroup: [{ group: 'a', maxDuration: Duration.days(2) }] }, {}, 'requests.maxDurationByGroup[0].maxDuration'],
    ['a group with two limits', { maxDurationByGroup: [{ group: 'a', maxDuration: Duration.hours(1) }, { group: 'a', maxDuration: Duration.hours(2) }] }, {}, 'is listed twice'],
    ['a pattern that is none', { ticketPattern: '(' }, {}, 'requests.ticketPattern = "(" is no regular expression'],
    ['a pattern of look-ahead', { ticketPattern: '(?=INC).*' }, {}, 'look-around'],
    ['a pattern with a flag that lets a second line in', { ticketPattern: '(?m)INC-[0-9]+' }, {}, 'flags'],
    ['a pattern with a back-reference', { ticketPattern: '(a)\\1' }, {}, 'back-references'],
    ['a pattern that matches nothing at all', { ticketPattern: '.*' }, {}, 'matches a ticket that is empty'],
    ['a profile that is no name', { profile: 'Data Base' }, {}, 'requests.profile = "Data Base" is no short name'],
    ['a long profile', { profile: 'x'.repeat(41) }, {}, 'is no short name'],
    ['a command set twice', { commandSets: ['a', 'a'] }, {}, 'requests.commandSets[1]'],
    ['an image that is no name', { debugImages: ['busybox:1.37'] }, {}, 'requests.debugImages[0] = "busybox:1.37" is not a DNS label'],
    ['no pods', { resourceNames: [] }, {}, 'requests.resourceNames = [] is empty'],
    ['pods by name beside pod copies', { resourceNames: ['a'] }, { capabilities: [DebugCapability.POD_COPY] }, 'requests.resourceNames = ["a"] do not limit pod-copy'],
    ['a quota of nothing', { maxRoleBindings: 0 }, {}, 'requests.maxRoleBindings = 0'],
    ['a group prefix without groups', {}, { groupPrefix: 'x:' }, 'groupPrefix = "x:" is about just-in-time groups'],
    ['cluster-read without groups', {}, { clusterRead: true }, 'clusterRead = true is about just-in-time groups'],
    ['nothing at all', {}, { requests: undefined, identityProviderGroups: false }, 'nobody would have access'],
  ])('%s is refused', (_name, requests, more, message) => {
    expect(refusal(() => jit(requests, more))).toContain(message);
  });
  it('members of a group approve each other when that is said', () => {
    jit({ approvers: ['developers'], selfApproval: true });
    expect(find('Role payments/debug-grant').metadata.annotations[key('approvers')]).toBe('developers');
    expect(SecureDebugWarnings.of(chart).map(({ id, message }) => [id, message])).toEqual([['SD1005', 'A group approves its own requests: in payments, debug-grant: developers.']]);
  });
  it('whoever is on call and approves needs no word for it: they approve nothing of their own', () => {
    jit({ requesters: ['oncall'], autoApprove: ['oncall'], approvers: ['oncall'] });
    expect(SecureDebugWarnings.of(chart)).toEqual([]);
  });
  it('different terms for one Role are refused', () => {
    jit();
    expect(refusal(() => new JustInTimeAccess(chart, 'y', { namespace: 'payments', requests: { ...LEAST, approvals: 2 } }))).toContain('declares Role debug-grant in namespace payments a second time');
  });
});

describe('BreakGlassAccess', () => {
  it('lets requesters take it at once, with a ticket, for an hour', () => {
    const access = glass();
    objects();
    const role = find('Role payments/break-glass');
    expect(role.metadata.annotations).toMatchObject({ [key('auto-approve')]: 'oncall', [key('max-seconds')]: '3600', [key('ticket-pattern')]: '[A-Z][A-Z0-9]*-[0-9]+' });
    expect(role.rules).toContainEqual({ apiGroups: ['secure-debug.internal'], resources: ['emergencies'], verbs: ['use'] });
    expect(find('Role payments/approve-break-glass')).toBeUndefined();
    expect(access.grants.map(({ roleName, onRequest, subjects }) => [roleName, onRequest, subjects.map(String)])).toEqual([['break-glass', true, ['Group oncall']]]);
    expect(bytes(chart)).toMatchSnapshot();
  });
  it('is revoked by approvers, who may be on call themselves', () => {
    glass({ approvers: ['leads', 'oncall'] });
    objects();
    expect(rightsOf('leads', ['patch rbac.authorization.k8s.io/rolebindings break-glass:alice', 'bind rbac.authorization.k8s.io/roles break-glass'])).toHaveLength(2);
    expect(rightsOf('leads', MORE.filter(one => !one.startsWith('bind')))).toEqual([]);
  });
  it('takes approvals when they are asked for', () => {
    glass({ approvers: ['leads'], approvals: 2 });
    const { annotations } = find('Role payments/break-glass').metadata;
    expect(annotations[key('approvals-needed')]).toBe('2');
    expect(Object.keys(annotations)).not.toContain(key('auto-approve'));
  });
  it('without emergencies changes nothing that Git owns', () => {
    glass({ emergencies: false });
    expect(JSON.stringify(find('Role payments/break-glass').rules)).not.toContain('emergencies');
  });
  it('has rules of one\'s own', () => {
    glass({ extraRules: [{ apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: ['patch', 'update'] }], profile: 'deploy' });
    expect(find('Role payments/break-glass-deploy').rules).toContainEqual({ apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['update', 'patch'] });
  });
  it.each<[string, string[], string[], string[], string]>([
    ['Secrets', [''], ['secrets'], ['get'], 'extraRules[0].resources = "secrets" gives credentials'],
    ['tokens', [''], ['serviceaccounts/token'], ['create'], 'gives credentials'],
    ['the kubelet', [''], ['nodes/proxy'], ['get'], 'gives credentials'],
    ['other identities', [''], ['users'], ['impersonate'], 'gives credentials'],
    ['RoleBindings', ['rbac.authorization.k8s.io'], ['rolebindings'], ['create'], '"rolebindings.rbac.authorization.k8s.io"'],
    ['policies', ['admissionregistration.k8s.io'], ['validatingadmissionpolicies'], ['delete'], 'further rights'],
    ['what governs requests', ['secure-debug.internal'], ['accessrequests'], ['administer'], 'further rights'],
    ['any verb', ['apps'], ['deployments'], ['*'], 'is a wildcard'],
    ['any resource', ['apps'], ['*'], ['get'], 'is a wildcard'],
    ['a verb that takes rights', ['apps'], ['deployments'], ['escalate'], 'extraRules[0].verbs = "escalate"'],
    ['nothing', ['apps'], [], ['get'], 'is empty'],
  ])('rules on %s are refused', (_name, apiGroups, resources, verbs, message) => {
    expect(refusal(() => glass({ extraRules: [{ apiGroups, resources, verbs }] }))).toContain(message);
  });
  it('rules that lack a list are refused', () => expect(refusal(() => glass({ extraRules: [{} as any] }))).toContain('is empty, so the rule grants nothing'));
  it('approvals without approvers are refused', () => expect(refusal(() => glass({ approvals: 1 }))).toContain('approvers = undefined is missing'));
  it('stands alone, beside requests, in several namespaces', () => {
    glass({ namespace: undefined, namespaces: ['payments', 'ledger'] });
    new JustInTimeAccess(chart, 'y', { namespace: 'payments', requests: LEAST });
    expect(objects().filter(({ metadata }) => metadata.labels?.[key('requestable')]).map(title)).toEqual(['Role ledger/break-glass', 'Role payments/break-glass', 'Role payments/debug-grant']);
  });
});

describe('without the policies nothing is synthesized', () => {
  const synth = () => Testing.synth(chart);
  it('for requests', () => {
    jit();
    expect(synth).toThrow('lets people bind a Role, and no AccessRequestPolicy says to whom');
  });
  it('for break-glass', () => {
    glass();
    expect(synth).toThrow('BreakGlassAccess: "chart/x" lets people bind a Role');
  });
  it('unless they are declared afterwards', () => {
    jit();
    policy();
    expect(synth).not.toThrow();
  });
  it('unless they are said to be elsewhere', () => {
    jit({ policyElsewhere: true });
    expect(synth).not.toThrow();
  });
  it('nor when another cluster has them', () => {
    const app = new App();
    const [one, two] = [new Chart(app, 'one'), new Chart(app, 'two')];
    for (const each of [one, two]) ClusterBoundary.at(each);
    new AccessRequestPolicy(one, 'policy');
    new JustInTimeAccess(two, 'x', { namespace: 'payments', requests: LEAST });
    expect(() => app.synthYaml()).toThrow('two/x');
  });
  it('just-in-time groups need none', () => {
    new JustInTimeAccess(chart, 'x', { namespace: 'payments' });
    expect(synth).not.toThrow();
  });
});

describe('AccessRequestPolicy', () => {
  const policies = () => objects().filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');

  it('is three policies that refuse from the first apply on, before everything else', () => {
    const all = objects();
    expect(all.map(title)).toEqual(['requests', 'timers', 'terms'].flatMap(name => [`ValidatingAdmissionPolicy secure-debug-${name}`, `ValidatingAdmissionPolicyBinding secure-debug-${name}`]));
    for (const { kind, metadata, spec } of all) {
      expect(metadata.annotations).toEqual({ 'argocd.argoproj.io/sync-wave': '-2' });
      if (kind === 'ValidatingAdmissionPolicyBinding') expect(spec.validationActions).toEqual(['Deny', 'Audit']);
      else expect([spec.failurePolicy, ...new Set(spec.validations.map((one: any) => one.reason))]).toEqual(['Fail', 'Forbidden']);
    }
  });
  it('takes the terms from the requestable Roles of the namespace, and governs no other namespace', () => {
    const [binding] = objects().filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
    expect(binding.spec.paramRef).toEqual({ selector: { matchLabels: { [key('requestable')]: 'true' } }, parameterNotFoundAction: 'Allow' });
    expect(binding.spec.matchResources).toBeUndefined();
  });
  it('asks the authorizer at most twice in an expression, and 28 times in a policy', () => {
    const asks = (expression: string) => expression.split('authorizer.').length - 1;
    for (const { spec } of policies()) {
      const { variables, validations, matchConditions } = spec;
      for (const { expression } of [...variables, ...matchConditions]) expect(asks(expression)).toBeLessThanOrEqual(2);
      for (const { expression, messageExpression } of validations) expect(asks(`${expression}${messageExpression}`)).toBe(0);
      expect(variables.reduce((sum: number, one: any) => sum + asks(one.expression), 0)).toBeLessThanOrEqual(20);
      // Conditions have a budget of their own, a quarter of the other.
      expect(matchConditions.reduce((sum: number, one: any) => sum + asks(one.expression), 0)).toBeLessThanOrEqual(7);
    }
  });
  it('asks the authorizer in no message and no annotation, where it is not there', () => {
    for (const { spec } of policies()) {
      const asking = spec.variables.filter((one: any) => one.expression.includes('authorizer.')).map((one: any) => one.name);
      const text = JSON.stringify([spec.auditAnnotations, spec.validations.map((one: any) => one.messageExpression)]);
      for (const name of asking) expect(text).not.toMatch(new RegExp(`variables\\.${name}\\b`));
    }
  });
  it('is the same object when it is declared again', () => {
    policy();
    new AccessRequestPolicy(chart, 'again');
    expect(applied(chart)).toHaveLength(6);
  });
  it('says which right passes it', () => {
    expect(AccessRequestPolicy.administerRule()).toEqual({ apiGroups: ['secure-debug.internal'], resources: ['accessrequests'], verbs: ['administer'] });
  });
  it('does not change unseen', () => {
    policy();
    expect(bytes(chart)).toMatchSnapshot();
  });
});
