import { ReviewRule } from './rule';

/** Names of people: users that are no part of Kubernetes. A request that was granted is bound by name, and ends by itself. */
export const PERSON = {
  id: 'SD5016',
  subject: { is: (kind, subject) => kind === 'User' && !subject.startsWith('system:'), counts: ({ ends }) => !ends },
} satisfies ReviewRule;
