import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';

/** Told beside the power to make pods, where namespaces are known to let privileged ones pass. */
export const PRIVILEGED_PODS = {
  id: 'SD5023',
  pods: {
    danger: Danger.CRITICAL,
    words: namespaces => {
      const where = namespaces.length > 3 ? `${namespaces.slice(0, 3).join(', ')} and ${namespaces.length - 3} more` : namespaces.join(', ');
      return `take the node by a privileged pod, for Pod Security enforces nothing in ${where}`;
    },
  },
} satisfies ReviewRule;
