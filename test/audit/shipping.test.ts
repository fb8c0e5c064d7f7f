import { App, Chart, Duration, Size, Testing } from 'cdk8s';
import {
  AuditLevel, AuditLogShipping, AuditLogShippingProps, AuditResources, AuditRule, AuditStage, AuditWebhook, ControlPlane,
  ControlPlanePlatform, DebugCapability,
  LogRedaction, LogSink, MaintenanceWindow, OnCallDebugAccess, Weekday,
} from '../../src';
import { parseYaml } from '../../src/private/yaml-text';

const LOKI = LogSink.loki('https://loki.example.com');
const NONE = AuditLevel.NONE;
const core = (...resources: string[]): AuditResources[] => [{ group: '', resources }];

const ship = (props: Partial<AuditLogShippingProps> = {}) => {
  const chart = Testing.chart();
  const shipping = new AuditLogShipping(chart, 'shipping', { clusterName: 'production-eu', sinks: [LOKI], ...props });
  return { shipping, manifests: Testing.synth(chart), config: parseYaml('test', shipping.toCollectorYaml()) as any };
};
const kind = (manifests: any[], wanted: string) => manifests.find(one => one.kind === wanted);
const pod = (props: Partial<AuditLogShippingProps> = {}) => kind(ship(props).manifests, 'DaemonSet').spec.template.spec;
const refused = (props: Partial<AuditLogShippingProps>) => () => ship(props);
const drop = (...rules: AuditRule[]) => () => ship({ drop: rules });

describe('the collector on the control plane nodes', () => {
  test('is this', () => {
    const { manifests } = ship();
    expect(manifests.map(one => `${one.kind} ${one.metadata.name}`)).toEqual([
      'Namespace secure-debug-audit', 'ServiceAccount audit-log-shipping', 'ConfigMap audit-log-shipping', 'NetworkPolicy audit-log-shipping', 'DaemonSet audit-log-shipping',
    ]);
    expect(manifests.filter(one => one.kind !== 'ConfigMap')).toMatchSnapshot();
  });

  test('may do nothing in the cluster, and sees one folder of the node, read-only', () => {
    const { manifests } = ship();
    expect(manifests.some(one => /Role/.test(one.kind))).toBe(false);
    expect(kind(manifests, 'ServiceAccount').automountServiceAccountToken).toBe(false);
    const { automountServiceAccountToken, volumes, containers: [container], hostNetwork, hostPID } = pod();
    expect([automountServiceAccountToken, hostNetwork, hostPID]).toEqual([false, undefined, undefined]);
    expect(volumes.filter((one: any) => one.hostPath).map((one: any) => one.hostPath.path)).toEqual(['/var/log/kubernetes/audit', '/var/lib/secure-debug/audit-log-shipping']);
    expect(container.volumeMounts.find((one: any) => one.name === 'audit-log')).toEqual({ name: 'audit-log', mountPath: '/var/log/kubernetes/audit', readOnly: true });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, privileged: false, readOnlyRootFilesystem: true, runAsGroup: 0, runAsUser: 0,
    });
  });

  test('is no root where the log can be read without', () => {
    const { securityContext, containers: [container] } = pod({ runAsUser: 65532 });
    expect(securityContext).toMatchObject({ runAsUser: 65532, runAsNonRoot: true });
    expect(container.securityContext).toMatchObject({ runAsUser: 65532, runAsNonRoot: true });
  });

  test('reaches names and its sinks alone, and is asked for metrics by Prometheus alone', () => {
    const sinks = [LogSink.otlp('otel.observability:4317', { cidrs: ['10.0.0.0/8'] }), LogSink.kafka(['kafka-0.example.com:9093', 'kafka-1.example.com:9094'])];
    const { spec } = kind(ship({ sinks, metricsFrom: ['observability'] }).manifests, 'NetworkPolicy');
    expect(spec.egress.slice(1)).toEqual([
      { ports: [{ port: 9093, protocol: 'TCP' }, { port: 9094, protocol: 'TCP' }] },
      { ports: [{ port: 4317, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] },
    ]);
    expect(spec.egress[0].ports.map((one: any) => one.port)).toEqual([53, 53]);
    expect(spec.ingress).toHaveLength(1);
    expect(spec.ingress[0].from).toEqual([{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'observability' } } }]);
    expect(kind(ship({ metricsFrom: [] }).manifests, 'NetworkPolicy').spec.ingress ?? []).toEqual([]);
  });

  test('runs wherever an API server can run, also on K3s, which gives the label a value', () => {
    const { affinity, tolerations } = pod();
    expect(JSON.stringify(affinity)).toContain('{"key":"node-role.kubernetes.io/control-plane","operator":"Exists"}');
    expect(tolerations.map((one: any) => `${one.key} ${one.effect}`)).toEqual(['node-role.kubernetes.io/control-plane NoSchedule', 'node-role.kubernetes.io/control-plane NoExecute']);
  });

  test('is replaced when its configuration changes', () => {
    const hash = (props: Partial<AuditLogShippingProps>) => kind(ship(props).manifests, 'DaemonSet').spec.template.metadata.annotations;
    expect(hash({})).toEqual(hash({}));
    expect(hash({ sessionLimit: Duration.minutes(30) })).not.toEqual(hash({}));
  });

  test('has a namespace of yours if you name one', () => {
    expect(ship({ namespace: 'kube-system' }).manifests.map(one => one.kind)).not.toContain('Namespace');
    expect(ship({ namespace: 'audit', createNamespace: true }).manifests[0].metadata.labels['pod-security.kubernetes.io/enforce']).toBe('privileged');
  });

  test('the same input gives the same bytes', () => {
    expect(JSON.stringify(ship().manifests)).toBe(JSON.stringify(ship().manifests));
  });
});

describe('nothing is lost', () => {
  const sinks = [
    LOKI, LogSink.otlp('otel:4317'), LogSink.otlpHttp('https://otel.example.com'), LogSink.kafka(['kafka:9093']), LogSink.s3('example-audit', { region: 'eu-central-1' }),
    LogSink.splunkHec('https://splunk.example.com:8088/services/collector', { token: { name: 'splunk', key: 'token' } }),
    LogSink.elasticsearch('https://elastic.example.com:9200', { apiKey: { name: 'elastic', key: 'key' } }),
  ];
  const { config } = ship({ sinks });
  const network = Object.entries<any>(config.exporters).filter(([id]) => !id.startsWith('prometheus/'));

  test.each(network)('%s waits on the disk, and is tried without end', (id, exporter) => {
    expect(exporter.sending_queue).toMatchObject({ enabled: true, storage: 'file_storage/queue', block_on_overflow: true, sizer: 'bytes', queue_size: 2 * 1024 ** 3 });
    if (id.startsWith('elasticsearch/')) expect(exporter.retry).toMatchObject({ enabled: true, max_retries: 2_000_000_000 });
    else expect(exporter.retry_on_failure).toMatchObject({ enabled: true, max_elapsed_time: '0s' });
  });

  test('the place in the log is kept, rotated files are read, and a full queue holds up the reading', () => {
    expect(network).toHaveLength(7);
    expect(config.receivers['file_log/audit']).toMatchObject({
      include: ['/var/log/kubernetes/audit/audit.log', '/var/log/kubernetes/audit/audit-*.log'],
      start_at: 'beginning',
      storage: 'file_storage/checkpoints',
      retry_on_failure: { enabled: true, max_elapsed_time: '0s' },
    });
    expect(config.extensions['file_storage/checkpoints']).toMatchObject({ fsync: true });
    expect(pod().volumes.find((one: any) => one.name === 'state').hostPath.path).toBe('/var/lib/secure-debug/audit-log-shipping');
  });

  test('no processor drops anything unless it is said', () => {
    expect(config.service.pipelines['logs/audit'].processors).toEqual(['memory_limiter', 'transform/classify']);
    expect(config.service.pipelines['logs/objects'].processors).toEqual(['memory_limiter', 'transform/classify', 'transform/objects']);
  });

  test('every sink gets every event once, Kafka as an object, and events are counted once', () => {
    const { 'logs/audit': lines, 'logs/objects': objects } = config.service.pipelines;
    expect([...lines.exporters, ...objects.exporters].sort()).toEqual([...network.map(([id]) => id), 'count/audit'].sort());
    expect(objects).toMatchObject({ receivers: lines.receivers, exporters: ['kafka/kafka'] });
    expect(ship().config.service.pipelines).not.toHaveProperty('logs/objects');
    expect(ship().config.processors).not.toHaveProperty('transform/objects');
    const alone = ship({ sinks: [LogSink.kafka(['kafka:9093'])] }).config.service.pipelines;
    expect([alone['logs/audit'].exporters, alone['logs/objects'].exporters]).toEqual([['count/audit'], ['kafka/kafka']]);
  });

  test('a key that ran out, or a write that takes long, costs no event where the exporter lets one say so', () => {
    expect(config.exporters['elasticsearch/elasticsearch'].retry.retry_on_status).toEqual(expect.arrayContaining([401, 403, 429, 503]));
    // Elasticsearch's exporter does not try again what ran out of time; S3's does.
    expect(config.exporters['elasticsearch/elasticsearch'].timeout).toBe('0s');
    expect(config.exporters['awss3/s3'].timeout).toBe('60s');
    expect(config.exporters['splunk_hec/splunk-hec'].timeout).toBe('60s');
  });

  // The collector refuses to start with a setting that it does not know. Of these three exporters no test can ask it, so the names are held here.
  test.each([
    ['elasticsearch/elasticsearch', '', ['api_key', 'endpoints', 'logs_index', 'retry', 'sending_queue', 'timeout', 'tls']],
    ['elasticsearch/elasticsearch', 'retry', ['enabled', 'initial_interval', 'max_interval', 'max_retries', 'retry_on_status']],
    ['splunk_hec/splunk-hec', '', ['endpoint', 'index', 'max_content_length_logs', 'max_event_size', 'retry_on_failure', 'sending_queue', 'sourcetype', 'timeout', 'tls', 'token']],
    ['awss3/s3', '', ['marshaler', 'retry_on_failure', 's3uploader', 'sending_queue', 'timeout']],
    ['awss3/s3', 's3uploader', [
      'compression', 'disable_ssl', 'endpoint', 'region', 's3_bucket', 's3_force_path_style', 's3_partition_format', 's3_partition_timezone', 's3_prefix', 'unique_key_func_name',
    ]],
  ])('%s %s has the settings of its documentation alone', (id, below, known) => {
    const { exporters } = ship({
      sinks: [
        LogSink.s3('example-audit', { region: 'eu-central-1', endpoint: 'http://minio:9000', plaintext: true }),
        LogSink.splunkHec('https://splunk.example.com', { token: { name: 'splunk', key: 'token' }, index: 'audit' }),
        LogSink.elasticsearch('https://elastic.example.com:9200', { apiKey: { name: 'elastic', key: 'key' } }),
      ],
    }).config;
    expect(Object.keys(below ? exporters[id][below] : exporters[id]).sort()).toEqual(known);
  });

  test('no request is larger than a receiver of OTLP takes by its defaults, and none so small that an event would not fit', () => {
    const batched = network.filter(([, exporter]) => exporter.sending_queue.batch).map(([id]) => id);
    expect(batched.sort()).toEqual(['awss3/s3', 'elasticsearch/elasticsearch', 'otlp_grpc/otlp', 'otlp_http/loki', 'otlp_http/otlp-http']);
    for (const id of batched) {
      const { sizer, max_size: most } = config.exporters[id].sending_queue.batch;
      expect([id, sizer, most > config.receivers['file_log/audit'].max_log_size + 1024 ** 2, id === 'awss3/s3' || most < 20 * 1024 ** 2]).toEqual([id, 'bytes', true, true]);
    }
  });

  test('an event of 10 MiB goes through', () => {
    expect(config.receivers['file_log/audit'].max_log_size).toBe(10 * 1024 ** 2);
    expect(config.exporters['kafka/kafka'].producer).toMatchObject({ required_acks: -1, max_message_bytes: 10 * 1024 ** 2 });
    expect(config.exporters['splunk_hec/splunk-hec']).toMatchObject({ max_content_length_logs: 10 * 1024 ** 2, max_event_size: 60 * 1024 ** 2 });
  });
});

describe('sinks', () => {
  const secret = { name: 'sink', key: 'value' };

  test('credentials come from Secrets by the environment, and stand nowhere', () => {
    const { manifests, config } = ship({
      sinks: [
        LogSink.otlp('otel:4317', { authorization: secret }),
        LogSink.loki('https://loki.example.com', { authorization: secret, tenant: 'security' }),
        LogSink.kafka(['kafka:9093'], { credentialsSecret: 'kafka' }),
        LogSink.s3('example-audit', { region: 'eu-central-1', credentialsSecret: 's3' }),
        LogSink.splunkHec('https://splunk.example.com', { token: secret, index: 'audit' }),
        LogSink.elasticsearch('https://elastic.example.com', { apiKey: secret }),
      ],
    });
    const env = kind(manifests, 'DaemonSet').spec.template.spec.containers[0].env.filter((one: any) => one.valueFrom?.secretKeyRef).map((one: any) => one.name);
    expect(env).toEqual([
      'SINK_ELASTICSEARCH_API_KEY', 'SINK_KAFKA_USERNAME', 'SINK_KAFKA_PASSWORD', 'SINK_LOKI_AUTHORIZATION', 'SINK_OTLP_AUTHORIZATION',
      'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'SINK_SPLUNK_HEC_TOKEN',
    ]);
    expect(config.exporters['otlp_http/loki'].headers).toEqual({ 'X-Scope-OrgID': 'security', 'Authorization': '${env:SINK_LOKI_AUTHORIZATION}' });
    expect(config.exporters['otlp_http/loki'].logs_endpoint).toBe('https://loki.example.com/otlp/v1/logs');
    expect(config.exporters['kafka/kafka'].auth.sasl).toEqual({ mechanism: 'SCRAM-SHA-512', username: '${env:SINK_KAFKA_USERNAME}', password: '${env:SINK_KAFKA_PASSWORD}' });
    expect(config.exporters['splunk_hec/splunk-hec']).toMatchObject({ token: '${env:SINK_SPLUNK_HEC_TOKEN}', index: 'audit' });
    expect(manifests.some(one => one.kind === 'Secret')).toBe(false);
  });

  test('an authority of their own is mounted', () => {
    const sinks = [LogSink.otlpHttp('https://otel.example.com', { certificateAuthority: { name: 'otel-ca', key: 'ca.crt' } })];
    expect(ship({ sinks }).config.exporters['otlp_http/otlp-http'].tls).toEqual({ ca_file: '/etc/otelcol-sinks/otlp-http/ca.crt' });
    expect(pod({ sinks }).volumes).toContainEqual({ name: 'authority-otlp-http', configMap: { name: 'otel-ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } });
  });

  test('S3 learns of an authority by the environment, for its exporter has no setting for one', () => {
    const sinks = [LogSink.s3('example-audit', { region: 'eu-central-1', endpoint: 'https://minio.storage:9000', certificateAuthority: { name: 'minio-ca', key: 'ca.crt' } })];
    const { containers: [{ env, volumeMounts }] } = pod({ sinks });
    expect(env).toContainEqual({ name: 'AWS_CA_BUNDLE', value: '/etc/otelcol-sinks/s3/ca.crt' });
    expect(volumeMounts).toContainEqual({ name: 'authority-s3', mountPath: '/etc/otelcol-sinks/s3', readOnly: true });
  });

  test('S3 reaches the metadata service of AWS when it takes the credentials of the node, and only then', () => {
    const egress = (credentialsSecret?: string) => JSON.stringify(kind(ship({ sinks: [LogSink.s3('example-audit', { region: 'eu-central-1', credentialsSecret })] }).manifests, 'NetworkPolicy').spec.egress);
    expect(egress()).toContain('{"ports":[{"port":80,"protocol":"TCP"}],"to":[{"ipBlock":{"cidr":"169.254.169.254/32"}}]}');
    expect(egress('s3')).not.toContain('169.254');
  });

  test('two buckets share one environment: the same credentials, or an error', () => {
    const bucket = (name: string, credentialsSecret: string) => LogSink.s3(`example-${name}`, { name, region: 'eu-central-1', credentialsSecret });
    const { containers: [{ env }] } = pod({ sinks: [bucket('eu', 's3'), bucket('us', 's3')] });
    expect(env.filter((one: any) => one.name === 'AWS_ACCESS_KEY_ID')).toHaveLength(1);
    expect(() => pod({ sinks: [bucket('eu', 's3'), bucket('us', 'other')] })).toThrow(/AWS_ACCESS_KEY_ID.*one environment/);
  });

  test('S3 has a folder for each cluster; its own address is asked by path', () => {
    const { config } = ship({ sinks: [LogSink.s3('example-audit', { region: 'eu-central-1', endpoint: 'http://minio.storage:9000', plaintext: true, prefix: 'audit/' })] });
    expect(config.exporters['awss3/s3'].s3uploader).toMatchObject({ s3_prefix: 'audit/cluster=production-eu', endpoint: 'http://minio.storage:9000', s3_force_path_style: true, disable_ssl: true });
    expect(config.exporters['awss3/s3'].marshaler).toBe('body');
  });

  test('a file is on the node', () => {
    const sinks = [LogSink.file('/var/log/secure-debug', { keep: 3, rotateAt: Size.mebibytes(10) })];
    expect(ship({ sinks }).config.exporters['file/file']).toEqual({ path: '/var/log/secure-debug/production-eu.jsonl', rotation: { max_megabytes: 10, max_backups: 3 }, format: 'json', create_directory: true });
    expect(pod({ sinks }).volumes).toContainEqual({ name: 'folder-file', hostPath: { path: '/var/log/secure-debug', type: 'DirectoryOrCreate' } });
  });

  test('two of a kind have two names', () => {
    const { config } = ship({ sinks: [LOKI, LogSink.loki('https://other.example.com', { name: 'other' })] });
    expect(Object.keys(config.exporters)).toEqual(['otlp_http/loki', 'otlp_http/other', 'prometheus/audit']);
  });

  test.each<[string, () => unknown, string]>([
    ['an address without a port', () => LogSink.otlp('otel'), 'address = "otel" is not a host and its port'],
    ['a port that there is not', () => LogSink.otlp('otel:70000'), 'is not a port'],
    ['plain HTTP that nobody asked for', () => LogSink.loki('http://loki:3100'), 'is not an https URL, so whoever is in between reads the log'],
    ['TLS where plaintext was asked for', () => LogSink.loki('https://loki:3100', { plaintext: true }), 'is not an http URL, which plaintext asks for'],
    ['a password in the URL', () => LogSink.otlpHttp('https://u:secret@otel.example.com'), 'url = "(not shown)" contains a user or a password'],
    ['a variable in the URL, which the collector would fill in', () => LogSink.otlpHttp('https://${env:AWS_SECRET_ACCESS_KEY}.example.com'), 'is not'],
    ['what is no URL', () => LogSink.otlpHttp('otel'), 'is not a URL'],
    ['a query', () => LogSink.otlpHttp('https://otel.example.com?x=1'), 'without a query'],
    ['a bucket that cannot be one', () => LogSink.s3('My_Bucket', { region: 'eu-central-1' }), 'bucket = "My_Bucket" is not the name of a bucket'],
    ['a region that cannot be one', () => LogSink.s3('bucket', { region: '' }), 'region'],
    ['no broker', () => LogSink.kafka([]), 'brokers = [] is empty'],
    ['a broker without a port', () => LogSink.kafka(['kafka']), 'brokers[0] = "kafka" is not a host and its port'],
    ['a key that cannot be one', () => LogSink.otlp('otel:4317', { authorization: { name: 'a', key: 'a b' } }), 'authorization.key = "a b" is not a key'],
    ['a Secret without a name', () => LogSink.otlp('otel:4317', { authorization: { name: '', key: 'a' } }), 'authorization.name'],
    ['a block that is none', () => LogSink.otlp('otel:4317', { cidrs: ['10.0.0.1'] }), 'cidrs[0] = "10.0.0.1" is not a CIDR block'],
    ['an authority without TLS', () => LogSink.otlp('otel:4317', { plaintext: true, certificateAuthority: secret }), 'is of no use without TLS'],
    ['a relative folder', () => LogSink.file('logs'), 'folder = "logs" is not the absolute path of a folder'],
    ['a folder that leaves its place', () => LogSink.file('/var/log/../../etc'), 'is not the absolute path of a folder'],
    ['no file that is kept', () => LogSink.file('/logs', { keep: 0 }), 'keep = 0 is not a whole number of files'],
    ['a name that cannot be one', () => LogSink.loki('https://loki.example.com', { name: 'My Loki' }), 'name = "My Loki"'],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('events may be left out that are noise', () => {
  const ARGO = 'system:serviceaccount:argocd:argocd-application-controller';

  test('as a label first, then by the filter', () => {
    const { config } = ship({ drop: [{ level: NONE, users: [ARGO], verbs: ['get', 'list', 'watch'], resources: [{ group: 'apps', resources: ['deployments', 'replicasets'] }] }] });
    expect(config.service.pipelines['logs/audit'].processors).toEqual(['memory_limiter', 'transform/classify', 'filter/dropped']);
    expect(config.processors['filter/dropped'].logs.log_record).toEqual(['attributes["debug.dropped"] == "true"']);
  });

  test.each<[string, AuditRule, string]>([
    ['exec', { level: NONE, resources: core('pods/exec') }, 'would drop a debug request: it hides get pods/exec of anyone'],
    ['exec by WebSocket', { level: NONE, verbs: ['get'], resources: core('pods/exec') }, 'hides get pods/exec'],
    ['every subresource of pods', { level: NONE, verbs: ['get'], resources: core('pods/*') }, 'hides get pods/log'],
    ['exec of whatever has it', { level: NONE, resources: core('*/exec') }, 'hides get pods/exec'],
    ['everything', { level: NONE }, 'hides get pods/log'],
    ['all reads', { level: NONE, verbs: ['get', 'list', 'watch'] }, 'hides get pods/log'],
    ['a namespace', { level: NONE, namespaces: ['payments'] }, 'hides get pods/log'],
    ['a person', { level: NONE, users: ['alice'] }, 'hides get pods/log of user alice'],
    ['whatever a program does, with a stolen token too', { level: NONE, users: [ARGO] }, `hides get pods/log of user ${ARGO}`],
    ['whatever a component does', { level: NONE, users: ['system:apiserver'] }, 'hides get pods/log of user system:apiserver'],
    ['administrators', { level: NONE, userGroups: ['system:masters'] }, 'hides get pods/log of group system:masters'],
    ['one pod', { level: NONE, resources: [{ group: '', resources: ['pods/exec'], resourceNames: ['ledger-0'] }] }, 'hides get pods/exec'],
    ['debug containers', { level: NONE, verbs: ['patch'], resources: core('pods/ephemeralcontainers') }, 'hides patch pods/ephemeralcontainers'],
    ['new pods', { level: NONE, verbs: ['create'], resources: core('pods') }, 'hides create pods'],
    ['grants', { level: NONE, resources: [{ group: 'rbac.authorization.k8s.io', resources: ['rolebindings'] }] }, 'would drop evidence: create rolebindings'],
    ['grants that are deleted, by a controller', { level: NONE, users: ['system:serviceaccount:kube-system:generic-garbage-collector'], verbs: ['delete'], resources: [{ group: 'rbac.authorization.k8s.io' }] }, 'would drop evidence: delete clusterrolebindings'],
    ['every group', { level: NONE, verbs: ['patch'], resources: [{ group: '*', resources: ['rolebindings'] }] }, 'would drop evidence: patch rolebindings'],
    ['policies', { level: NONE, resources: [{ group: 'admissionregistration.k8s.io', resources: ['*'] }] }, 'would drop evidence: create'],
    ['the kubelet\'s way around', { level: NONE, resources: core('nodes/proxy') }, 'would drop evidence: create nodes/proxy'],
    ['tokens', { level: NONE, resources: core('serviceaccounts/token') }, 'would drop evidence: create serviceaccounts/token'],
  ])('but not %s', (_, rule, message) => {
    expect(drop(rule)).toThrow(message);
  });

  test.each<[string, AuditRule]>([
    ['reads of a program', { level: NONE, users: [ARGO], verbs: ['get', 'list', 'watch'], resources: [{ group: 'apps' }] }],
    ['leases', { level: NONE, resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] }],
    ['reads of pods, without their subresources', { level: NONE, verbs: ['list', 'watch'], resources: core('pods') }],
    ['probes', { level: NONE, nonResourceUrls: ['/healthz*', '/metrics'] }],
  ])('%s may go', (_, rule) => {
    expect(drop(rule)).not.toThrow();
  });

  test.each<[string, AuditRule, string]>([
    ['a rule that records', { level: AuditLevel.METADATA, resources: core('events') }, 'has a level, and an event is shipped whole or not at all'],
    ['stages', { level: NONE, resources: core('events'), omitStages: [AuditStage.RESPONSE_STARTED] }, 'says what to record'],
    ['what cannot match', { level: NONE, resources: core('events'), nonResourceUrls: ['/x'] }, 'stands beside resources'],
    ['a verb that is none', { level: NONE, verbs: ['GET'], resources: core('events') }, 'does not mean what it looks like'],
  ])('refuses %s', (_, rule, message) => {
    expect(drop(rule)).toThrow(message);
  });
});

describe('redaction', () => {
  test('takes out bodies, and says so in the event', () => {
    const statements: string[] = ship({ redact: [LogRedaction.bodies('', 'configmaps', 'pods/status'), LogRedaction.sourceAddresses()] }).config.processors['transform/classify'].log_statements[0].statements;
    const deletes = statements.filter(one => one.startsWith('delete_key(log.cache["event"]'));
    expect(deletes).toHaveLength(5);
    expect(deletes[0]).toBe('delete_key(log.cache["event"], "requestObject") where (log.cache["group"] == "") and (log.cache["resource"] == "configmaps") and (log.cache["subresource"] == "")');
    expect(statements[statements.length - 1]).toBe('set(log.body, String(log.cache["event"])) where log.cache["redacted"] != nil');
  });

  test.each<[string, () => unknown, string]>([
    ['the image of debug containers', () => LogRedaction.bodies('', 'pods/ephemeralcontainers'), 'has bodies that evidence is made of'],
    ['what pods of people run', () => LogRedaction.bodies('', 'pods'), 'has bodies that evidence is made of'],
    ['who asked for a grant, and why', () => LogRedaction.bodies('rbac.authorization.k8s.io', 'rolebindings'), 'has bodies that evidence is made of'],
    ['everything', () => LogRedaction.bodies('', '*'), 'is not a resource'],
    ['no resource', () => LogRedaction.bodies(''), 'resources = [] is empty'],
    ['which pod was entered', () => LogRedaction.pattern('exec.*'), 'matches what says which pod was entered'],
    ['everything by a pattern', () => LogRedaction.pattern('.*'), 'matches what says which pod was entered'],
    ['by a pattern that RE2 lacks', () => LogRedaction.pattern('(?<=token=).+'), 'has a look-around'],
    ['by a pattern that is none', () => LogRedaction.pattern('('), 'is not a regular expression'],
    ['by no pattern', () => LogRedaction.pattern(''), 'is empty'],
  ])('does not take out %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('classification', () => {
  const statements = (props: Partial<AuditLogShippingProps> = {}): string[] => ship(props).config.processors['transform/classify'].log_statements[0].statements;

  test('every capability that a log shows is told, by the predicates of the model', () => {
    const all = statements().join('\n');
    for (const capability of DebugCapability.all()) {
      for (const { resource, subresource, verbs } of capability.logPredicates()) {
        expect(all).toContain(`set(log.attributes["debug.capability"], "${capability.id}") where (log.cache["group"] == "") and (log.cache["resource"] == "${resource}") and (log.cache["subresource"] == "${subresource}")`);
        for (const verb of verbs) expect(all).toContain(`log.cache["verb"] == "${verb}"`);
      }
    }
  });

  test('a Role that was declared under another name counts to its path', () => {
    const access = [new OnCallDebugAccess(new Chart(new App(), 'team'), 'oncall', { namespace: 'payments', group: 'oncall-payments', name: 'payments.debug'.replace('.', '-') })];
    expect(statements({ access }).find(one => one.includes('"on-call"'))).toContain('^(?:Role \\"oncall-debug\\"|Role \\"payments-debug\\")$');
    expect(statements().find(one => one.includes('"on-call"'))).toContain('^(?:Role \\"oncall-debug\\")$');
  });

  test('the cluster is named, and a dollar sign in a text is one', () => {
    expect(statements()[0]).toBe('set(resource.attributes["k8s.cluster.name"], "production-eu")');
    expect(statements().some(one => one.includes('(?P<role>'))).toBe(true);
    expect(statements({ automation: ['cost$aver'] }).some(one => one.includes('"cost$$aver"'))).toBe(true);
  });
});

describe('bad input', () => {
  const window = new MaintenanceWindow('releases', { days: [Weekday.MONDAY], from: '10:00', to: '12:00' });
  test.each<[string, Partial<AuditLogShippingProps>, string]>([
    ['no sink', { sinks: [] }, 'AuditLogShipping: sinks = [] is empty'],
    ['two sinks of one name', { sinks: [LOKI, LOKI] }, 'sinks[1] = "loki" is listed twice'],
    ['no cluster', { clusterName: '' }, 'clusterName = "" is empty'],
    ['a cluster with a slash, which would leave its folder', { clusterName: '../x' }, 'clusterName'],
    ['two windows of one name', { windows: [window, window] }, 'windows[1] = "releases" is listed twice'],
    ['standard output', { logPath: '-' }, 'logPath = "-" is not the absolute path'],
    ['a log in the root', { logPath: '/audit.log' }, 'logPath = "/audit.log" is in the root of the node'],
    ['a program twice', { automation: ['a', 'a'] }, 'automation[1] = "a" is listed twice'],
    ['a limit below a minute', { sessionLimit: Duration.seconds(10) }, 'sessionLimit = "10 s" is too short'],
    ['a queue of nothing', { queueSize: Size.mebibytes(1) }, 'queueSize = "1 MiB" is out of bounds'],
    ['too little memory', { memory: Size.mebibytes(64) }, 'memory = "64 MiB" is too little'],
    ['a user id that is none', { runAsUser: -1 }, 'runAsUser = -1 is not a user id'],
    ['an image without a tag', { image: 'otel/opentelemetry-collector-contrib' }, 'image'],
    ['a state folder that is relative', { stateFolder: 'state' }, 'stateFolder'],
    ['a namespace that cannot be one', { namespace: 'My_Namespace' }, 'namespace'],
    ['a namespace for metrics that cannot be one', { metricsFrom: ['*'] }, 'metricsFrom[0] = "*" is a wildcard'],
  ])('refuses %s', (_, props, message) => {
    expect(refused(props)).toThrow(message);
  });

  test('what was refused is not synthesized by halves', () => {
    const app = new App();
    const chart = new Chart(app, 'chart');
    expect(() => new AuditLogShipping(chart, 'shipping', { clusterName: 'a', sinks: [] })).toThrow();
    expect(() => app.synthYaml()).toThrow('was refused, so nothing is synthesized');
  });
});

describe('AuditWebhook', () => {
  const plane = () => new ControlPlane({ platforms: [ControlPlanePlatform.KUBEADM, ControlPlanePlatform.KOPS] });
  const url = 'https://audit.example.com/events';

  test('is a kubeconfig and its flags', () => {
    const controlPlane = plane();
    const webhook = new AuditWebhook(controlPlane, 'webhook', { url, certificateAuthorityFile: '/etc/kubernetes/secure-debug/sink-ca.crt', tokenFile: '/etc/kubernetes/secure-debug/sink-token' });
    expect(webhook.toManifest()).toMatchObject({
      clusters: [{ cluster: { 'server': url, 'certificate-authority': '/etc/kubernetes/secure-debug/sink-ca.crt' } }], users: [{ user: { tokenFile: '/etc/kubernetes/secure-debug/sink-token' } }],
    });
    const files = Object.fromEntries(controlPlane.synthFiles().map(file => [file.name, file.content]));
    expect(Object.keys(files)).toEqual(['audit-webhook.yaml', 'kops.yaml', 'kubeadm.yaml']);
    expect(files['kubeadm.yaml']).toContain('name: audit-webhook-config-file\n      value: /etc/kubernetes/secure-debug/audit-webhook.yaml');
    expect(files['kops.yaml']).toContain('auditWebhookBatchBufferSize: 50000');
    expect(files['audit-webhook.yaml']).not.toContain('token:');
  });

  test.each<[string, () => unknown, string]>([
    ['a chart of cluster objects', () => new AuditWebhook(new Chart(new App(), 'chart'), 'webhook', { url }), 'is a chart of cluster objects'],
    ['plain HTTP', () => new AuditWebhook(plane(), 'webhook', { url: 'http://audit.example.com' }), 'is not HTTPS'],
    ['a token that is not mounted', () => new AuditWebhook(plane(), 'webhook', { url, tokenFile: '/root/token' }), 'tokenFile = "/root/token" is in a folder that is not mounted'],
    ['no buffer', () => new AuditWebhook(plane(), 'webhook', { url, bufferSize: 1 }), 'bufferSize = 1 is not a whole number of events'],
    ['Talos', () => new AuditWebhook(new ControlPlane({ platforms: [ControlPlanePlatform.TALOS] }), 'webhook', { url }), 'mounts no file for it'],
    ['a second one', () => {
      const controlPlane = plane();
      new AuditWebhook(controlPlane, 'a', { url });
      new AuditWebhook(controlPlane, 'b', { url });
    }, 'is a second audit webhook'],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});
