import { ResourceRule } from '../model/admission-policy';
import { byCodeUnit, sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';
import { each, noWildcard, text } from '../private/validate';

/**
 * What commonly stands in Git. Not among them: what programs write by themselves (Secrets, Jobs, Pods, ReplicaSets,
 * EndpointSlices), and RoleBindings, which access requests are made of.
 */
export const DEFAULT_KINDS = [
  'configmaps', 'limitranges', 'namespaces', 'resourcequotas', 'serviceaccounts', 'services',
  'cronjobs.batch', 'daemonsets.apps', 'deployments.apps', 'horizontalpodautoscalers.autoscaling', 'ingresses.networking.k8s.io',
  'networkpolicies.networking.k8s.io', 'poddisruptionbudgets.policy', 'roles.rbac.authorization.k8s.io', 'statefulsets.apps',
];

/** Kinds of Kubernetes itself that have no scale; one of another origin may have one. */
const WITHOUT_SCALE = new Set(DEFAULT_KINDS.filter(kind => !['deployments.apps', 'statefulsets.apps'].includes(kind)));

/** What access requests are made of: whoever asks for access at 2 AM writes these. */
const REQUESTS = ['jobs.batch', 'rolebindings.rbac.authorization.k8s.io'];

/** A resource by its plural, and the API group behind a dot unless it is the core group, as kubectl takes it. */
const KIND = /^[a-z][a-z0-9-]{0,62}(\.[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?)?$/;

/** The kinds, checked and sorted. */
export function kindsOf(where: string, kinds: string[] = DEFAULT_KINDS): string[] {
  const field = 'kinds';
  each(where, field, kinds, 'kind', (at, value) => {
    text(where, at, noWildcard(where, at, value), 'a kind such as "deployments.apps"', 317);
    const full = DEFAULT_KINDS.find(known => known !== value && known.startsWith(`${value.toLowerCase()}`) && /^s?\./.test(known.slice(value.length)));
    if (full) reject({ where, field: at, value, problem: 'lacks its API group, so nothing would be guarded', fix: `write ${full}` });
    if (!KIND.test(value)) {
      reject({ where, field: at, value, problem: 'is no kind', fix: 'write the plural and the API group as kubectl api-resources shows them, e.g. "deployments.apps"; scale is guarded with it' });
    }
    if (REQUESTS.includes(value)) {
      reject({ where, field: at, value, problem: 'is what access requests are made of, so nobody could ask for access any more', fix: 'leave it out; BindingGuardrail and AccessRequestPolicy guard these' });
    }
    return value;
  });
  return [...kinds].sort(byCodeUnit);
}

/** Which requests change them; their status is not meant. */
export function kindRules(kinds: string[]): ResourceRule[] {
  const split = kinds.map(kind => {
    const [resource, ...group] = kind.split('.');
    return { group: group.join('.'), resources: WITHOUT_SCALE.has(kind) ? [resource] : [resource, `${resource}/scale`] };
  });
  return sortedUnique(split.map(({ group }) => group)).map(apiGroup => ({
    apiGroups: [apiGroup],
    resources: split.filter(({ group }) => group === apiGroup).flatMap(({ resources }) => resources),
    operations: ['CREATE', 'UPDATE', 'DELETE'],
  }));
}
