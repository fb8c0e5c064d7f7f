import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';
import type { Identity } from '../escalation';
import type { Surroundings } from '../surroundings';

/** Whether it is a ServiceAccount that does not exist. Every namespace has `default`, whatever manifests say. */
export function isOrphan({ kind, subject }: Identity, around: Surroundings, complete: boolean): boolean {
  if (kind !== 'ServiceAccount') return false;
  const [namespace, name] = subject.split('/');
  const known = around.accounts.get(namespace);
  return name !== 'default' && (complete ? !known?.has(name) : known !== undefined && !known.has(name));
}

export const MISSING_ACCOUNT = {
  id: 'SD5032',
  existence: {
    danger: Danger.MEDIUM,
    words: 'hold rights, and does not exist',
    is: isOrphan,
    text: (who, place) => `${who} does not exist, and holds rights in ${place}`,
  },
} satisfies ReviewRule;
