import { API_SERVER, MUTATE_PODS } from './api-server';
import { CREATE_CONTROLLERS, TEMPLATE } from './create-controllers';
import { CREATE_PODS, RUN_AS } from './create-pods';
import { EXEC_EVERYWHERE, INTO_PODS } from './exec';
import { GITOPS_OBJECTS, HAVE_APPLIED } from './gitops-objects';
import { KUBELET, KUBELET_EXEC } from './kubelet';
import { NAMESPACE_LABELS } from './namespace-labels';
import { NODE_VOLUMES } from './node-volumes';
import { APPROVE_CERTIFICATE, IMPERSONATE, OTHER_IDENTITY, REQUEST_TOKEN } from './other-identity';
import { BIND_OR_ESCALATE, RAISE_RIGHTS } from './raise-rights';
import { READ_SECRETS, TOKEN_SECRET } from './read-secrets';
import { PowerRule, StepRule } from './rule';

/** Powers that are told wherever they are held. */
export const POWERS: PowerRule[] = [
  READ_SECRETS, RAISE_RIGHTS, OTHER_IDENTITY, KUBELET, CREATE_PODS, CREATE_CONTROLLERS, API_SERVER,
  GITOPS_OBJECTS, NODE_VOLUMES, NAMESPACE_LABELS,
];

/** Powers that are told when they are held in the whole cluster; in a namespace they are what debugging needs. */
export const WIDE_POWERS: PowerRule[] = [EXEC_EVERYWHERE];

/** How rights lead to other rights. The more direct ones come first: of ways of one length the first is told. */
export const STEPS: StepRule[] = [
  BIND_OR_ESCALATE, IMPERSONATE, REQUEST_TOKEN, APPROVE_CERTIFICATE, RUN_AS, TEMPLATE,
  INTO_PODS, TOKEN_SECRET, KUBELET_EXEC, HAVE_APPLIED, MUTATE_PODS,
];
