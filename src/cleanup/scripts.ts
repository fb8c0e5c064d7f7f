import { readAsset } from '../private/assets';

/** Content of the ConfigMap of a script: the script, and what all of them share. */
export function scripts(file: string): { [file: string]: string } {
  return Object.fromEntries([file, 'kubernetes.js'].map(name => [name, readAsset(`cleanup/${name}`)]));
}
