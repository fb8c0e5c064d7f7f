import { Danger, DebugCapability, PermissionModel, PermissionRule } from 'cdk8s-secure-debug';
import { Binding, isRbac } from './bindings';
import { plural } from '../../text';
import { asked, cellsOf, impersonations } from '../minimize/rights';
import { Use } from '../minimize/use';
import { isAllowed, permissionSubject, Who, whoText } from '../minimize/who';

/**
 * What becomes of somebody's part in a binding: replaced by the rights they used, for people; the same for programs and for roles
 * that are no administrator's; access on request; taken away; left.
 */
export type Action = 'keep' | 'remove' | 'replace' | 'shrink' | 'time-bound';

export interface Decision {
  readonly binding: Binding;
  readonly who: Who;
  readonly raw: any;
  readonly action: Action;
  readonly reason: string;
  /** What of the log it allowed. */
  readonly uses: Use[];
}

interface DecideOptions {
  /** Groups and users that keep what they have. */
  readonly breakGlass: string[];
  /** Groups that get access on request, whatever the log says. */
  readonly timeBound: string[];
}

const LOCAL = ['kube-system', 'kube-public', 'kube-node-lease'];
const OURS = ['cdk8s-secure-debug', 'secure-debug'];

export const BOOTSTRAPPED = 'every cluster has it; the API server makes it again';

/** Why it belongs to Kubernetes, or is what the way leads to; undefined for all else. */
function keptAnyway({ labels }: Binding, who: Who, { breakGlass }: DecideOptions): string | undefined {
  if (labels['kubernetes.io/bootstrapping'] === 'rbac-defaults') return BOOTSTRAPPED;
  if (breakGlass.includes(who.name) && who.kind !== 'ServiceAccount') return 'the break-glass that you named';
  if (OURS.includes(labels['app.kubernetes.io/managed-by'] as string)) return 'declared by secure-debug already';
  if (who.kind !== 'ServiceAccount' && /^system:/.test(who.name)) return 'Kubernetes\' own';
  if (who.namespace !== undefined && LOCAL.includes(who.namespace)) return 'control plane';
  return undefined;
}

/** The rules of a binding for one of its subjects. */
class Reach {
  private readonly model: PermissionModel;

  public constructor(binding: Binding, raw: any, roles: any[], aggregated: any[]) {
    const { roleKind, roleName, namespace } = binding;
    const own = roles.filter(({ kind, metadata }) => kind === roleKind && metadata?.name === roleName && (kind === 'ClusterRole' || metadata.namespace === namespace));
    const parts = own.some(({ aggregationRule }) => aggregationRule) ? aggregated : [];
    this.model = PermissionModel.fromManifests([...own, ...parts, { ...binding.object, subjects: [raw] }]);
  }

  public rules(who: Who): PermissionRule[] {
    return this.model.rightsOf(permissionSubject(who)).map(({ rule }) => rule);
  }

  public get unknown(): boolean {
    return this.model.unknownRoles.length > 0;
  }

  public allows(use: Use): boolean {
    return asked(use).some(one => isAllowed(this.model, one));
  }
}

const READS = ['get', 'list', 'watch'];
const hasWildcard = (rules: PermissionRule[]) => rules.some(({ verbs, apiGroups, resources, nonResourceURLs }) => [...verbs, ...apiGroups, ...resources, ...nonResourceURLs].includes('*'));
const onlyReads = (rules: PermissionRule[]) => !hasWildcard(rules)
  && rules.every(({ verbs, resources }) => verbs.every(verb => READS.includes(verb)) && !resources.some(one => one === 'secrets' || one.includes('/')));

/** Whether each right of the rules was used. */
function allUsed(rules: PermissionRule[], uses: Use[]): boolean {
  const used = new Set(uses.flatMap(asked).map(({ apiGroup, resource, verb }) => JSON.stringify([apiGroup, resource, verb])));
  // A stream takes both verbs, and a client sends one.
  const streams = new Set(uses.map(({ resource }) => resource).filter(resource => /^pods\/(exec|attach|portforward)$/.test(resource)));
  return rules.length > 0 && !hasWildcard(rules) && rules.every(rule => rule.nonResourceURLs.length === 0
    && cellsOf(rule).every(({ apiGroup, resource, verb }) => streams.has(resource) || used.has(JSON.stringify([apiGroup, resource, verb]))));
}

/** Days on which somebody acted inside containers or changed something, among many on which they did not. */
function isRare(uses: Use[], logDays: number): boolean {
  const capabilities = DebugCapability.all().filter(({ danger }) => danger === Danger.HIGH).flatMap(one => one.logPredicates()).map(({ resource, subresource }) => `${resource}/${subresource}`);
  const days = new Set(uses.filter(({ resource }) => capabilities.includes(resource)).flatMap(use => use.days)).size;
  return days > 0 && logDays >= 10 && days / logDays <= 0.2;
}

/** What becomes of every binding, each of its subjects apart. */
export function decide(bindings: Binding[], objects: any[], uses: Use[], options: DecideOptions): Decision[] {
  const roles = objects.filter(object => isRbac(object) && (object.kind === 'Role' || object.kind === 'ClusterRole'));
  const clusterRoles = roles.filter(({ kind }) => kind === 'ClusterRole');
  const accounts = objects.filter(({ kind, apiVersion }) => kind === 'ServiceAccount' && apiVersion === 'v1').map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
  const logDays = new Set(uses.flatMap(({ days }) => days)).size;
  const all = [...uses, ...uses.filter(({ outcome }) => outcome !== 'refused').flatMap(impersonations)].filter(({ outcome }) => outcome === 'allowed');

  const byIdentity = new Map<string, Use[]>();
  for (const use of all) {
    for (const identity of [`user:${use.user}`, ...new Set(use.groups.map(group => `group:${group}`))]) {
      const same = byIdentity.get(identity);
      if (same) same.push(use); else byIdentity.set(identity, [use]);
    }
  }
  const usesOf = ({ kind, logName }: Who) => byIdentity.get(`${kind === 'Group' ? 'group' : 'user'}:${logName}`) ?? [];

  const decisions = bindings.flatMap(binding => binding.subjects.map(({ who, raw }): Decision => {
    const kept = keptAnyway(binding, who, options);
    if (kept !== undefined) return { binding, who, raw, action: 'keep', reason: kept, uses: [] };
    if (who.kind === 'ServiceAccount' && accounts.length > 0 && !accounts.includes(`${who.namespace}/${who.name}`)) {
      return { binding, who, raw, action: 'remove', reason: 'orphan: there is no such ServiceAccount', uses: [] };
    }
    const reach = new Reach(binding, raw, roles, clusterRoles);
    if (reach.unknown) return { binding, who, raw, action: 'keep', reason: `its role is not among the manifests: ${binding.roleKind} ${binding.roleName}`, uses: [] };
    const allowed = usesOf(who).filter(use => reach.allows(use));
    const rules = reach.rules(who);
    const days = `${plural(logDays, 'day')} of log`;
    const [action, reason] = judged(who, binding, rules, allowed, { days, logDays, options });
    return { binding, who, raw, action, reason, uses: allowed };
  }));
  return withoutTwice(decisions);
}

interface Judging {
  readonly days: string;
  readonly logDays: number;
  readonly options: DecideOptions;
}

function judged(who: Who, binding: Binding, rules: PermissionRule[], uses: Use[], { days, logDays, options }: Judging): [Action, string] {
  const requests = uses.reduce((sum, { times }) => sum + times, 0);
  if (uses.length === 0) return ['remove', `unused: nothing that it allows was done in ${days}`];
  const used = `${plural(requests, 'request')} in ${days}`;
  if (onlyReads(rules)) return ['keep', `it only reads, and no Secrets (${used})`];
  if (allUsed(rules, uses)) return ['keep', `every right of it is used (${used})`];
  if (who.kind === 'Group' && options.timeBound.includes(who.name)) return ['time-bound', `you said so (${used})`];
  if (who.kind === 'Group' && isRare(uses, logDays)) return ['time-bound', `used inside containers on few days (${used})`];
  const broad = hasWildcard(rules) || binding.namespace === undefined;
  if (who.kind !== 'ServiceAccount' && broad) return ['replace', `a person's rights, wider than what was done (${used})`];
  return ['shrink', `wider than what was done (${used})`];
}

/** A user whose work their groups may do gets no role of their own: people come and go. */
function withoutTwice(decisions: Decision[]): Decision[] {
  const groups = decisions.filter(({ who, action }) => who.kind === 'Group' && action !== 'remove');
  return decisions.map(decision => {
    const { who, action, uses } = decision;
    if (who.kind !== 'User' || !['replace', 'shrink'].includes(action)) return decision;
    const by = groups.filter(group => uses.some(use => group.uses.includes(use)));
    const covered = by.length > 0 && uses.every(use => by.some(group => group.uses.includes(use)));
    return covered ? { ...decision, action: 'remove', reason: `what they did, ${[...new Set(by.map(group => whoText(group.who)))].join(' and ')} may do too` } : decision;
  });
}

export const movedBy = ({ action }: Decision) => action !== 'keep';
