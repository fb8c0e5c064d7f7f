import { Construct } from 'constructs';
import { CommandSet, commandSetsOf, summaryOf } from './command-set';
import { checkExecAllowance, emitExecRights, ExecAllowance } from './exec-access';
import { exceptionConditions, exceptionsOf, GuardrailException } from './guardrail-exception';
import { GuardrailMode, validationActions } from './guardrail-mode';
import { guardNamespaces, withinGuardrail } from './scope';
import { emitPolicy, exceptionAnnotation, GIVING, isGiven, PolicyValidation, PolicyVariable } from '../model/admission-policy';
import { anyOf, authorizerCheck, literal } from '../model/cel';
import { celOfWords, EXEC_WORDS, streamExpression } from '../model/exec-words';
import { DEBUGGERS, STREAMS, VIRTUAL } from '../model/virtual-rights';
import { SecureDebugWarnings } from '../model/warnings';
import { allOrNothing } from '../private/declare';
import { reject } from '../private/errors';
import { objectName } from '../private/validate';

const where = 'ExecGuardrail';

/** Which commands may be run, and by whom. */
export interface ExecGuardrailProps {
  /** The namespaces it guards, by name. */
  readonly namespaces: string[];

  /** The command sets there are: 1 to 24. Who may use which says `allow`, an `ExecAccess`, a request or break-glass. */
  readonly commandSets: CommandSet[];

  /**
   * Who may use which of them where, and which streams.
   *
   * @default - nobody: `ExecAccess` says who
   */
  readonly allow?: ExecAllowance[];

  /**
   * Who is let pass, by name: operators that run commands in pods. Cluster administrators are none by themselves.
   *
   * @default - nobody
   */
  readonly exceptions?: GuardrailException[];

  /**
   * What happens to what is not allowed. `WARN` is refused: kubectl shows no warning of exec, attach and port-forward.
   *
   * @default GuardrailMode.AUDIT
   */
  readonly mode?: GuardrailMode;

  /**
   * Name of the policy and its binding. Apps whose namespaces differ need different names.
   *
   * @default secure-debug-exec
   */
  readonly name?: string;

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be named.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

/**
 * Decides inside the API server which commands are run in containers by exec, and who may attach, forward ports or use the
 * API server's proxy. It holds for GET and POST, for every client, for `kubectl cp` (an exec of tar), and for whoever holds
 * `*` or is in system:masters. It comes on top of RBAC: a Role still has to allow `pods/exec`.
 *
 * `nodes/proxy` belongs to no namespace, so it is refused in the whole cluster, to Prometheus too unless it is excepted. Straight
 * at a kubelet it is out of reach, for no admission is asked there: grant it to nobody.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export class ExecGuardrail extends Construct {
  /** The command sets, by name. */
  public readonly commandSets: CommandSet[];

  /**
   * @throws on malformed names, system namespaces, no command set or more than 24, an allowance of a set that there is
   * not or in a namespace that is not guarded, a namespace that another ExecGuardrail of the cluster guards, and on WARN
   */
  public constructor(scope: Construct, id: string, props: ExecGuardrailProps) {
    super(scope, id);
    this.commandSets = allOrNothing(this, where, () => emit(this, props));
  }
}

function emit(guardrail: ExecGuardrail, props: ExecGuardrailProps): CommandSet[] {
  const name = objectName(where, 'name', props.name ?? 'secure-debug-exec');
  const mode = props.mode ?? GuardrailMode.AUDIT;
  if (mode === GuardrailMode.WARN) {
    reject({ where, field: 'mode', value: mode, problem: 'would warn nobody: clients show no warning of exec, attach and port-forward', fix: 'use GuardrailMode.AUDIT, then GuardrailMode.DENY' });
  }
  const namespaces = guardNamespaces(guardrail, where, 'exec', props);
  const sets = commandSetsOf(where, props.commandSets);
  const exceptions = exceptionsOf(where, props.exceptions);
  const known = { namespaces, list: 'commandSets', what: 'command set', names: sets.map(one => one.name) };
  const allowances = (props.allow ?? []).map((allowance, i) => {
    const field = `allow[${i}].`;
    const checked = checkExecAllowance(where, field, { allowSystemNamespaces: props.allowSystemNamespaces, ...allowance });
    withinGuardrail(where, field, { namespaces: checked.namespaces, names: checked.commandSets }, known);
    return checked;
  });

  emitPolicy(guardrail, where, {
    name,
    component: 'exec-guardrail',
    rules: [{ apiGroups: [''], resources: ['nodes/proxy', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'], operations: ['CONNECT'] }],
    namespaces,
    actions: validationActions(mode),
    annotations: exceptionAnnotation(exceptions),
    matchConditions: exceptionConditions(exceptions),
    variables: variables(sets),
    validations: validations(sets),
  });
  allowances.forEach(allowance => emitExecRights(guardrail, where, allowance));

  if (mode === GuardrailMode.AUDIT) SecureDebugWarnings._add(guardrail, 'SD6001', `${name} in ${namespaces.join(', ')}`);
  sets.forEach(set => {
    if (set.shellReason !== undefined) SecureDebugWarnings._add(guardrail, 'SD6002', `command set ${set.name}, because: ${set.shellReason}`);
  });
  return sets;
}

const flag = (field: string) => `has(object.${field}) && object.${field}`;

function variables(sets: CommandSet[]): PolicyVariable[] {
  return [
    GIVING,
    // Without any command it is null, which the API refuses after the policy.
    { name: 'argv', expression: 'request.subResource == \'exec\' && has(object.command) && object.command != null ? object.command : []' },
    // Patterns see the words joined by line ends, so a word that contains one matches no pattern.
    { name: 'line', expression: 'variables.argv.exists(word, word.contains(\'\\n\')) ? \'\' : variables.argv.join(\'\\n\')' },
    { name: 'tty', expression: `request.subResource == 'exec' && ${flag('tty')}` },
    { name: 'stdin', expression: `request.subResource == 'exec' && ${flag('stdin')}` },
    // A message that contains a line end is not told.
    { name: 'shown', expression: 'variables.argv.join(\' \').replace(\'\\n\', \' \')' },
    { name: 'place', expression: '(has(request.namespace) ? request.namespace + \'/\' : \'\') + request.name' },
    ...sets.flatMap((set, i) => [
      { name: `in${i}`, expression: set._contains('variables.argv', 'variables.line') },
      { name: `fits${i}`, expression: set._fits(`variables.in${i}`, 'variables.tty', 'variables.stdin') },
      { name: `may${i}`, expression: authorizerCheck(VIRTUAL.commandSet, set.name) },
    ]),
    ...Object.entries(STREAMS).map(([id, stream]) => ({ name: id, expression: authorizerCheck(VIRTUAL.stream, stream) })),
  ];
}

/** Of several that fail, the API server tells the first. */
function validations(sets: CommandSet[]): PolicyValidation[] {
  const unlessExec = (expression: string) => `request.subResource != 'exec' || (${expression})`;
  const names = sets.map(({ name }) => name).join(', ');
  const fitting = `[${sets.map(({ name }, i) => `variables.fits${i} ? ${literal(name)} : ''`).join(', ')}].filter(name, name != '').join(' or ')`;
  const stream = (subResource: string, terms: string[], what: string): PolicyValidation => ({
    expression: `request.subResource != '${subResource}' || ${anyOf(terms)}`,
    message: `${what} is not granted to you here`,
    messageExpression: celOfWords(EXEC_WORDS.stream, { stream: streamExpression(what) }),
  });
  return [
    {
      expression: unlessExec(anyOf(sets.map((_set, i) => `variables.in${i}`))),
      message: `the command is in none of the command sets ${names}`,
      messageExpression: celOfWords(EXEC_WORDS.unknown, { sets: literal(summaryOf(sets)) }),
    },
    {
      expression: unlessExec(anyOf(sets.map((_set, i) => `variables.fits${i}`))),
      message: 'the command is allowed without -i and -t only',
      messageExpression: celOfWords(EXEC_WORDS.withoutStreams),
    },
    {
      expression: unlessExec(anyOf(sets.map((_set, i) => `variables.fits${i} && ${isGiven(`may${i}`)}`))),
      message: 'you may use none of the command sets that contain the command',
      messageExpression: celOfWords(EXEC_WORDS.notGranted, { fitting }),
    },
    stream('attach', [isGiven('attach'), `has(object.container) && object.container.matches(${literal(DEBUGGERS)}) && ${isGiven('attachDebugger')}`], 'attach'),
    stream('portforward', [isGiven('portForward')], 'port-forward'),
    {
      expression: `request.subResource != 'proxy' || (request.resource.resource == 'pods' ? ${isGiven('podProxy')} : request.resource.resource == 'services' && ${isGiven('serviceProxy')})`,
      message: 'the API server\'s proxy is not granted to you here',
      messageExpression: '\'proxy to \' + request.resource.resource + \' \' + variables.place + \' is not granted to you; rights by wildcard do not count\'',
    },
  ];
}
