import type { KeyOf } from './log-sink';
import { reject } from '../../private/errors';
import { text } from '../../private/validate';

/** A variable of the collector's environment, from a Secret. */
export interface SinkVariable {
  readonly variable: string;
  readonly secret: KeyOf;
}

/** What the DaemonSet and the NetworkPolicy need to know. */
export interface SinkNeeds {
  readonly variables: SinkVariable[];
  readonly certificateAuthority?: KeyOf;
  /** The variable that names its authority, when no setting of the exporter does. */
  readonly authorityVariable?: string;
  readonly hostFolder?: string;
  /** Whether it takes the credentials of the node, from the metadata service of AWS. */
  readonly nodeCredentials?: boolean;
  readonly ports: number[];
  readonly cidrs?: string[];
  /** Whether it gets events as objects: it would send a line as a JSON text of JSON. */
  readonly objects?: boolean;
}

/** The largest event: a body of 1.5 MiB, which is what etcd takes, is several times that as JSON in JSON. */
export const MAX_EVENT = 10 * 1024 * 1024;

/** Where the authority of a sink is mounted. */
export const caFile = (sink: string) => `/etc/otelcol-sinks/${sink}/ca.crt`;

/** The absolute path of a folder that is not the root. */
export function hostFolder(place: string, field: string, value: string): string {
  text(place, field, value, 'an absolute path such as "/var/log/kubernetes/audit"', 512);
  if (!/^(\/(?!\.{1,2}(\/|$))[-._A-Za-z0-9]+)+$/.test(value)) {
    reject({ where: place, field, value, problem: 'is not the absolute path of a folder', fix: 'write e.g. "/var/log/kubernetes/audit", without "..", a slash at the end or a sign that could mean something else' });
  }
  return value;
}
