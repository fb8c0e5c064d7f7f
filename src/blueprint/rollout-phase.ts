/**
 * How far a cluster has come on the way off cluster-admin. Each phase contains the ones before it; to go on and to go
 * back is to change this one word.
 */
export enum RolloutPhase {
  /**
   * Debug access for those on call, break-glass with a ticket, the audit policy, the network fences and the clean-up.
   * Guardrails only watch, so that the audit log says what they would refuse.
   */
  RBAC = 'rbac',

  /** And short-lived credentials that carry the person: which tokens the API server believes, client certificates. */
  CREDENTIALS = 'credentials',

  /** And access by request and approval; the guardrails refuse. */
  BROKER = 'broker',
}

const ORDER = [RolloutPhase.RBAC, RolloutPhase.CREDENTIALS, RolloutPhase.BROKER];

/** Whether a phase contains another. */
export function reached(phase: RolloutPhase, wanted: RolloutPhase): boolean {
  return ORDER.indexOf(phase) >= ORDER.indexOf(wanted);
}

/** All of them, in their order. */
export const PHASES: readonly RolloutPhase[] = ORDER;
