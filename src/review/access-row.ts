import { Danger } from '../model/capability';

/** How far a subject holds a capability in a place. */
export enum AccessState {
  /** All that it needs, on every object. */
  GRANTED = 'granted',
  /** It works, but only for the objects or the part that the cell names. */
  LIMITED = 'limited',
  /**
   * Some of what it needs, not all: clients fail or fall back, and the API may still let it through. Judge it as
   * granted, and mend it: either all of it is meant, or nothing.
   */
  BROKEN = 'broken',
  /** Not at all. */
  NONE = 'none',
  /** A role is bound that is not among the manifests, so nobody can tell. */
  UNKNOWN = 'unknown',
  /** It is about cluster-scoped objects, which nothing in a namespace can grant. */
  NOT_APPLICABLE = 'not-applicable',
}

/** One capability of one subject in one place. */
export interface AccessCell {
  /** Id of the capability, e.g. `port-forward`. */
  readonly capability: string;
  /** Its title, e.g. `read logs`. */
  readonly title: string;
  /** What can go wrong when it is in the wrong hands. */
  readonly danger: Danger;
  /** How far it is held. */
  readonly state: AccessState;
  /** The only objects for which it is complete; empty when it is not limited to names. */
  readonly names: string[];
  /** What is granted of it, when that is not all, e.g. `create pods/exec`. */
  readonly has: string[];
  /** What it lacks, when it is broken, e.g. `get pods/exec`. */
  readonly lacks: string[];
  /** Which binding of which role grants it, e.g. `RoleBinding payments/oncall-debug → Role oncall-debug`. */
  readonly grantedBy: string[];
}

/** Something a reviewer should look at, by stable id; SecureDebugWarnings.rules() says why and what to do instead. */
export interface AccessFinding {
  /** E.g. `SD5003`. */
  readonly id: string;
  /** The rule's title. */
  readonly title: string;
  /**
   * Who, e.g. `Group oncall-payments`.
   *
   * @default - it is about an object, not about somebody
   */
  readonly who?: string;
  /**
   * Where: a namespace, `whole cluster`, or `payments, on request as debug-grant`.
   *
   * @default - it is about an object, not about somebody
   */
  readonly where?: string;
  /** What exactly. */
  readonly detail: string;
  /** The binding and role it comes from, or the object it is about. */
  readonly from: string[];
}

/** What one subject may do in one place. */
export interface AccessRow {
  /** `Group`, `User` or `ServiceAccount`. */
  readonly subjectKind: string;
  /** Its name; a ServiceAccount's as `namespace/name`. */
  readonly subject: string;
  /**
   * The namespace; empty when a manifest leaves it to whoever applies it.
   *
   * @default - the whole cluster, that is, every namespace and what is in none
   */
  readonly namespace?: string;
  /**
   * The Role that has to be requested first: nothing of the row is held until then. Its terms are in `grantedBy`.
   *
   * @default - what is in the row is held all the time
   */
  readonly onRequest?: string;
  /** One for each capability of the catalogue, in its order. What is granted cluster-wide counts in each namespace. */
  readonly cells: AccessCell[];
  /** Rights beyond the catalogue that are granted in this very place, e.g. `delete pods`, or `command sets: diagnostics`. */
  readonly otherRights: string[];
  /** What a reviewer should look at, of what is granted in this very place. */
  readonly findings: AccessFinding[];
  /** The bindings and roles that make up the row; those for the whole cluster come last. */
  readonly grantedBy: string[];
}
