import { ReviewRule, rights } from './rule';
import { Danger } from '../../model/capability';

/**
 * Pod Security, network policies and admission policies look at labels of the namespace. A Role may grant it too: the
 * API server takes a namespace as an object within itself.
 *
 * @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/#namespace-modification
 */
export const NAMESPACE_LABELS = {
  id: 'SD5021',
  power: {
    words: 'change the labels of namespaces',
    asked: [{ rights: rights('', ['namespaces'], ['patch', 'update']) }],
    danger: () => Danger.HIGH,
  },
} satisfies ReviewRule;
