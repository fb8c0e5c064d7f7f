export * from './oncall-debug-access';
export * from './read-only-access';
export * from './just-in-time-access';
export * from './cluster-read-access';
export * from './access-requests';
export { AccessRequestPolicy } from './access-request-policy';
export * from './break-glass-access';
export type { AccessRequestProps } from './requests/access-request-props';
export type { ApprovalQuorum, GroupDuration } from './requests/terms';
