import { existsSync, mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { parseAllDocuments } from 'yaml';
import { run as program } from '../../../cli/src/program';
import { Api } from '../lab/api';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { Ended, eventually, inParallel } from '../lab/process';
import { namespace, remove, running, target } from '../lab/targets';

/** Somebody works as cluster-admin; the minimal role then lets them do all of it again, and nothing else. */

const cluster = theCluster();
const [HERE, THERE, ELSEWHERE] = ['sd-minimize', 'sd-minimize-b', 'sd-minimize-c'];
const NAME = 'minnie-minimize';
const BINDING = 'sd-minimize-admin';
const apiGroup = 'rbac.authorization.k8s.io';
const asUser = { apiGroup, kind: 'User', name: NAME };
let minnie: Person;

/** The command line, in this process: it reads a file and asks no cluster. */
async function secureDebug(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const io: any = { stdout: { write: (text: string) => { stdout += text; } }, stderr: { write: (text: string) => { stderr += text; } }, env: {} };
  return { code: await program(args, io), stdout, stderr };
}

const kube = (...args: string[]) => kubectl(cluster, minnie, args);
const piped = (stdin: object, ...args: string[]) => kubectl(cluster, minnie, args, { stdin: JSON.stringify(stdin) });
const configMap = (name: string, color: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: THERE }, data: { color } });

/** What she does, each time the same. */
const WORK: (() => Promise<Ended>)[] = [
  () => kube('get', 'pods', '-n', HERE),
  () => kube('get', 'pod', 'web', '-n', HERE, '-o', 'name'),
  () => kube('exec', 'web', '-n', HERE, '--', 'true'),
  () => kube('logs', 'web', '-n', HERE),
  () => kube('debug', 'web', '-n', HERE, '--image', cluster.image, '--attach=false', '--', 'true'),
  () => kube('get', 'configmap', 'settings', '-n', THERE, '-o', 'name'),
  () => kube('patch', 'configmap', 'settings', '-n', THERE, '--type=merge', '-p', '{"data":{"color":"red"}}'),
  () => piped(configMap('applied', 'blue'), 'apply', '--server-side', '-f', '-'),
  () => kube('delete', 'configmap', 'applied', '-n', THERE, '--wait=false'),
  () => kube('get', 'nodes'),
  () => kube('get', 'namespace', HERE),
  () => kube('get', '--raw', '/metrics'),
  () => kube('scale', 'deployment', 'web', '--replicas=0', '-n', THERE),
  () => kube('auth', 'whoami'),
  () => kube('get', 'pod', 'nothing', '-n', ELSEWHERE, '--ignore-not-found'),
];

/** What that takes, written from the documentation of kubectl; of the pods there is one whose name stays. */
const PODS = { names: ['web'] };
const EXPECTED: {
  readonly verbs: string[];
  readonly resources: string[];
  readonly group?: string;
  readonly in?: string;
  readonly names?: string[];
}[] = [
  { verbs: ['list'], resources: ['pods'], in: HERE },
  { verbs: ['get', 'watch'], resources: ['pods'], in: HERE, ...PODS },
  { verbs: ['get', 'create'], resources: ['pods/exec', 'pods/attach'], in: HERE, ...PODS },
  { verbs: ['get'], resources: ['pods/log'], in: HERE, ...PODS },
  { verbs: ['patch'], resources: ['pods/ephemeralcontainers'], in: HERE, ...PODS },
  { verbs: ['get'], resources: ['namespaces'], in: HERE, names: [HERE] },
  // She makes ConfigMaps, so names do not hold her.
  { verbs: ['get', 'create', 'patch', 'delete'], resources: ['configmaps'], in: THERE },
  { verbs: ['get'], resources: ['deployments'], group: 'apps', in: THERE, names: ['web'] },
  { verbs: ['patch'], resources: ['deployments/scale'], group: 'apps', in: THERE, names: ['web'] },
  { verbs: ['get'], resources: ['pods'], in: ELSEWHERE, names: ['nothing'] },
  { verbs: ['list'], resources: ['nodes'] },
];

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const RESOURCES: [group: string, resource: string][] = [
  ...['pods', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/log', 'pods/ephemeralcontainers', 'pods/proxy', 'pods/eviction', 'configmaps', 'secrets', 'services', 'serviceaccounts',
    'serviceaccounts/token', 'namespaces', 'nodes', 'nodes/proxy', 'events', 'persistentvolumes'].map(one => ['', one] as [string, string]),
  ['apps', 'deployments'], ['apps', 'deployments/scale'], ['apps', 'daemonsets'], ['batch', 'jobs'], [apiGroup, 'roles'], [apiGroup, 'rolebindings'], [apiGroup, 'clusterrolebindings'],
];
const NAMES = ['', 'web', 'settings', 'nothing', HERE, 'other'];

function expected(verb: string, group: string, resource: string, place: string, name: string): boolean {
  return EXPECTED.some(({ verbs, resources, group: of = '', in: where = place, names = [name] }) =>
    verbs.includes(verb) && resources.includes(resource) && of === group && where === place && names.includes(name));
}

/** Asks the API server about everything at once that can be asked here; gives what it allows, and what it should. */
async function sweep(): Promise<{ allowed: string[]; wanted: string[]; asked: number }> {
  const api = new Api(minnie);
  const questions = [HERE, THERE, ELSEWHERE, 'kube-system', ''].flatMap(place => RESOURCES.flatMap(([group, resource]) =>
    VERBS.flatMap(verb => NAMES.map(name => ({ place, group, resource, verb, name })))));
  const text = ({ place, group, resource, verb, name }: typeof questions[number]) => `${verb} ${resource}.${group} ${name} in ${place}`;
  const allowed = await inParallel(8, questions, async ({ place, resource: whole, ...question }) => {
    const [resource, subresource] = whole.split('/');
    const { body } = await api.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { namespace: place, resource, subresource, ...question } },
    });
    return body.status.allowed === true;
  });
  api.close();
  return {
    allowed: questions.filter((_, i) => allowed[i]).map(text),
    wanted: questions.filter(({ verb, group, resource, place, name }) => expected(verb, group, resource, place, name)).map(text),
    asked: questions.length,
  };
}

const prepare = () => apply(cluster, [configMap('settings', 'green')]).then(() => asAdmin(cluster, ['delete', 'configmap', 'applied', '-n', THERE, '--ignore-not-found']));

beforeAll(async () => {
  minnie = (await people(cluster, [{ name: NAME, groups: ['minimizers'] }]))[NAME];
  const labels = { app: 'web' };
  await apply(cluster, [HERE, THERE, ELSEWHERE].map(name => namespace(name)));
  await apply(cluster, [
    target(cluster, HERE, 'web'),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: THERE },
      spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: cluster.image }] } } },
    },
    { apiVersion: `${apiGroup}/v1`, kind: 'ClusterRoleBinding', metadata: { name: BINDING }, roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [asUser] },
  ]);
  if (cluster.node) await running(cluster, HERE, ['web']);
}, 120_000);
afterAll(async () => {
  await asAdmin(cluster, ['delete', 'clusterrolebinding', BINDING, 'minimal-minnie-minimize', '--ignore-not-found']);
  await asAdmin(cluster, ['delete', 'clusterrole', 'minimal-minnie-minimize', '--ignore-not-found']);
  await remove(cluster, [HERE, THERE, ELSEWHERE]);
}, 120_000);

testIf(cluster.auditLog, 'needs the audit log')('the role lets her do all of it again, and nothing else', async () => {
  const work = async () => {
    await prepare();
    const ended: Ended[] = [];
    for (const one of WORK) ended.push(await one());
    return ended;
  };
  await eventually('her rights', async () => (await kube('get', 'nodes')).code === 0 || undefined);
  const before = await work();
  expect(before.map(({ stderr }) => stderr).join('')).not.toMatch(/forbidden/i);
  // What pods have to run for fails without a node, and is asked for all the same.
  if (cluster.node) expect(before.map(({ code }) => code)).toEqual(WORK.map(() => 0));

  const minimize = (...more: string[]) => secureDebug('minimize', '--user', NAME, ...more, cluster.auditLog!);
  const { stdout: yaml, code } = await minimize();
  expect(code).toBe(0);
  const objects = parseAllDocuments(yaml).map(document => document.toJS());
  expect(objects.filter(({ kind }) => kind.endsWith('Binding')).map(({ subjects }) => subjects)).toEqual(objects.filter(({ kind }) => kind.endsWith('Role')).map(() => [asUser]));
  const folder = join(cluster.folder, 'minimize');
  if (!existsSync(folder)) mkdirSync(folder);
  const roles = join(folder, 'roles.yaml');
  writeFileSync(roles, yaml);
  const replayed = JSON.parse((await secureDebug('replay', '--roles', roles, '--json', cluster.auditLog!)).stdout);
  expect(replayed).toMatchObject({ breaks: [], broken: 0 });
  expect(replayed.passed).toBeGreaterThan(WORK.length);

  await apply(cluster, objects);
  await asAdmin(cluster, ['delete', 'clusterrolebinding', BINDING]);
  await eventually('cluster-admin to be gone', async () => (await kube('get', 'secrets', '-n', 'kube-system')).stderr.includes('Forbidden') || undefined);
  await eventually('the new rights', async () => (await kube('get', 'nodes')).code === 0 || undefined);
  const after = await work();
  expect(after.map(({ stderr }) => stderr).join('')).not.toMatch(/forbidden/i);
  expect(after.map(one => one.code)).toEqual(before.map(one => one.code));

  const { allowed, wanted, asked } = await sweep();
  expect(allowed).toEqual(wanted);
  expect(asked).toBeGreaterThan(5_000);
  // What she was refused since is in the log now, and gives no right.
  expect(parseAllDocuments((await minimize()).stdout).map(document => document.toJS())).toEqual(objects);
}, 240_000);
