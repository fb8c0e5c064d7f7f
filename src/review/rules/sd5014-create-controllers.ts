import { held, ReviewRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

const GROUPS: [apiGroup: string, resources: string[]][] = [
  ['apps', ['deployments', 'daemonsets', 'statefulsets', 'replicasets']],
  ['batch', ['cronjobs', 'jobs']],
  ['', ['replicationcontrollers']],
];

/** The ServiceAccount of a template can be changed, so a controller that is limited to its name serves as well as any. The template of a Job cannot. */
const TEMPLATE: StepRule = {
  resources: GROUPS.flatMap(([, resources]) => resources),
  steps: holding => GROUPS.flatMap(([apiGroup, resources]) => resources.flatMap(resource =>
    held(holding, apiGroup, resource, ...resource === 'jobs' ? ['create'] : ['create', 'patch', 'update']).slice(0, 1))).slice(0, 1).map(one =>
    ({ does: `has ${one.right.resource} run pods as`, rights: [one], target: { kind: 'accounts' } })),
};

export const CREATE_CONTROLLERS = {
  id: 'SD5014',
  takesOver: true,
  power: {
    words: 'create pods by their controllers',
    asked: [{ rights: GROUPS.flatMap(([apiGroup, resources]) => rights(apiGroup, resources, ['create', 'patch', 'update'])) }],
    danger: () => Danger.CRITICAL,
    makesPods: true,
  },
  steps: [TEMPLATE],
} satisfies ReviewRule;
