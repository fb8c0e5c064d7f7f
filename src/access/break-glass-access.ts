import { Construct } from 'constructs';
import type { BreakGlassOptions } from './break-glass-options';
import { capabilitiesOf, namespacesOf } from './grant';
import { declareRequestable } from './requests/declare';
import { grantOfRequestable, Requestable } from './requests/requestable';
import { DebugCapability } from '../model/capability';
import { DebugGrant, IDebugAccess } from '../model/debug-access';
import { PolicyRule } from '../model/policy-rule';
import { BREAK_GLASS_ROLE, VIRTUAL, VIRTUAL_GROUP } from '../model/virtual-rights';
import { allOrNothing } from '../private/declare';
import { reject } from '../private/errors';

const where = 'BreakGlassAccess';

/** Who may break the glass, and what it opens. */
export interface BreakGlassAccessProps extends BreakGlassOptions {
  /**
   * The namespace, by name.
   *
   * @default - `namespaces` says where
   */
  readonly namespace?: string;

  /**
   * Several namespaces; access is asked for in each apart.
   *
   * @default - `namespace` says where
   */
  readonly namespaces?: string[];

  /**
   * Whether another app declares the `AccessRequestPolicy` of this cluster. It has to be applied first: without it,
   * requesters could bind the Role to anybody.
   *
   * @default false
   */
  readonly policyElsewhere?: boolean;

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be named.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

/**
 * Access for the hour in which nobody is left to ask: whoever may, takes it with a reason and a ticket, has it at once,
 * and loses it by itself. It is a request for the Role `break-glass` that needs no approval, so it is on the record, has
 * one end that cannot be moved, and approvers can revoke it.
 *
 * It needs the `AccessRequestPolicy`, and nothing else of this library. Who asks has to be logged in: for the day on which the
 * identity provider is down, `secure-debug break-glass seal` makes a credential that can ask for this and nothing else.
 */
export class BreakGlassAccess extends Construct implements IDebugAccess {
  /** @internal */
  public readonly _requestable: Requestable[];

  /**
   * @throws on empty or malformed names, system groups or namespaces, wildcards, cluster-scoped capabilities, rules that give
   * Secrets or more rights, terms that contradict each other; at synthesis when the cluster has no AccessRequestPolicy
   */
  public constructor(scope: Construct, id: string, props: BreakGlassAccessProps) {
    super(scope, id);
    this._requestable = allOrNothing(this, where, () => {
      const namespaces = namespacesOf(where, props);
      const capabilities = capabilitiesOf(where, props.capabilities ?? DebugCapability.onCallDefault(), 'namespace');
      const { requesters, approvers, approvals } = props;
      const kind = {
        where, component: 'break-glass-access', prefix: '', roleName: BREAK_GLASS_ROLE, emergencies: props.emergencies ?? true, extraRules: extraRules(props.extraRules ?? []),
      };
      return declareRequestable(this, kind, namespaces, capabilities, {
        ...props,
        ...approvals === undefined && { autoApprove: requesters },
        selfApproval: approvers?.some(group => requesters.includes(group)),
      });
    });
  }

  /** What it grants on request, by namespace; the subjects are those who may ask. */
  public get grants(): DebugGrant[] {
    return this._requestable.map(grantOfRequestable);
  }
}

/** What leads to other rights, by API group; null stands for the whole group. */
const NEVER: { [apiGroup: string]: string[] | null } = {
  '': ['secrets', 'serviceaccounts/token', 'nodes/proxy', 'users', 'groups', 'serviceaccounts'],
  'rbac.authorization.k8s.io': null,
  'admissionregistration.k8s.io': null,
  'certificates.k8s.io': null,
  'authentication.k8s.io': null,
  [VIRTUAL_GROUP]: [VIRTUAL.administer.resource],
};

/** Rules of the user's own; PolicyRules.compact refuses wildcards and empty lists. */
function extraRules(rules: PolicyRule[]): PolicyRule[] {
  rules.forEach((rule, i) => {
    for (const apiGroup of rule.apiGroups ?? []) {
      if (!Object.hasOwn(NEVER, apiGroup)) continue;
      const never = NEVER[apiGroup];
      const bad = (rule.resources ?? []).find(resource => never === null || never.includes(resource));
      if (bad !== undefined) {
        reject({
          where,
          field: `extraRules[${i}].resources`,
          value: `${bad}${apiGroup && `.${apiGroup}`}`,
          problem: 'gives credentials or further rights, which outlast the emergency',
          fix: 'leave it out; name what has to be changed, e.g. apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"]',
        });
      }
    }
    const verb = (rule.verbs ?? []).find(one => ['bind', 'escalate', 'impersonate', 'approve', 'sign'].includes(one));
    if (verb !== undefined) {
      reject({ where, field: `extraRules[${i}].verbs`, value: verb, problem: 'gives further rights, which outlast the emergency', fix: 'leave it out' });
    }
  });
  return rules;
}
