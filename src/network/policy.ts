import { Block, containsStrictly, formatBlock, parseBlock } from './address';
import { portName, PortSpec } from './port-spec';
import { formatSelector, listOf, NAMESPACE_NAME, objectOf, parseSelector, Selector, selectsAll } from './selector';
import { REASON } from '../model/constants';
import { byCodeUnit, canonicalJson } from '../private/canonical';
import { reject } from '../private/errors';
import { dnsLabel, dnsSubdomain, port as portNumber } from '../private/validate';

/** One parsed NetworkPolicy. A direction that is undefined is one in which it isolates nobody. */
export interface Policy {
  readonly namespace: string;
  readonly name: string;
  readonly reason?: string;
  readonly pods: Selector;
  readonly ingress?: Rule[];
  readonly egress?: Rule[];
}

/** One rule; a list that is undefined stands for everybody, or for every port. */
export interface Rule {
  readonly peers?: Peer[];
  readonly ports?: PortSpec[];
}

/** A block of addresses, or pods; pods without `namespaces` are those of the policy's own. */
export interface Peer {
  readonly block?: Block;
  readonly except?: Block[];
  readonly namespaces?: Selector;
  readonly pods?: Selector;
}

const where = 'NetworkReachability.fromManifests';
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

/**
 * The NetworkPolicies among parsed manifests, sorted by namespace and name; lists are looked into, other kinds and
 * empty documents left out. What the API server would refuse is refused.
 */
export function parsePolicies(manifests: any[]): Policy[] {
  const seen = new Map<string, string>();
  const policies: Policy[] = [];
  const visit = (manifest: any, field: string) => {
    const kind = String(manifest?.kind ?? '');
    if (/^(NetworkPolicy)?List$/.test(kind)) {
      const inherited = { apiVersion: manifest.apiVersion, kind: kind.slice(0, -4) };
      listOf(where, `${field}.items`, manifest.items).forEach((item, i) => visit({ ...inherited, ...item }, `${field}.items[${i}]`));
      return;
    }
    if (!kind.endsWith('NetworkPolicy')) return;
    if (kind !== 'NetworkPolicy' || manifest.apiVersion !== 'networking.k8s.io/v1') {
      reject({ where, field, value: `${manifest.apiVersion} ${kind}`, problem: 'follows rules of its own, which are not modelled', fix: 'pass networking.k8s.io/v1 NetworkPolicies only, and judge this one beside the answer' });
    }
    const policy = parsePolicy(manifest, field);
    const identity = `${policy.namespace}/${policy.name}`;
    const content = canonicalJson(manifest.spec);
    const earlier = seen.get(identity);
    if (earlier !== undefined && earlier !== content) {
      reject({ where, field, value: identity, problem: 'is there twice with different content', fix: 'pass the one that is applied' });
    }
    if (earlier === undefined) policies.push(policy);
    seen.set(identity, content);
  };
  manifests.forEach((manifest, i) => visit(manifest, `policies[${i}]`));
  return policies.sort((a, b) => byCodeUnit(a.namespace, b.namespace) || byCodeUnit(a.name, b.name));
}

function parsePolicy(manifest: any, field: string): Policy {
  const { name, namespace, annotations } = objectOf(where, `${field}.metadata`, manifest.metadata);
  const spec = objectOf(where, `${field}.spec`, manifest.spec);
  dnsSubdomain(where, `${field}.metadata.name`, name, 'the policy as it is applied');
  dnsLabel(where, `${field}.metadata.namespace`, namespace, 'the policy with its namespace: without it nothing says where it applies');
  const types = listOf(where, `${field}.spec.policyTypes`, spec.policyTypes);
  types.forEach((type, i) => {
    if (type !== 'Ingress' && type !== 'Egress') {
      reject({ where, field: `${field}.spec.policyTypes[${i}]`, value: type, problem: 'is not a policy type', fix: 'use Ingress, Egress or both' });
    }
  });
  const rules = (direction: string, side: string): Rule[] => listOf(where, `${field}.spec.${direction}`, spec[direction]).map((rule, i): Rule => {
    const at = `${field}.spec.${direction}[${i}]`;
    const { [side]: given, ports: numbers } = objectOf(where, at, rule);
    const peers = listOf(where, `${at}.${side}`, given).map((peer, j) => parsePeer(peer, `${at}.${side}[${j}]`));
    const ports = listOf(where, `${at}.ports`, numbers).map((port, j) => parsePort(port, `${at}.ports[${j}]`));
    // An empty list means the same as none: everybody, and every port.
    return { peers: peers.length ? peers : undefined, ports: ports.length ? ports : undefined };
  });
  const ingress = rules('ingress', 'from');
  const egress = rules('egress', 'to');
  // Without policyTypes a policy is about ingress, and about egress only when it has rules for it.
  return {
    namespace,
    name,
    // Text of others ends up in terminals and tables.
    reason: objectOf(where, `${field}.metadata.annotations`, annotations)[REASON]?.toString().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' '),
    pods: parseSelector(where, `${field}.spec.podSelector`, spec.podSelector),
    ingress: types.length === 0 || types.includes('Ingress') ? ingress : undefined,
    egress: types.includes('Egress') || (types.length === 0 && egress.length > 0) ? egress : undefined,
  };
}

function parsePeer(peer: any, field: string): Peer {
  const { ipBlock = null, podSelector = null, namespaceSelector = null } = objectOf(where, field, peer);
  if (ipBlock === null && podSelector === null && namespaceSelector === null) {
    reject({ where, field, value: peer, problem: 'names no peer', fix: 'give ipBlock, podSelector or namespaceSelector' });
  }
  if (ipBlock === null) {
    return {
      namespaces: namespaceSelector === null ? undefined : parseSelector(where, `${field}.namespaceSelector`, namespaceSelector),
      pods: parseSelector(where, `${field}.podSelector`, podSelector),
    };
  }
  if (podSelector !== null || namespaceSelector !== null) {
    reject({ where, field, value: peer, problem: 'has ipBlock beside a selector', fix: 'make two peers of it' });
  }
  const { cidr, except: parts } = objectOf(where, `${field}.ipBlock`, ipBlock);
  const block = blockOf(cidr, `${field}.ipBlock.cidr`);
  const except = listOf(where, `${field}.ipBlock.except`, parts).map((text, i) => {
    const at = `${field}.ipBlock.except[${i}]`;
    const part = blockOf(text, at);
    if (!containsStrictly(block, part)) {
      reject({ where, field: at, value: text, problem: `is no part of ${cidr}`, fix: 'except only what the block contains' });
    }
    return part;
  });
  return { block, except };
}

function blockOf(text: any, field: string): Block {
  return parseBlock(String(text)) ?? reject({ where, field, value: text, problem: 'is not a CIDR block', fix: 'write address/prefix, e.g. "10.20.0.0/16" or "2001:db8::/32"' });
}

function parsePort(entry: any, field: string): PortSpec {
  // null is what a YAML key without a value reads as, and the API server takes it as left out.
  const given = objectOf(where, field, entry);
  const protocol = given.protocol ?? 'TCP';
  const port = given.port ?? undefined;
  const endPort = given.endPort ?? undefined;
  if (!PROTOCOLS.includes(protocol)) {
    reject({ where, field: `${field}.protocol`, value: protocol, problem: 'is not a protocol of NetworkPolicy', fix: `use one of ${PROTOCOLS.join(', ')}` });
  }
  if (typeof port !== 'number' && endPort !== undefined) {
    reject({ where, field: `${field}.endPort`, value: endPort, problem: 'stands without a port number', fix: 'give the first port as a number' });
  }
  if (port === undefined) return { protocol };
  if (typeof port !== 'number') return { protocol, name: portName(where, `${field}.port`, port) };
  portNumber(where, `${field}.port`, port);
  const last = endPort === undefined ? port : portNumber(where, `${field}.endPort`, endPort);
  if (last < port) {
    reject({ where, field: `${field}.endPort`, value: endPort, problem: `is before the port, ${port}`, fix: 'give the lower port first' });
  }
  return { protocol, first: port, last };
}

/** Pods of one namespace, in words: `pods app=api in payments`. */
export function formatPods(pods: Selector, place: string): string {
  return `${selectsAll(pods) ? 'every pod' : `pods ${formatSelector(pods)}`} in ${place}`;
}

/** A peer in words; `home` is the namespace of the policy. */
export function formatPeer(peer: Peer | undefined, home: string): string {
  if (!peer) return 'anywhere';
  if (peer.block) {
    return `${formatBlock(peer.block)}${peer.except!.length ? ` except ${peer.except!.map(formatBlock).join(', ')}` : ''}`;
  }
  const { namespaces, pods } = peer;
  if (!namespaces) return formatPods(pods!, home);
  if (selectsAll(namespaces)) return formatPods(pods!, 'every namespace');
  const name = namespaces.labels[NAMESPACE_NAME];
  const named = name !== undefined && Object.keys(namespaces.labels).length === 1 && namespaces.requirements.length === 0;
  return formatPods(pods!, named ? name : `namespaces ${formatSelector(namespaces)}`);
}
