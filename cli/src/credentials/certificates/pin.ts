import { got } from './folder';
import { TokenKeyUri } from './pkcs11-uri';
import { wrongUse } from '../../errors';
import { Io } from '../../io';
import { typed } from '../../sealed/secrets';
import { plain } from '../../text';

/** The PIN of a token: of a file, or typed. Never an argument: those are in every process list. */
export async function tokenPin(io: Io, { pinFile: named }: TokenKeyUri, given: string | undefined): Promise<string> {
  const file = given ?? named;
  if (file === undefined && !io.stdin?.isTTY) wrongUse('There is no terminal to ask for the PIN of the token. Fix: --pin-file FILE.');
  if (file === undefined) return typed(io, 'PIN of the token: ');
  const [pin] = (got(file) ?? wrongUse(`--pin-file ${plain(file)} is not there. Fix: name a file that you may read.`)).split(/\r?\n/);
  return pin || wrongUse(`--pin-file ${plain(file)} begins with an empty line. Fix: write the PIN into its first line.`);
}
