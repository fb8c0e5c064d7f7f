import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { contains, formatBlock } from './address';
import { NetworkEndpoint } from './network-endpoint';
import { NetworkPort } from './network-port';
import { NetworkTable, TrafficDirection } from './network-table';
import { parsePolicies, Peer, Policy } from './policy';
import { PortSpec } from './port-spec';
import { selects } from './selector';
import { reject } from '../private/errors';

/** A policy that decided about one side of a connection. */
export interface DecidingPolicy {
  /** Its namespace. */
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
  /**
   * Why it exists.
   *
   * @default - it has no annotation that says so
   */
  readonly reason?: string;
}

/** What the policies say about one side of a connection: the egress of its source, or the ingress of its destination. */
export interface ReachabilitySide {
  /** Whether this side is open. */
  readonly allowed: boolean;
  /** Whether any policy isolates the pod in this direction; what is not isolated is open by default. */
  readonly isolated: boolean;
  /** The policies that allow it; when none does, those that isolate the pod. Sorted by namespace and name. */
  readonly policies: DecidingPolicy[];
  /** The same in words. */
  readonly because: string;
}

/** Whether a connection is possible, and why. */
export interface ReachabilityVerdict {
  /** Whether both sides are open. */
  readonly allowed: boolean;
  /** The side of the source. */
  readonly egress: ReachabilitySide;
  /** The side of the destination. */
  readonly ingress: ReachabilitySide;
  /** Both sides in words, and then what could not be judged. */
  readonly because: string[];
}

/**
 * Who can reach whom under some NetworkPolicies, decided as Kubernetes defines it:
 * - a pod that no policy of a direction selects is open in that direction; a selected one is open only to what any of
 *   those policies allows (allows add up, and none can deny what another allows);
 * - a connection needs both the egress of its source and the ingress of its destination;
 * - in one peer, namespaceSelector and podSelector must both hold; of several peers one is enough;
 * - a named port is the one that the destination pod calls so;
 * - a block of addresses is compared with the address of the other side, also when that is a pod whose address is
 *   given. Network plug-ins differ there (some never match pods by block), and address translation may hide the
 *   address, so a block is no good way to mean pods;
 * - a pod always reaches itself; that it is the same one is told by its address, since replicas look alike.
 *
 * Not covered, because policies do not govern it: what comes from a pod's own node (kubelet probes, exec and
 * port-forward), and pods with hostNetwork.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export class NetworkReachability {
  /**
   * Judges by these policies alone: whoever they do not select is open by default. Pass those of several fences, or
   * all of a cluster, to have the other sides judged too.
   *
   * @param policies parsed manifests: networking.k8s.io/v1 NetworkPolicies, alone or in lists; other kinds are left out
   * @throws on what the API server would refuse, on a policy without a namespace, on two policies of one name that
   * differ, and on policies of other API groups (Cilium, Calico, AdminNetworkPolicy), which would change the answer
   */
  public static fromManifests(policies: any[]): NetworkReachability {
    return new NetworkReachability(parsePolicies(policies));
  }

  /**
   * Judges by every NetworkPolicy below a construct: all fences of an app, and those of cdk8s-plus.
   *
   * @param scope the app, a chart, or whatever holds the policies of one cluster
   * @throws as `fromManifests` does
   */
  public static of(scope: IConstruct): NetworkReachability {
    const objects = scope.node.findAll().filter((construct): construct is ApiObject => ApiObject.isApiObject(construct));
    return NetworkReachability.fromManifests(objects.filter(({ kind }) => kind.endsWith('NetworkPolicy')).map(object => object.toJson()));
  }

  private readonly byNamespace = new Map<string, Policy[]>();

  private constructor(private readonly policies: Policy[]) {
    for (const policy of policies) {
      const others = this.byNamespace.get(policy.namespace);
      if (others) others.push(policy); else this.byNamespace.set(policy.namespace, [policy]);
    }
  }

  /**
   * Whether a connection is possible, and because of which policies.
   *
   * @param port one port of the destination (after a Service has translated its own), by number or by name
   * @throws on a range or all ports, and on a name that the destination does not have
   */
  public reachable(from: NetworkEndpoint, to: NetworkEndpoint, port: NetworkPort): ReachabilityVerdict {
    const target = targetPort(to, port);
    if (isItself(from, to)) {
      const side: ReachabilitySide = { allowed: true, isolated: false, policies: [], because: `${to} is the source itself, and a pod always reaches itself` };
      return { allowed: true, egress: side, ingress: side, because: [side.because] };
    }
    const open: string[] = [];
    const egress = this.side(TrafficDirection.EGRESS, from, to, target, open);
    const ingress = this.side(TrafficDirection.INGRESS, from, to, target, open);
    return { allowed: egress.allowed && ingress.allowed, egress, ingress, because: [egress.because, ingress.because, ...open] };
  }

  /** Every allow of the policies, and what they deny besides: a table for review. */
  public table(): NetworkTable {
    return NetworkTable._of(this.policies);
  }

  private side(direction: TrafficDirection, from: NetworkEndpoint, to: NetworkEndpoint, port: Target, open: string[]): ReachabilitySide {
    const [subject, other] = direction === TrafficDirection.EGRESS ? [from, to] : [to, from];
    const what = `${direction} of ${subject}`;
    if (subject.podNamespace === undefined) {
      return { allowed: true, isolated: false, policies: [], because: `${what}: no pod, so no policy governs it` };
    }
    const isolating = (this.byNamespace.get(subject.podNamespace) ?? []).filter(policy => policy[direction] && selects(policy.pods, subject._labels));
    if (isolating.length === 0) {
      return { allowed: true, isolated: false, policies: [], because: `${what}: no policy here isolates it, so it is open by default` };
    }
    const allowing = isolating.filter(policy => policy[direction]!.some(rule =>
      (!rule.ports || rule.ports.some(spec => matchesPort(spec, port, to)))
      && (!rule.peers || rule.peers.some(peer => matchesPeer(peer, policy.namespace, other)))));
    if (allowing.length > 0) {
      return { allowed: true, isolated: true, policies: allowing.map(deciding), because: `${what}: allowed by ${allowing.map(explain).join(', ')}` };
    }
    if (other.podNamespace !== undefined && other._address === undefined) {
      for (const policy of isolating) {
        const blocks = policy[direction]!.filter(rule => !rule.ports || rule.ports.some(spec => matchesPort(spec, port, to)))
          .flatMap(rule => rule.peers!.flatMap(peer => peer.block ? [formatBlock(peer.block)] : []));
        if (blocks.length > 0) open.push(`${what}: ${explain(policy)} allows ${blocks.join(', ')}, which was not judged: the address of ${other} is not given`);
      }
    }
    // Those without rules are there to deny; that the others isolate too says nothing to a reader.
    const closing = isolating.filter(policy => policy[direction]!.length === 0);
    const names = (closing.length > 0 ? closing : isolating).map(({ namespace, name }) => `${namespace}/${name}`);
    return { allowed: false, isolated: true, policies: isolating.map(deciding), because: `${what}: isolated by ${names.join(', ')}, and nothing allows it` };
  }
}

interface Target { readonly protocol: string; readonly number: number }

function targetPort(to: NetworkEndpoint, port: NetworkPort): Target {
  const where = 'NetworkReachability.reachable';
  const named = port.name === undefined ? port : to._namedPorts[port.name];
  if (!named || named.protocol !== port.protocol) {
    reject({ where, field: 'port', value: port.toString(), problem: `is not a port of ${to}`, fix: 'give its number, or name it in namedPorts of the destination' });
  }
  if (named.first === undefined || named.first !== named.last) {
    reject({ where, field: 'port', value: port.toString(), problem: 'is more than one port', fix: 'ask about one port at a time' });
  }
  return { protocol: named.protocol!, number: named.first! };
}

/** Only an address tells one pod from another: equal labels may be those of two replicas. */
function isItself(from: NetworkEndpoint, to: NetworkEndpoint): boolean {
  return from.podNamespace !== undefined && from.podNamespace === to.podNamespace
    && from._address !== undefined && to._address !== undefined
    && from._address.version === to._address.version && from._address.value === to._address.value;
}

function matchesPort(spec: PortSpec, port: Target, to: NetworkEndpoint): boolean {
  if (spec.protocol !== port.protocol) return false;
  if (spec.name !== undefined) {
    const named = to._namedPorts[spec.name];
    return named?.protocol === port.protocol && named.first === port.number;
  }
  return spec.first === undefined || (spec.first <= port.number && port.number <= spec.last!);
}

function matchesPeer(peer: Peer, home: string, other: NetworkEndpoint): boolean {
  const address = other._address;
  if (peer.block) {
    return address !== undefined && contains(peer.block, address) && !peer.except!.some(block => contains(block, address));
  }
  if (other.podNamespace === undefined) return false;
  return (peer.namespaces ? selects(peer.namespaces, other._namespaceLabels) : other.podNamespace === home) && selects(peer.pods!, other._labels);
}

function deciding({ namespace, name, reason }: Policy): DecidingPolicy {
  return reason === undefined ? { namespace, name } : { namespace, name, reason };
}

function explain({ namespace, name, reason }: Policy): string {
  return `${namespace}/${name}${reason === undefined ? '' : ` (${reason})`}`;
}
