/** Events of an audit log for tests; each has all that the API server writes. */

export const KEY = 'secure-debug.internal/';
export const FAILURE = 'validation.policy.admission.k8s.io/validation_failure';
export const KUBECTL = 'kubectl/v1.37.1 (linux/amd64) kubernetes/f5e1b2c';

export interface Request {
  readonly id?: string;
  /** Seconds after 10:00. */
  readonly at?: number;
  /** Seconds until it ended; undefined: it is open. */
  readonly took?: number | null;
  readonly user?: string;
  readonly groups?: string[];
  readonly as?: string;
  readonly asGroups?: string[];
  readonly verb?: string;
  readonly resource?: string;
  readonly apiGroup?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly query?: string;
  readonly uri?: string;
  readonly code?: number;
  readonly message?: string;
  readonly reason?: string;
  readonly body?: unknown;
  readonly client?: string;
  readonly annotations?: object;
  readonly stages?: string[];
}

let ids = 0;

export const time = (seconds: number): string => {
  const micros = Math.round(seconds * 1e6);
  return `${new Date(Date.UTC(2026, 2, 1, 10) + Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(((micros % 1000) + 1000) % 1000).padStart(3, '0')}Z`;
};

export const allowedBy = (binding: string, role: string, to: string, kind = 'Group'): string => `RBAC: allowed by RoleBinding ${JSON.stringify(binding)} of Role ${JSON.stringify(role)} to ${kind} ${JSON.stringify(to)}`;
export const ON_CALL = allowedBy('oncall-debug/payments', 'oncall-debug', 'oncall-payments');

/** The events of one request: a stream has begin and end, everything else an end. */
export function request(of: Request = {}): any[] {
  const { id = `id-${++ids}`, at = 0, took = 1, user = 'alice', groups = ['oncall-payments', 'system:authenticated'], verb = 'get', resource = 'pods', apiGroup, subresource, namespace = 'payments' } = of;
  const { name, query = '', code = subresource && subresource !== 'ephemeralcontainers' ? 101 : 200, message, reason = ON_CALL, body, client = KUBECTL, annotations, as, asGroups = [] } = of;
  const group = apiGroup ? `/apis/${apiGroup}/v1` : '/api/v1';
  const refused = code >= 400;
  const stages = of.stages ?? (code === 101 ? took === null ? ['ResponseStarted'] : ['ResponseStarted', 'ResponseComplete'] : ['ResponseComplete']);
  return stages.map(stage => ({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: body === undefined ? 'Metadata' : 'Request',
    auditID: id,
    stage,
    requestURI: of.uri ?? `${group}/namespaces/${namespace}/${resource}${name ? `/${name}` : ''}${subresource ? `/${subresource}` : ''}${query ? `?${query}` : ''}`,
    verb,
    user: { username: user, groups },
    ...as !== undefined && { impersonatedUser: { username: as, groups: asGroups } },
    sourceIPs: ['10.0.0.1'],
    userAgent: client,
    objectRef: { resource, namespace, ...name !== undefined && { name }, ...apiGroup && { apiGroup }, ...subresource && { subresource }, apiVersion: 'v1' },
    responseStatus: { metadata: {}, code, ...refused && { status: 'Failure', message: message ?? 'no' } },
    ...body !== undefined && { requestObject: body },
    requestReceivedTimestamp: time(at),
    stageTimestamp: time(stage === 'ResponseComplete' ? at + (took ?? 0) : at + 0.001),
    annotations: { 'authorization.k8s.io/decision': refused && message === undefined ? 'forbid' : 'allow', 'authorization.k8s.io/reason': refused && message === undefined ? '' : reason, ...annotations },
  }));
}

export const exec = (of: Request & { readonly words?: string[] } = {}): any[] => request({
  subresource: 'exec', name: 'web', query: `${(of.words ?? ['sh']).map(word => `command=${encodeURIComponent(word).replace(/%20/g, '+')}&`).join('')}container=app&stdout=true`, ...of,
});

/** kubectl debug: the container, and attaching to it. */
export function debug({ at = 0, container = 'debugger-abc', image = 'busybox:1.36', ...of }: Request & { readonly container?: string; readonly image?: string } = {}): any[] {
  return [
    ...request({ at, verb: 'patch', subresource: 'ephemeralcontainers', name: 'web', took: 0.1, body: { spec: { ephemeralContainers: [{ name: container, image, command: ['sh'] }] } }, ...of }),
    ...request({ at: at + 3, subresource: 'attach', name: 'web', query: `container=${container}&stdin=true`, took: 60, ...of }),
  ];
}

/** A request for access, as it is created. */
export function ask({ role = 'break-glass', user = 'alice', at = 0, ticket = 'INC-42', why = 'orders hang', until = at + 3600, granted = true, ...of }: Request & { readonly role?: string; readonly ticket?: string; readonly why?: string; readonly until?: number; readonly granted?: boolean } = {}): any[] {
  const name = `${role}:${user}`;
  return request({
    user,
    at,
    verb: 'create',
    resource: 'rolebindings',
    apiGroup: 'rbac.authorization.k8s.io',
    name,
    code: 201,
    took: 0.01,
    body: {
      metadata: {
        name,
        labels: { [`${KEY}request-for`]: role },
        annotations: { [`${KEY}requested-by`]: user, [`${KEY}request-reason`]: why, [`${KEY}ticket`]: ticket, [`${KEY}expires-at`]: time(until).replace(/\.\d+/, '') },
      },
      roleRef: { kind: 'Role', name: role },
      ...granted && { subjects: [{ kind: 'User', name: user }] },
    },
    ...of,
  });
}

/** What somebody else does to a request for access. */
export const approve = (of: Request & { readonly who: string; readonly group?: string }): any[] => request({
  verb: 'patch',
  resource: 'rolebindings',
  apiGroup: 'rbac.authorization.k8s.io',
  name: 'break-glass:alice',
  took: 0.01,
  user: of.who,
  body: { metadata: { annotations: { [`${KEY}approvals`]: `${of.who} as ${of.group ?? 'leads'}` } }, subjects: [{ kind: 'User', name: 'alice' }] },
  ...of,
});
export const byGlass = (user = 'alice', role = 'break-glass'): string => allowedBy(`${role}:${user}/payments`, role, user, 'User');
