import { Io } from '../../io';
import { Session } from '../../session';
import { plain } from '../../text';
import { readFiles } from '../readers/files';
import { inputOf } from '../readers/input';
import { readLive } from '../readers/live';

function note(io: Io, notes: string[]): void {
  for (const one of notes) io.stderr.write(`note: ${plain(one)}\n`);
}

/** The objects in manifests; what is damaged ends it, for what is not read grants nothing here. */
export async function objectsIn(io: Io, paths: string[]): Promise<any[]> {
  const { objects, notes } = inputOf(await readFiles(paths, io.stdin), false);
  note(io, notes);
  return objects;
}

/** Roles and bindings of a cluster, and its ServiceAccounts. */
export async function objectsOfCluster({ io, cluster }: Session): Promise<any[]> {
  const { objects, notes } = await readLive(cluster);
  note(io, notes);
  return objects;
}
