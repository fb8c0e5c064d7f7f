import { Break, Replayed, whatText } from './breaks';
import { code } from '../../audit/drift-markdown';

/** Text for a pull request. */
export function replayMarkdown({ passed, broken }: Replayed, breaks: Break[], damaged: string[]): string {
  const cell = (text: string) => code(text).replace(/\|/g, '&#124;');
  const rows = (some: Break[]) => ['| who | verb | what | namespace | times | last |', '|---|---|---|---|---:|---|', ...some.map(one =>
    `| ${cell(one.user)} | ${cell(one.verb)} | ${cell(whatText(one))} | ${one.namespace === undefined ? '' : cell(one.namespace)} | ${one.times} | ${cell(one.last.replace(/\.\d+/, ''))} |`), ''];
  const own = breaks.filter(({ otherClients }) => !otherClients);
  const others = breaks.filter(({ otherClients }) => otherClients);
  return [
    '## Replay of the audit log',
    '',
    breaks.length === 0 ? `Nothing would break: ${passed} requests are allowed by these roles.` : `**${broken} of ${passed + broken} requests would be refused.**`,
    '',
    ...own.length > 0 ? rows(own) : [],
    ...others.length > 0 ? ['With other clients these would be refused too, for a stream takes both verbs:', '', ...rows(others)] : [],
    ...damaged.length > 0 ? ['Parts of the log could not be read:', '', ...damaged.map(one => `- ${code(one)}`), ''] : [],
  ].join('\n').trimEnd();
}
