export * from './debug-gateway';
export * from './gateway-identity';
export * from './gateway-reach';
export * from './gateway-recording';
export * from './gateway-target';
