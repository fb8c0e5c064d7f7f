import { Construct } from 'constructs';
import { checkContainerAllowance, DebugContainerAllowance, emitContainerRights } from './container-access';
import { BY_PEOPLE, containerValidations, containerVariables } from './container-conditions';
import { PodSecurityLevel, STRONG_CAPABILITIES } from './container-security';
import { DebugImage, debugImagesOf } from './debug-image';
import { exceptionConditions, exceptionsOf, GuardrailException } from './guardrail-exception';
import { GuardrailMode, validationActions } from './guardrail-mode';
import { guardNamespaces, withinGuardrail } from './scope';
import { emitPolicy, exceptionAnnotation } from '../model/admission-policy';
import { SecureDebugWarnings } from '../model/warnings';
import { allOrNothing } from '../private/declare';
import { reject } from '../private/errors';
import { objectName } from '../private/validate';

const where = 'DebugContainerGuardrail';

/** Which debug containers may be started, and by whom. */
export interface DebugContainerGuardrailProps {
  /** The namespaces it guards, by name. */
  readonly namespaces: string[];

  /** The debug images there are: 1 to 24. Who may use which says `allow`, a `DebugContainerAccess`, a request or break-glass. */
  readonly images: DebugImage[];

  /**
   * Who may use which of them where, and who may copy pods and debug nodes.
   *
   * @default - nobody: `DebugContainerAccess` says who
   */
  readonly allow?: DebugContainerAllowance[];

  /**
   * How much a debug container may be given. Baseline forbids what reaches the node and leaves root in the container,
   * which most images of tools need, and which sees the processes of the container that is debugged.
   *
   * @default PodSecurityLevel.BASELINE
   */
  readonly level?: PodSecurityLevel;

  /**
   * Whether a debug container has to name the container it debugs (`kubectl debug --target`).
   *
   * @default false
   */
  readonly requireTarget?: boolean;

  /**
   * Who is let pass, by name: operators that add debug containers, people who create pods by hand. Cluster administrators are none by themselves.
   *
   * @default - nobody
   */
  readonly exceptions?: GuardrailException[];

  /**
   * What happens to what is not allowed. kubectl shows the warnings of `WARN`.
   *
   * @default GuardrailMode.AUDIT
   */
  readonly mode?: GuardrailMode;

  /**
   * Name of the policy and its binding. Apps whose namespaces differ need different names.
   *
   * @default secure-debug-containers
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
 * Decides inside the API server which debug containers are added to pods: image, command and arguments, name, environment,
 * volumes, capabilities, Pod Security level. Without it a list of commands for exec is void, since a debug container runs
 * its own command without any exec. It holds for every client and for whoever holds `*` or is in system:masters, and it
 * comes on top of RBAC: a Role still has to allow `pods/ephemeralcontainers`.
 *
 * No policy sees who started a container that somebody attaches to, so whoever may attach to debug containers may go on
 * with the shell of another that still runs.
 *
 * Pods that people create are copies of pods, or debug nodes when they reach the host; either takes a right of its own. It
 * does not see which pod is copied, nor pods of ServiceAccounts: a person with the token of one, or with a Role to
 * create Jobs or Deployments, is held by RBAC alone. Images of running pods are not changed by people.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export class DebugContainerGuardrail extends Construct {
  /** The debug images, by name. */
  public readonly images: DebugImage[];

  /**
   * @throws on malformed names, system namespaces, no image or more than 24, an allowance of an image that there is not or
   * in a namespace that is not guarded, and a namespace that another DebugContainerGuardrail of the cluster guards
   */
  public constructor(scope: Construct, id: string, props: DebugContainerGuardrailProps) {
    super(scope, id);
    this.images = allOrNothing(this, where, () => emit(this, props));
  }
}

function emit(guardrail: DebugContainerGuardrail, props: DebugContainerGuardrailProps): DebugImage[] {
  const { mode = GuardrailMode.AUDIT, level = PodSecurityLevel.BASELINE, requireTarget = false } = props;
  const name = objectName(where, 'name', props.name ?? 'secure-debug-containers');
  const namespaces = guardNamespaces(guardrail, where, 'debug-container', props);
  const images = debugImagesOf(where, props.images);
  const exceptions = exceptionsOf(where, props.exceptions);
  if (!Object.values(PodSecurityLevel).includes(level)) {
    reject({ where, field: 'level', value: level, problem: 'is no level of the Pod Security Standards', fix: 'use PodSecurityLevel.BASELINE, RESTRICTED or PRIVILEGED' });
  }
  const known = { namespaces, list: 'images', what: 'debug image', names: images.map(one => one.name) };
  const allowances = (props.allow ?? []).map((allowance, i) => {
    const field = `allow[${i}].`;
    const checked = checkContainerAllowance(where, field, { allowSystemNamespaces: props.allowSystemNamespaces, ...allowance });
    withinGuardrail(where, field, { namespaces: checked.namespaces, names: checked.images }, known);
    return checked;
  });

  const conditions = { images, level, requireTarget };
  emitPolicy(guardrail, where, {
    name,
    component: 'debug-container-guardrail',
    rules: [
      { apiGroups: [''], resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] },
      { apiGroups: [''], resources: ['pods'], operations: ['CREATE', 'UPDATE'] },
    ],
    namespaces,
    actions: validationActions(mode),
    annotations: exceptionAnnotation(exceptions),
    matchConditions: [BY_PEOPLE, ...exceptionConditions(exceptions)],
    variables: containerVariables(conditions),
    validations: containerValidations(conditions),
  });
  allowances.forEach(allowance => emitContainerRights(guardrail, where, allowance));
  warn(guardrail, { name, mode, level, namespaces, images });
  return images;
}

interface Declared {
  readonly name: string;
  readonly mode: GuardrailMode;
  readonly level: PodSecurityLevel;
  readonly namespaces: string[];
  readonly images: DebugImage[];
}

function warn(guardrail: DebugContainerGuardrail, { name, mode, level, namespaces, images }: Declared): void {
  const add = (id: string, detail: string) => SecureDebugWarnings._add(guardrail, id, detail);
  if (mode === GuardrailMode.AUDIT) add('SD6001', `${name} in ${namespaces.join(', ')}`);
  if (level === PodSecurityLevel.PRIVILEGED) add('SD6021', `the level privileged in ${namespaces.join(', ')}`);
  images.forEach(image => {
    image.shellReasons.forEach(reason => add('SD6002', `debug image ${image.name}, because: ${reason}`));
    const strong = image.capabilities.filter(capability => STRONG_CAPABILITIES.includes(capability));
    if (strong.length && level !== PodSecurityLevel.PRIVILEGED) add('SD6021', `debug image ${image.name} with ${strong.join(', ')}`);
  });
}
