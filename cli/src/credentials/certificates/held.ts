import { createPrivateKey, X509Certificate } from 'crypto';
import { join } from 'path';
import { parse } from 'yaml';
import { got, KUBECONFIG, PAIR, TOKEN } from './folder';
import { Holder, holderOf } from './kubeconfig';

/** A key that stays in its token. */
export interface InToken {
  /** Its URI. */
  readonly pkcs11: string;
  readonly server: string;
  /** What the certificate of the server is checked for, if not its address. */
  readonly serverName?: string;
  /** How the server is reached, if not straight. */
  readonly proxy?: string;
  readonly label: string;
  readonly namespace: string;
}

/** A certificate that lies here. */
export interface Held extends Holder {
  readonly folder: string;
  readonly certificate: X509Certificate;
  /** PEM. */
  readonly text: string;
  /** Where its key is, if that is a token. */
  readonly token?: InToken;
  /** Whether the key beside it is its own; true where it is in a token. */
  readonly fits: boolean;
}

/** What a folder holds: undefined when there is nothing, an error text when it is no certificate. */
export function heldIn(folder: string): Held | undefined | string {
  const text = got(join(folder, PAIR));
  if (text === undefined) return undefined;
  try {
    const certificate = new X509Certificate(text);
    const about = got(join(folder, TOKEN));
    const token: InToken | undefined = about === undefined ? undefined : JSON.parse(about);
    return { folder, certificate, text, token, fits: token !== undefined || fits(certificate, text), ...holderOf(certificate) };
  } catch {
    return 'what lies there is no certificate';
  }
}

/** Whether the private key in a PEM text belongs to a certificate. */
export function fits(certificate: X509Certificate, text: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(text));
  } catch {
    return false;
  }
}

/** What a kubeconfig of ours says beside the certificate; undefined when there is none, or one that is not ours. */
export function contextIn(folder: string): { context: string; server: string } | undefined {
  const text = got(join(folder, KUBECONFIG));
  if (text === undefined) return undefined;
  try {
    const config = parse(text);
    const server = config.clusters[0].cluster.server;
    const context = config['current-context'];
    return typeof server === 'string' && typeof context === 'string' ? { context, server } : undefined;
  } catch {
    return undefined;
  }
}
