/** RoleBindings in words, and the calls of an API server that the clean-up of expired access makes. */
import { Answer, FakeApi, Received, refused } from './fake-api';
import { ago, NOW } from './fake-pods';
import { AccessRequests } from '../../src/access/access-requests';
import { REQUEST } from '../../src/model/access-request';

export const EXPIRY_SCRIPT_FILE = `${__dirname}/../../assets/cleanup/expired-access-cleanup.js`;

/** Plain JavaScript, loaded so that jest measures its coverage. */
export const expiry = jest.requireActual<any>(EXPIRY_SCRIPT_FILE);

export const EXPIRY_CONFIG = { dryRun: false, graceSeconds: 60, namespaces: ['payments'] };

export type Binding = any;
export type Change = (binding: Binding) => void;

/** The end of a request, so many minutes from now. */
export const inMinutes = (minutes: number) => ago(-minutes);
export const timerOf = (user: string) => ({ name: AccessRequests.timerName(1800, user), uid: `uid-of-timer-of-${user}` });

/** A request of a person for debug-grant that waits for approval, with these changes. */
export function request(user: string, ends: number, ...changes: Change[]): Binding {
  const { name: timer, uid: timerUid } = timerOf(user);
  const made = AccessRequests.manifest({ namespace: 'payments', role: 'debug-grant', requestedBy: user, reason: 'refunds hang', ticket: 'INC-42', expiresAt: inMinutes(ends), timer, timerUid });
  Object.assign(made.metadata, { uid: `uid-of-${user}`, resourceVersion: '7' });
  changes.forEach(change => change(made));
  return made;
}

export const granted: Change = binding => {
  binding.subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: binding.metadata.annotations[REQUEST.requestedBy] }];
};
export const closed = (how = 'denied'): Change => ({ metadata }) => { metadata.annotations[REQUEST.closed] = how; };
export const ends = (text: string | undefined): Change => ({ metadata }) => {
  if (text === undefined) delete metadata.annotations[REQUEST.expiresAt];
  else metadata.annotations[REQUEST.expiresAt] = text;
};
export const orphaned: Change = ({ metadata }) => { delete metadata.ownerReferences; };
export const owner = (change: object): Change => ({ metadata }) => { Object.assign(metadata.ownerReferences[0], change); };
export const unlabelled: Change = ({ metadata }) => { delete metadata.labels; };
export const bindsTo = (kind: string, name: string): Change => ({ roleRef }) => { Object.assign(roleRef, { kind, name }); };
export const beingDeleted = (...finalizers: string[]): Change => ({ metadata }) => {
  Object.assign(metadata, { deletionTimestamp: ago(1), finalizers });
};
/** What is in every namespace besides. */
export const ordinary = (name: string, role = 'view'): Binding => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name, namespace: 'payments', uid: `uid-of-${name}`, resourceVersion: '3' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'Group', name: 'team-payments' }],
});

/** The RoleBindings and Jobs of a fake API server. */
export class FakeBindings {
  public all: Binding[] = [];
  public readonly deleted: string[] = [];
  /** Names of Jobs, with their uid; the timers of all requests exist unless they are taken out. */
  public readonly gone = new Set<string>();

  public constructor(api: FakeApi) {
    api.instead.push(received => this.answer(received));
  }

  private answer({ method, url, body }: Received): Answer | undefined {
    const { pathname, searchParams } = new URL(url, 'https://api');
    const [, group, namespace, encoded] = /^\/apis\/([^/]+)\/v1\/namespaces\/([^/]+)\/(?:rolebindings|jobs)(?:\/(.+))?$/.exec(pathname) ?? [];
    const name = decodeURIComponent(encoded ?? '');
    const here = this.all.filter(binding => binding.metadata.namespace === namespace);
    if (group === 'rbac.authorization.k8s.io' && method === 'GET' && name === '') {
      const from = Number(searchParams.get('continue') ?? 0);
      const limit = Number(searchParams.get('limit'));
      return { code: 200, body: { kind: 'RoleBindingList', metadata: from + limit < here.length ? { continue: String(from + limit) } : {}, items: here.slice(from, from + limit) } };
    }
    if (group === 'batch' && method === 'GET') {
      const timer = this.all.flatMap(binding => binding.metadata.ownerReferences ?? []).find(one => one.name === name);
      if (!timer || this.gone.has(name)) return refused(404, `jobs.batch "${name}" not found`);
      return { code: 200, body: { kind: 'Job', metadata: { name, namespace, uid: timerOf(name.split('-').pop()!).uid } } };
    }
    if (group !== 'rbac.authorization.k8s.io' || method !== 'DELETE') return undefined;
    const found = here.find(binding => binding.metadata.name === name);
    if (!found) return refused(404, `rolebindings.rbac.authorization.k8s.io "${name}" not found`);
    const { uid, resourceVersion } = body.preconditions;
    if (uid !== found.metadata.uid) return refused(409, `the UID in the precondition (${uid}) does not match`);
    if (resourceVersion !== found.metadata.resourceVersion) return refused(409, `the ResourceVersion in the precondition (${resourceVersion}) does not match`);
    // As the real one: the options are those of the body, and the query is not looked at.
    if (body.dryRun?.[0] === 'All') return { code: 200, body: { kind: 'Status', status: 'Success' } };
    if (found.metadata.finalizers) {
      found.metadata.deletionTimestamp = new Date(NOW).toISOString();
      return { code: 200, body: found };
    }
    this.deleted.push(name);
    this.all = this.all.filter(binding => binding !== found);
    return { code: 200, body: { kind: 'Status', status: 'Success' } };
  }
}
