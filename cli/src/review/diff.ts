import { Danger, PermissionChange, PermissionChangeKind, PermissionDiff } from 'cdk8s-secure-debug';
import { auditChanges } from './diff-audit';
import { networkChanges, OtherChange } from './diff-network';
import { diffText, otherMarkdown } from './diff-text';
import { checkFormat, FormatOptions } from './options';
import { readFiles } from './readers/files';
import { readGit } from './readers/git';
import { Input, inputOf } from './readers/input';
import { withOthers } from './sarif';
import { OK, REFUSED, wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { coloured, json as jsonText, painter, plain } from '../text';

interface DiffOptions extends FormatOptions {
  readonly git?: boolean;
  readonly failOn?: string[];
  readonly skipDamaged?: boolean;
  readonly namespace?: string;
}

/** What a check can fail on, besides a danger: whether there is one of it. */
const FAIL_ON: { readonly [what: string]: (found: PermissionDiff, others: OtherChange[]) => boolean } = {
  gains: ({ changes }) => changes.some(({ kind }) => kind === PermissionChangeKind.GAINED),
  guardrails: ({ changes }) => changes
    .some(({ kind }) => [PermissionChangeKind.GUARDRAIL_WEAKENED, PermissionChangeKind.GUARDRAIL_CHANGED].includes(kind)),
  network: (_, others) => others.some(({ about, opens }) => about === 'network' && opens),
  audit: (_, others) => others.some(({ about, opens }) => about === 'audit' && opens),
  any: ({ changes }, others) => changes.length + others.length > 0,
};

/** What a change does to what people may do, to the network and to the audit log. Asks no cluster. */
export async function diff(io: Io, args: string[], options: DiffOptions): Promise<Result> {
  checkFormat(options);
  const fails = (options.failOn ?? []).map(failing);
  const [before, after] = await sidesOf(io, args, options);
  const notes = [...before.notes.map(note => `before: ${note}`), ...after.notes.map(note => `after: ${note}`)];
  const compared = PermissionDiff.between(before.objects, after.objects);
  const note = (text: string) => { notes.push(text); };
  const others = [...auditChanges(before.objects, after.objects, note), ...networkChanges(before.objects, after.objects, note)];
  for (const one of notes) io.stderr.write(`${plain(one)}\n`);

  const code = fails.some(fail => fail(compared, others)) ? REFUSED : OK;
  if (options.markdown) return { data: undefined, text: [compared.toMarkdown().trimEnd(), ...otherMarkdown(others)].join('\n'), code };
  if (options.sarif) return { data: undefined, text: jsonText(withOthers(compared.toSarif(after.sources), others)), code };
  if (options.json) return { data: { changes: compared.changes, others, worst: compared.worst ?? null, notes }, text: '', code };
  return { data: undefined, text: diffText(painter(coloured(io, io.stdout)), compared.changes as PermissionChange[], others), code };
}

function failing(what: string): (typeof FAIL_ON)[string] {
  const danger = Object.values(Danger).find(one => one === what);
  if (danger) return compared => compared.exitStatus(danger) !== 0;
  return Object.entries(FAIL_ON).find(([name]) => name === what)?.[1]
    ?? wrongUse(`--fail-on ${plain(what)} is none. Fix: write ${[...Object.values(Danger), ...Object.keys(FAIL_ON)].join(', ')}.`);
}

async function sidesOf(io: Io, args: string[], { git, skipDamaged, namespace }: DiffOptions): Promise<[Input, Input]> {
  const [old, young, ...paths] = args;
  if (old === undefined || young === undefined) {
    wrongUse(git ? 'Two refs are needed. Fix: secure-debug diff --git main HEAD k8s/' : 'Two states are needed. Fix: secure-debug diff OLD NEW, each a file, a folder or -.');
  }
  const skip = skipDamaged === true;
  if (git) {
    const sides = [old, young].map(ref => readGit(ref, paths.length > 0 ? paths : ['.']));
    // A folder that came or went is a change; one that never was is a mistake.
    if (sides.every(side => side.length === 0)) wrongUse(`Neither ${plain(old)} nor ${plain(young)} holds manifests there. Fix: name the folder as it is called in the repository.`);
    return [inputOf(sides[0], skip, namespace), inputOf(sides[1], skip, namespace)];
  }
  if (paths.length > 0) wrongUse(`${args.length} arguments are given, and two states are compared. Fix: put each state into a folder, or compare refs with --git.`);
  if (old === '-' && young === '-') wrongUse('- is given twice, and standard input can be read once. Fix: give it once.');
  return [inputOf(await readFiles([old], io.stdin), skip, namespace), inputOf(await readFiles([young], io.stdin), skip, namespace)];
}
