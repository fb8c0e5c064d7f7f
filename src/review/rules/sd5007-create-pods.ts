import { held, onAll, ReviewRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

/** @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation */
const RUN_AS: StepRule = {
  resources: ['pods'],
  steps: holding => onAll(held(holding, '', 'pods', 'create')).map(one =>
    ({ does: 'creates a pod that runs as', rights: [one], target: { kind: 'accounts' } })),
};

export const CREATE_PODS = {
  id: 'SD5007',
  takesOver: true,
  power: {
    words: 'create pods',
    asked: [{ rights: rights('', ['pods'], ['create']) }],
    danger: () => Danger.CRITICAL,
    makesPods: true,
  },
  steps: [RUN_AS],
} satisfies ReviewRule;
