import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { Answers, check, defaults, language, list, platform } from './answers';
import { appFiles, commandsOf, mainOf } from './app-files';
import { presentTeams } from './present';
import { ask, Given } from './questions';
import { Cluster } from '../cluster';
import { wrongUse } from '../errors';
import { Io } from '../io';
import { readLive } from '../review/readers/live';
import { Result } from '../session';
import { plain, word } from '../text';

interface Options {
  readonly language?: string;
  readonly team?: string;
  readonly namespaces?: string;
  readonly onCall?: string;
  readonly approvers?: string;
  readonly managed?: boolean;
  readonly platform?: string;
  readonly yes?: boolean;
  readonly live?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Writes an app that synthesizes; nothing is written when something of it is refused. */
export async function init(io: Io, folder: string, options: Options): Promise<Result> {
  if (existsSync(folder) && readdirSync(folder).length > 0) wrongUse(`${plain(folder)} is not empty. Fix: name a new folder.`);
  const { onCall, approvers } = options;
  const chosen = {
    language: options.language === undefined ? undefined : language(options.language),
    team: { name: options.team, namespaces: options.namespaces === undefined ? undefined : list(options.namespaces), onCall, approvers },
    managed: options.managed ?? (options.platform === undefined ? undefined : false),
    platform: options.platform === undefined ? undefined : platform(options.platform),
  };
  if (chosen.managed && chosen.platform) wrongUse('--managed and --platform contradict each other. Fix: give one of the two.');
  const given = { ...chosen, ...await teamsAndRemarks(io, options, chosen.team) };
  const answers = options.yes || !io.stdin?.isTTY ? complete(given) : await ask(given);
  check(answers);
  const files = appFiles(answers);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) writeFileSync(join(folder, name), content, { flag: 'wx' });
  const commands = commandsOf(answers.language);
  const found = given.teams && `${plain(folder)} has the app, for ${answers.teams.length === 1 ? 'the team' : `${answers.teams.length} teams`} that the cluster has: ${answers.teams.map(team => team.name).join(', ')}.`;
  return {
    data: { folder, files: [...files.keys()], commands, ...given.teams && { teams: answers.teams, notes: given.notes } },
    text: [
      ...found ? [found, ...given.notes.map(note => `  ${plain(note)}`), `Who approves is a proposal: look at approvers in ${mainOf(answers.language)}. Next:`] : [`${plain(folder)} has the app. Next:`],
      '',
      `  cd ${word(folder)}`,
      ...commands.map(line => `  ${line}`),
    ].join('\n'),
  };
}

/** From the cluster, when it is to be asked. */
async function teamsAndRemarks(io: Io, options: Options, team: Given['team']): Promise<Pick<Given, 'teams' | 'remarks'> & { readonly notes: string[] }> {
  if (!options.live) return { remarks: [], notes: [] };
  const said = Object.values(team).some(value => value !== undefined);
  if (said) wrongUse('--live takes the teams from the cluster, and one is named too. Fix: leave out --team, --namespaces, --on-call and --approvers, or --live.');
  const { objects, notes: unread } = await readLive(new Cluster(await io.connect({ kubeconfig: options.kubeconfig, context: options.context })));
  const { teams, notes } = presentTeams(objects);
  if (teams.length === 0) {
    wrongUse(`The cluster has no team: no RoleBinding lets a group act in the containers of a namespace.${notes.map(note => `\n  ${plain(note)}`).join('')}\nFix: name one with --team.`);
  }
  return { teams, notes: [...notes, ...unread], remarks: ['As the RoleBindings of the cluster had it. Who approves is a proposal.', ...notes] };
}

/** Where nobody can be asked. */
function complete(given: Given): Answers {
  const team = () => {
    const name = given.team.name ?? wrongUse('--team is missing, and there is no terminal to ask on. Fix: name the team, e.g. --team payments, or take --live.');
    return {
      name,
      namespaces: given.team.namespaces ?? defaults.namespaces(name),
      onCall: given.team.onCall ?? defaults.onCall(name),
      approvers: given.team.approvers ?? defaults.approvers(name),
    };
  };
  return {
    language: given.language ?? 'typescript',
    teams: given.teams ?? [team()],
    remarks: given.remarks,
    managed: given.managed ?? false,
    platform: given.platform,
  };
}
