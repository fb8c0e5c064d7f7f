/** Events as kube-apiserver writes them, for tests of what is told apart in them. */
export interface Told {
  readonly at?: string;
  /** Seconds until its end. */
  readonly lasts?: number;
  readonly user?: string;
  readonly groups?: string[];
  readonly as?: string;
  readonly verb?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly apiGroup?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly stage?: string;
  readonly code?: number;
  readonly role?: string;
  readonly roleKind?: string;
  readonly decision?: string;
  readonly more?: object;
  readonly annotations?: { [key: string]: string };
}

let made = 0;

const micro = (millis: number) => new Date(millis).toISOString().replace('Z', '000Z');

/** One event. Without anything said it is a read of a person by the on-call Role. */
export function event(told: Told = {}): any {
  const {
    at = '2026-03-03T10:00:00Z', lasts = 0, user = 'alice', groups = ['oncall-payments', 'system:authenticated'], verb = 'get', resource = 'pods', subresource,
    apiGroup, name = 'ledger-0', namespace = 'payments', stage = 'ResponseComplete', code = 200, role = 'oncall-debug', roleKind = 'Role', decision = 'allow', annotations = {},
  } = told;
  const auditID = `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`;
  const path = `/api/v1/namespaces/${namespace}/${resource}/${name}${subresource ? `/${subresource}` : ''}`;
  const reason = decision === 'allow' && role ? `RBAC: allowed by ${roleKind}Binding "${role}/${namespace}" of ${roleKind} "${role}" to Group "${groups[0]}"` : '';
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage,
    requestURI: path,
    verb,
    user: { username: user, groups },
    ...told.as && { impersonatedUser: { username: told.as } },
    sourceIPs: ['192.0.2.10'],
    userAgent: 'kubectl/v1.37.1',
    objectRef: { resource, namespace, name, apiVersion: 'v1', ...apiGroup && { apiGroup }, ...subresource && { subresource } },
    responseStatus: { metadata: {}, code },
    requestReceivedTimestamp: micro(Date.parse(at)),
    stageTimestamp: micro(Date.parse(at) + lasts * 1000),
    annotations: { 'authorization.k8s.io/decision': decision, 'authorization.k8s.io/reason': reason, ...annotations },
    ...told.more,
  };
}

/** A stream has two events: when it begins, and when it ends. */
export function stream(subresource: string, told: Told = {}): any[] {
  const begin = event({ subresource, code: 101, stage: 'ResponseStarted', ...told, lasts: 0 });
  return [begin, { ...event({ subresource, code: 101, ...told }), auditID: begin.auditID }];
}

export const lines = (events: any[]) => events.map(one => `${JSON.stringify(one)}\n`).join('');
