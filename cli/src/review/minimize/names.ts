import { NAMELESS } from './use';

/** So many names of one resource are a list of objects; more are whatever there was that day. */
const MOST_NAMES = 10;

/** What Kubernetes appends to names that it makes: no vowels, so that no words come of it. */
const MADE = 'bcdfghjklmnpqrstvwxz2456789';
const BY_KUBERNETES = new RegExp(`-[${MADE}]{5}$|-[${MADE}]{8,10}$`);
/** Kinds of which controllers make most. */
const MADE_KINDS = ['pods', 'replicasets', 'replicationcontrollers', 'controllerrevisions', 'jobs', 'endpointslices', 'certificatesigningrequests'];
/** A time, as CronJobs put it after the name of a Job; a number or hash of some length; a UUID. */
const BY_PROGRAM = /-\d{7,}$|[-.](?=[0-9a-f]*\d)[0-9a-f]{7,}$|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|^node-debugger-|-debugger-[a-z0-9]{5}$/;

/** Whether the next object of the kind will have another name. */
function isMade(resource: string, name: string): boolean {
  const [plain] = resource.split('/');
  return plain === 'events' || BY_PROGRAM.test(name) || (MADE_KINDS.includes(plain) && BY_KUBERNETES.test(name));
}

/** Names of some requests of one verb. */
interface Named {
  readonly verb: string;
  readonly resource: string;
  readonly name: string;
}

/**
 * Whether the names of a resource in one place are worth to be kept: they were chosen, there are few, and who is looked at
 * makes none of these objects. Then what they worked on today is what they work on tomorrow.
 */
export function areStable(requests: Named[]): boolean {
  const names = new Set(requests.map(({ name }) => name).filter(name => name !== ''));
  return names.size > 0 && names.size <= MOST_NAMES
    && !requests.some(({ verb, resource }) => verb === 'create' && !resource.includes('/'))
    && ![...names].some(name => isMade(requests[0].resource, name));
}

/** Whether RBAC can limit these requests to their names: each has one when RBAC decides, lists by a field selector too. */
export function canBeNamed(requests: Named[]): boolean {
  return requests.every(({ verb, resource, name }) => name !== '' && (resource.includes('/') || !NAMELESS.includes(verb)));
}
