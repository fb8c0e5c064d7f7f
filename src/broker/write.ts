import type { BrokerPolicyProps } from './broker-policy';
import type { BrokerBreakGlass, BrokerRequest, BrokerTeam } from './broker-team';
import { durationText } from './duration-text';
import { Json } from './json-source';
import type { GroupDuration } from '../access/requests/terms';
import { CommandSet } from '../guardrails/command-set';
import { DebugImage } from '../guardrails/debug-image';
import { GuardrailException } from '../guardrails/guardrail-exception';
import { DebugCapability } from '../model/capability';
import { canonicalJson } from '../private/canonical';
import { reject } from '../private/errors';

/** Version of the format; stable. */
const API_VERSION = 'secure-debug.internal/v1';
const KIND = 'BrokerPolicy';

type Document = { [key: string]: Json };

/**
 * The document that says what the props say, in the order in which they do. What is of a wrong type stays as it is, and
 * is refused with the rest.
 */
export function documentOf(props: BrokerPolicyProps): Document {
  const { commandSets, debugImages, exceptions, teams, ...rest } = props;
  return defined({
    ...rest,
    apiVersion: API_VERSION,
    kind: KIND,
    commandSets: each(commandSets, setToJson),
    debugImages: each(debugImages, image => (image instanceof DebugImage ? image._toJson(set => setOrName(set, commandSets ?? [])) : image)),
    exceptions: each(exceptions, exceptionToJson),
    teams: each(teams, teamToJson),
  });
}

/** Without what is undefined, and in plain objects: as it would be read from a file. */
function defined(value: object): Document {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return reject({ where: 'BrokerPolicy', field: 'props', value, problem: 'contain what is no data, such as a construct in place of its name', fix: 'give names and the classes of this library' });
  }
}

/** A list of which each is turned; what is no list stays as it is. */
function each<T>(values: T[] | undefined, turn: (value: T) => unknown): unknown {
  return Array.isArray(values) ? values.map(turn) : values;
}

/** A set of the library by its name, another one with its commands. */
function setToJson(set: CommandSet): unknown {
  if (!(set instanceof CommandSet)) return set;
  const json = set._toJson();
  const same = (other: CommandSet) => canonicalJson(other._toJson()) === canonicalJson(json);
  if (set.name === 'diagnostics' && same(CommandSet.readOnlyDiagnostics())) return { builtIn: 'diagnostics' };
  if (set.name === 'shell' && same(CommandSet.shell())) return { builtIn: 'shell' };
  const directory = json.commands.length === 1 ? json.commands[0].arguments?.[0]?.pathBelow : undefined;
  if (directory === undefined || !same(CommandSet.copyFrom(directory, set.name))) return json;
  return { builtIn: { copyFrom: directory, ...set.name !== CommandSet.copyFrom(directory).name && { name: set.name } } };
}

/** By name, when the policy has the same set under it. */
function setOrName(set: CommandSet, known: CommandSet[]): unknown {
  const here = Array.isArray(known) && known.find(one => one instanceof CommandSet && one.name === set.name);
  return here && canonicalJson(here._toJson()) === canonicalJson(set._toJson()) ? set.name : setToJson(set);
}

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

function exceptionToJson(exception: GuardrailException): unknown {
  if (!(exception instanceof GuardrailException)) return exception;
  const { kind, name, reason } = exception;
  const [, namespace, account] = SERVICE_ACCOUNT.exec(name) ?? [];
  if (kind === 'Group') return { group: name, reason };
  return account === undefined ? { user: name, reason } : { serviceAccount: { namespace, name: account }, reason };
}

function teamToJson(team: BrokerTeam): unknown {
  if (!isObject(team)) return team;
  return { ...team, ...capabilitiesToJson(team), requests: each(team.requests, requestToJson), breakGlass: breakGlassToJson(team.breakGlass) };
}

function requestToJson(request: BrokerRequest): unknown {
  if (!isObject(request)) return request;
  const limit = (one: GroupDuration) => (isObject(one) ? { ...one, maxDuration: durationText(one.maxDuration) ?? one.maxDuration } : one);
  return { ...breakGlassToJson(request) as object, maxDurationByGroup: each(request.maxDurationByGroup, limit) };
}

function breakGlassToJson(access: BrokerBreakGlass | undefined): unknown {
  if (!isObject(access)) return access;
  return { ...access, ...capabilitiesToJson(access), maxDuration: durationText(access.maxDuration!) ?? access.maxDuration };
}

function capabilitiesToJson({ capabilities }: { readonly capabilities?: DebugCapability[] }) {
  return { capabilities: each(capabilities, capability => (capability instanceof DebugCapability ? capability.id : capability)) };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
