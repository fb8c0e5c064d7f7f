import { generateKeyPairSync, KeyObject, sign } from 'crypto';
import { der, pem } from './der';

const ORGANIZATION = '2.5.4.10';
const COMMON_NAME = '2.5.4.3';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** A new key, and the request for its certificate. */
export interface CertificateRequest {
  readonly key: KeyObject;
  /** PKCS#10, PEM. */
  readonly request: string;
}

/**
 * Makes a P-256 key here and a request for its certificate; Kubernetes takes the common name as the user, the organization as
 * the group.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates
 */
export function certificateRequest(user: string, group: string): CertificateRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const part = (oid: string, text: string) => der.set(der.sequence(der.oid(oid), der.utf8(text)));
  const info = der.sequence(
    der.small(0),
    der.sequence(part(ORGANIZATION, group), part(COMMON_NAME, user)),
    publicKey.export({ type: 'spki', format: 'der' }),
    der.context(0),
  );
  const signature = sign('sha256', info, privateKey);
  return { key: privateKey, request: pem('CERTIFICATE REQUEST', der.sequence(info, der.sequence(der.oid(ECDSA_WITH_SHA256)), der.bits(signature))) };
}
