// The public API is flat; folders are for those who read the source.
export * from './model';
export * from './access';
export * from './guardrails';
export * from './audit';
export * from './credentials';
export * from './network';
export * from './cleanup';
export * from './gateway';
export * from './diagnostics';
export * from './broker';
export * from './review';
export * from './blueprint';
export * from './validation';
