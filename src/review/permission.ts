/** A rule of a Role or ClusterRole, as it stands in its manifest. */
export interface PermissionRule {
  /** Verbs, `*` for any. */
  readonly verbs: string[];
  /** API groups, `''` for core; empty when the rule is about URLs. */
  readonly apiGroups: string[];
  /** Resources, with subresources as `pods/exec`. */
  readonly resources: string[];
  /** Names of the objects it is limited to; empty for every object. */
  readonly resourceNames: string[];
  /** URLs that are no resources, such as `/metrics`; `*` at the end stands for anything. */
  readonly nonResourceURLs: string[];
}

/** How somebody comes by a right: through which binding of which role, by which of its rules. */
export interface PermissionPath {
  /** The subject of the binding: the one that asks, or a group it is in, e.g. `Group oncall-payments`. */
  readonly subject: string;
  /** E.g. `RoleBinding payments/oncall-debug`. */
  readonly binding: string;
  /** The role it names, e.g. `ClusterRole edit`. */
  readonly role: string;
  /**
   * The role that the rule comes from.
   *
   * @default - `role` itself; it is another when `role` aggregates it
   */
  readonly aggregatedFrom?: string;
  /**
   * The namespace in which it holds.
   *
   * @default - the whole cluster
   */
  readonly namespace?: string;
  /** The rule. */
  readonly rule: PermissionRule;
  /** The same in words: `Group oncall-payments by RoleBinding payments/oncall-debug → Role oncall-debug: create, get pods/exec`. */
  readonly text: string;
}

/** Which objects a question is about. */
export interface PermissionScope {
  /**
   * The namespace.
   *
   * @default - what is cluster-scoped, or every namespace at once
   */
  readonly namespace?: string;
  /**
   * The name of the object, as the request carries it.
   *
   * @default - none, as in requests that list, watch, create or delete collections
   */
  readonly name?: string;
}

/** An answer, with what it follows from. */
export interface PermissionVerdict {
  /** Whether it is allowed. */
  readonly allowed: boolean;
  /** Every path that allows it; empty when it is not, and for `system:masters`, which no role gives its rights. */
  readonly paths: PermissionPath[];
  /** Bindings of the one who asks whose role is not among the manifests: it may allow more. */
  readonly unknown: string[];
}

/** Somebody that a binding names and that may do what was asked about. */
export interface PermissionHolder {
  /** `Group`, `User` or `ServiceAccount`. */
  readonly subjectKind: string;
  /** Its name; a ServiceAccount's as `namespace/name`. */
  readonly subject: string;
  /** Every path that allows it. */
  readonly paths: PermissionPath[];
}

/** How manifests are read. */
export interface PermissionModelOptions {
  /**
   * The namespace of those that name none, as `kubectl apply -n` gives it to them.
   *
   * @default default
   */
  readonly defaultNamespace?: string;
}
