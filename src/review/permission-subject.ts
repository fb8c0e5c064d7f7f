import { reject } from '../private/errors';

const where = 'PermissionSubject';
const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';

/**
 * Who asks the API server: a user name, and groups. It is in the groups that Kubernetes itself puts everybody into:
 * `system:authenticated`, and for ServiceAccounts those of all of them and of their namespace.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/
 */
export class PermissionSubject {
  /**
   * A person or program by the name that it logs in with.
   *
   * @param name as the API server sees it, e.g. `alice@example.com`, or `system:serviceaccount:payments:api`
   * @param groups those of the identity provider. @default - none besides those that everybody is in
   * @throws on an empty name
   */
  public static user(name: string, groups: string[] = []): PermissionSubject {
    const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(present('name', name)) ?? [];
    if (account) return new PermissionSubject('ServiceAccount', `${namespace}/${account}`, name, [...groups, ...groupsOfAccount(namespace)]);
    return new PermissionSubject('User', name, name, [...groups, name === 'system:anonymous' ? UNAUTHENTICATED : AUTHENTICATED]);
  }

  /**
   * A ServiceAccount.
   *
   * @throws on an empty namespace or name
   */
  public static serviceAccount(namespace: string, name: string): PermissionSubject {
    present('namespace', namespace);
    present('name', name);
    return new PermissionSubject('ServiceAccount', `${namespace}/${name}`, `system:serviceaccount:${namespace}:${name}`, groupsOfAccount(namespace));
  }

  /**
   * Somebody of whom nothing is known but one group.
   *
   * @throws on an empty name
   */
  public static group(name: string): PermissionSubject {
    present('name', name);
    return new PermissionSubject('Group', name, '', name === UNAUTHENTICATED ? [name] : [name, AUTHENTICATED]);
  }

  /** All groups, each once, sorted as they were given. */
  public readonly groups: string[];

  private constructor(
    /** `User`, `Group` or `ServiceAccount`. */
    public readonly kind: string,
    /** Its name; a ServiceAccount's as `namespace/name`. */
    public readonly name: string,
    /** The user name in requests; empty for a group, of which it is not known. */
    public readonly userName: string,
    groups: string[],
  ) {
    this.groups = [...new Set(groups)];
  }

  /** E.g. `Group oncall-payments`. */
  public toString(): string {
    return `${this.kind} ${this.name}`;
  }
}

function present(field: string, value: string): string {
  if (typeof value !== 'string' || value === '') {
    reject({ where, field, value, problem: 'is empty', fix: 'give the name as the API server sees it, e.g. "alice@example.com"' });
  }
  return value;
}

function groupsOfAccount(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED];
}
