import { asObject, asText, AuditEvent, micros } from '../../audit/event';

/**
 * What became of requests: RBAC allowed them; RBAC refused them; or RBAC allowed them and admission (a guardrail, a quota, the
 * check that nobody grants what they do not hold) refused them.
 */
export type Outcome = 'allowed' | 'refused' | 'admission';

/** Requests of one person that are alike. Whatever is in it was written by whoever sent them. */
export interface Use {
  /** As whom RBAC decided. */
  readonly user: string;
  readonly groups: string[];
  /** Who impersonated them. */
  readonly actor?: string;
  readonly actorGroups?: string[];
  readonly verb: string;
  /** Empty for what has none. */
  readonly namespace: string;
  readonly apiGroup: string;
  /** With its subresource; empty when it is about a URL. */
  readonly resource: string;
  /** As RBAC saw it: empty for what is created and for collections. */
  readonly name: string;
  /** A URL that is no resource. */
  readonly path: string;
  readonly outcome: Outcome;
  /** A patch or an update that created the object, for which RBAC asks for `create` too. */
  readonly created: boolean;
  readonly times: number;
  /** RFC 3339. */
  readonly first: string;
  readonly last: string;
  /** `2026-03-01`, each once, sorted. */
  readonly days: string[];
}

/** RBAC decides on these before there is a name, whatever the log calls the object later. */
export const NAMELESS = ['create', 'deletecollection'];

const texts = (value: unknown): string[] => Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

/** Words by which admission refuses; a webhook chooses its own status. */
const BY_ADMISSION = /ValidatingAdmissionPolicy '[^]*' denied request|^admission webhook "[^]*" denied the request/;
/** A stream that was allowed as `get`, and refused as `create` by a second question. */
const BY_RBAC = /cannot \S+ resource "/;

function outcomeOf(decision: string, code: number, message: string): Outcome {
  if (decision === 'forbid' || code === 401) return 'refused';
  if (code < 400) return 'allowed';
  if (BY_ADMISSION.test(message)) return 'admission';
  if (code !== 403) return 'allowed';
  return decision !== 'allow' || BY_RBAC.test(message) ? 'refused' : 'admission';
}

/** The use that an event tells of: of its end, or of the beginning of a stream or a watch, which may not have ended yet. */
export function useOf(event: AuditEvent): Use | undefined {
  const { stage } = event;
  if (stage !== 'ResponseComplete' && stage !== 'ResponseStarted') return undefined;
  const [login, as, ref, status] = [event.user, event.impersonatedUser, event.objectRef, event.responseStatus].map(asObject);
  const annotations = asObject(event.annotations);
  const impersonated = asText(as.username) !== '';
  const who = impersonated ? as : login;
  const verb = asText(event.verb);
  const subresource = asText(ref.subresource);
  const resource = asText(ref.resource);
  const when = asText(event.requestReceivedTimestamp) || asText(event.stageTimestamp);
  if (asText(who.username) === '' || verb === '') return undefined;
  const code = typeof status.code === 'number' ? status.code : 0;
  return {
    user: asText(who.username),
    groups: texts(who.groups),
    ...impersonated && { actor: asText(login.username), actorGroups: texts(login.groups) },
    verb,
    namespace: asText(ref.namespace),
    apiGroup: asText(ref.apiGroup),
    resource: subresource ? `${resource}/${subresource}` : resource,
    name: !subresource && NAMELESS.includes(verb) ? '' : asText(ref.name),
    path: resource ? '' : asText(event.requestURI).split('?', 1)[0],
    outcome: outcomeOf(asText(annotations['authorization.k8s.io/decision']), code, asText(status.message)),
    created: code === 201 && (verb === 'patch' || verb === 'update'),
    times: stage === 'ResponseComplete' ? 1 : 0,
    first: when,
    last: when,
    days: Number.isNaN(micros(when)) ? [] : [when.slice(0, 10)],
  };
}

const keyOf = ({ user, groups, actor = '', actorGroups = [], verb, namespace, apiGroup, resource, name, path, outcome, created }: Use): string =>
  JSON.stringify([user, groups, actor, actorGroups, verb, namespace, apiGroup, resource, name, path, outcome, created]);

/** Uses of several logs, each kind once. */
export class Uses {
  private readonly byKey = new Map<string, Use>();

  public add(use: Use): void {
    const key = keyOf(use);
    const known = this.byKey.get(key);
    this.byKey.set(key, known ? joined(known, use) : use);
  }

  /** All of them, in an order that does not depend on that of the logs. */
  public all(): Use[] {
    return [...this.byKey].sort(([a], [b]) => a < b ? -1 : 1).map(([, use]) => ({ ...use, times: Math.max(1, use.times) }));
  }
}

function joined(a: Use, b: Use): Use {
  const days = b.days.every(day => a.days.includes(day)) ? a.days : [...new Set([...a.days, ...b.days])].sort();
  return { ...a, times: a.times + b.times, first: earliest(a.first, b.first), last: a.last > b.last ? a.last : b.last, days };
}

const earliest = (a: string, b: string) => a === '' || (b !== '' && b < a) ? b : a;
