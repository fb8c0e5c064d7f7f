import { execFileSync } from 'child_process';
import { join } from 'path';
import { App, Chart, Yaml } from 'cdk8s';
import { Enforcement } from './enforcement';
import { Addresses, connection, NAMED_PORTS, probe, PROBE_PORTS, ProbePod, start } from './probe';
import { DefaultDenyNetwork, NetworkAllow, NetworkEndpoint, NetworkPeer, NetworkPort, NetworkReachability } from '../../../src';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { remove } from '../lab/targets';

const HOME = 'sd-net-home';
const AWAY = 'sd-net-away';
const PODS: ProbePod[] = [
  { namespace: HOME, name: 'api', labels: { app: 'api' } },
  { namespace: HOME, name: 'ledger', labels: { app: 'ledger' } },
  { namespace: HOME, name: 'batch', labels: { app: 'batch', tier: 'back' } },
  { namespace: AWAY, name: 'api', labels: { app: 'api' } },
  { namespace: AWAY, name: 'prometheus', labels: { app: 'prometheus' } },
];

/** What the suite's namespaces are labelled with. */
const TEST = { 'secure-debug.internal/test': 'true' };

const cluster = theCluster();
const { enforced, because }: Enforcement = cluster.node
  ? JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', join(__dirname, 'enforcement.ts')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }))
  : { enforced: false, because: 'the cluster has no node' };

let addresses: Addresses;
beforeAll(async () => { if (cluster.node) addresses = await start(cluster, PODS); });
afterEach(async () => { if (cluster.node) await asAdmin(cluster, ['delete', 'networkpolicies', '--all', '-n', HOME]); });
afterAll(async () => { if (cluster.node) await remove(cluster, [HOME, AWAY]); });

/** The connections between pods, each also to itself, that some judge of them lets through. */
const connections = (passes: (from: ProbePod, to: ProbePod, port: number) => boolean): string[] => PODS.flatMap(from => PODS.flatMap(to =>
  PROBE_PORTS.filter(port => passes(from, to, port)).map(port => connection(from, to, port)))).sort();

/** Those that our answers say are possible. */
function reachable(manifests: any[]): string[] {
  const reachability = NetworkReachability.fromManifests(manifests);
  const namedPorts = Object.fromEntries(Object.entries(NAMED_PORTS).map(([name, port]) => [name, NetworkPort.tcp(port)]));
  const endpoint = (pod: ProbePod) => NetworkEndpoint.pod(pod.namespace, pod.labels, { ip: addresses.get(pod), namedPorts, namespaceLabels: TEST });
  return connections((from, to, port) => reachability.reachable(endpoint(from), endpoint(to), NetworkPort.tcp(port)).allowed);
}

/** Applies policies and tries every pair. A plug-in takes a moment to obey, so it may be asked again until it agrees. */
async function tried(policies: any[], expected: string[]): Promise<string[]> {
  await apply(cluster, policies);
  let seen: string[] = [];
  const agrees = async () => {
    seen = await probe(cluster, addresses);
    return JSON.stringify(seen) === JSON.stringify(expected) || undefined;
  };
  await eventually('the policies to be obeyed', agrees, 30_000).catch(() => undefined);
  return seen;
}

const fence = (...allow: NetworkAllow[]) => new DefaultDenyNetwork(new Chart(new App(), 'fence'), 'fence', { namespace: HOME, allow }).manifests();

describe('what pods reach for real', () => {
  testIf(cluster.node, because)('is everything without policies, so that what is missing later was denied', async () => {
    expect(await probe(cluster, addresses)).toEqual(connections(() => true));
  });

  const obeyed = testIf(enforced, because);

  obeyed('is only itself inside of a fence without allows', async () => {
    const policies = fence();
    const expected = reachable(policies);
    expect(expected).toEqual(connections((from, to) => from === to || (from.namespace === AWAY && to.namespace === AWAY)));
    expect(await tried(policies, expected)).toEqual(expected);
  });

  obeyed('is what we answer for the fence of the quick start, put around a namespace of this suite', async () => {
    const file = join(__dirname, '..', '..', '..', 'examples', 'quick-start', 'expected', 'manifests', 'payments.k8s.yaml');
    const policies = Yaml.load(file).filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === 'payments')
      .map(policy => ({ ...policy, metadata: { ...policy.metadata, namespace: HOME } }));
    const expected = reachable(policies);
    expect(expected).toContain(`${HOME}/api > ${HOME}/ledger:8443`);
    expect(await tried(policies, expected)).toEqual(expected);
  });

  obeyed('is what we answer for a fence with allows of many kinds', async () => {
    const reason = 'they are tried for real';
    const policies = fence(
      NetworkAllow.betweenPods({ from: { app: 'api' }, to: { app: 'ledger' }, ports: [NetworkPort.tcpNamed('https')], reason }),
      NetworkAllow.metricsScraper({ namespace: AWAY, podLabels: { app: 'prometheus' }, ports: [NetworkPort.tcpNamed('metrics')], reason }),
      NetworkAllow.ingress({ from: [NetworkPeer.namespace(AWAY)], to: { app: 'api' }, ports: [NetworkPort.tcpRange(8000, 8443)], reason }),
      NetworkAllow.egress({ from: { tier: 'back' }, to: [NetworkPeer.podsIn(AWAY, { app: 'api' })], ports: [NetworkPort.all()], reason }),
      NetworkAllow.egress({ to: [NetworkPeer.podsInLabelled(TEST, { app: 'prometheus' })], ports: [NetworkPort.tcpRange(8080, 8442), NetworkPort.tcp(9090)], reason }),
    );
    const expected = reachable(policies);
    expect(expected.length).toBeGreaterThan(reachable(fence()).length);
    expect(await tried(policies, expected)).toEqual(expected);
  });
});
