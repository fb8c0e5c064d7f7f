import { App, Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { complaints } from './api-server';
import {
  ClusterBoundary, DefaultDenyNetwork, DefaultDenyNetworkProps, DnsProvider, NetworkAllow, NetworkEndpoint, NetworkPeer, NetworkPort,
  NetworkReachability, SecureDebugWarnings,
} from '../../src';
import { refusal } from '../private/refusal';

const reason = 'because';
const ports = [NetworkPort.tcp(443)];

beforeEach(() => { jest.spyOn(process.stderr, 'write').mockReturnValue(true); });
afterEach(() => jest.restoreAllMocks());

function fenced(props: Partial<DefaultDenyNetworkProps> = {}) {
  const chart = Testing.chart();
  const fence = new DefaultDenyNetwork(chart, 'fence', { namespace: 'payments', ...props });
  return { chart, fence, objects: Testing.synth(chart) };
}

describe('a fence', () => {
  it('without allows closes the namespace in both directions', () => {
    const { objects, fence } = fenced();
    expect(objects).toEqual([{
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: 'default-deny',
        namespace: 'payments',
        labels: { 'app.kubernetes.io/managed-by': 'cdk8s-secure-debug', 'secure-debug.internal/component': 'default-deny-network' },
      },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    }]);
    expect(fence.namespace).toBe('payments');
  });

  it('adds a policy for each allow, with its reason, in the order of their names', () => {
    const { objects, fence } = fenced({
      allow: [
        NetworkAllow.ingress({ from: [NetworkPeer.namespace('web')], to: { app: 'api' }, ports, reason: 'the shop calls', name: 'b' }),
        NetworkAllow.betweenPods({ from: { app: 'api' }, to: { app: 'db' }, ports: [NetworkPort.tcp(5432)], reason: 'orders are kept', name: 'a' }),
        NetworkAllow.dns(),
      ],
    });
    expect(objects.map(({ metadata }) => [metadata.name, metadata.namespace, metadata.annotations?.['secure-debug.internal/reason']])).toEqual([
      ['default-deny', 'payments', undefined],
      ['a-egress', 'payments', 'orders are kept'],
      ['a-ingress', 'payments', 'orders are kept'],
      ['allow-dns-kube-dns', 'payments', 'names of services and hosts are looked up'],
      ['b', 'payments', 'the shop calls'],
    ]);
    expect(objects[4].spec).toEqual({
      podSelector: { matchLabels: { app: 'api' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'web' } } }], ports: [{ protocol: 'TCP', port: 443 }] }],
    });
    expect(fence.manifests()).toEqual(objects);
  });

  it('gives copies of its manifests', () => {
    const { fence } = fenced({ allow: [NetworkAllow.dns()] });
    fence.manifests()[1].spec.egress[0].ports = [];
    expect(fence.manifests()[1].spec.egress[0].ports).toHaveLength(2);
  });

  it('takes the namespace and workloads of cdk8s-plus', () => {
    const chart = Testing.chart();
    const namespace = new kplus.Namespace(chart, 'ns', { metadata: { name: 'shop' } });
    const metadata = { namespace: namespace.name };
    const api = new kplus.Deployment(chart, 'api', { metadata, containers: [{ image: 'registry.example/api:1.0.0', portNumber: 8080 }] });
    const db = new kplus.StatefulSet(chart, 'db', {
      metadata, service: new kplus.Service(chart, 'svc', { metadata, ports: [{ port: 5432 }] }), containers: [{ image: 'registry.example/db:1.0.0', portNumber: 5432 }],
    });
    const fence = new DefaultDenyNetwork(chart, 'fence', {
      namespace: namespace.name,
      allow: [
        NetworkAllow.betweenPods({ from: api.matchLabels, to: db.matchLabels, ports: [NetworkPort.tcp(5432)], reason }),
        NetworkAllow.ingress({ from: [NetworkPeer.fromPlus(db)], to: api.matchLabels, ports: [NetworkPort.tcp(8080)], reason }),
      ],
    });
    const [a, d] = [NetworkEndpoint.pod('shop', api.matchLabels), NetworkEndpoint.pod('shop', db.matchLabels)];
    expect(fence.reachable(a, d, NetworkPort.tcp(5432)).allowed).toBe(true);
    expect(fence.reachable(d, a, NetworkPort.tcp(5432)).allowed).toBe(false);
    expect(fence.reachable(d, a, NetworkPort.tcp(8080)).ingress.allowed).toBe(true); // the egress of db is not opened
    expect(fence.reachable(d, a, NetworkPort.tcp(8080)).egress.allowed).toBe(false);
  });

  it('may stand twice in an app: equal policies are one, allows add up', () => {
    const chart = Testing.chart();
    new DefaultDenyNetwork(chart, 'one', { namespace: 'payments', allow: [NetworkAllow.dns()] });
    new DefaultDenyNetwork(chart, 'two', { namespace: 'payments', allow: [NetworkAllow.dns(), NetworkAllow.egress({ to: [NetworkPeer.namespace('ledger')], ports, reason, name: 'ledger' })] });
    expect(Testing.synth(chart).map(({ metadata }) => metadata.name)).toEqual(['default-deny', 'allow-dns-kube-dns', 'ledger']);
  });

  it('may stand for two clusters with different allows of one name', () => {
    const app = new App();
    const [a, b] = ['a', 'b'].map(id => new Chart(app, id));
    ClusterBoundary.at(a);
    ClusterBoundary.at(b);
    new DefaultDenyNetwork(a, 'fence', { namespace: 'payments', allow: [NetworkAllow.dns({ name: 'dns' })] });
    new DefaultDenyNetwork(b, 'fence', { namespace: 'payments', allow: [NetworkAllow.dns({ name: 'dns', provider: DnsProvider.GKE_CLOUD_DNS })] });
    expect(() => app.synthYaml()).not.toThrow();
  });
});

describe('a fence is refused', () => {
  const egress = (options: { reason?: string; name?: string; to?: NetworkPeer } = {}) => NetworkAllow.egress({ to: [options.to ?? NetworkPeer.namespace('ledger')], ports, reason: options.reason ?? reason, name: options.name });

  it.each<[string, Partial<DefaultDenyNetworkProps>, string]>([
    ['around no namespace', { namespace: '' }, 'namespace = "" is empty. Fix: give a namespace name such as "payments".'],
    ['around every namespace', { namespace: '*' }, 'namespace = "*" is a wildcard. Fix: list each one by its name.'],
    ['around a system namespace', { namespace: 'kube-system' }, 'namespace = "kube-system" is a system namespace: what runs there can act on the whole cluster. Fix: name an application namespace, or set allowSystemNamespaces: true if this is really meant.'],
    ['with the same allow twice', { allow: [NetworkAllow.dns(), egress(), egress()] }, expect.stringMatching(/^allow\[2\] = "because" allows what another one allows already \(allow-to-ledger-tcp-443-[0-9a-f]{8}\)\. Fix: remove one of the two and join their reasons\.$/) as any],
    ['with the same allow for another reason', { allow: [egress(), egress({ reason: 'other' })] }, expect.stringMatching(/^allow\[1\] = "other" allows what another one allows already/) as any],
    ['with the same allow under another name', { allow: [egress({ name: 'a' }), egress({ name: 'b' })] }, 'allow[1] = "because" allows what another one allows already (b). Fix: remove one of the two and join their reasons.'],
    ['with one half of an allow between pods again', {
      allow: [NetworkAllow.betweenPods({ to: { app: 'db' }, ports, reason }), NetworkAllow.egress({ to: [NetworkPeer.pods({ app: 'db' })], ports, reason })],
    }, expect.stringMatching(/^allow\[1\] = "because" allows what another one allows already/) as any],
    ['with two allows of one name', { allow: [egress({ name: 'a' }), egress({ name: 'a', to: NetworkPeer.namespace('web') })] }, 'allow[1] = "a" is the name of another policy of this fence. Fix: give the allow another name.'],
    ['with an allow that is none', { allow: [{} as any] }, 'allow[0] = {} is no NetworkAllow. Fix: use one of its functions, e.g. NetworkAllow.dns().'],
    ['with an allow in the place of the policy that denies', { allow: [egress({ name: 'default-deny' })] }, 'allow[0] = "default-deny" is the name of another policy of this fence. Fix: give the allow another name.'],
  ])('%s', (_what, props, message) => {
    const told = refusal(() => fenced(props));
    expect(told.slice(0, 20)).toBe('DefaultDenyNetwork: ');
    expect(told.slice(20)).toEqual(message);
  });

  it('and nothing is synthesized after that, even when the error is swallowed', () => {
    const app = new App();
    const chart = new Chart(app, 'test');
    try {
      new DefaultDenyNetwork(chart, 'fence', { namespace: 'payments', allow: [egress(), egress()] });
    } catch { /* as a careless app does */ }
    expect(() => app.synthYaml()).toThrow('DefaultDenyNetwork: "test/fence" was refused, so nothing is synthesized');
  });

  it('when another one declares the same policy with other content', () => {
    const chart = Testing.chart();
    new DefaultDenyNetwork(chart, 'one', { namespace: 'payments', allow: [egress({ name: 'a' })] });
    expect(refusal(() => new DefaultDenyNetwork(chart, 'two', { namespace: 'payments', allow: [egress({ name: 'a', reason: 'other' })] })))
      .toContain('DefaultDenyNetwork: name = "a" declares NetworkPolicy a in namespace payments a second time with different content (first at "test/one/a", again at "test/two")');
  });
});

describe('a fence warns', () => {
  const into = (from: NetworkPeer, at = NetworkPort.tcp(443)) => NetworkAllow.ingress({ from: [from], ports: [at], reason, name: 'x' });
  const out = (to: NetworkPeer, at = NetworkPort.tcp(443)) => NetworkAllow.egress({ to: [to], ports: [at], reason, name: 'x' });
  const http = NetworkPort.tcp(80);
  const all = '0.0.0.0/0';

  it.each<[string, NetworkAllow, string[]]>([
    ['of nothing in an allow of pods', into(NetworkPeer.pods({ app: 'api' })), []],
    ['of nothing in an allow of a namespace', out(NetworkPeer.namespace('ledger')), []],
    ['of nothing in DNS', NetworkAllow.dns({ name: 'x' }), []],
    ['of nothing in GKE\'s DNS, at the address of the metadata service but another port', NetworkAllow.dns({ name: 'x', provider: DnsProvider.GKE_CLOUD_DNS }), []],
    ['of nothing in a block', out(NetworkPeer.cidr('10.0.0.0/8'), http), []],
    ['of nothing in half of all addresses', into(NetworkPeer.cidr('0.0.0.0/1')), []],
    ['of ingress from anywhere', into(NetworkPeer.anywhere()), ['SD3001']],
    ['of egress to anywhere', out(NetworkPeer.anywhere()), ['SD3001']],
    ['of every IPv4 address', into(NetworkPeer.cidr(all)), ['SD3001']],
    ['of every IPv6 address', into(NetworkPeer.cidr('::/0')), ['SD3001']],
    ['of all ports', into(NetworkPeer.allPods(), NetworkPort.all()), ['SD3002']],
    ['of a range of all ports', into(NetworkPeer.allPods(), NetworkPort.tcpRange(1, 65535)), ['SD3002']],
    ['of nothing in nearly all ports', into(NetworkPeer.allPods(), NetworkPort.tcpRange(1, 65534)), []],
    ['of nothing in the other nearly all ports', into(NetworkPeer.allPods(), NetworkPort.tcpRange(2, 65535)), []],
    ['of every namespace', into(NetworkPeer.allNamespaces()), ['SD3003']],
    ['of labelled pods of every namespace', into(NetworkPeer.fromPlus(kplus.Pods.select(Testing.chart(), 'p', { labels: { a: 'b' }, namespaces: kplus.Namespaces.all(Testing.chart(), 'n') }))), ['SD3003']],
    ['of nothing in every pod of the namespace', into(NetworkPeer.allPods()), []],
    ['of everything', out(NetworkPeer.anywhere(), NetworkPort.all()), ['SD3001', 'SD3002', 'SD3005']],
    ['of the metadata service by its address', out(NetworkPeer.cidr('169.254.169.254/32'), http), ['SD3005']],
    ['of the metadata service by a block', out(NetworkPeer.cidr('169.254.0.0/16'), NetworkPort.tcpRange(79, 81)), ['SD3005']],
    ['of the metadata service by all addresses', out(NetworkPeer.cidr(all), http), ['SD3001', 'SD3005']],
    ['of the IPv6 metadata service', out(NetworkPeer.cidr('fd00::/8'), http), ['SD3005']],
    ['of no metadata service when it is excepted', out(NetworkPeer.cidr(all, ['169.254.0.0/16']), http), ['SD3001']],
    ['of the metadata service when something else is excepted', out(NetworkPeer.cidr('169.254.0.0/16', ['169.254.1.0/24']), http), ['SD3005']],
    ['of no metadata service at another port', out(NetworkPeer.cidr(all), NetworkPort.tcp(443)), ['SD3001']],
    ['of no metadata service at a lower range', out(NetworkPeer.cidr('169.254.0.0/16'), NetworkPort.tcpRange(1, 79)), []],
    ['of no metadata service at a higher range', out(NetworkPeer.cidr('169.254.0.0/16'), NetworkPort.tcpRange(81, 90)), []],
    ['of no metadata service by UDP', out(NetworkPeer.cidr('169.254.0.0/16'), NetworkPort.udp(80)), []],
    ['of no metadata service by a named port', out(NetworkPeer.cidr('169.254.0.0/16'), NetworkPort.tcpNamed('http')), []],
    ['of no metadata service in ingress', into(NetworkPeer.cidr('169.254.0.0/16'), http), []],
  ])('%s', (_what, allow, ids) => {
    const { chart } = fenced({ allow: [allow] });
    expect(SecureDebugWarnings.of(chart).map(({ id }) => id)).toEqual(ids);
    for (const { message, path } of SecureDebugWarnings.of(chart)) {
      expect(message).toMatch(/: payments\/x, because: because\.$/);
      expect(path).toBe('test/fence');
    }
  });

  it('of a system namespace that is fenced', () => {
    const { chart } = fenced({ namespace: 'kube-system', allowSystemNamespaces: true });
    expect(SecureDebugWarnings.of(chart).map(({ id, message }) => [id, message])).toEqual([['SD3004', 'A system namespace is fenced: kube-system.']]);
  });

  it('to stderr when it is synthesized, until somebody says why it is acceptable', () => {
    const chart = Testing.chart();
    const fence = new DefaultDenyNetwork(chart, 'fence', { namespace: 'payments', allow: [into(NetworkPeer.anywhere())] });
    SecureDebugWarnings.acknowledge(fence, 'SD3001', 'a public service');
    expect(SecureDebugWarnings.of(chart)[0].acknowledged).toBe('a public service');
  });
});

describe('reachability of a fence', () => {
  const { fence } = fenced({
    allow: [
      NetworkAllow.egress({ to: [NetworkPeer.podsIn('ledger', { app: 'api' })], from: { app: 'api' }, ports, reason: 'bookings', name: 'to-ledger' }),
    ],
  });
  const api = NetworkEndpoint.pod('payments', { app: 'api' });
  const ledger = NetworkEndpoint.pod('ledger', { app: 'api' });

  it('is judged by its own policies, the other side counts as open', () => {
    const verdict = fence.reachable(api, ledger, NetworkPort.tcp(443));
    expect(verdict.allowed).toBe(true);
    expect(verdict.because).toEqual([
      'egress of pod payments/app=api: allowed by payments/to-ledger (bookings)',
      'ingress of pod ledger/app=api: no policy here isolates it, so it is open by default',
    ]);
    expect(fence.reachable(api, ledger, NetworkPort.tcp(80)).allowed).toBe(false);
    expect(fence.reachable(ledger, api, NetworkPort.tcp(443)).allowed).toBe(false);
  });

  it('is closed again by the fence of the other side, until that one opens too', () => {
    const of = (allow: NetworkAllow[]) => fenced({ namespace: 'ledger', allow }).fence.manifests();
    const both = (others: any[]) => NetworkReachability.fromManifests([...fence.manifests(), ...others]).reachable(api, ledger, NetworkPort.tcp(443));
    expect(both(of([])).allowed).toBe(false);
    expect(both(of([])).egress.allowed).toBe(true);
    const open = of([NetworkAllow.ingress({ from: [NetworkPeer.podsIn('payments', { app: 'api' })], ports, reason })]);
    expect(both(open).allowed).toBe(true);
  });

  it('can be read as a table', () => {
    expect(fence.table().rows).toEqual([{
      direction: 'egress', from: 'pods app=api in payments', to: 'pods app=api in ledger', ports: 'TCP 443', reason: 'bookings', policyNamespace: 'payments', policyName: 'to-ledger',
    }]);
    expect(fence.table().denied).toEqual(['ingress of every pod in payments', 'egress of every pod in payments']);
  });
});

describe('what is synthesized is what the API server accepts', () => {
  const label = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/);
  const labels = fc.dictionary(fc.oneof(fc.constantFrom('app', 'app.kubernetes.io/name'), label), label, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  const number = fc.integer({ min: 1, max: 65535 });
  const port = fc.oneof(
    number.map(NetworkPort.tcp), number.map(NetworkPort.udp), number.map(NetworkPort.sctp),
    fc.tuple(number, number).map(([a, b]) => NetworkPort.tcpRange(Math.min(a, b), Math.max(a, b))),
    fc.constantFrom('http', 'a', 'x-1', 'fifteen-letters').map(NetworkPort.udpNamed),
  );
  const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/).filter(text => !/^(kube-|openshift|default$)/.test(text));
  const peer = fc.oneof(
    labels.map(NetworkPeer.pods), name.map(text => NetworkPeer.namespace(text)), fc.tuple(name, labels).map(([n, l]) => NetworkPeer.podsIn(n, l)),
    fc.tuple(labels, labels).map(([n, l]) => NetworkPeer.podsInLabelled(n, l)), labels.map(l => NetworkPeer.namespaceLabels(l)),
    fc.constantFrom(
      NetworkPeer.allPods(), NetworkPeer.allNamespaces(),
      NetworkPeer.cidr('10.0.0.0/8', ['10.1.0.0/16', '10.2.0.0/16']), NetworkPeer.cidr('2001:db8::/32', ['2001:db8:1::/48']),
    ),
  );
  const unique = {
    selector: (value: NetworkPort | NetworkPeer) => JSON.stringify(value instanceof NetworkPeer ? value.toManifests() : value.toManifest()),
  };
  const options = fc.record({
    peers: fc.oneof(fc.uniqueArray(peer, { minLength: 1, maxLength: 3, ...unique }), fc.constant<NetworkPeer[]>([NetworkPeer.anywhere()])),
    ports: fc.oneof(fc.uniqueArray(port, { minLength: 1, maxLength: 3, ...unique }), fc.constant<NetworkPort[]>([NetworkPort.all()])),
    own: fc.option(labels, { nil: undefined }),
  });

  it('for any allow', () => {
    fc.assert(fc.property(options, name, ({ peers, ports: at, own }, namespace) => {
      const chart = Testing.chart();
      const fence = new DefaultDenyNetwork(chart, 'fence', {
        namespace,
        allow: [
          NetworkAllow.ingress({ from: peers, to: own, ports: at, reason }),
          NetworkAllow.egress({ to: peers, from: own, ports: at, reason }),
          NetworkAllow.dns({ from: own }),
        ],
      });
      const objects = Testing.synth(chart);
      expect(objects).toHaveLength(4);
      expect(objects.flatMap(complaints)).toEqual([]);
      expect(objects.every(({ metadata }) => metadata.name.length <= 63)).toBe(true);
      expect(fence.manifests()).toEqual(objects);
      fence.table(); // what is emitted can be read again
    }), { numRuns: 150 });
  });

  it.each<[string, any, string]>([
    ['an endPort before its port', { ingress: [{ ports: [{ port: 80, endPort: 79 }] }] }, 'ingress[0].ports[0]: endPort before port'],
    ['an endPort after a name', { ingress: [{ ports: [{ port: 'http', endPort: 81 }] }] }, 'ingress[0].ports[0]: endPort without a numeric port'],
    ['an endPort alone', { ingress: [{ ports: [{ endPort: 81 }] }] }, 'ingress[0].ports[0]: endPort without a numeric port'],
    ['port 0', { ingress: [{ ports: [{ port: 0 }] }] }, 'ingress[0].ports[0]: port out of range'],
    ['a block beside a selector', { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] }, 'egress[0].to[0]: ipBlock beside another peer'],
    ['an empty peer', { egress: [{ to: [{}] }] }, 'egress[0].to[0]: no peer'],
    ['an exception outside of its block', { egress: [{ to: [{ ipBlock: { cidr: 'fd00::/8', except: ['fe80::/64'] } }] }] }, 'egress[0].to[0]: except is not a strict subset'],
    ['host bits', { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.1/8' } }] }] }, 'egress[0].to[0]: host bits set'],
    ['a wrong type', { policyTypes: ['Both'] }, 'spec.policyTypes: unsupported Both'],
  ])('and the test would see %s', (_what, spec, complaint) => {
    expect(complaints({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p', namespace: 'n' }, spec: { podSelector: {}, ...spec } })).toEqual([complaint]);
  });
});
