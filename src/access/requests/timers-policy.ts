import { isOneOf, JOB_CONTROLLERS, listOf, onlyKeys } from './expressions';
import { LONGEST_TIMER, TIMER_NAME, TIMER_PREFIX } from '../../model/access-request';
import { Policy } from '../../model/admission-policy';
import { anyOf, authorizerCheck, literal } from '../../model/cel';
import { VIRTUAL } from '../../model/virtual-rights';

/** Fields of a timer's spec; those that nobody wrote are defaults of the API server. */
const FIELDS = [
  'activeDeadlineSeconds', 'backoffLimit', 'completionMode', 'manualSelector', 'parallelism', 'podReplacementPolicy', 'selector', 'suspend', 'template', 'ttlSecondsAfterFinished',
];

/**
 * A Job that is called a timer is one, and is left alone: it ends the grant that it owns. Whoever may create Jobs for the
 * timers of their requests alone creates no other. The pod template is not looked at, for no pod is made of it.
 */
export function timersPolicy(): Omit<Policy, 'component' | 'actions'> {
  return {
    name: 'secure-debug-timers',
    rules: [
      { apiGroups: ['batch'], resources: ['jobs'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
      { apiGroups: ['batch'], resources: ['jobs/status'], operations: ['UPDATE'] },
    ],
    matchConditions: [
      {
        name: 'timer-or-new',
        expression: `request.operation == 'CREATE' || (request.operation == 'DELETE' ? oldObject : object).metadata.name.startsWith(${literal(TIMER_PREFIX)})`,
      },
    ],
    variables: [
      { name: 'it', expression: 'request.operation == \'DELETE\' ? oldObject : object' },
      { name: 'timer', expression: `variables.it.metadata.name.startsWith(${literal(TIMER_PREFIX)})` },
      { name: 'created', expression: 'variables.timer && request.operation == \'CREATE\'' },
      { name: 'named', expression: `variables.it.metadata.name.matches(${literal(TIMER_NAME)})` },
      { name: 'seconds', expression: 'variables.named ? int(variables.it.metadata.name.split(\'-\')[2]) : 0' },
      { name: 'controller', expression: isOneOf(JOB_CONTROLLERS) },
      // What an administrator needs to free one that is stuck.
      {
        name: 'onlyFreed',
        expression: `object.spec == oldObject.spec && object.status == oldObject.status && ${listOf('object.metadata.finalizers')}.all(f, f in ${listOf('oldObject.metadata.finalizers')})`
          + ' && !has(object.metadata.ownerReferences)',
      },
      { name: 'startsTimers', expression: `${authorizerCheck(VIRTUAL.timer)}.allowed()` },
      { name: 'administers', expression: `${authorizerCheck(VIRTUAL.administer)}.allowed()` },
      { name: 'createsPods', expression: 'authorizer.group(\'\').resource(\'pods\').namespace(request.namespace).check(\'create\').allowed()' },
    ],
    validations: [
      {
        // Whoever may create pods gains nothing by a Job.
        expression: 'request.operation != \'CREATE\' || variables.timer || !variables.startsTimers || variables.createsPods || variables.administers',
        message: `you may create Jobs for the timers of your requests alone: ${TIMER_PREFIX}<seconds>-<name>`,
      },
      {
        expression: `!variables.created || variables.named && variables.seconds <= ${LONGEST_TIMER}`,
        message: `a timer is called ${TIMER_PREFIX}<seconds>-<1 to 20 letters and digits>, and has at most ${LONGEST_TIMER} seconds`,
      },
      {
        expression: '!variables.created || has(object.spec.activeDeadlineSeconds) && object.spec.activeDeadlineSeconds == variables.seconds'
          + ' && has(object.spec.parallelism) && object.spec.parallelism == 0 && has(object.spec.ttlSecondsAfterFinished) && object.spec.ttlSecondsAfterFinished == 0',
        message: 'a timer has activeDeadlineSeconds as its name says, parallelism 0 and ttlSecondsAfterFinished 0',
      },
      {
        expression: `!variables.created || ${onlyKeys('object.spec', FIELDS)} && object.spec.backoffLimit == 0 && (!has(object.spec.suspend) || !object.spec.suspend)`
          + ' && (!has(object.spec.manualSelector) || !object.spec.manualSelector) && (!has(object.spec.completionMode) || object.spec.completionMode == \'NonIndexed\')',
        message: 'a timer is neither suspended nor managed by others, has backoffLimit 0, and nothing else that changes when it ends',
      },
      {
        expression: '!variables.created || !has(object.metadata.finalizers) && !has(object.metadata.ownerReferences)',
        message: 'a timer has no finalizers and no owners',
      },
      {
        expression: `request.operation != 'UPDATE' || ${anyOf(['variables.controller', 'variables.administers && variables.onlyFreed'])}`,
        message: 'a timer never changes',
      },
      {
        expression: `request.operation != 'DELETE' || ${anyOf(['variables.controller', 'variables.administers'])}`,
        message: 'a timer ends by itself; withdraw the request instead',
      },
      {
        expression: 'request.operation != \'DELETE\' || !(has(request.options.propagationPolicy) && request.options.propagationPolicy == \'Orphan\''
          + ' || has(request.options.orphanDependents) && request.options.orphanDependents)',
        message: 'a timer takes its grant along: to orphan the grant would make it last for ever',
      },
    ],
  };
}
