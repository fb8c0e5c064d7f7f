/** A rule that some manifests do not follow. */
export interface RuleViolation {
  /** E.g. `SD5003`. */
  readonly id: string;
  /** The rule's title. */
  readonly title: string;
  /** Who, where and what exactly, in one sentence. */
  readonly message: string;
  /** What can happen. */
  readonly why: string;
  /** What to do instead. */
  readonly fix: string;
  /** The objects that it comes from, e.g. `RoleBinding payments/oncall-debug`. */
  readonly objects: string[];
}
