import { RuleViolation } from './rule-violation';
import { AuditPolicyEvaluator } from '../audit';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit, sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';
import { objectsOf } from '../review/acceptance';
import { AccessMatrix } from '../review/access-matrix';
import { unpack } from '../review/manifests';
import { PermissionInventory } from '../review/permission-inventory';
import { placeText } from '../review/rows';
import { BY_INVENTORY } from '../review/rules';
import { asObject, asString } from '../review/untrusted';

/** How rules are applied. */
export interface SecureDebugRulesOptions {
  /**
   * The day as `2026-03-01`, by which acceptances end: the annotation `secure-debug.internal/accepted-findings` of a Role or
   * binding, one a line: `SD5003 until 2026-06-30: moves to Vault`. The last day counts.
   *
   * @default - none, and so nothing is accepted: the library has no clock
   */
  readonly today?: string;
  /**
   * Rules that are not applied, e.g. `SD5016`.
   *
   * @default - all are
   */
  readonly ignore?: string[];
}

/** The rules about manifests as a function, for a unit test or a pipeline of one's own. RULES.md lists them. */
export class SecureDebugRules {
  /**
   * What of some manifests does not follow the rules: rights, bindings, ways to more rights, and audit policies that hide
   * debug requests. Sorted by rule; empty is good.
   *
   * @param manifests Kubernetes objects, as `Testing.synth(chart)` or a YAML parser gives them; lists are unpacked
   * @throws on an unknown rule to ignore, on a day that is none, and on an audit policy that kube-apiserver would refuse
   */
  public static check(manifests: any[], options: SecureDebugRulesOptions = {}): RuleViolation[] {
    const { today, ignore = [] } = options;
    const rules = new Map(SecureDebugWarnings.rules().map(rule => [rule.id, rule]));
    for (const id of ignore) {
      if (!rules.has(id)) reject({ where: 'SecureDebugRules.check', field: 'ignore', value: id, problem: 'is no rule', fix: 'write an id of RULES.md, e.g. "SD5016"' });
    }
    const violation = (id: string, message: string, objects: string[]): RuleViolation => {
      const { title, why, fix } = rules.get(id)!;
      return { id, title, message, why, fix, objects };
    };
    const matrix = AccessMatrix.fromManifests(manifests, { today }).findings.map(({ id, title, who, where, detail, from }) =>
      violation(id, who === undefined ? `${from.join('; ')}: ${detail}` : `${who} in ${where}: ${title}: ${detail}`, sortedUnique(from.flatMap(objectsOf))));
    // What the matrix tells of each right, the inventory tells again.
    const inventory = PermissionInventory.fromManifests(manifests, { today }).findings.filter(({ id }) => BY_INVENTORY.includes(id))
      .map(({ id, text, through }) => violation(id, text, sortedUnique(through.flatMap(objectsOf))));
    const audit = unpack(manifests).filter(({ kind, apiVersion }) => kind === 'Policy' && asString(apiVersion).startsWith('audit.k8s.io/')).flatMap(policy =>
      AuditPolicyEvaluator.fromManifest(policy).gaps().map(({ explanation }) =>
        violation('SD2002', explanation, [`Policy ${placeText(asString(asObject(policy.metadata).name) || 'audit')}`])));
    return [...matrix, ...inventory, ...audit].filter(({ id }) => !ignore.includes(id))
      .sort((a, b) => byCodeUnit(a.id, b.id) || byCodeUnit(a.message, b.message));
  }

  private constructor() {}
}
