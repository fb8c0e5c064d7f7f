import { DnsProvider, NetworkAllow, NetworkPeer, NetworkPort } from '../../src';
import { refusal } from '../private/refusal';

const reason = 'because';
const ports = [NetworkPort.tcp(443)];
const https = [{ protocol: 'TCP', port: 443 }];
const named = (name: string) => ({ 'kubernetes.io/metadata.name': name });
const only = (allow: NetworkAllow) => {
  expect(allow._parts).toHaveLength(1);
  return allow._parts[0];
};

describe('an allow', () => {
  it('of ingress lets any of the peers reach the chosen pods', () => {
    const allow = NetworkAllow.ingress({ from: [NetworkPeer.namespace('web'), NetworkPeer.cidr('10.0.0.0/8')], to: { app: 'api' }, ports, reason: 'the shop calls' });
    expect(allow.reason).toBe('the shop calls');
    expect(only(allow)).toEqual({
      name: 'allow-from-10-0-0-0-8-web-to-api-tcp-443-3f957f38',
      reason: 'the shop calls',
      spec: {
        podSelector: { matchLabels: { app: 'api' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }, { namespaceSelector: { matchLabels: named('web') } }], ports: https }],
      },
    });
  });

  it('of egress lets the chosen pods reach any of the peers', () => {
    expect(only(NetworkAllow.egress({ to: [NetworkPeer.podsIn('ledger', { app: 'api' })], from: { app: 'web', tier: 'a' }, ports, reason }))).toEqual({
      name: 'allow-to-ledger-api-from-web-a-tcp-443-2f2c800e',
      reason,
      spec: {
        podSelector: { matchLabels: { app: 'web', tier: 'a' } },
        policyTypes: ['Egress'],
        egress: [{ to: [{ namespaceSelector: { matchLabels: named('ledger') }, podSelector: { matchLabels: { app: 'api' } } }], ports: https }],
      },
    });
  });

  it('is about every pod of the namespace unless labels say otherwise', () => {
    expect(only(NetworkAllow.ingress({ from: [NetworkPeer.allPods()], ports, reason })).spec.podSelector).toEqual({});
    expect(only(NetworkAllow.egress({ to: [NetworkPeer.allPods()], ports, reason })).spec.podSelector).toEqual({});
  });

  it('for anywhere leaves the peers out, for all ports the ports, as Kubernetes wants it', () => {
    expect(only(NetworkAllow.ingress({ from: [NetworkPeer.anywhere()], ports, reason })).spec.ingress).toEqual([{ ports: https }]);
    const every = [NetworkPort.all()];
    expect(only(NetworkAllow.egress({ to: [NetworkPeer.allPods()], ports: every, reason })).spec.egress).toEqual([{ to: [{ podSelector: {} }] }]);
    expect(only(NetworkAllow.egress({ to: [NetworkPeer.anywhere()], ports: every, reason })).spec.egress).toEqual([{}]);
  });

  it('sorts its ports: by protocol, numbers in their order, then names', () => {
    const given = [
      NetworkPort.udp(53), NetworkPort.tcpNamed('http'), NetworkPort.tcp(8080), NetworkPort.tcpRange(80, 90), NetworkPort.sctp(1), NetworkPort.tcp(443), NetworkPort.tcp(80), NetworkPort.tcpNamed('admin'),
    ];
    expect(only(NetworkAllow.ingress({ from: [NetworkPeer.allPods()], ports: given, reason })).spec.ingress[0].ports).toEqual([
      { protocol: 'SCTP', port: 1 },
      { protocol: 'TCP', port: 80 },
      { protocol: 'TCP', port: 80, endPort: 90 },
      { protocol: 'TCP', port: 443 },
      { protocol: 'TCP', port: 8080 },
      { protocol: 'TCP', port: 'admin' },
      { protocol: 'TCP', port: 'http' },
      { protocol: 'UDP', port: 53 },
    ]);
  });

  it('for DNS is about CoreDNS: namespace and pods in one peer, UDP and TCP', () => {
    expect(only(NetworkAllow.dns())).toEqual({
      name: 'allow-dns-kube-dns',
      reason: 'names of services and hosts are looked up',
      spec: {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [{
          to: [{ namespaceSelector: { matchLabels: named('kube-system') }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
          ports: [{ protocol: 'TCP', port: 53 }, { protocol: 'UDP', port: 53 }],
        }],
      },
    });
  });

  it.each([
    [DnsProvider.NODE_LOCAL_DNS, '169.254.20.10/32', 'allow-dns-node-local-dns'],
    [DnsProvider.GKE_CLOUD_DNS, '169.254.169.254/32', 'allow-dns-gke-cloud-dns'],
  ])('for DNS by %s is about its address', (provider, cidr, name) => {
    const part = only(NetworkAllow.dns({ provider, reason: 'names' }));
    expect(part).toMatchObject({ name, reason: 'names' });
    expect(part.spec.egress).toEqual([{ to: [{ ipBlock: { cidr } }], ports: [{ protocol: 'TCP', port: 53 }, { protocol: 'UDP', port: 53 }] }]);
  });

  it('for DNS may be of some pods', () => {
    const part = only(NetworkAllow.dns({ from: { app: 'api' } }));
    expect(part.name).toMatch(/^allow-dns-kube-dns-from-api-[0-9a-f]{8}$/);
    expect(part.spec.podSelector).toEqual({ matchLabels: { app: 'api' } });
  });

  it('for the API server is about its addresses', () => {
    const part = only(NetworkAllow.apiServer({ cidrs: ['172.18.0.3/32', '172.18.0.2/32'], ports: [NetworkPort.tcp(6443)], from: { app: 'api' }, reason: 'leader election' }));
    expect(part.name).toMatch(/^allow-api-server-from-api-[0-9a-f]{8}$/);
    expect(part.reason).toBe('leader election');
    expect(part.spec).toEqual({
      podSelector: { matchLabels: { app: 'api' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '172.18.0.2/32' } }, { ipBlock: { cidr: '172.18.0.3/32' } }], ports: [{ protocol: 'TCP', port: 6443 }] }],
    });
  });

  it.each([
    ['ingress-controller', NetworkAllow.ingressController],
    ['metrics-scraper', NetworkAllow.metricsScraper],
  ])('for the %s is about its pods in its namespace', (title, make) => {
    const part = only(make({ namespace: 'infra', podLabels: { app: 'x' }, to: { app: 'api' }, ports, reason }));
    expect(part.name).toMatch(new RegExp(`^allow-${title}-to-api-[0-9a-f]{8}$`));
    expect(part.spec).toEqual({
      podSelector: { matchLabels: { app: 'api' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ namespaceSelector: { matchLabels: named('infra') }, podSelector: { matchLabels: { app: 'x' } } }], ports: https }],
    });
  });

  it('between pods opens both sides: the egress of the one and the ingress of the other', () => {
    const allow = NetworkAllow.betweenPods({ from: { app: 'api' }, to: { app: 'db' }, ports, reason });
    expect(allow._parts).toEqual([
      {
        name: expect.stringMatching(/^allow-to-db-from-api-tcp-443-[0-9a-f]{8}$/),
        reason,
        spec: { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: https }] },
      },
      {
        name: expect.stringMatching(/^allow-from-api-to-db-tcp-443-[0-9a-f]{8}$/),
        reason,
        spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: https }] },
      },
    ]);
    expect(allow.policyNames).toEqual(allow._parts.map(({ name }) => name));
    expect(allow.reason).toBe(reason);
  });

  it('between all pods of the namespace says so on both sides', () => {
    const [out, into] = NetworkAllow.betweenPods({ ports, reason })._parts;
    expect(out.spec).toEqual({ podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }], ports: https }] });
    expect(into.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }], ports: https }] });
  });
});

describe('the name of an allow', () => {
  const ingress = (from: NetworkPeer, port = NetworkPort.tcp(443), to?: Record<string, string>) => only(NetworkAllow.ingress({ from: [from], to, ports: [port], reason })).name.replace(/-[0-9a-f]{8}$/, '');

  it.each<[string, string]>([
    [ingress(NetworkPeer.namespace('web')), 'allow-from-web-tcp-443'],
    [ingress(NetworkPeer.allPods()), 'allow-from-all-pods-tcp-443'],
    [ingress(NetworkPeer.allNamespaces()), 'allow-from-every-namespace-tcp-443'],
    [ingress(NetworkPeer.anywhere()), 'allow-from-anywhere-tcp-443'],
    [ingress(NetworkPeer.anywhere(), NetworkPort.all()), 'allow-from-anywhere-all-ports'],
    [ingress(NetworkPeer.cidr('2001:db8::/32')), 'allow-from-2001-db8-32-tcp-443'],
    [ingress(NetworkPeer.pods({ app: 'API_v2', b: '' }), NetworkPort.tcpRange(80, 90), { app: 'Db' }), 'allow-from-api-v2-to-db-tcp-80-90'],
    [ingress(NetworkPeer.podsInLabelled({ team: 'shop' }, { app: 'web' }), NetworkPort.tcpNamed('http')), 'allow-from-shop-web-tcp-http'],
  ])('reads %s', (name, expected) => expect(name).toBe(expected));

  it('differs where allows only read alike', () => {
    const names = [
      NetworkPeer.pods({ app: 'web' }), NetworkPeer.pods({ tier: 'web' }), NetworkPeer.namespace('web'), NetworkPeer.namespaceLabels({ team: 'web' }), NetworkPeer.pods({ app: 'Web' }), NetworkPeer.pods({ app: 'web', tier: '' }),
    ].map(peer => only(NetworkAllow.ingress({ from: [peer], ports, reason })).name);
    expect(new Set(names.map(name => name.replace(/-[0-9a-f]{8}$/, '')))).toEqual(new Set(['allow-from-web-tcp-443']));
    expect(new Set(names).size).toBe(names.length);
  });

  it('does not depend on the reason, nor on the order in which peers, ports and labels are written', () => {
    const [a, b] = [NetworkPeer.namespace('a'), NetworkPeer.cidr('10.0.0.0/8')];
    const [p, q] = [NetworkPort.tcp(1), NetworkPort.udp(2)];
    expect(NetworkAllow.ingress({ from: [a, b], to: { x: '1', y: '2' }, ports: [p, q], reason: 'one' }).policyNames)
      .toEqual(NetworkAllow.ingress({ from: [b, a], to: { y: '2', x: '1' }, ports: [q, p], reason: 'other' }).policyNames);
  });

  it('is cut when too long, and still differs', () => {
    const long = (end: string) => only(NetworkAllow.ingress({ from: [NetworkPeer.namespace(`${'n'.repeat(60)}-${end}`)], ports, reason })).name;
    expect(long('a')).toMatch(/^allow-from-n{43}-[0-9a-f]{8}$/);
    expect(long('a')).toHaveLength(63);
    expect(long('a')).not.toBe(long('b'));
  });

  it('may be given', () => {
    expect(NetworkAllow.ingress({ from: [NetworkPeer.allPods()], ports, reason, name: 'from-us' }).policyNames).toEqual(['from-us']);
    expect(NetworkAllow.egress({ to: [NetworkPeer.allPods()], ports, reason, name: 'n'.repeat(63) }).policyNames).toEqual(['n'.repeat(63)]);
    expect(NetworkAllow.dns({ name: 'dns' }).policyNames).toEqual(['dns']);
    expect(NetworkAllow.apiServer({ cidrs: ['10.0.0.1/32'], ports, reason, name: 'api' }).policyNames).toEqual(['api']);
    expect(NetworkAllow.metricsScraper({ namespace: 'm', podLabels: { a: 'b' }, ports, reason, name: 'metrics' }).policyNames).toEqual(['metrics']);
    expect(NetworkAllow.betweenPods({ ports, reason, name: 'inside' }).policyNames).toEqual(['inside-egress', 'inside-ingress']);
  });
});

describe('an allow is refused', () => {
  const from = [NetworkPeer.allPods()];
  it.each<[string, () => unknown, string]>([
    ['without a reason', () => NetworkAllow.ingress({ from, ports, reason: '' }), 'NetworkAllow.ingress: reason = "" is empty. Fix: give a reason in a few words, e.g. "API calls to the ledger".'],
    ['with a blank reason', () => NetworkAllow.egress({ to: from, ports, reason: '  ' }), 'NetworkAllow.egress: reason = "  " is empty. Fix: give a reason in a few words, e.g. "API calls to the ledger".'],
    ['for DNS with an empty reason', () => NetworkAllow.dns({ reason: '' }), 'NetworkAllow.dns: reason = "" is empty. Fix: give a reason in a few words, e.g. "API calls to the ledger".'],
    ['without ports, to mean every port', () => NetworkAllow.ingress({ from, ports: [], reason }), 'NetworkAllow.ingress: ports = [] is empty, which Kubernetes reads as every port. Fix: name at least one port, or NetworkPort.all() if every port is meant.'],
    ['with ports left undefined', () => NetworkAllow.betweenPods({ ports: undefined as any, reason }), 'NetworkAllow.betweenPods: ports = undefined is empty, which Kubernetes reads as every port. Fix: name at least one port, or NetworkPort.all() if every port is meant.'],
    ['without peers, to mean everybody', () => NetworkAllow.ingress({ from: [], ports, reason }), 'NetworkAllow.ingress: from = [] is empty, which Kubernetes reads as everybody. Fix: name at least one peer, or NetworkPeer.anywhere() if everybody is meant.'],
    ['without peers of egress', () => NetworkAllow.egress({ to: undefined as any, ports, reason }), 'NetworkAllow.egress: to = undefined is empty, which Kubernetes reads as everybody. Fix: name at least one peer, or NetworkPeer.anywhere() if everybody is meant.'],
    ['with a peer that is none', () => NetworkAllow.ingress({ from: [from[0], 'web' as any], ports, reason }), 'NetworkAllow.ingress: from[1] = "web" is no NetworkPeer. Fix: use one of its functions, e.g. NetworkPeer.namespace("web") or NetworkPeer.fromPlus(…).'],
    ['with text for peers', () => NetworkAllow.egress({ to: 'web' as any, ports, reason }), 'NetworkAllow.egress: to = "web" is empty, which Kubernetes reads as everybody. Fix: name at least one peer, or NetworkPeer.anywhere() if everybody is meant.'],
    ['with a port that is none', () => NetworkAllow.ingress({ from, ports: [443 as any], reason }), 'NetworkAllow.ingress: ports[0] = 443 is no NetworkPort. Fix: use one of its functions, e.g. NetworkPort.tcp(443).'],
    ['with text for ports', () => NetworkAllow.ingress({ from, ports: '443' as any, reason }), 'NetworkAllow.ingress: ports = "443" is empty, which Kubernetes reads as every port. Fix: name at least one port, or NetworkPort.all() if every port is meant.'],
    ['for a DNS that is not known', () => NetworkAllow.dns({ provider: 'route53' as any }), 'NetworkAllow.dns: provider = "route53" is not a provider. Fix: use one of DnsProvider.'],
    ['with anywhere hidden among others', () => NetworkAllow.ingress({ from: [...from, NetworkPeer.anywhere()], ports, reason }), 'NetworkAllow.ingress: from = "2 peers" contains NetworkPeer.anywhere(), beside which the others mean nothing. Fix: remove it, or the others.'],
    ['with all ports hidden among others', () => NetworkAllow.ingress({ from, ports: [...ports, NetworkPort.all()], reason }), 'NetworkAllow.ingress: ports = ["TCP 443","all ports"] contains NetworkPort.all(), beside which the others mean nothing. Fix: remove it, or the others.'],
    ['with a peer twice', () => NetworkAllow.ingress({ from: [NetworkPeer.pods({ a: 'b' }), NetworkPeer.pods({ a: 'b' })], ports, reason }), 'NetworkAllow.ingress: from = {"podSelector":{"matchLabels":{"a":"b"}}} is given twice. Fix: name it once.'],
    ['with a port twice', () => NetworkAllow.egress({ to: from, ports: [NetworkPort.tcp(1), NetworkPort.udp(1), NetworkPort.tcpRange(1, 1)], reason }), 'NetworkAllow.egress: ports = {"protocol":"TCP","port":1} is given twice. Fix: name it once.'],
    ['with empty labels of our pods, to mean all', () => NetworkAllow.ingress({ from, to: {}, ports, reason }), 'NetworkAllow.ingress: to = {} is empty, which selects everything. Fix: leave to out if every pod of the namespace is meant.'],
    ['with empty labels of our pods in egress', () => NetworkAllow.egress({ to: from, from: {}, ports, reason }), 'NetworkAllow.egress: from = {} is empty, which selects everything. Fix: leave from out if every pod of the namespace is meant.'],
    ['between pods with empty labels of the one', () => NetworkAllow.betweenPods({ from: {}, ports, reason }), 'NetworkAllow.betweenPods: from = {} is empty, which selects everything. Fix: leave from out if every pod of the namespace is meant.'],
    ['between pods with empty labels of the other', () => NetworkAllow.betweenPods({ to: {}, ports, reason }), 'NetworkAllow.betweenPods: to = {} is empty, which selects everything. Fix: leave to out if every pod of the namespace is meant.'],
    ['with a malformed label', () => NetworkAllow.dns({ from: { app: '-' } }), 'NetworkAllow.dns: from["app"] = "-" is not a label value. Fix: use at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit.'],
    ['with a name that is too long', () => NetworkAllow.ingress({ from, ports, reason, name: 'n'.repeat(64) }), `NetworkAllow.ingress: name = "${'n'.repeat(64)}" is 64 characters long, the limit is 63. Fix: shorten it to 63 characters.`],
    ['between pods with a name that is too long when a direction follows it', () => NetworkAllow.betweenPods({ ports, reason, name: 'n'.repeat(57) }), `NetworkAllow.betweenPods: name = "${'n'.repeat(57)}-egress" is 64 characters long, the limit is 63. Fix: shorten it to 63 characters.`],
    ['with a malformed name', () => NetworkAllow.egress({ to: from, ports, reason, name: 'To_us' }), 'NetworkAllow.egress: name = "To_us" is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit). Fix: write a name such as "oncall-debug".'],
    ['for the API server without addresses', () => NetworkAllow.apiServer({ cidrs: [], ports, reason }), 'NetworkAllow.apiServer: cidrs = [] is empty. Fix: give at least one block of the API server\'s addresses.'],
    ['for the API server with host bits', () => NetworkAllow.apiServer({ cidrs: ['10.0.0.1/32', '10.0.0.1/24'], ports, reason }), 'NetworkAllow.apiServer: cidrs[1] = "10.0.0.1/24" is not the canonical spelling of its block (host bits set, or IPv6 not as in RFC 5952). Fix: write "10.0.0.0/24".'],
    ['for the API server with an address twice', () => NetworkAllow.apiServer({ cidrs: ['10.0.0.1/32', '10.0.0.1/32'], ports, reason }), 'NetworkAllow.apiServer: cidrs[1] = "10.0.0.1/32" is listed twice. Fix: remove one of the two.'],
    ['for a whole namespace as ingress controller', () => NetworkAllow.ingressController({ namespace: 'ingress-nginx', podLabels: {}, ports, reason }), 'NetworkPeer: podLabels = {} is empty, which selects everything. Fix: use NetworkPeer.namespace(name) if every pod of it is meant.'],
  ])('%s', (_what, make, message) => expect(refusal(make)).toBe(message));
});
