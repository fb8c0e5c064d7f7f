import { isLostInNamespace } from './judged';
import { Grant } from './manifests';
import { Governed, ungoverned } from './requestable';
import { expand, isReached, reach, Right, Rule } from './rights';
import { POWERS, WIDE_POWERS } from './rules';
import { Held, Power } from './rules/rule';
import { EVERYTHING } from './rules/sd5001-everything';
import { WILDCARDS } from './rules/sd5002-wildcards';
import { inPlainWords } from './virtual-words';
import { Danger } from '../model/capability';

/** A power that grants of one place give. */
export interface HeldPower {
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
  private readonly known = new Map<string, HeldPower[]>();
  private readonly keys = new Keys();

  /** What these grants of one place give by themselves. */
  public of(grants: Grant[], wide: boolean, governed: Governed): HeldPower[] {
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

function powersOf(rules: Rule[], wide: boolean, governed: Governed): HeldPower[] {
  if (rules.length === 0) return [];
  const heldOf = (right: Right): Held => ({ right, reach: ungoverned(right, reach(rules, right), governed) });
  const all = expand(rules);
  const { broad: everyRight } = EVERYTHING;
  const everything = all.filter(everyRight.is).map(heldOf).filter(({ reach: { all: unlimited } }) => unlimited);
  if (everything.length > 0) return [{ id: EVERYTHING.id, danger: everyRight.danger(everything, wide), what: everyRight.words, held: everything }];
  const power = (id: string, danger: Danger, words: string, held: Held[]): HeldPower[] =>
    held.length === 0 ? [] : [{ id, danger, what: `${words}: ${inPlainWords(held).join('; ')}`, held }];
  const wild = all.filter(right => WILDCARDS.broad.is(right) && (wide || !isLostInNamespace(right))).map(heldOf)
    .filter(({ reach: one }) => isReached(one));
  return [
    ...[...POWERS, ...wide ? WIDE_POWERS : []].flatMap(rule => {
      const held = rule.asked.filter(({ clusterScoped }) => wide || !clusterScoped)
        .flatMap(({ rights }) => rights.map(heldOf)).filter(({ reach: one }) => isReached(one));
      const breadth = wide ? held.some(({ reach: one }) => one.all) ? 'cluster' : 'names' : held.some(({ reach: one }) => one.all) ? 'namespace' : 'names in a namespace';
      const danger = held.length > 0 ? weigh(rule, breadth) : undefined;
      return danger === undefined ? [] : power(rule.id, danger, rule.words, held);
    }),
    ...power(WILDCARDS.id, WILDCARDS.broad.danger(wild, wide), WILDCARDS.broad.words, wild),
  ];
}

/** How far a power reaches. */
type Breadth = 'cluster' | 'names' | 'namespace' | 'names in a namespace';

/**
 * How much an inventory makes of it. Pods and Secrets of one namespace are what its deployers need; what else they lead to is
 * told as a way. What is limited to names in one namespace is no broad power.
 */
function weigh({ danger, raises, onlyWide }: Power, breadth: Breadth): Danger | undefined {
  if (breadth === 'cluster') return danger(true);
  if (breadth === 'names') return onlyWide ? undefined : Danger.HIGH;
  if (breadth === 'namespace') return raises ? Danger.HIGH : Danger.MEDIUM;
  return raises ? Danger.MEDIUM : undefined;
}
