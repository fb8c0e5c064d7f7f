import { AuditRule, AuditStage } from './audit-rule';
import { Caller, describeCallers } from './callers';
import { Attributes, matches } from './match';
import { RecordingGap } from './recording-gap';
import { representatives, Target } from './requests';
import { describeRule } from './rule-text';
import { AuditLevel, atLeast } from '../model/audit-level';
import { DebugCapability } from '../model/capability';

/** A request by which a capability is used, and how it must be recorded. */
interface Need extends Target {
  readonly capability: DebugCapability;
  readonly at: string;
  readonly level: AuditLevel;
  readonly client: string;
  readonly stream: boolean;
}

/** Every request of every capability, once for each verb that some client version sends. */
function needs(): Need[] {
  return DebugCapability.all().flatMap(capability => {
    const streams = capability.admissionMatches().filter(match => match.operations.includes('CONNECT')).map(match => match.resource);
    return capability.logPredicates().flatMap(({ apiGroup, resource, subresource, verbs }) => {
      const at = subresource === '' ? resource : `${resource}/${subresource}`;
      const stream = streams.includes(at);
      const { level } = capability.auditRules().find(rule => rule.apiGroup === apiGroup && rule.resource === at)!;
      return verbs.map((verb): Need => {
        const protocol = stream ? ` (${verb === 'get' ? 'WebSocket' : 'SPDY'})` : '';
        return { capability, verb, apiGroup, resource, subresource, at, level, stream, client: `${capability.clients.join(', ')}${protocol}` };
      });
    });
  });
}

/** Why an event that this rule decides is not recorded as needed; undefined when it is. */
function shortfall(need: Need, level: AuditLevel, omitted: AuditStage[]): string | undefined {
  const { verb, at } = need;
  if (level === AuditLevel.NONE) return `hides ${verb} ${at}`;
  if (!atLeast(level, need.level)) return `records ${verb} ${at} at ${level}, which lacks the body (${need.level} is needed),`;
  if (omitted.includes(AuditStage.RESPONSE_COMPLETE)) return `omits the outcome (stage ResponseComplete) of ${verb} ${at}`;
  if (need.stream && omitted.includes(AuditStage.REQUEST_RECEIVED) && omitted.includes(AuditStage.RESPONSE_STARTED)) {
    return `omits the beginning (stages RequestReceived and ResponseStarted), so a session that is still open is not in the log, of ${verb} ${at}`;
  }
  return undefined;
}

/** Which rule decides, or -1. */
export function decidingRule(rules: AuditRule[], request: Attributes): number {
  return rules.findIndex(rule => matches(rule, request));
}

/**
 * Every gap, by capability, verb and deciding rule; exact, not sampled (see `representatives`).
 *
 * @param omitStages stages that the policy leaves out for every rule
 * @param exempt callers whose requests need not be recorded
 */
export function findGaps(rules: AuditRule[], omitStages: AuditStage[], exempt: (caller: Caller) => boolean): RecordingGap[] {
  return needs().flatMap(need => {
    const gap = (ruleIndex: number, level: AuditLevel, labels: string[], why: string): RecordingGap => ({
      capability: need.capability.id,
      verb: need.verb,
      resource: need.at,
      client: need.client,
      callers: labels,
      needed: need.level,
      level,
      ruleIndex,
      explanation: `${why} of ${describeCallers(labels)}: ${need.client}`,
    });
    const labels = (rule: AuditRule, index: number) => [...new Set(representatives(rule, need)
      .filter(({ caller, attributes }) => !exempt(caller) && decidingRule(rules, attributes) === index)
      .map(({ caller }) => caller.label))];

    const byRule = rules.flatMap((rule, index) => {
      const why = shortfall(need, rule.level, [...omitStages, ...rule.omitStages ?? []]);
      const missed = why === undefined ? [] : labels(rule, index);
      return missed.length > 0 ? [gap(index, rule.level, missed, `rules[${index}] (${describeRule(rule)}) ${why}`)] : [];
    });
    const unmatched = labels({ level: AuditLevel.NONE }, -1);
    return unmatched.length > 0 ? [...byRule, gap(-1, AuditLevel.NONE, unmatched, `no rule matches ${need.verb} ${need.at}`)] : byRule;
  });
}

