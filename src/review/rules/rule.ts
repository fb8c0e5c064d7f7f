import { Danger } from '../../model/capability';
import { Reach, Right } from '../rights';

/** Rights that a rule is about. */
export interface Asked {
  readonly rights: Right[];
  /** They are on cluster-scoped objects: in a namespace they are worth nothing. */
  readonly clusterScoped?: boolean;
}

/** A power that a reviewer must not overlook: its rights, and how much harm they do. Titles and advice are in the table of warnings. */
export interface PowerRule {
  /** E.g. `SD5003`. */
  readonly id: string;
  /** What it lets somebody do, after "may": `read Secrets`. */
  readonly words: string;
  readonly asked: Asked[];
  danger(wide: boolean): Danger;
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
  /** The rule that is about the right it begins with. */
  readonly rule: string;
  /** What is done, after the name of who does it: `creates a pod that runs as`. */
  readonly does: string;
  readonly rights: { readonly right: Right; readonly reach: Reach }[];
  readonly target: Target;
}

/** What somebody holds in a place, as steps ask about it. */
export interface Holding {
  /** Undefined for the whole cluster. */
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
export function held(holding: Holding, apiGroup: string, resource: string, ...verbs: string[]): Step['rights'] {
  return verbs.map(verb => ({ right: { apiGroup, resource, verb }, reach: holding.reach(apiGroup, resource, verb) }))
    .filter(({ reach: { all, names } }) => all || names.length > 0);
}

/** Those of them that are held on every object. */
export const onAll = (all: Step['rights']): Step['rights'] => all.filter(({ reach }) => reach.all);

export const namesOf = (all: Step['rights']): string[] => [...new Set(all.flatMap(({ reach }) => reach.names))].sort();

export const RBAC = 'rbac.authorization.k8s.io';
