import { parseAllDocuments } from 'yaml';
import { builtIn, examples, kustomizations, podTemplate } from './examples';
import { theCluster } from '../lab/cluster';
import { admin, asAdmin, kubectl } from '../lab/kubectl';
import { namespace, remove } from '../lab/targets';

const ARGO_CD = { namespace: 'argocd', name: 'argocd-application-controller' };
/** Examples are applied by who applies what stands in Git: their guardrails, once in force, refuse everybody else. */
const AS_GITOPS = [`--as=system:serviceaccount:${ARGO_CD.namespace}:${ARGO_CD.name}`, '--as-group=system:serviceaccounts', '--as-group=system:authenticated'];
const GITOPS_MAY = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'sd-gitops' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', ...ARGO_CD }],
};

const cluster = theCluster();
/** Namespaces by the Pod Security that they enforce: restricted, unless the declared namespace of a workload says that it needs more. */
const RESTRICTED = 'sd-restricted';
const PRIVILEGED = 'sd-privileged';
const NEEDS_MORE = ['DaemonSet secure-debug-audit/audit-log-shipping'];
const LEVEL = 'pod-security.kubernetes.io/enforce';
const LABEL = 'app.kubernetes.io/managed-by=cdk8s-secure-debug';

const list = (objects: any[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
const nameOf = ({ kind, metadata }: any) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
const namespacesOf = (objects: any[]) => [...new Set<string>(objects.map(object => object.metadata.namespace).filter(Boolean))]
  .filter(name => !objects.some(object => object.kind === 'Namespace' && object.metadata.name === name));

/** Runs kubectl on objects; it has to succeed without a warning, and says what it did by object. */
async function done(args: string[], objects: any[]): Promise<string[]> {
  const ended = await kubectl(cluster, admin(cluster), [...args, ...AS_GITOPS, '-f', '-'], { stdin: list(objects) });
  expect({ args, code: ended.code, stderr: ended.stderr }).toEqual({ args, code: 0, stderr: '' });
  return ended.stdout.trim().split('\n');
}

async function versionsOf(objects: any[]): Promise<string[]> {
  const { items } = JSON.parse(await asAdmin(cluster, ['get', '-o', 'json', '-f', '-'], { stdin: list(objects.length > 1 ? objects : [...objects, ...objects]) }));
  // Of a policy the first apply after its type checking rewrites who manages which field, and nothing else.
  return items.map((item: any) => `${nameOf(item)} ${item.kind === 'ValidatingAdmissionPolicy' ? `generation ${item.metadata.generation}` : item.metadata.resourceVersion}`);
}

const all = examples();

/** Namespaces that the examples expect to be there. */
const NAMESPACES = [RESTRICTED, PRIVILEGED, ...new Set(all.flatMap(({ objects }) => namespacesOf(objects.filter(builtIn))))];

beforeAll(async () => {
  await remove(cluster, NAMESPACES);
  await asAdmin(cluster, ['apply', '--server-side', '-f', '-'], { stdin: list([GITOPS_MAY]) });
  await done(['create'], NAMESPACES.map(name => namespace(name, name === PRIVILEGED ? 'privileged' : 'restricted')));
});

afterAll(async () => {
  await asAdmin(cluster, ['delete', '--ignore-not-found', '-f', '-'], { stdin: list([GITOPS_MAY]) });
  await remove(cluster, NAMESPACES);
});

test.each(all.flatMap(({ title, objects }) => objects.filter(object => !builtIn(object)).map(object => [title, nameOf(object), object.apiVersion])))(
  '%s: %s is of an API that Kubernetes does not have (%s), and is left out', (_title, _name, apiVersion) => expect(apiVersion).toMatch(/^(argoproj\.io|\w+\.toolkit\.fluxcd\.io)\//));

describe.each(all.map(({ title, objects }) => ({ title, objects: objects.filter(builtIn) })).filter(({ objects }) => objects.length > 0))('$title', ({ objects }) => {
  beforeAll(async () => {
    const there = await asAdmin(cluster, ['get', 'namespaces', '-o', 'name']);
    const taken = objects.find(object => object.kind === 'Namespace' && there.split('\n').includes(`namespace/${object.metadata.name}`));
    if (taken) throw new Error(`the namespace ${taken.metadata.name} exists already. Fix: use a cluster without it.`);
  });

  afterAll(async () => {
    await asAdmin(cluster, ['delete', '--ignore-not-found', '--wait=true', ...AS_GITOPS, '-f', '-'], { stdin: list(objects), timeout: 120_000 });
  });

  test('applied on the server, unknown fields refused, no warnings', async () => {
    const said = await done(['apply', '--server-side', '--validate=strict'], objects);
    expect(said).toHaveLength(objects.length);
    expect(said.filter(line => !line.endsWith('serverside-applied'))).toEqual([]);
  });

  test('applied again, nothing changes', async () => {
    const before = await versionsOf(objects.filter(object => object.kind !== 'Deployment' && object.kind !== 'StatefulSet')); // their status moves on
    await done(['apply', '--server-side', '--validate=strict'], objects);
    expect(await versionsOf(objects.filter(object => object.kind !== 'Deployment' && object.kind !== 'StatefulSet'))).toEqual(before);
  });

  const workloads = objects.filter(podTemplate);
  if (workloads.length > 0) {
    const levelOf = ({ metadata }: any) => objects.find(({ kind, metadata: { name } }) => kind === 'Namespace' && name === metadata.namespace)?.metadata.labels?.[LEVEL] ?? 'restricted';
    test('no workload asks for more than restricted but those that are known to', () => {
      expect(workloads.filter(workload => levelOf(workload) !== 'restricted').map(nameOf)).toEqual(NEEDS_MORE.filter(name => workloads.map(nameOf).includes(name)));
    });

    test.each(workloads.map(workload => [nameOf(workload), levelOf(workload), workload]))('the pods of %s are let in under Pod Security %s', async (_name, level, workload) => {
      const { spec, metadata } = podTemplate(workload);
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'try', namespace: level === 'restricted' ? RESTRICTED : PRIVILEGED }, spec: { ...spec, serviceAccountName: undefined, serviceAccount: undefined } };
      expect(await done(['create', '--dry-run=server', '--validate=strict'], [pod])).toEqual(['pod/try created (server dry run)']);
    });
  }

  test('applied by the client, again without a change, pruned, deleted', async () => {
    await done(['delete', '--wait=true'], objects.filter(object => object.kind !== 'Namespace'));
    const ours = objects.filter(object => object.kind !== 'Namespace');
    const first = await done(['apply', '--validate=strict'], ours);
    expect(first.filter(line => !line.endsWith(' created'))).toEqual([]);
    const second = await done(['apply', '--validate=strict'], ours);
    // What cdk8s-plus writes for the app's own workloads, the API server completes; what this library writes it keeps.
    const foreign = ours.filter(object => !object.metadata.labels?.['app.kubernetes.io/managed-by']).map(object => `/${object.metadata.name} `);
    // The selector of a budget is replaced as a whole, so kubectl sends it each time.
    const resent = (line: string) => line.startsWith('poddisruptionbudget.policy/');
    expect(second.filter(line => !line.endsWith(' unchanged') && !resent(line) && !foreign.some(name => line.includes(name)))).toEqual([]);

    const [gone] = ours.filter(object => object.kind === 'RoleBinding');
    const kept = ours.filter(object => object !== gone);
    if (gone) {
      const pruned = await done([
        'apply', '--validate=strict', '--prune', '-l', LABEL, '-n', gone.metadata.namespace, '--prune-allowlist=rbac.authorization.k8s.io/v1/RoleBinding', '--prune-allowlist=rbac.authorization.k8s.io/v1/Role',
      ], kept.filter(object => object.metadata.labels?.['app.kubernetes.io/managed-by'] && object.metadata.namespace === gone.metadata.namespace));
      expect(pruned.filter(line => line.endsWith(' pruned'))).toEqual([`rolebinding.rbac.authorization.k8s.io/${gone.metadata.name} pruned`]);
    }

    const deleted = await done(['delete', '--wait=true'], kept);
    expect(deleted).toHaveLength(kept.length);
  });
});

test.each(kustomizations().map(folder => [folder.replace(/.*\/examples\//, ''), folder]))('kubectl apply -k %s', async (_title, folder) => {
  const objects = parseAllDocuments(await asAdmin(cluster, ['kustomize', folder])).map(document => document.toJS());
  try {
    const ended = await kubectl(cluster, admin(cluster), ['apply', '--server-side', '--validate=strict', ...AS_GITOPS, '-k', folder]);
    expect({ code: ended.code, stderr: ended.stderr, lines: ended.stdout.trim().split('\n').length }).toEqual({ code: 0, stderr: '', lines: objects.length });
  } finally {
    await asAdmin(cluster, ['delete', '--ignore-not-found', '--wait=true', ...AS_GITOPS, '-k', folder], { timeout: 120_000 });
  }
});

test('a pod that Pod Security refuses is refused, so that these tests can fail', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'try', namespace: RESTRICTED }, spec: { containers: [{ name: 'app', image: cluster.image }] } };
  const ended = await kubectl(cluster, admin(cluster), ['create', '--dry-run=server', '-f', '-'], { stdin: JSON.stringify(pod) });
  expect(ended.stderr).toMatch(/violates PodSecurity "restricted/);
});

test('an unknown field is refused, so that these tests can fail', async () => {
  const typo = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'typo', namespace: 'default' }, dta: {} };
  const ended = await kubectl(cluster, admin(cluster), ['apply', '--server-side', '--validate=strict', '--dry-run=server', '-f', '-'], { stdin: JSON.stringify(typo) });
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toMatch(/dta/);
});
