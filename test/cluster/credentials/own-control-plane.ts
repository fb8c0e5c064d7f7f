import { join } from 'path';
import { Cluster } from '../lab/cluster';
import { must } from '../lab/process';

const SCRIPTS = join(__dirname, '..', 'control-plane');

/**
 * A control plane of this file's own, of the version under test: which tokens an API server accepts stands in a file that it
 * is started with. Returns its administrator's view, and what stops it.
 *
 * @param node whether it has a node too, which takes longer
 */
export async function bootControlPlane(
  cluster: Cluster, folder: string, authenticationConfig: string, node = false,
): Promise<{ cluster: Cluster; stop: () => Promise<unknown> }> {
  const stop = () => must(join(SCRIPTS, 'down.sh'), [folder], { env: process.env, timeout: 120_000 });
  await must(join(SCRIPTS, 'up.sh'), [folder, '--version', cluster.version, ...node ? [] : ['--no-node'], '--owner', String(process.pid), '--authentication-config', authenticationConfig],
    { env: process.env, timeout: 300_000 });
  return { cluster: { ...cluster, kubeconfig: join(folder, 'admin.kubeconfig'), folder: join(folder, 'suite'), node }, stop };
}
