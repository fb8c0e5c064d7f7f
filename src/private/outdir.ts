import { isAbsolute, relative, resolve, sep } from 'path';
import { reject } from './errors';
import { text } from './validate';

/**
 * A path, if it is not within what gets applied to a cluster.
 *
 * @param what what it is for, e.g. `files of the API server`
 */
export function besideManifests(where: string, field: string, path: string, what: string, example: string): string {
  text(where, field, path, `${example.includes('.') ? 'a file' : 'a folder'} such as "${example}"`, 4096);
  for (const manifests of ['dist', process.env.CDK8S_OUTDIR || 'dist']) {
    const steps = relative(resolve(manifests), resolve(path));
    if (steps.split(sep)[0] !== '..' && !isAbsolute(steps)) {
      reject({
        where,
        field,
        value: path,
        problem: `is in "${manifests}", the folder of cluster objects: kubectl apply fails on ${what}`,
        fix: `name ${example.includes('.') ? 'a file' : 'a folder'} beside it, e.g. "${example}"`,
      });
    }
  }
  return path;
}
