import { AccessRequests } from 'cdk8s-secure-debug';
import { paths } from '../paths';
import { Session } from '../session';

/** A namespace with the Roles that can be had there at once. */
export interface Place {
  readonly namespace: string;
  readonly roles: string[];
}

/** What a credential may do, against what it should. */
export interface Assessment {
  /** What it lacks to break the glass. */
  readonly missing: string[];
  /** What it may besides. */
  readonly more: string[];
  /** What could not be learned. */
  readonly unsure: string[];
}

const RBAC = 'rbac.authorization.k8s.io';
const RIGHTS = AccessRequests.RIGHTS_GROUP;
const MANY = 8;
const SHOWN = 12;

/** One right; a name of `''` is every name. */
interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly name: string;
}

/** What every logged-in user may, by default. @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles */
const EVERYBODY = new Set(['authentication.k8s.io/selfsubjectreviews', 'authorization.k8s.io/selfsubjectaccessreviews', 'authorization.k8s.io/selfsubjectrulesreviews']);
const PUBLIC = /^\/(healthz|livez|readyz|version|api|apis|openapi)(\/\*?)?$/;

/** Asked of every authorizer in turn, also of those that cannot list what they allow. */
const DANGERS: Danger[] = [
  { verb: '*', group: '*', resource: '*' },
  { verb: 'list', group: '', resource: 'secrets' },
  { verb: 'create', group: '', resource: 'pods' },
  { verb: 'create', group: '', resource: 'pods', subresource: 'exec' },
  { verb: 'patch', group: '', resource: 'pods', subresource: 'ephemeralcontainers' },
  { verb: 'get', group: '', resource: 'nodes', subresource: 'proxy' },
  { verb: 'impersonate', group: '', resource: 'users' },
  { verb: 'bind', group: RBAC, resource: 'clusterroles' },
  { verb: 'update', group: 'certificates.k8s.io', resource: 'certificatesigningrequests', subresource: 'approval' },
];

/** What the caller may do, by the API server's own account, in these places and in other namespaces. */
export async function assess(session: Session, places: Place[], others: string[]): Promise<Assessment> {
  const missing: string[] = [];
  const more = new Map<string, string[]>();
  const unsure = new Set<string>();
  const namespaces = [...new Set([...places.map(({ namespace }) => namespace), ...others])].sort();
  const look = async (namespace: string) => {
    const roles = places.find(place => place.namespace === namespace)?.roles ?? [];
    const { status } = await session.cluster.create(paths.rights(), { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } });
    const doubt = doubtOf(status);
    if (doubt) unsure.add(doubt);
    const held: Right[] = (status?.resourceRules ?? []).flatMap(rightsOf);
    missing.push(...roles.flatMap(role => needed(role).filter(right => !held.some(one => covers(one, right)))).map(right => `${describe(right)} in ${namespace}`));
    const rest = [
      ...together(held.filter(right => !expected(right, roles))),
      ...(status?.nonResourceRules ?? []).flatMap(pathsOf),
    ];
    for (const one of new Set<string>(rest)) more.set(one, [...more.get(one) ?? [], namespace]);
  };
  for (let at = 0; at < namespaces.length; at += MANY) await Promise.all(namespaces.slice(at, at + MANY).map(look));
  const dangers = await Promise.all(DANGERS.map(async danger => await allowed(session, danger) ? [`${danger.verb} ${of(danger)} in every namespace`] : []));
  return {
    missing: [...new Set(missing)].sort(),
    more: [...[...more].map(([right, where]) => `${right}${where.length === namespaces.length ? '' : ` in ${where.sort().join(', ')}`}`), ...dangers.flat()].sort(),
    unsure: [...unsure].sort(),
  };
}

/** A resource that is asked about. */
interface Danger {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

async function allowed(session: Session, { verb, group, resource, subresource }: Danger): Promise<boolean> {
  const { status } = await session.cluster.create(paths.mayI(), {
    apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { verb, group, resource, ...subresource && { subresource } } },
  });
  return status?.allowed === true;
}

/** Rights on the same are one line: `get,list pods`. */
function together(rights: Right[]): string[] {
  const verbs = new Map<string, string[]>();
  for (const right of rights) {
    const object = describe({ ...right, verb: '' });
    verbs.set(object, [...verbs.get(object) ?? [], right.verb]);
  }
  return [...verbs].map(([object, those]) => `${[...new Set(those)].sort().join(',')}${object}`);
}

/** A list for people, which has an end. */
export function some(list: string[]): string {
  return [...list.slice(0, SHOWN), ...list.length > SHOWN ? [`and ${list.length - SHOWN} more`] : []].join('; ');
}

/** What keeps the answer from being complete. The authorizer of nodes says so always, and is about nodes. */
function doubtOf(status: any): string | undefined {
  const errors = String(status?.evaluationError ?? '').split(', ').map(one => one.replace(/^\[|\]$/g, ''));
  const said = errors.filter(one => one !== '' && !/^node authorizer/i.test(one));
  if (said.length > 0) return said.join(', ');
  return status?.incomplete && !status?.evaluationError ? 'the API server says that its answer is not complete' : undefined;
}

function rightsOf(rule: any): Right[] {
  const names: string[] = rule.resourceNames?.length ? rule.resourceNames : [''];
  const { verbs = [], apiGroups = [], resources = [] }: { [list: string]: string[] } = rule;
  return verbs.flatMap(verb => apiGroups.flatMap(group => resources.flatMap(resource => names.map(name => ({ verb, group, resource, name })))));
}

/** Paths besides those that everybody may read. */
function pathsOf({ verbs = [], nonResourceURLs = [] }: { verbs?: string[]; nonResourceURLs?: string[] }): string[] {
  const isPublic = (url: string) => PUBLIC.test(url) && verbs.every(verb => verb === 'get');
  return nonResourceURLs.filter(url => !isPublic(url)).map(url => `${verbs.join(',')} ${url}`);
}

/** What a requester of this Role who gets it at once has to hold. */
function needed(role: string): Right[] {
  const right = (verb: string, group: string, resource: string, name = '') => ({ verb, group, resource, name });
  return [
    right('request', RIGHTS, 'accessrequests', role),
    right('take', RIGHTS, 'accessrequests', role),
    right('time', RIGHTS, 'accessrequests'),
    right('bind', RBAC, 'roles', role),
    right('list', RBAC, 'roles'),
    right('create', RBAC, 'rolebindings'),
    right('create', 'batch', 'jobs'),
  ];
}

function covers(held: Right, wanted: Right): boolean {
  const is = (one: string, other: string) => one === '*' || one === other;
  return is(held.verb, wanted.verb) && is(held.group, wanted.group) && is(held.resource, wanted.resource) && (held.name === '' || held.name === wanted.name);
}

function expected({ verb, group, resource, name }: Right, roles: string[]): boolean {
  if (EVERYBODY.has(`${group}/${resource}`)) return verb === 'create';
  if (roles.length === 0) return false;
  switch (`${group}/${resource}`) {
    case `${RIGHTS}/accessrequests`: return verb === 'time' ? name === '' : ['request', 'take'].includes(verb) && roles.includes(name);
    case `${RBAC}/roles`: return ['get', 'list'].includes(verb) || verb === 'bind' && roles.includes(name);
    case `${RBAC}/rolebindings`: return ['get', 'list', 'watch', 'create', 'patch', 'delete'].includes(verb);
    case 'batch/jobs': return verb === 'create';
    default: return false;
  }
}

function of({ group, resource, subresource }: Omit<Danger, 'verb'>): string {
  return `${resource}${subresource ? `/${subresource}` : ''}${group ? `.${group}` : ''}`;
}

function describe({ verb, group, resource, name }: Right): string {
  return `${verb} ${of({ group, resource })}${name ? ` ${name}` : ''}`;
}
