import { WRITES_ROLES } from './binding-exemptions';
import { exceptionConditions, exceptionsOf, GuardrailException } from './guardrail-exception';
import { exceptionAnnotation, Policy } from '../model/admission-policy';
import { literal, literals } from '../model/cel';
import { RIGHT_GIVING_ROLES, VIRTUAL_GROUP } from '../model/virtual-rights';

/** A list of the rule `r`, which may lack it. */
const of = (field: string) => `r.?${field}.orValue([])`;
/** A Role without rules is written as null. */
const rulesOf = (object: string) => `(dyn(${object}).?rules.orValue(null) == null ? [] : ${object}.rules)`;
const metadataOf = (object: string, field: string) => `${object}.metadata.?${field}.orValue({})`;
const AGGREGATES = 'rbac.authorization.k8s.io/aggregate-to-';

/** What lets its holder become somebody else, or more than they are, by resource and API group. */
const POWERFUL: [group: string, resources: string[]][] = [
  ['', ['nodes/proxy', 'serviceaccounts/token']],
  ['certificates.k8s.io', ['certificatesigningrequests/approval', 'signers']],
];

/** Whether a rule has a wildcard. RBAC knows no patterns but these: `*`, a subresource of all resources, and the end of a URL. */
const WILD = [
  `'*' in ${of('verbs')}`, `'*' in ${of('apiGroups')}`, `${of('resources')}.exists(x, x.contains('*'))`, `${of('nonResourceURLs')}.exists(x, x in ['*', '/*'])`,
].join(' || ');

const POWER = [
  // Constrained impersonation has verbs such as impersonate:user-info.
  `${of('verbs')}.exists(x, x in ['bind', 'escalate'] || x.startsWith('impersonate'))`,
  ...POWERFUL.map(([group, resources]) => `${literal(group)} in ${of('apiGroups')} && ${of('resources')}.exists(x, x in ${literals(resources)})`),
  // Whoever writes admission policies switches guardrails off.
  `'admissionregistration.k8s.io' in ${of('apiGroups')} && ${of('verbs')}.exists(x, !(x in ['get', 'list', 'watch']))`,
  `${literal(VIRTUAL_GROUP)} in ${of('apiGroups')}`,
].map(term => `(${term})`).join(' || ');

/** What may be written into Roles. Rules that stood there before are not judged, so one can always be taken away. */
export function rolesPolicy(exceptions: GuardrailException[], broadRoles: string[]): Omit<Policy, 'component' | 'actions'> {
  const all = exceptionsOf('BindingGuardrail', [...WRITES_ROLES, ...exceptions]);
  const changed = ['labels', 'annotations'].map(field => `${metadataOf('object', field)} != ${metadataOf('oldObject', field)}`);
  // A Role has no aggregationRule, and type checking would say so.
  const aggregation = (object: string) => `dyn(${object}).?aggregationRule.orValue({})`;
  return {
    name: 'secure-debug-roles',
    rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles', 'roles'], operations: ['CREATE', 'UPDATE'] }],
    annotations: exceptionAnnotation(all),
    matchConditions: [
      ...exceptionConditions(all),
      {
        name: 'changed',
        expression: ['request.operation == \'CREATE\'', `${rulesOf('object')} != ${rulesOf('oldObject')}`, ...changed, `${aggregation('object')} != ${aggregation('oldObject')}`].join(' || '),
      },
    ],
    variables: [
      { name: 'shown', expression: '(request.resource.resource == \'roles\' ? \'Role \' : \'ClusterRole \') + object.metadata.name' },
      { name: 'added', expression: `request.operation == 'CREATE' ? ${rulesOf('object')} : ${rulesOf('object')}.filter(r, !(r in ${rulesOf('oldObject')}))` },
      { name: 'rulesChange', expression: `request.operation == 'CREATE' || ${rulesOf('object')} != ${rulesOf('oldObject')}` },
      { name: 'labels', expression: metadataOf('object', 'labels') },
      { name: 'labelsBefore', expression: `request.operation == 'CREATE' ? {} : ${metadataOf('oldObject', 'labels')}` },
      { name: 'wild', expression: `variables.added.filter(r, ${WILD})` },
      { name: 'powerful', expression: `variables.added.filter(r, ${POWER})` },
      { name: 'where', expression: '\': change it in Git, or leave that out\'' },
    ],
    validations: [
      {
        // Its annotations are the terms of requests, so they count as much as its rules.
        expression: `!(request.resource.resource == 'roles' && object.metadata.name.matches(${literal(`^(?:${RIGHT_GIVING_ROLES})$`)}))`,
        message: 'guardrails trust Roles of this name, so they are written by GitOps alone',
        messageExpression: '\'guardrails trust \' + variables.shown + \' because of its name, so it is written by GitOps alone: change it in Git, or take another name\'',
      },
      {
        expression: `!(request.resource.resource == 'clusterroles' && (object.metadata.name.startsWith('system:') || object.metadata.name in ${literals(broadRoles)}) && variables.rulesChange)`,
        message: 'this ClusterRole is written by GitOps alone',
        messageExpression: 'variables.shown + \' is held by many, and written by GitOps alone: change it in Git\'',
      },
      {
        expression: 'variables.wild.size() == 0',
        message: 'a wildcard grants what nobody declared',
        messageExpression: 'variables.shown + \' would grant a wildcard: list each verb, resource and API group, or change it in Git\'',
      },
      {
        expression: 'variables.powerful.size() == 0',
        message: 'a rule lets its holder become somebody else, or more than they are',
        messageExpression: 'variables.shown + \' would let its holder become somebody else, or more than they are (\' + variables.powerful[0].?verbs.orValue([]).join(\', \') + \' on \' + variables.powerful[0].?resources.orValue([]).join(\', \') + \')\' + variables.where',
      },
      {
        expression: `variables.labels.all(k, !k.startsWith(${literal(AGGREGATES)}) || k in variables.labelsBefore && variables.labelsBefore[k] == variables.labels[k])`,
        message: 'its label adds its rules to a built-in role',
        messageExpression: 'variables.shown + \' would add its rules to a built-in role by a label\' + variables.where',
      },
      {
        expression: `request.operation == 'CREATE' ? !has(dyn(object).aggregationRule) : ${aggregation('object')} == ${aggregation('oldObject')}`,
        message: 'an aggregationRule grants what other ClusterRoles will say',
        messageExpression: 'variables.shown + \' would grant what other ClusterRoles say, by its aggregationRule\' + variables.where',
      },
    ],
  };
}
