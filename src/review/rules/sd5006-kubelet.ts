import { held, onAll, ReviewRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

/** @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/#access-to-proxy-subresource-of-nodes */
const KUBELET_EXEC: StepRule = {
  resources: ['nodes'],
  steps: holding => {
    const proxy = holding.wide ? onAll(held(holding, '', 'nodes/proxy', 'get', 'create')) : [];
    return proxy.length === 0 ? []
      : [{ does: 'runs commands through the kubelet in a pod of', rights: proxy, target: { kind: 'accounts', running: true, everywhere: true } }];
  },
};

export const KUBELET = {
  id: 'SD5006',
  takesOver: true,
  power: {
    words: 'reach the kubelet',
    asked: [{ clusterScoped: true, rights: rights('', ['nodes/proxy'], ['create', 'delete', 'get', 'patch', 'update']) }],
    danger: () => Danger.CRITICAL,
  },
  steps: [KUBELET_EXEC],
} satisfies ReviewRule;
