import type * as Yaml from 'yaml';
import { reject } from './errors';

/** Loaded when first needed: importing this library stays fast. */
export function yamlLibrary(): typeof Yaml {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('yaml');
}

/** Kubernetes reads YAML 1.1, where `on` and `no` are no strings: what looks otherwise there is quoted. */
export const YAML_DIALECT = { compat: 'yaml-1.1', aliasDuplicateObjects: false } as const;
export const YAML_LAYOUT = { lineWidth: 0, flowCollectionPadding: false };

/** Parses one document as the API server does. */
export function parseYaml(where: string, text: string): unknown {
  try {
    return yamlLibrary().parse(text, { version: '1.1' });
  } catch (error) {
    return reject({ where, field: 'text', value: text, problem: `is not one YAML document: ${(error as Error).message.split('\n')[0]}`, fix: 'give the text of the policy file' });
  }
}

/** Lines as a comment of the library. */
export const commentLines = (comment: string[]): string => comment.map(line => ` ${line}`).join('\n');

/** A file of plain data below a comment; ends with a newline. */
export function yamlFile(comment: string[], content: unknown): string {
  const { Document } = yamlLibrary();
  const document = new Document(content, YAML_DIALECT);
  document.commentBefore = commentLines(comment);
  return document.toString(YAML_LAYOUT);
}
