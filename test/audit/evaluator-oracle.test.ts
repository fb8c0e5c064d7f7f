import * as fc from 'fast-check';
import { anyPolicy, anyRequest, WORLD } from './universe';
import { AuditPolicyEvaluator, AuditRequest } from '../../src';

/**
 * Decides by listing: every rule is spelled out into the requests it is about, and a request is looked up there. It
 * shares nothing with the evaluator but the documentation.
 */
const everyResource = WORLD.apiGroups.flatMap(group => WORLD.resources.flatMap(resource =>
  WORLD.subresources.map(subresource => ({ group, resource, subresource, full: subresource ? `${resource}/${subresource}` : resource }))));

function spell(entry: { group: string; resources?: string[]; resourceNames?: string[] }): Set<string> {
  const inGroup = everyResource.filter(({ group }) => entry.group === '*' || group === entry.group);
  const patterns = entry.resources?.length ? entry.resources : ['*'];
  const covered = patterns.flatMap(pattern => {
    if (pattern === '*') return inGroup;
    if (/^[a-z]+\/\*$/.test(pattern)) return inGroup.filter(({ resource }) => pattern === `${resource}/*`);
    if (/^\*\/[a-z]+$/.test(pattern)) return inGroup.filter(({ subresource }) => subresource !== '' && pattern.slice(2) === subresource);
    return inGroup.filter(({ full }) => full === pattern);
  });
  const names = entry.resourceNames?.length ? entry.resourceNames : WORLD.names;
  return new Set(covered.flatMap(({ group, full }) => names.map(name => `${group}|${full}|${name}`)));
}

function decide(policy: any, request: AuditRequest): number {
  return policy.rules.findIndex((rule: any) => {
    const given = (list?: string[]) => list !== undefined && list.length > 0;
    const says = [
      !given(rule.users) || rule.users.indexOf(request.user) >= 0,
      !given(rule.userGroups) || request.groups!.filter(group => rule.userGroups.indexOf(group) >= 0).length > 0,
      !given(rule.verbs) || rule.verbs.indexOf(request.verb) >= 0,
    ];
    if (given(rule.resources) || given(rule.namespaces)) {
      says.push(request.path === undefined);
      if (request.path === undefined) {
        const full = request.subresource ? `${request.resource}/${request.subresource}` : request.resource;
        const key = `${request.apiGroup}|${full}|${request.name}`;
        says.push(!given(rule.namespaces) || rule.namespaces.indexOf(request.namespace) >= 0);
        says.push(!given(rule.resources) || rule.resources.some((entry: any) => spell(entry).has(key)));
      }
    } else if (given(rule.nonResourceURLs)) {
      says.push(request.path !== undefined && rule.nonResourceURLs.some((url: string) =>
        WORLD.paths.filter(path => url.endsWith('*') ? path.indexOf(url.slice(0, -1)) === 0 : path === url).includes(request.path!)));
    }
    return says.every(Boolean);
  });
}

it('decides every request like a listing of all that each rule is about', () => {
  const decided = { first: 0, later: 0, none: 0 };
  fc.assert(fc.property(anyPolicy, fc.array(anyRequest, { minLength: 20, maxLength: 20 }), (policy, requests) => {
    const evaluator = AuditPolicyEvaluator.fromManifest(policy);
    const verdicts = requests.map(request => {
      const { ruleIndex, level, omitStages, omitManagedFields } = evaluator.evaluate(request);
      return { ruleIndex, level, omitStages: [...omitStages].sort(), omitManagedFields };
    });
    expect(verdicts).toEqual(requests.map(request => {
      const ruleIndex = decide(policy, request);
      decided[ruleIndex === 0 ? 'first' : ruleIndex > 0 ? 'later' : 'none']++;
      const rule = policy.rules[ruleIndex];
      return {
        ruleIndex,
        level: rule?.level ?? 'None',
        omitStages: [...new Set([...policy.omitStages ?? [], ...rule?.omitStages ?? []])].sort(),
        omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
      };
    }));
  }), { numRuns: 500 });
  // The comparison means nothing if all requests fall through.
  expect(Math.min(...Object.values(decided))).toBeGreaterThan(500);
});

it('reads YAML and objects alike', () => {
  fc.assert(fc.property(anyPolicy, anyRequest, (policy, request) => {
    const text = AuditPolicyEvaluator.fromYaml(JSON.stringify(policy));
    expect(text.evaluate(request)).toEqual(AuditPolicyEvaluator.fromManifest(policy).evaluate(request));
  }), { numRuns: 100 });
});
