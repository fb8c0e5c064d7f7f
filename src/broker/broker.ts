import { Construct } from 'constructs';
import type { BrokerPolicy } from './broker-policy';
import { compose, Parts } from './compose';
import { located, PolicyError } from './finding';
import { Findings } from './findings';
import type { AccessRequestPolicy } from '../access/access-request-policy';
import type { BreakGlassAccess } from '../access/break-glass-access';
import type { JustInTimeAccess } from '../access/just-in-time-access';
import type { OnCallDebugAccess } from '../access/oncall-debug-access';
import type { DebugContainerGuardrail } from '../guardrails/debug-container-guardrail';
import type { ExecGuardrail } from '../guardrails/exec-guardrail';
import { DebugCapability } from '../model/capability';
import type { DebugGrant, IDebugAccess } from '../model/debug-access';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit, sortedUnique } from '../private/canonical';
import { allOrNothing } from '../private/declare';

const where = 'Broker';

/** What a broker enforces, and how its app is laid out. */
export interface BrokerProps {
  /** The policy: `BrokerPolicy.fromFile("broker.json")`, or `BrokerPolicy.of({ … })`. */
  readonly policy: BrokerPolicy;

  /**
   * Whether each team gets a chart of its own, and so a file. What is there once for the cluster stays in the chart of the
   * broker. The charts depend on it, so cdk8s numbers the files in the order in which they have to be applied.
   *
   * @default false
   */
  readonly chartPerTeam?: boolean;

  /**
   * Where the charts of the teams are made, such as the app. They do not depend on that of the broker then, which cdk8s spends
   * most of its time on when there are hundreds: name the charts so that theirs sort after it, as `cluster` and `team-…` do.
   * Means `chartPerTeam`.
   *
   * @default - in the broker
   */
  readonly teamScope?: Construct;

  /**
   * Whether another app declares the `AccessRequestPolicy` of this cluster. It has to be applied first: without it,
   * requesters could bind the Roles to anybody.
   *
   * @default false
   */
  readonly policyElsewhere?: boolean;

  /**
   * Name of the policy on exec. Apps whose namespaces differ need different names.
   *
   * @default secure-debug-exec
   */
  readonly execGuardrailName?: string;

  /**
   * Name of the policy on debug containers.
   *
   * @default secure-debug-containers
   */
  readonly debugContainerGuardrailName?: string;
}

/**
 * What a `BrokerPolicy` says, as objects of a cluster: for each team who is on call, who may request access and who may
 * break the glass, and for all of them one guardrail on commands, one on debug containers, and the policies that keep
 * requests to their terms. It adds nothing that the constructs it consists of could not do.
 */
export class Broker extends Construct implements IDebugAccess {
  /** What keeps requests to their terms; undefined when nothing can be requested, or another app declares it. */
  public readonly accessRequestPolicy?: AccessRequestPolicy;
  /** The guardrail on commands; undefined when the policy has no command sets. */
  public readonly execGuardrail?: ExecGuardrail;
  /** The guardrail on debug containers; undefined when the policy has no debug images. */
  public readonly debugContainerGuardrail?: DebugContainerGuardrail;
  /** What those on call have, one for each team that has any. */
  public readonly onCallAccess: OnCallDebugAccess[];
  /** What can be requested, one for each request of each team. */
  public readonly requestableAccess: JustInTimeAccess[];
  /** What emergencies open, one for each team that has it. */
  public readonly breakGlassAccess: BreakGlassAccess[];

  /** @throws when something of it was declared in this cluster before, with other content; the error names the line of the policy */
  public constructor(scope: Construct, id: string, props: BrokerProps) {
    super(scope, id);
    const { policy, ...options } = props;
    const { _props, _source } = policy;
    const parts: Parts = allOrNothing(this, where, () => {
      const findings = new Findings();
      const made = compose(this, _props, options, findings);
      if (findings.all.length) throw new PolicyError(where, located(findings.all, _source), _source?.fileName);
      return made;
    });
    this.accessRequestPolicy = parts.accessRequestPolicy;
    this.execGuardrail = parts.execGuardrail;
    this.debugContainerGuardrail = parts.debugContainerGuardrail;
    this.onCallAccess = parts.onCall;
    this.requestableAccess = parts.requests;
    this.breakGlassAccess = parts.breakGlass;
    this.warn(policy);
  }

  /** What all of it grants, by namespace and Role. */
  public get grants(): DebugGrant[] {
    const grants = [...this.onCallAccess, ...this.requestableAccess, ...this.breakGlassAccess].flatMap(access => access.grants);
    const key = ({ namespace, roleName }: DebugGrant) => `${namespace} ${roleName}`;
    return grants.sort((a, b) => byCodeUnit(key(a), key(b)));
  }

  /** A debug container runs its own command without any exec. */
  private warn(policy: BrokerPolicy): void {
    if (policy.commandSets.length === 0 || policy.debugImages.length > 0) return;
    const open = this.grants.filter(({ capabilities }) => capabilities.includes(DebugCapability.EPHEMERAL_CONTAINERS));
    if (open.length) SecureDebugWarnings._add(this, 'SD6040', `in ${some(sortedUnique(open.map(({ namespace }) => namespace!)))}`);
  }
}

/** The first of many. */
function some(names: string[]): string {
  return names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}
