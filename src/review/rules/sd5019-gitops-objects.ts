import { held, onAll, ReviewRule, rights, Step, StepRule } from './rule';
import { Danger } from '../../model/capability';

const WRITE = ['create', 'patch', 'update'];

/** What GitOps controllers take their orders from, and the ServiceAccount that carries them out where they stand. */
const CONTROLLERS: { readonly apiGroup: string; readonly resources: string[]; readonly account: string }[] = [
  { apiGroup: 'argoproj.io', resources: ['applications', 'applicationsets', 'appprojects'], account: 'argocd-application-controller' },
  { apiGroup: 'kustomize.toolkit.fluxcd.io', resources: ['kustomizations'], account: 'kustomize-controller' },
  { apiGroup: 'helm.toolkit.fluxcd.io', resources: ['helmreleases'], account: 'helm-controller' },
];

/**
 * The controller applies what such an object names with its own rights, whoever wrote it. That of Argo CD looks in its own
 * namespace by default, those of Flux in every one.
 */
const HAVE_APPLIED: StepRule = {
  resources: CONTROLLERS.flatMap(({ resources }) => resources),
  steps: holding => CONTROLLERS.flatMap(({ apiGroup, resources, account }): Step[] => {
    // An AppProject limits, and deploys nothing by itself.
    const write = onAll(resources.filter(resource => resource !== 'appprojects').flatMap(resource => held(holding, apiGroup, resource, ...WRITE)));
    return write.length === 0 ? []
      : [{ does: 'writes what is applied by', rights: write, target: { kind: 'accounts', names: [account], everywhere: apiGroup.endsWith('fluxcd.io') } }];
  }),
};

export const GITOPS_OBJECTS = {
  id: 'SD5019',
  takesOver: true,
  power: {
    words: 'have a GitOps controller apply for them',
    asked: [{ rights: CONTROLLERS.flatMap(({ apiGroup, resources }) => rights(apiGroup, resources, WRITE)) }],
    danger: wide => wide ? Danger.CRITICAL : Danger.HIGH,
    raises: true,
  },
  steps: [HAVE_APPLIED],
} satisfies ReviewRule;
