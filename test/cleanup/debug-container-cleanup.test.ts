import { readFileSync } from 'fs';
import { dirname, join } from 'path';
import { App, Chart, Cron, Duration, Yaml } from 'cdk8s';
import { CONFIG, script, SCRIPT_FILE } from './fake-pods';
import { ClusterBoundary, DebugContainerCleanup, DebugContainerCleanupProps, PolicyRules, SecureDebugWarnings } from '../../src';

afterEach(() => jest.restoreAllMocks());

interface Made { construct: DebugContainerCleanup; chart: Chart; objects: any[]; find: (kind: string, namespace?: string) => any; warnings: string[] }

function make(props: Partial<DebugContainerCleanupProps> = {}): Made {
  const app = new App();
  const chart = new Chart(app, 'chart');
  const construct = new DebugContainerCleanup(chart, 'gc', { namespaces: ['payments'], maxAge: Duration.hours(1), ...props });
  const objects = chart.toJson();
  return {
    construct,
    chart,
    objects,
    find: (kind, namespace) => objects.find((o: any) => o.kind === kind && (namespace === undefined || o.metadata.namespace === namespace)),
    warnings: SecureDebugWarnings.of(app).map(w => `${w.id} ${w.message}`),
  };
}
const configOf = ({ find }: Made) => JSON.parse(find('ConfigMap').data['config.json']);
const cronJobOf = ({ find }: Made) => find('CronJob').spec;
const podOf = (made: Made) => cronJobOf(made).jobTemplate.spec.template.spec;
const refusal = (props: Partial<DebugContainerCleanupProps> | any) => {
  try {
    make(props);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

const LABELS = {
  'app.kubernetes.io/name': 'debug-container-cleanup',
  'app.kubernetes.io/instance': 'debug-container-cleanup',
  'app.kubernetes.io/managed-by': 'cdk8s-secure-debug',
  'secure-debug.internal/component': 'debug-container-cleanup',
};

describe('what one line makes', () => {
  const made = make();

  it('is a job of its own namespace, and a Role where it cleans up', () => {
    expect(made.objects.map((o: any) => `${o.kind} ${o.metadata.namespace ?? '-'}/${o.metadata.name}`)).toEqual([
      'Namespace -/secure-debug',
      'ServiceAccount secure-debug/debug-container-cleanup',
      'ConfigMap secure-debug/debug-container-cleanup',
      'NetworkPolicy secure-debug/debug-container-cleanup',
      'CronJob secure-debug/debug-container-cleanup',
      'Role payments/debug-container-cleanup',
      'RoleBinding payments/debug-container-cleanup',
    ]);
    expect(made.warnings).toEqual([]);
  });

  it('every object says what it belongs to', () => {
    made.objects.slice(1).forEach((o: any) => expect(o.metadata.labels).toEqual(LABELS));
  });

  it('the construct says the same as data', () => {
    expect(made.construct).toMatchObject({ name: 'debug-container-cleanup', jobNamespace: 'secure-debug', namespaces: ['payments'] });
    expect(DebugContainerCleanup.DEFAULT_IMAGE).toBe('docker.io/library/node:24.18.0-alpine3.24');
  });

  it('its namespace enforces Pod Security restricted', () => {
    expect(made.find('Namespace')).toEqual({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: 'secure-debug',
        labels: {
          'app.kubernetes.io/managed-by': 'cdk8s-secure-debug',
          'pod-security.kubernetes.io/audit': 'restricted',
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/warn': 'restricted',
        },
      },
    });
  });

  it('a ServiceAccount that gives its token to nobody who does not ask', () => {
    expect(made.find('ServiceAccount')).toEqual({
      apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'debug-container-cleanup', namespace: 'secure-debug', labels: LABELS }, automountServiceAccountToken: false,
    });
  });
});

describe('what the job may do', () => {
  const made = make({ namespaces: ['search', 'payments'] });

  it('it may list pods, evict them and write Events, in the namespaces it cleans up', () => {
    for (const namespace of ['payments', 'search']) {
      expect(made.find('Role', namespace)).toEqual({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'debug-container-cleanup', namespace, labels: LABELS },
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
          { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
          { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
        ],
      });
      expect(made.find('RoleBinding', namespace)).toEqual({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'debug-container-cleanup', namespace, labels: LABELS },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'debug-container-cleanup' },
        subjects: [{ kind: 'ServiceAccount', name: 'debug-container-cleanup', namespace: 'secure-debug' }],
      });
    }
    expect(made.construct.rules).toEqual(made.find('Role').rules);
  });

  it.each([
    ['', 'pods', 'delete'], ['', 'pods', 'deletecollection'], ['', 'pods', 'create'], ['', 'pods', 'patch'], ['', 'pods/exec', 'create'], ['', 'pods/log', 'get'], ['', 'secrets', 'get'],
    ['', 'pods/ephemeralcontainers', 'patch'], ['', 'pods', 'watch'], ['', 'events', 'create'], ['policy', 'poddisruptionbudgets', 'update'], ['', 'configmaps', 'get'],
  ])('it may not: "%s" %s %s', (group, resource, verb) => expect(PolicyRules.allows(made.construct.rules, group, resource, verb)).toBe(false));

  it('no right in its own namespace, and none cluster-wide', () => {
    expect(made.objects.filter((o: any) => /Role/.test(o.kind)).map((o: any) => `${o.kind} ${o.metadata.namespace}`)).toEqual([
      'Role payments', 'RoleBinding payments', 'Role search', 'RoleBinding search',
    ]);
  });
});

describe('how the job runs', () => {
  const made = make();

  it('every ten minutes, never twice at once, within a time, and it leaves little behind', () => {
    const { jobTemplate, ...spec } = cronJobOf(made);
    expect(spec).toEqual({
      schedule: '*/10 * * * *', timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 3600, successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 3, suspend: false,
    });
    const { template, ...job } = jobTemplate.spec;
    expect(job).toEqual({ activeDeadlineSeconds: 300, backoffLimit: 0, ttlSecondsAfterFinished: 86_400 });
    expect(jobTemplate.metadata).toEqual({ labels: LABELS });
    expect(template.metadata).toEqual({ labels: LABELS });
  });

  it('under Pod Security restricted, and stricter', () => {
    const { containers, volumes, ...pod } = podOf(made);
    expect(pod).toEqual({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      serviceAccountName: 'debug-container-cleanup',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(containers).toEqual([{
      name: 'cleanup',
      image: 'docker.io/library/node:24.18.0-alpine3.24',
      imagePullPolicy: 'IfNotPresent',
      command: ['node'],
      args: ['/opt/debug-container-cleanup/debug-container-cleanup.js', '/opt/debug-container-cleanup/config.json', '/var/run/secrets/kubernetes.io/serviceaccount'],
      resources: {
        requests: { 'cpu': '50m', 'memory': '64Mi', 'ephemeral-storage': '16Mi' },
        limits: { 'cpu': '500m', 'memory': '256Mi', 'ephemeral-storage': '64Mi' },
      },
      securityContext: {
        allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, privileged: false, readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532,
      },
      terminationMessagePolicy: 'FallbackToLogsOnError',
      volumeMounts: [
        { name: 'script', mountPath: '/opt/debug-container-cleanup', readOnly: true },
        { name: 'service-account', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
      ],
    }]);
    expect(volumes).toHaveLength(2);
  });

  it('with a token that is good for ten minutes, and the certificate of the API server', () => {
    expect(podOf(made).volumes).toEqual([
      { name: 'script', configMap: { name: 'debug-container-cleanup' } },
      {
        name: 'service-account',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', expirationSeconds: 600 } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          ],
        },
      },
    ]);
  });

  it('nobody reaches it, and it reaches nothing but the port of the API server, not even DNS', () => {
    expect(made.find('NetworkPolicy')).toEqual({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: 'debug-container-cleanup',
        namespace: 'secure-debug',
        labels: LABELS,
        annotations: { 'secure-debug.internal/reason': 'The job calls the Kubernetes API by its IP address, and nothing else; nobody calls the job.' },
      },
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'debug-container-cleanup', 'app.kubernetes.io/instance': 'debug-container-cleanup' } },
        policyTypes: ['Ingress', 'Egress'],
        egress: [{ ports: [{ port: 443, protocol: 'TCP' }, { port: 6443, protocol: 'TCP' }] }],
      },
    });
    const { matchLabels } = made.find('NetworkPolicy').spec.podSelector;
    expect(cronJobOf(made).jobTemplate.spec.template.metadata.labels).toMatchObject(matchLabels);
  });

  it('the network can be narrowed to the addresses and ports of the API server, in any order', () => {
    const props = { apiServerCidrs: ['10.0.0.2/32', '10.0.0.1/32'], apiServerPorts: [8443, 443] };
    const narrow = make(props).find('NetworkPolicy').spec.egress;
    expect(narrow).toEqual([{ to: [{ ipBlock: { cidr: '10.0.0.1/32' } }, { ipBlock: { cidr: '10.0.0.2/32' } }], ports: [{ port: 443, protocol: 'TCP' }, { port: 8443, protocol: 'TCP' }] }]);
    expect(make({ apiServerCidrs: ['10.0.0.1/32', '10.0.0.2/32'], apiServerPorts: [443, 8443] }).find('NetworkPolicy').spec.egress).toEqual(narrow);
    expect(props).toEqual({ apiServerCidrs: ['10.0.0.2/32', '10.0.0.1/32'], apiServerPorts: [8443, 443] });
  });
});

describe('what it runs', () => {
  it('is the tested script, byte by byte, and stays readable in the YAML', () => {
    const made = make();
    const text = readFileSync(SCRIPT_FILE, 'utf8');
    expect(made.find('ConfigMap').data['debug-container-cleanup.js']).toBe(text);
    expect(Object.keys(made.find('ConfigMap').data)).toEqual(['config.json', 'debug-container-cleanup.js', 'kubernetes.js']);
    expect(made.find('ConfigMap').data['kubernetes.js']).toBe(readFileSync(join(dirname(SCRIPT_FILE), 'kubernetes.js'), 'utf8'));
    const yaml = Yaml.stringify(made.find('ConfigMap'));
    expect(yaml).toContain("  debug-container-cleanup.js: |\n    // @ts-check\n    'use strict';\n");
    text.split('\n').forEach(line => expect(yaml).toContain(line));
    expect(Buffer.byteLength(yaml)).toBeLessThan(100_000);
  });

  it('with a configuration that the script accepts', () => {
    const made = make();
    expect(configOf(made)).toEqual(CONFIG);
    expect(script.readConfig(made.find('ConfigMap').data['config.json'])).toEqual(CONFIG);
    expect(made.find('ConfigMap').data['config.json']).toBe(`${JSON.stringify(configOf(made), undefined, 2)}\n`);
  });

  it('and with every choice that was made', () => {
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const made = make({
      namespaces: ['search', 'payments'],
      maxAge: Duration.minutes(90),
      graceAfterEnd: Duration.seconds(60),
      copySelector: { 'team': 'payments', 'debug-copy': 'true' },
      includeDaemonSets: true,
      includeBarePods: true,
      dryRun: true,
    });
    expect(configOf(made)).toEqual({
      namespaces: ['payments', 'search'],
      maxAgeSeconds: 5400,
      graceAfterEndSeconds: 60,
      copySelector: { 'debug-copy': 'true', 'team': 'payments' },
      includeDaemonSets: true,
      includeBarePods: true,
      dryRun: true,
    });
    expect(script.readConfig(made.find('ConfigMap').data['config.json'])).toEqual(configOf(made));
  });

  it('the names of the annotations are the same in the library and in the script', () => {
    expect([DebugContainerCleanup.EXEMPT_UNTIL, DebugContainerCleanup.EXEMPT_REASON]).toEqual([script.EXEMPT_UNTIL, script.EXEMPT_REASON]);
    expect(DebugContainerCleanup.EXEMPT_UNTIL).toBe('secure-debug.internal/cleanup-exempt-until');
    expect(DebugContainerCleanup.EXEMPT_REASON).toBe('secure-debug.internal/cleanup-exempt-reason');
  });
});

describe('choices', () => {
  it('without a limit it is an hour', () => {
    const app = new App();
    const chart = new Chart(app, 'chart');
    new DebugContainerCleanup(chart, 'gc', { namespaces: ['payments'] });
    expect(JSON.parse(chart.toJson().find((o: any) => o.kind === 'ConfigMap').data['config.json']).maxAgeSeconds).toBe(3600);
  });

  it('schedule, time zone, deadline, image, suspension', () => {
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const made = make({
      schedule: Cron.schedule({ minute: '*/5' }), timeZone: 'America/Argentina/Buenos_Aires', deadline: Duration.minutes(10), image: 'registry.example/node:22.1.0', suspend: true,
    });
    expect(cronJobOf(made)).toMatchObject({ schedule: '*/5 * * * *', timeZone: 'America/Argentina/Buenos_Aires', suspend: true });
    expect(cronJobOf(made).jobTemplate.spec.activeDeadlineSeconds).toBe(600);
    expect(podOf(made).containers[0].image).toBe('registry.example/node:22.1.0');
  });

  it('a digest is the user\'s to give', () => {
    const image = `docker.io/library/node@sha256:${'a'.repeat(64)}`;
    expect(podOf(make({ image })).containers[0].image).toBe(image);
  });

  it.each(['Etc/UTC', 'UTC', 'Europe/Berlin', 'Etc/GMT+5', 'Etc/GMT-14', 'America/Port-au-Prince', 'EST5EDT'])('the time zone %s', timeZone => {
    expect(cronJobOf(make({ timeZone })).timeZone).toBe(timeZone);
  });

  it('a name of its own is on everything', () => {
    const made = make({ name: 'gc-payments' });
    expect(made.objects.slice(1).map((o: any) => o.metadata.name)).toEqual(Array(6).fill('gc-payments'));
    expect(podOf(made)).toMatchObject({ serviceAccountName: 'gc-payments', volumes: [{ configMap: { name: 'gc-payments' } }, {}] });
    expect(made.find('RoleBinding')).toMatchObject({ roleRef: { name: 'gc-payments' }, subjects: [{ name: 'gc-payments' }] });
    expect(made.find('NetworkPolicy').spec.podSelector.matchLabels).toEqual({ 'app.kubernetes.io/name': 'debug-container-cleanup', 'app.kubernetes.io/instance': 'gc-payments' });
    expect(made.construct.name).toBe('gc-payments');
  });

  it('a namespace that you name is yours, and is not emitted unless you say so', () => {
    const made = make({ jobNamespace: 'platform-tools' });
    expect(made.find('Namespace')).toBeUndefined();
    expect(made.find('CronJob').metadata.namespace).toBe('platform-tools');
    expect(made.find('RoleBinding').subjects).toEqual([{ kind: 'ServiceAccount', name: 'debug-container-cleanup', namespace: 'platform-tools' }]);
    expect(make({ jobNamespace: 'platform-tools', createNamespace: true }).find('Namespace').metadata).toMatchObject({ name: 'platform-tools', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } });
    expect(make({ createNamespace: false }).find('Namespace')).toBeUndefined();
    expect(make({ createNamespace: false }).find('CronJob').metadata.namespace).toBe('secure-debug');
  });

  it('it can run in a namespace that it cleans up', () => {
    expect(make({ jobNamespace: 'payments' }).objects).toHaveLength(6);
  });
});

describe('the same on every machine', () => {
  it('the order of namespaces and labels means nothing', () => {
    const a = make({ namespaces: ['search', 'payments', 'ledger'], copySelector: { b: '2', a: '1' } });
    const b = make({ namespaces: ['ledger', 'payments', 'search'], copySelector: { a: '1', b: '2' } });
    expect(Yaml.stringify(...a.objects)).toBe(Yaml.stringify(...b.objects));
    expect(a.construct.namespaces).toEqual(['ledger', 'payments', 'search']);
  });

  it('a list that was given is left as it is', () => {
    const namespaces = ['search', 'payments'];
    make({ namespaces });
    expect(namespaces).toEqual(['search', 'payments']);
  });

  it('the chart\'s own namespace does not move anything', () => {
    const chart = new Chart(new App(), 'chart', { namespace: 'elsewhere' });
    new DebugContainerCleanup(chart, 'gc', { namespaces: ['payments'] });
    expect(chart.toJson().map((o: any) => o.metadata.namespace)).toEqual([undefined, 'secure-debug', 'secure-debug', 'secure-debug', 'secure-debug', 'payments', 'payments']);
  });
});

describe('several in one app', () => {
  it('of two names share the namespace', () => {
    const chart = new Chart(new App(), 'chart');
    new DebugContainerCleanup(chart, 'a', { namespaces: ['payments'] });
    new DebugContainerCleanup(chart, 'b', { namespaces: ['payments'], name: 'strict', maxAge: Duration.minutes(15) });
    const names = chart.toJson().map((o: any) => `${o.kind} ${o.metadata.name}`);
    expect(names).toHaveLength(13);
    expect(new Set(names).size).toBe(13);
  });

  it('of one name with different content are refused, with the fix', () => {
    const chart = new Chart(new App(), 'chart');
    new DebugContainerCleanup(chart, 'a', { namespaces: ['payments'] });
    expect(() => new DebugContainerCleanup(chart, 'b', { namespaces: ['search'] })).toThrow(
      'DebugContainerCleanup: name = "debug-container-cleanup" declares ConfigMap debug-container-cleanup in namespace secure-debug a second time with different content '
      + '(first at "chart/a/config", again at "chart/b"). Fix: join the two declarations, give one of them another name');
  });

  it('of one name go to two clusters', () => {
    const app = new App();
    for (const [id, namespace] of [['east', 'payments'], ['west', 'search']]) {
      const chart = new Chart(app, id);
      ClusterBoundary.at(chart);
      new DebugContainerCleanup(chart, 'gc', { namespaces: [namespace] });
      expect(chart.toJson()).toHaveLength(7);
    }
  });
});

describe('bad input is refused, with the field, the value and the fix', () => {
  it.each<[string, any, string]>([
    ['no namespace', { namespaces: [] }, 'namespaces = [] is empty. Fix: give at least one namespace.'],
    ['namespaces left out', { namespaces: undefined }, 'namespaces = undefined is empty. Fix: give at least one namespace.'],
    ['a wildcard', { namespaces: ['*'] }, 'namespaces[0] = "*" is a wildcard. Fix: list each one by its name.'],
    ['an empty name', { namespaces: ['payments', ''] }, 'namespaces[1] = "" is empty. Fix: give a namespace name such as "payments".'],
    ['a name twice', { namespaces: ['payments', 'payments'] }, 'namespaces[1] = "payments" is listed twice. Fix: remove one of the two.'],
    ['a system namespace', { namespaces: ['kube-system'] },
      'namespaces[0] = "kube-system" is a system namespace: what runs there can act on the whole cluster. Fix: name an application namespace, or set allowSystemNamespaces: true if this is really meant.'],
    ['to run in a system namespace', { jobNamespace: 'kube-system' },
      'jobNamespace = "kube-system" is a system namespace: what runs there can act on the whole cluster. Fix: name an application namespace, or set allowSystemNamespaces: true if this is really meant.'],
    ['a bad namespace to run in', { jobNamespace: 'Tools' },
      'jobNamespace = "Tools" is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit). Fix: write a namespace name such as "payments".'],
    ['no limit at all', { maxAge: Duration.minutes(0) }, 'maxAge = "0 s" is no time at all. Fix: give whole seconds from 60 s to 604800 s.'],
    ['a limit that is too short', { maxAge: Duration.seconds(59) }, 'maxAge = "59 s" is too short. Fix: give whole seconds from 60 s to 604800 s.'],
    ['a limit that is too long', { maxAge: Duration.seconds(604_801) }, 'maxAge = "604801 s" is too long. Fix: give whole seconds from 60 s to 604800 s.'],
    ['a limit with a fraction', { maxAge: Duration.millis(90_500) }, 'maxAge = "90.5 s" is not a whole number of seconds. Fix: give whole seconds from 60 s to 604800 s.'],
    ['a limit that is no number', { maxAge: Duration.minutes(NaN) }, 'maxAge = "NaN s" is not a whole number of seconds. Fix: give whole seconds from 60 s to 604800 s.'],
    ['a limit without end', { maxAge: Duration.minutes(Infinity) }, 'maxAge = "Infinity s" is not a whole number of seconds. Fix: give whole seconds from 60 s to 604800 s.'],
    ['a number for a limit', { maxAge: 3600 }, 'maxAge = 3600 is not a Duration. Fix: write one such as Duration.hours(1).'],
    ['no grace', { graceAfterEnd: Duration.seconds(0) }, 'graceAfterEnd = "0 s" is no time at all. Fix: give whole seconds from 60 s to 604800 s.'],
    ['an endless grace', { graceAfterEnd: Duration.days(8) }, 'graceAfterEnd = "691200 s" is too long. Fix: give whole seconds from 60 s to 604800 s.'],
    ['no deadline', { deadline: Duration.seconds(59) }, 'deadline = "59 s" is too short. Fix: give whole seconds from 60 s to 3600 s.'],
    ['a deadline of more than an hour', { deadline: Duration.minutes(61) }, 'deadline = "3660 s" is too long. Fix: give whole seconds from 60 s to 3600 s.'],
    ['a schedule that never comes', { schedule: Cron.schedule({ minute: '0', hour: '0', day: '30', month: '2' }) }, 'schedule = "0 0 30 2 *" matches no day of any year. Fix: name a day that the month has.'],
    ['a name of 53 characters', { name: 'x'.repeat(53) }, `name = "${'x'.repeat(53)}" is 53 characters long, the limit for a CronJob is 52. Fix: shorten it to 52 characters.`],
    ['an empty name', { name: '' }, 'name = "" is empty. Fix: give a name such as "oncall-debug".'],
    ['a name with capitals', { name: 'GC' }, 'name = "GC" is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit). Fix: write a name such as "oncall-debug".'],
    ['an image without a tag', { image: 'docker.io/library/node' }, 'image = "docker.io/library/node" has no tag, so it means whatever was pushed last. Fix: add a version tag or a digest.'],
    ['the latest image', { image: 'node:latest' }, 'image = "node:latest" uses :latest, which means whatever was pushed last. Fix: add a version tag or a digest.'],
    ['the local time zone', { timeZone: 'Local' }, 'timeZone = "Local" is not an IANA time zone. Fix: write one such as "Etc/UTC" or "Europe/Berlin".'],
    ['an empty time zone', { timeZone: '' }, 'timeZone = "" is not an IANA time zone. Fix: write one such as "Etc/UTC" or "Europe/Berlin".'],
    ['a time zone that leaves its directory', { timeZone: '../../etc/passwd' }, 'timeZone = "../../etc/passwd" is not an IANA time zone. Fix: write one such as "Etc/UTC" or "Europe/Berlin".'],
    ['a time zone with an empty part', { timeZone: 'Europe//Berlin' }, 'timeZone = "Europe//Berlin" is not an IANA time zone. Fix: write one such as "Etc/UTC" or "Europe/Berlin".'],
    ['a part that begins with a dash', { timeZone: 'Europe/-Berlin' }, 'timeZone = "Europe/-Berlin" is not an IANA time zone. Fix: write one such as "Etc/UTC" or "Europe/Berlin".'],
    ['a part that is too long', { timeZone: 'Europe/Berlinberlinber' }, 'timeZone = "Europe/Berlinberlinber" is not an IANA time zone. Fix: write one such as "Etc/UTC" or "Europe/Berlin".'],
    ['a time zone that is no text', { timeZone: 2 }, 'timeZone = 2 is not an IANA time zone. Fix: write one such as "Etc/UTC" or "Europe/Berlin".'],
    ['a selector that matches everything', { copySelector: {} }, 'copySelector = {} is empty, so it would match every pod. Fix: give the labels that copies carry, e.g. { "debug-copy": "true" }.'],
    ['a wildcard as a label', { copySelector: { '*': 'x' } }, 'copySelector key = "*" is a wildcard. Fix: list each one by its name.'],
    ['a bad label value', { copySelector: { 'debug-copy': 'a b' } },
      'copySelector["debug-copy"] = "a b" is not a label value. Fix: use at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit.'],
    ['a bad CIDR', { apiServerCidrs: ['10.0.0.1'] }, 'apiServerCidrs[0] = "10.0.0.1" is not a CIDR block. Fix: write address/prefix, e.g. "10.20.0.0/16" or "2001:db8::/32".'],
    ['no CIDR', { apiServerCidrs: [] }, 'apiServerCidrs = [] is empty. Fix: give at least one CIDR block.'],
    ['no port', { apiServerPorts: [] }, 'apiServerPorts = [] is empty. Fix: give at least one port.'],
    ['port 0', { apiServerPorts: [443, 0] }, 'apiServerPorts[1] = 0 is not a port. Fix: give an integer from 1 to 65535.'],
    ['port 65536', { apiServerPorts: [65536] }, 'apiServerPorts[0] = 65536 is not a port. Fix: give an integer from 1 to 65535.'],
    ['a port twice', { apiServerPorts: [443, 443] }, 'apiServerPorts[1] = "443" is listed twice. Fix: remove one of the two.'],
    ['a port as text', { apiServerPorts: ['443'] }, 'apiServerPorts[0] = "443" is not a port. Fix: give an integer from 1 to 65535.'],
    ['a port alone', { apiServerPorts: 443 }, 'apiServerPorts = 443 is empty. Fix: give at least one port.'],
  ])('%s', (_words, props, message) => expect(refusal(props)).toBe(`DebugContainerCleanup: ${message}`));

  it('a negative duration, by cdk8s itself', () => expect(() => Duration.hours(-1)).toThrow('Duration amounts cannot be negative'));

  it.each<[string, any]>([
    ['a minute', { maxAge: Duration.minutes(1), graceAfterEnd: Duration.minutes(1), deadline: Duration.minutes(1), schedule: Cron.everyMinute() }],
    ['seven days', { maxAge: Duration.days(7), graceAfterEnd: Duration.days(7), deadline: Duration.hours(1) }],
    ['a name of 52 characters', { name: 'x'.repeat(52) }],
    ['the highest port', { apiServerPorts: [1, 65535] }],
  ])('the bounds themselves are accepted: %s', (_words, props) => expect(refusal(props)).toBe('accepted'));

  it('nothing is emitted after a refusal', () => {
    const chart = new Chart(new App(), 'chart');
    expect(() => new DebugContainerCleanup(chart, 'gc', { namespaces: ['payments'], apiServerPorts: [0] })).toThrow();
    expect(chart.toJson()).toEqual([]);
  });
});

describe('what is legal but risky is a warning', () => {
  beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true));

  it('to evict in a system namespace', () => {
    expect(make({ namespaces: ['payments', 'kube-system', 'default'], allowSystemNamespaces: true }).warnings).toEqual([
      'SD4001 The clean-up evicts in a system namespace: in default.', 'SD4001 The clean-up evicts in a system namespace: in kube-system.',
    ]);
  });

  it('to run in a system namespace is not', () => expect(make({ jobNamespace: 'kube-system', allowSystemNamespaces: true }).warnings).toEqual([]));

  it('to evict pods that nothing brings back', () => {
    expect(make({ includeBarePods: true, namespaces: ['search', 'payments'] }).warnings).toEqual(['SD4002 Pods that nothing brings back are evicted: in payments, search.']);
  });

  it('to run less often than the limit', () => {
    expect(make({ schedule: Cron.daily() }).warnings).toEqual([
      'SD4003 The clean-up runs less often than its limit: "0 0 * * *" leaves up to 86400 s between two runs, maxAge is 3600 s.',
    ]);
    expect(make({ schedule: Cron.hourly() }).warnings).toEqual([]);
    expect(make({ maxAge: Duration.seconds(599) }).warnings).toHaveLength(1);
    expect(make({ maxAge: Duration.minutes(10) }).warnings).toEqual([]);
  });

  it('to be suspended', () => expect(make({ suspend: true }).warnings).toEqual(['SD4004 The clean-up is suspended: debug-container-cleanup.']));

  it('nothing else', () => expect(make({ includeDaemonSets: true, dryRun: true, copySelector: { 'debug-copy': 'true' } }).warnings).toEqual([]));
});
