/**
 * A fleet: one declaration for staging and production, with staging a phase ahead. Each cluster gets a folder of its own; Argo
 * CD and Flux find them by themselves, so a new cluster is one line here.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/fleet/main.ts [OUTDIR]
 */
import { join } from 'path';
import { ApiObject, App, Chart, Duration } from 'cdk8s';
import {
  CommandSet, ControlPlanePlatform, DebugFleet, DebugImage, GitOpsIdentity, LogSink, MaintenanceWindow, NetworkAllow, RolloutPhase,
  SecureDebugWarnings, TokenIssuer, Weekday,
} from 'cdk8s-secure-debug';

const REPOSITORY = 'https://git.example/platform/debug-access.git';
const outdir = process.argv[2] ?? join(__dirname, 'out');

const fleet = new DebugFleet({
  outdir: join(outdir, 'clusters'),
  teams: [
    { name: 'checkout', namespaces: ['checkout'], onCall: 'oncall-checkout', approvers: 'checkout-leads', debugByRequest: true, network: [NetworkAllow.dns()] },
    { name: 'search', namespaces: ['search', 'search-canary'], onCall: 'oncall-search', approvers: 'search-leads', requesters: ['engineers'] },
  ],
  identities: [GitOpsIdentity.argoCd()],
  debugImages: [new DebugImage('toolbox', { repository: 'docker.io/library/busybox', tags: ['1.37.0'], commandSets: [CommandSet.readOnlyDiagnostics()] })],
  issuers: [new TokenIssuer({
    issuerUrl: 'https://id.example.com', audiences: ['kubernetes'], groups: ['oncall-checkout', 'checkout-leads', 'oncall-search', 'search-leads', 'engineers'], maxTokenLife: Duration.minutes(30),
  })],
  // The logs come together in one Loki, each event under the name of its cluster; the Prometheus of prod-eu sees all of them.
  audit: {
    shipping: {
      sinks: [LogSink.loki('https://loki.observability.example.com', { authorization: { name: 'loki', key: 'authorization' } })],
      windows: [new MaintenanceWindow('releases', { days: [Weekday.TUESDAY], from: '22:00', to: '02:00', timeZone: 'Europe/Berlin' })],
    },
    alerts: {},
    dashboards: {},
  },
  monitoringCluster: 'prod-eu',
  clusters: [
    { name: 'staging', phase: RolloutPhase.BROKER, platforms: [ControlPlanePlatform.KUBEADM] },
    { name: 'prod-eu', phase: RolloutPhase.CREDENTIALS, platforms: [ControlPlanePlatform.KUBEADM] },
    { name: 'prod-us', teams: ['search'], managedControlPlane: true },
  ],
});
fleet.synth();

// What tells the controllers where to look; prune removes grants that are no longer declared.
const gitops = new App({ outdir: join(outdir, 'gitops') });
new ApiObject(new Chart(gitops, 'argocd'), 'clusters', {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'ApplicationSet',
  metadata: { name: 'debug-access', namespace: 'argocd' },
  spec: {
    goTemplate: true,
    goTemplateOptions: ['missingkey=error'],
    generators: [{
      matrix: {
        generators: [
          { git: { repoURL: REPOSITORY, revision: 'main', directories: [{ path: 'clusters/*' }] } },
          { clusters: { selector: { matchLabels: { 'debug-access': '{{ .path.basename }}' } } } },
        ],
      },
    }],
    template: {
      metadata: { name: 'debug-access-{{ .path.basename }}' },
      spec: {
        project: 'platform',
        source: { repoURL: REPOSITORY, targetRevision: 'main', path: '{{ .path.path }}/manifests' },
        destination: { server: '{{ .server }}' },
        syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['ServerSideApply=true'] },
      },
    },
  },
});
const flux = new Chart(gitops, 'flux');
for (const cluster of fleet.clusterNames) {
  new ApiObject(flux, cluster, {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: `debug-access-${cluster}`, namespace: 'flux-system' },
    spec: {
      interval: '10m',
      path: `./clusters/${cluster}/manifests`,
      prune: true,
      sourceRef: { kind: 'GitRepository', name: 'debug-access' },
      kubeConfig: { secretRef: { name: `${cluster}-kubeconfig` } },
    },
  });
}
gitops.synth();

for (const name of fleet.clusterNames) {
  const { phase, grants, node } = fleet.cluster(name);
  console.log(`${name}: phase ${phase}, ${grants.length} grants, ${SecureDebugWarnings.of(node.root).filter(({ acknowledged }) => acknowledged === undefined).length} warnings`);
}
