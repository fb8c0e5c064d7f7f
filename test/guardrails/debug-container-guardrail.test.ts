import { App, Chart } from 'cdk8s';
import {
  ClusterBoundary, Command, CommandSet, DebugContainerAccess, DebugContainerGuardrail, DebugContainerGuardrailProps, DebugImage, GuardrailException,
  GuardrailMode, PodSecurityLevel, SecureDebugWarnings,
} from '../../src';
import { applied, bytes, newChart, title } from '../access/cluster';
import { refusal } from '../private/refusal';

const BUSYBOX = new DebugImage('busybox', { repository: 'docker.io/library/busybox', tags: ['1.36'], commands: [Command.exact('id')] });
const SHELL = new DebugImage('shell', { repository: 'docker.io/library/busybox', tags: ['1.36'], ownEntrypoint: true, tty: true, stdin: true, shellReason: 'incidents' });
const GOOD: DebugContainerGuardrailProps = { namespaces: ['payments'], images: [BUSYBOX] };
const allow = { namespace: 'payments', group: 'oncall-payments', images: ['busybox'] };

const make = (props: Partial<DebugContainerGuardrailProps>, chart = newChart()) => {
  new DebugContainerGuardrail(chart, 'containers', { ...GOOD, ...props });
  return applied(chart);
};
const policy = (props: Partial<DebugContainerGuardrailProps> = {}) => make(props).find(object => object.kind === 'ValidatingAdmissionPolicy');
const variable = (props: Partial<DebugContainerGuardrailProps>, name: string): string =>
  policy(props).spec.variables.find((one: any) => one.name === name).expression;

describe('what it emits', () => {
  it('is one policy and its binding, and a Role and RoleBinding for each group in each namespace', () => {
    const objects = make({ namespaces: ['payments', 'orders'], allow: [{ ...allow, namespace: undefined, namespaces: ['payments', 'orders'] }] });
    expect(objects.map(title)).toEqual([
      'ValidatingAdmissionPolicy secure-debug-containers', 'ValidatingAdmissionPolicyBinding secure-debug-containers',
      'Role orders/debug-container-oncall-payments', 'RoleBinding orders/debug-container-oncall-payments',
      'Role payments/debug-container-oncall-payments', 'RoleBinding payments/debug-container-oncall-payments',
    ]);
  });

  it('sees debug containers of everybody, and pods that no controller writes', () => {
    const { spec } = policy();
    expect(spec.failurePolicy).toBe('Fail');
    expect(spec.matchConstraints).toEqual({
      resourceRules: [
        { apiGroups: [''], apiVersions: ['*'], operations: ['UPDATE'], resources: ['pods/ephemeralcontainers'], scope: '*' },
        { apiGroups: [''], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: ['pods'], scope: '*' },
      ],
    });
    const [{ name, expression }] = spec.matchConditions;
    expect(name).toBe('debug-container-or-by-people');
    expect(expression).toMatch(/^\(has\(request\.subResource\) && request\.subResource == 'ephemeralcontainers'\) \|\| !request\.userInfo\.username\.matches\("(.*)"\)$/);
    const controllers = new RegExp(/matches\("(.*)"\)/.exec(expression)![1]);
    for (const user of ['system:serviceaccount:kube-system:replicaset-controller', 'system:node:node-1', 'system:kube-controller-manager']) expect(user).toMatch(controllers);
    for (const user of ['alice', 'kubernetes-admin', 'system:admin', 'system:anonymous', 'x system:node:y', 'system:nodes']) expect(user).not.toMatch(controllers);
  });

  it('refuses with 403, whatever it refuses', () => {
    expect(new Set(policy({ requireTarget: true }).spec.validations.map((validation: any) => validation.reason))).toEqual(new Set(['Forbidden']));
  });

  it('never asks the authorizer in a message, where the API server has none and would refuse everything', () => {
    const { variables, validations } = policy({ images: [BUSYBOX, SHELL], requireTarget: true }).spec;
    const expressions = new Map<string, string>(variables.map((one: any) => [one.name, one.expression]));
    const asks = (expression: string): boolean =>
      expression.includes('authorizer') || [...expression.matchAll(/variables\.(\w+)/g)].some(([, name]) => asks(expressions.get(name)!));
    expect(validations.some((validation: any) => asks(validation.expression))).toBe(true);
    for (const { messageExpression: text } of validations) expect({ text, asks: asks(text) }).toEqual({ text, asks: false });
  });

  it('asks the authorizer once in a variable of its own, and 26 times at most', () => {
    const images = Array.from({ length: 24 }, (_, i) => new DebugImage(`image-${i}`, { repository: 'docker.io/library/busybox', tags: ['1.36'], commands: [Command.exact('id')] }));
    const { variables } = policy({ images }).spec;
    const asking = variables.filter((one: any) => one.expression.includes('authorizer'));
    expect(asking).toHaveLength(26);
    for (const { expression } of asking) expect(expression.split('authorizer')).toHaveLength(2);
  });

  it('uses no variable before it is defined', () => {
    const { variables, validations } = policy({ images: [BUSYBOX, SHELL], requireTarget: true, level: PodSecurityLevel.RESTRICTED }).spec;
    const seen = new Set<string>();
    const used = (expression = '') => [...expression.matchAll(/variables\.(\w+)/g)].map(([, name]) => name);
    for (const { name, expression } of variables) {
      for (const one of used(expression)) expect({ in: name, defined: seen.has(one) ? one : undefined }).toEqual({ in: name, defined: one });
      seen.add(name);
    }
    for (const one of validations) for (const name of [...used(one.expression), ...used(one.messageExpression)]) expect(seen).toContain(name);
  });

  it('grants rights on resources that exist in no API, by name', () => {
    const [role] = make({ allow: [{ ...allow, copies: true, nodes: true }] }).filter(object => object.kind === 'Role');
    expect(role.rules).toEqual([
      { apiGroups: ['secure-debug.internal'], resources: ['debugimages'], verbs: ['use'], resourceNames: ['busybox'] },
      { apiGroups: ['secure-debug.internal'], resources: ['debugpods'], verbs: ['use'], resourceNames: ['copy', 'node'] },
    ]);
  });

  it.each([[undefined, ['Audit']], [GuardrailMode.WARN, ['Warn', 'Audit']], [GuardrailMode.DENY, ['Deny', 'Audit']]])('in mode %s acts by %j', (mode, actions) => {
    expect(make({ mode }).find(object => object.kind === 'ValidatingAdmissionPolicyBinding').spec.validationActions).toEqual(actions);
  });

  it('keeps who is excepted and why', () => {
    const { metadata, spec } = policy({ exceptions: [GuardrailException.serviceAccount('tools', 'profiler', 'profiles pods')] });
    expect(metadata.annotations).toEqual({ 'secure-debug.internal/exceptions': 'User system:serviceaccount:tools:profiler: profiles pods' });
    expect(spec.matchConditions[1]).toEqual({ name: 'no-excepted-user', expression: '!(request.userInfo.username in ["system:serviceaccount:tools:profiler"])' });
  });

  it('asks for a target only where one is required', () => {
    const messages = (requireTarget?: boolean) => policy({ requireTarget }).spec.validations.map((validation: any) => validation.message);
    expect(messages(true)).toContain('a debug container needs a target');
    expect(messages()).not.toContain('a debug container needs a target');
  });

  it('is the same in whatever order it is declared', () => {
    const build = (props: Partial<DebugContainerGuardrailProps>) => {
      const chart = newChart();
      for (const id of ['SD6001', 'SD6002', 'SD6020', 'SD6021']) SecureDebugWarnings.acknowledge(chart, id, 'a test');
      new DebugContainerGuardrail(chart, 'containers', { ...GOOD, ...props });
      return bytes(chart);
    };
    const one = { ...allow, namespace: 'a', images: ['shell', 'busybox'], nodes: true, copies: true };
    expect(build({ namespaces: ['a', 'b'], images: [SHELL, BUSYBOX], allow: [one] })).toBe(build({ namespaces: ['b', 'a'], images: [BUSYBOX, SHELL], allow: [{ ...one, images: ['busybox', 'shell'] }] }));
  });
});

describe('levels', () => {
  it('baseline is the default, and leaves root', () => {
    expect(policy().spec).toEqual(policy({ level: PodSecurityLevel.BASELINE }).spec);
    expect(variable({}, 'beyond')).toContain('privileged');
    expect(variable({}, 'beyond')).not.toContain('runAsNonRoot');
  });
  it('restricted asks for all that the standard asks of a container', () => {
    const text = variable({ level: PodSecurityLevel.RESTRICTED }, 'beyond');
    for (const field of ['privileged', 'procMount', 'seLinuxOptions', 'appArmorProfile', 'hostProcess', 'allowPrivilegeEscalation', 'drop', 'runAsNonRoot', 'runAsUser', 'seccompProfile']) expect(text).toContain(field);
  });
  it('privileged asks for nothing', () => {
    for (const name of ['beyond', 'adds']) expect(variable({ level: PodSecurityLevel.PRIVILEGED }, name)).toBe('[]');
  });
});

describe('it warns', () => {
  const warnings = (props: Partial<DebugContainerGuardrailProps>) => {
    const chart = newChart();
    new DebugContainerGuardrail(chart, 'containers', { ...GOOD, mode: GuardrailMode.DENY, ...props });
    return SecureDebugWarnings.of(chart).map(({ id, message }) => `${id} ${message}`);
  };
  it('that it only watches', () => expect(warnings({ mode: undefined })).toEqual(['SD6001 A guardrail only watches: secure-debug-containers in payments.']));
  it('of a shell', () => expect(warnings({ images: [SHELL] })).toEqual(['SD6002 A command set contains a shell: debug image shell, because: incidents.']));
  it('of copies and nodes', () => expect(warnings({ allow: [{ ...allow, copies: true, nodes: true }] })).toEqual([
    'SD6020 People may copy pods: in payments, to oncall-payments.', 'SD6021 Debug containers may reach the node: pods on nodes in payments, to oncall-payments.',
  ]));
  it('of the level privileged', () => expect(warnings({ level: PodSecurityLevel.PRIVILEGED })).toEqual(['SD6021 Debug containers may reach the node: the level privileged in payments.']));
  it('of capabilities that reach the node, not of others', () => {
    const image = (...capabilities: string[]) => new DebugImage('x', { repository: 'docker.io/library/busybox', tags: ['1.36'], commands: [Command.exact('id')], capabilities });
    expect(warnings({ images: [image('SYS_PTRACE', 'SYS_ADMIN')] })).toEqual(['SD6021 Debug containers may reach the node: debug image x with SYS_ADMIN.']);
    expect(warnings({ images: [image('SYS_PTRACE')] })).toEqual([]);
  });
});

describe('wrong input is refused', () => {
  it.each<[string, any, string | RegExp]>([
    ['no image', { images: [] }, 'images = [] is empty, so no debug container at all would be allowed. Fix: give at least one, e.g. new DebugImage("busybox", { … }).'],
    ['a reference in place of an image', { images: ['docker.io/library/busybox:1.36'] }, /^images\[0\] = "docker\.io\/library\/busybox:1\.36" is no DebugImage\. Fix: use new DebugImage/],
    ['two images of one name', { images: [BUSYBOX, BUSYBOX] }, 'images[1] = "busybox" is the name of two images. Fix: give one of them another name.'],
    ['25 images', { images: Array.from({ length: 25 }, (_, i) => new DebugImage(`image-${i}`, { repository: 'docker.io/library/busybox', tags: ['1.36'], commands: [Command.exact('id')] })) },
      /^images = "25 images" are more than the 24 that one admission policy can ask the authorizer about\. Fix: /],
    ['no namespace', { namespaces: [] }, 'namespaces = [] is empty. Fix: give at least one namespace.'],
    ['the control plane', { namespaces: ['kube-system'] }, /^namespaces\[0\] = "kube-system" is a system namespace/],
    ['a level that there is not', { level: 'strict' }, 'level = "strict" is no level of the Pod Security Standards. Fix: use PodSecurityLevel.BASELINE, RESTRICTED or PRIVILEGED.'],
    ['an image that there is not', { allow: [{ ...allow, images: ['netshoot'] }] }, 'allow[0].images = "netshoot" is no debug image of this guardrail. Fix: use one of busybox, or add it to images.'],
    ['an image in place of its name', { allow: [{ ...allow, images: [BUSYBOX] }] }, /^allow\[0\]\.images = .* are the images themselves\. Fix: give their names, e\.g\. image\.name\.$/],
    ['a namespace that is not guarded', { allow: [{ ...allow, namespace: 'orders' }] }, 'allow[0].namespaces = "orders" is not guarded here, so the allowance would mean nothing. Fix: add it to the namespaces of the guardrail.'],
    ['an allowance of nothing', { allow: [{ namespace: 'payments', group: 'oncall' }] },
      'allow[0].images = undefined is missing, and neither copies nor nodes are allowed: nobody would be allowed anything. Fix: name a debug image.'],
    ['nodes without an image', { allow: [{ namespace: 'payments', group: 'oncall', nodes: true }] },
      'allow[0].nodes = true is given without images, and a pod on a node runs a debug image. Fix: name the debug images too.'],
    ['an allowance to everybody', { allow: [{ ...allow, group: 'system:authenticated' }] }, /^allow\[0\]\.group = "system:authenticated" is a Kubernetes system group/],
    ['a name that is no label', { name: 'My policy' }, /^name = "My policy" is not a DNS label/],
  ])('%s', (_what, props, told) => {
    const message = refusal(() => make(props)).replace(/^DebugContainerGuardrail: /, '');
    if (typeof told === 'string') expect(message).toBe(told); else expect(message).toMatch(told);
  });

  it('and nothing is synthesized when the error is swallowed', () => {
    const chart = newChart();
    expect(() => make({ images: [] }, chart)).toThrow();
    expect(() => (chart.node.root as App).synthYaml()).toThrow(/DebugContainerGuardrail: .* was refused, so nothing is synthesized/);
  });

  it('too many commands for one expression', () => {
    const commands = Array.from({ length: 1200 }, (_, i) => Command.exact('inspect', 'x'.repeat(70), String(i)));
    expect(refusal(() => make({ images: [new DebugImage('huge', { repository: 'docker.io/library/busybox', tags: ['1.36'], commands })] }))).toMatch(/needs an expression of \d+ characters/);
  });
});

describe('two guardrails of one cluster', () => {
  it('over one namespace are refused, since each would refuse what the other allows', () => {
    const chart = newChart();
    make({}, chart);
    expect(refusal(() => new DebugContainerGuardrail(chart, 'again', { ...GOOD, name: 'other' }))).toMatch(/^DebugContainerGuardrail: namespaces = "payments" is guarded by "chart\/containers" already/);
  });
  it('of two clusters may be alike', () => {
    const app = new App();
    for (const id of ['staging', 'production']) {
      const chart = new Chart(app, id);
      ClusterBoundary.at(chart);
      new DebugContainerGuardrail(chart, 'containers', GOOD);
    }
    expect(app.charts.flatMap(chart => chart.toJson())).toHaveLength(4);
  });
});

describe('DebugContainerAccess', () => {
  it('emits the same Role as an allowance of the guardrail, so the team may declare it in its own app', () => {
    const chart = newChart();
    new DebugContainerAccess(chart, 'x', { ...allow, copies: true });
    expect(applied(chart)).toEqual(make({ allow: [{ ...allow, copies: true }] }).slice(2));
    expect(SecureDebugWarnings.of(chart).map(({ id }) => id)).toEqual(['SD6020']);
  });
  it('may allow copies alone', () => {
    const chart = newChart();
    new DebugContainerAccess(chart, 'x', { namespace: 'payments', group: 'oncall', copies: true });
    expect(applied(chart)[0].rules).toEqual([{ apiGroups: ['secure-debug.internal'], resources: ['debugpods'], verbs: ['use'], resourceNames: ['copy'] }]);
  });
  it.each([[{ ...allow, images: [] }, 'DebugContainerAccess: images = [] is empty. Fix: give at least one debug image.'],
    [{ ...allow, images: ['docker.io/x:1'] }, /^DebugContainerAccess: images\[0\] = "docker\.io\/x:1" is not a DNS label/]])(
    '%j is refused', (props, told) => expect(refusal(() => new DebugContainerAccess(newChart(), 'x', props))).toMatch(told));
});

it('command sets of an exec guardrail can be shared with debug images, and their shells are warned of', () => {
  const image = new DebugImage('tools', { repository: 'docker.io/library/busybox', tags: ['1.36'], commandSets: [CommandSet.readOnlyDiagnostics(), CommandSet.shell()] });
  expect(image.shellReasons).toEqual(['an interactive shell is what this set is for']);
});
