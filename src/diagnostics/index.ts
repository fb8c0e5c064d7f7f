export * from './diagnostics-preset';
export * from './diagnostics-proxy';
export * from './diagnostics-route';
export * from './diagnostics-endpoint';
export * from './diagnostics-service';
