import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';
import { keyOf, Right } from '../rights';

const ANY: Right = { apiGroup: '*', resource: '*', verb: '*' };

/** Any verb on any resource of any group. */
export const isEverything = (right: Right): boolean => keyOf(right) === keyOf(ANY);

/** In a namespace it is all that runs there. */
export const EVERYTHING = {
  id: 'SD5001',
  takesOver: true,
  broad: {
    words: 'do everything',
    is: isEverything,
    danger: (_held, wide) => wide ? Danger.CRITICAL : Danger.HIGH,
    dangerOfGain: () => Danger.CRITICAL,
  },
} satisfies ReviewRule;
