import type { BrokerPolicyProps } from './broker-policy';
import type { BrokerTeam } from './broker-team';
import { summaryOf } from '../guardrails/command-set';
import { GuardrailMode } from '../guardrails/guardrail-mode';
import { DebugCapability } from '../model/capability';
import { AllowedUse, ExecAllowList } from '../model/exec-allow-list';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';

/** What a policy says about exec and port-forward, as data. */
export function allowListOf({ teams, commandSets, mode, exceptions = [] }: BrokerPolicyProps): ExecAllowList {
  if (!commandSets) {
    return reject({ where: 'BrokerPolicy.execAllowList', field: 'commandSets', value: commandSets, problem: 'is missing, so the policy guards no command', fix: 'give the policy command sets, e.g. [CommandSet.readOnlyDiagnostics()]' });
  }
  const named = (kind: string) => exceptions.filter(one => one.kind === kind).map(({ name }) => name);
  const sets = [...commandSets].sort((a, b) => byCodeUnit(a.name, b.name));
  return ExecAllowList._of({
    namespaces: teams.flatMap(({ namespaces }) => namespaces),
    deny: mode === GuardrailMode.DENY,
    exceptions: { users: named('User'), groups: named('Group') },
    sets: sets.map(set => ({ name: set.name, tty: set.tty, stdin: set.stdin, ...set._matches })),
    summary: summaryOf(sets),
    uses: [...teams].sort((a, b) => byCodeUnit(a.name, b.name)).flatMap(usesOf),
  });
}

/** At any time, by a request, and in an emergency: of the latter two, whether there is one is for the API server to know. */
function usesOf({ namespaces, onCall, commandSets, portForward, requests = [], breakGlass }: BrokerTeam): AllowedUse[] {
  const asked = [...requests, ...breakGlass ? [breakGlass] : []].map(request => ({
    groups: request.requesters,
    sets: request.commandSets,
    forwards: (request.capabilities ?? DebugCapability.onCallDefault()).includes(DebugCapability.PORT_FORWARD),
  }));
  return [{ groups: onCall, sets: commandSets, forwards: portForward }, ...asked].flatMap(({ groups, sets = [], forwards = false }) => (
    groups && (sets.length || forwards) ? [{ namespaces, groups, sets, portForward: forwards }] : []
  ));
}
