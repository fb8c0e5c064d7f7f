import { AuditRule } from './audit-rule';

/** The fields in the order of the file; the reason becomes a comment. */
export function ruleManifest(rule: AuditRule): { [field: string]: unknown } {
  const { level, users, userGroups, verbs, resources, namespaces, nonResourceUrls, omitStages, omitManagedFields } = rule;
  const fields = { level, users, userGroups, verbs, resources, namespaces, nonResourceURLs: nonResourceUrls, omitStages, omitManagedFields };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** What a rule is limited to, in a few words: `level None, verbs get/list/watch, resources pods, pods/log`. */
export function describeRule(rule: AuditRule): string {
  const list = (label: string, values?: string[]) => values?.length ? [`${label} ${values.join('/')}`] : [];
  const resources = rule.resources?.map(({ group, resources: names = ['*'] }) => `${names.join(', ')}${group === '' ? '' : ` of ${group}`}`).join(', ');
  return [
    `level ${rule.level}`,
    ...list('users', rule.users),
    ...list('groups', rule.userGroups),
    ...list('verbs', rule.verbs),
    ...resources ? [`resources ${resources}`] : [],
    ...list('namespaces', rule.namespaces?.map(namespace => namespace || '""')),
    ...list('URLs', rule.nonResourceUrls),
    ...list('without stages', rule.omitStages),
  ].join(', ');
}
