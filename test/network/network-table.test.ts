import { NetworkReachability, TrafficDirection } from '../../src';

const policy = (name: string, spec: any, annotations?: any, namespace = 'payments') => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace, annotations }, spec: { podSelector: {}, ...spec },
});
const table = (...policies: any[]) => NetworkReachability.fromManifests(policies).table();
const named = (name: string, more = {}) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name, ...more } } });

describe('the table of some policies', () => {
  it.each<[string, any, string]>([
    ['pods of the same namespace', { podSelector: { matchLabels: { app: 'api', tier: 'a' } } }, 'pods app=api,tier=a in payments'],
    ['every pod of the same namespace', { podSelector: {} }, 'every pod in payments'],
    ['a namespace', named('web'), 'every pod in web'],
    ['pods of a namespace', { ...named('web'), podSelector: { matchLabels: { app: 'x' } } }, 'pods app=x in web'],
    ['a namespace that has a label besides', named('web', { team: 'shop' }), 'every pod in namespaces kubernetes.io/metadata.name=web,team=shop'],
    ['a namespace that has an expression besides', { namespaceSelector: { ...named('web').namespaceSelector, matchExpressions: [{ key: 'x', operator: 'Exists' }] } }, 'every pod in namespaces kubernetes.io/metadata.name=web,x'],
    ['labelled namespaces', { namespaceSelector: { matchLabels: { team: 'shop' } }, podSelector: {} }, 'every pod in namespaces team=shop'],
    ['every namespace', { namespaceSelector: {} }, 'every pod in every namespace'],
    ['expressions', {
      podSelector: {
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['x', 'y'] }, { key: 'b', operator: 'NotIn', values: ['z'] }, { key: 'c', operator: 'Exists' }, { key: 'd', operator: 'DoesNotExist' },
        ],
      },
    }, 'pods a in (x,y),b notin (z),c,!d in payments'],
    ['a block', { ipBlock: { cidr: '10.0.0.0/8' } }, '10.0.0.0/8'],
    ['a block with exceptions', { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] } }, '10.0.0.0/8 except 10.1.0.0/16, 10.2.0.0/16'],
  ])('has words for %s', (_what, peer, words) => {
    const [row] = table(policy('p', { podSelector: { matchLabels: { app: 'api' } }, ingress: [{ from: [peer] }] })).rows;
    expect(row).toEqual({ direction: TrafficDirection.INGRESS, from: words, to: 'pods app=api in payments', ports: 'all ports', policyNamespace: 'payments', policyName: 'p' });
    expect(table(policy('p', { policyTypes: ['Egress'], egress: [{ to: [peer] }] })).rows).toEqual([
      { direction: TrafficDirection.EGRESS, from: 'every pod in payments', to: words, ports: 'all ports', policyNamespace: 'payments', policyName: 'p' },
    ]);
  });

  it('has words for anywhere and for ports', () => {
    expect(table(policy('p', { ingress: [{ ports: [{ port: 80 }, { port: 'http' }, { protocol: 'UDP', port: 1, endPort: 9 }, { protocol: 'SCTP' }] }] })).rows).toEqual([{
      direction: 'ingress', from: 'anywhere', to: 'every pod in payments', ports: 'TCP 80, TCP http, UDP 1-9, all SCTP ports', policyNamespace: 'payments', policyName: 'p',
    }]);
  });

  it('has a row for each peer: ingress first, then by who, whom and where', () => {
    const rows = table(
      policy('q', { policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] }, undefined, 'a'),
      policy('q', { ingress: [{ from: [named('b'), named('a')], ports: [{ port: 2 }] }, { from: [named('a')], ports: [{ port: 1 }] }] }, { 'secure-debug.internal/reason': 'why' }),
      policy('p', { ingress: [{ from: [named('a')], ports: [{ port: 2 }] }] }),
    ).rows;
    expect(rows.map(row => [row.direction, row.from, row.ports, row.policyNamespace, row.policyName, row.reason])).toEqual([
      ['ingress', 'every pod in a', 'TCP 1', 'payments', 'q', 'why'],
      ['ingress', 'every pod in a', 'TCP 2', 'payments', 'p', undefined],
      ['ingress', 'every pod in a', 'TCP 2', 'payments', 'q', 'why'],
      ['ingress', 'every pod in b', 'TCP 2', 'payments', 'q', 'why'],
      ['egress', 'every pod in a', 'all ports', 'a', 'q', undefined],
    ]);
  });

  it('says whose other traffic is denied, and not of a part what it says of the whole', () => {
    const api = { podSelector: { matchLabels: { app: 'api' } } };
    expect(table(policy('deny', { policyTypes: ['Ingress'] }), policy('p', { ...api, policyTypes: ['Ingress', 'Egress'] }), policy('q', api), policy('deny', api, undefined, 'ledger')).denied).toEqual([
      'ingress of every pod in payments',
      'ingress of pods app=api in ledger',
      'egress of pods app=api in payments',
    ]);
  });

  it('is Markdown that text of others cannot break', () => {
    expect(table(
      policy('deny', { policyTypes: ['Ingress', 'Egress'] }),
      policy('p', { ingress: [{ from: [named('web')], ports: [{ port: 443 }] }] }, { 'secure-debug.internal/reason': 'a | b\\ <img> *x* `y` [z](u) _w_' }),
      policy('q', { podSelector: { matchLabels: { app_x: 'y' } }, policyTypes: ['Egress'], egress: [{}] }),
    ).toMarkdown()).toBe([
      '| direction | from | to | ports | why | policy |',
      '| --- | --- | --- | --- | --- | --- |',
      '| ingress | every pod in web | every pod in payments | TCP 443 | a \\| b\\\\ \\<img\\> \\*x\\* \\`y\\` \\[z\\](u) \\_w\\_ | payments/p |',
      '| egress | pods app\\_x=y in payments | anywhere | all ports |  | payments/q |',
      '',
      'Denied besides: ingress of every pod in payments; egress of every pod in payments.',
      '',
      'Policies do not see what comes from a pod\'s own node (kubelet probes, exec, port-forward), nor pods with hostNetwork.',
      '',
    ].join('\n'));
  });

  it('of no policies is empty', () => {
    const { rows, denied } = table();
    expect([rows, denied]).toEqual([[], []]);
    expect(table().toMarkdown()).not.toContain('Denied');
  });
});
