import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { CollectorInput, collectorConfig, FLAGS, PORTS } from './collector-config';
import { checkDropped } from './dropped';
import { LogRedaction } from './log-redaction';
import { LogSink } from './log-sink';
import { caFile, hostFolder } from './sink-parts';
import { ClusterBoundary } from '../../model/cluster-boundary';
import { COMPONENT, DOMAIN, MANAGED_BY, REASON } from '../../model/constants';
import { IDebugAccess } from '../../model/debug-access';
import { byCodeUnit, sortedUnique } from '../../private/canonical';
import { allOrNothing, declareObject, Manifest } from '../../private/declare';
import { reject } from '../../private/errors';
import { shortHash } from '../../private/naming';
import { dnsSubdomain, each, namespaceName, objectName, pinnedImage, seconds, text } from '../../private/validate';
import { yamlFile } from '../../private/yaml-text';
import { MaintenanceWindow } from '../alerts/maintenance-window';
import { AuditRule } from '../audit-rule';

const where = 'AuditLogShipping';
const APP = 'audit-log-shipping';
const CONFIG_FILE = 'collector.yaml';
const CONFIG_FOLDER = '/etc/otelcol-audit';
const STATE = '/var/lib/otelcol-audit';
const MEBIBYTE = 1024 * 1024;

/** Where an audit log goes, and what is told apart in it, on whichever cluster. */
export interface AuditLogShippingOptions {
  /** Where the log goes; each sink has a queue of its own on the disk. */
  readonly sinks: LogSink[];

  /**
   * Where the API server writes its log, as in `AuditPolicy`. Files that it was rotated to are read too.
   *
   * @default /var/log/kubernetes/audit/audit.log
   */
  readonly logPath?: string;

  /**
   * When planned work may use cluster-admin: events are labelled with the window that they lie in.
   *
   * @default - never
   */
  readonly windows?: MaintenanceWindow[];

  /**
   * Users that are programs, as the API server sees them: what they do with cluster-admin, or inside containers, is not outside.
   * e.g. `system:serviceaccount:argocd:argocd-application-controller`
   *
   * @default - none; who begins with `system:` is never a person
   */
  readonly automation?: string[];

  /**
   * Events that are left out: rules with level None. They are checked like those of `AuditPolicy`: none may match a debug
   * request, whoever sends it, or a write of what carries a right.
   *
   * @default - every event is shipped
   */
  readonly drop?: AuditRule[];

  /**
   * What is taken out of events.
   *
   * @default - nothing
   */
  readonly redact?: LogRedaction[];

  /**
   * How much may wait on the disk of each node for each sink, from 16 MiB to 1 TiB. When it is full, reading stops, and the log
   * waits in its own files for as long as the API server keeps them.
   *
   * @default Size.gibibytes(2)
   */
  readonly queueSize?: Size;

  /**
   * Folder on the nodes for checkpoints and queues. It has to outlive the pod.
   *
   * @default /var/lib/secure-debug/audit-log-shipping
   */
  readonly stateFolder?: string;

  /**
   * Memory of the collector, from 128 MiB.
   *
   * @default Size.mebibytes(512)
   */
  readonly memory?: Size;

  /**
   * User id that the collector runs as, if the log can be read without being root.
   *
   * @default 0 - the API server writes its log with mode 0600; the collector is root without any capability
   */
  readonly runAsUser?: number;

  /**
   * Namespaces from which metrics are fetched (ports 9464 and 8888).
   *
   * @default - `monitoring`
   */
  readonly metricsFrom?: string[];

  /**
   * Image of the OpenTelemetry Collector with the contrib components, 0.165 or newer, pinned by a version tag or a digest.
   *
   * @default AuditLogShipping.DEFAULT_IMAGE
   */
  readonly image?: string;

  /**
   * Name of the DaemonSet and of what belongs to it.
   *
   * @default audit-log-shipping
   */
  readonly name?: string;

  /**
   * The namespace. It has to allow Pod Security `privileged`, since every folder of a node is refused below that.
   *
   * @default secure-debug-audit
   */
  readonly namespace?: string;

  /**
   * Whether the namespace is emitted too, with Pod Security `privileged`.
   *
   * @default - true when `namespace` is left out
   */
  readonly createNamespace?: boolean;
}

/** Which log, where to, and what is told apart in it. */
export interface AuditLogShippingProps extends AuditLogShippingOptions {
  /** What the cluster is called in the events, e.g. `production-eu`. */
  readonly clusterName: string;

  /**
   * The declared access: names of Roles that are not the usual ones count to a path by it.
   *
   * @default - Roles are told by the names that this library gives them
   */
  readonly access?: IDebugAccess[];

  /**
   * How long a debug session should last at most: longer ones are labelled.
   *
   * @default Duration.hours(1)
   */
  readonly sessionLimit?: Duration;
}

/**
 * Ships the API server's audit log: an OpenTelemetry Collector on each control plane node reads the log and the files that it was
 * rotated to, labels each event with what it is (which path, which window, how long), and delivers it. What is under way is on the
 * disk of the node, so that neither an outage of the sink nor a restart loses anything; while a sink is away it is tried without end.
 *
 * It may do nothing in the cluster (no token, no rights), sees one folder of the node read-only, and reaches the sinks alone. It runs
 * as root without capabilities, since the log has mode 0600; its namespace needs Pod Security `privileged` for the folder.
 *
 * For `AuditAlerts` it counts: Prometheus fetches port 9464.
 *
 * @see https://opentelemetry.io/docs/collector/
 */
export class AuditLogShipping extends Construct {
  /** The image when no other is given. */
  public static readonly DEFAULT_IMAGE = 'docker.io/otel/opentelemetry-collector-contrib:0.165.1';

  /** Name of the DaemonSet, and of its ServiceAccount, ConfigMap and NetworkPolicy. */
  public readonly name: string;
  /** The namespace it runs in. */
  public readonly namespace: string;
  private readonly input: CollectorInput;

  /** @throws on malformed names, no sink or two of one name, a dropped debug request, and whatever else is out of bounds */
  public constructor(scope: Construct, id: string, props: AuditLogShippingProps) {
    super(scope, id);
    this.name = objectName(where, 'name', props.name ?? APP);
    this.namespace = namespaceName(where, 'namespace', props.namespace ?? 'secure-debug-audit', true);
    this.input = allOrNothing(this, where, () => inputOf(props));
    allOrNothing(this, where, () => this.emit(props));
  }

  /** The collector's configuration, for who runs one of their own; start it with `--feature-gates=stanza.synchronousLogEmitter`. */
  public toCollectorYaml(): string {
    return yamlFile(['Made by cdk8s-secure-debug: reads, labels and delivers the audit log of Kubernetes.'], collectorConfig(this.input));
  }

  private emit(props: AuditLogShippingProps): void {
    const { name, namespace } = this;
    const image = pinnedImage(where, 'image', props.image ?? AuditLogShipping.DEFAULT_IMAGE);
    const stateFolder = hostFolder(where, 'stateFolder', props.stateFolder ?? '/var/lib/secure-debug/audit-log-shipping');
    const memory = (props.memory ?? Size.mebibytes(512)).toMebibytes();
    if (memory < 128) reject({ where, field: 'memory', value: `${memory} MiB`, problem: 'is too little for the collector', fix: 'give 128 MiB or more' });
    const user = props.runAsUser ?? 0;
    if (!Number.isInteger(user) || user < 0 || user > 2 ** 31 - 1) reject({ where, field: 'runAsUser', value: user, problem: 'is not a user id', fix: 'give a whole number, e.g. 65532' });
    const metricsFrom = props.metricsFrom ?? ['monitoring'];
    if (metricsFrom.length > 0) each(where, 'metricsFrom', metricsFrom, 'namespace', (field, value) => namespaceName(where, field, value, true));

    const { sinks } = this.input;
    const config = this.toCollectorYaml();
    const identity = { 'app.kubernetes.io/name': APP, 'app.kubernetes.io/instance': name };
    const labels = { ...identity, 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: APP };
    const metadata = { name, namespace, labels };
    const boundary = ClusterBoundary.of(this);
    const declare = (childId: string, manifest: Manifest) => declareObject(this, childId, where, boundary, manifest);

    if (props.createNamespace ?? props.namespace === undefined) {
      const level = 'privileged';
      declare('namespace', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: namespace,
          labels: { 'app.kubernetes.io/managed-by': MANAGED_BY, ...Object.fromEntries(['audit', 'enforce', 'warn'].map(mode => [`pod-security.kubernetes.io/${mode}`, level])) },
          annotations: { [REASON]: 'The collector reads one folder of its node, which Pod Security refuses at every other level. Whoever may create pods here is root on the control plane.' },
        },
      });
    }
    declare('service-account', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    declare('config', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [CONFIG_FILE]: config } });
    declare('network-policy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, annotations: { [REASON]: 'The collector resolves names and reaches its sinks; Prometheus fetches its metrics.' } },
      spec: {
        podSelector: { matchLabels: identity },
        policyTypes: ['Ingress', 'Egress'],
        ingress: metricsFrom.length === 0 ? [] : [{
          from: [...metricsFrom].sort(byCodeUnit).map(from => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': from } } })),
          ports: [PORTS.own, PORTS.metrics].map(port => ({ port, protocol: 'TCP' })),
        }],
        egress: egressTo(sinks),
      },
    });
    declare('daemon-set', {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: {
        selector: { matchLabels: identity },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
        template: {
          // A pod reads its configuration once.
          metadata: { labels, annotations: { [`${DOMAIN}/config`]: shortHash(config) } },
          spec: podSpec({ name, image, stateFolder, memory, user, sinks, logFolder: folderOf(this.input.logPath) }),
        },
      },
    });
  }
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/'));

function inputOf(props: AuditLogShippingProps): CollectorInput {
  const { sinks, windows = [], automation = [], drop = [], redact = [] } = props;
  if (!Array.isArray(sinks) || sinks.length === 0) reject({ where, field: 'sinks', value: sinks, problem: 'is empty', fix: 'give at least one, e.g. LogSink.loki("https://loki.example.com")' });
  each(where, 'sinks', sinks.map(sink => sink.name), 'sink', (_field, value) => value);
  if (windows.length > 0) each(where, 'windows', windows.map(window => window.name), 'window', (_field, value) => value);
  if (automation.length > 0) each(where, 'automation', automation, 'user', (field, value) => text(where, field, value, 'a user as the API server sees it', 512));
  const logPath = props.logPath ?? '/var/log/kubernetes/audit/audit.log';
  hostFolder(where, 'logPath', logPath);
  if (folderOf(logPath) === '') reject({ where, field: 'logPath', value: logPath, problem: 'is in the root of the node, all of which would be mounted', fix: 'let the API server write to a folder of its own, e.g. "/var/log/kubernetes/audit/audit.log"' });
  checkDropped(drop);
  const queueBytes = Math.round((props.queueSize ?? Size.gibibytes(2)).toKibibytes() * 1024);
  if (queueBytes < 16 * MEBIBYTE || queueBytes > MEBIBYTE * MEBIBYTE) reject({ where, field: 'queueSize', value: `${queueBytes / MEBIBYTE} MiB`, problem: 'is out of bounds', fix: 'give 16 MiB to 1 TiB' });
  return {
    cluster: dnsSubdomain(where, 'clusterName', props.clusterName, 'the name of the cluster, e.g. "production-eu"'),
    logPath,
    sinks: [...sinks].sort((a, b) => byCodeUnit(a.name, b.name)),
    drop,
    redact,
    queueBytes,
    stateFolder: STATE,
    host: '${env:POD_IP}',
    ports: PORTS,
    access: props.access ?? [],
    windows,
    automation: sortedUnique(automation),
    sessionLimitSeconds: seconds(where, 'sessionLimit', props.sessionLimit ?? Duration.hours(1), 60, 7 * 24 * 3600),
  };
}

/** Names are resolved; each sink is reached at its ports, where it is if that was said. */
function egressTo(sinks: LogSink[]): object[] {
  const dns = {
    to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
    ports: ['TCP', 'UDP'].map(protocol => ({ port: 53, protocol })),
  };
  const needs = sinks.map(sink => sink._needs).filter(({ ports }) => ports.length > 0);
  const metadataService = { ports: [{ port: 80, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '169.254.169.254/32' } }] };
  return [dns, ...needs.map(({ ports, cidrs }) => ({
    ports: ports.map(port => ({ port, protocol: 'TCP' })),
    ...cidrs && { to: cidrs.map(block => ({ ipBlock: { cidr: block } })) },
  })), ...needs.some(({ nodeCredentials }) => nodeCredentials) ? [metadataService] : []];
}

/** What the sinks take from the environment; there is one for all. */
function variablesOf(sinks: LogSink[]): object[] {
  const found = new Map<string, object>();
  for (const { name: sink, _needs: { variables, certificateAuthority, authorityVariable } } of sinks) {
    const own = [
      ...variables.map(({ variable, secret: { name, key } }) => ({ name: variable, valueFrom: { secretKeyRef: { name, key } } })),
      ...certificateAuthority && authorityVariable !== undefined ? [{ name: authorityVariable, value: caFile(sink) }] : [],
    ];
    for (const one of own) {
      const known = found.get(one.name);
      if (known && JSON.stringify(known) !== JSON.stringify(one)) {
        reject({ where, field: 'sinks', value: sink, problem: `needs another ${one.name} than the sink before it, and the collector has one environment`, fix: 'give both the same, or ship to one of them' });
      }
      found.set(one.name, one);
    }
  }
  return [...found.values()];
}

interface Pod {
  readonly name: string;
  readonly image: string;
  readonly stateFolder: string;
  readonly memory: number;
  readonly user: number;
  readonly sinks: LogSink[];
  readonly logFolder: string;
}

function podSpec({ name, image, stateFolder, memory, user, sinks, logFolder }: Pod) {
  const identity = { runAsGroup: user, runAsUser: user, ...user !== 0 && { runAsNonRoot: true } };
  const needs = sinks.map(sink => ({ sink: sink.name, ...sink._needs }));
  const authorities = needs.filter(({ certificateAuthority }) => certificateAuthority !== undefined);
  const folders = needs.filter(({ hostFolder: folder }) => folder !== undefined);
  const fieldRef = (variable: string, fieldPath: string) => ({ name: variable, valueFrom: { fieldRef: { fieldPath } } });
  return {
    // Wherever the API server runs; K3s gives the label a value.
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] }] },
      },
    },
    automountServiceAccountToken: false,
    containers: [{
      name: 'collector',
      image,
      imagePullPolicy: 'IfNotPresent',
      args: [`--config=${CONFIG_FOLDER}/${CONFIG_FILE}`, ...FLAGS],
      env: [
        fieldRef('NODE_NAME', 'spec.nodeName'),
        fieldRef('POD_IP', 'status.podIP'),
        // The rest is for what Go does not count.
        { name: 'GOMEMLIMIT', value: `${Math.floor(memory * 0.8)}MiB` },
        ...variablesOf(sinks),
      ],
      // One that waits for its sink is alive.
      livenessProbe: { tcpSocket: { port: PORTS.health }, initialDelaySeconds: 30, periodSeconds: 30, failureThreshold: 5 },
      readinessProbe: { httpGet: { path: '/', port: PORTS.health }, periodSeconds: 10 },
      ports: [{ name: 'metrics', containerPort: PORTS.metrics, protocol: 'TCP' }, { name: 'own-metrics', containerPort: PORTS.own, protocol: 'TCP' }],
      resources: {
        requests: { 'cpu': '50m', 'memory': '128Mi', 'ephemeral-storage': '16Mi' },
        limits: { 'cpu': '1', 'memory': `${memory}Mi`, 'ephemeral-storage': '64Mi' },
      },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, privileged: false, readOnlyRootFilesystem: true, ...identity },
      terminationMessagePolicy: 'FallbackToLogsOnError',
      volumeMounts: [
        { name: 'config', mountPath: CONFIG_FOLDER, readOnly: true },
        { name: 'audit-log', mountPath: logFolder, readOnly: true },
        { name: 'state', mountPath: STATE },
        ...authorities.map(({ sink }) => ({ name: `authority-${sink}`, mountPath: folderOf(caFile(sink)), readOnly: true })),
        ...folders.map(({ sink, hostFolder: folder }) => ({ name: `folder-${sink}`, mountPath: folder })),
      ],
    }],
    enableServiceLinks: false,
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    // A node under pressure does not end the recording first.
    priorityClassName: 'system-node-critical',
    securityContext: { ...identity, seccompProfile: { type: 'RuntimeDefault' } },
    serviceAccountName: name,
    // What was read is delivered or on the disk by then.
    terminationGracePeriodSeconds: 60,
    tolerations: ['NoSchedule', 'NoExecute'].map(effect => ({ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect })),
    volumes: [
      { name: 'config', configMap: { name } },
      { name: 'audit-log', hostPath: { path: logFolder, type: 'Directory' } },
      { name: 'state', hostPath: { path: stateFolder, type: 'DirectoryOrCreate' } },
      ...authorities.map(({ sink, certificateAuthority }) => ({
        name: `authority-${sink}`, configMap: { name: certificateAuthority!.name, items: [{ key: certificateAuthority!.key, path: 'ca.crt' }] },
      })),
      ...folders.map(({ sink, hostFolder: folder }) => ({ name: `folder-${sink}`, hostPath: { path: folder, type: 'DirectoryOrCreate' } })),
    ],
  };
}

