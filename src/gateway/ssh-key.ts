import { reject } from '../private/errors';
import { text } from '../private/validate';

/** Types of keys that authorities and people may have: nothing on NIST curves but what hardware keys speak, no RSA, no DSA. */
const AUTHORITY_TYPES = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'];

/** One line of a public key file, without its comment; a private key is refused before it is shown. */
export function publicKey(where: string, field: string, value: string): string {
  if (typeof value === 'string' && value.includes('PRIVATE KEY')) {
    reject({ where, field, value: '(not shown)', problem: 'is a private key', fix: 'give the public one, the content of the file that ends with .pub, and make a new key if this one was committed' });
  }
  text(where, field, value, 'a public key, the content of the file that ends with .pub', 2_000);
  const [type, blob = ''] = value.split(' ');
  if (!AUTHORITY_TYPES.includes(type)) {
    reject({ where, field, value: type, problem: 'is no type of key that is trusted here', fix: `use one of ${AUTHORITY_TYPES.join(', ')}: ssh-keygen -t ed25519` });
  }
  const bytes = Buffer.from(blob, 'base64');
  const inside = bytes.length > 4 ? bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1') : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(blob) || inside !== type) {
    reject({ where, field, value, problem: 'is damaged: its data is not a key of the type that stands before it', fix: 'copy the whole line of the file that ends with .pub' });
  }
  return `${type} ${blob}`;
}
