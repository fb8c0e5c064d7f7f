import { readFileSync } from 'fs';
import { refused, wrongUse } from '../errors';
import { Io } from '../io';
import { plain } from '../text';

/** The shortest passphrase: who has the file can try passphrases for as long as they like. */
const SHORTEST = 16;

/** How a sealed file is opened, as the options say. */
export interface KeyOptions {
  readonly identity?: string[];
  readonly passphraseFile?: string;
}

/** Identities of files, or a passphrase of a file, or one that is typed. Secrets are never arguments: those are in every process list. */
export async function keysOf(io: Io, { identity = [], passphraseFile }: KeyOptions): Promise<{ identities?: string[]; passphrase?: string }> {
  if (identity.length > 0 && passphraseFile !== undefined) wrongUse('--identity and --passphrase-file contradict each other. Fix: give the one that the file was sealed for.');
  if (identity.length > 0) return { identities: identity.flatMap(identitiesOf) };
  return { passphrase: passphraseFile === undefined ? await typed(io, 'Passphrase: ') : firstLine('--passphrase-file', passphraseFile) };
}

/** A new passphrase: of a file, or typed twice. */
export async function newPassphrase(io: Io, file: string | undefined): Promise<string> {
  const passphrase = file === undefined ? await typed(io, 'New passphrase: ') : firstLine('--passphrase-file', file);
  if ([...passphrase].length < SHORTEST) {
    wrongUse(`The passphrase has fewer than ${SHORTEST} characters, and whoever copies the file can try for as long as they like. Fix: use five random words, or seal to --recipient.`);
  }
  if (file === undefined && await typed(io, 'Once more: ') !== passphrase) wrongUse('The two passphrases differ. Fix: try again.');
  return passphrase;
}

/** The lines of a file, without comments. */
export function linesOf(option: string, file: string): string[] {
  return textOf(option, file).split(/\r?\n/).map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'));
}

function identitiesOf(file: string): string[] {
  const lines = linesOf('--identity', file);
  if (lines.length === 0) wrongUse(`--identity ${plain(file)} has no identity in it. Fix: give the file that age-keygen wrote.`);
  return lines;
}

function firstLine(option: string, file: string): string {
  const [line] = textOf(option, file).split(/\r?\n/);
  if (line === '') wrongUse(`${option} ${plain(file)} begins with an empty line. Fix: write the passphrase into its first line.`);
  return line;
}

function textOf(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return wrongUse(`${option} ${plain(file)} cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name a file that you may read.`);
  }
}

/** What somebody types, which no terminal shows. */
export function typed(io: Io, question: string): Promise<string> {
  const { stdin } = io;
  if (!stdin?.isTTY) wrongUse('There is no terminal to ask for the passphrase. Fix: give --identity FILE or --passphrase-file FILE.');
  const keyboard = stdin!;
  io.stderr.write(question);
  return new Promise((resolve, fail) => {
    let text = '';
    const end = (act: () => void) => {
      keyboard.off('data', take);
      keyboard.setRawMode?.(false);
      keyboard.pause();
      io.stderr.write('\n');
      act();
    };
    const take = (data: Buffer | string) => {
      for (const key of data.toString()) {
        if (key === '\r' || key === '\n') return end(() => resolve(text));
        if (key === '\u0003' || key === '\u0004') {
          return end(() => {
            try {
              refused('Nothing was typed to the end. Fix: try again.');
            } catch (error) {
              fail(error);
            }
          });
        }
        text = key === '\u007f' || key === '\b' ? [...text].slice(0, -1).join('') : text + key;
      }
    };
    keyboard.setRawMode?.(true);
    keyboard.setEncoding?.('utf8');
    keyboard.on('data', take);
    keyboard.resume();
  });
}
