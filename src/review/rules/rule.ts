import { Danger } from '../../model/capability';
import type { AccessCell } from '../access-row';
import type { Identity } from '../escalation';
import type { Grant } from '../manifests';
import { Reach, Right, Rule } from '../rights';
import type { Role } from '../roles';
import type { Surroundings } from '../surroundings';

/**
 * One rule of the review: what it looks at, in words, and how much harm it means. Title, what can happen and what to do
 * instead are in the table of warnings. Most rules look at one of these things, some at two.
 */
export interface ReviewRule {
  /** E.g. `SD5003`. */
  readonly id: string;
  /** Whoever it tells of takes over the namespace, or more. */
  readonly takesOver?: boolean;
  /** At certain rights that somebody holds. */
  readonly power?: Power;
  /** At any right that somebody holds, wildcards as they stand. */
  readonly broad?: Broad;
  /** At ways that rights open to the rights of others. */
  readonly steps?: StepRule[];
  /** At where such ways end. */
  readonly goal?: Goal;
  /** At how far a capability is held. */
  readonly capability?: { tells(cell: Omit<AccessCell, 'grantedBy'>): string | undefined };
  /** At whom bindings name. */
  readonly subject?: SubjectLook;
  /** At an object of RBAC, whoever it is for. */
  readonly object?: ObjectLook;
  /** At rights of a RoleBinding that grant nothing: what is said behind them. */
  readonly lost?: string;
  /** At roles that nobody has seen: what whoever is bound to one gains. */
  readonly unseen?: Gain;
  /** At where those who make pods may make them. */
  readonly pods?: PodsLook;
  /** At whether whoever bindings name exists. */
  readonly existence?: ExistenceLook;
}

/** A right, and for which objects it is held. */
export interface Held {
  readonly right: Right;
  readonly reach: Reach;
}

/** Rights that a rule is about. */
export interface Asked {
  readonly rights: Right[];
  /** They are on cluster-scoped objects: in a namespace they are worth nothing. */
  readonly clusterScoped?: boolean;
}

/** A power that a reviewer must not overlook: its rights, and how much harm they do. */
export interface Power {
  /** What it lets somebody do, after "may": `read Secrets`. */
  readonly words: string;
  readonly asked: Asked[];
  /** It is told when it is held in the whole cluster; in a namespace it is what debugging needs. */
  readonly onlyWide?: boolean;
  /** By it somebody becomes more than they are, even if only in a namespace. */
  readonly raises?: boolean;
  /** By it somebody has pods made as they like. */
  readonly makesPods?: boolean;
  danger(wide: boolean): Danger;
  /** Other rights that are part of it, which no list can name. */
  isPart?(right: Right): boolean;
}

/** Rights so broad that no list of them could be given. */
export interface Broad {
  /** What it lets somebody do, after "may": `use wildcards`. */
  readonly words: string;
  is(right: Right): boolean;
  danger(held: Held[], wide: boolean): Danger;
  /** When it comes by a change. */
  dangerOfGain(wide: boolean): Danger;
}

/** What somebody gains by a change, after "may now". */
export interface Gain {
  readonly words: string;
  readonly danger: Danger;
}

export interface SubjectLook {
  readonly gained?: Gain;
  is(kind: string, subject: string): boolean;
  /** Whether what this grant gives counts. */
  counts(grant: Grant): boolean;
}

/** An object of RBAC, with what has been found out about it. */
export interface Looked {
  readonly object: any;
  /** How many different ones there are of its name; told of the first of them. */
  readonly versions: number;
  /** A Role or ClusterRole as it was read. */
  readonly role?: Role;
  /** The role that a binding names: not among the manifests, or with nothing of what it aggregates. */
  readonly bound?: { readonly role: string; readonly missing: boolean; readonly empty: boolean };
}

export interface ObjectLook {
  /** When it comes by a change. */
  readonly danger: Danger;
  /** What is wrong with the object, one sentence each. */
  flaws(looked: Looked): string[];
}

/** What ways lead to. */
export interface Goal {
  /** `everything`, as it follows "reach". */
  readonly name: string;
  readonly danger: Danger;
  /** What whoever holds it does with it, and the rule that tells of that. */
  readonly does: string;
  readonly rule: string;
  /** Whether these rules, bound in the whole cluster, are the goal. */
  isHeldBy(rules: Rule[]): boolean;
}

export interface PodsLook {
  readonly danger: Danger;
  /** @param namespaces where Pod Security enforces nothing */
  words(namespaces: string[]): string;
}

export interface ExistenceLook {
  readonly danger: Danger;
  readonly words: string;
  is(who: Identity, around: Surroundings, complete: boolean): boolean;
  text(who: string, place: string): string;
}

/** Where a step leads. `here` is the namespace of the place, or every namespace when the right is for the whole cluster. */
export type Target =
  /** Cluster-admin, or what gives it to oneself at once. */
  | { readonly kind: 'everything' }
  /** All that can be done in the namespace. */
  | { readonly kind: 'namespace' }
  /** ServiceAccounts of the namespace: all, those named, or those that pods run as. */
  | { readonly kind: 'accounts'; readonly names?: string[]; readonly running?: boolean; readonly everywhere?: boolean }
  /** Users by their names, or every one. */
  | { readonly kind: 'users'; readonly names?: string[] }
  | { readonly kind: 'group'; readonly name: string };

/** One way from what somebody holds to what they can reach by it. */
export interface Step {
  /** What is done, after the name of who does it: `creates a pod that runs as`. */
  readonly does: string;
  readonly rights: Held[];
  readonly target: Target;
}

/** What somebody holds in a place, as steps ask about it. */
export interface Holding {
  /** The whole cluster, not a namespace. */
  readonly wide: boolean;
  reach(apiGroup: string, resource: string, verb: string): Reach;
}

/** Steps of one kind. */
export interface StepRule {
  /** Resources without subresources: a place without rights on them is passed over. */
  readonly resources: string[];
  steps(holding: Holding): Step[];
}

export const rights = (apiGroup: string, resources: string[], verbs: string[]): Right[] =>
  resources.flatMap(resource => verbs.map(verb => ({ apiGroup, resource, verb })));

/** Of some verbs on a resource, those that are held at all. */
export function held(holding: Holding, apiGroup: string, resource: string, ...verbs: string[]): Held[] {
  return verbs.map(verb => ({ right: { apiGroup, resource, verb }, reach: holding.reach(apiGroup, resource, verb) }))
    .filter(({ reach: { all, names } }) => all || names.length > 0);
}

/** Those of them that are held on every object. */
export const onAll = (all: Held[]): Held[] => all.filter(({ reach }) => reach.all);

export const namesOf = (all: Held[]): string[] => [...new Set(all.flatMap(({ reach }) => reach.names))].sort();

export const RBAC = 'rbac.authorization.k8s.io';
