import { App, Chart } from 'cdk8s';
import { account, bind, bindEverywhere, clusterRole, group, held, heldEverywhere, role, rule, user } from './rbac';
import { AccessMatrix, AccessRequestPolicy, JustInTimeAccess, SecureDebugWarnings } from '../../src';
import { refusal } from '../private/refusal';

const found = (objects: any[], today?: string) => AccessMatrix.fromManifests(objects, { today }).findings.map(({ id, detail }) => `${id} ${detail}`);
const annotated = (object: any, annotations: object, more: object = {}) => ({ ...object, metadata: { ...object.metadata, annotations, ...more } });
const ACCEPT = 'secure-debug.internal/accepted-findings';

describe('what general linters do not know', () => {
  it.each<[string, any[], string[]]>([
    ['a Deployment that can be patched is a pod that can be made', held(rule('patch', 'deployments', 'apps')), ['SD5014 patch deployments.apps']],
    ['a CronJob that can be created', held(rule('create', 'cronjobs', 'batch')), ['SD5014 create cronjobs.batch']],
    ['a controller that can be scaled makes no other pods', held(rule('patch', 'deployments/scale', 'apps')), []],
    ['a controller that can be read', held(rule('get,list,watch', 'deployments', 'apps')), []],
    ['webhooks', heldEverywhere(rule('create', 'mutatingwebhookconfigurations', 'admissionregistration.k8s.io')), ['SD5015 create mutatingwebhookconfigurations.admissionregistration.k8s.io']],
    ['a policy that can be deleted', heldEverywhere(rule('delete', 'validatingadmissionpolicybindings', 'admissionregistration.k8s.io')),
      ['SD5015 delete validatingadmissionpolicybindings.admissionregistration.k8s.io']],
    ['an API that can be answered by another', heldEverywhere(rule('update', 'apiservices', 'apiregistration.k8s.io')), ['SD5015 update apiservices.apiregistration.k8s.io']],
    ['webhooks in a namespace: a Role grants nothing of it', held(rule('create', 'validatingwebhookconfigurations', 'admissionregistration.k8s.io')),
      ['SD5010 create validatingwebhookconfigurations.admissionregistration.k8s.io: cluster-scoped, which a RoleBinding cannot grant']],
    ['a person by name', [role('payments', 'r', rule('get', 'pods')), bind('payments', 'b', 'r', user('alice'), group('oncall'), account('payments', 'api'))], ['SD5016 User alice']],
    ['a component of Kubernetes is no person', [clusterRole('r', rule('get', 'pods')), bindEverywhere('b', 'r', user('system:kube-scheduler'))], []],
    ['names by pattern', held(rule('get', 'pods', '', 'web-*')), ['SD5010 RBAC has neither patterns nor labels for names, so "web-*" matches no pods']],
    ['names by label', held(rule('get', 'pods', '', 'app=web')), ['SD5010 RBAC has neither patterns nor labels for names, so "app=web" matches no pods']],
    ['creation by name', held(rule('create', 'configmaps', '', 'a')), ['SD5010 create configmaps is asked for without a name, so names do not limit it, they rule it out']],
    ['get without create on exec', held(rule('get', 'pods'), rule('get', 'pods/exec')), ['SD5008 exec lacks create pods/exec; it has get pods/exec']],
    ['debugging by update, which kubectl does not ask for', held(rule('get', 'pods'), rule('update', 'pods/ephemeralcontainers')),
      ['SD5008 debug containers lacks create, get pods/attach; get pods/log; list, watch pods; patch pods/ephemeralcontainers; it has update pods/ephemeralcontainers']],
  ])('%s', (_what, objects, expected) => {
    expect(found(objects)).toEqual(expected);
  });

  it.each(['expires-at', 'example.com/expires', 'janitor/ttl', 'valid-until', 'example.com/delete-after'])('a binding that says %s, and nothing ends it', key => {
    const [r, b] = held(rule('get', 'pods'));
    expect(found([r, annotated(b, { [key]: '2026-03-01' })])).toEqual([`SD5017 ${key} is an annotation that Kubernetes does not know, and no object owns the binding`]);
    expect(found([r, annotated(b, { [key]: '2026-03-01' }, { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'timer', uid: '1' }] })])).toEqual([]);
  });

  it('annotations that only sound alike are none', () => {
    const [r, b] = held(rule('get', 'pods'));
    expect(found([r, annotated(b, { 'example.com/title': 'x', 'battle': 'y', 'inexpiry-note': 'z' })])).toEqual([]);
  });

  it('who was granted a request is bound by name, and that ends by itself', () => {
    const [r] = held(rule('get', 'pods'));
    const request = bind('payments', 'debug-grant:alice', 'r', user('alice'));
    const metadata = { labels: { 'secure-debug.internal/request-for': 'r' }, ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'debug-timer-60-a', uid: '1' }] };
    expect(found([r, annotated(request, { 'secure-debug.internal/expires-at': '2026-03-01T18:00:00Z' }, metadata)])).toEqual([]);
    expect(found([r, annotated(request, { 'secure-debug.internal/expires-at': '2026-03-01T18:00:00Z' }, { ...metadata, ownerReferences: [] })]).map(text => text.slice(0, 6))).toEqual(['SD5016', 'SD5017']);
  });

  it('timers of requests are no pods, where the policies say so', () => {
    const chart = new Chart(new App(), 'test');
    new AccessRequestPolicy(chart, 'policy');
    new JustInTimeAccess(chart, 'jit', { namespace: 'payments', requests: { requesters: ['oncall'], approvers: ['leads'] } });
    const objects = chart.toJson();
    expect(found(objects)).toEqual([]);
    const without = objects.filter(({ metadata: { name } }) => name !== 'secure-debug-timers');
    expect(found(without)).toContain('SD5014 create jobs.batch');
    // Other Jobs are not governed.
    expect(found([...objects, role('payments', 'more', rule('patch', 'jobs', 'batch')), bind('payments', 'more', 'more', group('oncall'))])).toEqual(['SD5014 patch jobs.batch']);
  });
});

describe('a finding can be accepted in place, with a reason and an end', () => {
  const [r, b] = held(rule('get', 'secrets'));
  const accepting = (text: string, of: any = r, other: any = b) => [annotated(of, { [ACCEPT]: text }), other];
  const LINE = 'SD5003 until 2026-06-30: moves to Vault';

  it.each<[string, any[], string | undefined, string[]]>([
    ['by the role', accepting(LINE), '2026-06-29', []],
    ['by the binding', accepting(LINE, b, r), '2026-06-29', []],
    ['on its last day', accepting(LINE), '2026-06-30', []],
    ['after it, it is back, and the acceptance is told', accepting(LINE), '2026-07-01', ['SD5003 get secrets', 'SD5018 SD5003 was accepted until 2026-06-30']],
    ['without a day nothing is accepted, for the library has no clock', accepting(LINE), undefined, ['SD5003 get secrets']],
    ['another rule is not accepted with it', accepting('SD5007 until 2026-06-30: x'), '2026-01-01', ['SD5003 get secrets']],
    ['no reason', accepting('SD5003 until 2026-06-30:'), '2026-01-01', ['SD5003 get secrets', 'SD5018 cannot be read: SD5003 until 2026-06-30:']],
    ['no end', accepting('SD5003: moves to Vault'), '2026-01-01', ['SD5003 get secrets', 'SD5018 cannot be read: SD5003: moves to Vault']],
    ['a day that there is not', accepting('SD5003 until 2026-02-30: x'), '2026-01-01', ['SD5003 get secrets', 'SD5018 cannot be read: SD5003 until 2026-02-30: x']],
    ['a rule that there is not', accepting('SD5999 until 2026-06-30: x'), '2026-01-01', ['SD5003 get secrets', 'SD5018 cannot be read: SD5999 until 2026-06-30: x']],
    ['several lines', accepting(`\n${LINE}\n SD5007 until 2026-06-30: y \n`), '2026-01-01', []],
    ['an object of another name accepts nothing', [r, b, annotated(role('ledger', 'r'), { [ACCEPT]: LINE })], '2026-01-01', ['SD5003 get secrets']],
    ['a second role gives the same, and accepts nothing', [...accepting(LINE), role('payments', 's', rule('get', 'secrets')), bind('payments', 'c', 's', group('oncall'))], '2026-01-01', ['SD5003 get secrets']],
  ])('%s', (_what, objects, today, expected) => {
    expect(found(objects, today)).toEqual(expected);
  });

  it('what is accepted is kept apart, and no row is marked with it', () => {
    const matrix = AccessMatrix.fromManifests(accepting(LINE), { today: '2026-03-01' });
    expect(matrix.acceptedFindings.map(({ id, who }) => [id, who])).toEqual([['SD5003', 'Group oncall']]);
    expect(matrix.rows.flatMap(({ findings }) => findings)).toEqual([]);
    expect(matrix.toText()).not.toContain('SD5003');
  });

  it.each(['', '2026-13-01', '1 March', '2026-03-01T00:00:00Z'])('today = %j is refused', today => {
    expect(refusal(() => AccessMatrix.fromManifests([], { today }))).toBe(`AccessMatrix.fromManifests: today = ${JSON.stringify(today)} is no date. Fix: write it as 2026-03-01.`);
  });

  it('every rule that the matrix can name is in the catalogue', () => {
    for (const id of ['SD5014', 'SD5015', 'SD5016', 'SD5017', 'SD5018']) expect(SecureDebugWarnings.rules().map(one => one.id)).toContain(id);
  });
});
