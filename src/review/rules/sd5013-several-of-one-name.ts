import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';

export const SEVERAL_OF_ONE_NAME = {
  id: 'SD5013',
  object: { danger: Danger.MEDIUM, flaws: ({ versions }) => versions > 1 ? [`there are ${versions} different ones`] : [] },
} satisfies ReviewRule;
