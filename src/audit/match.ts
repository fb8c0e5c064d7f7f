import { AuditResources, AuditRule } from './audit-rule';

/** What the API server compares with the rules: the attributes it also authorizes by. */
export interface Attributes {
  /** Undefined when authentication failed. */
  readonly user?: string;
  readonly groups: string[];
  readonly verb: string;
  readonly apiGroup: string;
  /** Undefined when the request is for a path that is no resource. */
  readonly resource?: string;
  readonly subresource: string;
  readonly name: string;
  readonly namespace: string;
  readonly path: string;
}

/** A list that is missing or empty is no limit. */
const limits = (list?: unknown[]): boolean => list !== undefined && list.length > 0;

/**
 * Whether a rule of an audit policy matches, exactly as kube-apiserver decides it: users, groups, verbs, names and
 * namespaces are compared as they are; a rule with resources or namespaces is about resources only.
 *
 * @see https://pkg.go.dev/k8s.io/apiserver/pkg/audit/policy
 */
export function matches(rule: AuditRule, request: Attributes): boolean {
  const { users, userGroups, verbs, resources, namespaces, nonResourceUrls } = rule;
  if (limits(users) && !(request.user !== undefined && users!.includes(request.user))) return false;
  if (limits(userGroups) && !request.groups.some(group => userGroups!.includes(group))) return false;
  if (limits(verbs) && !verbs!.includes(request.verb)) return false;
  if (limits(resources) || limits(namespaces)) {
    return request.resource !== undefined
      && (!limits(namespaces) || namespaces!.includes(request.namespace))
      && (!limits(resources) || resources!.some(entry => coversResource(entry, request)));
  }
  return !limits(nonResourceUrls) || (request.resource === undefined && nonResourceUrls!.some(url => coversPath(url, request.path)));
}

/** Whether an entry of `resources` covers a request for a resource. */
export function coversResource(entry: AuditResources, request: Attributes): boolean {
  if (entry.group !== '*' && entry.group !== request.apiGroup) return false;
  if (!limits(entry.resources)) return true;
  if (limits(entry.resourceNames) && !entry.resourceNames!.includes(request.name)) return false;
  const { resource, subresource } = request;
  return entry.resources!.some(pattern => pattern === '*'
    || pattern === (subresource === '' ? resource : `${resource}/${subresource}`)
    || pattern === `${resource}/*`
    || (subresource !== '' && pattern === `*/${subresource}`));
}

function coversPath(url: string, path: string): boolean {
  return url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));
}
