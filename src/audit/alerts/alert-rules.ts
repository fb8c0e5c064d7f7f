import { CLUSTER, LABEL, SERVICE } from '../shipping/classify';
import { counter, labelName } from '../shipping/metrics';

/** Thresholds, in seconds and numbers. */
interface Thresholds {
  readonly clusters: string[];
  readonly sessionLimitSeconds: number;
  readonly silentSeconds: number;
  readonly refusals: number;
}

/** One alert, as Prometheus and as Loki ask for it. */
export interface AlertRule {
  readonly name: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  readonly description: string;
  readonly forSeconds: number;
  readonly prometheus: string;
  /** Undefined where a log cannot tell. */
  readonly loki?: string;
}

/** How far back an alert looks for something that happened. */
const WINDOW = '10m';

const cluster = labelName(CLUSTER);
const [user, namespace, privileged] = [LABEL.user, LABEL.namespace, LABEL.privileged].map(labelName);
const [window, breakGlass] = [LABEL.window, LABEL.breakGlass].map(labelName);
const [capability, overLimit, path, outside, by] = [LABEL.capability, LABEL.overLimit, LABEL.path, LABEL.outside, LABEL.by].map(labelName);

const labelled = (label: string) => `{{ $labels.${label} }}`;
/** Duration as Prometheus writes it. */
export const span = (seconds: number) => seconds % 3600 === 0 ? `${seconds / 3600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;

/**
 * How much a counter grew. A series that was not there before counts with all it has, for a first event gives a series that
 * begins with 1, in which `increase` sees nothing.
 */
function grown(series: string, labels: string[], range: string): string {
  return `sum by (${labels.join(', ')}) ((increase(${series}[${range}]) and ${series} offset ${range}) or ${series} unless ${series} offset ${range})`;
}

function lines(filter: string, labels: string[], range: string): string {
  return `sum by (${labels.join(', ')}) (count_over_time({service_name="${SERVICE}"} | ${filter} [${range}]))`;
}

/** Cluster-admin is an alert of its own, and has windows. */
const BROAD = 'cluster-admin|system:masters';
const STREAMS = 'exec|attach|port-forward';
/** Of the collector itself; how Prometheus asks decides whether it ends in _total. */
const SEND_FAILED = '{__name__=~"otelcol_exporter_send_failed_log_records(_total)?"}';

/** Every alert, in the order in which docs/runbook.md has them. */
export function alertRules({ clusters, sessionLimitSeconds, silentSeconds, refusals }: Thresholds): AlertRule[] {
  const limit = span(sessionLimitSeconds);
  const silent = span(silentSeconds);
  const [privilegedTotal, breakGlassTotal, ended, started, refused, events, damaged] = [
    'privileged', 'break_glass', 'sessions_ended', 'sessions_started', 'refusals', 'events', 'damaged',
  ].map(counter);
  const who = [cluster, user, namespace, capability];
  const open = `${started}{${capability}=~"${STREAMS}"}`;
  return [
    {
      name: 'ClusterAdminOutsideWindow',
      severity: 'critical',
      summary: `${labelled(user)} used ${labelled(privileged)} in ${labelled(cluster)} outside every maintenance window`,
      description: 'Planned work has windows, and emergencies have break-glass. Find out what was done, and end the access that is left.',
      forSeconds: 0,
      prometheus: `${grown(`${privilegedTotal}{${window}="none"}`, [cluster, user, privileged], WINDOW)} > 0`,
      loki: `${lines(`${privileged} != "" | ${window} = "none"`, [cluster, user, privileged], WINDOW)} > 0`,
    },
    {
      name: 'BreakGlassUsed',
      severity: 'warning',
      summary: `${labelled(user)} ${labelled(breakGlass)} break-glass access to ${labelled(namespace)} in ${labelled(cluster)}`,
      description: 'It is meant to be used, and to be seen. Its request says the reason and the ticket.',
      forSeconds: 0,
      prometheus: `${grown(breakGlassTotal, [cluster, user, namespace, breakGlass], WINDOW)} > 0`,
      loki: `${lines(`${breakGlass} != ""`, [cluster, user, namespace, breakGlass], WINDOW)} > 0`,
    },
    {
      name: 'DebugSessionOverLimit',
      severity: 'warning',
      summary: `A session (${labelled(capability)}) of ${labelled(user)} in ${labelled(namespace)} of ${labelled(cluster)} lasted for more than ${limit}`,
      description: 'The end of a grant or of a certificate does not end a session that is open; the end of the pod does.',
      forSeconds: 0,
      prometheus: `${grown(`${ended}{${overLimit}="true"}`, who, WINDOW)} > 0`,
      loki: `${lines(`${overLimit} = "true"`, who, WINDOW)} > 0`,
    },
    {
      name: 'DebugSessionOpenForLong',
      severity: 'warning',
      summary: `${labelled(user)} has had a session (${labelled(capability)}) open in ${labelled(namespace)} of ${labelled(cluster)} for more than ${limit}`,
      description: 'More sessions began than ended, for all that time. Somebody who opens one after the other looks the same.',
      forSeconds: sessionLimitSeconds,
      prometheus: `sum by (${who.join(', ')}) (${open}) - (sum by (${who.join(', ')}) (${ended}{${capability}=~"${STREAMS}"}) or sum by (${who.join(', ')}) (${open}) * 0) > 0`,
    },
    {
      name: 'DebuggingOutsideEveryPath',
      severity: 'critical',
      summary: `${labelled(user)} debugged (${labelled(capability)}) in ${labelled(namespace)} of ${labelled(cluster)} by none of the paths: ${labelled(outside)}`,
      description: 'A grant that nobody declared, a token of a ServiceAccount, or the kubelet. Find the binding that the event names, and who made it.',
      forSeconds: 0,
      prometheus: `${grown(`${started}{${path}="outside",${outside}!~"${BROAD}"}`, [...who, outside], WINDOW)} > 0`,
      loki: `${lines(`${path} = "outside" | ${outside} !~ "${BROAD}"`, [...who, outside], WINDOW)} > 0`,
    },
    {
      name: 'DebugRefusals',
      severity: 'warning',
      summary: `${labelled(user)} was refused more than ${refusals} times within ${WINDOW} in ${labelled(cluster)}, by ${labelled(by)}`,
      description: 'Somebody tries what they may not, or lacks what they need at 2 AM. kubectl asks twice for each refused stream.',
      forSeconds: 0,
      prometheus: `${grown(refused, [cluster, user, by], WINDOW)} > ${refusals}`,
      loki: `${lines('debug_step = "refused"', [cluster, user, by], WINDOW)} > ${refusals}`,
    },
    {
      name: 'AuditPipelineSilent',
      severity: 'critical',
      summary: `No audit event of ${labelled(cluster)} for ${silent}`,
      description: 'An API server always has something to record. Until this is mended, nothing tells who did what.',
      forSeconds: 0,
      prometheus: [
        `sum by (${cluster}) (increase(${events}[${silent}])) == 0`,
        ...clusters.map(name => `absent_over_time(${events}{${cluster}="${name}"}[${silent}])`),
      ].join(' or '),
      loki: clusters.map(name => `absent_over_time({service_name="${SERVICE}",${cluster}="${name}"}[${silent}])`).join(' or '),
    },
    {
      name: 'AuditDeliveryBehind',
      severity: 'warning',
      summary: 'The queue of {{ $labels.exporter }} is filled to {{ $value | humanizePercentage }}',
      description: 'The sink is away or too slow. Nothing is lost until the queue is full and the API server has rotated its log away.',
      forSeconds: 600,
      prometheus: 'max by (exporter, instance) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity) > 0.25',
    },
    {
      name: 'AuditEventsRefused',
      severity: 'critical',
      summary: 'The sink of {{ $labels.exporter }} refused {{ $value | humanize }} audit events',
      description: 'It answered, and refused: a token that has run out, a tenant, a quota, a size. What is refused is not tried again. Mend that first, then have the log read anew.',
      forSeconds: 0,
      prometheus: `${grown(SEND_FAILED, ['exporter', 'instance'], WINDOW)} > 0`,
    },
    {
      name: 'AuditLogDamaged',
      severity: 'warning',
      summary: `Lines of the audit log of ${labelled(cluster)} are no audit events`,
      description: 'A disk that was full, a crash in the middle of a line, or somebody who writes to the file.',
      forSeconds: 0,
      prometheus: `${grown(damaged, [cluster], WINDOW)} > 0`,
      loki: `${lines('debug_damaged = "true"', [cluster], WINDOW)} > 0`,
    },
  ];
}
