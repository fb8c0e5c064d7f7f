import { App, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { auditPolicy, declaredAccess } from './plane';
import { AuditPolicy, AuditPolicyEvaluator, AuditRequest, ControlPlane, ControlPlanePlatform, DebugCapability, JustInTimeAccess, SecureDebugWarnings } from '../../src';
import { refusal } from '../private/refusal';

let alone: AuditPolicy;
beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  alone = auditPolicy();
});
afterEach(() => jest.restoreAllMocks());

const serviceAccount = (namespace: string, name: string) => ({
  user: `system:serviceaccount:${namespace}:${name}`, groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
});
const ONCALL = { user: 'alice', groups: ['oncall-payments', 'system:authenticated'] };
const DEVELOPER = { user: 'bob', groups: ['developers', 'system:authenticated'] };
const STRANGER = { user: 'mallory', groups: ['system:authenticated'] };
const ADMIN = { user: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };
const BOT = serviceAccount('ci', 'deployer');
const NOBODY = { user: 'system:anonymous', groups: ['system:unauthenticated'] };
const KUBELET = { user: 'system:node:worker-1', groups: ['system:nodes', 'system:authenticated'] };
const MANAGER = { user: 'system:kube-controller-manager', groups: ['system:authenticated'] };
const COLLECTOR = serviceAccount('kube-system', 'generic-garbage-collector');
const PEOPLE = { ONCALL, DEVELOPER, STRANGER, ADMIN, BOT, NOBODY };

/** `get pods/exec`, `create apps/deployments`, `get /healthz`. */
function request(asked: string, who: object = STRANGER, where: object = { namespace: 'payments', name: 'ledger-0' }): AuditRequest {
  const [verb, what] = asked.split(' ');
  if (what.startsWith('/')) return { ...who, verb, path: what };
  const [, apiGroup = '', resource, subresource = ''] = /^(?:([a-z0-9.]+\.[a-z0-9.]+|apps|batch|policy)\/)?([a-z]+)(?:\/([a-z]+))?$/.exec(what)!;
  return { ...who, verb, apiGroup, resource, subresource, ...where };
}
function level(asked: string, who?: object, where?: object, policy: AuditPolicy = alone): string {
  return policy.evaluator.evaluate(request(asked, who, where)).level;
}

describe('every debug capability is recorded', () => {
  // From the catalogue, not from the policy: an added capability is asked for here by itself.
  const uses = DebugCapability.all().flatMap(capability => capability.logPredicates().flatMap(({ apiGroup, resource, subresource, verbs }) => {
    const at = subresource ? `${resource}/${subresource}` : resource;
    const needed = capability.auditRules().find(rule => rule.resource === at && rule.apiGroup === apiGroup)!.level;
    return verbs.map((verb): [string, string, string] => [capability.id, `${verb} ${apiGroup ? `${apiGroup}/` : ''}${at}`, needed]);
  }));
  const client: [string, string, string][] = [
    ['kubectl 1.29, SPDY', 'create pods/exec', 'Metadata'], ['kubectl 1.30 and later, WebSocket', 'get pods/exec', 'Metadata'],
    ['kubectl 1.29 attach', 'create pods/attach', 'Metadata'], ['kubectl 1.30 attach', 'get pods/attach', 'Metadata'],
    ['kubectl 1.30 port-forward', 'create pods/portforward', 'Metadata'], ['kubectl 1.31 port-forward', 'get pods/portforward', 'Metadata'],
    ['kubectl debug', 'patch pods/ephemeralcontainers', 'Request'], ['a client that replaces', 'update pods/ephemeralcontainers', 'Request'],
    ['kubectl logs', 'get pods/log', 'Metadata'], ['kubectl debug --copy-to', 'create pods', 'Metadata'],
    ['a client with the old watch prefix', 'watch pods/exec', 'Metadata'], ['a client with another method', 'delete pods/exec', 'Metadata'],
  ];
  describe.each<[string, () => AuditPolicy]>([['alone', () => alone], ['with declared access', () => auditPolicy({ access: declaredAccess() })]])('%s', (_title, made) => {
    let policy: AuditPolicy;
    beforeEach(() => policy = made());

    it.each([...uses, ...client])('%s: %s at least at %s, by whomever and wherever', (_id, asked, needed) => {
      for (const who of [...Object.values(PEOPLE), KUBELET, MANAGER, COLLECTOR]) {
        for (const namespace of ['payments', 'kube-system', 'default', 'secure-debug']) {
          const verdict = policy.evaluator.evaluate(request(asked, who, { namespace, name: 'node-debugger-worker-1-abcde' }));
          expect(['Metadata', 'Request'].slice(['Metadata', 'Request'].indexOf(needed))).toContain(verdict.level);
          expect(verdict.omitStages).toEqual(['RequestReceived']);
        }
      }
    });
    it('there are no gaps', () => expect(policy.evaluator.gaps()).toEqual([]));
    it('the API server takes every field as it looks', () => expect(policy.evaluator.remarks).toEqual([]));
  });
});

describe('ways around exec are recorded', () => {
  it.each(['get pods/proxy', 'create pods/proxy', 'get services/proxy', 'create nodes/proxy', 'get nodes/proxy', 'create serviceaccounts/token', 'create pods/eviction', 'patch pods/resize'])('%s', asked => {
    for (const who of [...Object.values(PEOPLE), KUBELET, MANAGER, COLLECTOR]) expect(level(asked, who)).toBe('Metadata');
  });
  it('who speaks with a kubelet directly is in the body of its question', () => {
    expect(level('create authorization.k8s.io/subjectaccessreviews', KUBELET)).toBe('Request');
    expect(level('create authorization.k8s.io/subjectaccessreviews', BOT)).toBe('Metadata');
  });
});

describe('secrets and tokens are recorded, and never with their bodies', () => {
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
  it.each(['secrets', 'configmaps', 'serviceaccounts/token', 'authentication.k8s.io/tokenreviews'])('%s', what => {
    const withAccess = auditPolicy({ access: declaredAccess() });
    for (const verb of verbs) {
      for (const who of [...Object.values(PEOPLE), MANAGER, COLLECTOR]) {
        expect(level(`${verb} ${what}`, who)).toBe('Metadata');
        expect(level(`${verb} ${what}`, who, undefined, withAccess)).toBe('Metadata');
      }
    }
  });
  it('a kubelet\'s reads of Secrets too, but not that it follows ConfigMaps', () => {
    expect(level('watch secrets', KUBELET)).toBe('Metadata');
    expect(level('watch configmaps', KUBELET)).toBe('None');
    expect(level('update configmaps', KUBELET)).toBe('Metadata');
  });
});

describe('writes of what carries a right or a reason are recorded with their bodies', () => {
  const what = [
    'rbac.authorization.k8s.io/roles', 'rbac.authorization.k8s.io/rolebindings', 'rbac.authorization.k8s.io/clusterroles', 'rbac.authorization.k8s.io/clusterrolebindings',
    'certificates.k8s.io/certificatesigningrequests', 'certificates.k8s.io/certificatesigningrequests/approval', 'certificates.k8s.io/certificatesigningrequests/status',
    'admissionregistration.k8s.io/validatingadmissionpolicies', 'admissionregistration.k8s.io/validatingadmissionpolicybindings', 'admissionregistration.k8s.io/mutatingadmissionpolicies',
    'admissionregistration.k8s.io/mutatingadmissionpolicybindings', 'admissionregistration.k8s.io/validatingwebhookconfigurations', 'admissionregistration.k8s.io/mutatingwebhookconfigurations',
    'apiregistration.k8s.io/apiservices', 'networking.k8s.io/networkpolicies', 'namespaces', 'serviceaccounts',
  ];
  it.each(what)('%s', resource => {
    for (const verb of ['create', 'update', 'patch', 'delete', 'deletecollection']) for (const who of [...Object.values(PEOPLE), MANAGER]) expect(level(`${verb} ${resource}`, who)).toBe('Request');
    for (const verb of ['get', 'list', 'watch']) expect(level(`${verb} ${resource}`)).toBe('Metadata');
  });
});

describe('noise is not recorded', () => {
  it.each<[string, object, string[]]>([
    ['health probes that do not log in', NOBODY, ['get /healthz', 'get /livez/etcd', 'get /readyz']],
    ['a kubelet\'s heartbeats', KUBELET, ['update coordination.k8s.io/leases', 'get coordination.k8s.io/leases', 'patch nodes/status', 'create events', 'patch events', 'create events.k8s.io/events']],
    ['a kubelet\'s watches', KUBELET, ['watch pods', 'list services', 'get nodes', 'watch storage.k8s.io/csidrivers', 'list node.k8s.io/runtimeclasses', 'get persistentvolumeclaims']],
    ['kube-proxy\'s watches', { user: 'system:kube-proxy', groups: ['system:authenticated'] }, ['watch services', 'watch discovery.k8s.io/endpointslices', 'list nodes', 'watch networking.k8s.io/servicecidrs']],
    ['kube-proxy\'s watches as a ServiceAccount', serviceAccount('kube-system', 'kube-proxy'), ['watch services', 'list endpoints']],
    ['leader election', MANAGER, ['update coordination.k8s.io/leases', 'get coordination.k8s.io/leases']],
    ['leader election and events of an add-on', serviceAccount('kube-system', 'cluster-autoscaler'), ['update coordination.k8s.io/leases', 'get coordination.k8s.io/leases', 'create events', 'patch events.k8s.io/events']],
    ['events of the scheduler', { user: 'system:kube-scheduler', groups: ['system:authenticated'] }, ['create events.k8s.io/events', 'patch events']],
    ['endpoints', serviceAccount('kube-system', 'endpointslice-controller'), ['update discovery.k8s.io/endpointslices', 'delete discovery.k8s.io/endpointslices', 'patch endpoints']],
    ['what the control plane watches', MANAGER, ['watch pods', 'list apps/deployments', 'watch example.com/widgets', 'get /apis']],
    ['what the API server asks itself', { user: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }, ['list namespaces', 'watch rbac.authorization.k8s.io/rolebindings', 'get /openapi/v3']],
    ['what the garbage collector reads', COLLECTOR, ['get batch/jobs', 'watch example.com/widgets', 'get /api']],
    ['what the autoscaler reads', serviceAccount('kube-system', 'horizontal-pod-autoscaler'), ['list metrics.k8s.io/pods', 'get apps/deployments/scale']],
  ])('%s', (_title, who, asked) => expect(asked.filter(one => level(one, who) !== 'None')).toEqual([]));

  it('the same by people is recorded', () => {
    const asked = ['get /healthz', 'update coordination.k8s.io/leases', 'patch nodes/status', 'create events', 'watch pods', 'list services', 'update discovery.k8s.io/endpointslices', 'get /apis', 'list metrics.k8s.io/pods'];
    for (const who of [ONCALL, DEVELOPER, STRANGER, ADMIN, BOT]) expect(asked.filter(one => level(one, who) !== 'Metadata')).toEqual([]);
    expect(level('get /version', NOBODY)).toBe('Metadata');
    expect(level('list pods', NOBODY)).toBe('Metadata');
    expect(level('get /healthz', { user: undefined, groups: [] })).toBe('Metadata');
  });
  it('what the control plane changes is recorded', () => {
    expect(level('delete pods', COLLECTOR)).toBe('Metadata');
    expect(level('create pods', MANAGER)).toBe('Metadata');
    expect(level('delete nodes', KUBELET)).toBe('Metadata');
    expect(level('list rbac.authorization.k8s.io/roles', KUBELET)).toBe('Metadata');
    expect(level('list pods', serviceAccount('kube-system', 'cluster-autoscaler'))).toBe('Metadata');
  });
  it('a person who impersonates a component is recorded', () => {
    const event = {
      user: { username: 'alice', groups: ['system:authenticated'] },
      impersonatedUser: { username: 'system:kube-controller-manager', groups: ['system:authenticated'] },
      verb: 'list',
      stage: 'ResponseComplete',
      requestURI: '/api/v1/pods',
      objectRef: { resource: 'pods', apiVersion: 'v1' },
    };
    expect(alone.evaluator.records(event)).toBe(true);
    expect(alone.evaluator.records({ ...event, user: { username: 'system:kube-controller-manager' } })).toBe(false);
  });
});

describe('declared access', () => {
  let policy: AuditPolicy;
  beforeEach(() => policy = auditPolicy({ access: declaredAccess() }));

  const OPERATOR = { user: 'operator@example.com', groups: ['system:authenticated'] };
  const DOCTOR = serviceAccount('ci', 'doctor');
  const GRANTED: [string, object][] = [['on-call', ONCALL], ['developers', DEVELOPER], ['a user by name', OPERATOR], ['a ServiceAccount by name', DOCTOR]];

  it.each(GRANTED)('of %s: pods they create are recorded with their bodies', (_title, who) => expect(level('create pods', who, undefined, policy)).toBe('Request'));
  it('of others they are not', () => expect([STRANGER, ADMIN, BOT, MANAGER].map(who => level('create pods', who, undefined, policy))).toEqual(Array(4).fill('Metadata')));
  it.each(GRANTED)('of %s: reads are recorded by a rule that stands before all noise reduction', (_title, who) => {
    const asked = ['get pods', 'list apps/deployments', 'watch events', 'get /healthz', 'update coordination.k8s.io/leases'];
    const firstNoise = policy.rules.findIndex(rule => rule.level === 'None');
    for (const one of asked) {
      const verdict = policy.evaluator.evaluate(request(one, who));
      expect(verdict.level).toBe('Metadata');
      expect(verdict.ruleIndex).toBeLessThan(firstNoise);
    }
  });
  it('even when they are in a group of the control plane', () => {
    expect(level('list pods', { user: 'alice', groups: ['oncall-payments', 'system:nodes'] }, undefined, policy)).toBe('Metadata');
  });
  it('names each group once, sorted, whatever the order it was declared in', () => {
    const [first, second] = declaredAccess();
    expect(auditPolicy({ access: [second, first] }).toYaml()).toBe(auditPolicy({ access: [first, second] }).toYaml());
    expect(policy.rules.filter(rule => rule.userGroups?.includes('oncall-payments')).map(rule => rule.userGroups)).toEqual(Array(2).fill(['developers', 'oncall-payments']));
    expect(policy.rules.filter(rule => rule.users?.includes('operator@example.com')).map(rule => rule.users)).toEqual(
      Array(2).fill(['operator@example.com', 'system:serviceaccount:ci:doctor']));
  });
  it('groups alone make no rule about users', () => {
    const groups = auditPolicy({ access: [new JustInTimeAccess(new Chart(new App(), 'jit'), 'jit', { namespace: 'payments' })] });
    expect(groups.rules.filter(rule => rule.userGroups?.join() === 'jit:oncall:cluster,jit:oncall:payments')).toHaveLength(2);
    expect(groups.rules).toHaveLength(alone.rules.length + 2);
  });
  it('an empty list is refused', () => {
    expect(refusal(() => auditPolicy({ access: [] }))).toBe('AuditPolicy: access = [] is empty. Fix: give the declared access, or leave the field out.');
  });
});

describe('the file', () => {
  it('is what was reviewed', () => expect(auditPolicy({ access: declaredAccess() }).toYaml()).toMatchSnapshot());
  it('says the same as the object and the evaluator', () => {
    const policy = auditPolicy({ access: declaredAccess() });
    expect(AuditPolicyEvaluator.fromYaml(policy.toYaml()).rules).toEqual(policy.evaluator.rules);
    expect(AuditPolicyEvaluator.fromManifest(policy.toManifest()).rules).toEqual(policy.evaluator.rules);
    expect(policy.rules.map(({ reason, ...rule }) => rule)).toEqual(policy.evaluator.rules);
    expect(policy.toManifest()).toMatchObject({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], omitManagedFields: true });
  });
  it('explains each rule in a comment above it', () => {
    const lines = alone.toYaml().split('\n');
    const rules = lines.map((line, i) => line.startsWith('  - level:') ? lines[i - 1] : undefined).filter(line => line !== undefined);
    expect(rules).toHaveLength(alone.rules.length);
    expect(rules.filter(line => !/^ {2}# \S.*[.;]$/.test(line!))).toEqual([]);
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(120);
  });
  it('ends with one newline and has no blanks at the end of a line', () => {
    expect(alone.toYaml()).toMatch(/[^\n]\n$/);
    expect(alone.toYaml()).not.toMatch(/[ \t]\n/);
  });
  it('quotes what Kubernetes would read as something else', () => {
    const policy = auditPolicy({ additionalRules: [{ level: 'None' as any, users: ['system:serviceaccount:ci:on'], verbs: ['get'], namespaces: ['on', 'no', '1e3', 'null'], reason: 'a: b # c' }] });
    expect(policy.toYaml()).toContain('namespaces: ["on", "no", "1e3", "null"]');
    expect(policy.toYaml()).toContain('  # a: b # c\n  - level: None\n');
    expect(AuditPolicyEvaluator.fromYaml(policy.toYaml()).rules).toEqual(policy.evaluator.rules);
  });
  it('hands out copies', () => {
    const policy = auditPolicy();
    policy.rules.length = 0;
    policy.evaluator.rules.length = 0;
    expect(policy.rules).toHaveLength(alone.rules.length);
    expect(policy.evaluator.evaluate(request('get pods/exec')).level).toBe('Metadata');
  });
});

describe('where it belongs', () => {
  it('not into a chart of cluster objects', () => {
    const chart = new Chart(new App(), 'manifests');
    expect(refusal(() => new AuditPolicy(chart, 'audit'))).toBe(
      'AuditPolicy: scope = "manifests" is a chart of cluster objects: kube-apiserver reads its audit policy from its own disk, and kubectl apply fails on one. '
      + "Fix: declare it in a ControlPlane: new AuditPolicy(new ControlPlane(), 'audit').");
    expect(refusal(() => new AuditPolicy(new Construct(chart, 'nested'), 'audit'))).toContain('scope = "manifests/nested" is a chart of cluster objects');
    expect(chart.node.findAll().map(construct => construct.node.id)).toEqual(['manifests', 'nested']);
  });
  it.each<[string, () => Construct]>([['an app', () => new App({ outdir: 'unused' })], ['a construct that is in nothing', () => new Construct(undefined as any, 'x')]])('not into %s', (_title, scope) => {
    expect(refusal(() => new AuditPolicy(scope(), 'audit'))).toMatch(/^AuditPolicy: scope = ".?" is in no ControlPlane\. Fix: declare it in one: new AuditPolicy\(new ControlPlane\(\), 'audit'\)\.$/);
  });
  it('into a construct in a control plane', () => {
    const plane = new ControlPlane();
    new AuditPolicy(new Construct(plane, 'nested'), 'audit');
    expect(plane.synthFiles().map(file => file.name)).toEqual(['audit-policy.yaml']);
  });
  it('once for each control plane', () => {
    const plane = new ControlPlane();
    new AuditPolicy(plane, 'audit');
    new AuditPolicy(new ControlPlane(), 'audit');
    expect(refusal(() => new AuditPolicy(plane, 'again'))).toBe(
      'AuditPolicy: id = "again" is a second audit policy of this control plane, and the API server reads one. Fix: join the two, or make another ControlPlane.');
  });
  it('an app that swallows the refusal is not synthesized', () => {
    const plane = new ControlPlane();
    new AuditPolicy(plane, 'audit');
    expect(() => new AuditPolicy(plane, 'again')).toThrow();
    expect(() => plane.synthFiles()).toThrow('Validation failed:\n  [again] AuditPolicy was refused when it was declared');
  });
});

describe('the log', () => {
  const flags = (props: object) => {
    const plane = new ControlPlane({ platforms: [ControlPlanePlatform.K3S] });
    new AuditPolicy(plane, 'audit', props);
    return plane.synthFiles().find(file => file.name === 'k3s.yaml')!.content.split('\n').filter(line => line.includes('=')).map(line => line.replace('  - ', ''));
  };
  it('is kept for 30 days, in 10 files of 100 megabytes', () => expect(flags({})).toEqual([
    'audit-policy-file=/etc/rancher/k3s/audit-policy.yaml', 'audit-log-path=/var/lib/rancher/k3s/server/logs/audit.log', 'audit-log-maxage=30', 'audit-log-maxbackup=10', 'audit-log-maxsize=100',
  ]));
  it('is kept as declared', () => expect(flags({ logPath: '/data/audit/api.log', logMaxAgeDays: 3650, logMaxBackups: 1000, logMaxSizeMegabytes: 10240 }).slice(1)).toEqual([
    'audit-log-path=/data/audit/api.log', 'audit-log-maxage=3650', 'audit-log-maxbackup=1000', 'audit-log-maxsize=10240',
  ]));
  it('at the least', () => expect(flags({ logMaxAgeDays: 1, logMaxBackups: 1, logMaxSizeMegabytes: 1 }).slice(2)).toEqual(['audit-log-maxage=1', 'audit-log-maxbackup=1', 'audit-log-maxsize=1']));
  it('goes to standard output, which is not rotated', () => expect(flags({ logPath: '-' }).slice(1)).toEqual(['audit-log-path=-']));

  it.each<[string, object, string]>([
    ['0 days, which would be for ever', { logMaxAgeDays: 0 }, 'logMaxAgeDays = 0 is not a whole number of days from 1 to 3650. Fix: give one; 0 would mean without limit.'],
    ['more than ten years', { logMaxAgeDays: 3651 }, 'logMaxAgeDays = 3651 is not a whole number of days from 1 to 3650. Fix: give one; 0 would mean without limit.'],
    ['half a day', { logMaxAgeDays: 0.5 }, 'logMaxAgeDays = 0.5 is not a whole number of days from 1 to 3650. Fix: give one; 0 would mean without limit.'],
    ['negative files', { logMaxBackups: -1 }, 'logMaxBackups = -1 is not a whole number of files from 1 to 1000. Fix: give one; 0 would mean without limit.'],
    ['too many files', { logMaxBackups: 1001 }, 'logMaxBackups = 1001 is not a whole number of files from 1 to 1000. Fix: give one; 0 would mean without limit.'],
    ['no size', { logMaxSizeMegabytes: NaN }, 'logMaxSizeMegabytes = NaN is not a whole number of megabytes from 1 to 10240. Fix: give one; 0 would mean without limit.'],
    ['too large', { logMaxSizeMegabytes: 10241 }, 'logMaxSizeMegabytes = 10241 is not a whole number of megabytes from 1 to 10240. Fix: give one; 0 would mean without limit.'],
    ['no path', { logPath: '' }, 'logPath = "" is empty. Fix: give an absolute path such as "/var/log/kubernetes/audit/audit.log".'],
    ...['audit.log', '/audit.log', '/var/log/', '/var/../audit.log', '/var/./audit.log', '//audit.log', '/var/log/..', '/var/log/.'].map((logPath): [string, object, string] => [
      `the path ${logPath}`, { logPath }, `logPath = "${logPath}" is not the absolute path of a file in a folder of its own. Fix: write e.g. "/var/log/kubernetes/audit/audit.log", or "-" for standard output.`,
    ]),
  ])('%s is refused', (_title, props, message) => expect(refusal(() => flags(props))).toBe(`AuditPolicy: ${message}`));
  it.each(['/var/log/.audit/audit.log', '/var/log/..audit/a', '/a/b'])('the path %s is not', logPath => expect(flags({ logPath })[1]).toBe(`audit-log-path=${logPath}`));
  it('a path on Talos is refused', () => {
    expect(refusal(() => auditPolicy({ logPath: '/var/log/x/audit.log' }, { platforms: [ControlPlanePlatform.TALOS] }))).toBe(
      'AuditPolicy: logPath = "/var/log/x/audit.log" cannot be set on Talos, which mounts no other folder. Fix: leave it out: the log is /var/log/audit/kube/kube-apiserver.log.');
  });
});

it('warns of nothing by itself', () => expect(SecureDebugWarnings.of(alone.node.root)).toEqual([]));
