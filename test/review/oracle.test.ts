import * as fc from 'fast-check';
import { bind, bindEverywhere, clusterRole, group, held, role } from './rbac';
import { AccessMatrix, AccessState, DebugCapability } from '../../src';

const { GRANTED, LIMITED, BROKEN, NONE, NOT_APPLICABLE } = AccessState;
const NAMES = ['a', 'b', 'c'];

interface Request { verb: string; apiGroup: string; resource: string; name: string }

/** As Kubernetes' RBAC authorizer decides (pkg/apis/rbac/v1/evaluation_helpers.go), written apart from the library. */
function authorized(rules: any[], { verb, apiGroup, resource, name }: Request): boolean {
  for (const rule of rules) {
    const verbMatches = rule.verbs.includes('*') || rule.verbs.includes(verb);
    const groupMatches = rule.apiGroups.includes('*') || rule.apiGroups.includes(apiGroup);
    const [, subresource] = resource.split('/');
    const resourceMatches = rule.resources.includes('*') || rule.resources.includes(resource) || (subresource !== undefined && rule.resources.includes(`*/${subresource}`));
    const nameMatches = rule.resourceNames === undefined || rule.resourceNames.length === 0 || rule.resourceNames.includes(name);
    if (verbMatches && groupMatches && resourceMatches && nameMatches) return true;
  }
  return false;
}

/** The name that a request for an object carries: creation and collections carry none, whatever they are about. */
const nameSent = (verb: string, resource: string, name: string) => verb === 'deletecollection' || (verb === 'create' && !resource.includes('/')) ? '' : name;

/** The requests that a capability consists of, about one object, or about any. */
function requests(rules: any[], name: string): Request[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) => apiGroups.flatMap((apiGroup: string) => resources.flatMap((resource: string) =>
    verbs.map((verb: string) => ({ verb, apiGroup, resource, name: nameSent(verb, resource, name) })))));
}

// Mostly what debugging needs, so that capabilities are often complete or nearly so.
const CATALOGUE = DebugCapability.all().flatMap(capability => [...capability.namespacedRules(), ...capability.clusterRules()]);
const someOf = <T>(values: T[]) => fc.subarray(values, { minLength: 1, maxLength: Math.min(4, values.length) });
const names = fc.option(someOf(NAMES), { nil: undefined, freq: 2 }).map(resourceNames => resourceNames ? { resourceNames } : {});
const fromCatalogue = fc.record({ rule: fc.constantFrom(...CATALOGUE), drop: fc.nat(12), names }).map(({ rule, drop, names: limit }) => ({
  ...rule, ...limit, verbs: rule.verbs.length > 1 && drop < rule.verbs.length ? rule.verbs.filter((_, i) => i !== drop) : rule.verbs,
}));
const arbitrary = fc.record({
  apiGroups: someOf(['', 'apps', '*', 'events.k8s.io']),
  resources: someOf(['pods', 'pods/exec', 'pods/attach', 'pods/log', 'pods/ephemeralcontainers', '*/exec', 'secrets', 'nodes', 'nodes/proxy', '*', 'deployments']),
  verbs: someOf(['get', 'list', 'watch', 'create', 'patch', 'update', 'delete', 'deletecollection', '*']),
  limit: names,
}).map(({ limit, ...rule }) => ({ ...rule, ...limit }));
const someRules = fc.array(fc.oneof({ weight: 4, arbitrary: fromCatalogue }, { weight: 1, arbitrary }), { maxLength: 9 });

const matrixOf = (own: any[], wide: any[]) => AccessMatrix.fromManifests([...held(...own), clusterRole('w', ...wide), bindEverywhere('w', 'w', group('oncall'))]);

/** As expect().toEqual(), but fast enough to be called for every cell of every run. */
function agree(about: unknown, actual: unknown, expected: unknown) {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect({ about, actual }).toEqual({ about, actual: expected });
}

describe('compared with the authorizer of Kubernetes, for any rules', () => {
  it('a capability is granted, limited to names, or neither, as the authorizer says of each of its requests', () => {
    const seen = new Map<string, number>();
    fc.assert(fc.property(someRules, someRules, (own, wide) => {
      for (const row of matrixOf(own, wide).rows) {
        const inNamespace = row.namespace !== undefined;
        const rules = inNamespace ? [...own, ...wide] : wide;
        for (const cell of row.cells) {
          const capability = DebugCapability.fromId(cell.capability);
          if (inNamespace && !capability.namespaced) {
            agree(cell, cell.state, NOT_APPLICABLE);
            continue;
          }
          const complete = (name: string) => requests(capability.namespacedRules(), name).every(request => authorized(rules, request))
            && requests(capability.clusterRules(), name).every(request => authorized(wide, request));
          seen.set(cell.state, (seen.get(cell.state) ?? 0) + 1);
          agree(cell, [cell.state === GRANTED, cell.names], [complete(''), complete('') ? [] : NAMES.filter(complete)]);
          if (cell.names.length > 0) agree(cell, [LIMITED, BROKEN].includes(cell.state), true);

          const shows = capability.logPredicates().filter(({ namePrefix }) => !namePrefix).flatMap(({ apiGroup, resource, subresource, verbs }) => {
            const whole = subresource ? `${resource}/${subresource}` : resource;
            return verbs.flatMap(verb => ['', ...NAMES].map(name => ({ apiGroup, resource: whole, verb, name: nameSent(verb, whole, name) })));
          });
          if (cell.state === NONE) agree(cell, shows.filter(request => authorized(rules, request)), []);
          agree(cell, cell.lacks.length > 0, cell.state === BROKEN);
        }
      }
    }), { numRuns: 120 });
    // The generator reaches what it is meant to test.
    for (const state of [GRANTED, LIMITED, BROKEN, NONE]) expect(seen.get(state)).toBeGreaterThan(100);
  });

  it('nothing that is allowed in the namespace is left out: it belongs to a capability that is shown, or is told as a right beyond', () => {
    const asked = ['get', 'list', 'create', 'patch', 'update', 'delete', 'deletecollection'].flatMap(verb =>
      ['pods', 'pods/exec', 'pods/attach', 'pods/log', 'pods/ephemeralcontainers', 'secrets', 'services'].map(resource => ({ verb, apiGroup: '', resource })));
    fc.assert(fc.property(someRules, own => {
      const [row] = AccessMatrix.fromManifests(held(...own)).rows;
      const shown = row.cells.filter(({ state }) => [GRANTED, LIMITED, BROKEN].includes(state)).flatMap(({ capability }) => requests(DebugCapability.fromId(capability).namespacedRules(), ''));
      for (const request of asked) {
        const allowed = ['', ...NAMES].some(name => authorized(own, { ...request, name: nameSent(request.verb, request.resource, name) }));
        if (!allowed) continue;
        const { verb, resource } = request;
        const covered = shown.some(one => one.verb === verb && one.resource === resource && one.apiGroup === '');
        const [plain, sub] = resource.split('/');
        const spellings = [resource, 'everything', 'everything in the core group', ...sub ? [`${plain}.*/${sub}`, `*/${sub}`, `*.*/${sub}`] : [`${plain}.*`]];
        const told = row.otherRights.some(right => {
          const [, verbs, resources] = /^(any verb on|[a-z, ]+?) ((?:everything in [^,]+|[^ ,]+)(?:, (?:everything in [^,]+|[^ ,]+))*)(?: named .*)?$/.exec(right)!;
          return (verbs === 'any verb on' || verbs.split(', ').includes(verb)) && resources.replace(/ named .*/, '').split(', ').some(one => spellings.includes(one));
        });
        agree({ request, otherRights: row.otherRights }, covered || told, true);
      }
    }), { numRuns: 150 });
  });
});

describe('the order of manifests has no meaning', () => {
  it('every output is the same, byte by byte', () => {
    const objects = fc.record({ own: someRules, wide: someRules, more: someRules }).map(({ own, wide, more }) => [
      role('payments', 'r', ...own), bind('payments', 'b', 'r', group('oncall'), group('sre')), role('ledger', 'r', ...more), bind('ledger', 'c', 'r', group('oncall')),
      clusterRole('w', ...wide), bindEverywhere('w', 'w', group('oncall')), bindEverywhere('v', 'gone', group('sre')), role('payments', 'r', ...more),
    ]);
    const pairs = objects.chain(given => fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })));
    fc.assert(fc.property(pairs, ([given, shuffled]) => {
      const [one, other] = [given, shuffled].map(list => AccessMatrix.fromManifests(list));
      expect(other.rows).toEqual(one.rows);
      expect(other.findings).toEqual(one.findings);
      const outputs = (matrix: AccessMatrix) => [matrix.toText(), matrix.toMarkdown(), matrix.toSvg(), matrix.toHtml()];
      expect(outputs(other)).toEqual(outputs(one));
    }), { numRuns: 25 });
  });
});
