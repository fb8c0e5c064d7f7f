import { Duration } from 'cdk8s';
import type { DebugTeam } from './debug-team';
import { reached, RolloutPhase } from './rollout-phase';
import type { SecureDebuggingOptions } from './secure-debugging-options';
import { BrokerPolicy } from '../broker/broker-policy';
import type { BrokerRequest, BrokerTeam } from '../broker/broker-team';
import { CommandSet } from '../guardrails/command-set';
import { GuardrailMode } from '../guardrails/guardrail-mode';
import { DebugCapability } from '../model/capability';
import { reject } from '../private/errors';

const where = 'SecureDebugging';

/** What is declared, as the policy of a phase: requests begin with the broker, and until then guardrails watch. */
export function policyOf(options: SecureDebuggingOptions, phase: RolloutPhase): BrokerPolicy {
  const { teams, policy, guardrailMode } = options;
  if ((teams === undefined) === (policy === undefined)) {
    reject({ where, field: 'teams', value: teams, problem: policy ? 'is given beside a policy' : 'is missing, and so is a policy', fix: 'give either teams or a policy' });
  }
  const broker = reached(phase, RolloutPhase.BROKER);
  if (policy === undefined) {
    const { commandSets = [CommandSet.readOnlyDiagnostics(), CommandSet.shell()], debugImages, exceptions } = options;
    const daily = commandSets.filter(({ shellReason }) => shellReason === undefined).map(({ name }) => name);
    const sets = { daily, all: commandSets.map(({ name }) => name) };
    return BrokerPolicy.of({
      teams: teams!.map(team => teamOf(team, sets, debugImages?.map(({ name }) => name), broker)),
      commandSets,
      debugImages,
      exceptions,
      mode: guardrailMode ?? (broker ? GuardrailMode.DENY : GuardrailMode.AUDIT),
    });
  }
  for (const field of ['commandSets', 'debugImages', 'exceptions'] as const) {
    if (options[field] !== undefined) reject({ where, field, value: options[field], problem: 'is given beside a policy, which has its own', fix: 'write it in the policy' });
  }
  const { _props: props } = policy;
  const mode = guardrailMode ?? (broker ? policy.mode : GuardrailMode.AUDIT);
  if (broker) return mode === policy.mode ? policy : BrokerPolicy.of({ ...props, mode });
  props.teams.forEach(({ name, onCall, breakGlass }) => {
    if (onCall || breakGlass) return;
    reject({
      where,
      field: 'policy',
      value: name,
      problem: `is a team with requests alone, and they begin in the phase ${RolloutPhase.BROKER}: in ${phase} it would have no access`,
      fix: 'give the team onCall or breakGlass',
    });
  });
  return BrokerPolicy.of({ ...props, mode, teams: props.teams.map(team => ({ ...team, requests: undefined })) });
}

/** Names of command sets: those for every day, and all. */
interface Sets {
  readonly daily: string[];
  readonly all: string[];
}

/** What stands, what is asked for, and what breaks the glass. */
function teamOf(team: DebugTeam, sets: Sets, debugImages: string[] | undefined, broker: boolean): BrokerTeam {
  const { name, namespaces, onCall, approvers, capabilities, requesters = [], debugByRequest = false } = team;
  const reads = broker && debugByRequest;
  const asking = [...debugByRequest ? [onCall] : [], ...requesters];
  const request: BrokerRequest = {
    requesters: asking,
    approvers: [approvers],
    ...debugByRequest && { autoApprove: [onCall] },
    maxDuration: Duration.hours(1),
    capabilities,
    commandSets: sets.daily,
    debugImages,
  };
  return {
    name,
    namespaces,
    onCall: [onCall],
    capabilities: reads ? DebugCapability.readOnlyDefault() : capabilities,
    ...!reads && { commandSets: sets.daily, debugImages, portForward: true },
    ...broker && asking.length > 0 && { requests: [request] },
    breakGlass: { requesters: [onCall], approvers: [approvers], capabilities, commandSets: sets.all, debugImages },
  };
}
