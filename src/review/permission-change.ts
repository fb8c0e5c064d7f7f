import { Danger } from '../model/capability';

/** What a change does. */
export enum PermissionChangeKind {
  /** Somebody may do more. */
  GAINED = 'gained',
  /** Somebody may do less. */
  LOST = 'lost',
  /** A guardrail refuses less, or nothing any more. */
  GUARDRAIL_WEAKENED = 'guardrail-weakened',
  /** A guardrail refuses more. */
  GUARDRAIL_STRENGTHENED = 'guardrail-strengthened',
  /** What a guardrail refuses is written otherwise: only reading it tells whether it is more or less. */
  GUARDRAIL_CHANGED = 'guardrail-changed',
  /** Something is wrong with an object, that was not before. */
  FLAW_ADDED = 'flaw-added',
  /** Something that was wrong with an object is mended. */
  FLAW_REMOVED = 'flaw-removed',
}

/** One difference in what somebody may do, or in what stops them. */
export interface PermissionChange {
  /** What it does. */
  readonly kind: PermissionChangeKind;
  /**
   * What it is about: the id of a capability (`exec`), of a rule (`SD5003`), or one of `other-rights`, `guardrail-rights`,
   * `request-terms` and `guardrail`.
   */
  readonly id: string;
  /** How much harm that what is gained, lost or no longer refused can do. */
  readonly danger: Danger;
  /**
   * Whose rights change, e.g. `Group oncall-payments`.
   *
   * @default - it is about an object
   */
  readonly who?: string;
  /**
   * Where: a namespace, `whole cluster`, or `payments, on request as debug-grant`.
   *
   * @default - it is about an object
   */
  readonly where?: string;
  /** What changes, in words that follow who and where: `may now exec`. */
  readonly what: string;
  /** The whole sentence: `In payments, Group oncall may now exec`. */
  readonly text: string;
  /** Where it comes from: the bindings and roles, of the later state if it is gained, else of the earlier; or the guardrail. */
  readonly through: string[];
}

/** In which file an object stands, so that code scanning can point to it. */
export interface ManifestSource {
  /** The object, e.g. `RoleBinding payments/oncall-debug` or `ClusterRole oncall`. */
  readonly object: string;
  /** The file, relative to the root of the repository, with `/`. */
  readonly file: string;
  /**
   * The line at which it begins, from 1.
   *
   * @default 1
   */
  readonly line?: number;
}

const ORDER = ['low', 'medium', 'high', 'critical'];

/** Below 0 if the first is less dangerous. */
export function byDanger(a: Danger, b: Danger): number {
  return ORDER.indexOf(a) - ORDER.indexOf(b);
}

export function worstOf(dangers: Danger[]): Danger | undefined {
  return dangers.reduce<Danger | undefined>((worst, danger) => worst === undefined || byDanger(danger, worst) > 0 ? danger : worst, undefined);
}
