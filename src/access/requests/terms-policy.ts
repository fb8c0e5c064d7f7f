import { COLLECTORS, entry, holds, isOneOf, isOnly, listOf, mapOf } from './expressions';
import { REQUEST, REQUEST_FOR, REQUESTABLE, TIMER_NAME } from '../../model/access-request';
import { Policy } from '../../model/admission-policy';
import { authorizerCheck, literal } from '../../model/cel';
import { RESERVED_ROLES, VIRTUAL } from '../../model/virtual-rights';

/** RE2 of the Roles that let people request and approve. */
const TAKING_PART = `^(?:request|take|approve)-(?:${RESERVED_ROLES})$`;
const RESERVED = `^(?:${RESERVED_ROLES})$`;

/**
 * What governs requests is written by who administers it: requestable Roles, which carry the terms, and the Roles that say
 * who takes part.
 *
 * It also says of every binding to such a Role what no terms change, whether the Role is there or not. Otherwise somebody who
 * may bind it could do so in the moment in which it is deleted and made again, and find the rights there afterwards.
 */
export function termsPolicy(): Omit<Policy, 'component' | 'actions'> {
  return {
    name: 'secure-debug-terms',
    rules: [
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'], operations: ['CREATE', 'UPDATE'] },
    ],
    matchConditions: [
      // They delete, and take finalizers from what is being deleted.
      { name: 'not-by-the-control-plane', expression: `request.operation == 'CREATE' || !(${isOneOf(COLLECTORS)})` },
      {
        name: 'about-requests',
        expression: [
          `request.resource.resource == 'rolebindings' && object.roleRef.kind == 'Role' && (object.roleRef.name.matches(${literal(RESERVED)}) || object.roleRef.name.matches(${literal(TAKING_PART)}))`,
          `request.resource.resource == 'roles' && (request.operation == 'DELETE' ? oldObject : object).metadata.name.matches(${literal(RESERVED)})`,
          `request.resource.resource == 'roles' && (request.operation == 'DELETE' ? oldObject : object).metadata.name.matches(${literal(TAKING_PART)})`,
          `request.resource.resource == 'roles' && request.operation != 'CREATE' && ${literal(REQUESTABLE)} in ${mapOf('oldObject.metadata.labels')}`,
          `request.resource.resource == 'roles' && request.operation != 'DELETE' && ${literal(REQUESTABLE)} in ${mapOf('object.metadata.labels')}`,
        ].map(one => `(${one})`).join(' || '),
      },
    ],
    variables: [
      { name: 'administers', expression: `${authorizerCheck(VIRTUAL.administer)}.allowed()` },
      { name: 'binding', expression: 'request.resource.resource == \'rolebindings\'' },
      { name: 'said', expression: mapOf('object.metadata.annotations') },
      { name: 'before', expression: `request.operation == 'UPDATE' ? ${mapOf('oldObject.metadata.annotations')} : {}` },
      { name: 'by', expression: entry('variables.said', REQUEST.requestedBy) },
      { name: 'subjects', expression: listOf('object.subjects') },
      { name: 'subjectsBefore', expression: `request.operation == 'UPDATE' ? ${listOf('oldObject.subjects')} : []` },
      { name: 'takes', expression: holds(VIRTUAL.take, 'object.roleRef.name') },
      { name: 'approves', expression: holds(VIRTUAL.approve, 'object.roleRef.name') },
      { name: 'ofReserved', expression: `variables.binding && object.roleRef.name.matches(${literal(RESERVED)})` },
    ],
    validations: [
      {
        expression: 'variables.binding || variables.administers',
        message: 'Roles that can be requested, and those that say who requests and approves, are written by GitOps alone',
      },
      {
        expression: '!variables.binding || variables.ofReserved || variables.administers',
        message: 'who may request and approve is written by GitOps alone',
      },
      {
        expression: `!variables.ofReserved || ${mapOf('object.metadata.labels')}[?${literal(REQUEST_FOR)}].orValue('') == object.roleRef.name`
          + ` && ${listOf('object.metadata.ownerReferences')}.exists_one(owner, owner.kind == 'Job' && owner.name.matches(${literal(TIMER_NAME)}))`,
        message: 'this Role is bound by access requests alone, which have a timer',
      },
      {
        expression: `!variables.ofReserved || request.operation != 'CREATE' || variables.by == request.userInfo.username && !(${literal(REQUEST.approvals)} in variables.said)`
          + ` && (variables.subjects.size() == 0 || ${isOnly('variables.subjects', 'variables.by')} && variables.takes)`,
        message: 'a request names its author, has no approvals, and no subjects until it is approved',
      },
      {
        expression: '!variables.ofReserved || request.operation != \'UPDATE\' || variables.subjects.size() == 0 || variables.subjects == variables.subjectsBefore'
          + ` || variables.subjectsBefore.size() == 0 && ${isOnly('variables.subjects', 'variables.by')} && variables.by == ${entry('variables.before', REQUEST.requestedBy)}`
          + ' && variables.by != request.userInfo.username && variables.approves',
        message: 'the one subject that a request ever gets is the user who asked, from an approver',
      },
    ],
  };
}
