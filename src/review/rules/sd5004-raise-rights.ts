import { Held, held, onAll, RBAC, ReviewRule, rights, Step, StepRule } from './rule';
import { Danger } from '../../model/capability';

const ADMIN = 'cluster-admin';

/** Of rights to bind ClusterRoles, those that reach cluster-admin. */
const toAdmin = (all: Held[]) => all.filter(({ reach }) => reach.all || reach.names.includes(ADMIN));

/**
 * Who may bind a role needs not hold its rights; who may escalate may write any right into one.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
 */
const BIND_OR_ESCALATE: StepRule = {
  resources: ['clusterroles', 'roles', 'clusterrolebindings', 'rolebindings'],
  steps: holding => {
    const bind = toAdmin(held(holding, RBAC, 'clusterroles', 'bind'));
    const anywhere = onAll(held(holding, RBAC, 'clusterrolebindings', 'create'));
    const here = onAll(held(holding, RBAC, 'rolebindings', 'create'));
    const escalate = holding.wide ? onAll(held(holding, RBAC, 'clusterroles', 'escalate')) : [];
    const write = holding.wide ? onAll(held(holding, RBAC, 'clusterroles', 'update', 'patch')) : [];
    const escalateHere = onAll(held(holding, RBAC, 'roles', 'escalate'));
    const writeHere = onAll(held(holding, RBAC, 'roles', 'update', 'patch'));
    const steps: (Step | false)[] = [
      holding.wide && bind.length > 0 && anywhere.length > 0
        && { does: `binds ${ADMIN} in the whole cluster, and holds`, rights: [...bind, ...anywhere], target: { kind: 'everything' } },
      bind.length > 0 && here.length > 0
        && { does: `binds ${ADMIN} in a namespace, and holds`, rights: [...bind, ...here], target: { kind: 'namespace' } },
      escalate.length > 0 && write.length > 0
        && { does: 'writes any right into a ClusterRole that is bound to it, and holds', rights: [...escalate, ...write], target: { kind: 'everything' } },
      escalateHere.length > 0 && writeHere.length > 0
        && { does: 'writes any right into a Role of the namespace, and holds', rights: [...escalateHere, ...writeHere], target: { kind: 'namespace' } },
    ];
    return steps.filter(step => step !== false);
  },
};

export const RAISE_RIGHTS = {
  id: 'SD5004',
  takesOver: true,
  power: {
    words: 'raise rights',
    asked: [{ rights: rights(RBAC, ['clusterroles', 'roles'], ['bind', 'escalate']) }],
    danger: () => Danger.CRITICAL,
    raises: true,
  },
  steps: [BIND_OR_ESCALATE],
} satisfies ReviewRule;
