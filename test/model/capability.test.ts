import { request, words } from './words';
import { AuditLevel, Danger, DebugCapability, PolicyRules } from '../../src/model';
import { refusal, rejected } from '../private/refusal';

const READ = 'get,list,watch';
const SESSION = ['get,create core/pods/attach', 'get core/pods/log'];

interface Expected {
  readonly title: string;
  readonly danger: Danger;
  readonly clients: string[];
  readonly namespaced: string[];
  readonly cluster?: string[];
  /** `level resource verbs`; no verbs means all. */
  readonly audit?: string[];
  readonly admission?: string[];
  /** `verbs resource`, with the prefix of the name. */
  readonly log?: string[];
}

const CATALOGUE: { [id: string]: Expected } = {
  'read-workloads': {
    title: 'read workloads',
    danger: Danger.LOW,
    clients: ['kubectl get', 'kubectl describe', 'kubectl rollout status', 'kubectl rollout history'],
    namespaced: [
      `${READ} core/endpoints+persistentvolumeclaims+pods+replicationcontrollers+services`,
      `${READ} apps/controllerrevisions+daemonsets+deployments+replicasets+statefulsets`,
      `${READ} autoscaling/horizontalpodautoscalers`,
      `${READ} batch/cronjobs+jobs`,
      `${READ} discovery.k8s.io/endpointslices`,
      `${READ} networking.k8s.io/ingresses+networkpolicies`,
      `${READ} policy/poddisruptionbudgets`,
    ],
  },
  'read-events': { title: 'read events', danger: Danger.LOW, clients: ['kubectl events', 'kubectl get events'], namespaced: [`${READ} core+events.k8s.io/events`] },
  'read-logs': {
    title: 'read logs',
    danger: Danger.MEDIUM,
    clients: ['kubectl logs'],
    namespaced: ['get core/pods+pods/log'],
    audit: ['Metadata pods/log'],
    log: ['get pods/log'],
  },
  'read-config': { title: 'read config maps', danger: Danger.MEDIUM, clients: ['kubectl get configmaps'], namespaced: [`${READ} core/configmaps`] },
  'read-metrics': { title: 'read pod metrics', danger: Danger.LOW, clients: ['kubectl top pod'], namespaced: ['get,list metrics.k8s.io/pods'] },
  'exec': {
    title: 'exec',
    danger: Danger.HIGH,
    clients: ['kubectl exec', 'kubectl cp'],
    namespaced: ['get core/pods', 'get,create core/pods/exec'],
    audit: ['Metadata pods/exec'],
    admission: ['CONNECT v1 pods/exec'],
    log: ['get,create pods/exec'],
  },
  'attach': {
    title: 'attach',
    danger: Danger.HIGH,
    clients: ['kubectl attach'],
    namespaced: ['get core/pods', 'get,create core/pods/attach'],
    audit: ['Metadata pods/attach'],
    admission: ['CONNECT v1 pods/attach'],
    log: ['get,create pods/attach'],
  },
  'port-forward': {
    title: 'port-forward',
    danger: Danger.HIGH,
    clients: ['kubectl port-forward'],
    namespaced: ['get core/pods', 'get,create core/pods/portforward'],
    audit: ['Metadata pods/portforward'],
    admission: ['CONNECT v1 pods/portforward'],
    log: ['get,create pods/portforward'],
  },
  'ephemeral-containers': {
    title: 'debug containers',
    danger: Danger.HIGH,
    clients: ['kubectl debug POD'],
    namespaced: [`${READ} core/pods`, SESSION[0], 'patch core/pods/ephemeralcontainers', SESSION[1]],
    audit: ['Request pods/ephemeralcontainers'],
    admission: ['UPDATE v1 pods/ephemeralcontainers'],
    log: ['patch,update pods/ephemeralcontainers'],
  },
  'pod-copy': {
    title: 'copy pods',
    danger: Danger.CRITICAL,
    clients: ['kubectl debug POD --copy-to'],
    namespaced: [`${READ},create core/pods`, ...SESSION],
    audit: ['Metadata pods create'],
    admission: ['CREATE v1 pods'],
    log: ['create pods'],
  },
  'node-debug': {
    title: 'debug nodes',
    danger: Danger.CRITICAL,
    clients: ['kubectl debug node/NODE'],
    namespaced: [`${READ},create core/pods`, ...SESSION],
    cluster: ['get core/nodes'],
    audit: ['Metadata pods create'],
    admission: ['CREATE v1 pods'],
    log: ['create pods node-debugger-'],
  },
  'read-nodes': { title: 'read nodes', danger: Danger.LOW, clients: ['kubectl get nodes', 'kubectl describe node'], namespaced: [], cluster: [`${READ} core/nodes`] },
  'read-namespaces': { title: 'read namespaces', danger: Danger.LOW, clients: ['kubectl get namespaces'], namespaced: [], cluster: [`${READ} core/namespaces`] },
  'read-node-metrics': { title: 'read node metrics', danger: Danger.LOW, clients: ['kubectl top node'], namespaced: [], cluster: ['get,list core+metrics.k8s.io/nodes'] },
};

const all = DebugCapability.all();
const everyRule = all.flatMap(capability => [...capability.namespacedRules(), ...capability.clusterRules()]);

describe('the catalogue', () => {
  it('has these ids, in this order, each once', () => {
    expect(all.map(String)).toEqual(Object.keys(CATALOGUE));
    expect(new Set(all.map(capability => capability.id)).size).toBe(all.length);
  });

  it('the constants are its entries', () => {
    for (const [name, value] of Object.entries(DebugCapability)) expect((value as DebugCapability).id).toBe(name.toLowerCase().replace(/_/g, '-'));
    expect(Object.values(DebugCapability)).toEqual(all);
  });

  it('hands out lists that may be changed without changing it', () => {
    DebugCapability.all().pop();
    DebugCapability.EXEC.namespacedRules()[0].verbs.push('delete');
    DebugCapability.EXEC.logPredicates()[0].verbs.push('delete');
    DebugCapability.EXEC.admissionMatches()[0].operations.push('*');
    DebugCapability.POD_COPY.auditRules()[0].verbs!.push('delete');
    expect(DebugCapability.all()).toEqual(all);
    expect(words(DebugCapability.EXEC.namespacedRules())).toEqual(CATALOGUE.exec.namespaced);
    expect(words(DebugCapability.ATTACH.namespacedRules())).toEqual(CATALOGUE.attach.namespaced);
    expect(words(DebugCapability.POD_COPY.namespacedRules())).toEqual(CATALOGUE['pod-copy'].namespaced);
    expect(DebugCapability.PORT_FORWARD.admissionMatches()[0].operations).toEqual(['CONNECT']);
  });

  describe.each(all.map(capability => [capability.id, capability] as const))('%s', (id, capability) => {
    const expected = CATALOGUE[id];

    it('says what it is, how dangerous, and which commands need it', () => {
      expect(capability).toMatchObject({ title: expected.title, danger: expected.danger, clients: expected.clients });
      expect(`${capability}`).toBe(id);
    });
    it('grants exactly these rights in a namespace', () => {
      expect(words(capability.namespacedRules())).toEqual(expected.namespaced);
      expect(capability.namespaced).toBe(expected.namespaced.length > 0);
    });
    it('grants exactly these rights on cluster-scoped objects', () => {
      expect(words(capability.clusterRules())).toEqual(expected.cluster ?? []);
      expect(capability.clusterScoped).toBe(expected.cluster !== undefined);
    });
    it('must be recorded so', () => {
      expect(capability.auditRules().map(rule => [rule.level, `${rule.apiGroup}${rule.resource}`, ...rule.verbs ?? []].join(' '))).toEqual(expected.audit ?? []);
    });
    it('is guarded so', () => {
      expect(capability.admissionMatches().map(match => `${match.operations} ${match.apiGroup}${match.apiVersion} ${match.resource}`)).toEqual(expected.admission ?? []);
    });
    it('is found in a log so', () => {
      const found = capability.logPredicates().map(p => `${p.verbs} ${p.apiGroup}${p.resource}${p.subresource && `/${p.subresource}`}${p.namePrefix ? ` ${p.namePrefix}` : ''}`);
      expect(found).toEqual(expected.log ?? []);
      for (const predicate of capability.logPredicates()) expect('namePrefix' in predicate).toBe(id === 'node-debug');
    });
    it('is what its id means', () => expect(DebugCapability.fromId(id)).toBe(capability));
    it('grants what it is found by, at least one verb of each', () => {
      for (const predicate of capability.logPredicates()) {
        const resource = predicate.subresource ? `${predicate.resource}/${predicate.subresource}` : predicate.resource;
        expect(predicate.verbs.some(verb => PolicyRules.allows(capability.namespacedRules(), predicate.apiGroup, resource, verb, 'x'))).toBe(true);
      }
    });
    it('what admission or the log must see is recorded at least at Metadata', () => {
      for (const match of capability.admissionMatches()) {
        expect(capability.auditRules().filter(rule => rule.resource === match.resource && rule.level !== AuditLevel.NONE)).toHaveLength(1);
      }
      expect(capability.auditRules()).toHaveLength(capability.logPredicates().length);
    });
  });
});

describe('nothing in the catalogue grants', () => {
  it('a wildcard', () => expect(JSON.stringify(everyRule)).not.toContain('*'));
  it.each(['secrets', 'serviceaccounts/token', 'nodes/proxy', 'pods/proxy', 'services/proxy', 'pods/eviction', 'pods/binding', 'pods/resize', 'nodes/log'])(
    '%s', resource => expect(everyRule.flatMap(rule => rule.resources)).not.toContain(resource));
  it.each(['update', 'delete', 'deletecollection', 'impersonate', 'bind', 'escalate', 'approve', 'sign', 'use'])(
    'the verb %s', verb => expect(everyRule.flatMap(rule => rule.verbs)).not.toContain(verb));
  it.each(['rbac.authorization.k8s.io', 'authentication.k8s.io', 'certificates.k8s.io', 'admissionregistration.k8s.io'])(
    'anything of %s', group => expect(everyRule.flatMap(rule => rule.apiGroups)).not.toContain(group));
  it('a blank API group, which grants nothing at all', () => {
    for (const rule of everyRule) for (const group of rule.apiGroups) expect(group).toBe(group.trim());
  });
  it('patch, but on ephemeral containers; create, but of streams, and of pods to those who may copy or debug nodes', () => {
    const holders = (verb: string) => all.flatMap(capability => capability.namespacedRules().filter(rule => rule.verbs.includes(verb))
      .flatMap(rule => rule.resources.map(resource => `${capability} ${resource}`)));
    expect(holders('patch')).toEqual(['ephemeral-containers pods/ephemeralcontainers']);
    expect(holders('create')).toEqual([
      'exec pods/exec', 'attach pods/attach', 'port-forward pods/portforward', 'ephemeral-containers pods/attach',
      'pod-copy pods', 'pod-copy pods/attach', 'node-debug pods', 'node-debug pods/attach',
    ]);
  });
});

describe('defaults', () => {
  it('on call: everything that a running pod offers; no copies, no nodes, no configuration', () => {
    expect(DebugCapability.onCallDefault().map(String)).toEqual(['read-workloads', 'read-events', 'read-logs', 'exec', 'attach', 'port-forward', 'ephemeral-containers']);
  });
  it('read-only: nothing that acts inside a container', () => {
    expect(DebugCapability.readOnlyDefault().map(String)).toEqual(['read-workloads', 'read-events', 'read-logs']);
    for (const capability of DebugCapability.readOnlyDefault()) expect(capability.admissionMatches()).toEqual([]);
  });
});

describe('a right on one pod can be limited to its name', () => {
  const limited = (id: string) => words(DebugCapability.fromId(id).namespacedRules(['ledger-1', 'ledger-0']));
  it.each<[string, string[]]>([
    ['read-logs', ['get core/pods+pods/log of ledger-0,ledger-1']],
    ['exec', ['get core/pods of ledger-0,ledger-1', 'get,create core/pods/exec of ledger-0,ledger-1']],
    ['attach', ['get core/pods of ledger-0,ledger-1', 'get,create core/pods/attach of ledger-0,ledger-1']],
    ['port-forward', ['get core/pods of ledger-0,ledger-1', 'get,create core/pods/portforward of ledger-0,ledger-1']],
    ['ephemeral-containers', [
      `${READ} core/pods of ledger-0,ledger-1`,
      'get,create core/pods/attach of ledger-0,ledger-1',
      'patch core/pods/ephemeralcontainers of ledger-0,ledger-1',
      'get core/pods/log of ledger-0,ledger-1',
    ]],
  ])('%s', (id, rules) => expect(limited(id)).toEqual(rules));

  it.each(['read-workloads', 'read-events', 'read-config', 'read-metrics', 'pod-copy', 'node-debug'])('%s is about more than single pods, so it is not', id => {
    expect(limited(id)).toEqual(CATALOGUE[id].namespaced);
  });
  it('no names mean every pod', () => {
    expect(DebugCapability.EXEC.namespacedRules([])).toEqual(DebugCapability.EXEC.namespacedRules());
  });
});

// What each command sends, read from the sources of kubectl 1.36; `POD` stands for a name, lists and creations have none.
describe('kubectl gets every request that a command sends', () => {
  const WORKLOADS = ['read-workloads'];
  const BY_TYPE = ['get apps/deployments web', 'list pods', 'watch pods'];
  it.each<[string, string[], string[]]>([
    ['exec POD, by WebSocket', ['exec'], ['get pods ledger-0', 'get pods/exec ledger-0', 'create pods/exec ledger-0']],
    ['exec POD, by SPDY', ['exec'], ['get pods ledger-0', 'create pods/exec ledger-0']],
    ['exec deploy/web', ['exec', ...WORKLOADS], [...BY_TYPE, 'get pods/exec web-1', 'create pods/exec web-1']],
    ['exec svc/web', ['exec', ...WORKLOADS], ['get services web', 'list pods', 'watch pods', 'get pods web-1', 'create pods/exec web-1']],
    ['cp POD:/tmp/dump .', ['exec'], ['get pods ledger-0', 'get pods/exec ledger-0', 'create pods/exec ledger-0']],
    ['attach POD', ['attach'], ['get pods ledger-0', 'get pods/attach ledger-0', 'create pods/attach ledger-0']],
    ['port-forward POD', ['port-forward'], ['get pods ledger-0', 'get pods/portforward ledger-0', 'create pods/portforward ledger-0']],
    ['port-forward svc/web', ['port-forward', ...WORKLOADS], ['get services web', 'list pods', 'watch pods', 'get pods web-1', 'get pods/portforward web-1', 'create pods/portforward web-1']],
    ['logs POD', ['read-logs'], ['get pods ledger-0', 'get pods/log ledger-0']],
    ['logs -l app=web', ['read-logs', ...WORKLOADS], ['list pods', 'get pods/log web-1']],
    ['logs job/import', ['read-logs', ...WORKLOADS], ['get batch/jobs import', 'list pods', 'watch pods', 'get pods/log import-1']],
    ['logs sts/ledger', ['read-logs', ...WORKLOADS], ['get apps/statefulsets ledger', 'list pods', 'get pods/log ledger-0']],
    ['debug POD', ['ephemeral-containers'], [
      'get pods ledger-0', 'patch pods/ephemeralcontainers ledger-0', 'list pods', 'watch pods', 'get pods/attach ledger-0', 'create pods/attach ledger-0', 'get pods/log ledger-0',
    ]],
    ['debug POD --copy-to', ['pod-copy'], ['get pods ledger-0', 'create pods', 'list pods', 'watch pods', 'create pods/attach copy', 'get pods/attach copy', 'get pods/log copy']],
    ['debug node/NODE', ['node-debug', 'read-nodes'], ['get nodes worker-1', 'create pods', 'list pods', 'watch pods', 'get pods/attach node-debugger-worker-1-abcde', 'create pods/attach x', 'get pods/log x']],
    ['get all', WORKLOADS, [
      'list pods', 'list replicationcontrollers', 'list services', 'list apps/daemonsets', 'list apps/deployments', 'list apps/replicasets', 'list apps/statefulsets',
      'list autoscaling/horizontalpodautoscalers', 'list batch/cronjobs', 'list batch/jobs',
    ]],
    ['describe pod', [...WORKLOADS, 'read-events'], ['get pods ledger-0', 'list events']],
    ['describe deploy', [...WORKLOADS, 'read-events'], ['get apps/deployments web', 'list apps/replicasets', 'list pods', 'list events']],
    ['describe svc', [...WORKLOADS, 'read-events'], ['get services web', 'list discovery.k8s.io/endpointslices', 'list events']],
    ['describe ing', [...WORKLOADS, 'read-events'], ['get networking.k8s.io/ingresses web', 'get services web', 'list discovery.k8s.io/endpointslices', 'list events']],
    ['describe pvc', [...WORKLOADS, 'read-events'], ['get persistentvolumeclaims data', 'list pods', 'list events']],
    ['describe hpa', [...WORKLOADS, 'read-events'], ['get autoscaling/horizontalpodautoscalers web', 'list events']],
    ['describe pdb', [...WORKLOADS, 'read-events'], ['get policy/poddisruptionbudgets web', 'list events']],
    ['describe netpol', WORKLOADS, ['get networking.k8s.io/networkpolicies fence']],
    ['describe cj', [...WORKLOADS, 'read-events'], ['get batch/cronjobs import', 'list events']],
    ['describe endpoints', [...WORKLOADS, 'read-events'], ['get endpoints web', 'list events']],
    ['rollout status deploy', WORKLOADS, ['get apps/deployments web', 'list apps/deployments', 'watch apps/deployments']],
    ['rollout history deploy', WORKLOADS, ['get apps/deployments web', 'list apps/replicasets']],
    ['rollout history ds', WORKLOADS, ['get apps/daemonsets agent', 'list apps/controllerrevisions']],
    ['events --watch', ['read-events'], ['list events', 'watch events']],
    ['get events.v1.events.k8s.io', ['read-events'], ['list events.k8s.io/events']],
    ['top pod', ['read-metrics'], ['list metrics.k8s.io/pods', 'get metrics.k8s.io/pods ledger-0']],
    ['top node', ['read-node-metrics'], ['list metrics.k8s.io/nodes', 'list nodes', 'get metrics.k8s.io/nodes worker-1', 'get nodes worker-1']],
    ['get cm', ['read-config'], ['list configmaps', 'get configmaps settings']],
    ['describe node', ['read-nodes'], ['get nodes worker-1']],
    ['get ns', ['read-namespaces'], ['list namespaces', 'get namespaces payments']],
  ])('%s', (_command, ids, requests) => {
    const rules = ids.map(DebugCapability.fromId).flatMap(capability => [...capability.namespacedRules(), ...capability.clusterRules()]);
    const refused = requests.filter(text => {
      const { apiGroup, resource, verb, name } = request(text);
      return !PolicyRules.allows(rules, apiGroup, resource, verb, name);
    });
    expect(refused).toEqual([]);
  });

  it('and debug within resourceNames: its list and watch ask for metadata.name, which RBAC takes for the name', () => {
    const rules = DebugCapability.EPHEMERAL_CONTAINERS.namespacedRules(['ledger-0']);
    for (const verb of ['get', 'list', 'watch']) {
      expect(PolicyRules.allows(rules, '', 'pods', verb, 'ledger-0')).toBe(true);
      expect(PolicyRules.allows(rules, '', 'pods', verb)).toBe(false);
    }
  });
});

describe('an audit event shows which capability was used', () => {
  const event = (verb: string, objectRef: object, more: object = {}) => ({
    kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', stage: 'ResponseComplete', verb, objectRef, responseStatus: { code: 101 }, ...more,
  });
  const pod = (subresource?: string, more: object = {}) => ({ resource: 'pods', namespace: 'payments', name: 'ledger-0', apiVersion: 'v1', ...subresource && { subresource }, ...more });

  it.each<[string, any, string[]]>([
    ['exec by WebSocket', event('get', pod('exec'), { requestURI: '/api/v1/namespaces/payments/pods/ledger-0/exec?command=sh' }), ['exec']],
    ['exec by SPDY', event('create', pod('exec')), ['exec']],
    ['exec that RBAC refused', event('create', pod('exec'), { responseStatus: { code: 403 } }), ['exec']],
    ['exec with the core group written out', event('get', pod('exec', { apiGroup: '' })), ['exec']],
    ['attach', event('get', pod('attach')), ['attach']],
    ['port-forward', event('create', pod('portforward')), ['port-forward']],
    ['a debug container by kubectl', event('patch', pod('ephemeralcontainers')), ['ephemeral-containers']],
    ['a debug container by another client', event('update', pod('ephemeralcontainers')), ['ephemeral-containers']],
    ['reading the log', event('get', pod('log')), ['read-logs']],
    ['creating a pod', event('create', pod()), ['pod-copy']],
    ['creating a node debugger', event('create', pod(undefined, { name: 'node-debugger-worker-1-abcde' })), ['pod-copy', 'node-debug']],
    ['creating a pod before its name is known', event('create', { resource: 'pods', namespace: 'payments' }, { stage: 'RequestReceived' }), ['pod-copy']],
    ['reading a pod', event('get', pod()), []],
    ['listing pods', event('list', { resource: 'pods', namespace: 'payments' }), []],
    ['reading debug containers', event('get', pod('ephemeralcontainers')), []],
    ['deleting a pod', event('delete', pod()), []],
    ['evicting a pod', event('create', pod('eviction')), []],
    ['a pod of another API group', event('create', pod('exec', { apiGroup: 'example.com' })), []],
    ['exec on what is no pod', event('create', { resource: 'virtualmachines', subresource: 'exec' }), []],
    ['a namespace whose name speaks of exec', event('get', pod(undefined, { namespace: 'exec', name: 'pods-exec' }), { requestURI: '/api/v1/namespaces/exec/pods/exec' }), []],
    ['a pod named exec', event('create', pod('binding', { name: 'exec' })), []],
    ['a secret', event('get', { resource: 'secrets', name: 'exec' }), []],
    ['a request without object', event('get', undefined as any, { requestURI: '/healthz' }), []],
    ['an event without verb', { objectRef: pod('exec') }, []],
    ['an empty event', {}, []],
    ['null', null, []],
    ['nothing', undefined, []],
  ])('%s', (_what, given, used) => {
    expect(all.filter(capability => capability.matchesEvent(given)).map(String)).toEqual(used);
  });
});

describe('an id that is none', () => {
  it.each(['', 'EXEC', 'exec ', 'pods/exec', 'read-', 'read-secrets', 'toString', undefined, 'read-b.example.com+a.example.com', 'read-a.example.com+b.example.org', 'x-read-A.example.com'] as any[])('%j is refused', id => {
    expect(refusal(() => DebugCapability.fromId(id))).toBe(
      `DebugCapability.fromId: id = ${id === undefined ? 'undefined' : JSON.stringify(id)} is not a capability. Fix: use one of ${Object.keys(CATALOGUE).join(', ')}.`);
  });
});

describe('reading resources that the catalogue does not know', () => {
  it('means get, list and watch, in a namespace, and nothing else', () => {
    const rollouts = DebugCapability.reading('argoproj.io', 'rollouts', 'analysisruns');
    expect(words(rollouts.namespacedRules(['x']))).toEqual([`${READ} argoproj.io/analysisruns+rollouts`]);
    expect(rollouts).toMatchObject({
      id: 'read-analysisruns.argoproj.io+rollouts.argoproj.io',
      title: 'read analysisruns, rollouts',
      danger: Danger.MEDIUM,
      clients: ['kubectl get analysisruns', 'kubectl get rollouts'],
      clusterScoped: false,
    });
    expect([...rollouts.clusterRules(), ...rollouts.auditRules(), ...rollouts.admissionMatches(), ...rollouts.logPredicates()]).toEqual([]);
  });

  it('has an id that leads back to it, whatever the order it was given in', () => {
    const id = DebugCapability.reading('argoproj.io', 'rollouts', 'analysisruns').id;
    expect(DebugCapability.reading('argoproj.io', 'analysisruns', 'rollouts').id).toBe(id);
    expect(DebugCapability.fromId(id)).toEqual(DebugCapability.reading('argoproj.io', 'rollouts', 'analysisruns'));
    expect(DebugCapability.fromId('read-rollouts.argoproj.io').id).toBe('read-rollouts.argoproj.io');
  });

  it('is no way to Secrets, by any group or id', () => {
    expect(refusal(() => DebugCapability.reading('example.com', 'secrets'))).toBe(
      'DebugCapability.reading: resources[0] = "secrets" is never granted. Fix: name what debugging needs to see beside it.');
    expect(() => DebugCapability.fromId('read-secrets.example.com')).toThrow('is never granted');
    expect(() => DebugCapability.reading('', 'secrets')).toThrow('apiGroup = "" is empty');
  });

  it('is no way to the core group', () => {
    expect(rejected(() => DebugCapability.reading('', 'configmaps')).fix).toBe('give an API group such as "argoproj.io"; what debugging needs of the core group has a capability of its own');
  });

  it.each<[string, string, string[]]>([
    ['every group', '*', ['rollouts']],
    ['every resource', 'argoproj.io', ['*']],
    ['subresources', 'argoproj.io', ['rollouts/status']],
    ['every subresource', 'argoproj.io', ['*/exec']],
    ['nothing', 'argoproj.io', []],
    ['a resource twice', 'argoproj.io', ['rollouts', 'rollouts']],
    ['an empty resource', 'argoproj.io', ['']],
    ['a kind', 'argoproj.io', ['Rollout']],
    ['a group with its version', 'argoproj.io/v1alpha1', ['rollouts']],
    ['a blank group', ' ', ['rollouts']],
  ])('%s cannot be asked for', (_what, group, resources) => expect(() => DebugCapability.reading(group, ...resources)).toThrow(/^DebugCapability\.reading: (apiGroup|resources)/));

  it('says what a resource looks like', () => {
    expect(refusal(() => DebugCapability.reading('argoproj.io', 'Rollout'))).toContain('Fix: write a resource in plural, e.g. "rollouts", without subresource.');
    expect(refusal(() => DebugCapability.reading('argoproj.io'))).toBe('DebugCapability.reading: resources = [] is empty. Fix: give at least one resource in plural, e.g. "rollouts".');
  });
});
