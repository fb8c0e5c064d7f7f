import { AuditRule, AuditStage } from './audit-rule';
import { callersOf, isNamedProgram } from './callers';
import { SENSITIVE } from './default-rules';
import { decidingRule, findGaps } from './gaps';
import { coversResource } from './match';
import { remarksOfRule } from './parse-policy';
import { representatives } from './requests';
import { describeRule, ruleManifest } from './rule-text';
import { AuditLevel, atLeast } from '../model/audit-level';
import { reject, show } from '../private/errors';
import { each, noWildcard, reason as checkReason, text } from '../private/validate';

const where = 'AuditPolicy';

/** The fields of a rule that a user adds: as the API server reads them, and each meaning what it looks like. */
function checkFields(field: string, rule: AuditRule): void {
  if (rule.reason !== undefined) checkReason(where, `${field}.reason`, rule.reason);
  const literal = (at: string, value: string) => text(where, at, noWildcard(where, at, value), 'a name as the API server sees it', 512);
  const words = (name: string, values: string[] | undefined, check: (at: string, value: string) => string) => {
    // An empty list would be no limit at all, which nobody means who writes it.
    if (values !== undefined) each(where, `${field}.${name}`, values, 'entry, or leave the field out for no limit', check);
  };
  words('users', rule.users, literal);
  words('userGroups', rule.userGroups, literal);
  words('verbs', rule.verbs, literal);
  words('namespaces', rule.namespaces, (at, value) => value === '' ? value : literal(at, value));
  words('nonResourceUrls', rule.nonResourceUrls, (at, value) => text(where, at, value, 'a path such as "/metrics"', 512));
  words('omitStages', rule.omitStages, (_at, value) => value);
  if (rule.resources?.length === 0) {
    reject({ where, field: `${field}.resources`, value: rule.resources, problem: 'is empty', fix: 'give at least one entry, or leave the field out for no limit' });
  }
  rule.resources?.forEach((entry, i) => {
    words(`resources[${i}].resources`, entry.resources, (at, value) => text(where, at, value, 'a resource in plural, e.g. "deployments"'));
    words(`resources[${i}].resourceNames`, entry.resourceNames, literal);
  });

  const remarks = remarksOfRule(where, field, ruleManifest(rule));
  if (remarks.length > 0) {
    reject({ where, field, value: ruleManifest(rule), problem: `does not mean what it looks like: ${remarks.join('; ')}`, fix: 'write what the API server compares' });
  }
}

/** A rule must not hide a debug request, wherever it stands; only programs that it names may be meant. */
function checkHidesNothing(field: string, rule: AuditRule): void {
  const [gap] = findGaps([rule, { level: AuditLevel.REQUEST_RESPONSE }], [AuditStage.REQUEST_RECEIVED], isNamedProgram);
  if (gap) {
    reject({
      where,
      field,
      value: ruleManifest(rule),
      problem: `would hide a debug request: it ${gap.explanation.slice(`rules[0] (${describeRule(rule)}) `.length)}`,
      fix: 'limit it to resources without those of debugging (no wildcards), or to programs by their user name, e.g. users: ["system:serviceaccount:argocd:argocd-application-controller"]',
    });
  }
}

/** Bodies of secrets and tokens are not for the log. */
function checkKeepsSecrets(field: string, rule: AuditRule): void {
  if (!atLeast(rule.level, AuditLevel.REQUEST) || rule.nonResourceUrls) return;
  const request = { groups: [], verb: '', name: '', namespace: '', path: '' };
  const bare = (rule.resources ?? [{ group: '*' }]).map(({ group, resources }) => ({ group, resources }));
  const found = SENSITIVE.find(what => bare.some(entry => coversResource(entry, { ...request, ...what })));
  if (found) {
    const what = found.subresource === '' ? found.resource : `${found.resource}/${found.subresource}`;
    reject({
      where,
      field,
      value: ruleManifest(rule),
      problem: `would record the bodies of ${what} at ${rule.level}`,
      fix: `list the resources it is for, without ${what} and without wildcards that include it, or use level ${AuditLevel.METADATA}`,
    });
  }
}

/** Each resource and URL that a rule names must be one on which it can decide; otherwise the user believes in a rule that is dead. */
function checkDecides(field: string, rules: AuditRule[], index: number): void {
  const rule = rules[index];
  const parts: [string, string, AuditRule][] = [
    ...(rule.resources ?? []).flatMap(({ resources = ['*'], ...entry }, i) => resources.map((pattern, j): [string, string, AuditRule] =>
      [`${field}.resources[${i}].resources[${j}]`, pattern, { ...rule, resources: [{ ...entry, resources: [pattern] }] }])),
    ...(rule.nonResourceUrls ?? []).map((url, i): [string, string, AuditRule] => [`${field}.nonResourceUrls[${i}]`, url, { ...rule, nonResourceUrls: [url] }]),
  ];
  const whole: [string, string, AuditRule] = [field, describeRule(rule), rule];
  for (const [at, value, part] of parts.length > 0 ? parts : [whole]) {
    const deciders = representatives(part).map(({ attributes }) => decidingRule(rules, attributes));
    if (deciders.includes(index)) continue;
    const decider = rules[Math.min(...deciders)];
    reject({
      where,
      field: at,
      value,
      problem: `never takes effect: an earlier rule decides it (${describeRule(decider)}${decider.reason ? `: ${show(decider.reason)}` : ''})`,
      fix: 'leave it out',
    });
  }
}

/**
 * Checks the rules that a user adds, by what they decide and not by how they are written.
 *
 * @param before rules that stand before them
 * @param after rules that stand after them
 * @returns for each that drops what people do, what it is; people whose access is declared are recorded before
 */
export function checkExtensionRules(before: AuditRule[], added: AuditRule[], after: AuditRule[]): string[] {
  const all = [...before, ...added, ...after];
  return added.flatMap((rule, i) => {
    const field = `additionalRules[${i}]`;
    checkFields(field, rule);
    checkHidesNothing(field, rule);
    checkKeepsSecrets(field, rule);
    checkDecides(field, all, before.length + i);
    const drops = rule.level === AuditLevel.NONE || rule.omitStages?.includes(AuditStage.RESPONSE_COMPLETE);
    const dropsPeople = drops && callersOf(rule).some(caller => !isNamedProgram(caller));
    return dropsPeople ? [`${field}, ${describeRule(rule)}`] : [];
  });
}
