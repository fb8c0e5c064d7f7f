import { Danger, DebugCapability, PolicyRule, PolicyRules } from 'cdk8s-secure-debug';
import { cellsOf, Place } from './rights';

/** Capabilities that one place needs, all limited to the same pods. */
interface Covered {
  /** Undefined for every pod. */
  readonly pods?: string[];
  readonly capabilities: DebugCapability[];
}

/** What of a place the constructs grant, and what is left for a plain Role. */
interface Split {
  readonly covered: Covered[];
  readonly rest: PolicyRule[];
}

const POD_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function cells(rules: PolicyRule[]): { apiGroup: string; resource: string; verb: string; name?: string }[] {
  return rules.flatMap(rule => cellsOf(rule).flatMap(cell => (rule.resourceNames ?? [undefined]).map(name => ({ ...cell, name }))));
}

const within = (inner: PolicyRule[], outer: PolicyRule[]) => inner.length > 0
  && cells(inner).every(({ apiGroup, resource, verb, name }) => PolicyRules.allows(outer, apiGroup, resource, verb, name ?? ''));

/**
 * The capabilities of which a place needs every right, so that they grant nothing more, and what they leave. Those by which
 * everything in the namespace could be had are never among them.
 */
export function split({ namespace, rules }: Place): Split {
  const rulesOf = (one: DebugCapability, pods?: string[]) => namespace === undefined ? one.clusterRules() : one.namespacedRules(pods);
  const candidates = DebugCapability.all().filter(({ danger, clusterScoped, namespaced }) =>
    danger !== Danger.CRITICAL && (namespace === undefined ? clusterScoped && !namespaced : namespaced));

  const everywhere = candidates.filter(one => within(rulesOf(one), rules));
  const covered: Covered[] = everywhere.length > 0 ? [{ capabilities: everywhere }] : [];
  const ofPods = ({ resources }: PolicyRule) => resources.some(one => one === 'pods' || one.startsWith('pods/'));
  const podLists = rules.filter(ofPods).flatMap(({ resourceNames }) => resourceNames ? [JSON.stringify(resourceNames)] : []);
  for (const text of namespace === undefined ? [] : new Set(podLists)) {
    const pods: string[] = JSON.parse(text);
    if (!pods.every(pod => POD_NAME.test(pod))) continue;
    const limited = candidates.filter(one => !everywhere.includes(one) && isPerPod(one, pods) && within(rulesOf(one, pods), rules));
    if (limited.length > 0) covered.push({ pods, capabilities: limited });
  }

  const granted = covered.flatMap(({ pods, capabilities }) => capabilities.flatMap(one => rulesOf(one, pods)));
  const left = cells(rules).filter(({ apiGroup, resource, verb, name }) => !PolicyRules.allows(granted, apiGroup, resource, verb, name ?? ''));
  return {
    covered,
    rest: PolicyRules.compact(left.map(({ apiGroup, resource, verb, name }) =>
      ({ apiGroups: [apiGroup], resources: [resource], verbs: [verb], ...name !== undefined && { resourceNames: [name] } }))),
  };
}

/** Whether names limit all that it grants. */
const isPerPod = (capability: DebugCapability, pods: string[]) => capability.namespacedRules(pods).every(({ resourceNames }) => resourceNames);
