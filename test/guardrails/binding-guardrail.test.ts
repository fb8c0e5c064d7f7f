import { App, Chart } from 'cdk8s';
import { BindingGuardrail, BindingGuardrailProps, GitOpsIdentity, GuardrailException, GuardrailMode, SecureDebugWarnings } from '../../src';
import { refusal } from '../private/refusal';

const ARGO = GuardrailException.serviceAccount('argocd', 'argocd-application-controller', 'deploys from Git');

function made(props?: BindingGuardrailProps) {
  const app = new App();
  const chart = new Chart(app, 'cluster');
  const guardrail = new BindingGuardrail(chart, 'bindings', props);
  const objects: any[] = chart.toJson();
  const policy = (name: string) => objects.find(({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata.name === name);
  return { guardrail, objects, policy, warnings: SecureDebugWarnings.of(app) };
}

describe('what one line makes', () => {
  const { objects, warnings, policy } = made();

  it('is three policies with their bindings, which watch', () => {
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['secure-debug-bindings', 'secure-debug-roles', 'secure-debug-identities']
      .flatMap(name => [`ValidatingAdmissionPolicy ${name}`, `ValidatingAdmissionPolicyBinding ${name}`]));
    objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding').forEach(({ spec }) => expect(spec.validationActions).toEqual(['Audit']));
    expect(warnings.map(({ id, message }) => `${id} ${message}`)).toEqual(['SD6001 A guardrail only watches: secure-debug-bindings, secure-debug-roles, secure-debug-identities.']);
  });

  it('holds in the whole cluster, and an error refuses', () => {
    objects.forEach(({ kind, spec }) => {
      if (kind === 'ValidatingAdmissionPolicy') expect(spec.failurePolicy).toBe('Fail');
      else expect(spec.matchResources).toBeUndefined();
    });
  });

  it('is about what gives rights, never about what takes them', () => {
    const operations = ['secure-debug-bindings', 'secure-debug-roles', 'secure-debug-identities'].flatMap(name => policy(name).spec.matchConstraints.resourceRules.flatMap((rule: any) => rule.operations));
    expect(new Set(operations)).toEqual(new Set(['CREATE', 'UPDATE']));
  });

  it('lets the control plane pass by name, and says why', () => {
    expect(policy('secure-debug-roles').metadata.annotations['secure-debug.internal/exceptions'].split('\n')).toEqual([
      'User system:apiserver: restores the built-in roles and their bindings when the API server starts',
      'User system:kube-controller-manager: runs the controllers, and gets the tokens they use',
      'User system:serviceaccount:kube-system:clusterrole-aggregation-controller: joins the ClusterRoles that are aggregated',
    ]);
  });

  it('every refusal is a 403', () => {
    objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy').forEach(({ spec }) => spec.validations.forEach((validation: any) => expect(validation.reason).toBe('Forbidden')));
  });

  it('asks the authorizer in one variable only, and in no message', () => {
    const { variables, validations } = policy('secure-debug-bindings').spec;
    expect(variables.filter(({ expression }: any) => expression.includes('authorizer')).map(({ name }: any) => name)).toEqual(['emergency']);
    validations.forEach(({ messageExpression }: any) => expect(messageExpression).not.toMatch(/emergency|authorizer/));
  });
});

it('WARN and DENY are what the bindings do', () => {
  const actions = (mode: GuardrailMode) => made({ mode, exceptions: [ARGO] }).objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding').map(({ spec }) => spec.validationActions);
  expect(actions(GuardrailMode.WARN)).toEqual([['Warn', 'Audit'], ['Warn', 'Audit'], ['Warn', 'Audit']]);
  expect(actions(GuardrailMode.DENY)).toEqual([['Deny', 'Audit'], ['Deny', 'Audit'], ['Deny', 'Audit']]);
  expect(made({ mode: GuardrailMode.DENY, exceptions: [ARGO] }).warnings).toEqual([]);
});

it('further broad roles stay data', () => {
  const { guardrail, policy } = made({ broadRoles: ['x\'] || true || \'', 'cluster-operator'] });
  expect(guardrail.broadRoles).toEqual(['admin', 'cluster-admin', 'cluster-operator', 'edit', 'x\'] || true || \'']);
  const broad = policy('secure-debug-bindings').spec.variables.find(({ name }: any) => name === 'broad').expression;
  expect(broad).toContain('["admin", "cluster-admin", "cluster-operator", "edit", "x\'] || true || \'"]');
});

it('what break-glass may be given is one right on a virtual resource', () => {
  expect(BindingGuardrail.breakGlassRule()).toEqual({ apiGroups: ['secure-debug.internal'], resources: ['bindings'], verbs: ['administer'] });
});

it('declared twice alike in one chart it is there once; otherwise it is an error', () => {
  const app = new App();
  const chart = new Chart(app, 'cluster');
  new BindingGuardrail(chart, 'one');
  new BindingGuardrail(chart, 'two');
  expect(chart.toJson()).toHaveLength(6);
  expect(() => new BindingGuardrail(chart, 'three', { broadRoles: ['cluster-operator'] })).toThrow('declares ValidatingAdmissionPolicy secure-debug-bindings a second time with different content');
});

describe('bad input is refused, with the fix', () => {
  it.each<[string, BindingGuardrailProps | any, string]>([
    ['nobody left who could change a binding', { mode: GuardrailMode.DENY },
      'BindingGuardrail: identities = undefined is empty, so nobody could change a broad binding any more, GitOps and the administrator included. Fix: name who applies what stands in Git, e.g. GitOpsIdentity.argoCd(), or an administrator in exceptions.'],
    ['empty lists', { mode: GuardrailMode.DENY, identities: [], exceptions: [] }, 'BindingGuardrail: identities = [] is empty'],
    ['an identity that is none', { identities: ['argocd'] }, 'BindingGuardrail: identities[0] = "argocd" is no GitOpsIdentity. Fix: use GitOpsIdentity.argoCd(), .flux() or .serviceAccount("namespace", "name").'],
    ['an identity as an exception again', { identities: [GitOpsIdentity.argoCd()], exceptions: [ARGO] }, 'is given twice'],
    ['the control plane as an exception', { exceptions: [GuardrailException.user('system:apiserver', 'twice')] }, 'BindingGuardrail: exceptions = "User system:apiserver" is given twice'],
    ['an exception that is none', { exceptions: ['argocd'] }, 'BindingGuardrail: exceptions[0] = "argocd" is no GuardrailException'],
    ['no further roles', { broadRoles: [] }, 'BindingGuardrail: broadRoles = [] is empty. Fix: give at least one ClusterRole.'],
    ['a wildcard for roles', { broadRoles: ['team-*'] }, 'BindingGuardrail: broadRoles[0] = "team-*" is a wildcard'],
    ['a role of the control plane', { broadRoles: ['system:node'] }, 'BindingGuardrail: broadRoles[0] = "system:node" begins with system:, and all of these are covered. Fix: leave it out.'],
    ['what is no name', { broadRoles: ['a/b'] }, 'BindingGuardrail: broadRoles[0] = "a/b" is not the name of a ClusterRole'],
    ['a role twice', { broadRoles: ['x', 'x'] }, 'BindingGuardrail: broadRoles[1] = "x" is listed twice'],
  ])('%s', (_what, props, message) => {
    expect(refusal(() => made(props))).toContain(message);
  });

  it('and nothing is synthesized then', () => {
    const app = new App();
    const chart = new Chart(app, 'cluster');
    expect(() => new BindingGuardrail(chart, 'bindings', { mode: GuardrailMode.DENY })).toThrow();
    expect(() => app.synth()).toThrow('nothing is synthesized');
  });
});
