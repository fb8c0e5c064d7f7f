import { GuardrailException } from './guardrail-exception';
import { MatchCondition } from '../model/admission-policy';

/**
 * What the control plane does by itself, by the names it does it under. Everything else it does with Roles and bindings
 * adds no right: the garbage collector and the namespace controller delete, and take finalizers and owners away.
 */
const API_SERVER = GuardrailException.user('system:apiserver', 'restores the built-in roles and their bindings when the API server starts');
/** Also all of its controllers, where it runs without --use-service-account-credentials. */
const CONTROLLER_MANAGER = GuardrailException.user('system:kube-controller-manager', 'runs the controllers, and gets the tokens they use');
const AGGREGATION = GuardrailException.serviceAccount('kube-system', 'clusterrole-aggregation-controller', 'joins the ClusterRoles that are aggregated');
const KUBELET_APPROVER = GuardrailException.serviceAccount('kube-system', 'certificate-controller', 'approves the certificates of kubelets');

/** Who of the control plane writes bindings. */
export const WRITES_BINDINGS = [API_SERVER, CONTROLLER_MANAGER];
/** Who of it writes Roles. */
export const WRITES_ROLES = [API_SERVER, CONTROLLER_MANAGER, AGGREGATION];
/** Who of it makes credentials of others; kubelets are told apart by `notKubelet`. */
export const MAKES_CREDENTIALS = [CONTROLLER_MANAGER, KUBELET_APPROVER];

/** Kubelets get the tokens of the ServiceAccounts of their pods; which these are is checked by the Node authorizer. */
export const NOT_KUBELET: MatchCondition = {
  name: 'no-kubelet',
  expression: '!(request.userInfo.username.startsWith(\'system:node:\') && has(request.userInfo.groups) && \'system:nodes\' in request.userInfo.groups)',
};
