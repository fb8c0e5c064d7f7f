import { levelOf, Loss, lossOf, rare, remarks, rightText } from './confidence';
import { objectsOf, roleName } from './objects';
import { objectsIn, objectsOfCluster } from './rbac-source';
import { readUses } from './read-uses';
import { Needed, neededBy, placesOf, Skipped } from './rights';
import { comment, yamlText } from './safe-text';
import { programOf } from './typescript';
import { Who, whoOf, WhoOptions, whoText } from './who';
import { OK, REFUSED, wrongUse } from '../../errors';
import { Io } from '../../io';
import { CommonOptions, Result, Session } from '../../session';
import { plain, plural } from '../../text';

interface MinimizeOptions extends WhoOptions, CommonOptions {
  readonly typescript?: boolean;
  readonly name?: string;
  readonly clusterRole?: boolean;
  /** False by --no-names. */
  readonly names?: boolean;
  readonly withGuardrailRefusals?: boolean;
  /** Manifests with what they hold now. */
  readonly held?: string[];
  readonly live?: boolean;
}

/** The least role by which somebody could have done what a log says they did. */
export async function minimize(io: Io, files: string[], options: MinimizeOptions): Promise<Result> {
  const who = whoOf(options) ?? wrongUse('Nobody is named. Fix: say whose role: --user, --group or --service-account.');
  const name = options.name ?? roleName(who);
  if (!/^[a-z0-9]([-a-z0-9]{0,53}[a-z0-9])?$/.test(name)) wrongUse(`--name ${plain(name)} is no name of a role. Fix: write at most 55 lower-case letters, digits and "-".`);
  if (options.json && options.typescript) wrongUse('--json and --typescript contradict each other; JSON has both forms. Fix: give one of the two.');
  if (options.live && options.held) wrongUse('--live and --held contradict each other. Fix: give one of the two.');
  if (files.length === 0 && (!io.stdin || io.stdin.isTTY)) wrongUse('No audit log is given. Fix: name the files, or - for standard input: secure-debug minimize --user alice audit.log.');
  const held = options.held ? await objectsIn(io, options.held) : options.live ? await objectsOfCluster(await Session.open(io, options)) : undefined;

  const { uses, damaged } = await readUses(io, files, who);
  const needed = neededBy(who, uses, options);
  const { days, requests, first, last } = needed;
  const places = placesOf(needed.rights, options.clusterRole);
  const objects = objectsOf({ name, who }, places);
  const told = remarks(who, needed, uses);
  const groups = new Set(uses.filter(({ user }) => user === who.logName).flatMap(use => use.groups));
  const loss = held && lossOf(who, needed, held, objects, [...groups]);
  const typescript = programOf({ name, who }, places, header(who, needed));
  if (places.length === 0) io.stderr.write(`${plain(`The logs have no request of ${whoText(who)} that was allowed and that not everybody may send, so there is no role to write.`)}\n`);
  return {
    data: {
      who: { kind: who.kind, name: who.name, ...who.namespace !== undefined && { namespace: who.namespace } },
      role: name,
      confidence: { level: levelOf(days.length), days: days.length, requests, first, last, rare: rare(needed).map(rightText) },
      rights: needed.rights,
      remarks: told,
      skipped: needed.skipped,
      ...loss && { held: loss.held, lost: loss.lost },
      objects,
      typescript,
      damaged,
    },
    text: (options.typescript ? `${[...comment('//', explained(needed, told, loss)), typescript].join('\n')}`
      : [...comment('#', [...header(who, needed), ...explained(needed, told, loss)]), yamlText(objects)].join('\n')).trimEnd(),
    code: places.length === 0 ? REFUSED : OK,
  };
}

/** One command's worth of what the role is for. */
function header(who: Who, { days, requests, first, last }: Needed): string[] {
  const day = (time: string) => time.slice(0, 10);
  return [
    `The least role of ${whoText(who)}, by ${plural(requests, 'request')} on ${plural(days.length, 'day')}${days.length > 0 ? `, ${day(first)} to ${day(last)}` : ''}.`,
    `Confidence: ${levelOf(days.length)}. What happens more rarely than the log is long is not in it.`,
  ];
}

const WHY: Record<Skipped['why'], string> = {
  'refused': 'refused by RBAC',
  'admission': 'refused by a guardrail or another check behind RBAC; --with-guardrail-refusals grants it',
  'node-proxy': 'never granted: it opens exec at the kubelet, past log and guardrails',
  'not-a-name': 'no name that a role could have',
};

/** So many lines of each kind; JSON has all. */
const MOST = 20;
const some = (lines: string[]) => lines.length <= MOST ? lines : [...lines.slice(0, MOST), `  and ${lines.length - MOST} more (--json has all)`];

function explained(needed: Needed, told: string[], loss: Loss | undefined): string[] {
  const once = rare(needed);
  const restored = needed.rights.filter(({ restoredFor }) => restoredFor);
  const unused = loss?.held.filter(({ used }) => used === 'no') ?? [];
  return [
    ...told,
    ...once.length > 0 ? ['Seen once, or on one day:', ...some(once.map(right => `  ${rightText(right)} (${right.times} × on ${right.days.join(', ')})`))] : [],
    ...restored.length > 0 ? ['Not seen, and needed by clients around what was:', ...some(restored.map(right => `  ${rightText(right)} (${right.restoredFor})`))] : [],
    ...needed.skipped.length > 0 ? ['Not granted:', ...some(needed.skipped.map(one =>
      `  ${one.verb} ${one.resource}${one.namespace ? ` in ${one.namespace}` : ''} (${one.times} ×): ${WHY[one.why]}`))] : [],
    ...unused.length > 0 ? ['Held now and never used:', ...some(unused.map(({ rule, through, namespace }) => `  ${rule}${namespace === undefined ? '' : ` in ${namespace}`} (${through})`))] : [],
    ...loss && loss.lost.length > 0 ? ['Lost with it:', ...some(loss.lost.map(text => `  ${text}`))] : [],
  ];
}

