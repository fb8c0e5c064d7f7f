import { diffMarkdown } from './diff-markdown';
import { guardrailChanges } from './guardrail-diff';
import { Grant, Reading, readManifests, unpack } from './manifests';
import { byDanger, ManifestSource, PermissionChange, PermissionChangeKind, worstOf } from './permission-change';
import { Assessments, Delta, gainsIn, Place, Side } from './place-diff';
import { Governed, governedBy, mayRequest, NOTHING_GOVERNED, RequestableRole, termsText, weakerTerms } from './requestable';
import { joined } from './rights';
import { asGrant, bySubject, placeText, titleOf } from './rows';
import { OBJECTS } from './rules';
import { UNKNOWN_ROLE } from './rules/sd5009-unknown-role';
import { toSarif } from './sarif';
import { identity } from './untrusted';
import { Danger } from '../model/capability';
import { VIRTUAL_GROUP } from '../model/virtual-rights';
import { byCodeUnit, sortedUnique } from '../private/canonical';

const { GAINED, LOST, GUARDRAIL_WEAKENED, GUARDRAIL_CHANGED, FLAW_ADDED, FLAW_REMOVED } = PermissionChangeKind;

/** Kinds of change that let somebody do more, or may. */
const OPENING = [GAINED, GUARDRAIL_WEAKENED, GUARDRAIL_CHANGED, FLAW_ADDED];

/**
 * How two states of manifests differ in what people may do: who gains and loses what, where, by capability and not by
 * line. A rule that is split in two, a Role under another name or a binding moved to another file is no difference; one
 * verb that opens a Secret is.
 *
 * It is about RBAC, about rights that guardrails ask for, about Roles that can be requested, and about
 * ValidatingAdmissionPolicies that are weakened. Differences of network policies and of audit policies are not in it.
 */
export class PermissionDiff {
  /**
   * Compares two states: those of a main branch and of a pull request, or of a cluster and of Git.
   *
   * @param before Kubernetes objects, as parsed from YAML or JSON; other kinds are passed over
   * @param after the same, later
   */
  public static between(before: any[], after: any[]): PermissionDiff {
    const objects = [before, after].map(unpack);
    const [then, now] = objects.map(readManifests);
    return new PermissionDiff([...rightsChanges(then, now), ...flawChanges(then, now), ...guardrailChanges(objects[0], objects[1])].sort(inOrder));
  }

  private readonly all: PermissionChange[];

  private constructor(changes: PermissionChange[]) {
    this.all = changes;
  }

  /** Every change: the most dangerous first, what opens before what closes. */
  public get changes(): PermissionChange[] {
    return [...this.all];
  }

  /** Those that let somebody do more, or may: rights gained, guardrails weakened or rewritten, flaws. */
  public get opening(): PermissionChange[] {
    return this.all.filter(({ kind }) => OPENING.includes(kind));
  }

  /** The worst danger among those that open; undefined when none does. */
  public get worst(): Danger | undefined {
    return worstOf(this.opening.map(({ danger }) => danger));
  }

  /**
   * Exit status for a check: 1 when something of this danger or worse is opened, else 0.
   *
   * @param threshold e.g. Danger.HIGH lets pass what is low or medium
   */
  public exitStatus(threshold: Danger): number {
    return this.worst !== undefined && byDanger(this.worst, threshold) >= 0 ? 1 : 0;
  }

  /** For a comment on a pull request (GitHub-flavoured Markdown); text of others in it is escaped. */
  public toMarkdown(): string {
    return diffMarkdown(this.all, this.opening);
  }

  /**
   * SARIF 2.1.0 for code scanning, as data: what is opened, one result each.
   *
   * @param sources in which files the objects of the later state stand. @default - results point to no file
   * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
   */
  public toSarif(sources: ManifestSource[] = []): any {
    return toSarif(this.opening, sources);
  }
}

function inOrder(a: PermissionChange, b: PermissionChange): number {
  const opens = ({ kind }: PermissionChange) => OPENING.includes(kind) ? 0 : 1;
  return opens(a) - opens(b) || byDanger(b.danger, a.danger) || byCodeUnit(a.who ?? '', b.who ?? '') || byCodeUnit(a.text, b.text);
}

interface Who {
  readonly kind: string;
  readonly subject: string;
}

const keyOf = ({ kind, subject }: Who): string => JSON.stringify([kind, subject]);

/** One state, as it is compared. */
interface State {
  readonly bySubject: Map<string, Grant[]>;
  /** By namespace. */
  readonly requestable: Map<string, RequestableRole[]>;
  readonly governed: boolean;
}

function grouped<T>(items: T[], key: (item: T) => string): Map<string, T[]> {
  return new Map(joined(items, key).map(group => [key(group[0]), group]));
}

function stateOf({ grants, requestable, governed }: Reading): State {
  return { bySubject: grouped(grants, keyOf), requestable: grouped(requestable, ({ namespace }) => namespace), governed };
}

/** The same rules, in the same order: nothing can differ. */
function alike(a: Grant[], b: Grant[]): boolean {
  return a.length === b.length
    && a.every(({ rulesKey, unknown, path }, i) => rulesKey === b[i].rulesKey && unknown === b[i].unknown && (!unknown || path === b[i].path));
}

function rightsChanges(then: Reading, now: Reading): PermissionChange[] {
  const assessments = new Assessments();
  const states = [then, now].map(stateOf);
  const subjects = new Map(states.flatMap(state => [...state.bySubject].map(([key, [{ kind, subject }]]) => [key, { kind, subject }] as const)));
  return [...subjects.values()].sort(bySubject).flatMap(who => new SubjectDiff(who, states, assessments).changes());
}

/** The differences of one subject; a pair is always the earlier and the later. */
class SubjectDiff {
  private readonly wide: Grant[][];
  private readonly local: Map<string, Grant[]>[];
  private readonly found: PermissionChange[] = [];
  /** What is told of the whole cluster is not told again of each namespace. */
  private readonly told: { gained: string[]; lost: string[] } = { gained: [], lost: [] };

  public constructor(private readonly who: Who, private readonly states: State[], private readonly assessments: Assessments) {
    const all = states.map(state => state.bySubject.get(keyOf(who)) ?? []);
    this.wide = all.map(grants => grants.filter(({ namespace }) => namespace === undefined));
    this.local = all.map(grants => grouped(grants.filter(({ namespace }) => namespace !== undefined), ({ namespace }) => namespace!));
  }

  public changes(): PermissionChange[] {
    const wideSame = alike(this.wide[0], this.wide[1]);
    if (!wideSame) this.compare({ sides: this.wide.map(own => ({ own, wide: [] })) });
    const requestsAll = this.wide.flat().some(({ rules }) => rules.some(({ apiGroups }) => apiGroups.includes(VIRTUAL_GROUP)));
    const requestable = requestsAll ? this.states.flatMap(state => [...state.requestable.keys()]) : [];
    for (const namespace of sortedUnique([...this.local.flatMap(own => [...own.keys()]), ...requestable])) this.compareNamespace(namespace, wideSame);
    return this.found;
  }

  private compareNamespace(namespace: string, wideSame: boolean): void {
    const sides = this.local.map((own, i): Side => ({ own: own.get(namespace) ?? [], wide: this.wide[i] }));
    const here = this.states.map(({ requestable }) => requestable.get(namespace) ?? []);
    const rules = here.map((roles, i) => roles.length > 0 ? [...sides[i].own, ...sides[i].wide].flatMap(grant => grant.rules) : []);
    const governed = here.map((roles, i) => this.states[i].governed ? governedBy(rules[i], roles) : NOTHING_GOVERNED);
    const same = wideSame && alike(sides[0].own, sides[1].own) && JSON.stringify(governed[0]) === JSON.stringify(governed[1]);
    if (!same) this.compare({ namespace, sides, governed });

    const requestable = here.map((roles, i) => roles.filter(({ name }) => mayRequest(rules[i], name)));
    for (const name of sortedUnique(requestable.flat().map(role => role.name))) {
      const [old, young] = requestable.map(roles => roles.find(role => role.name === name));
      const asSides = [old, young].map((role): Side => ({ own: role ? [asGrant(role, this.who)] : [], wide: [] }));
      if (!alike(asSides[0].own, asSides[1].own)) this.compare({ namespace, sides: asSides, onRequest: name });
      if (old && young) this.compareTerms(old, young);
    }
  }

  private compare({ namespace, sides, governed = [NOTHING_GOVERNED, NOTHING_GOVERNED], onRequest }: {
    readonly namespace?: string; readonly sides: Side[]; readonly governed?: Governed[]; readonly onRequest?: string;
  }): void {
    for (const [lost, from, to] of [[false, 0, 1], [true, 1, 0]] as const) {
      const told = this.told[lost ? 'lost' : 'gained'];
      const place: Place = {
        ...this.who, inNamespace: namespace !== undefined, governed: [governed[from], governed[to]], lost, told: onRequest === undefined ? told : [],
      };
      const deltas = [...gainsIn(place, sides[from], sides[to], this.assessments), ...unknownIn(sides[from], sides[to])];
      if (namespace === undefined) told.push(...deltas.map(({ id }) => id));
      this.found.push(...deltas.map(({ what, ...delta }) =>
        this.change({ ...delta, kind: lost ? LOST : GAINED, what: `${lost ? 'may no longer' : 'may now'} ${what}` }, namespace, onRequest)));
    }
  }

  /** Other terms of a Role that could be requested before, and can be still. */
  private compareTerms(old: RequestableRole, young: RequestableRole): void {
    const { kind, subject } = this.who;
    const group = kind === 'Group' ? subject : undefined;
    const [then, now] = [old, young].map(role => termsText(role, group));
    if (then === now) return;
    this.found.push(this.change({
      kind: weakerTerms(old, young, group) ? GAINED : LOST,
      id: 'request-terms',
      danger: Danger.HIGH,
      what: `may have it on other terms: ${now}; before: ${then}`,
      through: [identity('Role', young.namespace, young.name)],
    }, young.namespace, young.name));
  }

  private change(change: Omit<PermissionChange, 'who' | 'where' | 'text'>, namespace: string | undefined, onRequest: string | undefined): PermissionChange {
    const who = `${this.who.kind} ${this.who.subject}`;
    const place = `${namespace === undefined ? 'the ' : ''}${placeText(namespace)}`;
    const begin = onRequest === undefined ? `In ${place}` : `On request as ${onRequest}, in ${place}`;
    return { ...change, who, where: placeText(namespace, onRequest), text: `${begin}, ${who} ${change.what}` };
  }
}

/** Roles that are not among the manifests, and came or went. */
function unknownIn(before: Side, after: Side): Delta[] {
  const then = before.own.filter(({ unknown }) => unknown).map(({ path }) => path);
  return sortedUnique(after.own.filter(({ unknown, path }) => unknown && !then.includes(path)).map(({ path }) => path))
    .map(path => ({ id: UNKNOWN_ROLE.id, danger: UNKNOWN_ROLE.unseen.danger, what: UNKNOWN_ROLE.unseen.words, through: [path] }));
}

function flawChanges(then: Reading, now: Reading): PermissionChange[] {
  const key = ({ id, detail, from }: Reading['flaws'][number]) => JSON.stringify([id, detail, from]);
  const news = (older: Reading, newer: Reading, kind: PermissionChangeKind): PermissionChange[] => {
    const known = new Set(older.flaws.map(key));
    // Who is bound to an unknown role is told as what they gain.
    return newer.flaws.filter(flaw => flaw.id !== UNKNOWN_ROLE.id && !known.has(key(flaw))).map(({ id, detail, from }) => {
      const what = kind === FLAW_ADDED ? detail : `is mended: ${detail}`;
      const { danger } = OBJECTS.find(rule => rule.id === id)!;
      return { kind, id, danger, what, text: `${titleOf(id)}: ${from}: ${what}`, through: [from] };
    });
  };
  return [...news(then, now, FLAW_ADDED), ...news(now, then, FLAW_REMOVED)];
}
