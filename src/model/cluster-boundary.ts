import { Construct, IConstruct } from 'constructs';
import { reject } from '../private/errors';

const BOUNDARIES = new WeakSet<IConstruct>();
/** What lies below the cluster that was once answered: to draw a boundary there later would let declarations through unseen. */
const ASKED = new WeakSet<IConstruct>();

/**
 * Where one cluster ends. Within a boundary an object may be declared once; two charts that go to two clusters
 * may each have their own `oncall-debug` of the same namespace. Without any, the whole app is one cluster.
 */
export class ClusterBoundary {
  /**
   * Everything below this construct goes to a cluster of its own. Call it before the constructs below are made.
   *
   * @param scope a chart, or a construct that holds the charts of one cluster
   * @throws when something below it was declared already, as part of the cluster above
   */
  public static at(scope: Construct): void {
    if (ASKED.has(scope)) {
      reject({
        where: 'ClusterBoundary.at',
        field: 'scope',
        value: scope.node.path,
        problem: 'already contains objects that were declared for the cluster above it',
        fix: 'call it right after the chart is made, before anything is declared in it',
      });
    }
    BOUNDARIES.add(scope);
  }

  /** The construct that stands for the cluster of this one: the nearest boundary above, or the root. */
  public static of(scope: IConstruct): IConstruct {
    let at = scope;
    while (at.node.scope && !BOUNDARIES.has(at)) {
      ASKED.add(at);
      at = at.node.scope;
    }
    return at;
  }

  private constructor() {}
}
