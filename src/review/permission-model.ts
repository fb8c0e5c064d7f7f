import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { PermissionHolder, PermissionModelOptions, PermissionPath, PermissionRule, PermissionScope, PermissionVerdict } from './permission';
import { BoundRole, BoundSubject, groupIdentity, readGrants, userIdentity } from './permission-grants';
import { PermissionSubject } from './permission-subject';
import { joined, resourceText, Rule } from './rights';
import { titleOfRole } from './roles';
import { bySubject, urlsOf } from './rows';
import { PolicyRules } from '../model/policy-rule';
import { byCodeUnit, sortedUnique } from '../private/canonical';

const MASTERS = 'system:masters';

/** What is held in a place, by namespace and for the whole cluster. */
interface Held {
  readonly wide: BoundSubject[];
  readonly byNamespace: Map<string, BoundSubject[]>;
}

const nothing = (): Held => ({ wide: [], byNamespace: new Map() });

function add(held: Held, grant: BoundSubject): void {
  if (grant.namespace === undefined) {
    held.wide.push(grant);
    return;
  }
  const same = held.byNamespace.get(grant.namespace);
  if (same) same.push(grant); else held.byNamespace.set(grant.namespace, [grant]);
}

/** Those that decide on requests in a namespace, or on those in none. */
function decisive({ wide, byNamespace }: Held, namespace: string | undefined): BoundSubject[] {
  return namespace ? [...wide, ...byNamespace.get(namespace) ?? []] : wide;
}

/** Rules as they are asked about: which of a role's allow it. */
type Question = (rule: Rule) => boolean;

/**
 * Who may do what where, by manifests alone, decided as Kubernetes' RBAC authorizer does: the answers equal those of
 * `kubectl auth can-i` on a cluster that has these objects and no others. Every answer names the bindings, roles and
 * rules it follows from.
 *
 * It knows aggregated ClusterRoles, subresources and their wildcards, names of objects, URLs that are no resources, the
 * groups that Kubernetes puts everybody into, and that `system:masters` passes every check. It does not know other
 * authorizers (webhooks, that of nodes), nor whether a request that is authorized then passes admission.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */
export class PermissionModel {
  /**
   * Of every object below a construct, as it will be synthesized.
   *
   * @param scope an App, a Chart or a part of one, whose objects go to one cluster
   */
  public static of(scope: IConstruct): PermissionModel {
    const objects = scope.node.findAll().filter((construct): construct is ApiObject => ApiObject.isApiObject(construct));
    return PermissionModel.fromManifests(objects.map(object => object.toJson()));
  }

  /**
   * Of parsed manifests: Roles, ClusterRoles and their bindings of rbac.authorization.k8s.io, in any order. Lists are
   * unpacked, everything else is passed over. Of roles that are not among them, only cluster-admin is known. What is
   * there twice, with different content, counts in both versions.
   *
   * @param objects Kubernetes objects, as parsed from YAML or JSON
   */
  public static fromManifests(objects: any[], options: PermissionModelOptions = {}): PermissionModel {
    return new PermissionModel(readGrants(objects, options.defaultNamespace ?? 'default'));
  }

  private readonly all = nothing();
  private readonly byIdentity = new Map<string, Held>();

  private constructor(grants: BoundSubject[]) {
    for (const grant of grants) {
      add(this.all, grant);
      let held = this.byIdentity.get(grant.identity);
      if (!held) this.byIdentity.set(grant.identity, held = nothing());
      add(held, grant);
    }
  }

  /** Everybody that a binding names, groups first, then users and ServiceAccounts, by name. */
  public get subjects(): PermissionSubject[] {
    return [...this.byIdentity.values()].map(({ wide, byNamespace }) => wide[0] ?? [...byNamespace.values()][0][0]).sort(bySubject)
      .map(({ kind, subject, identity }) => kind === 'Group' ? PermissionSubject.group(subject) : PermissionSubject.user(identity.slice(userIdentity('').length)));
  }

  /** Bindings whose role is not among the manifests, sorted: `RoleBinding payments/x → ClusterRole view`. */
  public get unknownRoles(): string[] {
    return unknownOf([...this.all.wide, ...[...this.all.byNamespace.values()].flat()]);
  }

  /**
   * Whether somebody may do something to a resource.
   *
   * @param verb e.g. `get`; exec and other streams are `get` or `create`, depending on the client
   * @param apiGroup `''` for the core group
   * @param resource in plural, with its subresource as `pods/exec`
   */
  public can(subject: PermissionSubject, verb: string, apiGroup: string, resource: string, scope: PermissionScope = {}): PermissionVerdict {
    return this.verdict(subject, scope.namespace, resourceQuestion(verb, apiGroup, resource, scope));
  }

  /**
   * Whether somebody may do something to a URL that is no resource, such as `/metrics`.
   *
   * @param verb the method in lower case, e.g. `get`
   */
  public canNonResource(subject: PermissionSubject, verb: string, path: string): PermissionVerdict {
    return this.verdict(subject, undefined, urlQuestion(verb, path));
  }

  /**
   * Those that bindings name who may do something to a resource, groups, users and ServiceAccounts, by name.
   * `system:masters` may always, and is only named if a binding does.
   *
   * @param apiGroup `''` for the core group
   * @param resource in plural, with its subresource as `pods/exec`
   */
  public whoCan(verb: string, apiGroup: string, resource: string, scope: PermissionScope = {}): PermissionHolder[] {
    return this.holders(scope.namespace, resourceQuestion(verb, apiGroup, resource, scope));
  }

  /**
   * The same for the whole cluster and every namespace at once; the paths say where. For what is on every object: a right
   * on named ones is not told.
   *
   * @param apiGroup `''` for the core group
   * @param resource in plural, with its subresource as `pods/exec`
   */
  public whoCanAnywhere(verb: string, apiGroup: string, resource: string): PermissionHolder[] {
    return this.holdersAmong([...this.all.wide, ...[...this.all.byNamespace.values()].flat()], resourceQuestion(verb, apiGroup, resource, {}));
  }

  /** Those that bindings name who may do something to a URL that is no resource. */
  public whoCanNonResource(verb: string, path: string): PermissionHolder[] {
    return this.holders(undefined, urlQuestion(verb, path));
  }

  /**
   * Every right of somebody, with those of the groups they are in: one entry for each rule of each role that is bound,
   * what is granted for the whole cluster first, then by namespace.
   */
  public rightsOf(subject: PermissionSubject): PermissionPath[] {
    return this.grantsOf(subject, ({ wide, byNamespace }) => [...wide, ...[...byNamespace.values()].flat()])
      .flatMap(grant => pathsOf(grant, () => true))
      .sort((a, b) => byCodeUnit(a.namespace ?? '', b.namespace ?? '') || byCodeUnit(a.text, b.text));
  }

  private grantsOf(subject: PermissionSubject, which: (held: Held) => BoundSubject[]): BoundSubject[] {
    const identities = [...subject.userName ? [userIdentity(subject.userName)] : [], ...subject.groups.map(groupIdentity)];
    return identities.flatMap(identity => {
      const held = this.byIdentity.get(identity);
      return held ? which(held) : [];
    });
  }

  private verdict(subject: PermissionSubject, namespace: string | undefined, question: Question): PermissionVerdict {
    const grants = this.grantsOf(subject, held => decisive(held, namespace));
    const paths = grants.flatMap(grant => pathsOf(grant, question));
    return { allowed: paths.length > 0 || subject.groups.includes(MASTERS), paths, unknown: unknownOf(grants) };
  }

  private holders(namespace: string | undefined, question: Question): PermissionHolder[] {
    return this.holdersAmong(decisive(this.all, namespace), question);
  }

  private holdersAmong(grants: BoundSubject[], question: Question): PermissionHolder[] {
    // Most bindings name one of a few roles.
    const answers = new Map<BoundRole, boolean>();
    const answer = (role: BoundRole): boolean => {
      let known = answers.get(role);
      if (known === undefined) answers.set(role, known = role.origins.some(({ rule }) => question(rule)));
      return known;
    };
    return joined(grants.filter(({ role }) => answer(role)), ({ identity }) => identity)
      .sort(([a], [b]) => bySubject(a, b))
      .map(held => ({ subjectKind: held[0].kind, subject: held[0].subject, paths: held.flatMap(grant => pathsOf(grant, question)) }));
  }
}

function resourceQuestion(verb: string, apiGroup: string, resource: string, { name }: PermissionScope): Question {
  return rule => PolicyRules.allows([rule], apiGroup, resource, verb, name);
}

/** `*` is a wildcard at the end of a URL alone. */
function urlQuestion(verb: string, path: string): Question {
  return ({ verbs, nonResourceURLs = [] }) => (verbs.includes('*') || verbs.includes(verb))
    && nonResourceURLs.some(url => url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, ''))));
}

/** A copy, so that nobody who reads it can change the model. */
function ruleOf({ verbs, apiGroups, resources, resourceNames = [], nonResourceURLs = [] }: Rule): PermissionRule {
  return {
    verbs: [...verbs], apiGroups: [...apiGroups], resources: [...resources], resourceNames: [...resourceNames], nonResourceURLs: [...nonResourceURLs],
  };
}

/** A rule as a person reads it; the same few are read again and again. */
function ruleText(rule: Rule): string {
  let text = TEXTS.get(rule);
  if (text === undefined) TEXTS.set(rule, text = textOf(rule));
  return text;
}

const TEXTS = new WeakMap<Rule, string>();

/** As `inWords` tells it, without working out what the rule has in common with others. */
function textOf(rule: Rule): string {
  const { apiGroups, resources, verbs, resourceNames = [] } = rule;
  const what = sortedUnique(apiGroups.flatMap(apiGroup => resources.map(resource => resourceText({ apiGroup, resource }))));
  const how = verbs.includes('*') ? 'any verb on' : sortedUnique(verbs).join(', ');
  const named = resourceNames.length > 0 ? ` named ${resourceNames.join(', ')}` : '';
  return [...what.length > 0 && verbs.length > 0 ? [`${how} ${what.join(', ')}${named}`] : [], ...urlsOf([rule])].join('; ') || 'nothing';
}

function pathsOf({ kind, subject, binding, role, namespace }: BoundSubject, question: Question): PermissionPath[] {
  return role.origins.filter(({ rule }) => question(rule)).map(({ rule, role: origin }): PermissionPath => {
    const from = titleOfRole(origin);
    const through = `${kind} ${subject} by ${binding} → ${role.title}${from === role.title ? '' : `, which aggregates ${from}`}`;
    return {
      subject: `${kind} ${subject}`,
      binding,
      role: role.title,
      ...from !== role.title && { aggregatedFrom: from },
      ...namespace !== undefined && { namespace },
      rule: ruleOf(rule),
      text: `${through}: ${ruleText(rule)}`,
    };
  });
}

function unknownOf(grants: BoundSubject[]): string[] {
  return sortedUnique(grants.filter(({ role }) => !role.known).map(({ binding, role }) => `${binding} → ${role.title}`));
}
