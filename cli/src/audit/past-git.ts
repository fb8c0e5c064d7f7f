import { changedFields } from './changed-fields';
import { asObject, asText, AuditEvent, micros, succeeded, whoOf } from './event';

/** One change past Git. */
export interface Change {
  readonly namespace: string;
  /** As kubectl takes it: `deployments.apps`. */
  readonly resource: string;
  readonly name: string;
  /** `create`, `update`, `patch`, `delete` or `scale`. */
  readonly done: string;
  /** It was one request for many objects, of which the log names the first alone. */
  readonly collection: boolean;
  readonly by: string;
  /** Who impersonated them. */
  readonly actedBy?: string;
  /** RFC 3339, and in microseconds. */
  readonly when: string;
  readonly at: number;
  /** A policy would have refused it, but was in Audit or Warn: nobody had declared an emergency. */
  readonly undeclared: boolean;
  /** The RoleBinding and Role that RBAC named. */
  readonly allowedBy?: { readonly binding: string; readonly namespace: string; readonly role: string };
  /** What changed, if the log has the body. */
  readonly fields: string[];
}

const STAMP = '/past-git';
const FAILURES = 'validation.policy.admission.k8s.io/validation_failure';
const REASON = /^RBAC: allowed by RoleBinding ("(?:[^"\\]|\\.)*") of Role ("(?:[^"\\]|\\.)*") to /;

/** The change past Git that an event tells of; undefined when it is none, a text when it cannot be read. */
export function pastGit(event: AuditEvent): Change | string | undefined {
  const annotations = asObject(event.annotations);
  const stamps = Object.keys(annotations).filter(key => key.endsWith(STAMP) && typeof annotations[key] === 'string');
  if (stamps.length === 0 || !succeeded(event)) return undefined;
  const who = whoOf(event);
  const stamp: string = annotations[stamps[0]];
  // The whole end is compared: somebody may be called `alice (dry run)`.
  if (stamp.endsWith(` by ${who.by} (dry run)`)) return undefined;

  const when = asText(event.stageTimestamp) || asText(event.requestReceivedTimestamp);
  const at = micros(when);
  const ref = asObject(event.objectRef);
  const [plural, namespace] = [asText(ref.resource), asText(ref.namespace)];
  if (Number.isNaN(at) || plural === '') return 'a change past Git without time or object';
  const subresource = asText(ref.subresource);
  const kind = subresource ? `${plural}/${subresource}` : plural;
  const verb = asText(event.verb);
  const operation = stamp.split(' ', 1)[0];
  const group = asText(ref.apiGroup);
  return {
    namespace,
    resource: group ? `${plural}.${group}` : plural,
    name: asText(ref.name) || between(stamp, `${operation} ${kind} `, ` in ${namespace} by ${who.by}`),
    done: subresource === 'scale' ? 'scale' : operation === 'CREATE' ? 'create' : operation === 'DELETE' ? 'delete' : verb,
    collection: verb === 'deletecollection',
    ...who,
    when,
    at,
    undeclared: isMaster(event) || stamps.some(key => wouldHaveBeenRefused(annotations[FAILURES], key.slice(0, -STAMP.length))),
    allowedBy: allowedBy(asText(annotations['authorization.k8s.io/reason'])),
    fields: changedFields(verb, subresource, event.requestObject),
  };
}

/** To whom no policy gives an emergency: the guardrail was weakened, then, whatever the event lacks. */
function isMaster({ user, impersonatedUser }: AuditEvent): boolean {
  const { groups } = asObject(impersonatedUser ?? user);
  return Array.isArray(groups) && groups.includes('system:masters');
}

/** The name in the stamp, where the request had none itself. */
function between(text: string, begin: string, end: string): string {
  return text.startsWith(begin) && text.endsWith(end) ? text.slice(begin.length, text.length - end.length) : '';
}

/** The API server writes down so many failures of a request and leaves out the rest. */
const MOST_FAILURES = 50;

/** What cannot be read, or may have been left out, is no emergency: it is listed where somebody looks at it. */
function wouldHaveBeenRefused(failures: unknown, policy: string): boolean {
  if (failures === undefined) return false;
  try {
    const list: unknown = JSON.parse(failures as string);
    return !Array.isArray(list) || list.length >= MOST_FAILURES || list.some(one => asObject(one).policy === policy || asText(asObject(one).policy) === '');
  } catch {
    return true;
  }
}

/** What the authorizer says is quoted by Go, which is JSON but for rare escapes. */
function allowedBy(reason: string): Change['allowedBy'] {
  const [, binding, role] = REASON.exec(reason) ?? [];
  if (binding === undefined) return undefined;
  const path = unquoted(binding);
  const slash = path.lastIndexOf('/');
  return slash < 0 ? undefined : { binding: path.slice(0, slash), namespace: path.slice(slash + 1), role: unquoted(role) };
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(1, -1);
  }
}
