import { App, Chart } from 'cdk8s';
import { ClusterBoundary, GitOpsGuardrail, GitOpsGuardrailProps, GitOpsIdentity, GuardrailException, GuardrailMode, SecureDebugWarnings } from '../../src';
import { refusal } from '../private/refusal';

const ARGO = GitOpsIdentity.argoCd();

function made(props: Partial<GitOpsGuardrailProps> | any = {}) {
  const app = new App();
  const chart = new Chart(app, 'cluster');
  const guardrail = new GitOpsGuardrail(chart, 'gitops', { namespaces: ['payments'], identities: [ARGO], ...props });
  const objects: any[] = chart.toJson();
  return { guardrail, objects, policy: objects[0], binding: objects[1], warnings: SecureDebugWarnings.of(app).map(({ id, message }) => `${id} ${message}`) };
}

describe('what two lines make', () => {
  const { guardrail, objects, policy, binding, warnings } = made();
  const matched: { apiGroups: string[]; resources: string[]; operations: string[] }[] = policy.spec.matchConstraints.resourceRules;

  it('is one policy with its binding, which watches the namespaces', () => {
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['ValidatingAdmissionPolicy secure-debug-gitops', 'ValidatingAdmissionPolicyBinding secure-debug-gitops']);
    expect(binding.spec.validationActions).toEqual(['Audit']);
    expect(binding.spec.matchResources.namespaceSelector.matchExpressions).toEqual([{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['payments'] }]);
    expect(warnings).toEqual(['SD6001 A guardrail only watches: secure-debug-gitops in payments.']);
  });

  it('guards what commonly stands in Git, its deletion and its scale included', () => {
    expect(guardrail.kinds).toHaveLength(15);
    expect(matched.find(({ apiGroups }) => apiGroups[0] === 'apps')!.resources).toEqual(['daemonsets', 'deployments', 'deployments/scale', 'statefulsets', 'statefulsets/scale']);
    matched.forEach(({ operations }) => expect(operations).toEqual(['CREATE', 'UPDATE', 'DELETE']));
  });

  it('leaves alone what programs write, what access requests are made of, and the status', () => {
    const resources = matched.flatMap(rule => rule.resources);
    for (const free of ['secrets', 'jobs', 'pods', 'replicasets', 'endpointslices', 'rolebindings', 'events', 'leases']) expect(resources).not.toContain(free);
    resources.forEach(resource => expect(resource).not.toMatch(/status|\*/));
  });

  it('lets the identity pass by name, and the control plane', () => {
    expect(policy.metadata.annotations['secure-debug.internal/exceptions']).toBe('User system:serviceaccount:argocd:argocd-application-controller: Argo CD applies what stands in Git');
    expect(policy.spec.matchConditions.map(({ name }: any) => name)).toEqual(['no-excepted-user', 'no-controller', 'no-control-plane', 'no-kubelet']);
  });

  it('only break-glass is an emergency', () => {
    expect(policy.spec.variables[0].expression).toBe('\'^RBAC: allowed by RoleBinding "[^"/]+/\' + request.namespace + \'" of Role "break-glass(?:-[a-z0-9-]+)?" to \'');
  });

  it('asks the authorizer neither for a message nor for the audit event', () => {
    expect(policy.spec.auditAnnotations.map(({ key }: any) => key)).toEqual(['past-git']);
    [policy.spec.auditAnnotations[0].valueExpression, ...policy.spec.validations.map(({ messageExpression }: any) => messageExpression)].forEach(text => expect(text).not.toMatch(/authorizer|variables\.emergency/));
  });
});

it('a custom resource may have a scale', () => {
  const { policy } = made({ kinds: [...GitOpsGuardrail.defaultKinds(), 'rollouts.argoproj.io'] });
  expect(policy.spec.matchConstraints.resourceRules.find((rule: any) => rule.apiGroups[0] === 'argoproj.io').resources).toEqual(['rollouts', 'rollouts/scale']);
});

it('what is returned as default is a copy', () => {
  GitOpsGuardrail.defaultKinds().pop();
  expect(GitOpsGuardrail.defaultKinds()).toHaveLength(15);
});

it('several identities, and operators', () => {
  const { policy } = made({ mode: GuardrailMode.DENY, identities: [GitOpsIdentity.flux(), GitOpsIdentity.argoCd('gitops'), GitOpsIdentity.serviceAccount('ci', 'deployer')], exceptions: [GuardrailException.group('storage-admins', 'resize claims')] });
  expect(policy.metadata.annotations['secure-debug.internal/exceptions'].split('\n').map((line: string) => line.split(': ')[0])).toEqual([
    'Group storage-admins',
    'User system:serviceaccount:ci:deployer',
    'User system:serviceaccount:flux-system:helm-controller',
    'User system:serviceaccount:flux-system:kustomize-controller',
    'User system:serviceaccount:gitops:argocd-application-controller',
  ]);
});

it('an identity says who it is', () => {
  expect([`${ARGO}`, `${GitOpsIdentity.flux()}`]).toEqual([
    'system:serviceaccount:argocd:argocd-application-controller',
    'system:serviceaccount:flux-system:helm-controller, system:serviceaccount:flux-system:kustomize-controller',
  ]);
});

it('two clusters may guard one namespace each', () => {
  const app = new App();
  for (const id of ['staging', 'production']) {
    const chart = new Chart(app, id);
    ClusterBoundary.at(chart);
    new GitOpsGuardrail(chart, 'gitops', { namespaces: ['payments'], identities: [ARGO] });
    expect(chart.toJson()).toHaveLength(2);
  }
});

describe('bad input is refused, with the fix', () => {
  it.each<[string, any, string]>([
    ['no namespace', { namespaces: [] }, 'GitOpsGuardrail: namespaces = [] is empty'],
    ['a system namespace', { namespaces: ['kube-system'] }, 'is a system namespace'],
    ['no identity', { identities: [] }, 'GitOpsGuardrail: identities = [] is empty, so nothing could be deployed any more. Fix: name who applies what stands in Git, e.g. GitOpsIdentity.argoCd().'],
    ['a name as identity', { identities: ['argocd'] }, 'GitOpsGuardrail: identities[0] = "argocd" is no GitOpsIdentity'],
    ['an identity twice', { identities: [ARGO, GitOpsIdentity.argoCd()] }, 'is given twice'],
    ['no kinds', { kinds: [] }, 'GitOpsGuardrail: kinds = [] is empty'],
    ['every kind', { kinds: ['*'] }, 'GitOpsGuardrail: kinds[0] = "*" is a wildcard'],
    ['a kind without its group', { kinds: ['deployments'] }, 'GitOpsGuardrail: kinds[0] = "deployments" lacks its API group, so nothing would be guarded. Fix: write deployments.apps.'],
    ['the name of a kind', { kinds: ['Deployment'] }, 'GitOpsGuardrail: kinds[0] = "Deployment" lacks its API group, so nothing would be guarded. Fix: write deployments.apps.'],
    ['what is no kind', { kinds: ['Config Map'] }, 'GitOpsGuardrail: kinds[0] = "Config Map" is no kind'],
    ['a subresource', { kinds: ['deployments/scale'] }, 'GitOpsGuardrail: kinds[0] = "deployments/scale" is no kind'],
    ['a kind twice', { kinds: ['services', 'services'] }, 'GitOpsGuardrail: kinds[1] = "services" is listed twice'],
    ['what access requests are', { kinds: ['rolebindings.rbac.authorization.k8s.io'] }, 'is what access requests are made of, so nobody could ask for access any more. Fix: leave it out; BindingGuardrail and AccessRequestPolicy guard these.'],
    ['what timers of grants are', { kinds: ['jobs.batch'] }, 'is what access requests are made of'],
    ['a bad name', { name: 'GitOps' }, 'GitOpsGuardrail: name = "GitOps" is not a DNS label'],
  ])('%s', (_what, props, message) => {
    expect(refusal(() => made(props))).toContain(message);
  });

  it('two guardrails over one namespace', () => {
    const chart = new Chart(new App(), 'cluster');
    new GitOpsGuardrail(chart, 'one', { namespaces: ['payments'], identities: [ARGO] });
    expect(refusal(() => new GitOpsGuardrail(chart, 'two', { namespaces: ['payments', 'search'], identities: [ARGO], name: 'other' }))).toContain('is guarded by "cluster/one" already');
  });

  it.each<[string, () => GitOpsIdentity, string]>([
    ['a namespace of an identity', () => GitOpsIdentity.argoCd('Argo CD'), 'namespace = "Argo CD" is not a DNS label'],
    ['a name of an identity', () => GitOpsIdentity.serviceAccount('ci', '*'), 'serviceAccount = "*" is a wildcard'],
  ])('%s', (_what, act, message) => {
    expect(refusal(act)).toContain(message);
  });
});
