import { WRITES_BINDINGS } from './binding-exemptions';
import { GIVEN_IN_EMERGENCY } from './gitops-emergency';
import { exceptionConditions, exceptionsOf, GuardrailException } from './guardrail-exception';
import { exceptionAnnotation, isGiven, Policy } from '../model/admission-policy';
import { authorizerCheck, literal, literals } from '../model/cel';
import { BREAK_GLASS_ROLE, CONTAINER_ROLE, EXEC_ROLE, GRANT_ROLE, VIRTUAL } from '../model/virtual-rights';

/** RE2: Roles whose bindings are access requests, which `AccessRequestPolicy` judges. */
const REQUESTED = `^(?:${GRANT_ROLE}|${BREAK_GLASS_ROLE})(?:-[a-z0-9-]+)?$`;
/** RE2: Roles that say what a group may use; whoever is bound to one holds what a guardrail asks for. */
const GIVEN_BY_GIT = `^(?:${EXEC_ROLE}|${CONTAINER_ROLE})-`;

const subjectsOf = (object: string) => `${object}.?subjects.orValue([])`;
/** The role of a binding cannot be changed by an update; should it ever be, all of its subjects are new. */
const ADDED = `request.operation == 'CREATE' || object.roleRef != oldObject.roleRef
  ? ${subjectsOf('object')}
  : ${subjectsOf('object')}.filter(s, !(s in ${subjectsOf('oldObject')}))`.replace(/\n\s*/g, ' ');

/** Who may be bound to what. What stood there before is not judged, so a subject can always be taken away. */
export function bindingsPolicy(exceptions: GuardrailException[], broadRoles: string[]): Omit<Policy, 'component' | 'actions'> {
  const all = exceptionsOf('BindingGuardrail', [...WRITES_BINDINGS, ...exceptions]);
  const unlessEmergency = (expression: string) => `(${expression}) || has(request.namespace) && ${isGiven('emergency')}`;
  return {
    name: 'secure-debug-bindings',
    rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterrolebindings', 'rolebindings'], operations: ['CREATE', 'UPDATE'] }],
    annotations: exceptionAnnotation(all),
    matchConditions: [
      ...exceptionConditions(all),
      // A binding of a role that has no subjects yet is judged too: who may bind what is one question, and whom another.
      { name: 'new-or-with-new-subjects', expression: `request.operation == 'CREATE' || (${ADDED}).size() > 0` },
      { name: 'no-access-request', expression: `!(has(request.namespace) && object.roleRef.kind == 'Role' && object.roleRef.name.matches(${literal(REQUESTED)}))` },
    ],
    variables: [
      GIVEN_IN_EMERGENCY,
      { name: 'emergency', expression: authorizerCheck(VIRTUAL.binding) },
      { name: 'added', expression: ADDED },
      { name: 'shown', expression: 'object.roleRef.kind + \' \' + object.roleRef.name' },
      { name: 'broad', expression: `object.roleRef.kind == 'ClusterRole' && (object.roleRef.name.startsWith('system:') || object.roleRef.name in ${literals(broadRoles)})` },
      { name: 'system', expression: 'variables.added.filter(s, s.name.startsWith(\'system:\'))' },
      { name: 'single', expression: 'variables.added.filter(s, s.kind != \'Group\')' },
    ],
    validations: [
      {
        expression: `!(object.roleRef.kind == 'Role' && object.roleRef.name.matches(${literal(GIVEN_BY_GIT)}))`,
        message: 'this Role says what a group may use, and is bound by GitOps alone',
        messageExpression: 'variables.shown + \' says what a group may use, and is bound by GitOps alone: change it in Git, or request access\'',
      },
      {
        expression: 'variables.system.size() == 0',
        message: 'a subject that begins with system: stands for more than a team',
        messageExpression: 'variables.system[0].kind + \' \' + variables.system[0].name + \' stands for more than a team: bind a group of the identity provider\'',
      },
      {
        expression: unlessEmergency('!variables.broad'),
        message: 'this role is bound by GitOps alone',
        messageExpression: 'variables.shown + \' is bound by GitOps alone: change it in Git, bind a narrower role, or request access\'',
      },
      {
        expression: unlessEmergency('variables.single.size() == 0'),
        message: 'only groups are bound here',
        messageExpression: 'variables.single[0].kind + \' \' + variables.single[0].name + \' is no group: bind a group of the identity provider, bind it in Git, or request access for a time\'',
      },
    ],
  };
}
