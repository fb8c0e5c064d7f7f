import type { BrokerPolicyProps } from './broker-policy';
import type { BrokerBreakGlass, BrokerRequest, BrokerTeam } from './broker-team';
import { durationOf } from './duration-text';
import { below, Findings } from './findings';
import { Path } from './json-source';
import { orMeant } from './suggest';
import { Argument } from '../guardrails/argument';
import { Command } from '../guardrails/command';
import { CommandSet } from '../guardrails/command-set';
import { DebugImage } from '../guardrails/debug-image';
import { GuardrailException } from '../guardrails/guardrail-exception';
import { DebugCapability } from '../model/capability';

/** Makes the props of a document that the schema has let pass. What its parts refuse is found, and left out. */
export class PolicyReader {
  public constructor(private readonly findings: Findings) {}

  public props(document: any): BrokerPolicyProps {
    const { $schema: _schema, apiVersion: _apiVersion, kind: _kind, commandSets, debugImages, exceptions, teams, ...rest } = document;
    const sets: (CommandSet | undefined)[] | undefined = commandSets?.map((set: any, i: number) => this.commandSet(set, ['commandSets', i]));
    const known = present(sets ?? []);
    return {
      ...rest,
      ...commandSets && { commandSets: known },
      ...debugImages && { debugImages: present(debugImages.map((image: any, i: number) => this.debugImage(image, ['debugImages', i], known))) },
      ...exceptions && { exceptions: present(exceptions.map((exception: any, i: number) => this.exception(exception, ['exceptions', i]))) },
      teams: teams.map((team: any, i: number) => this.team(team, ['teams', i])),
    };
  }

  private commandSet(set: any, path: Path): CommandSet | undefined {
    const { builtIn, name, commands, ...rest } = set;
    if (builtIn === 'diagnostics') return CommandSet.readOnlyDiagnostics();
    if (builtIn === 'shell') return CommandSet.shell();
    if (builtIn) {
      const renamed = below([...path, 'builtIn'], { directory: ['copyFrom'] });
      return this.findings.attempt(renamed, () => CommandSet.copyFrom(builtIn.copyFrom, builtIn.name));
    }
    const all = this.commands(commands, path);
    return all && this.findings.attempt(below(path), () => new CommandSet(name, { ...rest, commands: all }));
  }

  private debugImage(image: any, path: Path, known: CommandSet[]): DebugImage | undefined {
    const { name, commands, commandSets, ...rest } = image;
    const own = commands && this.commands(commands, path);
    const sets: (CommandSet | undefined)[] | undefined = commandSets?.map((set: any, i: number) => {
      const at = [...path, 'commandSets', i];
      return typeof set === 'string' ? this.setByName(set, at, known) : this.commandSet(set, at);
    });
    if (commands && !own || sets?.includes(undefined)) return undefined;
    return this.findings.attempt(below(path), () => new DebugImage(name, { ...rest, ...own && { commands: own }, ...sets && { commandSets: sets } }));
  }

  private setByName(name: string, path: Path, known: CommandSet[]): CommandSet | undefined {
    const found = known.find(set => set.name === name);
    // When a set was refused, it may be the one that is meant.
    const refused = this.findings.all.some(finding => finding.path[0] === 'commandSets');
    if (!found && !refused) this.findings.add({ path, value: name, ...unknownName('command set', name, known.map(set => set.name)) });
    return found;
  }

  /** All of the commands, or none when one is refused. */
  private commands(commands: any[], path: Path): Command[] | undefined {
    const all = commands.map((command, i) => this.command(command, [...path, 'commands', i]));
    return all.includes(undefined) ? undefined : present(all);
  }

  private command({ argv, arguments: rest }: any, path: Path): Command | undefined {
    const all: (Argument | undefined)[] | undefined = rest?.map((argument: any, i: number) => this.argument(argument, [...path, 'arguments', i]));
    if (all?.includes(undefined)) return undefined;
    return this.findings.attempt(below(path), () => (all ? Command.withArguments(argv, present(all)) : Command.exact(...argv)));
  }

  private argument(argument: any, path: Path): Argument | undefined {
    const renamed = below(path, { directory: ['pathBelow'], values: ['oneOf'], times: ['repeated'] });
    return this.findings.attempt(renamed, () => {
      const one = argumentOf(argument);
      const some = argument.repeated === undefined ? one : one.repeated(argument.repeated);
      return argument.optional ? some.optional() : some;
    });
  }

  private exception({ user, group, serviceAccount, reason }: any, path: Path): GuardrailException | undefined {
    const renamed = below(path, serviceAccount && { namespace: ['serviceAccount', 'namespace'], serviceAccount: ['serviceAccount', 'name'] });
    return this.findings.attempt(renamed, () => {
      if (user !== undefined) return GuardrailException.user(user, reason);
      if (group !== undefined) return GuardrailException.group(group, reason);
      return GuardrailException.serviceAccount(serviceAccount.namespace, serviceAccount.name, reason);
    });
  }

  private team(team: any, path: Path): BrokerTeam {
    return {
      ...team,
      ...this.capabilities(team, path),
      ...team.requests && { requests: team.requests.map((request: any, i: number) => this.request(request, [...path, 'requests', i])) },
      ...team.breakGlass && { breakGlass: this.access(team.breakGlass, [...path, 'breakGlass']) },
    };
  }

  private request(request: any, path: Path): BrokerRequest {
    const { maxDurationByGroup } = request;
    return {
      ...this.access(request, path),
      ...maxDurationByGroup && { maxDurationByGroup: maxDurationByGroup.map((one: any) => ({ ...one, maxDuration: durationOf(one.maxDuration) })) },
    };
  }

  private access(access: any, path: Path): BrokerBreakGlass {
    return {
      ...access,
      ...this.capabilities(access, path),
      ...access.maxDuration !== undefined && { maxDuration: durationOf(access.maxDuration) },
    };
  }

  private capabilities({ capabilities }: any, path: Path): { readonly capabilities?: DebugCapability[] } {
    if (capabilities === undefined) return {};
    const all = capabilities.map((id: string, i: number) => this.findings.attempt(() => [...path, 'capabilities', i], () => DebugCapability.fromId(id)));
    return { capabilities: present(all) };
  }
}

function argumentOf({ pathBelow, oneOf, word, number }: any): Argument {
  if (pathBelow !== undefined) return Argument.pathBelow(pathBelow);
  if (oneOf !== undefined) return Argument.oneOf(...oneOf);
  return word ? Argument.word() : number ? Argument.number() : Argument.path();
}

/** What is said of a name that the policy does not define. */
export function unknownName(what: string, name: string, known: string[]): { readonly problem: string; readonly fix: string } {
  const otherwise = known.length ? `use one of ${known.join(', ')}, or define it` : `define it in ${what === 'command set' ? 'commandSets' : 'debugImages'}`;
  return { problem: `is no ${what} of this policy`, fix: orMeant(name, known, otherwise) };
}

function present<T>(values: (T | undefined)[]): T[] {
  return values.filter((value): value is T => value !== undefined);
}
