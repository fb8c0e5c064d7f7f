import { held, onAll, PowerRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

const ADMISSION = 'admissionregistration.k8s.io';
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];

export const API_SERVER: PowerRule = {
  id: 'SD5015',
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
};

/** A webhook that changes pods as they are created gives them another ServiceAccount and another image. */
export const MUTATE_PODS: StepRule = {
  resources: ['mutatingwebhookconfigurations'],
  steps: holding => {
    const write = holding.wide ? onAll(held(holding, ADMISSION, 'mutatingwebhookconfigurations', 'create', 'update', 'patch')) : [];
    return write.length === 0 ? []
      : [{ rule: 'SD5015', does: 'has a webhook change pods as they are created, so that they run as', rights: write, target: { kind: 'accounts', everywhere: true } }];
  },
};
