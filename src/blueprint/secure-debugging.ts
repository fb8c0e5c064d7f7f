import { Chart, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { auditParts } from './audit-parts';
import { policyOf } from './phase-policy';
import { PHASES, reached, RolloutPhase } from './rollout-phase';
import type { SecureDebuggingOptions } from './secure-debugging-options';
import type { AuditAlerts } from '../audit/alerts/audit-alerts';
import type { AuditPolicy } from '../audit/audit-policy';
import type { AuditDashboards } from '../audit/dashboards/audit-dashboards';
import type { AuditLogShipping } from '../audit/shipping/audit-log-shipping';
import type { AuditWebhook } from '../audit/shipping/audit-webhook';
import { Broker } from '../broker/broker';
import type { BrokerPolicy } from '../broker/broker-policy';
import { DebugContainerCleanup } from '../cleanup/debug-container-cleanup';
import { ExpiredAccessCleanup } from '../cleanup/expired-access-cleanup';
import { AuthenticationConfiguration } from '../credentials/authentication-configuration';
import { CertificateAccess } from '../credentials/certificate-access';
import { BindingGuardrail } from '../guardrails/binding-guardrail';
import { GitOpsGuardrail } from '../guardrails/gitops-guardrail';
import { GuardrailMode } from '../guardrails/guardrail-mode';
import type { ControlPlane } from '../model/control-plane';
import type { DebugGrant, IDebugAccess } from '../model/debug-access';
import { TeamChart } from '../model/team-chart';
import { SecureDebugWarnings } from '../model/warnings';
import { DefaultDenyNetwork } from '../network/default-deny-network';
import { byCodeUnit, sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';

const where = 'SecureDebugging';

/** Who debugs what on a cluster, how far the rollout has come, and where the API server's files go. */
export interface SecureDebuggingProps extends SecureDebuggingOptions {
  /**
   * Where the audit policy goes, and from the phase CREDENTIALS on which tokens the API server believes.
   *
   * @default - neither is made: the provider sets them, as on EKS, AKS and GKE
   */
  readonly controlPlane?: ControlPlane;

  /**
   * What the cluster is called in audit events, e.g. `production-eu`; with `audit.shipping`.
   *
   * @default - nothing is shipped
   */
  readonly clusterName?: string;

  /**
   * The clusters that the alerts and dashboards here are about. In a cluster that others watch: `[]`.
   *
   * @default - this one
   */
  readonly watchedClusters?: string[];
}

/**
 * All of it from one declaration: access, break-glass, guardrails, audit policy, network fences and clean-up of a cluster,
 * as far as the phase of the rollout goes. It makes a chart for the cluster and one for each team; the names of their files
 * sort in the order in which they have to be applied. The constructs that it is made of are its properties.
 */
export class SecureDebugging extends Construct implements IDebugAccess {
  /** How far the rollout has come. */
  public readonly phase: RolloutPhase;
  /** The policy of this phase. */
  public readonly policy: BrokerPolicy;
  /** The chart of what is there once. */
  public readonly clusterChart: Chart;
  /** Access, requests, break-glass, and the guardrails on commands and debug containers. */
  public readonly broker: Broker;
  /** Ends debug containers. */
  public readonly debugContainerCleanup: DebugContainerCleanup;
  /** The backstop of grants. */
  public readonly expiredAccessCleanup?: ExpiredAccessCleanup;
  /** Who hands out rights; with `identities`. */
  public readonly bindingGuardrail?: BindingGuardrail;
  /** What Git owns; with `identities`. */
  public readonly gitOpsGuardrail?: GitOpsGuardrail;
  /** Client certificates; with `certificateLife`, from the phase CREDENTIALS on. */
  public readonly certificateAccess?: CertificateAccess;
  /** What the API server records; with `controlPlane`. */
  public readonly auditPolicy?: AuditPolicy;
  /** Brings the audit log away; with `audit.shipping`. */
  public readonly auditLogShipping?: AuditLogShipping;
  /** How the API server sends its events itself; with `audit.webhook`. */
  public readonly auditWebhook?: AuditWebhook;
  /** Who is told; with `audit.alerts`, where they are. */
  public readonly auditAlerts?: AuditAlerts;
  /** What is seen of it; with `audit.dashboards`, where they are. */
  public readonly auditDashboards?: AuditDashboards;
  /** Whose tokens the API server believes; with `issuers`, from the phase CREDENTIALS on. */
  public readonly authentication?: AuthenticationConfiguration;
  /** The network fences, by namespace. */
  public readonly networks: DefaultDenyNetwork[];

  /**
   * @param scope the app, or a construct that stands for a cluster of it (`ClusterBoundary.at`)
   * @throws in a chart, since it makes charts of its own; without teams or policy, or with both; on issuers, or
   * an audit policy or webhook, without a control plane; and on everything that the constructs refuse
   */
  public constructor(scope: Construct, id: string, props: SecureDebuggingProps) {
    super(scope, id);
    if (scope.node.scopes.some(above => Chart.isChart(above))) {
      reject({ where, field: 'scope', value: scope.node.path, problem: 'is in a chart, and this makes charts of its own', fix: 'give it the app: new SecureDebugging(app, "debugging", …)' });
    }
    const phase = props.phase ?? RolloutPhase.RBAC;
    if (!PHASES.includes(phase)) reject({ where, field: 'phase', value: phase, problem: 'is no phase', fix: `use one of ${PHASES.join(', ')}` });
    const { controlPlane, issuers, identities, certificateLife, jobs } = props;
    if (issuers && !controlPlane) {
      reject({ where, field: 'issuers', value: issuers.map(({ issuerUrl }) => issuerUrl), problem: 'is given without a control plane', fix: 'give controlPlane, or leave issuers out where the provider sets them' });
    }
    this.phase = phase;
    this.policy = policyOf(props, phase);
    const { teams, mode, exceptions } = this.policy;
    const namespaces = teams.flatMap(team => team.namespaces).sort(byCodeUnit);
    const allowSystemNamespaces = teams.some(team => team.allowSystemNamespaces);
    const onCall = sortedUnique(teams.flatMap(team => team.onCall ?? []));
    const credentials = reached(phase, RolloutPhase.CREDENTIALS);

    // The files of cluster, network-… and team-… are applied in this order, which is that of their names.
    const cluster = this.clusterChart = new TeamChart(this, 'cluster');
    this.broker = new Broker(cluster, 'broker', { policy: this.policy, teamScope: this });
    this.debugContainerCleanup = new DebugContainerCleanup(cluster, 'debug-containers', { ...jobs, namespaces, allowSystemNamespaces, maxAge: props.maxDebugAge ?? Duration.hours(1) });
    if (this.broker.accessRequestPolicy) this.expiredAccessCleanup = new ExpiredAccessCleanup(cluster, 'expired-access', { ...jobs, namespaces, allowSystemNamespaces });
    if (identities) {
      const guardrail = { identities, exceptions, mode };
      this.bindingGuardrail = new BindingGuardrail(cluster, 'bindings', guardrail);
      this.gitOpsGuardrail = new GitOpsGuardrail(cluster, 'gitops', { ...guardrail, namespaces, allowSystemNamespaces });
    }
    if (credentials && certificateLife) this.certificateAccess = new CertificateAccess(cluster, 'certificates', { ...jobs, groups: onCall, maxLife: certificateLife });
    this.networks = fences(this, props);
    const audit = auditParts(this, props.audit ?? {}, { ...props, access: this });
    this.auditPolicy = audit.policy;
    this.auditLogShipping = audit.shipping;
    this.auditWebhook = audit.webhook;
    this.auditAlerts = audit.alerts;
    this.auditDashboards = audit.dashboards;
    if (controlPlane && credentials && issuers) this.authentication = new AuthenticationConfiguration(controlPlane, 'authentication', { issuers });
    // What only watches is what these phases are for.
    if (!reached(phase, RolloutPhase.BROKER) && mode === GuardrailMode.AUDIT) SecureDebugWarnings.acknowledge(cluster, 'SD6001', `guardrails watch in the phase ${phase}`);
    if (!props.policy) SecureDebugWarnings.acknowledge(cluster, 'SD6002', 'a set with a shell is granted by break-glass alone');
  }

  /** What all of it grants, by namespace and Role. */
  public get grants(): DebugGrant[] {
    return this.broker.grants;
  }
}

function fences(scope: Construct, { teams = [] }: SecureDebuggingOptions): DefaultDenyNetwork[] {
  return [...teams].sort((a, b) => byCodeUnit(a.name, b.name)).flatMap(({ name, namespaces, network }) => {
    if (!network) return [];
    const chart = new TeamChart(scope, `network-${name}`);
    return [...namespaces].sort(byCodeUnit).map(namespace => new DefaultDenyNetwork(chart, namespace, { namespace, allow: network }));
  });
}
