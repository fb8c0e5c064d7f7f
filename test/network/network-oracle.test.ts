import { App, Chart, Testing } from 'cdk8s';
import * as fc from 'fast-check';
import { bruteForce, End, ENDS, key, NAMESPACES, policies, PORTS } from './universe';
import { DefaultDenyNetwork, NetworkAllow, NetworkEndpoint, NetworkPeer, NetworkPort, NetworkReachability } from '../../src';

const portOf = ({ protocol, number }: { protocol: string; number: number }) =>
  protocol === 'TCP' ? NetworkPort.tcp(number) : protocol === 'UDP' ? NetworkPort.udp(number) : NetworkPort.sctp(number);

const endpoints = ENDS.map(({ ip, namespace, labels, named }: End) => namespace === undefined
  ? NetworkEndpoint.ip(ip)
  : NetworkEndpoint.pod(namespace, labels, {
    ip, namespaceLabels: NAMESPACES[namespace], namedPorts: Object.fromEntries(Object.entries(named).map(([name, port]) => [name, portOf(port)])),
  }));

function answers(reachability: NetworkReachability): Set<string> {
  const result = new Set<string>();
  endpoints.forEach((from, i) => endpoints.forEach((to, j) => PORTS.forEach((port, k) => {
    const verdict = reachability.reachable(from, to, portOf(port));
    if (verdict.allowed !== (verdict.egress.allowed && verdict.ingress.allowed)) throw new Error('a verdict contradicts its sides');
    if (verdict.allowed) result.add(key(i, j, k));
  })));
  return result;
}

// Warnings are told elsewhere.
beforeAll(() => { jest.spyOn(process.stderr, 'write').mockReturnValue(true); });
afterAll(() => jest.restoreAllMocks());

const shuffled = <T>(lists: fc.Arbitrary<T[]>): fc.Arbitrary<[T[], T[]]> =>
  lists.chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));

const sorted = (set: Set<string>) => [...set].sort();

describe('reachability equals what is found by enumerating every connection', () => {
  it('for any policies of several namespaces', () => {
    fc.assert(fc.property(policies, manifests => {
      expect(sorted(answers(NetworkReachability.fromManifests(manifests)))).toEqual(sorted(bruteForce(manifests)));
    }), { numRuns: 400 });
  });

  it('whatever the order of policies', () => {
    fc.assert(fc.property(shuffled(policies), ([all, other]) => {
      expect(NetworkReachability.fromManifests(other).table()).toEqual(NetworkReachability.fromManifests(all).table());
    }), { numRuns: 50 });
  });

  it('and a policy without rules opens nothing', () => {
    fc.assert(fc.property(policies, manifests => {
      const deny = ['payments', 'ledger', 'web'].map(namespace => ({
        apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny', namespace }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      }));
      const without = answers(NetworkReachability.fromManifests(manifests));
      answers(NetworkReachability.fromManifests([...manifests, ...deny])).forEach(connection => expect(without).toContain(connection));
    }), { numRuns: 50 });
  });
});

type Port = typeof PORTS[number];

/** What a person declares, beside the allow that says so, and the connections of the world that it means. */
interface Declared {
  readonly id: string;
  readonly allow: NetworkAllow;
  readonly out: (from: End, to: End, port: Port) => boolean;
  readonly into: (from: End, to: End, port: Port) => boolean;
}

const HOME = 'payments';
const labelsArb = fc.constantFrom<Record<string, string>>({ app: 'api' }, { app: 'db' }, { app: 'api', tier: 'a' });
const hasAll = (end: End, labels?: Record<string, string>) => Object.entries(labels ?? {}).every(([k, v]) => end.labels[k] === v);

interface DeclaredPeer { readonly id: string; readonly peer: NetworkPeer; readonly holds: (end: End) => boolean }
interface DeclaredPort { readonly id: string; readonly port: NetworkPort; readonly holds: (to: End, port: Port) => boolean }

const peerArb: fc.Arbitrary<DeclaredPeer> = fc.oneof(
  labelsArb.map(labels => ({ id: `pods ${JSON.stringify(labels)}`, peer: NetworkPeer.pods(labels), holds: (end: End) => end.namespace === HOME && hasAll(end, labels) })),
  fc.constant({ id: 'all pods', peer: NetworkPeer.allPods(), holds: (end: End) => end.namespace === HOME }),
  fc.constantFrom('ledger', 'web').map(name => ({ id: `namespace ${name}`, peer: NetworkPeer.namespace(name), holds: (end: End) => end.namespace === name })),
  fc.constantFrom('money', 'shop').map(team => ({
    id: `team ${team}`, peer: NetworkPeer.namespaceLabels({ team }), holds: (end: End) => NAMESPACES[end.namespace!]?.team === team,
  })),
  labelsArb.map(labels => ({
    id: `ledger ${JSON.stringify(labels)}`, peer: NetworkPeer.podsIn('ledger', labels), holds: (end: End) => end.namespace === 'ledger' && hasAll(end, labels),
  })),
  labelsArb.map(labels => ({
    id: `money ${JSON.stringify(labels)}`, peer: NetworkPeer.podsInLabelled({ team: 'money' }, labels), holds: (end: End) => NAMESPACES[end.namespace!]?.team === 'money' && hasAll(end, labels),
  })),
  fc.constant({ id: 'all namespaces', peer: NetworkPeer.allNamespaces(), holds: (end: End) => end.namespace !== undefined }),
  fc.constant({ id: '192.0.2.1/32', peer: NetworkPeer.cidr('192.0.2.1/32'), holds: (end: End) => end.ip === '192.0.2.1' }),
  fc.constant({ id: '10/8 but .1.0/24', peer: NetworkPeer.cidr('10.0.0.0/8', ['10.0.1.0/24']), holds: (end: End) => /^10\.0\.[23]\./.test(end.ip) }),
  fc.constant({ id: 'fd00::/8', peer: NetworkPeer.cidr('fd00::/8'), holds: (end: End) => end.ip.startsWith('fd00:') }),
);
const peersArb: fc.Arbitrary<DeclaredPeer[]> = fc.oneof(
  { arbitrary: fc.uniqueArray(peerArb, { minLength: 1, maxLength: 2, selector: p => p.id }), weight: 6 },
  { arbitrary: fc.constant<DeclaredPeer[]>([{ id: 'anywhere', peer: NetworkPeer.anywhere(), holds: () => true }]), weight: 1 },
);
const portThat = (id: string, port: NetworkPort, holds: DeclaredPort['holds']): DeclaredPort => ({ id, port, holds });
const onePort = fc.constantFrom(
  ...PORTS.map(one => portThat(`${one.protocol} ${one.number}`, portOf(one), (_to, { protocol, number }) => protocol === one.protocol && number === one.number)),
  portThat('TCP 1-100', NetworkPort.tcpRange(1, 100), (_to, { protocol, number }) => protocol === 'TCP' && number <= 100),
  portThat('TCP http', NetworkPort.tcpNamed('http'), (to, { protocol, number }) => protocol === 'TCP' && to.named.http?.protocol === 'TCP' && to.named.http.number === number),
);
const portsArb: fc.Arbitrary<DeclaredPort[]> = fc.oneof(
  { arbitrary: fc.uniqueArray(onePort, { minLength: 1, maxLength: 2, selector: p => p.id }), weight: 6 },
  { arbitrary: fc.constant<DeclaredPort[]>([{ id: 'all', port: NetworkPort.all(), holds: () => true }]), weight: 1 },
);

const declaredArb: fc.Arbitrary<Declared> = fc.record({
  kind: fc.constantFrom('ingress', 'egress', 'between'),
  own: fc.option(labelsArb, { nil: undefined }),
  other: fc.option(labelsArb, { nil: undefined }),
  peers: peersArb,
  ports: portsArb,
}).map(({ kind, own, other, peers, ports }): Declared => {
  const common = { ports: ports.map(p => p.port), reason: 'because' };
  const names = [JSON.stringify(own), ports.map(p => p.id).sort().join()];
  const home = (end: End, labels?: Record<string, string>) => end.namespace === HOME && hasAll(end, labels);
  const port = (to: End, p: Port) => ports.some(one => one.holds(to, p));
  if (kind === 'between') {
    const holds = (from: End, to: End, p: Port) => home(from, own) && home(to, other) && port(to, p);
    return { id: ['between', ...names, JSON.stringify(other)].join(), allow: NetworkAllow.betweenPods({ from: own, to: other, ...common }), out: holds, into: holds };
  }
  const id = [kind, ...names, peers.map(p => p.id).sort().join()].join();
  const list = peers.map(p => p.peer);
  return kind === 'ingress'
    ? {
      id,
      allow: NetworkAllow.ingress({ from: list, to: own, ...common }),
      out: () => false,
      into: (from, to, p) => home(to, own) && peers.some(one => one.holds(from)) && port(to, p),
    }
    : {
      id,
      allow: NetworkAllow.egress({ to: list, from: own, ...common }),
      out: (from, to, p) => home(from, own) && peers.some(one => one.holds(to)) && port(to, p),
      into: () => false,
    };
});

/** Declarations that share no policy: betweenPods contains an egress and an ingress that could also be declared alone. */
const declarations = fc.array(declaredArb, { maxLength: 5 }).map(all => {
  const seen = new Set<string>();
  return all.filter(({ allow }) => {
    const names = allow.policyNames;
    if (names.some(name => seen.has(name))) return false;
    names.forEach(name => seen.add(name));
    return true;
  });
});

describe('a fence lets through exactly what was declared', () => {
  it('for any allows', () => {
    fc.assert(fc.property(declarations, declared => {
      const expected = new Set<string>();
      ENDS.forEach((from, i) => ENDS.forEach((to, j) => PORTS.forEach((port, k) => {
        const leaves = from.namespace !== HOME || declared.some(({ out }) => out(from, to, port));
        const enters = to.namespace !== HOME || declared.some(({ into }) => into(from, to, port));
        if (from === to || (leaves && enters)) expected.add(key(i, j, k));
      })));
      const fence = new DefaultDenyNetwork(Testing.chart(), 'fence', { namespace: HOME, allow: declared.map(({ allow }) => allow) });
      expect(sorted(answers(NetworkReachability.fromManifests(fence.manifests())))).toEqual(sorted(expected));
    }), { numRuns: 300 });
  });

  it('and its output is the same whatever the order of allows', () => {
    fc.assert(fc.property(shuffled(declarations), ([all, other]) => {
      const synthesized = (declared: Declared[]) => {
        const chart = new Chart(new App(), 'test');
        new DefaultDenyNetwork(chart, 'fence', { namespace: HOME, allow: declared.map(({ allow }) => allow) });
        return Testing.synth(chart);
      };
      expect(JSON.stringify(synthesized(other))).toBe(JSON.stringify(synthesized(all)));
    }), { numRuns: 100 });
  });

  it('and different allows have different names, equal ones the same', () => {
    fc.assert(fc.property(declaredArb, declaredArb, (a, b) => {
      if (a.id.startsWith('between') !== b.id.startsWith('between')) return;
      expect(a.allow.policyNames.join() === b.allow.policyNames.join()).toBe(a.id === b.id);
    }), { numRuns: 500 });
  });
});
