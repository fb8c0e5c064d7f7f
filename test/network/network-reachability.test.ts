import { Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { DefaultDenyNetwork, NetworkAllow, NetworkEndpoint, NetworkPort, NetworkReachability } from '../../src';
import { refusal } from '../private/refusal';

const policy = (spec: any, metadata: any = {}) => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p', namespace: 'payments', ...metadata }, spec: { podSelector: {}, ...spec },
});
const judge = (...specs: any[]) => NetworkReachability.fromManifests(specs.map((spec, i) => policy(spec, { name: `p${i}` })));

const api = NetworkEndpoint.pod('payments', { app: 'api', tier: 'a' }, { namedPorts: { http: NetworkPort.tcp(80) } });
const db = NetworkEndpoint.pod('payments', { app: 'db' });
const ledger = NetworkEndpoint.pod('ledger', { app: 'api' }, { namespaceLabels: { team: 'money' }, ip: '10.0.2.1' });
const outside = NetworkEndpoint.ip('192.0.2.7');
const http = NetworkPort.tcp(80);

describe('a connection into isolated pods', () => {
  const into = (from: any[] | undefined, source: NetworkEndpoint) => judge({ policyTypes: ['Ingress'], ingress: [from === undefined ? {} : { from }] }).reachable(source, api, http).allowed;

  it.each<[string, any[] | undefined, NetworkEndpoint, boolean]>([
    ['without peers lets everybody in', undefined, outside, true],
    ['with an empty list of peers lets everybody in', [], ledger, true],
    ['of pods lets them in from the same namespace', [{ podSelector: { matchLabels: { app: 'db' } } }], db, true],
    ['of pods lets nobody in from another namespace', [{ podSelector: {} }], ledger, false],
    ['of a namespace lets its pods in', [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ledger' } } }], ledger, true],
    ['of labelled namespaces lets their pods in', [{ namespaceSelector: { matchLabels: { team: 'money' } } }], ledger, true],
    ['of labelled namespaces lets no other in', [{ namespaceSelector: { matchLabels: { team: 'money' } } }], db, false],
    ['of every namespace lets every pod in', [{ namespaceSelector: {} }], ledger, true],
    ['of every namespace lets no address in that is no pod', [{ namespaceSelector: {} }], outside, false],
    ['of every pod lets no address in that is no pod', [{ podSelector: {} }], outside, false],
    ['of namespace and pods in one peer lets in who is both', [{ namespaceSelector: { matchLabels: { team: 'money' } }, podSelector: { matchLabels: { app: 'api' } } }], ledger, true],
    ['of namespace and pods in one peer keeps out who is one', [{ namespaceSelector: { matchLabels: { team: 'money' } }, podSelector: { matchLabels: { app: 'db' } } }], ledger, false],
    ['of namespace and pods in two peers lets in who is one', [{ namespaceSelector: { matchLabels: { team: 'money' } } }, { podSelector: { matchLabels: { app: 'db' } } }], ledger, true],
    ['of a block lets in an address in it', [{ ipBlock: { cidr: '192.0.2.0/24' } }], outside, true],
    ['of a block keeps out its exceptions', [{ ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.0/29'] } }], outside, false],
    ['of a block lets in an exception that another block contains: except denies nothing', [{ ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.0/29'] } }, { ipBlock: { cidr: '192.0.2.7/32' } }], outside, true],
    ['of a block reads it with its host bits cleared, as data planes do', [{ ipBlock: { cidr: '192.0.2.99/24' } }], outside, true],
    ['of a block lets in a pod whose address lies in it', [{ ipBlock: { cidr: '10.0.0.0/8' } }], ledger, true],
    ['of a block keeps out a pod whose address is unknown', [{ ipBlock: { cidr: '0.0.0.0/0' } }], db, false],
    ['of every IPv6 address keeps out IPv4', [{ ipBlock: { cidr: '::/0' } }], outside, false],
  ])('by a rule %s', (_what, from, source, allowed) => expect(into(from, source)).toBe(allowed));
});

describe('a label selector', () => {
  const isolates = (podSelector: any, labels: Record<string, string>) => {
    const pod = NetworkEndpoint.pod('payments', labels);
    return !NetworkReachability.fromManifests([policy({ podSelector })]).reachable(outside, pod, http).allowed;
  };
  const of = (key: string, operator: string, values?: string[]) => ({ matchExpressions: [{ key, operator, ...values && { values } }] });

  it.each<[string, any, Record<string, string>, boolean]>([
    ['that is empty selects a pod without labels', {}, {}, true],
    ['selects what has the label', { matchLabels: { app: 'api' } }, { app: 'api', x: 'y' }, true],
    ['wants every label', { matchLabels: { app: 'api', tier: 'a' } }, { app: 'api' }, false],
    ['wants the value', { matchLabels: { app: 'api' } }, { app: 'db' }, false],
    ['of an empty value wants the label', { matchLabels: { app: '' } }, {}, false],
    ['reads a label without a value as an empty one', { matchLabels: { app: null } }, { app: '' }, true],
    ['takes null for nothing', { matchLabels: null, matchExpressions: null }, { app: 'x' }, true],
    ['In selects one of the values', of('app', 'In', ['api', 'db']), { app: 'db' }, true],
    ['In leaves out other values', of('app', 'In', ['api', 'db']), { app: 'web' }, false],
    ['In leaves out what lacks the label', of('app', 'In', ['api']), {}, false],
    ['NotIn selects other values', of('app', 'NotIn', ['api']), { app: 'web' }, true],
    ['NotIn leaves out its values', of('app', 'NotIn', ['api', 'web']), { app: 'web' }, false],
    ['NotIn selects what lacks the label', of('app', 'NotIn', ['api']), {}, true],
    ['Exists selects any value', of('app', 'Exists'), { app: '' }, true],
    ['Exists leaves out what lacks the label', of('app', 'Exists'), {}, false],
    ['DoesNotExist selects what lacks the label', of('app', 'DoesNotExist'), {}, true],
    ['DoesNotExist leaves out any value', of('app', 'DoesNotExist'), { app: 'x' }, false],
    ['wants labels and expressions', { matchLabels: { app: 'api' }, ...of('tier', 'Exists') }, { app: 'api' }, false],
    ['does not find what every object inherits', of('toString', 'Exists'), {}, false],
    ['does not find what every object inherits, by value', { matchLabels: { constructor: 'x' } }, {}, false],
  ])('%s', (_what, selector, labels, selected) => expect(isolates(selector, labels)).toBe(selected));
});

describe('the ports of a rule', () => {
  const open = (ports: any, port: NetworkPort, to = api) => judge({ policyTypes: ['Ingress'], ingress: [{ ports }] }).reachable(outside, to, port).allowed;

  it.each<[string, any, NetworkPort, boolean]>([
    ['left out are all', undefined, NetworkPort.sctp(1), true],
    ['empty are all', [], NetworkPort.udp(65535), true],
    ['are TCP unless they say otherwise', [{ port: 80 }], http, true],
    ['are TCP and not UDP unless they say otherwise', [{ port: 80 }], NetworkPort.udp(80), false],
    ['keep to their protocol', [{ protocol: 'UDP', port: 80 }], http, false],
    ['without a number are all of the protocol', [{ protocol: 'UDP' }], NetworkPort.udp(7), true],
    ['without a number are none of another protocol', [{ protocol: 'UDP' }], NetworkPort.tcp(7), false],
    ['include the first of a range', [{ port: 80, endPort: 90 }], http, true],
    ['include the last of a range', [{ port: 70, endPort: 80 }], http, true],
    ['end before a range', [{ port: 81, endPort: 90 }], http, false],
    ['end after a range', [{ port: 70, endPort: 79 }], http, false],
    ['that are null are all of TCP, as YAML has them when a dash stands alone', [null], http, true],
    ['that are null are none of UDP', [null], NetworkPort.udp(80), false],
    ['with empty keys are all of TCP', [{ protocol: null, port: null, endPort: null }], http, true],
    ['are any of the list', [{ port: 81 }, { port: 80 }], http, true],
    ['by name are what the destination calls so', [{ port: 'http' }], http, true],
    ['by name are no other number', [{ port: 'http' }], NetworkPort.tcp(81), false],
    ['by name keep to their protocol', [{ protocol: 'UDP', port: 'http' }], NetworkPort.udp(80), false],
    ['by another name are not reached', [{ port: 'https' }], http, false],
  ])('%s', (_what, ports, port, allowed) => expect(open(ports, port)).toBe(allowed));

  it('by name are not reached on a pod that has no such name', () => expect(open([{ port: 'http' }], http, db)).toBe(false));
  it('by name are those of the destination also in egress', () => {
    const out = judge({ policyTypes: ['Egress'], egress: [{ ports: [{ port: 'http' }] }] });
    expect(out.reachable(db, api, http).allowed).toBe(true);
    expect(out.reachable(api, outside, http).allowed).toBe(false);
  });
  it('may be asked for by name', () => {
    expect(open([{ port: 80 }], NetworkPort.tcpNamed('http'))).toBe(true);
    expect(open([{ port: 81 }], NetworkPort.tcpNamed('http'))).toBe(false);
  });

  it.each<[string, NetworkPort, string]>([
    ['a range', NetworkPort.tcpRange(80, 90), 'port = "TCP 80-90" is more than one port. Fix: ask about one port at a time.'],
    ['all ports', NetworkPort.all(), 'port = "all ports" is more than one port. Fix: ask about one port at a time.'],
    ['a name that the destination does not have', NetworkPort.tcpNamed('https'), 'port = "TCP https" is not a port of pod payments/app=api,tier=a. Fix: give its number, or name it in namedPorts of the destination.'],
    ['a name of another protocol', NetworkPort.udpNamed('http'), 'port = "UDP http" is not a port of pod payments/app=api,tier=a. Fix: give its number, or name it in namedPorts of the destination.'],
  ])('%s cannot be asked about', (_what, port, message) => {
    expect(refusal(() => judge().reachable(db, api, port))).toBe(`NetworkReachability.reachable: ${message}`);
  });
});

describe('isolation', () => {
  it.each<[string, any, boolean, boolean]>([
    ['is of ingress for a policy without types or egress rules', {}, true, false],
    ['is of ingress for a policy with an empty list of egress rules', { egress: [] }, true, false],
    ['is of both for a policy without types that has egress rules', { egress: [{ to: [{ podSelector: { matchLabels: { no: 'body' } } }] }] }, true, true],
    ['is of ingress for empty types', { policyTypes: [] }, true, false],
    ['is of ingress alone when the types say so, whatever the rules', { policyTypes: ['Ingress'], egress: [{ ports: [{ port: 9 }] }] }, true, false],
    ['is of egress alone when the types say so, whatever the rules', { policyTypes: ['Egress'], ingress: [{ ports: [{ port: 9 }] }] }, false, true],
    ['is of both when the types say so', { policyTypes: ['Ingress', 'Egress'] }, true, true],
  ])('%s', (_what, spec, ingress, egress) => {
    const reachability = judge(spec);
    expect(reachability.reachable(outside, api, http).ingress).toMatchObject({ isolated: ingress, allowed: !ingress });
    expect(reachability.reachable(api, outside, http).egress).toMatchObject({ isolated: egress, allowed: !egress });
  });

  it('concerns only the pods that are selected, in the namespace of the policy', () => {
    const reachability = judge({ podSelector: { matchLabels: { app: 'api' } } });
    expect(reachability.reachable(outside, api, http).allowed).toBe(false);
    expect(reachability.reachable(outside, db, http).allowed).toBe(true);
    expect(reachability.reachable(outside, ledger, http).allowed).toBe(true);
  });

  it('is lifted by any policy: allows add up, and none takes away what another gives', () => {
    const at = (port: number) => ({ ingress: [{ ports: [{ port }] }] });
    expect(judge({}, at(80), at(81)).reachable(outside, api, http).allowed).toBe(true);
  });

  it('does not put together the peers of one rule and the ports of another', () => {
    const reachability = judge({ ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 81 }] }, { from: [{ podSelector: {} }], ports: [{ port: 80 }] }] });
    expect(reachability.reachable(outside, api, http).allowed).toBe(false);
    expect(reachability.reachable(outside, api, NetworkPort.tcp(81)).allowed).toBe(true);
  });

  it('needs both sides open', () => {
    const out = { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }] }] };
    const into = { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }] };
    const deny = { policyTypes: ['Ingress', 'Egress'] };
    expect(judge(deny, out, into).reachable(api, db, http).allowed).toBe(true);
    expect(judge(deny, out).reachable(api, db, http)).toMatchObject({ allowed: false, egress: { allowed: true }, ingress: { allowed: false } });
    expect(judge(deny, into).reachable(api, db, http)).toMatchObject({ allowed: false, egress: { allowed: false }, ingress: { allowed: true } });
    expect(judge(deny, out, into).reachable(db, api, http).allowed).toBe(false);
  });

  it('never keeps a pod from itself, which its address tells', () => {
    const deny = judge({ policyTypes: ['Ingress', 'Egress'] });
    const at = (namespace: string, ip?: string) => NetworkEndpoint.pod(namespace, { app: 'api' }, { ip });
    const itself = deny.reachable(at('payments', 'fd00::1'), at('payments', 'fd00:0::1'), http);
    const side = { allowed: true, isolated: false, policies: [], because: 'pod payments/app=api (fd00::1) is the source itself, and a pod always reaches itself' };
    expect(itself).toEqual({ allowed: true, egress: side, ingress: side, because: [side.because] });
    expect(deny.reachable(db, db, http).allowed).toBe(false); // two replicas, for all one knows
    expect(deny.reachable(at('payments', '10.0.0.1'), at('payments', '10.0.0.2'), http).allowed).toBe(false);
    expect(deny.reachable(at('payments'), at('payments'), http).allowed).toBe(false);
    expect(deny.reachable(at('payments', '10.0.0.1'), at('payments'), http).allowed).toBe(false);
    expect(deny.reachable(at('payments'), at('payments', '10.0.0.1'), http).allowed).toBe(false);
    expect(deny.reachable(at('ledger', '10.0.0.1'), at('payments', '10.0.0.1'), http).allowed).toBe(false);
    expect(deny.reachable(at('payments', '0.0.0.1'), at('payments', '::1'), http).allowed).toBe(false);
  });

  it('does not concern what is no pod', () => {
    expect(judge({ policyTypes: ['Ingress', 'Egress'] }).reachable(outside, NetworkEndpoint.ip('192.0.2.8'), http)).toEqual({
      allowed: true,
      egress: { allowed: true, isolated: false, policies: [], because: 'egress of 192.0.2.7: no pod, so no policy governs it' },
      ingress: { allowed: true, isolated: false, policies: [], because: 'ingress of 192.0.2.8: no pod, so no policy governs it' },
      because: ['egress of 192.0.2.7: no pod, so no policy governs it', 'ingress of 192.0.2.8: no pod, so no policy governs it'],
    });
  });
});

describe('a verdict', () => {
  const reason = (text: string) => ({ annotations: { 'secure-debug.internal/reason': text } });
  const reachability = NetworkReachability.fromManifests([
    policy({ policyTypes: ['Ingress', 'Egress'] }, { name: 'default-deny' }),
    policy({ ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }, { ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 80 }] }] }, { name: 'b', ...reason('partners call') }),
    policy({ ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.7/32' } }] }] }, { name: 'a' }),
    policy({ ingress: [{ from: [{ ipBlock: { cidr: '172.16.0.0/12' } }], ports: [{ port: 81 }] }, { from: [{ podSelector: { matchLabels: { x: 'y' } } }] }] }, { name: 'c' }),
  ]);

  it('names every policy that allows, with its reason', () => {
    expect(reachability.reachable(outside, api, http)).toEqual({
      allowed: true,
      egress: { allowed: true, isolated: false, policies: [], because: 'egress of 192.0.2.7: no pod, so no policy governs it' },
      ingress: {
        allowed: true,
        isolated: true,
        policies: [{ namespace: 'payments', name: 'a' }, { namespace: 'payments', name: 'b', reason: 'partners call' }],
        because: 'ingress of pod payments/app=api,tier=a: allowed by payments/a, payments/b (partners call)',
      },
      because: ['egress of 192.0.2.7: no pod, so no policy governs it', 'ingress of pod payments/app=api,tier=a: allowed by payments/a, payments/b (partners call)'],
    });
  });

  it('keeps what could move the cursor out of the reasons of others', () => {
    const told = NetworkReachability.fromManifests([policy({ ingress: [{}] }, reason('a\u001b[2J\r\nb\u202e'))]).reachable(outside, api, http).ingress.because;
    expect(told).toBe('ingress of pod payments/app=api,tier=a: allowed by payments/p (a [2J b )');
    const odd = NetworkReachability.fromManifests([policy({ ingress: [{}] }, { annotations: { 'secure-debug.internal/reason': 7 } })]);
    expect(odd.table().rows[0].reason).toBe('7');
  });

  it('names every policy that isolates when none allows, and in words the one that is there to deny', () => {
    const { ingress } = reachability.reachable(NetworkEndpoint.ip('198.51.100.1'), api, http);
    expect(ingress.policies).toEqual([{ namespace: 'payments', name: 'a' }, { namespace: 'payments', name: 'b', reason: 'partners call' }, { namespace: 'payments', name: 'c' }, { namespace: 'payments', name: 'default-deny' }]);
    expect(ingress.because).toBe('ingress of pod payments/app=api,tier=a: isolated by payments/default-deny, and nothing allows it');
  });

  it('names in words every one that isolates when none is there only to deny', () => {
    expect(judge({ ingress: [{ ports: [{ port: 1 }] }] }, { ingress: [{ ports: [{ port: 2 }] }] }).reachable(outside, api, http).ingress.because)
      .toBe('ingress of pod payments/app=api,tier=a: isolated by payments/p0, payments/p1, and nothing allows it');
  });

  it('says which blocks it could not judge, because the address of a pod is not given', () => {
    expect(reachability.reachable(db, api, http).because).toEqual([
      'egress of pod payments/app=db: isolated by payments/default-deny, and nothing allows it',
      'ingress of pod payments/app=api,tier=a: isolated by payments/default-deny, and nothing allows it',
      'ingress of pod payments/app=api,tier=a: payments/a allows 192.0.2.7/32, which was not judged: the address of pod payments/app=db is not given',
      'ingress of pod payments/app=api,tier=a: payments/b (partners call) allows 192.0.2.0/24, 10.0.0.0/8, which was not judged: the address of pod payments/app=db is not given',
    ]);
  });

  it('has nothing left to judge when the address is given', () => {
    const known = NetworkEndpoint.pod('payments', { app: 'db' }, { ip: '203.0.113.1' });
    expect(reachability.reachable(known, api, http).because).toHaveLength(2);
    expect(reachability.reachable(NetworkEndpoint.ip('203.0.113.1'), api, http).because).toHaveLength(2);
  });
});

describe('an endpoint', () => {
  it.each<[NetworkEndpoint, string]>([
    [NetworkEndpoint.pod('payments', { b: '2', a: '1' }), 'pod payments/a=1,b=2'],
    [NetworkEndpoint.pod('kube-system', {}), 'pod kube-system/'],
    [NetworkEndpoint.pod('payments', { app: 'api' }, { ip: '2001:DB8::1' }), 'pod payments/app=api (2001:db8::1)'],
    [NetworkEndpoint.ip('2001:DB8::1'), '2001:db8::1'],
  ])('is written as %s', (endpoint, words) => expect(`${endpoint}`).toBe(words));

  it.each<[string, () => unknown, string]>([
    ['a malformed namespace', () => NetworkEndpoint.pod('', {}), 'namespace = "" is empty. Fix: give a namespace name such as "payments".'],
    ['a malformed label', () => NetworkEndpoint.pod('payments', { app: 'a b' }), 'labels["app"] = "a b" is not a label value. Fix: use at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit.'],
    ['a malformed namespace label', () => NetworkEndpoint.pod('payments', {}, { namespaceLabels: { '': 'x' } }), 'namespaceLabels = "" is empty. Fix: give a label key such as "app.kubernetes.io/name".'],
    ['another name in the namespace\'s labels', () => NetworkEndpoint.pod('payments', {}, { namespaceLabels: { 'kubernetes.io/metadata.name': 'ledger' } }), 'namespaceLabels["kubernetes.io/metadata.name"] = "ledger" is not the namespace, payments. Fix: leave it out: the API server sets it.'],
    ['a named range', () => NetworkEndpoint.pod('payments', {}, { namedPorts: { http: NetworkPort.tcpRange(80, 81) } }), 'namedPorts["http"] = "TCP 80-81" is not one port. Fix: give its number, e.g. NetworkPort.tcp(8080).'],
    ['a named name', () => NetworkEndpoint.pod('payments', {}, { namedPorts: { http: NetworkPort.tcpNamed('web') } }), 'namedPorts["http"] = "TCP web" is not one port. Fix: give its number, e.g. NetworkPort.tcp(8080).'],
    ['a malformed port name', () => NetworkEndpoint.pod('payments', {}, { namedPorts: { 80: NetworkPort.tcp(80) } }), 'namedPorts = "80" is not the name of a port (lower-case letters, digits and single "-", with at least one letter). Fix: write the name of the container\'s port, such as "http", or use its number.'],
    ['a block as address', () => NetworkEndpoint.ip('10.0.0.0/8'), 'ip = "10.0.0.0/8" is not an address. Fix: write one such as "10.20.0.7" or "2001:db8::7", without prefix or zone, and IPv4 as IPv4.'],
    ['IPv4 in the clothes of IPv6', () => NetworkEndpoint.pod('payments', {}, { ip: '::ffff:10.0.0.1' }), 'ip = "::ffff:10.0.0.1" is not an address. Fix: write one such as "10.20.0.7" or "2001:db8::7", without prefix or zone, and IPv4 as IPv4.'],
  ])('is refused for %s', (_what, make, message) => expect(refusal(make)).toBe(`NetworkEndpoint: ${message}`));

  it('may repeat the name of its namespace among its labels', () => {
    const same = NetworkEndpoint.pod('ledger', {}, { namespaceLabels: { 'kubernetes.io/metadata.name': 'ledger' } });
    expect(judge({ ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ledger' } } }] }] }).reachable(same, api, http).allowed).toBe(true);
  });
});

describe('policies are read', () => {
  const denied = (manifests: any[]) => NetworkReachability.fromManifests(manifests).table().denied;

  it('among other kinds and empty documents', () => {
    expect(denied([null, undefined, {}, { kind: 'Deployment' }, policy({})])).toEqual(['ingress of every pod in payments']);
  });

  it('from lists, as kubectl prints them and as clients decode them', () => {
    const { kind, apiVersion, ...bare } = policy({}, { namespace: 'ledger' });
    expect(denied([
      { apiVersion: 'v1', kind: 'List', items: [policy({}), { kind: 'Service', apiVersion: 'v1' }, { apiVersion: 'v1', kind: 'List' }] },
      { apiVersion, kind: `${kind}List`, items: [bare] },
    ])).toEqual(['ingress of every pod in ledger', 'ingress of every pod in payments']);
  });

  it('once when they are there twice', () => {
    const rule = { ingress: [{ ports: [{ port: 80 }] }] };
    expect(NetworkReachability.fromManifests([policy(rule), policy({ ...rule, podSelector: {} })]).table().rows).toHaveLength(1);
  });

  it('from everything below a construct, cdk8s-plus included', () => {
    const chart = Testing.chart();
    new DefaultDenyNetwork(chart, 'fence', { namespace: 'payments', allow: [NetworkAllow.betweenPods({ from: { app: 'api' }, to: { app: 'db' }, ports: [http], reason: 'because' })] });
    const pod = new kplus.Pod(chart, 'pod', { metadata: { namespace: 'ledger' }, containers: [{ image: 'registry.example/api:1.0.0' }] });
    pod.connections.isolate();
    const reachability = NetworkReachability.of(chart);
    expect(reachability.reachable(api, db, http).allowed).toBe(true);
    expect(reachability.reachable(db, api, http).allowed).toBe(false);
    expect(reachability.reachable(outside, NetworkEndpoint.pod('ledger', { 'cdk8s.io/metadata.addr': pod.metadata.getLabel('cdk8s.io/metadata.addr')! }), http).allowed).toBe(false);
    expect(reachability.reachable(outside, NetworkEndpoint.pod('ledger', {}), http).allowed).toBe(true);
    expect(NetworkReachability.of(new Chart(chart, 'empty')).table().rows).toEqual([]);
  });

  const at = 'policies[0]';
  const rule = (ports: any[], from: any[] = []) => [policy({ ingress: [{ ports, from }] })];
  const to = (peer: any) => [policy({ egress: [{ to: [peer] }] })];
  const block = 'write address/prefix, e.g. "10.20.0.0/16" or "2001:db8::/32".';
  it.each<[string, any[], string | RegExp]>([
    ['of Calico, which could deny what these allow', [{ apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy' }], `${at} = "projectcalico.org/v3 NetworkPolicy" follows rules of its own, which are not modelled. Fix: pass networking.k8s.io/v1 NetworkPolicies only, and judge this one beside the answer.`],
    ['of Cilium', [{ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy' }], `${at} = "cilium.io/v2 CiliumNetworkPolicy" follows rules of its own`],
    ['of the cluster\'s administrator', [{ apiVersion: 'policy.networking.k8s.io/v1alpha1', kind: 'AdminNetworkPolicy' }], `${at} = "policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy" follows rules of its own`],
    ['hidden in a list', [{}, { kind: 'List', items: [{}, { apiVersion: 'x/v1', kind: 'GlobalNetworkPolicy' }] }], 'policies[1].items[1] = "x/v1 GlobalNetworkPolicy" follows rules of its own'],
    ['without a name', [policy({}, { name: undefined })], `${at}.metadata.name = undefined is empty. Fix: give the policy as it is applied.`],
    ['without a namespace', [policy({}, { namespace: undefined })], `${at}.metadata.namespace = undefined is empty. Fix: give the policy with its namespace: without it nothing says where it applies.`],
    ['without metadata', [{ ...policy({}), metadata: undefined }], `${at}.metadata.name = undefined is empty.`],
    ['with a name that is none', [policy({}, { name: 'a|b' })], `${at}.metadata.name = "a|b" is not a DNS subdomain (lower-case letters, digits, "-" and "."). Fix: write the policy as it is applied.`],
    ['with a namespace that is none', [policy({}, { namespace: 'a.b' })], `${at}.metadata.namespace = "a.b" is not a DNS label`],
    ['twice with different content', [policy({}), policy({ egress: [{}] })], 'policies[1] = "payments/p" is there twice with different content. Fix: pass the one that is applied.'],
    ['of an unknown type', [policy({ policyTypes: ['Ingress', 'ingress'] })], `${at}.spec.policyTypes[1] = "ingress" is not a policy type. Fix: use Ingress, Egress or both.`],
    ...([
      ['metadata', [{ ...policy({}), metadata: 'x' }], 'object'],
      ['metadata.annotations', [policy({}, { annotations: ['x'] })], 'object'],
      ['spec', [{ ...policy({}), spec: 'x' }], 'object'],
      ['spec.policyTypes', [policy({ policyTypes: 'Ingress' })], 'list'],
      ['spec.podSelector', [policy({ podSelector: 'x' })], 'object'],
      ['spec.podSelector', [policy({ podSelector: [] })], 'object'],
      ['spec.podSelector.matchLabels', [policy({ podSelector: { matchLabels: 'x' } })], 'object'],
      ['spec.podSelector.matchExpressions', [policy({ podSelector: { matchExpressions: {} } })], 'list'],
      ['spec.podSelector.matchExpressions[0]', [policy({ podSelector: { matchExpressions: ['x'] } })], 'object'],
      ['spec.podSelector.matchExpressions[0].values', [policy({ podSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: 'b' }] } })], 'list'],
      ['spec.ingress', [policy({ ingress: {} })], 'list'],
      ['spec.ingress[0]', [policy({ ingress: ['x'] })], 'object'],
      ['spec.egress[0].to', [policy({ egress: [{ to: {} }] })], 'list'],
      ['spec.egress[0].ports', [policy({ egress: [{ ports: 80 }] })], 'list'],
      ['spec.ingress[0].from[0]', rule([], ['x']), 'object'],
      ['spec.ingress[0].ports[0]', rule([80]), 'object'],
      ['spec.egress[0].to[0].ipBlock', to({ ipBlock: '10.0.0.0/8' }), 'object'],
      ['spec.egress[0].to[0].ipBlock.except', to({ ipBlock: { cidr: '10.0.0.0/8', except: '10.1.0.0/16' } }), 'list'],
      ['spec.egress[0].to[0].podSelector', to({ podSelector: 'x' }), 'object'],
      ['spec.egress[0].to[0].namespaceSelector', to({ namespaceSelector: 'x' }), 'object'],
    ] as [string, any[], string][]).map(([field, manifests, kind]): [string, any[], RegExp] => [
      `with ${field} that is no ${kind}, which could be taken for everybody`, manifests,
      new RegExp(`fromManifests: ${`${at}.${field}`.replace(/[[\].]/g, '\\$&')} = .* is not an? ${kind}\\. Fix: write it as Kubernetes documents it\\.$`),
    ]),
    ['of a list that is none', [{ kind: 'List', items: {} }], `${at}.items = {} is not a list. Fix: write it as Kubernetes documents it.`],
    ['with a name that is null in an expression', [policy({ podSelector: { matchExpressions: [null] } })], `${at}.spec.podSelector.matchExpressions[0].key = undefined is empty.`],
    ['with an unknown protocol', rule([{ protocol: 'tcp', port: 80 }]), `${at}.spec.ingress[0].ports[0].protocol = "tcp" is not a protocol of NetworkPolicy. Fix: use one of TCP, UDP, SCTP.`],
    ['with port 0', rule([{ port: 1 }, { port: 0 }]), `${at}.spec.ingress[0].ports[1].port = 0 is not a port.`],
    ['with a port as text', rule([{ port: '80' }]), `${at}.spec.ingress[0].ports[0].port = "80" is not the name of a port`],
    ['with an endPort alone', rule([{ endPort: 80 }]), `${at}.spec.ingress[0].ports[0].endPort = 80 stands without a port number. Fix: give the first port as a number.`],
    ['with an endPort after a name', rule([{ port: 'http', endPort: 80 }]), `${at}.spec.ingress[0].ports[0].endPort = 80 stands without a port number.`],
    ['with an inverted range', rule([{ port: 80, endPort: 79 }]), `${at}.spec.ingress[0].ports[0].endPort = 79 is before the port, 80. Fix: give the lower port first.`],
    ['with an endPort out of range', rule([{ port: 80, endPort: 65536 }]), `${at}.spec.ingress[0].ports[0].endPort = 65536 is not a port.`],
    ['with an empty peer', rule([], [{}]), `${at}.spec.ingress[0].from[0] = {} names no peer. Fix: give ipBlock, podSelector or namespaceSelector.`],
    ['with a peer that is null', rule([], [null]), `${at}.spec.ingress[0].from[0] = null names no peer.`],
    ['with a block beside pods', to({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }), `${at}.spec.egress[0].to[0] = {"ipBlock":{"cidr":"10.0.0.0/8"},"podSelector":{}} has ipBlock beside a selector. Fix: make two peers of it.`],
    ['with a block beside namespaces', to({ ipBlock: { cidr: '10.0.0.0/8' }, namespaceSelector: {} }), `${at}.spec.egress[0].to[0] = {"ipBlock":{"cidr":"10.0.0.0/8"},"namespaceSelector":{}} has ipBlock beside a selector.`],
    ['with a malformed block', to({ ipBlock: { cidr: '10.0.0.0' } }), `${at}.spec.egress[0].to[0].ipBlock.cidr = "10.0.0.0" is not a CIDR block. Fix: ${block}`],
    ['with a block left out', to({ ipBlock: {} }), `${at}.spec.egress[0].to[0].ipBlock.cidr = undefined is not a CIDR block. Fix: ${block}`],
    ['with a malformed exception', to({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0'] } }), `${at}.spec.egress[0].to[0].ipBlock.except[0] = "10.0.0.0" is not a CIDR block. Fix: ${block}`],
    ['with an exception outside of its block', to({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '11.0.0.0/16'] } }), `${at}.spec.egress[0].to[0].ipBlock.except[1] = "11.0.0.0/16" is no part of 10.0.0.0/8. Fix: except only what the block contains.`],
    ['with a malformed label', [policy({ podSelector: { matchLabels: { app: 'a b' } } })], `${at}.spec.podSelector.matchLabels["app"] = "a b" is not a label value.`],
    ['with a malformed label of a peer\'s pods', to({ podSelector: { matchLabels: { 'a b': 'x' } } }), `${at}.spec.egress[0].to[0].podSelector.matchLabels = "a b" is not a label key.`],
    ['with an unknown operator', to({ namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } }), `${at}.spec.egress[0].to[0].namespaceSelector.matchExpressions[0].operator = "Is" is not an operator. Fix: use one of In, NotIn, Exists, DoesNotExist.`],
    ['with In and no values', to({ podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }), `${at}.spec.egress[0].to[0].podSelector.matchExpressions[0].values = [] does not fit the operator In. Fix: give at least one value.`],
    ['with NotIn and no values', to({ podSelector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: [] }] } }), `${at}.spec.egress[0].to[0].podSelector.matchExpressions[0].values = [] does not fit the operator NotIn. Fix: give at least one value.`],
    ['with Exists and values', to({ podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } }), `${at}.spec.egress[0].to[0].podSelector.matchExpressions[0].values = ["b"] does not fit the operator Exists. Fix: leave the values out.`],
    ['with a malformed value', to({ podSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b', '-'] }] } }), `${at}.spec.egress[0].to[0].podSelector.matchExpressions[0].values[1] = "-" is not a label value.`],
    ['with a malformed key', to({ podSelector: { matchExpressions: [{ key: '', operator: 'Exists' }] } }), `${at}.spec.egress[0].to[0].podSelector.matchExpressions[0].key = "" is empty.`],
  ])('and refused %s', (_what, manifests, message) => {
    const told = refusal(() => NetworkReachability.fromManifests(manifests));
    if (typeof message === 'string') expect(told).toContain(`NetworkReachability.fromManifests: ${message}`); else expect(told).toMatch(message);
  });

  it('with rules that are null, as YAML has them when a dash stands alone: everybody', () => {
    expect(NetworkReachability.fromManifests([policy({ ingress: [null] })]).reachable(outside, api, http).allowed).toBe(true);
    expect(NetworkReachability.fromManifests([{ ...policy({}), spec: undefined }]).reachable(outside, api, http).allowed).toBe(false);
  });
});
