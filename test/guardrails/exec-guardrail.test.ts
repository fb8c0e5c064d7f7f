import { App, Chart } from 'cdk8s';
import {
  AttachScope, ClusterBoundary, Command, CommandSet, ExecAccess, ExecGuardrail, ExecGuardrailProps, GuardrailException, GuardrailMode,
  SecureDebugWarnings,
} from '../../src';
import { applied, bytes, newChart, title } from '../access/cluster';
import { refusal } from '../private/refusal';

const DIAGNOSTICS = CommandSet.readOnlyDiagnostics();
const GOOD: ExecGuardrailProps = { namespaces: ['payments'], commandSets: [DIAGNOSTICS] };
const allow = { namespace: 'payments', group: 'oncall-payments', commandSets: ['diagnostics'] };

const make = (props: Partial<ExecGuardrailProps>, chart = newChart()) => {
  new ExecGuardrail(chart, 'exec', { ...GOOD, ...props });
  return applied(chart);
};
const of = (objects: any[], kind: string) => objects.find(object => object.kind === kind);

describe('what it emits', () => {
  it('is one policy and its binding, and a Role and RoleBinding for each group in each namespace', () => {
    const objects = make({ namespaces: ['payments', 'orders'], allow: [{ ...allow, namespace: undefined, namespaces: ['payments', 'orders'], group: undefined, groups: ['oncall', 'leads'] }] });
    expect(objects.map(title)).toEqual([
      'ValidatingAdmissionPolicy secure-debug-exec', 'ValidatingAdmissionPolicyBinding secure-debug-exec',
      'Role orders/debug-exec-leads', 'RoleBinding orders/debug-exec-leads', 'Role orders/debug-exec-oncall', 'RoleBinding orders/debug-exec-oncall',
      'Role payments/debug-exec-leads', 'RoleBinding payments/debug-exec-leads', 'Role payments/debug-exec-oncall', 'RoleBinding payments/debug-exec-oncall',
    ]);
  });

  it('sees every way into a container, whatever the version of the API', () => {
    const { spec } = of(make({}), 'ValidatingAdmissionPolicy');
    expect(spec.failurePolicy).toBe('Fail');
    expect(spec.matchConstraints).toEqual({
      resourceRules: [{ apiGroups: [''], apiVersions: ['*'], operations: ['CONNECT'], resources: ['nodes/proxy', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'], scope: '*' }],
    });
    expect(spec.validations.map((validation: any) => validation.reason)).toEqual(Array(6).fill('Forbidden'));
  });

  it('selects namespaces by the label that nobody can change, for others can be', () => {
    expect(of(make({}), 'ValidatingAdmissionPolicyBinding').spec.matchResources).toEqual({
      namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['payments'] }] },
    });
  });

  it.each([[undefined, ['Audit']], [GuardrailMode.AUDIT, ['Audit']], [GuardrailMode.DENY, ['Deny', 'Audit']]])('in mode %s acts by %j', (mode, actions) => {
    expect(of(make({ mode }), 'ValidatingAdmissionPolicyBinding').spec.validationActions).toEqual(actions);
  });

  it('never asks the authorizer in a message, where the API server has none and would refuse everything', () => {
    const { variables, validations } = of(make({}), 'ValidatingAdmissionPolicy').spec;
    const asking = variables.filter((variable: any) => variable.expression.includes('authorizer')).map((variable: any) => `variables.${variable.name}`);
    expect(asking.length).toBeGreaterThan(0);
    for (const { messageExpression } of validations) for (const variable of ['authorizer', ...asking]) expect(`${messageExpression} `).not.toMatch(new RegExp(`${variable}\\b`));
  });

  it('asks the authorizer once in a variable of its own, since one expression may ask twice only', () => {
    for (const { expression } of of(make({}), 'ValidatingAdmissionPolicy').spec.variables) expect(expression.split('authorizer').length).toBeLessThanOrEqual(2);
  });

  it('grants rights on resources that exist in no API, by name', () => {
    const [role] = make({ allow: [{ ...allow, attach: AttachScope.DEBUG_CONTAINERS, portForward: true }] }).filter(object => object.kind === 'Role');
    expect(role.rules).toEqual([
      { apiGroups: ['secure-debug.internal'], resources: ['commandsets'], verbs: ['use'], resourceNames: ['diagnostics'] },
      { apiGroups: ['secure-debug.internal'], resources: ['streams'], verbs: ['use'], resourceNames: ['attach-debugger', 'port-forward'] },
    ]);
  });

  it('keeps who is excepted and why, sorted', () => {
    const { metadata, spec } = of(make({ exceptions: [GuardrailException.serviceAccount('velero', 'server', 'hooks'), GuardrailException.group('dba', 'dumps'), GuardrailException.user('bob', 'tests')] }), 'ValidatingAdmissionPolicy');
    expect(metadata.annotations).toEqual({ 'secure-debug.internal/exceptions': 'Group dba: dumps\nUser bob: tests\nUser system:serviceaccount:velero:server: hooks' });
    expect(spec.matchConditions).toEqual([
      { name: 'no-excepted-user', expression: '!(request.userInfo.username in ["bob", "system:serviceaccount:velero:server"])' },
      { name: 'in-no-excepted-group', expression: '!(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in ["dba"]))' },
    ]);
  });

  it('is the same in whatever order it is declared', () => {
    const sets = [DIAGNOSTICS, CommandSet.shell(), CommandSet.copyFrom('/var/log')];
    const build = (props: Partial<ExecGuardrailProps>) => {
      const chart = newChart();
      SecureDebugWarnings.acknowledge(chart, 'SD6001', 'a test');
      SecureDebugWarnings.acknowledge(chart, 'SD6002', 'a test');
      new ExecGuardrail(chart, 'exec', { ...GOOD, ...props });
      return bytes(chart);
    };
    expect(build({ namespaces: ['a', 'b'], commandSets: sets, allow: [{ ...allow, namespace: 'a', commandSets: ['shell', 'diagnostics'] }] }))
      .toBe(build({ namespaces: ['b', 'a'], commandSets: [...sets].reverse(), allow: [{ ...allow, namespace: 'a', commandSets: ['diagnostics', 'shell'] }] }));
  });

  it('names the Role of a group that is no label by a hash, so that two groups never share one', () => {
    const roles = make({ allow: ['jit:oncall:payments', 'jit-oncall-payments', 'JIT:oncall:payments'].map(group => ({ ...allow, group })) }).filter(object => object.kind === 'Role').map(object => object.metadata.name);
    expect(roles).toHaveLength(3);
    expect(new Set(roles).size).toBe(3);
    for (const name of roles) expect(name).toMatch(/^debug-exec-jit-oncall-payments(-[0-9a-f]{8})?$/);
  });
});

describe('it warns', () => {
  const warnings = (props: Partial<ExecGuardrailProps>) => {
    const chart = newChart();
    new ExecGuardrail(chart, 'exec', { ...GOOD, ...props });
    return SecureDebugWarnings.of(chart).map(({ id, message }) => `${id} ${message}`);
  };
  it('that it only watches', () => expect(warnings({})).toEqual(['SD6001 A guardrail only watches: secure-debug-exec in payments.']));
  it('of a shell', () => expect(warnings({ mode: GuardrailMode.DENY, commandSets: [CommandSet.shell()] })).toEqual([
    'SD6002 A command set contains a shell: command set shell, because: an interactive shell is what this set is for.',
  ]));
  it('of nothing else', () => expect(warnings({ mode: GuardrailMode.DENY })).toEqual([]));
});

describe('wrong input is refused', () => {
  const tell = (props: any) => refusal(() => make(props));
  it.each<[string, any, string | RegExp]>([
    ['no command set', { commandSets: [] }, 'commandSets = [] is empty, so no command at all would be allowed. Fix: give at least one, e.g. CommandSet.readOnlyDiagnostics().'],
    ['a name in place of a set', { commandSets: ['diagnostics'] }, 'commandSets[0] = "diagnostics" is no CommandSet. Fix: use CommandSet.readOnlyDiagnostics() or new CommandSet("name", { commands: […] }).'],
    ['two sets of one name', { commandSets: [DIAGNOSTICS, new CommandSet('diagnostics', { commands: [Command.exact('ls')] })] }, 'commandSets[1] = "diagnostics" is the name of two sets. Fix: give one of them another name.'],
    ['25 sets', { commandSets: Array.from({ length: 25 }, (_, i) => new CommandSet(`set-${i}`, { commands: [Command.exact('ls')] })) },
      'commandSets = "25 sets" are more than the 24 that one admission policy can ask the authorizer about. Fix: join sets that the same groups use.'],
    ['WARN', { mode: GuardrailMode.WARN }, 'mode = "Warn" would warn nobody: clients show no warning of exec, attach and port-forward. Fix: use GuardrailMode.AUDIT, then GuardrailMode.DENY.'],
    ['no namespace', { namespaces: [] }, 'namespaces = [] is empty. Fix: give at least one namespace.'],
    ['every namespace', { namespaces: ['*'] }, 'namespaces[0] = "*" is a wildcard. Fix: list each one by its name.'],
    ['the control plane', { namespaces: ['kube-system'] },
      'namespaces[0] = "kube-system" is a system namespace: what runs there can act on the whole cluster. Fix: name an application namespace, or set allowSystemNamespaces: true if this is really meant.'],
    ['a set that there is not', { allow: [{ ...allow, commandSets: ['shell'] }] }, 'allow[0].commandSets = "shell" is no command set of this guardrail. Fix: use one of diagnostics, or add it to commandSets.'],
    ['a set in place of its name', { allow: [{ ...allow, commandSets: [DIAGNOSTICS] }] }, /^allow\[0\]\.commandSets = .* are the sets themselves\. Fix: give their names, e\.g\. set\.name\.$/],
    ['a namespace that is not guarded', { allow: [{ ...allow, namespace: 'orders' }] }, 'allow[0].namespaces = "orders" is not guarded here, so the allowance would mean nothing. Fix: add it to the namespaces of the guardrail.'],
    ['an allowance of nothing', { allow: [{ namespace: 'payments', group: 'oncall' }] },
      'allow[0].commandSets = undefined is missing, and no stream is allowed either: nobody would be allowed anything. Fix: name a command set, or allow attach, portForward or proxy.'],
    ['an allowance to nobody', { allow: [{ namespace: 'payments', commandSets: ['diagnostics'] }] }, 'allow[0].group = undefined is missing. Fix: name the group, e.g. group: "oncall-payments".'],
    ['an allowance to everybody', { allow: [{ ...allow, group: 'system:authenticated' }] },
      'allow[0].group = "system:authenticated" is a Kubernetes system group, which stands for more than a team. Fix: name a group of your identity provider, such as "oncall-payments".'],
    ['an allowance nowhere', { allow: [{ group: 'oncall', commandSets: ['diagnostics'] }] }, 'allow[0].namespace = undefined is missing. Fix: name the namespace, e.g. namespace: "payments".'],
    ['group and groups', { allow: [{ ...allow, groups: ['x'] }] }, 'allow[0].group = "oncall-payments" is given beside allow[0].groups. Fix: use one of the two.'],
    ['an exception that is a name', { exceptions: ['bob'] }, 'exceptions[0] = "bob" is no GuardrailException. Fix: use GuardrailException.user("…", "why"), .group or .serviceAccount.'],
    ['an exception twice', { exceptions: [GuardrailException.user('bob', 'a'), GuardrailException.user('bob', 'b')] }, 'exceptions = "User bob" is given twice. Fix: name each once.'],
    ['a name that is no label', { name: 'My policy' }, /^name = "My policy" is not a DNS label/],
  ])('%s', (_what, props, told) => {
    const message = tell(props).replace(/^ExecGuardrail: /, '');
    if (typeof told === 'string') expect(message).toBe(told); else expect(message).toMatch(told);
  });

  it.each<[string, () => unknown, string]>([
    ['an exception for everybody', () => GuardrailException.group('system:authenticated', 'x'),
      'GuardrailException: group = "system:authenticated" holds everybody, so nothing would be guarded. Fix: name the group that is meant, or leave the guardrail out.'],
    ['an exception without a reason', () => GuardrailException.user('bob', ''), 'GuardrailException: reason = "" is empty. Fix: give a reason in a few words, e.g. "API calls to the ledger".'],
    ['an exception for every user', () => GuardrailException.user('*', 'x'), 'GuardrailException: user = "*" is a wildcard. Fix: list each one by its name.'],
  ])('%s', (_what, act, told) => expect(refusal(act)).toBe(told));

  it('too many commands for one expression', () => {
    const commands = Array.from({ length: 1200 }, (_, i) => Command.exact('inspect', 'x'.repeat(70), String(i)));
    expect(tell({ commandSets: [new CommandSet('huge', { commands })] })).toMatch(
      /^ExecGuardrail: name = "secure-debug-exec" needs an expression of \d+ characters, and the API server takes 100000\. Fix: divide the longest list \(commands of a set, images\) into two\.$/);
  });

  it('too many commands for one policy', () => {
    const commandSets = Array.from({ length: 24 }, (_, set) => new CommandSet(`set-${set}`, { commands: Array.from({ length: 500 }, (_unused, i) => Command.exact('inspect', 'x'.repeat(70), String(i))) }));
    expect(tell({ commandSets })).toMatch(/^ExecGuardrail: name = "secure-debug-exec" needs \d+ bytes of expressions, and a policy holds 1000000\. Fix: guard some of the namespaces with a guardrail of another name\.$/);
  });
});

describe('two guardrails of one cluster', () => {
  it('over one namespace are refused, since each would refuse what the other allows', () => {
    const chart = newChart();
    make({}, chart);
    expect(refusal(() => new ExecGuardrail(chart, 'again', { ...GOOD, name: 'other' })))
      .toBe('ExecGuardrail: namespaces = "payments" is guarded by "chart/exec" already, and both would have to allow a request. Fix: join the two, or divide the namespaces among them.');
  });
  it('over different namespaces stand side by side, under two names', () => {
    const chart = newChart();
    make({}, chart);
    new ExecGuardrail(chart, 'again', { namespaces: ['orders'], commandSets: [DIAGNOSTICS], name: 'other' });
    expect(applied(chart).map(title)).toContain('ValidatingAdmissionPolicy other');
  });
  it('of two clusters may be alike', () => {
    const app = new App();
    for (const id of ['staging', 'production']) {
      const chart = new Chart(app, id);
      ClusterBoundary.at(chart);
      new ExecGuardrail(chart, 'exec', GOOD);
    }
    expect(app.charts.flatMap(chart => chart.toJson())).toHaveLength(4);
  });
});

describe('ExecAccess', () => {
  it('emits the same Role as an allowance of the guardrail, so the team may declare it in its own app', () => {
    const chart = newChart();
    new ExecAccess(chart, 'x', allow);
    expect(applied(chart)).toEqual(make({ allow: [allow] }).slice(2));
  });
  it.each([[{ ...allow, commandSets: [] }, 'ExecAccess: commandSets = [] is empty. Fix: give at least one command set.'],
    [{ namespace: 'payments', group: 'oncall' }, 'ExecAccess: commandSets = undefined is missing, and no stream is allowed either: nobody would be allowed anything. Fix: name a command set, or allow attach, portForward or proxy.']])(
    '%j is refused', (props, told) => expect(refusal(() => new ExecAccess(newChart(), 'x', props))).toBe(told));
});
