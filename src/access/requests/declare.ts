import { Construct } from 'constructs';
import type { AccessRequestProps } from './access-request-props';
import { emitRequestable, guardrailRules, Requestable, requirePolicy, roleNameOf } from './requestable';
import { termsOf } from './terms';
import { DebugCapability } from '../../model/capability';
import { PolicyRule, PolicyRules } from '../../model/policy-rule';
import { reject } from '../../private/errors';
import { dnsLabel, each } from '../../private/validate';
import { podNames } from '../grant';

/** What differs between a Role that is requested day by day and one for emergencies. */
interface Kind {
  readonly where: string;
  readonly component: string;
  /** Begin of the fields' names, such as `requests.`. */
  readonly prefix: string;
  readonly roleName: string;
  readonly emergencies?: boolean;
  readonly extraRules?: PolicyRule[];
}

const MOST_BINDINGS = 10_000;

/** Checks what is asked for, and emits it in each namespace. */
export function declareRequestable(
  scope: Construct, kind: Kind, namespaces: string[], capabilities: DebugCapability[], props: AccessRequestProps,
): Requestable[] {
  const { where, prefix, component } = kind;
  const roleName = roleNameOf(where, `${prefix}profile`, kind.roleName, props.profile);
  const terms = termsOf(where, prefix, props);
  const resourceNames = props.resourceNames === undefined ? undefined : podNames(where, props.resourceNames, capabilities, `${prefix}resourceNames`);
  const names = (field: string, values: string[] | undefined, what: string) =>
    values === undefined ? undefined : each(where, `${prefix}${field}`, values, what, (at, value) => dnsLabel(where, at, value, `the name of a ${what}`));
  const commandSets = names('commandSets', props.commandSets, 'command set');
  const debugImages = names('debugImages', props.debugImages, 'debug image');
  const { maxRoleBindings } = props;
  if (maxRoleBindings !== undefined && (!Number.isInteger(maxRoleBindings) || maxRoleBindings < 1 || maxRoleBindings > MOST_BINDINGS)) {
    reject({ where, field: `${prefix}maxRoleBindings`, value: maxRoleBindings, problem: `is not a whole number from 1 to ${MOST_BINDINGS}`, fix: 'count those that Git has in the namespace, and add the open requests there may be' });
  }
  const rules = PolicyRules.compact([
    ...capabilities.flatMap(capability => capability.namespacedRules(resourceNames)),
    ...guardrailRules(capabilities, { commandSets, debugImages, emergencies: kind.emergencies }),
    ...kind.extraRules ?? [],
  ]);
  requirePolicy(scope, where, props.policyElsewhere ?? false);
  return namespaces.map(namespace => emitRequestable(scope, where, { component, roleName, namespace, capabilities, rules, terms, maxRoleBindings }));
}
