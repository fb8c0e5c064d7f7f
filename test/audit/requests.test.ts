import * as fc from 'fast-check';
import { anyRule } from './universe';
import { AuditPolicyEvaluator, AuditRule, AuditStage } from '../../src';
import { matches } from '../../src/audit/match';
import { representatives, Target } from '../../src/audit/requests';

// A question mark stands for what no rule names.
const LEVEL = 'Metadata' as AuditRule['level'];
const about = (rule: Partial<AuditRule>, target?: Target) => [...new Set(representatives({ level: LEVEL, users: ['alice'], ...rule }, target).map(({ attributes }) => {
  const { verb, apiGroup, resource, subresource, name, namespace, path } = attributes;
  return resource === undefined ? `${verb} ${path}` : `${verb} ${apiGroup}:${resource}/${subresource} "${name}" in "${namespace}"${path}`;
}))];

describe('a rule is about', () => {
  it.each<[string, Partial<AuditRule>, string[]]>([
    ['everything, when it has no limits', {}, ['? ?:?/ "?" in "?"', '? ?:?/? "?" in "?"', '? /?']],
    ['each verb that it names', { verbs: ['get', 'put'], nonResourceUrls: ['/version'] }, ['get /version', 'put /version']],
    ['paths alone, when it names some', { nonResourceUrls: ['/metrics*', '/version'] }, ['? /metrics?', '? /version']],
    ['resources alone, when it names namespaces', { namespaces: ['payments', ''] }, [
      '? ?:?/ "?" in "payments"', '? ?:?/? "?" in "payments"', '? ?:?/ "?" in ""', '? ?:?/? "?" in ""',
    ]],
    ['a resource without its subresources', { resources: [{ group: '', resources: ['pods'] }] }, ['? :pods/ "?" in "?"']],
    ['a resource with all of its subresources', { resources: [{ group: '', resources: ['pods/*'] }] }, ['? :pods/ "?" in "?"', '? :pods/? "?" in "?"']],
    ['a subresource of all', { resources: [{ group: 'apps', resources: ['*/scale'] }] }, ['? apps:?/scale "?" in "?"']],
    ['all resources of a group', { resources: [{ group: 'apps' }] }, ['? apps:?/ "?" in "?"', '? apps:?/? "?" in "?"']],
    ['the same, written as an asterisk', { resources: [{ group: 'apps', resources: ['*'] }] }, ['? apps:?/ "?" in "?"', '? apps:?/? "?" in "?"']],
    ['a resource of every group', { resources: [{ group: '*', resources: ['events'] }] }, ['? ?:events/ "?" in "?"']],
    ['the names that it names', { resources: [{ group: '', resources: ['configmaps'], resourceNames: ['a', 'b'] }], namespaces: ['payments'] }, [
      '? :configmaps/ "a" in "payments"', '? :configmaps/ "b" in "payments"',
    ]],
  ])('%s', (_what, rule, expected) => expect(about(rule)).toEqual(expected));

  it('what it matches, whatever it is, as long as it means what it looks like', () => {
    fc.assert(fc.property(anyRule, given => {
      const { rules: [rule], remarks } = AuditPolicyEvaluator.fromManifest({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [given] });
      fc.pre(remarks.length === 0);
      expect(representatives(rule).filter(({ attributes }) => !matches(rule, attributes))).toEqual([]);
    }));
  });
});

describe('at a request that is asked about, a rule is about', () => {
  const exec: Target = { verb: 'create', apiGroup: '', resource: 'pods', subresource: 'exec' };
  const named = { resources: [{ group: '', resources: ['pods', 'pods/exec'], resourceNames: ['ledger-0', ''] }, { group: 'apps' }] };

  it('any pod in any namespace, when it has no limits', () => expect(about({}, exec)).toEqual(['create :pods/exec "?" in "?"']));
  it('the pods that it names, and any other', () => expect(about(named, exec)).toEqual(['create :pods/exec "?" in "?"', 'create :pods/exec "ledger-0" in "?"']));
  it('the namespaces that it names, of which the empty one has no pods', () => {
    expect(about({ namespaces: ['payments', ''] }, exec)).toEqual(['create :pods/exec "?" in "payments"']);
  });
  it('no name, when something is created: the name is not in the URL', () => {
    expect(about(named, { ...exec, subresource: '' })).toEqual(['create :pods/ "" in "?"']);
    expect(about(named, { ...exec, subresource: '', verb: 'get' })).toHaveLength(2);
  });
});

it('a stage is left out when the policy or the rule leaves it out', () => {
  const { omitStages } = AuditPolicyEvaluator.fromManifest({
    apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata', omitStages: ['Panic'] }],
  }).evaluate({ verb: 'get', path: '/' });
  expect(omitStages).toEqual([AuditStage.REQUEST_RECEIVED, AuditStage.PANIC]);
});
