import { PolicyRule } from '../../src/model';

/** A rule in a line: `get,list core/pods+services`, followed by `of ledger-0` when limited to names. */
export function words(rules: PolicyRule[]): string[] {
  return rules.map(rule => `${rule.verbs.join(',')} ${rule.apiGroups.map(group => group || 'core').join('+')}/${rule.resources.join('+')}`
    + (rule.resourceNames ? ` of ${rule.resourceNames.join(',')}` : ''));
}

/** A request in words, as in the tables of the tests: `create apps/deployments`, `get pods/log ledger-0`, `list pods`. */
export function request(text: string): { apiGroup: string; resource: string; verb: string; name: string } {
  const [verb, target, name = ''] = text.split(' ');
  const parts = target.split('/');
  const apiGroup = parts.length > 1 && /\.|^(apps|batch|autoscaling|policy)$/.test(parts[0]) ? parts.shift()! : '';
  return { apiGroup, resource: parts.join('/'), verb, name };
}
