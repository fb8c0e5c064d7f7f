import { readFileSync } from 'fs';
import { join } from 'path';
import { PermissionHolder, PermissionModel } from 'cdk8s-secure-debug';
import { titleOf, unpacked } from './bindings';
import { PlanFile } from './plan';
import { newcomers, without } from './scripts';
import { OK, REFUSED, wrongUse } from '../../errors';
import { Io } from '../../io';
import { CommonOptions, Result, Session } from '../../session';
import { plain } from '../../text';
import { objectsIn, objectsOfCluster } from '../minimize/rbac-source';
import { Break, whatText } from '../replay/breaks';
import { replayed } from '../replay/replay';

interface CheckOptions extends CommonOptions {
  readonly wave?: string;
  readonly done?: boolean;
  readonly manifests?: string[];
}

/**
 * Whether a wave may go on: the recorded work of its namespaces, and of those before, passes without what the plan takes away.
 * With --done also whether that is gone, and after the last one whether anybody is left who may do everything.
 */
export async function check(io: Io, folder: string, options: CheckOptions): Promise<Result> {
  const { waves, uses, breakGlass } = readPlan(folder);
  const number = Number(options.wave ?? waves.length);
  if (!Number.isInteger(number) || number < 1 || number > waves.length) wrongUse(`--wave ${plain(options.wave!)} is none of the plan. Fix: give 1 to ${waves.length}.`);
  const objects = unpacked(options.manifests ? await objectsIn(io, options.manifests) : await objectsOfCluster(await Session.open(io, options)));

  const last = number === waves.length;
  const named = new Set(waves.flatMap(({ namespaces = [] }) => namespaces));
  const sofar = waves.slice(0, number);
  const inWave = ({ cluster, namespaces }: PlanFile['waves'][number], namespace: string) => !cluster && (namespaces ? namespaces.includes(namespace) : !named.has(namespace));
  const isDue = (namespace: string) => last || (namespace !== '' && sofar.some(wave => inWave(wave, namespace)));
  const due = uses.filter(({ namespace }) => isDue(namespace));
  const { breaks, passed } = replayed(due, without(objects, waves.flatMap(({ removals }) => removals)));
  const wrong = breaks.filter(({ otherClients }) => !otherClients);

  const text = JSON.stringify(objects);
  const left = options.done ? sofar.flatMap(({ removals }) => removals).filter(removal => JSON.stringify(without(objects, [removal])) !== text) : [];
  const mighty = options.done && last ? whoMayAll(objects).filter(({ subject }) => !breakGlass.includes(subject)).map(({ subjectKind, subject }) => `${subjectKind} ${subject}`) : [];
  const came = sofar.flatMap(({ removals }) => removals).flatMap(removal => newcomers(objects, removal).map(raw =>
    `${titleOf(removal.binding)} also names ${raw.kind} ${raw.name}, who is not in the plan. Fix: make the plan again`));
  const problems = [
    ...came,
    ...wrong.map(sentence),
    ...left.map(({ binding }) => `${titleOf(binding)} still gives what the plan takes away`),
    ...mighty.map(who => `${who} may still do everything, and is no break-glass`),
  ];
  const what = `wave ${number} (${waves[number - 1].name})`;
  return {
    data: { wave: number, ok: problems.length === 0, passed, breaks: wrong, left: left.map(({ binding }) => binding), came, mighty },
    text: problems.length === 0
      ? `In order: ${what}, ${passed} recorded requests pass${options.done ? ', and what it takes away is gone' : ' without what is taken away'}.`
      : [`Stop: ${what} is not in order.`, ...problems.map(one => `  ${plain(one)}`)].join('\n'),
    code: problems.length === 0 ? OK : REFUSED,
  };
}

/** People who may do everything; not those of Kubernetes itself. */
function whoMayAll(objects: any[]): PermissionHolder[] {
  return PermissionModel.fromManifests(objects).whoCan('*', '*', '*').filter(({ subjectKind, subject }) => subjectKind !== 'ServiceAccount' && !/^system:/.test(subject));
}

const sentence = (one: Break) => `${one.user} could not ${one.verb} ${whatText(one)}${one.namespace === undefined ? '' : ` in ${one.namespace}`} (${one.times} ×, last ${one.last})`;

function readPlan(folder: string): PlanFile {
  const file = join(folder, 'plan.json');
  try {
    const read = JSON.parse(readFileSync(file, 'utf8'));
    if (read?.version === 1 && Array.isArray(read.waves) && Array.isArray(read.uses) && Array.isArray(read.breakGlass)) return read;
  } catch (error) {
    wrongUse(`${plain(file)} cannot be read: ${plain((error as NodeJS.ErrnoException).code ?? 'no JSON')}. Fix: name the folder that secure-debug plan wrote.`);
  }
  return wrongUse(`${plain(file)} is no plan of this version. Fix: write it again with secure-debug plan.`);
}
