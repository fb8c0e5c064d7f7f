import { titleOf } from './bindings';
import { BOOTSTRAPPED, Decision, movedBy } from './decide';
import { Move } from './moves';
import { Removal } from './scripts';
import { Wave } from './waves';
import { code } from '../../audit/drift-markdown';
import { plain, plural } from '../../text';
import { levelOf, rare, rightText } from '../minimize/confidence';
import { whoText } from '../minimize/who';

interface Summary {
  readonly decisions: Decision[];
  readonly moves: Move[];
  readonly waves: Wave[];
  readonly ids: string[];
  readonly removals: Removal[][];
  readonly breakGlass: string[];
  readonly damaged: string[];
}

/** Text of ours with names of others in it: a reader sees what it says, and Markdown nothing. */
const prose = (text: string) => plain(text).replace(/[&<>`*_[\]|\\#@~!]|:(?=\/\/)|(?<=www)\./gi, mark => `&#${mark.charCodeAt(0)};`);

/** Within a table a bar would end the cell. */
const cell = (text: string) => code(text).replace(/\|/g, '&#124;');
const roleText = ({ binding }: Decision) => `${binding.roleKind} ${binding.roleName}`;

/** The plan as people read it. */
export function planMarkdown({ decisions, moves, waves, ids, removals, breakGlass, damaged }: Summary): string {
  const moved = decisions.filter(movedBy);
  const glass = breakGlass.length > 0 ? `Break-glass: ${breakGlass.map(code).join(', ')}.`
    : '**No break-glass is named** (`--break-glass GROUP`): nobody may be left who can repair the cluster.';
  const kept = decisions.filter(decision => !movedBy(decision));
  const own = kept.filter(({ reason }) => reason === BOOTSTRAPPED);
  const row = (decision: Decision) => `| ${cell(titleOf(decision.binding))} | ${cell(whoText(decision.who))} | ${cell(roleText(decision))} | ${decision.action} | ${prose(decision.reason)} |`;
  const head = ['| binding | who | role | what becomes of it | why |', '|---|---|---|---|---|'];
  return [
    '# The way off cluster-admin',
    '',
    `${moved.length} of ${decisions.length} grants are moved, ${kept.length} stay. ${glass}`,
    '',
    ...damaged.length > 0 ? ['**Parts of the audit log could not be read**, so somebody may need more:', '', ...damaged.map(one => `- ${code(one)}`), ''] : [],
    '## What becomes of each grant',
    '',
    ...head, ...moved.map(row),
    '',
    '## Who gets what',
    '',
    ...moves.length === 0 ? ['Nobody needs anything new.', ''] : moves.flatMap(moveText),
    '## Waves',
    '',
    'Once: `npm install && npm run synth`, read `dist`, commit. Then one wave after the other. Each `apply.sh` makes the new rights, stops',
    'if the recorded work would not pass, takes away the old ones, and checks again. `back.sh` undoes it.',
    '',
    ...waves.flatMap((wave, i) => waveText(wave, i, ids[i], removals[i])),
    '## What stays, and why',
    '',
    ...head, ...kept.filter(decision => !own.includes(decision)).map(row),
    ...own.length > 0 ? ['', `And ${own.length} that every cluster has.`] : [],
    '',
  ].join('\n');
}

function moveText(move: Move): string[] {
  const { who, name, needed, onRequest, remarks } = move;
  const once = rare(needed);
  return [
    `### ${code(whoText(who))}`,
    '',
    `Role ${code(name)}${onRequest ? ', what acts in containers or changes things on request alone' : ''}. `
    + `${plural(needed.requests, 'request')} on ${plural(needed.days.length, 'day')}; confidence ${levelOf(needed.days.length)}.`,
    '',
    ...needed.rights.map(right => `- ${code(rightText(right))}${right.restoredFor ? `, which clients need for ${code(right.restoredFor)}` : ''}`),
    '',
    ...remarks.length > 0 ? ['To decide:', '', ...remarks.map(one => `- ${prose(one)}`), ''] : [],
    ...once.length > 0 ? ['Seen once, or on one day:', '', ...once.map(right => `- ${code(rightText(right))}`), ''] : [],
    ...needed.skipped.length > 0 ? ['Not granted:', '', ...needed.skipped.map(one => `- ${code(`${one.verb} ${one.resource} (${one.times} ×): ${one.why}`)}`), ''] : [],
  ];
}

function waveText(wave: Wave, i: number, id: string, removals: Removal[]): string[] {
  const where = wave.cluster ? 'What is bound for the whole cluster.' : wave.namespaces ? wave.namespaces.map(code).join(', ') : 'Every namespace that no wave names.';
  return [
    `### ${i + 1}. ${wave.name}`,
    '',
    where,
    '',
    ...removals.map(({ binding, left }) => `- ${left.length === 0 ? 'removes' : 'takes subjects from'} ${code(titleOf(binding))}`),
    ...removals.length === 0 ? ['- removes nothing'] : [],
    '',
    '```sh',
    `sh waves/${id}/apply.sh`,
    `sh waves/${id}/back.sh    # the way back`,
    '```',
    '',
  ];
}
