/**
 * GitOps: the same manifests, laid out for Argo CD, Flux and kustomize. The files of the API server stay apart from what
 * is applied: no GitOps controller can apply an audit policy.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/gitops/main.ts [OUTDIR]
 */
import { join } from 'path';
import { ApiObject, App, Chart, Duration, Yaml } from 'cdk8s';
import { AccessMatrix, AuditPolicy, ControlPlane, DebugContainerCleanup, DefaultDenyNetwork, NetworkAllow, OnCallDebugAccess } from 'cdk8s-secure-debug';

const REPOSITORY = 'https://git.example/platform/debug-access.git';
const outdir = process.argv[2] ?? join(__dirname, 'out');

// base/: what the cluster gets, a file a chart. Argo CD and Flux read it as it is, through the kustomization.
const base = new App({ outdir: join(outdir, 'base') });
const payments = new Chart(base, 'payments');
const access = new OnCallDebugAccess(payments, 'oncall', { namespace: 'payments', group: 'oncall-payments' });
new DefaultDenyNetwork(payments, 'fence', { namespace: 'payments', allow: [NetworkAllow.dns()] });
const cleanup = new Chart(base, 'cleanup');
new DebugContainerCleanup(cleanup, 'gc', { namespaces: ['payments'], maxAge: Duration.hours(1) });
base.synth();
Yaml.save(join(outdir, 'base', 'kustomization.yaml'), [{
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  resources: base.charts.map(chart => `${chart.node.id}.k8s.yaml`).sort(),
}]);

// staging/: an overlay; what differs is a patch that a reviewer reads.
const staging = new App({ outdir: join(outdir, 'staging') });
staging.synth();
Yaml.save(join(outdir, 'staging', 'kustomization.yaml'), [{
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  resources: ['../base'],
  patches: [{
    target: { kind: 'CronJob', name: 'debug-container-cleanup' },
    patch: Yaml.stringify([{ op: 'replace', path: '/spec/schedule', value: '*/5 * * * *' }]),
  }],
}]);

// argocd/ and flux/: what tells the controller where to look. prune removes grants that are no longer declared.
const argocd = new App({ outdir: join(outdir, 'argocd') });
new ApiObject(new Chart(argocd, 'debug-access'), 'application', {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'debug-access', namespace: 'argocd' },
  spec: {
    project: 'platform',
    source: { repoURL: REPOSITORY, targetRevision: 'main', path: 'base' },
    destination: { server: 'https://kubernetes.default.svc' },
    syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['ServerSideApply=true'] },
  },
});
argocd.synth();

const flux = new App({ outdir: join(outdir, 'flux') });
const fluxChart = new Chart(flux, 'debug-access');
const metadata = { name: 'debug-access', namespace: 'flux-system' };
new ApiObject(fluxChart, 'source', {
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata,
  spec: { interval: '1m', url: REPOSITORY, ref: { branch: 'main' } },
});
new ApiObject(fluxChart, 'kustomization', {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata,
  spec: { interval: '10m', path: './base', prune: true, sourceRef: { kind: 'GitRepository', name: metadata.name } },
});
flux.synth();

const controlPlane = new ControlPlane({ outdir: join(outdir, 'control-plane') });
new AuditPolicy(controlPlane, 'audit', { access: [access] });
controlPlane.synth();
console.log(AccessMatrix.of(base).toText());
