import { MAKES_CREDENTIALS, NOT_KUBELET } from './binding-exemptions';
import { exceptionConditions, exceptionsOf, GuardrailException } from './guardrail-exception';
import { exceptionAnnotation, Policy } from '../model/admission-policy';
import { anyOf } from '../model/cel';

const TOKEN_SECRET = 'kubernetes.io/service-account-token';
/** Logs in as a node that is about to join, whose certificate is approved by itself. */
const BOOTSTRAP_SECRET = 'bootstrap.kubernetes.io/token';
const ACCOUNT = 'kubernetes.io/service-account.name';

// The three kinds have little in common, and type checking would miss in one what another has.
const approved = (object: string) => `dyn(${object}).?status.?conditions.orValue([]).exists(c, c.type == 'Approved')`;
const isOf = (type: string) => `dyn(object).?type.orValue('') == '${type}'`;
const dataOf = (object: string) => `dyn(${object}).?data.orValue({})`;
const account = (object: string) => `dyn(${object}).metadata.?annotations[?'${ACCOUNT}'].orValue('')`;

/** Who may make credentials of others: tokens of ServiceAccounts, Secrets that get such a token or let a node join, and certificates. */
export function identitiesPolicy(exceptions: GuardrailException[]): Omit<Policy, 'component' | 'actions'> {
  const all = exceptionsOf('BindingGuardrail', [...MAKES_CREDENTIALS, ...exceptions]);
  return {
    name: 'secure-debug-identities',
    rules: [
      { apiGroups: [''], resources: ['serviceaccounts/token'], operations: ['CREATE'] },
      { apiGroups: [''], resources: ['secrets'], operations: ['CREATE', 'UPDATE'] },
      { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], operations: ['UPDATE'] },
    ],
    annotations: exceptionAnnotation(all),
    matchConditions: [
      // Most Secrets are not meant, so this comes first. One that exists could be told another ServiceAccount, or other groups.
      {
        name: 'no-other-secret',
        expression: anyOf([
          'request.resource.resource != \'secrets\'',
          `${isOf(TOKEN_SECRET)} && (request.operation == 'CREATE' || ${account('object')} != ${account('oldObject')})`,
          `${isOf(BOOTSTRAP_SECRET)} && (request.operation == 'CREATE' || ${dataOf('object')} != ${dataOf('oldObject')})`,
        ]),
      },
      // To deny a certificate, or to say more about an approved one, gives nothing to anybody.
      {
        name: 'no-other-decision',
        expression: `request.resource.resource != 'certificatesigningrequests' || dyn(object).spec.signerName.startsWith('kubernetes.io/') && ${approved('object')} && !${approved('oldObject')}`,
      },
      NOT_KUBELET,
      ...exceptionConditions(all),
    ],
    validations: [
      {
        expression: 'request.resource.resource != \'certificatesigningrequests\'',
        message: 'whoever approves this certificate decides who its holder is',
        messageExpression: '\'whoever approves \' + request.name + \' decides who its holder is for the cluster: certificates are approved by named identities alone\'',
      },
      {
        expression: 'request.resource.resource == \'certificatesigningrequests\'',
        message: 'a token acts as somebody else, and no log says who used it',
        messageExpression: '\'a token acts as somebody else, and no log says who used it: \' + request.resource.resource + \'/\' + request.name + \' in \' + request.namespace + \' gives none to you\'',
      },
    ],
  };
}
