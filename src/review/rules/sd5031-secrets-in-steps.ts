import { ReviewRule } from './rule';
import { READ_SECRETS } from './sd5003-read-secrets';
import { Danger } from '../../model/capability';
import { reach } from '../rights';

export const SECRETS_IN_STEPS = {
  id: 'SD5031',
  goal: {
    name: 'every Secret',
    danger: Danger.HIGH,
    isHeldBy: rules => ['get', 'list', 'watch'].some(verb => reach(rules, { apiGroup: '', resource: 'secrets', verb }).all),
    does: 'reads',
    rule: READ_SECRETS.id,
  },
} satisfies ReviewRule;
