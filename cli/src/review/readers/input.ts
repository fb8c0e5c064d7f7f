import { ManifestSource } from 'cdk8s-secure-debug';
import { Broken, Document } from './document';
import { Source } from './files';
import { parseText } from './text';
import { wrongUse } from '../../errors';
import { plain } from '../../text';

/** What was read, for whoever reviews it. */
export interface Input {
  readonly objects: any[];
  /** Where each object stands. */
  readonly sources: ManifestSource[];
  /** What a person should know of the reading. */
  readonly notes: string[];
  readonly texts: number;
}

/** So many are named in an error; the rest is counted. */
const NAMED = 10;

const placeOf = ({ file, line }: { readonly file: string; readonly line: number }): string => `${plain(file)}:${line}`;
const list = (told: string[]): string => `${told.slice(0, NAMED).join('; ')}${told.length > NAMED ? `; and ${told.length - NAMED} more` : ''}`;

/**
 * The objects of some texts. What is damaged ends it, with each place named, for what is not read is not reviewed;
 * with `skipDamaged` it is noted, and the rest is read.
 */
export function inputOf(sources: Source[], skipDamaged: boolean): Input {
  const documents: Document[] = [];
  const broken: Broken[] = [];
  for (const { name, text } of sources) {
    const parsed = parseText(text, name);
    for (const document of parsed.documents) documents.push(document);
    for (const one of parsed.broken) broken.push(one);
  }
  const told = broken.map(one => `${placeOf(one)}: ${plain(one.why)}`);
  if (broken.length > 0 && !skipDamaged) wrongUse(`Not everything can be read: ${list(told)}. Fix: mend it, or leave it out with --skip-damaged.`);
  return { ...located(documents), texts: sources.length, notes: [...told.map(one => `not read: ${one}`), ...notesOf(documents)] };
}

function located(documents: Document[]): Pick<Input, 'objects' | 'sources'> {
  return {
    objects: documents.map(({ object }) => object),
    sources: documents.flatMap(({ object, file, line }) => titlesOf(object).map(title => ({ object: title, file: fileOf(file), line }))),
  };
}

/** As code scanning wants it: from the root of the repository, without the ref. */
const fileOf = (file: string): string => file.replace(/^[^:/]+:(?=.)/, '').replace(/\\/g, '/').replace(/^\.\//, '');

function titlesOf(object: any): string[] {
  const { kind, metadata } = object;
  if (kind.endsWith('List') && Array.isArray(object.items)) {
    return object.items.filter((item: unknown) => item !== null && typeof item === 'object').flatMap((item: any) =>
      titlesOf({ kind: kind === 'List' ? String(item.kind ?? '') : kind.slice(0, -'List'.length), ...item }));
  }
  const { name, namespace } = metadata ?? {};
  return typeof name === 'string' ? [`${kind} ${typeof namespace === 'string' && !kind.startsWith('Cluster') ? `${namespace}/` : ''}${name}`] : [];
}

/** What stands in two places, and what is no manifest but asks to be built. */
function notesOf(documents: Document[]): string[] {
  const places = new Map<string, Document[]>();
  for (const document of documents) {
    const { kind, apiVersion } = document.object;
    if (kind.endsWith('List')) continue;
    const key = JSON.stringify([apiVersion.split('/')[0], ...titlesOf(document.object)]);
    const same = places.get(key);
    if (same) same.push(document); else places.set(key, [document]);
  }
  const twice = [...places.values()].filter(same => same.length > 1 && titlesOf(same[0].object).length > 0).map(same => {
    const alike = same.every(({ object }) => JSON.stringify(object) === JSON.stringify(same[0].object));
    return `${plain(titlesOf(same[0].object)[0])} stands ${same.length} times${alike ? '' : ', differently'}: ${list(same.map(placeOf))}`;
  });
  const unbuilt = documents.filter(({ object: { apiVersion } }) => apiVersion.startsWith('kustomize.config.k8s.io/'))
    .map(document => `${placeOf(document)} is not built, so its patches are not in it; to have them: kustomize build FOLDER | secure-debug … -`);
  return [...twice, ...unbuilt];
}
