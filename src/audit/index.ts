export * from './audit-policy';
export * from './audit-rule';
export * from './policy-evaluator';
export * from './recording-gap';
