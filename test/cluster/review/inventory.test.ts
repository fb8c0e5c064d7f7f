import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { InventoryFinding, InventorySubject } from '../../../src';
import { seeded } from '../../review/seeded';
import { Api } from '../lab/api';
import { theCluster } from '../lab/cluster';
import { admin, apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { eventually, inParallel, run } from '../lab/process';
import { remove } from '../lab/targets';

/** A cluster on which everything dangerous is known, read by `secure-debug inventory --live`, and each answer confirmed by the API server. */

const cluster = theCluster();
const P = 'sd-inv';
const { namespaces, dangerous, strong, harmless } = seeded(P);
const objects = [...strong, ...dangerous.flatMap(one => one.objects), ...harmless.flatMap(one => one.objects)];
const folder = join(cluster.folder, 'inventory');
let api: Api;
let subjects: InventorySubject[] = [];
let reader: Person;

/** All that the inventory says it reads, and nothing else. */
const READS = [
  { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'], verbs: ['list'] },
  { apiGroups: [''], resources: ['serviceaccounts', 'namespaces'], verbs: ['list'] },
  { apiGroups: ['admissionregistration.k8s.io'], resources: ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'], verbs: ['list'] },
];
const metadata = { name: `${P}-reader-of-rights` };
const RBAC = 'rbac.authorization.k8s.io';
/** Whoever asks the API server here speaks to it without kubectl. */
const admins = {
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: `${P}-admins` },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: RBAC, kind: 'Group', name: `${P}-admins` }],
};
const reading = (groupName: string) => [
  admins,
  { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata, rules: READS },
  { apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: metadata.name }, subjects: [{ apiGroup: RBAC, kind: 'Group', name: groupName }] },
];

const PROJECT = join(__dirname, '..', '..', '..');

/** The command line of this work tree, as a process of its own. */
async function secureDebug(person: Person, ...args: string[]) {
  const { code, stdout, stderr } = await run(process.execPath, [
    join(PROJECT, 'node_modules', 'tsx', 'dist', 'cli.mjs'), '--tsconfig', join(PROJECT, 'cli', 'tsconfig.dev.json'), join(PROJECT, 'cli', 'src', 'main.ts'), ...args, '--kubeconfig', person.kubeconfig,
  ], { env: { PATH: process.env.PATH, HOME: folder } });
  return { code, stdout, stderr };
}

const listOf = (objectsOf: any[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objectsOf });
const clusterScoped = objects.filter(({ kind }) => kind.startsWith('Cluster'));

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'cluster-scoped.json'), listOf([...clusterScoped, ...reading(`${P}-readers`)]));
  await apply(cluster, namespaces);
  await apply(cluster, [...objects, ...reading(`${P}-readers`)]);
  const made = await people(cluster, [{ name: 'inv-reader', groups: [`${P}-readers`] }, { name: 'inv-admin', groups: [`${P}-admins`] }]);
  reader = made['inv-reader'];
  api = new Api(made['inv-admin']);
  // The controller has to have put the rules of another role into the one that aggregates it.
  await eventually('the controller to have aggregated', async () =>
    JSON.parse(await asAdmin(cluster, ['get', 'clusterroles', '-o', 'json', ...clusterScoped.filter(({ aggregationRule }) => aggregationRule).map(one => one.metadata.name)])).rules?.length > 0);
  const { code, stdout, stderr } = await secureDebug(reader, 'inventory', '--live', '--json', '--all');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  ({ subjects } = JSON.parse(stdout));
});

afterAll(async () => {
  api?.close();
  await asAdmin(cluster, ['delete', '--ignore-not-found', '--wait=false', '-f', join(folder, 'cluster-scoped.json')]);
  await remove(cluster, namespaces.map(one => one.metadata.name));
  rmSync(folder, { recursive: true, force: true });
});

const findingsOf = (who: string): InventoryFinding[] => subjects.filter(({ kind, name }) => `${kind} ${name}` === who).flatMap(({ findings }) => findings);

it('somebody who may only list what it reads gets all of it; each dangerous grant is found, with nothing beside it', () => {
  const found = dangerous.map(({ what, who }) => ({ what, ids: findingsOf(who).map(({ id }) => id).sort() }));
  expect(found).toEqual(dangerous.map(({ what, expected }) => ({ what, ids: expected })));
});

it('nothing is found of 200 who hold what they need', () => {
  expect(harmless.flatMap(({ who }) => findingsOf(who)).map(({ text }) => text)).toEqual([]);
});

/** As the API server knows a subject of a binding. */
function asWhom(who: string): { user: string; groups: string[] } {
  const [kind, name] = who.split(/ (.*)/);
  if (kind === 'Group') return { user: 'somebody', groups: [name] };
  return { user: kind === 'User' ? name : `system:serviceaccount:${name.replace('/', ':')}`, groups: [] };
}

it('every right of every finding is one that the API server allows, and nobody else has it', async () => {
  const questions = dangerous.flatMap(({ who }) => findingsOf(who).flatMap(({ id, rights }) => rights.flatMap(({ names, ...right }) =>
    (names.length > 0 ? names : [undefined]).map(name => ({ who, id, ...right, name })))));
  expect(questions.length).toBeGreaterThan(60);
  const ask = async ({ who, verb, apiGroup, resource, namespace, name }: (typeof questions)[number], as = asWhom(who)): Promise<boolean> => {
    const [plain, subresource] = resource.split('/');
    const { status, body } = await api.send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { ...as, resourceAttributes: { verb, group: apiGroup, resource: plain, subresource, namespace, name } },
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body.status.allowed;
  };
  const answers = await inParallel(8, questions, async question => ({ question, given: await ask(question), others: await ask(question, { user: 'inv-nobody', groups: [] }) }));
  expect(answers.filter(({ given, others }) => !given || others)).toEqual([]);
});

it('kubectl auth can-i says the same', async () => {
  const { who, objects: [{ metadata: { namespace } }] } = dangerous.find(({ what }) => what === 'exec into the pods of a strong ServiceAccount')!;
  const as = ['--as', 'somebody', '--as-group', who.replace('Group ', '')];
  expect((await kubectl(cluster, admin(cluster), ['auth', 'can-i', 'create', 'pods', '--subresource=exec', '-n', namespace, ...as])).stdout.trim()).toBe('yes');
  expect((await kubectl(cluster, admin(cluster), ['auth', 'can-i', 'create', 'pods', '-n', namespace, ...as])).stdout.trim()).toBe('no');
});

it('a way is one that can be gone: a token of one, a command as the other, until everything is held', async () => {
  const { who } = dangerous.find(({ what }) => what === 'takes a token of a strong ServiceAccount')!;
  const [way] = findingsOf(who).filter(({ id }) => id === 'SD5030');
  expect(way.steps.map(({ reaches }) => reaches)).toEqual([`ServiceAccount ${P}-strong/strong`, 'everything']);
  const { 'inv-taker': taker } = await people(cluster, [{ name: 'inv-taker', groups: [who.replace('Group ', '')] }]);
  const token = await kubectl(cluster, taker, ['create', 'token', 'strong', '-n', `${P}-strong`]);
  expect({ code: token.code, stderr: token.stderr }).toEqual({ code: 0, stderr: '' });
  const config = JSON.parse(readFileSync(taker.kubeconfig, 'utf8'));
  const strongOne: Person = { name: 'inv-strong', groups: [], kubeconfig: join(folder, 'strong.kubeconfig') };
  const users = [{ ...config.users[0], user: { token: token.stdout.trim() } }];
  writeFileSync(strongOne.kubeconfig, JSON.stringify({ ...config, users }), { mode: 0o600 });
  const all = ['auth', 'can-i', '*', '*', '--all-namespaces'];
  expect((await kubectl(cluster, taker, all)).stdout.trim()).toBe('no');
  expect((await kubectl(cluster, strongOne, all)).stdout.trim()).toBe('yes');
});

it('who may not list bindings gets one sentence that names the right', async () => {
  const { 'inv-nobody': nobody } = await people(cluster, [{ name: 'inv-nobody', groups: [] }]);
  const { code, stdout, stderr } = await secureDebug(nobody, 'inventory', '--live');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/inv-nobody may not list clusterroles in the whole cluster.*needs the right to list clusterroles, clusterrolebindings, roles and rolebindings/);
});
