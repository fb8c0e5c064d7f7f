import { spawn } from 'child_process';
import { createHash, createPublicKey, KeyObject, verify } from 'crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { TokenKeyUri } from './pkcs11-uri';
import { ALGORITHM, curveOf, HASH, RequestKey } from './request-key';
import { refused } from '../../errors';
import { Io } from '../../io';
import { plain } from '../../text';

const PROGRAM = 'pkcs11-tool';
/** In its environment: arguments stand in every process list. */
const PIN = 'SECURE_DEBUG_TOKEN_PIN';

/**
 * A key in a token (smart card, HSM), driven by pkcs11-tool of OpenSC. It signs the request there; nothing of it comes out but
 * its public half. What is signed is a hash, for that every token can.
 */
export async function tokenKey(io: Io, uri: TokenKeyUri, pin: () => Promise<string>): Promise<RequestKey> {
  const named = [...where(uri), '--id', uri.id ?? await idOf(io, uri)];
  const publicKey = await publicKeyOf(io, named);
  const curve = curveOf(publicKey);
  if (curve !== 'p256' && curve !== 'p384') {
    refused('The key in the token is none on P-256 or P-384, and certificates are given for no other (Ed25519 only for keys that are made here). Fix: make one, e.g. pkcs11-tool --keypairgen --key-type EC:prime256v1.');
  }
  const secret = await pin();
  const hash = HASH[curve as 'p256' | 'p384']!;
  return {
    publicKey,
    algorithm: ALGORITHM[curve as 'p256' | 'p384'],
    sign: async content => {
      const signature = await withFiles(async (input, output) => {
        writeFileSync(input, createHash(hash).update(content).digest());
        await run(io, [...named, '--login', '--pin', `env:${PIN}`, '--sign', '--mechanism', 'ECDSA', '--signature-format', 'openssl', '--input-file', input, '--output-file', output], secret);
        return readFileSync(output);
      });
      if (!verify(hash, content, publicKey, signature)) refused('The token signed by another key than the one whose public half it shows. Fix: give both the same id and label, and name the key by its id.');
      return signature;
    },
  };
}

/** What is named by its label is found by it here: for a signature pkcs11-tool looks at the id alone, and takes any key without it. */
async function idOf(io: Io, uri: TokenKeyUri): Promise<string> {
  const listed = await run(io, [...where(uri), '--list-objects', '--type', 'pubkey']);
  const field = (object: string, name: string) => new RegExp(`^ *${name}: *(.*?) *$`, 'm').exec(object)?.[1];
  const found = listed.split(/^Public Key Object/m).slice(1).filter(one => field(one, 'label') === uri.object).map(one => field(one, 'ID'));
  const shown = plain(uri.object!);
  if (found.length === 0) refused(`The token has no such key: no public key is labelled ${shown}. Fix: name it as pkcs11-tool --list-objects shows it, and store its public half too.`);
  if (found.length > 1) refused(`The token has ${found.length} keys labelled ${shown}. Fix: name one by its id, e.g. id=%01.`);
  return found[0] ?? refused(`The key labelled ${shown} has no id, and pkcs11-tool signs by the id alone. Fix: give it one.`);
}

async function publicKeyOf(io: Io, named: string[]): Promise<KeyObject> {
  const der = await withFiles(async (_, output) => {
    await run(io, [...named, '--read-object', '--type', 'pubkey', '--output-file', output]);
    return readFileSync(output);
  });
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return refused(`${PROGRAM} gives a public key that cannot be read. Fix: use a key on P-256.`);
  }
}

const where = ({ module, token }: TokenKeyUri) => ['--module', module, ...token === undefined ? [] : ['--token-label', token]];

/** Two files in a folder of their own, gone afterwards; neither ever holds anything that is secret. */
async function withFiles<T>(use: (input: string, output: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'secure-debug-'));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  const interrupted = () => {
    clear();
    process.exit(130);
  };
  process.on('SIGINT', interrupted);
  try {
    return await use(join(folder, 'in'), join(folder, 'out'));
  } finally {
    process.off('SIGINT', interrupted);
    clear();
  }
}

/** Runs it, and returns what it prints. */
function run(io: Io, args: string[], pin?: string): Promise<string> {
  return new Promise((resolve, fail) => {
    const reject = (message: string) => {
      try {
        refused(message);
      } catch (error) {
        fail(error);
      }
    };
    const child = spawn(PROGRAM, args, { env: { ...io.env, ...pin !== undefined && { [PIN]: pin } }, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', text => { printed += text; });
    child.stderr.setEncoding('utf8').on('data', text => { said += text; });
    child.on('error', error => reject(`${PROGRAM} cannot be run: ${(error as NodeJS.ErrnoException).code}. Fix: install OpenSC (on Debian: apt-get install opensc).`));
    child.on('close', code => code === 0 ? resolve(printed) : reject(explain(said)));
  });
}

/** What the program said, as one sentence. */
function explain(said: string): string {
  const [, line = 'no reason is given'] = /(?:^|\n)(?:error:|warning:)? ?([^\n]*(?:failed|error|No slot|not found|cannot|Failed)[^\n]*)/.exec(said) ?? [];
  const because = `${PROGRAM} says: ${plain(line.trim()).replace(/[.\s]+$/, '')}`;
  if (/CKR_PIN_LOCKED/.test(said)) return `The token is locked after too many wrong PINs; ${because}. Fix: unlock it with its SO-PIN or PUK.`;
  if (/CKR_PIN/.test(said)) return `The token does not take the PIN; ${because}. Fix: try again; tokens lock themselves after a few wrong ones.`;
  if (/object not found|no .*key found|not find/i.test(said)) return `The token has no such key; ${because}. Fix: name it as pkcs11-tool --list-objects shows it, and store its public half too.`;
  if (/slot|Failed to load/i.test(said)) return `There is no such token; ${because}. Fix: name it as pkcs11-tool --list-token-slots shows it, and see that module-path is its library.`;
  return `The token could not be used; ${because}. Fix: try the same by pkcs11-tool.`;
}
