import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { Answers, check, defaults, language, list, platform } from './answers';
import { appFiles, commandsOf } from './app-files';
import { ask } from './questions';
import { wrongUse } from '../errors';
import { Io } from '../io';
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
}

/** Writes an app that synthesizes; nothing is written when something of it is refused. */
export async function init(io: Io, folder: string, options: Options): Promise<Result> {
  if (existsSync(folder) && readdirSync(folder).length > 0) wrongUse(`${plain(folder)} is not empty. Fix: name a new folder.`);
  const given: Partial<Answers> = {
    language: options.language === undefined ? undefined : language(options.language),
    team: options.team,
    namespaces: options.namespaces === undefined ? undefined : list(options.namespaces),
    onCall: options.onCall,
    approvers: options.approvers,
    managed: options.managed ?? (options.platform === undefined ? undefined : false),
    platform: options.platform === undefined ? undefined : platform(options.platform),
  };
  if (given.managed && given.platform) wrongUse('--managed and --platform contradict each other. Fix: give one of the two.');
  const answers = options.yes || !io.stdin?.isTTY ? complete(given) : await ask(given);
  check(answers);
  const files = appFiles(answers);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) writeFileSync(join(folder, name), content, { flag: 'wx' });
  const commands = commandsOf(answers.language);
  return {
    data: { folder, files: [...files.keys()], commands },
    text: [`${plain(folder)} has the app. Next:`, '', `  cd ${word(folder)}`, ...commands.map(line => `  ${line}`)].join('\n'),
  };
}

/** Where nobody can be asked. */
function complete(given: Partial<Answers>): Answers {
  const team = given.team ?? wrongUse('--team is missing, and there is no terminal to ask on. Fix: name the team, e.g. --team payments.');
  return {
    language: given.language ?? 'typescript',
    team,
    namespaces: given.namespaces ?? defaults.namespaces(team),
    onCall: given.onCall ?? defaults.onCall(team),
    approvers: given.approvers ?? defaults.approvers(team),
    managed: given.managed ?? false,
    platform: given.platform,
  };
}
