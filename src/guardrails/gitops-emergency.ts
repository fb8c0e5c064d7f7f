import { PolicyVariable } from '../model/admission-policy';
import { BREAK_GLASS_ROLE } from '../model/virtual-rights';

/**
 * The variable `giving` where only break-glass counts: RE2 that a reason of RBAC matches when the right comes from a Role
 * `break-glass…` by a RoleBinding in the namespace of the request. A wildcard is no emergency, nor is system:masters.
 */
export const GIVEN_IN_EMERGENCY: PolicyVariable = {
  name: 'giving',
  expression: `'^RBAC: allowed by RoleBinding "[^"/]+/' + request.namespace + '" of Role "${BREAK_GLASS_ROLE}(?:-[a-z0-9-]+)?" to '`,
};
