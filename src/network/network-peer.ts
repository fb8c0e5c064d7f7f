import type { INetworkPolicyPeer } from 'cdk8s-plus-28';
import { cidrBlock, containsStrictly } from './address';
import { Labels, NAMESPACE_NAME, parseSelector, selectingLabels, Selector, selectsAll } from './selector';
import { byCodeUnit, canonicalJson } from '../private/canonical';
import { reject } from '../private/errors';
import { dnsLabel, each, namespaceName } from '../private/validate';

const where = 'NetworkPeer';

/** What else is meant by a peer. */
export interface NetworkPeerOptions {
  /**
   * Whether every pod of `kube-…`, `openshift-…` or `default` may be meant.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

/**
 * The other side of an allow: who may come in, or whom the fenced pods may reach.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors
 */
export class NetworkPeer {
  /**
   * Pods of the fenced namespace that carry all of these labels.
   *
   * @throws on no label, which would mean every pod, and on malformed ones
   */
  public static pods(labels: { [key: string]: string }): NetworkPeer {
    return NetworkPeer.selected(undefined, podsOf('labels', labels, 'use NetworkPeer.allPods() if every pod of the namespace is meant'));
  }

  /** Every pod of the fenced namespace. */
  public static allPods(): NetworkPeer {
    return NetworkPeer.selected(undefined, EVERYTHING);
  }

  /**
   * Every pod of one namespace, by its name. Its own fence, when it has one, must allow the other side.
   *
   * @throws on a malformed name, and on a system namespace unless `allowSystemNamespaces` is set
   */
  public static namespace(name: string, options: NetworkPeerOptions = {}): NetworkPeer {
    namespaceName(where, 'name', name, options.allowSystemNamespaces);
    return NetworkPeer.selected(named(name), undefined, options);
  }

  /**
   * Every pod of the namespaces that carry all of these labels: whoever may label a namespace joins them.
   *
   * @throws on no label, which would mean every namespace, on malformed ones, and on a system namespace by its name
   * unless `allowSystemNamespaces` is set
   */
  public static namespaceLabels(labels: { [key: string]: string }, options: NetworkPeerOptions = {}): NetworkPeer {
    return NetworkPeer.selected(namespacesOf('labels', labels), undefined, options);
  }

  /**
   * Pods of another namespace that carry all of these labels. System namespaces too: the pods are named.
   *
   * @param namespace name of the namespace
   * @throws on a malformed name, on no label, and on malformed ones
   */
  public static podsIn(namespace: string, podLabels: { [key: string]: string }): NetworkPeer {
    dnsLabel(where, 'namespace', namespace, 'a namespace name such as "payments"');
    return NetworkPeer.selected(named(namespace), podsOf('podLabels', podLabels, 'use NetworkPeer.namespace(name) if every pod of it is meant'));
  }

  /**
   * Pods that carry all of these labels, of the namespaces that carry all of those: both must hold.
   *
   * @throws on no labels, and on malformed ones
   */
  public static podsInLabelled(namespaceLabels: { [key: string]: string }, podLabels: { [key: string]: string }): NetworkPeer {
    return NetworkPeer.selected(
      namespacesOf('namespaceLabels', namespaceLabels),
      podsOf('podLabels', podLabels, 'use NetworkPeer.namespaceLabels(labels) if every pod of them is meant'),
    );
  }

  /** Every pod of every namespace; no address outside of the cluster. Warns (SD3003). */
  public static allNamespaces(): NetworkPeer {
    return NetworkPeer.selected(EVERYTHING, undefined);
  }

  /**
   * A block of addresses. Meant for what is outside of the cluster: whether it matches pods whose address lies in it
   * depends on the network plug-in, and addresses may be translated before they are compared. `exceptions` are left
   * out of this allow; they deny nothing, and another allow may contain them. A block of every address warns
   * (SD3001).
   *
   * @param block e.g. `10.20.0.0/16` or `2001:db8::/32`, in its canonical spelling: no host bits, IPv6 as in RFC 5952
   * @param exceptions blocks inside of it
   * @default - no exceptions
   * @throws on malformed blocks, host bits, and exceptions that are no part of the block
   * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors
   */
  public static cidr(block: string, exceptions?: string[]): NetworkPeer {
    const outer = cidrBlock(where, 'block', block);
    if (!exceptions?.length) return new NetworkPeer([{ ipBlock: { cidr: block } }]);
    each(where, 'exceptions', exceptions, 'block', (field, value) => {
      if (!containsStrictly(outer, cidrBlock(where, field, value))) {
        reject({ where, field, value, problem: `is no part of ${block}, so it would be refused or change nothing`, fix: 'except only blocks inside of it' });
      }
      return value;
    });
    return new NetworkPeer([{ ipBlock: { cidr: block, except: [...exceptions].sort(byCodeUnit) } }]);
  }

  /** Every pod and every address. Warns (SD3001). It stands alone in an allow. */
  public static anywhere(): NetworkPeer {
    return new NetworkPeer([]);
  }

  /**
   * A peer of cdk8s-plus: Pods, a Deployment or another workload, a Namespace, Namespaces, or a NetworkPolicyIpBlock.
   * A workload without a namespace of its own is looked for in the fenced namespace.
   *
   * @throws as the other peers do: on malformed blocks and labels, on a selection of no namespace, and on every pod
   * of a system namespace unless `allowSystemNamespaces` is set
   */
  public static fromPlus(peer: INetworkPolicyPeer, options: NetworkPeerOptions = {}): NetworkPeer {
    const { ipBlock, podSelector } = peer.toNetworkPolicyPeerConfig();
    if (ipBlock) return NetworkPeer.cidr(ipBlock.cidr, ipBlock.except);
    const pods = plusSelector('podSelector', podSelector?.labelSelector);
    const { names, labelSelector } = podSelector!.namespaces ?? {};
    const namespaces = labelSelector && plusSelector('namespaces', labelSelector);
    if (!names) return NetworkPeer.selected(namespaces, pods, options);

    // Names and labels must both hold; a selector holds one name only, so each gets a peer of its own.
    const meant = names.filter(name => (namespaces?.labels[NAMESPACE_NAME] ?? name) === name);
    if (meant.length === 0) {
      reject({ where, field: 'peer', value: names, problem: 'selects no namespace, which Kubernetes would read as everybody', fix: 'name the namespaces that are meant' });
    }
    return new NetworkPeer(meant.flatMap(name => {
      namespaceName(where, 'peer', name, true);
      return NetworkPeer.selected({ ...named(name, namespaces?.labels), requirements: namespaces?.requirements ?? [] }, pods, options).peers;
    }));
  }

  /** Pods by selectors; the namespaces are undefined for the fenced one, the pods for every pod of other namespaces. */
  private static selected(namespaces: Selector | undefined, pods: Selector | undefined, options: NetworkPeerOptions = {}): NetworkPeer {
    if (namespaces && (!pods || selectsAll(pods))) {
      const byExpression = namespaces.requirements.filter(({ key, operator }) => key === NAMESPACE_NAME && operator === 'In').flatMap(({ values }) => values);
      const byLabel = NAMESPACE_NAME in namespaces.labels ? [namespaces.labels[NAMESPACE_NAME]] : [];
      [...byLabel, ...byExpression].forEach(name => namespaceName(where, 'peer', name, options.allowSystemNamespaces));
    }
    return new NetworkPeer([{
      ...namespaces && { namespaceSelector: selectorManifest(namespaces) },
      ...pods && (!namespaces || !selectsAll(pods)) && { podSelector: selectorManifest(pods) },
    }]);
  }

  private constructor(private readonly peers: any[]) {}

  /** As entries of `from` or `to` in a NetworkPolicy, in canonical order; empty for anywhere, which Kubernetes says by leaving the list out. */
  public toManifests(): any[] {
    return (JSON.parse(JSON.stringify(this.peers)) as any[]).sort((a, b) => byCodeUnit(canonicalJson(a), canonicalJson(b)));
  }
}

const EVERYTHING: Selector = { labels: {}, requirements: [] };

function named(name: string, labels: Labels = {}): Selector {
  return { labels: { ...labels, [NAMESPACE_NAME]: name }, requirements: [] };
}

function podsOf(field: string, labels: Labels, everything: string): Selector {
  return { labels: selectingLabels(where, field, labels, everything), requirements: [] };
}

function namespacesOf(field: string, labels: Labels): Selector {
  return { labels: selectingLabels(where, field, labels, 'use NetworkPeer.allNamespaces() if every namespace is meant'), requirements: [] };
}

/** A label selector of cdk8s-plus says what it selects only as the manifest it becomes. */
function plusSelector(field: string, selector: any): Selector {
  if (typeof selector?._toKube !== 'function') {
    reject({ where, field: `peer.${field}`, value: typeof selector, problem: 'is not a label selector of cdk8s-plus', fix: 'build the peer with NetworkPeer.pods, podsIn or namespace' });
  }
  return parseSelector(where, `peer.${field}`, selector._toKube());
}

function selectorManifest({ labels, requirements }: Selector): any {
  const expressions = requirements.map(({ key, operator, values }) =>
    values.length ? { key, operator, values: [...values].sort(byCodeUnit) } : { key, operator });
  return {
    ...Object.keys(labels).length && { matchLabels: Object.fromEntries(Object.entries(labels).sort(([a], [b]) => byCodeUnit(a, b))) },
    ...expressions.length && { matchExpressions: expressions.sort((a, b) => byCodeUnit(canonicalJson(a), canonicalJson(b))) },
  };
}
