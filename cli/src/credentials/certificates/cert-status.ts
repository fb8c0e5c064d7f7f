import { resolve } from 'path';
import { folders, root } from './folder';
import { contextIn, Held, heldIn } from './held';
import { time } from './kubeconfig';
import { OK, REFUSED } from '../../errors';
import { Io } from '../../io';
import { Result } from '../../session';
import { table } from '../../table';
import { coloured, duration, painter, plain } from '../../text';

interface StatusOptions {
  readonly out?: string;
  readonly json?: boolean;
}

/** Which certificates lie here, whom they name, and for how long; asks no cluster. */
export function certificateStatus(io: Io, options: StatusOptions): Result {
  const looked = options.out === undefined ? folders(io) : [resolve(options.out)];
  const found = [];
  for (const folder of looked) {
    const held = heldIn(folder);
    if (held !== undefined) found.push(typeof held === 'string' ? { folder, problem: held } : about(held));
  }
  const paint = painter(!options.json && coloured(io, io.stdout));
  const rows = found.map(one => 'problem' in one
    ? [paint('red', 'unreadable'), '', '', '', plain(one.folder)]
    : [state(one, paint), plain(one.user), one.groups.map(plain).join(', '), plain(one.server ?? '?'), plain(one.folder)]);
  return {
    data: { certificates: found },
    text: rows.length === 0 ? `There is no certificate in ${plain(options.out ?? root(io))}. Fix: secure-debug cert request.` : table(paint, ['LEFT', 'USER', 'GROUPS', 'SERVER', 'FOLDER'], rows),
    code: found.some(one => 'secondsLeft' in one && one.secondsLeft > 0 && one.keyFits) ? OK : REFUSED,
  };
}

function about({ folder, user, groups, notAfter, token, fits }: Held) {
  const named = contextIn(folder);
  return {
    folder,
    user,
    groups,
    server: token?.server ?? named?.server ?? null,
    context: named?.context ?? null,
    key: token?.pkcs11 ?? 'file',
    keyFits: fits,
    notAfter: time(notAfter),
    secondsLeft: Math.max(0, Math.floor((notAfter.getTime() - Date.now()) / 1_000)),
  };
}

function state({ secondsLeft, keyFits }: { secondsLeft: number; keyFits: boolean }, paint: ReturnType<typeof painter>): string {
  if (!keyFits) return paint('red', 'other key');
  return secondsLeft > 0 ? paint('green', duration(secondsLeft)) : paint('red', 'over');
}
