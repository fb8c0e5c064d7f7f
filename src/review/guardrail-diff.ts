import { PermissionChange, PermissionChangeKind } from './permission-change';
import { asObject, asString, nameOf, objectsIn, stringsIn } from './untrusted';
import { Danger } from '../model/capability';
import { EXCEPTIONS } from '../model/constants';
import { byCodeUnit, canonicalJson, sortedUnique } from '../private/canonical';

const { GUARDRAIL_CHANGED, GUARDRAIL_STRENGTHENED, GUARDRAIL_WEAKENED } = PermissionChangeKind;

/** A policy with its bindings. */
interface Guardrail {
  readonly policy?: any;
  readonly bindings: any[];
}

function guardrails(objects: any[]): Map<string, Guardrail> {
  const found = new Map<string, { policy?: any; bindings: any[] }>();
  const at = (name: string) => found.get(name) ?? found.set(name, { bindings: [] }).get(name)!;
  for (const object of objects) {
    if (!asString(object.apiVersion).startsWith('admissionregistration.k8s.io/')) continue;
    if (object.kind === 'ValidatingAdmissionPolicy') at(nameOf(object)).policy = object;
    if (object.kind === 'ValidatingAdmissionPolicyBinding') at(asString(asObject(object.spec).policyName)).bindings.push(object);
  }
  return found;
}

const specOf = (object: any): { [key: string]: any } => asObject(asObject(object).spec);
const inForce = ({ policy, bindings }: Guardrail): boolean => policy !== undefined && bindings.length > 0;
const actionsOf = ({ bindings }: Guardrail): string[] => sortedUnique(bindings.flatMap(binding => stringsIn(specOf(binding).validationActions)));
const denies = (one: Guardrail): boolean => inForce(one) && actionsOf(one).includes('Deny');
const actionsText = (one: Guardrail): string => actionsOf(one).join(' and ') || 'nothing';

/** Whom it lets pass, and why: one a line. */
function exceptionsOf({ policy }: Guardrail): string[] {
  return asString(asObject(asObject(asObject(policy).metadata).annotations)[EXCEPTIONS]).split('\n').filter(line => line !== '');
}

/** The namespaces that bindings name; undefined when one holds in all, or chooses otherwise. */
function namespacesOf({ bindings }: Guardrail): string[] | undefined {
  const lists = bindings.map(binding => {
    const [first, ...more] = objectsIn(asObject(asObject(specOf(binding).matchResources).namespaceSelector).matchExpressions);
    return first && more.length === 0 && first.key === 'kubernetes.io/metadata.name' && first.operator === 'In' ? stringsIn(first.values) : undefined;
  });
  return lists.some(list => list === undefined) ? undefined : sortedUnique(lists.flatMap(list => list!));
}

const resourceRulesOf = ({ policy }: Guardrail): any[] => objectsIn(asObject(specOf(policy).matchConstraints).resourceRules);

/** `CREATE pods/exec`, one by one. */
function matched(one: Guardrail): string[] {
  return resourceRulesOf(one).flatMap(({ apiGroups, operations, resources }) => stringsIn(apiGroups).flatMap(group =>
    stringsIn(operations).flatMap(operation => stringsIn(resources).map(resource => `${operation} ${resource}${group && `.${group}`}`))));
}

const messages = ({ policy }: Guardrail): string[] => objectsIn(specOf(policy).validations).map(({ message }) => asString(message));

const without = (values: string[], others: string[]): string[] => sortedUnique(values).filter(value => !others.includes(value));

const conditionsOf = ({ policy }: Guardrail): string[] => objectsIn(specOf(policy).matchConditions).map(condition => canonicalJson(condition));

/** All that is not compared part by part. */
function contentOf(one: Guardrail): string {
  const { policy, bindings } = one;
  const { matchConstraints, failurePolicy, ...spec } = specOf(policy);
  const { resourceRules, ...selectors } = asObject(matchConstraints);
  const bound = bindings.map(specOf).map(({ validationActions, matchResources, ...binding }) => {
    const { namespaceSelector, ...others } = asObject(matchResources);
    return canonicalJson([binding, others, namespacesOf(one) ? undefined : namespaceSelector]);
  });
  return canonicalJson([spec, selectors, bound.sort(byCodeUnit)]);
}

/** What guards RBAC and credentials guards everything else. */
function dangerOf(one: Guardrail): Danger {
  const groups = resourceRulesOf(one).flatMap(({ apiGroups }) => stringsIn(apiGroups));
  return groups.some(group => ['rbac.authorization.k8s.io', 'certificates.k8s.io'].includes(group)) ? Danger.CRITICAL : Danger.HIGH;
}

/** How the guardrails of two states differ, whoever wrote them. */
export function guardrailChanges(before: any[], after: any[]): PermissionChange[] {
  const [then, now] = [guardrails(before), guardrails(after)];
  const none: Guardrail = { bindings: [] };
  return sortedUnique([...then.keys(), ...now.keys()]).flatMap(name => compare(name, then.get(name) ?? none, now.get(name) ?? none));
}

function compare(name: string, then: Guardrail, now: Guardrail): PermissionChange[] {
  const danger = dangerOf(then.policy ? then : now);
  // One that is written in another way may refuse nothing any more, so it weighs as much as one that is removed.
  const change = (kind: PermissionChangeKind, what: string): PermissionChange =>
    ({ kind, id: 'guardrail', danger, what, text: `Guardrail ${name} ${what}`, through: [`ValidatingAdmissionPolicy ${name}`] });

  if (!inForce(then) && !inForce(now)) return [];
  if (!inForce(then)) return [change(GUARDRAIL_STRENGTHENED, `is new: ${actionsText(now)}`)];
  if (!now.policy) return [change(GUARDRAIL_WEAKENED, 'is removed')];
  if (now.bindings.length === 0) return [change(GUARDRAIL_WEAKENED, 'is no longer bound, so it holds nowhere')];

  const changes: PermissionChange[] = [];
  if (denies(then) !== denies(now)) {
    changes.push(change(denies(now) ? GUARDRAIL_STRENGTHENED : GUARDRAIL_WEAKENED, `does ${actionsText(now)} instead of ${actionsText(then)}`));
  }
  const failure = [then, now].map(({ policy }) => asString(specOf(policy).failurePolicy) || 'Fail');
  if (failure[0] !== failure[1]) {
    changes.push(failure[1] === 'Ignore' ? change(GUARDRAIL_WEAKENED, 'lets pass what it cannot judge') : change(GUARDRAIL_STRENGTHENED, 'refuses what it cannot judge'));
  }

  const [wasIn, isIn] = [namespacesOf(then), namespacesOf(now)];
  if (!wasIn && isIn) changes.push(change(GUARDRAIL_WEAKENED, `holds in ${isIn.join(', ')} alone`));
  if (wasIn && !isIn) changes.push(change(GUARDRAIL_CHANGED, 'chooses its namespaces in another way'));

  /** What went, and what came, of one of its lists. */
  type Telling = [PermissionChangeKind, string, string];
  const compareLists = (old: string[], young: string[], gone: Telling, come: Telling) => {
    for (const [list, [kind, begin, end]] of [[without(old, young), gone], [without(young, old), come]] as const) {
      if (list.length > 0) changes.push(change(kind, `${begin} ${list.join('; ')}${end}`));
    }
  };
  if (wasIn && isIn) compareLists(wasIn, isIn, [GUARDRAIL_WEAKENED, 'no longer holds in', ''], [GUARDRAIL_STRENGTHENED, 'now holds in', ' too']);
  compareLists(matched(then), matched(now), [GUARDRAIL_WEAKENED, 'no longer looks at', ''], [GUARDRAIL_STRENGTHENED, 'now looks at', ' too']);
  const pardons = [then, now].map(exceptionsOf);
  compareLists(pardons[0], pardons[1], [GUARDRAIL_STRENGTHENED, 'no longer lets pass', ''], [GUARDRAIL_WEAKENED, 'now lets pass', '']);
  const [silent, spoken] = [without(messages(then), messages(now)), without(messages(now), messages(then))];
  if (silent.length > 0 && silent.length === spoken.length) {
    changes.push(change(GUARDRAIL_CHANGED, `refuses by another rule: "${spoken.join('", "')}" instead of "${silent.join('", "')}"`));
  } else {
    compareLists(silent, spoken, [GUARDRAIL_WEAKENED, 'no longer refuses because:', ''], [GUARDRAIL_STRENGTHENED, 'now refuses because:', '']);
  }

  // Exceptions and messages come with other expressions, and whatever is told as weaker is read anyway. Nothing else may hide behind them.
  const rest = [then, now].map(contentOf);
  if (rest[0] === rest[1] || changes.some(({ kind }) => kind !== GUARDRAIL_STRENGTHENED)) return changes;
  const skips = without(conditionsOf(now), conditionsOf(then)).length > 0 && pardons[0].join('\n') === pardons[1].join('\n');
  return [...changes, skips
    ? change(GUARDRAIL_WEAKENED, 'skips requests by a condition that is new or different')
    : change(GUARDRAIL_CHANGED, 'is written in another way')];
}
