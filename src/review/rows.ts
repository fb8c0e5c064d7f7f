import { AccessCell, AccessFinding, AccessRow, AccessState } from './access-row';
import { assess, Assessment, contributes, HELD, neededBy, Sphere } from './assess';
import { isLostInNamespace } from './judged';
import { LOUD_IDS, loudPower, loudRights } from './loud';
import { Grant, Reading } from './manifests';
import { Governed, governedBy, mayRequest, NOTHING_GOVERNED, RequestableRole, termsText, ungoverned } from './requestable';
import { expand, isReached, joined, keyOf, reach, Right, Rule } from './rights';
import { CAPABILITIES, SUBJECTS } from './rules';
import { Held } from './rules/rule';
import { EVERYTHING, isEverything } from './rules/sd5001-everything';
import { isWildcard, WILDCARDS } from './rules/sd5002-wildcards';
import { GRANTS_NOTHING } from './rules/sd5010-grants-nothing';
import { overdue as overdueIn, VOID_ACCEPTANCE } from './rules/sd5018-void-acceptance';
import { identity } from './untrusted';
import { inPlainWords } from './virtual-words';
import { VIRTUAL_GROUP } from '../model/virtual-rights';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit, sortedUnique } from '../private/canonical';

const rulesOf = (grants: Grant[]): Rule[] => grants.flatMap(grant => grant.rules);
const pathsOf = (grants: Grant[]): string[] => sortedUnique(grants.map(grant => grant.path));

/** What grants count for by themselves: those of a namespace reach no cluster-scoped object. */
function sphereOf(grants: Grant[]): Sphere {
  return { namespaced: rulesOf(grants), cluster: rulesOf(grants.filter(grant => grant.namespace === undefined)) };
}

let titles: Map<string, string> | undefined;
export function titleOf(id: string): string {
  titles ??= new Map(SecureDebugWarnings.rules().map(rule => [rule.id, rule.title]));
  return titles.get(id)!;
}

/** A namespace as it is shown: an empty one was left to whoever applies the manifest. */
export function placeText(namespace: string | undefined, onRequest?: string): string {
  const place = namespace === undefined ? 'whole cluster' : namespace || 'namespace not given';
  return onRequest === undefined ? place : `${place}, on request as ${onRequest}`;
}

/** What a reviewer must not overlook among the rights of a place, by the rule's id. */
function loudOf(rules: Rule[], others: Held[], inNamespace: boolean, governed: Governed): { readonly id: string; readonly held: Held[] }[] {
  const held = (rights: Right[]): Held[] => rights
    .map(right => ({ right, reach: ungoverned(right, reach(rules, right), governed) })).filter(one => isReached(one.reach));
  return [
    { id: WILDCARDS.id, held: others.filter(({ right }) => isWildcard(right)) },
    ...LOUD_IDS.map(id => ({ id, held: held(loudRights(!inNamespace).filter(loud => loud.id === id).map(({ right }) => right)) })),
    ...LOUD_IDS.map(id => ({ id, held: others.filter(({ right }) => loudPower(id).isPart?.(right)) })),
  ].filter(loud => loud.held.length > 0);
}

/** What the rules of some grants amount to, whoever holds them. */
interface Outcome {
  readonly assessed: Assessment[];
  /** For each capability, which of the grants contribute: their positions. */
  readonly contributors: number[][];
  readonly otherRights: string[];
  /** With the positions of the grants they come from. */
  readonly findings: { readonly id: string; readonly detail: string; readonly from: number[] }[];
}

/** Grants, as they are worked out once for all who have the same. */
interface Case {
  readonly grants: Grant[];
  /** How many of the grants, the first ones, are those of the place itself. */
  readonly own: number;
  readonly inNamespace: boolean;
  readonly governed: Governed;
}

function outcomeOf({ grants, own, inNamespace, governed }: Case): Outcome {
  const assessed = assess(sphereOf(grants), inNamespace);
  const positions = grants.map((_, i) => i);
  const contributors = assessed.map(({ capability, state }) =>
    HELD.includes(state) ? positions.filter(i => contributes(capability, sphereOf([grants[i]]))) : []);

  const rules = rulesOf(grants.slice(0, own));
  const rights = expand(rules).map((right): Held => ({ right, reach: reach(rules, right) })).filter(held => isReached(held.reach));
  const lost = inNamespace ? rights.filter(({ right }) => isLostInNamespace(right)) : [];
  const claimed = neededBy(assessed);
  const others = rights.filter(held => !lost.includes(held) && !claimed.has(keyOf(held.right)));
  const holding = (held: Held[]) => positions.slice(0, own).filter(i => held.some(({ right }) => isReached(reach(grants[i].rules, right))));
  const finding = (id: string, held: Held[], more = '') => ({ id, detail: `${inPlainWords(held).join('; ')}${more}`, from: holding(held) });

  const everything = rights.filter(({ right, reach: { all } }) => all && isEverything(right));
  return {
    assessed,
    contributors,
    otherRights: [...inPlainWords(everything.length ? everything : others), ...inNamespace || everything.length ? [] : urlsOf(rules)],
    findings: [
      ...everything.length
        ? [finding(EVERYTHING.id, everything, inNamespace ? ' in the namespace' : '')]
        : loudOf(rules, others, inNamespace, governed).map(({ id, held }) => finding(id, held)),
      ...assessed.flatMap((cell, c) => {
        const from = contributors[c].filter(i => i < own);
        return from.length === 0 ? [] : CAPABILITIES.flatMap(({ id, tells }) => {
          const detail = tells(cell);
          return detail === undefined ? [] : [{ id, detail, from }];
        });
      }),
      ...lost.length ? [finding(GRANTS_NOTHING.id, lost, GRANTS_NOTHING.lost)] : [],
    ],
  };
}

/** Works out what grants amount to, once for all that have the same rules. */
class Outcomes {
  private readonly known = new Map<string, Outcome>();

  public of(of: Case): Outcome {
    const key = JSON.stringify([of.inNamespace, of.own, of.governed, ...of.grants.map(grant => grant.rulesKey)]);
    let outcome = this.known.get(key);
    if (!outcome) this.known.set(key, outcome = outcomeOf(of));
    return outcome;
  }
}

/** The row of one subject in one place. `own` are the grants of that place, `wide` those for the whole cluster. */
function rowOf(own: Grant[], wide: Grant[], outcomes: Outcomes, governed = NOTHING_GOVERNED, onRequest?: string): AccessRow {
  const { kind, subject, namespace } = own[0];
  const inNamespace = namespace !== undefined;
  const grants = inNamespace ? [...own, ...wide] : own;
  const { assessed, contributors, otherRights, findings } = outcomes.of({ grants, own: own.length, inNamespace, governed });

  const who = `${kind} ${subject}`;
  const unknown = grants.some(grant => grant.unknown);
  const standing = onRequest === undefined ? own : [];
  const found = (id: string, detail: string, from: Grant[]): AccessFinding =>
    ({ id, title: titleOf(id), who, where: placeText(namespace, onRequest), detail, from: pathsOf(from) });
  return {
    subjectKind: kind,
    subject,
    ...inNamespace && { namespace },
    ...onRequest !== undefined && { onRequest },
    cells: assessed.map((cell, c): AccessCell => ({
      ...cell,
      state: unknown && cell.state === AccessState.NONE ? AccessState.UNKNOWN : cell.state,
      grantedBy: pathsOf(contributors[c].map(i => grants[i])),
    })),
    otherRights,
    findings: [
      ...findings.map(({ id, detail, from }) => found(id, detail, from.map(i => grants[i]))),
      ...SUBJECTS.filter(({ is }) => is(kind, subject)).flatMap(({ id, counts }) => {
        const counted = standing.filter(counts);
        return counted.length > 0 ? [found(id, who, counted)] : [];
      }),
    ],
    grantedBy: [...pathsOf(own), ...inNamespace ? pathsOf(wide) : []],
  };
}

/** Rights on what is no resource, such as `get /healthz`; only a ClusterRoleBinding grants them. */
export function urlsOf(rules: Rule[]): string[] {
  return sortedUnique(rules.flatMap(({ nonResourceURLs = [], verbs }) =>
    nonResourceURLs.map(url => `${verbs.includes('*') ? 'any verb on' : sortedUnique(verbs).join(', ')} ${url}`)));
}

const KINDS = ['Group', 'User', 'ServiceAccount'];

/** In which order subjects are shown. */
export function bySubject(a: { readonly kind: string; readonly subject: string }, b: { readonly kind: string; readonly subject: string }): number {
  return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || byCodeUnit(a.subject, b.subject);
}

/** What somebody could have in a namespace, as a grant that they do not have yet. */
export function asGrant(role: RequestableRole, { kind, subject }: Pick<Grant, 'kind' | 'subject'>): Grant {
  const { namespace, name, rules, rulesKey } = role;
  const terms = termsText(role, kind === 'Group' ? subject : undefined);
  return { kind, subject, namespace, rules, rulesKey, unknown: false, ends: true, path: `${identity('Role', namespace, name)} on request: ${terms}` };
}

/**
 * One row for each subject and place: groups first, then by name, the whole cluster before its namespaces. What can be
 * requested in a namespace comes after what is held there.
 */
export function rowsOf({ grants, requestable, governed }: Reading): AccessRow[] {
  const outcomes = new Outcomes();
  const requestableIn = new Map(joined(requestable, ({ namespace }) => namespace).map(roles => [roles[0].namespace, roles]));
  return joined(grants, grant => JSON.stringify([grant.kind, grant.subject]))
    .sort(([a], [b]) => bySubject(a, b))
    .flatMap(all => {
      const wide = all.filter(grant => grant.namespace === undefined);
      const local = all.filter(grant => grant.namespace !== undefined);
      const byNamespace = new Map(joined(local, grant => grant.namespace!).map(own => [own[0].namespace!, own]));
      const everywhere = rulesOf(wide);
      const requestsAll = everywhere.some(({ apiGroups }) => apiGroups.includes(VIRTUAL_GROUP));
      const places = sortedUnique([...byNamespace.keys(), ...requestsAll ? requestableIn.keys() : []]);
      return [
        ...wide.length ? [rowOf(wide, wide, outcomes)] : [],
        ...places.flatMap(namespace => {
          const own = byNamespace.get(namespace) ?? [];
          const rules = [...rulesOf(own), ...everywhere];
          const here = requestableIn.get(namespace) ?? [];
          return [
            ...own.length ? [rowOf(own, wide, outcomes, governed ? governedBy(rules, here) : NOTHING_GOVERNED)] : [],
            ...here.filter(({ name }) => mayRequest(rules, name))
              .map(role => rowOf([asGrant(role, all[0])], [], outcomes, NOTHING_GOVERNED, role.name)),
          ];
        }),
      ];
    });
}

/** What is wrong with objects, then what to look at in rows; sorted by rule, then by whom and where. */
export function findingsOf({ flaws }: Reading, rows: AccessRow[]): AccessFinding[] {
  return [
    ...flaws.map(({ id, detail, from }): AccessFinding => ({ id, title: titleOf(id), detail, from: [from] })),
    ...rows.flatMap(row => row.findings),
  ].sort(byFinding);
}

export function byFinding(a: AccessFinding, b: AccessFinding): number {
  const key = ({ who, where, detail, from }: AccessFinding) => JSON.stringify([who ?? '', where ?? '', detail, from]);
  return byCodeUnit(a.id, b.id) || byCodeUnit(key(a), key(b));
}

/** Acceptances whose last day is over. */
export function overdue({ accepted }: Reading, today: string): AccessFinding[] {
  const { id } = VOID_ACCEPTANCE;
  return [...accepted].flatMap(([title, all]) =>
    overdueIn(all, today).map((detail): AccessFinding => ({ id, title: titleOf(id), detail, from: [title] })));
}
