import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ClusterBoundary } from './cluster-boundary';
import { COMPONENT, EXCEPTIONS, MANAGED_BY } from './constants';
import { RIGHT_GIVING_ROLES } from './virtual-rights';
import { declareObject } from '../private/declare';
import { reject } from '../private/errors';

const ADMISSION = 'admissionregistration.k8s.io/v1';

/** The API server parses no longer expression. */
const LONGEST_EXPRESSION = 100_000;
/** Of one object, so that it fits etcd's 1.5 MiB with room for managedFields, which repeat its keys. */
const LARGEST_POLICY = 1_000_000;

/** A named expression; evaluated when another first asks for it, and at most once. */
export interface PolicyVariable {
  readonly name: string;
  readonly expression: string;
}

/** A condition of a policy: evaluated first, and the policy is skipped when it is false. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/** What must be true, else the request is refused with the message. */
export interface PolicyValidation {
  readonly expression: string;
  /** Fixed text; also what is said when `messageExpression` fails. */
  readonly message: string;
  /** CEL that gives the message. Neither it nor a variable it uses may ask the authorizer. */
  readonly messageExpression?: string;
}

/** Which requests the policy is about. */
export interface ResourceRule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly operations: string[];
  readonly apiVersions?: string[];
}

/** A ValidatingAdmissionPolicy and its binding, by their parts. */
export interface Policy {
  readonly name: string;
  readonly component: string;
  readonly rules: ResourceRule[];
  /**
   * Namespaces in which it holds, by name; what is cluster-scoped is covered whatever stands here.
   *
   * @default - all
   */
  readonly namespaces?: string[];
  /** What it applies to; `validationActions` of the binding. */
  readonly actions: string[];
  readonly matchConditions?: MatchCondition[];
  readonly variables?: PolicyVariable[];
  readonly validations: PolicyValidation[];
  readonly auditAnnotations?: { readonly key: string; readonly valueExpression: string }[];
  /** `EXCEPTIONS` and the like: what a reviewer wants to know and CEL does not say. */
  readonly annotations?: { [key: string]: string };
  /** Annotations of the binding. */
  readonly bindingAnnotations?: { [key: string]: string };
  /** Kind of the parameters, and which of them: by label, in the namespace of the request. The policy is asked once for each. */
  readonly params?: { readonly apiVersion: string; readonly kind: string; readonly matchLabels: { [key: string]: string }; readonly whenMissing: 'Allow' | 'Deny' };
}

/**
 * The variable `giving`: RE2 that a reason of RBAC matches when the right comes from one of the Roles that are meant to
 * give it, by a RoleBinding in the namespace of the request. A wildcard gives another reason, and system:masters none.
 */
export const GIVING: PolicyVariable = {
  name: 'giving',
  // Names are quoted in the reason, so one that contains quotes cannot pretend to be another.
  expression: `'^RBAC: allowed by RoleBinding "[^"/]+/' + request.namespace + '" of Role "(?:${RIGHT_GIVING_ROLES})" to '`,
};

/** Whether the decision in a variable is a right that counts: held, and by a Role that is meant to give it. */
export function isGiven(variable: string): string {
  return `variables.${variable}.allowed() && variables.${variable}.reason().matches(variables.giving)`;
}

/** The annotation that keeps who is excepted, and why. */
export function exceptionAnnotation(exceptions: { toString(): string }[]): { [key: string]: string } {
  return exceptions.length ? { [EXCEPTIONS]: exceptions.join('\n') } : {};
}

/**
 * Emits the policy and its binding. Whatever fails refuses the request (`failurePolicy: Fail`), and every refusal is a
 * 403: without `reason: Forbidden` it would be 422, and the audit log would say that it was allowed. Returns the policy.
 */
export function emitPolicy(scope: Construct, where: string, policy: Policy): ApiObject {
  const { name, component, rules, namespaces, validations, params } = policy;
  const { matchConditions = [], variables = [], auditAnnotations = [], annotations = {}, bindingAnnotations } = policy;
  const expressions = [...matchConditions, ...variables, ...validations].map(({ expression }) => expression);
  const longest = Math.max(...expressions.map(expression => Array.from(expression).length));
  if (longest > LONGEST_EXPRESSION) {
    reject({ where, field: 'name', value: name, problem: `needs an expression of ${longest} characters, and the API server takes ${LONGEST_EXPRESSION}`, fix: 'divide the longest list (commands of a set, images) into two' });
  }
  const size = expressions.reduce((sum, expression) => sum + Buffer.byteLength(expression), 0);
  if (size > LARGEST_POLICY) {
    reject({ where, field: 'name', value: name, problem: `needs ${size} bytes of expressions, and a policy holds ${LARGEST_POLICY}`, fix: 'guard some of the namespaces with a guardrail of another name' });
  }
  const boundary = ClusterBoundary.of(scope);
  const labels = { 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: component };
  const emitted = declareObject(scope, 'policy', where, boundary, {
    apiVersion: ADMISSION,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name, labels, ...Object.keys(annotations).length && { annotations } },
    spec: {
      failurePolicy: 'Fail',
      ...params && { paramKind: { apiVersion: params.apiVersion, kind: params.kind } },
      matchConstraints: {
        // The API server adds the scope, and a list that it has added to looks changed to kubectl at each apply.
        resourceRules: rules.map(({ apiGroups, resources, operations, apiVersions = ['*'] }) => ({ apiGroups, apiVersions, operations, resources, scope: '*' })),
      },
      ...matchConditions.length && { matchConditions },
      ...variables.length && { variables },
      validations: validations.map(validation => ({ ...validation, reason: 'Forbidden' })),
      ...auditAnnotations.length && { auditAnnotations },
    },
  });
  declareObject(scope, 'policy-binding', where, boundary, {
    apiVersion: ADMISSION,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name, labels, ...bindingAnnotations && { annotations: bindingAnnotations } },
    spec: {
      policyName: name,
      validationActions: policy.actions,
      ...params && { paramRef: { selector: { matchLabels: params.matchLabels }, parameterNotFoundAction: params.whenMissing } },
      ...namespaces && { matchResources: { namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces }] } } },
    },
  });
  return emitted;
}
