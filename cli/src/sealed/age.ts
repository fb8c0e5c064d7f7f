import { ageLibrary } from './age-library';
import { refused, wrongUse } from '../errors';
import { plain } from '../text';

/** For whom something is sealed: one of the two; the format of age lets nobody mix them. */
export interface Lock {
  readonly recipients?: string[];
  readonly passphrase?: string;
}

/** By what it is opened. */
interface Keys {
  readonly identities?: string[];
  readonly passphrase?: string;
}

/** Seals a text in the armored format of age, which `age --decrypt` opens too. @see https://age-encryption.org/v1 */
export async function seal(text: string, { recipients = [], passphrase }: Lock): Promise<string> {
  const { armor } = await ageLibrary();
  return armor.encode(await (await encrypter({ recipients, passphrase })).encrypt(text));
}

/** Says what is wrong with recipients before anything is asked of a cluster. */
export async function checkRecipients(recipients: string[]): Promise<void> {
  await encrypter({ recipients });
}

async function encrypter({ recipients = [], passphrase }: Lock) {
  const { Encrypter } = await ageLibrary();
  const made = new Encrypter();
  if (passphrase !== undefined) made.setPassphrase(passphrase);
  for (const recipient of recipients) {
    try {
      made.addRecipient(recipient);
    } catch {
      const secret = /^AGE-SECRET-KEY/i.test(recipient);
      wrongUse(secret
        ? '--recipient is a secret key, and stands in the history of your shell now. Fix: make a new one with age-keygen, and give its public key (age1…).'
        : `--recipient ${plain(recipient)} is no recipient of age. Fix: give a public key as age-keygen prints it: age1…`);
    }
  }
  return made;
}

/** Opens what was sealed. */
export async function unseal(sealed: string, { identities = [], passphrase }: Keys): Promise<string> {
  const { armor, Decrypter } = await ageLibrary();
  const opener = new Decrypter();
  if (passphrase !== undefined) opener.addPassphrase(passphrase);
  for (const identity of identities) {
    try {
      opener.addIdentity(identity);
    } catch {
      wrongUse('--identity has a line that is no identity of age. Fix: give the file that age-keygen wrote (AGE-SECRET-KEY-1…); keys that live in a plug-in are opened by age itself.');
    }
  }
  let content: Uint8Array;
  try {
    content = armor.decode(sealed);
  } catch {
    return refused('The file is no sealed credential: it is not in the armored format of age, or was cut short. Fix: name the file that secure-debug break-glass seal wrote.');
  }
  try {
    return await opener.decrypt(content, 'text');
  } catch (error) {
    const { message } = error as Error;
    return refused(/no identity matched/.test(message)
      ? `The file cannot be opened by ${passphrase === undefined ? 'this identity: it was sealed for others, or by a passphrase' : 'this passphrase'}. Fix: secure-debug break-glass status FILE says for whom it was sealed.`
      : `The file cannot be opened: ${plain(message)}. Fix: take another copy of it, or seal a new one.`);
  }
}
