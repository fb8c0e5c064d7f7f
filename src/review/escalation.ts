import { InventoryRight, InventoryStep } from './inventory-finding';
import { Grant } from './manifests';
import { Keys } from './powers';
import { Governed, NOTHING_GOVERNED, ungoverned } from './requestable';
import { isReached, joined, reach, Rule } from './rights';
import { GOALS, STEPS } from './rules';
import { Holding, RBAC, Step, Target } from './rules/rule';
import { READ_SECRETS } from './rules/sd5003-read-secrets';
import { CREATE_PODS } from './rules/sd5007-create-pods';
import { EVERYTHING_IN_STEPS } from './rules/sd5030-everything-in-steps';
import { Surroundings } from './surroundings';
import { sortedUnique } from '../private/canonical';

/** Somebody that bindings name, with what they give, by place. */
export interface Identity {
  readonly kind: string;
  readonly subject: string;
  readonly wide: Grant[];
  readonly local: Map<string, Grant[]>;
}

export const nameOf = ({ kind, subject }: Pick<Identity, 'kind' | 'subject'>): string => `${kind} ${subject}`;

const EVERYTHING = EVERYTHING_IN_STEPS.goal.name;

/** A step, and the rule that it comes from. */
interface RuledStep extends Step {
  readonly rule: string;
}

/** A way from one node to another: by a step that somebody takes, or by what the nodes are. */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly step?: RuledStep;
  readonly namespace?: string;
  /** Grants among which are those that give the rights of the step. */
  readonly grants: Grant[];
}

/** What every cluster has: whom an escalation leads to although no manifest names it. */
function builtIn(kind: string, subject: string, ...rules: Rule[]): Identity {
  const grant: Grant = { kind, subject, rules, rulesKey: JSON.stringify(rules), unknown: false, ends: false, path: `what Kubernetes gives ${subject} on every cluster` };
  return { kind, subject, wide: [grant], local: new Map() };
}

/** @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#controller-roles */
const BUILT_IN: Identity[] = [
  builtIn('ServiceAccount', 'kube-system/clusterrole-aggregation-controller', { apiGroups: [RBAC], resources: ['clusterroles'], verbs: ['escalate', 'get', 'list', 'patch', 'update', 'watch'] }),
  builtIn('User', 'system:kube-controller-manager', { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] }),
];

const RESOURCES = new Set(STEPS.flatMap(({ resources }) => resources));

/** A ServiceAccount of a controller in kube-controller-manager: tokens are asked for it, and no pod runs as it. */
function isController({ wide, local }: Identity): boolean {
  return BUILT_IN.some(one => one.wide[0] === wide[0])
    || [...wide, ...[...local.values()].flat()].every(({ labels }) => labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults');
}

/** Whether any step could begin with these rules. */
function mayStep(rules: Rule[]): boolean {
  return rules.some(({ resources }) => resources.some(resource => resource.startsWith('*') || RESOURCES.has(resource.split('/')[0])));
}

const rulesOf = (grants: Grant[]): Rule[] => grants.flatMap(({ rules }) => rules);

/** Steps that rules allow, worked out once for all who have the same. */
class Steps {
  private readonly known = new Map<string, RuledStep[]>();
  private readonly able = new Map<string, boolean>();
  private readonly keys = new Keys();

  public may(grants: Grant[]): boolean {
    return grants.some(({ rulesKey, rules }) => {
      let able = this.able.get(rulesKey);
      if (able === undefined) this.able.set(rulesKey, able = mayStep(rules));
      return able;
    });
  }

  public of(grants: Grant[], wide: boolean, governed: Governed): RuledStep[] {
    const key = this.keys.of(grants, wide, governed);
    let steps = this.known.get(key);
    if (!steps) {
      const rules = rulesOf(grants);
      const holding: Holding = {
        wide,
        reach: (apiGroup, resource, verb) => ungoverned({ apiGroup, resource, verb }, reach(rules, { apiGroup, resource, verb }), governed),
      };
      this.known.set(key, steps = STEPS.flatMap(({ rule, steps: stepsOf }) => stepsOf(holding).map(step => ({ rule, ...step }))));
    }
    return steps;
  }
}

const SYSTEM_GROUPS = (namespace: string) => ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];

/**
 * How somebody gets from what they hold to more, by acting as others. A search from the goal backwards through whoever can
 * become whom; what is all alike ("any ServiceAccount of the namespace") is one node, so that it grows with the grants alone.
 */
export class Escalation {
  private readonly byName = new Map<string, Identity>();
  private readonly accountsIn = new Map<string, Identity[]>();
  private readonly accountsCalled = new Map<string, Identity[]>();
  private readonly into = new Map<string, Edge[]>();
  private readonly out = new Map<string, Edge[]>();
  private readonly ways = new Map<string, Map<string, { readonly distance: number; readonly next: Edge }>>();
  private readonly steps = new Steps();

  public constructor(identities: Identity[], private readonly around: Surroundings, governed: (namespace: string, grants: Grant[]) => Governed) {
    const known = new Set(identities.map(nameOf));
    const all = [...identities, ...BUILT_IN.filter(one => !known.has(nameOf(one)))];
    for (const one of all) {
      this.byName.set(nameOf(one), one);
      if (one.kind !== 'ServiceAccount') continue;
      const [namespace, account] = one.subject.split('/');
      if (!this.exists(namespace, account)) continue;
      push(this.accountsIn, namespace, one);
      push(this.accountsCalled, account, one);
    }
    this.pools(all);
    for (const one of all) this.edgesOf(one, governed);
    for (const { name } of GOALS) this.ways.set(name, this.search(name));
  }

  /** The shortest way by a step of somebody's own; undefined when there is none. */
  public way(from: Identity, goal: string): { readonly steps: InventoryStep[]; readonly rights: InventoryRight[] } | undefined {
    const ways = this.ways.get(goal)!;
    const length = ({ to }: Edge) => to === goal ? 0 : ways.get(to)?.distance ?? Infinity;
    const own = (this.out.get(nameOf(from)) ?? []).filter(({ step }) => step);
    const shorter = (best: Edge | undefined, edge: Edge) => length(edge) < (best ? length(best) : Infinity) ? edge : best;
    const first = own.reduce<Edge | undefined>(shorter, undefined);
    if (!first) return undefined;
    const steps: InventoryStep[] = [];
    const { does, rule } = GOALS.find(({ name }) => name === goal)!;
    const atTheEnd = { does, rule };
    for (let edge: Edge | undefined = first; edge;) {
      const { from: who, step, namespace, grants }: Edge = edge;
      let to: string = edge.to;
      edge = to === goal ? undefined : ways.get(to)!.next;
      // Whoever is reached is named, not the pool they are in.
      while (edge && !this.byName.has(to) && !to.startsWith('namespace:') && !edge.step) {
        to = edge.to;
        edge = to === goal ? undefined : ways.get(to)!.next;
      }
      const giving = grants.filter(({ rules }) => !step || step.rights.some(({ right }) => isReached(reach(rules, right))));
      const through = sortedUnique(giving.map(({ path }) => path));
      const where = namespace !== undefined ? { where: namespace } : {};
      const reaches = this.byName.has(to) || to === goal ? to : poolText(to);
      steps.push(step
        ? { who: this.byName.has(who) ? who : poolText(who), ...where, does: step.does, reaches, rule: step.rule, through }
        : { who, ...to !== goal ? { does: 'is in' } : atTheEnd, reaches, through });
    }
    const rights = first.step!.rights.map(({ right, reach: { all, names } }): InventoryRight =>
      ({ ...right, ...first.namespace !== undefined && { namespace: first.namespace }, names: all ? [] : names }));
    return { steps, rights };
  }

  private exists(namespace: string, account: string): boolean {
    return this.around.accounts.get(namespace)?.has(account) ?? true;
  }

  private edge(edge: Edge): void {
    push(this.into, edge.to, edge);
    push(this.out, edge.from, edge);
  }

  /** What follows from what things are, without anybody's right. */
  private pools(all: Identity[]): void {
    const link = (from: string, to: string) => this.edge({ from, to, grants: [] });
    const inside = (from: string, to: string) =>
      this.edge({ from, to, grants: [], step: { rule: CREATE_PODS.id, does: 'creates a pod that runs as', rights: [], target: { kind: 'accounts' } } });
    for (const [namespace, accounts] of this.accountsIn) {
      const running = this.around.running.get(namespace);
      const tokens = this.around.tokens.get(namespace);
      for (const one of accounts) {
        const account = one.subject.slice(namespace.length + 1);
        link(`accounts:${namespace}`, nameOf(one));
        if (running?.has(account) ?? !isController(one)) link(`running:${namespace}`, nameOf(one));
        if (tokens?.has(account)) link(`tokens:${namespace}`, nameOf(one));
        SYSTEM_GROUPS(namespace).map(group => `Group ${group}`).filter(group => this.byName.has(group)).forEach(group => link(nameOf(one), group));
      }
      link('accounts:*', `accounts:${namespace}`);
      link('running:*', `running:${namespace}`);
      link('tokens:*', `tokens:${namespace}`);
      inside(`namespace:${namespace}`, `accounts:${namespace}`);
    }
    inside('namespace:*', 'accounts:*');
    for (const one of all.filter(({ kind }) => kind !== 'ServiceAccount')) {
      // Neither a certificate nor impersonation of a user gives system:masters.
      if (one.subject !== 'system:masters') link('users:*', nameOf(one));
    }
  }

  private edgesOf(one: Identity, governed: (namespace: string, grants: Grant[]) => Governed): void {
    const { wide, local } = one;
    for (const { name, isHeldBy } of GOALS) {
      const holding = wide.filter(({ rules }) => isHeldBy(rules));
      if (holding.length > 0) this.edge({ from: nameOf(one), to: name, grants: holding });
    }

    if (this.steps.may(wide)) this.add(one, wide, undefined, this.steps.of(wide, true, NOTHING_GOVERNED));
    for (const [namespace, own] of local) {
      if (!this.steps.may(own)) continue;
      const grants = [...own, ...wide];
      this.add(one, grants, namespace, this.steps.of(grants, false, governed(namespace, grants)));
    }
    for (const [namespace, own] of [[undefined, wide] as const, ...local]) this.readTokens(one, namespace, own);
  }

  private readTokens(one: Identity, namespace: string | undefined, grants: Grant[]): void {
    if (this.around.tokens.size === 0) return;
    for (const grant of grants) {
      const rights = ['get', 'list', 'watch'].map(verb => ({ apiGroup: '', resource: 'secrets', verb }))
        .map(right => ({ right, reach: reach(grant.rules, right) })).filter(held => held.reach.all);
      if (rights.length === 0) continue;
      const step: RuledStep = { rule: READ_SECRETS.id, does: 'reads the Secret with the token of', rights, target: { kind: 'accounts' } };
      this.edge({ from: nameOf(one), to: `tokens:${namespace ?? '*'}`, step, namespace, grants: [grant] });
    }
  }

  private add(one: Identity, grants: Grant[], namespace: string | undefined, steps: RuledStep[]): void {
    for (const step of steps) {
      for (const to of this.nodesOf(step.target, namespace)) if (to !== nameOf(one)) this.edge({ from: nameOf(one), to, step, namespace, grants });
    }
  }

  private nodesOf(target: Target, namespace: string | undefined): string[] {
    const here = namespace ?? '*';
    switch (target.kind) {
      case 'everything': return [EVERYTHING];
      case 'namespace': return [`namespace:${here}`];
      case 'group': return [`Group ${target.name}`];
      case 'users': return target.names ? target.names.map(name => `User ${name}`) : ['users:*'];
      case 'accounts': {
        const everywhere = target.everywhere || namespace === undefined;
        if (!target.names) return [`${target.running ? 'running' : 'accounts'}:${everywhere ? '*' : here}`];
        return target.names.flatMap(name => everywhere
          ? (this.accountsCalled.get(name) ?? []).map(nameOf)
          : this.exists(here, name) ? [`ServiceAccount ${here}/${name}`] : []);
      }
    }
  }

  private search(goal: string): Map<string, { readonly distance: number; readonly next: Edge }> {
    const found = new Map<string, { readonly distance: number; readonly next: Edge }>();
    let border = [goal];
    for (let distance = 1; border.length > 0; distance++) {
      const reached: string[] = [];
      for (const node of border) {
        for (const edge of this.into.get(node) ?? []) {
          if (edge.from === goal || found.has(edge.from)) continue;
          found.set(edge.from, { distance, next: edge });
          reached.push(edge.from);
        }
      }
      border = reached;
    }
    return found;
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values) values.push(value); else map.set(key, [value]);
}

function poolText(node: string): string {
  const [kind, where] = node.split(/:(.*)/);
  if (kind === 'namespace') return where === '*' ? 'everything in each namespace' : `everything in ${where}`;
  return where === '*' ? 'any ServiceAccount' : `any ServiceAccount of ${where}`;
}

/** By subject, in the order of their first grants. */
export function identitiesOf(grants: Grant[]): Identity[] {
  return joined(grants, ({ kind, subject }) => JSON.stringify([kind, subject])).map(all => ({
    kind: all[0].kind,
    subject: all[0].subject,
    wide: all.filter(({ namespace }) => namespace === undefined),
    local: new Map(joined(all.filter(({ namespace }) => namespace !== undefined), ({ namespace }) => namespace!)
      .map(own => [own[0].namespace!, own])),
  }));
}
