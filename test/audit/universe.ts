import * as fc from 'fast-check';
import { AuditRequest } from '../../src';

/** A small world in which every request can be listed, with values that no rule names (the last of each). */
export const WORLD = {
  users: ['alice', 'system:serviceaccount:ci:deployer', 'system:kube-scheduler', 'mallory'],
  groups: ['oncall-payments', 'system:masters', 'system:authenticated', 'strangers'],
  verbs: ['get', 'create', 'patch', 'watch'],
  apiGroups: ['', 'apps', 'example.com'],
  resources: ['pods', 'services', 'widgets'],
  subresources: ['', 'exec', 'ephemeralcontainers', 'status'],
  names: ['ledger-0', 'web', ''],
  namespaces: ['payments', 'kube-system', ''],
  paths: ['/healthz', '/healthz/etcd', '/metrics', '/other'],
};

const patterns = [
  '*', ...WORLD.resources.slice(0, 2).flatMap(resource => [resource, `${resource}/*`, `${resource}/exec`, `${resource}/ephemeralcontainers`]), '*/exec', '*/status', 'pod*', '*/*',
];
const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'];
const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const some = <T>(values: T[]) => maybe(fc.uniqueArray(fc.constantFrom(...values), { maxLength: 2 }));
const entry = fc.record({
  group: fc.constantFrom('', 'apps', '*'),
  resources: fc.uniqueArray(fc.constantFrom(...patterns), { minLength: 1, maxLength: 3 }),
  resourceNames: some(WORLD.names),
}, { requiredKeys: ['group'] }).map(({ resources, ...rest }) => resources ? { resources, ...rest } : { group: rest.group });

const who = {
  level: fc.constantFrom(...LEVELS),
  users: some(WORLD.users.slice(0, 3)),
  userGroups: some(WORLD.groups.slice(0, 3)),
  verbs: some(WORLD.verbs.slice(0, 3)),
  omitStages: some(STAGES),
};
const ofResources = fc.record({ ...who, resources: maybe(fc.array(entry, { maxLength: 2 })), namespaces: some(WORLD.namespaces) });
const urls = fc.constantFrom('*', '/healthz', '/healthz*', '/metrics', '/*');
const ofPaths = fc.record({ ...who, nonResourceURLs: fc.uniqueArray(urls, { minLength: 1, maxLength: 2 }) });

/** Any rule the API server accepts, as it stands in a manifest. */
export const anyRule = fc.oneof({ weight: 4, arbitrary: ofResources }, { weight: 1, arbitrary: ofPaths })
  .chain(rule => maybe(fc.boolean()).map(omitManagedFields => ({ ...rule, omitManagedFields })));

/** Any policy the API server accepts. */
export const anyPolicy = fc.record({
  rules: fc.array(anyRule, { minLength: 1, maxLength: 5 }),
  omitStages: some(STAGES),
  omitManagedFields: maybe(fc.boolean()),
}).map(fields => JSON.parse(JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', ...fields })));

const caller = {
  user: maybe(fc.constantFrom(...WORLD.users)),
  groups: fc.subarray(WORLD.groups),
  verb: fc.constantFrom(...WORLD.verbs),
};

const ofResource = fc.record({
  ...caller,
  apiGroup: fc.constantFrom(...WORLD.apiGroups),
  resource: fc.constantFrom(...WORLD.resources),
  subresource: fc.constantFrom(...WORLD.subresources),
  name: fc.constantFrom(...WORLD.names),
  namespace: fc.constantFrom(...WORLD.namespaces),
});
const ofPath = fc.record({ ...caller, path: fc.constantFrom(...WORLD.paths) });

/** Any request of this world. Who is not authenticated has no groups. */
export const anyRequest: fc.Arbitrary<AuditRequest> = fc.oneof({ weight: 4, arbitrary: ofResource }, { weight: 1, arbitrary: ofPath })
  .map(request => request.user === undefined ? { ...request, groups: [] } : request);
