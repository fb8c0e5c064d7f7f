import { readFileSync } from 'fs';
import { parse } from 'yaml';
import { Binding } from './bindings';
import { wrongUse } from '../../errors';
import { plain } from '../../text';

/** What is moved in one go. */
export interface Wave {
  readonly name: string;
  /** Undefined for whatever no other wave names. */
  readonly namespaces?: string[];
  /** The last: what is bound for the whole cluster. */
  readonly cluster?: boolean;
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const OTHERS = ['others', 'cluster'];

/** `staging=web-staging,api-staging` of the command line, or `waves: [{ name, namespaces }]` of a file; what is not named comes after, and the whole cluster last. */
export function wavesOf(given: string[], file: string | undefined): Wave[] {
  if (given.length > 0 && file !== undefined) wrongUse('--wave and --waves contradict each other. Fix: give one of the two.');
  const named = file === undefined ? given.map(fromText) : fromFile(file);
  const seen = new Set<string>();
  for (const { name, namespaces } of named) {
    if (!NAME.test(name) || OTHERS.includes(name)) wrongUse(`The wave ${plain(name)} needs another name. Fix: write lower-case letters, digits and "-", at most 40; others and cluster are taken.`);
    for (const one of [`wave ${name}`, ...namespaces]) {
      if (seen.has(one)) wrongUse(`${plain(one)} is in the waves twice. Fix: name it once.`);
      seen.add(one);
    }
    const wrong = namespaces.find(one => !NAMESPACE.test(one));
    if (namespaces.length === 0 || wrong !== undefined) wrongUse(`The wave ${plain(name)} ${wrong === undefined ? 'names no namespace' : `names ${plain(wrong)}, which is no namespace`}. Fix: write e.g. --wave staging=web-staging,api-staging.`);
  }
  return [...named, { name: 'others' }, { name: 'cluster', cluster: true }];
}

function fromText(text: string): { name: string; namespaces: string[] } {
  const [name, list, ...more] = text.split('=');
  if (list === undefined || more.length > 0) wrongUse(`--wave ${plain(text)} is not NAME=NAMESPACE,…. Fix: write e.g. --wave staging=web-staging,api-staging.`);
  return { name, namespaces: list.split(',').filter(one => one !== '') };
}

function fromFile(file: string): { name: string; namespaces: string[] }[] {
  let waves: unknown;
  try {
    waves = parse(readFileSync(file, 'utf8'))?.waves;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    wrongUse(`${plain(file)} cannot be read: ${plain(code ?? message.split('\n')[0])}. Fix: write waves: [{ name: staging, namespaces: [web-staging] }].`);
  }
  const isWave = (wave: any) => typeof wave?.name === 'string' && Array.isArray(wave.namespaces) && wave.namespaces.every((one: unknown) => typeof one === 'string');
  if (!Array.isArray(waves) || !waves.every(isWave)) wrongUse(`${plain(file)} has no list of waves. Fix: write waves: [{ name: staging, namespaces: [web-staging] }].`);
  return waves as { name: string; namespaces: string[] }[];
}

/** In which wave a namespace, or the whole cluster, is moved: an index. */
export function waveOf(waves: Wave[], namespace: string | undefined): number {
  if (namespace === undefined) return waves.length - 1;
  const named = waves.findIndex(({ namespaces }) => namespaces?.includes(namespace));
  return named >= 0 ? named : waves.length - 2;
}

export const waveOfBinding = (waves: Wave[], { namespace }: Binding) => waveOf(waves, namespace);
