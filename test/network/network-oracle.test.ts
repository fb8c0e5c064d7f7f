import { App, Chart, Testing } from 'cdk8s';
import * as fc from 'fast-check';
import { Declared, declarationsFor, declaredFor, endpointOf, portOf } from './declarations';
import { bruteForce, ENDS, key, policies, PORTS } from './universe';
import { DefaultDenyNetwork, NetworkReachability } from '../../src';

const endpoints = ENDS.map(endpointOf);

function answers(reachability: NetworkReachability): Set<string> {
  const result = new Set<string>();
  endpoints.forEach((from, i) => endpoints.forEach((to, j) => PORTS.forEach((port, k) => {
    const verdict = reachability.reachable(from, to, portOf(port));
    if (verdict.allowed !== (verdict.egress.allowed && verdict.ingress.allowed)) throw new Error('a verdict contradicts its sides');
    if (verdict.allowed) result.add(key(i, j, k));
  })));
  return result;
}

// Warnings are told elsewhere.
beforeAll(() => { jest.spyOn(process.stderr, 'write').mockReturnValue(true); });
afterAll(() => jest.restoreAllMocks());

const shuffled = <T>(lists: fc.Arbitrary<T[]>): fc.Arbitrary<[T[], T[]]> =>
  lists.chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));

const sorted = (set: Set<string>) => [...set].sort();

describe('reachability equals what is found by enumerating every connection', () => {
  it('for any policies of several namespaces', () => {
    fc.assert(fc.property(policies, manifests => {
      expect(sorted(answers(NetworkReachability.fromManifests(manifests)))).toEqual(sorted(bruteForce(manifests)));
    }), { numRuns: 400 });
  });

  it('whatever the order of policies', () => {
    fc.assert(fc.property(shuffled(policies), ([all, other]) => {
      expect(NetworkReachability.fromManifests(other).table()).toEqual(NetworkReachability.fromManifests(all).table());
    }), { numRuns: 50 });
  });

  it('and a policy without rules opens nothing', () => {
    fc.assert(fc.property(policies, manifests => {
      const deny = ['payments', 'ledger', 'web'].map(namespace => ({
        apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny', namespace }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      }));
      const without = answers(NetworkReachability.fromManifests(manifests));
      answers(NetworkReachability.fromManifests([...manifests, ...deny])).forEach(connection => expect(without).toContain(connection));
    }), { numRuns: 50 });
  });
});

const HOME = 'payments';
const anyDeclared = declaredFor(HOME);
const declarations = declarationsFor(HOME);

describe('a fence lets through exactly what was declared', () => {
  it('for any allows', () => {
    fc.assert(fc.property(declarations, declared => {
      const expected = new Set<string>();
      ENDS.forEach((from, i) => ENDS.forEach((to, j) => PORTS.forEach((port, k) => {
        const leaves = from.namespace !== HOME || declared.some(({ out }) => out(from, to, port));
        const enters = to.namespace !== HOME || declared.some(({ into }) => into(from, to, port));
        if (from === to || (leaves && enters)) expected.add(key(i, j, k));
      })));
      const fence = new DefaultDenyNetwork(new Chart(new App(), 'test'), 'fence', { namespace: HOME, allow: declared.map(({ allow }) => allow) });
      expect(sorted(answers(NetworkReachability.fromManifests(fence.manifests())))).toEqual(sorted(expected));
    }), { numRuns: 300 });
  });

  it('and its output is the same whatever the order of allows', () => {
    fc.assert(fc.property(shuffled(declarations), ([all, other]) => {
      const synthesized = (declared: Declared[]) => {
        const chart = new Chart(new App(), 'test');
        new DefaultDenyNetwork(chart, 'fence', { namespace: HOME, allow: declared.map(({ allow }) => allow) });
        return Testing.synth(chart);
      };
      expect(JSON.stringify(synthesized(other))).toBe(JSON.stringify(synthesized(all)));
    }), { numRuns: 100 });
  });

  it('and different allows have different names, equal ones the same', () => {
    fc.assert(fc.property(anyDeclared, anyDeclared, (a, b) => {
      if (a.id.startsWith('between') !== b.id.startsWith('between')) return;
      expect(a.allow.policyNames.join() === b.allow.policyNames.join()).toBe(a.id === b.id);
    }), { numRuns: 500 });
  });
});
