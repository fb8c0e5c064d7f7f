import { App, Chart, Cron, Duration } from 'cdk8s';
import { CertificateAccess, DebugContainerCleanup, GuardrailCanary, GuardrailCanaryProps, GuardrailProbe } from '../../src';
import { refusal } from '../private/refusal';

const ALL = () => [GuardrailProbe.accessRequests(), GuardrailProbe.bindings(), GuardrailProbe.exec('payments'), GuardrailProbe.gitOps('payments'), GuardrailProbe.debugContainers()];

function made(props: Partial<GuardrailCanaryProps> | any = {}) {
  const chart = new Chart(new App(), 'cluster');
  const canary = new GuardrailCanary(chart, 'canary', { probes: ALL(), ...props });
  const objects: any[] = chart.toJson();
  const find = (kind: string, name?: string) => objects.find(object => object.kind === kind && (name === undefined || object.metadata.name === name));
  return { canary, objects, find, config: JSON.parse(find('ConfigMap').data['config.json']) };
}

describe('what one line makes', () => {
  const { canary, objects, find, config } = made();

  it('is a CronJob, a gate, what they run, and places where nothing runs', () => {
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? '-'}/${metadata.name}`)).toEqual([
      'Namespace -/secure-debug',
      'ServiceAccount secure-debug/guardrail-canary',
      'ConfigMap secure-debug/guardrail-canary',
      'NetworkPolicy secure-debug/guardrail-canary',
      'Namespace -/secure-debug-canary',
      'ResourceQuota secure-debug-canary/nothing-runs-here',
      'Namespace -/secure-debug-canary-requests',
      'ResourceQuota secure-debug-canary-requests/nothing-runs-here',
      'Role secure-debug-canary/secure-debug-canary',
      'Role secure-debug-canary-requests/secure-debug-canary',
      'Role secure-debug-canary-requests/debug-grant-canary',
      'ClusterRole -/guardrail-canary',
      'ClusterRoleBinding -/guardrail-canary',
      ...['payments', 'secure-debug', 'secure-debug-canary', 'secure-debug-canary-requests'].flatMap(ns => [`Role ${ns}/guardrail-canary`, `RoleBinding ${ns}/guardrail-canary`]),
      'CronJob secure-debug/guardrail-canary',
      'Job secure-debug/guardrail-canary-gate',
    ]);
  });

  it('asks each policy once', () => {
    expect(canary.policies).toEqual(['bindings', 'containers', 'exec', 'gitops', 'identities', 'requests', 'roles', 'terms', 'timers'].map(name => `secure-debug-${name}`));
    expect(config.probes.map(({ policy }: any) => policy)).toEqual(canary.policies);
  });

  it('every request that could write something is a dry run', () => {
    const paths: string[] = config.probes.flatMap(({ path }: any) => path ?? []);
    expect(paths).toHaveLength(8);
    paths.forEach(path => expect(path).toMatch(path.includes('/exec?') ? /pods\/secure-debug-canary\/exec\?/ : /\?dryRun=All$/));
  });

  it('may do nothing that is of use: it creates, by what has no right, where a quota lets nothing run', () => {
    const rules = objects.filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'guardrail-canary').map(({ metadata, rules: of }) =>
      [metadata.namespace, of.map((rule: any) => `${rule.verbs} ${rule.resources}${rule.resourceNames ? ` ${rule.resourceNames}` : ''}`)]);
    expect(Object.fromEntries(rules)).toEqual({
      'payments': ['create pods/exec secure-debug-canary', 'create roles'],
      'secure-debug': ['get cronjobs guardrail-canary', 'create events'],
      'secure-debug-canary': ['create secrets', 'create jobs', 'create rolebindings,roles'],
      'secure-debug-canary-requests': ['create rolebindings'],
    });
    ['secure-debug-canary', 'debug-grant-canary'].forEach(name => expect(find('Role', name).rules).toEqual([]));
    expect(find('ResourceQuota').spec.hard).toEqual({ 'count/jobs.batch': '0', 'count/secrets': '0', 'pods': '0' });
    expect(find('ClusterRole').rules.map((rule: any) => rule.verbs)).toEqual([['get']]);
  });

  it('runs between the policies and what only they contain', () => {
    const wave = (object: any) => object.metadata.annotations['argocd.argoproj.io/sync-wave'];
    objects.forEach(object => expect(wave(object)).toBe(object.kind === 'Job' ? '-1' : '-2'));
    expect(find('Job').metadata.annotations).toMatchObject({
      'argocd.argoproj.io/hook': 'Sync', 'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation', 'kustomize.toolkit.fluxcd.io/force': 'enabled',
    });
  });

  it('is the same workload as the clean-up, restricted and pinned', () => {
    const pod = find('CronJob').spec.jobTemplate.spec.template.spec;
    expect(pod.containers[0].image).toBe(DebugContainerCleanup.DEFAULT_IMAGE);
    expect(pod.containers[0].args).toEqual(['/opt/guardrail-canary/guardrail-canary.js', '/opt/guardrail-canary/config.json', '/var/run/secrets/kubernetes.io/serviceaccount']);
    expect(pod.securityContext.runAsNonRoot).toBe(true);
    expect(find('Job').spec).toEqual(find('CronJob').spec.jobTemplate.spec);
    expect(Object.keys(find('ConfigMap').data).sort()).toEqual(['config.json', 'guardrail-canary.js', 'kubernetes.js']);
  });
});

it('a namespace that others declare too is there first, whoever declares it first', () => {
  const both = (declare: ((chart: Chart) => unknown)[]) => {
    const chart = new Chart(new App(), 'cluster');
    declare.forEach(one => one(chart));
    return chart.toJson().filter((object: any) => object.kind === 'Namespace' && object.metadata.name === 'secure-debug');
  };
  const canary = (chart: Chart) => new GuardrailCanary(chart, 'canary', { probes: ALL() });
  const cleanup = (chart: Chart) => new DebugContainerCleanup(chart, 'gc', { namespaces: ['payments'] });
  for (const namespaces of [both([canary, cleanup]), both([cleanup, canary])]) {
    expect(namespaces.map(({ metadata }: any) => metadata.annotations)).toEqual([{ 'argocd.argoproj.io/sync-wave': '-2' }]);
  }
});

it('each part can be said', () => {
  const { find, config, objects } = made({
    probes: [GuardrailProbe.exec('search', 'exec-search')], schedule: Cron.hourly(), retry: Duration.seconds(30), gate: false, name: 'watch', jobNamespace: 'platform', apiServerCidrs: ['10.0.0.1/32'], apiServerPorts: [6443],
  });
  expect(config).toEqual({ cronJob: 'watch', namespace: 'platform', retrySeconds: 30, probes: [{ policy: 'exec-search', path: '/api/v1/namespaces/search/pods/secure-debug-canary/exec?command=secure-debug-canary&stdout=true', body: undefined }] });
  expect(find('CronJob').spec.schedule).toBe('0 * * * *');
  expect(find('CronJob').spec.jobTemplate.spec.activeDeadlineSeconds).toBe(150);
  expect(objects.map(({ kind }) => kind)).not.toEqual(expect.arrayContaining(['Job']));
  expect(objects.filter(({ kind }) => kind === 'Namespace')).toEqual([]);
});

it('reads the policy that it may not ask, and needs no right for that but to read it', () => {
  const { config, objects, find } = made({ probes: [GuardrailProbe.stored('secure-debug-certificates')] });
  expect(config.probes).toEqual([{ policy: 'secure-debug-certificates' }]);
  expect(find('ClusterRole').rules.map((rule: any) => [rule.verbs, rule.resourceNames])).toEqual([[['get'], ['secure-debug-certificates']]]);
  expect(objects.filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata.namespace)).toEqual(['secure-debug']);

  const chart = new Chart(new App(), 'certificates');
  new CertificateAccess(chart, 'access', { groups: ['oncall'] });
  const named = chart.toJson().filter((object: any) => object.metadata.name === 'secure-debug-certificates').map(({ kind }: any) => kind);
  expect(named.sort()).toEqual(['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']);
});

describe('bad input is refused, with the fix', () => {
  it.each<[string, any, string]>([
    ['no probe', { probes: [] }, 'GuardrailCanary: probes = [] is empty, so nothing would be watched. Fix: give at least one, e.g. GuardrailProbe.accessRequests().'],
    ['what is no probe', { probes: ['secure-debug-exec'] }, 'GuardrailCanary: probes[0] = "secure-debug-exec" is no GuardrailProbe'],
    ['a probe twice', { probes: [GuardrailProbe.bindings(), GuardrailProbe.bindings()] }, 'GuardrailCanary: probes[1] = "secure-debug-bindings, secure-debug-roles, secure-debug-identities" is given twice'],
    ['a time that is too short', { retry: Duration.seconds(1) }, 'GuardrailCanary: retry = "1 s" is too short'],
    ['an image without a version', { image: 'node' }, 'GuardrailCanary: image = "node" has no tag'],
    ['a long name', { name: 'x'.repeat(53) }, 'GuardrailCanary: name = '],
    ['a system namespace', { jobNamespace: 'kube-system' }, 'GuardrailCanary: jobNamespace = "kube-system" is a system namespace'],
  ])('%s', (_what, props, message) => {
    expect(refusal(() => made(props))).toContain(message);
  });
  it('a malformed policy of a probe', () => {
    expect(refusal(() => GuardrailProbe.stored('Certificates'))).toContain('GuardrailProbe.stored: policy = "Certificates" is not');
  });
  it('a malformed namespace of a probe', () => {
    expect(refusal(() => GuardrailProbe.exec('Payments'))).toContain('GuardrailProbe.exec: namespace = "Payments" is not a DNS label');
  });
});
