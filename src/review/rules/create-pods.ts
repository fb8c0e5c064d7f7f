import { held, onAll, PowerRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

export const CREATE_PODS: PowerRule = {
  id: 'SD5007',
  words: 'create pods',
  asked: [{ rights: rights('', ['pods'], ['create']) }],
  danger: () => Danger.CRITICAL,
};

/** @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation */
export const RUN_AS: StepRule = {
  resources: ['pods'],
  steps: holding => onAll(held(holding, '', 'pods', 'create')).map(one =>
    ({ rule: 'SD5007', does: 'creates a pod that runs as', rights: [one], target: { kind: 'accounts' } })),
};
