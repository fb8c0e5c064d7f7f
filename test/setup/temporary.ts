import { chmodSync, mkdtempSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

/**
 * `Testing.app()` of cdk8s makes a folder for each app and leaves it: what a run leaves is in one, and
 * `temporary-end.ts` removes it.
 */
export default function setup(): void {
  const folder = mkdtempSync(join(tmpdir(), 'secure-debug-tests-'));
  // Some tests let another user act, who has to get through to what is theirs.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = process.env.SECURE_DEBUG_TESTS = folder;
}
