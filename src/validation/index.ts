export * from './rule-violation';
export * from './secure-debug-rules';
export * from './secure-debug-validation';
