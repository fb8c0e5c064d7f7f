import { AccessRequest, AccessRequests } from 'cdk8s-secure-debug';
import { isDryRun } from './dry-run';
import { asObject, asText, AuditEvent, micros, succeeded } from './event';

/** A request for access as the log tells of it. */
export interface Grant {
  readonly namespace: string;
  readonly name: string;
  /** Undefined when the log has the event and not what was sent. */
  readonly request?: AccessRequest;
}

/** A grant, and from when to when it may have been used; in microseconds. */
interface Life {
  readonly from: number;
  readonly to: number;
  readonly closedAt: number;
  readonly grant: Grant;
}

/** What the log has of one RoleBinding at one time. */
interface Write {
  readonly at: number;
  readonly created: boolean;
  /** What was sent, in parts: a RoleBinding, or what a patch sets. */
  readonly body?: any;
}

/** So long after its end a grant may be used still, in microseconds: its timer is a Job that a controller ends. */
const SLACK = 300_000_000;
/** The Roles that open an emergency. */
const BREAK_GLASS = /^break-glass(-[a-z0-9-]+)?$/;

export const isBreakGlass = (role: string) => BREAK_GLASS.test(role);

/** The requests for access in the logs, with the approvals that came later. */
export class Grants {
  private readonly writes = new Map<string, Write[]>();
  private lives?: Map<string, Life[]>;

  /** Takes an event, if it wrote a RoleBinding. */
  public take(event: AuditEvent): void {
    const ref = asObject(event.objectRef);
    if (ref.resource !== 'rolebindings' || ref.subresource || !succeeded(event) || isDryRun(event)) return;
    const verb = asText(event.verb);
    if (!['create', 'update', 'patch'].includes(verb)) return;
    const sent = event.requestObject;
    const at = micros(asText(event.requestReceivedTimestamp) || asText(event.stageTimestamp));
    const namespace = asText(ref.namespace);
    const name = asText(ref.name) || asText(asObject(asObject(sent).metadata).name);
    if (Number.isNaN(at) || name === '') return;
    const created = verb === 'create' || asObject(event.responseStatus).code === 201;
    const body = parts(sent);
    // Other RoleBindings of the cluster are none of ours; a patch may be of one that is.
    if (created && body && !AccessRequests.read({ ...body, metadata: { ...body.metadata, namespace, name } })) return;
    const key = `${namespace}/${name}`;
    const known = this.writes.get(key);
    if (known) known.push({ at, created, body });
    else this.writes.set(key, [{ at, created, body }]);
  }

  /** The request of this name that was open at a time. */
  public named(namespace: string, name: string, at: number): Grant | undefined {
    return (this.all().get(`${namespace}/${name}`) ?? []).filter(({ from, to }) => from <= at && at <= to).at(-1)?.grant;
  }

  /** The emergencies of a person in a namespace that were open at a time. */
  public ofPerson(namespace: string, user: string, at: number): Grant[] {
    const theirs = ({ from, to, closedAt, grant }: Life) => from <= at && at <= Math.min(to, closedAt)
      && grant.namespace === namespace && grant.request?.requestedBy === user && isBreakGlass(grant.request.role);
    return [...this.all().values()].flatMap(lives => lives.filter(theirs).slice(-1).map(({ grant }) => grant));
  }

  /** Each name may have been given several times; every request lives from its creation to the next one or its own end. */
  private all(): Map<string, Life[]> {
    if (this.lives) return this.lives;
    this.lives = new Map();
    for (const [key, writes] of this.writes) {
      writes.sort((a, b) => a.at - b.at);
      const slash = key.indexOf('/');
      const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
      const found: Life[] = [];
      writes.forEach((write, i) => {
        if (!write.created) return;
        const next = writes.findIndex((one, j) => j > i && one.created);
        const later = writes.slice(i + 1, next < 0 ? undefined : next);
        const body = write.body && { ...write.body, metadata: { ...write.body.metadata, namespace, name } };
        const whole = body && later.reduce((object, { body: change }) => change ? merged(object, change) : object, body);
        const request = whole && AccessRequests.read(whole);
        const ends = request ? micros(request.expiresAt) + SLACK : NaN;
        const closed = later.find(({ body: change }) => change && AccessRequests.read(merged(body ?? {}, change))?.closed !== undefined);
        const until = Math.min(Number.isNaN(ends) ? Infinity : ends, next < 0 ? Infinity : writes[next].at);
        found.push({ from: write.at, to: until, grant: { namespace, name, request }, closedAt: closed?.at ?? Infinity });
      });
      this.lives.set(key, found);
    }
    return this.lives;
  }
}

/** What is read of a RoleBinding or of a patch of one: texts alone, so that nothing else is kept. */
function parts(sent: unknown): any {
  if (sent === null || typeof sent !== 'object') return undefined;
  if (Array.isArray(sent)) return ofJsonPatch(sent);
  const { metadata, roleRef, subjects } = sent as any;
  return {
    metadata: { labels: texts(asObject(metadata).labels), annotations: texts(asObject(metadata).annotations) },
    ...roleRef && { roleRef: { name: asText(asObject(roleRef).name) } },
    ...subjects !== undefined && { subjects: Array.isArray(subjects) ? subjects.slice(0, 1) : [] },
  };
}

function texts(map: unknown): { [key: string]: string } {
  return Object.fromEntries(Object.entries(asObject(map)).filter(([, value]) => typeof value === 'string'));
}

const ANNOTATION = '/metadata/annotations/';

function ofJsonPatch(steps: unknown[]): any {
  const annotations: { [key: string]: string } = {};
  for (const { op, path, value } of steps.map(asObject)) {
    if (!['add', 'replace'].includes(op) || typeof path !== 'string') continue;
    if (path === ANNOTATION.slice(0, -1)) Object.assign(annotations, texts(value));
    else if (path.startsWith(ANNOTATION) && typeof value === 'string') annotations[path.slice(ANNOTATION.length).replace(/~1/g, '/').replace(/~0/g, '~')] = value;
  }
  return { metadata: { labels: {}, annotations } };
}

function merged(object: any, change: any): any {
  return {
    ...object,
    ...change.subjects !== undefined && { subjects: change.subjects },
    metadata: { ...object.metadata, annotations: { ...asObject(object.metadata).annotations, ...change.metadata.annotations } },
  };
}
