import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';

/** Who is bound to it is told by a diff as what they gain. */
export const UNKNOWN_ROLE = {
  id: 'SD5009',
  object: {
    danger: Danger.HIGH,
    flaws: ({ bound }) => bound === undefined ? [] : [
      ...bound.missing ? [`${bound.role} is not among the manifests`] : [],
      ...bound.empty ? [`what ${bound.role} aggregates is not among the manifests`] : [],
    ],
  },
  unseen: { words: 'use a role that is not among the manifests', danger: Danger.HIGH },
} satisfies ReviewRule;
