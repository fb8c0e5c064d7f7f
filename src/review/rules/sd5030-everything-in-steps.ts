import { ReviewRule } from './rule';
import { EVERYTHING, isEverything } from './sd5001-everything';
import { Danger } from '../../model/capability';
import { expand, reach } from '../rights';

export const EVERYTHING_IN_STEPS = {
  id: 'SD5030',
  goal: {
    name: 'everything',
    danger: Danger.CRITICAL,
    isHeldBy: rules => expand(rules).some(right => isEverything(right) && reach(rules, right).all),
    does: 'holds',
    rule: EVERYTHING.id,
  },
} satisfies ReviewRule;
