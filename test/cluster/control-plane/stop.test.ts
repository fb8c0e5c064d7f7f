import { ChildProcess, spawn } from 'child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { scratch, testIf, theCluster } from '../lab/cluster';
import { eventually } from '../lab/process';

/** However a cluster is ended, nothing of it stays. */
const cluster = theCluster();
const withOwn = testIf(cluster.own, 'it boots clusters of its own');

/** Processes that name a folder in their command line. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter(pid => /^\d+$/.test(pid)).flatMap(pid => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0/g, ' ');
      return line.includes(`${folder}/`) || line.includes(`${folder} `) ? [line] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

function up(name: string, ...options: string[]): { folder: string; process: ChildProcess; ended: Promise<number | null> } {
  const folder = scratch(cluster, name);
  mkdirSync(folder, { recursive: true });
  const args = [folder, '--version', cluster.version, ...cluster.node ? [] : ['--no-node'], ...options];
  const child = spawn(join(__dirname, 'up.sh'), args, { detached: true, stdio: 'ignore' });
  return { folder, process: child, ended: new Promise(resolve => child.on('close', resolve)) };
}

async function gone(folder: string): Promise<void> {
  await eventually('the end of all that was started', async () => processesOf(folder).length === 0 || undefined);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(folder);
  expect(readdirSync(folder).filter(name => name !== 'log').filter(name => !name.startsWith('.'))).toEqual([]);
}

withOwn.each(['kube-apiserver', 'etcd'])('Ctrl-C while %s starts', async component => {
  const { folder, process: script, ended } = up(`interrupted-${component}`);
  await eventually(`${component} to be started`, async () => existsSync(join(folder, 'pids', component)) || undefined);
  process.kill(-script.pid!, 'SIGINT'); // as the terminal does: to the whole group
  expect(await ended).toBe(130);
  await gone(folder);
});

withOwn('the end of its owner, even by SIGKILL', async () => {
  const owner = spawn('sleep', ['600']);
  const { folder, ended } = up('orphaned', '--owner', String(owner.pid));
  expect(await ended).toBe(0);
  expect(processesOf(folder)).not.toEqual([]);
  owner.kill('SIGKILL');
  await gone(folder);
});
