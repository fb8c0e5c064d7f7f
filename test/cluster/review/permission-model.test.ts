import { LABEL, NAMESPACES, Question, RBAC, World } from './world';
import { PermissionModel, PermissionPath, PermissionSubject, PermissionVerdict } from '../../../src';
import { Api } from '../lab/api';
import { theCluster } from '../lab/cluster';
import { apply, asAdmin } from '../lab/kubectl';
import { people } from '../lab/people';
import { eventually, inParallel } from '../lab/process';
import { namespace, remove } from '../lab/targets';

/** As many as are asked in one run. */
const QUESTIONS = 6000;

const cluster = theCluster();
let api: Api;
const world = new World(7, 60);
let before: any[] = [];

/** Whoever asks here speaks to the API server without kubectl, thousands of times. */
const ADMINISTRATION = {
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: 'sd-review-admins' },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: RBAC, kind: 'Group', name: 'sd-review-admins' }],
};

const urlOf = ({ kind, metadata }: any) => `/apis/${RBAC}/v1/${metadata.namespace ? `namespaces/${metadata.namespace}/` : ''}${kind.toLowerCase()}s`;

/** Every RBAC object of the cluster. */
async function dump(): Promise<any[]> {
  const lists = await Promise.all(['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'].map(resource => api.send('GET', `/apis/${RBAC}/v1/${resource}`)));
  return lists.map(({ body }) => body);
}

const isOurs = ({ metadata }: any): boolean => metadata.labels?.[LABEL] !== undefined;
const ours = (list: any) => list.items.filter(isOurs);
const ofKubernetes = ({ metadata }: any) => metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults';
const others = (list: any) => ({ ...list, items: list.items.filter((item: any) => !isOurs(item)) });

/** Everything of an earlier run, then the world, and nothing until the controller and the caches of the API server are done. */
beforeAll(async () => {
  await apply(cluster, [...NAMESPACES.map(name => namespace(name)), ADMINISTRATION]);
  const { reviewer } = await people(cluster, [{ name: 'reviewer', groups: ['sd-review-admins'] }]);
  api = new Api(reviewer);
  await clear();
  before = (await dump()).map(others);
  const answers = await inParallel(8, world.objects, async object => api.send('POST', urlOf(object), object));
  const refused = answers.flatMap(({ status, body }, i) => status === 201 ? [] : [{ object: world.objects[i], message: body.message }]);
  expect(refused).toEqual([]);
  let last = '';
  await eventually('the controller to have aggregated', async () => {
    const versions = JSON.stringify((await dump()).flatMap(ours).map(({ metadata }) => metadata.resourceVersion));
    const settled = versions === last;
    last = versions;
    if (!settled) await new Promise(resolve => setTimeout(resolve, 1500));
    return settled;
  });
});

async function clear() {
  await Promise.all(['clusterroles', 'clusterrolebindings', ...NAMESPACES.flatMap(name => [`namespaces/${name}/roles`, `namespaces/${name}/rolebindings`])]
    .map(resource => api.send('DELETE', `/apis/${RBAC}/v1/${resource}?labelSelector=${LABEL}`)));
}

afterAll(async () => {
  await clear();
  api.close();
  await asAdmin(cluster, ['delete', 'clusterrolebinding', ADMINISTRATION.metadata.name]);
  await remove(cluster, NAMESPACES);
});

/** The API server's answer, with its reason. */
async function decided(subject: Pick<PermissionSubject, 'userName' | 'groups'>, { path, ...resource }: Question) {
  const { status, body } = await api.send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: subject.userName,
      groups: subject.groups,
      ...path === undefined
        ? { resourceAttributes: { ...resource, group: resource.apiGroup, apiGroup: undefined } }
        : { nonResourceAttributes: { path, verb: resource.verb } },
    },
  });
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return { allowed: body.status.allowed as boolean, reason: (body.status.reason ?? '') as string };
}

const whole = ({ resource, subresource }: Question) => subresource ? `${resource}/${subresource}` : resource!;

function answerOf(model: PermissionModel, subject: PermissionSubject, question: Question): PermissionVerdict {
  const { verb, apiGroup, path, namespace: home, name } = question;
  return path === undefined
    ? model.can(subject, verb, apiGroup!, whole(question), { namespace: home, name })
    : model.canNonResource(subject, verb, path);
}

/** How the API server would tell of a path. */
function reasonOf({ subject, binding, role, namespace: home }: PermissionPath): string {
  const quoted = (kind: string, name: string, of?: string) => `${kind} ${JSON.stringify(of === undefined ? name : `${name}/${of}`)}`;
  const [bindingKind, bindingName] = [binding.slice(0, binding.indexOf(' ')), binding.slice(binding.indexOf(' ') + 1)];
  const [roleKind, roleName] = [role.slice(0, role.indexOf(' ')), role.slice(role.indexOf(' ') + 1)];
  const [subjectKind, subjectName] = [subject.slice(0, subject.indexOf(' ')), subject.slice(subject.indexOf(' ') + 1)];
  const last = (name: string) => name.slice(name.indexOf('/') + 1);
  const who = subjectKind === 'ServiceAccount' ? quoted(subjectKind, last(subjectName), subjectName.slice(0, subjectName.indexOf('/'))) : quoted(subjectKind, subjectName);
  return `RBAC: allowed by ${quoted(bindingKind, home === undefined ? bindingName : last(bindingName), home)} of ${quoted(roleKind, roleKind === 'Role' ? last(roleName) : roleName)} to ${who}`;
}

/** A ServiceAccount may be bound by the user it acts as. */
const asUser = (reason: string) => reason.replace(/to User "system:serviceaccount:([^:"]+):([^:"]+)"$/, 'to ServiceAccount "$2/$1"');

test(`${QUESTIONS} questions are answered as the API server answers them, from the manifests alone and from a dump of the cluster`, async () => {
  const fromManifests = PermissionModel.fromManifests([...before, ...world.objects]);
  const fromCluster = PermissionModel.fromManifests(await dump());
  const asked = Array.from({ length: QUESTIONS }, () => ({ subject: world.asker(), question: world.question() }));
  const started = Date.now();
  const verdicts = await inParallel(8, asked, async ({ subject, question }) => decided(subject, question));
  process.stderr.write(`${QUESTIONS} SubjectAccessReviews in ${Date.now() - started} ms, ${verdicts.filter(({ allowed }) => allowed).length} allowed\n`);

  const wrong = asked.flatMap(({ subject, question }, i) => {
    const { allowed, reason } = verdicts[i];
    return [fromManifests, fromCluster].flatMap((model, m) => {
      const answer = answerOf(model, subject, question);
      const explained = !allowed || answer.paths.map(reasonOf).some(one => asUser(one) === asUser(reason));
      const who = [subject.userName, ...subject.groups];
      return answer.allowed === allowed && explained ? [] : [{ model: m ? 'dump' : 'manifests', who, question, allowed, reason, paths: answer.paths.map(reasonOf) }];
    });
  });
  expect(wrong.slice(0, 5)).toEqual([]);
  // Both answers have to be common, else equal verdicts would mean little.
  const allowed = verdicts.filter(one => one.allowed).length;
  expect(allowed).toBeGreaterThan(QUESTIONS / 6);
  expect(allowed).toBeLessThan(QUESTIONS * 5 / 6);
});

test('whoever whoCan names may, by the API server, and nobody else who is bound', async () => {
  // Files that run at the same time bind and unbind people of their own meanwhile.
  const settled = (await dump()).map(list => ({ ...list, items: list.items.filter((item: any) => ofKubernetes(item) || isOurs(item)) }));
  const model = PermissionModel.fromManifests(settled);
  const subjects = model.subjects.filter(({ name }) => !name.startsWith('system:') || name.startsWith('system:serviceaccounts'));
  expect(subjects.length).toBeGreaterThan(30);
  const questions = Array.from({ length: 40 }, () => world.question()).filter(({ path }) => path === undefined).slice(0, 20);
  for (const question of questions) {
    const { verb, apiGroup, namespace: home, name } = question;
    const named = model.whoCan(verb, apiGroup!, whole(question), { namespace: home, name }).map(({ subjectKind, subject }) => `${subjectKind} ${subject}`);
    // By the name alone, without the groups that somebody of that name is in.
    const truly = await inParallel(8, subjects, async subject => {
      const { allowed } = await decided({ userName: subject.userName, groups: subject.kind === 'Group' ? [subject.name] : [] }, question);
      return allowed ? [`${subject}`] : [];
    });
    const shown = named.filter(one => subjects.some(subject => `${subject}` === one));
    expect({ question, named: shown.sort() }).toEqual({ question, named: truly.flat().sort() });
  }
});

test('the aggregated rules on the cluster are those of the model, for every role that aggregates', async () => {
  const live = new Map<string, any>(ours((await dump())[0]).map((object: any) => [object.metadata.name, object]));
  const text = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: any) =>
    JSON.stringify([verbs, apiGroups, resources, resourceNames, nonResourceURLs].map(list => list ?? []));
  const sums = world.objects.filter(({ aggregationRule }) => aggregationRule);
  expect(sums.length).toBeGreaterThan(10);
  for (const { metadata: { name } } of sums) {
    const bound = {
      apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name: 'probe' }, roleRef: { kind: 'ClusterRole', name }, subjects: [{ kind: 'Group', name: 'probe' }],
    };
    const model = PermissionModel.fromManifests([...world.objects.filter(({ kind }) => kind === 'ClusterRole'), bound]);
    const rules = model.rightsOf(PermissionSubject.group('probe')).map(({ rule }) => text(rule));
    const lives = (live.get(name).rules ?? []).map(text);
    expect({ name, rules: [...new Set(rules)].sort() }).toEqual({ name, rules: [...new Set(lives)].sort() });
  }
});
