import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'crypto';
import { der, pem } from './der';
import { ALGORITHM } from './request-key';

const COMMON_NAME = '2.5.4.3';
const ALTERNATIVE_NAME = '2.5.29.17';
const LOOPBACK = [127, 0, 0, 1];

/**
 * A key and a certificate for 127.0.0.1 that is its own authority: by it a local program and its client know each other, and
 * nobody else does. Worth nothing on another machine. PEM: certificate and key, and the certificate alone.
 */
export function loopbackPair(notBefore: Date, notAfter: Date): { pair: string; certificate: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der.sequence(der.oid(ALGORITHM.p256));
  const name = der.sequence(der.set(der.sequence(der.oid(COMMON_NAME), der.utf8('secure-debug on this machine'))));
  const address = der.sequence(der.implicit(7, Buffer.from(LOOPBACK)));
  const extensions = der.sequence(der.sequence(der.oid(ALTERNATIVE_NAME), der.octets(address)));
  // Of two whose names are alike, the number tells which is which.
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)]);
  const content = der.sequence(
    der.context(0, der.small(2)), der.integer(serial), algorithm, name, der.sequence(der.time(notBefore), der.time(notAfter)), name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }), der.context(3, extensions),
  );
  const certificate = pem('CERTIFICATE', der.sequence(content, algorithm, der.bits(sign('sha256', content, privateKey))));
  return { pair: certificate + privateKey.export({ type: 'pkcs8', format: 'pem' }), certificate };
}
