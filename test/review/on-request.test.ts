import { App, Chart, Duration } from 'cdk8s';
import { bind, bindEverywhere, clusterRole, group, held, heldEverywhere, role, rule, user } from './rbac';
import {
  AccessMatrix, AccessRequestPolicy, AccessRow, AccessState, AttachScope, BreakGlassAccess, DebugCapability, ExecAccess, JustInTimeAccess,
  JustInTimeAccessProps, OnCallDebugAccess, PolicyRule,
} from '../../src';
import { VIRTUAL, VIRTUAL_GROUP } from '../../src/model/virtual-rights';

const virtual = (verb: string, resource: string, names?: string) => rule(verb, resource, VIRTUAL_GROUP, names);
const beyond = (...rules: any[]) => AccessMatrix.fromManifests(held(...rules)).rows[0].otherRights;
const titles = (rows: AccessRow[]) => rows.map(({ subjectKind, subject, namespace, onRequest }) => `${subjectKind} ${subject} @ ${namespace ?? '*'}${onRequest ? ` as ${onRequest}` : ''}`);
const heldBy = ({ cells }: AccessRow) => cells.filter(({ state }) => state === AccessState.GRANTED).map(({ capability }) => capability);

describe('what guardrails ask for is told in words of its own', () => {
  it.each<[string, any, string[]]>([
    ['command sets', virtual('use', 'commandsets', 'diagnostics,jvm'), ['command sets: diagnostics, jvm']],
    ['any command set', virtual('use', 'commandsets'), ['any command set']],
    ['streams', virtual('use', 'streams', 'attach-debugger,port-forward'), ['streams: attach to debug containers, port-forward']],
    ['attach', virtual('use', 'streams', 'attach'), ['streams: attach to any container']],
    ['proxies', virtual('use', 'streams', 'pod-proxy,service-proxy'), ['streams: reach pods by proxy, reach Services by proxy']],
    ['a stream that there is not, by a name that every object has', virtual('use', 'streams', 'constructor'), ['streams: constructor']],
    ['debug images', virtual('use', 'debugimages', 'toolbox'), ['debug images: toolbox']],
    ['debug pods', virtual('use', 'debugpods', 'copy,node'), ['debug pods: copies of pods, on nodes']],
    ['emergencies', virtual('use', 'emergencies'), ['change what GitOps owns, in an emergency']],
    ['broad bindings', virtual('administer', 'bindings'), ['bind broad roles, in an emergency']],
    ['requests', virtual('request', 'accessrequests', 'debug-grant'), ['may request debug-grant']],
    ['requests that need no approval', virtual('take', 'accessrequests', 'break-glass'), ['has break-glass at once when requested']],
    ['approvals', virtual('approve', 'accessrequests', 'break-glass,debug-grant'), ['may approve break-glass, debug-grant']],
    ['timers', virtual('time', 'accessrequests'), ['start the timers of requests']],
    ['administration', virtual('administer', 'accessrequests'), ['write what governs requests and guardrails']],
    ['clean-up', virtual('expire', 'accessrequests'), ['end requests and grants']],
    ['several at once, after what is no matter of guardrails', [virtual('request,approve', 'accessrequests', 'debug-grant'), rule('delete', 'services')],
      ['delete services', 'may approve debug-grant', 'may request debug-grant']],
    ['a name where none is asked for gives nothing, and stays as it is', virtual('use', 'emergencies', 'now'), ['use emergencies.secure-debug.internal named now']],
    ['a wildcard stays as it is', virtual('*', 'commandsets'), ['any verb on commandsets.secure-debug.internal']],
    ['a resource that no guardrail knows stays as it is', virtual('use', 'constructor'), ['use constructor.secure-debug.internal']],
    ['a verb that no guardrail knows stays as it is', virtual('get', 'commandsets', 'x'), ['get commandsets.secure-debug.internal named x']],
  ])('%s', (_what, rules, words) => {
    expect(beyond(...[rules].flat())).toEqual(words);
  });

  it('every virtual right has words', () => {
    for (const { resource, verb } of Object.values(VIRTUAL)) {
      const all = beyond(virtual(verb, resource));
      expect(all.join()).not.toContain(VIRTUAL_GROUP);
    }
  });

  it('a command set that is allowed by ExecAccess is seen beside exec', () => {
    const chart = new Chart(new App(), 'test');
    new OnCallDebugAccess(chart, 'oncall', { namespace: 'payments', group: 'oncall', capabilities: [DebugCapability.EXEC] });
    new ExecAccess(chart, 'allowed', { namespace: 'payments', group: 'oncall', commandSets: ['diagnostics'], attach: AttachScope.DEBUG_CONTAINERS });
    const matrix = AccessMatrix.of(chart);
    expect(matrix.rows.map(({ otherRights }) => otherRights)).toEqual([['command sets: diagnostics', 'streams: attach to debug containers']]);
    expect(matrix.findings).toEqual([]);
    expect(matrix.toText()).toContain('command sets: diagnostics; streams: attach to debug containers');
    expect(matrix.toMarkdown()).toContain('`command sets: diagnostics`');
  });
});

function requests(props: Partial<NonNullable<JustInTimeAccessProps['requests']>> = {}, policy = true): AccessMatrix {
  const chart = new Chart(new App(), 'test');
  if (policy) new AccessRequestPolicy(chart, 'policy');
  new JustInTimeAccess(chart, 'jit', { namespace: 'payments', requests: { requesters: ['oncall'], approvers: ['leads'], ...props } });
  return AccessMatrix.of(chart);
}

describe('Roles that can be requested', () => {
  it('are rows of their own for the groups that may request them, and of nobody else', () => {
    const matrix = requests();
    expect(titles(matrix.rows)).toEqual(['Group leads @ payments', 'Group oncall @ payments', 'Group oncall @ payments as debug-grant']);
    const [leads, standing, onRequest] = matrix.rows;
    expect([heldBy(leads), heldBy(standing), heldBy(onRequest)]).toEqual([[], [], DebugCapability.onCallDefault().map(({ id }) => id)]);
    expect(leads.otherRights).toContain('may approve debug-grant');
    expect(standing.otherRights).toContain('may request debug-grant');
    expect(standing.otherRights).not.toContain('may approve debug-grant');
  });

  it('who may request a capability does not hold it', () => {
    const matrix = requests();
    expect(matrix.whoMay(DebugCapability.EXEC, 'payments')).toEqual([]);
    expect(matrix.whoMayRequest(DebugCapability.EXEC, 'payments')).toEqual(['Group oncall']);
    expect(matrix.whoMayRequest(DebugCapability.EXEC, 'ledger')).toEqual([]);
    expect(matrix.whoMayRequest(DebugCapability.POD_COPY, 'payments')).toEqual([]);
  });

  it.each<[string, Partial<NonNullable<JustInTimeAccessProps['requests']>>, string]>([
    ['one approval', {}, 'at most 1 hour, after 1 approval by Group leads'],
    ['approvals by several groups', { approvers: ['leads', 'sre'], approvals: 2, maxDuration: Duration.minutes(90) }, 'at most 90 minutes, after 2 approvals by Group leads or Group sre'],
    ['a quorum', { approvers: ['leads', 'sre'], approvals: 2, quorum: [{ group: 'leads', approvals: 1 }, { group: 'sre', approvals: 1 }] },
      'at most 1 hour, after 2 approvals by 1 of Group leads, 1 of Group sre'],
    ['at once', { autoApprove: ['oncall'], maxDuration: Duration.hours(2) }, 'at most 2 hours, at once'],
    ['another limit for the group', { maxDurationByGroup: [{ group: 'oncall', maxDuration: Duration.minutes(30) }] }, 'at most 30 minutes, after 1 approval by Group leads'],
  ])('tell their terms: %s', (_what, props, terms) => {
    const onRequest = requests(props).rows.filter(row => row.onRequest !== undefined);
    expect(onRequest.map(({ grantedBy }) => grantedBy)).toEqual([[`Role payments/debug-grant on request: ${terms}`]]);
  });

  it('every output says that it is on request, and on which terms', () => {
    const matrix = requests();
    for (const output of [matrix.toText(), matrix.toMarkdown(), matrix.toHtml()]) {
      expect(output.replace(/\s+/g, ' ')).toContain('on request as debug-grant');
      expect(output.replace(/\s+/g, ' ')).toContain('at most 1 hour, after 1 approval by Group leads');
    }
    expect(matrix.toSvg()).toContain('payments, on request as debug-grant');
  });

  it('break-glass is another Role, and tells what guardrails let through meanwhile', () => {
    const chart = new Chart(new App(), 'test');
    new AccessRequestPolicy(chart, 'policy');
    new BreakGlassAccess(chart, 'glass', { namespace: 'payments', requesters: ['oncall'], commandSets: ['everything'] });
    const onRequest = AccessMatrix.of(chart).rows[1];
    expect(titles([onRequest])).toEqual(['Group oncall @ payments as break-glass']);
    expect(onRequest.otherRights).toEqual([
      'change what GitOps owns, in an emergency', 'command sets: everything', 'streams: attach to any container, attach to debug containers, port-forward',
    ]);
    expect(onRequest.grantedBy).toEqual(['Role payments/break-glass on request: at most 1 hour, at once']);
  });

  it('a wildcard lets nobody request: the policy asks which Role gave the right', () => {
    const grantable = { ...role('payments', 'debug-grant', rule('get', 'pods')) };
    grantable.metadata.labels = { 'secure-debug.internal/requestable': 'true' };
    const rows = (...objects: any[]) => titles(AccessMatrix.fromManifests([grantable, ...objects]).rows);
    expect(rows(bindEverywhere('a', 'cluster-admin', group('admins')))).toEqual(['Group admins @ *']);
    expect(rows(clusterRole('r', rule('request', '*', VIRTUAL_GROUP)), bindEverywhere('b', 'r', user('alice')))).toEqual(['User alice @ *', 'User alice @ payments as debug-grant']);
    expect(rows(...held(virtual('request', 'accessrequests', 'other')))).toEqual(['Group oncall @ payments']);
    expect(rows(...heldEverywhere(virtual('request', 'accessrequests', 'debug-grant')))).toEqual(['Group oncall @ *', 'Group oncall @ payments as debug-grant']);
    expect(rows(role('ledger', 'r', virtual('request', 'accessrequests', 'debug-grant')), bind('ledger', 'b', 'r', group('oncall')))).toEqual(['Group oncall @ ledger']);
  });

  it('a Role whose label says otherwise cannot be requested', () => {
    const grantable = { ...role('payments', 'debug-grant', rule('get', 'pods')) };
    grantable.metadata.labels = { 'secure-debug.internal/requestable': 'false' };
    expect(titles(AccessMatrix.fromManifests([grantable, ...held(virtual('request', 'accessrequests', 'debug-grant'))]).rows)).toEqual(['Group oncall @ payments']);
  });
});

describe('the right to bind what can be requested', () => {
  const found = (matrix: AccessMatrix) => matrix.findings.map(({ id, who, detail }) => [id, who, detail]);
  const BIND = 'bind roles.rbac.authorization.k8s.io named debug-grant';

  it('is no finding where the policy that keeps requests to their terms is applied', () => {
    expect(found(requests()).filter(([id]) => id === 'SD5004')).toEqual([]);
  });

  const without = (change: (objects: any[]) => any[]) => {
    const chart = new Chart(new App(), 'test');
    new AccessRequestPolicy(chart, 'policy');
    new JustInTimeAccess(chart, 'jit', { namespace: 'payments', requests: { requesters: ['oncall'], approvers: ['leads'] } });
    return found(AccessMatrix.fromManifests(change(chart.toJson()))).filter(([id]) => id === 'SD5004');
  };
  const expected = [['SD5004', 'Group leads', BIND], ['SD5004', 'Group oncall', BIND]];

  it('is one where the policy is missing, for then anybody could be bound for ever', () => {
    expect(without(objects => objects.filter(({ kind }) => !kind.startsWith('Validating')))).toEqual(expected);
  });

  it('is one where only the binding of the policy is missing', () => {
    expect(without(objects => objects.filter(({ kind }) => kind !== 'ValidatingAdmissionPolicyBinding'))).toEqual(expected);
  });

  it('is one where the policy only watches', () => {
    expect(without(objects => objects.map(object => object.kind === 'ValidatingAdmissionPolicyBinding' ? { ...object, spec: { ...object.spec, validationActions: ['Audit'] } } : object))).toEqual(expected);
  });

  it('is one as far as another Role may be bound too', () => {
    const more: PolicyRule = rule('bind', 'roles', 'rbac.authorization.k8s.io', 'debug-grant,admin-ish');
    expect(without(objects => [...objects, role('payments', 'more', more), bind('payments', 'more', 'more', group('oncall'))]))
      .toEqual([['SD5004', 'Group oncall', 'bind roles.rbac.authorization.k8s.io named admin-ish']]);
  });
});
