import { createHash } from 'crypto';
import { AccessRequests } from 'cdk8s-secure-debug';
import { DebugRequests } from './debug-requests';
import { isDryRun } from './dry-run';
import { asObject, asText, AuditEvent, micros, succeeded, whoOf } from './event';
import { Declared, isAsked, isConnect } from './readiness-declared';
import { commandText } from './session-text';

const FAILURES = 'validation.policy.admission.k8s.io/validation_failure';
const DENIED = /^[^\n]*ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request/;
/** What Go quotes is JSON but for rare escapes. */
const REASON = /^RBAC: allowed by (RoleBinding|ClusterRoleBinding) ("(?:[^"\\]|\\.)*") of (Role|ClusterRole) ("(?:[^"\\]|\\.)*") to /;

/** Something that a guardrail which watches would have refused. */
export interface Failure {
  readonly policy: string;
  readonly at: number;
  readonly by: string;
  readonly actedBy?: string;
  readonly groups: string[];
  readonly namespace: string;
  readonly what: string;
  readonly message: string;
  readonly actions: string[];
  /** `exec`, `gitops`, `bindings`, `containers` or `other`: what kind of guardrail it is. */
  readonly kind: string;
  readonly connect: boolean;
}

/** How often something was done, by whom, and when last. */
export class Tally {
  public count = 0;
  public last = -Infinity;
  public readonly who = new Set<string>();
  public readonly what = new Map<string, number>();

  public take(at: number, by: string, what?: string): void {
    this.count++;
    this.last = Math.max(this.last, at);
    this.who.add(by);
    if (what !== undefined) this.what.set(what, (this.what.get(what) ?? 0) + 1);
  }
}

export interface GrantUse {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly role: string;
}

/** A request for access that the log has the creation of. */
export interface Asked {
  readonly namespace: string;
  readonly name: string;
  readonly role: string;
  readonly by: string;
  readonly at: number;
}

/** A user who is no part of the control plane and no ServiceAccount. */
export const isPerson = (user: string): boolean => user !== '' && !user.startsWith('system:');

const ACCOUNT = /^system:serviceaccount:(?!kube-system:)/;
/** What people use at a terminal, and programs hardly. */
const TERMINAL = /^(kubectl|k9s|oc|lens|openlens|freelens|stern)[/ ]/i;

/**
 * What a log says about guardrails that watch, and about who uses which way in. Memory grows with what would have been refused, with
 * people and grants, not with the log.
 */
export class Gathered {
  public readonly failures: Failure[] = [];
  /** By policy: requests it was asked about, before its exceptions, by day and person. */
  public readonly asked = new Map<string, Tally & { days: Set<string> }>();
  public readonly denied = new Map<string, Tally>();
  /** Allowed by cluster-admin or as system:masters, by person. */
  public readonly unbounded = new Map<string, Tally & { debug: number; how: Set<string> }>();
  /** Debug requests of people by bindings that were declared for it. */
  public readonly byPath = new Map<string, Tally>();
  /** ServiceAccounts whose tokens people use. */
  public readonly borrowed = new Map<string, Tally>();
  /** Use of every binding that RBAC named, by `kind namespace/name`; of those that requests make also when. */
  public readonly grants = new Map<string, GrantUse & { tally: Tally; times: number[] }>();
  public readonly requests: Asked[] = [];
  public first = Infinity;
  public last = -Infinity;
  private readonly seen = new Set<string>();
  private readonly debug = new DebugRequests();

  public constructor(private readonly declared: Declared, private readonly since = -Infinity) {}

  /** Takes one event, in any order; says what is wrong with it. */
  public take(event: AuditEvent, line: string): string | void {
    const at = micros(asText(event.stageTimestamp) || asText(event.requestReceivedTimestamp));
    if (Number.isNaN(at)) return 'an event without time';
    if (at < this.since) return;
    this.first = Math.min(this.first, at);
    this.last = Math.max(this.last, at);
    // A request counts once, when it ended.
    if (event.stage !== 'ResponseComplete') return;
    const annotations = asObject(event.annotations);
    const wrong = annotations[FAILURES] === undefined ? undefined : this.failed(event, line, at, annotations);
    this.judged(event, at, annotations);
    this.wayIn(event, at, annotations);
    this.granted(event, at);
    return wrong;
  }

  private failed(event: AuditEvent, line: string, at: number, annotations: { readonly [key: string]: any }): string | void {
    // Logs may overlap. The whole line counts: a client chooses the auditID of its own requests.
    const digest = createHash('sha256').update(line.trim()).digest('base64');
    if (this.seen.has(digest)) return;
    this.seen.add(digest);
    let failures: unknown;
    try {
      failures = JSON.parse(annotations[FAILURES]);
    } catch {
      return 'validation_failure is no JSON';
    }
    if (!Array.isArray(failures)) return 'validation_failure is no list';
    const ref = asObject(event.objectRef);
    const { by, actedBy } = whoOf(event);
    const { groups } = asObject(event.impersonatedUser ?? event.user);
    const policies = new Set<string>();
    for (const { policy, message, validationActions } of failures.map(asObject)) {
      const actions: string[] = Array.isArray(validationActions) ? validationActions.filter(one => typeof one === 'string') : [];
      // Of one policy the first condition that fails is told; a request counts once for it.
      if (asText(policy) === '' || policies.has(policy) || actions.includes('Deny')) continue;
      policies.add(policy);
      this.failures.push({
        policy,
        at,
        by,
        ...actedBy !== undefined && { actedBy },
        groups: Array.isArray(groups) ? groups.filter(one => typeof one === 'string') : [],
        namespace: asText(ref.namespace),
        what: whatOf(event),
        message: asText(message),
        actions,
        kind: kindOf(ref, annotations, policy),
        connect: isConnect(ref),
      });
    }
  }

  private judged(event: AuditEvent, at: number, annotations: { readonly [key: string]: any }): void {
    const refusal = DENIED.exec(asText(asObject(event.responseStatus).message))?.[1];
    const { by } = whoOf(event);
    if (refusal !== undefined) this.tally(this.denied, refusal, () => new Tally()).take(at, by);
    // What RBAC refused was not asked of any policy.
    if (annotations['authorization.k8s.io/decision'] !== 'allow') return;
    const ref = asObject(event.objectRef);
    for (const guardrail of this.declared.guardrails) {
      if (!isAsked(guardrail, asText(event.verb), ref)) continue;
      const tally = this.tally(this.asked, guardrail.policy, () => Object.assign(new Tally(), { days: new Set<string>() }));
      tally.take(at, by);
      tally.days.add(new Date(at / 1_000).toISOString().slice(0, 10));
    }
  }

  private wayIn(event: AuditEvent, at: number, annotations: { readonly [key: string]: any }): void {
    if (annotations['authorization.k8s.io/decision'] !== 'allow') return;
    const user = asText(asObject(event.user).username);
    const agent = asText(event.userAgent);
    if (ACCOUNT.test(user) && TERMINAL.test(agent)) this.tally(this.borrowed, user, () => new Tally()).take(at, agent.split(' ', 1)[0], whatOf(event));
    if (!isPerson(user)) return;
    const capability = this.debug.of(event)?.capability;
    const reason = asText(annotations['authorization.k8s.io/reason']);
    const { groups } = asObject(event.user);
    const grant = grantOf(reason);
    if (grant) {
      const key = `${grant.kind} ${grant.namespace}/${grant.name}`;
      const use = this.tally(this.grants, key, () => ({ ...grant, tally: new Tally(), times: [] }));
      use.tally.take(at, user, capability);
      if (REQUESTED.test(grant.role)) use.times.push(at);
      if (capability && isPath(grant, this.declared)) this.tally(this.byPath, user, () => new Tally()).take(at, user, capability);
    }
    const how = grant?.role === 'ClusterRole/cluster-admin' ? `ClusterRole cluster-admin by ${grant.kind} ${grant.name}`
      : reason === '' && Array.isArray(groups) && groups.includes('system:masters') ? 'system:masters' : undefined;
    if (how === undefined) return;
    const tally = this.tally(this.unbounded, user, () => Object.assign(new Tally(), { debug: 0, how: new Set<string>() }));
    tally.take(at, user, whatOf(event, true));
    tally.how.add(how);
    if (capability) tally.debug++;
  }

  private granted(event: AuditEvent, at: number): void {
    const ref = asObject(event.objectRef);
    const sent = asObject(event.requestObject);
    if (ref.resource !== 'rolebindings' || ref.subresource || event.verb !== 'create' || !succeeded(event) || isDryRun(event)) return;
    const name = asText(ref.name) || asText(asObject(sent.metadata).name);
    const request = AccessRequests.read({ ...sent, metadata: { ...asObject(sent.metadata), namespace: asText(ref.namespace), name } });
    if (request) this.requests.push({ namespace: asText(ref.namespace), name, role: request.role, by: request.requestedBy, at });
  }

  private tally<T>(map: Map<string, T>, key: string, make: () => T): T {
    let found = map.get(key);
    if (!found) map.set(key, found = make());
    return found;
  }
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(1, -1);
  }
}

/** The binding that RBAC names as what allowed a request. */
export function grantOf(reason: string): GrantUse | undefined {
  const [, kind, path, roleKind, role] = REASON.exec(reason) ?? [];
  if (kind === undefined) return undefined;
  const whole = unquoted(path);
  const slash = kind === 'RoleBinding' ? whole.lastIndexOf('/') : -1;
  return { kind, name: slash < 0 ? whole : whole.slice(0, slash), namespace: slash < 0 ? '' : whole.slice(slash + 1), role: `${roleKind}/${unquoted(role)}` };
}

/** The names of Roles that the library gives for debugging, where no manifests say which are. */
const PATHS = /^Role\/(oncall-debug|debug-.+|jit-debug.*|break-glass(-.+)?)$|^ClusterRole\/debug-.+$/;

/** Roles that are had by request. */
const REQUESTED = /^Role\/(debug-grant|break-glass)(-.+)?$/;

function isPath(grant: GrantUse, { grants }: Declared): boolean {
  return PATHS.test(grant.role)
    || grants.some(one => one.kind === grant.kind && one.namespace === grant.namespace && one.name === grant.name && one.role !== 'ClusterRole/cluster-admin');
}

/** What kind of guardrail a policy is, by what it judged. Its name may be any. */
function kindOf(ref: { readonly [field: string]: any }, annotations: { readonly [key: string]: any }, policy: string): string {
  if (annotations[`${policy}/past-git`] !== undefined) return 'gitops';
  if (isConnect(ref)) return 'exec';
  if (ref.resource === 'pods') return 'containers';
  if (ref.apiGroup === 'rbac.authorization.k8s.io' || ref.apiGroup === 'certificates.k8s.io' || ref.subresource === 'token') return 'bindings';
  return 'other';
}

/** `exec "ls -l"`, `patch deployments.apps web`; `brief` leaves the object out. */
export function whatOf(event: AuditEvent, brief = false): string {
  const ref = asObject(event.objectRef);
  const { resource, apiGroup, subresource } = ref;
  const path = asText(event.requestURI).split('?')[0];
  if (typeof resource !== 'string' || resource === '') return `${asText(event.verb)} ${path.split('/').slice(0, brief ? 2 : 4).join('/')}`;
  const kind = `${resource}${apiGroup ? `.${apiGroup}` : ''}${subresource ? `/${subresource}` : ''}`;
  if (subresource === 'exec' && !brief) {
    const words = new URLSearchParams(asText(event.requestURI).split('?')[1] ?? '').getAll('command');
    return `exec ${commandText(words)}`;
  }
  if (isConnect(ref)) return subresource;
  if (subresource === 'ephemeralcontainers' && !brief) {
    const { spec } = asObject(event.requestObject);
    const containers: unknown = asObject(spec).ephemeralContainers;
    const images = Array.isArray(containers) ? containers.map(one => asText(asObject(one).image)).filter(Boolean) : [];
    return `debug container${images.length > 0 ? ` ${images.join(', ')}` : ''}`;
  }
  return `${asText(event.verb)} ${kind}${brief ? '' : ` ${asText(ref.name)}`}`.trim();
}
