export * from './audit-alerts';
export * from './maintenance-window';
