export * from './oncall-debug-access';
export * from './read-only-access';
export * from './just-in-time-access';
export * from './cluster-read-access';
export * from './access-requests';
