export * from './access-matrix';
export * from './access-row';
export * from './permission';
export * from './permission-change';
export * from './permission-diff';
export * from './permission-model';
export * from './permission-subject';
