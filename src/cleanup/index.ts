export * from './debug-container-cleanup';
