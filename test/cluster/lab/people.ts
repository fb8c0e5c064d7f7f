import { createHash } from 'crypto';
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { Cluster } from './cluster';
import { asAdmin, Person } from './kubectl';
import { eventually, inParallel, must } from './process';

export interface PersonProps {
  readonly name: string;
  readonly groups: string[];
  /** For how long the certificate is; Kubernetes signs none for less than 600. Default: four hours. */
  readonly seconds?: number;
}

/**
 * Makes people as clusters know them: a client certificate with name (CN) and groups (O), signed by the cluster through
 * its CertificateSigningRequest API, so that it works on any cluster that signs for kube-apiserver-client.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
 */
export async function people(cluster: Cluster, wanted: PersonProps[]): Promise<Record<string, Person>> {
  const folder = folderOf(cluster);
  const id = (name: string) => `secure-debug-test-${createHash('sha256').update(`${process.pid} ${name}`).digest('hex').slice(0, 12)}`;

  const requests = await inParallel(4, wanted, async ({ name, groups, seconds = 14_400 }) => {
    const subject = [...groups.map(group => `/O=${group.replace(/\//g, '\\/')}`), `/CN=${name}`].join('');
    const pem = await must('openssl', [
      'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-batch', '-keyout', join(folder, `${name}.key`), '-subj', subject,
    ], { env: process.env });
    return {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: id(name) },
      spec: { request: Buffer.from(pem).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], expirationSeconds: seconds },
    };
  });
  const names = requests.map(request => request.metadata.name);
  await asAdmin(cluster, ['delete', 'certificatesigningrequests', '--ignore-not-found', ...names]);
  await asAdmin(cluster, ['create', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: requests }) });
  await asAdmin(cluster, ['certificate', 'approve', ...names]);
  const signed = await eventually('certificates for people (does the cluster sign for kubernetes.io/kube-apiserver-client?)', async () => {
    const { items } = JSON.parse(await asAdmin(cluster, ['get', 'certificatesigningrequests', '-o', 'json']));
    const ready = items.filter((item: any) => item.status?.certificate);
    const found = new Map<string, string>(ready.map((item: any) => [item.metadata.name, item.status.certificate]));
    return names.every(name => found.has(name)) ? found : undefined;
  });
  await asAdmin(cluster, ['delete', 'certificatesigningrequests', ...names]);

  const server = await endpoint(cluster);
  return Object.fromEntries(wanted.map(({ name, groups }) => {
    const certificate = join(folder, `${name}.crt`);
    writeFileSync(certificate, Buffer.from(signed.get(id(name))!, 'base64'));
    const user = { 'client-certificate': certificate, 'client-key': join(folder, `${name}.key`) };
    return [name, person(cluster, { name, groups }, server, user)];
  }));
}

/** Of this process alone: files of the suite run at the same time, and people of several may have one name. */
function folderOf(cluster: Cluster): string {
  const folder = join(cluster.folder, `people-${process.pid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Somebody whose token no cluster issued; without any, kubectl asks for a name and a password before it sends anything. */
export async function nobody(cluster: Cluster): Promise<Person> {
  return person(cluster, { name: 'nobody', groups: [] }, await endpoint(cluster), { token: 'issued-by-nobody' });
}

/** A ServiceAccount with a token of its own. */
export async function serviceAccount(cluster: Cluster, namespace: string, name: string): Promise<Person> {
  const token = (await asAdmin(cluster, ['create', 'token', name, '-n', namespace, '--duration=2h'])).trim();
  return person(cluster, { name: `${namespace}-${name}`, groups: [`system:serviceaccounts:${namespace}`] }, await endpoint(cluster), { token });
}

async function endpoint(cluster: Cluster): Promise<any> {
  const config = JSON.parse(await asAdmin(cluster, ['config', 'view', '--minify', '--flatten', '--raw', '-o', 'json']));
  return config.clusters[0].cluster;
}

function person(cluster: Cluster, { name, groups }: PersonProps, server: any, user: object): Person {
  const folder = folderOf(cluster);
  const kubeconfig = join(folder, `${name}.kubeconfig`);
  writeFileSync(kubeconfig, JSON.stringify({
    'apiVersion': 'v1',
    'kind': 'Config',
    'clusters': [{ name: 'cluster', cluster: server }],
    'users': [{ name, user }],
    'contexts': [{ name: 'it', context: { cluster: 'cluster', user: name } }],
    'current-context': 'it',
  }), { mode: 0o600 });
  return { name, groups, kubeconfig };
}
