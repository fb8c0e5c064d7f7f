import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { checkDay, isAccepted } from './acceptance';
import { Escalation, identitiesOf, Identity, nameOf } from './escalation';
import { InventoryEvidence, InventoryFinding, InventoryStep, InventorySubject } from './inventory-finding';
import { inventoryHtml } from './inventory-html';
import { inventoryMarkdown } from './inventory-markdown';
import { isBuiltIn, useOf } from './inventory-use';
import { Grant, Reading, readManifests, unpack } from './manifests';
import { byDanger, ManifestSource, worstOf } from './permission-change';
import { HeldPower, Powers } from './powers';
import { Governed, governedBy, NOTHING_GOVERNED } from './requestable';
import { isReached, joined, reach } from './rights';
import { bySubject, placeText, titleOf } from './rows';
import { EXISTENCE, GOALS, PODS, POWERS } from './rules';
import { Held } from './rules/rule';
import { EVERYTHING } from './rules/sd5001-everything';
import { UNKNOWN_ROLE } from './rules/sd5009-unknown-role';
import { findingsSarif } from './sarif';
import { Surroundings, surroundingsOf, WORKLOADS } from './surroundings';
import { asObject, namespaceOf } from './untrusted';
import { Danger } from '../model/capability';
import { byCodeUnit, sortedUnique } from '../private/canonical';

/** How an inventory is made. */
export interface PermissionInventoryOptions {
  /**
   * The day as `2026-03-01`, by which acceptances end: the annotation `secure-debug.internal/accepted-findings` of a Role or
   * binding, one a line: `SD5003 until 2026-06-30: moves to Vault`. The last day counts; from the next on the finding is back.
   *
   * @default - none, and so nothing is accepted: the library has no clock
   */
  readonly today?: string;
  /**
   * Whether the objects are all of a cluster, so that a ServiceAccount that is not among them does not exist.
   *
   * @default false - one is missed only in namespaces of which other ServiceAccounts are among the objects
   */
  readonly complete?: boolean;
  /**
   * The namespace of those that name none, as `kubectl apply -n` gives it to them.
   *
   * @default default
   */
  readonly defaultNamespace?: string;
}

/**
 * Who holds cluster-admin, what amounts to it, or other broad power, at once or in steps: by acting as others who hold more.
 * Every subject says what it is (a person, a group, CI, an operator …) and why that is thought.
 *
 * It reads RBAC, and around it ServiceAccounts, workloads, the labels of Namespaces and the types of Secrets, as far as they
 * are among the objects; what is not known of them is taken to be possible. Steps that admission policies or other
 * authorizers stop are told all the same.
 *
 * @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/
 */
export class PermissionInventory {
  /** Of every object below a construct, as it will be synthesized. */
  public static of(scope: IConstruct, options: PermissionInventoryOptions = {}): PermissionInventory {
    const objects = scope.node.findAll().filter((construct): construct is ApiObject => ApiObject.isApiObject(construct));
    return PermissionInventory.fromManifests(objects.map(object => object.toJson()), options);
  }

  /**
   * Of parsed manifests, in any order; lists are unpacked. Of roles that are not among them, only cluster-admin is known.
   *
   * @param objects Kubernetes objects, as parsed from YAML or JSON
   */
  public static fromManifests(objects: any[], options: PermissionInventoryOptions = {}): PermissionInventory {
    const today = options.today === undefined ? undefined : checkDay('PermissionInventory.fromManifests', options.today);
    const all = unpack(objects).map(object => settled(object, options.defaultNamespace ?? 'default'));
    const reading = readManifests(all);
    return new PermissionInventory(new Taking(reading, surroundingsOf(all), options.complete === true).subjects(), reading, today);
  }

  private readonly all: InventorySubject[];
  private readonly accepted: InventoryFinding[];
  private readonly unknown: string[];

  private constructor(subjects: InventorySubject[], { accepted, flaws }: Reading, today: string | undefined) {
    const isOpen = ({ id, title, what, through }: InventoryFinding) =>
      today === undefined || !isAccepted({ id, title, detail: what, from: through }, accepted, today);
    this.accepted = subjects.flatMap(({ findings }) => findings.filter(one => !isOpen(one)));
    this.unknown = sortedUnique(flaws.filter(({ id }) => id === UNKNOWN_ROLE.id).map(({ detail, from }) => `${from}: ${detail}`));
    this.all = subjects
      .map(subject => ({ ...subject, findings: subject.findings.filter(isOpen) }))
      .filter(({ findings }) => findings.length > 0)
      .map(subject => ({ ...subject, danger: worstOf(subject.findings.map(({ danger }) => danger))! }))
      .sort((a, b) => byDanger(b.danger, a.danger) || bySubject({ kind: a.kind, subject: a.name }, { kind: b.kind, subject: b.name }));
  }

  /** Those who hold or reach something dangerous: the worst first, then groups, users and ServiceAccounts by name. */
  public get subjects(): InventorySubject[] {
    return [...this.all];
  }

  /** All findings, in the order of the subjects. */
  public get findings(): InventoryFinding[] {
    return this.all.flatMap(({ findings }) => findings);
  }

  /** What would be a finding, had it not been accepted for a time by an annotation. */
  public get acceptedFindings(): InventoryFinding[] {
    return [...this.accepted];
  }

  /** Bindings whose role is not among the objects, sorted: what they give is in no finding. */
  public get unknownRoles(): string[] {
    return [...this.unknown];
  }

  /** The worst danger; undefined when there is none. The parts of Kubernetes itself do not count. */
  public get worst(): Danger | undefined {
    return worstOf(this.all.filter(({ builtIn }) => !builtIn).map(({ danger }) => danger));
  }

  /**
   * Exit status for a check: 1 when somebody other than a part of Kubernetes has a finding of this danger or worse, else 0.
   *
   * @param threshold e.g. Danger.HIGH lets pass what is low or medium
   */
  public exitStatus(threshold: Danger): number {
    return this.worst !== undefined && byDanger(this.worst, threshold) >= 0 ? 1 : 0;
  }

  /**
   * For a wiki or a pull request (GitHub-flavoured Markdown); text of others in it is escaped.
   *
   * @param evidence what an audit log says about them. @default - none
   */
  public toMarkdown(evidence: InventoryEvidence[] = []): string {
    return inventoryMarkdown(this.all, evidence, this.unknown, this.accepted);
  }

  /**
   * A page that stands alone, with no script and nothing to load: the ways to cluster-admin as a graph, then everybody.
   *
   * @param evidence what an audit log says about them. @default - none
   */
  public toHtml(evidence: InventoryEvidence[] = []): string {
    return inventoryHtml(this.all, evidence, this.unknown, this.accepted);
  }

  /**
   * SARIF 2.1.0 for code scanning, as data; the parts of Kubernetes itself are left out.
   *
   * @param sources in which files the objects stand. @default - results point to no file
   * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
   */
  public toSarif(sources: ManifestSource[] = []): any {
    return findingsSarif(this.all.filter(({ builtIn }) => !builtIn).flatMap(({ findings }) => findings), sources);
  }
}

/** A namespace in which Pod Security lets privileged pods pass. */
const PRIVILEGED = ['', 'privileged'];
const POD_MAKERS = POWERS.filter(({ makesPods }) => makesPods).map(({ id }) => id);

const NAMESPACED = ['Role', 'RoleBinding', 'ServiceAccount', 'Secret', ...WORKLOADS];

/** Objects that name no namespace get the one of whoever applies them. */
function settled(object: any, defaultNamespace: string): any {
  return NAMESPACED.includes(object.kind) && namespaceOf(object) === '' ? { ...object, metadata: { ...asObject(object.metadata), namespace: defaultNamespace } } : object;
}

/** The inventory of one reading. */
class Taking {
  private readonly powers = new Powers();
  private readonly identities: Identity[];
  private readonly escalation: Escalation;
  private readonly requestable: Map<string, Reading['requestable']>;
  /** Namespaces that are known to let privileged pods pass. */
  private readonly open: string[];

  public constructor(private readonly reading: Reading, private readonly around: Surroundings, private readonly complete: boolean) {
    this.requestable = new Map(joined(reading.requestable, ({ namespace }) => namespace).map(roles => [roles[0].namespace, roles]));
    this.identities = identitiesOf(reading.grants).sort(bySubject);
    this.escalation = new Escalation(this.identities, around, (namespace, grants) => this.governed(namespace, grants));
    this.open = sortedUnique([...around.podSecurity].filter(([, level]) => PRIVILEGED.includes(level)).map(([name]) => name));
  }

  public subjects(): InventorySubject[] {
    return this.identities.flatMap((identity): InventorySubject[] => {
      const findings = this.findingsOf(identity);
      if (findings.length === 0) return [];
      const { use, usedBecause } = useOf(identity, this.around, this.complete);
      return [{ kind: identity.kind, name: identity.subject, use, usedBecause, builtIn: isBuiltIn(identity), danger: findings[0].danger, findings }];
    });
  }

  private governed(namespace: string, grants: Grant[]): Governed {
    if (!this.reading.governed) return NOTHING_GOVERNED;
    const roles = this.requestable.get(namespace) ?? [];
    return governedBy(roles.length > 0 ? grants.flatMap(({ rules }) => rules) : [], roles);
  }

  private findingsOf(identity: Identity): InventoryFinding[] {
    const { wide, local } = identity;
    const who = nameOf(identity);
    const everywhere = wide.length > 0 ? this.powers.of(wide, true, NOTHING_GOVERNED) : [];
    const found = everywhere.flatMap(power => this.power(who, power, wide, undefined));
    // What is held of all objects everywhere is not told again of a namespace.
    const told = new Set(everywhere.filter(({ held }) => held.some(one => one.reach.all)).map(({ id }) => id));
    const all = found.some(({ id }) => id === EVERYTHING.id);
    for (const [namespace, own] of local) {
      if (all) break;
      const here = this.powers.of(own, false, this.governed(namespace, [...own, ...wide])).filter(({ id }) => !told.has(id));
      found.push(...here.flatMap(power => this.power(who, power, own, namespace)));
    }
    if (!all) found.push(...this.chain(identity));
    for (const { id, danger, words, is, text } of EXISTENCE) {
      if (!is(identity, this.around, this.complete)) continue;
      const through = sortedUnique([...wide, ...[...local.values()].flat()].map(({ path }) => path));
      const namespace = wide.length > 0 ? undefined : [...local.keys()].sort(byCodeUnit)[0];
      found.push({ ...finding(id, danger, who, namespace, words, [], [], through), text: text(who, placeOf(namespace)) });
    }
    return found.sort((a, b) => byDanger(b.danger, a.danger) || byCodeUnit(a.id, b.id) || byCodeUnit(a.where, b.where));
  }

  private power(who: string, { id, danger, what, held }: HeldPower, grants: Grant[], namespace: string | undefined): InventoryFinding[] {
    const giving = grants.filter(({ rules }) => held.some(({ right }) => isReached(reach(rules, right))));
    const through = sortedUnique(giving.map(({ path }) => path));
    const main = finding(id, danger, who, namespace, what, rightsOf(held, namespace), [], through);
    const open = POD_MAKERS.includes(id) ? this.open.filter(one => namespace === undefined || one === namespace) : [];
    return open.length === 0 ? [main]
      : [main, ...PODS.map(rule => finding(rule.id, rule.danger, who, namespace, rule.words(open), rightsOf(held, namespace), [], through))];
  }

  /** The way to everything, else to every Secret; what is held already is no way. */
  private chain(identity: Identity): InventoryFinding[] {
    const who = nameOf(identity);
    for (const { id, name: goal, danger, isHeldBy } of GOALS) {
      const way = this.escalation.way(identity, goal);
      if (!way || identity.wide.some(({ rules }) => isHeldBy(rules))) continue;
      const [first] = way.steps;
      return [finding(id, danger, who, first.where, `reach ${goal}: ${way.steps.map(stepText).join('; ')}`, way.rights, way.steps, first.through)];
    }
    return [];
  }
}

/** `ServiceAccount payments/ci, in payments, creates a pod that runs as ServiceAccount payments/admin`. */
function stepText({ who, where, does, reaches }: InventoryStep): string {
  return `${who}${where === undefined ? '' : `, in ${placeText(where)},`} ${does} ${reaches}`;
}

function rightsOf(held: Held[], namespace: string | undefined): InventoryFinding['rights'] {
  return held.map(({ right, reach: { all, names } }) => ({ ...right, ...namespace !== undefined && { namespace }, names: all ? [] : names }));
}

function finding(
  id: string, danger: Danger, who: string, namespace: string | undefined, what: string,
  rights: InventoryFinding['rights'], steps: InventoryStep[], through: string[],
): InventoryFinding {
  return { id, title: titleOf(id), danger, who, where: placeText(namespace), what, text: `In ${placeOf(namespace)}, ${who} may ${what}`, rights, steps, through };
}

function placeOf(namespace: string | undefined): string {
  return `${namespace === undefined ? 'the ' : ''}${placeText(namespace)}`;
}
