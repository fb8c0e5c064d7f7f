import { App, Chart, Testing } from 'cdk8s';
import { parse } from 'yaml';
import { AuditPolicy, ControlPlane, OnCallDebugAccess, SecureDebugRules } from '../../src';
import { refusal } from '../private/refusal';
import { bindEverywhere, clusterRole, group, held, rule, user } from '../review/rbac';

const told = (objects: any[], options = {}) => SecureDebugRules.check(objects, options).map(({ id, message }) => `${id} ${message}`);

describe('rules as a function', () => {
  it('an app of this library follows them', () => {
    const chart = new Chart(new App(), 'test');
    new OnCallDebugAccess(chart, 'payments', { namespace: 'payments', group: 'oncall-payments' });
    expect(told(Testing.synth(chart))).toEqual([]);
  });

  it('say who, where and what, why and what to do, and which objects', () => {
    const [violation] = SecureDebugRules.check(held(rule('get', 'secrets')));
    expect(violation).toEqual({
      id: 'SD5003',
      title: 'Secrets can be read',
      message: 'Group oncall in payments: Secrets can be read: get secrets',
      why: expect.stringContaining('A Secret that was read'),
      fix: expect.stringContaining('Leave Secrets out'),
      objects: ['Role payments/r', 'RoleBinding payments/b'],
    });
  });

  it('tell ways to more, and each right once', () => {
    expect(told([clusterRole('r', rule('get', 'nodes/proxy')), bindEverywhere('b', 'r', group('monitoring')), bindEverywhere('c', 'cluster-admin', { kind: 'ServiceAccount', namespace: 'n', name: 's' })])).toEqual([
      'SD5001 ServiceAccount n/s in whole cluster: Everything is granted: any verb on everything',
      'SD5006 Group monitoring in whole cluster: The kubelet can be reached: get nodes/proxy',
      'SD5030 In the whole cluster, Group monitoring may reach everything: Group monitoring runs commands through the kubelet in a pod of ServiceAccount n/s; ServiceAccount n/s holds everything',
    ]);
  });

  it('an early rule of an audit policy that hides what people do', () => {
    const policy = (...rules: object[]) => ({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules });
    const good = parse(new AuditPolicy(new ControlPlane(), 'audit').toYaml());
    expect(told([good]).filter(one => one.startsWith('SD2002'))).toEqual([]);
    const [first] = told([policy({ level: 'None', verbs: ['get', 'list', 'watch'] }, ...good.rules)]);
    expect(first).toMatch(/^SD2002 .*get.*/);
  });

  it('what is accepted until a day is left out until then, and is back the day after', () => {
    const [r, b] = held(rule('get', 'secrets'));
    const accepted = [r, { ...b, metadata: { ...b.metadata, annotations: { 'secure-debug.internal/accepted-findings': 'SD5003 until 2026-06-30: moves to Vault' } } }];
    expect(told(accepted, { today: '2026-06-30' })).toEqual([]);
    expect(told(accepted, { today: '2026-07-01' }).map(one => one.slice(0, 6))).toEqual(['SD5003', 'SD5018']);
    expect(told(accepted).map(one => one.slice(0, 6))).toEqual(['SD5003']);
  });

  it('a rule can be left out by its id, but not one that there is not', () => {
    const objects = [clusterRole('r', rule('get', 'pods')), bindEverywhere('b', 'r', user('alice'))];
    expect(told(objects)).toEqual(['SD5016 User alice in whole cluster: A person is bound by name: User alice']);
    expect(told(objects, { ignore: ['SD5016'] })).toEqual([]);
    expect(refusal(() => SecureDebugRules.check([], { ignore: ['SD9999'] }))).toContain('ignore');
  });
});
