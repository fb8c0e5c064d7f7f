import * as fc from 'fast-check';
import { auditPolicy, declaredAccess } from './plane';
import { anyRule, WORLD } from './universe';
import { AuditLevel, AuditResources, AuditRule, AuditStage, SecureDebugWarnings } from '../../src';
import { refusal, rejected } from '../private/refusal';

beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

const { NONE, METADATA, REQUEST, REQUEST_RESPONSE } = AuditLevel;
const READ = ['get', 'list', 'watch'];
const core = (...resources: string[]): AuditResources[] => [{ group: '', resources }];
const ARGO = 'system:serviceaccount:argocd:argocd-application-controller';

/** A text that begins so, to the letter. */
const start = (text: string) => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);

const add = (...additionalRules: AuditRule[]) => auditPolicy({ additionalRules });
const blamed = (...rules: AuditRule[]) => rejected(() => add(...rules));
const warned = (...rules: AuditRule[]) => SecureDebugWarnings.of(add(...rules).node.root).map(warning => `${warning.id} ${warning.message}`);

describe('a rule that would hide a debug request is refused', () => {
  it.each<[string, AuditRule, string]>([
    ['exec', { level: NONE, resources: core('pods/exec') }, 'hides get pods/exec of anyone'],
    ['exec by SPDY alone', { level: NONE, verbs: ['create'], resources: core('pods/exec') }, 'hides create pods/exec of anyone'],
    ['exec by WebSocket alone', { level: NONE, verbs: ['get'], resources: core('pods/exec') }, 'hides get pods/exec of anyone'],
    ['all subresources of pods', { level: NONE, resources: core('pods/*') }, 'hides get pods/log of anyone'],
    ['exec of anything', { level: NONE, resources: core('*/exec') }, 'hides get pods/exec of anyone'],
    ['everything of the core group', { level: NONE, resources: core('*') }, 'hides get pods/log of anyone'],
    ['the whole core group', { level: NONE, resources: [{ group: '' }] }, 'hides get pods/log of anyone'],
    ['every group', { level: NONE, resources: [{ group: '*', resources: ['pods/exec'] }] }, 'hides get pods/exec of anyone'],
    ['all reads', { level: NONE, verbs: READ }, 'hides get pods/log of anyone'],
    ['everything', { level: NONE }, 'hides get pods/log of anyone'],
    ['logs', { level: NONE, verbs: ['get'], resources: core('pods/log') }, 'hides get pods/log of anyone'],
    ['what creates pods', { level: NONE, verbs: ['create'], resources: core('pods') }, 'hides create pods of anyone'],
    ['one namespace', { level: NONE, namespaces: ['payments'] }, 'hides get pods/log of anyone'],
    ['the control plane\'s namespace', { level: NONE, namespaces: ['', 'kube-system'] }, 'hides get pods/log of anyone'],
    ['one pod', { level: NONE, resources: [{ group: '', resources: ['pods/exec'], resourceNames: ['ledger-0'] }] }, 'hides get pods/exec of anyone'],
    ['one person', { level: NONE, users: ['alice'] }, 'hides get pods/log of user alice'],
    ['one person among programs', { level: NONE, users: [ARGO, 'alice'] }, 'hides get pods/log of user alice'],
    ['one group', { level: NONE, userGroups: ['oncall-payments'] }, 'hides get pods/log of group oncall-payments'],
    ['a person who is called like a ServiceAccount', { level: NONE, users: ['x-system:serviceaccount:ci:deployer'] }, 'hides get pods/log of user x-system:serviceaccount:ci:deployer'],
    ['a ServiceAccount without a namespace, which is none', { level: NONE, users: ['system:serviceaccount::x'] }, 'hides get pods/log of user system:serviceaccount::x'],
    ['administrators', { level: NONE, userGroups: ['system:masters'] }, 'hides get pods/log of group system:masters'],
    ['everyone who logs in', { level: NONE, userGroups: ['system:authenticated'] }, 'hides get pods/log of group system:authenticated'],
    ['those who do not log in', { level: NONE, userGroups: ['system:unauthenticated'] }, 'hides get pods/log of group system:unauthenticated'],
    ['all ServiceAccounts', { level: NONE, userGroups: ['system:serviceaccounts'] }, 'hides get pods/log of group system:serviceaccounts'],
    ['a person in a group of the control plane', { level: NONE, users: ['alice'], userGroups: ['system:nodes'] }, 'hides get pods/log of user alice in group system:nodes'],
    ['debug containers without their body', { level: METADATA, resources: core('pods/ephemeralcontainers') }, 'records patch pods/ephemeralcontainers at Metadata, which lacks the body (Request is needed), of anyone'],
    ['a namespace without the body of debug containers', { level: METADATA, namespaces: ['payments'] }, 'records patch pods/ephemeralcontainers at Metadata, which lacks the body (Request is needed), of anyone'],
    ['sessions without their end', { level: METADATA, resources: core('pods/exec'), omitStages: [AuditStage.RESPONSE_COMPLETE] }, 'omits the outcome (stage ResponseComplete) of get pods/exec of anyone'],
    ['sessions without their beginning', { level: METADATA, resources: core('pods/attach'), omitStages: [AuditStage.RESPONSE_STARTED] }, 'omits the beginning (stages RequestReceived and ResponseStarted), so a session that is still open is not in the log, of get pods/attach of anyone'],
  ])('%s', (_title, rule, hides) => {
    const { where, field, problem, fix } = blamed(rule);
    expect([where, field]).toEqual(['AuditPolicy', 'additionalRules[0]']);
    expect(problem).toContain(`would hide a debug request: it ${hides}: kubectl `);
    expect(fix).toBe('limit it to resources without those of debugging (no wildcards), or to programs by their user name, e.g. users: ["system:serviceaccount:argocd:argocd-application-controller"]');
  });
  it('whatever its place in the list, and with what it says', () => {
    const fine: AuditRule = { level: NONE, users: [ARGO], verbs: READ };
    expect(refusal(() => add(fine, { level: NONE, verbs: ['get'], resources: core('pods/exec', 'services') }))).toBe(
      'AuditPolicy: additionalRules[1] = {"level":"None","verbs":["get"],"resources":[{"group":"","resources":["pods/exec","services"]}]} would hide a debug request: '
      + 'it hides get pods/exec of anyone: kubectl exec, kubectl cp (WebSocket). '
      + 'Fix: limit it to resources without those of debugging (no wildcards), or to programs by their user name, e.g. users: ["system:serviceaccount:argocd:argocd-application-controller"].');
  });
});

describe('a rule that would record a secret is refused', () => {
  it.each<[string, AuditRule, string]>([
    ['Secrets', { level: REQUEST, resources: core('secrets') }, 'secrets at Request'],
    ['responses with Secrets', { level: REQUEST_RESPONSE, verbs: READ, resources: core('pods', 'secrets') }, 'secrets at RequestResponse'],
    ['ConfigMaps', { level: REQUEST, verbs: ['create'], resources: core('configmaps') }, 'configmaps at Request'],
    ['tokens of ServiceAccounts', { level: REQUEST, resources: core('serviceaccounts/token') }, 'serviceaccounts/token at Request'],
    ['tokens of anything', { level: REQUEST, resources: core('*/token') }, 'serviceaccounts/token at Request'],
    ['ServiceAccounts and all of theirs', { level: REQUEST, resources: core('serviceaccounts/*') }, 'serviceaccounts/token at Request'],
    ['token reviews', { level: REQUEST, resources: [{ group: 'authentication.k8s.io' }] }, 'tokenreviews at Request'],
    ['a Secret by name', { level: REQUEST, resources: [{ group: '', resources: ['secrets'], resourceNames: ['tls'] }] }, 'secrets at Request'],
    ['everything of the core group', { level: REQUEST, verbs: ['update'], resources: core('*') }, 'configmaps at Request'],
    ['all writes', { level: REQUEST, verbs: ['create', 'update', 'patch', 'delete'] }, 'configmaps at Request'],
    ['a namespace', { level: REQUEST, namespaces: ['payments'] }, 'configmaps at Request'],
    ['what one program does', { level: REQUEST, users: [ARGO] }, 'configmaps at Request'],
    ['Secrets beside what is harmless', { level: REQUEST, resources: [{ group: 'apps' }, { group: '', resources: ['secrets'] }] }, 'secrets at Request'],
    ['every group', { level: REQUEST, resources: [{ group: '*', resources: ['secrets'] }] }, 'secrets at Request'],
  ])('%s', (_title, rule, what) => {
    const { field, problem, fix } = blamed(rule);
    expect(field).toBe('additionalRules[0]');
    expect(problem).toBe(`would record the bodies of ${what}`);
    expect(fix).toBe(`list the resources it is for, without ${what.split(' ')[0]} and without wildcards that include it, or use level Metadata`);
  });
});

describe('a rule that never decides is refused, since its author believes in it', () => {
  const rulesOut = (...rules: AuditRule[]) => {
    const { field, value, problem, fix } = blamed(...rules);
    expect(fix).toBe('leave it out');
    return `${field} = ${value}: ${problem}`;
  };
  it('exec by a program, recorded before', () => expect(rulesOut({ level: NONE, users: [ARGO], resources: core('pods/status', 'pods/exec') })).toMatch(
    /^additionalRules\[0\]\.resources\[0\]\.resources\[1\] = pods\/exec: never takes effect: an earlier rule decides it \(level Metadata, resources pods\/attach, pods\/exec, pods\/log, pods\/portforward: "kubectl attach, .*\)$/));
  it('Secrets, kept at Metadata before', () => expect(rulesOut({ level: NONE, userGroups: ['system:serviceaccounts:ci'], resources: [{ group: 'apps' }, { group: '', resources: ['secrets'] }] })).toContain(
    'additionalRules[0].resources[1].resources[0] = secrets: never takes effect: an earlier rule decides it (level Metadata, resources configmaps, secrets, tokenreviews of authentication.k8s.io: '));
  it('writes of bindings, recorded before', () => expect(rulesOut({ level: NONE, verbs: ['create', 'patch'], resources: [{ group: 'rbac.authorization.k8s.io', resources: ['rolebindings'] }] })).toContain(
    'additionalRules[0].resources[0].resources[0] = rolebindings: never takes effect'));
  it('what the rule before it decides', () => expect(rulesOut({ level: NONE, users: [ARGO], verbs: READ, reason: 'Argo CD compares.' }, { level: METADATA, users: [ARGO], verbs: ['list'] })).toBe(
    `additionalRules[1] = level Metadata, users ${ARGO}, verbs list: never takes effect: an earlier rule decides it (level None, users ${ARGO}, verbs get/list/watch: "Argo CD compares.")`));
  it('a path that the rule before it decides, which gives no reason', () => expect(rulesOut({ level: NONE, nonResourceUrls: ['/metrics*'] }, { level: NONE, nonResourceUrls: ['/version', '/metrics/slis'] })).toBe(
    'additionalRules[1].nonResourceUrls[1] = /metrics/slis: never takes effect: an earlier rule decides it (level None, URLs /metrics*)'));
  it('questions of one kubelet, recorded before for all of them', () => {
    const questions = [{ group: 'authorization.k8s.io', resources: ['subjectaccessreviews'] }];
    expect(rulesOut({ level: NONE, users: ['system:node:worker-1'], verbs: ['create'], resources: questions })).toContain(
      'additionalRules[0].resources[0].resources[0] = subjectaccessreviews: never takes effect: an earlier rule decides it (level Request, groups system:nodes, verbs create');
    expect(add({ level: NONE, users: ['system:serviceaccount:ci:deployer'], verbs: ['create'], resources: questions }).rules).toBeDefined();
  });
  it('what people with declared access do, recorded before', () => {
    const { problem } = rejected(() => auditPolicy({ access: declaredAccess(), additionalRules: [{ level: METADATA, users: ['system:serviceaccount:ci:doctor'], verbs: ['list'] }] }));
    expect(problem).toContain('never takes effect: an earlier rule decides it (level Metadata, users operator@example.com/system:serviceaccount:ci:doctor: ');
  });
  it('a whole group that the rules before it decide, the first of which is named', () => {
    const jobs = (...resources: string[]): AuditResources[] => [{ group: 'batch', resources }];
    expect(rulesOut({ level: NONE, resources: jobs('*') }, { level: METADATA, users: [ARGO], resources: [{ group: 'batch' }] })).toBe(
      'additionalRules[1].resources[0].resources[0] = *: never takes effect: an earlier rule decides it (level None, resources * of batch)');
    expect(rulesOut({ level: NONE, resources: jobs('jobs') }, { level: METADATA, resources: jobs('jobs/*', 'cronjobs') }, { level: NONE, resources: jobs('jobs/*') })).toBe(
      'additionalRules[2].resources[0].resources[0] = jobs/*: never takes effect: an earlier rule decides it (level None, resources jobs of batch)');
  });
  it('a part of what it names is enough', () => {
    expect(add({ level: REQUEST, verbs: ['create', 'update'], resources: core('pods') }).evaluator.evaluate({ user: 'alice', verb: 'update', resource: 'pods' }).level).toBe('Request');
    expect(add({ level: NONE, nonResourceUrls: ['/metrics'] }, { level: NONE, nonResourceUrls: ['/metrics*'] }).rules).toBeDefined();
  });
});

describe('a rule that is not what it looks like is refused', () => {
  const message = (rule: object) => refusal(() => add({ level: NONE, ...rule } as AuditRule));
  it.each<[string, object, string]>([
    ['no users, which would mean everybody', { users: [] }, 'additionalRules[0].users = [] is empty. Fix: give at least one entry, or leave the field out for no limit.'],
    ['no groups', { userGroups: [] }, 'additionalRules[0].userGroups = [] is empty. Fix: give at least one entry, or leave the field out for no limit.'],
    ['no verbs', { verbs: [] }, 'additionalRules[0].verbs = [] is empty. Fix: give at least one entry, or leave the field out for no limit.'],
    ['no namespaces', { namespaces: [] }, 'additionalRules[0].namespaces = [] is empty. Fix: give at least one entry, or leave the field out for no limit.'],
    ['no URLs', { nonResourceUrls: [] }, 'additionalRules[0].nonResourceUrls = [] is empty. Fix: give at least one entry, or leave the field out for no limit.'],
    ['no stages', { omitStages: [] }, 'additionalRules[0].omitStages = [] is empty. Fix: give at least one entry, or leave the field out for no limit.'],
    ['no resources', { resources: [] }, 'additionalRules[0].resources = [] is empty. Fix: give at least one entry, or leave the field out for no limit.'],
    ['no resources of a group', { resources: [{ group: 'apps', resources: [] }] }, 'additionalRules[0].resources[0].resources = [] is empty. Fix: give at least one entry, or leave the field out for no limit.'],
    ['no names', { resources: [{ group: 'apps', resources: ['deployments'], resourceNames: [] }] }, 'additionalRules[0].resources[0].resourceNames = [] is empty. Fix: give at least one entry, or leave the field out for no limit.'],
    ['a user twice', { users: [ARGO, ARGO] }, `additionalRules[0].users[1] = "${ARGO}" is listed twice. Fix: remove one of the two.`],
    ['a wildcard in a user', { users: ['system:serviceaccount:argocd:*'] }, 'additionalRules[0].users[0] = "system:serviceaccount:argocd:*" is a wildcard. Fix: list each one by its name.'],
    ['a wildcard in a group', { userGroups: ['*'] }, 'additionalRules[0].userGroups[0] = "*" is a wildcard. Fix: list each one by its name.'],
    ['a wildcard verb', { verbs: ['*'] }, 'additionalRules[0].verbs[0] = "*" is a wildcard. Fix: list each one by its name.'],
    ['a wildcard in a namespace', { namespaces: ['kube-*'] }, 'additionalRules[0].namespaces[0] = "kube-*" is a wildcard. Fix: list each one by its name.'],
    ['a wildcard in a name', { resources: [{ group: '', resources: ['pods'], resourceNames: ['web-*'] }] }, 'additionalRules[0].resources[0].resourceNames[0] = "web-*" is a wildcard. Fix: list each one by its name.'],
    ['a blank user', { users: [' '] }, 'additionalRules[0].users[0] = " " is empty. Fix: give a name as the API server sees it.'],
    ['an empty resource', { resources: core('') }, 'additionalRules[0].resources[0].resources[0] = "" is empty. Fix: give a resource in plural, e.g. "deployments".'],
    ['a blank path', { nonResourceUrls: [' /metrics'] }, 'additionalRules[0].nonResourceUrls[0] = " /metrics" begins or ends with blanks. Fix: write "/metrics".'],
    ['a path without its slash', { nonResourceUrls: ['metrics'] }, 'additionalRules[0].nonResourceURLs[0] = "metrics" is not a path. Fix: begin it with "/", with an asterisk at most at the end.'],
    ['a level that is none', { level: 'none' }, 'additionalRules[0].level = "none" is not a level. Fix: use one of None, Metadata, Request, RequestResponse.'],
    ['paths beside resources', { nonResourceUrls: ['/metrics'], resources: core('pods') }, 'additionalRules[0].nonResourceURLs = ["/metrics"] stands beside resources or namespaces. Fix: make two rules of it.'],
    ['a group with its version', { resources: [{ group: 'apps/v1' }] }, 'additionalRules[0].resources[0].group = "apps/v1" is not an API group. Fix: write "" for core, "*" for all, or a name such as "apps", without a version.'],
    ['names without resources', { resources: [{ group: 'apps', resourceNames: ['web'] }] }, 'additionalRules[0].resources[0].resourceNames = ["web"] stands without resources. Fix: name the resources the names belong to.'],
    ['a verb of admission', { verbs: ['CONNECT'], users: [ARGO] }, `additionalRules[0] = {"level":"None","users":["${ARGO}"],"verbs":["CONNECT"]} does not mean what it looks like: additionalRules[0].verbs[0] = "CONNECT" is no verb of an audit event, so it matches nothing. Fix: write what the API server compares.`],
    ['a reason of nothing', { reason: '', users: [ARGO] }, 'additionalRules[0].reason = "" is empty. Fix: give a reason in a few words, e.g. "API calls to the ledger".'],
    ['a reason that breaks out of its comment', { reason: 'x\n- level: None', users: [ARGO] }, 'additionalRules[0].reason = "x\\n- level: None" contains control'],
  ])('%s', (_title, rule, expected) => expect(message(rule)).toMatch(start(`AuditPolicy: ${expected}`)));
});

describe('rules that help', () => {
  it('drop what a program reads; its sessions stay recorded', () => {
    const policy = add({ level: NONE, reason: 'Argo CD compares all day.', users: [ARGO], verbs: READ });
    const level = (asked: string) => {
      const [verb, resource] = asked.split(' ');
      return policy.evaluator.evaluate({ user: ARGO, groups: ['system:serviceaccounts'], verb, resource, namespace: 'payments' }).level;
    };
    expect(['list pods', 'watch deployments', 'get pods'].map(level)).toEqual([NONE, NONE, NONE]);
    expect(['get pods/exec', 'get secrets', 'delete pods'].map(level)).toEqual([METADATA, METADATA, METADATA]);
    expect(policy.evaluator.gaps()).toEqual([]);
    expect(policy.toYaml()).toContain(`  # Argo CD compares all day.\n  - level: None\n    users: [${ARGO}]\n    verbs: [get, list, watch]\n`);
  });
  it.each<[string, AuditRule]>([
    ['kubelets', { level: NONE, userGroups: ['system:nodes'], verbs: ['patch'], resources: core('pods/status') }],
    ['ServiceAccounts of a namespace', { level: NONE, userGroups: ['system:serviceaccounts:monitoring'], verbs: READ }],
    ['a component', { level: NONE, users: ['system:kube-scheduler'] }],
    ['a ServiceAccount of kube-system', { level: NONE, users: ['system:serviceaccount:kube-system:coredns'], verbs: ['watch'] }],
    ['bodies of Deployments', { level: REQUEST, verbs: ['create', 'update', 'patch'], resources: [{ group: 'apps', resources: ['deployments'] }] }],
    ['answers about custom resources', { level: REQUEST_RESPONSE, resources: [{ group: 'argoproj.io' }] }],
    ['a path at Request, which has no body', { level: REQUEST, nonResourceUrls: ['/metrics'] }],
    ['watches without their beginning', { level: METADATA, verbs: ['watch'], omitStages: [AuditStage.RESPONSE_STARTED] }],
    ['bodies of ServiceAccounts, not their tokens', { level: REQUEST_RESPONSE, verbs: ['get'], resources: core('serviceaccounts') }],
    ['with managedFields', { level: REQUEST, verbs: ['update'], resources: core('pods'), omitManagedFields: false }],
  ])('%s: accepted without a warning, before noise reduction and after all that must stay', (_title, rule) => {
    const policy = add(rule);
    const index = policy.rules.findIndex(one => one.reason === 'Added by this cluster.');
    expect(policy.rules[index]).toEqual({ ...rule, reason: 'Added by this cluster.' });
    expect(policy.rules.slice(index + 1).map(one => one.reason!.split(':')[0])).toEqual([...Array(7).fill('Noise'), 'Everything else']);
    expect(policy.evaluator.gaps()).toEqual([]);
    expect(SecureDebugWarnings.of(policy.node.root)).toEqual([]);
  });
  it('keep their order', () => {
    const [first, second]: AuditRule[] = [{ level: NONE, users: [ARGO], verbs: ['list'] }, { level: METADATA, users: [ARGO], verbs: READ }];
    const level = (...rules: AuditRule[]) => add(...rules).evaluator.evaluate({ user: ARGO, verb: 'list', resource: 'pods' }).level;
    expect(level(first, second)).toBe('None');
    expect(refusal(() => level(second, first))).toContain('additionalRules[1] = "level None');
  });
});

describe('what drops requests of people is legal, and warned of', () => {
  it.each<[string, AuditRule, string[]]>([
    ['reads of pods by anyone', { level: NONE, verbs: READ, resources: core('pods') }, ['SD2001 An added audit rule drops what people do: additionalRules[0], level None, verbs get/list/watch, resources pods.']],
    ['metrics by anyone', { level: NONE, nonResourceUrls: ['/metrics'] }, ['SD2001 An added audit rule drops what people do: additionalRules[0], level None, URLs /metrics.']],
    ['the end of watches', { level: METADATA, verbs: ['watch'], omitStages: [AuditStage.RESPONSE_COMPLETE] }, ['SD2001 An added audit rule drops what people do: additionalRules[0], level Metadata, verbs watch, without stages ResponseComplete.']],
    ['reads by a person beside a program', { level: NONE, users: [ARGO, 'alice'], verbs: READ, resources: core('pods') }, [
      `SD2001 An added audit rule drops what people do: additionalRules[0], level None, users ${ARGO}/alice, verbs get/list/watch, resources pods.`,
    ]],
    ['what is in no namespace, or in one', { level: NONE, namespaces: ['', 'payments'], resources: [{ group: 'apps' }] }, [
      'SD2001 An added audit rule drops what people do: additionalRules[0], level None, resources * of apps, namespaces ""/payments.',
    ]],
    ['the same of a program', { level: NONE, users: [ARGO], verbs: READ, resources: core('pods') }, []],
    ['a level that records', { level: METADATA, verbs: READ, resources: core('pods') }, []],
  ])('%s', (_title, rule, warnings) => expect(warned(rule)).toEqual(warnings));
});

it('no rule that is accepted hides a debug request or records a secret, whatever it is', () => {
  const outcomes = { accepted: 0, refused: 0 };
  const typed = ({ nonResourceURLs: nonResourceUrls, ...rule }: any): AuditRule => JSON.parse(JSON.stringify({ ...rule, nonResourceUrls }));
  const harmless = fc.constantFrom<AuditRule>(
    { level: NONE, users: [ARGO], verbs: READ },
    { level: NONE, verbs: READ, resources: core('services') },
    { level: REQUEST, resources: [{ group: 'apps', resources: ['deployments'] }] },
  );
  fc.assert(fc.property(fc.array(fc.oneof(anyRule.map(typed), harmless), { minLength: 1, maxLength: 3 }), additionalRules => {
    let policy;
    try {
      policy = auditPolicy({ additionalRules });
    } catch (error) {
      outcomes.refused++;
      expect(error).toMatchObject({ name: 'InvalidInputError' });
      return;
    }
    outcomes.accepted++;
    expect(policy.evaluator.gaps()).toEqual([]);
    const secrets = ['secrets', 'configmaps', 'serviceaccounts/token'].flatMap(resource => WORLD.users.flatMap(user =>
      WORLD.verbs.map(verb => ({ user, groups: WORLD.groups, verb, resource, namespace: 'payments' }))));
    expect(secrets.filter(asked => policy.evaluator.evaluate(asked).level !== METADATA)).toEqual([]);
  }), { numRuns: 200 });
  expect(outcomes.accepted).toBeGreaterThan(20);
  expect(outcomes.refused).toBeGreaterThan(20);
});
