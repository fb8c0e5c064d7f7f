import { held, PowerRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

const GROUPS: [apiGroup: string, resources: string[]][] = [
  ['apps', ['deployments', 'daemonsets', 'statefulsets', 'replicasets']],
  ['batch', ['cronjobs', 'jobs']],
  ['', ['replicationcontrollers']],
];

export const CREATE_CONTROLLERS: PowerRule = {
  id: 'SD5014',
  words: 'create pods by their controllers',
  asked: [{ rights: GROUPS.flatMap(([apiGroup, resources]) => rights(apiGroup, resources, ['create', 'patch', 'update'])) }],
  danger: () => Danger.CRITICAL,
};

/** The ServiceAccount of a template can be changed, so a controller that is limited to its name serves as well as any. The template of a Job cannot. */
export const TEMPLATE: StepRule = {
  resources: GROUPS.flatMap(([, resources]) => resources),
  steps: holding => GROUPS.flatMap(([apiGroup, resources]) => resources.flatMap(resource =>
    held(holding, apiGroup, resource, ...resource === 'jobs' ? ['create'] : ['create', 'patch', 'update']).slice(0, 1))).slice(0, 1).map(one =>
    ({ rule: 'SD5014', does: `has ${one.right.resource} run pods as`, rights: [one], target: { kind: 'accounts' } })),
};
