import { readdirSync, readFileSync } from 'fs';
import { join, relative } from 'path';
import { parseAllDocuments } from 'yaml';

const EXAMPLES = join(__dirname, '..', '..', '..', 'examples');

/** Objects of one example, as a GitOps tool would apply them. */
export interface Applied {
  /** Folder or file below examples/. */
  readonly title: string;
  readonly objects: any[];
}

/** What is applied together: a folder of manifests. Files of the API server are no cluster objects. */
export function examples(): Applied[] {
  const folders = new Map<string, any[]>();
  for (const file of readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\/expected\/.*\.k8s\.yaml$/.test(file)) continue;
    // Clusters of a fleet differ by their phase; the one that is furthest has all that the others have.
    if (/^fleet\/expected\/clusters\/(?!staging\/)/.test(file)) continue;
    const folder = join(EXAMPLES, file, '..');
    const title = relative(EXAMPLES, folder).replace('/expected', '');
    const objects = parseAllDocuments(readFileSync(join(EXAMPLES, file), 'utf8')).map(document => document.toJS()).filter(Boolean);
    folders.set(title, [...folders.get(title) ?? [], ...objects]);
  }
  return [...folders].map(([title, objects]) => ({ title, objects }));
}

/** Kustomizations below examples/, as folders. */
export function kustomizations(): string[] {
  return readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('/kustomization.yaml') && file.includes('/expected/')).sort().map(file => join(EXAMPLES, file, '..'));
}

/** Whether an API group is part of Kubernetes; others come with an operator. */
export function builtIn({ apiVersion }: any): boolean {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return !group.includes('.') || group.endsWith('.k8s.io');
}

/** The template of the pods that an object makes, if it does. */
export function podTemplate(object: any): any {
  return object.spec?.jobTemplate?.spec?.template ?? (object.kind === 'NetworkPolicy' ? undefined : object.spec?.template);
}
