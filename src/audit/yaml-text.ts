import type * as Yaml from 'yaml';
import { AuditRule } from './audit-rule';
import { ruleManifest } from './rule-text';
import { reject } from '../private/errors';

/** Loaded when first needed: importing this library stays fast. */
function library(): typeof Yaml {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('yaml');
}

/** The API server reads YAML 1.1, where `on` and `no` are no strings: what looks otherwise there is quoted. */
const DIALECT = { compat: 'yaml-1.1', aliasDuplicateObjects: false } as const;
const LAYOUT = { lineWidth: 0, flowCollectionPadding: false };
const INLINE = 100;
const WIDTH = 110;

/** Parses one document as the API server does. */
export function parseYaml(where: string, text: string): unknown {
  try {
    return library().parse(text, { version: '1.1' });
  } catch (error) {
    return reject({ where, field: 'text', value: text, problem: `is not one YAML document: ${(error as Error).message.split('\n')[0]}`, fix: 'give the text of the policy file' });
  }
}

/** A file of plain data below a comment; ends with a newline. */
export function yamlFile(comment: string[], content: unknown): string {
  const { Document } = library();
  const document = new Document(content, DIALECT);
  document.commentBefore = lines(comment);
  return document.toString(LAYOUT);
}

/** An audit policy, each rule below its reason. */
export function policyFile(comment: string[], head: object, rules: AuditRule[]): string {
  const { Document, isScalar, visit } = library();
  const document = new Document({ ...head, rules: rules.map(ruleManifest) }, DIALECT);
  document.commentBefore = lines(comment);
  (document.get('rules') as Yaml.YAMLSeq<Yaml.YAMLMap>).items.forEach((item, i) => {
    const { reason } = rules[i];
    if (reason === undefined) return;
    item.commentBefore = lines(wrap(reason));
    item.spaceBefore = i > 0;
  });
  // Short lists of words stand in one line, so that a rule can be seen at a glance.
  visit(document, {
    Seq: (_key, seq) => {
      const words = seq.items.every(isScalar) && JSON.stringify(seq.toJSON()).length <= INLINE;
      if (words) seq.flow = true;
    },
  });
  return document.toString(LAYOUT);
}

const lines = (comment: string[]): string => comment.map(line => ` ${line}`).join('\n');

/** A text in lines of a readable width, broken at blanks. */
function wrap(text: string): string[] {
  return text.split(/ +/).reduce<string[]>((done, word) => {
    const last = done[done.length - 1];
    return last !== undefined && last.length + word.length < WIDTH ? [...done.slice(0, -1), `${last} ${word}`] : [...done, word];
  }, []);
}
