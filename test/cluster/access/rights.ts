import { Api } from '../lab/api';
import { Person } from '../lab/kubectl';

/**
 * Every right that the API server says somebody has in a namespace, of cluster-wide ones too, as `verb resource.group`
 * with a name where it is limited to one, or `verb /path`. Sorted, without duplicates.
 */
export async function rightsOf(person: Person, namespace: string): Promise<string[]> {
  const api = new Api(person);
  try {
    const { status, body } = await api.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace },
    });
    if (status !== 201 || body.status.incomplete) {
      throw new Error(`no complete answer about the rights of ${person.name}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
    }
    const { resourceRules, nonResourceRules } = body.status;
    const found = [
      ...resourceRules.flatMap(({ verbs, resources, apiGroups, resourceNames }: any) =>
        combine(verbs, apiGroups.flatMap((group: string) => resources.flatMap((resource: string) => things(group, resource, resourceNames))))),
      ...nonResourceRules.flatMap(({ verbs, nonResourceURLs }: any) => combine(verbs, nonResourceURLs)),
    ];
    return [...new Set<string>(found)].sort();
  } finally {
    api.close();
  }
}

function things(group: string, resource: string, names: string[] = ['']): string[] {
  const [plain, subresource] = resource.split('/');
  const what = [`${plain}${group && `.${group}`}`, subresource].filter(Boolean).join('/');
  return names.map(name => name ? `${what} ${name}` : what);
}

function combine(verbs: string[], objects: string[]): string[] {
  return verbs.flatMap(verb => objects.map(object => `${verb} ${object}`));
}
