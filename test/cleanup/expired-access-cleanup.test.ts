import { readFileSync } from 'fs';
import { dirname, join } from 'path';
import { App, Chart, Cron, Duration } from 'cdk8s';
import { expiry, EXPIRY_CONFIG, EXPIRY_SCRIPT_FILE } from './fake-bindings';
import { DebugContainerCleanup } from '../../src/cleanup/debug-container-cleanup';
import { ExpiredAccessCleanup, ExpiredAccessCleanupProps } from '../../src/cleanup/expired-access-cleanup';
import { PolicyRules } from '../../src/model/policy-rule';
import { VIRTUAL } from '../../src/model/virtual-rights';
import { SecureDebugWarnings } from '../../src/model/warnings';

beforeEach(() => { jest.spyOn(process.stderr, 'write').mockReturnValue(true); });
afterEach(() => jest.restoreAllMocks());

interface Made { construct: ExpiredAccessCleanup; objects: any[]; find: (kind: string, namespace?: string) => any; warnings: string[] }

function make(props: Partial<ExpiredAccessCleanupProps> = {}): Made {
  const app = new App();
  const chart = new Chart(app, 'chart');
  const construct = new ExpiredAccessCleanup(chart, 'expiry', { namespaces: ['payments'], ...props });
  const objects = chart.toJson();
  return {
    construct,
    objects,
    find: (kind, namespace) => objects.find((o: any) => o.kind === kind && (namespace === undefined || o.metadata.namespace === namespace)),
    warnings: SecureDebugWarnings.of(app).map(w => `${w.id} ${w.message}`),
  };
}
const configOf = ({ find }: Made) => JSON.parse(find('ConfigMap').data['config.json']);
const podOf = (made: Made) => made.find('CronJob').spec.jobTemplate.spec.template.spec;
const refusal = (props: any) => {
  try {
    make(props);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('what one line makes', () => {
  const made = make();

  it('is a job of its own namespace, and a Role where access can be requested', () => {
    expect(made.objects.map((o: any) => `${o.kind} ${o.metadata.namespace ?? '-'}/${o.metadata.name}`)).toEqual([
      'Namespace -/secure-debug',
      'ServiceAccount secure-debug/expired-access-cleanup',
      'ConfigMap secure-debug/expired-access-cleanup',
      'NetworkPolicy secure-debug/expired-access-cleanup',
      'CronJob secure-debug/expired-access-cleanup',
      'Role payments/expired-access-cleanup',
      'RoleBinding payments/expired-access-cleanup',
    ]);
    expect(made.warnings).toEqual([]);
    expect(made.construct).toMatchObject({ name: 'expired-access-cleanup', jobNamespace: 'secure-debug', namespaces: ['payments'] });
  });

  it('runs every five minutes, never twice at once, within a time', () => {
    const { jobTemplate, ...spec } = made.find('CronJob').spec;
    expect(spec).toEqual({
      schedule: '*/5 * * * *', timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 3600, successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 3, suspend: false,
    });
    const { template, ...job } = jobTemplate.spec;
    expect(job).toEqual({ activeDeadlineSeconds: 240, backoffLimit: 0, ttlSecondsAfterFinished: 86_400 });
    expect(template.metadata.labels).toMatchObject(made.find('NetworkPolicy').spec.podSelector.matchLabels);
  });

  it('under Pod Security restricted, with the token that it mounts itself', () => {
    const { containers: [container], ...pod } = podOf(made);
    expect(pod).toMatchObject({ automountServiceAccountToken: false, serviceAccountName: 'expired-access-cleanup', securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } });
    expect(container).toMatchObject({
      name: 'cleanup',
      image: ExpiredAccessCleanup.DEFAULT_IMAGE,
      command: ['node'],
      args: ['/opt/expired-access-cleanup/expired-access-cleanup.js', '/opt/expired-access-cleanup/config.json', '/var/run/secrets/kubernetes.io/serviceaccount'],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
    });
    expect(container.volumeMounts.map(({ mountPath, readOnly }: any) => [mountPath, readOnly])).toEqual([['/opt/expired-access-cleanup', true], ['/var/run/secrets/kubernetes.io/serviceaccount', true]]);
    expect(made.find('ServiceAccount').automountServiceAccountToken).toBe(false);
  });

  it('reaches nothing but the port of the API server', () => {
    expect(made.find('NetworkPolicy').spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'], egress: [{ ports: [{ port: 443, protocol: 'TCP' }, { port: 6443, protocol: 'TCP' }] }] });
    expect(made.find('NetworkPolicy').spec.ingress).toBeUndefined();
  });

  it('runs the tested scripts, byte by byte', () => {
    const { data } = made.find('ConfigMap');
    expect(Object.keys(data)).toEqual(['config.json', 'expired-access-cleanup.js', 'kubernetes.js']);
    for (const file of ['expired-access-cleanup.js', 'kubernetes.js']) expect(data[file]).toBe(readFileSync(join(dirname(EXPIRY_SCRIPT_FILE), file), 'utf8'));
  });

  it('with a configuration that the script accepts', () => {
    expect(configOf(made)).toEqual(EXPIRY_CONFIG);
    expect(expiry.readConfig(made.find('ConfigMap').data['config.json'])).toEqual(EXPIRY_CONFIG);
  });
});

describe('what the job may do', () => {
  const made = make({ namespaces: ['search', 'payments'] });

  it('it may list and delete RoleBindings, look at Jobs, write Events, and says to the policy that it ends requests', () => {
    for (const namespace of ['payments', 'search']) {
      expect(made.find('Role', namespace).rules).toEqual([
        { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get'] },
        { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
        { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'], verbs: ['list', 'delete'] },
        { apiGroups: ['secure-debug.internal'], resources: ['accessrequests'], verbs: ['expire'] },
      ]);
      expect(made.find('RoleBinding', namespace)).toMatchObject({
        roleRef: { kind: 'Role', name: 'expired-access-cleanup' }, subjects: [{ kind: 'ServiceAccount', name: 'expired-access-cleanup', namespace: 'secure-debug' }],
      });
    }
    expect(made.construct.rules).toEqual(made.find('Role').rules);
  });

  const rbac = 'rbac.authorization.k8s.io';
  it.each([
    [rbac, 'rolebindings', 'create'], [rbac, 'rolebindings', 'patch'], [rbac, 'rolebindings', 'update'], [rbac, 'rolebindings', 'deletecollection'], [rbac, 'roles', 'get'], [rbac, 'roles', 'bind'],
    [rbac, 'clusterroles', 'bind'], ['batch', 'jobs', 'list'], ['batch', 'jobs', 'delete'], ['batch', 'jobs', 'create'], ['', 'pods', 'list'], ['', 'secrets', 'get'],
    ['secure-debug.internal', 'accessrequests', VIRTUAL.administer.verb], ['secure-debug.internal', 'accessrequests', VIRTUAL.request.verb], ['secure-debug.internal', 'emergencies', 'use'],
  ])('it may not: %s %s %s', (group, resource, verb) => expect(PolicyRules.allows(made.construct.rules, group, resource, verb)).toBe(false));

  it('no right in its own namespace, and none cluster-wide', () => {
    expect(made.objects.filter((o: any) => /Role/.test(o.kind)).map((o: any) => `${o.kind} ${o.metadata.namespace}`)).toEqual([
      'Role payments', 'RoleBinding payments', 'Role search', 'RoleBinding search',
    ]);
  });
});

describe('choices', () => {
  it('each one shows', () => {
    const made = make({
      namespaces: ['search', 'payments'],
      grace: Duration.seconds(10),
      schedule: Cron.schedule({ minute: '*' }),
      timeZone: 'Europe/Berlin',
      deadline: Duration.minutes(1),
      name: 'backstop',
      jobNamespace: 'platform-tools',
      image: 'registry.example/node:22.1.0',
      apiServerCidrs: ['10.0.0.1/32'],
      apiServerPorts: [6443],
    });
    expect(configOf(made)).toEqual({ dryRun: false, graceSeconds: 10, namespaces: ['payments', 'search'] });
    expect(made.find('CronJob').spec).toMatchObject({ schedule: '* * * * *', timeZone: 'Europe/Berlin', jobTemplate: { spec: { activeDeadlineSeconds: 60 } } });
    expect(made.find('NetworkPolicy').spec.egress).toEqual([{ ports: [{ port: 6443, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '10.0.0.1/32' } }] }]);
    expect(podOf(made).containers[0].image).toBe('registry.example/node:22.1.0');
    expect(made.find('Namespace')).toBeUndefined();
    expect(new Set(made.objects.map((o: any) => o.metadata.name))).toEqual(new Set(['backstop']));
    expect(make({ jobNamespace: 'platform-tools', createNamespace: true }).find('Namespace').metadata.name).toBe('platform-tools');
    expect(configOf(make({ dryRun: true })).dryRun).toBe(true);
    expect(make({ suspend: true }).find('CronJob').spec.suspend).toBe(true);
  });

  it('both clean-ups share their namespace', () => {
    const chart = new Chart(new App(), 'chart');
    new DebugContainerCleanup(chart, 'gc', { namespaces: ['payments'] });
    new ExpiredAccessCleanup(chart, 'expiry', { namespaces: ['payments'] });
    expect(chart.toJson().filter((o: any) => o.kind === 'Namespace')).toHaveLength(1);
  });

  it.each<[string, Partial<ExpiredAccessCleanupProps>, string[]]>([
    ['suspended', { suspend: true }, ['SD4005 The backstop of temporary access does not act: expired-access-cleanup is suspended.']],
    ['a dry run', { dryRun: true }, ['SD4005 The backstop of temporary access does not act: expired-access-cleanup only tries.']],
    ['twice a day', { schedule: Cron.schedule({ minute: '0', hour: '*/12' }) }, ['SD4006 The backstop of temporary access runs rarely: "0 */12 * * *" leaves up to 720 min between two runs.']],
    ['hourly', { schedule: Cron.schedule({ minute: '0' }) }, []],
  ])('%s is warned of: %#', (_words, props, warnings) => expect(make(props).warnings).toEqual(warnings));
});

describe('what is refused', () => {
  it.each<[string, any, string]>([
    ['no namespace', { namespaces: [] }, 'ExpiredAccessCleanup: namespaces = [] is empty. Fix: give at least one namespace.'],
    ['a namespace twice', { namespaces: ['payments', 'payments'] }, 'namespaces[1] = "payments" is listed twice'],
    ['a wildcard for namespaces', { namespaces: ['*'] }, 'namespaces[0] = "*" is a wildcard'],
    ['a system namespace', { namespaces: ['kube-system'] }, 'namespaces[0] = "kube-system" is a system namespace'],
    ['running in a system namespace', { jobNamespace: 'kube-system' }, 'jobNamespace = "kube-system" is a system namespace'],
    ['no grace', { grace: Duration.seconds(0) }, 'grace = "0 s" is no time at all. Fix: give whole seconds from 10 s to 3600 s.'],
    ['a grace within which every timer is late', { grace: Duration.seconds(1) }, 'grace = "1 s" is too short'],
    ['a grace of a day', { grace: Duration.days(1) }, 'grace = "86400 s" is too long'],
    ['a schedule that never comes', { schedule: Cron.schedule({ minute: '0', hour: '0', day: '30', month: '2' }) }, 'schedule = "0 0 30 2 *" matches no day of any year'],
    ['a time zone that is none', { timeZone: 'Local' }, 'timeZone = "Local" is not an IANA time zone'],
    ['a deadline of seconds', { deadline: Duration.seconds(5) }, 'deadline = "5 s" is too short'],
    ['a name that leaves no room for those of Jobs', { name: 'a'.repeat(53) }, 'is 53 characters long, the limit for a CronJob is 52'],
    ['an image without a version', { image: 'node' }, 'image = "node" has no tag'],
    ['a CIDR that is none', { apiServerCidrs: ['10.0.0.1'] }, 'apiServerCidrs[0] = "10.0.0.1" is not a CIDR block'],
    ['a port that is none', { apiServerPorts: [0] }, 'apiServerPorts[0] = 0 is not a port'],
  ])('%s', (_words, props, message) => expect(refusal(props)).toContain(message));

  it('a system namespace, unless it is meant', () => expect(refusal({ namespaces: ['kube-system'], allowSystemNamespaces: true })).toBe('accepted'));

  it('a second one of the same name with other content', () => {
    const chart = new Chart(new App(), 'chart');
    new ExpiredAccessCleanup(chart, 'a', { namespaces: ['payments'] });
    expect(() => new ExpiredAccessCleanup(chart, 'b', { namespaces: ['search'] })).toThrow(/a second time with different content/);
  });
});
