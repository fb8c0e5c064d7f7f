import * as fc from 'fast-check';
import { words } from './words';
import { PolicyRule, PolicyRules } from '../../src/model';
import { refusal, rejected } from '../private/refusal';

const rule = (apiGroups: string[], resources: string[], verbs: string[], resourceNames?: string[]): PolicyRule => (
  { apiGroups, resources, verbs, resourceNames });
const core = (resources: string[], verbs: string[], resourceNames?: string[]) => rule([''], resources, verbs, resourceNames);

describe('compact merges', () => {
  it.each<[string, PolicyRule[], string[]]>([
    ['nothing', [], []],
    ['verbs of one resource', [core(['pods'], ['get']), core(['pods'], ['list'])], ['get,list core/pods']],
    ['resources with equal verbs', [core(['services'], ['get']), core(['pods'], ['get'])], ['get core/pods+services']],
    ['groups with equal resources', [rule(['events.k8s.io'], ['events'], ['get']), core(['events'], ['get'])], ['get core+events.k8s.io/events']],
    ['names of one right', [core(['pods'], ['get'], ['b']), core(['pods'], ['get'], ['a', 'b'])], ['get core/pods of a,b']],
    ['a named right into the same on all', [core(['pods'], ['get'], ['a']), core(['pods'], ['get', 'list'])], ['get,list core/pods']],
    ['a named right into the same on all, given first', [core(['pods'], ['get', 'list']), core(['pods'], ['get'], ['a'])], ['get,list core/pods']],
    ['repetitions', [core(['pods', 'pods'], ['get', 'get']), core(['pods'], ['get'])], ['get core/pods']],
    ['an empty list of names, which means all', [core(['pods'], ['get'], [])], ['get core/pods']],
  ])('%s', (_what, rules, compacted) => expect(words(PolicyRules.compact(rules))).toEqual(compacted));

  it('keeps apart what differs', () => {
    expect(words(PolicyRules.compact([
      core(['pods/exec'], ['get', 'create'], ['ledger-0']),
      core(['pods'], ['get', 'list', 'watch']),
      core(['pods'], ['create']),
      core(['pods/log'], ['get']),
      rule(['apps'], ['pods'], ['get']),
    ]))).toEqual([
      'get,list,watch,create core/pods',
      'get,create core/pods/exec of ledger-0',
      'get core/pods/log',
      'get apps/pods',
    ]);
  });

  it('never joins the name of one right with another right', () => {
    expect(words(PolicyRules.compact([core(['pods'], ['get'], ['a']), core(['pods'], ['list'], ['b']), core(['services'], ['get'], ['b'])]))).toEqual([
      'get core/pods of a', 'list core/pods of b', 'get core/services of b',
    ]);
  });

  it('writes verbs in the order people do, others behind them by alphabet', () => {
    const verbs = ['zap', 'deletecollection', 'patch', 'bind', 'delete', 'create', 'watch', 'update', 'list', 'get'];
    expect(PolicyRules.compact([core(['pods'], verbs)])[0].verbs).toEqual(
      ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'bind', 'zap']);
  });

  it('leaves resourceNames out where there are none, so that equal rights are equal data', () => {
    expect(PolicyRules.compact([core(['pods'], ['get'])])).toStrictEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
    expect(PolicyRules.compact([core(['pods'], ['get'], ['a'])])).toStrictEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['a'] }]);
  });

  it('does not change what it was given', () => {
    const given = [core(['pods', 'nodes'], ['list', 'get'], ['b', 'a'])];
    const copy = structuredClone(given);
    PolicyRules.compact(given)[0].verbs.push('delete');
    expect(given).toEqual(copy);
  });
});

describe('compact refuses', () => {
  const full = core(['pods'], ['get'], ['a']);
  it.each<[string, Partial<PolicyRule>, string]>([
    ['every group', { apiGroups: ['*'] }, 'rules[1].apiGroups[0] = "*" is a wildcard. Fix: list each one by its name.'],
    ['every resource', { resources: ['pods', '*'] }, 'rules[1].resources[1] = "*" is a wildcard. Fix: list each one by its name.'],
    ['a subresource of every resource', { resources: ['*/exec'] }, 'rules[1].resources[0] = "*/exec" is a wildcard. Fix: list each one by its name.'],
    ['every subresource', { resources: ['pods/*'] }, 'rules[1].resources[0] = "pods/*" is a wildcard. Fix: list each one by its name.'],
    ['every verb', { verbs: ['*'] }, 'rules[1].verbs[0] = "*" is a wildcard. Fix: list each one by its name.'],
    ['every name', { resourceNames: ['*'] }, 'rules[1].resourceNames[0] = "*" is a wildcard. Fix: list each one by its name.'],
    ['no group', { apiGroups: [] }, 'rules[1].apiGroups = [] is empty, so the rule grants nothing. Fix: list what the rule is for.'],
    ['no resource', { resources: [] }, 'rules[1].resources = [] is empty, so the rule grants nothing. Fix: list what the rule is for.'],
    ['no verb', { verbs: [] }, 'rules[1].verbs = [] is empty, so the rule grants nothing. Fix: list what the rule is for.'],
    ['a rule without groups', { apiGroups: undefined }, 'rules[1].apiGroups = [] is empty, so the rule grants nothing. Fix: list what the rule is for.'],
    ['a rule on URLs', { resources: undefined }, 'rules[1].resources = [] is empty, so the rule grants nothing. Fix: list what the rule is for.'],
    ['a rule without verbs', { verbs: undefined }, 'rules[1].verbs = [] is empty, so the rule grants nothing. Fix: list what the rule is for.'],
    ['the blank group that is copied around, and grants nothing', { apiGroups: [' '] }, 'rules[1].apiGroups[0] = " " is empty. Fix: give an API group; the core group is "".'],
    ['an empty resource', { resources: [''] }, 'rules[1].resources[0] = "" is empty. Fix: give a name.'],
    ['an empty verb', { verbs: [''] }, 'rules[1].verbs[0] = "" is empty. Fix: give a name.'],
    ['an empty name, which every list and creation has', { resourceNames: [''] }, 'rules[1].resourceNames[0] = "" is empty. Fix: give a name.'],
    ['a verb with a blank', { verbs: ['get '] }, 'rules[1].verbs[0] = "get " begins or ends with blanks. Fix: write "get".'],
  ])('%s', (_what, part, message) => {
    expect(refusal(() => PolicyRules.compact([full, { ...full, ...part }]))).toBe(`PolicyRules.compact: ${message}`);
  });
  it('what is no text', () => expect(rejected(() => PolicyRules.compact([core([1 as any], ['get'])])).problem).toBe('is not text'));
});

describe('compact, by enumeration', () => {
  const GROUPS = ['', 'apps', 'batch'];
  const RESOURCES = ['jobs', 'pods', 'pods/exec'];
  const VERBS = ['get', 'list', 'create', 'approve'];
  const NAMES = ['a', 'b'];

  const some = (values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 });
  const anyRule = fc.record({
    apiGroups: some(GROUPS),
    resources: some(RESOURCES),
    verbs: some(VERBS),
    resourceNames: fc.oneof(fc.constant(undefined), fc.constant<string[]>([]), some(NAMES)),
  });
  const anyRules = fc.array(anyRule, { maxLength: 8 });

  /** Every request there is, as group, resource, verb and name. */
  const REQUESTS = GROUPS.flatMap(group => RESOURCES.flatMap(resource => VERBS.flatMap(verb => ['', 'other', ...NAMES].map(name => [group, resource, verb, name]))));
  /** Those that are granted: by the words of the RBAC page, not by the code under test. */
  const granted = (rules: PolicyRule[]) => REQUESTS.filter(([group, resource, verb, name]) => {
    for (const one of rules) {
      const named = one.resourceNames !== undefined && one.resourceNames.length > 0;
      if (one.apiGroups.indexOf(group) < 0 || one.resources.indexOf(resource) < 0 || one.verbs.indexOf(verb) < 0) continue;
      if (!named || one.resourceNames!.indexOf(name) >= 0) return true;
    }
    return false;
  }).map(asked => asked.join(' '));
  /** One rule for each single right, which is the most that a list can be split. */
  const split = (rules: PolicyRule[]) => rules.flatMap(one => one.apiGroups.flatMap(g => one.resources.flatMap(r => one.verbs.flatMap(v => {
    const names = one.resourceNames?.length ? one.resourceNames.map(name => [name]) : [undefined];
    return names.map(name => rule([g], [r], [v], name));
  }))));
  const shuffled = <T>(values: T[]) => fc.shuffledSubarray(values, { minLength: values.length });

  it('grants exactly what was given', () => {
    fc.assert(fc.property(anyRules, rules => expect(granted(PolicyRules.compact(rules))).toEqual(granted(rules))), { numRuns: 300 });
  });

  it('asked by allows, it says the same', () => {
    fc.assert(fc.property(anyRules, rules => {
      const compacted = PolicyRules.compact(rules);
      const allowed = REQUESTS.filter(([group, resource, verb, name]) => PolicyRules.allows(compacted, group, resource, verb, name));
      expect(allowed.map(asked => asked.join(' '))).toEqual(granted(rules));
    }));
  });

  it('is the same for every order and every splitting of the input', () => {
    const rewritten = anyRules.chain(rules => fc.tuple(fc.constant(rules), shuffled([...split(rules), ...rules.slice(0, 2)])));
    fc.assert(fc.property(rewritten, ([rules, other]) => {
      expect(PolicyRules.compact(other)).toStrictEqual(PolicyRules.compact(rules));
    }), { numRuns: 300 });
  });

  it('is the same for any two lists that grant the same', () => {
    fc.assert(fc.property(anyRules, anyRules, (one, other) => {
      const same = granted(one).join() === granted(other).join();
      expect(JSON.stringify(PolicyRules.compact(one)) === JSON.stringify(PolicyRules.compact(other))).toBe(same);
    }), { numRuns: 300 });
  });

  it('is idempotent, sorted and without repetition', () => {
    fc.assert(fc.property(anyRules, rules => {
      const compacted = PolicyRules.compact(rules);
      expect(PolicyRules.compact(compacted)).toStrictEqual(compacted);
      const rights = split(compacted).map(one => JSON.stringify(one));
      expect(new Set(rights).size).toBe(rights.length);
      const keys = compacted.map(one => JSON.stringify([one.apiGroups, one.resources, one.resourceNames ?? []]));
      expect(keys).toEqual([...keys].sort((a, b) => a < b ? -1 : 1));
      const lists = compacted.flatMap(one => [one.apiGroups, one.resources, one.resourceNames ?? []]);
      for (const list of lists) expect(list).toEqual([...list].sort());
    }));
  });
});

// k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go
describe('allows decides as the RBAC authorizer does', () => {
  it.each<[string, Partial<PolicyRule>, [string, string, string, string?], boolean]>([
    ['the very request', {}, ['', 'pods', 'get'], true],
    ['another verb', {}, ['', 'pods', 'list'], false],
    ['another resource', {}, ['', 'nodes', 'get'], false],
    ['another group', {}, ['apps', 'pods', 'get'], false],
    ['a subresource of what is granted', {}, ['', 'pods/exec', 'get'], false],
    ['the resource of a granted subresource', { resources: ['pods/exec'] }, ['', 'pods', 'get'], false],
    ['a granted subresource', { resources: ['pods/exec'] }, ['', 'pods/exec', 'get'], true],
    ['one of several', { apiGroups: ['apps', ''], resources: ['nodes', 'pods'], verbs: ['list', 'get'] }, ['', 'pods', 'get'], true],
    ['every verb', { verbs: ['*'] }, ['', 'pods', 'deletecollection'], true],
    ['every group', { apiGroups: ['*'] }, ['apps', 'pods', 'get'], true],
    ['every resource', { resources: ['*'] }, ['', 'nodes', 'get'], true],
    ['every resource means subresources too', { resources: ['*'] }, ['', 'nodes/proxy', 'get'], true],
    ['exec of everything: of pods', { resources: ['*/exec'] }, ['', 'pods/exec', 'get'], true],
    ['exec of everything: not attach', { resources: ['*/exec'] }, ['', 'pods/attach', 'get'], false],
    ['exec of everything: not the pods', { resources: ['*/exec'] }, ['', 'pods', 'get'], false],
    ['*/ is nothing', { resources: ['*/'] }, ['', 'pods', 'get'], false],
    ['pods/* is no wildcard in RBAC: not exec', { resources: ['pods/*'] }, ['', 'pods/exec', 'get'], false],
    ['pods/* is no wildcard in RBAC: not pods', { resources: ['pods/*'] }, ['', 'pods', 'get'], false],
    ['pods/* is only itself', { resources: ['pods/*'] }, ['', 'pods/*', 'get'], true],
    ['a prefix is no wildcard', { resources: ['pod*'] }, ['', 'pods', 'get'], false],
    ['a verb is no prefix', { verbs: ['g*'] }, ['', 'pods', 'get'], false],
    ['letters of another case', { resources: ['Pods'] }, ['', 'pods', 'get'], false],
    ['the blank group is not the core group', { apiGroups: [' '] }, ['', 'pods', 'get'], false],
    ['the named object', { resourceNames: ['a', 'b'] }, ['', 'pods', 'get', 'b'], true],
    ['another object', { resourceNames: ['a'] }, ['', 'pods', 'get', 'c'], false],
    ['a request without name, such as a list', { resourceNames: ['a'] }, ['', 'pods', 'get'], false],
    ['an object named like the wildcard only', { resourceNames: ['*'] }, ['', 'pods', 'get', 'a'], false],
    ['any object when the list of names is empty', { resourceNames: [] }, ['', 'pods', 'get', 'a'], true],
    ['no name at all when the list of names is empty', { resourceNames: [] }, ['', 'pods', 'get'], true],
    ['no name when the empty name is listed', { resourceNames: [''] }, ['', 'pods', 'get'], true],
    ['a name when only the empty name is listed', { resourceNames: [''] }, ['', 'pods', 'get', 'a'], false],
    ['a rule on URLs has no resources', { resources: undefined }, ['', 'pods', 'get'], false],
    ['a rule without groups', { apiGroups: undefined }, ['', 'pods', 'get'], false],
    ['a rule without verbs', { verbs: undefined }, ['', 'pods', 'get'], false],
  ])('%s', (_what, part, [group, resource, verb, name], allowed) => {
    const one = { ...core(['pods'], ['get']), ...part };
    expect(PolicyRules.allows([one], group, resource, verb, name)).toBe(allowed);
    expect(PolicyRules.allows([core(['nothing'], ['nothing']), one], group, resource, verb, name)).toBe(allowed);
  });

  it('no rules allow nothing', () => expect(PolicyRules.allows([], '', 'pods', 'get')).toBe(false));
});
