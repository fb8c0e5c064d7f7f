import { NetworkPeer } from './network-peer';
import { NetworkPort } from './network-port';
import { Labels, selectingLabels } from './selector';
import { byCodeUnit, canonicalJson } from '../private/canonical';
import { reject } from '../private/errors';
import { fitName, shortHash } from '../private/naming';
import { objectName, reason as checkReason } from '../private/validate';

/** One policy of an allow, ready but for its namespace. */
export interface AllowedPart {
  readonly name: string;
  readonly reason: string;
  readonly spec: any;
}

/** One side of the fence that is opened: its own pods, and who is on the other end. */
export interface AllowSide {
  readonly direction: 'ingress' | 'egress';
  readonly own?: Labels;
  readonly peers: NetworkPeer[];
  readonly ports: NetworkPort[];
  readonly reason: string;
  readonly name?: string;
  /** What the name says instead of the other side and the ports. */
  readonly title?: string;
  /** The title and our side say all that is allowed. */
  readonly titleSaysAll?: boolean;
}

/** The policy that opens one side, named. */
export function allowedPart(where: string, side: AllowSide): AllowedPart {
  const { direction, reason } = side;
  checkReason(where, 'reason', reason);
  const own = ownPods(where, direction === 'ingress' ? 'to' : 'from', side.own);
  const peers = peersOf(where, direction === 'ingress' ? 'from' : 'to', side.peers);
  const ports = portsOf(where, side.ports);
  const spec = {
    podSelector: own ? { matchLabels: own } : {},
    policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'],
    [direction]: [{
      ...peers.length && { [direction === 'ingress' ? 'from' : 'to']: peers },
      ...ports.length && { ports },
    }],
  };
  return { name: side.name === undefined ? generatedName(side, own, peers, ports, spec) : objectName(where, 'name', side.name), reason, spec };
}

/** Labels of fenced pods; undefined for all of them. */
export function ownPods(where: string, field: string, labels?: Labels): Labels | undefined {
  return labels === undefined ? undefined : selectingLabels(where, field, labels, `leave ${field} out if every pod of the namespace is meant`);
}

/** The peers as a list in canonical order; empty for anywhere. */
function peersOf(where: string, field: string, peers: NetworkPeer[]): any[] {
  if (!Array.isArray(peers) || peers.length === 0) {
    reject({ where, field, value: peers, problem: 'is empty, which Kubernetes reads as everybody', fix: 'name at least one peer, or NetworkPeer.anywhere() if everybody is meant' });
  }
  peers.forEach((peer, i) => {
    if (!(peer instanceof NetworkPeer)) {
      reject({ where, field: `${field}[${i}]`, value: peer, problem: 'is no NetworkPeer', fix: 'use one of its functions, e.g. NetworkPeer.namespace("web") or NetworkPeer.fromPlus(…)' });
    }
  });
  const lists = peers.map(peer => peer.toManifests());
  if (peers.length > 1 && lists.some(list => list.length === 0)) {
    reject({ where, field, value: `${peers.length} peers`, problem: 'contains NetworkPeer.anywhere(), beside which the others mean nothing', fix: 'remove it, or the others' });
  }
  return canonicalList(where, field, lists.flat(), canonicalJson);
}

/** The ports as a list in canonical order; empty for all. */
function portsOf(where: string, ports: NetworkPort[]): any[] {
  if (!Array.isArray(ports) || ports.length === 0) {
    reject({ where, field: 'ports', value: ports, problem: 'is empty, which Kubernetes reads as every port', fix: 'name at least one port, or NetworkPort.all() if every port is meant' });
  }
  ports.forEach((port, i) => {
    if (!(port instanceof NetworkPort)) {
      reject({ where, field: `ports[${i}]`, value: port, problem: 'is no NetworkPort', fix: 'use one of its functions, e.g. NetworkPort.tcp(443)' });
    }
  });
  if (ports.length > 1 && ports.some(port => port.protocol === undefined)) {
    reject({ where, field: 'ports', value: ports.map(String), problem: 'contains NetworkPort.all(), beside which the others mean nothing', fix: 'remove it, or the others' });
  }
  // By protocol; numbers in their order, then names.
  const number = (value: unknown) => typeof value === 'number' ? String(value).padStart(5) : `~${value}`;
  const entries = ports[0].protocol === undefined ? [] : ports.map(port => port.toManifest());
  return canonicalList(where, 'ports', entries, ({ protocol, port, endPort = port }) => JSON.stringify([protocol, number(port), number(endPort)]));
}

/** The entries in the order of their keys, which differ. */
function canonicalList(where: string, field: string, entries: any[], keyOf: (entry: any) => string): any[] {
  const keyed = entries.map(entry => ({ entry, key: keyOf(entry) })).sort((a, b) => byCodeUnit(a.key, b.key));
  keyed.forEach(({ entry, key }, i) => {
    if (i > 0 && keyed[i - 1].key === key) reject({ where, field, value: entry, problem: 'is given twice', fix: 'name it once' });
  });
  return keyed.map(({ entry }) => entry);
}

/**
 * A name that says what is allowed, and ends in a hash of it: two allows that read alike keep apart, and no other
 * allow has a say in it. A title that says all needs no hash.
 */
function generatedName(side: AllowSide, own: Labels | undefined, peers: any[], ports: any[], spec: any): string {
  const { direction, title, titleSaysAll } = side;
  if (titleSaysAll && !own) return `allow-${title}`;
  const [theirs, ours] = direction === 'ingress' ? ['from', 'to'] : ['to', 'from'];
  const words = [
    ...title ? [title] : [theirs, ...peers.length ? peers.flatMap(peerWords) : ['anywhere']],
    ...own ? [ours, ...Object.values(own)] : [],
    ...title ? [] : ports.length ? ports.flatMap(({ protocol, port, endPort }) => [protocol, port, endPort ?? '']) : ['all-ports'],
  ];
  const readable = words.join('-').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/-$/, '');
  return fitName(`allow-${readable}-${shortHash(canonicalJson(spec))}`);
}

function peerWords({ ipBlock, namespaceSelector, podSelector }: any): string[] {
  if (ipBlock) return [ipBlock.cidr];
  const words = (selector: any, everything: string): string[] => {
    const chosen = [
      ...Object.values<string>(selector.matchLabels ?? {}),
      ...(selector.matchExpressions ?? []).map((expression: any) => expression.key),
    ];
    return chosen.length ? chosen : [everything];
  };
  return [
    ...namespaceSelector ? words(namespaceSelector, 'every-namespace') : [],
    ...podSelector ? words(podSelector, 'all-pods') : [],
  ];
}
