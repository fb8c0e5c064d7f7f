import { declaredObjects } from './declared-objects';
import { asObject, asText } from './event';

/** Which requests a guardrail is asked about. */
export interface MatchRule {
  readonly groups: string[];
  readonly resources: string[];
  readonly operations: string[];
}

/** A policy with its binding, as the manifests have them. */
export interface DeclaredGuardrail {
  readonly policy: string;
  readonly actions: string[];
  readonly rules: MatchRule[];
  /** All, when undefined. */
  readonly namespaces?: string[];
}

/** A binding that gives somebody access. */
export interface DeclaredGrant {
  readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
  readonly namespace: string;
  readonly name: string;
  readonly role: string;
  readonly subjects: string[];
}

export interface Declared {
  readonly guardrails: DeclaredGuardrail[];
  readonly grants: DeclaredGrant[];
}

const texts = (value: unknown): string[] => Array.isArray(value) ? value.filter(one => typeof one === 'string') : [];
const list = (value: unknown): any[] => Array.isArray(value) ? value.map(asObject) : [];

/** What the manifests declare: guardrails, and who is bound to what. */
export function declaredBy(paths: string[]): Declared {
  const objects = declaredObjects(paths);
  const named = (kind: string) => objects.filter(object => object.kind === kind && asText(asObject(object.metadata).name) !== '');
  const policies = new Map(named('ValidatingAdmissionPolicy').map(object => [object.metadata.name as string, object]));
  const guardrails = named('ValidatingAdmissionPolicyBinding').flatMap((binding): DeclaredGuardrail[] => {
    const policy = asText(asObject(binding.spec).policyName);
    const object = policies.get(policy);
    if (!object) return [];
    const rules = list(asObject(asObject(object.spec).matchConstraints).resourceRules)
      .map(({ apiGroups, resources, operations }) => ({ groups: texts(apiGroups), resources: texts(resources), operations: texts(operations) }));
    const chosen = list(asObject(asObject(asObject(binding.spec).matchResources).namespaceSelector).matchExpressions)
      .find(({ key, operator }) => key === 'kubernetes.io/metadata.name' && operator === 'In');
    return [{ policy, actions: texts(asObject(binding.spec).validationActions), rules, ...chosen && { namespaces: texts(chosen.values) } }];
  });
  const grants = [...named('RoleBinding'), ...named('ClusterRoleBinding')].map((object): DeclaredGrant => ({
    kind: object.kind,
    namespace: object.kind === 'RoleBinding' ? asText(object.metadata.namespace) : '',
    name: object.metadata.name,
    role: `${asText(asObject(object.roleRef).kind)}/${asText(asObject(object.roleRef).name)}`,
    subjects: list(object.subjects).map(({ kind, name }) => `${asText(kind)} ${asText(name)}`),
  }));
  return { guardrails: guardrails.sort((a, b) => a.policy < b.policy ? -1 : 1), grants };
}

const VERBS: { readonly [operation: string]: readonly string[] } = {
  CREATE: ['create'],
  UPDATE: ['update', 'patch'],
  DELETE: ['delete', 'deletecollection'],
};

/** Whether admission asked the policy about a request, before its own exceptions: `verb` and objectRef of an audit event. */
export function isAsked({ rules, namespaces }: DeclaredGuardrail, verb: string, ref: { readonly [field: string]: any }): boolean {
  const at = ref.subresource ? `${ref.resource}/${ref.subresource}` : asText(ref.resource);
  // What belongs to no namespace is asked about whatever the binding selects.
  if (namespaces && asText(ref.namespace) !== '' && !namespaces.includes(ref.namespace)) return false;
  return rules.some(({ groups, resources, operations }) =>
    (groups.includes('*') || groups.includes(asText(ref.apiGroup)))
    && resources.some(one => one === at || one === '*/*' || (one === '*' && !ref.subresource) || one === `${ref.resource}/*`)
    && operations.some(one => one === '*' || VERBS[one]?.includes(verb) || (one === 'CONNECT' && isConnect(ref))));
}

/** Of these, admission sees the connection, whatever the verb. */
export function isConnect({ subresource }: { readonly [field: string]: any }): boolean {
  return ['attach', 'exec', 'portforward', 'proxy'].includes(subresource);
}
