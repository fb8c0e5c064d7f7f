/**
 * The audit log of two clusters goes to Loki and, for the archive, to S3; alerts and dashboards are for the cluster that watches both.
 * Releases happen on Tuesday nights, by the clock of Berlin, and may use cluster-admin.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/audit-shipping/main.ts [OUTDIR]
 */
import { join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import {
  AuditAlerts, AuditDashboards, AuditLevel, AuditLogShipping, AuditPolicy, ClusterBoundary, ControlPlane, LogRedaction, LogSink,
  MaintenanceWindow, Weekday,
} from 'cdk8s-secure-debug';

const outdir = process.argv[2] ?? join(__dirname, 'out');
const app = new App({ outdir: join(outdir, 'manifests'), outputFileExtension: '.yaml' });

const clusters = ['production-eu', 'production-us'];
const argocd = 'system:serviceaccount:argocd:argocd-application-controller';
const releases = new MaintenanceWindow('releases', {
  days: [Weekday.TUESDAY], from: '22:00', to: '02:00', timeZone: 'Europe/Berlin', reason: 'Operators are upgraded then.',
});
const sessionLimit = Duration.hours(1);

for (const clusterName of clusters) {
  const chart = new Chart(app, clusterName);
  ClusterBoundary.at(chart);
  new AuditLogShipping(chart, 'shipping', {
    clusterName,
    sinks: [
      LogSink.loki('https://loki.observability.example.com', { authorization: { name: 'loki', key: 'authorization' }, cidrs: ['192.0.2.0/24'] }),
      LogSink.s3('example-audit-archive', { region: 'eu-central-1', credentialsSecret: 's3' }),
    ],
    windows: [releases],
    automation: [argocd],
    sessionLimit,
    drop: [{ level: AuditLevel.NONE, users: [argocd], verbs: ['list', 'watch'], resources: [{ group: 'apps' }] }],
    redact: [LogRedaction.pattern('(?i)password%3D[^&+]+')],
  });
}

// The cluster of Prometheus and Grafana.
const watching = new Chart(app, 'monitoring');
ClusterBoundary.at(watching);
new AuditAlerts(watching, 'alerts', { clusters, sessionLimit, loki: true });
new AuditDashboards(watching, 'dashboards');

// What there is to ship: the audit policy of each control plane.
const controlPlane = new ControlPlane({ outdir: join(outdir, 'control-plane') });
new AuditPolicy(controlPlane, 'audit');

app.synth();
controlPlane.synth();
console.log(`${clusters.join(' and ')} ship their audit log; planned work: ${releases}`);
