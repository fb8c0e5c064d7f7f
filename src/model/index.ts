export { AuditLevel } from './audit-level';
export * from './capability';
export * from './cluster-boundary';
export * from './debug-access';
export * from './policy-rule';
export * from './subject';
export * from './team-chart';
export * from './warnings';
