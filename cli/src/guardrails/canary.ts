import { AccessRequests } from 'cdk8s-secure-debug';
import { ApiError, Query } from '../cluster';
import { paths } from '../paths';
import { requestableRoles } from '../requests/requests';
import { Session } from '../session';

/** What a probe found. */
interface Canary {
  /** `refuses`: the policy decides. `lets-pass`: it should have refused, and did not. `none`: nothing could be learned. */
  readonly outcome: 'refuses' | 'lets-pass' | 'none';
  readonly detail: string;
}

/** A policy that is to be tried. */
export interface Tried {
  readonly name: string;
  /** The construct that it comes from. */
  readonly component: string;
  /** What it is about, e.g. `rolebindings`. */
  readonly resources: string[];
  /** Whether it takes the terms of each requestable Role. */
  readonly byTerms: boolean;
  /** Namespaces in which it holds; empty for all. */
  readonly namespaces: string[];
  /** Whether it refuses, or only records. */
  readonly denies: boolean;
}

const NAME = 'secure-debug-canary';
/** No timer has it. */
const NO_UID = '00000000-0000-4000-8000-000000000000';
const DRY: Query = { dryRun: 'All' };

/**
 * Asks each policy, without effect, for something that it has to refuse. A policy can be there, bound and type-checked, and
 * decide nothing yet: only an answer shows that it does.
 */
export async function canary(session: Session, policies: Tried[]): Promise<Record<string, Canary>> {
  const found: Record<string, Canary> = {};
  const [me, roles] = await Promise.all([session.whoAmI(), requestableRoles(session, undefined).catch(() => [])]);
  for (const policy of policies) {
    const role = roles.find(({ metadata }) => policy.namespaces.length === 0 || policy.namespaces.includes(metadata.namespace));
    const probe = probeOf(policy, role?.metadata, me.name);
    if (!policy.denies) {
      found[policy.name] = { outcome: 'none', detail: 'refuses nothing in this mode' };
    } else if (probe) {
      found[policy.name] = await answer(session, policy.name, probe);
    } else {
      found[policy.name] = { outcome: 'none', detail: 'no probe without effect' };
    }
  }
  return found;
}

interface Probe {
  readonly path: string;
  readonly query: Query;
  readonly object: object;
  /** It is refused to everybody; else exceptions of the policy may let the caller pass. */
  readonly toEverybody: boolean;
}

function probeOf(policy: Tried, role: { namespace: string; name: string } | undefined, me: string): Probe | undefined {
  const { component, resources, byTerms, namespaces } = policy;
  if (component === 'exec-guardrail' && namespaces.length > 0) {
    // Admission is asked before the pod is looked for, and there is no such pod.
    return { path: paths.exec(namespaces[0], NAME), query: { command: NAME, stdout: 'true' }, object: {}, toEverybody: false };
  }
  if (component !== 'access-request-policy' || !role) return undefined;
  if (byTerms) {
    // A request without a reason, under a wrong name, that never ends; else in order, or the policy on terms would refuse it first.
    const request = AccessRequests.manifest({
      namespace: role.namespace,
      role: role.name,
      requestedBy: me,
      reason: '',
      expiresAt: 'never',
      timer: AccessRequests.timerName(60, 'canary'),
      timerUid: NO_UID,
    });
    const object = { ...request, metadata: { ...request.metadata, name: NAME } };
    return { path: paths.roleBindings(role.namespace), query: DRY, object, toEverybody: true };
  }
  if (resources.includes('jobs')) {
    // A timer that is suspended would never end.
    const timer = AccessRequests.timer(role.namespace, 60, 'canary');
    return { path: paths.jobs(role.namespace), query: DRY, object: { ...timer, spec: { ...timer.spec, suspend: true } }, toEverybody: true };
  }
  return undefined;
}

async function answer(session: Session, policy: string, { path, query, object, toEverybody }: Probe): Promise<Canary> {
  const passed: Canary = toEverybody
    ? { outcome: 'lets-pass', detail: 'LETS PASS what it has to refuse (tried without effect)' }
    : { outcome: 'none', detail: 'lets you pass: you are excepted, or it does not decide' };
  try {
    await session.cluster.create(path, object, query);
    return passed;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.detail.includes(`ValidatingAdmissionPolicy '${policy}'`)) return { outcome: 'refuses', detail: 'it decides (tried without effect)' };
    if (error.status === 404) return passed;
    return { outcome: 'none', detail: `no probe: ${error.message}` };
  }
}
