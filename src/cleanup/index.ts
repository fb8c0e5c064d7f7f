export * from './cleanup-job-options';
export * from './debug-container-cleanup';
export * from './expired-access-cleanup';
