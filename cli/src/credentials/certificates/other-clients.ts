import { join } from 'path';
import { AUTHORITY, PAIR } from './folder';
import { Endpoint } from './kubeconfig';
import { TokenKeyUri } from './pkcs11-uri';
import { plain, word } from '../../text';

/** Command lines of clients that use a key in its token; both ask for the PIN. */
export function byHand(folder: string, { server, authority }: Endpoint, { text, module }: TokenKeyUri): string[] {
  const pair = join(folder, PAIR);
  const trust = authority === undefined ? [] : ['--cacert', join(folder, AUTHORITY)];
  const url = new URL('/apis/authentication.k8s.io/v1/selfsubjectreviews', server);
  // The engine reads the module from the environment, and has no use for the query of the URI.
  const key = text.split('?')[0];
  const body = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}';
  const curl = [...trust, '--cert', pair, '--engine', 'pkcs11', '--key-type', 'ENG', '--key', key, '--json', body, String(url)];
  return [`PKCS11_MODULE_PATH=${word(plain(module))} curl ${curl.map(plain).map(word).join(' ')}`];
}
