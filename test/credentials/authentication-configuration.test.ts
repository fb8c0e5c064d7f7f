import { App, Chart, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { parse } from 'yaml';
import { AUTHORITY } from './authorities';
import { AuditPolicy, AuthenticationConfiguration, ControlPlane, ControlPlanePlatform, ControlPlaneProps, SecureDebugWarnings, TokenIssuer, TokenIssuerProps } from '../../src';
import { refusal } from '../private/refusal';

const { KUBEADM, CLUSTER_API, KIND, K3S, RKE2, TALOS, KOPS } = ControlPlanePlatform;
const ALL = [KUBEADM, CLUSTER_API, KIND, K3S, RKE2, TALOS, KOPS];
const issuer = (more: Partial<TokenIssuerProps> = {}) => new TokenIssuer({ issuerUrl: 'https://login.example.com', audiences: ['kubectl'], groups: ['oncall-payments'], ...more });
const partner = (more: Partial<TokenIssuerProps> = {}) => issuer({ issuerUrl: 'https://partners.example.com', usernamePrefix: 'partner:', ...more });

function login(issuers: TokenIssuer[] = [issuer()], props: ControlPlaneProps = {}): AuthenticationConfiguration {
  return new AuthenticationConfiguration(new ControlPlane(props), 'login', { issuers });
}
function files(props: ControlPlaneProps = {}, audited = false) {
  const plane = new ControlPlane(props);
  if (audited) new AuditPolicy(plane, 'audit');
  new AuthenticationConfiguration(plane, 'login', { issuers: [issuer()] });
  return Object.fromEntries(plane.synthFiles().map(file => [file.name, file.content]));
}

beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

describe('the file', () => {
  it('has no metadata, and the issuers in their order', () => {
    const made = login([partner(), issuer()]);
    expect(made.toManifest()).toEqual({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt: [partner().toManifest(), issuer().toManifest()] });
    expect(parse(made.toYaml())).toEqual(made.toManifest());
    expect(made.toYaml()).toMatch(/^# Whose tokens kube-apiserver accepts/);
  });
  it.each([['1.30', 'v1beta1'], ['v1.33.13', 'v1beta1'], ['1.34', 'v1'], ['1.37.1', 'v1']])('Kubernetes %s reads %s', (clusterVersion, version) => {
    expect(login([issuer()], { clusterVersion }).toManifest().apiVersion).toBe(`apiserver.config.k8s.io/${version}`);
  });
  it('an authority in it is a certificate again when it is read', () => {
    const made = login([issuer({ certificateAuthority: AUTHORITY })]);
    expect(parse(made.toYaml()).jwt[0].issuer.certificateAuthority).toBe(AUTHORITY);
  });
});

describe('platforms', () => {
  it('each gets its flag and its file', () => {
    const made = files({ platforms: ALL });
    expect(Object.keys(made)).toEqual(['authentication-config.yaml', 'cluster-api.yaml', 'k3s.yaml', 'kind.yaml', 'kops.yaml', 'kubeadm.yaml', 'rke2.yaml', 'talos-authentication-config.yaml']);
    const path = '/etc/kubernetes/secure-debug/authentication-config.yaml';
    expect(parse(made['kubeadm.yaml']).apiServer).toEqual({
      extraArgs: [{ name: 'authentication-config', value: path }],
      extraVolumes: [{ name: 'secure-debug', hostPath: '/etc/kubernetes/secure-debug', mountPath: '/etc/kubernetes/secure-debug', readOnly: true, pathType: 'Directory' }],
    });
    const { files: carried, clusterConfiguration } = parse(made['cluster-api.yaml']).spec.kubeadmConfigSpec;
    expect(clusterConfiguration.apiServer.extraArgs).toEqual([{ name: 'authentication-config', value: path }]);
    expect(parse(carried[0].content)).toEqual(parse(made['authentication-config.yaml']));
    expect(parse(made['kind.yaml']).nodes[0].extraMounts).toEqual([{ hostPath: './authentication-config.yaml', containerPath: path, readOnly: true }]);
    expect(parse(made['k3s.yaml'])).toEqual({ 'kube-apiserver-arg+': ['authentication-config=/etc/rancher/k3s/authentication-config.yaml'] });
    // RKE2 mounts each file that an argument names.
    expect(parse(made['rke2.yaml'])).toEqual({ 'kube-apiserver-arg+': ['authentication-config=/etc/rancher/rke2/authentication-config.yaml'] });
    expect(made['rke2.yaml']).not.toContain('records nothing');
    const { fileAssets, kubeAPIServer } = parse(made['kops.yaml']).spec;
    expect(kubeAPIServer).toEqual({ authenticationConfigFile: path });
    expect(fileAssets[0]).toMatchObject({ name: 'secure-debug-authentication-config', path });
  });
  it('Talos has a document of its own for it, in which health checks need no credential', () => {
    const made = files({ platforms: [TALOS] });
    const { configuration, ...head } = parse(made['talos-authentication-config.yaml']);
    expect(head).toEqual({ apiVersion: 'v1alpha1', kind: 'KubeAuthenticationConfig' });
    const { anonymous, ...rest } = configuration;
    expect(anonymous).toEqual({ enabled: true, conditions: [{ path: '/livez' }, { path: '/readyz' }, { path: '/healthz' }] });
    expect(rest).toEqual(parse(made['authentication-config.yaml']));
  });
  it.each(ALL.filter(platform => platform !== TALOS))('%s says that the flags of old have to go', platform => {
    expect(files({ platforms: [platform] })[`${platform}.yaml`]).toContain('# authentication-config.yaml: take away all flags that begin with --oidc-, beside which the API server does not start.\n');
  });
  it('stands beside the audit policy', () => {
    const made = files({ platforms: ALL }, true);
    expect(Object.keys(made)).toEqual(expect.arrayContaining(['audit-policy.yaml', 'authentication-config.yaml', 'talos.yaml', 'talos-authentication-config.yaml']));
    expect(parse(made['kubeadm.yaml']).apiServer.extraArgs.map((arg: any) => arg.name)).toEqual(expect.arrayContaining(['audit-policy-file', 'authentication-config']));
    const rke2 = parse(made['rke2.yaml']);
    expect(rke2['audit-policy-file']).toBe('/etc/rancher/rke2/audit-policy.yaml');
    expect(rke2['kube-apiserver-arg+']).toContain('authentication-config=/etc/rancher/rke2/authentication-config.yaml');
    expect(made['rke2.yaml']).toMatch(/^# 1\. Put audit-policy\.yaml, authentication-config\.yaml into .*\n#    [a-z]/m);
    expect(parse(made['talos.yaml']).cluster.apiServer.extraArgs).not.toHaveProperty('authentication-config');
  });
});

describe('refused is', () => {
  it('a chart of cluster objects', () => {
    expect(refusal(() => new AuthenticationConfiguration(new Chart(new App(), 'manifests'), 'login', { issuers: [issuer()] }))).toBe(
      'AuthenticationConfiguration: scope = "manifests" is a chart of cluster objects: kube-apiserver reads its authentication configuration from its own disk, and kubectl apply fails on one. '
      + 'Fix: declare it in a ControlPlane: new AuthenticationConfiguration(new ControlPlane(), \'login\').',
    );
  });
  it('no control plane', () => expect(refusal(() => new AuthenticationConfiguration(new Construct(undefined as any, ''), 'login', { issuers: [issuer()] }))).toContain('is in no ControlPlane'));
  it('a second one', () => {
    const plane = new ControlPlane();
    new AuthenticationConfiguration(plane, 'one', { issuers: [issuer()] });
    expect(refusal(() => new AuthenticationConfiguration(plane, 'two', { issuers: [issuer()] }))).toContain('is a second authentication configuration');
  });
  it.each(['1.28', '1.29'])('Kubernetes %s', clusterVersion => expect(refusal(() => login([issuer()], { clusterVersion }))).toContain('that came with 1.30'));
  it('no issuer, or what is none', () => {
    expect(refusal(() => login([]))).toContain('issuers = [] is empty');
    expect(refusal(() => login([{ url: 'https://login.example.com' } as any]))).toContain('issuers[0] = {"url":"https://login.example.com"} is no TokenIssuer');
  });
  it('more issuers than the API server takes', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => partner({ issuerUrl: `https://${i}.example.com`, usernamePrefix: `p${i}:` }));
    expect(refusal(() => login(many(65)))).toContain('is more than the 64');
    expect(login(many(64)).issuers).toHaveLength(64);
  });
  it('an issuer twice', () => expect(refusal(() => login([issuer(), issuer({ usernamePrefix: 'other:' })]))).toContain('is listed twice'));
  it('a discovery document twice', () => {
    const discoveryUrl = 'https://keys.example.com/.well-known/openid-configuration';
    expect(refusal(() => login([issuer({ discoveryUrl }), partner({ discoveryUrl })]))).toContain('issuers[1].discoveryUrl');
  });
  it.each([['a:', 'a:'], ['a:', 'a:b:'], ['a:b:', 'a:']])('one issuer whose users could be those of another: %s and %s', (first, second) => {
    expect(refusal(() => login([issuer({ usernamePrefix: first }), partner({ usernamePrefix: second })]))).toContain('lets users have the names of those of https://login.example.com');
  });
  it('and then nothing is written, even if the error is swallowed', () => {
    const plane = new ControlPlane();
    new AuditPolicy(plane, 'audit');
    try { new AuthenticationConfiguration(plane, 'login', { issuers: [] }); } catch { /* the app goes on */ }
    expect(() => plane.synthFiles()).toThrow('AuthenticationConfiguration was refused when it was declared');
  });
});

describe('warned of is', () => {
  const warnings = (...issuers: TokenIssuer[]) => SecureDebugWarnings.of(login(issuers).node.root).map(({ id, message }) => `${id} ${message}`);
  it('a token that lives for more than an hour', () => {
    expect(warnings(issuer({ maxTokenLife: Duration.minutes(90) }))).toEqual(['SD7001 Tokens live long: https://login.example.com up to 1.5 h.']);
    expect(warnings(issuer({ maxTokenLife: Duration.hours(1) }))).toEqual([]);
  });
  it.each(['preferred_username', 'upn', 'name'])('a name that people can change: %s', usernameClaim => {
    expect(warnings(issuer({ usernameClaim }))).toEqual([`SD7002 A name can be changed: ${usernameClaim} of https://login.example.com.`]);
  });
  it('not sub', () => expect(warnings(issuer({ usernameClaim: 'sub' }))).toEqual([]));
});
