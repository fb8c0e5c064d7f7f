export * from './audit-log-shipping';
export * from './audit-webhook';
export * from './log-redaction';
export * from './log-sink';
