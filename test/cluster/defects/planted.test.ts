import { DebugCapability } from '../../../src';
import { ACCESS, ApiAccess } from '../../../src/model/api-access';
import { ACTIONS } from '../access/actions';
import { RIGHTS } from '../access/expected-rights';
import { rightsOf } from '../access/rights';
import { deviations, observeAll } from '../access/table';
import { newestClient, testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { ALONE, Setup } from '../lab/setups';
import { namespace, nodeName, remove, running, surroundings, target } from '../lab/targets';

/**
 * Plants a defect in each rule of the model, one at a time, and holds the grants that come of it against the
 * expectations of the suite: each has to be found. Slow, so it runs when it is named: npm run test:planted.
 */
const cluster = theCluster();
const NAMESPACE = 'sd-planted';
const POD = 'ledger-0';

const withNode = testIf(cluster.node, 'the cluster has no node');
let who: Record<string, Person> = {};
let everybody: string[] = [];
let node = '';
const found: string[] = [];

interface Defect {
  readonly title: string;
  readonly change: (access: ApiAccess) => ApiAccess[];
}

/** What can be wrong with one rule: a verb is missing, it is one for another resource or group, it gives too much. */
function defectsOf(access: ApiAccess): Defect[] {
  return [
    ...access.verbs.map(verb => ({ title: `without the verb ${verb}`, change: (one: ApiAccess) => one.verbs.length > 1 ? [{ ...one, verbs: one.verbs.filter(other => other !== verb) }] : [] })),
    { title: 'for the API group " "', change: one => [{ ...one, apiGroup: ' ' }] },
    { title: 'with the verb delete', change: one => [{ ...one, verbs: [...one.verbs, 'delete'] }] },
  ];
}

/** The model's rules of a capability, in the order of the catalogue. */
const RULES = new Map<string, ApiAccess[]>(DebugCapability.all().map((capability, i) => [capability.id, Object.values<ApiAccess[]>(ACCESS)[i]]));
const setups: Setup[] = ALONE.map(setup => ({ ...setup, name: `planted-${setup.granted[0]}`, group: `planted-${setup.granted[0]}` }));

beforeAll(async () => {
  if (!cluster.node) return;
  await remove(cluster, [NAMESPACE]);
  await apply(cluster, [namespace(NAMESPACE)]);
  await apply(cluster, [...surroundings(cluster, NAMESPACE), target(cluster, NAMESPACE, POD)]);
  who = await people(cluster, [{ name: 'planted-nobody', groups: [] }, ...setups.map(({ name, group }) => ({ name, groups: [group] }))]);
  everybody = await rightsOf(who['planted-nobody'], NAMESPACE);
  node = await nodeName(cluster);
  await running(cluster, NAMESPACE, [POD]);
});

afterAll(async () => {
  if (!cluster.node) return;
  await asAdmin(cluster, ['delete', 'clusterrolebindings,clusterroles', '--ignore-not-found', ...setups.map(({ name }) => `debug-${name}`)]).catch(() => undefined);
  await remove(cluster, [NAMESPACE]);
  console.log(`${found.length} planted defects, and where each was found:\n${found.join('\n')}`);
});

/** What the library declares for a setup, loaded anew with the rules of one capability changed. */
function declared(setup: Setup, change: (rules: ApiAccess[]) => void): any[] {
  let result: any[] = [];
  jest.isolateModules(() => {
    const { ACCESS: fresh } = jest.requireActual('../../../src/model/api-access');
    change(Object.values<ApiAccess[]>(fresh)[[...RULES.keys()].indexOf(setup.granted[0])]);
    const { declare, objects } = jest.requireActual('../lab/setups');
    const { DebugCapability: changed } = jest.requireActual('../../../src');
    result = [...objects((chart: any) => declare(chart, setup, NAMESPACE)), ...nodePart(setup, changed.fromId(setup.granted[0]))];
  });
  return result;
}

/** What debugging nodes needs in the cluster, no construct grants beside its namespaced part: so it is granted here. */
function nodePart({ name, group }: Setup, capability: DebugCapability): object[] {
  if (!capability.namespaced || capability.clusterRules().length === 0) return [];
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: `debug-${name}` } };
  return [
    { ...rbac, kind: 'ClusterRole', rules: capability.clusterRules() },
    {
      ...rbac,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `debug-${name}` },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
    },
  ];
}

/** The assertions of the suite about one capability: which of them fail? */
async function red(setup: Setup, change: (rules: ApiAccess[]) => void = () => undefined): Promise<string[]> {
  const [capability] = setup.granted;
  let manifests: any[];
  try {
    manifests = declared(setup, change);
  } catch {
    return ['construction'];
  }
  await asAdmin(cluster, ['delete', 'clusterrole,clusterrolebinding', `debug-${setup.name}`, '--ignore-not-found']);
  await asAdmin(cluster, ['delete', 'role,rolebinding', `debug-${setup.name}`, '-n', NAMESPACE, '--ignore-not-found']);
  await apply(cluster, manifests);
  const rights = (await rightsOf(who[setup.name], NAMESPACE)).filter(right => !everybody.includes(right));
  const expected = [...new Set([...RIGHTS[capability], ...capability === 'node-debug' ? ['get nodes'] : []])].sort();

  const able = capability === 'node-debug' ? [...setup.granted, 'read-nodes'] : setup.granted;
  const suffices = (set: string[]) => set.includes(capability) && set.every(id => able.includes(id));
  const actions = ACTIONS.filter(action => action.part === undefined && action.needs.some(suffices));
  const row = { title: setup.name, person: who[setup.name], namespace: NAMESPACE, pod: POD, granted: able };
  const cells = await observeAll([row], { cluster, node, clients: [newestClient(cluster)], actions });
  const copy = `copy-${setup.name}-${newestClient(cluster).replace(/\./g, '-')}`;
  await asAdmin(cluster, ['delete', 'pods', '-n', NAMESPACE, '--ignore-not-found', '--wait=true', copy]);
  return [
    ...JSON.stringify(rights) === JSON.stringify(expected) ? [] : ['rights'],
    ...cells.filter(cell => deviations([cell]).length > 0).map(cell => cell.action.title),
  ];
}

withNode.each(setups.map(setup => [setup.granted[0], setup] as const))('%s: nothing is wrong without a defect', async (_id, setup) => {
  expect(await red(setup)).toEqual([]);
});

describe.each([...RULES].flatMap(([id, rules]) => rules.map((rule, i) => ({ id, i, rule }))))('$id, $rule.apiGroup $rule.resource', ({ id, i, rule }) => {
  withNode.each(defectsOf(rule).map(defect => [defect.title, defect] as const))('%s', async (title, { change }) => {
    const where = await red(setups.find(setup => setup.granted[0] === id)!, rules => rules.splice(i, 1, ...change(rule)));
    found.push(`${id}, ${[rule.apiGroup, rule.resource].filter(Boolean).join(' ')} ${title}: ${where.join(', ') || 'NOT FOUND'}`);
    expect(where).not.toEqual([]);
  });
});

test('the rules that are changed here are those of the catalogue', () => {
  for (const capability of DebugCapability.all()) expect(JSON.stringify((capability as any).access)).toBe(JSON.stringify(RULES.get(capability.id)));
});
