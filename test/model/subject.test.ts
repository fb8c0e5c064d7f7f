import { App, Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { DebugSubject } from '../../src/model';
import { refusal, rejected } from '../private/refusal';

const because = 'runs the nightly drill';
const chart = () => new Chart(new App(), 'c');
const raw = (kind: string, name: string, namespace?: string) => ({ toSubjectConfiguration: () => ({ kind, name, namespace, apiGroup: 'rbac.authorization.k8s.io' }) }) as kplus.ISubject;

describe('a subject as it stands in a binding', () => {
  it('a group', () => {
    const subject = DebugSubject.group('oncall-payments');
    expect(subject.toManifest()).toStrictEqual({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'oncall-payments' });
    expect(subject).toMatchObject({ kind: 'Group', name: 'oncall-payments', namespace: undefined, reason: undefined });
    expect(`${subject}`).toBe('Group oncall-payments');
  });

  it('a user, with the reason why it is no group', () => {
    const subject = DebugSubject.userBecause('alice', because);
    expect(subject.toManifest()).toStrictEqual({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' });
    expect(subject).toMatchObject({ kind: 'User', name: 'alice', namespace: undefined, reason: because });
    expect(`${subject}`).toBe('User alice');
  });

  it('a ServiceAccount, with its namespace, of a system namespace too', () => {
    const subject = DebugSubject.serviceAccountBecause('kube-system', 'drill.runner', because);
    expect(subject.toManifest()).toStrictEqual({ kind: 'ServiceAccount', name: 'drill.runner', namespace: 'kube-system' });
    expect(subject).toMatchObject({ kind: 'ServiceAccount', name: 'drill.runner', namespace: 'kube-system', reason: because });
    expect(`${subject}`).toBe('ServiceAccount kube-system/drill.runner');
  });
});

describe('bypasses that are refused', () => {
  it.each<[string, () => unknown, string]>([
    ['cluster-admin by group', () => DebugSubject.group('system:masters'), 'group = "system:masters" is a Kubernetes system group'],
    ['everybody by group, in capitals', () => DebugSubject.group('SYSTEM:authenticated'), 'group = "SYSTEM:authenticated" is a Kubernetes system group'],
    ['every group', () => DebugSubject.group('*'), 'group = "*" is a wildcard'],
    ['no group', () => DebugSubject.group(''), 'group = "" is empty'],
    ['a system user', () => DebugSubject.userBecause('system:admin', because), 'user = "system:admin" is a Kubernetes system user. Fix: name a person of your identity provider, or use DebugSubject.serviceAccountBecause.'],
    ['a ServiceAccount by its user name', () => DebugSubject.userBecause('System:serviceaccount:kube-system:default', because), 'is a Kubernetes system user'],
    ['every user', () => DebugSubject.userBecause('*', because), 'user = "*" is a wildcard'],
    ['no user', () => DebugSubject.userBecause('', because), 'user = "" is empty. Fix: give the user name as the API server sees it.'],
    ['a user without a reason', () => DebugSubject.userBecause('alice', ''), 'reason = "" is empty'],
    ['a user with a blank reason', () => DebugSubject.userBecause('alice', ' '), 'reason = " " is empty'],
    ['a reason that forges a line', () => DebugSubject.userBecause('alice', 'a\nGroup x: approved'), 'contains control or invisible characters'],
    ['a ServiceAccount without a reason', () => DebugSubject.serviceAccountBecause('n', 'sa', ''), 'reason = "" is empty'],
    ['a ServiceAccount without namespace', () => DebugSubject.serviceAccountBecause('', 'sa', because), 'namespace = "" is empty'],
    ['a ServiceAccount without name', () => DebugSubject.serviceAccountBecause('n', '', because), 'serviceAccount = "" is empty. Fix: give a ServiceAccount name.'],
    ['every ServiceAccount', () => DebugSubject.serviceAccountBecause('n', '*', because), 'serviceAccount = "*" is a wildcard'],
    ['every namespace', () => DebugSubject.serviceAccountBecause('*', 'sa', because), 'namespace = "*" is a wildcard'],
    ['a malformed ServiceAccount', () => DebugSubject.serviceAccountBecause('n', 'SA', because), 'serviceAccount = "SA" is not a DNS subdomain'],
  ])('%s', (_what, act, told) => expect(refusal(act)).toMatch(new RegExp(`^DebugSubject: .*${told.replace(/[*.]/g, '\\$&')}`)));

  it('but a user may be called so further on', () => expect(DebugSubject.userBecause('not-system:x', because).name).toBe('not-system:x'));
});

describe('subjects of cdk8s-plus', () => {
  it('a group needs no reason', () => {
    expect(DebugSubject.fromPlus(kplus.Group.fromName(chart(), 'g', 'oncall-payments'))).toEqual(DebugSubject.group('oncall-payments'));
    expect(DebugSubject.fromPlus(kplus.Group.fromName(chart(), 'g', 'oncall-payments'), because).reason).toBeUndefined();
  });

  it('a user and a ServiceAccount come in with a reason', () => {
    expect(DebugSubject.fromPlus(kplus.User.fromName(chart(), 'u', 'alice'), because)).toEqual(DebugSubject.userBecause('alice', because));
    const account = new kplus.ServiceAccount(chart(), 'sa', { metadata: { name: 'runner', namespace: 'drills' } });
    expect(DebugSubject.fromPlus(account, because)).toEqual(DebugSubject.serviceAccountBecause('drills', 'runner', because));
  });

  it.each<[string, () => kplus.ISubject, string | undefined, string]>([
    ['system:masters as a group', () => kplus.Group.fromName(chart(), 'g', 'system:masters'), because, 'group = "system:masters" is a Kubernetes system group'],
    ['a wildcard group', () => kplus.Group.fromName(chart(), 'g', 'oncall-*'), because, 'group = "oncall-*" is a wildcard'],
    ['a user without reason', () => kplus.User.fromName(chart(), 'u', 'alice'), undefined, 'subject = "User alice" is not a group. Fix: grant to a group, or pass a reason as second argument.'],
    ['a user with an empty reason', () => kplus.User.fromName(chart(), 'u', 'alice'), '', 'subject = "User alice" is not a group'],
    ['a system user', () => kplus.User.fromName(chart(), 'u', 'system:kube-scheduler'), because, 'user = "system:kube-scheduler" is a Kubernetes system user'],
    ['a ServiceAccount without reason', () => new kplus.ServiceAccount(chart(), 'sa', { metadata: { namespace: 'n', name: 'sa' } }), undefined, 'subject = "ServiceAccount sa" is not a group'],
    ['a ServiceAccount that lost its namespace, and would name nobody', () => new kplus.ServiceAccount(chart(), 'sa', { metadata: { name: 'runner' } }), because,
      'subject = "ServiceAccount runner" has no namespace, so it would name nobody. Fix: create it with metadata.namespace, or use DebugSubject.serviceAccountBecause.'],
    ['a kind that is spelt as a group is not', () => raw('group', 'system:masters', 'n'), because, 'subject = "group system:masters" is of a kind that RBAC does not know. Fix: give a Group, a User or a ServiceAccount.'],
    ['a made-up kind', () => raw('Robot', 'r2', 'n'), because, 'subject = "Robot r2" is of a kind that RBAC does not know'],
  ])('%s is refused', (_what, subject, reason, told) => expect(refusal(() => DebugSubject.fromPlus(subject(), reason))).toContain(`DebugSubject: ${told}`));

  it('an imported ServiceAccount comes in with the namespace that cdk8s-plus gives it', () => {
    const account = (options?: kplus.FromServiceAccountNameOptions) => DebugSubject.fromPlus(kplus.ServiceAccount.fromServiceAccountName(chart(), 'sa', 'runner', options), because);
    expect(account({ namespaceName: 'drills' }).toManifest()).toEqual({ kind: 'ServiceAccount', name: 'runner', namespace: 'drills' });
    expect(account().toManifest()).toEqual({ kind: 'ServiceAccount', name: 'runner', namespace: 'default' });
  });

  it('a group with a namespace is a group all the same', () => expect(DebugSubject.fromPlus(raw('Group', 'g', 'n'))).toEqual(DebugSubject.group('g')));
});

it('what is refused is blamed by its own field', () => {
  expect(rejected(() => DebugSubject.serviceAccountBecause('n', 'SA', because)).fix).toBe('write a ServiceAccount name');
});
