export * from './audit-policy';
export * from './audit-rule';
export * from './control-plane';
export * from './control-plane-platform';
export * from './policy-evaluator';
export * from './recording-gap';
