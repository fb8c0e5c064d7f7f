import { wrongUse } from '../errors';
import { NO_OBJECT, unlisted } from '../review/readers/document';
import { sourcesIn } from '../review/readers/files';
import { parseText } from '../review/readers/text';
import { plain } from '../text';

const ASKED = { option: '--declared', fix: 'name the manifests that are applied, a file or a folder, e.g. --declared dist' };

/**
 * The objects of the manifests that `--declared` names, as the reviewer reads them. What is damaged ends it, for what it
 * declares would count as undeclared; what is no object of Kubernetes declares nothing.
 */
export function declaredObjects(paths: string[]): any[] {
  return paths.flatMap(path => sourcesIn(path, ASKED)).flatMap(({ name, text }) => {
    const { documents, broken } = parseText(text, name);
    const damaged = broken.find(({ why }) => why !== NO_OBJECT);
    if (damaged) wrongUse(`${ASKED.option} ${plain(name)}:${damaged.line}: ${plain(damaged.why)}. Fix: mend it, or ${ASKED.fix}.`);
    return documents.flatMap(({ object }) => unlisted(object));
  });
}
