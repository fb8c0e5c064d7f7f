import { App, Chart, ChartProps, Yaml } from 'cdk8s';
import { PolicyRules } from '../../src/model';
import { request } from '../model/words';

/** A chart in an app of its own. */
export const newChart = (props?: ChartProps) => new Chart(new App(), 'chart', props);

/** Everything that the app would apply. */
export function applied(scope: Chart): any[] {
  const app = scope.node.root as App;
  return app.charts.flatMap(chart => chart.toJson());
}

/** The bytes that the app writes. */
export const bytes = (scope: Chart) => Yaml.stringify(...applied(scope));

/** `Role payments/oncall-debug`, or `ClusterRole jit-cluster-read`. */
export const title = (object: any) => `${object.kind} ${object.metadata.namespace ? `${object.metadata.namespace}/` : ''}${object.metadata.name}`;

export interface Who {
  readonly user?: string;
  readonly groups?: string[];
}

/**
 * Whether the API server would let somebody: by every binding of theirs and the role it names, as RBAC does.
 *
 * @param asked e.g. `get pods/exec ledger-0`
 * @param namespace undefined for a cluster-scoped request, or one on all namespaces
 */
export function may(objects: any[], { user = 'alice', groups = [] }: Who, asked: string, namespace?: string): boolean {
  const { apiGroup, resource, verb, name } = request(asked);
  const bound = objects.filter(object => object.subjects?.some((subject: any) => subject.kind === 'Group' ? groups.includes(subject.name)
    : subject.kind === 'User' ? subject.name === user : `system:serviceaccount:${subject.namespace}:${subject.name}` === user));
  return bound.some(({ kind, metadata, roleRef }) => {
    if (kind === 'RoleBinding' && metadata.namespace !== namespace) return false;
    const [role] = objects.filter(object => object.kind === roleRef.kind && object.metadata.name === roleRef.name)
      .filter(object => object.metadata.namespace === metadata.namespace);
    return PolicyRules.allows(role.rules, apiGroup, resource, verb, name);
  });
}
