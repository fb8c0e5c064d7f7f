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

const placeOf = ({ file, line, template }: { readonly file: string; readonly line: number; readonly template?: string }): string =>
  `${plain(file)}:${line}${template === undefined ? '' : ` (${plain(template)})`}`;
const list = (told: string[]): string => `${told.slice(0, NAMED).join('; ')}${told.length > NAMED ? `; and ${told.length - NAMED} more` : ''}`;

/**
 * The objects of some texts. What is damaged ends it, with each place named, for what is not read is not reviewed;
 * with `skipDamaged` it is noted, and the rest is read.
 *
 * @param namespace of objects that name none, as `kubectl apply -n` gives it to them; default: default
 */
export function inputOf(sources: Source[], skipDamaged: boolean, namespace?: string): Input {
  const documents: Document[] = [];
  const broken: Broken[] = [];
  for (const { name, text } of sources) {
    const parsed = parseText(text, name);
    for (const document of parsed.documents) documents.push(document);
    for (const one of parsed.broken) broken.push(one);
  }
  const told = broken.map(one => `${placeOf(one)}: ${plain(one.why)}`);
  if (broken.length > 0 && !skipDamaged) wrongUse(`Not everything can be read: ${list(told)}. Fix: mend it, or leave it out with --skip-damaged.`);
  const settled = documents.map(document => ({ ...document, object: settle(document.object, namespace ?? 'default') }));
  const homeless = documents.reduce((sum, { object }) => sum + homelessIn(object), 0);
  return {
    ...located(settled),
    texts: sources.length,
    notes: [
      ...told.map(one => `not read: ${one}`),
      ...notesOf(settled),
      ...homeless > 0 && namespace === undefined ? [`${homeless} ${homeless === 1 ? 'object names' : 'objects name'} no namespace, and ${homeless === 1 ? 'is' : 'are'} read as of default; -n says another`] : [],
    ],
  };
}

/** Kinds of which a namespace decides what they grant. */
const NAMESPACED = ['Role', 'RoleBinding', 'ServiceAccount'];

const isHomeless = ({ kind, metadata }: any): boolean => NAMESPACED.includes(kind) && !metadata?.namespace;
const itemsOf = ({ items }: any): any[] => Array.isArray(items) ? items.filter(item => item !== null && typeof item === 'object') : [];

/** How many objects of a document name no namespace. */
function homelessIn(object: any): number {
  return object.kind === 'List' ? itemsOf(object).reduce((sum, item) => sum + homelessIn(item), 0) : isHomeless(object) ? 1 : 0;
}

/** The object with a namespace, the same one if it has its own or needs none. */
function settle(object: any, namespace: string): any {
  if (object.kind === 'List') return homelessIn(object) > 0 ? { ...object, items: itemsOf(object).map(item => settle(item, namespace)) } : object;
  return isHomeless(object) ? { ...object, metadata: { ...object.metadata, namespace } } : object;
}

function located(documents: Document[]): Pick<Input, 'objects' | 'sources'> {
  return {
    objects: documents.map(({ object }) => object),
    // What came from standard input stands in the template that Helm names, at a line nobody knows.
    sources: documents.flatMap(({ object, file, line, template }) => titlesOf(object).map(title =>
      file === '-' && template !== undefined ? { object: title, file: template } : { object: title, file: fileOf(file), line })),
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
