import type { Duration } from 'cdk8s';
import type { CentralAudit } from './central-audit';
import type { DebugTeam } from './debug-team';
import type { RolloutPhase } from './rollout-phase';
import type { BrokerPolicy } from '../broker/broker-policy';
import type { TokenIssuer } from '../credentials/token-issuer';
import type { CommandSet } from '../guardrails/command-set';
import type { DebugImage } from '../guardrails/debug-image';
import type { GitOpsIdentity } from '../guardrails/gitops-identity';
import type { GuardrailException } from '../guardrails/guardrail-exception';
import type { GuardrailMode } from '../guardrails/guardrail-mode';
import type { ScriptJobOptions } from '../model/script-job-options';

/** Who debugs what on a cluster, and how far the rollout has come. */
export interface SecureDebuggingOptions {
  /**
   * The teams.
   *
   * @default - `policy` says who
   */
  readonly teams?: DebugTeam[];

  /**
   * The same and more as a policy that is reviewed in Git: `BrokerPolicy.fromFile("broker.json")`. Its requests begin in the
   * phase BROKER, and so does its mode.
   *
   * @default - `teams` says who
   */
  readonly policy?: BrokerPolicy;

  /**
   * How far the rollout has come.
   *
   * @default RolloutPhase.RBAC
   */
  readonly phase?: RolloutPhase;

  /**
   * What the guardrails do.
   *
   * @default - they watch until the phase BROKER; then they refuse, or do what the `policy` says
   */
  readonly guardrailMode?: GuardrailMode;

  /**
   * The commands that may be run by exec. Sets without a shell are for those on call at any time; sets with one for
   * break-glass. Not with `policy`, which has its own.
   *
   * @default [CommandSet.readOnlyDiagnostics(), CommandSet.shell()]
   */
  readonly commandSets?: CommandSet[];

  /**
   * The images of debug containers, for those on call and break-glass. Not with `policy`, which has its own.
   *
   * @default - any image: debug containers are not guarded
   */
  readonly debugImages?: DebugImage[];

  /**
   * Who applies what stands in Git. With it come the guardrails on bindings and on what Git owns.
   *
   * @default - no such guardrails
   */
  readonly identities?: GitOpsIdentity[];

  /**
   * Whom the guardrails let pass, by name and with a reason. Not with `policy`, which has its own.
   *
   * @default - nobody
   */
  readonly exceptions?: GuardrailException[];

  /**
   * Whose tokens the API server believes, from the phase CREDENTIALS on.
   *
   * @default - the API server's authentication is left alone
   */
  readonly issuers?: TokenIssuer[];

  /**
   * The longest client certificate that those on call may have, from the phase CREDENTIALS on: 10 minutes to 1 hour.
   *
   * @default - no certificates
   */
  readonly certificateLife?: Duration;

  /**
   * How long a debug container may stay, at least a minute.
   *
   * @default Duration.hours(1)
   */
  readonly maxDebugAge?: Duration;

  /**
   * What is recorded, where it is brought together, and who is told. The phase has no say in it.
   *
   * @default - the audit policy alone, where the API server's files are made
   */
  readonly audit?: CentralAudit;

  /**
   * How the clean-up jobs and the approver of certificates reach what they need: an image from one's own registry, the addresses
   * of the API server.
   *
   * @default - the public image of Node.js; any address, at the API server's ports
   */
  readonly jobs?: ScriptJobOptions;
}
