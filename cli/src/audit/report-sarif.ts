import { isAbsolute } from 'path';
import { pathToFileURL } from 'url';
import { type Danger, DebugCapability } from 'cdk8s-secure-debug';
import { AuditReport, DebugSession } from './debug-session';
import { grantText, whatText, whereText, whoText } from './session-text';
import { json, plain } from '../text';

/** As code scanning of GitHub ranks: from 9.0 on critical, from 7.0 high, from 4.0 medium. */
const SEVERITY: { readonly [danger in Danger]: number } = { low: 2, medium: 5, high: 8, critical: 9.5 };

/** Text of others in a message: neither a link nor a placeholder can come of it (SARIF 3.11.5, 3.11.6). */
const message = (text: string): string => plain(text).replace(/[\\[\]]/g, '\\$&').replace(/[{}]/g, '$&$&');

/** `outside/cluster-admin`. What it begins with is ours; the rest names a way in, and may come from a log. */
const ruleId = ({ outside }: DebugSession): string => `outside/${(outside ?? 'unknown').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 64) || 'unknown'}`;

const HELP = 'Give this person the path of their team, and take the other right away. If it was an emergency, break-glass leaves a reason and an approver.';

function dangerOf(capability: string): number {
  const known = DebugCapability.all().find(({ id }) => id === capability);
  return known ? SEVERITY[known.danger] : SEVERITY.high;
}

function artifact(name: string): string {
  return isAbsolute(name) ? pathToFileURL(name).href : name.split('/').map(encodeURIComponent).join('/');
}

/**
 * SARIF 2.1.0 of the sessions outside every path, for code scanning and the like.
 *
 * A result names the log where a single one was read; of several, the session does not know which.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function reportSarif({ sessions, logs, damage }: AuditReport): string {
  const outside = sessions.filter(({ path }) => path === 'outside');
  const ids = [...new Set(outside.map(ruleId))].sort();
  const log = logs.length === 1 && logs[0].name !== '-' ? { artifactLocation: { uri: artifact(logs[0].name) }, region: { startLine: 1 } } : undefined;
  return json({
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'secure-debug', rules: ids.map(id => rule(id, outside.filter(one => ruleId(one) === id))) } },
      invocations: [{
        executionSuccessful: true,
        ...damage.length > 0 && { toolExecutionNotifications: damage.map(one => ({ level: 'warning', message: { text: message(`Not read: ${one}`) } })) },
      }],
      columnKind: 'utf16CodeUnits',
      results: outside.map(session => ({
        ruleId: ruleId(session),
        ruleIndex: ids.indexOf(ruleId(session)),
        level: 'error',
        message: { text: message(sentence(session)) },
        locations: [{
          ...log && { physicalLocation: log },
          logicalLocations: [{ fullyQualifiedName: [session.cluster, session.namespace, session.pod ?? session.object, session.container].map(one => plain(one ?? '')).filter(Boolean).join('/') || '-', kind: 'resource' }],
        }],
        partialFingerprints: { 'secureDebugSession/v1': plain([session.cluster ?? '', session.start, session.id].join(' ')) },
        properties: { start: session.start, user: session.user, capability: session.capability, outcome: session.outcome },
      })),
    }],
  });
}

function rule(id: string, sessions: DebugSession[]): object {
  const how = sessions[0].outside ?? 'unknown';
  return {
    id,
    shortDescription: { text: message(`Debugging outside every path: ${how}`) },
    help: { text: HELP },
    properties: { 'security-severity': Math.max(...sessions.map(({ capability }) => dangerOf(capability))).toFixed(1), 'tags': ['security'] },
  };
}

function sentence(session: DebugSession): string {
  const { start, cluster, grant, outcome, outside = 'unknown' } = session;
  return `${whoText(session)} used ${whatText(session)} on ${whereText(session)}${cluster ? ` of ${cluster}` : ''} at ${start} by ${outside}`
    + `${grant ? `, allowed by ${grantText(grant)}` : ''} (${outcome}).`;
}
