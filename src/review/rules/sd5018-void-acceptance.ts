import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';
import { Acceptance, acceptancesOf } from '../acceptance';

/** Acceptances of an object whose last day is over, in words. */
export function overdue(accepted: Acceptance[], today: string): string[] {
  return accepted.filter(({ until }) => until < today).map(({ id, until }) => `${id} was accepted until ${until}`);
}

/** What cannot be read is wrong on any day; what is over is so on a day that the caller names. */
export const VOID_ACCEPTANCE = {
  id: 'SD5018',
  object: { danger: Danger.LOW, flaws: ({ object }) => acceptancesOf(object).wrong.map(line => `cannot be read: ${line}`) },
} satisfies ReviewRule;
