import { COLLECTORS, entry, groupOf, holds, isOneOf, isOnly, isPlain, linesOf, listOf, mapOf, numberOf, onlyKeys, unchanged } from './expressions';
import { APPROVES_AS, REQUEST, REQUEST_FOR, REQUESTABLE, TERMS, TIMER_NAME, TIMER_SLACK } from '../../model/access-request';
import { MatchCondition, Policy, PolicyValidation, PolicyVariable } from '../../model/admission-policy';
import { allOf, anyOf, authorizerCheck, list, literal, literals } from '../../model/cel';
import { RESERVED_ROLES, VIRTUAL } from '../../model/virtual-rights';

const RBAC = 'rbac.authorization.k8s.io';
const { requestedBy, reason, ticket, expiresAt, approvals, closed, closedBy, closedReason } = REQUEST;

/** The binding that is written, or the one that is deleted. */
const IT = '(request.operation == \'DELETE\' ? oldObject : object)';
/** A right on the Role that the binding names. */
const onItsRole = (right: { readonly resource: string; readonly verb: string }) => holds(right, `${IT}.roleRef.name`);

/**
 * Who may write which RoleBinding where something can be requested. The API server asks it once for each requestable Role
 * of the namespace, with that Role as `params`: its annotations are the terms.
 */
export function requestsPolicy(): Omit<Policy, 'component' | 'actions'> {
  return {
    name: 'secure-debug-requests',
    rules: [{ apiGroups: [RBAC], resources: ['rolebindings'], operations: ['CREATE', 'UPDATE', 'DELETE'] }],
    params: { apiVersion: `${RBAC}/v1`, kind: 'Role', matchLabels: { [REQUESTABLE]: 'true' }, whenMissing: 'Allow' },
    matchConditions: conditions(),
    variables: variables(),
    validations: [...always(), ...onCreate(), ...onUpdate(), ...onDelete()],
    auditAnnotations: [{
      key: 'request',
      valueExpression: '(request.operation == \'UPDATE\' ? variables.step : request.operation) + \' \' + variables.it.metadata.name'
        + ' + \' by \' + variables.me + \' until \' + variables.until + \' ticket \' + variables.ticket'
        + ' + \' approvals \' + variables.signed.join(\', \') + \' subjects \' + string(variables.subjects.size())',
    }],
  };
}

/** What the policy leaves alone. The authorizer is asked twice at most in one expression, so each way out is a condition of its own. */
function conditions(): MatchCondition[] {
  const mine = `${IT}.roleRef.kind == 'Role' && ${IT}.roleRef.name == params.metadata.name`;
  // Another run of the policy, with the Role that the binding names, judges it.
  const elsewhere = `${IT}.roleRef.kind == 'Role' && ${IT}.roleRef.name.matches(${literal(`^(?:${RESERVED_ROLES})$`)})`;
  const passes = (name: string, ...terms: string[]): MatchCondition => ({ name, expression: anyOf([mine, `!(${allOf(terms)})`]) });
  return [
    // The garbage collector, or whoever, takes finalizers away: a refusal would leave the grant working for ever.
    {
      name: 'no-deletion-that-finishes',
      expression: `!(${allOf([
        'request.operation == \'UPDATE\'',
        'has(object.metadata.deletionTimestamp)',
        ...['subjects', 'metadata.annotations', 'metadata.labels', 'metadata.ownerReferences'].map(unchanged),
        `${listOf('object.metadata.finalizers')}.all(f, f in ${listOf('oldObject.metadata.finalizers')})`,
      ])})`,
    },
    { name: 'no-deletion-by-the-control-plane', expression: `!(request.operation == 'DELETE' && ${isOneOf(COLLECTORS)})` },
    // Bindings to this Role are judged whoever writes them; all others are for who administers, or for another run.
    passes('of-this-role-or-not-administered', `${authorizerCheck(VIRTUAL.administer)}.allowed()`),
    passes('of-this-role-or-no-other-request', elsewhere, onItsRole(VIRTUAL.request)),
    passes('of-this-role-or-no-other-approval', elsewhere, onItsRole(VIRTUAL.approve)),
    passes('of-this-role-or-no-other-clean-up', elsewhere, 'request.operation == \'DELETE\'', `${authorizerCheck(VIRTUAL.expire)}.allowed()`),
  ];
}

function variables(): PolicyVariable[] {
  const variable = (name: string, expression: string) => ({ name, expression });
  const me = 'variables.me';
  const lineOf = `${me} + ${literal(APPROVES_AS)}`;
  return [
    variable('me', 'request.userInfo.username'),
    variable('groups', listOf('request.userInfo.groups')),
    variable('it', IT),
    variable('said', mapOf('variables.it.metadata.annotations')),
    variable('before', `request.operation == 'UPDATE' ? ${mapOf('oldObject.metadata.annotations')} : {}`),
    variable('subjects', listOf('variables.it.subjects')),
    variable('subjectsBefore', `request.operation == 'UPDATE' ? ${listOf('oldObject.subjects')} : []`),
    variable('by', entry('variables.said', requestedBy)),
    variable('ticket', entry('variables.said', ticket)),
    variable('until', entry('variables.said', expiresAt)),
    variable('signed', linesOf(entry('variables.said', approvals))),
    variable('signedBefore', linesOf(entry('variables.before', approvals))),
    variable('closed', entry('variables.said', closed)),
    variable('closedBefore', `${literal(closed)} in variables.before`),
    variable('step', `!variables.closedBefore && ${literal(closed)} in variables.said ? 'close' : 'approve'`),
    variable('granted', isOnly('variables.subjects', 'variables.by')),
    // The terms.
    variable('terms', mapOf('params.metadata.annotations')),
    variable('approvers', linesOf(entry('variables.terms', TERMS.approvers))),
    variable('needed', `int(${entry('variables.terms', TERMS.approvals)})`),
    variable('quorum', linesOf(entry('variables.terms', TERMS.quorum))),
    variable('pattern', entry('variables.terms', TERMS.ticketPattern)),
    variable('limits', `${linesOf(entry('variables.terms', TERMS.maxSecondsByGroup))}.filter(line, ${groupOf('line')} in variables.groups).map(line, ${numberOf('line')})`),
    variable('limit', `variables.limits.size() == 0 ? int(${entry('variables.terms', TERMS.maxSeconds)}) : variables.limits.max()`),
    // Who the caller is to this request.
    variable('person', `!${me}.startsWith('system:') && !${me}.contains(${literal(APPROVES_AS)}) && ${isPlain(me, 253)}`),
    variable('mayHaveAtOnce', `${linesOf(entry('variables.terms', TERMS.autoApprove))}.exists(group, group in variables.groups)`),
    variable('asApprover', 'variables.approvers.filter(group, group in variables.groups)'),
    variable('approver', `variables.asApprover.size() > 0 && variables.person && ${me} != variables.by`),
    variable('mayRequest', holds(VIRTUAL.request, 'params.metadata.name')),
    variable('administers', `${authorizerCheck(VIRTUAL.administer)}.allowed()`),
    variable('expires', `${authorizerCheck(VIRTUAL.expire)}.allowed()`),
    // The timer: its name says after how many seconds it ends.
    variable('owners', listOf('variables.it.metadata.ownerReferences')),
    variable('owner', 'variables.owners.size() == 1 && variables.owners[0].apiVersion == \'batch/v1\' && variables.owners[0].kind == \'Job\''
      + ` && ${onlyKeys('variables.owners[0]', ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'])}`
      + ' && (!has(variables.owners[0].controller) || !variables.owners[0].controller) && (!has(variables.owners[0].blockOwnerDeletion) || !variables.owners[0].blockOwnerDeletion)'
      + ` && variables.owners[0].name.matches(${literal(TIMER_NAME)})`),
    variable('seconds', 'variables.owner ? int(variables.owners[0].name.split(\'-\')[2]) : 0'),
    variable('clear', 'variables.until.matches(\'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$\')'),
    variable('left', 'variables.clear ? timestamp(variables.until) - timestamp(variables.it.metadata.creationTimestamp) : duration(\'0s\')'),
    // What an approval adds, and whether that is enough.
    variable('own', `variables.asApprover.map(group, ${lineOf} + group)`),
    variable('enough', 'variables.signed.size() >= variables.needed'
      + ` && variables.quorum.all(line, variables.signed.filter(one, one.endsWith(${literal(APPROVES_AS)} + ${groupOf('line')})).size() >= ${numberOf('line')})`),
  ];
}

const when = (condition: string) => (expression: string, message: string, messageExpression?: string): PolicyValidation =>
  ({ expression: `!(${condition}) || (${expression})`, message, ...messageExpression && { messageExpression } });

function always(): PolicyValidation[] {
  return [
    {
      expression: 'variables.it.roleRef.kind == \'Role\' && variables.it.roleRef.name == params.metadata.name',
      message: 'access is requested in this namespace: only access requests may be written here, other RoleBindings by GitOps',
      messageExpression: '\'access is requested in namespace \' + request.namespace + \': the RoleBinding \' + variables.it.metadata.name + \' is no access request to \' + params.metadata.name'
        + ' + \', and others are written by GitOps alone\'',
    },
  ];
}

function onCreate(): PolicyValidation[] {
  const create = when('request.operation == \'CREATE\'');
  const metadata = ['name', 'namespace', 'uid', 'creationTimestamp', 'labels', 'annotations', 'ownerReferences', 'managedFields'];
  return [
    create('variables.person', 'people request access, by a plain user name; ServiceAccounts and system users do not'),
    create('variables.mayRequest', 'you are not among those who may request this Role',
      '\'you are not among those who may request \' + params.metadata.name + \' in \' + request.namespace'),
    create('variables.by == variables.me', 'a request names its author in the annotation requested-by',
      `'a request names its author: ${requestedBy} has to be ' + variables.me`),
    create('variables.it.metadata.name == params.metadata.name + \':\' + variables.me.replace(\'/\', \'|\').replace(\'%\', \'|\')', 'the name of a request is ROLE:USER, so that grants never stack',
      '\'the name of your request has to be \' + params.metadata.name + \':\' + variables.me.replace(\'/\', \'|\').replace(\'%\', \'|\') + \': one each, so that grants never stack\''),
    create(onlyKeys('object.metadata', metadata), 'a request has no finalizers, no generateName and nothing else that would outlive it'),
    create(`dyn(${mapOf('object.metadata.labels')}) == dyn({${literal(REQUEST_FOR)}: params.metadata.name})`, `a request has one label, ${REQUEST_FOR}, with the name of its Role`),
    create(onlyKeys('variables.said', [requestedBy, reason, ticket, expiresAt]), 'a request has the annotations requested-by, request-reason, ticket and expires-at, and no other'),
    create(isPlain(entry('variables.said', reason), 1000), `say why in the annotation ${reason}: 1 to 1,000 characters on one line`),
    create(`variables.pattern == '' ? !(${literal(ticket)} in variables.said) || ${isPlain('variables.ticket', 200)}`
      + ` : ${isPlain('variables.ticket', 200)} && variables.ticket.matches('^(?:' + variables.pattern + ')$')`,
    `name the incident in the annotation ${ticket}`, `'the annotation ${ticket} does not match ' + variables.pattern`),
    create('variables.owner', 'a request is owned by its timer alone: one ownerReference to the Job debug-timer-<seconds>-<name>, without controller and blockOwnerDeletion'),
    create('variables.seconds <= variables.limit', 'the timer is longer than you may have access',
      '\'the timer has \' + string(variables.seconds) + \' seconds; you may have access for \' + string(variables.limit)'),
    create(`variables.clear && variables.left <= duration(string(variables.seconds) + 's') && variables.left >= duration(string(variables.seconds - ${TIMER_SLACK}) + 's')`
      + ' && variables.left > duration(\'0s\')',
    `the annotation ${expiresAt} is when the timer ends: its creation and its seconds, in UTC such as 2026-03-01T18:00:00Z, and the timer is at most ${TIMER_SLACK} seconds old`),
    create('variables.subjects.size() == 0 || variables.mayHaveAtOnce', 'a request has no subjects until it is approved',
      '\'a request has no subjects until it is approved\' + (variables.approvers.size() > 0 ? \' by \' + variables.approvers.join(\' or \') : \'\')'),
    create('variables.subjects.size() == 0 || variables.granted', 'the one subject of a request is the user who asked'),
  ];
}

function onUpdate(): PolicyValidation[] {
  const update = when('request.operation == \'UPDATE\'');
  const approve = when('request.operation == \'UPDATE\' && variables.step == \'approve\'');
  const close = when('request.operation == \'UPDATE\' && variables.step == \'close\'');
  const frozenBut = (keys: string[]) => `variables.said.all(key, key in ${literals(keys)} || key in variables.before && variables.before[key] == variables.said[key])`
    + ' && variables.before.all(key, key in variables.said)';
  return [
    update('!has(oldObject.metadata.deletionTimestamp)', 'the request is being deleted'),
    update('!variables.closedBefore', 'the request is closed for good; ask anew',
      '\'the request is closed for good (\' + variables.before[' + literal(closed) + '] + \' by \' + ' + entry('variables.before', closedBy) + ' + \'); ask anew\''),
    update(['metadata.labels', 'metadata.ownerReferences', 'metadata.finalizers', 'metadata.generateName'].map(unchanged).join(' && '), 'labels, owners and finalizers of a request never change'),

    approve(frozenBut([approvals]), 'a request never changes: withdraw it and ask anew'),
    approve('variables.by != variables.me', 'nobody approves a request of their own'),
    approve('variables.approver', 'you are not among those who may approve this',
      '\'approvals take a member of \' + variables.approvers.join(\' or \') + \'; you are in none of them\''),
    approve('variables.subjectsBefore.size() == 0', 'the request is approved already'),
    approve(`!variables.signedBefore.exists(line, line.startsWith(variables.me + ${literal(APPROVES_AS)}))`, 'you have approved this already'),
    approve(`variables.own.exists(line, ${entry('variables.said', approvals)} == (variables.signedBefore.size() == 0 ? line : ${entry('variables.before', approvals)} + '\\n' + line))`,
      'an approval adds one line to the annotation approvals: your user name, " as ", and a group of approvers that you are in',
      `'an approval adds exactly one line to ${approvals}: ' + variables.own.join(' or ')`),
    approve('has(object.metadata.managedFields) && object.metadata.managedFields.size() > 0'
      + ' && object.metadata.managedFields.all(entry, has(entry.time) && timestamp(entry.time) < timestamp(variables.until))', 'the request has expired; ask anew'),
    approve('variables.enough ? variables.granted : variables.subjects.size() == 0', 'the requester becomes the subject with the last approval, not before, and nobody else ever',
      'variables.enough ? \'with this approval the one subject has to be the User \' + variables.by'
      + ' : \'there are no subjects before the last approval: \' + string(variables.needed) + \' are needed\' + (variables.quorum.size() > 0 ? \' (\' + variables.quorum.join(\', \') + \')\' : \'\')'
      + ' + \', this would be number \' + string(variables.signed.size())'),

    close(frozenBut([closed, closedBy, closedReason]), 'whoever closes a request changes nothing else of it'),
    close(anyOf([
      'variables.closed == \'withdrawn\' && variables.by == variables.me',
      'variables.closed in [\'denied\', \'revoked\'] && variables.by != variables.me && (variables.approver || variables.administers)',
    ]), 'a request is withdrawn by who asked, and denied or revoked by an approver'),
    close('variables.closed == \'withdrawn\' || variables.closed == (variables.subjectsBefore.size() == 0 ? \'denied\' : \'revoked\')', 'what waits is denied, what was granted is revoked'),
    close(`${entry('variables.said', closedBy)} == variables.me && ${isPlain(entry('variables.said', closedReason), 1000)}`, 'whoever closes a request signs with their user name, and says why'),
    close('variables.subjects.size() == 0', 'a closed request has no subjects'),
  ];
}

function onDelete(): PolicyValidation[] {
  const remove = when('request.operation == \'DELETE\'');
  const mine = `variables.by == variables.me && (variables.closed in ${list(['\'\'', '\'withdrawn\''])} || variables.closed == 'denied' && !variables.mayHaveAtOnce)`;
  return [
    remove(anyOf([mine, 'variables.approver', 'variables.expires', 'variables.administers']),
      'a request is deleted by who asked, an approver, or its timer; one that was revoked stays until its timer ends'),
  ];
}
