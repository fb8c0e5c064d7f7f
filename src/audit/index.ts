export * from './alerts';
export * from './audit-policy';
export * from './audit-rule';
export * from './dashboards';
export * from './policy-evaluator';
export * from './recording-gap';
export * from './shipping';
