import { join } from 'path';
import { App } from 'cdk8s';
import type { CentralAudit } from './central-audit';
import { removeLeftovers } from './leftovers';
import { RolloutPhase } from './rollout-phase';
import { SecureDebugging } from './secure-debugging';
import type { SecureDebuggingOptions } from './secure-debugging-options';
import type { BrokerPolicy } from '../broker/broker-policy';
import type { TokenIssuer } from '../credentials/token-issuer';
import type { GuardrailMode } from '../guardrails/guardrail-mode';
import { ControlPlane } from '../model/control-plane';
import type { ControlPlanePlatform } from '../model/control-plane-platform';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { dnsLabel } from '../private/validate';

const where = 'DebugFleet';

/** A cluster, and what differs there. What is not given is as in the fleet. */
export interface FleetCluster {
  /** DNS label; the name of its folder. */
  readonly name: string;

  /**
   * How far the rollout has come there: staging goes ahead of production.
   *
   * @default - that of the fleet
   */
  readonly phase?: RolloutPhase;

  /**
   * What the guardrails do there.
   *
   * @default - as in the fleet
   */
  readonly guardrailMode?: GuardrailMode;

  /**
   * Names of the teams that are on this cluster.
   *
   * @default - all
   */
  readonly teams?: string[];

  /**
   * Another policy.
   *
   * @default - that of the fleet
   */
  readonly policy?: BrokerPolicy;

  /**
   * Whose tokens its API server believes. An issuer may have an audience for each cluster.
   *
   * @default - those of the fleet
   */
  readonly issuers?: TokenIssuer[];

  /**
   * Another central audit in place of that of the fleet; `{}` ships nothing.
   *
   * @default - that of the fleet
   */
  readonly audit?: CentralAudit;

  /**
   * Whether its provider runs the API server, as on EKS, AKS and GKE: then no files are made for one, and no issuers; nor is its
   * audit log shipped from here, since there is no node to read it on.
   *
   * @default false
   */
  readonly managedControlPlane?: boolean;

  /**
   * Kubernetes version, e.g. `1.33`.
   *
   * @default - the newest
   */
  readonly clusterVersion?: string;

  /**
   * Platforms to write a configuration of the API server for, beside the plain files.
   *
   * @default - only the plain files
   */
  readonly platforms?: ControlPlanePlatform[];
}

/** The clusters, what they have in common, and where the output goes. */
export interface DebugFleetProps extends SecureDebuggingOptions {
  /** The clusters, in any order. */
  readonly clusters: FleetCluster[];

  /**
   * The folder that `synth` writes: in it a folder for each cluster, with `manifests` for kubectl or a GitOps controller and
   * `control-plane` for its API server.
   *
   * @default clusters
   */
  readonly outdir?: string;

  /**
   * Name of the cluster whose Prometheus has the metrics of all: the alerts and dashboards of `audit` go there.
   *
   * @default - each cluster watches itself
   */
  readonly monitoringCluster?: string;
}

/**
 * One declaration for many clusters. Each is an app of its own, made when it is needed and let go when it is written, so
 * that a hundred clusters take a hundred times as long as one and no more memory.
 */
export class DebugFleet {
  /** The names of the clusters, sorted. */
  public readonly clusterNames: string[];
  /** The folder that `synth` writes. */
  public readonly outdir: string;
  private readonly kept = new Map<string, Cluster>();

  /** @throws on no clusters, malformed or equal names, a team or a monitoring cluster that the fleet does not have, and
   * an audit log of a managed control plane */
  public constructor(private readonly props: DebugFleetProps) {
    const { clusters, teams, outdir } = props;
    if (!Array.isArray(clusters) || clusters.length === 0) reject({ where, field: 'clusters', value: clusters, problem: 'is empty', fix: 'give at least one cluster' });
    const names = clusters.map(({ name }, i) => dnsLabel(where, `clusters[${i}].name`, name, 'the name of a cluster such as "prod-eu"'));
    clusters.forEach((cluster, i) => {
      const at = `clusters[${i}]`;
      if (names.indexOf(cluster.name) < i) reject({ where, field: `${at}.name`, value: cluster.name, problem: 'is listed twice', fix: 'give each cluster a name of its own' });
      if (cluster.teams && !teams) reject({ where, field: `${at}.teams`, value: cluster.teams, problem: 'names teams, and the fleet has a policy instead', fix: 'give the cluster a policy of its own' });
      if (cluster.teams?.length === 0) reject({ where, field: `${at}.teams`, value: cluster.teams, problem: 'is empty', fix: 'name the teams, or leave it out for all' });
      cluster.teams?.forEach((team, j) => {
        if (teams!.some(({ name }) => name === team)) return;
        reject({ where, field: `${at}.teams[${j}]`, value: team, problem: 'is no team of the fleet', fix: `use one of ${teams!.map(({ name }) => name).join(', ')}` });
      });
      if (cluster.managedControlPlane && (cluster.issuers || cluster.platforms)) {
        reject({ where, field: `${at}.managedControlPlane`, value: true, problem: 'is said, and so are issuers or platforms, which only who runs the API server can set', fix: 'leave these out' });
      }
      const { policy, shipping, webhook } = cluster.audit ?? {};
      if (cluster.managedControlPlane && (policy || shipping || webhook)) {
        reject({ where, field: `${at}.audit`, value: cluster.audit, problem: 'is about an API server that its provider runs', fix: 'leave policy, shipping and webhook out; docs/audit-shipping.md says how the provider hands its log out' });
      }
    });
    this.checkMonitoring();
    this.clusterNames = names.sort(byCodeUnit);
    this.outdir = outdir ?? 'clusters';
  }

  /**
   * What a cluster gets, to add to it or to change it before `synth`.
   *
   * @throws when there is no such cluster
   */
  public cluster(name: string): SecureDebugging {
    if (!this.clusterNames.includes(name)) reject({ where, field: 'name', value: name, problem: 'is no cluster of this fleet', fix: `use one of ${this.clusterNames.join(', ')}` });
    let made = this.kept.get(name);
    if (!made) this.kept.set(name, made = this.make(name));
    return made.debugging;
  }

  /**
   * Writes the clusters, one after the other, prints each warning once with the clusters that have it, and removes from their folders what an earlier run wrote for a team that is gone.
   * The folder of a cluster that is no longer listed stays: remove it with the change that removes the cluster.
   *
   * @throws when a cluster is refused; those before it, by name, are written
   */
  public synth(): void {
    const warnings = new Map<string, string[]>();
    for (const name of this.clusterNames) {
      const { app, controlPlane } = this.kept.get(name) ?? this.make(name);
      SecureDebugWarnings._quiet(app);
      app.synth();
      removeLeftovers(app);
      controlPlane?.synth();
      for (const line of SecureDebugWarnings._lines(app)) warnings.set(line, [...warnings.get(line) ?? [], name]);
    }
    for (const [line, names] of warnings) process.stderr.write(`${line} (${this.clustersText(names)})\n`);
  }

  private clustersText(names: string[]): string {
    if (names.length > 1 && names.length === this.clusterNames.length) return `all ${names.length} clusters`;
    return names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  }

  /** What of the central audit is for a cluster: not what its provider does, and alerts where they belong. */
  private auditOf(cluster: FleetCluster): CentralAudit | undefined {
    const { audit: shared, monitoringCluster } = this.props;
    const { name, audit: own, managedControlPlane } = cluster;
    const audit = own ?? shared;
    if (!audit) return undefined;
    const watches = monitoringCluster === undefined ? this.ships(cluster) : name === monitoringCluster;
    const { alerts, dashboards, sessionLimit } = name === monitoringCluster ? { ...shared, ...own } : audit;
    return {
      ...!managedControlPlane && { policy: audit.policy, shipping: audit.shipping, webhook: audit.webhook },
      ...watches && { alerts, dashboards },
      sessionLimit,
    };
  }

  private ships({ audit, managedControlPlane }: FleetCluster): boolean {
    return !managedControlPlane && (audit ?? this.props.audit)?.shipping !== undefined;
  }

  private shippingClusters(): string[] {
    return this.props.clusters.filter(cluster => this.ships(cluster)).map(({ name }) => name).sort(byCodeUnit);
  }

  private checkMonitoring(): void {
    const { monitoringCluster: name, clusters, audit: shared } = this.props;
    const field = 'monitoringCluster';
    if (name === undefined) return;
    const cluster = clusters.find(one => one.name === name);
    if (!cluster) reject({ where, field, value: name, problem: 'is no cluster of this fleet', fix: `use one of ${clusters.map(one => one.name).sort(byCodeUnit).join(', ')}; for a cluster outside of it, declare AuditAlerts and AuditDashboards there` });
    const { alerts, dashboards } = { ...shared, ...cluster.audit };
    if (!alerts && !dashboards) reject({ where, field, value: name, problem: 'is to have alerts and dashboards, and there are none', fix: 'give audit.alerts or audit.dashboards; {} takes their defaults' });
    if (this.shippingClusters().length === 0) reject({ where, field, value: name, problem: 'would watch clusters whose audit log is shipped, and there are none', fix: 'give audit.shipping' });
  }

  private make(name: string): Cluster {
    const cluster = this.props.clusters.find(one => one.name === name)!;
    const { clusters: _, outdir: __, monitoringCluster, ...shared } = this.props;
    const folder = join(this.outdir, name);
    const app = new App({ outdir: join(folder, 'manifests') });
    const controlPlane = cluster.managedControlPlane ? undefined : new ControlPlane({
      outdir: join(folder, 'control-plane'), clusterVersion: cluster.clusterVersion, platforms: cluster.platforms,
    });
    const debugging = new SecureDebugging(app, 'debugging', {
      ...shared,
      teams: cluster.policy ? undefined : shared.teams?.filter(team => cluster.teams?.includes(team.name) ?? true),
      policy: cluster.policy ?? shared.policy,
      phase: cluster.phase ?? shared.phase,
      guardrailMode: cluster.guardrailMode ?? shared.guardrailMode,
      issuers: controlPlane && (cluster.issuers ?? shared.issuers),
      controlPlane,
      audit: this.auditOf(cluster),
      clusterName: name,
      watchedClusters: monitoringCluster === undefined ? undefined : name === monitoringCluster ? this.shippingClusters() : [],
    });
    return { app, debugging, controlPlane };
  }
}

interface Cluster {
  readonly app: App;
  readonly debugging: SecureDebugging;
  readonly controlPlane?: ControlPlane;
}
