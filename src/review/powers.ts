import { isEverything, isLostInNamespace, isWildcard } from './judged';
import { Grant } from './manifests';
import { Governed, ungoverned } from './requestable';
import { expand, isReached, Reach, reach, Right, Rule } from './rights';
import { POWERS, WIDE_POWERS } from './rules';
import { PowerRule } from './rules/rule';
import { inPlainWords } from './virtual-words';
import { Danger } from '../model/capability';

export interface Held {
  readonly right: Right;
  readonly reach: Reach;
}

/** A power that grants of one place give. */
export interface Power {
  readonly id: string;
  readonly danger: Danger;
  readonly what: string;
  readonly held: Held[];
}

/** Resources of which no power is about any right: most rules are about nothing else. */
const RESOURCES = new Set([...POWERS, ...WIDE_POWERS].flatMap(({ asked }) => asked.flatMap(({ rights }) => rights.map(({ resource }) => resource.split('/')[0]))));

function mayMatter({ resources, verbs, apiGroups, nonResourceURLs = [] }: Rule): boolean {
  return verbs.includes('*') || apiGroups.includes('*') || nonResourceURLs.includes('*')
    || resources.some(resource => resource.startsWith('*') || RESOURCES.has(resource.split('/')[0]));
}

/** Works out what the rules of a place amount to, once for all who have the same. */
export class Powers {
  private readonly known = new Map<string, Power[]>();
  private readonly keys = new Keys();

  /** What these grants of one place give by themselves. */
  public of(grants: Grant[], wide: boolean, governed: Governed): Power[] {
    const key = this.keys.of(grants, wide, governed);
    let powers = this.known.get(key);
    if (!powers) this.known.set(key, powers = powersOf(grants.flatMap(({ rules }) => rules).filter(mayMatter), wide, governed));
    return powers;
  }
}

/** Short keys for what decides: texts of rules are long, and most grants have one of a few. */
export class Keys {
  private readonly numbers = new Map<string, number>();

  public of(grants: Grant[], wide: boolean, governed: Governed): string {
    const who = governed.jobs || governed.roles.length > 0 ? JSON.stringify(governed) : '';
    return `${wide ? 'w' : 'n'}${who}${grants.map(({ rulesKey }) => {
      let number = this.numbers.get(rulesKey);
      if (number === undefined) this.numbers.set(rulesKey, number = this.numbers.size);
      return number;
    }).join()}`;
  }
}

function powersOf(rules: Rule[], wide: boolean, governed: Governed): Power[] {
  if (rules.length === 0) return [];
  const heldOf = (right: Right): Held => ({ right, reach: ungoverned(right, reach(rules, right), governed) });
  const all = expand(rules);
  const everything = all.filter(isEverything).map(heldOf).filter(({ reach: { all: unlimited } }) => unlimited);
  if (everything.length > 0) return [{ id: 'SD5001', danger: wide ? Danger.CRITICAL : Danger.HIGH, what: 'do everything', held: everything }];
  const power = (id: string, danger: Danger, words: string, held: Held[]): Power[] =>
    held.length === 0 ? [] : [{ id, danger, what: `${words}: ${inPlainWords(held).join('; ')}`, held }];
  const wild = all.filter(right => isWildcard(right) && (wide || !isLostInNamespace(right))).map(heldOf).filter(({ reach: one }) => isReached(one));
  return [
    ...[...POWERS, ...wide ? WIDE_POWERS : []].flatMap(rule => {
      const held = rule.asked.filter(({ clusterScoped }) => wide || !clusterScoped)
        .flatMap(({ rights }) => rights.map(heldOf)).filter(({ reach: one }) => isReached(one));
      const breadth = wide ? held.some(({ reach: one }) => one.all) ? 'cluster' : 'names' : held.some(({ reach: one }) => one.all) ? 'namespace' : 'names in a namespace';
      const danger = held.length > 0 ? weigh(rule, breadth) : undefined;
      return danger === undefined ? [] : power(rule.id, danger, rule.words, held);
    }),
    ...power('SD5002', wildDanger(wild, wide), 'use wildcards', wild),
  ];
}

/** How far a power reaches. */
type Breadth = 'cluster' | 'names' | 'namespace' | 'names in a namespace';

/** Powers by which somebody becomes more than they are, even if only in a namespace. */
const RAISING = ['SD5004', 'SD5005', 'SD5019'];

/**
 * How much an inventory makes of it. Pods and Secrets of one namespace are what its deployers need; what else they lead to is
 * told as a way. What is limited to names in one namespace is no broad power.
 */
function weigh({ id, danger }: PowerRule, breadth: Breadth): Danger | undefined {
  if (breadth === 'cluster') return danger(true);
  if (breadth === 'names') return WIDE_POWERS.some(one => one.id === id) ? undefined : Danger.HIGH;
  if (breadth === 'namespace') return RAISING.includes(id) ? Danger.HIGH : Danger.MEDIUM;
  return RAISING.includes(id) ? Danger.MEDIUM : undefined;
}

const READS = ['get', 'list', 'watch'];

/** A group of Kubernetes itself, or all of them: what is in it decides about the cluster. */
const isOfKubernetes = (apiGroup: string): boolean => !apiGroup.includes('.') || apiGroup.endsWith('.k8s.io');

/** Any verb on a kind of one's own is little; any kind is much, and of Kubernetes itself it is everything but the name. */
function wildDanger(wild: Held[], wide: boolean): Danger {
  const kinds = wild.filter(({ right: { resource, apiGroup } }) => resource.startsWith('*') || apiGroup === '*');
  if (!wide || kinds.length === 0) return Danger.MEDIUM;
  const own = kinds.every(({ right: { apiGroup } }) => !isOfKubernetes(apiGroup));
  const writes = kinds.some(({ right: { verb } }) => !READS.includes(verb));
  return own ? writes ? Danger.HIGH : Danger.MEDIUM : writes ? Danger.CRITICAL : Danger.HIGH;
}
