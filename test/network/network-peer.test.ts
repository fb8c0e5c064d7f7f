import { Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NetworkPeer } from '../../src';
import { refusal } from '../private/refusal';

const NAME = 'kubernetes.io/metadata.name';

describe('a peer', () => {
  it.each<[string, NetworkPeer, any[]]>([
    ['pods of the fenced namespace', NetworkPeer.pods({ tier: 'a', app: 'api' }), [{ podSelector: { matchLabels: { app: 'api', tier: 'a' } } }]],
    ['every pod of the fenced namespace', NetworkPeer.allPods(), [{ podSelector: {} }]],
    ['a namespace', NetworkPeer.namespace('ledger'), [{ namespaceSelector: { matchLabels: { [NAME]: 'ledger' } } }]],
    ['a system namespace that is really meant', NetworkPeer.namespace('kube-system', { allowSystemNamespaces: true }), [{ namespaceSelector: { matchLabels: { [NAME]: 'kube-system' } } }]],
    ['namespaces by their labels', NetworkPeer.namespaceLabels({ team: 'money' }), [{ namespaceSelector: { matchLabels: { team: 'money' } } }]],
    [
      'pods of another namespace, as one peer, where both must hold', NetworkPeer.podsIn('ledger', { app: 'api' }),
      [{ namespaceSelector: { matchLabels: { [NAME]: 'ledger' } }, podSelector: { matchLabels: { app: 'api' } } }],
    ],
    [
      'pods of a system namespace', NetworkPeer.podsIn('kube-system', { 'k8s-app': 'kube-dns' }),
      [{ namespaceSelector: { matchLabels: { [NAME]: 'kube-system' } }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
    ],
    [
      'pods of labelled namespaces', NetworkPeer.podsInLabelled({ team: 'money' }, { app: 'api' }),
      [{ namespaceSelector: { matchLabels: { team: 'money' } }, podSelector: { matchLabels: { app: 'api' } } }],
    ],
    ['every namespace', NetworkPeer.allNamespaces(), [{ namespaceSelector: {} }]],
    ['a block', NetworkPeer.cidr('10.20.0.0/16'), [{ ipBlock: { cidr: '10.20.0.0/16' } }]],
    ['a block with no exceptions', NetworkPeer.cidr('10.20.0.0/16', []), [{ ipBlock: { cidr: '10.20.0.0/16' } }]],
    [
      'a block with exceptions, sorted', NetworkPeer.cidr('10.0.0.0/8', ['10.2.0.0/16', '10.1.0.0/16']),
      [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] } }],
    ],
    ['an IPv6 block', NetworkPeer.cidr('2001:db8::/32', ['2001:db8:1::/48']), [{ ipBlock: { cidr: '2001:db8::/32', except: ['2001:db8:1::/48'] } }]],
    ['anywhere', NetworkPeer.anywhere(), []],
  ])('%s', (_what, peer, manifests) => expect(peer.toManifests()).toEqual(manifests));

  it('gives copies', () => {
    const peer = NetworkPeer.pods({ app: 'api' });
    peer.toManifests()[0].podSelector.matchLabels.app = 'db';
    expect(peer.toManifests()).toEqual([{ podSelector: { matchLabels: { app: 'api' } } }]);
  });

  it.each<[string, () => unknown, string]>([
    ['no label at all, to mean every pod', () => NetworkPeer.pods({}), 'labels = {} is empty, which selects everything. Fix: use NetworkPeer.allPods() if every pod of the namespace is meant.'],
    ['no pod label, to mean every pod of a namespace', () => NetworkPeer.podsIn('ledger', {}), 'podLabels = {} is empty, which selects everything. Fix: use NetworkPeer.namespace(name) if every pod of it is meant.'],
    ['no label, to mean every namespace', () => NetworkPeer.namespaceLabels({}), 'labels = {} is empty, which selects everything. Fix: use NetworkPeer.allNamespaces() if every namespace is meant.'],
    ['no namespace label, to mean every namespace', () => NetworkPeer.podsInLabelled({}, { app: 'api' }), 'namespaceLabels = {} is empty, which selects everything. Fix: use NetworkPeer.allNamespaces() if every namespace is meant.'],
    ['no pod label, to mean every pod of labelled namespaces', () => NetworkPeer.podsInLabelled({ team: 'money' }, {}), 'podLabels = {} is empty, which selects everything. Fix: use NetworkPeer.namespaceLabels(labels) if every pod of them is meant.'],
    ['labels left undefined', () => NetworkPeer.pods(undefined as any), 'labels = undefined is empty, which selects everything. Fix: use NetworkPeer.allPods() if every pod of the namespace is meant.'],
    ['a malformed key', () => NetworkPeer.pods({ 'a b': 'c' }), 'labels = "a b" is not a label key. Fix: write one such as "app" or "app.kubernetes.io/name".'],
    ['a malformed value', () => NetworkPeer.pods({ app: 'a b' }), 'labels["app"] = "a b" is not a label value. Fix: use at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit.'],
    ['a wildcard value', () => NetworkPeer.pods({ app: '*' }), 'labels["app"] = "*" is not a label value. Fix: use at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit.'],
    ['a wildcard namespace', () => NetworkPeer.namespace('*'), 'name = "*" is a wildcard. Fix: list each one by its name.'],
    ['a malformed namespace of pods', () => NetworkPeer.podsIn('Ledger', { app: 'api' }), 'namespace = "Ledger" is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit). Fix: write a namespace name such as "payments".'],
    ['a system namespace', () => NetworkPeer.namespace('kube-system'), 'name = "kube-system" is a system namespace: what runs there can act on the whole cluster. Fix: name an application namespace, or set allowSystemNamespaces: true if this is really meant.'],
    ['a system namespace by its name label', () => NetworkPeer.namespaceLabels({ [NAME]: 'kube-system' }), 'peer = "kube-system" is a system namespace: what runs there can act on the whole cluster. Fix: name an application namespace, or set allowSystemNamespaces: true if this is really meant.'],
    ['host bits', () => NetworkPeer.cidr('10.20.0.1/16'), 'block = "10.20.0.1/16" is not the canonical spelling of its block (host bits set, or IPv6 not as in RFC 5952). Fix: write "10.20.0.0/16".'],
    ['host bits in an exception', () => NetworkPeer.cidr('10.0.0.0/8', ['10.1.0.1/16']), 'exceptions[0] = "10.1.0.1/16" is not the canonical spelling of its block (host bits set, or IPv6 not as in RFC 5952). Fix: write "10.1.0.0/16".'],
    ['an exception outside of the block', () => NetworkPeer.cidr('10.0.0.0/8', ['10.1.0.0/16', '192.168.0.0/16']), 'exceptions[1] = "192.168.0.0/16" is no part of 10.0.0.0/8, so it would be refused or change nothing. Fix: except only blocks inside of it.'],
    ['an exception of all', () => NetworkPeer.cidr('10.0.0.0/8', ['10.0.0.0/8']), 'exceptions[0] = "10.0.0.0/8" is no part of 10.0.0.0/8, so it would be refused or change nothing. Fix: except only blocks inside of it.'],
    ['an exception wider than the block', () => NetworkPeer.cidr('10.0.0.0/8', ['0.0.0.0/0']), 'exceptions[0] = "0.0.0.0/0" is no part of 10.0.0.0/8, so it would be refused or change nothing. Fix: except only blocks inside of it.'],
    ['an exception twice', () => NetworkPeer.cidr('10.0.0.0/8', ['10.1.0.0/16', '10.1.0.0/16']), 'exceptions[1] = "10.1.0.0/16" is listed twice. Fix: remove one of the two.'],
  ])('refuses %s', (_what, make, message) => expect(refusal(make)).toBe(`NetworkPeer: ${message}`));

  it('lets a system namespace be meant by its name label when that is said', () => {
    expect(NetworkPeer.namespaceLabels({ [NAME]: 'default' }, { allowSystemNamespaces: true }).toManifests()).toEqual([{ namespaceSelector: { matchLabels: { [NAME]: 'default' } } }]);
  });
});

describe('a peer of cdk8s-plus', () => {
  const chart = Testing.chart();
  const containers = [{ image: 'registry.example/api:1.0.0', portNumber: 8080 }];
  let count = 0;
  const id = () => `c${count++}`;
  const namespaces = (options: kplus.NamespacesSelectOptions) => kplus.Namespaces.select(chart, id(), options);
  const plus = (peer: kplus.INetworkPolicyPeer) => NetworkPeer.fromPlus(peer).toManifests();

  it('may be a Deployment, found by the label that cdk8s-plus puts on its pods, in its namespace', () => {
    const api = new kplus.Deployment(chart, id(), { metadata: { namespace: 'ledger' }, containers });
    expect(api.matchLabels).toEqual({ 'cdk8s.io/metadata.addr': expect.any(String) });
    expect(plus(api)).toEqual([{ namespaceSelector: { matchLabels: { [NAME]: 'ledger' } }, podSelector: { matchLabels: api.matchLabels } }]);
  });

  it('may be a Deployment without a namespace, which is looked for in the fenced one', () => {
    const api = new kplus.Deployment(chart, id(), { containers });
    expect(plus(api)).toEqual([{ podSelector: { matchLabels: api.matchLabels } }]);
  });

  it('may be a Pod', () => {
    const pod = new kplus.Pod(chart, id(), { metadata: { namespace: 'ledger' }, containers });
    expect(plus(pod)).toEqual([{
      namespaceSelector: { matchLabels: { [NAME]: 'ledger' } }, podSelector: { matchLabels: { 'cdk8s.io/metadata.addr': pod.metadata.getLabel('cdk8s.io/metadata.addr') } },
    }]);
  });

  it('may be a Namespace: all of its pods', () => {
    const ledger = new kplus.Namespace(chart, id(), { metadata: { name: 'ledger' } });
    expect(plus(ledger)).toEqual(NetworkPeer.namespace('ledger').toManifests());
  });

  it('may be Namespaces by name: a peer each, because a selector holds one name', () => {
    expect(plus(namespaces({ names: ['web', 'ledger'] }))).toEqual([...NetworkPeer.namespace('ledger').toManifests(), ...NetworkPeer.namespace('web').toManifests()]);
  });

  it('may be Namespaces by labels and expressions, which come out sorted', () => {
    expect(plus(namespaces({ labels: { team: 'money', a: 'b' }, expressions: [kplus.LabelExpression.notIn('tier', ['c', 'b']), kplus.LabelExpression.exists('team')] }))).toEqual([{
      namespaceSelector: {
        matchLabels: { a: 'b', team: 'money' },
        matchExpressions: [{ key: 'team', operator: 'Exists' }, { key: 'tier', operator: 'NotIn', values: ['b', 'c'] }],
      },
    }]);
  });

  it('may be Namespaces by name and labels: both must hold', () => {
    expect(plus(namespaces({ names: ['ledger'], labels: { team: 'money' }, expressions: [kplus.LabelExpression.doesNotExist('closed')] }))).toEqual([{
      namespaceSelector: { matchLabels: { [NAME]: 'ledger', team: 'money' }, matchExpressions: [{ key: 'closed', operator: 'DoesNotExist' }] },
    }]);
  });

  it('may be every namespace', () => expect(plus(kplus.Namespaces.all(chart, id()))).toEqual(NetworkPeer.allNamespaces().toManifests()));

  it('may be Pods: all, some, and some of other namespaces', () => {
    expect(plus(kplus.Pods.all(chart, id()))).toEqual(NetworkPeer.allPods().toManifests());
    expect(plus(kplus.Pods.select(chart, id(), { labels: { app: 'api' } }))).toEqual(NetworkPeer.pods({ app: 'api' }).toManifests());
    expect(plus(kplus.Pods.select(chart, id(), { labels: { app: 'api' }, namespaces: namespaces({ names: ['ledger'] }) }))).toEqual(NetworkPeer.podsIn('ledger', { app: 'api' }).toManifests());
    expect(plus(kplus.Pods.select(chart, id(), { expressions: [kplus.LabelExpression.in('app', ['b', 'a'])], namespaces: kplus.Namespaces.all(chart, id()) }))).toEqual([
      { namespaceSelector: {}, podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] } },
    ]);
  });

  it('may be a block', () => {
    expect(plus(kplus.NetworkPolicyIpBlock.ipv4(chart, id(), '10.0.0.0/8', ['10.1.0.0/16']))).toEqual(NetworkPeer.cidr('10.0.0.0/8', ['10.1.0.0/16']).toManifests());
    expect(plus(kplus.NetworkPolicyIpBlock.anyIpv6(chart, id()))).toEqual(NetworkPeer.cidr('::/0').toManifests());
  });

  it.each<[string, () => kplus.INetworkPolicyPeer, string]>([
    ['a block that cdk8s-plus lets through with host bits', () => kplus.NetworkPolicyIpBlock.ipv4(chart, id(), '10.0.0.1/8'), 'block = "10.0.0.1/8" is not the canonical'],
    ['an empty list of namespaces, which cdk8s-plus turns into everybody', () => namespaces({ names: [] }), 'peer = [] selects no namespace, which Kubernetes would read as everybody. Fix: name the namespaces that are meant.'],
    ['a name that contradicts the labels, of which one would win', () => namespaces({ names: ['ledger'], labels: { [NAME]: 'web' } }), 'peer = ["ledger"] selects no namespace, which Kubernetes would read as everybody. Fix: name the namespaces that are meant.'],
    ['a system namespace', () => namespaces({ names: ['ledger', 'kube-system'] }), 'peer = "kube-system" is a system namespace'],
    ['a system namespace by an expression', () => namespaces({ expressions: [kplus.LabelExpression.in(NAME, ['ledger', 'default'])] }), 'peer = "default" is a system namespace'],
    ['a malformed name', () => kplus.Pods.select(chart, id(), { labels: { app: 'api' }, namespaces: namespaces({ names: ['Ledger'] }) }), 'peer = "Ledger" is not a DNS label'],
    ['malformed labels', () => kplus.Pods.select(chart, id(), { labels: { app: 'a b' } }), 'peer.podSelector.matchLabels["app"] = "a b" is not a label value'],
    ['malformed labels of namespaces', () => namespaces({ labels: { team: 'a b' } }), 'peer.namespaces.matchLabels["team"] = "a b" is not a label value'],
    ['an expression without values', () => kplus.Pods.select(chart, id(), { expressions: [kplus.LabelExpression.in('app', [])] }), 'peer.podSelector.matchExpressions[0].values = [] does not fit the operator In. Fix: give at least one value.'],
    ['a look-alike', () => ({ toNetworkPolicyPeerConfig: () => ({}) }) as any, 'peer.podSelector = "undefined" is not a label selector of cdk8s-plus. Fix: build the peer with NetworkPeer.pods, podsIn or namespace.'],
  ])('is refused when it is %s', (_what, make, message) => expect(refusal(() => NetworkPeer.fromPlus(make()))).toContain(`NetworkPeer: ${message}`));

  it('may be a system namespace when that is said, or when its pods are named', () => {
    const system = new kplus.Namespace(chart, id(), { metadata: { name: 'kube-system' } });
    expect(NetworkPeer.fromPlus(system, { allowSystemNamespaces: true }).toManifests()).toEqual([{ namespaceSelector: { matchLabels: { [NAME]: 'kube-system' } } }]);
    expect(plus(kplus.Pods.select(chart, id(), { labels: { 'k8s-app': 'kube-dns' }, namespaces: namespaces({ names: ['kube-system'] }) })))
      .toEqual(NetworkPeer.podsIn('kube-system', { 'k8s-app': 'kube-dns' }).toManifests());
  });
});
