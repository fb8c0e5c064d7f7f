import type * as Yaml from 'yaml';
import { AuditRule } from './audit-rule';
import { ruleManifest } from './rule-text';
import { commentLines, YAML_DIALECT, YAML_LAYOUT, yamlLibrary } from '../private/yaml-text';

const INLINE = 100;
const WIDTH = 110;

/** An audit policy, each rule below its reason. */
export function policyFile(comment: string[], head: object, rules: AuditRule[]): string {
  const { Document, isScalar, visit } = yamlLibrary();
  const document = new Document({ ...head, rules: rules.map(ruleManifest) }, YAML_DIALECT);
  document.commentBefore = commentLines(comment);
  (document.get('rules') as Yaml.YAMLSeq<Yaml.YAMLMap>).items.forEach((item, i) => {
    const { reason } = rules[i];
    if (reason === undefined) return;
    item.commentBefore = commentLines(wrap(reason));
    item.spaceBefore = i > 0;
  });
  // Short lists of words stand in one line, so that a rule can be seen at a glance.
  visit(document, {
    Seq: (_key, seq) => {
      const words = seq.items.every(isScalar) && JSON.stringify(seq.toJSON()).length <= INLINE;
      if (words) seq.flow = true;
    },
  });
  return document.toString(YAML_LAYOUT);
}

/** A text in lines of a readable width, broken at blanks. */
function wrap(text: string): string[] {
  return text.split(/ +/).reduce<string[]>((done, word) => {
    const last = done[done.length - 1];
    return last !== undefined && last.length + word.length < WIDTH ? [...done.slice(0, -1), `${last} ${word}`] : [...done, word];
  }, []);
}
