import { held, onAll, ReviewRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

/**
 * A Secret of the type of tokens is filled by the control plane for the ServiceAccount that it names.
 *
 * @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/#listing-secrets
 */
const TOKEN_SECRET: StepRule = {
  resources: ['secrets'],
  steps: holding => {
    const made = onAll(held(holding, '', 'secrets', 'create'));
    const read = onAll(held(holding, '', 'secrets', 'get', 'list', 'watch'));
    return made.length > 0 && read.length > 0
      ? [{ does: 'creates a Secret that is filled with a token, reads it, and acts as', rights: [...made, ...read], target: { kind: 'accounts' } }] : [];
  },
};

export const READ_SECRETS = {
  id: 'SD5003',
  takesOver: true,
  power: {
    words: 'read Secrets',
    asked: [{ rights: rights('', ['secrets'], ['get', 'list', 'watch']) }],
    danger: wide => wide ? Danger.CRITICAL : Danger.HIGH,
  },
  steps: [TOKEN_SECRET],
} satisfies ReviewRule;
