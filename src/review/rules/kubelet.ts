import { held, onAll, PowerRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

export const KUBELET: PowerRule = {
  id: 'SD5006',
  words: 'reach the kubelet',
  asked: [{ clusterScoped: true, rights: rights('', ['nodes/proxy'], ['create', 'delete', 'get', 'patch', 'update']) }],
  danger: () => Danger.CRITICAL,
};

/** @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/#access-to-proxy-subresource-of-nodes */
export const KUBELET_EXEC: StepRule = {
  resources: ['nodes'],
  steps: holding => {
    const proxy = holding.wide ? onAll(held(holding, '', 'nodes/proxy', 'get', 'create')) : [];
    return proxy.length === 0 ? []
      : [{ rule: 'SD5006', does: 'runs commands through the kubelet in a pod of', rights: proxy, target: { kind: 'accounts', running: true, everywhere: true } }];
  },
};
