/**
 * The quick start: the on-call group of one team gets debug access that is least-privilege, recorded, fenced and
 * cleaned up.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/quick-start/main.ts [OUTDIR]
 */
import { writeFileSync } from 'fs';
import { join, relative } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import {
  AccessMatrix, AuditPolicy, ControlPlane, DebugContainerCleanup, DefaultDenyNetwork, NetworkAllow, NetworkPort, OnCallDebugAccess,
} from 'cdk8s-secure-debug';

const outdir = process.argv[2] ?? join(__dirname, 'out');
const app = new App({ outdir: join(outdir, 'manifests') });
const chart = new Chart(app, 'payments');

const oncall = new OnCallDebugAccess(chart, 'oncall', { namespace: 'payments', group: 'oncall-payments' });

new DefaultDenyNetwork(chart, 'fence', {
  namespace: 'payments',
  allow: [
    NetworkAllow.dns(),
    NetworkAllow.betweenPods({
      from: { app: 'api' }, to: { app: 'ledger' }, ports: [NetworkPort.tcp(8443)], name: 'api-to-ledger', reason: 'the API books payments in the ledger',
    }),
  ],
});

new DebugContainerCleanup(chart, 'gc', { namespaces: ['payments'], maxAge: Duration.hours(1) });

// What kube-apiserver reads from its own disk is no cluster object, so it gets a folder of its own.
const controlPlane = new ControlPlane({ outdir: join(outdir, 'control-plane') });
new AuditPolicy(controlPlane, 'audit', { access: [oncall] });

app.synth();
controlPlane.synth();

// The summary that a reviewer reads.
const matrix = AccessMatrix.of(app);
const page = join(outdir, 'access-matrix.html');
writeFileSync(page, matrix.toHtml());

const kinds: string[] = chart.toJson().map(object => object.kind);
const counted = [...new Set(kinds)].sort().map(kind => `${kinds.filter(other => other === kind).length} ${kind}`).join(', ');
const path = (...parts: string[]) => relative(process.cwd(), join(...parts));

console.log(matrix.toText());
console.log(`Where the YAML is

  ${path(outdir, 'manifests', 'payments.k8s.yaml')}
      ${counted}
      kubectl apply -f ${path(outdir, 'manifests', 'payments.k8s.yaml')}

  ${path(outdir, 'control-plane', 'audit-policy.yaml')}
      what the API server records, every debug session among it
      copy it to each control-plane node; kube-apiserver --audit-policy-file=… (never kubectl apply)

  ${path(page)}
      the summary above with its details, for a browser`);
