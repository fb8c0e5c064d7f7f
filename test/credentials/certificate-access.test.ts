import { App, Chart, Duration } from 'cdk8s';
import { BindingGuardrail, CertificateAccess, CertificateAccessProps, ClusterBoundary, DebugSubject, GitOpsIdentity, GuardrailMode, SecureDebugWarnings } from '../../src';
import { refusal } from '../private/refusal';

beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

function declare(more: Partial<CertificateAccessProps> = {}) {
  const chart = new Chart(new App(), 'c');
  const access = new CertificateAccess(chart, 'x', { groups: ['oncall-search', 'oncall-payments'], ...more });
  return { chart, access, objects: chart.toJson() as any[] };
}
const object = (kind: string, name?: string, more?: Partial<CertificateAccessProps>) =>
  declare(more).objects.find(one => one.kind === kind && (!name || one.metadata.name === name));
const refused = (more: object) => refusal(() => declare(more as Partial<CertificateAccessProps>));
const conditions = (more?: Partial<CertificateAccessProps>): string[] =>
  object('ValidatingAdmissionPolicy', undefined, more).spec.validations.map((one: any) => one.expression);

it('is made of a namespace, an approver, a policy, and rights', () => {
  expect(declare().objects.map(({ kind, metadata: { name, namespace } }) => [kind, namespace, name].filter(Boolean).join(' '))).toEqual([
    'Namespace secure-debug', 'ServiceAccount secure-debug certificate-approver', 'ConfigMap secure-debug certificate-approver', 'NetworkPolicy secure-debug certificate-approver',
    'ValidatingAdmissionPolicy secure-debug-certificates', 'ValidatingAdmissionPolicyBinding secure-debug-certificates', 'Deployment secure-debug certificate-approver',
    'ClusterRole certificate-approver', 'ClusterRoleBinding certificate-approver', 'ClusterRole certificate-approver-requesters', 'ClusterRoleBinding certificate-approver-requesters',
  ]);
});

describe('who may do what', () => {
  it('the approver lists requests, and approves for one signer', () => expect(object('ClusterRole', 'certificate-approver').rules).toEqual([
    { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['list'] },
    { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['update'] },
    { apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: ['kubernetes.io/kube-apiserver-client'], verbs: ['approve'] },
  ]));
  it('the groups ask, look at what became of it, and read for whom and for how long one is given', () => {
    expect(object('ClusterRole', 'certificate-approver-requesters').rules).toEqual([
      { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['create', 'get'] },
      { apiGroups: ['admissionregistration.k8s.io'], resources: ['validatingadmissionpolicies'], resourceNames: ['secure-debug-certificates'], verbs: ['get'] },
    ]);
    expect(object('ClusterRoleBinding', 'certificate-approver-requesters').subjects.map((subject: any) => subject.name)).toEqual(['oncall-payments', 'oncall-search']);
  });
  it('the policy always denies: one that only watches would sign any name', () => {
    expect(object('ValidatingAdmissionPolicyBinding').spec.validationActions).toEqual(['Deny']);
    expect(object('ValidatingAdmissionPolicy').spec.failurePolicy).toBe('Fail');
  });
  it('the approver alone approves, whatever it is named', () => {
    expect(conditions({ approverNamespace: 'security', name: 'signer' })[0]).toBe('request.operation == \'CREATE\' || request.userInfo.username == "system:serviceaccount:security:signer"');
  });
  it('who came with a certificate asks only if that is wanted', () => {
    expect(conditions().some(expression => expression.includes('X509SHA256='))).toBe(true);
    expect(conditions({ renewByCertificate: true }).some(expression => expression.includes('X509SHA256='))).toBe(false);
  });
  it('exceptions are kept with their reason, and the approver leaves their requests alone', () => {
    const exceptions = [DebugSubject.serviceAccountBecause('cert', 'operator', 'makes its own'), DebugSubject.userBecause('admin', 'prepares')];
    expect(object('ValidatingAdmissionPolicy', undefined, { exceptions }).metadata.annotations).toMatchObject({
      'secure-debug.internal/exceptions': 'User admin: prepares\nUser system:serviceaccount:cert:operator: makes its own',
    });
    expect(JSON.parse(object('ConfigMap', undefined, { exceptions }).data['config.json']).exceptions).toEqual(['admin', 'system:serviceaccount:cert:operator']);
    expect(refused({ exceptions: [DebugSubject.group('admins')] })).toContain('exceptions[0] = "Group admins" is no user and no ServiceAccount');
  });
});

it('its terms stand on the policy, for who asks', () => {
  expect(object('ValidatingAdmissionPolicy', undefined, { maxLife: Duration.minutes(20) }).metadata.annotations).toEqual({
    'secure-debug.internal/certificate-by-certificate': 'false',
    'secure-debug.internal/certificate-groups': 'oncall-payments\noncall-search',
    'secure-debug.internal/certificate-max-seconds': '1200',
  });
});

describe('with BindingGuardrail, which guards approvals too', () => {
  const passes = (policy: any): string[] => policy.spec.matchConditions.filter(({ name }: any) => name === 'no-approver-of-certificates').map(({ expression }: any) => expression);
  const identities = (chart: Chart) => (chart.toJson() as any[]).find(({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata.name === 'secure-debug-identities');
  const guard = (chart: Chart, id = 'bindings') => new BindingGuardrail(chart, id, { mode: GuardrailMode.DENY, identities: [GitOpsIdentity.argoCd()] });
  const access = (chart: Chart, id = 'access', more: Partial<CertificateAccessProps> = {}) => new CertificateAccess(chart, id, { groups: ['oncall-payments'], ...more });
  const APPROVES = '!(request.resource.resource == \'certificatesigningrequests\' && dyn(object).spec.signerName == "kubernetes.io/kube-apiserver-client" && request.userInfo.username == "system:serviceaccount:secure-debug:certificate-approver")';

  it.each<[string, (chart: Chart) => void]>([
    ['after it', chart => { guard(chart); access(chart); }], ['before it', chart => { access(chart); guard(chart); }], ['twice alike', chart => { access(chart); guard(chart); guard(chart, 'again'); access(chart, 'too'); }],
  ])('declared %s, its approver passes, for its signer alone', (_when, declareAll) => {
    const chart = new Chart(new App(), 'cluster');
    declareAll(chart);
    const policy = identities(chart);
    expect(passes(policy)).toEqual([APPROVES]);
    expect(policy.metadata.annotations['secure-debug.internal/certificate-approver']).toBe('system:serviceaccount:secure-debug:certificate-approver');
  });
  it('it passes no other policy: it binds nothing, and gets no token', () => {
    const chart = new Chart(new App(), 'cluster');
    guard(chart);
    access(chart);
    const others = (chart.toJson() as any[]).filter(({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && ['secure-debug-bindings', 'secure-debug-roles'].includes(metadata.name));
    expect(others.map(one => JSON.stringify(one)).filter(text => text.includes('certificate-approver'))).toEqual([]);
    expect(identities(chart).metadata.annotations['secure-debug.internal/exceptions']).not.toContain('certificate-approver');
  });
  it('in another chart of the cluster too, in each file that has the policy', () => {
    const app = new App();
    const [one, two] = [new Chart(app, 'one'), new Chart(app, 'two')];
    guard(one);
    guard(two);
    access(new Chart(app, 'three'));
    expect([one, two].map(chart => passes(identities(chart)))).toEqual([[APPROVES], [APPROVES]]);
  });
  it('of another cluster not', () => {
    const app = new App();
    const [one, two] = [new Chart(app, 'one'), new Chart(app, 'two')];
    [one, two].forEach(chart => ClusterBoundary.at(chart));
    guard(one);
    access(two);
    expect(passes(identities(one))).toEqual([]);
  });
});

describe('the approver', () => {
  it('has its scripts and a configuration that it understands', () => {
    const { data } = object('ConfigMap');
    expect(Object.keys(data).sort()).toEqual(['certificate-approver.js', 'certificate-request.js', 'config.json', 'kubernetes.js']);
    expect(JSON.parse(data['config.json'])).toEqual({ byCertificate: false, exceptions: [], groups: ['oncall-payments', 'oncall-search'], maxSeconds: 1800 });
    expect(data['kubernetes.js']).not.toContain('../cleanup');
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    expect(() => require('../../assets/certificate-approver/certificate-approver.js').readConfig(data['config.json'])).not.toThrow();
  });
  it('is one pod under Pod Security restricted, without the token that is mounted by default', () => {
    const { replicas, strategy, template: { spec } } = object('Deployment').spec;
    expect([replicas, strategy.type, spec.restartPolicy, spec.automountServiceAccountToken, spec.serviceAccountName]).toEqual([1, 'Recreate', 'Always', false, 'certificate-approver']);
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(spec.containers[0].securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(spec.containers[0].args).toEqual(['/opt/certificate-approver/certificate-approver.js', '/opt/certificate-approver/config.json', '/var/run/secrets/kubernetes.io/serviceaccount']);
  });
  it('starts anew when its configuration changes', () => {
    const hash = (more: Partial<CertificateAccessProps>) => object('Deployment', undefined, more).spec.template.metadata.annotations['secure-debug.internal/config-hash'];
    expect(hash({})).toBe(hash({ groups: ['oncall-payments', 'oncall-search'] }));
    expect(hash({})).not.toBe(hash({ maxLife: Duration.minutes(20) }));
  });
  it('its labels are those that Deployment and NetworkPolicy look for', () => {
    const labels = object('Deployment').spec.template.metadata.labels;
    expect(labels).toMatchObject(object('Deployment').spec.selector.matchLabels);
    expect(labels).toMatchObject(object('NetworkPolicy').spec.podSelector.matchLabels);
  });
});

it.each<[string, object, string]>([
  ['no group', { groups: [] }, 'groups = [] is empty'], ['a group of Kubernetes', { groups: ['system:masters'] }, 'is a Kubernetes system group'], ['every group', { groups: ['*'] }, 'is a wildcard'],
  ['less than Kubernetes signs for', { maxLife: Duration.minutes(9) }, 'is too short'], ['a day', { maxLife: Duration.hours(24) }, 'is too long'], ['a system namespace', { approverNamespace: 'kube-system' }, 'is a system namespace'],
  ['an image of no version', { image: 'node' }, 'has no tag'], ['a bad port', { apiServerPorts: [0] }, 'is not a port'], ['a bad block', { apiServerCidrs: ['x'] }, 'is not a CIDR block'],
])('refused is %s', (_what, more, message) => expect(refused(more)).toContain(message));

it('warned of is what lives long', () => {
  const warnings = (more: Partial<CertificateAccessProps>) => SecureDebugWarnings.of(declare(more).chart).map(({ id }) => id);
  expect(warnings({})).toEqual([]);
  expect(warnings({ maxLife: Duration.hours(2), renewByCertificate: true })).toEqual(['SD7003', 'SD7004']);
});
