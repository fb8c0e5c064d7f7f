import { DebugCapability } from '../model/capability';
import { PolicyRule, PolicyRules } from '../model/policy-rule';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { each, groupName, namespaceName, port } from '../private/validate';

/** A namespace that is reached through a gateway, and by whom. */
export interface GatewayTarget {
  /** The namespace, by name. */
  readonly namespace: string;

  /** Groups of the identity provider whose members come through the gateway. What they may do there is up to their own rights. */
  readonly groups: string[];

  /**
   * What may be done there through the gateway, of those who may do it: EXEC, READ_LOGS, EPHEMERAL_CONTAINERS, PORT_FORWARD.
   *
   * @default - EXEC, READ_LOGS and EPHEMERAL_CONTAINERS; PORT_FORWARD too when `ports` are given
   */
  readonly capabilities?: DebugCapability[];

  /**
   * Ports of pods that may be forwarded, 1 to 65535. Neither admission nor the audit log sees which port is asked for, so this is
   * the one place that says so.
   *
   * @default - none
   */
  readonly ports?: number[];
}

/** A target with its defaults. */
export interface CheckedTarget {
  readonly namespace: string;
  readonly groups: string[];
  readonly capabilities: DebugCapability[];
  readonly ports: number[];
}

/** What the session program can do, and what it calls it. */
const ACTIONS = new Map([
  [DebugCapability.EXEC.id, 'exec'],
  [DebugCapability.READ_LOGS.id, 'logs'],
  [DebugCapability.EPHEMERAL_CONTAINERS.id, 'debug'],
  [DebugCapability.PORT_FORWARD.id, 'forward'],
]);

/** Who is offered a pod has to see which there are. */
const CHOOSE: PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['list'] };

export function checkTargets(where: string, targets: GatewayTarget[], allowSystem: boolean): CheckedTarget[] {
  each(where, 'targets', Array.isArray(targets) ? targets.map(one => one?.namespace) : targets, 'target', (field, value) => namespaceName(where, `${field}.namespace`, value, allowSystem));
  return targets.map((target, i) => {
    const field = `targets[${i}]`;
    each(where, `${field}.groups`, target.groups, 'group', (at, value) => groupName(where, at, value));
    const ports = target.ports ?? [];
    if (target.ports) each(where, `${field}.ports`, ports.map(String), 'port', (_at, value) => value);
    ports.forEach((value, k) => port(where, `${field}.ports[${k}]`, value));
    const { EXEC, READ_LOGS, EPHEMERAL_CONTAINERS, PORT_FORWARD } = DebugCapability;
    const capabilities = target.capabilities ?? [EXEC, READ_LOGS, EPHEMERAL_CONTAINERS, ...ports.length ? [PORT_FORWARD] : []];
    each(where, `${field}.capabilities`, capabilities.map(one => one.id), 'capability', (at, id) => {
      if (!ACTIONS.has(id)) reject({ where, field: at, value: id, problem: 'is nothing that the gateway can do', fix: `use some of ${[...ACTIONS.keys()].join(', ')}; for the rest there is kubectl` });
      return id;
    });
    const forwards = capabilities.includes(PORT_FORWARD);
    if (forwards !== ports.length > 0) {
      reject({
        where,
        field: `${field}.ports`,
        value: ports,
        problem: forwards ? 'is empty, so PORT_FORWARD lets nothing through' : 'is given without PORT_FORWARD',
        fix: forwards ? 'list the ports that may be forwarded, e.g. ports: [9090]' : 'add DebugCapability.PORT_FORWARD, or leave ports out',
      });
    }
    return {
      namespace: target.namespace,
      groups: [...target.groups].sort(byCodeUnit),
      capabilities: [...capabilities].sort((a, b) => byCodeUnit(a.id, b.id)),
      ports: [...ports].sort((a, b) => a - b),
    };
  }).sort((a, b) => byCodeUnit(a.namespace, b.namespace));
}

/** What the session program calls the capabilities. */
export const actionsOf = ({ capabilities }: CheckedTarget) => capabilities.map(one => ACTIONS.get(one.id)!).sort(byCodeUnit);

/**
 * What the gateway may do there in the name of others: never more than they may do themselves, and nothing in its own name.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/#constrained-impersonation
 */
export function inTheirName({ capabilities }: CheckedTarget): PolicyRule[] {
  const rules = PolicyRules.compact([CHOOSE, ...capabilities.flatMap(one => one.namespacedRules())]);
  return rules.map(rule => ({ ...rule, verbs: rule.verbs.map(verb => `impersonate-on:user-info:${verb}`) }));
}
