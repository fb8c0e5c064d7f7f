import { wrongUse } from '../../errors';
import { plain } from '../../text';

/** Which key of which token. */
export interface TokenKeyUri {
  readonly text: string;
  /** Label of the token; the first token otherwise. */
  readonly token?: string;
  /** Label of the key. */
  readonly object?: string;
  /** CKA_ID in hex. */
  readonly id?: string;
  /** The library that speaks to the token. */
  readonly module: string;
  /** A file whose first line is the PIN. */
  readonly pinFile?: string;
}

const EXAMPLE = 'pkcs11:token=alice;object=debug?module-path=/usr/lib/softhsm/libsofthsm2.so';

/** Reads a URI of a key. @see https://www.rfc-editor.org/rfc/rfc7512 */
export function readPkcs11Uri(text: string, env: NodeJS.ProcessEnv): TokenKeyUri {
  const wrong = (problem: string, fix: string): never => wrongUse(`--pkcs11 ${plain(text.replace(/pin-value=[^&;]*/, 'pin-value=…'))} ${problem}. Fix: ${fix}.`);
  const [, path, query = ''] = /^pkcs11:([^?]*)(?:\?(.*))?$/s.exec(text) ?? wrong('is no URI of a key in a token', `write ${EXAMPLE}; p11tool --list-keys shows them`);
  const attributes = (part: string, separator: string) => new Map(part.split(separator).filter(Boolean).map((one): [string, string] => {
    const at = one.indexOf('=');
    if (at < 1) wrong(`has ${plain(one)}, which is no attribute`, `write ${EXAMPLE}`);
    return [one.slice(0, at), one.slice(at + 1)];
  }));
  const [named, asked] = [attributes(path, ';'), attributes(query, '&')];
  const decoded = (value: string | undefined): Buffer | undefined => {
    if (value === undefined) return undefined;
    if (/%(?![0-9a-fA-F]{2})/.test(value)) wrong('has a % that is followed by no two hex digits', `write ${EXAMPLE}`);
    return Buffer.from(value.replace(/%([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
  };
  const value = (from: Map<string, string>, name: string) => decoded(from.get(name))?.toString('utf8');

  if (asked.has('pin-value') || named.has('pin-value')) wrong('has a PIN in it, which stands in the history of your shell now', 'change the PIN, and give --pin-file FILE or type it');
  const id = decoded(named.get('id'))?.toString('hex');
  const object = value(named, 'object');
  if (!id && !object) wrong('names no key', 'add object=LABEL or id=%01, as p11tool --list-keys shows them');
  const module = value(asked, 'module-path') ?? env.PKCS11_MODULE_PATH;
  if (!module) wrong('does not say which library speaks to the token', 'add ?module-path=/usr/lib/…/lib….so, or set PKCS11_MODULE_PATH');
  const source = value(asked, 'pin-source');
  if (source?.startsWith('|')) wrong('takes its PIN from a program, which is not run', 'give --pin-file FILE or type it');
  return { text, token: value(named, 'token'), object, id, module: module!, pinFile: source?.replace(/^file:(\/\/)?/, '') };
}
