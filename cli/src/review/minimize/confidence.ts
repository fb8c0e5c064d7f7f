import { DebugCapability, PermissionChangeKind, PermissionDiff, PermissionModel, PolicyRules } from 'cdk8s-secure-debug';
import { Cell, cellsOf, Needed, Right } from './rights';
import { Use } from './use';
import { bindingSubject, isBy, permissionSubject, Who } from './who';

/** How much of their work the log can have seen. */
type Level = 'low' | 'medium' | 'high';

export function levelOf(days: number): Level {
  return days < 7 ? 'low' : days < 30 ? 'medium' : 'high';
}

/** A right that they have now. */
export interface Held {
  /** `ClusterRoleBinding admins → ClusterRole cluster-admin`. */
  readonly through: string;
  readonly namespace?: string;
  readonly rule: string;
  readonly used: 'no' | 'in part' | 'wholly';
}

export interface Loss {
  readonly held: Held[];
  /** What they could do and will not be able to, in sentences. */
  readonly lost: string[];
}

/** `get pods/exec in payments, named api-0` */
export function rightText({ verb, apiGroup, resource, path, namespace, names }: Pick<Right, 'verb' | 'apiGroup' | 'resource' | 'path' | 'namespace' | 'names'>): string {
  if (path !== undefined) return `${verb} ${path}`;
  const [plain, ...subresource] = resource.split('/');
  const what = [apiGroup === '' ? plain : `${plain}.${apiGroup}`, ...subresource].join('/');
  return `${verb} ${what}${namespace === undefined ? '' : ` in ${namespace}`}${names ? `, named ${names.join(', ')}` : ''}`;
}

/** What was seen once, or of many days on one alone: it may be what an incident takes, or a mistake. */
export function rare({ rights, days: all }: Needed): Right[] {
  return rights.filter(({ times, days }) => times === 1 || (times > 0 && days.length === 1 && all.length > 1));
}

/** Resources that are in namespaces: the debug capabilities', those the log has with one, and those that hold what nobody is to read everywhere. */
function namespacedResources(uses: Use[]): (right: Right) => boolean {
  const key = (apiGroup: string, resource: string) => JSON.stringify([apiGroup, resource]);
  const known = new Set([
    ...['secrets', 'serviceaccounts', 'resourcequotas', 'limitranges'].map(resource => key('', resource)),
    ...['roles', 'rolebindings'].map(resource => key('rbac.authorization.k8s.io', resource)),
    ...DebugCapability.all().flatMap(one => one.namespacedRules()).flatMap(cellsOf).map(({ apiGroup, resource }) => key(apiGroup, resource)),
    ...uses.filter(({ namespace, resource }) => namespace !== '' && resource !== 'namespaces').map(({ apiGroup, resource }) => key(apiGroup, resource)),
  ]);
  return ({ apiGroup, resource }) => known.has(key(apiGroup, resource));
}

/** What somebody has to decide before the role is theirs. */
export function remarks(who: Who, needed: Needed, uses: Use[]): string[] {
  const { rights } = needed;
  const own = rights.filter(({ times }) => times > 0);
  const isNamespaced = namespacedResources(uses);
  const pods = own.filter(({ apiGroup, resource, verb }) => apiGroup === '' && resource === 'pods' && verb === 'create');
  const everywhere = own.filter(right => right.namespace === undefined && right.path === undefined && isNamespaced(right));
  const writes = (resources: string[], verbs: string[]) => own.filter(({ resource, verb }) => resources.includes(resource) && verbs.includes(verb));
  const change = ['create', 'update', 'patch'];
  const bindings = writes(['rolebindings', 'clusterrolebindings'], change);
  const roles = writes(['roles', 'clusterroles'], change);
  const approvals = writes(['certificatesigningrequests/approval'], ['update', 'patch']);
  const impersonated = own.filter(({ verb }) => verb === 'impersonate');
  const secrets = own.filter(({ apiGroup, resource, verb }) => apiGroup === '' && resource === 'secrets' && ['get', 'list', 'watch'].includes(verb));
  const list = (some: Right[]) => some.map(rightText).join('; ');
  const reads = uses.some(use => isBy(who, use.user, use.groups) && ['get', 'list', 'watch'].includes(use.verb) && !use.resource.includes('/'));
  return [
    ...needed.requests > 0 && !reads ? ['The log has no plain read of theirs. If its policy leaves reads out, this role lacks them: add what debugging reads, e.g. DebugCapability.READ_WORKLOADS.'] : [],
    ...everywhere.length > 0 ? [`Granted in every namespace, as it was asked for: ${list(everywhere)}.`] : [],
    ...secrets.length > 0 ? [`Reads Secrets: ${list(secrets)}.`] : [],
    ...pods.length > 0 ? [`Creates pods (${list(pods)}): whoever may, uses every Secret and ServiceAccount there.`] : [],
    ...impersonated.length > 0 ? [`Acts as somebody else: ${list(impersonated)}.`] : [],
    ...bindings.length > 0 ? [`Writes bindings (${list(bindings)}). RBAC also asks whether they hold what they bind, or may bind the role; the log does not tell which, so that is not granted.`] : [],
    ...roles.length > 0 ? [`Writes roles (${list(roles)}). RBAC also asks whether they hold what the role grants, or may escalate it; that is not granted.`] : [],
    ...approvals.length > 0 ? ['Approves certificate requests. That takes approve on the signer, too, which the log does not name; it is not granted.'] : [],
  ];
}

/** What somebody holds by manifests, what of it they used, and what they lose by having the minimal role alone. */
export function lossOf(who: Who, needed: Needed, objects: any[], after: any[], groups: string[]): Loss {
  const subject = permissionSubject(who, groups);
  const paths = PermissionModel.fromManifests(objects).rightsOf(subject).filter(path => path.subject !== 'Group system:authenticated');
  const rights = needed.rights.filter(({ times }) => times > 0);
  const held = paths.map(({ binding, role, namespace, rule, text }): Held => {
    const allows = ({ apiGroup, resource, verb, names = [''], path }: Right) => path === undefined
      ? names.some(name => PolicyRules.allows([rule], apiGroup, resource, verb, name))
      : rule.nonResourceURLs.length > 0 && (rule.verbs.includes('*') || rule.verbs.includes(verb));
    const covers = (right: Right) => (namespace === undefined || namespace === right.namespace) && allows(right);
    const used = rights.filter(covers);
    const key = ({ apiGroup, resource, verb }: Cell) => JSON.stringify([apiGroup, resource, verb]);
    const cells = cellsOf(rule).map(key);
    const keys = used.map(key);
    const how = used.length === 0 ? 'no' : cells.length > 0 && cells.every(cell => keys.includes(cell)) ? 'wholly' : 'in part';
    return { through: `${binding} → ${role}`, ...namespace !== undefined && { namespace }, rule: text.slice(text.indexOf(': ') + 2), used: how };
  });
  const before = paths.flatMap(({ namespace, rule }, i) => {
    const kind = namespace === undefined ? 'ClusterRole' : 'Role';
    const metadata = { name: `held-${i}`, ...namespace !== undefined && { namespace } };
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    return [
      { apiVersion, kind, metadata, rules: [rule] },
      { apiVersion, kind: `${kind}Binding`, metadata, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name }, subjects: [bindingSubject(who)] },
    ];
  });
  const lost = PermissionDiff.between(before, after).changes.filter(({ kind }) => kind === PermissionChangeKind.LOST).map(({ text }) => text);
  return { held, lost };
}
