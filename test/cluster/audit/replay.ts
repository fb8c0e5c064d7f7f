import { AuditPolicyEvaluator } from '../../../src';

/** The events at another level than the evaluator says, a line each. */
export function mispredicted(evaluator: AuditPolicyEvaluator, events: any[]): string[] {
  return events.flatMap(event => {
    const verdict = evaluator.evaluateEvent(event);
    if (verdict.level === event.level && !verdict.omitStages.includes(event.stage)) return [];
    return [`${event.stage} ${event.verb} ${event.requestURI} by ${event.user?.username}: recorded at ${event.level}, but by the evaluator at ${verdict.level} by rule ${verdict.ruleIndex}`];
  });
}
