import * as fc from 'fast-check';
import { anyPolicy, WORLD } from './universe';
import { AuditPolicyEvaluator, DebugCapability } from '../../src';

const policy = (...rules: object[]) => AuditPolicyEvaluator.fromManifest({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules });
const pods = (...subresources: string[]) => [{ group: '', resources: subresources.map(subresource => subresource === '' ? 'pods' : `pods/${subresource}`) }];
const METADATA = { level: 'Metadata' };
const BODIES = { level: 'Request', resources: pods('ephemeralcontainers') };
const READ = ['get', 'list', 'watch'];

/** The gaps of a policy in short: `get pods/exec`. */
const missed = (evaluator: AuditPolicyEvaluator) => [...new Set(evaluator.gaps().map(gap => `${gap.verb} ${gap.resource}`))].sort();
const explained = (evaluator: AuditPolicyEvaluator) => evaluator.gaps().map(gap => gap.explanation);

const WEBSOCKET = ['get pods/attach', 'get pods/exec', 'get pods/portforward'];
const READS = ['get pods/attach', 'get pods/exec', 'get pods/log', 'get pods/portforward'];
const SPDY = ['create pods/attach', 'create pods/exec', 'create pods/portforward'];
const BODY = ['patch pods/ephemeralcontainers', 'update pods/ephemeralcontainers'];
const ALL = ['create pods', ...SPDY, ...WEBSOCKET, 'get pods/log', ...BODY].sort();

describe('the policies that people copy', () => {
  it('all at Metadata: only the bodies of debug containers are missing', () => {
    expect(missed(policy(METADATA))).toEqual(BODY);
    expect(explained(policy(METADATA))).toEqual([
      'rules[0] (level Metadata) records patch pods/ephemeralcontainers at Metadata, which lacks the body (Request is needed), of anyone: kubectl debug POD',
      'rules[0] (level Metadata) records update pods/ephemeralcontainers at Metadata, which lacks the body (Request is needed), of anyone: kubectl debug POD',
    ]);
  });
  it('with bodies of debug containers first: nothing is missing', () => expect(policy(BODIES, METADATA).gaps()).toEqual([]));
  it('exec by verb create alone: every WebSocket session is missing, which kubectl sends first since 1.30', () => {
    const evaluator = policy(BODIES, { ...METADATA, verbs: ['create'], resources: pods('', 'exec', 'attach', 'portforward') });
    expect(missed(evaluator)).toEqual(READS);
    expect(evaluator.gaps().find(gap => gap.capability === 'exec')).toEqual({
      capability: 'exec',
      verb: 'get',
      resource: 'pods/exec',
      client: 'kubectl exec, kubectl cp (WebSocket)',
      callers: ['people', 'system:masters', 'ServiceAccounts', 'anonymous callers'],
      needed: 'Metadata',
      level: 'None',
      ruleIndex: -1,
      explanation: 'no rule matches get pods/exec of anyone: kubectl exec, kubectl cp (WebSocket)',
    });
  });
  it('exec by verb get alone: every SPDY session is missing', () => {
    expect(missed(policy(BODIES, { ...METADATA, verbs: ['get'], resources: pods('exec', 'attach', 'portforward', 'log') }, { ...METADATA, resources: pods('') }))).toEqual(SPDY);
  });
  it('reads dropped before the exec rule: every WebSocket session is missing', () => {
    const evaluator = policy({ level: 'None', verbs: READ }, BODIES, METADATA);
    expect(missed(evaluator)).toEqual(READS);
    expect(explained(evaluator)[1]).toBe('rules[0] (level None, verbs get/list/watch) hides get pods/exec of anyone: kubectl exec, kubectl cp (WebSocket)');
  });
  it('reads dropped after the exec rule: nothing is missing', () => {
    expect(missed(policy(BODIES, { ...METADATA, resources: pods('exec', 'attach', 'portforward', 'log') }, { level: 'None', verbs: READ }, METADATA))).toEqual([]);
  });
  it('pods without subresources: nothing of a session is recorded', () => {
    expect(missed(policy({ level: 'RequestResponse', resources: pods('') }))).toEqual(ALL.filter(what => what !== 'create pods'));
  });
  it('one rule at None, as RKE2 writes it: everything is missing', () => expect(missed(policy({ level: 'None' }))).toEqual(ALL));
});

describe('whose requests are missing', () => {
  const named = (rule: object) => [...new Set(policy({ level: 'None', resources: pods('exec'), ...rule }, BODIES, METADATA).gaps().map(gap => gap.callers.join(' | ')))];
  it.each<[string, object, string[]]>([
    ['a person by name', { users: ['alice'] }, ['user alice']],
    ['two persons', { users: ['alice', 'bob'] }, ['user alice | user bob']],
    ['a group', { userGroups: ['oncall-payments'] }, ['group oncall-payments']],
    ['administrators', { userGroups: ['system:masters'] }, ['group system:masters']],
    ['everyone who logs in', { userGroups: ['system:authenticated'] }, ['group system:authenticated']],
    ['those who do not', { userGroups: ['system:unauthenticated'] }, ['group system:unauthenticated']],
    ['anonymous by name', { users: ['system:anonymous'] }, ['user system:anonymous']],
    ['a person within a group', { users: ['alice'], userGroups: ['oncall-payments'] }, ['user alice in group oncall-payments']],
    ['all ServiceAccounts', { userGroups: ['system:serviceaccounts'] }, ['group system:serviceaccounts']],
    ['ServiceAccounts of a namespace', { userGroups: ['system:serviceaccounts:ci'] }, ['group system:serviceaccounts:ci']],
    ['one ServiceAccount', { users: ['system:serviceaccount:ci:deployer'] }, ['user system:serviceaccount:ci:deployer']],
    ['a namespace', { namespaces: ['payments'] }, ['people | system:masters | ServiceAccounts | anonymous callers']],
    ['the control plane\'s namespace', { namespaces: ['kube-system'] }, ['people | system:masters | ServiceAccounts | anonymous callers']],
    ['a pod by name', { resources: [{ group: '', resources: ['pods/exec'], resourceNames: ['ledger-0'] }] }, ['people | system:masters | ServiceAccounts | anonymous callers']],
    ['what is in no namespace, where no pod is', { namespaces: [''] }, []],
    ['kubelets', { userGroups: ['system:nodes'] }, []],
    ['one kubelet', { users: ['system:node:worker-1'] }, []],
    ['a kubelet in a group of people', { users: ['system:node:worker-1'], userGroups: ['oncall-payments'] }, []],
    ['components of the control plane', { users: ['system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler', 'system:kube-proxy', 'system:cloud-controller-manager'] }, []],
    ['a ServiceAccount of kube-system', { users: ['system:serviceaccount:kube-system:generic-garbage-collector'] }, []],
    ['ServiceAccounts of kube-system', { userGroups: ['system:serviceaccounts:kube-system'] }, []],
    ['a user who is called almost like a component', { users: ['system:kube-schedulers', 'asystem:apiserver', 'system:node:'] }, ['user system:kube-schedulers | user asystem:apiserver | user system:node:']],
    ['other API groups', { resources: [{ group: 'apps' }] }, []],
    ['paths that are no resources', { resources: undefined, nonResourceURLs: ['/*'] }, []],
    ['other verbs', { verbs: ['delete', 'list'] }, []],
  ])('%s', (_title, rule, callers) => expect(named(JSON.parse(JSON.stringify(rule)).nonResourceURLs ? { nonResourceURLs: ['/*'], resources: undefined } : rule)).toEqual(callers));

  it('a rule for everyone takes only those whom no earlier rule took', () => {
    const evaluator = policy(BODIES, { ...METADATA, userGroups: ['system:authenticated'] }, { level: 'None', resources: pods('exec') }, METADATA);
    expect(evaluator.gaps().map(gap => [gap.ruleIndex, gap.callers])).toEqual([[2, ['anonymous callers']], [2, ['anonymous callers']]]);
    expect(explained(evaluator)[0]).toContain('of anonymous callers: ');
  });
});

describe('groups that Kubernetes gives by itself count, so that a rule before takes their members', () => {
  const after = (recorded: object, hidden: object) =>
    policy(BODIES, { ...METADATA, ...recorded }, { level: 'None', resources: pods('exec'), ...hidden }, METADATA).gaps().map(gap => gap.callers.join(' | '));
  it.each<[string, object, object, string[]]>([
    ['administrators', { userGroups: ['system:masters'] }, {}, ['people | ServiceAccounts | anonymous callers']],
    ['ServiceAccounts', { userGroups: ['system:serviceaccounts'] }, {}, ['people | system:masters | anonymous callers']],
    ['those who do not log in', { userGroups: ['system:unauthenticated'] }, {}, ['people | system:masters | ServiceAccounts']],
    ['anonymous by name', { users: ['system:anonymous'] }, { userGroups: ['system:unauthenticated'] }, []],
    ['a ServiceAccount, by its namespace', { userGroups: ['system:serviceaccounts:ci'] }, { users: ['system:serviceaccount:ci:deployer'] }, []],
    ['a ServiceAccount, as one', { userGroups: ['system:serviceaccounts'] }, { users: ['system:serviceaccount:ci:deployer'] }, []],
    ['a ServiceAccount, since it logs in', { userGroups: ['system:authenticated'] }, { users: ['system:serviceaccount:ci:deployer'] }, []],
    ['ServiceAccounts of a namespace, as such', { userGroups: ['system:serviceaccounts'] }, { userGroups: ['system:serviceaccounts:ci'] }, []],
    ['a ServiceAccount of another namespace', { userGroups: ['system:serviceaccounts:ci'] }, { users: ['system:serviceaccount:cd:deployer'] }, ['user system:serviceaccount:cd:deployer']],
    ['a person who is only called so', { userGroups: ['system:serviceaccounts'] }, { users: ['x-system:serviceaccount:ci:deployer'] }, ['user x-system:serviceaccount:ci:deployer']],
    ['a group that is only called so', { userGroups: ['system:serviceaccounts'] }, { userGroups: ['x-system:serviceaccounts:ci'] }, ['group x-system:serviceaccounts:ci']],
    ['a group without its namespace', { userGroups: ['system:serviceaccounts'] }, { userGroups: ['system:serviceaccounts:'] }, ['group system:serviceaccounts:']],
    ['a person', { userGroups: ['system:authenticated'] }, { users: ['alice'] }, []],
    ['a member of a group', { userGroups: ['system:authenticated'] }, { userGroups: ['oncall-payments'] }, []],
    ['a member of two groups', { userGroups: ['oncall-ledger'] }, { users: ['alice'], userGroups: ['oncall-payments', 'oncall-ledger'] }, ['user alice in group oncall-payments']],
  ])('%s', (_title, recorded, hidden, callers) => expect([...new Set(after(recorded, hidden))]).toEqual(callers));
});

describe('wildcards that reach exec', () => {
  it.each([['*'], ['pods/*'], ['*/exec']])('%s', pattern => {
    expect(missed(policy({ level: 'None', resources: [{ group: '', resources: [pattern] }] }, BODIES, METADATA))).toEqual(expect.arrayContaining(['create pods/exec', 'get pods/exec']));
    expect(missed(policy({ level: 'None', resources: [{ group: '*', resources: [pattern] }] }, BODIES, METADATA))).toEqual(expect.arrayContaining(['create pods/exec', 'get pods/exec']));
  });
  it.each([['pods'], ['*/log'], ['services/*'], ['pods/status'], ['exec'], ['pod*'], ['*/*']])('not %s', pattern => {
    expect(missed(policy({ level: 'None', resources: [{ group: '', resources: [pattern] }] }, BODIES, METADATA))).not.toContain('get pods/exec');
  });
  it('a name does not reach a creation, whose URL has none', () => {
    const named = (resourceNames: string[]) => missed(policy({ level: 'None', verbs: ['create'], resources: [{ group: '', resources: ['pods'], resourceNames }] }, BODIES, METADATA));
    expect(named(['node-debugger-worker-1-abcde'])).toEqual([]);
    expect(named([''])).toEqual(['create pods']);
  });
});

describe('stages', () => {
  const omitting = (...omitStages: string[]) => policy(BODIES, { ...METADATA, resources: pods('exec', 'log', ''), omitStages }, METADATA);
  it('without the end there is no outcome', () => {
    expect(missed(omitting('ResponseComplete'))).toEqual(['create pods', 'create pods/exec', 'get pods/exec', 'get pods/log']);
    expect(explained(omitting('ResponseComplete'))[0]).toBe(
      'rules[1] (level Metadata, resources pods/exec, pods/log, pods, without stages ResponseComplete) omits the outcome (stage ResponseComplete) of get pods/log of anyone: kubectl logs');
  });
  it('without both beginnings an open session is not in the log', () => {
    expect(missed(omitting('RequestReceived', 'ResponseStarted'))).toEqual(['create pods/exec', 'get pods/exec']);
    expect(explained(omitting('RequestReceived', 'ResponseStarted'))[0]).toContain('so a session that is still open is not in the log');
  });
  it.each([['RequestReceived'], ['ResponseStarted'], ['Panic']])('without %s nothing is missing', stage => expect(missed(omitting(stage))).toEqual([]));
  it('stages of the policy and of the rule add up', () => {
    const manifest = (omitStages: string[], ofRule: string[]) => AuditPolicyEvaluator.fromManifest({
      apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages, rules: [{ ...BODIES, omitStages: ofRule }, { ...METADATA, omitStages: ofRule }],
    });
    expect(missed(manifest(['ResponseComplete'], []))).toEqual(ALL);
    expect(missed(manifest(['RequestReceived'], ['ResponseStarted']))).toEqual([...SPDY, ...WEBSOCKET]);
  });
});

it('every capability that leaves a trace is looked for, in every verb that shows its use', () => {
  const gaps = policy({ level: 'None' }).gaps();
  const wanted = DebugCapability.all().flatMap(capability => capability.logPredicates().flatMap(({ resource, subresource, verbs }) =>
    verbs.map(verb => `${capability.id}: ${verb} ${subresource ? `${resource}/${subresource}` : resource}`)));
  expect(gaps.map(gap => `${gap.capability}: ${gap.verb} ${gap.resource}`)).toEqual(wanted);
  expect(wanted.length).toBeGreaterThanOrEqual(10);
});

/**
 * The answer is exact: the same as asking one by one for every caller, namespace and name of a small world in which
 * each value that a policy may name occurs, and one that none names.
 */
it('finds what asking for every single request finds, and nothing else', () => {
  const serviceAccount = (namespace: string) => ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const identities = [
    { user: 'alice', groups: ['system:authenticated'] },
    { user: 'mallory', groups: ['system:authenticated'] },
    { user: 'system:serviceaccount:ci:deployer', groups: serviceAccount('ci') },
    { user: 'system:serviceaccount:other:other', groups: serviceAccount('other') },
    { user: 'system:anonymous', groups: ['system:unauthenticated'] },
  ];
  const free = ['oncall-payments', 'system:masters'];
  const memberships = [[], [free[0]], [free[1]], free];
  const order = ['None', 'Metadata', 'Request', 'RequestResponse'];
  const needs = DebugCapability.all().flatMap(capability => capability.logPredicates().flatMap(({ verbs, ...place }) => verbs.map(verb => ({
    id: capability.id,
    verb,
    ...place,
    level: capability.auditRules().find(rule => rule.resource === (place.subresource ? `${place.resource}/${place.subresource}` : place.resource))!.level,
    stream: ['exec', 'attach', 'portforward'].includes(place.subresource),
  }))));

  const requests = (names: string[]) => identities.flatMap(({ user, groups }) => (user === 'system:anonymous' ? [[]] : memberships).flatMap(more =>
    ['payments', 'kube-system', 'other'].flatMap(namespace => names.map(name => ({ user, groups: [...groups, ...more], namespace, name })))));

  let found = 0;
  fc.assert(fc.property(anyPolicy, manifest => {
    const evaluator = AuditPolicyEvaluator.fromManifest(manifest);
    const expected = new Set<string>();
    for (const { id, verb, apiGroup, resource, subresource, level, stream } of needs) {
      const names = verb === 'create' && subresource === '' ? [''] : ['ledger-0', 'web', 'other'];
      for (const { user, groups, namespace, name } of requests(names)) {
        const verdict = evaluator.evaluate({ user, groups, verb, apiGroup, resource, subresource, namespace, name });
        const lacks = (stage: any) => verdict.omitStages.includes(stage);
        const late = stream && lacks('RequestReceived') && lacks('ResponseStarted');
        if (order.indexOf(verdict.level) < order.indexOf(level) || lacks('ResponseComplete') || late) expected.add(`${id}: ${verb} ${verdict.ruleIndex}`);
      }
    }
    found += expected.size;
    expect(new Set(evaluator.gaps().map(gap => `${gap.capability}: ${gap.verb} ${gap.ruleIndex}`))).toEqual(expected);
  }), { numRuns: 200 });
  expect(found).toBeGreaterThan(1000);
  expect(WORLD.users).toContain('alice');
});
