import { ReviewRule, rights } from './rule';
import { Danger } from '../../model/capability';

/**
 * A PersistentVolume may be a folder of the node, and Pod Security does not look at it.
 *
 * @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/#persistent-volume-creation
 */
export const NODE_VOLUMES = {
  id: 'SD5020',
  takesOver: true,
  power: {
    words: 'make volumes of the node\'s files',
    asked: [{ clusterScoped: true, rights: rights('', ['persistentvolumes'], ['create']) }],
    danger: () => Danger.HIGH,
  },
} satisfies ReviewRule;
