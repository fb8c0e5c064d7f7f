import { App, Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { BLOCKS, End, NAMESPACES, Port, PORTS, within } from './universe';
import { DnsProvider, NetworkAllow, NetworkEndpoint, NetworkPeer, NetworkPort } from '../../src';

export const portOf = ({ protocol, number }: Port) =>
  protocol === 'TCP' ? NetworkPort.tcp(number) : protocol === 'UDP' ? NetworkPort.udp(number) : NetworkPort.sctp(number);

export const endpointOf = ({ ip, namespace, labels, named }: End) => namespace === undefined
  ? NetworkEndpoint.ip(ip)
  : NetworkEndpoint.pod(namespace, labels, {
    ip, namespaceLabels: NAMESPACES[namespace], namedPorts: Object.fromEntries(Object.entries(named).map(([name, port]) => [name, portOf(port)])),
  });

/** What a person declares, beside the allow that says so, and the connections that it means. */
export interface Declared {
  readonly id: string;
  readonly allow: NetworkAllow;
  readonly out: (from: End, to: End, port: Port) => boolean;
  readonly into: (from: End, to: End, port: Port) => boolean;
}

interface DeclaredPeer { readonly id: string; readonly peer: NetworkPeer; readonly holds: (end: End, home: string) => boolean }
interface DeclaredPort { readonly id: string; readonly port: NetworkPort; readonly holds: (to: End, port: Port) => boolean }

const anyLabels = fc.constantFrom<Record<string, string>>({ app: 'api' }, { app: 'db' }, { app: 'api', tier: 'a' });
const hasAll = (end: End, labels?: Record<string, string>) => Object.entries(labels ?? {}).every(([k, v]) => end.labels[k] === v);
const team = (end: End) => NAMESPACES[end.namespace!]?.team;

const plus = new Chart(new App(), 'plus');

const anyPeer: fc.Arbitrary<DeclaredPeer> = fc.oneof(
  anyLabels.map(labels => ({ id: `pods ${JSON.stringify(labels)}`, peer: NetworkPeer.pods(labels), holds: (end: End, home: string) => end.namespace === home && hasAll(end, labels) })),
  fc.constant({ id: 'all pods', peer: NetworkPeer.allPods(), holds: (end: End, home: string) => end.namespace === home }),
  fc.constantFrom('ledger', 'web').map(name => ({ id: `namespace ${name}`, peer: NetworkPeer.namespace(name), holds: (end: End) => end.namespace === name })),
  fc.constantFrom('money', 'shop').map(name => ({ id: `team ${name}`, peer: NetworkPeer.namespaceLabels({ team: name }), holds: (end: End) => team(end) === name })),
  anyLabels.map(labels => ({
    id: `ledger ${JSON.stringify(labels)}`, peer: NetworkPeer.podsIn('ledger', labels), holds: (end: End) => end.namespace === 'ledger' && hasAll(end, labels),
  })),
  anyLabels.map(labels => ({
    id: `money ${JSON.stringify(labels)}`, peer: NetworkPeer.podsInLabelled({ team: 'money' }, labels), holds: (end: End) => team(end) === 'money' && hasAll(end, labels),
  })),
  fc.constant({ id: 'all namespaces', peer: NetworkPeer.allNamespaces(), holds: (end: End) => end.namespace !== undefined }),
  fc.constantFrom(...BLOCKS).chain(([block, parts]) => fc.subarray(parts).map(except => ({
    id: `${block} but ${[...except].sort().join(' ')}`,
    peer: NetworkPeer.cidr(block, except),
    holds: ({ ip }: End) => within(block, ip) && !except.some(part => within(part, ip)),
  }))),
  fc.constant({
    id: 'pods of cdk8s-plus',
    peer: NetworkPeer.fromPlus(kplus.Pods.select(plus, 'pods', { expressions: [kplus.LabelExpression.in('app', ['api', 'db']), kplus.LabelExpression.doesNotExist('tier')] })),
    holds: ({ namespace, labels }: End, home: string) => namespace === home && ['api', 'db'].includes(labels.app) && !('tier' in labels),
  }),
  fc.constant({
    id: 'namespaces of cdk8s-plus',
    peer: NetworkPeer.fromPlus(kplus.Namespaces.select(plus, 'namespaces', { expressions: [kplus.LabelExpression.notIn('tier', ['b'])] })),
    holds: ({ namespace }: End) => namespace !== undefined && NAMESPACES[namespace].tier !== 'b',
  }),
);
const anyPeers: fc.Arbitrary<DeclaredPeer[]> = fc.oneof(
  { arbitrary: fc.uniqueArray(anyPeer, { minLength: 1, maxLength: 2, selector: p => p.id }), weight: 6 },
  { arbitrary: fc.constant<DeclaredPeer[]>([{ id: 'anywhere', peer: NetworkPeer.anywhere(), holds: () => true }]), weight: 1 },
);

const RANGES: [string, NetworkPort, number, number][] = [
  ['TCP', NetworkPort.tcpRange(1, 100), 1, 100],
  ['TCP', NetworkPort.tcpRange(79, 80), 79, 80],
  ['TCP', NetworkPort.tcpRange(81, 8080), 81, 8080],
  ['TCP', NetworkPort.tcpRange(8080, 65535), 8080, 65535],
  ['UDP', NetworkPort.udpRange(53, 79), 53, 79],
  ['SCTP', NetworkPort.sctpRange(80, 81), 80, 81],
];
const NAMES: [string, NetworkPort, string][] = [
  ['TCP', NetworkPort.tcpNamed('http'), 'http'],
  ['UDP', NetworkPort.udpNamed('http'), 'http'],
  ['UDP', NetworkPort.udpNamed('dns'), 'dns'],
];
const onePort = fc.constantFrom(
  ...PORTS.map((one): DeclaredPort => ({ id: `${one.protocol} ${one.number}`, port: portOf(one), holds: (_to, { protocol, number }) => protocol === one.protocol && number === one.number })),
  ...RANGES.map(([of, port, first, last]): DeclaredPort => ({
    id: `${of} ${first}-${last}`, port, holds: (_to, { protocol, number }) => protocol === of && first <= number && number <= last,
  })),
  ...NAMES.map(([of, port, name]): DeclaredPort => ({
    id: `${of} ${name}`, port, holds: (to, { protocol, number }) => protocol === of && to.named[name]?.protocol === of && to.named[name].number === number,
  })),
);
const somePorts = fc.uniqueArray(onePort, { minLength: 1, maxLength: 2, selector: p => p.id });
const anyPorts: fc.Arbitrary<DeclaredPort[]> = fc.oneof(
  { arbitrary: somePorts, weight: 6 },
  { arbitrary: fc.constant<DeclaredPort[]>([{ id: 'all', port: NetworkPort.all(), holds: () => true }]), weight: 1 },
);
const DNS: [DnsProvider, (to: End) => boolean][] = [
  [DnsProvider.KUBE_DNS, to => to.namespace === 'kube-system' && hasAll(to, { 'k8s-app': 'kube-dns' })],
  [DnsProvider.NODE_LOCAL_DNS, to => to.ip === '169.254.20.10'],
];

/** One declaration for the fence of a namespace, of any kind there is. */
export function declaredFor(home: string): fc.Arbitrary<Declared> {
  const own = fc.option(anyLabels, { nil: undefined });
  const reason = 'because';
  const never = () => false;
  const inside = (end: End, labels?: Record<string, string>) => end.namespace === home && hasAll(end, labels);
  const idOf = (...parts: unknown[]) => parts.map(part => typeof part === 'string' ? part : JSON.stringify(part)).join();
  const ids = (list: { id: string }[]) => list.map(({ id }) => id).sort().join();
  const peersOf = (list: DeclaredPeer[]) => list.map(({ peer }) => peer);
  const portsOf = (list: DeclaredPort[]) => list.map(({ port }) => port);
  const at = (ports: DeclaredPort[], to: End, port: Port) => ports.some(one => one.holds(to, port));
  const among = (peers: DeclaredPeer[], end: End) => peers.some(one => one.holds(end, home));

  const ingress = fc.tuple(own, anyPeers, anyPorts).map(([labels, peers, ports]): Declared => ({
    id: idOf('ingress', labels, ids(ports), ids(peers)),
    allow: NetworkAllow.ingress({ from: peersOf(peers), to: labels, ports: portsOf(ports), reason }),
    out: never,
    into: (from, to, port) => inside(to, labels) && among(peers, from) && at(ports, to, port),
  }));
  const egress = fc.tuple(own, anyPeers, anyPorts).map(([labels, peers, ports]): Declared => ({
    id: idOf('egress', labels, ids(ports), ids(peers)),
    allow: NetworkAllow.egress({ to: peersOf(peers), from: labels, ports: portsOf(ports), reason }),
    out: (from, to, port) => inside(from, labels) && among(peers, to) && at(ports, to, port),
    into: never,
  }));
  const between = fc.tuple(own, own, anyPorts).map(([source, target, ports]): Declared => {
    const holds = (from: End, to: End, port: Port) => inside(from, source) && inside(to, target) && at(ports, to, port);
    return {
      id: idOf('between', source, target, ids(ports)),
      allow: NetworkAllow.betweenPods({ from: source, to: target, ports: portsOf(ports), reason }),
      out: holds,
      into: holds,
    };
  });
  const dns = fc.tuple(own, fc.constantFrom(...DNS)).map(([labels, [provider, answers]]): Declared => ({
    id: idOf('dns', labels, provider),
    allow: NetworkAllow.dns({ provider, from: labels }),
    out: (from, to, { protocol, number }) => inside(from, labels) && answers(to) && protocol !== 'SCTP' && number === 53,
    into: never,
  }));
  const client = fc.tuple(fc.constantFrom('ingressController' as const, 'metricsScraper' as const), own, fc.constantFrom('ledger', 'web'), anyLabels, somePorts)
    .map(([kind, labels, namespace, podLabels, ports]): Declared => ({
      id: idOf(kind, labels, namespace, podLabels, ids(ports)),
      allow: NetworkAllow[kind]({ namespace, podLabels, to: labels, ports: portsOf(ports), reason }),
      out: never,
      into: (from, to, port) => inside(to, labels) && from.namespace === namespace && hasAll(from, podLabels) && at(ports, to, port),
    }));
  const apiServer = fc.tuple(own, fc.subarray(['192.0.2.1/32', '2001:db8::/32'], { minLength: 1 }), somePorts).map(([labels, cidrs, ports]): Declared => ({
    id: idOf('apiServer', labels, cidrs, ids(ports)),
    allow: NetworkAllow.apiServer({ cidrs, from: labels, ports: portsOf(ports), reason }),
    out: (from, to, port) => inside(from, labels) && cidrs.some(cidr => within(cidr, to.ip)) && at(ports, to, port),
    into: never,
  }));
  return fc.oneof(ingress, egress, between, dns, client, apiServer);
}

/** Declarations that share no policy, which a fence would refuse: some are another kind's way to say the same. */
export function declarationsFor(home: string): fc.Arbitrary<Declared[]> {
  return fc.array(declaredFor(home), { maxLength: 5 }).map(all => {
    const seen = new Set<string>();
    return all.filter(({ allow }) => {
      const specs = allow._parts.map(({ spec }) => JSON.stringify(spec));
      if (specs.some(spec => seen.has(spec))) return false;
      specs.forEach(spec => seen.add(spec));
      return true;
    });
  });
}
