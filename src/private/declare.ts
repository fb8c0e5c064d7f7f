import { ApiObject, Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { canonicalJson } from './canonical';
import { reject } from './errors';

/** A Kubernetes object as plain data. Lists must already be in their final order. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: { [key: string]: string };
    readonly annotations?: { [key: string]: string };
  };
  readonly [field: string]: unknown;
}

interface Declaration {
  readonly content: string;
  readonly object: DeclaredObject;
}

/** What each cluster has been declared to contain, by identity. */
const DECLARED = new WeakMap<IConstruct, Map<string, Declaration>>();

/** An ApiObject of this library. A cluster-scoped one keeps out of the namespace that a chart stamps on everything. */
class DeclaredObject extends ApiObject {
  private readonly clusterScoped: boolean;

  public constructor(scope: Construct, id: string, manifest: Manifest) {
    super(scope, id, manifest);
    this.clusterScoped = manifest.metadata.namespace === undefined;
  }

  public toJson(): any {
    const json = super.toJson();
    if (this.clusterScoped) delete json.metadata.namespace;
    return json;
  }
}

/** `Role oncall-debug in namespace payments`. */
function describe(manifest: Manifest): string {
  const { name, namespace } = manifest.metadata;
  return `${manifest.kind} ${name}${namespace ? ` in namespace ${namespace}` : ''}`;
}

/**
 * Emits an object once for each cluster. The same object declared again in the same chart is the one that exists;
 * in another chart it is emitted there too, so that each file stands alone; with other content it is an error.
 *
 * @param boundary the construct that stands for the cluster
 */
export function declareObject(scope: Construct, id: string, where: string, boundary: IConstruct, manifest: Manifest): ApiObject {
  let declared = DECLARED.get(boundary);
  if (!declared) DECLARED.set(boundary, declared = new Map());

  const group = manifest.apiVersion.includes('/') ? manifest.apiVersion.split('/')[0] : '';
  const identity = JSON.stringify([group, manifest.kind, manifest.metadata.namespace ?? '', manifest.metadata.name]);
  const content = canonicalJson(manifest);
  const earlier = declared.get(identity);
  if (earlier && earlier.content !== content) {
    reject({
      where,
      field: 'name',
      value: manifest.metadata.name,
      problem: `declares ${describe(manifest)} a second time with different content (first at "${earlier.object.node.path}", again at "${scope.node.path}")`,
      fix: 'join the two declarations, give one of them another name, or, when they go to different clusters, call ClusterBoundary.at(chart) on each chart first',
    });
  }
  if (earlier && earlier.object.chart === Chart.of(scope)) return earlier.object;

  const object = new DeclaredObject(scope, id, manifest);
  if (!earlier) declared.set(identity, { content, object });
  return object;
}
