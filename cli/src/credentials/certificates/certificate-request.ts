import { der, pem } from './der';
import { RequestKey } from './request-key';

const ORGANIZATION = '2.5.4.10';
const COMMON_NAME = '2.5.4.3';

/**
 * A request for the certificate of a key (PKCS#10, PEM), signed by that key; Kubernetes takes the common name as the user, the
 * organizations as groups. It has nothing else in it, so that whoever approves can read all of it.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates
 */
export async function certificateRequest(user: string, groups: string[], key: RequestKey): Promise<string> {
  const part = (oid: string, text: string) => der.set(der.sequence(der.oid(oid), der.utf8(text)));
  const info = der.sequence(
    der.small(0),
    der.sequence(...groups.map(group => part(ORGANIZATION, group)), part(COMMON_NAME, user)),
    key.publicKey.export({ type: 'spki', format: 'der' }),
    der.context(0),
  );
  const signature = await key.sign(info);
  return pem('CERTIFICATE REQUEST', der.sequence(info, der.sequence(der.oid(key.algorithm)), der.bits(signature)));
}
