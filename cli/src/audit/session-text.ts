import { AuditReport, DebugSession, GrantRef, PathClass } from './debug-session';
import { plain, word } from '../text';

/** The ways in, what matters most to a reviewer first, and how a reader calls them. */
export const PATH_TITLES: { readonly [path in PathClass]: string } = {
  'outside': 'Outside every path',
  'break-glass': 'Break-glass',
  'gitops-emergency': 'GitOps emergency',
  'just-in-time': 'Just in time',
  'on-call': 'On call',
  'gateway': 'Gateway',
  'read-only': 'Read-only',
  'none': 'None (refused by RBAC)',
};

export const PATHS = Object.keys(PATH_TITLES) as PathClass[];

/** What no audit log can tell, said wherever somebody may take the report for more than it is. */
export const LIMITS = 'An audit log has the command a session began with. What was typed after that, and the port of a port-forward, is in no audit log.';

/** Words of a command as a shell would read them back, on one line. */
export const commandText = (command: string[]): string => command.map(one => word(plain(one))).join(' ');

/** `exec ls -l`, `ephemeral-containers busybox:1.36`. */
export function whatText({ capability, command, image, ports }: DebugSession): string {
  return [capability, ...image ? [image] : [], ...command?.length ? [commandText(command)] : [], ...ports?.length ? [ports.join(' ')] : []].map(plain).join(' ');
}

/** `payments/ledger-0 (app)`, `payments/deployments.apps/web`; a node or a cluster has no namespace. */
export function whereText({ namespace, pod, object, container }: DebugSession): string {
  return plain([namespace, pod ?? object].filter(Boolean).join('/') || '-') + (container ? ` (${plain(container)})` : '');
}

/** `alice`, or who acted as her. */
export const whoText = ({ user, impersonator }: DebugSession): string => plain(user) + (impersonator ? ` (by ${plain(impersonator)})` : '');

/** `RoleBinding payments/oncall-debug → Role/oncall-debug`. */
export const grantText = ({ kind, namespace, name, role }: GrantRef): string => plain(`${kind} ${namespace ? `${namespace}/` : ''}${name} → ${role}`);

/** Another grant that was active, with its ticket: `RoleBinding payments/break-glass:alice → Role/break-glass (INC-42)`. */
export const otherGrantText = (other: DebugSession['otherGrants'][0]): string => grantText(other) + (other.request?.ticket ? ` (${plain(other.request.ticket)})` : '');

/** `refused`, and by what. */
export function outcomeText({ outcome, refusal }: DebugSession): string {
  return refusal ? `${outcome} by ${refusal.by === 'rbac' ? 'RBAC' : plain(refusal.policy ?? refusal.by)}` : outcome;
}

/** A time without its fraction: `2026-03-01 10:00:00Z`. */
export const timeText = (time: string): string => plain(time).replace(/\.\d+/, '').replace('T', ' ');

export interface Counts {
  readonly sessions: number;
  readonly people: number;
  readonly outside: number;
  readonly breakGlass: number;
  readonly refused: number;
}

export function counts({ sessions }: AuditReport): Counts {
  const many = (wanted: (session: DebugSession) => boolean) => sessions.filter(wanted).length;
  return {
    sessions: sessions.length,
    people: new Set(sessions.map(({ user }) => user)).size,
    outside: many(({ path }) => path === 'outside'),
    breakGlass: many(({ path }) => path === 'break-glass'),
    refused: many(({ outcome }) => outcome === 'refused'),
  };
}
