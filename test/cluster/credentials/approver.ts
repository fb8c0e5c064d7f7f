import { ChildProcess, spawn } from 'child_process';
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { endpoint } from './helpers';
import { Cluster } from '../lab/cluster';
import { asAdmin } from '../lab/kubectl';

/** The approver as its pod would run it: its own script and configuration, with the token of its ServiceAccount. */
export async function startApprover(cluster: Cluster, folder: string, objects: any[]): Promise<{ child: ChildProcess; log: () => string }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { data, metadata: { name, namespace } } = objects.find(object => object.kind === 'ConfigMap' && 'certificate-approver.js' in object.data);
  for (const [file, text] of Object.entries<string>(data)) writeFileSync(join(folder, file), text);
  const { server, certificateAuthority } = await endpoint(cluster);
  writeFileSync(join(folder, 'ca.crt'), certificateAuthority);
  writeFileSync(join(folder, 'token'), await asAdmin(cluster, ['create', 'token', name, '-n', namespace]), { mode: 0o600 });
  const { hostname, port } = new URL(server);
  const child = spawn(process.execPath, [join(folder, 'certificate-approver.js'), join(folder, 'config.json'), folder], {
    env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port || '443' }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', text => { log += text; });
  return { child, log: () => log };
}
