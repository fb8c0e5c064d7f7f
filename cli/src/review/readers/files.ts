import { readdirSync, readFileSync, statSync } from 'fs';
import { basename, join } from 'path';
import { Readable } from 'stream';
import { wrongUse } from '../../errors';
import { plain } from '../../text';

/** A text by its name. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

const MANIFEST = /\.(ya?ml|json)$/i;
/** What lies in a repository, and is nobody's manifest. */
const PASSED_OVER = ['node_modules'];

/** The texts of files, of folders with all below them, and of standard input as `-`. All are looked at before any is used. */
export async function readFiles(names: string[], stdin: Readable & { isTTY?: boolean } | undefined): Promise<Source[]> {
  if (names.filter(name => name === '-').length > 1) wrongUse('- is given twice, and standard input can be read once. Fix: give it once.');
  const sources: Source[] = [];
  for (const name of names) {
    if (name === '-') {
      if (!stdin || stdin.isTTY) wrongUse('- is given, and nothing comes from standard input. Fix: pipe the manifests, e.g. helm template . | secure-debug inventory -');
      sources.push({ name: '-', text: await whole(stdin) });
      continue;
    }
    sources.push(...sourcesIn(name, { fix: 'name files or folders of YAML or JSON, or - for standard input' }));
  }
  return sources;
}

/** How errors of reading are told. */
interface Asked {
  /** What can be named instead. */
  readonly fix: string;
  /** The option that names it. */
  readonly option?: string;
}

/** The text of a file, or of all manifests below a folder. */
export function sourcesIn(name: string, asked: Asked): Source[] {
  const found = below(name, asked);
  if (found?.length === 0) wrongUse(`${titleOf(name, asked)} holds no .yaml, .yml or .json. Fix: name the folder with the manifests.`);
  return (found ?? [name]).map(file => ({ name: file, text: read(file, asked) }));
}

const titleOf = (name: string, { option }: Asked): string => `${option === undefined ? '' : `${option} `}${plain(name)}`;

async function whole(stdin: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stdin) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}

function read(file: string, asked: Asked): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return unreadable(file, error, asked);
  }
}

function unreadable(file: string, error: unknown, asked: Asked): never {
  const { code = String(error) } = error as NodeJS.ErrnoException;
  return wrongUse(`${titleOf(file, asked)} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : code}. Fix: ${asked.fix}.`);
}

/** The manifests below a folder, sorted; undefined when it is none. Links to folders are not followed. */
function below(folder: string, asked: Asked): string[] | undefined {
  try {
    if (!statSync(folder).isDirectory()) return undefined;
    return readdirSync(folder, { withFileTypes: true })
      .sort((a, b) => a.name < b.name ? -1 : 1)
      .flatMap(entry => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return entry.name.startsWith('.') || PASSED_OVER.includes(entry.name) ? [] : below(path, asked) ?? [];
        return MANIFEST.test(basename(path)) && (entry.isFile() || statSync(path).isFile()) ? [path] : [];
      });
  } catch (error) {
    return unreadable(folder, error, asked);
  }
}

export const isManifestName = (name: string): boolean => MANIFEST.test(name) && !name.split('/').some(part => PASSED_OVER.includes(part));
