export * from './audit-dashboards';
