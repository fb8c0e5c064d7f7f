/**
 * The one name that prefixes every label, annotation and virtual API group of this library.
 * `.internal` is a top-level domain reserved for private use, so it can never belong to somebody else.
 */
export const DOMAIN = 'secure-debug.internal';

/** Annotation: why a subject that is no group was allowed. */
export const SUBJECT_REASON = `${DOMAIN}/subject-reason`;
/** Annotation: why a rule, an allow or an exception exists. */
export const REASON = `${DOMAIN}/reason`;
/** Annotation: whom a guardrail lets pass, and why: one a line. */
export const EXCEPTIONS = `${DOMAIN}/exceptions`;
/** Annotation: the ids of the capabilities that a Role was made from. */
export const CAPABILITIES = `${DOMAIN}/capabilities`;
/** Annotation of a pod: the clean-up leaves it alone until this time (RFC 3339). */
export const CLEANUP_EXEMPT_UNTIL = `${DOMAIN}/cleanup-exempt-until`;
/** Annotation of a pod: why the clean-up leaves it alone. */
export const CLEANUP_EXEMPT_REASON = `${DOMAIN}/cleanup-exempt-reason`;
/** Label: which construct of this library made the object. */
export const COMPONENT = `${DOMAIN}/component`;
/** The value of the label app.kubernetes.io/managed-by. */
export const MANAGED_BY = 'cdk8s-secure-debug';
