import { REQUESTABLE, TERMS, TIMER_IMAGE, TIMER_PREFIX } from '../model/access-request';
import { PolicyRule } from '../model/policy-rule';
import { GRANT_ROLE } from '../model/virtual-rights';
import { Manifest } from '../private/declare';
import { namespaceName, objectName } from '../private/validate';

const where = 'GuardrailProbe';
const RBAC = 'rbac.authorization.k8s.io';

/** Name of what probes would write, and of the pod that there is not. */
const NAME = 'secure-debug-canary';
/** Where nothing runs: what a probe might leave there is of no use to anybody. */
export const PROBE_NAMESPACE = 'secure-debug-canary';
/** The same with a Role that can be requested, so that `AccessRequestPolicy` governs it. */
export const REQUESTS_NAMESPACE = 'secure-debug-canary-requests';
const REQUESTABLE_ROLE = `${GRANT_ROLE}-canary`;

const empty = (name: string, namespace: string, labels: { [key: string]: string } = {}, annotations: { [key: string]: string } = {}): Manifest => ({
  apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name, namespace, ...Object.keys(labels).length && { labels }, ...Object.keys(annotations).length && { annotations } }, rules: [],
});

/** A RoleBinding of the Role without rules. */
const bindingOf = (subjects: object[], namespace: string) => ({
  apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name: NAME, namespace }, roleRef: { apiGroup: RBAC, kind: 'Role', name: NAME }, subjects,
});

/**
 * One request that a policy has to refuse, and that no other policy of ours would refuse: of several that do, the API server
 * names one, and not always the same.
 */
export interface CanaryRequest {
  readonly policy: string;
  /** Without it, only that the policy and its binding are there and deny is looked at. */
  readonly path?: string;
  readonly body?: object;
  /** What the canary has to be allowed for that, and where. */
  readonly right?: { readonly namespace: string; readonly rule: PolicyRule };
  /** What has to be there. */
  readonly needs?: Manifest[];
}

const rbacPath = (resource: string, namespace: string) => `/apis/${RBAC}/v1/namespaces/${namespace}/${resource}?dryRun=All`;
const createRight = (namespace: string, apiGroup: string, resource: string, more: object = {}) => ({ namespace, rule: { apiGroups: [apiGroup], resources: [resource], verbs: ['create'], ...more } });

/** What the canary asks of the API server, by the guardrail that has to refuse it. The guardrail has to deny. */
export class GuardrailProbe {
  /**
   * `secure-debug-requests`, `secure-debug-terms` and `secure-debug-timers` of `AccessRequestPolicy`: a RoleBinding that is no
   * request, where a Role can be requested; such a Role itself; a Job that is called a timer and is none.
   */
  public static accessRequests(): GuardrailProbe {
    return new GuardrailProbe([
      {
        policy: 'secure-debug-requests',
        path: rbacPath('rolebindings', REQUESTS_NAMESPACE),
        body: bindingOf([], REQUESTS_NAMESPACE),
        right: createRight(REQUESTS_NAMESPACE, RBAC, 'rolebindings'),
        needs: [empty(NAME, REQUESTS_NAMESPACE), empty(REQUESTABLE_ROLE, REQUESTS_NAMESPACE, { [REQUESTABLE]: 'true' }, { [TERMS.approvals]: '1', [TERMS.maxSeconds]: '60' })],
      },
      {
        policy: 'secure-debug-terms',
        path: rbacPath('roles', PROBE_NAMESPACE),
        body: empty(`${NAME}-requestable`, PROBE_NAMESPACE, { [REQUESTABLE]: 'true' }),
        right: createRight(PROBE_NAMESPACE, RBAC, 'roles'),
      },
      {
        policy: 'secure-debug-timers',
        path: `/apis/batch/v1/namespaces/${PROBE_NAMESPACE}/jobs?dryRun=All`,
        body: {
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: { name: `${TIMER_PREFIX}60-canary`, namespace: PROBE_NAMESPACE },
          spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'timer', image: TIMER_IMAGE }] } } },
        },
        right: createRight(PROBE_NAMESPACE, 'batch', 'jobs'),
      },
    ]);
  }

  /**
   * `secure-debug-bindings`, `secure-debug-roles` and `secure-debug-identities` of `BindingGuardrail`: a RoleBinding to everybody
   * of a Role without rules; such a Role with a label that would aggregate it; a Secret for a token of a ServiceAccount that
   * there is not.
   */
  public static bindings(): GuardrailProbe {
    return new GuardrailProbe([
      {
        policy: 'secure-debug-bindings',
        path: rbacPath('rolebindings', PROBE_NAMESPACE),
        body: bindingOf([{ apiGroup: RBAC, kind: 'Group', name: 'system:authenticated' }], PROBE_NAMESPACE),
        right: createRight(PROBE_NAMESPACE, RBAC, 'rolebindings'),
        needs: [empty(NAME, PROBE_NAMESPACE)],
      },
      {
        policy: 'secure-debug-roles',
        path: rbacPath('roles', PROBE_NAMESPACE),
        body: empty(`${NAME}-aggregated`, PROBE_NAMESPACE, { [`${RBAC}/aggregate-to-view`]: 'true' }),
        right: createRight(PROBE_NAMESPACE, RBAC, 'roles'),
      },
      {
        policy: 'secure-debug-identities',
        path: `/api/v1/namespaces/${PROBE_NAMESPACE}/secrets?dryRun=All`,
        body: {
          apiVersion: 'v1',
          kind: 'Secret',
          type: 'kubernetes.io/service-account-token',
          metadata: { name: NAME, namespace: PROBE_NAMESPACE, annotations: { 'kubernetes.io/service-account.name': NAME } },
        },
        right: createRight(PROBE_NAMESPACE, '', 'secrets'),
      },
    ]);
  }

  /**
   * `ExecGuardrail`: a command in a pod that there is not. Admission is asked before the pod is looked for, so where the
   * policy does not decide the answer is 404.
   *
   * @param namespace one that it guards
   * @param policy name of the policy
   * @default secure-debug-exec
   */
  public static exec(namespace: string, policy?: string): GuardrailProbe {
    const at = namespaceName(`${where}.exec`, 'namespace', namespace, true);
    return new GuardrailProbe([{
      policy: objectName(`${where}.exec`, 'policy', policy ?? 'secure-debug-exec'),
      path: `/api/v1/namespaces/${at}/pods/${NAME}/exec?command=${NAME}&stdout=true`,
      right: createRight(at, '', 'pods/exec', { resourceNames: [NAME] }),
    }]);
  }

  /**
   * `GitOpsGuardrail`: a Role without rules. Its kinds have to contain `roles.rbac.authorization.k8s.io`, as the default does.
   *
   * @param namespace one that it guards
   * @param policy name of the policy
   * @default secure-debug-gitops
   */
  public static gitOps(namespace: string, policy?: string): GuardrailProbe {
    const at = namespaceName(`${where}.gitOps`, 'namespace', namespace, true);
    return new GuardrailProbe([{
      policy: objectName(`${where}.gitOps`, 'policy', policy ?? 'secure-debug-gitops'),
      path: rbacPath('roles', at),
      body: empty(NAME, at),
      right: createRight(at, RBAC, 'roles'),
    }]);
  }

  /**
   * `DebugContainerGuardrail`: it is about people, whom no program is, so its policy and binding are read: that they are there
   * and deny. That it decides is shown for the others, by the same API server.
   *
   * @param policy name of the policy
   * @default secure-debug-containers
   */
  public static debugContainers(policy?: string): GuardrailProbe {
    return new GuardrailProbe([{ policy: objectName(`${where}.debugContainers`, 'policy', policy ?? 'secure-debug-containers') }]);
  }

  /**
   * Any other policy: read, like that of `debugContainers`, because to ask it takes a right that no canary should have. E.g.
   * `secure-debug-certificates` of `CertificateAccess`, or a policy of your own whose binding has its name.
   *
   * @param policy name of the policy, and of its binding
   */
  public static stored(policy: string): GuardrailProbe {
    return new GuardrailProbe([{ policy: objectName(`${where}.stored`, 'policy', policy) }]);
  }

  /** Names of the policies that are asked. */
  public readonly policies: string[];
  /** @internal */
  public readonly _requests: CanaryRequest[];

  private constructor(requests: CanaryRequest[]) {
    this._requests = requests;
    this.policies = requests.map(({ policy }) => policy);
  }

  /** E.g. `secure-debug-exec`. */
  public toString(): string {
    return this.policies.join(', ');
  }
}
