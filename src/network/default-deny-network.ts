import { Construct } from 'constructs';
import { contains, METADATA_SERVICES, parseBlock } from './address';
import { AllowedPart } from './allowed-part';
import { NetworkAllow } from './network-allow';
import { NetworkEndpoint } from './network-endpoint';
import { NetworkPort } from './network-port';
import { NetworkReachability, ReachabilityVerdict } from './network-reachability';
import { NetworkTable } from './network-table';
import { ClusterBoundary } from '../model/cluster-boundary';
import { COMPONENT, MANAGED_BY, REASON } from '../model/constants';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit, canonicalJson } from '../private/canonical';
import { allOrNothing, declareObject, Manifest } from '../private/declare';
import { reject } from '../private/errors';
import { isSystemNamespace, namespaceName } from '../private/validate';

/** Which namespace is fenced, and what may pass. */
export interface DefaultDenyNetworkProps {
  /** The namespace, by name (`ns.name` of a cdk8s-plus Namespace). */
  readonly namespace: string;

  /**
   * What may pass, each with a reason. Their order has no meaning.
   *
   * @default - nothing: no connection into the namespace's pods or out of them, not even to each other or to DNS
   */
  readonly allow?: NetworkAllow[];

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be fenced.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

const where = 'DefaultDenyNetwork';
const DEFAULT_DENY = 'default-deny';

/**
 * A fence around the pods of a namespace: NetworkPolicy `default-deny` closes both directions for every pod, and one
 * NetworkPolicy for each allow opens what is declared, with its reason as the annotation
 * `secure-debug.internal/reason`. The names of the allows are made of what they allow, so an allow that changes is a
 * new policy: apply with pruning, as GitOps does, or name the allow.
 *
 * It needs a network plug-in that enforces NetworkPolicy. What comes from a pod's own node (kubelet probes, exec,
 * port-forward) passes in any case, and pods with hostNetwork are not covered.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-deny-all-ingress-and-all-egress-traffic
 */
export class DefaultDenyNetwork extends Construct {
  /** The namespace that is fenced. */
  public readonly namespace: string;

  private readonly policies: Manifest[];
  private judge?: NetworkReachability;

  /**
   * @throws on an empty or malformed namespace, a system namespace, the same allow twice, two allows of one name, and
   * when the same policy is declared elsewhere with other content
   */
  public constructor(scope: Construct, id: string, props: DefaultDenyNetworkProps) {
    super(scope, id);
    this.namespace = props.namespace;
    this.policies = allOrNothing(this, where, () => {
      namespaceName(where, 'namespace', props.namespace, props.allowSystemNamespaces);
      const parts = partsOf(props.allow ?? []);
      const policies = [
        this.policy(DEFAULT_DENY, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
        ...parts.map(({ name, reason, spec }) => this.policy(name, spec, reason)),
      ];
      const boundary = ClusterBoundary.of(this);
      policies.forEach(policy => declareObject(this, policy.metadata.name, where, boundary, policy));

      if (isSystemNamespace(this.namespace)) SecureDebugWarnings._add(this, 'SD3004', this.namespace);
      parts.forEach(part => this.warn(part));
      return policies;
    });
  }

  /** Its NetworkPolicies as parsed manifests, `default-deny` first, then by name: copies of what is synthesized. */
  public manifests(): any[] {
    return JSON.parse(JSON.stringify(this.policies));
  }

  /**
   * Whether a connection is possible under the policies of this fence, and because of which. An end outside of this
   * namespace counts as open: ask `NetworkReachability.of(app)`, or `fromManifests` with those of several fences, to
   * have both ends judged.
   *
   * @param port one port of the destination, by number or by name
   * @throws on a range or all ports, and on a name that the destination does not have
   */
  public reachable(from: NetworkEndpoint, to: NetworkEndpoint, port: NetworkPort): ReachabilityVerdict {
    return this.reachability().reachable(from, to, port);
  }

  /** Who may pass the fence, where and why: a table for review. */
  public table(): NetworkTable {
    return this.reachability().table();
  }

  private reachability(): NetworkReachability {
    return this.judge ??= NetworkReachability.fromManifests(this.policies);
  }

  private policy(name: string, spec: any, reason?: string): Manifest {
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name,
        namespace: this.namespace,
        labels: { 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: 'default-deny-network' },
        ...reason !== undefined && { annotations: { [REASON]: reason } },
      },
      spec,
    };
  }

  private warn({ name, reason, spec }: AllowedPart) {
    const [rule] = spec.ingress ?? spec.egress;
    const peers: any[] | undefined = rule.from ?? rule.to;
    const detail = `${this.namespace}/${name}, because: ${reason}`;
    const blocks = (peers ?? []).flatMap(({ ipBlock }) => ipBlock ? [ipBlock] : []);
    const anywhere = !peers || blocks.some(({ cidr }) => cidr.endsWith('/0'));
    if (anywhere) SecureDebugWarnings._add(this, 'SD3001', detail);
    if (coversAllPorts(rule.ports)) SecureDebugWarnings._add(this, 'SD3002', detail);
    if (peers?.some(({ namespaceSelector }) => namespaceSelector && Object.keys(namespaceSelector).length === 0)) SecureDebugWarnings._add(this, 'SD3003', detail);
    if (spec.egress && reachesPort80(rule.ports) && (!peers || blocks.some(reachesMetadata))) SecureDebugWarnings._add(this, 'SD3005', detail);
  }
}

/** The parts of all allows by name; the same allow twice, and two of one name, are refused. */
function partsOf(allow: NetworkAllow[]): AllowedPart[] {
  if (allow.length === 0) return [];
  const byName = new Map<string, string>([[DEFAULT_DENY, '']]);
  const bySpec = new Set<string>();
  allow.forEach((one, i) => {
    if (!(one instanceof NetworkAllow)) reject({ where, field: `allow[${i}]`, value: one, problem: 'is no NetworkAllow', fix: 'use one of its functions, e.g. NetworkAllow.dns()' });
  });
  allow.forEach(({ _parts }, i) => _parts.forEach(({ name, reason, spec }) => {
    const field = `allow[${i}]`;
    const content = canonicalJson(spec);
    if (bySpec.has(content)) {
      reject({ where, field, value: reason, problem: `allows what another one allows already (${name})`, fix: 'remove one of the two and join their reasons' });
    }
    if (byName.has(name)) {
      reject({ where, field, value: name, problem: 'is the name of another policy of this fence', fix: 'give the allow another name' });
    }
    bySpec.add(content);
    byName.set(name, content);
  }));
  return allow.flatMap(({ _parts }) => _parts).sort((a, b) => byCodeUnit(a.name, b.name));
}

function coversAllPorts(ports?: any[]): boolean {
  return !ports || ports.some(({ port, endPort }) => port === 1 && endPort === 65535);
}

function reachesPort80(ports?: any[]): boolean {
  return !ports || ports.some(({ protocol, port, endPort }) => protocol === 'TCP' && port <= 80 && (endPort ?? port) >= 80);
}

function reachesMetadata({ cidr, except = [] }: any): boolean {
  const holds = (block: string, i: number) => contains(parseBlock(block)!, METADATA_SERVICES[i]);
  return METADATA_SERVICES.some((_, i) => holds(cidr, i) && !except.some((block: string) => holds(block, i)));
}
