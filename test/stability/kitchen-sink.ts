import { ApiObject, App, Chart, Duration } from 'cdk8s';
import {
  AccessRequestPolicy, AttachScope, AuditPolicy, AuthenticationConfiguration, BindingGuardrail, BreakGlassAccess, Broker, BrokerPolicy,
  CertificateAccess, ClusterReadAccess, CommandSet, ControlPlane, ControlPlanePlatform, DebugContainerAccess, DebugContainerCleanup,
  DebugContainerGuardrail, DebugImage, DebugSubject, DefaultDenyNetwork, DnsProvider, ExecAccess, ExecGuardrail, ExpiredAccessCleanup,
  GitOpsGuardrail, GitOpsIdentity, GuardrailCanary, GuardrailProbe, JustInTimeAccess, NetworkAllow, OnCallDebugAccess, ReadOnlyAccess,
  SecureDebugWarnings, TokenIssuer,
  AuditAlerts, AuditDashboards, AuditLogShipping, AuditWebhook, DebugGateway, GatewayRecording, LogSink, RolloutPhase, SecureDebugging,
  DiagnosticsEndpoint, DiagnosticsPreset, DiagnosticsProxy, DiagnosticsRoute, DiagnosticsService,
} from '../../src';

/** It stands for any namespace in the names that contain one. */
export const NAMESPACE = 'example';
const group = 'example-group';
const commandSets = [CommandSet.readOnlyDiagnostics(), CommandSet.shell(), CommandSet.copyFrom('/var/log')];
const images = [new DebugImage('toolbox', { repository: 'docker.io/library/busybox', tags: ['1.36'], commandSets: [commandSets[0]] })];

/** A public key whose private one nobody has. */
const SSH_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID9mOH4t6sNzQ42Y9/qPS113CPt5QTRshE6XV79poGtK';
const issuer = new TokenIssuer({ issuerUrl: 'https://login.example.com', audiences: ['kubernetes'], groups: [group] });

const diagnosticsProxy = DiagnosticsProxy.oauth2Proxy({
  issuerUrl: 'https://login.example.com',
  authorizationUrl: 'https://login.example.com/authorize',
  tokenUrl: 'https://login.example.com/token',
  jwksUrl: 'https://login.example.com/keys',
  groups: [group],
  clientId: 'example',
  secretName: 'login',
});
const diagnosticsRoute = DiagnosticsRoute.ingress({ host: 'example.example.com', className: 'internal', tlsSecretName: 'tls', controllerNamespace: 'ingress' });

/** The objects that one chart would apply. */
function applied(build: (chart: Chart) => unknown): any[] {
  const chart = new Chart(new App(), 'chart');
  SecureDebugWarnings.rules().forEach(({ id }) => SecureDebugWarnings.acknowledge(chart, id, 'an example'));
  build(chart);
  return chart.toJson();
}

/** The files of the API server, as if they were objects. */
function files(build: (controlPlane: ControlPlane) => unknown, without?: ControlPlanePlatform): any[] {
  const platforms = Object.values(ControlPlanePlatform).filter(platform => !/^(eks|aks|gke)$/.test(platform) && platform !== without);
  const controlPlane = new ControlPlane({ platforms });
  build(controlPlane);
  return controlPlane.synthFiles().map(({ name }) => ({ kind: 'ControlPlaneFile', metadata: { name } }));
}

/**
 * Each construct of the library with its default names and everything optional that adds a name, and what it emits.
 * A new construct is one new line here; a test holds the keys equal to the constructs that the library exports.
 */
export const KITCHEN_SINK: { [construct: string]: () => any[] } = {
  OnCallDebugAccess: () => applied(chart => new OnCallDebugAccess(chart, 'x', { namespace: NAMESPACE, group, subjects: [DebugSubject.userBecause('alice', 'an example')] })),
  ReadOnlyAccess: () => applied(chart => new ReadOnlyAccess(chart, 'x', { namespace: NAMESPACE, group })),
  JustInTimeAccess: () => applied(chart => new JustInTimeAccess(chart, 'x', {
    namespace: NAMESPACE,
    identityProviderGroups: true,
    requests: { requesters: [group], approvers: ['approvers'], maxRoleBindings: 100, policyElsewhere: true },
  })),
  BreakGlassAccess: () => applied(chart => new BreakGlassAccess(chart, 'x', { namespace: NAMESPACE, requesters: [group], approvers: ['approvers'], policyElsewhere: true })),
  AccessRequestPolicy: () => applied(chart => new AccessRequestPolicy(chart, 'x')),
  ExecGuardrail: () => applied(chart => new ExecGuardrail(chart, 'x', { namespaces: [NAMESPACE], commandSets })),
  ExecAccess: () => applied(chart => new ExecAccess(chart, 'x', { namespace: NAMESPACE, group, commandSets: commandSets.map(({ name }) => name), attach: AttachScope.ANY, portForward: true, proxy: true })),
  DebugContainerGuardrail: () => applied(chart => new DebugContainerGuardrail(chart, 'x', { namespaces: [NAMESPACE], images })),
  DebugContainerAccess: () => applied(chart => new DebugContainerAccess(chart, 'x', { namespace: NAMESPACE, group, images: ['toolbox'], copies: true, nodes: true })),
  BindingGuardrail: () => applied(chart => new BindingGuardrail(chart, 'x')),
  GitOpsGuardrail: () => applied(chart => new GitOpsGuardrail(chart, 'x', { namespaces: [NAMESPACE], identities: [GitOpsIdentity.argoCd()] })),
  GuardrailCanary: () => applied(chart => new GuardrailCanary(chart, 'x', { probes: [GuardrailProbe.accessRequests(), GuardrailProbe.bindings(), GuardrailProbe.exec(NAMESPACE)] })),
  ExpiredAccessCleanup: () => applied(chart => new ExpiredAccessCleanup(chart, 'x', { namespaces: [NAMESPACE] })),
  CertificateAccess: () => applied(chart => new CertificateAccess(chart, 'x', { groups: [group] })),
  Broker: () => applied(chart => new Broker(chart, 'x', { policy: BrokerPolicy.of({ teams: [{ name: 'team', namespaces: [NAMESPACE], onCall: [group] }] }) })),
  ClusterReadAccess: () => applied(chart => new ClusterReadAccess(chart, 'x', { group })),
  DefaultDenyNetwork: () => applied(chart => new DefaultDenyNetwork(chart, 'x', { namespace: NAMESPACE, allow: Object.values(DnsProvider).map(provider => NetworkAllow.dns({ provider })) })),
  DebugContainerCleanup: () => applied(chart => new DebugContainerCleanup(chart, 'x', { namespaces: [NAMESPACE], maxAge: Duration.hours(1) })),
  AuditPolicy: () => files(controlPlane => new AuditPolicy(controlPlane, 'x')),
  AuditWebhook: () => files(controlPlane => {
    new AuditPolicy(controlPlane, 'audit');
    new AuditWebhook(controlPlane, 'x', { url: 'https://audit.example.com' });
  }, ControlPlanePlatform.TALOS),
  AuditLogShipping: () => applied(chart => new AuditLogShipping(chart, 'x', { clusterName: 'example', sinks: [LogSink.otlpHttp('https://otel.example.com')] })),
  AuditAlerts: () => applied(chart => new AuditAlerts(chart, 'x', { clusters: ['example'], loki: true })),
  AuditDashboards: () => applied(chart => new AuditDashboards(chart, 'x')),
  DebugGateway: () => applied(chart => new DebugGateway(chart, 'x', {
    clusterVersion: '1.36',
    deadline: Duration.hours(1),
    recording: GatewayRecording.volumeClaim('recordings'),
    targets: [{ namespace: NAMESPACE, groups: [group] }],
    userAuthorities: [SSH_KEY],
    hostAuthority: SSH_KEY,
    image: 'registry.example/debug-gateway:1.0.0',
  })),
  DiagnosticsEndpoint: () => applied(chart => {
    const labels = { app: 'example' };
    const container = { name: 'app', image: 'registry.example/app:1', ports: [{ containerPort: 6060 }] };
    const workload = new ApiObject(chart, 'workload', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'example', namespace: NAMESPACE },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
    });
    new DiagnosticsEndpoint(chart, 'x', { workload, port: 6060, presets: [DiagnosticsPreset.contract()], proxy: diagnosticsProxy, route: diagnosticsRoute, openPorts: [8080], overview: 'diagnostics-overview' });
  }).filter(({ kind }) => kind !== 'Deployment'),
  DiagnosticsService: () => applied(chart => new DiagnosticsService(chart, 'x', { namespace: NAMESPACE, proxy: diagnosticsProxy, route: diagnosticsRoute })),
  SecureDebugging: () => {
    const app = new App();
    SecureDebugWarnings.rules().forEach(({ id }) => SecureDebugWarnings.acknowledge(app, id, 'an example'));
    new SecureDebugging(app, 'x', {
      teams: [{ name: 'example', namespaces: [NAMESPACE], onCall: group, approvers: 'approvers', debugByRequest: true, network: [] }],
      phase: RolloutPhase.BROKER,
      identities: [GitOpsIdentity.argoCd()],
      certificateLife: Duration.minutes(30),
    });
    return app.charts.flatMap(chart => chart.toJson());
  },
  AuthenticationConfiguration: () => files(controlPlane => new AuthenticationConfiguration(controlPlane, 'x', { issuers: [issuer] })),
};
