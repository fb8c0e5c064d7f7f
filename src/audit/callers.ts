import { AuditRule } from './audit-rule';

/** Stands for any value that no rule names. No name in Kubernetes contains it. */
export const ANY = '?';

/** Somebody who may send a request. */
export interface Caller {
  readonly user: string;
  readonly groups: string[];
  /** For the reader of a report. */
  readonly label: string;
}

const AUTHENTICATED = 'system:authenticated';
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):/;

/** The groups that Kubernetes itself gives a user of this name. */
function impliedGroups(user: string): string[] {
  const namespace = SERVICE_ACCOUNT.exec(user)?.[1];
  if (user === 'system:anonymous') return ['system:unauthenticated'];
  if (namespace !== undefined) return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED];
  return user.startsWith('system:node:') ? ['system:nodes', AUTHENTICATED] : [AUTHENTICATED];
}

/** A user who is in a group because of who it is; anybody may be in the others. */
function memberOf(group: string): string {
  const namespace = /^system:serviceaccounts:(.+)$/.exec(group)?.[1];
  if (namespace !== undefined) return `system:serviceaccount:${namespace}:${ANY}`;
  switch (group) {
    case 'system:serviceaccounts': return `system:serviceaccount:${ANY}:${ANY}`;
    case 'system:unauthenticated': return 'system:anonymous';
    case 'system:nodes': return `system:node:${ANY}`;
    default: return ANY;
  }
}

function caller(label: string, user: string, ...groups: string[]): Caller {
  return { label, user, groups: [...new Set([...groups, ...impliedGroups(user)])] };
}

/** One of each kind that is not part of the control plane. */
const EVERYONE: Caller[] = [
  caller('people', ANY),
  caller('system:masters', ANY, 'system:masters'),
  caller('ServiceAccounts', memberOf('system:serviceaccounts')),
  caller('anonymous callers', 'system:anonymous'),
];

/**
 * Callers a rule matches, with nothing more in common with other rules than they must have: whatever rule matches
 * one of these matches every caller that this one stands for.
 */
export function callersOf(rule: AuditRule): Caller[] {
  const { users = [], userGroups = [] } = rule;
  if (users.length > 0 && userGroups.length > 0) {
    return users.flatMap(user => userGroups.map(group => caller(`user ${user} in group ${group}`, user, group)));
  }
  if (users.length > 0) return users.map(user => caller(`user ${user}`, user));
  if (userGroups.length > 0) return userGroups.map(group => caller(`group ${group}`, memberOf(group), group));
  return EVERYONE;
}

/** `anyone`, or who. */
export function describeCallers(labels: string[]): string {
  return EVERYONE.every(({ label }) => labels.includes(label)) ? 'anyone' : labels.join(', ');
}

/** Part of the control plane: its components, kubelets and the ServiceAccounts of kube-system. */
export function isComponent({ user }: Caller): boolean {
  return /^system:(apiserver|cloud-controller-manager|kube-controller-manager|kube-proxy|kube-scheduler|node:.+|serviceaccount:kube-system:.+)$/.test(user);
}

/** Of the control plane, or a ServiceAccount that is named or of a named namespace: a program, not a person. */
export function isNamedProgram(who: Caller): boolean {
  const namespace = SERVICE_ACCOUNT.exec(who.user)?.[1];
  return isComponent(who) || (namespace !== undefined && namespace !== ANY);
}
