import { Answers, defaults, Language, LANGUAGES, list, Team } from './answers';

/** What was given on the command line. */
export interface Given {
  readonly language?: Language;
  readonly team: Partial<Team>;
  /** Instead of one that is asked for. */
  readonly teams?: Team[];
  readonly remarks: string[];
  readonly managed?: boolean;
  readonly platform?: string;
}

/** Asks on the terminal for what was not given. */
export async function ask(given: Given): Promise<Answers> {
  const { confirm, input, select } = await import('@inquirer/prompts');
  const language = given.language ?? await select<Language>({ message: 'Language', choices: LANGUAGES.map(value => ({ value })) });
  const team = async (): Promise<Team> => {
    const name = given.team.name ?? await input({ message: 'Team', default: 'payments' });
    return {
      name,
      namespaces: given.team.namespaces ?? list(await input({ message: 'Its namespaces, with commas between', default: defaults.namespaces(name).join(',') })),
      onCall: given.team.onCall ?? await input({ message: 'Group of those on call', default: defaults.onCall(name) }),
      approvers: given.team.approvers ?? await input({ message: 'Group of those who approve', default: defaults.approvers(name) }),
    };
  };
  return {
    language,
    teams: given.teams ?? [await team()],
    remarks: given.remarks,
    managed: given.managed ?? await confirm({ message: 'Does a provider run the API server (EKS, AKS, GKE)?', default: false }),
    platform: given.platform,
  };
}
