import { Right } from './rights';
import { sortedUnique } from '../private/canonical';

/** Rights that a reviewer must not overlook, by the rule's id. */
interface Loud {
  readonly id: string;
  readonly rights: Right[];
  /** They are on cluster-scoped objects: in a namespace they are worth nothing. */
  readonly clusterScoped?: boolean;
}

function rights(apiGroup: string, resources: string[], verbs: string[]): Right[] {
  return resources.flatMap(resource => verbs.map(verb => ({ apiGroup, resource, verb })));
}

const LOUD: Loud[] = [
  { id: 'SD5003', rights: rights('', ['secrets'], ['get', 'list', 'watch']) },
  { id: 'SD5004', rights: rights('rbac.authorization.k8s.io', ['clusterroles', 'roles'], ['bind', 'escalate']) },
  { id: 'SD5005', rights: [...rights('', ['serviceaccounts'], ['impersonate']), ...rights('', ['serviceaccounts/token'], ['create'])] },
  {
    id: 'SD5005',
    clusterScoped: true,
    rights: [
      ...rights('', ['groups', 'users'], ['impersonate']),
      ...rights('authentication.k8s.io', ['uids'], ['impersonate']),
      ...rights('certificates.k8s.io', ['certificatesigningrequests/approval'], ['patch', 'update']),
    ],
  },
  { id: 'SD5006', clusterScoped: true, rights: rights('', ['nodes/proxy'], ['create', 'delete', 'get', 'patch', 'update']) },
  { id: 'SD5007', rights: rights('', ['pods'], ['create']) },
  {
    id: 'SD5014',
    rights: [
      ...rights('', ['replicationcontrollers'], ['create', 'patch', 'update']),
      ...rights('apps', ['daemonsets', 'deployments', 'replicasets', 'statefulsets'], ['create', 'patch', 'update']),
      ...rights('batch', ['cronjobs', 'jobs'], ['create', 'patch', 'update']),
    ],
  },
  {
    id: 'SD5015',
    clusterScoped: true,
    rights: [
      ...rights('admissionregistration.k8s.io', [
        'mutatingadmissionpolicies', 'mutatingadmissionpolicybindings', 'mutatingwebhookconfigurations',
        'validatingadmissionpolicies', 'validatingadmissionpolicybindings', 'validatingwebhookconfigurations',
      ], ['create', 'delete', 'deletecollection', 'patch', 'update']),
      ...rights('apiregistration.k8s.io', ['apiservices'], ['create', 'delete', 'deletecollection', 'patch', 'update']),
    ],
  },
];

/** The loud rights, those on cluster-scoped objects only on request. */
export function loudRights(withClusterScoped: boolean): { readonly id: string; readonly right: Right }[] {
  return LOUD.filter(loud => withClusterScoped || !loud.clusterScoped).flatMap(({ id, rights: all }) => all.map(right => ({ id, right })));
}

export const LOUD_IDS = sortedUnique(LOUD.map(({ id }) => id));

/** Loud rights on cluster-scoped objects. */
export function loudClusterScoped(): Right[] {
  return LOUD.filter(loud => loud.clusterScoped).flatMap(loud => loud.rights);
}

/** Groups and users that stand for more than a team. */
export function standsForMany(kind: string, subject: string): boolean {
  return (kind === 'Group' && /^system:(authenticated|unauthenticated|masters|serviceaccounts(:.*)?)$/.test(subject)) || (kind === 'User' && subject === 'system:anonymous');
}

/** Names of people: users that are no part of Kubernetes. */
export function isPerson(kind: string, subject: string): boolean {
  return kind === 'User' && !subject.startsWith('system:');
}

/** Rules by which somebody takes over the namespace, or more. */
export function takesOver(id: string): boolean {
  return id < 'SD5008' || id === 'SD5014' || id === 'SD5015';
}
