/**
 * What happens to a request that a guardrail refuses.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#validation-actions
 */
export enum GuardrailMode {
  /** It goes through, and its audit event says what would have been refused, and why. */
  AUDIT = 'Audit',
  /** It goes through, the audit event says so, and kubectl shows a warning; refused where no client shows one. */
  WARN = 'Warn',
  /** It is refused with 403, and the audit event says why. */
  DENY = 'Deny',
}

/** The `validationActions` of a binding. Deny and Warn exclude each other; Audit goes with both. */
export function validationActions(mode: GuardrailMode): string[] {
  return mode === GuardrailMode.AUDIT ? ['Audit'] : [mode, 'Audit'];
}
