import { AccessState } from './access-row';
import { assess, Assessment, rightsFor, Sphere } from './assess';
import { isEverything, isLostInNamespace, isWildcard } from './judged';
import { loudRights, loudRule, LOUD_IDS, standsForMany } from './loud';
import { Grant } from './manifests';
import { Governed, NOTHING_GOVERNED, ungoverned } from './requestable';
import { expand, isReached, keyOf, Reach, reach, Right, Rule } from './rights';
import { inPlainWords, isVirtual, virtualDanger } from './virtual-words';
import { Danger, DebugCapability } from '../model/capability';
import { byCodeUnit, sortedUnique } from '../private/canonical';

/** What somebody holds in a place: by grants of the place itself, and by those for the whole cluster. */
export interface Side {
  readonly own: Grant[];
  readonly wide: Grant[];
}

/** A difference in words that follow "may now" or "may no longer". */
export interface Delta {
  readonly id: string;
  readonly danger: Danger;
  readonly what: string;
  readonly through: string[];
}

interface Held {
  readonly right: Right;
  readonly reach: Reach;
}

/** What does not depend on the side. */
export interface Place {
  readonly kind: string;
  readonly subject: string;
  readonly inNamespace: boolean;
  /** What the policies of requests govern, before and after. */
  readonly governed: readonly [Governed, Governed];
  /** Whether the difference is told as a loss: what is gained backwards. */
  readonly lost: boolean;
  /** Ids of what is told for the whole cluster already. */
  readonly told: string[];
}

const rulesOf = (grants: Grant[]): Rule[] => grants.flatMap(({ rules }) => rules);
const everythingOf = ({ own, wide }: Side): Rule[] => [...rulesOf(own), ...rulesOf(wide)];

function sphereOf({ own, wide }: Side, inNamespace: boolean): Sphere {
  return { namespaced: [...rulesOf(own), ...rulesOf(wide)], cluster: rulesOf(inNamespace ? wide : own) };
}

/** Assessments of the same rules, made once. */
export class Assessments {
  private readonly known = new Map<string, Assessment[]>();

  public of(side: Side, inNamespace: boolean): Assessment[] {
    const { own, wide } = side;
    const key = JSON.stringify([inNamespace, [...own, ...wide].map(({ rulesKey }) => rulesKey), wide.length]);
    let found = this.known.get(key);
    if (!found) this.known.set(key, found = assess(sphereOf(side, inNamespace), inNamespace));
    return found;
  }
}

/** What the later rules allow beyond the earlier ones. */
function gained(right: Right, before: Rule[], after: Rule[], governed: Place['governed'] = [NOTHING_GOVERNED, NOTHING_GOVERNED]): Held[] {
  const now = ungoverned(right, reach(after, right), governed[1]);
  const then = ungoverned(right, reach(before, right), governed[0]);
  if (!isReached(now) || then.all) return [];
  const names = now.names.filter(name => !then.names.includes(name));
  return now.all || names.length > 0 ? [{ right, reach: { all: now.all, names } }] : [];
}

const SCORE: { readonly [state in AccessState]: number } = { granted: 3, broken: 2, limited: 1, none: 0, unknown: 0, ['not-applicable']: 0 };

/** What is held of a capability: `only ledger-0`, `incomplete, create pods/exec`. */
function partOf({ state, names, has }: Assessment): string {
  if (state === AccessState.GRANTED) return 'all of it';
  if (state === AccessState.BROKEN) return `incomplete, ${has.join('; ')}`;
  return `only ${names.length ? names.join(', ') : has.join('; ')}`;
}

/** @param held what has come, at least one right */
function capabilityText(then: Assessment, now: Assessment, held: Held[], lost: boolean): string | undefined {
  const { title } = now;
  const rise = SCORE[now.state] - SCORE[then.state];
  if (rise > 0) {
    const other = SCORE[then.state] > 0 ? ` (${lost ? 'now' : 'before'}: ${partOf(then)})` : '';
    return now.state === AccessState.GRANTED ? `${title}${other}` : `${title}, ${partOf(now)}${other}`;
  }
  if (rise < 0 || now.state === AccessState.NONE) return undefined;
  const names = now.names.filter(name => !then.names.includes(name));
  return names.length > 0 ? `${title} for ${names.join(', ')}` : `${title} in more ways: ${inPlainWords(held).join('; ')}`;
}

/** How much harm a rule is about; for the whole cluster some weigh more than in a namespace. */
function dangerOf(id: string, inNamespace: boolean): Danger {
  if (id === 'SD5002') return inNamespace ? Danger.HIGH : Danger.CRITICAL;
  return loudRule(id).danger(!inNamespace);
}

const READS = ['get', 'list', 'watch'];

/** What somebody may do in a place after that they may not before. Backwards, it is what they lose. */
export function gainsIn(place: Place, before: Side, after: Side, assessments: Assessments): Delta[] {
  const { inNamespace, governed, lost, told } = place;
  if (told.includes('SD5001')) return [];
  const then = everythingOf(before);
  const now = rulesOf(after.own);
  const delta = (id: string, danger: Danger, what: string, held: Held[]): Delta => {
    const giving = [...after.own, ...after.wide].filter(({ rules }) => held.some(({ right }) => isReached(reach(rules, right))));
    return { id, danger, what, through: sortedUnique(giving.map(({ path }) => path)) };
  };

  const rights = expand(now).filter(right => !inNamespace || !isLostInNamespace(right)).flatMap(right => gained(right, then, now));
  const all = rights.filter(({ right, reach: { all: unlimited } }) => unlimited && isEverything(right));
  if (all.length > 0) return [delta('SD5001', Danger.CRITICAL, 'do everything', all), ...everybody(place, before, after)];

  const earlier = assessments.of(before, inNamespace);
  const capabilities = assessments.of(after, inNamespace).flatMap((cell, c) => {
    if (told.includes(cell.capability) || SCORE[cell.state] === 0) return [];
    const [sphere, old] = [sphereOf(after, inNamespace), sphereOf(before, inNamespace)];
    const held = rightsFor(cell.capability, sphere).flatMap(({ right, clusterScoped }) =>
      clusterScoped ? gained(right, old.cluster, sphere.cluster) : gained(right, old.namespaced, sphere.namespaced));
    const what = held.length > 0 ? capabilityText(earlier[c], cell, held, lost) : undefined;
    return what === undefined ? [] : [{ cell, what, held }];
  });
  const claimed = new Set(capabilities.flatMap(({ held }) => held).map(({ right }) => keyOf(right)));

  const copies = [DebugCapability.POD_COPY, DebugCapability.NODE_DEBUG].map(({ id }) => id);
  const loud = [...LOUD_IDS].map(id => ({
    id,
    held: loudRights(!inNamespace).filter(one => one.id === id).flatMap(({ right }) => gained(right, then, now, governed)),
  })).filter(({ id, held }) => held.length > 0 && !told.includes(id) && !(id === 'SD5007' && capabilities.some(({ cell }) => copies.includes(cell.capability))));
  const loudKeys = new Set(loud.flatMap(({ held }) => held).map(({ right }) => keyOf(right)));

  const rest = rights.filter(({ right }) => !claimed.has(keyOf(right)) && !loudKeys.has(keyOf(right)));
  const virtual = rest.filter(({ right }) => isVirtual(right));
  const wild = rest.filter(({ right }) => !isVirtual(right) && isWildcard(right));
  const plain = rest.filter(({ right }) => !isVirtual(right) && !isWildcard(right));
  const urls = inNamespace ? [] : urlsGained(then, now);

  const several = (id: string, danger: Danger, label: string, held: Held[]): Delta[] => held.length === 0 ? []
    : [delta(id, danger, `${label}${inPlainWords(held).join('; ')}`, held)];
  return [
    ...capabilities.map(({ cell, what, held }) => delta(cell.capability, cell.danger, what, held)),
    ...loud.flatMap(({ id, held }) => several(id, dangerOf(id, inNamespace), `${loudRule(id).words}: `, held)),
    ...several('SD5002', dangerOf('SD5002', inNamespace), 'use wildcards: ', wild),
    ...virtual.map(held => several('guardrail-rights', virtualDanger(held.right), 'use, through guardrails: ', [held])).flat(),
    ...several('other-rights', plain.every(({ right: { verb } }) => READS.includes(verb)) ? Danger.LOW : Danger.MEDIUM, '', plain),
    ...urls.length > 0 ? [{ id: 'other-rights', danger: Danger.MEDIUM, what: urls.join('; '), through: sortedUnique(after.own.map(({ path }) => path)) }] : [],
    ...everybody(place, before, after),
  ];
}

/** Groups that hold everybody, when they come to hold rights here. */
function everybody({ kind, subject }: Place, before: Side, after: Side): Delta[] {
  if (!standsForMany(kind, subject) || after.own.length === 0 || before.own.length > 0) return [];
  return [{ id: 'SD5011', danger: Danger.HIGH, what: 'use this, which stands for everybody', through: sortedUnique(after.own.map(({ path }) => path)) }];
}

/** Verbs on URLs that are new, as they stand: a pattern is compared by its text, and by what a star alone covers. */
function urlsGained(before: Rule[], after: Rule[]): string[] {
  const pairs = (rules: Rule[]) =>
    rules.flatMap(({ verbs, nonResourceURLs = [] }) => nonResourceURLs.flatMap(url => verbs.map(verb => ({ verb, url }))));
  const then = pairs(before);
  const covers = (pattern: string, url: string) => pattern === url || (pattern.endsWith('*') && url.startsWith(pattern.replace(/\*+$/, '')));
  const news = pairs(after).filter(({ verb, url }) => !then.some(one => (one.verb === '*' || one.verb === verb) && covers(one.url, url)));
  return sortedUnique(news.map(({ verb, url }) => `${verb === '*' ? 'any verb on' : verb} ${url}`)).sort(byCodeUnit);
}
