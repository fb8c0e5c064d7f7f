import { Chart, App } from 'cdk8s';
import { ClusterReadAccess, DebugCapability, IDebugAccess, JustInTimeAccess, OnCallDebugAccess, ReadOnlyAccess, SecureDebugWarnings } from '../../../src';

/** Where targets of debugging live. */
export const NAMESPACE = 'sd-payments';
/** A namespace in which nobody of the suite has rights. */
export const OTHER_NAMESPACE = 'sd-search';

/** A grant under test: one group, and what it may do in NAMESPACE and in the cluster. */
export interface Setup {
  readonly name: string;
  readonly group: string;
  /** Ids of the capabilities. */
  readonly granted: string[];
}

const namespaced = DebugCapability.all().filter(capability => capability.namespaced);
const clusterScoped = DebugCapability.all().filter(capability => !capability.namespaced);

const setup = (name: string, granted: DebugCapability[]): Setup => ({ name, group: `oncall-${name}`, granted: granted.map(String) });

/** Each capability alone. */
export const ALONE: Setup[] = DebugCapability.all().map(capability => setup(`only-${capability}`, [capability]));
/** Everything but one capability. */
export const WITHOUT: Setup[] = DebugCapability.all().map(capability => setup(`all-but-${capability}`, DebugCapability.all().filter(other => other !== capability)));
/** What the constructs grant by default. */
export const DEFAULT = setup('default', DebugCapability.onCallDefault());
export const READ_ONLY = setup('readers', DebugCapability.readOnlyDefault());
/** A Role cannot grant a node, so debugging nodes takes two capabilities. */
export const NODE_DEBUGGERS = setup('node-debuggers', [DebugCapability.NODE_DEBUG, DebugCapability.READ_NODES]);
export const EVERYTHING = setup('everything', DebugCapability.all());
/** The group of JustInTimeAccess is made of the namespace's name. */
export const JUST_IN_TIME: Setup = { ...setup('jit', DebugCapability.onCallDefault()), group: `jit:oncall:${NAMESPACE}` };
export const JUST_IN_TIME_CLUSTER: Setup = { ...setup('jit-cluster', [DebugCapability.READ_NODES, DebugCapability.READ_NAMESPACES]), group: 'jit:oncall:cluster' };

export const SETUPS = [...ALONE, ...WITHOUT, DEFAULT, READ_ONLY, NODE_DEBUGGERS, JUST_IN_TIME, JUST_IN_TIME_CLUSTER];

/** What a setup is declared as. */
export function declare(chart: Chart, { name, group, granted }: Setup, namespace = NAMESPACE): IDebugAccess[] {
  const of = (catalogue: DebugCapability[]) => catalogue.filter(capability => granted.includes(capability.id));
  const access: IDebugAccess[] = [];
  if (of(namespaced).length > 0) access.push(new OnCallDebugAccess(chart, name, { namespace, group, name: `debug-${name}`, capabilities: of(namespaced) }));
  if (of(clusterScoped).length > 0) access.push(new ClusterReadAccess(chart, `${name}-cluster`, { group, name: `debug-${name}`, capabilities: of(clusterScoped) }));
  return access;
}

/** All setups, as one app would declare them. */
export function declareAll(chart: Chart): IDebugAccess[] {
  return [
    ...[...ALONE, ...WITHOUT, NODE_DEBUGGERS].flatMap(one => declare(chart, one)),
    new OnCallDebugAccess(chart, 'default', { namespace: NAMESPACE, group: DEFAULT.group }),
    new ReadOnlyAccess(chart, 'readers', { namespace: NAMESPACE, group: READ_ONLY.group }),
    new JustInTimeAccess(chart, 'jit', { namespace: NAMESPACE }),
  ];
}

/** The objects of what `declared` declares. */
export function objects(declared: (chart: Chart) => void): any[] {
  const chart = new Chart(new App(), 'suite');
  for (const id of ['SD1001', 'SD1002']) SecureDebugWarnings.acknowledge(chart, id, 'what they warn of is what the suite tries');
  declared(chart);
  return chart.toJson();
}
