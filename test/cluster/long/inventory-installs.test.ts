import { execFileSync } from 'child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { readFiles } from '../../../cli/src/review/readers/files';
import { inputOf } from '../../../cli/src/review/readers/input';
import { InventoryFinding, PermissionDiff, PermissionInventory } from '../../../src';
import { Api } from '../lab/api';
import { theCluster } from '../lab/cluster';
import { apply, asAdmin } from '../lab/kubectl';
import { people } from '../lab/people';
import { eventually, inParallel } from '../lab/process';
import { remove } from '../lab/targets';

/** The inventory of what real projects publish, whose manifests come inside their Go modules: each finding as docs/inventory.md explains it, and each right confirmed by the API server. */

const cluster = theCluster();

interface Install {
  readonly module: string;
  readonly path: string;
  readonly namespace: string;
  /** By ServiceAccount: rules, with `@namespace` where it is not the whole cluster. */
  readonly expected: { readonly [account: string]: string };
}

const FLUX = 'SD5002 SD5003 SD5005 SD5019 SD5030';
const INSTALLS: Install[] = [
  {
    module: 'github.com/argoproj/argo-cd/v3@v3.5.7',
    path: 'manifests/install.yaml',
    namespace: 'argocd',
    expected: {
      'argocd-application-controller': 'SD5001',
      'argocd-applicationset-controller': 'SD5003 SD5019 SD5030',
      'argocd-dex-server': 'SD5003@argocd',
      'argocd-notifications-controller': 'SD5003@argocd SD5019@argocd SD5030@argocd',
      'argocd-server': 'SD5002 SD5003 SD5005 SD5006 SD5014 SD5015 SD5019 SD5021 SD5022 SD5030',
    },
  },
  {
    module: 'github.com/kyverno/kyverno@v1.19.1',
    path: 'config/install-latest-testing.yaml',
    namespace: 'kyverno',
    expected: {
      'kyverno-admission-controller': 'SD5003@kyverno SD5015 SD5030',
      'kyverno-background-controller': 'SD5003@kyverno',
      'kyverno-cleanup-controller': 'SD5015',
      'kyverno-reports-controller': 'SD5003@kyverno',
    },
  },
  { module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0', path: 'bundle.yaml', namespace: 'default', expected: { 'prometheus-operator': 'SD5002 SD5003 SD5014 SD5030' } },
  {
    module: 'go.universe.tf/metallb@v0.16.2',
    path: 'config/manifests/metallb-native.yaml',
    namespace: 'metallb-system',
    expected: { controller: 'SD5002@metallb-system SD5003@metallb-system SD5015', speaker: 'SD5002 SD5003@metallb-system' },
  },
  {
    module: 'github.com/fluxcd/flux2/v2@v2.9.5',
    path: 'manifests/rbac',
    namespace: 'flux-system',
    expected: {
      'helm-controller': 'SD5001',
      'image-automation-controller': FLUX,
      'image-reflector-controller': FLUX,
      'kustomize-controller': 'SD5001',
      'notification-controller': FLUX,
      'source-controller': FLUX,
      'source-watcher': FLUX,
    },
  },
];

const RBAC = 'rbac.authorization.k8s.io';
const KINDS = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];
const scratch = mkdtempSync(join(tmpdir(), 'secure-debug-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Where the module cache has a module; undefined, with the reason printed, when it cannot be had. */
function fetched(module: string): string | undefined {
  try {
    writeFileSync(join(scratch, 'go.mod'), 'module x\n');
    return JSON.parse(execFileSync('go', ['mod', 'download', '-json', module], { cwd: scratch, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).Dir;
  } catch (error) {
    console.error(`skipped: ${module} cannot be fetched by go mod download (${(error as Error).message.split('\n')[0]})`);
    return undefined;
  }
}

async function read(folder: string, path: string, namespace: string): Promise<any[]> {
  return inputOf(await readFiles([join(folder, path)], undefined), false, namespace).objects;
}

const modules = new Map(INSTALLS.map(({ module }) => [module, fetched(module)]));

describe.each(INSTALLS)('$module', ({ module, path, namespace, expected }) => {
  const folder = modules.get(module);
  const test = folder === undefined ? it.skip : it;

  test('is found to hold what the page explains', async () => {
    const { findings } = PermissionInventory.fromManifests(await read(folder!, path, namespace), { defaultNamespace: namespace });
    const found: { [account: string]: string } = {};
    for (const { who, id, where } of findings) {
      const account = who.replace(`ServiceAccount ${namespace}/`, '');
      found[account] = [...(found[account] ?? '').split(' ').filter(Boolean), where === 'whole cluster' ? id : `${id}@${where}`].sort().join(' ');
    }
    expect(found).toEqual(expected);
  });

  test('and the API server allows each right of it', async () => {
    const all = await read(folder!, path, namespace);
    const { findings } = PermissionInventory.fromManifests(all, { defaultNamespace: namespace });
    const objects = all.filter(({ kind, apiVersion }) => KINDS.includes(kind) && apiVersion.startsWith(RBAC))
      .map(({ metadata: { name, namespace: home }, ...object }) => ({
        ...object,
        metadata: { name, ...home !== undefined && { namespace: home }, labels: { 'secure-debug.internal/test': 'installs' } },
        // Those who leave their namespace out of a subject mean their own.
        ...object.subjects && { subjects: object.subjects.map((subject: any) => subject.kind === 'ServiceAccount' ? { namespace, ...subject } : subject) },
      }));
    const admins = {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'sd-installs-admins' },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: RBAC, kind: 'Group', name: 'sd-installs-admins' }],
    };
    if (namespace !== 'default') await apply(cluster, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'secure-debug.internal/test': 'true' } } }]);
    await apply(cluster, [admins, ...objects]);
    const { 'installs-admin': asker } = await people(cluster, [{ name: 'installs-admin', groups: ['sd-installs-admins'] }]);
    const api = new Api(asker);
    try {
      const asked = findings.flatMap(questions);
      expect(asked.length).toBeGreaterThan(0);
      let refused: object[] = [];
      const ask = async () => {
        const answers = await inParallel(8, asked, async ({ id, user, ...resourceAttributes }) => {
          const { body } = await api.send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user, resourceAttributes } });
          return body.status?.allowed ? [] : [{ id, user, ...resourceAttributes }];
        });
        refused = answers.flat();
        return refused.length === 0;
      };
      // The controller needs a moment to put into roles what they aggregate.
      await eventually('every right to be allowed', ask, 30_000).catch(() => expect(refused).toEqual([]));
    } finally {
      api.close();
      for (const kind of ['clusterroles', 'clusterrolebindings']) await asAdmin(cluster, ['delete', kind, '-l', 'secure-debug.internal/test=installs']);
      await asAdmin(cluster, ['delete', 'clusterrolebinding', admins.metadata.name]);
      if (namespace !== 'default') await remove(cluster, [namespace]);
    }
  });
});

/** What the API server is asked about a finding: every right by every name. */
function questions({ id, who, rights }: InventoryFinding) {
  const user = `system:serviceaccount:${who.replace('ServiceAccount ', '').replace('/', ':')}`;
  return rights.flatMap(({ verb, apiGroup: group, resource, namespace, names }) => (names.length > 0 ? names : [undefined]).map(name => {
    const [plain, subresource] = resource.split('/');
    return { id, user, verb, group, resource: plain, subresource, namespace, name };
  }));
}

/** Two releases of a project, and what of more than medium danger changed. */
const RELEASES: [older: string, newer: string, path: string, namespace: string, expected: string[]][] = [
  ['github.com/kyverno/kyverno@v1.13.4', 'github.com/kyverno/kyverno@v1.19.1', 'config/install-latest-testing.yaml', 'kyverno', [
    'critical gained SD5015 ServiceAccount kyverno/kyverno-admission-controller',
    'high gained SD5003 ServiceAccount kyverno/kyverno-cleanup-controller',
  ]],
  ['github.com/argoproj/argo-cd/v2@v2.14.21', 'github.com/argoproj/argo-cd/v3@v3.5.7', 'manifests/install.yaml', 'argocd', []],
];

describe.each(RELEASES)('between %s and %s', (older, newer, path, namespace, expected) => {
  const folders = [older, newer].map(fetched).filter(folder => folder !== undefined);

  (folders.length < 2 ? it.skip : it)('it is told what changed in power', async () => {
    const [before, after] = await Promise.all(folders.map(folder => read(folder, path, namespace)));
    const { changes } = PermissionDiff.between(before, after);
    expect(changes.filter(({ danger }) => danger === 'critical' || danger === 'high').map(({ danger, kind, id, who }) => `${danger} ${kind} ${id} ${who}`)).toEqual(expected);
    expect(changes.length).toBeGreaterThan(0);
  });
});
