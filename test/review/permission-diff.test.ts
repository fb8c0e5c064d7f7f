import { Duration } from 'cdk8s';
import { chart, exec, oncall, PAIRS, pods } from './pairs';
import { bind, bindEverywhere, group, held, RBAC, role, rule } from './rbac';
import { HOSTILE } from './sample';
import {
  AccessRequestPolicy, BindingGuardrail, CommandSet, Danger, ExecGuardrail, ExecGuardrailProps, GuardrailException, GuardrailMode, JustInTimeAccess,
  PermissionChangeKind, PermissionDiff,
} from '../../src';
import { VIRTUAL_GROUP } from '../../src/model/virtual-rights';

const requests = (props: object = {}) => chart(scope => {
  new AccessRequestPolicy(scope, 'policy');
  new JustInTimeAccess(scope, 'jit', { namespace: 'payments', requests: { requesters: ['oncall'], approvers: ['leads'], ...props } });
});
const guarded = (props: Partial<ExecGuardrailProps> = {}) => chart(scope => {
  new ExecGuardrail(scope, 'exec', { namespaces: ['payments', 'ledger'], commandSets: [CommandSet.readOnlyDiagnostics()], mode: GuardrailMode.DENY, ...props });
});
const bindingsGuarded = (mode: GuardrailMode) => chart(scope => {
  new BindingGuardrail(scope, 'b', { mode, exceptions: [GuardrailException.group('platform', 'administers the cluster')] });
});
const exists = (kind: string, change: (object: any) => any) => (objects: any[]) =>
  objects.map(object => object.kind === kind ? change(JSON.parse(JSON.stringify(object))) : object);

/** `critical gained SD5001: In payments, Group oncall may now …`. */
function told(before: any[], after: any[]): string[] {
  return PermissionDiff.between(before, after).changes.map(({ kind, id, danger, text }) => `${danger} ${kind} ${id}: ${text}`);
}

describe('pull requests, and what they change', () => {
  it.each(PAIRS)('%s', (_what, before, after, expected) => {
    expect(told(before, after)).toEqual(expected);
    expect(told(after, after)).toEqual([]);
    // What one direction opens the other closes.
    expect(PermissionDiff.between(after, before).changes).toHaveLength(expected.length);
  });

  it('the path says by which binding and role', () => {
    const [change] = PermissionDiff.between(held(pods), [...held(pods), role('payments', 'more', exec), bind('payments', 'more', 'more', oncall)]).changes;
    expect(change).toEqual({
      kind: PermissionChangeKind.GAINED,
      id: 'exec',
      danger: Danger.HIGH,
      who: 'Group oncall',
      where: 'payments',
      what: 'may now exec',
      text: 'In payments, Group oncall may now exec',
      through: ['RoleBinding payments/more → Role more'],
    });
  });
});

describe('access on request', () => {
  it.each<[string, any[], any[], string[]]>([
    ['longer', requests(), requests({ maxDuration: Duration.hours(4) }), [
      'high gained request-terms: On request as debug-grant, in payments, Group oncall may have it on other terms: at most 4 hours, after 1 approval by Group leads; before: at most 1 hour, after 1 approval by Group leads',
    ]],
    ['with more approvals', requests(), requests({ approvals: 2 }), [
      'high lost request-terms: On request as debug-grant, in payments, Group oncall may have it on other terms: at most 1 hour, after 2 approvals by Group leads; before: at most 1 hour, after 1 approval by Group leads',
    ]],
    ['with another capability', requests({ commandSets: ['diagnostics'] }), requests({ commandSets: ['diagnostics', 'shell'] }), [
      'high gained guardrail-rights: On request as debug-grant, in payments, Group oncall may now use, through guardrails: command sets: shell',
    ]],
  ])('%s', (_what, before, after, expected) => {
    expect(told(before, after)).toEqual(expected);
  });

  it('a group that may request is told with what it may have, and nothing of it is held', () => {
    const changes = PermissionDiff.between(requests(), requests({ requesters: ['oncall', 'sre'] })).changes;
    expect(changes.filter(({ id }) => id === 'exec').map(({ text }) => text)).toEqual(['On request as debug-grant, in payments, Group sre may now exec']);
    expect(changes.filter(({ id }) => id === 'guardrail-rights').map(({ where, what }) => [where, what])).toContainEqual(['payments', 'may now use, through guardrails: may request debug-grant']);
    expect(changes.filter(({ id }) => id === 'SD5004')).toEqual([]);
  });

  it('without the policy, whoever may request can bind the Role to anybody', () => {
    const after = requests().filter(({ metadata: { name } }) => name !== 'secure-debug-requests');
    expect(told(requests(), after)).toEqual([
      'critical guardrail-weakened guardrail: Guardrail secure-debug-requests is removed',
      'critical gained SD5004: In payments, Group leads may now raise rights: bind roles.rbac.authorization.k8s.io named debug-grant',
      'critical gained SD5014: In payments, Group oncall may now create pods by their controllers: create jobs.batch',
      'critical gained SD5004: In payments, Group oncall may now raise rights: bind roles.rbac.authorization.k8s.io named debug-grant',
    ]);
  });
});

describe('guardrails', () => {
  const exception = GuardrailException.user('robot', 'collects core dumps');
  it.each<[string, any[], any[], string[]]>([
    ['one that refused only watches', guarded(), guarded({ mode: GuardrailMode.AUDIT }), ['high guardrail-weakened guardrail: Guardrail secure-debug-exec does Audit instead of Audit and Deny']],
    ['one that watched refuses', guarded({ mode: GuardrailMode.AUDIT }), guarded(), ['high guardrail-strengthened guardrail: Guardrail secure-debug-exec does Audit and Deny instead of Audit']],
    ['it is removed', guarded(), [], ['high guardrail-weakened guardrail: Guardrail secure-debug-exec is removed']],
    ['it is new', [], guarded(), ['high guardrail-strengthened guardrail: Guardrail secure-debug-exec is new: Audit and Deny']],
    ['its binding is forgotten', guarded(), guarded().filter(({ kind }) => kind !== 'ValidatingAdmissionPolicyBinding'),
      ['high guardrail-weakened guardrail: Guardrail secure-debug-exec is no longer bound, so it holds nowhere']],
    ['it fails open', guarded(), exists('ValidatingAdmissionPolicy', one => ({ ...one, spec: { ...one.spec, failurePolicy: 'Ignore' } }))(guarded()),
      ['high guardrail-weakened guardrail: Guardrail secure-debug-exec lets pass what it cannot judge']],
    ['a namespace is left out', guarded(), guarded({ namespaces: ['payments'] }), ['high guardrail-weakened guardrail: Guardrail secure-debug-exec no longer holds in ledger']],
    ['a namespace is added', guarded({ namespaces: ['payments'] }), guarded(), ['high guardrail-strengthened guardrail: Guardrail secure-debug-exec now holds in ledger too']],
    ['somebody is excepted', guarded(), guarded({ exceptions: [exception] }), [`high guardrail-weakened guardrail: Guardrail secure-debug-exec now lets pass ${exception}`]],
    ['nobody is excepted any more; its expressions have to be read, for anything may be in them', guarded({ exceptions: [exception] }), guarded(), [
      'high guardrail-changed guardrail: Guardrail secure-debug-exec is written in another way',
      `high guardrail-strengthened guardrail: Guardrail secure-debug-exec no longer lets pass ${exception}`,
    ]],
    ['a condition is slipped in', guarded(), exists('ValidatingAdmissionPolicy', one => ({ ...one, spec: { ...one.spec, matchConditions: [...one.spec.matchConditions ?? [], { name: 'x', expression: 'false' }] } }))(guarded()),
      ['high guardrail-weakened guardrail: Guardrail secure-debug-exec skips requests by a condition that is new or different']],
    ['a resource is no longer looked at', guarded(), exists('ValidatingAdmissionPolicy', one => {
      one.spec.matchConstraints.resourceRules.forEach((matched: any) => { matched.resources = matched.resources.filter((name: string) => name !== 'pods/attach'); });
      return one;
    })(guarded()), ['high guardrail-weakened guardrail: Guardrail secure-debug-exec no longer looks at CONNECT pods/attach']],
    ['a command set is written otherwise', guarded(), guarded({ commandSets: [CommandSet.readOnlyDiagnostics(), CommandSet.shell()] }), [
      'high guardrail-changed guardrail: Guardrail secure-debug-exec refuses by another rule: "the command is in none of the command sets diagnostics, shell" instead of "the command is in none of the command sets diagnostics"',
    ]],
    ['a validation is dropped', guarded(), exists('ValidatingAdmissionPolicy', one => ({ ...one, spec: { ...one.spec, validations: one.spec.validations.slice(1) } }))(guarded()),
      [`high guardrail-weakened guardrail: Guardrail secure-debug-exec no longer refuses because: ${guarded()[0].spec.validations[0].message}`]],
    ['a validation of the same message lets everything pass', guarded(), exists('ValidatingAdmissionPolicy', one => ({
      ...one, spec: { ...one.spec, validations: one.spec.validations.map((validation: object) => ({ ...validation, expression: 'true' })) },
    }))(guarded()), ['high guardrail-changed guardrail: Guardrail secure-debug-exec is written in another way']],
    ['what guards bindings weighs more', bindingsGuarded(GuardrailMode.DENY), bindingsGuarded(GuardrailMode.WARN), [
      'critical guardrail-weakened guardrail: Guardrail secure-debug-bindings does Audit and Warn instead of Audit and Deny',
      'critical guardrail-weakened guardrail: Guardrail secure-debug-identities does Audit and Warn instead of Audit and Deny',
      'critical guardrail-weakened guardrail: Guardrail secure-debug-roles does Audit and Warn instead of Audit and Deny',
    ]],
  ])('%s', (_what, before, after, expected) => {
    expect(told(before, after).filter(text => text.includes(' guardrail: '))).toEqual(expected);
    expect(told(after, after)).toEqual([]);
  });
});

describe('for a pipeline', () => {
  const diff = PermissionDiff.between([...held(pods), bindEverywhere('old', 'cluster-admin', group('contractors'))], held(pods, exec, rule('delete', 'services')));

  it('the exit status follows the worst of what is opened; what is closed never counts', () => {
    expect([diff.worst, diff.exitStatus(Danger.CRITICAL), diff.exitStatus(Danger.HIGH), diff.exitStatus(Danger.LOW)]).toEqual([Danger.HIGH, 0, 1, 1]);
    const closed = PermissionDiff.between(held(exec), []);
    expect([closed.worst, closed.exitStatus(Danger.LOW), closed.opening]).toEqual([undefined, 0, []]);
    expect(closed.changes.length).toBeGreaterThan(0);
  });

  it('Markdown has what is opened in a table, and folds what is closed', () => {
    expect(diff.toMarkdown()).toBe([
      '## What people may do: changes',
      '',
      '**More is allowed**: 1 high, 1 medium.',
      '',
      '| Danger | Who | Where | What | Through |',
      '| --- | --- | --- | --- | --- |',
      '| 🟧 high | `Group oncall` | `payments` | `may now exec` | `RoleBinding payments/b → Role r` |',
      '| 🟨 medium | `Group oncall` | `payments` | `may now delete services` | `RoleBinding payments/b → Role r` |',
      '',
      '<details>',
      '<summary>Less is allowed: 1 change</summary>',
      '',
      '| Danger | Who | Where | What | Through |',
      '| --- | --- | --- | --- | --- |',
      '| 🟥 critical | `Group contractors` | `whole cluster` | `may no longer do everything` | `ClusterRoleBinding old → ClusterRole cluster-admin` |',
      '',
      '</details>',
      '',
      'Read from the manifests: RBAC, requests and admission policies.',
      '',
    ].join('\n'));
    expect(PermissionDiff.between([], []).toMarkdown()).toContain('Nothing more is allowed than before.');
  });

  it('SARIF has one result for each, with the file of the binding or the role', () => {
    const { version, runs: [run] } = diff.toSarif([{ object: 'Role payments/r', file: 'manifests/pay ments.yaml', line: 7 }]);
    expect(version).toBe('2.1.0');
    expect(run.tool.driver.rules.map(({ id, properties }: any) => [id, properties['security-severity']])).toEqual([['exec', '8.0'], ['other-rights', '5.0']]);
    expect(run.results).toEqual([
      expect.objectContaining({
        ruleId: 'exec',
        ruleIndex: 0,
        level: 'error',
        message: { text: 'In payments, Group oncall may now exec' },
        locations: [{
          physicalLocation: { artifactLocation: { uri: 'manifests/pay%20ments.yaml' }, region: { startLine: 7 } },
          logicalLocations: [{ fullyQualifiedName: 'Role payments/r', kind: 'resource' }, { fullyQualifiedName: 'RoleBinding payments/b', kind: 'resource' }],
        }],
      }),
      expect.objectContaining({ ruleId: 'other-rights', level: 'warning' }),
    ]);
    expect(diff.toSarif().runs[0].results[0].locations[0]).not.toHaveProperty('physicalLocation');
  });

  it('every kind of result has a rule that explains it', () => {
    const everything = PermissionDiff.between([...guarded(), ...requests()], [
      ...requests({ maxDuration: Duration.hours(3), commandSets: ['x'] }), ...held(rule('get', 'secrets'), rule('use', 'commandsets', VIRTUAL_GROUP, 'a'), rule('delete', 'services')), bind('payments', 'v', 'ClusterRole view', oncall),
      bind('payments', 'none', 'r', { kind: 'Robot', name: 'r2' }),
    ]);
    const { rules } = everything.toSarif().runs[0].tool.driver;
    expect(rules.map(({ id }: any) => id)).toEqual(['SD5003', 'SD5009', 'SD5012', 'guardrail', 'guardrail-rights', 'other-rights', 'request-terms']);
    for (const { shortDescription, help } of rules) expect([shortDescription.text, help.text]).toEqual([expect.any(String), expect.any(String)]);
  });

  it.each(HOSTILE.map(text => [JSON.stringify(text), text]))('%s as a name can neither forge Markdown nor a link in SARIF', (_shown, text) => {
    const hostile = PermissionDiff.between([], [role('payments', text, exec, pods), { ...bind('payments', text, 'r', group(text)), roleRef: { kind: 'Role', name: text } }]);
    const markdown = hostile.toMarkdown();
    const rows = markdown.split('\n').filter(line => line.startsWith('| 🟧'));
    expect(rows).toHaveLength(1);
    // Five columns, whatever the name: nothing of it is a pipe, a tag or an emphasis.
    expect(rows[0].split('|')).toHaveLength(7);
    const inert = rows[0].replace(/`[A-Za-z0-9.,:;/@()=+ →-]+`/g, '').replace(/<code>(?:[A-Za-z0-9 →\u0080-\uffff]|&#\d+;)*<\/code>/g, '').replace(/<br>/g, '');
    expect(inert).toBe('| 🟧 high |  |  |  |  |');
    const sarif = hostile.toSarif().runs[0].results[0].message.text;
    expect(sarif.replace(/\\[\\[\]]/g, '')).not.toMatch(/[[\]\\]/);
    // eslint-disable-next-line no-control-regex -- control characters are what it looks for
    expect(sarif).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b\u202e\u2066\ufeff]/);
  });
});

it('manifests that hold nonsense are compared as far as they can be read', () => {
  const odd: any[] = [
    null, 1, 'x', {}, { kind: 'List' }, { kind: 'List', items: [null, { kind: 'List', items: 'x' }] }, { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: null, rules: [null, 'x', { verbs: 'get' }] },
    { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { annotations: 7, labels: [] }, subjects: [null, { kind: 3 }], roleRef: null },
    { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', spec: { matchConstraints: { resourceRules: [{ apiGroups: 'x' }, null] }, validations: 'x', matchConditions: [null] } },
    { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'x' }, spec: { validationActions: 'Deny', matchResources: { namespaceSelector: { matchExpressions: [{}] } } } },
    { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', spec: null },
  ];
  for (const [before, after] of [[odd, []], [[], odd], [odd, odd]]) {
    const diff = PermissionDiff.between(before, after);
    expect([typeof diff.toMarkdown(), diff.toSarif().version]).toEqual(['string', '2.1.0']);
  }
  expect(PermissionDiff.between(odd, odd).changes).toEqual([]);
});
