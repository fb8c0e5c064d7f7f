export * from './default-deny-network';
export * from './network-allow';
export * from './network-endpoint';
export * from './network-peer';
export * from './network-port';
export * from './network-reachability';
export * from './network-table';
