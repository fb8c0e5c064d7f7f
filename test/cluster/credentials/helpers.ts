import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'fs';
import { delimiter, dirname, join } from 'path';
import { Answer, Api } from '../lab/api';
import { Cluster, newestClient } from '../lab/cluster';
import { asAdmin, Person } from '../lab/kubectl';
import { Ended, run } from '../lab/process';

/** Server and authority of the cluster, as its administrator knows them. */
export async function endpoint(cluster: Cluster): Promise<{ server: string; certificateAuthority: string }> {
  const view = JSON.parse(await asAdmin(cluster, ['config', 'view', '--minify', '--flatten', '--raw', '-o', 'json']));
  const { server, 'certificate-authority-data': authority } = view.clusters[0].cluster;
  return { server, certificateAuthority: Buffer.from(authority, 'base64').toString('utf8') };
}

let count = 0;

/** Somebody with a token, whoever signed it. */
export async function bearer(cluster: Cluster, token: string): Promise<Person> {
  const { server, certificateAuthority } = await endpoint(cluster);
  const name = `bearer-${++count}`;
  mkdirSync(cluster.folder, { recursive: true, mode: 0o700 });
  const kubeconfig = join(cluster.folder, `${name}.kubeconfig`);
  writeFileSync(kubeconfig, JSON.stringify({
    'apiVersion': 'v1',
    'kind': 'Config',
    'clusters': [{ name: 'it', cluster: { server, 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') } }],
    'users': [{ name, user: { token } }],
    'contexts': [{ name: 'it', context: { cluster: 'it', user: name } }],
    'current-context': 'it',
  }), { mode: 0o600 });
  return { name, groups: [], kubeconfig };
}

/** Who the API server takes somebody for. */
export async function whoAmI(person: Person): Promise<Answer> {
  const api = new Api(person);
  try {
    return await api.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
  } finally {
    api.close();
  }
}

export interface FakeProgram {
  /** The folder it is in, for PATH. */
  readonly folder: string;
  /** What it was last called with. */
  readonly calledWith: () => { args: string[]; info: any };
}

/** A credential plugin that prints a token, in the version of the protocol that kubectl asks for. */
export function fakePlugin(folder: string, program: string, token: string): FakeProgram {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, `${program}.called`);
  const file = join(folder, program);
  writeFileSync(file, `#!${process.execPath}
const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
require('fs').writeFileSync(${JSON.stringify(log)}, JSON.stringify({ args: process.argv.slice(2), info }));
console.log(JSON.stringify({ apiVersion: info.apiVersion, kind: 'ExecCredential', status: { token: ${JSON.stringify(token)} } }));
`);
  chmodSync(file, 0o755);
  return { folder, calledWith: () => JSON.parse(readFileSync(log, 'utf8')) };
}

/** Real kubectl with a kubeconfig, and programs in its PATH. */
export function kubectlWith(
  cluster: Cluster, kubeconfig: string, args: string[], programs: string[] = [], client = newestClient(cluster),
): Promise<Ended> {
  const kubectl = cluster.clients[client];
  const home = join(cluster.folder, 'home', `plugins-${client}`);
  mkdirSync(home, { recursive: true });
  // Some plugins are subcommands of kubectl itself.
  const path = [...programs, dirname(kubectl), process.env.PATH].join(delimiter);
  return run(kubectl, args, { env: { PATH: path, HOME: home, KUBECONFIG: kubeconfig } });
}
