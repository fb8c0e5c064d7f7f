import { mkdtempSync, readdirSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import {
  BrokerPolicy, CentralAudit, CommandSet, ControlPlane, ControlPlanePlatform, DebugImage, DebugTeam, GitOpsIdentity, GuardrailException,
  GuardrailMode, LogSink, NetworkAllow, PermissionChangeKind, PermissionDiff, RolloutPhase, SecureDebugging, SecureDebuggingProps,
  SecureDebugWarnings, TokenIssuer,
} from '../../src';
import { rejected } from '../private/refusal';

// All three phases are made in a test.
jest.setTimeout(60_000);

const PAYMENTS: DebugTeam = {
  name: 'payments', namespaces: ['payments', 'ledger'], onCall: 'oncall-payments', approvers: 'payments-leads', network: [NetworkAllow.dns()],
};
const ORDERS: DebugTeam = { name: 'orders', namespaces: ['orders'], onCall: 'oncall-orders', approvers: 'orders-leads', requesters: ['engineers'], debugByRequest: true };
const TEAMS = [PAYMENTS, ORDERS];
const ISSUER = new TokenIssuer({ issuerUrl: 'https://id.example.com', audiences: ['kubernetes'], groups: ['oncall-payments', 'payments-leads'] });
const WHOLE: Partial<SecureDebuggingProps> = {
  teams: TEAMS,
  identities: [GitOpsIdentity.argoCd()],
  debugImages: [new DebugImage('toolbox', { repository: 'docker.io/library/busybox', tags: ['1.37.0'], commandSets: [CommandSet.readOnlyDiagnostics()] })],
  certificateLife: Duration.minutes(30),
  issuers: [ISSUER],
};
const PHASES = [RolloutPhase.RBAC, RolloutPhase.CREDENTIALS, RolloutPhase.BROKER];

/** Everything that is written, by file. */
function made(props: Partial<SecureDebuggingProps> = WHOLE) {
  const outdir = mkdtempSync(join(tmpdir(), 'secure-debug-'));
  try {
    const app = new App({ outdir });
    const controlPlane = new ControlPlane();
    const debugging = new SecureDebugging(app, 'debugging', { controlPlane, ...props });
    app.synth();
    const objects = app.charts.flatMap(chart => chart.toJson());
    return {
      app,
      debugging,
      objects,
      files: readdirSync(outdir).sort(),
      bytes: JSON.stringify([app.synthYaml(), controlPlane.synthFiles()]),
      server: controlPlane.synthFiles().map(({ name }) => name),
      names: (kind: string) => objects.filter(object => object.kind === kind).map(({ metadata: { name, namespace } }) => namespace ? `${namespace}/${name}` : name).sort(),
      actions: () => Object.fromEntries(objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding').map(({ metadata, spec }) => [metadata.name, spec.validationActions])),
    };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

describe('a phase', () => {
  const byPhase = Object.fromEntries(PHASES.map(phase => [phase, made({ ...WHOLE, phase })]));
  const { [RolloutPhase.RBAC]: rbac, [RolloutPhase.CREDENTIALS]: credentials, [RolloutPhase.BROKER]: broker } = byPhase;

  test.each(PHASES)('%s, left and come back to, gives the earlier bytes', phase => {
    for (const other of PHASES) made({ ...WHOLE, phase: other });
    expect(made({ ...WHOLE, phase }).bytes).toBe(byPhase[phase].bytes);
  });

  test('the order of teams and namespaces has no meaning', () => {
    const teams = [ORDERS, { ...PAYMENTS, namespaces: ['ledger', 'payments'] }];
    for (const phase of PHASES) expect(made({ ...WHOLE, teams, phase }).bytes).toBe(byPhase[phase].bytes);
  });

  test('rbac: access on call and break-glass stand, nothing else can be asked for, and what is recorded is said', () => {
    expect(rbac.names('Role')).toEqual(expect.arrayContaining(['payments/oncall-debug', 'payments/break-glass', 'ledger/break-glass', 'orders/oncall-debug', 'orders/break-glass']));
    expect(rbac.names('Role').filter(name => name.includes('debug-grant'))).toEqual([]);
    expect(rbac.names('CronJob')).toEqual(['secure-debug/debug-container-cleanup', 'secure-debug/expired-access-cleanup']);
    expect(rbac.names('NetworkPolicy')).toEqual(expect.arrayContaining(['ledger/default-deny', 'payments/default-deny']));
    expect(rbac.names('NetworkPolicy').filter(name => name.startsWith('orders/'))).toEqual([]);
    expect(rbac.server).toEqual(['audit-policy.yaml']);
    expect(rbac.debugging.certificateAccess).toBeUndefined();
  });

  test('rbac: guardrails watch, but those that contain a right refuse', () => {
    const actions = rbac.actions();
    const contain = ['secure-debug-requests', 'secure-debug-terms', 'secure-debug-timers'];
    expect(Object.keys(actions)).toEqual(expect.arrayContaining(contain));
    for (const [name, value] of Object.entries(actions)) expect([name, value]).toEqual([name, contain.includes(name) ? expect.arrayContaining(['Deny']) : ['Audit']]);
  });

  test('credentials: and tokens and certificates', () => {
    expect(credentials.server).toEqual(['audit-policy.yaml', 'authentication-config.yaml']);
    expect(credentials.debugging.certificateAccess!.groups).toEqual(['oncall-orders', 'oncall-payments']);
    expect(credentials.debugging.certificateAccess!.maxLifeSeconds).toBe(1800);
    expect(credentials.debugging.policy.toJson()).toBe(rbac.debugging.policy.toJson());
  });

  test('broker: guardrails refuse, and access can be asked for', () => {
    for (const value of Object.values(broker.actions())) expect(value).toContain('Deny');
    expect(broker.names('Role').filter(name => name.endsWith('/debug-grant'))).toEqual(['orders/debug-grant']);
    expect(broker.debugging.policy.teams.find(({ name }) => name === 'payments')!.requests).toBeUndefined();
    expect(broker.debugging.policy.teams.find(({ name }) => name === 'orders')!.requests).toEqual([
      expect.objectContaining({ requesters: ['oncall-orders', 'engineers'], approvers: ['orders-leads'], autoApprove: ['oncall-orders'] }),
    ]);
  });

  test('a shell is for break-glass alone', () => {
    for (const team of broker.debugging.policy.teams) {
      expect(team.breakGlass!.commandSets).toEqual(['diagnostics', 'shell']);
      expect([...team.commandSets ?? [], ...team.requests?.flatMap(({ commandSets }) => commandSets!) ?? []]).not.toContain('shell');
    }
    expect(SecureDebugWarnings.of(broker.app).filter(({ acknowledged }) => acknowledged === undefined)).toEqual([]);
  });

  test.each([[rbac, credentials, []], [credentials, broker, ['Group oncall-orders']]] as const)('the next takes from nobody but who asks from then on', (from, to, announced) => {
    const lost = PermissionDiff.between(from.objects, to.objects).changes.filter(({ kind }) => kind === PermissionChangeKind.LOST);
    expect([...new Set(lost.map(({ who }) => who))]).toEqual(announced);
  });

  test('files sort in the order in which they have to be applied', () => {
    for (const { files } of Object.values(byPhase)) {
      expect(files.map(file => file.replace(/-[0-9a-f]{8}\.k8s\.yaml$/, ''))).toEqual(['debugging-cluster', 'debugging-network-payments', 'debugging-team-orders', 'debugging-team-payments']);
    }
  });

  test('everything that it grants is known to the audit policy', () => {
    expect(broker.debugging.grants.map(({ namespace, roleName }) => `${namespace}/${roleName}`)).toEqual([
      'ledger/break-glass', 'ledger/oncall-debug', 'orders/break-glass', 'orders/debug-grant', 'orders/oncall-debug', 'payments/break-glass', 'payments/oncall-debug',
    ]);
    expect(broker.debugging.auditPolicy!.evaluator.gaps()).toEqual([]);
  });
});

describe('what may be left out', () => {
  test('all but the teams', () => {
    const { debugging, server } = made({ teams: [{ ...ORDERS, requesters: undefined, debugByRequest: undefined }], phase: undefined });
    expect(debugging.phase).toBe(RolloutPhase.RBAC);
    expect(debugging.bindingGuardrail ?? debugging.gitOpsGuardrail ?? debugging.certificateAccess ?? debugging.authentication).toBeUndefined();
    expect(server).toEqual(['audit-policy.yaml']);
  });

  test('the control plane, where the provider runs it', () => {
    const app = new App();
    expect(new SecureDebugging(app, 'debugging', { teams: TEAMS }).auditPolicy).toBeUndefined();
  });
});

describe('a policy instead of teams', () => {
  const policy = BrokerPolicy.of({
    mode: GuardrailMode.DENY,
    commandSets: [CommandSet.readOnlyDiagnostics()],
    exceptions: [GuardrailException.serviceAccount('ops', 'prober', 'runs probes by exec')],
    teams: [{ name: 'shop', namespaces: ['shop'], onCall: ['oncall'], requests: [{ requesters: ['engineers'], approvers: ['leads'] }] }],
  });

  test('its requests and its mode begin with the broker', () => {
    const early = made({ policy });
    expect(early.names('Role').filter(name => name.includes('debug-grant'))).toEqual([]);
    expect(early.debugging.policy.mode).toBe(GuardrailMode.AUDIT);
    expect(early.debugging.expiredAccessCleanup).toBeUndefined();
    const late = made({ policy, phase: RolloutPhase.BROKER });
    expect(late.debugging.policy).toBe(policy);
    expect(late.names('Role')).toContain('shop/debug-grant');
    expect(made({ policy, phase: RolloutPhase.BROKER, guardrailMode: GuardrailMode.AUDIT }).debugging.policy.mode).toBe(GuardrailMode.AUDIT);
  });

  test('a team that would have nothing yet is an error', () => {
    const alone = BrokerPolicy.of({ teams: [{ name: 'shop', namespaces: ['shop'], requests: [{ requesters: ['engineers'], approvers: ['leads'] }] }] });
    expect(rejected(() => made({ policy: alone }))).toMatchObject({ field: 'policy', value: 'shop', fix: 'give the team onCall or breakGlass' });
    expect(made({ policy: alone, phase: RolloutPhase.BROKER }).names('Role')).toContain('shop/debug-grant');
  });

  test.each([
    ['commandSets', [CommandSet.shell()]], ['debugImages', WHOLE.debugImages], ['exceptions', [GuardrailException.serviceAccount('a', 'b', 'a reason for it')]],
  ])('%s beside it is an error', (field, value) => {
    expect(rejected(() => made({ policy, [field]: value }))).toMatchObject({ field, fix: 'write it in the policy' });
  });
});

describe('central audit', () => {
  const audit: CentralAudit = {
    shipping: { sinks: [LogSink.loki('https://loki.example.com')], automation: ['system:serviceaccount:ops:backup'] }, alerts: {}, dashboards: {}, sessionLimit: Duration.minutes(20),
  };

  test('the log is shipped under the name of its cluster, and what watches it is a file of its own', () => {
    const { debugging, files, names } = made({ ...WHOLE, audit, clusterName: 'prod-eu' });
    expect(files.map(file => file.replace(/-[0-9a-f]{8}\.k8s\.yaml$/, ''))).toEqual(expect.arrayContaining(['debugging-audit', 'debugging-monitoring']));
    expect(names('DaemonSet')).toEqual(['secure-debug-audit/audit-log-shipping']);
    expect(names('PrometheusRule')).toEqual(['monitoring/audit-alerts']);
    const collector = debugging.auditLogShipping!.toCollectorYaml();
    expect(collector).toContain('prod-eu');
    // Who applies what stands in Git is no person with cluster-admin.
    expect(collector).toContain('system:serviceaccount:argocd:argocd-application-controller');
    expect(collector).toContain('system:serviceaccount:ops:backup');
    expect(debugging.auditAlerts!.toPrometheusRules()).toContain('more than 20m');
    expect(debugging.auditAlerts!.toPrometheusRules()).toContain('"prod-eu"');
  });

  test('it is the same in every phase', () => {
    const [first, ...others] = PHASES.map(phase => made({ ...WHOLE, phase, audit, clusterName: 'prod-eu' }).objects
      .filter(({ metadata: { namespace } }) => ['secure-debug-audit', 'monitoring'].includes(namespace)));
    expect(first.length).toBeGreaterThan(5);
    for (const other of others) expect(other).toEqual(first);
  });

  test('alerts of other clusters, and none where others watch', () => {
    const watching = new SecureDebugging(new App(), 'debugging', { teams: TEAMS, audit: { alerts: {} }, watchedClusters: ['prod-eu', 'prod-us'] });
    expect(watching.auditAlerts!.toPrometheusRules()).toContain('"prod-us"');
    const watched = made({ ...WHOLE, audit, clusterName: 'prod-eu', watchedClusters: [] });
    expect(watched.debugging.auditAlerts ?? watched.debugging.auditDashboards).toBeUndefined();
    expect(watched.files.filter(file => file.includes('monitoring'))).toEqual([]);
  });

  test.each([
    [ControlPlanePlatform.K3S, undefined, '/var/lib/rancher/k3s/server/logs/audit.log'],
    [ControlPlanePlatform.TALOS, undefined, '/var/log/audit/kube/kube-apiserver.log'],
    [ControlPlanePlatform.KUBEADM, undefined, '/var/log/kubernetes/audit/audit.log'],
    [ControlPlanePlatform.KUBEADM, '/srv/audit/audit.log', '/srv/audit/audit.log'],
  ])('the collector reads what the API server of %s writes (%s)', (platform, logPath, expected) => {
    const controlPlane = new ControlPlane({ platforms: [platform] });
    const { auditLogShipping } = new SecureDebugging(new App(), 'debugging', { teams: TEAMS, controlPlane, clusterName: 'prod', audit: { ...audit, policy: { logPath } } });
    expect(auditLogShipping!.toCollectorYaml()).toContain(expected);
  });

  test('a webhook is a file of the API server', () => {
    expect(made({ ...WHOLE, audit: { webhook: { url: 'https://audit.example.com/events' } } }).server).toEqual(['audit-policy.yaml', 'audit-webhook.yaml']);
  });

  test.each<[string, Partial<SecureDebuggingProps>, object]>([
    ['no name', { audit }, { field: 'clusterName', problem: expect.stringContaining('is missing') }],
    ['alerts about nothing', { audit: { alerts: {} } }, { field: 'audit.alerts', fix: expect.stringContaining('watchedClusters') }],
    ['a webhook of an API server that somebody else runs', { controlPlane: undefined, issuers: undefined, audit: { webhook: { url: 'https://audit.example.com' } } }, { field: 'audit.webhook' }],
    ['a log on standard output', { audit: { ...audit, policy: { logPath: '-' } }, clusterName: 'prod' }, { field: 'audit.policy.logPath', value: '-' }],
    [
      'platforms that write to several places',
      { audit, clusterName: 'prod', controlPlane: new ControlPlane({ platforms: [ControlPlanePlatform.K3S, ControlPlanePlatform.KUBEADM] }) },
      { field: 'audit.shipping.logPath', problem: expect.stringContaining(' and ') },
    ],
  ])('%s is refused', (_, props, expected) => {
    expect(rejected(() => made({ ...WHOLE, ...props }))).toMatchObject(expected);
  });
});

test('the jobs take an image and addresses once', () => {
  const image = 'registry.example.com/node:24.18.0';
  const { objects } = made({ ...WHOLE, phase: RolloutPhase.CREDENTIALS, jobs: { image, apiServerCidrs: ['192.0.2.10/32'], apiServerPorts: [6443] } });
  const pods = objects.flatMap(({ spec }) => spec?.jobTemplate?.spec.template.spec ?? spec?.template?.spec ?? []);
  expect(pods.map(({ containers }: any) => containers[0].image)).toEqual([image, image, image]);
  const fences = objects.filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === 'secure-debug');
  expect(fences.map(({ spec }) => spec.egress[0].to)).toEqual(fences.map(() => [{ ipBlock: { cidr: '192.0.2.10/32' } }]));
  expect(fences).toHaveLength(3);
});

describe('what is refused', () => {
  test('neither teams nor a policy, and both', () => {
    expect(rejected(() => made({}))).toMatchObject({ field: 'teams', problem: 'is missing, and so is a policy' });
    const policy = BrokerPolicy.of({ teams: [{ name: 'shop', namespaces: ['shop'], onCall: ['oncall'] }] });
    expect(rejected(() => made({ policy, teams: TEAMS }))).toMatchObject({ field: 'teams', problem: 'is given beside a policy' });
  });

  test('a chart as scope', () => {
    expect(rejected(() => new SecureDebugging(new Chart(new App(), 'chart'), 'debugging', { teams: TEAMS }))).toMatchObject({ field: 'scope', value: 'chart' });
  });

  test('a phase that there is not', () => {
    expect(rejected(() => made({ ...WHOLE, phase: 'third' as any }))).toMatchObject({ field: 'phase', value: 'third', fix: 'use one of rbac, credentials, broker' });
  });

  test('issuers without a control plane', () => {
    expect(rejected(() => new SecureDebugging(new App(), 'debugging', { teams: TEAMS, issuers: [ISSUER] }))).toMatchObject({ field: 'issuers', value: ['https://id.example.com'] });
  });

  test('a system group on call', () => {
    expect(() => made({ teams: [{ ...ORDERS, onCall: 'system:masters' }] })).toThrow(/teams\[0\]\.onCall\[0\] = "system:masters"/);
  });

  test('a namespace of two teams', () => {
    expect(() => made({ teams: [ORDERS, { ...PAYMENTS, namespaces: ['orders'] }] })).toThrow(/"orders"/);
  });
});
