import { ReviewRule } from './rule';
import { AccessCell, AccessState } from '../access-row';

/** `exec lacks get pods/exec; it has create pods/exec`. */
export function brokenText({ title, names, has, lacks }: Omit<AccessCell, 'grantedBy'>): string {
  return `${title} lacks ${lacks.join('; ')}; it has ${has.join('; ')}${names.length ? `, and is complete only for ${names.join(', ')}` : ''}`;
}

export const INCOMPLETE_CAPABILITY = {
  id: 'SD5008',
  capability: { tells: cell => cell.state === AccessState.BROKEN ? brokenText(cell) : undefined },
} satisfies ReviewRule;
