export { Broker } from './broker';
export type { BrokerProps } from './broker';
export { BrokerPolicy } from './broker-policy';
export type { BrokerPolicyProps } from './broker-policy';
export * from './broker-team';
export type { BrokerPolicyFinding } from './finding';
