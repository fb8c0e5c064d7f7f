import { spawnSync } from 'child_process';
import { isManifestName, Source } from './files';
import { wrongUse } from '../../errors';
import { plain } from '../../text';

const MOST = 2 ** 30;

/** Runs git; what it says goes into the error. */
function git(args: string[], input?: string): Buffer {
  const { status, stdout, stderr, error } = spawnSync('git', args, { input, maxBuffer: MOST, env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' } });
  if (error) wrongUse(`git cannot be run: ${(error as NodeJS.ErrnoException).code ?? error.message}. Fix: install git, or name folders instead of refs.`);
  if (status !== 0) wrongUse(`git says: ${plain(stderr.toString('utf8').trim().split('\n')[0])}. Fix: name a branch, a tag or a commit, and paths as they are called there.`);
  return stdout;
}

/** The manifests of a commit, below some paths, named `REF:path`. Nothing is checked out. */
export function readGit(ref: string, paths: string[]): Source[] {
  if (ref.startsWith('-') || ref === '') wrongUse(`${plain(ref) || 'The ref'} is no ref. Fix: name a branch, a tag or a commit.`);
  const commit = git(['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`]).toString('utf8').trim().split('\n').at(-1)!;
  // Paths are meant from here, as everywhere else.
  const listed = git(['ls-tree', '-r', '-z', commit, '--', ...paths]).toString('utf8').split('\0').filter(line => line !== '');
  const files = listed.flatMap(line => {
    const [meta, name] = [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)];
    const [mode, type, id] = meta.split(' ');
    return type === 'blob' && mode !== '120000' && (isManifestName(name) || paths.includes(name)) ? [{ id, name }] : [];
  });
  if (files.length === 0) return [];
  const blobs = git(['cat-file', '--batch'], `${files.map(({ id }) => id).join('\n')}\n`);
  let at = 0;
  return files.map(({ name }) => {
    const end = blobs.indexOf(0x0a, at);
    const size = Number(blobs.toString('latin1', at, end).split(' ')[2]);
    at = end + 1 + size + 1;
    return { name: `${ref}:${name}`, text: blobs.toString('utf8', end + 1, end + 1 + size) };
  });
}
