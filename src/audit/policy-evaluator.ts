import { AuditRule, AuditStage } from './audit-rule';
import { isComponent } from './callers';
import { decidingRule, findGaps } from './gaps';
import { Attributes } from './match';
import { ParsedPolicy, parsePolicy } from './parse-policy';
import { RecordingGap } from './recording-gap';
import { AuditLevel } from '../model/audit-level';
import { reject } from '../private/errors';
import { parseYaml } from '../private/yaml-text';

/** A request that somebody might send: for a resource, or for a path that is none. */
export interface AuditRequest {
  /**
   * Who authenticated; not who is impersonated.
   *
   * @default - nobody: authentication failed, and rules with users or groups do not match
   */
  readonly user?: string;

  /**
   * All groups of the user, `system:authenticated` included.
   *
   * @default - none
   */
  readonly groups?: string[];

  /** `get`, `list`, `watch`, `create`, …; for a path the HTTP method in lower case. */
  readonly verb: string;

  /**
   * API group.
   *
   * @default - core
   */
  readonly apiGroup?: string;

  /**
   * Resource in plural, also with its subresource: `pods/exec`.
   *
   * @default - `path` says what is requested
   */
  readonly resource?: string;

  /**
   * Subresource.
   *
   * @default - none
   */
  readonly subresource?: string;

  /**
   * Name of the object in the URL; a creation by POST has none there.
   *
   * @default - none
   */
  readonly name?: string;

  /**
   * Namespace.
   *
   * @default - none
   */
  readonly namespace?: string;

  /**
   * A path that is no resource, such as `/healthz`.
   *
   * @default - `resource` says what is requested
   */
  readonly path?: string;
}

/** What a policy does with a request. */
export interface AuditVerdict {
  /** How much is recorded. */
  readonly level: AuditLevel;
  /** Index of the rule that decides, from 0; -1 when none matches, and nothing is recorded. */
  readonly ruleIndex: number;
  /**
   * The rule that decides.
   *
   * @default - none matches
   */
  readonly rule?: AuditRule;
  /** Stages that are not recorded: those of the policy and of the rule. */
  readonly omitStages: AuditStage[];
  /** Whether managedFields are left out of recorded bodies. */
  readonly omitManagedFields: boolean;
}

/**
 * Decides as kube-apiserver does what an audit policy records: the first rule that matches. It reads any policy, so
 * it also checks one that was copied from elsewhere.
 *
 * @see https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy
 */
export class AuditPolicyEvaluator {
  /**
   * A policy as an object.
   *
   * @param manifest apiVersion audit.k8s.io/v1, kind Policy
   * @throws on what kube-apiserver refuses: no rules, unknown levels or stages, malformed groups or URLs,
   * resources and URLs in one rule
   */
  public static fromManifest(manifest: any): AuditPolicyEvaluator {
    return new AuditPolicyEvaluator(parsePolicy('AuditPolicyEvaluator.fromManifest', manifest));
  }

  /**
   * A policy as YAML (or JSON) text of one document.
   *
   * @throws on text that is no YAML, and on what kube-apiserver refuses
   */
  public static fromYaml(text: string): AuditPolicyEvaluator {
    const where = 'AuditPolicyEvaluator.fromYaml';
    return new AuditPolicyEvaluator(parsePolicy(where, parseYaml(where, text)));
  }

  /**
   * The request that an audit event is about. The log fills the name of a created object in from the body; rules
   * were compared with the URL, where it does not stand.
   *
   * @param event audit.k8s.io/v1 Event, parsed: one line of the log
   */
  public static requestOf(event: any): AuditRequest {
    const path = decodePath(String(event?.requestURI ?? '').split('?')[0]);
    const who = { user: event?.user?.username || undefined, groups: event?.user?.groups ?? [], verb: event?.verb ?? '' };
    const ref = event?.objectRef;
    if (!ref?.resource) return { ...who, path };
    const { resource, subresource = '', apiGroup = '', name = '', namespace = '' } = ref;
    const inUrl = (segments: string) => path.endsWith(segments) || path.includes(`${segments}/`);
    return {
      ...who,
      apiGroup,
      resource,
      subresource,
      name: who.verb !== 'create' || (path === '' ? subresource !== '' : inUrl(`/${resource}/${name}`)) ? name : '',
      namespace: path === '' || inUrl(`/namespaces/${namespace}`) ? namespace : '',
    };
  }

  /** The rules, in their order. */
  public readonly rules: AuditRule[];

  /**
   * What the API server accepts but does not take as it looks: fields it ignores, asterisks that are no wildcards,
   * verbs that no event has.
   */
  public readonly remarks: string[];

  private constructor(private readonly policy: ParsedPolicy) {
    this.rules = [...policy.rules];
    this.remarks = [...policy.remarks];
  }

  /**
   * Which rule decides a request, and at which level.
   *
   * @throws when it names both a resource and a path, or neither
   */
  public evaluate(request: AuditRequest): AuditVerdict {
    return this.verdict(attributesOf(request));
  }

  /**
   * Which rule decides the request of an audit event.
   *
   * @param event audit.k8s.io/v1 Event, parsed: one line of the log
   */
  public evaluateEvent(event: any): AuditVerdict {
    return this.evaluate(AuditPolicyEvaluator.requestOf(event));
  }

  /**
   * Whether this event would stand in the log, by its request and its stage.
   *
   * @param event audit.k8s.io/v1 Event, parsed: one line of the log
   */
  public records(event: any): boolean {
    const { level, omitStages } = this.evaluateEvent(event);
    return level !== AuditLevel.NONE && !omitStages.includes(event.stage);
  }

  /**
   * Debug requests that the policy does not record at the level they need: every capability, in every verb and
   * protocol that some client version uses, by people, administrators, ServiceAccounts and anonymous callers, in
   * whatever namespace. Requests of the control plane itself (its components, kubelets, ServiceAccounts of
   * kube-system) need not be recorded. The answer is exact. Empty is good.
   */
  public gaps(): RecordingGap[] {
    return findGaps(this.policy.rules, this.policy.omitStages, isComponent);
  }

  private verdict(attributes: Attributes): AuditVerdict {
    const { rules, omitStages, omitManagedFields } = this.policy;
    const ruleIndex = decidingRule(rules, attributes);
    const rule: AuditRule | undefined = rules[ruleIndex];
    return {
      level: rule?.level ?? AuditLevel.NONE,
      ruleIndex,
      ...rule && { rule },
      omitStages: Object.values(AuditStage).filter(stage => omitStages.includes(stage) || rule?.omitStages?.includes(stage)),
      omitManagedFields: rule?.omitManagedFields ?? omitManagedFields,
    };
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function attributesOf(request: AuditRequest): Attributes {
  const where = 'AuditPolicyEvaluator.evaluate';
  const { user, groups = [], verb, apiGroup = '', name = '', namespace = '', path } = request;
  if ((request.resource === undefined) === (path === undefined)) {
    reject({ where, field: 'resource', value: request.resource, problem: path === undefined ? 'is missing, and path too' : 'stands beside path', fix: 'give a resource or a path' });
  }
  const [resource, ...rest] = request.resource?.split('/') ?? [];
  if (rest.length > 0 && request.subresource) {
    reject({ where, field: 'subresource', value: request.subresource, problem: `stands beside resource "${request.resource}"`, fix: 'name the subresource once' });
  }
  return { user, groups, verb, apiGroup, resource, subresource: rest.join('/') || (request.subresource ?? ''), name, namespace, path: path ?? '' };
}
