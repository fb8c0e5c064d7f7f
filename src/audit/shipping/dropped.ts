import { all, any, begins, field, is, isNot, literal, oneOf, temp } from './ottl';
import { AuditLevel, atLeast } from '../../model/audit-level';
import { reject } from '../../private/errors';
import { AuditResources, AuditRule, AuditStage } from '../audit-rule';
import { rulesBefore } from '../default-rules';
import { findGaps } from '../gaps';
import { matches } from '../match';
import { remarksOfRule } from '../parse-policy';
import { representatives } from '../requests';
import { describeRule, ruleManifest } from '../rule-text';

const where = 'AuditLogShipping';
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** What an audit policy of ours records with its body, or as a way around: rights, reasons, fences. Its events have to arrive. */
function evidence(): AuditRule[] {
  return rulesBefore({ userGroups: [], users: [] }).filter(rule => atLeast(rule.level, AuditLevel.REQUEST) || rule.reason?.startsWith('Ways around'));
}

/** An example of what both rules are about; undefined when there is none. */
function overlap(dropped: AuditRule, kept: AuditRule): string | undefined {
  for (const { group, resources = [] } of kept.resources ?? []) {
    for (const pattern of resources) {
      const [resource, subresource = ''] = pattern.split('/');
      for (const verb of kept.verbs ?? VERBS) {
        const asked = representatives(dropped, { verb, apiGroup: group, resource, subresource });
        if (asked.some(({ attributes }) => matches(dropped, attributes))) return `${verb} ${pattern}`;
      }
    }
  }
  return undefined;
}

/**
 * Checks rules by which events are left out, by what they match and not by how they are written.
 *
 * @throws on a rule with a level, one that means something else than it looks like, and one that matches a debug request, whoever
 * sends it, or a write of what carries a right
 */
export function checkDropped(rules: AuditRule[]): void {
  rules.forEach((rule, i) => {
    const at = `drop[${i}]`;
    const refuse = (problem: string, fix: string) => reject({ where, field: at, value: ruleManifest(rule), problem, fix });
    if (rule.level !== AuditLevel.NONE) refuse('has a level, and an event is shipped whole or not at all', 'set level: AuditLevel.NONE');
    if (rule.omitStages !== undefined || rule.omitManagedFields !== undefined) refuse('says what to record, not which events to leave out', 'leave out omitStages and omitManagedFields');
    const [remark] = remarksOfRule(where, at, ruleManifest(rule));
    if (remark) refuse(`does not mean what it looks like: ${remark}`, 'write what the API server compares');
    const list = 'list the resources and verbs that are noise, without wildcards that include those of debugging';
    const [gap] = findGaps([rule, { level: AuditLevel.REQUEST_RESPONSE }], [AuditStage.REQUEST_RECEIVED], () => false);
    if (gap) refuse(`would drop a debug request: it ${gap.explanation.slice(`rules[0] (${describeRule(rule)}) `.length)}`, list);
    const lost = evidence().map(kept => overlap(rule, kept)).find(found => found !== undefined);
    if (lost) refuse(`would drop evidence: ${lost}`, list);
  });
}

function resourceCondition({ group, resources, resourceNames }: AuditResources): string {
  const [resource, subresource] = [temp('resource'), temp('subresource')];
  const covered = (pattern: string) => {
    const [main, sub] = pattern.split('/');
    if (pattern === '*') return isNot(resource, '');
    return all(...main === '*' ? [] : [is(resource, main)], ...sub === '*' ? [] : [is(subresource, sub ?? '')]);
  };
  return all(
    isNot(resource, ''),
    ...group === '*' ? [] : [is(temp('group'), group)],
    ...resources ? [any(...resources.map(covered))] : [],
    ...resourceNames ? [oneOf(temp('name'), resourceNames)] : [],
  );
}

/** The rule as a condition on an event, as `matches` decides it. */
export function dropCondition({ users, userGroups, verbs, resources, namespaces, nonResourceUrls }: AuditRule): string {
  const path = temp('path');
  return all(
    isNot(temp('verb'), ''),
    ...users ? [oneOf(temp('user'), users)] : [],
    ...userGroups ? [any(...userGroups.map(group => `ContainsValue(${field('user', 'groups')}, ${literal(group)})`))] : [],
    ...verbs ? [oneOf(temp('verb'), verbs)] : [],
    ...namespaces ? [isNot(temp('resource'), ''), oneOf(temp('namespace'), namespaces)] : [],
    ...resources ? [any(...resources.map(resourceCondition))] : [],
    ...nonResourceUrls ? [is(temp('resource'), ''), any(...nonResourceUrls.map(url => url.endsWith('*') ? begins(path, url.slice(0, -1)) : is(path, url)))] : [],
  );
}
