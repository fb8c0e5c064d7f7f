import type { ISubject } from 'cdk8s-plus-28';
import { reject } from '../private/errors';
import { dnsSubdomain, groupName, namespaceName, noWildcard, reason as checkReason, text } from '../private/validate';

const where = 'DebugSubject';
const RBAC = 'rbac.authorization.k8s.io';

/**
 * Who is granted something. Groups of the identity provider, as a rule: people come and go, the grant stays
 * readable. A user or a ServiceAccount needs a reason, which is kept as an annotation on the binding.
 */
export class DebugSubject {
  /**
   * A group of the identity provider, e.g. `oncall-payments`.
   *
   * @throws on an empty name, a wildcard, and `system:` groups
   */
  public static group(name: string): DebugSubject {
    return new DebugSubject('Group', groupName(where, 'group', name));
  }

  /**
   * One user, by name, because of a reason. Prefer a group.
   *
   * @param reason kept as an annotation on the binding
   * @throws on an empty name or reason, a wildcard, and `system:` users
   */
  public static userBecause(name: string, reason: string): DebugSubject {
    text(where, 'user', noWildcard(where, 'user', name), 'the user name as the API server sees it');
    if (/^system:/i.test(name)) {
      reject({ where, field: 'user', value: name, problem: 'is a Kubernetes system user', fix: 'name a person of your identity provider, or use DebugSubject.serviceAccountBecause' });
    }
    return new DebugSubject('User', name, undefined, checkReason(where, 'reason', reason));
  }

  /**
   * One ServiceAccount, because of a reason. People do not debug as ServiceAccounts: the log would not name them.
   *
   * @param reason kept as an annotation on the binding
   * @throws on a malformed namespace or name, or an empty reason
   */
  public static serviceAccountBecause(namespace: string, name: string, reason: string): DebugSubject {
    namespaceName(where, 'namespace', namespace, true);
    dnsSubdomain(where, 'serviceAccount', name, 'a ServiceAccount name');
    return new DebugSubject('ServiceAccount', name, namespace, checkReason(where, 'reason', reason));
  }

  /**
   * A subject of cdk8s-plus, such as `kplus.Group.fromName(…)`. Users and ServiceAccounts need a reason.
   *
   * @param subject anything cdk8s-plus accepts as a subject
   * @param reason why it is no group
   * @default - no reason, which only a group may lack
   * @throws when a user or ServiceAccount comes without a reason, or a ServiceAccount without its namespace
   */
  public static fromPlus(subject: ISubject, reason?: string): DebugSubject {
    const { kind, name, namespace } = subject.toSubjectConfiguration();
    if (kind === 'Group') return DebugSubject.group(name);
    if (!reason) {
      reject({ where, field: 'subject', value: `${kind} ${name}`, problem: 'is not a group', fix: 'grant to a group, or pass a reason as second argument' });
    }
    if (kind === 'User') return DebugSubject.userBecause(name, reason!);
    if (kind !== 'ServiceAccount') {
      reject({ where, field: 'subject', value: `${kind} ${name}`, problem: 'is of a kind that RBAC does not know', fix: 'give a Group, a User or a ServiceAccount' });
    }
    if (!namespace) {
      reject({ where, field: 'subject', value: `${kind} ${name}`, problem: 'has no namespace, so it would name nobody', fix: 'create it with metadata.namespace, or use DebugSubject.serviceAccountBecause' });
    }
    return DebugSubject.serviceAccountBecause(namespace!, name, reason!);
  }

  private constructor(
    /** `Group`, `User` or `ServiceAccount`. */
    public readonly kind: string,
    /** The name as the API server sees it. */
    public readonly name: string,
    /** The namespace of a ServiceAccount. */
    public readonly namespace?: string,
    /** Why it is no group; undefined for groups. */
    public readonly reason?: string,
  ) {}

  /** As an entry of `subjects` in a RoleBinding. */
  public toManifest(): any {
    return this.kind === 'ServiceAccount'
      ? { kind: this.kind, name: this.name, namespace: this.namespace }
      : { apiGroup: RBAC, kind: this.kind, name: this.name };
  }

  /** E.g. `Group oncall-payments`. */
  public toString(): string {
    return `${this.kind} ${this.namespace ? `${this.namespace}/` : ''}${this.name}`;
  }
}
