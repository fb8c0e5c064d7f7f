/**
 * Who may debug what in a JSON file, reviewed in Git: people change broker.json, and never this program. A wrong file is told
 * with line and column, so it cannot be merged by accident.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/broker/main.ts [OUTDIR]
 */
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { AccessMatrix, AuditPolicy, Broker, BrokerPolicy, ControlPlane, ExpiredAccessCleanup, SecureDebugWarnings } from 'cdk8s-secure-debug';

const policy = BrokerPolicy.fromFile(join(__dirname, 'broker.json'));

const outdir = process.argv[2] ?? join(__dirname, 'out');
const app = new App({ outdir: join(outdir, 'manifests') });
const cluster = new Chart(app, 'cluster');
SecureDebugWarnings.acknowledge(cluster, 'SD6002', 'the shell is granted by break-glass only');

// What is there once goes into the chart of the cluster, and is applied first; each team gets a chart of its own.
const broker = new Broker(cluster, 'broker', { policy, chartPerTeam: true });
new ExpiredAccessCleanup(cluster, 'expired', { namespaces: policy.teams.flatMap(team => team.namespaces) });

const controlPlane = new ControlPlane({ outdir: join(outdir, 'control-plane') });
new AuditPolicy(controlPlane, 'audit', { access: [broker] });

app.synth();
controlPlane.synth();
console.log(AccessMatrix.of(app).toText());
