import { Construct, IConstruct } from 'constructs';

const BOUNDARIES = new WeakSet<IConstruct>();

/**
 * Where one cluster ends. Within a boundary an object may be declared once; two charts that go to two clusters
 * may each have their own `oncall-debug` of the same namespace. Without any, the whole app is one cluster.
 */
export class ClusterBoundary {
  /**
   * Everything below this construct goes to a cluster of its own. Call it before the constructs below are made.
   *
   * @param scope a chart, or a construct that holds the charts of one cluster
   */
  public static at(scope: Construct): void {
    BOUNDARIES.add(scope);
  }

  /** The construct that stands for the cluster of this one: the nearest boundary above, or the root. */
  public static of(scope: IConstruct): IConstruct {
    const path = scope.node.scopes;
    for (let i = path.length - 1; i > 0; i--) {
      if (BOUNDARIES.has(path[i])) return path[i];
    }
    return path[0];
  }

  private constructor() {}
}
