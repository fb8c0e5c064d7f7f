import { DebugCapability } from 'cdk8s-secure-debug';

/** What of a request tells whether its event may matter; what it lacks is empty. */
export interface Outline {
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  /** Who logged in. */
  readonly user: string;
}

/** Bindings, of which writes matter. */
export const BINDINGS = ['rolebindings', 'clusterrolebindings'];
export const BINDING_WRITES = ['create', 'update', 'patch', 'delete'];
/** What kubelets ask: may somebody use the kubelet's own API? */
export const REVIEWS = 'subjectaccessreviews';
export const NODES = 'system:node:';
/** Ends of the keys of annotations that guardrails add. */
export const NOTES = ['/past-git', '/validation_failure'];

const predicates = DebugCapability.all().flatMap(capability => capability.logPredicates());
const distinct = (values: readonly string[]) => [...new Set(values)].sort();

/** Subresources that one debugs by. */
export const SUBRESOURCES = distinct([...predicates.map(({ subresource }) => subresource).filter(one => one !== ''), 'proxy']);

/** Verbs that matter of requests without a subresource. */
export const VERBS: { readonly [resource: string]: readonly string[] } = Object.fromEntries([
  ...distinct(predicates.filter(({ subresource }) => subresource === '').map(({ resource }) => resource)).map(of => [
    of, distinct(predicates.filter(({ resource, subresource }) => resource === of && subresource === '').flatMap(({ verbs }) => verbs)),
  ]),
  ...BINDINGS.map(resource => [resource, BINDING_WRITES]),
]);

/** Whether an event may matter by its request. Which do is decided by SQL; what this says no to, that says no to as well. */
export function mayMatter({ verb, resource, subresource, user }: Outline): boolean {
  if (resource === REVIEWS) return user.startsWith(NODES);
  if (subresource !== '') return SUBRESOURCES.includes(subresource);
  return Object.hasOwn(VERBS, resource) && VERBS[resource].includes(verb);
}

/** Whether a guardrail added an annotation. */
export const isNote = (key: string): boolean => NOTES.some(end => key.endsWith(end));
