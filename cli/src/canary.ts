import { AccessRequests } from 'cdk8s-secure-debug';
import { ApiError } from './cluster';
import { paths } from './paths';
import { requestableRoles } from './requests';
import { Session } from './session';

/** What a probe found. */
export interface Canary {
  /** `refuses`: the policy decides. `lets-pass`: it should have refused, and did not. `none`: nothing could be tried. */
  readonly outcome: 'refuses' | 'lets-pass' | 'none';
  readonly detail: string;
}

const NAME = 'secure-debug-canary';

/**
 * Asks each policy, without effect (`dryRun=All`), for something that it has to refuse to everybody. A policy can be
 * there, bound and type-checked, and decide nothing yet: only an answer shows that it does.
 */
export async function canary(session: Session, policies: string[]): Promise<Record<string, Canary>> {
  const found: Record<string, Canary> = {};
  const roles = await requestableRoles(session, undefined).catch(() => []);
  const role = roles[0];
  for (const name of policies) {
    const probe = PROBES[name];
    if (!probe) continue;
    if (!role) {
      found[name] = { outcome: 'none', detail: 'no probe: no Role can be requested yet' };
      continue;
    }
    const { path, object } = probe(role.metadata.namespace, role.metadata.name);
    found[name] = await answer(session, name, path, object);
  }
  return found;
}

type Probe = (namespace: string, role: string) => { readonly path: string; readonly object: object };

const PROBES: Record<string, Probe | undefined> = {
  /** A request that says neither who nor why nor until when. */
  'secure-debug-requests': (namespace, role) => ({
    path: paths.roleBindings(namespace),
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: NAME, labels: { [AccessRequests.REQUEST_LABEL]: role } },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
    },
  }),
  /** A timer that is suspended, so it would never end. */
  'secure-debug-timers': namespace => {
    const timer = AccessRequests.timer(namespace, 60, 'canary');
    return { path: paths.jobs(namespace), object: { ...timer, spec: { ...timer.spec, suspend: true } } };
  },
};

async function answer(session: Session, policy: string, path: string, object: object): Promise<Canary> {
  try {
    await session.cluster.create(path, object, { dryRun: 'All' });
    return { outcome: 'lets-pass', detail: 'LETS PASS what it has to refuse (dry run)' };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.detail.includes(`ValidatingAdmissionPolicy '${policy}'`)) return { outcome: 'refuses', detail: 'it decides (dry run refused)' };
    return { outcome: 'none', detail: `no probe: ${error.message}` };
  }
}
