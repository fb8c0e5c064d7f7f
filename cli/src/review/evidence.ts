import { InventoryEvidence } from 'cdk8s-secure-debug';
import { Damage } from '../audit/damage';
import { asObject, asText, AuditEvent } from '../audit/event';
import { logsOf, readLogs } from '../audit/read-logs';

/** So many different things are counted of one subject; then no new ones. */
const MOST = 1_000;
const SHOWN = 5;

interface Use {
  requests: number;
  last: string;
  readonly rights: Map<string, number>;
  readonly sources: Map<string, number>;
  readonly bindings: Set<string>;
}

const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const REASON = /^RBAC: allowed by (ClusterRoleBinding|RoleBinding) ("(?:[^"\\]|\\.)*") of \S+ "(?:[^"\\]|\\.)*" to (Group|User|ServiceAccount) ("(?:[^"\\]|\\.)*")/;

/** What audit logs say about those whom an inventory names. */
export interface Evidence {
  readonly evidence: InventoryEvidence[];
  readonly events: number;
  readonly damaged: string[];
  /** The first and the last event, RFC 3339. */
  readonly from?: string;
  readonly to?: string;
}

/**
 * Reads the logs once. A request counts for the user, for the ServiceAccount, and for the group that RBAC names as the reason;
 * where it names none (system:masters), for every group of the user.
 */
export async function evidenceOf(who: string[], files: string[]): Promise<Evidence> {
  const uses = new Map(who.map(one => [one, { requests: 0, last: '', rights: new Map(), sources: new Map(), bindings: new Set() } as Use]));
  const damage = new Damage();
  let [from, to] = ['', ''];
  const events = await readLogs(logsOf(files, undefined), damage, event => {
    const when = asText(event.stageTimestamp) || asText(event.requestReceivedTimestamp);
    if (when !== '' && (from === '' || when < from)) from = when;
    if (when > to) to = when;
    if (!isAllowed(event)) return;
    for (const one of actorsOf(event)) take(uses.get(one), event, when);
  });
  return {
    evidence: [...uses].map(([name, { requests, last, rights, sources, bindings }]): InventoryEvidence => ({
      who: name, requests, ...last !== '' && { lastUsed: last }, rights: frequent(rights), sources: frequent(sources), bindings: [...bindings].sort(),
    })),
    events,
    damaged: damage.told(),
    ...from !== '' && { from, to },
  };
}

function isAllowed({ stage, responseStatus }: AuditEvent): boolean {
  const { code } = asObject(responseStatus);
  // Whether RBAC let it pass is the question, not whether the object was there.
  return stage === 'ResponseComplete' && code !== 401 && code !== 403;
}

function reasonOf(event: AuditEvent): RegExpExecArray | null {
  return REASON.exec(asText(asObject(event.annotations)['authorization.k8s.io/reason']));
}

function actorsOf(event: AuditEvent): string[] {
  const { username, groups } = asObject(event.impersonatedUser ?? event.user);
  const name = asText(username);
  const [, namespace, account] = ACCOUNT.exec(name) ?? [];
  const self = account ? `ServiceAccount ${namespace}/${account}` : `User ${name}`;
  const reason = reasonOf(event);
  if (reason) return reason[3] === 'Group' ? [self, `Group ${unquoted(reason[4])}`] : [self];
  return [self, ...Array.isArray(groups) ? groups.map(group => `Group ${asText(group)}`) : []];
}

function take(use: Use | undefined, event: AuditEvent, when: string): void {
  if (!use) return;
  use.requests++;
  if (when > use.last) use.last = when;
  const { apiGroup, resource, subresource, namespace } = asObject(event.objectRef);
  const what = asText(resource) === '' ? asText(event.requestURI).split('?')[0] : [`${asText(resource)}${asText(apiGroup) && `.${asText(apiGroup)}`}`, asText(subresource)].filter(Boolean).join('/');
  count(use.rights, `${asText(event.verb)} ${what}${asText(namespace) && ` in ${asText(namespace)}`}`);
  const ips = Array.isArray(event.sourceIPs) ? event.sourceIPs.filter(ip => typeof ip === 'string') : [];
  count(use.sources, `${ips[0] ?? 'an unknown address'} by ${asText(event.userAgent).split(' ')[0] || 'an unknown program'}`);
  const reason = reasonOf(event);
  if (reason && use.bindings.size < MOST) use.bindings.add(`${reason[1]} ${bindingOf(reason[1], unquoted(reason[2]))}`);
}

/** The authorizer writes `name/namespace` of a RoleBinding. */
function bindingOf(kind: string, text: string): string {
  const slash = text.lastIndexOf('/');
  return kind === 'RoleBinding' && slash >= 0 ? `${text.slice(slash + 1)}/${text.slice(0, slash)}` : text;
}

function count(map: Map<string, number>, key: string): void {
  const times = map.get(key);
  if (times !== undefined || map.size < MOST) map.set(key, (times ?? 0) + 1);
}

function frequent(map: Map<string, number>): string[] {
  return [...map].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, SHOWN).map(([key, times]) => times === 1 ? key : `${key} ×${times}`);
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(1, -1);
  }
}
