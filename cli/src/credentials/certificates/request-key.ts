import { createPublicKey, generateKeyPairSync, KeyObject, sign } from 'crypto';

/** Object identifiers of signatures. */
export const ALGORITHM = { p256: '1.2.840.10045.4.3.2', p384: '1.2.840.10045.4.3.3', ed25519: '1.3.101.112' } as const;
type Curve = keyof typeof ALGORITHM;

/** The hash that goes with each; Ed25519 has its own. */
export const HASH: { readonly [curve in Curve]: string | undefined } = { p256: 'sha256', p384: 'sha384', ed25519: undefined };

/** A key that signs a request for its certificate, wherever it lives. */
export interface RequestKey {
  readonly publicKey: KeyObject;
  /** Object identifier of its signatures. */
  readonly algorithm: string;
  /** ECDSA signatures are in DER. */
  sign(content: Uint8Array): Promise<Uint8Array>;
}

/** A key that was made here and is in memory alone until somebody writes it. */
export interface LocalKey extends RequestKey {
  readonly privateKey: KeyObject;
}

/** Makes a key. */
export function localKey(curve: 'p256' | 'ed25519'): LocalKey {
  const { privateKey } = curve === 'p256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const signed = async (content: Uint8Array) => sign(HASH[curve], content, privateKey);
  return { privateKey, publicKey: createPublicKey(privateKey), algorithm: ALGORITHM[curve], sign: signed };
}

/** Which of the curves that certificates are given for it is on; undefined for every other key. */
export function curveOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Curve | undefined {
  if (asymmetricKeyType === 'ed25519') return 'ed25519';
  if (asymmetricKeyType !== 'ec') return undefined;
  return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'p256' : asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'p384' : undefined;
}
