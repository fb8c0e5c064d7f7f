import { Held, held, namesOf, onAll, ReviewRule, rights, Step, StepRule } from './rule';
import { Danger } from '../../model/capability';

const CERTIFICATES = 'certificates.k8s.io';

/** Everybody of some rights, or those they name. */
function accounts(all: Held[], does: string): Step[] {
  if (all.length === 0) return [];
  const whole = onAll(all).length > 0;
  return [{ does, rights: all, target: { kind: 'accounts', ...!whole && { names: namesOf(all) } } }];
}

/** @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/#token-request */
const REQUEST_TOKEN: StepRule = {
  resources: ['serviceaccounts'],
  steps: holding => accounts(held(holding, '', 'serviceaccounts/token', 'create'), 'asks for a token of'),
};

/**
 * A group is impersonated beside a user or a ServiceAccount, never alone.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
const IMPERSONATE: StepRule = {
  resources: ['serviceaccounts', 'users', 'groups'],
  steps: holding => {
    const ofAccounts = held(holding, '', 'serviceaccounts', 'impersonate');
    const users = holding.wide ? held(holding, '', 'users', 'impersonate') : [];
    const groups = holding.wide ? held(holding, '', 'groups', 'impersonate') : [];
    const carriers = [...ofAccounts, ...users];
    const masters = carriers.length > 0 && groups.some(({ reach }) => reach.all || reach.names.includes('system:masters'));
    const whole = onAll(users).length > 0;
    return [
      ...masters ? [{ does: 'impersonates the group system:masters, and holds', rights: [...groups, ...carriers], target: { kind: 'everything' } } as Step] : [],
      ...accounts(ofAccounts, 'impersonates'),
      ...users.length > 0 ? [{ does: 'impersonates', rights: users, target: { kind: 'users', ...!whole && { names: namesOf(users) } } } as Step] : [],
      ...carriers.length > 0 ? namesOf(groups).map((name): Step => ({ does: 'impersonates', rights: [...groups, ...carriers], target: { kind: 'group', name } })) : [],
    ];
  },
};

const SIGNER = 'kubernetes.io/kube-apiserver-client';

/**
 * Whoever approves certificates for clients of the API server signs any name: every user but system:masters.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
 */
const APPROVE_CERTIFICATE: StepRule = {
  resources: ['certificatesigningrequests', 'signers'],
  steps: holding => {
    if (!holding.wide) return [];
    const created = onAll(held(holding, CERTIFICATES, 'certificatesigningrequests', 'create'));
    const approved = onAll(held(holding, CERTIFICATES, 'certificatesigningrequests/approval', 'update', 'patch'));
    const signed = held(holding, CERTIFICATES, 'signers', 'approve').filter(({ reach }) => reach.all || reach.names.some(name => [SIGNER, 'kubernetes.io/*'].includes(name)));
    return created.length > 0 && approved.length > 0 && signed.length > 0
      ? [{ does: 'approves a certificate in the name of', rights: [...created, ...approved, ...signed], target: { kind: 'users' } }] : [];
  },
};

export const OTHER_IDENTITY = {
  id: 'SD5005',
  takesOver: true,
  power: {
    words: 'act as somebody else',
    asked: [
      { rights: [...rights('', ['serviceaccounts'], ['impersonate']), ...rights('', ['serviceaccounts/token'], ['create'])] },
      {
        clusterScoped: true,
        rights: [
          ...rights('', ['groups', 'users'], ['impersonate']),
          ...rights('authentication.k8s.io', ['uids'], ['impersonate']),
          ...rights(CERTIFICATES, ['certificatesigningrequests/approval'], ['patch', 'update']),
        ],
      },
    ],
    // Impersonation bounded to a part of an identity has verbs of its own (KEP-5284).
    isPart: ({ verb }) => /^impersonate(-on)?:/.test(verb),
    danger: () => Danger.CRITICAL,
    raises: true,
  },
  steps: [IMPERSONATE, REQUEST_TOKEN, APPROVE_CERTIFICATE],
} satisfies ReviewRule;
