import { FakeCluster } from './fake-cluster';

const P = 'secure-debug.internal/';
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const OURS = { 'app.kubernetes.io/managed-by': 'cdk8s-secure-debug' };

let cluster: FakeCluster;

/** A policy and its binding, as the constructs emit them. */
function guardrail(name: string, component: string, actions = ['Deny', 'Audit'], extra: { status?: object; annotations?: object } = {}) {
  const labels = { ...OURS, [`${P}component`]: component };
  const resources = name.endsWith('timers') ? ['jobs'] : name.endsWith('terms') ? ['roles', 'rolebindings'] : ['rolebindings'];
  cluster.put(`${ADMISSION}/validatingadmissionpolicies`, {
    metadata: { name, labels },
    status: extra.status,
    spec: { matchConstraints: { resourceRules: [{ resources }] }, ...name.endsWith('requests') && { paramKind: { kind: 'Role' } } },
  });
  cluster.put(`${ADMISSION}/validatingadmissionpolicybindings`, { metadata: { name, labels, annotations: extra.annotations }, spec: { policyName: name, validationActions: actions } });
}

const binding = (name: string) => cluster.objects.get(`${ADMISSION}/validatingadmissionpolicybindings/${name}`);
const actions = (name: string) => binding(name).spec.validationActions;

/** What the policies refuse when they are loaded. */
const decides = (name: string, resource: string) => ({ method, path }: { method: string; path: string }) => method === 'POST' && path.endsWith(`/${resource}`)
  ? { status: 403, message: `x is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: no` } : undefined;

beforeEach(async () => {
  cluster = await new FakeCluster([{ name: 'admin', groups: ['system:masters'] }]).start();
  guardrail('secure-debug-exec', 'exec-guardrail');
  guardrail('secure-debug-gitops', 'gitops-guardrail', ['Audit']);
  for (const name of ['requests', 'timers', 'terms']) guardrail(`secure-debug-${name}`, 'access-request-policy');
  cluster.put(`${ADMISSION}/validatingadmissionpolicybindings`, { metadata: { name: 'of-others' }, spec: { policyName: 'of-others', validationActions: ['Deny'] } });
});
afterEach(() => cluster.stop());

const REASON = ['--reason', 'INC-1: blocks the recovery'];

describe('guardrails off', () => {
  test('lets everything pass and records it, remembers what was, and writes who and why', async () => {
    const { code, stdout, stderr } = await cluster.as('admin', ['guardrails', 'off', 'exec', ...REASON]);
    expect(code).toBe(0);
    expect(binding('secure-debug-exec')).toMatchObject({
      metadata: { annotations: { [`${P}actions-before-off`]: 'Deny,Audit', [`${P}off-reason`]: 'admin: INC-1: blocks the recovery' } },
      spec: { policyName: 'secure-debug-exec', validationActions: ['Audit'] },
    });
    expect(stderr).toBe('TURNING OFF 1 guardrail, as admin: INC-1: blocks the recovery\n');
    expect(stdout).toMatch(/^OFF: secure-debug-exec refuses nothing now \(Audit\)\nIf GitOps manages them: with self-healing it turns them on again/);
    expect(stdout).toMatch(/Turn on again: {2}secure-debug guardrails on --reason REASON\n$/);
  });

  test('without names: all but those that contain rights people hold; those of others are left alone', async () => {
    const { code, stdout } = await cluster.as('admin', ['guardrails', 'off', ...REASON]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Left on: secure-debug-requests, secure-debug-terms, secure-debug-timers \(they contain rights/);
    expect(actions('secure-debug-exec')).toEqual(['Audit']);
    expect(actions('secure-debug-requests')).toEqual(['Deny', 'Audit']);
    expect(actions('of-others')).toEqual(['Deny']);
  });

  test('a policy of requests by name takes another word, or anybody could bind that Role', async () => {
    const refusal = await cluster.as('admin', ['guardrails', 'off', 'requests', ...REASON]);
    expect(refusal).toMatchObject({ code: 2, stderr: expect.stringMatching(/secure-debug-requests contain rights that people hold.*--including-requests/) });
    expect(actions('secure-debug-requests')).toEqual(['Deny', 'Audit']);
    expect((await cluster.as('admin', ['guardrails', 'off', 'requests', '--including-requests', ...REASON])).code).toBe(0);
    expect(actions('secure-debug-requests')).toEqual(['Audit']);
  });

  test('twice remembers the first', async () => {
    await cluster.as('admin', ['guardrails', 'off', 'exec', ...REASON]);
    await cluster.as('admin', ['guardrails', 'off', 'exec', '--reason', 'again']);
    expect(binding('secure-debug-exec').metadata.annotations[`${P}actions-before-off`]).toBe('Deny,Audit');
    expect(binding('secure-debug-exec').metadata.annotations[`${P}off-reason`]).toContain('INC-1');
  });

  test('what a GitOps controller turned on meanwhile is told as on, and is turned off again', async () => {
    await cluster.as('admin', ['guardrails', 'off', 'exec', ...REASON]);
    binding('secure-debug-exec').spec.validationActions = ['Deny', 'Audit'];
    expect((await cluster.as('admin', ['guardrails', 'status'])).stdout).toMatch(/secure-debug-exec: Deny, Audit;(?![^]*turned off)/);
    await cluster.as('admin', ['guardrails', 'off', 'exec', '--reason', 'INC-2: again']);
    expect(binding('secure-debug-exec').spec.validationActions).toEqual(['Audit']);
    expect(binding('secure-debug-exec').metadata.annotations).toMatchObject({ [`${P}actions-before-off`]: 'Deny,Audit', [`${P}off-reason`]: 'admin: INC-2: again' });
  });

  test.each([['argocd.argoproj.io/tracking-id', 'Argo CD manages them'], ['kustomize.toolkit.fluxcd.io/name', 'Flux manages them']])('%s: says what will turn it on again', async (key, says) => {
    guardrail('secure-debug-exec', 'exec-guardrail', ['Deny', 'Audit'], { annotations: { [key]: 'x' } });
    expect((await cluster.as('admin', ['guardrails', 'off', 'exec', ...REASON])).stdout).toContain(says);
  });

  test.each([
    [['off'], /--reason is missing: it goes into the audit log/],
    [['off', '--reason', 'a\u0000b'], /control characters/],
    [['off', 'bindings', ...REASON], /There is no guardrail bindings\. Fix: choose from: secure-debug-exec/],
    [['off', 'exec', '--mode', 'deny', ...REASON], /--mode deny turns nothing off/],
    [['on', '--mode', 'deny', ...REASON], /it wants names/],
    [['on', 'exec', '--mode', 'off', ...REASON], /--mode off is none/],
    [['on', 'requests', '--mode', 'warn', ...REASON], /refuse or are worth nothing/],
  ])('%j is wrong use', async (args, message) => {
    expect(await cluster.as('admin', ['guardrails', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(cluster.asked.filter(({ method }) => method === 'PATCH')).toEqual([]);
  });

  test('by somebody who may not: says whom to ask', async () => {
    cluster.refuse = ({ method }) => method === 'PATCH'
      ? { status: 403, message: 'x is forbidden: User "admin" cannot patch resource "validatingadmissionpolicybindings" in API group "admissionregistration.k8s.io" at the cluster scope' } : undefined;
    expect(await cluster.as('admin', ['guardrails', 'off', 'exec', ...REASON])).toMatchObject({ code: 1, stderr: expect.stringMatching(/admin may not patch validatingadmissionpolicybindings in the whole cluster/) });
  });
});

describe('guardrails on', () => {
  test('gives back what each did before, and forgets that it was off', async () => {
    await cluster.as('admin', ['guardrails', 'off', '--including-requests', ...REASON]);
    const { code, stdout } = await cluster.as('admin', ['guardrails', 'on', ...REASON]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ON: secure-debug-exec\n[\s\S]*It takes a moment/);
    expect([actions('secure-debug-exec'), actions('secure-debug-gitops'), actions('secure-debug-terms')]).toEqual([['Deny', 'Audit'], ['Audit'], ['Deny', 'Audit']]);
    expect(binding('secure-debug-exec').metadata.annotations).toEqual({});
  });

  test('does nothing to what is on', async () => {
    expect(await cluster.as('admin', ['guardrails', 'on', ...REASON])).toMatchObject({ code: 0, stdout: 'Nothing was off.\n' });
  });

  test('--mode goes a step further than before', async () => {
    await cluster.as('admin', ['guardrails', 'on', 'gitops', '--mode', 'deny', ...REASON]);
    expect(actions('secure-debug-gitops')).toEqual(['Deny', 'Audit']);
  });
});

describe('guardrails status', () => {
  test('says of each what it does, and whether it decides, by a dry run that it has to refuse', async () => {
    cluster.requestable('debug-grant', { 'max-seconds': '60' });
    cluster.refuse = asked => decides('secure-debug-requests', 'rolebindings')(asked) ?? decides('secure-debug-timers', 'jobs')(asked);
    const { code, stdout } = await cluster.as('admin', ['guardrails', 'status']);
    expect(stdout).toBe([
      'secure-debug-exec: Deny, Audit; no probe without effect',
      'secure-debug-gitops: Audit; refuses nothing in this mode',
      'secure-debug-requests: Deny, Audit; it decides (tried without effect)',
      'secure-debug-terms: Deny, Audit; no probe without effect',
      'secure-debug-timers: Deny, Audit; it decides (tried without effect)',
      '',
    ].join('\n'));
    expect(code).toBe(0);
    expect(cluster.asked.filter(({ method, path, query }) => method !== 'GET' && !path.includes('selfsubject') && !query.has('dryRun'))).toEqual([]);
  });

  test.each([
    ['refuses', 403, 'pods "secure-debug-canary" is forbidden: ValidatingAdmissionPolicy \'secure-debug-exec\' with binding \'b\' denied request: no', /secure-debug-exec: Deny, Audit; it decides/],
    ['passes', 404, 'pods "secure-debug-canary" not found', /secure-debug-exec: Deny, Audit; lets you pass: you are excepted, or it does not decide/],
    ['is no answer', 403, 'User "admin" cannot create resource "pods/exec" in API group "" in the namespace "payments"', /secure-debug-exec: Deny, Audit; no probe: admin may not create pods\/exec in namespace payments/],
  ])('the guardrail on exec is tried with a pod that there is not: %s', async (_, status, message, says) => {
    const exec = binding('secure-debug-exec');
    cluster.put(`${ADMISSION}/validatingadmissionpolicybindings`, {
      ...exec, spec: { ...exec.spec, matchResources: { namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['payments'] }] } } },
    });
    cluster.refuse = ({ path }) => path.endsWith('/exec') ? { status, message } : undefined;
    expect((await cluster.as('admin', ['guardrails', 'status', 'exec'])).stdout).toMatch(says);
    expect(cluster.asked.find(({ path }) => path.endsWith('/exec'))).toMatchObject({ method: 'POST', path: '/api/v1/namespaces/payments/pods/secure-debug-canary/exec' });
  });

  test('a policy that is there and lets everything pass is loud, and the status is 1', async () => {
    cluster.requestable('debug-grant', { 'max-seconds': '60' });
    const { code, stdout } = await cluster.as('admin', ['guardrails', 'status', 'requests']);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/secure-debug-requests: Deny, Audit; LETS PASS what it has to refuse/)]);
  });

  test.each([
    ['that is off', () => cluster.as('admin', ['guardrails', 'off', 'exec', ...REASON]), /secure-debug-exec: OFF \(Audit\)[\s\S]*turned off: admin: INC-1/],
    ['without a binding', () => cluster.objects.delete(`${ADMISSION}/validatingadmissionpolicybindings/secure-debug-exec`), /secure-debug-exec: NOT BOUND: decides nothing/],
    ['of which only the binding is left', () => cluster.objects.delete(`${ADMISSION}/validatingadmissionpolicies/secure-debug-exec`), /secure-debug-exec: POLICY MISSING/],
    ['whose types are wrong', () => guardrail('secure-debug-exec', 'exec-guardrail', ['Deny'], { status: { typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0]', warning: 'undeclared\u001b[2J' }] } } }), /type checking: spec\.validations\[0\]: undeclared\\u001b\[2J/],
  ])('a policy %s is told, and the status is 1', async (_, change, message) => {
    await change();
    expect(await cluster.as('admin', ['guardrails', 'status'])).toMatchObject({ code: 1, stdout: expect.stringMatching(message) });
  });

  test('Roles that can be requested without the policies that hold them are a danger', async () => {
    cluster.requestable('debug-grant', { 'max-seconds': '60' });
    for (const kind of ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']) cluster.objects.delete(`${ADMISSION}/${kind}/secure-debug-requests`);
    const { code, stdout } = await cluster.as('admin', ['guardrails', 'status', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).problems).toEqual(['DANGER: Roles can be requested in payments, and secure-debug-requests is not there to hold requests to their terms.']);
  });

  test('a cluster without any', async () => {
    cluster.objects.clear();
    expect((await cluster.as('admin', ['guardrails', 'status'])).stdout).toBe('This cluster has no guardrails of cdk8s-secure-debug.\n');
    expect(await cluster.as('admin', ['guardrails', 'off', ...REASON])).toMatchObject({ code: 1, stderr: expect.stringMatching(/There is no guardrail to turn off/) });
  });
});
