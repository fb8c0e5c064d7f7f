import { PermissionModel, PermissionSubject } from 'cdk8s-secure-debug';
import { Use } from './use';
import { wrongUse } from '../../errors';
import { plain } from '../../text';

/** Whose requests are looked at. */
export interface Who {
  readonly kind: 'User' | 'Group' | 'ServiceAccount';
  /** As in a binding; a ServiceAccount's without its namespace. */
  readonly name: string;
  readonly namespace?: string;
  /** As the log has it. */
  readonly logName: string;
}

export interface WhoOptions {
  readonly user?: string;
  readonly group?: string;
  readonly serviceAccount?: string;
}

const ACCOUNT = /^system:serviceaccount:([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?):([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)$/;

/** Who is named on the command line; undefined when nobody is. */
export function whoOf({ user, group, serviceAccount }: WhoOptions): Who | undefined {
  const given = [user, group, serviceAccount].filter(one => one !== undefined);
  if (given.length === 0) return undefined;
  if (given.length > 1) wrongUse('--user, --group and --service-account contradict each other. Fix: give one of the three.');
  if (given[0] === '') wrongUse('The name is empty. Fix: write it as the audit log has it, e.g. --user alice@example.org.');
  if (group !== undefined) return { kind: 'Group', name: group, logName: group };
  if (user !== undefined) return userNamed(user);
  const [namespace, name, ...more] = serviceAccount!.split('/');
  if (!name || more.length > 0 || !ACCOUNT.test(`system:serviceaccount:${namespace}:${name}`)) {
    wrongUse(`--service-account ${plain(serviceAccount!)} is not namespace/name. Fix: write e.g. payments/api.`);
  }
  return account(namespace, name);
}

/** A user name as the log has it: that of a ServiceAccount means the ServiceAccount. */
export function userNamed(user: string): Who {
  const [, namespace, , name] = ACCOUNT.exec(user) ?? [];
  return name ? account(namespace, name) : { kind: 'User', name: user, logName: user };
}

const account = (namespace: string, name: string): Who => ({ kind: 'ServiceAccount', name, namespace, logName: `system:serviceaccount:${namespace}:${name}` });

/** `Group oncall-payments`, `ServiceAccount payments/api`. */
export const whoText = ({ kind, name, namespace }: Who) => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

export const isBy = (who: Who, user: string, groups: readonly string[]) => who.kind === 'Group' ? groups.includes(who.name) : user === who.logName;

/** Users of Kubernetes itself, whose bindings nobody moves. */
export const CONTROL_PLANE = '^system:(serviceaccount:kube-system:|node:|kube-|apiserver)';
const OF_CONTROL_PLANE = new RegExp(CONTROL_PLANE);

/** Whose requests are read: one subject's, everybody's but the control plane's, or everybody's. */
export type Looked = Who | 'movable' | undefined;

/** Whether a use is read: it was theirs, or they acted as somebody else. */
export function isLookedAt(who: Looked, { user, groups, actor = '', actorGroups = [] }: Use): boolean {
  if (who === 'movable') return !OF_CONTROL_PLANE.test(actor || user);
  return !who || isBy(who, user, groups) || isBy(who, actor, actorGroups);
}

/** As the permission model asks. */
function subjectOf({ user, groups }: Pick<Use, 'user' | 'groups'>): PermissionSubject {
  return PermissionSubject.user(user, groups);
}

/** Whether roles allow it. */
export function isAllowed(model: PermissionModel, use: Use): boolean {
  const { verb, apiGroup, resource, namespace, name, path } = use;
  if (resource === '') return model.canNonResource(subjectOf(use), verb, path).allowed;
  return model.can(subjectOf(use), verb, apiGroup, resource, { namespace: namespace || undefined, name: name || undefined }).allowed;
}

/** As the permission model asks; of a group nothing else is known. */
export const permissionSubject = (who: Who, groups: string[] = []) => who.kind === 'Group' ? PermissionSubject.group(who.name) : PermissionSubject.user(who.logName, groups);

/** An entry of `subjects` in a binding. */
export function bindingSubject({ kind, name, namespace }: Who): object {
  return kind === 'ServiceAccount' ? { kind, name, namespace } : { apiGroup: 'rbac.authorization.k8s.io', kind, name };
}
