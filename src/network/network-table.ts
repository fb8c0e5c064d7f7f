import { formatPeer, formatPods, Policy, Rule } from './policy';
import { formatPort } from './port-spec';
import { selectsAll } from './selector';
import { byCodeUnit, sortedUnique } from '../private/canonical';

/** Which way a policy looks: at what comes into its pods, or at what leaves them. */
export enum TrafficDirection {
  /** Into the pods. */
  INGRESS = 'ingress',
  /** Out of the pods. */
  EGRESS = 'egress',
}

/** One allow of one policy: who may reach whom, where and why. */
export interface NetworkTableRow {
  /** Which side of the connection is opened by it. */
  readonly direction: TrafficDirection;
  /** Who, in words: `pods app=api in payments`, `10.20.0.0/16`, `anywhere`. */
  readonly from: string;
  /** Whom, in the same words. */
  readonly to: string;
  /** Where: `TCP 443, TCP 8000-8010`, `all ports`. */
  readonly ports: string;
  /**
   * Why.
   *
   * @default - the policy has no annotation that says so
   */
  readonly reason?: string;
  /** Namespace of the policy. */
  readonly policyNamespace: string;
  /** Name of the policy. */
  readonly policyName: string;
}

/** What a reviewer reads: every allow of some policies, and what they deny besides. */
export class NetworkTable {
  /** @internal */
  public static _of(policies: Policy[]): NetworkTable {
    const rows = policies.flatMap(policy => [
      ...(policy.ingress ?? []).flatMap(rule => rowsOf(policy, TrafficDirection.INGRESS, rule)),
      ...(policy.egress ?? []).flatMap(rule => rowsOf(policy, TrafficDirection.EGRESS, rule)),
    ]);
    return new NetworkTable(
      [...rows].sort((a, b) => byCodeUnit(sortKey(a), sortKey(b))),
      [...deniedOf(policies, TrafficDirection.INGRESS), ...deniedOf(policies, TrafficDirection.EGRESS)],
    );
  }

  private constructor(
    /** The allows: ingress before egress, then by who, whom and where. */
    public readonly rows: NetworkTableRow[],
    /** Whose other traffic is denied, in words: `ingress of every pod in payments`. */
    public readonly denied: string[],
  ) {}

  /** The same as Markdown. */
  public toMarkdown(): string {
    const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
    return [
      line(['direction', 'from', 'to', 'ports', 'why', 'policy']),
      line(Array(6).fill('---')),
      ...this.rows.map(row => line([row.direction, row.from, row.to, row.ports, row.reason ?? '', `${row.policyNamespace}/${row.policyName}`].map(escape))),
      '',
      ...this.denied.length ? [`Denied besides: ${this.denied.map(escape).join('; ')}.`, ''] : [],
      'Policies do not see what comes from a pod\'s own node (kubelet probes, exec, port-forward), nor pods with hostNetwork.',
      '',
    ].join('\n');
  }
}

function rowsOf(policy: Policy, direction: TrafficDirection, rule: Rule): NetworkTableRow[] {
  const own = formatPods(policy.pods, policy.namespace);
  return (rule.peers ?? [undefined]).map((peer): NetworkTableRow => {
    const other = formatPeer(peer, policy.namespace);
    return {
      direction,
      from: direction === TrafficDirection.INGRESS ? other : own,
      to: direction === TrafficDirection.INGRESS ? own : other,
      ports: rule.ports?.map(formatPort).join(', ') ?? 'all ports',
      ...policy.reason !== undefined && { reason: policy.reason },
      policyNamespace: policy.namespace,
      policyName: policy.name,
    };
  });
}

function sortKey(row: NetworkTableRow): string {
  const { direction, from, to, ports, policyNamespace, policyName } = row;
  return JSON.stringify([direction === TrafficDirection.INGRESS ? 0 : 1, from, to, ports, policyNamespace, policyName]);
}

/** Who is isolated in a direction; a selection inside of a namespace that is isolated as a whole says nothing new. */
function deniedOf(policies: Policy[], direction: TrafficDirection): string[] {
  const isolating = policies.filter(policy => policy[direction] !== undefined);
  const whole = new Set(isolating.filter(({ pods }) => selectsAll(pods)).map(({ namespace }) => namespace));
  return sortedUnique(isolating
    .filter(({ namespace, pods }) => selectsAll(pods) || !whole.has(namespace))
    .map(({ namespace, pods }) => `${direction} of ${formatPods(pods, namespace)}`));
}

/** Text of others, as itself in a cell of a Markdown table. */
function escape(text: string): string {
  return text.replace(/[\\|`*_<>[\]]/g, '\\$&');
}
