/**
 * An app that is there already, with cdk8s-plus: debug access is added beside its Deployments, from its own objects.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/existing-app/main.ts [OUTDIR]
 */
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { AccessMatrix, DebugSubject, DefaultDenyNetwork, NetworkAllow, NetworkPeer, NetworkPort, OnCallDebugAccess } from 'cdk8s-secure-debug';

const outdir = process.argv[2] ?? join(__dirname, 'out');
const app = new App({ outdir });
const chart = new Chart(app, 'shop');

// What the team has had all along.
const namespace = new kplus.Namespace(chart, 'namespace', { metadata: { name: 'shop' } });
const metadata = { namespace: namespace.name };
const securityContext: kplus.ContainerSecurityContextProps = {
  user: 10001,
  group: 10001,
  capabilities: { drop: [kplus.Capability.ALL] },
  seccompProfile: { type: kplus.SeccompProfileType.RUNTIME_DEFAULT },
};
const api = new kplus.Deployment(chart, 'api', {
  metadata,
  replicas: 2,
  containers: [{ image: 'registry.example/shop/api:1.4.2', portNumber: 8080, securityContext }],
});
const database = new kplus.StatefulSet(chart, 'database', {
  metadata,
  service: new kplus.Service(chart, 'database-service', { metadata, ports: [{ port: 5432 }] }),
  containers: [{ image: 'registry.example/shop/postgres:17.2', portNumber: 5432, securityContext }],
});

// What is new: who may debug it, and who may talk to whom.
const oncall = kplus.Group.fromName(chart, 'oncall', 'oncall-shop');
new OnCallDebugAccess(chart, 'oncall-debug', { namespace: namespace.name, subjects: [DebugSubject.fromPlus(oncall)] });

new DefaultDenyNetwork(chart, 'fence', {
  namespace: namespace.name,
  allow: [
    NetworkAllow.dns(),
    NetworkAllow.betweenPods({
      from: api.matchLabels, to: database.matchLabels, ports: [NetworkPort.tcp(5432)], reason: 'the API keeps its orders in the database',
    }),
    NetworkAllow.ingress({
      from: [NetworkPeer.fromPlus(kplus.Namespaces.select(chart, 'edge', { labels: { 'kubernetes.io/metadata.name': 'edge' } }))],
      to: api.matchLabels,
      ports: [NetworkPort.tcp(8080)],
      reason: 'customers come through the edge proxy',
    }),
  ],
});

app.synth();
console.log(AccessMatrix.of(app).toText());
