import { ApiObject, Chart, DependencyGraph } from 'cdk8s';
import { IConstruct } from 'constructs';

/**
 * A chart for apps of many charts, such as one for each team. It gives the same output as `Chart`, but takes time by
 * what is in it: to render an ordinary chart cdk8s validates and resolves the whole app once more, so an app of
 * 3,000 charts does so 3,000 times. Ordinary charts beside it stay as slow as they are.
 *
 * `app.synth()` and `app.synthYaml()` validate the whole app before anything is rendered or written, as always.
 * `toJson()` called by itself, which writes nothing, validates this chart and what is below it, not the rest of the app.
 *
 * @see https://cdk8s.io/docs/latest/basics/chart/
 */
export class TeamChart extends Chart {
  /**
   * Renders this chart's objects, in the order of their dependencies.
   *
   * @throws when something in this chart is invalid, or dependencies form a cycle
   */
  public toJson(): any[] {
    const within = this.node.findAll();
    const ordered = hasDependencies(within) ? topological(this, within) : within;
    validate(within);
    // A nested chart renders its own.
    return ordered.filter((c): c is ApiObject => ApiObject.isApiObject(c) && Chart.of(c) === this).map(object => object.toJson());
  }
}

/** Whether one of the constructs depends on another of them; what depends on others has no effect on their order. */
function hasDependencies(within: IConstruct[]): boolean {
  return within.some(source => source.node.dependencies.some(target => target.node.scopes.includes(within[0])));
}

function validate(within: IConstruct[]) {
  const errors: string[] = [];
  for (const c of within) {
    for (const error of c.node.validate()) errors.push(`[${c.node.path}] ${error}`);
  }
  if (errors.length > 0) throw new Error(`Validation failed with the following errors:\n  ${errors.join('\n  ')}`);
}

/**
 * The constructs by their dependencies, as cdk8s orders them: what a construct depends on, its objects depend on.
 * cdk8s works this out for the whole app; an edge that leaves the chart has no say in the order within it.
 */
function topological(chart: Chart, within: IConstruct[]): IConstruct[] {
  const inside = new Set(within);
  const edges = () => within.flatMap(source => source.node.dependencies.filter(target => inside.has(target)).map(target => ({ source, target })));
  const objectsOf = (c: IConstruct) => c.node.findAll().filter(o => ApiObject.isApiObject(o) && Chart.of(o) === Chart.of(c));

  for (const parent of within.filter(Chart.isChart)) parent.node.addDependency(...parent.node.children.filter(Chart.isChart));
  for (const { source, target } of edges()) {
    if (Chart.of(source) !== Chart.of(target)) Chart.of(source).node.addDependency(Chart.of(target));
  }
  for (const { source, target } of edges()) {
    for (const to of objectsOf(target)) {
      for (const from of objectsOf(source)) {
        if (from !== to) from.node.addDependency(to);
      }
    }
  }
  return new DependencyGraph(chart.node).topology();
}
