import { Answers, defaults, Language, LANGUAGES, list } from './answers';

/** Asks on the terminal for what was not given. */
export async function ask(given: Partial<Answers>): Promise<Answers> {
  const { confirm, input, select } = await import('@inquirer/prompts');
  const language = given.language ?? await select<Language>({ message: 'Language', choices: LANGUAGES.map(value => ({ value })) });
  const team = given.team ?? await input({ message: 'Team', default: 'payments' });
  return {
    language,
    team,
    namespaces: given.namespaces ?? list(await input({ message: 'Its namespaces, with commas between', default: defaults.namespaces(team).join(',') })),
    onCall: given.onCall ?? await input({ message: 'Group of those on call', default: defaults.onCall(team) }),
    approvers: given.approvers ?? await input({ message: 'Group of those who approve', default: defaults.approvers(team) }),
    managed: given.managed ?? await confirm({ message: 'Does a provider run the API server (EKS, AKS, GKE)?', default: false }),
    platform: given.platform,
  };
}
