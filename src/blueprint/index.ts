export { RolloutPhase } from './rollout-phase';
export * from './central-audit';
export * from './debug-team';
export * from './secure-debugging-options';
export * from './secure-debugging';
export * from './debug-fleet';
