import { IConstruct } from 'constructs';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { reason as checkReason } from '../private/validate';

/** What is legal but risky, by stable id. RULES.md lists the same. */
export interface WarningRule {
  /** E.g. `SD1001`. */
  readonly id: string;
  /** One line. */
  readonly title: string;
  /** What can happen. */
  readonly why: string;
  /** What to do instead. */
  readonly fix: string;
}

const rule = (id: string, title: string, why: string, fix: string): WarningRule => ({ id, title, why, fix });

/** SD1xxx access, SD2xxx audit, SD3xxx network, SD4xxx clean-up. An id is never used again for something else. */
const RULES: WarningRule[] = [
  rule('SD1001', 'Pod copies are granted',
    'Whoever may create a pod can mount every Secret and use every ServiceAccount of the namespace, and RBAC cannot tell a copy from any other pod.',
    'Leave out POD_COPY: a debug container in the running pod needs no new pod.'),
  rule('SD1002', 'Node debugging is granted',
    'The pod that kubectl debug node/NAME starts has the file system of the node: its user is root there.',
    'Leave out NODE_DEBUG; grant it for one incident, by break-glass.'),
  rule('SD1003', 'A subject is not a group',
    'A person who leaves keeps what was bound to the name, and a ServiceAccount does not say who acted.',
    'Grant to a group of the identity provider.'),
  rule('SD1004', 'Debug access to a system namespace',
    'What runs in a system namespace acts on the whole cluster, so exec there is close to cluster-admin.',
    'Grant read-only access there, and keep the rest for break-glass.'),
];

/** One warning: which rule, where, and about what. */
export interface SecureDebugWarning {
  /** The rule's id, e.g. `SD1001`. */
  readonly id: string;
  /** Path of the construct. */
  readonly path: string;
  /** The rule's title and what it is about here. */
  readonly message: string;
  /** What to do instead. */
  readonly fix: string;
  /**
   * Why it was accepted.
   *
   * @default - it was not
   */
  readonly acknowledged?: string;
}

interface Finding { readonly rule: WarningRule; readonly at: IConstruct; readonly detail: string }

interface Store { readonly findings: Finding[]; readonly acknowledged: Map<IConstruct, Map<string, string>>; readonly printed: Set<string> }

const STORES = new WeakMap<IConstruct, Store>();

function storeOf(scope: IConstruct): Store {
  const root = scope.node.root;
  let store = STORES.get(root);
  if (!store) {
    STORES.set(root, store = { findings: [], acknowledged: new Map(), printed: new Set() });
    // cdk8s validates on every synthesis, which is the last moment to speak; a warning never fails it.
    root.node.addValidation({
      validate: () => {
        print(root);
        return [];
      },
    });
  }
  return store;
}

function print(root: IConstruct) {
  const { printed } = storeOf(root);
  for (const warning of SecureDebugWarnings.of(root)) {
    const line = `warning ${warning.id} at ${warning.path}: ${warning.message} Fix: ${warning.fix}`;
    if (warning.acknowledged !== undefined || printed.has(line)) continue;
    printed.add(line);
    process.stderr.write(`${line}\n`);
  }
}

/**
 * Warnings about what is legal but risky. They are kept as data, printed once to stderr when the app is
 * synthesized, and silenced one by one with a reason.
 */
export class SecureDebugWarnings {
  /** Every rule, sorted by id. */
  public static rules(): WarningRule[] {
    return [...RULES];
  }

  /** The warnings of everything below a construct, acknowledged ones included, sorted by path and id. */
  public static of(scope: IConstruct): SecureDebugWarning[] {
    const store = storeOf(scope);
    return store.findings
      .filter(({ at }) => at.node.scopes.includes(scope))
      .map(({ rule: found, at, detail }): SecureDebugWarning => {
        const warning = { id: found.id, path: at.node.path, message: `${found.title}: ${detail}.`, fix: found.fix };
        const acknowledged = at.node.scopes.map(s => store.acknowledged.get(s)?.get(found.id)).find(r => r !== undefined);
        return acknowledged === undefined ? warning : { ...warning, acknowledged };
      })
      .sort((a, b) => byCodeUnit(a.path, b.path) || byCodeUnit(a.id, b.id) || byCodeUnit(a.message, b.message));
  }

  /**
   * Accepts a warning for a construct and everything below it: it is no longer printed, and its data says why.
   *
   * @param id the rule's id, e.g. `SD1001`
   * @param reason why it is acceptable here
   * @throws on an unknown id or an empty reason
   */
  public static acknowledge(scope: IConstruct, id: string, reason: string): void {
    const where = 'SecureDebugWarnings.acknowledge';
    if (!RULES.some(known => known.id === id)) {
      reject({ where, field: 'id', value: id, problem: 'is not a warning', fix: `use one of ${RULES.map(known => known.id).join(', ')}` });
    }
    const { acknowledged } = storeOf(scope);
    if (!acknowledged.has(scope)) acknowledged.set(scope, new Map());
    acknowledged.get(scope)!.set(id, checkReason(where, 'reason', reason));
  }

  /** @internal */
  public static _add(scope: IConstruct, id: string, detail: string): void {
    storeOf(scope).findings.push({ rule: RULES.find(known => known.id === id)!, at: scope, detail });
  }

  private constructor() {}
}
