import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';
import { sortedUnique } from '../../private/canonical';
import { isGroup, isResource, isVerb, Role } from '../roles';

/** What could be no name of an object that people debug: a pattern, or a label selector. */
const isPattern = (name: string) => /[*=]/.test(name);

/** What carries no name when it is authorized. */
function nameless(verbs: string[], resources: string[]): string[] {
  const plain = resources.filter(resource => !resource.includes('/') && resource !== '*');
  return plain.length === 0 ? [] : verbs.filter(verb => verb === 'create' || verb === 'deletecollection').map(verb => `${verb} ${plain.join(', ')}`);
}

/** Why rules of the role grant less than it seems, each once. */
function deadParts({ rules }: Role): string[] {
  return sortedUnique(rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [] }) => [
    ...resourceNames.filter(isPattern).map(name => `RBAC has neither patterns nor labels for names, so ${JSON.stringify(name)} matches no ${resources.join(', ')}`),
    ...resourceNames.length > 0 ? nameless(verbs, resources).map(right => `${right} is asked for without a name, so names do not limit it, they rule it out`) : [],
    ...apiGroups.filter(name => !isGroup(name))
      .map(name => `there is no API group ${JSON.stringify(name)}, so nothing is granted on ${resources.join(', ')}; the core group is ""`),
    ...resources.filter(name => !isResource(name)).map(name => `RBAC has no pattern ${JSON.stringify(name)}, so it matches nothing`),
    ...verbs.filter(name => !isVerb(name)).map(name => `there is no verb ${JSON.stringify(name)}; verbs are lower-case words`),
  ]));
}

export const GRANTS_NOTHING = {
  id: 'SD5010',
  object: { danger: Danger.LOW, flaws: ({ role }) => role === undefined ? [] : deadParts(role) },
  lost: ': cluster-scoped, which a RoleBinding cannot grant',
} satisfies ReviewRule;
