import type { DebugCapability } from './capability';
import type { PolicyRule } from './policy-rule';
import type { DebugSubject } from './subject';

/** One grant as declared: who may do what, where, by which objects. */
export interface DebugGrant {
  /** Who. */
  readonly subjects: DebugSubject[];
  /**
   * In which namespace.
   *
   * @default - in the whole cluster
   */
  readonly namespace?: string;
  /** What. */
  readonly capabilities: DebugCapability[];
  /** The same as RBAC rules, canonical: what the Role or ClusterRole contains. */
  readonly rules: PolicyRule[];
  /** Name of the Role, or of the ClusterRole when there is no namespace; the binding has the same name. */
  readonly roleName: string;
  /**
   * Whether the subjects have it only when they ask for it, for a time, and nothing is bound to them until then.
   *
   * @default false
   */
  readonly onRequest?: boolean;
}

/** A construct that grants debug access. Audit policies, matrices and reviews are built from it. */
export interface IDebugAccess {
  /** What it grants, sorted by namespace and name. */
  readonly grants: DebugGrant[];
}
