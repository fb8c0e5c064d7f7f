/**
 * An SSH door to the pods of one team: started when it is needed, gone after an hour, with a recording of every session, and no
 * right that the person who comes through does not have.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/gateway/main.ts [OUTDIR]
 */
import { join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import { CommandSet, DebugGateway, ExecGuardrail, GatewayRecording, OnCallDebugAccess, SecureDebugWarnings } from 'cdk8s-secure-debug';

const app = new App({ outdir: process.argv[2] ?? join(__dirname, 'out') });

// What the group may do, whichever way it comes.
const payments = new Chart(app, 'payments');
new OnCallDebugAccess(payments, 'oncall', { namespace: 'payments', group: 'oncall-payments' });
const diagnostics = CommandSet.readOnlyDiagnostics();
SecureDebugWarnings.acknowledge(payments, 'SD6001', 'watches for two weeks before it refuses');
new ExecGuardrail(payments, 'exec', {
  namespaces: ['payments'],
  commandSets: [diagnostics],
  allow: [{ namespace: 'payments', group: 'oncall-payments', commandSets: [diagnostics.name], portForward: true }],
});

// Public keys of two authorities. The private ones are where people cannot reach them.
const PEOPLE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID9mOH4t6sNzQ42Y9/qPS113CPt5QTRshE6XV79poGtK';
const GATEWAYS = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMFk40xrRBMKgxED5ys/P3+A+PdSCPJpcKoq8II0l+vW';

new DebugGateway(new Chart(app, 'gateway'), 'gateway', {
  clusterVersion: '1.36',
  deadline: Duration.hours(1),
  recording: GatewayRecording.volumeClaim('debug-recordings'),
  targets: [{ namespace: 'payments', groups: ['oncall-payments'], ports: [9090] }],
  userAuthorities: [PEOPLE],
  hostAuthority: GATEWAYS,
  image: 'registry.example/debug-gateway:1.0.0',
});

app.synth();
