import { App, Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { applied, newChart } from './cluster';
import { ClusterReadAccess, JustInTimeAccess, OnCallDebugAccess, ReadOnlyAccess } from '../../src/access';
import { DebugCapability, DebugSubject } from '../../src/model';
import { refusal } from '../private/refusal';

type Props = { [prop: string]: any };
const ON_CALL: Props = { namespace: 'payments', group: 'oncall-payments' };
/** What is left of good props when some are replaced; undefined takes one out. */
const build = (Type: any, good: Props, props: Props) => refusal(() => new Type(newChart(), 'x', { ...good, ...props }));
const onCall = (props: Props) => build(OnCallDebugAccess, ON_CALL, props);
const readOnly = (props: Props) => build(ReadOnlyAccess, ON_CALL, props);
const justInTime = (props: Props) => build(JustInTimeAccess, { namespace: 'payments' }, props);
const clusterRead = (props: Props) => build(ClusterReadAccess, { group: 'platform' }, props);

const SYSTEM = 'is a Kubernetes system group, which stands for more than a team. Fix: name a group of your identity provider, such as "oncall-payments".';
const plus = () => new Chart(new App(), 'plus');

describe.each<[string, (props: Props) => string]>([['OnCallDebugAccess', onCall], ['ReadOnlyAccess', readOnly], ['ClusterReadAccess', clusterRead]])('who, in %s', (where, tell) => {
  it.each<[string, Props, string]>([
    ['cluster-admin by its group', { group: 'system:masters' }, `group = "system:masters" ${SYSTEM}`],
    ['cluster-admin in capitals', { group: 'SYSTEM:masters' }, `group = "SYSTEM:masters" ${SYSTEM}`],
    ['everybody', { group: undefined, groups: ['oncall', 'system:authenticated'] }, `groups[1] = "system:authenticated" ${SYSTEM}`],
    ['every group', { group: '*' }, 'group = "*" is a wildcard. Fix: list each one by its name.'],
    ['every group that begins so', { group: undefined, groups: ['oncall-*'] }, 'groups[0] = "oncall-*" is a wildcard. Fix: list each one by its name.'],
    ['an empty group', { group: '' }, 'group = "" is empty. Fix: give the name of an identity-provider group such as "oncall-payments".'],
    ['a group of blanks', { group: ' ' }, 'group = " " is empty. Fix: give the name of an identity-provider group such as "oncall-payments".'],
    ['a group with a blank behind it', { group: 'oncall ' }, 'group = "oncall " begins or ends with blanks. Fix: write "oncall".'],
    ['a group that looks like another', { group: 'oncall\u200b-payments' }, 'group = "oncall\\u200b-payments" contains control or invisible characters. '
      + 'Fix: give the name of an identity-provider group such as "oncall-payments" as plain text.'],
    ['a group of 254 characters', { group: 'g'.repeat(254) }, `group = "${'g'.repeat(119)}… (256 characters) is 254 characters long, the limit is 253. Fix: shorten it to 253 characters.`],
    ['nobody', { group: undefined }, 'group = undefined is missing: nobody would have access. Fix: name a group of your identity provider, e.g. group: "oncall-payments".'],
    ['nobody, by an empty list of subjects', { group: undefined, subjects: [] }, 'group = undefined is missing: nobody would have access. Fix: name a group of your identity provider, e.g. group: "oncall-payments".'],
    ['nobody, by an empty list of groups', { groups: [] }, 'groups = [] is empty. Fix: give at least one group.'],
    ['a group twice in the list', { groups: ['a', 'a'] }, 'groups[1] = "a" is listed twice. Fix: remove one of the two.'],
    ['a group in two fields', { group: 'a', groups: ['b', 'a'] }, 'subjects = "Group a" is given twice. Fix: name each subject once.'],
    ['a group also as a subject', { group: 'a', subjects: [DebugSubject.group('a')] }, 'subjects = "Group a" is given twice. Fix: name each subject once.'],
    ['a subject that was never checked', { subjects: [{ kind: 'Group', name: 'system:masters', toManifest: () => ({ kind: 'Group', name: 'system:masters' }) }] },
      'subjects[0] = {"kind":"Group","name":"system:masters"} is no DebugSubject. Fix: use DebugSubject.group("oncall-payments") or DebugSubject.fromPlus(…).'],
    ['a subject of cdk8s-plus as it is', { subjects: [DebugSubject.group('a'), kplus.Group.fromName(plus(), 'g', 'system:masters')] },
      'subjects[1] = [Group] is no DebugSubject. Fix: use DebugSubject.group("oncall-payments") or DebugSubject.fromPlus(…).'],
    ['a person in place of a group', { group: DebugSubject.userBecause('alice', 'on call') as any }, 'group = {"kind":"User","name":"alice","reason":"on call"} is not text. '
      + 'Fix: give the name of an identity-provider group such as "oncall-payments".'],
  ])('%s is refused', (_what, props, told) => expect(tell(props)).toBe(`${where}: ${told}`));
});

describe.each<[string, (props: Props) => string]>([['OnCallDebugAccess', onCall], ['ReadOnlyAccess', readOnly], ['JustInTimeAccess', justInTime]])('where, in %s', (where, tell) => {
  const system = (field: string, name: string) => `${field} = "${name}" is a system namespace: what runs there can act on the whole cluster. `
    + 'Fix: name an application namespace, or set allowSystemNamespaces: true if this is really meant.';
  it.each<[string, Props, string]>([
    ['the control plane', { namespace: 'kube-system' }, system('namespace', 'kube-system')],
    ['the control plane among others', { namespace: undefined, namespaces: ['payments', 'openshift-etcd'] }, system('namespaces[1]', 'openshift-etcd')],
    ['the shared default', { namespace: 'default' }, system('namespace', 'default')],
    ['a system namespace with the opt-in written as no', { namespace: 'kube-public', allowSystemNamespaces: false }, system('namespace', 'kube-public')],
    ['every namespace', { namespace: '*' }, 'namespace = "*" is a wildcard. Fix: list each one by its name.'],
    ['every namespace that begins so', { namespace: undefined, namespaces: ['pay*'] }, 'namespaces[0] = "pay*" is a wildcard. Fix: list each one by its name.'],
    ['an empty namespace, which would mean all', { namespace: '' }, 'namespace = "" is empty. Fix: give a namespace name such as "payments".'],
    ['no namespace', { namespace: undefined }, 'namespace = undefined is missing. Fix: name the namespace, e.g. namespace: "payments".'],
    ['no namespace, by an empty list', { namespace: undefined, namespaces: [] }, 'namespaces = [] is empty. Fix: give at least one namespace.'],
    ['a namespace in two fields', { namespaces: ['ledger'] }, 'namespace = "payments" is given beside namespaces. Fix: use one of the two.'],
    ['a namespace twice', { namespace: undefined, namespaces: ['a', 'b', 'a'] }, 'namespaces[2] = "a" is listed twice. Fix: remove one of the two.'],
    ['a namespace in capitals', { namespace: 'Payments' },
      'namespace = "Payments" is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit). Fix: write a namespace name such as "payments".'],
    ['a path out of the namespace', { namespace: 'payments/../kube-system' }, 'namespace = "payments/../kube-system" is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit). '
      + 'Fix: write a namespace name such as "payments".'],
    ['a namespace of 64 characters', { namespace: 'n'.repeat(64) }, `namespace = "${'n'.repeat(64)}" is 64 characters long, the limit is 63. Fix: shorten it to 63 characters.`],
    ['a namespace of cdk8s-plus in place of its name', { namespace: new kplus.Namespace(plus(), 'payments') }, 'namespace = [Namespace] is not text. Fix: give a namespace name such as "payments".'],
  ])('%s is refused', (_what, props, told) => expect(tell(props)).toBe(`${where}: ${told}`));
});

describe('what', () => {
  const inEvery = (id: string, i = 0) => `capabilities[${i}] = "${id}" would reach into every namespace. Fix: grant it by namespace, with OnCallDebugAccess.`;
  const ofCluster = (id: string, i = 0) => `capabilities[${i}] = "${id}" is about cluster-scoped objects, which no Role in a namespace can grant. Fix: declare ClusterReadAccess for it.`;
  const none = (value: string, i = 0) => `capabilities[${i}] = ${value} is no DebugCapability. Fix: use one of its constants, DebugCapability.fromId("exec") or DebugCapability.reading(…).`;
  const unlimited = (id: string) => `resourceNames = ["ledger-0"] do not limit ${id}: whoever may create pods reaches every pod's secrets. Fix: leave out ${id}, or declare it apart, under another name.`;

  it.each<[string, (props: Props) => string, Props, string]>([
    ['nothing', onCall, { capabilities: [] }, 'OnCallDebugAccess: capabilities = [] is empty. Fix: give at least one capability.'],
    ['a capability twice', onCall, { capabilities: [DebugCapability.EXEC, DebugCapability.READ_LOGS, DebugCapability.EXEC] }, 'OnCallDebugAccess: capabilities[2] = "exec" is listed twice. Fix: remove one of the two.'],
    ['nodes, by a Role that would grant nothing', onCall, { capabilities: [DebugCapability.EXEC, DebugCapability.READ_NODES] }, `OnCallDebugAccess: ${ofCluster('read-nodes', 1)}`],
    ['nodes, just in time', justInTime, { capabilities: [DebugCapability.READ_NODE_METRICS] }, `JustInTimeAccess: ${ofCluster('read-node-metrics')}`],
    ['an id in place of its capability', onCall, { capabilities: ['exec'] }, `OnCallDebugAccess: ${none('"exec"')}`],
    ['a constant that does not exist', onCall, { capabilities: [DebugCapability.EXEC, undefined] }, `OnCallDebugAccess: ${none('undefined', 1)}`],
    ['a capability of one\'s own making', justInTime, { capabilities: [{ id: 'secrets', namespacedRules: () => [] }] }, `JustInTimeAccess: ${none('{"id":"secrets"}')}`],
    ['exec in the whole cluster', clusterRead, { capabilities: [DebugCapability.READ_NODES, DebugCapability.EXEC] }, `ClusterReadAccess: ${inEvery('exec', 1)}`],
    ['reading the whole cluster', clusterRead, { capabilities: [DebugCapability.READ_WORKLOADS] }, `ClusterReadAccess: ${inEvery('read-workloads')}`],
    ['node debugging in the whole cluster, as it also reads nodes', clusterRead, { capabilities: [DebugCapability.NODE_DEBUG] }, `ClusterReadAccess: ${inEvery('node-debug')}`],
    ['a resource of others in the whole cluster', clusterRead, { capabilities: [DebugCapability.reading('argoproj.io', 'rollouts')] }, `ClusterReadAccess: ${inEvery('read-rollouts.argoproj.io')}`],
    ['nothing in the cluster', clusterRead, { capabilities: [] }, 'ClusterReadAccess: capabilities = [] is empty. Fix: give at least one capability.'],
    ['no pod by name, which would mean every pod', onCall, { resourceNames: [] }, 'OnCallDebugAccess: resourceNames = [] is empty. Fix: give at least one pod name.'],
    ['the pod without a name', onCall, { resourceNames: [''] }, 'OnCallDebugAccess: resourceNames[0] = "" is empty. Fix: give a pod name such as "ledger-0".'],
    ['pods that begin so', onCall, { resourceNames: ['ledger-0', 'ledger-*'] }, 'OnCallDebugAccess: resourceNames[1] = "ledger-*" is a wildcard. Fix: list each one by its name.'],
    ['a pod twice', onCall, { resourceNames: ['ledger-0', 'ledger-0'] }, 'OnCallDebugAccess: resourceNames[1] = "ledger-0" is listed twice. Fix: remove one of the two.'],
    ['a malformed pod', onCall, { resourceNames: ['Ledger'] }, 'OnCallDebugAccess: resourceNames[0] = "Ledger" is not a DNS subdomain (lower-case letters, digits, "-" and "."). Fix: write a pod name such as "ledger-0".'],
    ['a pod name of 254 characters', onCall, { resourceNames: ['p'.repeat(254)] }, `OnCallDebugAccess: resourceNames[0] = "${'p'.repeat(119)}… (256 characters) is 254 characters long, the limit is 253. Fix: shorten it to 253 characters.`],
    ['pod copies under the guise of one pod', onCall, { resourceNames: ['ledger-0'], capabilities: [DebugCapability.EXEC, DebugCapability.POD_COPY] }, `OnCallDebugAccess: ${unlimited('pod-copy')}`],
    ['node debugging under the guise of one pod', onCall, { resourceNames: ['ledger-0'], capabilities: [DebugCapability.NODE_DEBUG] }, `OnCallDebugAccess: ${unlimited('node-debug')}`],
  ])('%s is refused', (_what, tell, props, told) => expect(tell(props)).toBe(told));
});

describe('by which name', () => {
  it.each<[string, (props: Props) => string]>([['OnCallDebugAccess', onCall], ['ReadOnlyAccess', readOnly], ['ClusterReadAccess', clusterRead]])('%s takes a DNS label', (where, tell) => {
    expect(tell({ name: 'system:node' })).toBe(
      `${where}: name = "system:node" is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit). Fix: write a name such as "oncall-debug".`);
    expect(tell({ name: '' })).toBe(`${where}: name = "" is empty. Fix: give a name such as "oncall-debug".`);
    expect(tell({ name: '*' })).toBe(`${where}: name = "*" is a wildcard. Fix: list each one by its name.`);
    expect(tell({ name: 'n'.repeat(64) })).toBe(`${where}: name = "${'n'.repeat(64)}" is 64 characters long, the limit is 63. Fix: shorten it to 63 characters.`);
  });

  it.each(['admin', 'cluster-admin', 'edit', 'view'])('the ClusterRole %s of every cluster cannot be overwritten, a Role may have its name', name => {
    expect(clusterRead({ name })).toBe(
      `ClusterReadAccess: name = "${name}" is a ClusterRole that every cluster has: applying this one would overwrite it. Fix: choose another name, e.g. "debug-cluster-read".`);
    const chart = newChart();
    new ReadOnlyAccess(chart, 'x', { ...ON_CALL, namespace: 'payments', name });
    expect(applied(chart)).toHaveLength(2);
  });

  it('is the longest label that fits', () => {
    const chart = newChart();
    new OnCallDebugAccess(chart, 'x', { namespace: 'n'.repeat(63), group: 'g'.repeat(253), name: 'r'.repeat(63) });
    expect(applied(chart)).toHaveLength(2);
  });
});

describe('just in time', () => {
  it.each<[string, Props, string]>([
    ['a prefix that makes system groups', { groupPrefix: 'system:' }, `groupPrefix = "system:" ${SYSTEM}`],
    ['an empty prefix, which makes any group of a namespace\'s name one', { groupPrefix: '' }, 'groupPrefix = "" is empty. Fix: give the name of an identity-provider group such as "oncall-payments".'],
    ['a prefix of blanks', { groupPrefix: 'jit: ' }, 'groupPrefix = "jit: " begins or ends with blanks. Fix: write "jit:".'],
    ['a wildcard prefix', { groupPrefix: 'jit:*:' }, 'groupPrefix = "jit:*:" is a wildcard. Fix: list each one by its name.'],
    ['a namespace whose group is that of the cluster', { namespace: 'cluster' }, 'namespaces = "cluster" has the group "jit:oncall:cluster", which is that of jit-cluster-read. '
      + 'Fix: declare OnCallDebugAccess with name: "jit-debug" and a group of its own for this namespace.'],
    ['the same beside another declaration that reads the cluster', { namespace: undefined, namespaces: ['a', 'cluster'], clusterRead: false, groupPrefix: 'j:' },
      'namespaces = "cluster" has the group "j:cluster", which is that of jit-cluster-read. Fix: declare OnCallDebugAccess with name: "jit-debug" and a group of its own for this namespace.'],
  ])('%s is refused', (_what, props, told) => expect(justInTime(props)).toBe(`JustInTimeAccess: ${told}`));

  it('a group that becomes too long is refused before anything is emitted', () => {
    const chart = newChart();
    expect(refusal(() => new JustInTimeAccess(chart, 'x', { namespaces: ['a', 'n'.repeat(63)], groupPrefix: 'p'.repeat(200) }))).toMatch(
      /^DebugSubject: group = "p+… \(265 characters\) is 263 characters long, the limit is 253\./);
    expect(chart.node.findAll().map(c => c.node.id)).toEqual(['chart', 'x']);
  });
});

describe('an app that swallows an error', () => {
  const bad: [string, (chart: Chart) => unknown][] = [
    ['OnCallDebugAccess', chart => new OnCallDebugAccess(chart, 'x', { namespace: 'payments', group: 'system:masters' })],
    ['ReadOnlyAccess', chart => new ReadOnlyAccess(chart, 'x', { namespace: 'kube-system', group: 'developers' })],
    ['JustInTimeAccess', chart => new JustInTimeAccess(chart, 'x', { namespace: 'cluster' })],
    ['ClusterReadAccess', chart => new ClusterReadAccess(chart, 'x', { group: '' })],
  ];
  it.each(bad)('of %s gets nothing synthesized', (where, act) => {
    const chart = newChart();
    new OnCallDebugAccess(chart, 'good', { namespace: 'ledger', group: 'oncall-ledger' });
    expect(() => act(chart)).toThrow();
    const told = `${where}: "chart/x" was refused, so nothing is synthesized. Fix: mend its error, or leave it out.`;
    expect(() => chart.toJson()).toThrow(told);
    expect(() => (chart.node.root as App).synthYaml()).toThrow(told);
  });
});

it('outside any chart nothing can be declared', () => {
  expect(refusal(() => new OnCallDebugAccess(new App(), 'x', { namespace: 'payments', group: 'oncall-payments' }))).toBe(
    'OnCallDebugAccess: scope = "x" lies in no chart, so no file would contain its objects. Fix: pass a Chart as scope, e.g. new Chart(app, "payments").');
});

describe('cdk8s-plus-28', () => {
  it('namespaces and subjects come in by name and adapter, and make the same output as strings', () => {
    const by = (props: (scope: Chart) => any) => {
      const chart = newChart();
      new OnCallDebugAccess(chart, 'x', props(plus()));
      return applied(chart);
    };
    const reason = 'runs the nightly drill';
    expect(by(scope => ({
      namespace: new kplus.Namespace(scope, 'ns', { metadata: { name: 'payments' } }).name,
      subjects: [
        DebugSubject.fromPlus(kplus.Group.fromName(scope, 'group', 'oncall-payments')),
        DebugSubject.fromPlus(kplus.User.fromName(scope, 'user', 'alice'), reason),
        DebugSubject.fromPlus(new kplus.ServiceAccount(scope, 'sa', { metadata: { name: 'runner', namespace: 'drills' } }), reason),
      ],
    }))).toEqual(by(() => ({
      namespace: 'payments',
      group: 'oncall-payments',
      subjects: [DebugSubject.userBecause('alice', reason), DebugSubject.serviceAccountBecause('drills', 'runner', reason)],
    })));
  });
});
