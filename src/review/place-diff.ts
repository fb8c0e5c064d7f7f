import { AccessState } from './access-row';
import { assess, Assessment, rightsFor, Sphere } from './assess';
import { isLostInNamespace } from './judged';
import { loudPower, loudRights, LOUD_IDS } from './loud';
import { Grant } from './manifests';
import { Governed, NOTHING_GOVERNED, ungoverned } from './requestable';
import { expand, isReached, keyOf, reach, Right, Rule } from './rights';
import { SUBJECTS } from './rules';
import { Held } from './rules/rule';
import { EVERYTHING } from './rules/sd5001-everything';
import { WILDCARDS } from './rules/sd5002-wildcards';
import { CREATE_PODS } from './rules/sd5007-create-pods';
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

const READS = ['get', 'list', 'watch'];

/** What somebody may do in a place after that they may not before. Backwards, it is what they lose. */
export function gainsIn(place: Place, before: Side, after: Side, assessments: Assessments): Delta[] {
  const { inNamespace, governed, lost, told } = place;
  if (told.includes(EVERYTHING.id)) return [];
  const then = everythingOf(before);
  const now = rulesOf(after.own);
  const delta = (id: string, danger: Danger, what: string, held: Held[]): Delta => {
    const giving = [...after.own, ...after.wide].filter(({ rules }) => held.some(({ right }) => isReached(reach(rules, right))));
    return { id, danger, what, through: sortedUnique(giving.map(({ path }) => path)) };
  };

  const rights = expand(now).filter(right => !inNamespace || !isLostInNamespace(right)).flatMap(right => gained(right, then, now));
  const all = rights.filter(({ right, reach: { all: unlimited } }) => unlimited && EVERYTHING.broad.is(right));
  if (all.length > 0) return [delta(EVERYTHING.id, EVERYTHING.broad.dangerOfGain(), EVERYTHING.broad.words, all), ...newcomers(place, before, after)];

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
  })).filter(({ id, held }) => held.length > 0 && !told.includes(id)
    && !(id === CREATE_PODS.id && capabilities.some(({ cell }) => copies.includes(cell.capability))));
  const loudKeys = new Set(loud.flatMap(({ held }) => held).map(({ right }) => keyOf(right)));

  const rest = rights.filter(({ right }) => !claimed.has(keyOf(right)) && !loudKeys.has(keyOf(right)));
  const virtual = rest.filter(({ right }) => isVirtual(right));
  const wild = rest.filter(({ right }) => !isVirtual(right) && WILDCARDS.broad.is(right));
  const plain = rest.filter(({ right }) => !isVirtual(right) && !WILDCARDS.broad.is(right));
  const urls = inNamespace ? [] : urlsGained(then, now);

  const several = (id: string, danger: Danger, label: string, held: Held[]): Delta[] => held.length === 0 ? []
    : [delta(id, danger, `${label}${inPlainWords(held).join('; ')}`, held)];
  return [
    ...capabilities.map(({ cell, what, held }) => delta(cell.capability, cell.danger, what, held)),
    ...loud.flatMap(({ id, held }) => several(id, loudPower(id).danger(!inNamespace), `${loudPower(id).words}: `, held)),
    ...several(WILDCARDS.id, WILDCARDS.broad.dangerOfGain(!inNamespace), `${WILDCARDS.broad.words}: `, wild),
    ...virtual.map(held => several('guardrail-rights', virtualDanger(held.right), 'use, through guardrails: ', [held])).flat(),
    ...several('other-rights', plain.every(({ right: { verb } }) => READS.includes(verb)) ? Danger.LOW : Danger.MEDIUM, '', plain),
    ...urls.length > 0 ? [{ id: 'other-rights', danger: Danger.MEDIUM, what: urls.join('; '), through: sortedUnique(after.own.map(({ path }) => path)) }] : [],
    ...newcomers(place, before, after),
  ];
}

/** Whom it is worth telling that they come to hold rights here, whatever rights: groups that hold everybody. */
function newcomers({ kind, subject }: Place, before: Side, after: Side): Delta[] {
  if (after.own.length === 0 || before.own.length > 0) return [];
  const through = sortedUnique(after.own.map(({ path }) => path));
  return SUBJECTS.flatMap(({ id, is, gained: gain }) => gain && is(kind, subject) ? [{ id, danger: gain.danger, what: gain.words, through }] : []);
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
