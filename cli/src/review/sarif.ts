import { SecureDebugWarnings } from 'cdk8s-secure-debug';
import { OtherChange } from './diff-network';

const NETWORK = { id: 'network-opened', title: 'More of the network is open', help: 'Read who reaches whom now, and whether the task needs it.' };

/** Text of others in a message: neither a link nor a placeholder can come of it (SARIF 3.11.5, 3.11.6). */
const message = (text: string): string => text.replace(/[\\[\]]/g, '\\$&').replace(/[{}]/g, '$&$&');

/** Adds what the permission difference does not know: what opens of the audit log and the network. */
export function withOthers(sarif: any, others: OtherChange[]): any {
  const [run] = sarif.runs;
  const rules = run.tool.driver.rules;
  for (const { id, text, opens } of others) {
    if (!opens) continue;
    let index = rules.findIndex((rule: any) => rule.id === id);
    if (index < 0) {
      const warning = SecureDebugWarnings.rules().find(rule => rule.id === id);
      const [title, help] = warning ? [warning.title, `${warning.why} ${warning.fix}`] : [NETWORK.title, NETWORK.help];
      index = rules.push({ id, shortDescription: { text: title }, help: { text: help }, properties: { 'security-severity': '8.0', 'tags': ['security'] } }) - 1;
    }
    run.results.push({
      ruleId: id, ruleIndex: index, level: 'error', message: { text: message(text) }, locations: [], partialFingerprints: { 'secureDebugChange/v1': text }, properties: { danger: 'high' },
    });
  }
  return sarif;
}
