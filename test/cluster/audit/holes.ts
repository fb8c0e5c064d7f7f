import { AuditLevel, AuditPolicyEvaluator, DebugCapability, OnCallDebugAccess } from '../../../src';
import { Api } from '../lab/api';
import { Cluster } from '../lab/cluster';
import { apply, asAdmin, Person } from '../lab/kubectl';
import { people, serviceAccount } from '../lab/people';
import { inParallel } from '../lab/process';
import { objects } from '../lab/setups';
import { namespace, remove } from '../lab/targets';

const NAMESPACE = 'sd-holes';
const ADMINS = 'sd-holes-admins';
const ONE = 'fieldSelector=metadata.name%3DNAME';
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const RANK = [AuditLevel.NONE, AuditLevel.METADATA, AuditLevel.REQUEST, AuditLevel.REQUEST_RESPONSE] as string[];
/** Ways into a pod, and around the ways into a pod. */
const DEBUG_PATH = /^(pods(\/.*)?|nodes\/proxy|services\/proxy|serviceaccounts\/token)$/;

/** A request that was sent, about an object whose name nothing else has. */
export interface Asked {
  readonly caller: string;
  readonly resource: string;
  readonly method: string;
  readonly name: string;
  readonly path: string;
}

/** The debug paths that the API server serves, by its own word. */
export async function debugPaths(cluster: Cluster): Promise<{ resource: string; path: string }[]> {
  const { resources } = JSON.parse(await asAdmin(cluster, ['get', '--raw', '/api/v1']));
  return resources.filter(({ name }: any) => DEBUG_PATH.test(name)).map(({ name, namespaced }: any) => {
    const [plain, subresource] = name.split('/');
    return { resource: name, path: `/api/v1${namespaced ? `/namespaces/${NAMESPACE}` : ''}/${plain}/NAME${subresource ? `/${subresource}` : ''}` };
  });
}

/**
 * Sends a request of every verb on every debug path, as an administrator, an on-call engineer, somebody without
 * rights and a ServiceAccount. The objects do not exist, so nothing happens but the request.
 */
export async function askEverything(cluster: Cluster): Promise<Asked[]> {
  await remove(cluster, [NAMESPACE]);
  await apply(cluster, [namespace(NAMESPACE)]);
  try {
    const callers = await makeCallers(cluster);
    const paths = await debugPaths(cluster);
    const asked = callers.flatMap((caller, c) => [
      ...paths.flatMap(({ resource, path }) => METHODS.map(method => ({ resource, method, path }))),
      // A collection: list, watch in its two spellings, and deletecollection.
      ...[['GET', `pods?${ONE}`], ['GET', `pods?watch=true&timeoutSeconds=1&${ONE}`], ['DELETE', `pods?${ONE}`]]
        .map(([method, query]) => ({ resource: 'pods', method, path: `/api/v1/namespaces/${NAMESPACE}/${query}` })),
      { resource: 'pods', method: 'GET', path: `/api/v1/watch/namespaces/${NAMESPACE}/pods/NAME?timeoutSeconds=1` },
    ].map(({ resource, method, path }, r) => {
      const name = `hole-${c}-${r}-x`;
      return { caller, resource, method, name, path: path.replace('NAME', name) };
    }));
    const apis = new Map(callers.map(caller => [caller, new Api(caller)]));
    await inParallel(8, asked, ({ caller, method, path }) => apis.get(caller)!.send(method, path,
      /^P/.test(method) ? {} : undefined, method === 'PATCH' ? 'application/merge-patch+json' : undefined));
    apis.forEach(api => api.close());
    return asked.map(one => ({ ...one, caller: one.caller.name }));
  } finally {
    await asAdmin(cluster, ['delete', 'clusterrolebinding', ADMINS, '--ignore-not-found']);
    await remove(cluster, [NAMESPACE]);
  }
}

/** Requests that the log does not have, or not at the level that the policy's evaluator and the model promise. */
export function holes(asked: Asked[], events: any[], evaluator: AuditPolicyEvaluator): string[] {
  const owed = DebugCapability.all().flatMap(capability => capability.auditRules()).filter(rule => rule.apiGroup === '');
  return asked.flatMap(({ caller, resource, method, name, path }) => {
    const what = `${method} ${path} by ${caller}`;
    const found = events.filter(event => event.requestURI.includes(name));
    if (found.length === 0) return [`${what}: nothing in the log`];
    const promised = evaluator.evaluateEvent(found[0]).level;
    return [
      ...found.filter(event => event.level !== promised).map(event => `${what}: recorded at ${event.level}, and the evaluator says ${promised}`),
      ...owed.filter(rule => rule.resource === resource && (rule.verbs ?? [found[0].verb]).includes(found[0].verb))
        .filter(rule => RANK.indexOf(found[0].level) < RANK.indexOf(rule.level))
        .map(rule => `${what}: recorded at ${found[0].level}, and ${rule.level} is owed`),
    ];
  });
}

async function makeCallers(cluster: Cluster): Promise<Person[]> {
  await apply(cluster, [
    ...objects(chart => new OnCallDebugAccess(chart, 'oncall', {
      namespace: NAMESPACE, group: 'sd-holes-oncall', capabilities: DebugCapability.all().filter(capability => capability.namespaced),
    })),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: ADMINS },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: ADMINS }],
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'controller', namespace: NAMESPACE } },
  ]);
  const who = await people(cluster, [{ name: 'frank', groups: [ADMINS] }, { name: 'erin', groups: ['sd-holes-oncall'] }, { name: 'trudy', groups: ['developers'] }]);
  return [...Object.values(who), await serviceAccount(cluster, NAMESPACE, 'controller')];
}
