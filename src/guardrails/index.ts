export { Argument } from './argument';
export * from './command';
export { CommandSet } from './command-set';
export type { CommandSetProps } from './command-set';
export { AttachScope, ExecAccess } from './exec-access';
export type { ExecAllowance } from './exec-access';
export * from './exec-guardrail';
export { GuardrailException } from './guardrail-exception';
export { GuardrailMode } from './guardrail-mode';
