import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';

/** Groups and users that stand for more than a team. */
export function standsForMany(kind: string, subject: string): boolean {
  return (kind === 'Group' && /^system:(authenticated|unauthenticated|masters|serviceaccounts(:.*)?)$/.test(subject)) || (kind === 'User' && subject === 'system:anonymous');
}

export const EVERYBODY = {
  id: 'SD5011',
  subject: { is: standsForMany, counts: () => true, gained: { words: 'use this, which stands for everybody', danger: Danger.HIGH } },
} satisfies ReviewRule;
