import { AccessRequest, AccessRequests, RequestState, RequestTerms } from 'cdk8s-secure-debug';
import { ApiError } from '../cluster';
import { refused } from '../errors';
import { paths } from '../paths';
import { Session } from '../session';
import { duration, plain } from '../text';

/** A request with where it stands now. */
export interface Standing {
  readonly request: AccessRequest;
  readonly state: RequestState;
  readonly secondsLeft: number;
}

export function isOpen({ state }: Standing): boolean {
  return state === RequestState.PENDING || state === RequestState.ACTIVE;
}

/** What a RoleBinding asks for and where that stands; undefined when it is no request. */
export function standing(session: Session, roleBinding: any): Standing | undefined {
  const request = AccessRequests.read(roleBinding);
  if (!request) return undefined;
  const { now } = session.cluster;
  const left = Math.floor((Date.parse(request.expiresAt) - Date.parse(now)) / 1000);
  return { request, state: AccessRequests.stateOf(request, now), secondsLeft: Number.isNaN(left) ? 0 : Math.max(0, left) };
}

/** The requests in a namespace or everywhere, by namespace and name. */
export async function allRequests(session: Session, namespace: string | undefined): Promise<Standing[]> {
  const path = namespace === undefined ? paths.roleBindingsEverywhere() : paths.roleBindings(namespace);
  const found = await session.cluster.list(path, { labelSelector: AccessRequests.REQUEST_LABEL });
  const key = ({ request }: Standing) => `${request.namespace}/${request.name}`;
  return found.flatMap(one => standing(session, one) ?? []).sort((a, b) => key(a) < key(b) ? -1 : 1);
}

/** The Roles that can be requested in a namespace or everywhere. */
export async function requestableRoles(session: Session, namespace: string | undefined): Promise<any[]> {
  const path = namespace === undefined ? paths.rolesEverywhere() : paths.roles(namespace);
  return session.cluster.list(path, { labelSelector: `${AccessRequests.REQUESTABLE_LABEL}=true` });
}

/** The terms of a request's Role. */
export async function termsOf(session: Session, namespace: string, role: string): Promise<RequestTerms> {
  const terms = AccessRequests.termsOf(await session.cluster.find(paths.roles(namespace, role)));
  return terms ?? refused(`The Role ${role} in ${namespace} cannot be requested: it does not exist, or lacks the label ${AccessRequests.REQUESTABLE_LABEL}=true. Fix: secure-debug status -n ${namespace} lists those that can.`);
}

/** The one request that is meant: by its name, or by who asked. */
export function pick(requests: Standing[], what: string, namespace: string, open: (one: Standing) => boolean): Standing {
  const meant = requests.filter(({ request }) => request.name === what || request.requestedBy === what);
  const candidates = meant.filter(open);
  if (candidates.length === 1) return candidates[0];
  if (candidates.length > 1) {
    refused(`${what} has several requests in ${namespace}: ${candidates.map(({ request }) => request.name).join(', ')}. Fix: give the name of one.`);
  }
  if (meant.length > 0) {
    const [{ request, state }] = meant;
    refused(`The request ${request.name} in ${namespace} is already ${state}${request.closedBy ? ` (by ${request.closedBy}: ${request.closedReason})` : ''}. Fix: secure-debug list -n ${namespace} --all shows all.`);
  }
  const others = requests.filter(open).map(({ request }) => request.name);
  refused(`There is no request of ${what} in ${namespace}. Fix: ${others.length ? `choose one of: ${others.join(', ')}` : 'nobody asks there now; name another namespace with -n'}.`);
}

/** Changes a request; when somebody was faster, looks again and decides anew, a few times. */
export async function change(session: Session, found: Standing, decide: (now: Standing) => object): Promise<Standing> {
  const { namespace, name, uid } = found.request;
  let current = found;
  for (let attempt = 1; ; attempt++) {
    try {
      return standing(session, await session.cluster.patch(paths.roleBindings(namespace, name), decide(current)))!;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409 || attempt === 5) throw error;
      const fresh = standing(session, await session.cluster.find(paths.roleBindings(namespace, name)));
      if (!fresh || fresh.request.uid !== uid) refused(`The request ${name} in ${namespace} is gone. Fix: secure-debug list -n ${namespace} shows what there is.`);
      current = fresh!;
    }
  }
}

/** `18:00:00 UTC on 2026-03-01 (29m 12s left)` */
export function until({ request, secondsLeft }: Standing): string {
  const [day, time] = request.expiresAt.replace(/Z$/, '').split('T');
  return time === undefined ? plain(request.expiresAt) : plain(`${time} UTC on ${day} (${duration(secondsLeft)} left)`);
}

/** A request as data: what a script needs, flat. */
export function asData({ request, state, secondsLeft }: Standing): object {
  const { uid, resourceVersion, granted, closed, ...said } = request;
  return { ...said, state, secondsLeft: isOpen({ request, state, secondsLeft }) ? secondsLeft : 0 };
}
