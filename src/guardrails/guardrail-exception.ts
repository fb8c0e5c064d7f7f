import { MatchCondition } from '../model/admission-policy';
import { literals } from '../model/cel';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { dnsSubdomain, namespaceName, noWildcard, reason as checkReason, text } from '../private/validate';

const where = 'GuardrailException';

/** What everybody is in: to except it would switch the guardrail off. */
const EVERYBODY = ['system:authenticated', 'system:unauthenticated', 'system:serviceaccounts'];

/**
 * Somebody whom a guardrail lets pass, by name and with a reason, which is kept as an annotation: a GitOps controller,
 * an operator that runs commands in pods. A wildcard right or the group system:masters is no exception by itself.
 */
export class GuardrailException {
  /**
   * One user, as the API server sees the name.
   *
   * @throws on an empty name or reason, and on a wildcard
   */
  public static user(name: string, reason: string): GuardrailException {
    text(where, 'user', noWildcard(where, 'user', name), 'the user name as the API server sees it');
    return new GuardrailException('User', name, checkReason(where, 'reason', reason));
  }

  /**
   * Everybody in a group.
   *
   * @throws on an empty name or reason, on a wildcard, and on groups that hold everybody
   */
  public static group(name: string, reason: string): GuardrailException {
    text(where, 'group', noWildcard(where, 'group', name), 'the group name as the API server sees it');
    if (EVERYBODY.includes(name)) {
      reject({ where, field: 'group', value: name, problem: 'holds everybody, so nothing would be guarded', fix: 'name the group that is meant, or leave the guardrail out' });
    }
    return new GuardrailException('Group', name, checkReason(where, 'reason', reason));
  }

  /**
   * One ServiceAccount, such as that of Argo CD's application controller.
   *
   * @throws on a malformed namespace or name, and an empty reason
   */
  public static serviceAccount(namespace: string, name: string, reason: string): GuardrailException {
    namespaceName(where, 'namespace', namespace, true);
    dnsSubdomain(where, 'serviceAccount', name, 'a ServiceAccount name');
    return new GuardrailException('User', `system:serviceaccount:${namespace}:${name}`, checkReason(where, 'reason', reason));
  }

  private constructor(
    /** `User` or `Group`; a ServiceAccount is a user to the API server. */
    public readonly kind: string,
    /** The name as the API server sees it. */
    public readonly name: string,
    /** Why it may pass. */
    public readonly reason: string,
  ) {}

  /** E.g. `User system:serviceaccount:argocd:argocd-application-controller: deploys from Git`. */
  public toString(): string {
    return `${this.kind} ${this.name}: ${this.reason}`;
  }
}

/** The exceptions, checked and sorted. */
export function exceptionsOf(construct: string, exceptions: GuardrailException[] = []): GuardrailException[] {
  exceptions.forEach((exception, i) => {
    if (!(exception instanceof GuardrailException)) {
      reject({ where: construct, field: `exceptions[${i}]`, value: exception, problem: 'is no GuardrailException', fix: 'use GuardrailException.user("…", "why"), .group or .serviceAccount' });
    }
  });
  const sorted = [...exceptions].sort((a, b) => byCodeUnit(a.toString(), b.toString()));
  sorted.forEach(({ kind, name }, i) => {
    if (i > 0 && sorted[i - 1].kind === kind && sorted[i - 1].name === name) {
      reject({ where: construct, field: 'exceptions', value: `${kind} ${name}`, problem: 'is given twice', fix: 'name each once' });
    }
  });
  return sorted;
}

/** Lets the exceptions pass; no condition when there are none. */
export function exceptionConditions(exceptions: GuardrailException[]): MatchCondition[] {
  const names = (kind: string) => exceptions.filter(exception => exception.kind === kind).map(({ name }) => name);
  const users = names('User');
  const groups = names('Group');
  return [
    ...users.length ? [{ name: 'no-excepted-user', expression: `!(request.userInfo.username in ${literals(users)})` }] : [],
    ...groups.length ? [{ name: 'in-no-excepted-group', expression: `!(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in ${literals(groups)}))` }] : [],
  ];
}
