export * from './audit-alerts';
export { MaintenanceWindow, MaintenanceWindowProps, Weekday } from './maintenance-window';
