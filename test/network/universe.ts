import { BlockList, isIPv4 } from 'net';
import * as fc from 'fast-check';

/** A pod, or an address that is none (without `namespace`), in a small world where everything can be enumerated. */
export interface End {
  readonly ip: string;
  readonly namespace?: string;
  readonly labels: Record<string, string>;
  readonly named: Record<string, Port>;
}

export const NAMESPACES: Record<string, Record<string, string>> = {
  'payments': { team: 'money', tier: 'a' },
  'ledger': { team: 'money' },
  'web': { team: 'shop', tier: 'b' },
  'kube-system': {},
};

const pod = (namespace: string, ip: string, labels: Record<string, string>, named: End['named'] = {}): End => ({ namespace, ip, labels, named });

export const ENDS: End[] = [
  pod('payments', '10.0.1.1', { app: 'api', tier: 'a' }, { http: { protocol: 'TCP', number: 80 } }),
  pod('payments', '10.0.1.2', { app: 'db' }, { http: { protocol: 'TCP', number: 8080 }, dns: { protocol: 'UDP', number: 53 } }),
  pod('payments', 'fd00:1::3', {}),
  pod('ledger', '10.0.2.1', { app: 'api' }, { http: { protocol: 'UDP', number: 80 } }),
  pod('ledger', 'fd00:2::2', { app: 'db', tier: 'b' }, { dns: { protocol: 'UDP', number: 53 } }),
  pod('web', '10.0.3.1', { app: 'web', tier: 'a' }, { http: { protocol: 'TCP', number: 80 } }),
  pod('kube-system', '10.0.4.1', { 'k8s-app': 'kube-dns' }, { dns: { protocol: 'UDP', number: 53 } }),
  { ip: '192.0.2.1', labels: {}, named: {} },
  { ip: '2001:db8::1', labels: {}, named: {} },
];

/** One port of one protocol. */
export interface Port {
  readonly protocol: string;
  readonly number: number;
}

export const PORTS: Port[] = [
  { protocol: 'TCP', number: 80 },
  { protocol: 'TCP', number: 8080 },
  { protocol: 'UDP', number: 53 },
  { protocol: 'UDP', number: 80 },
  { protocol: 'SCTP', number: 80 },
];

const entry = (keys: string[], values: string[]) => fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { maxKeys: 2 });
const requirement = (keys: string[], values: string[]) => fc.oneof(
  fc.record({ key: fc.constantFrom(...keys), operator: fc.constantFrom('In', 'NotIn'), values: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }) }),
  fc.record({ key: fc.constantFrom(...keys), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const selector = (keys: string[], values: string[]) => fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: entry(keys, values) }),
  fc.record({ matchLabels: entry(keys, values), matchExpressions: fc.array(requirement(keys, values), { maxLength: 2 }) }, { requiredKeys: [] }),
);
export const podSelector = selector(['app', 'tier'], ['api', 'db', 'a', 'b', 'web']);
export const namespaceSelector = fc.oneof(
  selector(['team', 'tier'], ['money', 'shop', 'a', 'b']),
  fc.constantFrom(...Object.keys(NAMESPACES)).map(name => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
);

/** Blocks with what may be left out of them. */
export const BLOCKS: [string, string[]][] = [
  ['0.0.0.0/0', ['10.0.0.0/8', '10.0.1.0/24', '192.0.2.1/32']],
  ['10.0.0.0/16', ['10.0.1.0/31', '10.0.2.0/23']],
  ['10.0.1.0/24', ['10.0.1.2/32']],
  ['192.0.2.1/32', []],
  ['::/0', ['fd00::/8', '2001:db8::/32']],
  ['fd00::/16', ['fd00:1::/32', 'fd00:2::2/128']],
];

const ipBlock = fc.constantFrom(...BLOCKS)
  .chain(([cidr, parts]) => fc.subarray(parts).map(except => ({ ipBlock: except.length ? { cidr, except } : { cidr } })));
const peer = fc.oneof(
  ipBlock,
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector, namespaceSelector }),
);
const portEntry = fc.oneof(
  fc.record({ protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'), port: fc.constantFrom(53, 80, 8080) }),
  fc.record({ port: fc.constantFrom<string | number>(80, 'http') }),
  fc.record({ protocol: fc.constantFrom('TCP', 'UDP'), port: fc.constantFrom('http', 'dns') }),
  fc.record({ protocol: fc.constantFrom('TCP', 'UDP'), port: fc.constantFrom(1, 79, 80), endPort: fc.constantFrom(80, 100, 8080) }),
  fc.record({ protocol: fc.constantFrom('TCP', 'UDP', 'SCTP') }),
);
const list = <T>(of: fc.Arbitrary<T>) => fc.option(fc.array(of, { maxLength: 2 }), { nil: undefined });
const rule = (peers: string) => fc.tuple(list(peer), list(portEntry)).map(([p, ports]) => ({ ...p && { [peers]: p }, ...ports && { ports } }));

/** Any NetworkPolicy that the API server would accept, made of the world's labels, blocks and ports. */
export const policy: fc.Arbitrary<any> = fc.record({
  namespace: fc.constantFrom(...Object.keys(NAMESPACES)),
  podSelector,
  policyTypes: fc.constantFrom(undefined, [], ['Ingress'], ['Egress'], ['Ingress', 'Egress']),
  ingress: fc.option(fc.array(rule('from'), { maxLength: 2 }), { nil: undefined }),
  egress: fc.option(fc.array(rule('to'), { maxLength: 2 }), { nil: undefined }),
}).map(({ namespace, ...spec }) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p', namespace }, spec }));

/** Up to six policies, each with a name of its own. */
export const policies: fc.Arbitrary<any[]> = fc.array(policy, { maxLength: 6 })
  .map(all => all.map((one, i) => ({ ...one, metadata: { ...one.metadata, name: `p${i}` } })));

/** The ends a selector leaves, found by striking out. */
function strike(from: Set<number>, labelsOf: (end: number) => Record<string, string>, chosen: any): Set<number> {
  const left = new Set(from);
  for (const end of from) {
    const labels = labelsOf(end);
    for (const key of Object.keys(chosen.matchLabels ?? {})) if (labels[key] !== chosen.matchLabels[key]) left.delete(end);
    for (const { key, operator, values } of chosen.matchExpressions ?? []) {
      const value: string | undefined = labels[key];
      if (operator === 'Exists' && value === undefined) left.delete(end);
      if (operator === 'DoesNotExist' && value !== undefined) left.delete(end);
      if (operator === 'In' && !values.some((v: string) => v === value)) left.delete(end);
      if (operator === 'NotIn' && values.some((v: string) => v === value)) left.delete(end);
    }
  }
  return left;
}

const ALL = new Set(ENDS.keys());
const PODS = new Set([...ALL].filter(end => ENDS[end].namespace !== undefined));
const inNamespace = (name: string) => new Set([...PODS].filter(end => ENDS[end].namespace === name));
const podLabels = (end: number) => ENDS[end].labels;
const namespaceLabels = (end: number) => ({ ...NAMESPACES[ENDS[end].namespace!], 'kubernetes.io/metadata.name': ENDS[end].namespace! });

const BLOCK_LISTS = new Map<string, BlockList>();

/** Whether the block contains the address. */
export function within(cidr: string, ip: string): boolean {
  const [address, prefix] = cidr.split('/');
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (!BLOCK_LISTS.has(cidr)) {
    const blocks = new BlockList();
    blocks.addSubnet(address, Number(prefix), family);
    BLOCK_LISTS.set(cidr, blocks);
  }
  // BlockList finds IPv4 addresses in ::/0, as mapped ones; Kubernetes keeps the families apart.
  return isIPv4(ip) === isIPv4(address) && BLOCK_LISTS.get(cidr)!.check(ip, family);
}

function expand(home: string, one: any): Set<number> {
  if (one.ipBlock) {
    const without: string[] = one.ipBlock.except ?? [];
    return new Set([...ALL].filter(end => within(one.ipBlock.cidr, ENDS[end].ip) && without.every(part => !within(part, ENDS[end].ip))));
  }
  const candidates = one.namespaceSelector ? strike(PODS, namespaceLabels, one.namespaceSelector) : inNamespace(home);
  return one.podSelector ? strike(candidates, podLabels, one.podSelector) : candidates;
}

/** Key of one connection. */
export const key = (from: number, to: number, port: number) => `${from}>${to}:${port}`;

/**
 * Every connection of the world that the policies let through, by writing down first everything that each rule
 * permits. It shares no code with what it is compared to.
 */
export function bruteForce(manifests: any[]): Set<string> {
  const isolated = { ingress: new Set<number>(), egress: new Set<number>() };
  const permitted = { ingress: new Set<string>(), egress: new Set<string>() };
  for (const { metadata, spec } of manifests) {
    const types: string[] = spec.policyTypes?.length ? spec.policyTypes : ['Ingress', ...spec.egress?.length ? ['Egress'] : []];
    const subjects = strike(inNamespace(metadata.namespace), podLabels, spec.podSelector);
    for (const type of types) {
      const direction = type === 'Ingress' ? 'ingress' : 'egress';
      subjects.forEach(subject => isolated[direction].add(subject));
      for (const one of spec[direction] ?? []) {
        const peers: any[] = (direction === 'ingress' ? one.from : one.to) ?? [];
        const others = peers.length ? new Set(peers.flatMap(p => [...expand(metadata.namespace, p)])) : ALL;
        for (const subject of subjects) {
          for (const other of others) {
            const [from, to] = direction === 'ingress' ? [other, subject] : [subject, other];
            const open = new Set(one.ports?.length ? one.ports.flatMap((p: any) => portsOf(p, to)) : PORTS.keys());
            open.forEach(port => permitted[direction].add(key(from, to, port as number)));
          }
        }
      }
    }
  }
  const result = new Set<string>();
  for (const from of ALL) {
    for (const to of ALL) {
      for (const port of PORTS.keys()) {
        const k = key(from, to, port);
        const leaves = !isolated.egress.has(from) || permitted.egress.has(k);
        const enters = !isolated.ingress.has(to) || permitted.ingress.has(k);
        if (from === to || (leaves && enters)) result.add(k);
      }
    }
  }
  return result;
}

/** The ports of the world that one entry opens at a destination, by counting through it. */
function portsOf({ protocol = 'TCP', port, endPort }: any, to: number): number[] {
  const named = ENDS[to].named[port];
  const numbers: number[] = [];
  if (typeof port === 'string') numbers.push(...named?.protocol === protocol ? [named.number] : []);
  else if (port === undefined) numbers.push(...PORTS.map(({ number }) => number));
  else for (let n = port; n <= (endPort ?? port); n++) numbers.push(n);
  return [...PORTS.keys()].filter(i => PORTS[i].protocol === protocol && numbers.includes(PORTS[i].number));
}
