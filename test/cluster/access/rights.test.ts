import { RIGHTS } from './expected-rights';
import { rightsOf } from './rights';
import { DebugCapability, JustInTimeAccess, OnCallDebugAccess, ReadOnlyAccess } from '../../../src';
import { theCluster } from '../lab/cluster';
import { apply, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { ALONE, declare, EVERYTHING, objects, Setup } from '../lab/setups';
import { namespace, remove } from '../lab/targets';

const cluster = theCluster();
const NAMESPACE = 'sd-rights';
const OTHER = 'sd-rights-other';
const setups: Setup[] = [...ALONE, EVERYTHING].map(setup => ({ ...setup, name: `rights-${setup.name}`, group: `rights-${setup.group}` }));

let who: Record<string, Person> = {};
let everybody: string[] = [];

beforeAll(async () => {
  await remove(cluster, [NAMESPACE, OTHER]);
  await apply(cluster, [namespace(NAMESPACE), namespace(OTHER)]);
  await apply(cluster, objects(chart => {
    setups.forEach(setup => declare(chart, setup, NAMESPACE));
    new OnCallDebugAccess(chart, 'default', { namespace: NAMESPACE, group: 'rights-oncall' });
    new ReadOnlyAccess(chart, 'readers', { namespace: NAMESPACE, group: 'rights-readers' });
    new JustInTimeAccess(chart, 'jit', { namespace: NAMESPACE, groupPrefix: 'rights:jit:', clusterRead: false });
    new OnCallDebugAccess(chart, 'named', { namespace: NAMESPACE, group: 'rights-named', name: 'named', capabilities: [DebugCapability.EXEC], resourceNames: ['ledger-0'] });
  }));
  who = await people(cluster, [
    ...setups.map(({ name, group }) => ({ name, groups: [group] })),
    { name: 'rights-oncall', groups: ['rights-oncall'] },
    { name: 'rights-reader', groups: ['rights-readers'] },
    { name: 'rights-jit', groups: [`rights:jit:${NAMESPACE}`] },
    { name: 'rights-named', groups: ['rights-named'] },
    { name: 'rights-nobody', groups: [] },
  ]);
  everybody = await rightsOf(who['rights-nobody'], NAMESPACE);
});

afterAll(() => remove(cluster, [NAMESPACE, OTHER]));

/** What somebody has beyond what everybody has who can log in. */
const ownRights = async (name: string, ns = NAMESPACE) => (await rightsOf(who[name], ns)).filter(right => !everybody.includes(right));
const of = (capabilities: string[]) => [...new Set(capabilities.flatMap(id => RIGHTS[id]))].sort();

test('whoever can log in has no rights in a namespace', () => {
  expect(everybody.filter(right => !/ (\/|selfsubject\w+\.auth)/.test(right))).toEqual([]);
});

test('the expectations name every capability', () => {
  expect(Object.keys(RIGHTS).sort()).toEqual(DebugCapability.all().map(String).sort());
});

test.each(setups.map(setup => [setup.name, setup] as const))('%s: exactly the rights of its capabilities, by the API server', async (name, setup) => {
  expect(await ownRights(name)).toEqual(of(setup.granted));
});

test.each([
  ['rights-oncall', DebugCapability.onCallDefault().map(String)],
  ['rights-reader', DebugCapability.readOnlyDefault().map(String)],
  ['rights-jit', DebugCapability.onCallDefault().map(String)],
])('%s: exactly the rights of the documented default', async (name, capabilities) => {
  expect(await ownRights(name)).toEqual(of(capabilities));
});

test('rights limited to a pod do not reach another', async () => {
  expect(await ownRights('rights-named')).toEqual(['create pods/exec ledger-0', 'get pods ledger-0', 'get pods/exec ledger-0']);
});

test('rights in one namespace are none in another', async () => {
  expect(await ownRights('rights-oncall', OTHER)).toEqual([]);
});
