import { JOB_FIELDS } from './gateway-job';
import { Policy } from '../model/admission-policy';
import { allOf, literal, literals } from '../model/cel';
import { COMPONENT } from '../model/constants';
import { fitName } from '../private/naming';

export const APP = 'debug-gateway';

/** Labels that the Job controller's API puts on the pods. */
const GENERATED = ['batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name', 'controller-uid', 'job-name'];
const JOB_CONTROLLERS = ['system:serviceaccount:kube-system:job-controller', 'system:kube-controller-manager'];

const onlyKeys = (map: string, keys: readonly string[]) => `dyn(${map}).all(key, key in ${literals(keys)})`;
const same = (field: string) => `(has(object.spec.${field}) && has(variables.wanted.${field}) && object.spec.${field} == variables.wanted.${field})`;


/** Every Job of the namespace is the gateway's template, and stays it: whoever may create Jobs starts gateways, and nothing else. */
export function templatePolicy({ name, namespace }: { readonly name: string; readonly namespace: string }): Policy {
  return {
    name: fitName(`secure-debug-gateway-${namespace}`),
    component: APP,
    rules: [{ apiGroups: ['batch'], resources: ['jobs'], operations: ['CREATE', 'UPDATE'] }],
    namespaces: [namespace],
    actions: ['Deny', 'Audit'],
    params: { apiVersion: 'batch/v1', kind: 'CronJob', matchLabels: { [COMPONENT]: APP, 'app.kubernetes.io/instance': name }, whenMissing: 'Deny' },
    variables: [
      { name: 'created', expression: 'request.operation == \'CREATE\'' },
      { name: 'wanted', expression: 'params.spec.jobTemplate.spec' },
      { name: 'meta', expression: 'object.spec.template.metadata' },
    ],
    validations: [
      {
        expression: '!variables.created || has(object.metadata.ownerReferences) && object.metadata.ownerReferences.size() == 1'
          + ' && object.metadata.ownerReferences[0].kind == \'CronJob\' && object.metadata.ownerReferences[0].uid == params.metadata.uid',
        message: `a Job here is a gateway: kubectl -n ${namespace} create job NAME --from=cronjob/${name}`,
      },
      {
        expression: '!variables.created || object.spec.template.spec == variables.wanted.template.spec',
        message: 'the pod of a gateway is that of its CronJob, unchanged',
      },
      {
        expression: `!variables.created || ${onlyKeys('variables.meta', ['creationTimestamp', 'labels'])}`
          + ` && variables.meta.labels.all(key, key in ${literals(GENERATED)} || key in variables.wanted.template.metadata.labels && variables.meta.labels[key] == variables.wanted.template.metadata.labels[key])`
          + ' && variables.wanted.template.metadata.labels.all(key, key in variables.meta.labels)',
        message: 'the pod of a gateway has the labels of its CronJob, and no annotations or finalizers',
      },
      {
        expression: `!variables.created || ${allOf(JOB_FIELDS.map(same))}`,
        message: `a gateway has the deadline of its CronJob, and every other field too: ${JOB_FIELDS.join(', ')}`,
      },
      {
        expression: `!variables.created || ${onlyKeys('object.spec', [...JOB_FIELDS, 'manualSelector', 'selector', 'template'])} && (!has(object.spec.manualSelector) || !object.spec.manualSelector)`,
        message: 'a gateway has no field that its CronJob does not have',
      },
      {
        expression: '!variables.created || !has(object.metadata.finalizers)',
        message: 'a gateway has no finalizers: it goes when its time is over',
      },
      {
        expression: 'variables.created || object.spec == oldObject.spec',
        message: 'a gateway never changes, and its deadline is never extended; start another one when it has ended',
      },
    ],
  };
}

/** Nobody enters the gateway's own pod: who is in there has its token, which speaks for others, and the recordings. */
export function fencePolicy({ namespace }: { readonly namespace: string }): Policy {
  return {
    name: fitName(`secure-debug-gateway-fence-${namespace}`),
    component: APP,
    rules: [
      { apiGroups: [''], resources: ['pods'], operations: ['CREATE'] },
      { apiGroups: [''], resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] },
      { apiGroups: [''], resources: ['pods/exec', 'pods/attach'], operations: ['CONNECT'] },
      { apiGroups: [''], resources: ['serviceaccounts/token'], operations: ['CREATE'] },
    ],
    namespaces: [namespace],
    actions: ['Deny', 'Audit'],
    variables: [
      { name: 'part', expression: 'has(request.subResource) ? request.subResource : \'\'' },
    ],
    validations: [
      {
        expression: `request.resource.resource != 'pods' || variables.part != '' || request.userInfo.username in ${literals(JOB_CONTROLLERS)}`,
        message: 'pods of this namespace are made by Jobs, and Jobs are gateways',
      },
      {
        expression: `!(variables.part in ${literals(['exec', 'attach', 'ephemeralcontainers'])})`,
        message: 'nobody enters a gateway: connect to it by ssh',
      },
      {
        expression: `variables.part != 'token' || request.userInfo.groups.exists(group, group == ${literal('system:nodes')})`,
        message: 'tokens of the gateway are for its pod alone, by way of its node',
      },
    ],
  };
}
