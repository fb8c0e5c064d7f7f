import { held, onAll, ReviewRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

const ADMISSION = 'admissionregistration.k8s.io';
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];

/** A webhook that changes pods as they are created gives them another ServiceAccount and another image. */
const MUTATE_PODS: StepRule = {
  resources: ['mutatingwebhookconfigurations'],
  steps: holding => {
    const write = holding.wide ? onAll(held(holding, ADMISSION, 'mutatingwebhookconfigurations', 'create', 'update', 'patch')) : [];
    return write.length === 0 ? []
      : [{ does: 'has a webhook change pods as they are created, so that they run as', rights: write, target: { kind: 'accounts', everywhere: true } }];
  },
};

export const API_SERVER = {
  id: 'SD5015',
  takesOver: true,
  power: {
    words: 'change what the API server asks and serves',
    asked: [{
      clusterScoped: true,
      rights: [
        ...rights(ADMISSION, [
          'mutatingadmissionpolicies', 'mutatingadmissionpolicybindings', 'mutatingwebhookconfigurations',
          'validatingadmissionpolicies', 'validatingadmissionpolicybindings', 'validatingwebhookconfigurations',
        ], WRITE),
        ...rights('apiregistration.k8s.io', ['apiservices'], WRITE),
      ],
    }],
    danger: () => Danger.CRITICAL,
  },
  steps: [MUTATE_PODS],
} satisfies ReviewRule;
