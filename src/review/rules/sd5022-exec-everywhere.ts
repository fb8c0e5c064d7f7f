import { held, onAll, ReviewRule, rights, StepRule } from './rule';
import { Danger } from '../../model/capability';

/** The token of its ServiceAccount lies in every pod that does not opt out; a pod's image can be replaced while it runs. */
const INTO_PODS: StepRule = {
  resources: ['pods'],
  steps: holding => {
    const target = { kind: 'accounts', running: true } as const;
    const exec = onAll([...held(holding, '', 'pods/exec', 'create', 'get'), ...held(holding, '', 'pods/ephemeralcontainers', 'patch', 'update')]);
    const image = onAll(held(holding, '', 'pods', 'patch', 'update'));
    return [
      ...exec.length > 0 ? [{ does: 'gets into a pod, where the token lies of', rights: exec, target }] : [],
      ...image.length > 0 ? [{ does: 'replaces the image of a pod that runs as', rights: image, target }] : [],
    ];
  },
};

/** Told for the whole cluster alone: in a namespace it is what on-call needs. */
export const EXEC_EVERYWHERE = {
  id: 'SD5022',
  power: {
    words: 'get into every container',
    asked: [{ rights: [...rights('', ['pods/attach', 'pods/exec'], ['create', 'get']), ...rights('', ['pods/ephemeralcontainers'], ['patch', 'update'])] }],
    danger: () => Danger.CRITICAL,
    onlyWide: true,
  },
  steps: [INTO_PODS],
} satisfies ReviewRule;
