import type { Size } from 'cdk8s';
import { CLUSTER } from './classify';
import { caFile, hostFolder, MAX_EVENT, SinkNeeds, SinkVariable } from './sink-parts';
import { byCodeUnit } from '../../private/canonical';
import { reject } from '../../private/errors';
import { cidr, dnsLabel, dnsSubdomain, each, port as checkPort, text } from '../../private/validate';

const where = 'LogSink';

/** One value of a Secret or a ConfigMap in the namespace of the collector. */
export interface KeyOf {
  /** Name of the Secret or ConfigMap. */
  readonly name: string;
  /** Key in it. */
  readonly key: string;
}

/** What sinks have in common. */
export interface LogSinkProps {
  /**
   * Name of the sink, for two of a kind.
   *
   * @default - its kind, e.g. `loki`
   */
  readonly name?: string;

  /**
   * CIDR blocks of the sink. The NetworkPolicy lets the collector reach nothing else.
   *
   * @default - any address, at the port of the sink
   */
  readonly cidrs?: string[];

  /**
   * ConfigMap with the certificate authority of the sink, in PEM.
   *
   * @default - the authorities of the image
   */
  readonly certificateAuthority?: KeyOf;

  /**
   * Whether it is reached without TLS: audit logs then pass the network in clear. For a gateway on the same node, or behind a mesh.
   *
   * @default false
   */
  readonly plaintext?: boolean;
}

/** OTLP and what speaks it. */
export interface OtlpSinkProps extends LogSinkProps {
  /**
   * Secret with the whole value of the header Authorization, e.g. `Bearer …` or `Basic …`.
   *
   * @default - none is sent
   */
  readonly authorization?: KeyOf;
}

/** Grafana Loki 3 or newer. */
export interface LokiSinkProps extends OtlpSinkProps {
  /**
   * Tenant (X-Scope-OrgID).
   *
   * @default - none, for a Loki of one tenant
   */
  readonly tenant?: string;
}

/** Elasticsearch. */
export interface ElasticsearchSinkProps extends LogSinkProps {
  /** Secret with an API key, encoded. */
  readonly apiKey: KeyOf;

  /**
   * The index or data stream.
   *
   * @default logs-kubernetes.audit.otel-default - Elasticsearch has a template for `logs-*.otel-*`
   */
  readonly index?: string;
}

/** Splunk's HTTP Event Collector. */
export interface SplunkSinkProps extends LogSinkProps {
  /** Secret with the token. */
  readonly token: KeyOf;

  /**
   * The index.
   *
   * @default - that of the token
   */
  readonly index?: string;
}

/** S3, or what has its API. All sinks of this kind have the same credentials and authority, for the collector has one environment. */
export interface S3SinkProps extends LogSinkProps {
  /** AWS region, e.g. `eu-central-1`. */
  readonly region: string;

  /**
   * What keys begin with.
   *
   * @default - kubernetes-audit
   */
  readonly prefix?: string;

  /**
   * Secret with the access key's id and the key, as `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
   *
   * @default - those of the node's instance profile, from the metadata service, which the NetworkPolicy then lets the collector reach. With IMDSv2
   * the node needs a hop limit of 2, for a pod is one hop further away
   */
  readonly credentialsSecret?: string;

  /**
   * Address of what has the API of S3, e.g. `https://minio.storage:9000`.
   *
   * @default - that of AWS
   */
  readonly endpoint?: string;
}

/** Kafka. */
export interface KafkaSinkProps extends LogSinkProps {
  /**
   * The topic. It has to take messages of 10 MiB (`max.message.bytes`), since a single event can be large.
   *
   * @default kubernetes-audit
   */
  readonly topic?: string;

  /**
   * Secret with `username` and `password` for SASL/SCRAM-SHA-512.
   *
   * @default - no authentication
   */
  readonly credentialsSecret?: string;
}

/** A folder on the control plane nodes. */
export interface FileSinkProps {
  /**
   * Name of the sink.
   *
   * @default file
   */
  readonly name?: string;

  /**
   * Size at which the file is rotated.
   *
   * @default Size.mebibytes(100)
   */
  readonly rotateAt?: Size;

  /**
   * How many rotated files are kept, 1 to 1000.
   *
   * @default 10
   */
  readonly keep?: number;
}

interface Definition extends SinkNeeds {
  readonly kind: string;
  readonly name: string;
  readonly exporter: (cluster: string) => object;
  /** It has neither a queue nor a retry of its own. */
  readonly direct?: boolean;
  /** Its own retry, beside or instead of the usual one. */
  readonly queue?: object;
  readonly retry?: object;
}

type Exporter = (tls: object, cluster: string) => object;

/** So long as it takes: an outage must lose nothing. Zero is no limit. */
const RETRY = { retry_on_failure: { enabled: true, initial_interval: '1s', max_interval: '30s', max_elapsed_time: '0s' } };
/**
 * A request is no larger than this, but not smaller than an event may be: a receiver of OTLP takes 20 MiB by HTTP, and refuses for good what is
 * larger, with all events in it.
 */
const REQUEST = { sizer: 'bytes', flush_timeout: '200ms', min_size: 0, max_size: MAX_EVENT + 2 * 1024 * 1024 };

/**
 * Where the audit log goes. Credentials stand in Secrets and reach the collector by its environment; none is in the manifests.
 * Delivery is at least once: after a crash some events come twice, and `auditID` with `stage` tells them.
 */
export class LogSink {
  /**
   * OTLP over gRPC. The receiver has to take messages of 16 MiB (`max_recv_msg_size_mib: 16`), since a single event can be large.
   *
   * @param address host and port, e.g. `otel-gateway.observability:4317`
   * @throws on anything that is no host and port, and on malformed options
   */
  public static otlp(address: string, props: OtlpSinkProps = {}): LogSink {
    const { host, port } = hostPort('address', address);
    return LogSink.network('otlp', 'otlp_grpc', [port], props, tls => ({ endpoint: `${host}:${port}`, tls, ...authorization(props, 'otlp') }), authorizationOf(props, 'otlp'), { queue: { batch: REQUEST } });
  }

  /**
   * OTLP over HTTP.
   *
   * @param url without `/v1/logs`, e.g. `https://otel.example.com`
   * @throws on anything that is no URL, and on malformed options
   */
  public static otlpHttp(url: string, props: OtlpSinkProps = {}): LogSink {
    return LogSink.http('otlp-http', 'otlp_http', url, props, tls => ({ endpoint: url, tls, ...authorization(props, 'otlp-http') }), authorizationOf(props, 'otlp-http'), { queue: { batch: REQUEST } });
  }

  /**
   * Loki, by its OTLP endpoint. Its labels are then `service_name`, `k8s_cluster_name` and `service_instance_id`, the node; what
   * events are labelled with is structured metadata. By its defaults it refuses lines over 256 KiB, and what comes late.
   *
   * @param url e.g. `https://loki.example.com`
   * @throws on anything that is no URL, and on malformed options
   * @see https://grafana.com/docs/loki/latest/send-data/otel/
   */
  public static loki(url: string, props: LokiSinkProps = {}): LogSink {
    const tenant: { [header: string]: string } = props.tenant === undefined ? {} : { 'X-Scope-OrgID': text(where, 'tenant', props.tenant, 'a tenant such as "security"', 150) };
    return LogSink.http('loki', 'otlp_http', url, props, tls => ({
      logs_endpoint: `${url.replace(/\/$/, '')}/otlp/v1/logs`, tls, ...authorization(props, 'loki', tenant),
    }), authorizationOf(props, 'loki'), { queue: { batch: REQUEST } });
  }

  /**
   * Elasticsearch 8.16 or newer: records in its form for OpenTelemetry, the line of the log as `body.text`.
   *
   * @param url e.g. `https://elasticsearch.example.com:9200`
   * @throws on anything that is no URL, and on malformed options
   */
  public static elasticsearch(url: string, props: ElasticsearchSinkProps): LogSink {
    const variable = variableOf(props.name ?? 'elasticsearch', 'API_KEY');
    const index = text(where, 'index', props.index ?? 'logs-kubernetes.audit.otel-default', 'an index such as "logs-kubernetes.audit.otel-default"');
    return LogSink.http('elasticsearch', 'elasticsearch', url, props, tls => ({
      endpoints: [url],
      tls,
      api_key: `\${env:${variable}}`,
      logs_index: index,
      // What runs out of time is not tried again, and before 0.158 all tries together had the 90 seconds that there are otherwise.
      timeout: '0s',
    }),
    [{ variable, secret: keyOf('apiKey', props.apiKey) }],
    // This exporter retries by itself, three times unless it is told otherwise, and drops what is refused for another reason: a key that
    // has run out must not cost events either.
    { queue: { batch: { ...REQUEST, flush_timeout: '1s', min_size: 1024 * 1024 } }, retry: { retry: { enabled: true, max_retries: 2_000_000_000, initial_interval: '1s', max_interval: '30s', retry_on_status: [401, 403, 404, 408, 429, 500, 502, 503, 504] } } });
  }

  /**
   * Splunk's HTTP Event Collector.
   *
   * @param url e.g. `https://splunk.example.com:8088/services/collector`
   * @throws on anything that is no URL, and on malformed options
   */
  public static splunkHec(url: string, props: SplunkSinkProps): LogSink {
    const variable = variableOf(props.name ?? 'splunk-hec', 'TOKEN');
    return LogSink.http('splunk-hec', 'splunk_hec', url, props, tls => ({
      endpoint: url,
      tls,
      token: `\${env:${variable}}`,
      // Ten seconds otherwise, each time anew: too short for a large request on a slow line.
      timeout: '60s',
      sourcetype: 'kube:apiserver:audit',
      ...props.index !== undefined && { index: text(where, 'index', props.index, 'an index') },
      // What is larger is dropped. An event has its line as JSON in JSON, which may be several times as long; a request is packed.
      max_content_length_logs: MAX_EVENT,
      max_event_size: 6 * MAX_EVENT,
    }), [{ variable, secret: keyOf('token', props.token) }]);
  }

  /**
   * Objects in S3, below `PREFIX/cluster=NAME/` by day and hour: the lines of the log as they are, compressed with gzip.
   *
   * @param bucket its name
   * @throws on a bucket that cannot be one, and on malformed options
   */
  public static s3(bucket: string, props: S3SinkProps): LogSink {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket ?? '')) {
      reject({ where, field: 'bucket', value: bucket, problem: 'is not the name of a bucket', fix: 'write e.g. "example-audit-logs"' });
    }
    const region = dnsLabel(where, 'region', props.region, 'a region such as "eu-central-1"');
    const prefix = text(where, 'prefix', props.prefix ?? 'kubernetes-audit', 'what keys begin with, e.g. "kubernetes-audit"').replace(/\/+$/, '');
    const endpoint = props.endpoint === undefined ? undefined : urlOf('endpoint', props.endpoint, props.plaintext ?? false);
    const secret = props.credentialsSecret;
    return new LogSink({
      ...common('s3', props, endpoint ? [endpoint.port] : [443]),
      kind: 'awss3',
      authorityVariable: 'AWS_CA_BUNDLE',
      nodeCredentials: secret === undefined,
      variables: secret === undefined ? [] : ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map(variable => ({ variable, secret: keyOf('credentialsSecret', { name: secret, key: variable }) })),
      exporter: cluster => ({
        marshaler: 'body',
        // An object of many megabytes takes longer than the five seconds that it has otherwise, each time anew.
        timeout: '60s',
        s3uploader: {
          region,
          s3_bucket: bucket,
          s3_prefix: `${prefix}/cluster=${cluster}`,
          s3_partition_format: 'year=%Y/month=%m/day=%d/hour=%H',
          s3_partition_timezone: 'UTC',
          compression: 'gzip',
          unique_key_func_name: 'uuidv7',
          ...endpoint && { endpoint: endpoint.url, s3_force_path_style: true, ...props.plaintext && { disable_ssl: true } },
        },
      }),
      // One object for each batch.
      queue: { batch: { sizer: 'bytes', flush_timeout: '60s', min_size: 8 * 1024 * 1024, max_size: 4 * MAX_EVENT } },
    });
  }

  /**
   * Kafka: an event a message, as a JSON object, with a header that names the cluster; acknowledged by all replicas in sync.
   *
   * @param brokers hosts with their port, e.g. `kafka-0.example.com:9093`
   * @throws on anything that is no host and port, and on malformed options
   */
  public static kafka(brokers: string[], props: KafkaSinkProps = {}): LogSink {
    each(where, 'brokers', brokers, 'broker', (field, value) => {
      hostPort(field, value);
      return value;
    });
    const name = props.name ?? 'kafka';
    const topic = text(where, 'topic', props.topic ?? 'kubernetes-audit', 'a topic such as "kubernetes-audit"', 249);
    const secret = props.credentialsSecret;
    const [username, password] = ['USERNAME', 'PASSWORD'].map(part => variableOf(name, part));
    return LogSink.network('kafka', 'kafka', brokers.map((broker, i) => hostPort(`brokers[${i}]`, broker).port), props, (tls, cluster) => ({
      brokers: [...brokers],
      ...props.plaintext ? {} : { tls },
      ...secret !== undefined && { auth: { sasl: { mechanism: 'SCRAM-SHA-512', username: `\${env:${username}}`, password: `\${env:${password}}` } } },
      logs: { topic, encoding: 'raw' },
      record_headers: [{ name: CLUSTER, value: cluster }],
      producer: { required_acks: -1, compression: 'zstd', max_message_bytes: MAX_EVENT },
    }), secret === undefined ? [] : [
      { variable: username, secret: keyOf('credentialsSecret', { name: secret, key: 'username' }) },
      { variable: password, secret: keyOf('credentialsSecret', { name: secret, key: 'password' }) },
    ], { objects: true });
  }

  /**
   * A file on each control plane node, one OTLP/JSON object a line. It outlives neither the node nor whoever is root on it: for a
   * trial, or beside another sink.
   *
   * @param folder absolute path of a folder on the nodes of its own
   * @throws on a path that is not absolute
   */
  public static file(folder: string, props: FileSinkProps = {}): LogSink {
    hostFolder(where, 'folder', folder);
    const keep = props.keep ?? 10;
    if (!Number.isInteger(keep) || keep < 1 || keep > 1000) reject({ where, field: 'keep', value: keep, problem: 'is not a whole number of files from 1 to 1000', fix: 'give one' });
    return new LogSink({
      kind: 'file',
      name: dnsLabel(where, 'name', props.name ?? 'file', 'a name such as "file"'),
      variables: [],
      ports: [],
      hostFolder: folder,
      direct: true,
      exporter: cluster => ({
        path: `${folder}/${cluster}.jsonl`, rotation: { max_megabytes: props.rotateAt?.toMebibytes() ?? 100, max_backups: keep }, format: 'json', create_directory: true,
      }),
    });
  }

  private static http(
    name: string, kind: string, url: string, props: LogSinkProps, exporter: Exporter, variables: SinkVariable[], own: Partial<Definition> = {},
  ): LogSink {
    return LogSink.network(name, kind, [urlOf('url', url, props.plaintext ?? false).port], props, exporter, variables, own);
  }

  private static network(
    name: string, kind: string, ports: number[], props: LogSinkProps, exporter: Exporter, variables: SinkVariable[],
    own: Partial<Definition> = {},
  ): LogSink {
    const shared = common(name, props, ports);
    const tls = {
      ...props.plaintext ? { insecure: true } : {},
      ...props.certificateAuthority && { ca_file: caFile(shared.name) },
    };
    return new LogSink({ ...shared, kind, variables, exporter: cluster => exporter(tls, cluster), ...own });
  }

  private constructor(private readonly definition: Definition) {}

  /** Its name, e.g. `loki`. */
  public get name(): string {
    return this.definition.name;
  }

  /** @internal */
  public get _needs(): SinkNeeds {
    return this.definition;
  }

  /**
   * Id and configuration of the exporter.
   *
   * @internal
   */
  public _exporter(cluster: string, queue: object): [string, object] {
    const { kind, name, direct, exporter, retry = RETRY, queue: own } = this.definition;
    const id = `${kind}/${name}`;
    return [id, direct ? exporter(cluster) : { ...exporter(cluster), ...retry, sending_queue: { ...queue, ...own } }];
  }
}

function common(kind: string, props: LogSinkProps, ports: number[]) {
  if (props.cidrs !== undefined) each(where, 'cidrs', props.cidrs, 'CIDR block', (field, value) => cidr(where, field, value));
  if (props.plaintext && props.certificateAuthority) {
    reject({ where, field: 'certificateAuthority', value: props.certificateAuthority, problem: 'is of no use without TLS', fix: 'leave out plaintext, or the authority' });
  }
  return {
    name: dnsLabel(where, 'name', props.name ?? kind, `a name such as "${kind}"`),
    ports: [...new Set(ports)].sort((a, b) => a - b),
    ...props.cidrs && { cidrs: [...props.cidrs].sort(byCodeUnit) },
    ...props.certificateAuthority && { certificateAuthority: keyOf('certificateAuthority', props.certificateAuthority) },
  };
}

function keyOf(field: string, value: KeyOf): KeyOf {
  dnsSubdomain(where, `${field}.name`, value?.name, 'the name of a Secret or ConfigMap in the namespace of the collector');
  if (!/^[-._a-zA-Z0-9]{1,253}$/.test(value.key ?? '')) {
    reject({ where, field: `${field}.key`, value: value.key, problem: 'is not a key', fix: 'write the key in it, e.g. "token"' });
  }
  return { name: value.name, key: value.key };
}

const variableOf = (sink: string, what: string) => `SINK_${sink.toUpperCase().replace(/-/g, '_')}_${what}`;

function authorizationOf(props: OtlpSinkProps, kind: string): SinkVariable[] {
  return props.authorization === undefined ? [] : [{ variable: variableOf(props.name ?? kind, 'AUTHORIZATION'), secret: keyOf('authorization', props.authorization) }];
}

function authorization(props: OtlpSinkProps, kind: string, more: { [header: string]: string } = {}): object {
  const headers = { ...more, ...props.authorization && { Authorization: `\${env:${variableOf(props.name ?? kind, 'AUTHORIZATION')}}` } };
  return Object.keys(headers).length > 0 ? { headers } : {};
}

function hostPort(field: string, value: string): { host: string; port: number } {
  text(where, field, value, 'a host and its port, e.g. "otel-gateway.observability:4317"');
  const [, host, digits] = /^([A-Za-z0-9][-A-Za-z0-9.]*|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(value) ?? [];
  if (host === undefined) reject({ where, field, value, problem: 'is not a host and its port', fix: 'write e.g. "otel-gateway.observability:4317"' });
  return { host, port: checkPort(where, field, Number(digits)) };
}

function urlOf(field: string, value: string, plaintext: boolean): { url: string; port: number } {
  text(where, field, value, 'a URL such as "https://logs.example.com"', 2048);
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return reject({ where, field, value, problem: 'is not a URL', fix: 'write e.g. "https://logs.example.com"' });
  }
  if (url.username || url.password) {
    reject({ where, field, value: '(not shown)', problem: 'contains a user or a password', fix: 'name a Secret with the credential' });
  }
  const wanted = plaintext ? 'http:' : 'https:';
  if (url.protocol !== wanted || /[?#\s$]/.test(value)) {
    reject({
      where, field, value, problem: plaintext ? 'is not an http URL, which plaintext asks for' : 'is not an https URL, so whoever is in between reads the log', fix: `write ${wanted}//…${plaintext ? ', or leave out plaintext' : ', without a query; for plain HTTP set plaintext'}`,
    });
  }
  return { url: value, port: Number(url.port || (plaintext ? 80 : 443)) };
}
