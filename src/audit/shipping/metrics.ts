import { CLUSTER, LABEL, METRIC_PREFIX } from './classify';
import { all, attribute, is } from './ottl';

/** A counter by labels; Prometheus sees `secure_debug_NAME_total`, and labels with underscores. */
interface Counter {
  readonly name: string;
  readonly description: string;
  readonly labels: string[];
  readonly condition?: string;
}

const has = (label: string) => `${attribute(label)} != nil`;

/** What is counted. Its labels are who, where and what, never a pod or a command, of which there is no end. */
const COUNTERS: Counter[] = [
  { name: 'events', description: 'Events that were read', labels: [] },
  { name: 'damaged', description: 'Lines of the log that are no audit event', labels: [], condition: has(LABEL.damaged) },
  {
    name: 'sessions_started',
    description: 'Debug requests that began',
    labels: [LABEL.user, LABEL.path, LABEL.outside, LABEL.capability, LABEL.namespace, LABEL.window],
    condition: all(has(LABEL.capability), is(attribute(LABEL.step), 'began')),
  },
  {
    name: 'sessions_ended',
    description: 'Debug streams that ended',
    labels: [LABEL.user, LABEL.path, LABEL.capability, LABEL.namespace, LABEL.overLimit],
    condition: all(has(LABEL.capability), is(attribute(LABEL.step), 'ended')),
  },
  {
    name: 'privileged',
    description: 'Requests of people that cluster-admin or system:masters allowed',
    labels: [LABEL.user, LABEL.privileged, LABEL.window],
    condition: has(LABEL.privileged),
  },
  { name: 'break_glass', description: 'Break-glass access, requested and used', labels: [LABEL.user, LABEL.namespace, LABEL.breakGlass], condition: has(LABEL.breakGlass) },
  { name: 'refusals', description: 'Debug requests that were refused', labels: [LABEL.user, LABEL.by, LABEL.capability, LABEL.namespace], condition: is(attribute(LABEL.step), 'refused') },
  { name: 'would_deny', description: 'Requests that a guardrail which only watches would have refused', labels: [LABEL.user, LABEL.wouldDeny, LABEL.namespace], condition: has(LABEL.wouldDeny) },
];

/** Name of a counter in Prometheus. */
export const counter = (name: string) => {
  if (!COUNTERS.some(one => one.name === name)) throw new Error(`no counter ${name}`);
  return `${METRIC_PREFIX}_${name}_total`;
};

/** A label as Prometheus and Loki see it. */
export const labelName = (label: string) => label.replace(/[^a-zA-Z0-9]/g, '_');

/** For the count connector. */
export function countMetrics(): any {
  return Object.fromEntries(COUNTERS.map(({ name, description, labels, condition }) => [`${METRIC_PREFIX}.${name}`.replace('.', '_'), {
    description,
    ...condition && { conditions: [condition] },
    attributes: [CLUSTER, ...labels].map(key => ({ key, default_value: 'none' })),
  }]));
}
