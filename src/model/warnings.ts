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

/** SD1xxx access, SD2xxx audit, SD3xxx network, SD4xxx clean-up, SD5xxx review of manifests, SD6xxx guardrails, SD7xxx credentials. An id is never used again for something else. */
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
  rule('SD1005', 'A group approves its own requests',
    'Two of its members who agree get whatever can be requested; only a request of one\'s own cannot be approved.',
    'Name a group of other people as approvers, or ask for an approval of another group with quorum.'),
  rule('SD2001', 'An added audit rule drops what people do',
    'Requests that are not in the log cannot be shown afterwards, neither to find out nor to clear somebody.',
    'Limit the rule to programs by their user name, or record at Metadata.'),
  rule('SD2002', 'An audit policy hides debug requests',
    'The first rule that matches decides: one that stands earlier and records less, or nothing, hides what a later rule was meant to record.',
    'Put the rules for debug requests first, or take them out of the earlier one.'),
  rule('SD3001', 'An allow is open to every address',
    'Whoever can route a packet to the pods, or listen where the pods can send one, passes.',
    'Name the pods, the namespace or the blocks that are meant.'),
  rule('SD3002', 'An allow covers every port',
    'Whatever listens later, such as a debug or metrics port, is open too.',
    'List the ports that are meant.'),
  rule('SD3003', 'An allow is open to every namespace',
    'Whoever may create a pod anywhere in the cluster, and label it, passes.',
    'Name the namespace with NetworkPeer.namespace or NetworkPeer.podsIn.'),
  rule('SD3004', 'A system namespace is fenced',
    'Cluster DNS, admission webhooks and metrics run there: what is not allowed stops the whole cluster, not one team.',
    'Fence application namespaces; here, check network.table() against everything that runs in the namespace first.'),
  rule('SD3005', 'An allow reaches the metadata service of the cloud',
    'At 169.254.169.254 and fd00:ec2::254 clouds hand the credentials of the node to whatever asks.',
    'Leave it out: NetworkPeer.cidr(\'0.0.0.0/0\', [\'169.254.169.254/32\']).'),
  rule('SD4001', 'The clean-up evicts in a system namespace',
    'What runs there serves the whole cluster, and an eviction interrupts it where no PodDisruptionBudget holds.',
    'Clean up application namespaces; in system namespaces, run it with dryRun first.'),
  rule('SD4002', 'Pods that nothing brings back are evicted',
    'A pod without a controller is gone for good after its eviction, with all that it did.',
    'Leave out includeBarePods: such pods are reported, and deleted by hand.'),
  rule('SD4003', 'The clean-up runs less often than its limit',
    'A debug container may stay for the limit and the time between two runs.',
    'Let it run at least as often as maxAge.'),
  rule('SD4004', 'The clean-up is suspended',
    'Debug containers stay until somebody thinks of them.',
    'Leave out suspend; to watch before it acts, set dryRun.'),
  rule('SD4005', 'The backstop of temporary access does not act',
    'A grant whose timer fails stays until somebody sees it: the timer of each grant is all that ends it.',
    'Leave out suspend and dryRun once it has run without an alarm that nobody understands.'),
  rule('SD4006', 'The backstop of temporary access runs rarely',
    'A grant whose timer fails works on until the next run, and the alarm comes as late.',
    'Let it run at least every hour; every five minutes is the default.'),
  rule('SD5001', 'Everything is granted',
    'Any verb on any resource is cluster-admin, or in a namespace all that runs there and every Secret of it.',
    'Grant capabilities; keep everything for break-glass.'),
  rule('SD5002', 'A wildcard is granted',
    'A wildcard also grants what a later version of Kubernetes, or an operator installed tomorrow, adds.',
    'List each verb, resource and group by its name.'),
  rule('SD5003', 'Secrets can be read',
    'A Secret that was read is a credential that works from elsewhere, long after the access has ended. List and watch show contents too.',
    'Leave Secrets out; what has to be looked at while debugging is a ConfigMap.'),
  rule('SD5004', 'Rights can be raised',
    'With escalate a role can be given rights that its editor lacks; with bind any role can be bound, cluster-admin among them.',
    'Leave both out, or limit bind to one role by resourceNames.'),
  rule('SD5005', 'Another identity can be taken',
    'Impersonation, a token of a ServiceAccount or an approved certificate acts as somebody else, with that one\'s rights.',
    'Leave it out; who needs the rights of another gets a grant of their own.'),
  rule('SD5006', 'The kubelet can be reached',
    'nodes/proxy runs commands in every pod of the node, past audit and admission, even with get alone.',
    'Leave nodes/proxy out; exec by way of pods/exec.'),
  rule('SD5007', 'Pods can be created',
    'A pod can mount every Secret and use every ServiceAccount of its namespace, and where Pod Security does not forbid it, the node.',
    'Leave it out: a debug container in the running pod needs no new pod.'),
  rule('SD5008', 'A capability is incomplete',
    'kubectl fails or falls back to another way, which fills the audit log with refusals that mean nothing; yet the API may let the rest through.',
    'Grant all that the capability needs, or nothing of it.'),
  rule('SD5009', 'A bound role is unknown',
    'The binding names a role that is not among the manifests, so what it grants cannot be told; whoever creates that role decides.',
    'Add the role to the manifests that are reviewed, or remove the binding.'),
  rule('SD5010', 'A rule grants nothing',
    'The role looks as if it granted something, and the person finds out at 2 AM.',
    'Correct the rule, or remove it.'),
  rule('SD5011', 'A subject stands for everybody',
    'The groups system:authenticated, system:unauthenticated and system:serviceaccounts hold everybody, and system:masters passes by every check.',
    'Bind a group of the identity provider.'),
  rule('SD5012', 'A bound subject cannot exist',
    'The API server refuses a whole binding for one subject that has no name, is no Group, User or ServiceAccount, or is a ServiceAccount without a namespace in a ClusterRoleBinding: nobody in it gets the rights.',
    'Write the kind and the name of each subject, and of a ServiceAccount the namespace too.'),
  rule('SD5013', 'An object is defined differently under one name',
    'The one that is applied last wins, so what is granted depends on the order.',
    'Keep one of them.'),
  rule('SD5014', 'Pods can be created by their controllers',
    'Whoever may create or change a Deployment, a Job or another controller has pods made as they like: it is to create pods.',
    'Leave it out; what has to be changed in an incident goes by GitOps, or by break-glass.'),
  rule('SD5015', 'What the API server asks or serves can be changed',
    'A webhook sees and changes every object, an admission policy that is deleted refuses nothing, and an APIService answers in the place of another.',
    'Leave it to what is applied from Git, under a ServiceAccount of its own.'),
  rule('SD5016', 'A person is bound by name',
    'Who leaves or changes teams keeps the rights, and nobody sees at the identity provider that there are any.',
    'Bind a group of the identity provider; for a time, let it be requested.'),
  rule('SD5017', 'Nothing ends a binding that says when it ends',
    'Kubernetes knows no bindings for a time: an annotation with a date is a note, and the rights stay after it.',
    'Let an object with an end own the binding, as JustInTimeAccess does, or remove the annotation.'),
  rule('SD5018', 'An acceptance says nothing',
    'The annotation is meant to accept a finding, and cannot be read, names a rule or a date that there is not, or its time is over.',
    'Write one a line: SD5003 until 2026-06-30: the reason.'),
  rule('SD5019', 'A GitOps controller can be made to apply',
    'The controller applies what such an object names with its own rights, which are often those of cluster-admin, whoever wrote the object.',
    'Let these objects come from Git alone; limit what the controller applies by AppProject, or by the serviceAccountName of Flux.'),
  rule('SD5020', 'Volumes of the node can be made',
    'A PersistentVolume may be any folder of a node, and Pod Security does not look at it: a pod that claims it reads and writes the files of the node.',
    'Leave it to the provisioner of storage, under a ServiceAccount of its own.'),
  rule('SD5021', 'Labels of namespaces can be changed',
    'Pod Security, network policies and admission policies look at the labels of a namespace: with another label they no longer hold there.',
    'Leave namespaces to what is applied from Git.'),
  rule('SD5022', 'Every container can be entered',
    'In every pod lie its credentials, those of the control plane among them: exec in the whole cluster is close to cluster-admin.',
    'Grant exec by namespace, to the group that is on call for it.'),
  rule('SD5023', 'Pods may take the node',
    'Pods can be created in a namespace where Pod Security enforces nothing: a privileged one is root on its node, with the tokens and files of every pod there.',
    'Label the namespace pod-security.kubernetes.io/enforce: baseline, or restricted.'),
  rule('SD5030', 'Everything is reached in steps',
    'Each step is a right that looks smaller than cluster-admin; together they are it.',
    'Take away one of the steps; the first is usually the one that nobody needs.'),
  rule('SD5031', 'Every Secret is reached in steps',
    'Each step is a right that does not name Secrets; at the end of them every Secret of the cluster can be read.',
    'Take away one of the steps; the first is usually the one that nobody needs.'),
  rule('SD5032', 'A bound ServiceAccount does not exist',
    'What is left of a program that was removed is a right that waits: whoever creates a ServiceAccount of this name has it.',
    'Remove the binding.'),
  rule('SD6001', 'A guardrail only watches',
    'What it does not allow goes through; the audit log says what would have been refused.',
    'Set mode: GuardrailMode.DENY once the audit log shows no refusal that somebody needs.'),
  rule('SD6002', 'A command set contains a shell',
    'Who may use it may run anything in the container, and what is typed is in no audit log.',
    'Grant it by request or break-glass, and name the commands that are needed day by day in a set of their own.'),
  rule('SD6020', 'People may copy pods',
    'No admission policy sees the pod that is copied, so any image, command, ServiceAccount and Secret of the namespace passes as one of its own.',
    'Leave out copies: a debug container in the running pod needs no new pod.'),
  rule('SD6021', 'Debug containers may reach the node',
    'Who is privileged, has the host\'s files and processes or one of the strong capabilities acts as root on the node, on every pod that runs there.',
    'Grant it by request or break-glass, and keep the level BASELINE day by day.'),
  rule('SD6040', 'Commands are guarded, and debug containers are not',
    'A debug container runs its own command without any exec, in the namespaces of the container it debugs: the list of commands holds nobody.',
    'Define debugImages in the policy too, or leave the capability ephemeral-containers out.'),
  rule('SD7001', 'Tokens live long',
    'A token cannot be taken back: whoever was dismissed, or stole one, goes on for as long as it lives.',
    'Let the issuer give tokens for an hour or less; kubectl gets a new one by itself.'),
  rule('SD7002', 'A name can be changed',
    'Who can change the claim takes the name of somebody else, with the rights and the entries in the log.',
    'Take a claim that the issuer never gives to another, such as sub, or email where it is verified.'),
  rule('SD7003', 'Certificates live long',
    'A certificate cannot be taken back: whoever was dismissed, or stole one with its key, goes on until it ends.',
    'Let certificates be for an hour or less; a new one is a command away.'),
  rule('SD7004', 'A certificate may get the next one',
    'Who has a certificate asks with it for another before it ends, so it never ends, whatever the identity provider says by then.',
    'Leave out renewByCertificate, and log in for each.'),
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

interface Store {
  readonly findings: Finding[];
  readonly acknowledged: Map<IConstruct, Map<string, string>>;
  readonly printed: Set<string>;
  /** How many findings had been looked at when warnings were last printed. */
  seen: number;
  /** Somebody else tells them. */
  quiet: boolean;
}

const STORES = new WeakMap<IConstruct, Store>();

function storeOf(scope: IConstruct): Store {
  const root = scope.node.root;
  let store = STORES.get(root);
  if (!store) {
    STORES.set(root, store = { findings: [], acknowledged: new Map(), printed: new Set(), seen: 0, quiet: false });
    // cdk8s validates on every synthesis, of each chart too, which is the last moment to speak; a warning never fails it.
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
  const store = storeOf(root);
  const { findings, printed } = store;
  if (store.quiet || store.seen === findings.length) return;
  store.seen = findings.length;
  for (const line of SecureDebugWarnings._lines(root)) {
    if (printed.has(line)) continue;
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
        const acknowledged = at.node.scopes.reverse().map(s => store.acknowledged.get(s)?.get(found.id)).find(r => r !== undefined);
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

  /**
   * As they are printed, without those that are acknowledged.
   *
   * @internal
   */
  public static _lines(scope: IConstruct): string[] {
    return SecureDebugWarnings.of(scope).filter(({ acknowledged }) => acknowledged === undefined)
      .map(({ id, path, message, fix }) => `warning ${id} at ${path}: ${message} Fix: ${fix}`);
  }

  /**
   * Prints nothing by itself any more: who makes many apps tells of all of them at once.
   *
   * @internal
   */
  public static _quiet(root: IConstruct): void {
    storeOf(root).quiet = true;
  }

  private constructor() {}
}
