import { AuditPolicyEvaluator } from 'cdk8s-secure-debug';
import { OtherChange, unpacked } from './diff-network';

const policiesOf = (objects: any[]): any[] => unpacked(objects).filter(({ kind, apiVersion }) => kind === 'Policy' && String(apiVersion).startsWith('audit.k8s.io/'));

/** What policies of one state do not record of debug requests, in words. */
function gapsOf(policies: any[]): string[] {
  return [...new Set(policies.flatMap(policy => AuditPolicyEvaluator.fromManifest(policy).gaps().map(({ explanation }) => explanation)))];
}

/** Without the number of the rule, which another rule before it shifts. */
const keyOf = (explanation: string): string => explanation.replace(/\brules?(?: |\[)\d+\]?/g, 'rule');

/** What audit policies record of debug requests, compared: a rule that hides one is told, wherever it stands. */
export function auditChanges(before: any[], after: any[], note: (text: string) => void): OtherChange[] {
  const [then, now] = [policiesOf(before), policiesOf(after)];
  const change = (opens: boolean, text: string): OtherChange => ({ about: 'audit', opens, id: 'SD2002', text });
  if (then.length + now.length === 0) return [];
  if (now.length === 0) return [change(true, 'The audit policy is removed: nothing is recorded any more')];
  try {
    const [old, young] = [gapsOf(then), gapsOf(now)];
    const [oldKeys, youngKeys] = [old.map(keyOf), young.map(keyOf)];
    return [
      ...young.filter(gap => !oldKeys.includes(keyOf(gap))).map(gap => change(true, gap)),
      ...then.length === 0 ? [] : old.filter(gap => !youngKeys.includes(keyOf(gap))).map(gap => change(false, `Recorded again: ${gap}`)),
    ];
  } catch (error) {
    note(`audit policies are not compared: ${(error as Error).message}`);
    return [];
  }
}
