import { cidrBlock, formatBlock } from './address';
import { AllowedPart, allowedPart, AllowSide, ownPods } from './allowed-part';
import { NetworkPeer } from './network-peer';
import { NetworkPort } from './network-port';
import { Labels } from './selector';
import { reject } from '../private/errors';
import { each } from '../private/validate';

/** Who may reach the fenced pods. */
export interface IngressAllowOptions {
  /** Who may come in: any of these. */
  readonly from: NetworkPeer[];

  /**
   * Labels of the fenced pods that may be reached; those of a cdk8s-plus workload are its `matchLabels`.
   *
   * @default - every pod of the namespace
   */
  readonly to?: { [key: string]: string };

  /** At which ports of the fenced pods. */
  readonly ports: NetworkPort[];

  /** Why; kept as an annotation. */
  readonly reason: string;

  /**
   * Name of the policy, at most 63 characters.
   *
   * @default - made of what is allowed: it changes when that changes
   */
  readonly name?: string;
}

/** Whom the fenced pods may reach. */
export interface EgressAllowOptions {
  /** Whom they may reach: any of these. */
  readonly to: NetworkPeer[];

  /**
   * Labels of the fenced pods that may reach them; those of a cdk8s-plus workload are its `matchLabels`.
   *
   * @default - every pod of the namespace
   */
  readonly from?: { [key: string]: string };

  /** At which ports of the other side. */
  readonly ports: NetworkPort[];

  /** Why; kept as an annotation. */
  readonly reason: string;

  /**
   * Name of the policy, at most 63 characters.
   *
   * @default - made of what is allowed: it changes when that changes
   */
  readonly name?: string;
}

/** What answers DNS in a cluster. */
export enum DnsProvider {
  /** CoreDNS or kube-dns: the pods `k8s-app=kube-dns` in `kube-system`. */
  KUBE_DNS = 'kube-dns',
  /**
   * NodeLocal DNSCache at its usual address, 169.254.20.10. Where it also listens at the address of the kube-dns
   * Service, that one is an egress to a block.
   *
   * @see https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
   */
  NODE_LOCAL_DNS = 'node-local-dns',
  /** Cloud DNS for GKE, at 169.254.169.254: only DNS, not the metadata service at the same address. */
  GKE_CLOUD_DNS = 'gke-cloud-dns',
}

/** Which DNS the fenced pods may ask. */
export interface DnsAllowOptions {
  /**
   * What answers.
   *
   * @default DnsProvider.KUBE_DNS
   */
  readonly provider?: DnsProvider;

  /**
   * Labels of the fenced pods that may ask.
   *
   * @default - every pod of the namespace
   */
  readonly from?: { [key: string]: string };

  /**
   * Why; kept as an annotation.
   *
   * @default names of services and hosts are looked up
   */
  readonly reason?: string;

  /**
   * Name of the policy, at most 63 characters.
   *
   * @default - `allow-dns-` and the provider
   */
  readonly name?: string;
}

/** Which fenced pods may call the API server, and where it is. */
export interface ApiServerAllowOptions {
  /** Blocks of its addresses, e.g. `172.18.0.2/32`: those of the EndpointSlice `kubernetes` in namespace `default`. It is no pod, so no selector finds it. */
  readonly cidrs: string[];

  /** Its ports, as in the same EndpointSlice: 6443 in most clusters, 443 in managed ones. */
  readonly ports: NetworkPort[];

  /**
   * Labels of the fenced pods that may call it.
   *
   * @default - every pod of the namespace
   */
  readonly from?: { [key: string]: string };

  /** Why; kept as an annotation. */
  readonly reason: string;

  /**
   * Name of the policy, at most 63 characters.
   *
   * @default - made of what is allowed: it changes when that changes
   */
  readonly name?: string;
}

/** Pods of another namespace that may reach the fenced ones. */
export interface ClientAllowOptions {
  /** Name of the namespace they run in. */
  readonly namespace: string;

  /** Labels of the pods. */
  readonly podLabels: { [key: string]: string };

  /**
   * Labels of the fenced pods that may be reached.
   *
   * @default - every pod of the namespace
   */
  readonly to?: { [key: string]: string };

  /** At which ports of the fenced pods. */
  readonly ports: NetworkPort[];

  /** Why; kept as an annotation. */
  readonly reason: string;

  /**
   * Name of the policy, at most 63 characters.
   *
   * @default - made of what is allowed: it changes when that changes
   */
  readonly name?: string;
}

/** Which pods of the fenced namespace may reach which others of it. */
export interface BetweenPodsAllowOptions {
  /**
   * Labels of the pods that call.
   *
   * @default - every pod of the namespace
   */
  readonly from?: { [key: string]: string };

  /**
   * Labels of the pods that are called.
   *
   * @default - every pod of the namespace
   */
  readonly to?: { [key: string]: string };

  /** At which ports of the pods that are called. */
  readonly ports: NetworkPort[];

  /** Why; kept as an annotation of both policies. */
  readonly reason: string;

  /**
   * Begin of the names of the two policies, which end in `-egress` and `-ingress`; at most 63 characters together.
   *
   * @default - made of what is allowed: they change when that changes
   */
  readonly name?: string;
}

/**
 * What may pass a DefaultDenyNetwork, and why. Each becomes a NetworkPolicy of its own. It opens the side of the
 * fenced namespace only: when the other side is fenced too, that fence needs the allow that mirrors this one.
 */
export class NetworkAllow {
  /**
   * Others may reach the fenced pods.
   *
   * @throws on no peer, port or reason, on empty or malformed labels, on peers or ports given twice, and on a
   * malformed or too long name
   */
  public static ingress(options: IngressAllowOptions): NetworkAllow {
    const { from, to, ports, reason, name } = options;
    return NetworkAllow.of('NetworkAllow.ingress', { direction: 'ingress', own: to, peers: from, ports, reason, name });
  }

  /**
   * The fenced pods may reach others. When those are in a namespace with a fence of its own, that one must let them
   * in.
   *
   * @throws on no peer, port or reason, on empty or malformed labels, on peers or ports given twice, and on a
   * malformed or too long name
   */
  public static egress(options: EgressAllowOptions): NetworkAllow {
    const { from, to, ports, reason, name } = options;
    return NetworkAllow.of('NetworkAllow.egress', { direction: 'egress', own: from, peers: to, ports, reason, name });
  }

  /**
   * The fenced pods may ask the cluster's DNS, at UDP and TCP 53: without it they find nobody by name. Clusters with
   * two providers need one allow for each.
   *
   * @throws on empty or malformed labels, and on a malformed or too long name
   */
  public static dns(options: DnsAllowOptions = {}): NetworkAllow {
    const { provider = DnsProvider.KUBE_DNS, from, reason = 'names of services and hosts are looked up', name } = options;
    const where = 'NetworkAllow.dns';
    const peer = DNS[provider] ?? reject({ where, field: 'provider', value: provider, problem: 'is not a provider', fix: 'use one of DnsProvider' });
    return NetworkAllow.of(where, {
      direction: 'egress',
      own: from,
      peers: [peer()],
      ports: [NetworkPort.udp(53), NetworkPort.tcp(53)],
      reason,
      name,
      title: `dns-${provider}`,
      titleSaysAll: true,
    });
  }

  /**
   * The fenced pods may call the API server. Policies are compared after the `kubernetes` Service was translated, so
   * it takes the addresses and ports behind it.
   *
   * @throws on no block, port or reason, on malformed blocks, on empty or malformed labels, and on a malformed or
   * too long name
   */
  public static apiServer(options: ApiServerAllowOptions): NetworkAllow {
    const { cidrs, from, ports, reason, name } = options;
    const where = 'NetworkAllow.apiServer';
    each(where, 'cidrs', cidrs, 'block of the API server\'s addresses', (field, value) => formatBlock(cidrBlock(where, field, value)));
    return NetworkAllow.of(where, { direction: 'egress', own: from, peers: cidrs.map(cidr => NetworkPeer.cidr(cidr)), ports, reason, name, title: 'api-server' });
  }

  /**
   * The ingress controller may reach the fenced pods. One that runs with hostNetwork is no pod for policies: give
   * its nodes' addresses to `NetworkAllow.ingress`.
   *
   * @throws on no port, label or reason, on malformed names and labels
   */
  public static ingressController(options: ClientAllowOptions): NetworkAllow {
    return NetworkAllow.client('NetworkAllow.ingressController', 'ingress-controller', options);
  }

  /**
   * What scrapes metrics, such as Prometheus, may reach the fenced pods.
   *
   * @throws on no port, label or reason, on malformed names and labels
   */
  public static metricsScraper(options: ClientAllowOptions): NetworkAllow {
    return NetworkAllow.client('NetworkAllow.metricsScraper', 'metrics-scraper', options);
  }

  /**
   * Pods of the fenced namespace may reach others of it: the egress of the one and the ingress of the other, hence
   * two policies.
   *
   * @throws on no port or reason, on empty or malformed labels, and on a malformed or too long name
   */
  public static betweenPods(options: BetweenPodsAllowOptions): NetworkAllow {
    const { from, to, ports, reason, name } = options;
    const where = 'NetworkAllow.betweenPods';
    const peer = (field: string, labels?: Labels) => {
      const chosen = ownPods(where, field, labels);
      return [chosen ? NetworkPeer.pods(chosen) : NetworkPeer.allPods()];
    };
    const named = (direction: string) => name === undefined ? undefined : `${name}-${direction}`;
    return new NetworkAllow([
      allowedPart(where, { direction: 'egress', own: from, peers: peer('to', to), ports, reason, name: named('egress') }),
      allowedPart(where, { direction: 'ingress', own: to, peers: peer('from', from), ports, reason, name: named('ingress') }),
    ], reason);
  }

  private static client(where: string, title: string, options: ClientAllowOptions): NetworkAllow {
    const { namespace, podLabels, to, ports, reason, name } = options;
    return NetworkAllow.of(where, { direction: 'ingress', own: to, peers: [NetworkPeer.podsIn(namespace, podLabels)], ports, reason, name, title });
  }

  private static of(where: string, side: AllowSide): NetworkAllow {
    return new NetworkAllow([allowedPart(where, side)], side.reason);
  }

  private constructor(
    /** @internal */
    public readonly _parts: AllowedPart[],
    /** Why it exists. */
    public readonly reason: string,
  ) {}

  /** The names of its policies. */
  public get policyNames(): string[] {
    return this._parts.map(({ name }) => name);
  }
}

const DNS: { [provider in DnsProvider]: () => NetworkPeer } = {
  [DnsProvider.KUBE_DNS]: () => NetworkPeer.podsIn('kube-system', { 'k8s-app': 'kube-dns' }),
  [DnsProvider.NODE_LOCAL_DNS]: () => NetworkPeer.cidr('169.254.20.10/32'),
  [DnsProvider.GKE_CLOUD_DNS]: () => NetworkPeer.cidr('169.254.169.254/32'),
};
