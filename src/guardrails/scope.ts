import { Construct, IConstruct } from 'constructs';
import { ClusterBoundary } from '../model/cluster-boundary';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { each, namespaceName } from '../private/validate';

/** Which construct guards what, by cluster; the key is the kind of guardrail and the namespace. */
const GUARDED = new WeakMap<IConstruct, Map<string, Construct>>();

interface Guarded {
  readonly namespaces: string[];
  readonly allowSystemNamespaces?: boolean;
}

/**
 * The namespaces of a guardrail, sorted. Two guardrails of one kind over one namespace are an error: each would have to
 * allow a request, so what either of them says it allows would be refused by the other.
 */
export function guardNamespaces(guardrail: Construct, where: string, kind: string, props: Guarded): string[] {
  const field = 'namespaces';
  const namespaces = [...each(where, field, props.namespaces, 'namespace', (at, value) => namespaceName(where, at, value, props.allowSystemNamespaces))].sort(byCodeUnit);
  const boundary = ClusterBoundary.of(guardrail);
  let guarded = GUARDED.get(boundary);
  if (!guarded) GUARDED.set(boundary, guarded = new Map());
  for (const namespace of namespaces) {
    const key = `${kind} ${namespace}`;
    const other = guarded.get(key);
    if (other && other !== guardrail) {
      reject({ where, field, value: namespace, problem: `is guarded by "${other.node.path}" already, and both would have to allow a request`, fix: 'join the two, or divide the namespaces among them' });
    }
    guarded.set(key, guardrail);
  }
  return namespaces;
}

/** What a guardrail guards, and what it knows by name. */
interface Known {
  readonly namespaces: string[];
  /** The field with the names, and what they are of: `commandSets`, `command set`. */
  readonly list: string;
  readonly what: string;
  readonly names: string[];
}

/**
 * An allowance of a guardrail is about what that guardrail knows and guards.
 *
 * @param field begin of the fields' names, such as `allow[0].`
 */
export function withinGuardrail(where: string, field: string, allowed: Pick<Known, 'namespaces' | 'names'>, known: Known): void {
  const { list, what, names } = known;
  allowed.names.forEach(name => {
    if (!names.includes(name)) {
      reject({ where, field: `${field}${list}`, value: name, problem: `is no ${what} of this guardrail`, fix: `use one of ${names.join(', ')}, or add it to ${list}` });
    }
  });
  allowed.namespaces.forEach(namespace => {
    if (!known.namespaces.includes(namespace)) {
      reject({ where, field: `${field}namespaces`, value: namespace, problem: 'is not guarded here, so the allowance would mean nothing', fix: 'add it to the namespaces of the guardrail' });
    }
  });
}
