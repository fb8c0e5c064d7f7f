import { exceptionAnnotation, Policy } from '../model/admission-policy';
import { literal, literals } from '../model/cel';
import { CERTIFICATE_TERMS, CERTIFICATES_POLICY, CLIENT_SIGNER } from '../model/certificate-approver';

/** What the policy has to know. */
interface CertificatesPolicyProps {
  readonly groups: string[];
  readonly maxLifeSeconds: number;
  readonly byCertificate: boolean;
  /** Users that are let pass. */
  readonly exceptions: { readonly user: string; readonly reason: string }[];
  /** User name of the one who approves. */
  readonly approver: string;
}

const approved = (object: string) => `${object}.?status.?conditions.orValue([]).exists(c, c.type == 'Approved')`;
/** Where the API server says by which credential somebody came, and how a certificate begins there. */
const CAME_BY_CERTIFICATE = 'request.userInfo.?extra[?\'authentication.kubernetes.io/credential-id\'].orValue([]).exists(c, c.startsWith(\'X509SHA256=\'))';

/**
 * Who asks for a certificate for the API server, for how long, and who approves. What the request says is in its PEM, which no
 * policy can read; the approver does.
 */
export function certificatesPolicy({ groups, maxLifeSeconds, byCertificate, exceptions, approver }: CertificatesPolicyProps): Policy {
  const asking = (expression: string) => `request.operation != 'CREATE' || ${expression}`;
  const member = (list: string) => `${list}.orValue([]).exists(g, g in ${literals(groups)})`;
  return {
    name: CERTIFICATES_POLICY,
    component: 'certificate-approver',
    // Whoever may watch only could still get any name.
    actions: ['Deny'],
    rules: [
      { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], operations: ['CREATE'] },
      { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], operations: ['UPDATE'] },
    ],
    annotations: {
      ...exceptionAnnotation(exceptions.map(({ user, reason }) => `User ${user}: ${reason}`)),
      [CERTIFICATE_TERMS.groups]: groups.join('\n'),
      [CERTIFICATE_TERMS.maxSeconds]: String(maxLifeSeconds),
      [CERTIFICATE_TERMS.byCertificate]: String(byCertificate),
    },
    matchConditions: [
      { name: 'for-the-api-server', expression: `object.spec.signerName == ${literal(CLIENT_SIGNER)}` },
      // To deny one gives nothing to anybody.
      { name: 'asks-or-approves', expression: `request.operation == 'CREATE' || ${approved('object')} && !${approved('oldObject')}` },
      ...exceptions.length ? [{ name: 'no-excepted-user', expression: `!(request.userInfo.username in ${literals(exceptions.map(({ user }) => user))})` }] : [],
    ],
    validations: [
      {
        expression: `request.operation == 'CREATE' || request.userInfo.username == ${literal(approver)}`,
        message: 'whoever approves a certificate decides who its holder is: here only the approver does, which reads what it says',
      },
      {
        expression: asking(`!request.userInfo.username.startsWith('system:') && ${member('request.userInfo.?groups')}`),
        message: `certificates for the API server are for people of ${groups.join(', ')}`,
      },
      {
        expression: `request.operation == 'CREATE' || !object.spec.username.startsWith('system:') && ${member('object.spec.?groups')}`,
        message: 'it was made by nobody who may have one',
      },
      ...byCertificate ? [] : [{
        expression: asking(`!${CAME_BY_CERTIFICATE}`),
        message: 'a certificate that gets the next would never end: log in first, then ask',
      }],
      {
        expression: `has(object.spec.expirationSeconds) && object.spec.expirationSeconds >= 600 && object.spec.expirationSeconds <= ${maxLifeSeconds}`,
        message: `spec.expirationSeconds has to be 600 to ${maxLifeSeconds}: without it a certificate is for a year`,
      },
      {
        expression: 'object.spec.usages.all(u, u in [\'client auth\', \'digital signature\']) && \'client auth\' in object.spec.usages',
        message: 'spec.usages has to be "client auth" and "digital signature"',
      },
    ],
  };
}
