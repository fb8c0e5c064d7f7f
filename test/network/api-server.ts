/**
 * What the API server demands of a NetworkPolicy (pkg/apis/networking/validation of Kubernetes), said again and
 * apart from the sources of the library. Returns what it would complain about.
 */
export function complaints(policy: any): string[] {
  const found: string[] = [];
  const no = (at: string, what: string) => found.push(`${at}: ${what}`);
  const exactly = (at: string, object: any, fields: string[]) => Object.keys(object).filter(field => !fields.includes(field)).forEach(field => no(at, `unknown field ${field}`));

  const { apiVersion, kind, metadata, spec } = policy;
  if (apiVersion !== 'networking.k8s.io/v1' || kind !== 'NetworkPolicy') no('policy', 'wrong kind');
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(metadata.name) || metadata.name.length > 253) no('metadata.name', 'malformed');
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(metadata.namespace) || metadata.namespace.length > 63) no('metadata.namespace', 'malformed');
  if (JSON.stringify(metadata.annotations ?? {}).length > 262144) no('metadata.annotations', 'too long');
  exactly('spec', spec, ['podSelector', 'policyTypes', 'ingress', 'egress']);
  if (!spec.podSelector) no('spec.podSelector', 'required');
  const types: string[] = spec.policyTypes ?? [];
  if (types.length > 2) no('spec.policyTypes', 'more than two');
  types.filter(type => type !== 'Ingress' && type !== 'Egress').forEach(type => no('spec.policyTypes', `unsupported ${type}`));
  selector('spec.podSelector', spec.podSelector ?? {});
  (spec.ingress ?? []).forEach((rule: any, i: number) => one(`ingress[${i}]`, rule, 'from'));
  (spec.egress ?? []).forEach((rule: any, i: number) => one(`egress[${i}]`, rule, 'to'));
  return found;

  function one(at: string, rule: any, peers: string) {
    exactly(at, rule, [peers, 'ports']);
    (rule.ports ?? []).forEach((port: any, i: number) => portOf(`${at}.ports[${i}]`, port));
    (rule[peers] ?? []).forEach((peer: any, i: number) => peerOf(`${at}.${peers}[${i}]`, peer));
  }

  function portOf(at: string, entry: any) {
    exactly(at, entry, ['protocol', 'port', 'endPort']);
    const { protocol = 'TCP', port, endPort } = entry;
    if (!['TCP', 'UDP', 'SCTP'].includes(protocol)) no(at, 'unsupported protocol');
    const number = (n: unknown) => typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= 65535;
    if (typeof port === 'number' && !number(port)) no(at, 'port out of range');
    if (typeof port === 'string' && (port.length > 15 || !/^[a-z0-9-]+$/.test(port) || !/[a-z]/.test(port) || /^-|--|-$/.test(port))) no(at, 'malformed port name');
    if (endPort === undefined) return;
    if (typeof port !== 'number') no(at, 'endPort without a numeric port');
    else if (!number(endPort)) no(at, 'endPort out of range');
    else if (endPort < port) no(at, 'endPort before port');
  }

  function peerOf(at: string, peer: any) {
    exactly(at, peer, ['ipBlock', 'podSelector', 'namespaceSelector']);
    if (Object.keys(peer).length === 0) no(at, 'no peer');
    if (peer.ipBlock && (peer.podSelector || peer.namespaceSelector)) no(at, 'ipBlock beside another peer');
    if (peer.podSelector) selector(`${at}.podSelector`, peer.podSelector);
    if (peer.namespaceSelector) selector(`${at}.namespaceSelector`, peer.namespaceSelector);
    if (!peer.ipBlock) return;
    exactly(`${at}.ipBlock`, peer.ipBlock, ['cidr', 'except']);
    const [outer, size] = bits(peer.ipBlock.cidr);
    if (outer === undefined) no(at, 'malformed cidr');
    else if (outer.slice(size).includes('1')) no(at, 'host bits set');
    (peer.ipBlock.except ?? []).forEach((text: string) => {
      const [inner, innerSize] = bits(text);
      if (inner === undefined) no(at, 'malformed except');
      else if (inner.length !== outer!.length || innerSize <= size || !inner.startsWith(outer!.slice(0, size))) no(at, 'except is not a strict subset');
    });
  }

  function selector(at: string, { matchLabels = {}, matchExpressions = [], ...rest }: any) {
    exactly(at, rest, []);
    const value = (v: string) => v.length <= 63 && /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(v);
    const key = (k: string) => /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(k);
    Object.entries<string>(matchLabels).forEach(([k, v]) => { if (!key(k) || !value(v)) no(at, `malformed label ${k}=${v}`); });
    matchExpressions.forEach(({ key: k, operator, values = [] }: any) => {
      if (!key(k) || !values.every(value)) no(at, 'malformed expression');
      if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) no(at, 'unsupported operator');
      if (/In$/.test(operator) !== values.length > 0) no(at, 'values do not fit the operator');
    });
  }
}

/** The address of a CIDR as a string of bits, and how many of them count. */
function bits(cidr: string): [string | undefined, number] {
  const [address, size] = String(cidr).split('/');
  const text = (parts: string[], base: number, width: number) => parts.map(part => parseInt(part, base).toString(2).padStart(width, '0')).join('');
  if (/^\d+(\.\d+){3}$/.test(address) && Number(size) <= 32) return [text(address.split('.'), 10, 8), Number(size)];
  if (/^[0-9a-f:]+$/.test(address) && address.includes(':') && Number(size) <= 128) {
    const [head, tail = ''] = address.split('::');
    const groups = (half: string) => half === '' ? [] : half.split(':');
    const missing = 8 - groups(head).length - groups(tail).length;
    return [text([...groups(head), ...Array(missing).fill('0'), ...groups(tail)], 16, 16), Number(size)];
  }
  return [undefined, 0];
}
