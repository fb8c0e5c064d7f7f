import { mkdirSync, readdirSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';
import { appFiles, hasRequests, makesObjects, waveId } from './app-files';
import { bindingsIn, titleOf, unpacked } from './bindings';
import { decide, Decision, movedBy } from './decide';
import { movesOf } from './moves';
import { planMarkdown } from './plan-markdown';
import { removalsOf, waveFiles } from './scripts';
import { wavesOf } from './waves';
import { OK, wrongUse } from '../../errors';
import { Io } from '../../io';
import { CommonOptions, Result, Session } from '../../session';
import { table } from '../../table';
import { coloured, painter, plain } from '../../text';
import { objectsIn, objectsOfCluster } from '../minimize/rbac-source';
import { readUses } from '../minimize/read-uses';
import { Use } from '../minimize/use';
import { whoText } from '../minimize/who';

interface PlanOptions extends CommonOptions {
  readonly live?: boolean;
  readonly auditLog?: string[];
  readonly out?: string;
  readonly breakGlass?: string[];
  readonly timeBound?: string[];
  readonly approvers?: string[];
  readonly wave?: string[];
  readonly waves?: string;
  readonly force?: boolean;
}

/** What `plan check` reads of a plan. */
export interface PlanFile {
  readonly version: 1;
  readonly breakGlass: string[];
  readonly waves: {
    readonly name: string;
    readonly namespaces?: string[];
    readonly cluster?: boolean;
    readonly removals: { readonly binding: { readonly kind: 'RoleBinding' | 'ClusterRoleBinding'; readonly name: string; readonly namespace?: string }; readonly gone: any[]; readonly left: any[] }[];
  }[];
  /** Work that has to pass. */
  readonly uses: Use[];
}

/** Writes how people and programs come off what they do not need, wave by wave, with all that it takes. */
export async function plan(io: Io, files: string[], options: PlanOptions): Promise<Result> {
  const { live, auditLog, out, breakGlass = [], timeBound = [], approvers = [], force } = options;
  if (live && files.length > 0) wrongUse('--live and manifests contradict each other. Fix: give one of the two.');
  if (!live && files.length === 0) wrongUse('No bindings are given. Fix: name manifests, or --live for those of the cluster.');
  if (!auditLog) wrongUse('No audit log is given. Fix: name it, e.g. --audit-log audit.log; without, nobody knows what is needed.');
  if (out === undefined) wrongUse('Nothing says where the plan goes. Fix: name a new folder, e.g. --out off-cluster-admin.');
  const waves = wavesOf(options.wave ?? [], options.waves);
  emptyFolder(out!, force ?? false);

  const objects = unpacked(live ? await objectsOfCluster(await Session.open(io, options)) : await objectsIn(io, files));
  const { uses, damaged } = await readUses(io, auditLog!, 'movable');
  const decisions = decide(bindingsIn(objects), objects, uses, { breakGlass, timeBound });
  const moves = movesOf(decisions);
  const removals = removalsOf(decisions, waves);
  const ids = waves.map((_, i) => waveId(waves, i));
  const policy = hasRequests(moves, waves, approvers);

  const written = appFiles(moves, waves, approvers);
  waves.forEach((_, i) => {
    const makes = makesObjects(moves, waves, i, approvers);
    const script = { id: ids[i], number: i + 1, makes, removals: removals[i], policyFirst: policy && i === 0 };
    waveFiles(script).forEach((text, file) => written.set(file, text));
  });
  written.set('PLAN.md', planMarkdown({ decisions, moves, waves, ids, removals, breakGlass, damaged }));
  written.set('plan.json', `${JSON.stringify(planFile(), null, 2)}\n`);
  for (const [file, text] of written) {
    mkdirSync(dirname(join(out!, file)), { recursive: true });
    writeFileSync(join(out!, file), text, file.endsWith('.sh') ? { mode: 0o755 } : {});
  }
  return { data: { out, decisions: decisions.map(dataOf), files: [...written.keys()].sort(), damaged }, text: asText(io, out!, decisions), code: OK };

  function planFile(): PlanFile {
    const refused = new Set(['nodes/proxy']);
    const pass = [
      ...moves.filter(({ onRequest }) => !onRequest).flatMap(move => move.uses),
      ...decisions.filter(({ action, uses: done }) => action === 'remove' && done.length > 0).flatMap(({ uses: done }) => done),
    ];
    return {
      version: 1,
      breakGlass,
      waves: waves.map((wave, i) => ({
        ...wave,
        removals: removals[i].map(({ binding: { kind, name, namespace }, ...subjects }) => ({ binding: { kind, name, namespace }, ...subjects })),
      })),
      uses: [...new Set(pass)].filter(({ resource }) => !refused.has(resource)),
    };
  }
}

function emptyFolder(out: string, force: boolean): void {
  let there: string[] = [];
  try {
    there = readdirSync(out);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') wrongUse(`--out ${plain(out)} cannot be read: ${code}. Fix: name a new folder.`);
  }
  if (there.length > 0 && !force) wrongUse(`--out ${plain(out)} is not empty, and nothing is written over. Fix: name a new folder, or give --force.`);
}

const dataOf = (decision: Decision) => ({
  binding: titleOf(decision.binding),
  role: `${decision.binding.roleKind} ${decision.binding.roleName}`,
  who: whoText(decision.who),
  action: decision.action,
  reason: decision.reason,
  requests: decision.uses.reduce((sum, { times }) => sum + times, 0),
});

function asText(io: Io, out: string, decisions: Decision[]): string {
  const paint = painter(coloured(io, io.stdout));
  const moved = decisions.filter(movedBy);
  return [
    ...moved.length > 0 ? [table(paint, ['BINDING', 'WHO', 'ROLE', 'PLAN', 'WHY'], moved.map(decision => {
      const { binding, role, who, action, reason } = dataOf(decision);
      return [plain(binding), plain(who), plain(role), action, plain(reason)];
    })), ''] : [],
    `${moved.length} of ${decisions.length} grants are moved. Read ${plain(out)}/PLAN.md; it has the reasons, the waves and the commands.`,
  ].join('\n');
}
